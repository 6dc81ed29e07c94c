/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "readout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "batch.h"
#include "fast.h"

#define N_FACTOR 64 /* (1 + z) <= 2 each: their product stays below 2^64 */

static uint32_t n_top(const struct snn_net *net)
{
	return net->size[net->n_layer - 1];
}

static size_t n_double(const struct snn_net *net)
{
	return net->n_out + 2 * ((size_t)n_top(net) + 1);
}

int snn_readout_init(struct snn_readout *r, const struct snn_net *net, uint32_t n_lane)
{
	size_t n_y = ((size_t)n_top(net) + 1) * n_lane;
	double *p = calloc(n_lane, n_double(net) * sizeof(*p) + net->n_out * sizeof(*r->o));

	if (!p)
		return -ENOMEM;
	*r = (struct snn_readout){ .memory = p,
		.sum = p,
		.y_bar = p + (size_t)net->n_out * n_lane,
		.y_bar_sum = p + (size_t)net->n_out * n_lane + n_y,
		.o = (float *)(p + n_double(net) * n_lane) };
	return 0;
}

void snn_readout_done(struct snn_readout *r)
{
	free(r->memory);
	*r = (struct snn_readout){ 0 };
}

void snn_readout_rest(struct snn_readout *r, const struct snn_net *net, uint32_t n_lane)
{
	memset(r->memory, 0,
		n_lane * (n_double(net) * sizeof(double) + net->n_out * sizeof(float)));
}

bool snn_readout_counts(const struct snn_net *net, const struct snn_seq *s, uint32_t t)
{
	return net->loss != SNN_LOSS_LAST || t + net->loss_steps >= snn_seq_steps(s);
}

bool snn_readout_remembers(const struct snn_net *net)
{
	return net->readout_decay > 0 || net->loss == SNN_LOSS_MEAN;
}

float snn_readout_keep(const struct snn_net *net)
{
	return net->loss == SNN_LOSS_MEAN ? 1 : net->readout_decay;
}

/* sum_{k < n} d^k, by doubling: no pow, whose last bit is the processor's. */
static double geometric(double d, uint32_t n)
{
	double sum = 0, power = 1;

	for (int bit = 31; bit >= 0; bit--) {
		sum *= 1 + power;
		power *= power;
		if (n >> bit & 1) {
			sum = d * sum + 1;
			power *= d;
		}
	}
	return sum;
}

float snn_readout_gain(const struct snn_net *net, const struct snn_seq *s, uint32_t t)
{
	return net->loss != SNN_LOSS_MEAN
		? 1
		: (float)geometric((double)net->readout_decay, snn_seq_steps(s) - t);
}

float snn_readout_share(const struct snn_net *net, const struct snn_seq *s, uint32_t t)
{
	float share = 1 / snn_readout_gain(net, s, t);

	return t + 1 < snn_seq_steps(s)
		? share - snn_readout_keep(net) / snn_readout_gain(net, s, t + 1)
		: share;
}

/*
 * NLL of the outputs o, sum_k log(1 + exp(o_k)) - y_star_k o_k, and yhat. The logarithms of N_FACTOR
 * factors are taken as one of their product.
 */
static double sigmoid(uint32_t n, const float *o, float *yhat)
{
	double nll = 0, factor = 1;

	for (uint32_t k = 0; k < n; k++) {
		float z = expf(-fabsf(o[k]));
		float q = 1 / (1 + z);

		yhat[k] = o[k] >= 0 ? q : z * q;
		nll += o[k] >= 0 ? (double)o[k] : 0;
		factor *= 1 + (double)z;
		if (k % N_FACTOR == N_FACTOR - 1) {
			nll += (double)logf((float)factor);
			factor = 1;
		}
	}
	return nll + (double)logf((float)factor);
}

/* The same for log sum_k exp(o_k) - y_star_k o_k. */
static double softmax(uint32_t n, const float *o, float *yhat)
{
	float most = o[0];
	double sum = 0;

	for (uint32_t k = 1; k < n; k++)
		most = o[k] > most ? o[k] : most;
	for (uint32_t k = 0; k < n; k++) {
		yhat[k] = expf(o[k] - most);
		sum += (double)yhat[k];
	}
	for (uint32_t k = 0; k < n; k++)
		yhat[k] = (float)((double)yhat[k] / sum);
	return (double)most + (double)logf((float)sum);
}

double snn_readout_compare(const struct snn_batch *b, uint32_t lane, const float *o, float *err)
{
	const uint16_t *on = snn_spikes_on(&b->y_star, lane);
	uint32_t n = b->net->n_out;
	double nll =
		b->net->readout == SNN_READOUT_SOFTMAX ? softmax(n, o, err) : sigmoid(n, o, err);

	for (uint32_t k = 0; k < b->y_star.n_on[lane]; k++) {
		nll -= (double)o[on[k]];
		err[on[k]] -= 1;
	}
	return nll;
}

