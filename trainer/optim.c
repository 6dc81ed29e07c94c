/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "optim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"

static uint32_t n_moment(const struct snn_optim *o)
{
	return o->kind == SNN_ADAM ? 2 : o->momentum > 0 ? 1 : 0;
}

int snn_optim_init(struct snn_optim *o, const struct snn_config *c, const struct snn_net *net)
{
	size_t n = 0;
	float *p;

	*o = (struct snn_optim){
		.kind = c->train.optimizer,
		.momentum = (float)c->train.momentum,
		.beta1 = (float)c->train.beta1,
		.beta2 = (float)c->train.beta2,
		.epsilon = (float)c->train.epsilon,
		.clip = (float)c->train.clip,
	};
	for (uint32_t i = 0; i < net->n_tensor; i++)
		n += net->tensor[i].n;
	p = calloc(n * (1 + n_moment(o)), sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		o->delta[i] = p;
		p += net->tensor[i].n;
	}
	for (uint32_t k = 0; k < n_moment(o); k++) {
		for (uint32_t i = 0; i < net->n_tensor; i++) {
			(k ? o->m2 : o->m1)[i] = p;
			p += net->tensor[i].n;
		}
	}
	return 0;
}

void snn_optim_done(struct snn_optim *o)
{
	free(o->delta[0]);
	*o = (struct snn_optim){ 0 };
}

/*
 * Moments of weights whose inputs are rare decay towards 0: below this they are 0, because arithmetic
 * on subnormal numbers is many times slower.
 */
static inline float settle(float m)
{
	return fabsf(m) < 1e-30f ? 0 : m;
}

SNN_FAST static void sgd(size_t n, float eta, const double *restrict g, float *restrict delta)
{
	for (size_t i = 0; i < n; i++)
		delta[i] = -eta * (float)g[i];
}

SNN_FAST static void sgd_momentum(size_t n, float eta, float mu, float scale,
	const double *restrict g, float *restrict m, float *restrict delta)
{
	for (size_t i = 0; i < n; i++) {
		m[i] = settle(mu * m[i] + scale * (float)g[i]);
		delta[i] = -eta * m[i];
	}
}

/* eta and epsilon have the bias corrections of this update in them. */
SNN_FAST static void adam(const struct snn_optim *o, size_t n, float eta, float epsilon,
	float scale, const double *restrict g, float *restrict m1, float *restrict m2,
	float *restrict delta)
{
	float beta1 = o->beta1, beta2 = o->beta2;

	for (size_t i = 0; i < n; i++) {
		float x = scale * (float)g[i];

		m1[i] = settle(beta1 * m1[i] + (1 - beta1) * x);
		m2[i] = settle(beta2 * m2[i] + (1 - beta2) * x * x);
		delta[i] = -eta * m1[i] / (sqrtf(m2[i]) + epsilon);
	}
}

static double sum_of_squares(size_t n, const double *g)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += g[i] * g[i];
	return sum;
}

/* 1 / n_seq, less where the gradient's norm is above the limit. */
static float scale_of(const struct snn_optim *o, const struct snn_net *net, uint32_t n_seq)
{
	float scale = 1 / (float)n_seq;
	double sum = 0;

	if (o->clip <= 0)
		return scale;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		const struct snn_tensor *t = &net->tensor[i];

		if (t->rate_factor != 0)
			sum += sum_of_squares(t->n, t->grad);
	}
	sum = sqrt(sum) * (double)scale;
	return sum > (double)o->clip ? (float)((double)scale * (double)o->clip / sum) : scale;
}

void snn_optim_step(struct snn_optim *o, struct snn_net *net, double rate, uint32_t n_seq)
{
	float scale = scale_of(o, net, n_seq);
	/* powf: the double pow() differs between processors in its last bit. */
	float k = (float)(o->n_update + 1);
	float fix1 = 1 - powf(o->beta1, k), fix2 = sqrtf(1 - powf(o->beta2, k));

	o->n_update++;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		struct snn_tensor *t = &net->tensor[i];
		float eta = (float)rate * t->rate_factor;

		if (t->rate_factor == 0)
			; /* frozen: its gradient is dropped */
		else if (o->kind == SNN_ADAM)
			adam(o, t->n, eta * fix2 / fix1, o->epsilon * fix2, scale, t->grad,
				o->m1[i], o->m2[i], o->delta[i]);
		else if (o->momentum > 0)
			sgd_momentum(t->n, eta, o->momentum, scale, t->grad, o->m1[i], o->delta[i]);
		else
			sgd(t->n, eta * scale, t->grad, o->delta[i]);
		memset(t->grad, 0, t->n * sizeof(*t->grad));
		if (t->value && t->rate_factor != 0)
			snn_add(t->n, o->delta[i], t->value);
	}
}

static void put(struct snn_store *st, const char *group, const struct snn_tensor *t, const float *m)
{
	char at[48];

	snprintf(at, sizeof(at), "/optimizer/%s/%s", group, t->name);
	if (m)
		snn_store_put(st, at, SNN_F32, 1, (size_t[]){ t->n }, m);
}

void snn_optim_save(const struct snn_optim *o, const struct snn_net *net, struct snn_store *st)
{
	snn_store_put(st, "/optimizer/n_update", SNN_U64, 0, NULL, &o->n_update);
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		put(st, "m1", &net->tensor[i], o->m1[i]);
		put(st, "m2", &net->tensor[i], o->m2[i]);
	}
}

static int take(struct snn_store *st, const char *group, const struct snn_tensor *t, float *m,
	struct snn_error *e)
{
	char at[48];

	snprintf(at, sizeof(at), "/optimizer/%s/%s", group, t->name);
	return m ? snn_store_load(st, at, SNN_F32, 1, (size_t[]){ t->n }, m, e) : 0;
}

int snn_optim_load(
	struct snn_optim *o, const struct snn_net *net, struct snn_store *st, struct snn_error *e)
{
	int r = snn_store_load(st, "/optimizer/n_update", SNN_U64, 0, NULL, &o->n_update, e);

	for (uint32_t i = 0; r == 0 && i < net->n_tensor; i++) {
		r = take(st, "m1", &net->tensor[i], o->m1[i], e);
		if (r == 0)
			r = take(st, "m2", &net->tensor[i], o->m2[i], e);
	}
	return r;
}
