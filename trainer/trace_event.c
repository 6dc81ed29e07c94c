/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_event.c - traces that cost n operations per input spike instead of n * n_in per step.
 *
 * Steps are kept for a window of WINDOW of them: a, c = L psi, and which inputs spiked. With eps' the
 * traces at its beginning, those in the window are eps(t) = A(0..t) eps' + sum_{u <= t} A(u+1..t) x(u), where
 * A(u..t) = a(u) .. a(t), and therefore
 *
 *	sum_t c(t) eps(t) = a(0) z(0) eps' + sum_u z(u) x(u)      z(u) = c(u) + a(u+1) z(u+1)
 *	eps at its end    = A(0..) eps'    + sum_u r(u) x(u)      r(u) = a(u+1) r(u+1)
 *
 * z and r start with c and 1 at the window's last step. At its end each column takes its inputs' z, and,
 * if the sequence goes on, r; only then are there columns of eps to look after, once a window. Memory does
 * not depend on a sequence's length, no product of a's is ever divided by, and the numbers are those of
 * trace_dense.c up to rounding.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "trace.h"

#define WINDOW 128 /* a step's number fits a byte; sequences up to here never make eps */
/* Below this numbers are 0: arithmetic on subnormal ones is many times slower. */
#define TINY 1e-30f

struct event_lane {
	float *a, *c;     /* [WINDOW][n] */
	float *x;         /* of the inputs below; only where inputs are real */
	uint16_t *column; /* [n_event] inputs in the order of steps */
	uint8_t *step;
	uint32_t n_step, n_event;
	bool is_real;
	float *eps;       /* [n_in][n] at the window's beginning, of live columns */
	uint8_t *is_live; /* [n_in] */
};

struct event {
	struct event_lane *lane; /* [n_lane] */
	/* Scratch. */
	double *z;                /* [n] */
	float *z_all, *r_all;     /* [WINDOW][n] */
	float *sum, *first, *all; /* [n] a column's sum; a(0) z(0); A(0..) */
	uint32_t *begin;          /* [n_in + 1] of each column below */
	uint8_t *step;            /* [WINDOW * n_in] inputs by column */
	float *x;
	float *real;      /* owns the floats */
	uint8_t *byte;    /* owns the bytes */
	uint16_t *column; /* owns the columns */
};

static void event_done(struct snn_trace *tr)
{
	struct event *ev = tr->state;

	if (!ev)
		return;
	free(ev->z);
	free(ev->real);
	free(ev->begin);
	free(ev->byte);
	free(ev->column);
	free(ev->lane);
	free(ev);
}

static void carve(struct event *ev, size_t n, size_t n_in, size_t n_lane)
{
	size_t n_window = WINDOW * n, n_event = WINDOW * n_in;
	uint8_t *byte = ev->byte;
	float *p = ev->real;

	ev->z_all = p;
	ev->r_all = p + n_window;
	ev->sum = p + 2 * n_window;
	ev->first = ev->sum + n;
	ev->all = ev->first + n;
	ev->x = ev->all + n;
	p = ev->x + n_event;
	ev->step = byte;
	byte += n_event;
	for (size_t k = 0; k < n_lane; k++) {
		struct event_lane *q = &ev->lane[k];

		q->a = p;
		q->c = p + n_window;
		q->x = p + 2 * n_window;
		q->eps = q->x + n_event;
		p = q->eps + n * n_in;
		q->column = ev->column + k * n_event;
		q->step = byte;
		q->is_live = byte + n_event;
		byte += n_event + n_in;
	}
}

static int event_init(struct snn_trace *tr)
{
	struct event *ev = calloc(1, sizeof(*ev));
	size_t n = tr->n, n_in = tr->n_in, n_lane = tr->n_lane;
	size_t n_window = WINDOW * n, n_event = WINDOW * n_in;

	if (!ev)
		return -ENOMEM;
	tr->state = ev;
	ev->lane = calloc(n_lane, sizeof(*ev->lane));
	ev->z = calloc(n, sizeof(*ev->z));
	ev->begin = calloc(n_in + 1, sizeof(*ev->begin));
	ev->column = calloc(n_lane * n_event, sizeof(*ev->column));
	ev->byte = calloc(n_event + n_lane * (n_event + n_in), 1);
	ev->real = calloc(
		2 * n_window + 3 * n + n_event + n_lane * (2 * n_window + n_event + n * n_in),
		sizeof(*ev->real));
	if (!ev->lane || !ev->z || !ev->begin || !ev->column || !ev->byte || !ev->real)
		return -ENOMEM;
	carve(ev, n, n_in, n_lane);
	return 0;
}

static void event_begin(struct snn_trace *tr, uint32_t lane)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];

	q->n_step = q->n_event = 0;
	memset(q->is_live, 0, tr->n_in);
}

/* z and z_all; first = a(0) z(0) */
SNN_FAST static void look_back(size_t n, size_t n_step, const float *restrict a,
	const float *restrict c, double *restrict z, float *restrict z_all, float *restrict first)
{
	for (size_t i = 0; i < n; i++)
		z[i] = 0;
	for (size_t t = n_step; t-- > 0;) {
		const float *restrict a_next = a + (t + 1) * n, *restrict c_now = c + t * n;
		float *restrict z_now = z_all + t * n;

		for (size_t i = 0; i < n; i++) {
			double past = t + 1 < n_step ? (double)a_next[i] * z[i] : 0;
			float now;

			z[i] = (double)c_now[i] + past;
			now = (float)z[i];
			z_now[i] = fabsf(now) < TINY ? 0 : now;
		}
	}
	for (size_t i = 0; i < n; i++)
		first[i] = (float)((double)a[i] * z[i]);
}

