/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every rule on three neurons, worked by hand: one key, neurons 1 and 2, above them neuron 3, and an
 * output. d = 1/2, b = 1/2, triangular psi of width 1, full reset; W1 = (3/8, 1), W2 = (1, 1/4), V = v =
 * ln 3, c = 0; B1 = (2, -1), B2 = 3. Rhythm x x .: inputs 1, 1, targets 1, 0.
 *
 * step 1  s1 = 3/8              y1 = 0  psi1 = 1 - 1/8 = 7/8
 *         s2 = 1                y2 = 1  psi2 = 1 - 1/2 = 1/2
 *         s3 = 1/4              y3 = 0  psi3 = 1 - 1/4 = 3/4     yhat = 1/2, err = -1/2
 * step 2  s1 = 3/8 + 1/2 3/8    y1 = 1  psi1 = 1 - 1/16 = 15/16
 *         s2 = 1 + 0            y2 = 1  psi2 = 1/2
 *         s3 = 5/4 + 1/2 1/4    y3 = 1  psi3 = 1 - 7/8 = 1/8     yhat = 3/4, err = 3/4
 *
 * NLL = ln 2 + ln 4; gV = y3 err = 3/4, gc = 1/4 for every rule. From step 1 to step 2 j = d (1 - y) and
 * J = -d s are: neuron 1: 1/2, -3/16; neuron 2: 0, -1/2; neuron 3: 1/2, -1/8.
 */
#include <math.h>
#include <stdlib.h>
#include "core_test.h"

static const double err[2] = { -1.0 / 2, 3.0 / 4 };
static const double psi3[2] = { 3.0 / 4, 1.0 / 8 };
static const double b1[2] = { 2, -1 }, b2 = 3;

struct gradient {
	double w1[2], b[2], w2[2], b3;
};

/* c_0: what c is when the rule starts; the sequence is run with c = 0. */
static void run_from(double c_0, const char *rule, double teacher_rate, const struct gradient *want)
{
	struct piece *p = piece_rhythm("xx.");
	const struct snn_seq *seq = &p->seq;
	const double readout[2] = { 3.0 / 4, 1.0 / 4 };
	struct rig g;

	rig_config2(&g, 1, 2, 1);
	g.c.network.threshold = 0.5;
	g.c.network.decay = 0.5;
	g.c.train.teacher_rate = teacher_rate;
	g.c.train.correction = 3.0 / 8;
	g.is_layered = snn_rule_find(rule)->is_layered;
	rig_net(&g);
	g.net.matrix[0].init[0] = 0.375f;
	g.net.matrix[0].init[1] = 1;
	g.net.matrix[1].init[0] = 1;
	g.net.matrix[1].init[1] = 0.25f;
	g.net.matrix[2].init[0] = logf(3);
	g.net.matrix[3].init[0] = (float)b1[0];
	g.net.matrix[3].init[1] = (float)b1[1];
	g.net.matrix[4].init[0] = (float)b2;
	snn_net_bias(&g.net)->value[0] = (float)c_0;
	rig_learner(&g, rule, 1);
	snn_net_bias(&g.net)->value[0] = 0;
	assert_true(fabs(rig_run(&g, &seq, 1) - log(8)) < 1e-6);
	assert_near("W1", 2, g.net.tensor[0].grad, want->w1, 1e-6);
	assert_near("b1", 2, g.net.tensor[1].grad, want->b, 1e-6);
	assert_near("W2", 2, g.net.tensor[2].grad, want->w2, 1e-6);
	assert_near("b2", 1, g.net.tensor[3].grad, &want->b3, 1e-6);
	assert_near("V", 1, g.net.tensor[4].grad, &readout[0], 1e-6);
	assert_near("c", 1, g.net.tensor[5].grad, &readout[1], 1e-6);
	rig_done(&g);
	free(p);
}

static void run(const char *rule, double teacher_rate, const struct gradient *want)
{
	run_from(0, rule, teacher_rate, want);
}

/*
 * Backwards in time. v: what carries err to neuron 3, w: what carries ds3 on to neurons 1 and 2.
 *
 * neuron 3  ds3(2) = 1/8 3/4 v = 3/32 v
 *           dy3(1) = -1/2 v - 1/8 3/32 v = -131/256 v
 *           ds3(1) = 3/4 dy3(1) + 1/2 ds3(2) = -345/1024 v
 *           gW2 = (0 + ds3(2), ds3(1) + ds3(2)),  gb = -(3/4 dy3(1) + 1/8 3/4 v) = 297/1024 v
 * neuron 1  dy1(2) = w1 ds3(2), ds1(2) = 15/16 dy1(2);  dy1(1) = w1 ds3(1) - 3/16 ds1(2),
 *           ds1(1) = 7/8 dy1(1) + 1/2 ds1(2)
 * neuron 2  dy2(2) = w2 ds3(2), ds2(2) = 1/2 dy2(2);  dy2(1) = w2 ds3(1) - 1/2 ds2(2),
 *           ds2(1) = 1/2 dy2(1) + 0
 *           gW1 = ds(1) + ds(2),  gb = -(psi(1) dy(1) + psi(2) dy(2))
 */
