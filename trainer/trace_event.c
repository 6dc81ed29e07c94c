/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_event.c - traces that change only where an input spikes.
 *
 * With A_i(t) the product of a_i since a mark, E_ij = eps_ij / A_i changes only when x_j is not 0,
 * and with P_i(t) = sum of c_i A_i since the mark the gradient sum_t c_i eps_ij is P_i E_ij + F_ij,
 * where an input x_j at step u adds x_j / A_i(u) to E_ij and -P_i(u-1) x_j / A_i(u) to F_ij. Cost: n
 * per input spike instead of n * n_in per step.
 *
 * A_i shrinks (or is exactly 0 after a spike outside psi's support), and P E + F cancels by a factor
 * A_i: sums are in double, and a neuron is settled, its mark set anew, when |A_i| leaves
 * A_MIN .. A_MAX: F += P E, E *= A, A = 1, P = 0. At 1e-3 cancellation costs 3 of double's 16 digits,
 * which leaves more than float32 has. Columns whose traces have all decayed below EPS_MIN of an
 * input spike's are beyond float32's rounding: they leave the list of live columns.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "trace.h"

#define A_MIN   1e-3
#define A_MAX   1e5
#define EPS_MIN 1e-9

struct event_lane {
	double *big_a, *p; /* [n] */
	double *e, *f;     /* [n_in][n] */
	uint32_t n_live;
	uint32_t *live; /* [n_in] columns with anything in e or f */
	uint8_t *is_live;
};

struct event {
	struct event_lane *lane; /* [n_lane] */
	double *inv, *p_inv;     /* [n] scratch; inv owns the block of doubles */
	uint32_t *out;           /* [n] scratch: neurons to settle */
	uint32_t *index;         /* owns the lists */
	uint8_t *flag;
};

static void event_done(struct snn_trace *tr)
{
	struct event *ev = tr->state;

	if (!ev)
		return;
	free(ev->inv);
	free(ev->index);
	free(ev->flag);
	free(ev->lane);
	free(ev);
}

static int event_init(struct snn_trace *tr)
{
	struct event *ev = calloc(1, sizeof(*ev));
	size_t n = tr->n, n_in = tr->n_in, n_lane = tr->n_lane;
	double *d;

	if (!ev)
		return -ENOMEM;
	tr->state = ev;
	ev->lane = calloc(n_lane, sizeof(*ev->lane));
	ev->inv = calloc(2 * n + n_lane * (2 * n + 2 * n * n_in), sizeof(*ev->inv));
	ev->index = calloc(n + n_lane * n_in, sizeof(*ev->index));
	ev->flag = calloc(n_lane * n_in, 1);
	if (!ev->lane || !ev->inv || !ev->index || !ev->flag)
		return -ENOMEM;
	ev->p_inv = ev->inv + n;
	ev->out = ev->index;
	d = ev->p_inv + n;
	for (size_t k = 0; k < n_lane; k++) {
		struct event_lane *q = &ev->lane[k];

		q->big_a = d;
		q->p = d + n;
		q->e = d + 2 * n;
		q->f = q->e + n * n_in;
		d = q->f + n * n_in;
		q->live = ev->index + n + k * n_in;
		q->is_live = ev->flag + k * n_in;
	}
	return 0;
}

static void event_begin(struct snn_trace *tr, uint32_t lane)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];

	for (uint32_t i = 0; i < tr->n; i++) {
		q->big_a[i] = 1;
		q->p[i] = 0;
	}
	for (uint32_t k = 0; k < q->n_live; k++) { /* of a sequence that was given up */
		memset(q->e + (size_t)q->live[k] * tr->n, 0, tr->n * sizeof(*q->e));
		memset(q->f + (size_t)q->live[k] * tr->n, 0, tr->n * sizeof(*q->f));
		q->is_live[q->live[k]] = 0;
	}
	q->n_live = 0;
}

/* grad [n] += P E + F, then E = F = 0 */
SNN_FAST static void flush_column(size_t n, const double *restrict p, double *restrict e,
	double *restrict f, double *restrict grad)
{
	for (size_t i = 0; i < n; i++) {
		grad[i] += p[i] * e[i] + f[i];
		e[i] = 0;
		f[i] = 0;
	}
}

/* F += P E, E *= A; returns in keep [8] whether any |E| is still above EPS_MIN */
SNN_FAST static void settle_column(size_t n, const double *restrict p, const double *restrict big_a,
	double *restrict e, double *restrict f, double *restrict largest)
{
	double most[8] = { 0 };

	for (size_t i = 0; i < n; i++) {
		f[i] += p[i] * e[i];
		e[i] *= big_a[i];
	}
	for (size_t i = 0; i + 8 <= n; i += 8) {
		for (size_t k = 0; k < 8; k++)
			most[k] = fabs(e[i + k]) > most[k] ? fabs(e[i + k]) : most[k];
	}
	for (size_t i = n & ~(size_t)7; i < n; i++)
		most[0] = fabs(e[i]) > most[0] ? fabs(e[i]) : most[0];
	for (size_t k = 1; k < 8; k++)
		most[0] = most[k] > most[0] ? most[k] : most[0];
	*largest = most[0];
}