/* r_all; all = A(0..) */
SNN_FAST static void look_ahead(size_t n, size_t n_step, const float *restrict a,
	float *restrict r_all, float *restrict all)
{
	for (size_t i = 0; i < n; i++)
		all[i] = 1;
	for (size_t t = n_step; t-- > 0;) {
		const float *restrict a_now = a + t * n;
		float *restrict r = r_all + t * n;

		for (size_t i = 0; i < n; i++) {
			float next = all[i] * a_now[i];

			r[i] = all[i];
			all[i] = fabsf(next) < TINY ? 0 : next;
		}
	}
}

/* The window's inputs by column, those of a column in the order of steps. */
static void sort(struct event *ev, const struct event_lane *q, uint32_t n_in)
{
	uint32_t at = 0;

	memset(ev->begin, 0, (n_in + 1) * sizeof(*ev->begin));
	for (uint32_t k = 0; k < q->n_event; k++)
		ev->begin[q->column[k]]++;
	for (uint32_t j = 0; j <= n_in; j++) { /* counts become ends */
		at += ev->begin[j];
		ev->begin[j] = at;
	}
	for (uint32_t k = q->n_event; k-- > 0;) {
		uint32_t to = --ev->begin[q->column[k]];

		ev->step[to] = q->step[k];
		ev->x[to] = q->is_real ? q->x[k] : 1;
	}
}

/* sum = sum_u w(u) x(u) of column j */
static void gather(const struct event *ev, uint32_t n, uint32_t j, const float *w, float *sum)
{
	memset(sum, 0, n * sizeof(*sum));
	for (uint32_t k = ev->begin[j]; k < ev->begin[j + 1]; k++) {
		if (ev->x[k] == 1)
			snn_add(n, w + (size_t)ev->step[k] * n, sum);
		else
			snn_axpy(n, ev->x[k], w + (size_t)ev->step[k] * n, sum);
	}
}

SNN_FAST static void add(size_t n, const float *restrict x, double *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += (double)x[i];
}

/* eps <- all eps + sum */
SNN_FAST static void move(
	size_t n, const float *restrict all, const float *restrict sum, float *restrict eps)
{
	for (size_t i = 0; i < n; i++) {
		float next = all[i] * eps[i] + sum[i];

		eps[i] = fabsf(next) < TINY ? 0 : next;
	}
}

/* The window reaches the gradient and, unless the sequence has ended, the traces. */
static void settle(struct snn_trace *tr, struct event_lane *q, bool is_end, double *grad_w)
{
	struct event *ev = tr->state;
	size_t n = tr->n;

	look_back(n, q->n_step, q->a, q->c, ev->z, ev->z_all, ev->first);
	if (!is_end)
		look_ahead(n, q->n_step, q->a, ev->r_all, ev->all);
	sort(ev, q, tr->n_in);
	for (uint32_t j = 0; j < tr->n_in; j++) {
		bool is_heard = ev->begin[j] < ev->begin[j + 1];
		float *eps = q->eps + j * n;

		if (is_heard) {
			gather(ev, tr->n, j, ev->z_all, ev->sum);
			add(n, ev->sum, grad_w + j * n);
		}
		if (q->is_live[j])
			snn_add_product(n, ev->first, eps, grad_w + j * n);
		if (is_end || (!is_heard && !q->is_live[j]))
			continue;
		gather(ev, tr->n, j, ev->r_all, ev->sum);
		if (q->is_live[j])
			move(n, ev->all, ev->sum, eps);
		else
			memcpy(eps, ev->sum, n * sizeof(*eps));
		q->is_live[j] = 1;
	}
	q->n_step = q->n_event = 0;
}

static void keep_inputs(struct event_lane *q, const struct snn_spikes *x, uint32_t lane)
{
	const uint16_t *on = snn_spikes_on(x, lane);
	uint32_t n_on = x->n_on[lane];

	memcpy(q->column + q->n_event, on, n_on * sizeof(*on));
	memset(q->step + q->n_event, (int)q->n_step, n_on);
	q->n_event += n_on;
}

static void keep_real_inputs(struct event_lane *q, const struct snn_spikes *x, uint32_t lane)
{
	const float *real = snn_spikes_real(x, lane);

	for (uint32_t j = 0; j < x->n; j++) {
		if (real[j] == 0)
			continue;
		q->column[q->n_event] = (uint16_t)j;
		q->step[q->n_event] = (uint8_t)q->n_step;
		q->x[q->n_event++] = real[j];
	}
}

static void event_step(
	struct snn_trace *tr, const struct snn_spikes *x, uint32_t lane, double *grad_w)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];
	float *a = q->a + (size_t)q->n_step * tr->n, *c = q->c + (size_t)q->n_step * tr->n;

	for (uint32_t i = 0; i < tr->n; i++) {
		a[i] = (float)tr->a[i];
		c[i] = (float)tr->c[i];
	}
	if (x->is_real)
		keep_real_inputs(q, x, lane);
	else
		keep_inputs(q, x, lane);
	q->is_real = x->is_real;
	if (++q->n_step == WINDOW)
		settle(tr, q, false, grad_w);
}

static void event_end(struct snn_trace *tr, uint32_t lane, double *grad_w)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];

	settle(tr, q, true, grad_w);
}

const struct snn_trace_form snn_trace_event = {
	.name = "event",
	.init = event_init,
	.done = event_done,
	.begin = event_begin,
	.step = event_step,
	.end = event_end,
};