static struct gradient backwards(double v, double w1, double w2)
{
	double ds3[2] = { -345.0 / 1024 * v, 3.0 / 32 * v };
	double dy1[2], ds1[2], dy2[2], ds2[2];

	dy1[1] = w1 * ds3[1];
	ds1[1] = 15.0 / 16 * dy1[1];
	dy1[0] = w1 * ds3[0] - 3.0 / 16 * ds1[1];
	ds1[0] = 7.0 / 8 * dy1[0] + ds1[1] / 2;
	dy2[1] = w2 * ds3[1];
	ds2[1] = dy2[1] / 2;
	dy2[0] = w2 * ds3[0] - ds2[1] / 2;
	ds2[0] = dy2[0] / 2;
	return (struct gradient){ .w1 = { ds1[0] + ds1[1], ds2[0] + ds2[1] },
		.b = { -(7.0 / 8 * dy1[0] + 15.0 / 16 * dy1[1]), -(dy2[0] + dy2[1]) / 2 },
		.w2 = { ds3[1], ds3[0] + ds3[1] },
		.b3 = 297.0 / 1024 * v };
}

static void bptt_by_hand(void **state)
{
	struct gradient want = backwards(log(3), 1, 1.0 / 4);

	(void)state;
	run("bptt", 0, &want);
}

/* B1 from layer 2 to layer 1 in the place of W2, B2 in the place of V. */
static void fa_by_hand(void **state)
{
	struct gradient want = backwards(b2, b1[0], b1[1]);

	(void)state;
	run("fa", 0, &want);
}

/* Eligibilities of a step: of W1 for neurons 1, 2, of W2 from 1 and 2, of thresholds. */
struct eligibility {
	double w1[2][2], w2[2][2], b[3][2]; /* [..][step] */
};

/*
 * With the reset, eps(2) = (j + J psi(1)) eps(1) + x(2), epsb(2) = J eb(1), eb = psi (epsb - 1):
 * neuron 1  eps = 1, 1/2 - 3/16 7/8 + 1 = 171/128;  eb = -7/8, 15/16 (21/128 - 1)
 * neuron 2  eps = 1, 0 - 1/2 1/2 + 1 = 3/4;         eb = -1/2, 1/2 (1/4 - 1)
 * neuron 3  from 1: eps = 0, 1;  from 2: eps = 1, 1/2 - 1/8 3/4 + 1 = 45/32
 *           eb = -3/4, 1/8 (3/32 - 1)
 */
static const struct eligibility with_reset = {
	.w1 = { { 7.0 / 8, 15.0 / 16 * (171.0 / 128) }, { 1.0 / 2, 3.0 / 8 } },
	.w2 = { { 0, 1.0 / 8 }, { 3.0 / 4, 45.0 / 256 } },
	.b = { { -7.0 / 8, -15.0 / 16 * (107.0 / 128) }, { -1.0 / 2, -3.0 / 8 },
		{ -3.0 / 4, -29.0 / 256 } },
};

/* Without: eps(2) = 1/2 eps(1) + x(2) = 3/2, 3/2; 1, 3/2; thresholds -psi. */
static const struct eligibility without_reset = {
	.w1 = { { 7.0 / 8, 45.0 / 32 }, { 1.0 / 2, 3.0 / 4 } },
	.w2 = { { 0, 1.0 / 8 }, { 3.0 / 4, 3.0 / 16 } },
	.b = { { -7.0 / 8, -15.0 / 16 }, { -1.0 / 2, -1.0 / 2 }, { -3.0 / 4, -1.0 / 8 } },
};

/* Without any memory: psi x, -psi. */
static const struct eligibility of_this_step = {
	.w1 = { { 7.0 / 8, 15.0 / 16 }, { 1.0 / 2, 1.0 / 2 } },
	.w2 = { { 0, 1.0 / 8 }, { 3.0 / 4, 1.0 / 8 } },
	.b = { { -7.0 / 8, -15.0 / 16 }, { -1.0 / 2, -1.0 / 2 }, { -3.0 / 4, -1.0 / 8 } },
};

