/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace_exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "readout.h"

#define MAX_BYTE ((size_t)1 << 30)

struct snn_exact {
	size_t n, n_in, n_own; /* n_own: neurons that send to the layer itself, n or 0 */
	size_t n_q;            /* parameters of a neuron: W, H, b */
	int reset;
	const float *decay; /* [n], borrowed of the net */
	double beta, rho, keep;
	double *e, *eps; /* [n_lane][n][n * n_q]; e owns the block */
	double *epsa;    /* the same; where thresholds do not adapt, NULL */
	double *bar;     /* the same; NULL: not filtered */
	double *next;    /* [n][n * n_q] scratch */
	double *direct;  /* [n_q] scratch: ds/dp of a neuron's own parameters */
};

int snn_exact_new(struct snn_exact **ret, const struct snn_net *net, uint32_t layer,
	uint32_t n_lane, bool is_filtered, struct snn_error *e)
{
	struct snn_exact *x = calloc(1, sizeof(*x));
	size_t n_all, n_kind;

	if (!x)
		return -ENOMEM;
	x->n = net->size[layer];
	x->n_in = snn_layer_inputs(net, layer);
	x->n_own = net->is_recurrent ? x->n : 0;
	x->n_q = x->n_in + x->n_own + 1;
	x->reset = net->reset;
	x->decay = net->decay[layer];
	x->beta = (double)net->adaptation;
	x->rho = (double)net->adaptation_decay;
	x->keep = (double)snn_readout_keep(net);
	n_kind = 2u + (x->beta > 0) + is_filtered;
	n_all = x->n * x->n * x->n_q;
	if (n_all > MAX_BYTE / sizeof(double) / (n_kind * n_lane + 1)) {
		int r = snn_fail(e, -EINVAL,
			"train.trace: exact keeps %zu numbers a sequence for a layer of %zu neurons: use fewer neurons, a smaller batch, or the diagonal trace",
			n_kind * n_all, x->n);

		free(x);
		return r;
	}
	x->e = calloc((n_kind * n_lane + 1) * n_all + x->n_q, sizeof(*x->e));
	if (!x->e) {
		free(x);
		return -ENOMEM;
	}
	x->eps = x->e + n_lane * n_all;
	x->epsa = x->beta > 0 ? x->eps + n_lane * n_all : NULL;
	x->bar = is_filtered ? x->e + (n_kind - 1) * n_lane * n_all : NULL;
	x->next = x->e + n_kind * n_lane * n_all;
	x->direct = x->next + n_all;
	*ret = x;
	return 0;
}

void snn_exact_free(struct snn_exact *x)
{
	if (x)
		free(x->e);
	free(x);
}

void snn_exact_begin(struct snn_exact *x, uint32_t lane)
{
	size_t n_all = x->n * x->n * x->n_q;

	memset(x->e + lane * n_all, 0, n_all * sizeof(*x->e));
	memset(x->eps + lane * n_all, 0, n_all * sizeof(*x->eps));
	if (x->epsa)
		memset(x->epsa + lane * n_all, 0, n_all * sizeof(*x->epsa));
	if (x->bar)
		memset(x->bar + lane * n_all, 0, n_all * sizeof(*x->bar));
}

/* ds/dp: x for W, y' for H; that of b is the neuron's own. */
static void fill_direct(struct snn_exact *x, const struct snn_trace_input *in)
{
	memset(x->direct, 0, x->n_q * sizeof(*x->direct));
	if (in->x->is_real) {
		for (size_t j = 0; j < x->n_in; j++)
			x->direct[j] = (double)snn_spikes_real(in->x, in->lane)[j];
	} else {
		for (uint32_t k = 0; k < in->x->n_on[in->lane]; k++)
			x->direct[snn_spikes_on(in->x, in->lane)[k]] = 1;
	}
	for (size_t j = 0; j < x->n_own; j++)
		x->direct[x->n_in + j] = (double)in->y_prev[j];
}

/* next_i = j_i eps_i + sum_i' (J_i delta + H_i'i) e_i' + ds_i/dp, for one neuron */
static void next_of(struct snn_exact *x, const struct snn_trace_input *in, const float *h, size_t i,
	const double *e, const double *eps)
{
	size_t n_p = x->n * x->n_q;
	bool is_full = x->reset == SNN_RESET_FULL;
	double d = (double)x->decay[i], j = is_full ? d * (1 - (double)in->y_prev[i]) : d;
	double jj = is_full ? -d * (double)in->s_prev[i] : -(double)in->b[i];
	double *next = x->next + i * n_p, *own = next + i * x->n_q;

	for (size_t p = 0; p < n_p; p++)
		next[p] = j * eps[i * n_p + p] + jj * e[i * n_p + p];
	for (size_t k = 0; k < x->n_own; k++) {
		double w = (double)h[k * x->n + i];

		for (size_t p = 0; p < n_p; p++)
			next[p] += w * e[k * n_p + p];
	}
	for (size_t q = 0; q < x->n_q; q++)
		own[q] += x->direct[q];
	if (!is_full)
		own[x->n_q - 1] -= (double)in->y_prev[i];
}

static void add_gradient(
	const struct snn_exact *x, double l, const double *e, const struct snn_exact_grad *grad)
{
	for (size_t k = 0; k < x->n; k++) {
		const double *own = e + k * x->n_q;

		for (size_t j = 0; j < x->n_in; j++)
			grad->w[j * x->n + k] += l * own[j];
		for (size_t j = 0; j < x->n_own; j++)
			grad->h[j * x->n + k] += l * own[x->n_in + j];
		grad->b[k] += l * own[x->n_q - 1];
	}
}

/* eps as e sees it: what is left of it where thresholds adapt, in x->next. */
static const double *adapt(struct snn_exact *x, uint32_t lane, const double *e, const double *eps)
{
	size_t n_all = x->n * x->n * x->n_q;
	double *epsa = x->epsa + lane * n_all;

	for (size_t p = 0; p < n_all; p++) {
		epsa[p] = x->rho * epsa[p] + e[p];
		x->next[p] = eps[p] - x->beta * epsa[p];
	}
	return x->next;
}

/* ebar in the place of e, for one neuron's */
static const double *filter(
	struct snn_exact *x, const struct snn_trace_input *in, size_t i, const double *e)
{
	size_t n_p = x->n * x->n_q;
	double *bar = x->bar + (in->lane * x->n + i) * n_p;

	for (size_t p = 0; p < n_p; p++)
		bar[p] = x->keep * bar[p] + (double)in->gain * e[p];
	return bar;
}

void snn_exact_step(struct snn_exact *x, const struct snn_trace_input *in, const float *h,
	const struct snn_exact_grad *grad)
{
	size_t n_p = x->n * x->n_q;
	double *e = x->e + in->lane * x->n * n_p, *eps = x->eps + in->lane * x->n * n_p;
	const double *seen = eps;

	fill_direct(x, in);
	for (size_t i = 0; i < x->n; i++)
		next_of(x, in, h, i, e, eps);
	memcpy(eps, x->next, x->n * n_p * sizeof(*eps));
	if (x->epsa)
		seen = adapt(x, in->lane, e, eps);
	for (size_t i = 0; i < x->n; i++) {
		double psi = (double)in->psi[i];

		for (size_t p = 0; p < n_p; p++)
			e[i * n_p + p] = psi * seen[i * n_p + p];
		e[i * n_p + i * x->n_q + x->n_q - 1] -= psi; /* dy/db */
		add_gradient(x, (double)in->l[i],
			x->bar ? filter(x, in, i, e + i * n_p) : e + i * n_p, grad);
	}
}
