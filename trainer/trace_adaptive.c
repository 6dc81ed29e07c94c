/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_adaptive.c - traces where thresholds adapt: every parameter has one through the membrane and
 * one through the adaptation,
 *
 *	epsa <- rho epsa + psi' (eps - beta epsa)
 *	eps  <- j eps + J psi' (eps - beta epsa) + x    g += L psi (eps - beta epsa)
 *
 * as dense as trace_dense.c, and exact where that is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "trace.h"

struct factors {
	float rho, beta;
	float *a, *c, *p, *jp; /* [n] */
};

/* [n_lane][2][n_in][n], then the factors */
static int adaptive_init(struct snn_trace *tr)
{
	size_t n = 2 * (size_t)tr->n_lane * tr->n_in * tr->n + 4 * (size_t)tr->n;

	tr->state = calloc(n, sizeof(float));
	return tr->state ? 0 : -ENOMEM;
}

static void adaptive_done(struct snn_trace *tr)
{
	free(tr->state);
}

static float *lane_eps(struct snn_trace *tr, uint32_t lane)
{
	return (float *)tr->state + 2 * (size_t)lane * tr->n_in * tr->n;
}

static void adaptive_begin(struct snn_trace *tr, uint32_t lane)
{
	memset(lane_eps(tr, lane), 0, 2 * (size_t)tr->n_in * tr->n * sizeof(float));
}

/* What one input does to eps, epsa and grad [n]. */
SNN_FAST static void column(size_t n, float x, const struct factors *f, float *restrict eps,
	float *restrict epsa, double *restrict grad)
{
	const float *restrict a = f->a, *restrict c = f->c;
	const float *restrict p = f->p, *restrict jp = f->jp;

	for (size_t i = 0; i < n; i++) {
		float was = eps[i], was_a = epsa[i];

		eps[i] = a[i] * was - f->beta * jp[i] * was_a + x;
		epsa[i] = f->rho * was_a + p[i] * (was - f->beta * was_a);
		grad[i] += (double)c[i] * (double)(eps[i] - f->beta * epsa[i]);
	}
}

static struct factors factors_of(struct snn_trace *tr)
{
	size_t n = tr->n;
	float *room = lane_eps(tr, tr->n_lane);
	struct factors f = { .rho = tr->rho,
		.beta = tr->beta,
		.a = room,
		.c = room + n,
		.p = room + 2 * n,
		.jp = room + 3 * n };

	for (size_t i = 0; i < n; i++) {
		f.a[i] = (float)tr->a[i];
		f.c[i] = (float)tr->c[i];
		f.p[i] = (float)tr->p[i];
		f.jp[i] = (float)tr->jp[i];
	}
	return f;
}

static void adaptive_step(
	struct snn_trace *tr, const struct snn_spikes *x, uint32_t lane, double *grad_w)
{
	struct factors f = factors_of(tr);
	size_t n = tr->n, size = n * tr->n_in;
	float *eps = lane_eps(tr, lane);
	uint32_t k = 0;

	for (uint32_t j = 0; j < tr->n_in; j++) {
		float x_j = snn_spikes_next(x, lane, j, &k);

		column(n, x_j, &f, eps + j * n, eps + size + j * n, grad_w + j * n);
	}
}

const struct snn_trace_form snn_trace_adaptive = {
	.name = "adaptive",
	.init = adaptive_init,
	.done = adaptive_done,
	.begin = adaptive_begin,
	.step = adaptive_step,
};
