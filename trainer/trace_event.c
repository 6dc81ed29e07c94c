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
 * Filtered, the signals' filter runs backwards in place of the traces' forwards: with l~(t) = l(t) + keep
 * l~(t+1), from 0 behind the window,
 *
 *	sum_t l(t) ebar(t) = keep l~(0) ebar' + sum_t l~(t) c(t) eps(t)
 *	ebar at its end    = keep^T ebar' + sum_t keep^(T-1-t) c(t) eps(t)
 *
 * so that z has l~ c in the place of c, and ebar a z of its own, at a window's end that is not the sequence's.
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
#define TINY     1e-30f
#define N_VECTOR 5 /* scratch arrays of [n] */

struct event_lane {
	float *a, *c, *l; /* [WINDOW][n]; l and bar where filtered */
	float *x;         /* of the inputs below; only where inputs are real */
	uint16_t *column; /* [n_event] inputs in the order of steps */
	uint8_t *step;
	uint32_t n_step, n_event;
	bool is_real;
	float *eps, *bar; /* [n_in][n] at the window's beginning, of live columns */
	uint8_t *is_live; /* [n_in] */
};

struct event {
	struct event_lane *lane; /* [n_lane] */
	/* Scratch. */
	double *z;                /* [n] */
	float *z_all, *r_all;     /* [WINDOW][n] */
	float *sum, *first, *all; /* [n] a column's sum; a(0) z(0); A(0..) */
	/* Filtered: weighted c; z of ebar; keep l~(0); a(0) z(0) of ebar; keep^T. */
	float *c_all, *bar_all, *of_bar, *bar_first, keep_all;
	uint32_t *begin; /* [n_in + 1] of each column below */
	uint8_t *step;   /* [WINDOW * n_in] inputs by column */
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

/* Arrays that only filtered traces have come last in their lists. */
static size_t n_window(const struct snn_trace *tr)
{
	return (size_t)WINDOW * tr->n;
}

static uint32_t n_scratch(const struct snn_trace *tr)
{
	return tr->kind.is_filtered ? 4 : 2;
}

static uint32_t n_kept(const struct snn_trace *tr)
{
	return tr->kind.is_filtered ? 3 : 2;
}

static uint32_t n_trace(const struct snn_trace *tr)
{
	return tr->kind.is_filtered ? 2 : 1;
}

static float *take(float *p, float **const *array, uint32_t n_array, size_t n)
{
	for (uint32_t k = 0; k < n_array; k++, p += n)
		*array[k] = p;
	return p;
}

static void carve(struct snn_trace *tr)
{
	struct event *ev = tr->state;
	size_t n = tr->n, n_in = tr->n_in, n_event = WINDOW * n_in;
	uint8_t *byte = ev->byte;
	float **const scratch[] = { &ev->z_all, &ev->r_all, &ev->c_all, &ev->bar_all };
	float **const vector[] = { &ev->sum, &ev->first, &ev->all, &ev->of_bar, &ev->bar_first };
	float *p = take(ev->real, scratch, n_scratch(tr), n_window(tr));

	p = take(p, vector, N_VECTOR, n);
	ev->x = p;
	p += n_event;
	ev->step = byte;
	byte += n_event;
	for (size_t k = 0; k < tr->n_lane; k++) {
		struct event_lane *q = &ev->lane[k];
		float **const kept[] = { &q->a, &q->c, &q->l },
			      **const trace[] = { &q->eps, &q->bar };

		p = take(p, kept, n_kept(tr), n_window(tr));
		p = take(p, trace, n_trace(tr), n * n_in);
		q->x = p;
		p += n_event;
		q->column = ev->column + k * n_event;
		q->step = byte;
		q->is_live = byte + n_event;
		byte += n_event + n_in;
	}
}

static int event_init(struct snn_trace *tr)
{
	struct event *ev = calloc(1, sizeof(*ev));
	size_t n = tr->n, n_in = tr->n_in, n_lane = tr->n_lane, n_event = WINDOW * n_in;

	if (!ev)
		return -ENOMEM;
	tr->state = ev;
	ev->lane = calloc(n_lane, sizeof(*ev->lane));
	ev->z = calloc(n, sizeof(*ev->z));
	ev->begin = calloc(n_in + 1, sizeof(*ev->begin));
	ev->column = calloc(n_lane * n_event, sizeof(*ev->column));
	ev->byte = calloc(n_event + n_lane * (n_event + n_in), 1);
	ev->real = calloc(n_scratch(tr) * n_window(tr) + N_VECTOR * n + n_event +
			n_lane * (n_kept(tr) * n_window(tr) + n_trace(tr) * n * n_in + n_event),
		sizeof(*ev->real));
	if (!ev->lane || !ev->z || !ev->begin || !ev->column || !ev->byte || !ev->real)
		return -ENOMEM;
	carve(tr);
	return 0;
}

static void event_begin(struct snn_trace *tr, uint32_t lane)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];

	q->n_step = q->n_event = 0;
	memset(q->is_live, 0, tr->n_in);
}

