/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules against each other, against central differences of a network written anew in double
 * (reference.c), and against one neuron worked by hand.
 *
 * Tolerance 1e-5: the forward pass is in float32 (6e-8 a rounding, some ten of them from a weight to
 * an error), the differences have an error of about h^2 = 1e-10 and, from rounding, of
 * 1e-16 nll / h = 1e-10. What is compared is relative to the norm and the largest element of a tensor.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "core_test.h"
#include "reference.h"

#define TOL     1e-5
#define N_KEY   8
#define N_PIECE 3

static void open_rig(struct rig *g, const char *rule, uint32_t n_lane)
{
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

static void smooth_differences(const char *rule, bool two_layers)
{
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		for (int trace = SNN_TRACE_EVENT; trace <= SNN_TRACE_DENSE; trace++) {
			struct rig g;

			rig_config(&g, N_KEY, 7);
			if (two_layers)
				rig_config2(&g, N_KEY, 7, 5);
			g.c.network.neuron = SNN_SSNU;
			g.c.network.reset = reset;
			g.c.train.trace = trace;
			compare_with_differences(&g, rule, true);
		}
	}
}

static void bptt_of_one_smooth_layer_is_the_derivative(void **state)
{
	(void)state;
	smooth_differences("bptt", false);
}

static void bptt_of_two_smooth_layers_is_the_derivative(void **state)
{
	(void)state;
	smooth_differences("bptt", true);
}

