/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Readouts with memory, and tasks that classify: gradients against central differences of a network
 * written anew in double (reference.c), one network worked by hand, and what is counted as right.
 * Tolerances as in test_rules.c.
 */
#include "readout.h"

#include <math.h>
#include <stdlib.h>
#include "core_test.h"
#include "reference.h"

#define TOL   1e-5
#define N_KEY 8

/* The forms of a readout, numbered. */
static void choose(struct snn_config *c, int form)
{
	static const int loss[] = { SNN_LOSS_STEP, SNN_LOSS_LAST, SNN_LOSS_MEAN };

	c->network.readout = form % 2 ? SNN_READOUT_SOFTMAX : SNN_READOUT_SIGMOID;
	c->network.readout_decay = form / 2 % 2 ? 0.7 : 0;
	c->network.readout_norm = form / 4 % 2;
	c->train.loss = loss[form / 8];
	c->train.loss_steps = 6;
}
#define N_FORM 24

static struct piece *labelled(unsigned long seed, uint32_t n_step, uint16_t label)
{
	struct piece *p = piece_random(seed, n_step, N_KEY, 0.3);

	p->seq.has_label = true;
	p->seq.label = label;
	return p;
}

static void compare_with_differences(
	struct rig *g, const char *rule, struct piece *p, uint32_t first)
{
	const struct snn_seq *seq = &p->seq;
	struct ref_net r;
	double nll;

	rig_net(g);
	rig_learner(g, rule, 1);
	ref_init(&r, &g->net);
	nll = rig_run(g, &seq, 1);
	assert_true(fabs(nll / ref_nll(&r, seq) - 1) < 1e-5);
	for (uint32_t i = first; i < g->net.n_tensor; i++) {
		const struct snn_tensor *t = &g->net.tensor[i];
		double *want = calloc(t->n, sizeof(*want));

		assert_non_null(want);
		ref_difference(&r, i, seq, want);
		assert_near(t->name, t->n, t->grad, want, TOL);
		free(want);
	}
	ref_done(&r);
	rig_done(g);
	free(p);
}

static void bptt_is_the_derivative_through_every_readout(void **state)
{
	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		struct rig g;

		rig_config2(&g, N_KEY, 7, 5);
		g.c.network.neuron = SNN_SSNU;
		g.c.network.reset = form % 2 ? SNN_RESET_SOFT : SNN_RESET_FULL;
		choose(&g.c, form);
		compare_with_differences(&g, "bptt", labelled(7, 25, 3), 0);
	}
}

/* Of one layer, with filtered traces of every form. */
static void ostl_is_the_derivative_through_every_readout(void **state)
{
	static const int trace[] = { SNN_TRACE_EVENT, SNN_TRACE_DENSE, SNN_TRACE_EXACT };

	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		for (int k = 0; k < 5; k++) {
			struct rig g;

			rig_config(&g, N_KEY, 7);
			g.c.network.neuron = SNN_SSNU;
			g.c.network.reset = (form + k) % 2 ? SNN_RESET_SOFT : SNN_RESET_FULL;
			g.c.network.recurrent = k == 2;
			g.c.network.adaptation = k > 2 ? 0.3 : 0;
			g.c.network.adaptation_decay = 0.9;
			g.c.train.trace = k < 3 ? trace[k] : trace[k - 2];
			choose(&g.c, form);
			compare_with_differences(&g, "ostl", labelled(7, 25, 3), 0);
		}
	}
}

/* Spiking and longer than a window of the event-driven form: rules that are one are one here, too. */
static void rules_are_the_same_through_every_readout(void **state)
{
	static const char *const pair[][2] = { { "ostl", "bptt" }, { "ostl-rnd", "dfa" },
		{ "eprop", "eprop" }, { "eprop-rnd", "eprop-rnd" } };
	struct piece *p = labelled(9, 300, 2);
	const struct snn_seq *seq = &p->seq;

	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		for (int k = 0; k < 4; k++) {
			struct rig a, b;

			rig_config(&a, N_KEY, 9);
			choose(&a.c, form);
			b = a;
			a.c.train.trace = SNN_TRACE_EVENT;
			b.c.train.trace = SNN_TRACE_DENSE;
			rig_net(&a);
			rig_net(&b);
			rig_learner(&a, pair[k][0], 1);
			rig_learner(&b, pair[k][1], 1);
			assert_true(rig_run(&a, &seq, 1) == rig_run(&b, &seq, 1));
			assert_gradients_near(&a.net, &b.net, TOL);
			rig_done(&a);
			rig_done(&b);
		}
	}
	free(p);
}

