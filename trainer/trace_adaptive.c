/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_adaptive.c - traces where thresholds adapt: every parameter has one through the membrane and
 * one through the adaptation,
 *
 *	epsa <- rho epsa + psi' (eps - beta epsa)
 *	eps  <- j eps + J psi' (eps - beta epsa) + x    g += L psi (eps - beta epsa)
 *
 * as dense as trace_dense.c, and exact where that is. Filtered, ebar <- keep ebar + gain psi (eps - beta epsa).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "trace.h"

struct factors {
	float rho, beta, keep;
	float *a, *c, *p, *jp, *l; /* [n] */
};

/* Of a lane: eps [n_in][n], epsa, and ebar. */
static size_t n_value(const struct snn_trace *tr)
{
	return (size_t)tr->n_in * tr->n * (tr->kind.is_filtered ? 3 : 2);
}

/* The lanes', then the factors. */
static int adaptive_init(struct snn_trace *tr)
{
	size_t n = tr->n_lane * n_value(tr) + 5 * (size_t)tr->n;

	tr->state = calloc(n, sizeof(float));
	return tr->state ? 0 : -ENOMEM;
}

static void adaptive_done(struct snn_trace *tr)
{
	free(tr->state);
}

static float *lane_eps(struct snn_trace *tr, uint32_t lane)
{
	return (float *)tr->state + lane * n_value(tr);
}

static void adaptive_begin(struct snn_trace *tr, uint32_t lane)
{
	memset(lane_eps(tr, lane), 0, n_value(tr) * sizeof(float));
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

/* The same with bar [n] <- keep bar + c (eps - beta epsa), and grad [n] += l bar. */
SNN_FAST static void filtered_column(size_t n, float x, const struct factors *f,
	float *restrict eps, float *restrict epsa, float *restrict bar, double *restrict grad)
{
	const float *restrict a = f->a, *restrict c = f->c, *restrict l = f->l;
	const float *restrict p = f->p, *restrict jp = f->jp;

	for (size_t i = 0; i < n; i++) {
		float was = eps[i], was_a = epsa[i];

		eps[i] = a[i] * was - f->beta * jp[i] * was_a + x;
		epsa[i] = f->rho * was_a + p[i] * (was - f->beta * was_a);
		bar[i] = f->keep * bar[i] + c[i] * (eps[i] - f->beta * epsa[i]);
		grad[i] += (double)l[i] * (double)bar[i];
	}
}

static struct factors factors_of(struct snn_trace *tr)
{
	size_t n = tr->n;
	float *room = lane_eps(tr, tr->n_lane);
	struct factors f = { .rho = tr->rho,
		.beta = tr->beta,
		.keep = tr->keep,
		.a = room,
		.c = room + n,
		.p = room + 2 * n,
		.jp = room + 3 * n,
		.l = room + 4 * n };

	for (size_t i = 0; i < n; i++) {
		f.a[i] = (float)tr->a[i];
		f.c[i] = (float)tr->c[i];
		f.p[i] = (float)tr->p[i];
		f.jp[i] = (float)tr->jp[i];
		f.l[i] = (float)tr->l[i];
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

		if (tr->kind.is_filtered)
			filtered_column(n, x_j, &f, eps + j * n, eps + size + j * n,
				eps + 2 * size + j * n, grad_w + j * n);
		else
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