static double weigh(const double *l, const double *e)
{
	return l[0] * e[0] + l[1] * e[1];
}

/* l [neuron][step] */
static struct gradient forwards(const double l[3][2], const struct eligibility *e)
{
	return (struct gradient){ .w1 = { weigh(l[0], e->w1[0]), weigh(l[1], e->w1[1]) },
		.b = { weigh(l[0], e->b[0]), weigh(l[1], e->b[1]) },
		.w2 = { weigh(l[2], e->w2[0]), weigh(l[2], e->w2[1]) },
		.b3 = weigh(l[2], e->b[2]) };
}

/* L3 = v err; L1, L2 = W2 psi3 L3 of the same step. */
static void error_of_the_step_by_hand(void **state)
{
	const double v = log(3), l3[2] = { v * err[0], v * err[1] };
	const double l[3][2] = { { psi3[0] * l3[0], psi3[1] * l3[1] },
		{ psi3[0] * l3[0] / 4, psi3[1] * l3[1] / 4 }, { l3[0], l3[1] } };
	struct gradient want = forwards(l, &with_reset);

	(void)state;
	run("ostl", 0, &want);
	want = forwards(l, &without_reset);
	run("eprop", 0, &want);
}

/* L = B err; dfa, backwards in time, comes to the same. */
static void random_feedback_by_hand(void **state)
{
	const double l[3][2] = { { b1[0] * err[0], b1[0] * err[1] },
		{ b1[1] * err[0], b1[1] * err[1] }, { b2 * err[0], b2 * err[1] } };
	struct gradient want = forwards(l, &with_reset);

	(void)state;
	run("ostl-rnd", 0, &want);
	run("dfa", 0, &want);
	want = forwards(l, &without_reset);
	run("eprop-rnd", 0, &want);
}

/* L = B y_star, y_star = 1, 0. etlp with a teacher in every step. */
static void target_projection_by_hand(void **state)
{
	const double l[3][2] = { { b1[0], 0 }, { b1[1], 0 }, { b2, 0 } };
	struct gradient want = forwards(l, &with_reset);

	(void)state;
	run("osttp", 0, &want);
	want = forwards(l, &of_this_step);
	run("drtp", 0, &want);
	want = forwards(l, &without_reset);
	run("etlp", 1, &want);
}

/*
 * Readouts of the layers: 2 y1 - y2 = -1, 1, so without c_0 yhat - y_star = sigmoid(-1) - 1 and
 * sigmoid(1); 3 y3 = 0, 3: sigmoid(0) - 1, sigmoid(3).
 */
static void decolle_by_hand(void **state)
{
	(void)state;
	for (double c_0 = -2; c_0 <= 1; c_0++) {
		double o[4] = { c_0 - 1, c_0 + 1, c_0, c_0 + 3 }, e[4];
		struct gradient want;

		for (int i = 0; i < 4; i++)
			e[i] = 1 / (1 + exp(-o[i])) - (i % 2 ? 0 : 1);
		want = forwards((const double[3][2]){ { b1[0] * e[0], b1[0] * e[1] },
					{ b1[1] * e[0], b1[1] * e[1] }, { b2 * e[2], b2 * e[3] } },
			&without_reset);
		run_from(c_0, "decolle", 0, &want);
	}
}

/*
 * beta = 3/8; B2 from the output, B1 from neuron 3.
 *
 * step 1  3: 1/4 + 3/8 3/2 = 13/16 would fire, e = -1, and beta B1 e = (-3/4, 3/8)
 *         1: 3/8 + 3/4 = 9/8 would fire, e = -1;  2: 1 - 3/8 = 5/8 fires as it did, e = 0
 * step 2  3: 11/8 - 3/8 9/4 = 17/32 fires as it did, e = 0, and so all below
 *
 * gW1 = x e, gW2 = (0, 1) e3, gb = -e of step 1.
 */
static void ptncn_by_hand(void **state)
{
	const struct gradient want = { .w1 = { -1, 0 }, .b = { 1, 0 }, .w2 = { 0, -1 }, .b3 = 1 };

	(void)state;
	run("ptncn", 0, &want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bptt_by_hand),
		cmocka_unit_test(fa_by_hand),
		cmocka_unit_test(error_of_the_step_by_hand),
		cmocka_unit_test(random_feedback_by_hand),
		cmocka_unit_test(target_projection_by_hand),
		cmocka_unit_test(decolle_by_hand),
		cmocka_unit_test(ptncn_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