static void ostl_of_one_smooth_layer_is_the_derivative(void **state)
{
	(void)state;
	smooth_differences("ostl", false);
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

/* ---- against the rules' own definitions ---- */

static void compare_definition(struct rig *g, const char *rule, enum ref_rule definition)
{
	struct piece *p = piece_random(8, 60, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;
	double *want[SNN_MAX_TENSOR] = { NULL };
	struct ref_net r;

	open_rig(g, rule, 1);
	ref_init(&r, &g->net);
	for (uint32_t i = 0; i < g->net.n_tensor; i++)
		want[i] = calloc(g->net.tensor[i].n, sizeof(double));
	rig_run(g, &seq, 1);
	ref_gradients(&r, seq, definition, want);
	for (uint32_t i = 0; i < 2 * g->net.n_layer; i++) {
		const struct snn_tensor *t = &g->net.tensor[i];

		assert_near(t->name, t->n, t->grad, want[i], TOL);
	}
	for (uint32_t i = 0; i < g->net.n_tensor; i++)
		free(want[i]);
	ref_done(&r);
	rig_done(g);
	free(p);
}

static void definitions(const char *rule, enum ref_rule definition)
{
	for (int k = 0; k < 16; k++) {
		struct rig g;

		rig_config(&g, N_KEY, 20);
		if (k & 1)
			rig_config2(&g, N_KEY, 9, 18);
		g.c.network.neuron = k & 2 ? SNN_SSNU : SNN_SNU;
		g.c.network.reset = k & 4 ? SNN_RESET_SOFT : SNN_RESET_FULL;
		g.c.train.trace = k & 8 ? SNN_TRACE_DENSE : SNN_TRACE_EVENT;
		compare_definition(&g, rule, definition);
	}
}

static void ostl_is_traces_with_the_error_of_this_step_carried_back(void **state)
{
	(void)state;
	definitions("ostl", REF_OSTL);
}

static void osttp_is_ostls_traces_with_the_projected_target(void **state)
{
	(void)state;
	definitions("osttp", REF_OSTTP);
}

static void drtp_is_psi_and_input_with_the_projected_target(void **state)
{
	(void)state;
	definitions("drtp", REF_DRTP);
}

/* ---- by hand ---- */

/*
 * One key, one neuron, three predicted steps. W = 3/8, b = 1/2, d = 1/2, triangular psi of width 1,
 * V = ln 3, c = 0 (yhat = 3/4 after a spike, 1/2 without), B = 2. Rhythm x x . x: inputs 1, 1, 0,
 * targets 1, 0, 1.
 *
 * full reset  s1 = W = 3/8                  y1 = 0   psi1 = 1 - 1/8 = 7/8
 *             s2 = W + d s1 = 9/16          y2 = 1   psi2 = 1 - 1/16 = 15/16
 *             s3 = 0 + d s2 (1 - 1) = 0     y3 = 0   psi3 = 1 - 1/2 = 1/2
 * soft reset  the same up to step 2, then
 *             s3 = d s2 - b = -7/32         y3 = 0   psi3 = 1 - 23/32 = 9/32
 * err         yhat - y* = 1/2 - 1, 3/4 - 0, 1/2 - 1 = -1/2, 3/4, -1/2
 * so          gV = err2 = 3/4, gc = -1/4 for every rule.
 */
static const double err[3] = { -0.5, 0.75, -0.5 };

struct by_hand {
	double e_w[3], e_b[3]; /* eligibilities */
	double psi[3];
};

/*
 * full: j2 = d (1 - y1) = 1/2, J2 = -d s1 = -3/16; j3 = d (1 - y2) = 0, J3 = -d s2 = -9/32.
 *	eps1 = 1;  eps2 = (j2 + J2 psi1) eps1 + 1 = (1/2 - 21/128) + 1 = 171/128;
 *	eps3 = (0 + J3 psi2) eps2 + 0 = -135/512 * 171/128
 *	epsb1 = 0, eb1 = psi1 (0 - 1) = -7/8;  epsb2 = j2 epsb1 + J2 eb1 = 21/128, eb2 = psi2 (21/128 - 1);
 *	epsb3 = j3 epsb2 + J3 eb2, eb3 = psi3 (epsb3 - 1)
 */
static const struct by_hand full = {
	.psi = { 7.0 / 8, 15.0 / 16, 1.0 / 2 },
	.e_w = { 7.0 / 8, 15.0 / 16 * (171.0 / 128), 1.0 / 2 * (-135.0 / 512 * (171.0 / 128)) },
	.e_b = { -7.0 / 8, -15.0 / 16 * (107.0 / 128),
		1.0 / 2 * (-9.0 / 32 * (-15.0 / 16 * (107.0 / 128)) - 1) },
};

/*
 * soft: j = d = 1/2, J = -b = -1/2 at every step, ds/db = -y'.
 *	eps2 = (1/2 - 7/16) eps1 + 1 = 17/16;  eps3 = (1/2 - 15/32) eps2 + 0 = 17/512
 *	epsb2 = 0 - y1 - 1/2 eb1 = 7/16, eb2 = psi2 (7/16 - 1) = -135/256;
 *	epsb3 = 1/2 epsb2 - y2 - 1/2 eb2 = 7/32 - 1 + 135/512 = -265/512, eb3 = psi3 (-265/512 - 1)
 */
static const struct by_hand soft = {
	.psi = { 7.0 / 8, 15.0 / 16, 9.0 / 32 },
	.e_w = { 7.0 / 8, 15.0 / 16 * (17.0 / 16), 9.0 / 32 * (17.0 / 512) },
	.e_b = { -7.0 / 8, -135.0 / 256, 9.0 / 32 * (-777.0 / 512) },
};

static void run_by_hand(const char *rule, int reset, double want_w, double want_b)
{
	struct piece *p = piece_rhythm("xx.x");
	const struct snn_seq *seq = &p->seq;
	const double readout[2] = { 0.75, -0.25 };
	struct rig g;

	rig_config(&g, 1, 1);
	g.c.network.threshold = 0.5;
	g.c.network.decay = 0.5;
	g.c.network.reset = reset;
	rig_net(&g);
	g.net.matrix[0].init[0] = 0.375f;
	g.net.matrix[1].init[0] = logf(3);
	g.net.matrix[2].init[0] = 2;
	snn_net_bias(&g.net)->value[0] = 0;
	rig_learner(&g, rule, 1);
	/* -log(1/2) - log(1 - 3/4) - log(1/2) = log 16 */
	assert_true(fabs(rig_run(&g, &seq, 1) - log(16)) < 1e-6);
	/* Terms near 1 in float32 cancel to 0.02 in places. */
	assert_near("W", 1, g.net.tensor[0].grad, &want_w, 1e-5);
	assert_near("b", 1, g.net.tensor[1].grad, &want_b, 1e-5);
	assert_near("V", 1, g.net.tensor[2].grad, &readout[0], 1e-6);
	assert_near("c", 1, g.net.tensor[3].grad, &readout[1], 1e-6);
	rig_done(&g);
	free(p);
}

/*
 * The same gradient backwards, full reset: ds(t) = psi(t) dy(t) + j(t+1) ds(t+1), dy(t) = V err(t) +
 * J(t+1) ds(t+1), in units of V: ds3 = 1/2 * -1/2 = -1/4;
 *	dy2 = 3/4 + J3 ds3 = 3/4 + 9/128 = 105/128, ds2 = 15/16 * 105/128 + 0 = 1575/2048
 *	dy1 = -1/2 + J2 ds2 = -1/2 - 3/16 * 1575/2048, ds1 = 7/8 dy1 + 1/2 ds2
 *	gW = ds1 + ds2 (inputs 1, 1, 0);  gb = -(psi1 dy1 + psi2 dy2 + psi3 dy3), dy3 = -1/2
 */
static void bptt_by_hand_with_full_reset(void **state)
{
	double v = log(3), ds2 = 1575.0 / 2048, dy1 = -0.5 - 3.0 / 16 * ds2;
	double ds1 = 7.0 / 8 * dy1 + ds2 / 2;

	(void)state;
	run_by_hand("bptt", SNN_RESET_FULL, v * (ds1 + ds2),
		-v * (7.0 / 8 * dy1 + 15.0 / 16 * (105.0 / 128) + 1.0 / 2 * -0.5));
}

/*
 * Soft reset: ds3 = 9/32 * -1/2 = -9/64;  dy2 = 3/4 - 1/2 ds3, ds2 = 15/16 dy2 + 1/2 ds3;
 *	dy1 = -1/2 - 1/2 ds2, ds1 = 7/8 dy1 + 1/2 ds2;  gb has the -b y' of the step after, too: - y2 ds3
 */
static void bptt_by_hand_with_soft_reset(void **state)
{
	double v = log(3), ds3 = -9.0 / 64, dy2 = 0.75 - ds3 / 2, ds2 = 15.0 / 16 * dy2 + ds3 / 2;
	double dy1 = -0.5 - ds2 / 2, ds1 = 7.0 / 8 * dy1 + ds2 / 2;

	(void)state;
	run_by_hand("bptt", SNN_RESET_SOFT, v * (ds1 + ds2),
		-v * (7.0 / 8 * dy1 + 15.0 / 16 * dy2 + 9.0 / 32 * -0.5 + ds3));
}

static double weigh(const double *signal, const double *e)
{
	return signal[0] * e[0] + signal[1] * e[1] + signal[2] * e[2];
}

static void ostl_by_hand(void **state)
{
	double v = log(3);

	(void)state;
	run_by_hand("ostl", SNN_RESET_FULL, v * weigh(err, full.e_w), v * weigh(err, full.e_b));
	run_by_hand("ostl", SNN_RESET_SOFT, v * weigh(err, soft.e_w), v * weigh(err, soft.e_b));
}

/* L = B y* = 2, 0, 2 */
static const double projected[3] = { 2, 0, 2 };

static void osttp_by_hand(void **state)
{
	(void)state;
	run_by_hand(
		"osttp", SNN_RESET_FULL, weigh(projected, full.e_w), weigh(projected, full.e_b));
	run_by_hand(
		"osttp", SNN_RESET_SOFT, weigh(projected, soft.e_w), weigh(projected, soft.e_b));
}

/* e = psi x with x = 1, 1, 0: gW = 2 psi1, gb = -2 psi1 - 2 psi3. */
static void drtp_by_hand(void **state)
{
	(void)state;
	run_by_hand("drtp", SNN_RESET_FULL, 2 * full.psi[0], -2 * (full.psi[0] + full.psi[2]));
	run_by_hand("drtp", SNN_RESET_SOFT, 2 * soft.psi[0], -2 * (soft.psi[0] + soft.psi[2]));
}

/* B in the place of V: the same numbers with 2 for log 3. */
static void rules_with_random_feedback_by_hand(void **state)
{
	double ds2 = 1575.0 / 2048, dy1 = -0.5 - 3.0 / 16 * ds2, ds1 = 7.0 / 8 * dy1 + ds2 / 2;
	double w = 2 * (ds1 + ds2);
	double b = -2 * (7.0 / 8 * dy1 + 15.0 / 16 * (105.0 / 128) + 1.0 / 2 * -0.5);

	(void)state;
	run_by_hand("fa", SNN_RESET_FULL, w, b);
	run_by_hand("dfa", SNN_RESET_FULL, w, b);
	run_by_hand("ostl-rnd", SNN_RESET_FULL, 2 * weigh(err, full.e_w), 2 * weigh(err, full.e_b));
	run_by_hand("ostl-rnd", SNN_RESET_SOFT, 2 * weigh(err, soft.e_w), 2 * weigh(err, soft.e_b));
}

/* eps = 1, 1 + 1/2, 3/4; e = psi eps for W and -psi for b, whatever the reset. */
static void eprop_by_hand(void **state)
{
	const struct by_hand *reset[2] = { [SNN_RESET_FULL] = &full, [SNN_RESET_SOFT] = &soft };

	(void)state;
	for (int r = SNN_RESET_FULL; r <= SNN_RESET_SOFT; r++) {
		const double *psi = reset[r]->psi;
		double e_w[3] = { psi[0], 1.5 * psi[1], 0.75 * psi[2] };
		double v = log(3);

		run_by_hand("eprop", r, v * weigh(err, e_w), -v * weigh(err, psi));
		run_by_hand("eprop-rnd", r, 2 * weigh(err, e_w), -2 * weigh(err, psi));
	}
}

/* ---- identities ---- */

/* Gradients of a rule on one piece of a net with B from `fill` (NULL: as drawn). */
static void run_rule(struct rig *g, const char *rule, int reset, bool two_layers,
	void (*fill)(struct snn_net *net))
{
	struct piece *p = piece_random(11, 40, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;

	rig_config(g, N_KEY, 7);
	if (two_layers)
		rig_config2(g, N_KEY, 7, 5);
	g->c.network.reset = reset;
	g->is_layered = snn_rule_find(rule)->is_layered;
	rig_net(g);
	if (fill)
		fill(&g->net);
	rig_learner(g, rule, 1);
	rig_run(g, &seq, 1);
	free(p);
}

static void fa_dfa_and_ostl_rnd_are_one_for_one_layer(void **state)
{
	(void)state;
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		struct rig fa, dfa, rnd;

		run_rule(&fa, "fa", reset, false, NULL);
		run_rule(&dfa, "dfa", reset, false, NULL);
		run_rule(&rnd, "ostl-rnd", reset, false, NULL);
		assert_gradients_near(&dfa.net, &fa.net, 1e-6);
		assert_gradients_near(&rnd.net, &fa.net, 1e-6);
		rig_done(&fa);
		rig_done(&dfa);
		rig_done(&rnd);
	}
}

/* B_l = transposes of V and of the W above. */
static void align(struct snn_net *net)
{
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct snn_matrix *b = &net->matrix[snn_net_b_fb(net, l)];
		const struct snn_matrix *w = &net->matrix[l + 1]; /* the next W, or V */

		for (uint32_t i = 0; i < b->n_row; i++) {
			for (uint32_t k = 0; k < b->n_col; k++)
				b->init[i * b->n_col + k] = w->init[k * w->n_col + i];
		}
	}
}

static void fa_with_the_forward_weights_is_bptt(void **state)
{
	(void)state;
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		struct rig fa, bptt;

		run_rule(&fa, "fa", reset, true, align);
		run_rule(&bptt, "bptt", reset, true, NULL);
		assert_gradients_near(&fa.net, &bptt.net, 1e-6);
		rig_done(&fa);
		rig_done(&bptt);
	}
}