/* c_all = l~ c; of_bar = keep l~(0) */
SNN_FAST static void weigh_signals(size_t n, size_t n_step, double keep, const float *restrict l,
	const float *restrict c, double *restrict z, float *restrict c_all, float *restrict of_bar)
{
	for (size_t i = 0; i < n; i++)
		z[i] = 0;
	for (size_t t = n_step; t-- > 0;) {
		for (size_t i = 0; i < n; i++) {
			z[i] = (double)l[t * n + i] + keep * z[i];
			c_all[t * n + i] = (float)(z[i] * (double)c[t * n + i]);
		}
	}
	for (size_t i = 0; i < n; i++)
		of_bar[i] = (float)(keep * z[i]);
}

/* c_all = keep^(T-1-t) c; returns keep^T */
SNN_FAST static float weigh_ages(
	size_t n, size_t n_step, double keep, const float *restrict c, float *restrict c_all)
{
	double power = 1;

	for (size_t t = n_step; t-- > 0; power *= keep) {
		for (size_t i = 0; i < n; i++)
			c_all[t * n + i] = (float)(power * (double)c[t * n + i]);
	}
	return (float)power;
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

/* bar <- keep^T bar + a(0) z(0) eps + sum of its column */
SNN_FAST static void move_bar(size_t n, float keep_all, const float *restrict first,
	const float *restrict eps, const float *restrict sum, float *restrict bar)
{
	for (size_t i = 0; i < n; i++) {
		float next = keep_all * bar[i] + first[i] * eps[i] + sum[i];

		bar[i] = fabsf(next) < TINY ? 0 : next;
	}
}

/* What the window gives its columns: z_all, and unless the sequence has ended r_all and bar_all. */
static void look(struct snn_trace *tr, const struct event_lane *q, bool is_end)
{
	struct event *ev = tr->state;
	const float *c = q->c;
	size_t n = tr->n;

	if (tr->kind.is_filtered) {
		weigh_signals(
			n, q->n_step, (double)tr->keep, q->l, c, ev->z, ev->c_all, ev->of_bar);
		c = ev->c_all;
	}
	look_back(n, q->n_step, q->a, c, ev->z, ev->z_all, ev->first);
	if (is_end)
		return;
	look_ahead(n, q->n_step, q->a, ev->r_all, ev->all);
	if (tr->kind.is_filtered) {
		ev->keep_all = weigh_ages(n, q->n_step, (double)tr->keep, q->c, ev->c_all);
		look_back(n, q->n_step, q->a, ev->c_all, ev->z, ev->bar_all, ev->bar_first);
	}
}

/* eps and ebar of a column from the window's beginning to its end. */
static void go_on(struct snn_trace *tr, struct event_lane *q, uint32_t j)
{
	struct event *ev = tr->state;
	size_t n = tr->n;
	float *eps = q->eps + j * n, *bar = q->bar + j * n;

	if (tr->kind.is_filtered) {
		gather(ev, tr->n, j, ev->bar_all, ev->sum);
		if (q->is_live[j])
			move_bar(n, ev->keep_all, ev->bar_first, eps, ev->sum, bar);
		else
			memcpy(bar, ev->sum, n * sizeof(*bar));
	}
	gather(ev, tr->n, j, ev->r_all, ev->sum);
	if (q->is_live[j])
		move(n, ev->all, ev->sum, eps);
	else
		memcpy(eps, ev->sum, n * sizeof(*eps));
	q->is_live[j] = 1;
}

/* The window reaches the gradient and, unless the sequence has ended, the traces. */
static void settle(struct snn_trace *tr, struct event_lane *q, bool is_end, double *grad_w)
{
	struct event *ev = tr->state;
	size_t n = tr->n;

	look(tr, q, is_end);
	sort(ev, q, tr->n_in);
	for (uint32_t j = 0; j < tr->n_in; j++) {
		bool is_heard = ev->begin[j] < ev->begin[j + 1];

		if (is_heard) {
			gather(ev, tr->n, j, ev->z_all, ev->sum);
			add(n, ev->sum, grad_w + j * n);
		}
		if (q->is_live[j])
			snn_add_product(n, ev->first, q->eps + j * n, grad_w + j * n);
		if (q->is_live[j] && tr->kind.is_filtered)
			snn_add_product(n, ev->of_bar, q->bar + j * n, grad_w + j * n);
		if (!is_end && (is_heard || q->is_live[j]))
			go_on(tr, q, j);
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
	size_t at = (size_t)q->n_step * tr->n;
	float *a = q->a + at, *c = q->c + at;

	for (uint32_t i = 0; i < tr->n; i++) {
		a[i] = (float)tr->a[i];
		c[i] = (float)tr->c[i];
	}
	for (uint32_t i = 0; tr->kind.is_filtered && i < tr->n; i++)
		q->l[at + i] = (float)tr->l[i];
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
