/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every rule's gradients for a network small enough to be worked by hand; the working is in the comments. */
#include <math.h>
#include <stdlib.h>
#include "core_test.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bptt_by_hand_with_full_reset),
		cmocka_unit_test(bptt_by_hand_with_soft_reset),
		cmocka_unit_test(ostl_by_hand),
		cmocka_unit_test(osttp_by_hand),
		cmocka_unit_test(drtp_by_hand),
		cmocka_unit_test(rules_with_random_feedback_by_hand),
		cmocka_unit_test(eprop_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
