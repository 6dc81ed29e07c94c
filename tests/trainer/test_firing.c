/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "firing.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "core_test.h"

/*
 * One input that is active in steps 1, 2 and 4 of 5 (the last has no successor), two neurons of which the first fires with it and the second
 * never; d = 0. Counts 3 and 0 of 4 steps. lambda = 1/2, r0 = 1/4, m = 1/2: r = 1/2 and 1/8 after an update, so that signals grow by 1/8 and -1/16.
 */
static void rates_follow_spikes_and_signals_follow_rates(void **state)
{
	struct piece *q = piece_rhythm("xx.xx");
	const struct snn_seq *seq = &q->seq;
	struct rig g;
	float signal;

	(void)state;
	rig_config(&g, 1, 2);
	g.c.network.decay = 0;
	g.c.network.threshold = 1;
	g.c.train.rate_penalty = 0.5;
	g.c.train.rate_target = 0.25;
	g.c.train.rate_memory = 0.5;
	rig_net(&g);
	g.net.matrix[0].init[0] = 2;
	g.net.matrix[0].init[1] = 0.5f;
	rig_learner(&g, "osttp", 1);
	rig_run(&g, &seq, 1);
	signal = g.b.layer[0].l[0];
	assert_int_equal(g.le.firing.n_step, 4);
	assert_int_equal(g.le.firing.n_spike[0][0], 3);
	assert_int_equal(g.le.firing.n_spike[0][1], 0);
	snn_firing_update(&g.le.firing, &g.net);
	assert_true(g.net.rate[0][0] == 0.5f);
	assert_true(g.net.rate[0][1] == 0.125f);
	assert_int_equal(g.le.firing.n_step, 0);
	assert_int_equal(g.le.firing.n_spike[0][0], 0);
	rig_run(&g, &seq, 1);
	assert_true(fabsf(g.b.layer[0].l[0] - signal - 0.125f) < 1e-6f);
	rig_done(&g);
	free(q);
}

/* The gradient of W is that without plus lambda (r - r0) times the summed eligibility: with B = 0 that alone. */
static void a_penalty_is_part_of_the_gradient(void **state)
{
	struct piece *q = piece_random(7, 30, 6, 0.4);
	const struct snn_seq *seq = &q->seq;
	double sum = 0;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig g;

		rig_config(&g, 6, 5);
		g.c.network.b_scale = 0;
		g.c.train.rate_penalty = k ? 0.5 : 0;
		rig_net(&g);
		rig_learner(&g, "osttp", 1);
		if (k) {
			rig_run(&g, &seq, 1);
			snn_firing_update(&g.le.firing, &g.net);
		}
		rig_run(&g, &seq, 1);
		sum = 0;
		for (size_t i = 0; i < 30; i++)
			sum += fabs(snn_net_grad_w(&g.net, 0)->grad[i]);
		assert_true(k ? sum > 1e-6 : sum == 0);
		rig_done(&g);
	}
	free(q);
}

static int learner(const char *rule, int update, struct snn_error *e)
{
	struct rig g;
	struct snn_learner le;
	int r;

	rig_config(&g, 4, 3);
	rig_net(&g);
	rig_learner(&g, rule, 1);
	g.c.train.rate_penalty = 1;
	g.c.train.update = update;
	r = snn_learner_init(&le, g.le.rule, &g.c, &g.b, e);
	if (r == 0)
		snn_learner_done(&le);
	rig_done(&g);
	return r;
}

static void rules_that_cannot_say_so(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(learner("osttp", SNN_UPDATE_SEQUENCE, &e), 0);
	assert_int_equal(learner("drtp", SNN_UPDATE_SEQUENCE, &e), 0);
	assert_int_equal(learner("bptt", SNN_UPDATE_SEQUENCE, &e), -EINVAL);
	assert_contains(e.text, "bptt");
	assert_int_equal(learner("osttp", SNN_UPDATE_STEP, &e), -EINVAL);
	assert_contains(e.text, "train.update: sequence");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_follow_spikes_and_signals_follow_rates),
		cmocka_unit_test(a_penalty_is_part_of_the_gradient),
		cmocka_unit_test(rules_that_cannot_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
