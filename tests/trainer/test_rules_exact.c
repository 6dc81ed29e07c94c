/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the rules are to each other and to the derivative: identities that hold to rounding, and central
 * differences of a network written anew in double (reference.c).
 *
 * Tolerance 1e-5: the forward pass is in float32 (6e-8 a rounding, some ten of them from a weight to
 * an error), the differences have an error of about h^2 = 1e-10 and, from rounding, of
 * 1e-16 nll / h = 1e-10. What is compared is relative to the norm and the largest element of a tensor.
 */
#include <math.h>
#include <stdlib.h>
#include "core_test.h"
#include "reference.h"

#define TOL     1e-5
#define N_KEY   8
#define N_PIECE 3

static void open_rig(struct rig *g, const char *rule, uint32_t n_lane)
{
	g->is_layered = snn_rule_find(rule)->is_layered;
	rig_net(g);
	rig_learner(g, rule, n_lane);
}

/* ---- ostl = bptt ---- */

static void compare_ostl_with_bptt(const struct snn_config *c)
{
	static const uint32_t n_step[N_PIECE] = { 40, 2, 17 };
	struct piece *p[N_PIECE];
	const struct snn_seq *seq[N_PIECE];
	struct rig bptt, ostl;

	for (uint32_t i = 0; i < N_PIECE; i++) {
		p[i] = piece_random(100 + i, n_step[i], N_KEY, 0.3);
		seq[i] = &p[i]->seq;
	}
	rig_config(&bptt, N_KEY, 35);
	rig_config(&ostl, N_KEY, 35);
	bptt.c = *c;
	ostl.c = *c;
	open_rig(&bptt, "bptt", N_PIECE);
	open_rig(&ostl, "ostl", N_PIECE);
	assert_true(rig_run(&bptt, seq, N_PIECE) == rig_run(&ostl, seq, N_PIECE));
	assert_gradients_near(&ostl.net, &bptt.net, TOL);
	rig_done(&bptt);
	rig_done(&ostl);
	for (uint32_t i = 0; i < N_PIECE; i++)
		free(p[i]);
}

static void every_psi(int neuron, int reset)
{
	struct rig g;

	rig_config(&g, N_KEY, 35);
	g.c.network.neuron = neuron;
	g.c.network.reset = reset;
	for (int psi = SNN_PSI_TRIANGULAR; psi <= SNN_PSI_FAST_SIGMOID; psi++) {
		for (int trace = SNN_TRACE_EVENT; trace <= SNN_TRACE_DENSE; trace++) {
			g.c.network.psi = psi;
			g.c.train.trace = trace;
			compare_ostl_with_bptt(&g.c);
		}
	}
}

static void ostl_is_bptt_for_one_spiking_layer_with_full_reset(void **state)
{
	(void)state;
	every_psi(SNN_SNU, SNN_RESET_FULL);
}

static void ostl_is_bptt_for_one_spiking_layer_with_soft_reset(void **state)
{
	(void)state;
	every_psi(SNN_SNU, SNN_RESET_SOFT);
}

static void ostl_is_bptt_for_one_smooth_layer_with_full_reset(void **state)
{
	(void)state;
	every_psi(SNN_SSNU, SNN_RESET_FULL);
}

static void ostl_is_bptt_for_one_smooth_layer_with_soft_reset(void **state)
{
	(void)state;
	every_psi(SNN_SSNU, SNN_RESET_SOFT);
}

/* ---- against differences ---- */

