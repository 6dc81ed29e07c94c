/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SGD, momentum and Adam against the papers' formulas in double. float32 state: 1e-6 of the largest
 * change over a few updates; Adam 2e-5, because 1 - beta2^t is a float32 difference of 1e-3 t, known
 * to 6e-8, and stands below a root.
 */
#include "optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core_test.h"

#define N_UPDATE 6
#define N_TENSOR 4 /* W, b, V, c */
#define N_MOST   64
#define RATE     0.05
#define N_SEQ    3

/* A gradient without pattern: element k of tensor i at update t. */
static double gradient(uint32_t i, size_t k, uint32_t t)
{
	return sin(1.7 * (double)k + 2.3 * (double)i + 0.9 * (double)t) * (1 + (double)i);
}

struct plain {
	double m[N_TENSOR][N_MOST], v[N_TENSOR][N_MOST], delta[N_TENSOR][N_MOST];
};

static double rate_factor(const struct snn_config *c, uint32_t i)
{
	return i == 0 ? c->train.rate_hidden : i == 1 ? c->train.rate_threshold : 1;
}

/* Kingma & Ba 2015, algorithm 1; momentum: m <- mu m + g, delta = -eta m. */
static double plain_change(
	const struct snn_config *c, struct plain *p, uint32_t i, size_t k, uint32_t t, double g)
{
	double eta = RATE * rate_factor(c, i), *m = &p->m[i][k], *v = &p->v[i][k];

	if (c->train.optimizer == SNN_SGD) {
		*m = c->train.momentum * *m + g;
		return -eta * *m;
	}
	*m = c->train.beta1 * *m + (1 - c->train.beta1) * g;
	*v = c->train.beta2 * *v + (1 - c->train.beta2) * g * g;
	return -eta * (*m / (1 - pow(c->train.beta1, t))) /
		(sqrt(*v / (1 - pow(c->train.beta2, t))) + c->train.epsilon);
}

/* What clipping leaves of a gradient: norm over all tensors that learn, after division by N_SEQ. */
static double clip_factor(const struct snn_config *c, const struct snn_net *net, uint32_t t)
{
	double sum = 0;

	for (uint32_t i = 0; i < N_TENSOR; i++) {
		for (size_t k = 0; rate_factor(c, i) != 0 && k < net->tensor[i].n; k++)
			sum += pow(gradient(i, k, t) / N_SEQ, 2);
	}
	if (c->train.clip <= 0 || sqrt(sum) <= c->train.clip)
		return 1;
	return c->train.clip / sqrt(sum);
}

static void one_update(struct snn_optim *o, struct rig *g, struct plain *p, uint32_t t)
{
	double factor = clip_factor(&g->c, &g->net, t);
	double is[N_MOST], was[N_MOST];

	for (uint32_t i = 0; i < N_TENSOR; i++) {
		for (size_t k = 0; k < g->net.tensor[i].n; k++)
			g->net.tensor[i].grad[k] = gradient(i, k, t);
	}
	for (size_t k = 0; k < g->net.tensor[3].n; k++)
		was[k] = (double)g->net.tensor[3].value[k];
	snn_optim_step(o, &g->net, RATE, N_SEQ);
	for (uint32_t i = 0; i < N_TENSOR; i++) {
		const struct snn_tensor *x = &g->net.tensor[i];

		for (size_t k = 0; k < x->n; k++) {
			assert_true(x->grad[k] == 0);
			is[k] = (double)o->delta[i][k];
			p->delta[i][k] =
				plain_change(&g->c, p, i, k, t, factor * gradient(i, k, t) / N_SEQ);
		}
		if (rate_factor(&g->c, i) != 0)
			assert_near(x->name, x->n, is, p->delta[i],
				g->c.train.optimizer == SNN_ADAM ? 2e-5 : 1e-6);
	}
	/* The host's vectors have moved by it. */
	for (size_t k = 0; k < g->net.tensor[3].n; k++)
		assert_true(
			fabs((double)g->net.tensor[3].value[k] - was[k] - p->delta[3][k]) < 1e-6);
}

static void compare(struct rig *g)
{
	struct plain *p = calloc(1, sizeof(*p));
	struct snn_optim o;

	assert_non_null(p);
	rig_net(g);
	assert_int_equal(snn_optim_init(&o, &g->c, &g->net), 0);
	for (uint32_t t = 1; t <= N_UPDATE; t++)
		one_update(&o, g, p, t);
	snn_optim_done(&o);
	rig_done(g);
	free(p);
}