/* One recurrent layer. */
static void run_recurrent(struct rig *g, const char *rule, int reset, int trace)
{
	struct piece *p = piece_random(13, 40, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;

	rig_config(g, N_KEY, 7);
	g->c.network.recurrent = true;
	g->c.network.h_scale = 2;
	g->c.network.reset = reset;
	g->c.train.trace = trace;
	rig_net(g);
	rig_learner(g, rule, 1);
	rig_run(g, &seq, 1);
	free(p);
}

/* Exact traces follow H; the diagonal ones leave its paths out, alike in both forms. */
static void exact_traces_make_ostl_bptt_for_a_recurrent_layer(void **state)
{
	(void)state;
	for (int reset = SNN_RESET_FULL; reset <= SNN_RESET_SOFT; reset++) {
		struct rig exact, bptt, event, dense;
		double off = 0;

		run_recurrent(&bptt, "bptt", reset, SNN_TRACE_AUTO);
		run_recurrent(&exact, "ostl", reset, SNN_TRACE_EXACT);
		run_recurrent(&event, "ostl", reset, SNN_TRACE_EVENT);
		run_recurrent(&dense, "ostl", reset, SNN_TRACE_DENSE);
		assert_gradients_near(&exact.net, &bptt.net, 1e-5);
		assert_gradients_near(&event.net, &dense.net, 1e-5);
		for (size_t i = 0; i < 7 * 7; i++)
			off += fabs(snn_net_grad_h(&event.net, 0)->grad[i] -
				snn_net_grad_h(&bptt.net, 0)->grad[i]);
		assert_true(off > 1e-2);
		rig_done(&exact);
		rig_done(&bptt);
		rig_done(&event);
		rig_done(&dense);
	}
}

/* ---- what cannot be ---- */

static void refused(const char *rule, int update, int trace, const char *word)
{
	struct rig g;
	struct snn_error e = { "" };

	rig_config(&g, N_KEY, 5);
	g.c.train.update = update;
	g.c.train.trace = trace;
	rig_net(&g);
	assert_int_equal(snn_weights_float_new(&g.w, &g.net, &e), 0);
	assert_int_equal(snn_batch_init(&g.b, &g.net, g.w, 1), 0);
	assert_int_equal(snn_learner_init(&g.le, snn_rule_find(rule), &g.c, &g.b, &e), -EINVAL);
	assert_contains(e.text, word);
	snn_batch_done(&g.b);
	g.w->ops->free(g.w);
	snn_net_done(&g.net);
}

static void bptt_at_every_step_is_refused_in_words(void **state)
{
	(void)state;
	refused("bptt", SNN_UPDATE_STEP, SNN_TRACE_AUTO, "train.update: sequence");
}

static void event_traces_at_every_step_are_refused_in_words(void **state)
{
	(void)state;
	refused("osttp", SNN_UPDATE_STEP, SNN_TRACE_EVENT, "train.trace");
}

static void rules_are_those_that_the_configuration_names(void **state)
{
	size_t n = 0;

	(void)state;
	for (; snn_rules[n]; n++)
		assert_string_equal(snn_rules[n]->name, snn_rule_names[n]);
	assert_null(snn_rule_names[n]);
	assert_null(snn_rule_find("hebb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ostl_is_bptt_for_one_spiking_layer_with_full_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_spiking_layer_with_soft_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_smooth_layer_with_full_reset),
		cmocka_unit_test(ostl_is_bptt_for_one_smooth_layer_with_soft_reset),
		cmocka_unit_test(bptt_of_one_smooth_layer_is_the_derivative),
		cmocka_unit_test(bptt_of_two_smooth_layers_is_the_derivative),
		cmocka_unit_test(ostl_of_one_smooth_layer_is_the_derivative),
		cmocka_unit_test(readout_learns_its_derivative_under_every_rule),
		cmocka_unit_test(ostl_is_traces_with_the_error_of_this_step_carried_back),
		cmocka_unit_test(osttp_is_ostls_traces_with_the_projected_target),
		cmocka_unit_test(drtp_is_psi_and_input_with_the_projected_target),
		cmocka_unit_test(bptt_by_hand_with_full_reset),
		cmocka_unit_test(bptt_by_hand_with_soft_reset),
		cmocka_unit_test(ostl_by_hand),
		cmocka_unit_test(osttp_by_hand),
		cmocka_unit_test(drtp_by_hand),
		cmocka_unit_test(rules_with_random_feedback_by_hand),
		cmocka_unit_test(eprop_by_hand),
		cmocka_unit_test(fa_dfa_and_ostl_rnd_are_one_for_one_layer),
		cmocka_unit_test(fa_with_the_forward_weights_is_bptt),
		cmocka_unit_test(exact_traces_make_ostl_bptt_for_a_recurrent_layer),
		cmocka_unit_test(bptt_at_every_step_is_refused_in_words),
		cmocka_unit_test(event_traces_at_every_step_are_refused_in_words),
		cmocka_unit_test(rules_are_those_that_the_configuration_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