/* Gradients of tensors first .. last of the net against central differences. */
static void compare_with_differences(struct rig *g, const char *rule, bool hidden_too)
{
	struct piece *p = piece_random(7, 25, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;
	struct ref_net r;
	double nll;

	open_rig(g, rule, 1);
	ref_init(&r, &g->net);
	nll = rig_run(g, &seq, 1);
	assert_true(fabs(nll / ref_nll(&r, seq) - 1) < 1e-6);
	for (uint32_t i = hidden_too ? 0 : 2 * g->net.n_layer; i < g->net.n_tensor; i++) {
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

/* A network of smooth neurons, and how traces are kept in it. */
struct shape {
	uint32_t n_layer;
	bool is_recurrent, adapts, is_mixed; /* is_mixed: every neuron has its own decay */
	int trace;
};

static void shape_rig(struct rig *g, const struct shape *s, int reset)
{
	rig_config(g, N_KEY, 7);
	g->c.network.n_hidden = s->n_layer;
	g->c.network.hidden[1] = 5;
	g->c.network.hidden[2] = 6;
	g->c.network.recurrent = s->is_recurrent;
	g->c.network.h_scale = 2;
	g->c.network.adaptation = s->adapts ? 0.3 : 0;
	g->c.network.adaptation_decay = 0.9;
	g->c.network.decay_max = s->is_mixed ? 0.98 : 0;
	g->c.network.reset = reset;
	g->c.train.trace = s->trace;
}

static void smooth_differences(const char *rule, const struct shape *shape, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
			struct rig g;

			shape_rig(&g, &shape[i], reset);
			g.c.network.neuron = SNN_SSNU;
			compare_with_differences(&g, rule, true);
		}
	}
}

static void bptt_of_smooth_layers_is_the_derivative(void **state)
{
	static const struct shape shape[] = { { .n_layer = 1 }, { .n_layer = 2 }, { .n_layer = 3 },
		{ .n_layer = 1, .is_recurrent = true }, { .n_layer = 3, .is_recurrent = true },
		{ .n_layer = 1, .adapts = true },
		{ .n_layer = 3, .is_recurrent = true, .adapts = true, .is_mixed = true } };

	(void)state;
	smooth_differences("bptt", shape, sizeof(shape) / sizeof(shape[0]));
}

static void ostl_of_one_smooth_layer_is_the_derivative(void **state)
{
	static const struct shape shape[] = { { .n_layer = 1, .trace = SNN_TRACE_EVENT },
		{ .n_layer = 1, .trace = SNN_TRACE_DENSE },
		{ .n_layer = 1, .trace = SNN_TRACE_EXACT },
		{ .n_layer = 1, .adapts = true, .trace = SNN_TRACE_DENSE },
		{ .n_layer = 1, .adapts = true, .trace = SNN_TRACE_EXACT },
		{ .n_layer = 1, .is_mixed = true, .trace = SNN_TRACE_EVENT },
		{ .n_layer = 1, .is_mixed = true, .trace = SNN_TRACE_DENSE },
		{ .n_layer = 1, .is_mixed = true, .adapts = true, .trace = SNN_TRACE_DENSE } };

	(void)state;
	smooth_differences("ostl", shape, sizeof(shape) / sizeof(shape[0]));
}

static void exact_ostl_of_a_smooth_recurrent_layer_is_the_derivative(void **state)
{
	static const struct shape shape[] = {
		{ .n_layer = 1, .is_recurrent = true, .trace = SNN_TRACE_EXACT },
		{ .n_layer = 1, .is_recurrent = true, .adapts = true, .trace = SNN_TRACE_EXACT },
		{ .n_layer = 1, .is_recurrent = true, .is_mixed = true, .trace = SNN_TRACE_EXACT }
	};

	(void)state;
	smooth_differences("ostl", shape, sizeof(shape) / sizeof(shape[0]));
}

/* V and c are above everything that a rule approximates: exact for all, spiking or smooth. */
static void readout_learns_its_derivative_under_every_rule(void **state)
{
	(void)state;
	for (const struct snn_rule *const *rule = snn_rules; *rule; rule++) {
		for (int neuron = SNN_SNU; neuron <= SNN_SSNU; neuron++) {
			for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
				struct rig g;

				rig_config2(&g, N_KEY, 9, 6);
				g.c.network.neuron = neuron;
				g.c.network.reset = reset;
				compare_with_differences(&g, (*rule)->name, false);
			}
		}
	}
}

/* ---- identities ---- */

/* Gradients of a rule on one piece of a spiking net with B from `fill` (NULL: as drawn). */
static void run_rule(struct rig *g, const char *rule, const struct shape *shape, int reset,
	void (*fill)(struct snn_net *net))
{
	struct piece *p = piece_random(11, 40, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;

	shape_rig(g, shape, reset);
	g->is_layered = snn_rule_find(rule)->is_layered;
	rig_net(g);
	if (fill)
		fill(&g->net);
	rig_learner(g, rule, 1);
	rig_run(g, &seq, 1);
	free(p);
}

static void rules_agree(const char *one, const char *other, const struct shape *shape,
	void (*fill)(struct snn_net *net), double tol)
{
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		struct rig a, b;

		run_rule(&a, one, shape, reset, fill);
		run_rule(&b, other, shape, reset, fill);
		assert_gradients_near(&a.net, &b.net, tol);
		rig_done(&a);
		rig_done(&b);
	}
}