/* B = 0: the penalty on firing rates alone, which no output has a part in. */
static void penalties_see_traces_that_are_not_filtered(void **state)
{
	struct piece *p = labelled(9, 150, 2);
	const struct snn_seq *seq = &p->seq;

	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		struct rig a, b;

		rig_config(&a, N_KEY, 9);
		choose(&a.c, form);
		a.c.network.b_scale = 0;
		a.c.train.rate_penalty = 1;
		b = a;
		rig_net(&a);
		rig_net(&b);
		for (uint32_t i = 0; i < 9; i++)
			a.net.rate[0][i] = b.net.rate[0][i] = 0.05f * (float)i;
		rig_learner(&a, "ostl-rnd", 1);
		rig_learner(&b, "osttp", 1);
		rig_run(&a, &seq, 1);
		rig_run(&b, &seq, 1);
		for (uint32_t i = 0; i < 2; i++) {
			const struct snn_tensor *t = &a.net.tensor[i];

			assert_near(t->name, t->n, t->grad, b.net.tensor[i].grad, TOL);
		}
		rig_done(&a);
		rig_done(&b);
	}
	free(p);
}

/* The next step instead of a label: outputs for themselves, at all steps or the last. */
static void bptt_is_the_derivative_where_the_next_step_is_predicted(void **state)
{
	(void)state;
	for (int form = 0; form < 16; form += 2) {
		struct rig g;

		rig_config(&g, N_KEY, 7);
		g.c.network.neuron = SNN_SSNU;
		choose(&g.c, form);
		compare_with_differences(&g, "bptt", piece_random(7, 25, N_KEY, 0.3), 0);
	}
}

/* V and c, spiking: no rule approximates there. */
static void readout_learns_its_derivative_under_every_rule(void **state)
{
	(void)state;
	for (const struct snn_rule *const *rule = snn_rules; *rule; rule++) {
		for (int form = 0; form < N_FORM; form++) {
			struct rig g;

			rig_config(&g, N_KEY, 9);
			choose(&g.c, form);
			compare_with_differences(
				&g, (*rule)->name, labelled(8, 25, 5), 2 * g.c.network.n_hidden);
		}
	}
}

static void lanes_of_several_lengths_are_the_sum_of_single_runs(void **state)
{
	static const uint32_t n_step[3] = { 9, 1, 30 };

	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		const struct snn_seq *seq[3];
		struct piece *p[3];
		struct rig all, one;
		double nll = 0;

		rig_config(&all, N_KEY, 9);
		choose(&all.c, form);
		one = all;
		rig_net(&all);
		rig_learner(&all, "ostl", 3);
		rig_net(&one);
		rig_learner(&one, "ostl", 1);
		for (uint32_t i = 0; i < 3; i++) {
			struct snn_score score = { 0 };

			p[i] = labelled(30 + i, n_step[i], (uint16_t)i);
			seq[i] = &p[i]->seq;
			assert_int_equal(snn_batch_run(&one.b, &seq[i], 1, &one.le, NULL, NULL,
						 &score, NULL),
				0);
			nll += score.nll;
		}
		assert_true(fabs(rig_run(&all, seq, 3) - nll) <= 1e-12 * nll);
		assert_gradients_near(&all.net, &one.net, 1e-12);
		rig_done(&all);
		rig_done(&one);
		for (uint32_t i = 0; i < 3; i++)
			free(p[i]);
	}
}

/*
 * One key, one neuron that spikes with its input (W = 1, b = 1/2, d = 0), two outputs with V = (ln 3, 0),
 * c = 0, d_o = 1/2, g = 1, rhythm "x.", label 1. y = 1, 0; o_0 = ln 3, ln 3 / 2; yhat_1 = 1/4 and
 * 1 / (1 + sqrt 3); err = (yhat_0, -yhat_0) with yhat_0 = 3/4 and q = sqrt 3 / (1 + sqrt 3).
 * ybar = 1, 1/2 and 1bar = 1, 3/2: gV_0 = 3/4 + q / 2, gc_0 = 3/4 + 3 q / 2, and the negative for output 1.
 */
