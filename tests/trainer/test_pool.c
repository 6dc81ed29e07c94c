/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core_test.h"

#define N_KEY   8
#define N_PIECE 18

struct pieces {
	struct piece *p[N_PIECE];
	const struct snn_seq *seq[N_PIECE];
};

static void make_pieces(struct pieces *q)
{
	for (uint32_t i = 0; i < N_PIECE; i++) {
		q->p[i] = piece_random(50 + i, 5 + i * 7 % 20, N_KEY, 0.4);
		q->seq[i] = &q->p[i]->seq;
	}
}

static void free_pieces(struct pieces *q)
{
	for (uint32_t i = 0; i < N_PIECE; i++)
		free(q->p[i]);
}

/* Gradients of n pieces by a pool of this many threads; returns the score. */
static struct snn_score run_pool(struct rig *g, const char *rule, uint32_t n_thread,
	const struct pieces *q, uint32_t n, bool is_learning)
{
	double penalty = strcmp(rule, "osttp") ? 0 : 0.3;
	struct snn_pool *p;
	struct snn_score score = { 0 };
	struct snn_error e = { "" };

	rig_config2(g, N_KEY, 17, 9);
	g->c.network.recurrent = true;
	g->c.train.batch = N_PIECE;
	g->c.train.threads = n_thread;
	g->c.train.rate_penalty = penalty;
	rig_net(g);
	rig_learner(g, rule, N_PIECE);
	assert_int_equal(snn_pool_groups(&g->c), 4);
	if (snn_pool_new(&p, &g->net, g->w, g->le.rule, &g->c, &e) < 0)
		fail_msg("%s", e.text);
	for (int round = 0; round < 2; round++) { /* nothing is left of the first */
		score = (struct snn_score){ 0 };
		snn_firing_update(&g->le.firing, &g->net);
		for (uint32_t i = 0; i < g->net.n_tensor; i++)
			memset(g->net.tensor[i].grad, 0, g->net.tensor[i].n * sizeof(double));
		assert_int_equal(
			snn_pool_run(p, q->seq, n, is_learning ? &g->le : NULL, 5, &score, &e), 0);
	}
	snn_pool_free(p);
	return score;
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
	struct pieces q;

	(void)state;
	make_pieces(&q);
	for (const struct snn_rule *const *rule = snn_rules; *rule; rule++) {
		struct rig one;
		struct snn_score want = run_pool(&one, (*rule)->name, 1, &q, N_PIECE, true);

		for (uint32_t n = 2; n <= 5; n++) {
			struct rig g;
			struct snn_score score = run_pool(&g, (*rule)->name, n, &q, N_PIECE, true);

			assert_memory_equal(&score, &want, sizeof(score));
			assert_memory_equal(
				g.net.rate[1], one.net.rate[1], g.net.size[1] * sizeof(float));
			for (uint32_t i = 0; i < g.net.n_tensor; i++)
				assert_memory_equal(g.net.tensor[i].grad, one.net.tensor[i].grad,
					g.net.tensor[i].n * sizeof(double));
			rig_done(&g);
		}
		rig_done(&one);
	}
	free_pieces(&q);
}

/* The same sums in another order: 1e-12. A batch that is not full leaves groups empty. */
static void groups_add_up_to_the_batch(void **state)
{
	static const uint32_t n[] = { N_PIECE, 7, 1 };
	struct pieces q;

	(void)state;
	make_pieces(&q);
	for (int k = 0; k < 3; k++) {
		struct rig g, all;

		run_pool(&g, "ostl", 2, &q, n[k], true);
		run_pool(&all, "ostl", 1, &q, 0, true);
		rig_run(&all, q.seq, n[k]);
		assert_gradients_near(&g.net, &all.net, 1e-12);
		rig_done(&g);
		rig_done(&all);
	}
	free_pieces(&q);
}

static void evaluation_leaves_no_gradients(void **state)
{
	struct pieces q;
	struct rig g;
	struct snn_score score;

	(void)state;
	make_pieces(&q);
	score = run_pool(&g, "osttp", 2, &q, N_PIECE, false);
	assert_true(score.nll > 0);
	for (uint32_t i = 0; i < g.net.n_tensor; i++) {
		for (size_t k = 0; k < g.net.tensor[i].n; k++)
			assert_true(g.net.tensor[i].grad[k] == 0);
	}
	rig_done(&g);
	free_pieces(&q);
}

static void chips_small_batches_and_steps_are_one_group(void **state)
{
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	assert_int_equal(snn_pool_groups(&c), 1);
	c.train.batch = 8;
	assert_int_equal(snn_pool_groups(&c), 2);
	c.train.batch = 64;
	assert_int_equal(snn_pool_groups(&c), 4);
	c.train.update = SNN_UPDATE_STEP;
	assert_int_equal(snn_pool_groups(&c), 1);
	c.train.update = SNN_UPDATE_SEQUENCE;
	c.weights = SNN_WEIGHTS_CHIPS;
	assert_int_equal(snn_pool_groups(&c), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
		cmocka_unit_test(groups_add_up_to_the_batch),
		cmocka_unit_test(evaluation_leaves_no_gradients),
		cmocka_unit_test(chips_small_batches_and_steps_are_one_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