static void fa_dfa_and_ostl_rnd_are_one_for_one_layer(void **state)
{
	static const struct shape plain = { .n_layer = 1 };
	static const struct shape adapts = { .n_layer = 1, .adapts = true };
	static const struct shape recurrent = {
		.n_layer = 1, .is_recurrent = true, .trace = SNN_TRACE_EXACT
	};

	(void)state;
	rules_agree("dfa", "fa", &plain, NULL, 1e-6);
	rules_agree("ostl-rnd", "fa", &plain, NULL, 1e-6);
	rules_agree("dfa", "fa", &adapts, NULL, 1e-6);
	rules_agree("ostl-rnd", "fa", &adapts, NULL, TOL);
	rules_agree("dfa", "fa", &recurrent, NULL, 1e-6);
	rules_agree("ostl-rnd", "fa", &recurrent, NULL, TOL);
}

/* Signals go to every layer directly, and neither follows time through the layers above. */
static void dfa_and_ostl_rnd_are_one_for_any_number_of_layers(void **state)
{
	static const struct shape plain = { .n_layer = 3 };
	static const struct shape recurrent = {
		.n_layer = 2, .is_recurrent = true, .trace = SNN_TRACE_EXACT
	};

	(void)state;
	rules_agree("ostl-rnd", "dfa", &plain, NULL, 1e-6);
	rules_agree("ostl-rnd", "dfa", &recurrent, NULL, TOL);
}

/* B_l = transposes of V and of the W above. */
static void align(struct snn_net *net)
{
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct snn_matrix *b = &net->matrix[snn_net_b_fb(net, l)];
		const struct snn_matrix *w = &net->matrix[l + 1]; /* the next W, or V */

		if (b->n_row != w->n_col)
			continue; /* comes from the output, and nobody reads it */
		for (uint32_t i = 0; i < b->n_row; i++) {
			for (uint32_t k = 0; k < b->n_col; k++)
				b->init[i * b->n_col + k] = w->init[k * w->n_col + i];
		}
	}
}

static void fa_with_the_forward_weights_is_bptt(void **state)
{
	static const struct shape plain = { .n_layer = 2 };
	static const struct shape both = {
		.n_layer = 3, .is_recurrent = true, .adapts = true, .is_mixed = true
	};

	(void)state;
	rules_agree("fa", "bptt", &plain, align, 1e-6);
	rules_agree("fa", "bptt", &both, align, 1e-6);
}

/* With B = V' random feedback is the true one, in one layer. */
static void random_feedback_with_the_forward_weights_is_the_true_one(void **state)
{
	static const struct shape plain = { .n_layer = 1 };
	static const struct shape recurrent = { .n_layer = 1, .is_recurrent = true };

	(void)state;
	rules_agree("ostl-rnd", "ostl", &plain, align, 1e-6);
	rules_agree("eprop-rnd", "eprop", &plain, align, 1e-6);
	rules_agree("eprop-rnd", "eprop", &recurrent, align, 1e-6);
}

/* Nothing but the top layer's own past comes between it and the output. */
static void ostl_is_bptt_in_the_top_layer_of_several(void **state)
{
	static const struct shape shape = { .n_layer = 3 };
	struct rig ostl, bptt;
	double off = 0;

	(void)state;
	run_rule(&ostl, "ostl", &shape, SNN_RESET_FULL, NULL);
	run_rule(&bptt, "bptt", &shape, SNN_RESET_FULL, NULL);
	for (uint32_t i = 4; i < 8; i++) { /* W3, b3, V, c */
		const struct snn_tensor *t = &ostl.net.tensor[i];

		assert_near(t->name, t->n, t->grad, bptt.net.tensor[i].grad, TOL);
	}
	/* and below it is not: paths through the past of the layers above are left out */
	for (size_t i = 0; i < ostl.net.tensor[0].n; i++)
		off += fabs(ostl.net.tensor[0].grad[i] - bptt.net.tensor[0].grad[i]);
	assert_true(off > 1e-2);
	rig_done(&ostl);
	rig_done(&bptt);
}

