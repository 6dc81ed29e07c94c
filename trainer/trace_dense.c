/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_dense.c - every trace at every step: the equations as they stand, n_in * n operations a
 * step. Oracle of trace_event.c, and what updates at every step need. Filtered, ebar stands beside eps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "trace.h"

/* Of a lane: eps [n_in][n], and ebar. */
static size_t n_value(const struct snn_trace *tr)
{
	return (size_t)tr->n_in * tr->n * (tr->kind.is_filtered ? 2 : 1);
}

static int dense_init(struct snn_trace *tr)
{
	tr->state = calloc(tr->n_lane * n_value(tr) + 3 * (size_t)tr->n, sizeof(float));
	return tr->state ? 0 : -ENOMEM;
}

static void dense_done(struct snn_trace *tr)
{
	free(tr->state);
}

static float *lane_eps(struct snn_trace *tr, uint32_t lane)
{
	return (float *)tr->state + lane * n_value(tr);
}

static void dense_begin(struct snn_trace *tr, uint32_t lane)
{
	memset(lane_eps(tr, lane), 0, n_value(tr) * sizeof(float));
}

/* eps [n] <- a eps + x, grad [n] += c eps */
SNN_FAST static void column(size_t n, float x, const float *restrict a, const float *restrict c,
	float *restrict eps, double *restrict grad)
{
	for (size_t i = 0; i < n; i++) {
		eps[i] = a[i] * eps[i] + x;
		grad[i] += (double)c[i] * (double)eps[i];
	}
}

/* eps as above, bar [n] <- keep bar + c eps, grad [n] += l bar */
SNN_FAST static void filtered_column(size_t n, float x, float keep, const float *restrict a,
	const float *restrict c, const float *restrict l, float *restrict eps, float *restrict bar,
	double *restrict grad)
{
	for (size_t i = 0; i < n; i++) {
		eps[i] = a[i] * eps[i] + x;
		bar[i] = keep * bar[i] + c[i] * eps[i];
		grad[i] += (double)l[i] * (double)bar[i];
	}
}

static void dense_step(
	struct snn_trace *tr, const struct snn_spikes *x, uint32_t lane, double *grad_w)
{
	float *eps = lane_eps(tr, lane), *bar = eps + (size_t)tr->n_in * tr->n;
	float *a = lane_eps(tr, tr->n_lane), *c = a + tr->n, *l = c + tr->n;
	uint32_t k = 0;

	for (uint32_t i = 0; i < tr->n; i++) {
		a[i] = (float)tr->a[i];
		c[i] = (float)tr->c[i];
		l[i] = (float)tr->l[i];
	}
	for (uint32_t j = 0; j < tr->n_in; j++) {
		size_t at = (size_t)j * tr->n;
		float x_j = snn_spikes_next(x, lane, j, &k);

		if (tr->kind.is_filtered)
			filtered_column(
				tr->n, x_j, tr->keep, a, c, l, eps + at, bar + at, grad_w + at);
		else
			column(tr->n, x_j, a, c, eps + at, grad_w + at);
	}
}

const struct snn_trace_form snn_trace_dense = {
	.name = "dense",
	.init = dense_init,
	.done = dense_done,
	.begin = dense_begin,
	.step = dense_step,
};