static void leaky_softmax_by_hand(void **state)
{
	struct piece *p = piece_rhythm("x.");
	const struct snn_seq *seq = &p->seq;
	double q = sqrt(3) / (1 + sqrt(3)), v = 0.75 + q / 2, c = 0.75 + 1.5 * q;
	struct snn_error e = { "" };
	float bias[2] = { 0 };
	struct rig g;
	double nll;

	(void)state;
	p->seq.has_label = true;
	p->seq.label = 1;
	rig_config(&g, 1, 1);
	g.c.network.threshold = 0.5;
	g.c.network.decay = 0;
	g.c.network.readout = SNN_READOUT_SOFTMAX;
	g.c.network.readout_decay = 0.5;
	assert_int_equal(snn_net_init(&g.net, &g.c, 1, 2, bias, false, &e), 0);
	g.net.matrix[0].init[0] = 1;
	g.net.matrix[1].init[0] = logf(3);
	g.net.matrix[1].init[1] = 0;
	rig_learner(&g, "osttp", 1);
	nll = rig_run(&g, &seq, 1);
	assert_true(fabs(nll - log(4) - log(1 + sqrt(3))) < 1e-6);
	assert_near("V", 2, snn_net_grad_v(&g.net)->grad, (double[]){ v, -v }, 1e-6);
	assert_near("c", 2, snn_net_bias(&g.net)->grad, (double[]){ c, -c }, 1e-6);
	rig_done(&g);
	free(p);
}

/* Silent network: the outputs are the biases, and output 4 has the largest. */
static void right_is_the_label_with_the_largest_output(void **state)
{
	struct piece *p[3] = { labelled(1, 5, 4), labelled(2, 9, 0), labelled(3, 2, 4) };
	const struct snn_seq *seq[3] = { &p[0]->seq, &p[1]->seq, &p[2]->seq };

	(void)state;
	for (int form = 0; form < N_FORM; form++) {
		struct snn_score score = { 0 };
		struct rig g;

		rig_config(&g, N_KEY, 3);
		g.c.network.w_scale = 0;
		choose(&g.c, form);
		rig_net(&g);
		for (uint32_t k = 0; k < N_KEY; k++)
			snn_net_bias(&g.net)->value[k] = k == 4;
		rig_learner(&g, "bptt", 3);
		assert_int_equal(snn_batch_run(&g.b, seq, 3, NULL, NULL, NULL, &score, NULL), 0);
		assert_true(score.n_label == 3);
		assert_true(score.n_right == 2);
		/* 5 + 9 + 2 steps, the last 6 of each, one mean each */
		assert_true(score.n_step == (form < 8 ? 16 : form < 16 ? 13 : 3));
		rig_done(&g);
	}
	for (int i = 0; i < 3; i++)
		free(p[i]);
}

/* exp(1e4) is beyond float32 and double. */
static void large_softmax_logits_do_not_overflow(void **state)
{
	struct piece *p = labelled(1, 1, 2);
	const struct snn_seq *seq = &p->seq;
	struct snn_score score = { 0 };
	struct rig g;

	(void)state;
	rig_config(&g, N_KEY, 3);
	g.c.network.w_scale = 0;
	g.c.network.readout = SNN_READOUT_SOFTMAX;
	rig_net(&g);
	for (uint32_t k = 0; k < N_KEY; k++)
		snn_net_bias(&g.net)->value[k] = k == 1 ? 1e4f : -1e4f;
	rig_learner(&g, "bptt", 1);
	assert_int_equal(snn_batch_run(&g.b, &seq, 1, &g.le, NULL, NULL, &score, NULL), 0);
	assert_true(score.nll == 2e4);
	assert_true(snn_net_bias(&g.net)->grad[1] == 1);
	assert_true(snn_net_bias(&g.net)->grad[2] == -1);
	rig_done(&g);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bptt_is_the_derivative_through_every_readout),
		cmocka_unit_test(ostl_is_the_derivative_through_every_readout),
		cmocka_unit_test(rules_are_the_same_through_every_readout),
		cmocka_unit_test(penalties_see_traces_that_are_not_filtered),
		cmocka_unit_test(bptt_is_the_derivative_where_the_next_step_is_predicted),
		cmocka_unit_test(readout_learns_its_derivative_under_every_rule),
		cmocka_unit_test(lanes_of_several_lengths_are_the_sum_of_single_runs),
		cmocka_unit_test(leaky_softmax_by_hand),
		cmocka_unit_test(right_is_the_label_with_the_largest_output),
		cmocka_unit_test(large_softmax_logits_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
