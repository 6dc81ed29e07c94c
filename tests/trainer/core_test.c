/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core_test.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct piece *piece_random(unsigned long seed, uint32_t n_step, uint32_t n, double p)
{
	struct piece *q = calloc(1, sizeof(*q));
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);
	uint32_t n_note = 0;

	assert_non_null(q);
	assert_non_null(rng);
	assert_true(n_step <= PIECE_STEPS);
	gsl_rng_set(rng, seed);
	for (uint32_t t = 0; t < n_step; t++) {
		for (uint32_t k = 0; k < n && n_note < PIECE_NOTES; k++) {
			if (gsl_rng_uniform(rng) < p)
				q->note[n_note++] = (uint16_t)k;
		}
		q->begin[t + 1] = n_note;
	}
	gsl_rng_free(rng);
	q->seq = (struct snn_seq){ .n_step = n_step, .begin = q->begin, .note = q->note };
	return q;
}

struct piece *piece_rhythm(const char *text)
{
	struct piece *q = calloc(1, sizeof(*q));
	uint32_t n = (uint32_t)strlen(text);

	assert_non_null(q);
	for (uint32_t t = 0; t < n; t++)
		q->begin[t + 1] = q->begin[t] + (text[t] == 'x');
	q->seq = (struct snn_seq){ .n_step = n, .begin = q->begin, .note = q->note };
	return q;
}

void rig_config(struct rig *g, uint32_t n, uint32_t n_hidden)
{
	memset(g, 0, sizeof(*g));
	snn_config_default(&g->c);
	g->n = n;
	g->c.network.n_hidden = 1;
	g->c.network.hidden[0] = n_hidden;
	g->c.network.threshold = 0.4;
	g->c.network.decay = 0.8;
	g->c.network.w_scale = 2;
	g->c.network.v_scale = 2;
	g->c.network.b_scale = 1;
}

void rig_config2(struct rig *g, uint32_t n, uint32_t n_first, uint32_t n_second)
{
	rig_config(g, n, n_first);
	g->c.network.n_hidden = 2;
	g->c.network.hidden[1] = n_second;
}

void rig_net(struct rig *g)
{
	float *bias = calloc(g->n, sizeof(*bias));
	struct snn_error e = { "" };

	assert_non_null(bias);
	for (uint32_t k = 0; k < g->n; k++)
		bias[k] = -0.5f + 0.1f * (float)k;
	if (snn_net_init(&g->net, &g->c, g->n, g->n, bias, g->is_layered, &e) < 0)
		fail_msg("%s", e.text);
	free(bias);
}

void rig_learner(struct rig *g, const char *rule, uint32_t n_lane)
{
	struct snn_error e = { "" };

	if (snn_weights_float_new(&g->w, &g->net, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(snn_batch_init(&g->b, &g->net, g->w, n_lane), 0);
	if (snn_learner_init(&g->le, snn_rule_find(rule), &g->c, &g->b, &e) < 0)
		fail_msg("%s", e.text);
	g->is_open = true;
}

void rig_done(struct rig *g)
{
	if (g->is_open) {
		snn_learner_done(&g->le);
		snn_batch_done(&g->b);
		g->w->ops->free(g->w);
	}
	snn_net_done(&g->net);
}

double rig_run(struct rig *g, const struct snn_seq *const *seq, uint32_t n)
{
	struct snn_score score = { 0 };
	struct snn_error e = { "" };

	for (uint32_t i = 0; i < g->net.n_tensor; i++)
		memset(g->net.tensor[i].grad, 0, g->net.tensor[i].n * sizeof(double));
	if (snn_batch_run(&g->b, seq, n, &g->le, NULL, NULL, &score, &e) < 0)
		fail_msg("%s", e.text);
	/* Tests of gradients mean nothing where nothing or everything fires. */
	assert_in_range(1000 * score.n_spike / score.n_neuron, 10, 900);
	return score.nll;
}

void assert_near(const char *name, size_t n, const double *is, const double *want, double tol)
{
	double off = 0, size = 0, most_off = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		double d = is[i] - want[i];

		off += d * d;
		size += want[i] * want[i];
		most_off = fmax(most_off, fabs(d));
		most = fmax(most, fabs(want[i]));
	}
	off = sqrt(off);
	size = sqrt(size);
	if (!(size > 0) || !(off <= tol * size) || !(most_off <= tol * most))
		fail_msg("%s: norm %g off by %g (%.2g), largest %g off by %g (%.2g)", name, size,
			off, off / size, most, most_off, most_off / most);
}

void assert_gradients_near(const struct snn_net *is, const struct snn_net *want, double tol)
{
	assert_int_equal(is->n_tensor, want->n_tensor);
	for (uint32_t i = 0; i < is->n_tensor; i++) {
		const struct snn_tensor *a = &is->tensor[i], *b = &want->tensor[i];

		assert_int_equal(a->n, b->n);
		assert_near(a->name, a->n, a->grad, b->grad, tol);
	}
}
