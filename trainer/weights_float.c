/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weights_float.c - matrices in float32 on the host. Spikes add the rows of active inputs.
 */
#include "weights.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"

struct float_weights {
	struct snn_weights base;
	float *value[SNN_MAX_MATRIX]; /* [n_row][n_col]; value[0] owns the block */
};

static size_t n_value(const struct snn_matrix *m)
{
	return (size_t)m->n_row * m->n_col;
}

static void float_free(struct snn_weights *w)
{
	struct float_weights *f = (struct float_weights *)w;

	free(f->value[0]);
	free(f);
}

static void product_lane(
	const float *value, uint32_t n_col, const struct snn_spikes *in, uint32_t lane, float *out)
{
	memset(out, 0, n_col * sizeof(*out));
	if (in->is_real) {
		const float *x = snn_spikes_real(in, lane);

		for (uint32_t i = 0; i < in->n; i++)
			snn_axpy(n_col, x[i], value + (size_t)i * n_col, out);
	} else {
		const uint16_t *on = snn_spikes_on(in, lane);

		for (uint32_t k = 0; k < in->n_on[lane]; k++)
			snn_add(n_col, value + (size_t)on[k] * n_col, out);
	}
}

static int float_product(struct snn_weights *w, const struct snn_product *p, uint32_t n_product,
	uint32_t n_lane, struct snn_error *e)
{
	struct float_weights *f = (struct float_weights *)w;

	(void)e;
	for (uint32_t k = 0; k < n_product; k++) {
		uint32_t i = p[k].i_matrix, n_col = w->net->matrix[i].n_col;

		for (uint32_t lane = 0; lane < n_lane; lane++)
			product_lane(
				f->value[i], n_col, p[k].in, lane, p[k].out + (size_t)lane * n_col);
	}
	return 0;
}

static int float_image(
	struct snn_weights *w, uint32_t i_matrix, const float **ret, struct snn_error *e)
{
	struct float_weights *f = (struct float_weights *)w;

	(void)e;
	*ret = f->value[i_matrix];
	return 0;
}

static int float_update(
	struct snn_weights *w, const float *const *delta, uint64_t i_update, struct snn_error *e)
{
	struct float_weights *f = (struct float_weights *)w;

	(void)i_update;
	(void)e;
	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		if (delta[i])
			snn_add(n_value(&w->net->matrix[i]), delta[i], f->value[i]);
	}
	return 0;
}

static int float_rest(struct snn_weights *w, uint64_t i_update, struct snn_error *e)
{
	(void)w;
	(void)i_update;
	(void)e;
	return 0;
}

static int float_nothing(struct snn_weights *w, struct snn_error *e)
{
	(void)w;
	(void)e;
	return 0;
}

static int float_wait(struct snn_weights *w, double dt, struct snn_error *e)
{
	(void)w;
	(void)dt;
	return snn_fail(e, -ENOTSUP, "float weights do not age: waiting needs weights on chips");
}

static int float_stats(struct snn_weights *w, struct snn_epoch *row, struct snn_error *e)
{
	(void)w;
	(void)e;
	row->chip_time = NAN;
	row->energy = NAN;
	return 0;
}

static void path(char *buf, size_t n, const struct snn_matrix *m)
{
	snprintf(buf, n, "/weights/%s", m->name);
}

static int float_save(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct float_weights *f = (struct float_weights *)w;
	char at[32];

	(void)e;
	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		const struct snn_matrix *m = &w->net->matrix[i];

		path(at, sizeof(at), m);
		snn_store_put(st, at, SNN_F32, 2, (size_t[]){ m->n_row, m->n_col }, f->value[i]);
	}
	return 0;
}

static int float_load(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct float_weights *f = (struct float_weights *)w;
	char at[32];

	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		const struct snn_matrix *m = &w->net->matrix[i];
		int r;

		path(at, sizeof(at), m);
		r = snn_store_load(
			st, at, SNN_F32, 2, (size_t[]){ m->n_row, m->n_col }, f->value[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct snn_weights_ops float_ops = {
	.name = "float",
	.product = float_product,
	.image = float_image,
	.update = float_update,
	.rest = float_rest,
	.adapt = float_nothing,
	.refer = float_nothing,
	.compensate = float_nothing,
	.wait = float_wait,
	.stats = float_stats,
	.save = float_save,
	.load = float_load,
	.free = float_free,
};

int snn_weights_float_new(struct snn_weights **ret, const struct snn_net *net, struct snn_error *e)
{
	struct float_weights *f = calloc(1, sizeof(*f));
	size_t n = 0;
	float *p;

	if (!f)
		return snn_fail(e, -ENOMEM, "no memory for the weights");
	f->base = (struct snn_weights){ .ops = &float_ops, .net = net };
	for (uint32_t i = 0; i < net->n_matrix; i++)
		n += n_value(&net->matrix[i]);
	p = malloc(n * sizeof(*p));
	if (!p) {
		free(f);
		return snn_fail(e, -ENOMEM, "no memory for the weights");
	}
	for (uint32_t i = 0; i < net->n_matrix; i++) {
		const struct snn_matrix *m = &net->matrix[i];

		f->value[i] = p;
		memcpy(p, m->init, n_value(m) * sizeof(*p));
		p += n_value(m);
	}
	*ret = &f->base;
	return 0;
}

void snn_weights_float_set(struct snn_weights *w, uint32_t i_matrix, const float *value)
{
	struct float_weights *f = (struct float_weights *)w;

	memcpy(f->value[i_matrix], value, n_value(&w->net->matrix[i_matrix]) * sizeof(*value));
}