/* The error of the mean so far. */
static double compare_mean(struct snn_batch *b, uint32_t lane, const double *sum)
{
	uint32_t n = b->net->n_out;
	float *err = b->err + (size_t)lane * n;
	/* Where o of the step before was: it is in b->o by now. */
	float *mean = b->readout.o + (size_t)lane * n;
	double nll;

	for (uint32_t k = 0; k < n; k++)
		mean[k] = (float)(sum[k] / (b->t + 1));
	nll = snn_readout_compare(b, lane, mean, err);
	for (uint32_t k = 0; k < n; k++)
		err[k] /= (float)snn_seq_steps(b->seq[lane]);
	return nll;
}

static void integrate(struct snn_batch *b, uint32_t lane)
{
	uint32_t n = b->net->n_out;
	float *o = b->o + (size_t)lane * n;
	const float *before = b->readout.o + (size_t)lane * n;

	snn_add(n, snn_net_bias(b->net)->value, o);
	if (b->net->readout_decay == 0)
		return;
	for (uint32_t k = 0; k < n; k++)
		o[k] = b->net->readout_decay * before[k] + b->net->readout_gain * o[k];
}

static uint32_t largest(uint32_t n, const double *v)
{
	uint32_t best = 0;

	for (uint32_t k = 1; k < n; k++)
		best = v[k] > v[best] ? k : best;
	return best;
}

void snn_readout_step(struct snn_batch *b, uint32_t lane, struct snn_score *score)
{
	const struct snn_net *net = b->net;
	const struct snn_seq *s = b->seq[lane];
	uint32_t n = net->n_out;
	float *o = b->o + (size_t)lane * n, *err = b->err + (size_t)lane * n;
	double *sum = b->readout.sum + (size_t)lane * n, nll = 0;
	bool is_counted = snn_readout_counts(net, s, b->t);
	bool is_last = b->t + 1 == snn_seq_steps(s);

	integrate(b, lane);
	for (uint32_t k = 0; is_counted && k < n; k++)
		sum[k] += (double)o[k];
	if (!is_counted)
		memset(err, 0, n * sizeof(*err));
	else
		nll = net->loss == SNN_LOSS_MEAN ? compare_mean(b, lane, sum)
						 : snn_readout_compare(b, lane, o, err);
	memcpy(b->readout.o + (size_t)lane * n, o, n * sizeof(*o));
	for (uint32_t k = 0; net->readout_gain != 1 && k < n; k++)
		err[k] *= net->readout_gain;
	if (net->loss == SNN_LOSS_MEAN ? is_last : is_counted) {
		score->nll += nll;
		score->n_step += 1;
	}
	if (is_last && s->has_label) {
		score->n_right += largest(n, sum) == s->label;
		score->n_label += 1;
	}
}

/* gV += y err', gc += err */
static void learn_without_memory(struct snn_batch *b, uint32_t lane)
{
	const struct snn_spikes *y = &b->layer[b->net->n_layer - 1].out;
	const float *err = b->err + (size_t)lane * b->net->n_out;
	double *grad = snn_net_grad_v(b->net)->grad;
	size_t n = b->net->n_out;

	snn_axpy_to_double(n, 1, err, snn_net_bias(b->net)->grad);
	snn_spikes_outer(y, lane, n, err, grad);
}

SNN_FAST static void filter(size_t n, double d, const float *restrict y, double *restrict y_bar)
{
	for (size_t i = 0; i < n; i++)
		y_bar[i] = d * y_bar[i] + (double)y[i];
}

/* grad [n_y][n] += y err' */
SNN_FAST static void add_outer(size_t n_y, size_t n, const double *restrict y,
	const float *restrict err, double *restrict grad)
{
	for (size_t i = 0; i < n_y; i++) {
		for (size_t k = 0; k < n; k++)
			grad[i * n + k] += y[i] * (double)err[k];
	}
}

void snn_readout_learn(struct snn_batch *b, uint32_t lane)
{
	const struct snn_net *net = b->net;
	size_t n_y = n_top(net), n = net->n_out;
	double *y_bar = b->readout.y_bar + lane * (n_y + 1), *eligible = y_bar;
	double *sum = b->readout.y_bar_sum + lane * (n_y + 1);
	const float *err = b->err + lane * n;
	bool is_mean = net->loss == SNN_LOSS_MEAN;

	if (!is_mean && net->readout_decay == 0) {
		learn_without_memory(b, lane);
		return;
	}
	filter(n_y, (double)net->readout_decay, b->layer[net->n_layer - 1].y + lane * n_y, y_bar);
	y_bar[n_y] = (double)net->readout_decay * y_bar[n_y] + 1;
	if (is_mean) {
		for (size_t i = 0; i <= n_y; i++)
			sum[i] += y_bar[i];
		if (b->t + 1 < snn_seq_steps(b->seq[lane]))
			return;
		eligible = sum;
	} else if (!snn_readout_counts(net, b->seq[lane], b->t)) {
		return;
	}
	add_outer(n_y, n, eligible, err, snn_net_grad_v(b->net)->grad);
	add_outer(1, n, &eligible[n_y], err, snn_net_bias(b->net)->grad);
}
