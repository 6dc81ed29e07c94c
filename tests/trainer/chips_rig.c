/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chips_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void chips_config(struct chips_rig *q, const char *uri, uint32_t n, uint32_t n_hidden)
{
	memset(q, 0, sizeof(*q));
	rig_config(&q->g, n, n_hidden);
	q->is_noisy = !strstr(uri, "ideal");
	q->g.c.weights = SNN_WEIGHTS_CHIPS;
	q->g.c.train.batch = CHIPS_LANES;
	q->g.c.network.b_scale = 0.3;  /* within chips.b_max for 16 keys and more */
	q->g.c.chips.adc_margin = 2.5; /* random inputs differ more than those of a piece */
	snprintf(q->g.c.uri, sizeof(q->g.c.uri), "%s", uri);
}

int chips_try(struct chips_rig *q, bool has_feedback, struct snn_error *e)
{
	rig_net(&q->g);
	return snn_weights_chips_new(
		&q->w, &q->g.net, &q->g.c, has_feedback, false, &q->describe, e);
}

void chips_open(struct chips_rig *q, bool has_feedback)
{
	struct snn_error e = { "" };
	size_t most = 0;

	if (chips_try(q, has_feedback, &e) < 0)
		fail_msg("%s", e.text);
	q->ch = (struct snn_chips *)q->w;
	for (uint32_t i = 0; i < q->g.net.n_matrix; i++)
		most = q->g.net.matrix[i].n_col > most ? q->g.net.matrix[i].n_col : most;
	q->out = calloc(CHIPS_LANES * most, sizeof(*q->out));
	q->rng = gsl_rng_alloc(gsl_rng_taus2);
	assert_non_null(q->out);
	assert_non_null(q->rng);
	gsl_rng_set(q->rng, 9);
}

void chips_done(struct chips_rig *q)
{
	q->w->ops->free(q->w);
	rig_done(&q->g);
	free(q->describe);
	free(q->out);
	gsl_rng_free(q->rng);
}

const float *chips_product(struct chips_rig *q, uint32_t i_matrix, const struct snn_spikes *x)
{
	struct snn_product p = { .i_matrix = i_matrix, .in = x, .out = q->out };
	struct snn_error e = { "" };

	if (q->w->ops->product(q->w, &p, 1, CHIPS_LANES, &e) < 0)
		fail_msg("%s", e.text);
	return q->out;
}

/* Its devices, by way of `read`, to where the matrix has them. */
static void read_tile(struct chips_rig *q, const struct snn_tile *t, float *read, float *ret_g)
{
	size_t n_col = q->g.net.matrix[t->i_matrix].n_col, n = t->n_col * XBAR_N_DEVICE;
	struct xbar_patch at = snn_patch_of(t);
	struct snn_error e = { "" };

	if (snn_chips_read(q->ch, t->board, &at, 1, t->n_row * n, read, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t r = 0; r < t->n_row; r++)
		memcpy(ret_g + ((t->m_row + r) * n_col + t->m_col) * XBAR_N_DEVICE, read + r * n,
			n * sizeof(*read));
}

float *chips_devices(struct chips_rig *q, uint32_t i_matrix)
{
	const struct snn_matrix *m = &q->g.net.matrix[i_matrix];
	const struct snn_cut *c = &q->ch->plan.cut[i_matrix];
	size_t n = snn_n_cell(m) * XBAR_N_DEVICE;
	uint32_t n_read = q->g.c.chips.read_average;
	float *g = malloc(n * sizeof(*g)), *read = malloc(n * sizeof(*read));

	assert_non_null(g);
	assert_non_null(read);
	q->g.c.chips.read_average = 100;
	for (uint32_t i = 0; i < snn_cut_n_tile(c); i++)
		read_tile(q, &q->ch->plan.tile[c->first + i], read, g);
	q->g.c.chips.read_average = n_read;
	free(read);
	return g;
}

float *chips_weights(struct chips_rig *q, uint32_t i_matrix)
{
	size_t n = snn_n_cell(&q->g.net.matrix[i_matrix]);
	float *g = chips_devices(q, i_matrix), *w = malloc(n * sizeof(*w));

	assert_non_null(w);
	for (size_t i = 0; i < n; i++) {
		const float *d = g + i * XBAR_N_DEVICE;

		w[i] = q->ch->k[i_matrix] * (d[0] + d[1] - d[2] - d[3]);
	}
	free(g);
	return w;
}

struct xbar_stats chips_stats_of(struct chips_rig *q)
{
	struct xbar_stats s;

	assert_int_equal(xbar_stats(q->ch->board[0], &s), 0);
	return s;
}

void chips_change(struct chips_rig *q, uint32_t i_matrix, const float *delta, uint64_t i_update)
{
	const float *all[SNN_MAX_MATRIX] = { NULL };
	struct snn_error e = { "" };

	all[i_matrix] = delta;
	if (q->w->ops->update(q->w, all, i_update, &e) < 0)
		fail_msg("%s", e.text);
}