static void settle_all(struct snn_trace *tr, struct event_lane *q, double *grad_w)
{
	size_t n = tr->n;
	uint32_t n_kept = 0;

	for (uint32_t k = 0; k < q->n_live; k++) {
		uint32_t j = q->live[k];
		double *e = q->e + j * n, *f = q->f + j * n;
		double largest;

		settle_column(n, q->p, q->big_a, e, f, &largest);
		if (largest >= EPS_MIN) {
			q->live[n_kept++] = j;
			continue;
		}
		memset(e, 0, n * sizeof(*e));
		flush_column(n, q->p, e, f, grad_w + j * n);
		q->is_live[j] = 0;
	}
	q->n_live = n_kept;
	for (size_t i = 0; i < n; i++) {
		q->big_a[i] = 1;
		q->p[i] = 0;
	}
}

static void settle_neuron(struct snn_trace *tr, struct event_lane *q, uint32_t i)
{
	for (uint32_t k = 0; k < q->n_live; k++) {
		size_t at = (size_t)q->live[k] * tr->n + i;

		q->f[at] += q->p[i] * q->e[at];
		q->e[at] *= q->big_a[i];
	}
	q->big_a[i] = 1;
	q->p[i] = 0;
}

SNN_FAST static void advance(size_t n, const double *restrict a, double *restrict big_a)
{
	for (size_t i = 0; i < n; i++)
		big_a[i] *= a[i];
}

static void settle(struct snn_trace *tr, struct event *ev, struct event_lane *q, double *grad_w)
{
	uint32_t n_out = 0;

	for (uint32_t i = 0; i < tr->n; i++) {
		double m = fabs(q->big_a[i]);

		if (!(m >= A_MIN && m <= A_MAX))
			ev->out[n_out++] = i;
	}
	/* One pass over whole columns is cheaper than strided ones from about this share on. */
	if (n_out > tr->n / 8) {
		settle_all(tr, q, grad_w);
		return;
	}
	for (uint32_t k = 0; k < n_out; k++)
		settle_neuron(tr, q, ev->out[k]);
}

SNN_FAST static void invert(size_t n, const double *restrict big_a, const double *restrict p,
	double *restrict inv, double *restrict p_inv)
{
	for (size_t i = 0; i < n; i++) {
		inv[i] = 1 / big_a[i];
		p_inv[i] = p[i] * inv[i];
	}
}

SNN_FAST static void insert(size_t n, double x, const double *restrict inv,
	const double *restrict p_inv, double *restrict e, double *restrict f)
{
	for (size_t i = 0; i < n; i++) {
		e[i] += x * inv[i];
		f[i] -= x * p_inv[i];
	}
}

SNN_FAST static void accumulate(
	size_t n, const double *restrict c, const double *restrict big_a, double *restrict p)
{
	for (size_t i = 0; i < n; i++)
		p[i] += c[i] * big_a[i];
}

static void input(
	struct snn_trace *tr, struct event *ev, struct event_lane *q, uint32_t j, double x)
{
	size_t at = (size_t)j * tr->n;

	if (!q->is_live[j]) {
		q->is_live[j] = 1;
		q->live[q->n_live++] = j;
	}
	insert(tr->n, x, ev->inv, ev->p_inv, q->e + at, q->f + at);
}

static void event_step(
	struct snn_trace *tr, const struct snn_spikes *x, uint32_t lane, double *grad_w)
{
	struct event *ev = tr->state;
	struct event_lane *q = &ev->lane[lane];

	advance(tr->n, tr->a, q->big_a);
	settle(tr, ev, q, grad_w);
	invert(tr->n, q->big_a, q->p, ev->inv, ev->p_inv);
	if (x->is_real) {
		const float *real = snn_spikes_real(x, lane);

		for (uint32_t j = 0; j < tr->n_in; j++) {
			if (real[j] != 0)
				input(tr, ev, q, j, (double)real[j]);
		}
	} else {
		const uint16_t *on = snn_spikes_on(x, lane);

		for (uint32_t k = 0; k < x->n_on[lane]; k++)
			input(tr, ev, q, on[k], 1);
	}
	accumulate(tr->n, tr->c, q->big_a, q->p);
}

static void event_end(struct snn_trace *tr, uint32_t lane, double *grad_w)
{
	struct event_lane *q = &((struct event *)tr->state)->lane[lane];

	for (uint32_t k = 0; k < q->n_live; k++) {
		uint32_t j = q->live[k];
		size_t at = (size_t)j * tr->n;

		flush_column(tr->n, q->p, q->e + at, q->f + at, grad_w + at);
		q->is_live[j] = 0;
	}
	q->n_live = 0;
}

const struct snn_trace_form snn_trace_event = {
	.name = "event",
	.init = event_init,
	.done = event_done,
	.begin = event_begin,
	.step = event_step,
	.end = event_end,
};