static void small(struct rig *g)
{
	rig_config(g, 7, 5);
	g->c.train.rate_hidden = 0.5;
	g->c.train.rate_threshold = 0.1;
}

static void sgd_is_minus_eta_g(void **state)
{
	struct rig g;

	(void)state;
	small(&g);
	compare(&g);
}

static void momentum_remembers_gradients(void **state)
{
	struct rig g;

	(void)state;
	small(&g);
	g.c.train.momentum = 0.9;
	compare(&g);
}

static void adam_is_that_of_its_paper(void **state)
{
	struct rig g;

	(void)state;
	small(&g);
	g.c.train.optimizer = SNN_ADAM;
	compare(&g);
	small(&g);
	g.c.train.optimizer = SNN_ADAM;
	g.c.train.beta1 = 0;
	g.c.train.epsilon = 0.1;
	compare(&g);
}

static void clipping_limits_the_norm_over_all_tensors(void **state)
{
	for (int optimizer = SNN_SGD; optimizer <= SNN_ADAM; optimizer++) {
		struct rig g;

		(void)state;
		small(&g);
		g.c.train.optimizer = optimizer;
		g.c.train.momentum = 0.5;
		g.c.train.clip = 1;
		compare(&g);
		small(&g);
		g.c.train.optimizer = optimizer;
		g.c.train.clip = 1e6; /* never met */
		compare(&g);
	}
}

static void a_frozen_tensor_stays_and_does_not_count_in_the_norm(void **state)
{
	for (int frozen = 0; frozen < 2; frozen++) {
		struct rig g;
		struct snn_optim o;
		struct plain *p = calloc(1, sizeof(*p));

		(void)state;
		assert_non_null(p);
		small(&g);
		g.c.train.clip = 1;
		*(frozen ? &g.c.train.rate_threshold : &g.c.train.rate_hidden) = 0;
		rig_net(&g);
		assert_int_equal(snn_optim_init(&o, &g.c, &g.net), 0);
		for (uint32_t t = 1; t <= N_UPDATE; t++)
			one_update(&o, &g, p, t);
		for (size_t k = 0; k < g.net.tensor[1].n && frozen; k++)
			assert_true(g.net.tensor[1].value[k] == (float)g.c.network.threshold);
		snn_optim_done(&o);
		rig_done(&g);
		free(p);
	}
}

/* Saved after three updates and loaded into another: the next changes are the same bits. */
static void state_survives_a_file(void **state)
{
	struct rig g, h;
	struct snn_optim o, q;
	struct snn_store *st;
	struct snn_error e = { "" };

	(void)state;
	small(&g);
	g.c.train.optimizer = SNN_ADAM;
	h = g;
	rig_net(&g);
	rig_net(&h);
	assert_int_equal(snn_optim_init(&o, &g.c, &g.net), 0);
	assert_int_equal(snn_optim_init(&q, &h.c, &h.net), 0);
	for (uint32_t t = 0; t < 4; t++) {
		if (t == 3) {
			assert_int_equal(snn_store_new(&st), 0);
			snn_optim_save(&o, &g.net, st);
			assert_int_equal(snn_store_write(st, "o.h5", &e), 0);
			snn_store_free(st);
			assert_int_equal(snn_store_open(&st, "o.h5", &e), 0);
			assert_int_equal(snn_optim_load(&q, &h.net, st, &e), 0);
			snn_store_free(st);
		}
		for (size_t k = 0; k < g.net.tensor[0].n; k++)
			g.net.tensor[0].grad[k] = h.net.tensor[0].grad[k] = gradient(0, k, t);
		snn_optim_step(&o, &g.net, RATE, 1);
		if (t == 3)
			snn_optim_step(&q, &h.net, RATE, 1);
	}
	assert_memory_equal(o.delta[0], q.delta[0], g.net.tensor[0].n * sizeof(float));
	snn_optim_done(&o);
	snn_optim_done(&q);
	rig_done(&g);
	rig_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sgd_is_minus_eta_g),
		cmocka_unit_test(momentum_remembers_gradients),
		cmocka_unit_test(adam_is_that_of_its_paper),
		cmocka_unit_test(clipping_limits_the_norm_over_all_tensors),
		cmocka_unit_test(a_frozen_tensor_stays_and_does_not_count_in_the_norm),
		scratch_test(state_survives_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
