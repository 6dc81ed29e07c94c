/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "readout.h"

#define N_FACTOR 5 /* arrays a, c, p, jp, l, one after the other */

int snn_trace_init(struct snn_trace *tr, const struct snn_trace_kind *kind,
	const struct snn_net *net, uint32_t layer, uint32_t n_in, uint32_t n_lane)
{
	size_t n = net->size[layer];

	*tr = (struct snn_trace){
		.kind = *kind,
		.n_in = n_in,
		.n = net->size[layer],
		.n_lane = n_lane,
		.reset = net->reset,
		.decay = net->decay[layer],
		.beta = net->adaptation,
		.rho = net->adaptation_decay,
		.keep = snn_readout_keep(net),
	};
	tr->a = calloc(N_FACTOR * n + 4 * n * n_lane, sizeof(*tr->a));
	if (!tr->a)
		return -ENOMEM;
	tr->c = tr->a + n;
	tr->p = tr->c + n;
	tr->jp = tr->p + n;
	tr->l = tr->jp + n;
	tr->eps_b = tr->l + n;
	tr->epsa_b = tr->eps_b + n * n_lane;
	tr->e_b = tr->epsa_b + n * n_lane;
	tr->bar_b = tr->e_b + n * n_lane;
	return kind->form->init(tr);
}

void snn_trace_done(struct snn_trace *tr)
{
	if (tr->kind.form)
		tr->kind.form->done(tr);
	free(tr->a);
	*tr = (struct snn_trace){ 0 };
}

void snn_trace_begin(struct snn_trace *tr, uint32_t lane)
{
	memset(tr->eps_b + (size_t)lane * tr->n, 0, tr->n * sizeof(*tr->eps_b));
	memset(tr->epsa_b + (size_t)lane * tr->n, 0, tr->n * sizeof(*tr->epsa_b));
	memset(tr->e_b + (size_t)lane * tr->n, 0, tr->n * sizeof(*tr->e_b));
	memset(tr->bar_b + (size_t)lane * tr->n, 0, tr->n * sizeof(*tr->bar_b));
	tr->kind.form->begin(tr, lane);
}

SNN_FAST static void factors_full(size_t n, const float *restrict decay,
	const struct snn_trace_input *in, double *restrict a, double *restrict eps_b,
	const double *restrict e_b)
{
	const float *restrict s_prev = in->s_prev, *restrict y_prev = in->y_prev;
	const float *restrict psi_prev = in->psi_prev;

	for (size_t i = 0; i < n; i++) {
		double d = (double)decay[i], j = d * (1 - (double)y_prev[i]);
		double jj = -d * (double)s_prev[i];

		a[i] = j + jj * (double)psi_prev[i];
		eps_b[i] = j * eps_b[i] + jj * e_b[i];
	}
}

SNN_FAST static void factors_soft(size_t n, const float *restrict decay,
	const struct snn_trace_input *in, double *restrict a, double *restrict eps_b,
	const double *restrict e_b)
{
	const float *restrict b = in->b, *restrict y_prev = in->y_prev;
	const float *restrict psi_prev = in->psi_prev;

	for (size_t i = 0; i < n; i++) {
		double d = (double)decay[i], jj = -(double)b[i];

		a[i] = d + jj * (double)psi_prev[i];
		eps_b[i] = d * eps_b[i] - (double)y_prev[i] + jj * e_b[i];
	}
}

/* What thresholds that adapt need; e_b still of the step before. */
static void factors_adaptive(
	struct snn_trace *tr, const struct snn_trace_input *in, double *epsa_b, const double *e_b)
{
	for (uint32_t i = 0; i < tr->n; i++) {
		double jj = !tr->kind.has_reset_path ? 0
			: tr->reset == SNN_RESET_FULL
			? -(double)tr->decay[i] * (double)in->s_prev[i]
			: -(double)in->b[i];

		tr->p[i] = (double)in->psi_prev[i];
		tr->jp[i] = jj * tr->p[i];
		epsa_b[i] = (double)tr->rho * epsa_b[i] + e_b[i];
	}
}

SNN_FAST static void signals(size_t n, const struct snn_trace_input *in, double beta,
	double *restrict c, const double *restrict eps_b, const double *restrict epsa_b,
	double *restrict e_b, double *restrict grad_b)
{
	const float *restrict psi = in->psi, *restrict l = in->l;

	for (size_t i = 0; i < n; i++) {
		c[i] = (double)l[i] * (double)psi[i];
		e_b[i] = (double)psi[i] * (eps_b[i] - beta * epsa_b[i] - 1);
		grad_b[i] += (double)l[i] * e_b[i];
	}
}

/* The same with filtered traces, after signals() has made e_b: c and what learns are others. */
SNN_FAST static void filter(size_t n, const struct snn_trace_input *in, double keep,
	const double *restrict e_b, double *restrict bar_b, double *restrict c,
	double *restrict l_now, double *restrict grad_b)
{
	const float *restrict psi = in->psi, *restrict l = in->l;
	double gain = (double)in->gain;

	for (size_t i = 0; i < n; i++) {
		c[i] = gain * (double)psi[i];
		l_now[i] = (double)l[i];
		bar_b[i] = keep * bar_b[i] + gain * e_b[i];
		grad_b[i] += l_now[i] * (bar_b[i] - e_b[i]);
	}
}

void snn_trace_step(
	struct snn_trace *tr, const struct snn_trace_input *in, double *grad_w, double *grad_b)
{
	double *eps_b = tr->eps_b + (size_t)in->lane * tr->n;
	double *epsa_b = tr->epsa_b + (size_t)in->lane * tr->n;
	double *e_b = tr->e_b + (size_t)in->lane * tr->n;

	if (tr->beta > 0)
		factors_adaptive(tr, in, epsa_b, e_b);
	if (!tr->kind.has_reset_path) /* eps_b stays 0 */
		for (uint32_t i = 0; i < tr->n; i++)
			tr->a[i] = (double)tr->decay[i];
	else if (tr->reset == SNN_RESET_FULL)
		factors_full(tr->n, tr->decay, in, tr->a, eps_b, e_b);
	else
		factors_soft(tr->n, tr->decay, in, tr->a, eps_b, e_b);
	signals(tr->n, in, (double)tr->beta, tr->c, eps_b, epsa_b, e_b, grad_b);
	if (tr->kind.is_filtered)
		filter(tr->n, in, (double)tr->keep, e_b, tr->bar_b + (size_t)in->lane * tr->n,
			tr->c, tr->l, grad_b);
	tr->kind.form->step(tr, in->x, in->lane, grad_w);
}

void snn_trace_follow(struct snn_trace *tr, const struct snn_trace *first,
	const struct snn_spikes *x, uint32_t lane, double *grad_w)
{
	memcpy(tr->a, first->a, N_FACTOR * tr->n * sizeof(*tr->a));
	tr->kind.form->step(tr, x, lane, grad_w);
}

void snn_trace_end(struct snn_trace *tr, uint32_t lane, double *grad_w)
{
	if (tr->kind.form->end)
		tr->kind.form->end(tr, lane, grad_w);
}