/* Exact traces follow H; the diagonal ones leave its paths out, alike in both forms. */
static void exact_traces_make_ostl_bptt_for_a_recurrent_layer(void **state)
{
	static const struct shape exact = {
		.n_layer = 1, .is_recurrent = true, .trace = SNN_TRACE_EXACT
	};
	static const struct shape adapts = {
		.n_layer = 1, .is_recurrent = true, .adapts = true, .trace = SNN_TRACE_EXACT
	};
	static const struct shape event = {
		.n_layer = 1, .is_recurrent = true, .is_mixed = true, .trace = SNN_TRACE_EVENT
	};
	static const struct shape dense = {
		.n_layer = 1, .is_recurrent = true, .is_mixed = true, .trace = SNN_TRACE_DENSE
	};

	(void)state;
	rules_agree("ostl", "bptt", &exact, NULL, TOL);
	rules_agree("ostl", "bptt", &adapts, NULL, TOL);
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		struct rig a, b, c;
		double off = 0;

		run_rule(&a, "ostl", &event, reset, NULL);
		run_rule(&b, "ostl", &dense, reset, NULL);
		run_rule(&c, "bptt", &dense, reset, NULL);
		assert_gradients_near(&a.net, &b.net, TOL);
		for (size_t i = 0; i < 7 * 7; i++)
			off += fabs(snn_net_grad_h(&a.net, 0)->grad[i] -
				snn_net_grad_h(&c.net, 0)->grad[i]);
		assert_true(off > 1e-2);
		rig_done(&a);
		rig_done(&b);
		rig_done(&c);
	}
}

/*
 * sigmoid(u) - sigmoid(u - beta B err) = beta psi B err, and less than beta/2 |B err| of it more: of smooth
 * neurons without memory that is the gradient of eprop-rnd.
 */
static void small_corrections_of_ptncn_are_the_error_through_psi(void **state)
{
	static const double beta = 0.01;
	struct piece *p = piece_random(11, 40, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;
	struct rig small, want;

	(void)state;
	rig_config(&small, N_KEY, 35);
	small.c.network.neuron = SNN_SSNU;
	small.c.network.recurrent = true;
	small.c.network.decay = 0;
	small.c.train.correction = beta;
	want = small;
	open_rig(&small, "ptncn", 1);
	open_rig(&want, "eprop-rnd", 1);
	assert_true(rig_run(&small, &seq, 1) == rig_run(&want, &seq, 1));
	for (uint32_t i = 0; i < small.net.n_tensor; i++) {
		const struct snn_tensor *t = &small.net.tensor[i];
		bool is_readout = t == snn_net_grad_v(&small.net) || t == snn_net_bias(&small.net);

		for (size_t k = 0; !is_readout && k < t->n; k++)
			t->grad[k] /= beta;
	}
	assert_gradients_near(&small.net, &want.net, 5e-3);
	rig_done(&small);
	rig_done(&want);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ostl_is_bptt_for_one_spiking_layer_with_full_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_spiking_layer_with_soft_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_smooth_layer_with_full_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_smooth_layer_with_soft_reset),
		cmocka_unit_test(bptt_of_smooth_layers_is_the_derivative),
		cmocka_unit_test(ostl_of_one_smooth_layer_is_the_derivative),
		cmocka_unit_test(exact_ostl_of_a_smooth_recurrent_layer_is_the_derivative),
		cmocka_unit_test(readout_learns_its_derivative_under_every_rule),
		cmocka_unit_test(fa_dfa_and_ostl_rnd_are_one_for_one_layer),
		cmocka_unit_test(dfa_and_ostl_rnd_are_one_for_any_number_of_layers),
		cmocka_unit_test(fa_with_the_forward_weights_is_bptt),
		cmocka_unit_test(random_feedback_with_the_forward_weights_is_the_true_one),
		cmocka_unit_test(ostl_is_bptt_in_the_top_layer_of_several),
		cmocka_unit_test(exact_traces_make_ostl_bptt_for_a_recurrent_layer),
		cmocka_unit_test(small_corrections_of_ptncn_are_the_error_through_psi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
