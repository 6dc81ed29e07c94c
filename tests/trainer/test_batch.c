/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core_test.h"
#include "reference.h"

#define N_KEY   8
#define N_PIECE 5

struct pieces {
	struct piece *p[N_PIECE];
	const struct snn_seq *seq[N_PIECE];
};

/* Lengths in no order; 2 is the shortest that there is. */
static void make_pieces(struct pieces *q)
{
	static const uint32_t n_step[N_PIECE] = { 9, 2, 30, 9, 2 };

	for (uint32_t i = 0; i < N_PIECE; i++) {
		q->p[i] = piece_random(20 + i, n_step[i], N_KEY, 0.4);
		q->seq[i] = &q->p[i]->seq;
	}
}

static void free_pieces(struct pieces *q)
{
	for (uint32_t i = 0; i < N_PIECE; i++)
		free(q->p[i]);
}

static void set_up(struct rig *g, const char *rule, int neuron, uint32_t n_lane)
{
	rig_config2(g, N_KEY, 17, 9);
	g->c.network.neuron = neuron;
	rig_net(g);
	rig_learner(g, rule, n_lane);
}

/* Sums of doubles in another order: 1e-12. */
static void compare_with_single_runs(const char *rule, int neuron)
{
	struct pieces q;
	struct rig all, one;
	double *sum[SNN_MAX_TENSOR], nll = 0, together;

	make_pieces(&q);
	set_up(&all, rule, neuron, N_PIECE);
	set_up(&one, rule, neuron, 1);
	for (uint32_t i = 0; i < one.net.n_tensor; i++)
		sum[i] = calloc(one.net.tensor[i].n, sizeof(double));
	for (uint32_t k = 0; k < N_PIECE; k++) {
		nll += rig_run(&one, &q.seq[k], 1);
		for (uint32_t i = 0; i < one.net.n_tensor; i++) {
			for (size_t j = 0; j < one.net.tensor[i].n; j++)
				sum[i][j] += one.net.tensor[i].grad[j];
		}
	}
	for (int round = 0; round < 2; round++) { /* nothing is left of the first */
		together = rig_run(&all, q.seq, N_PIECE);
		assert_true(fabs(together - nll) <= 1e-12 * nll);
		for (uint32_t i = 0; i < all.net.n_tensor; i++)
			assert_near(all.net.tensor[i].name, all.net.tensor[i].n,
				all.net.tensor[i].grad, sum[i], 1e-12);
	}
	for (uint32_t i = 0; i < one.net.n_tensor; i++)
		free(sum[i]);
	rig_done(&all);
	rig_done(&one);
	free_pieces(&q);
}

static void a_batch_in_lockstep_is_the_sum_of_single_runs(void **state)
{
	(void)state;
	for (const struct snn_rule *const *rule = snn_rules; *rule; rule++) {
		compare_with_single_runs((*rule)->name, SNN_SNU);
		compare_with_single_runs((*rule)->name, SNN_SSNU);
	}
}

static void fewer_sequences_than_lanes_are_fine(void **state)
{
	struct pieces q;
	struct rig g;
	double alone, few;

	(void)state;
	make_pieces(&q);
	set_up(&g, "ostl", SNN_SNU, N_PIECE);
	alone = rig_run(&g, &q.seq[2], 1);
	rig_run(&g, q.seq, N_PIECE);
	few = rig_run(&g, &q.seq[2], 1);
	assert_true(alone == few);
	rig_done(&g);
	free_pieces(&q);
}

static void scores_count_steps_and_neurons(void **state)
{
	struct pieces q;
	struct rig g;
	struct snn_score score = { 0 };

	(void)state;
	make_pieces(&q);
	set_up(&g, "ostl", SNN_SNU, N_PIECE);
	assert_int_equal(snn_batch_run(&g.b, q.seq, N_PIECE, NULL, NULL, NULL, &score, NULL), 0);
	/* 8 + 1 + 29 + 8 + 1 predicted steps, 17 + 9 neurons */
	assert_true(score.n_step == 47);
	assert_true(score.n_neuron == 47 * 26);
	rig_done(&g);
	free_pieces(&q);
}

/* The float32 forward pass against -sum y* log yhat + (1 - y*) log(1 - yhat) in double: 1e-6. */
static void nll_is_that_of_a_plain_computation(void **state)
{
	struct pieces q;
	struct ref_net r;
	struct rig g;

	(void)state;
	make_pieces(&q);
	set_up(&g, "osttp", SNN_SNU, 1);
	ref_init(&r, &g.net);
	for (uint32_t k = 0; k < N_PIECE; k++) {
		double want = ref_nll(&r, q.seq[k]);

		assert_true(fabs(rig_run(&g, &q.seq[k], 1) - want) <= 1e-6 * want);
	}
	ref_done(&r);
	rig_done(&g);
	free_pieces(&q);
}

/* Logarithms are taken of products: 200 factors of nearly 2 are beyond float32's range. */
static void nll_of_many_outputs_is_the_sum_of_all(void **state)
{
	struct piece *p = piece_random(1, 2, 200, 0.5);
	const struct snn_seq *seq = &p->seq;
	struct snn_score score = { 0 };
	struct rig g;
	double want = 0;

	(void)state;
	rig_config(&g, 200, 3);
	g.c.network.w_scale = 0; /* silent: the logits are the biases */
	rig_net(&g);
	rig_learner(&g, "bptt", 1);
	for (uint32_t k = 0; k < 200; k++) {
		snn_net_bias(&g.net)->value[k] = 0.001f * ((float)k - 100);
		want += log1p(exp((double)snn_net_bias(&g.net)->value[k]));
	}
	for (uint32_t k = p->begin[1]; k < p->begin[2]; k++)
		want -= (double)snn_net_bias(&g.net)->value[p->note[k]];
	assert_int_equal(snn_batch_run(&g.b, &seq, 1, NULL, NULL, NULL, &score, NULL), 0);
	assert_true(fabs(score.nll - want) <= 1e-6 * want);
	rig_done(&g);
	free(p);
}

/*
 * Targets: key 0 off, key 1 on, key 2 on. Logits 1e4, 1e4, -1e4: NLL 1e4 + 0 + 1e4; errors 1, 0, -1.
 */
static void large_logits_do_not_overflow(void **state)
{
	static const uint32_t begin[] = { 0, 1, 3 };
	static const uint16_t note[] = { 0, 1, 2 };
	const struct snn_seq s = { .n_step = 2, .begin = begin, .note = note }, *seq = &s;
	struct snn_score score = { 0 };
	struct rig g;
	float *c;

	(void)state;
	rig_config(&g, 3, 2);
	g.c.network.w_scale = 0;
	rig_net(&g);
	rig_learner(&g, "bptt", 1);
	c = snn_net_bias(&g.net)->value;
	c[0] = c[1] = 1e4f;
	c[2] = -1e4f;
	assert_int_equal(snn_batch_run(&g.b, &seq, 1, &g.le, NULL, NULL, &score, NULL), 0);
	assert_true(score.nll == 2e4);
	assert_true(snn_net_bias(&g.net)->grad[0] == 1);
	assert_true(snn_net_bias(&g.net)->grad[1] == 0);
	assert_true(snn_net_bias(&g.net)->grad[2] == -1);
	c[0] = 3e38f;
	assert_int_equal(snn_batch_run(&g.b, &seq, 1, NULL, NULL, NULL, &score, NULL), 0);
	assert_true(isfinite(score.nll));
	rig_done(&g);
}

struct seen {
	struct rig *g;
	uint32_t n, n_active[40];
	int fail_at;
};

static int after_step(void *user, struct snn_error *e)
{
	struct seen *s = user;

	s->n_active[s->n++] = s->g->b.n_active;
	return (int)s->n == s->fail_at ? snn_fail(e, -5, "enough") : 0;
}

static void after_step_sees_the_lanes_that_still_run(void **state)
{
	struct pieces q;
	struct rig g;
	struct snn_score score = { 0 };
	struct snn_error e = { "" };
	struct seen s = { .g = &g };

	(void)state;
	make_pieces(&q);
	set_up(&g, "drtp", SNN_SNU, N_PIECE);
	assert_int_equal(snn_batch_run(&g.b, q.seq, N_PIECE, &g.le, after_step, &s, &score, &e), 0);
	/* 30 steps predict 29; two pieces end after 8, two after 1 */
	assert_int_equal(s.n, 29);
	assert_int_equal(s.n_active[0], 5);
	assert_int_equal(s.n_active[1], 3);
	assert_int_equal(s.n_active[7], 3);
	assert_int_equal(s.n_active[8], 1);
	s = (struct seen){ .g = &g, .fail_at = 4 };
	assert_int_equal(
		snn_batch_run(&g.b, q.seq, N_PIECE, &g.le, after_step, &s, &score, &e), -5);
	assert_int_equal(s.n, 4);
	assert_string_equal(e.text, "enough");
	rig_done(&g);
	free_pieces(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_in_lockstep_is_the_sum_of_single_runs),
		cmocka_unit_test(fewer_sequences_than_lanes_are_fine),
		cmocka_unit_test(scores_count_steps_and_neurons),
		cmocka_unit_test(nll_is_that_of_a_plain_computation),
		cmocka_unit_test(nll_of_many_outputs_is_the_sum_of_all),
		cmocka_unit_test(large_logits_do_not_overflow),
		cmocka_unit_test(after_step_sees_the_lanes_that_still_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
