/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes into pulses and back: on model ideal a SET adds exactly 1 uS, so that every pulse can be
 * counted twice: by the board's statistics and by what the devices read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips_rig.h"

#define IDEAL "emu:?model=ideal&chips=2&seed=5"
#define NOISY "emu:?model=nandakumar2018&chips=2&seed=5"

/* Nothing owed from programming, every device in RESET: tests start from 0. */
static void from_zero(struct chips_rig *q, uint32_t i_matrix)
{
	const struct snn_matrix *m = &q->g.net.matrix[i_matrix];
	struct snn_cells *c = &q->ch->cells[i_matrix];
	struct xbar_patch at = snn_patch_of(&q->ch->plan.tile[q->ch->plan.cut[i_matrix].first]);
	size_t n = snn_n_cell(m);
	float *g = calloc(n, XBAR_N_DEVICE * sizeof(*g));

	assert_non_null(g);
	assert_int_equal(xbar_program(q->ch->board[0], &at, g, NULL, NULL), 0);
	memset(c->chi, 0, n * sizeof(*c->chi));
	memset(c->n_pulse, 0, n * XBAR_N_DEVICE);
	memset(c->next, 0, n);
	free(g);
}

static void open_at_zero(struct chips_rig *q, const char *uri, int scheme)
{
	chips_config(q, uri, 20, 12);
	q->g.c.update.scheme = scheme;
	chips_open(q, true);
	from_zero(q, 0);
}

/* One cell's devices in uS, rounded: exact on model ideal. */
static void assert_devices(struct chips_rig *q, size_t cell, int d0, int d1, int d2, int d3)
{
	float *g = chips_devices(q, 0);
	const int want[XBAR_N_DEVICE] = { d0, d1, d2, d3 };

	for (int d = 0; d < XBAR_N_DEVICE; d++)
		assert_true(
			fabsf(1e6f * g[cell * XBAR_N_DEVICE + (size_t)d] - (float)want[d]) < 1e-4f);
	free(g);
}

static void mixed_precision_sends_whole_steps_and_keeps_the_rest(void **state)
{
	struct chips_rig q;
	float delta[20 * 12] = { 0 }, step;
	uint64_t before;

	(void)state;
	open_at_zero(&q, IDEAL, SNN_MIXED_PRECISION);
	step = q.ch->k[0] * 1e-6f;
	before = chips_stats_of(&q).n_set;
	delta[17] = 2.5f * step;   /* device 0, then 1 */
	delta[18] = -1.25f * step; /* device 2 */
	delta[239] = 0.75f * step; /* nothing yet; last of the scan's last group */
	chips_change(&q, 0, delta, 1);
	assert_int_equal(chips_stats_of(&q).n_set - before, 3);
	assert_devices(&q, 17, 1, 1, 0, 0);
	assert_devices(&q, 18, 0, 0, 1, 0);
	assert_devices(&q, 239, 0, 0, 0, 0);
	assert_true(fabsf(q.ch->cells[0].chi[17] - 0.5f * step) < 1e-5f * step);
	assert_true(fabsf(q.ch->cells[0].chi[18] + 0.25f * step) < 1e-5f * step);
	chips_change(&q, 0, delta, 2); /* chi 3.0, -1.5, 1.5: pulses 3 (or 2 by rounding), 1, 1 */
	assert_devices(&q, 18, 0, 0, 1, 1);
	assert_devices(&q, 239, 1, 0, 0, 0);
	assert_true(fabsf(q.ch->cells[0].chi[239] - 0.5f * step) < 1e-5f * step);
	chips_done(&q);
}

static void no_more_than_max_pulses_go_at_once(void **state)
{
	struct chips_rig q;
	float delta[20 * 12] = { 0 };
	uint64_t before;

	(void)state;
	chips_config(&q, IDEAL, 20, 12);
	q.g.c.update.max_pulses = 3;
	chips_open(&q, true);
	from_zero(&q, 0);
	before = chips_stats_of(&q).n_set;
	delta[5] = 7.5f * q.ch->k[0] * 1e-6f;
	chips_change(&q, 0, delta, 1);
	assert_int_equal(chips_stats_of(&q).n_set - before, 3);
	delta[5] = 0;
	chips_change(&q, 0, delta, 2);
	chips_change(&q, 0, delta, 3);
	chips_change(&q, 0, delta, 4);
	assert_int_equal(chips_stats_of(&q).n_set - before, 7);
	assert_devices(&q, 5, 4, 3, 0, 0);
	chips_done(&q);
}

/* Also what fills the list of pulses several times over. */
static void every_cell_can_change_at_once(void **state)
{
	struct chips_rig q;
	float *delta, step;
	uint64_t before;

	(void)state;
	open_at_zero(&q, IDEAL, SNN_MIXED_PRECISION);
	step = q.ch->k[0] * 1e-6f;
	delta = calloc(240, sizeof(*delta));
	assert_non_null(delta);
	for (int i = 0; i < 240; i++)
		delta[i] = (i % 2 ? 1 : -1) * 9.5f * step;
	before = chips_stats_of(&q).n_set;
	chips_change(&q, 0, delta, 1);
	assert_int_equal(chips_stats_of(&q).n_set - before, 9 * 240);
	assert_devices(&q, 101, 5, 4, 0, 0);
	assert_devices(&q, 238, 0, 0, 5, 4);
	free(delta);
	chips_done(&q);
}

static void a_matrix_without_a_change_gets_no_pulse(void **state)
{
	struct chips_rig q;
	const float *none[SNN_MAX_MATRIX] = { NULL };
	uint64_t before;

	(void)state;
	chips_config(&q, NOISY, 20, 12);
	chips_open(&q, true);
	before = chips_stats_of(&q).n_set;
	assert_int_equal(q.w->ops->update(q.w, none, 1, NULL), 0);
	assert_int_equal(chips_stats_of(&q).n_set, before);
	chips_done(&q);
}

/*
 * 0.3 of a step to every cell is 0.3 pulses in the mean: over 240 cells and 40 updates the sd of the
 * mean is sqrt(0.21 / 9600) = 0.0047; four of them. Both signs; 1.3 steps is one pulse more.
 */
static void stochastic_rounding_is_right_in_the_mean(void **state)
{
	static const float change[] = { 0.3f, -0.3f, 1.3f };

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct chips_rig q;
		float delta[240], step;
		uint64_t before, n = 0;

		open_at_zero(&q, IDEAL, SNN_STOCHASTIC);
		step = q.ch->k[0] * 1e-6f;
		for (int i = 0; i < 240; i++)
			delta[i] = change[k] * step;
		for (uint64_t t = 1; t <= 40; t++) {
			before = chips_stats_of(&q).n_set;
			chips_change(&q, 0, delta, t);
			n += chips_stats_of(&q).n_set - before;
			for (int i = 0; i < 960; i++) /* the step of a device far from g_max */
				q.ch->cells[0].n_pulse[i] %= 8;
		}
		assert_true(fabs((double)n / 9600 - fabs((double)change[k])) < 4 * 0.0047);
		assert_true(q.ch->cells[0].chi[3] == 0);
		chips_done(&q);
	}
}

/* The rounding depends on seed and update only: two rigs do the same, other updates another. */
static void stochastic_rounding_is_reproducible(void **state)
{
	struct chips_rig q[3];
	float delta[240];

	(void)state;
	for (int k = 0; k < 3; k++) {
		open_at_zero(&q[k], IDEAL, SNN_STOCHASTIC);
		for (int i = 0; i < 240; i++)
			delta[i] = 0.5f * q[k].ch->k[0] * 1e-6f;
		chips_change(&q[k], 0, delta, k == 2 ? 78 : 77);
	}
	assert_memory_equal(q[0].ch->cells[0].n_pulse, q[1].ch->cells[0].n_pulse, 960);
	assert_memory_not_equal(q[0].ch->cells[0].n_pulse, q[2].ch->cells[0].n_pulse, 960);
	for (int k = 0; k < 3; k++)
		chips_done(&q[k]);
}

/* Random choice: each device of the pair gets about half: 4 sd of 2400 coins is 98. */
static void random_devices_share_the_pulses(void **state)
{
	struct chips_rig q;
	float delta[240], *g;
	double sum[4] = { 0 };

	(void)state;
	chips_config(&q, IDEAL, 20, 12);
	q.g.c.update.device = SNN_RANDOM_DEVICE;
	chips_open(&q, true);
	from_zero(&q, 0);
	for (int i = 0; i < 240; i++)
		delta[i] = 5.1f * q.ch->k[0] * 1e-6f;
	chips_change(&q, 0, delta, 1);
	g = chips_devices(&q, 0);
	for (int i = 0; i < 960; i++)
		sum[i % 4] += 1e6 * (double)g[i];
	assert_true(fabs(sum[0] + sum[1] - 1200) < 0.01);
	assert_true(fabs(sum[0] - 600) < 70); /* 4 sqrt(1200) / 2 */
	assert_true(sum[2] == 0 && sum[3] == 0);
	free(g);
	chips_done(&q);
}

/* One pulse for 0.5 steps and more, none for less, and never two; nothing is kept for later. */
static void sign_sends_one_pulse_for_what_is_large_enough(void **state)
{
	struct chips_rig q;
	float delta[20 * 12] = { 0 }, step;
	uint64_t before;

	(void)state;
	open_at_zero(&q, IDEAL, SNN_SIGN);
	q.g.c.update.sign_threshold = 0.5;
	step = q.ch->k[0] * 1e-6f;
	before = chips_stats_of(&q).n_set;
	delta[3] = 7.3f * step;
	delta[4] = -0.51f * step;
	delta[5] = 0.49f * step;
	chips_change(&q, 0, delta, 1);
	assert_int_equal(chips_stats_of(&q).n_set - before, 2);
	assert_devices(&q, 3, 1, 0, 0, 0);
	assert_devices(&q, 4, 0, 0, 1, 0);
	chips_change(&q, 0, delta, 2);
	assert_devices(&q, 3, 1, 1, 0, 0);
	assert_devices(&q, 4, 0, 0, 1, 1);
	assert_devices(&q, 5, 0, 0, 0, 0);
	assert_true(q.ch->cells[0].chi[3] == 0 && q.ch->cells[0].chi[5] == 0);
	chips_done(&q);
}

/* Three pulses ahead on device 1: the next three go to device 0, then it is turns again. */
static void the_device_with_fewer_pulses_is_the_lowest(void **state)
{
	struct chips_rig q;
	float delta[20 * 12] = { 0 };
	struct xbar_pulse ahead = { .row = 0, .col = 7, .device = 1, .kind = XBAR_SET, .n = 3 };

	(void)state;
	chips_config(&q, IDEAL, 20, 12);
	q.g.c.update.device = SNN_LOWEST_DEVICE;
	chips_open(&q, true);
	from_zero(&q, 0);
	assert_int_equal(xbar_pulse(q.ch->board[0], &ahead, 1), 0);
	q.ch->cells[0].n_pulse[7 * XBAR_N_DEVICE + 1] = 3;
	delta[7] = 3.01f * q.ch->k[0] * 1e-6f;
	chips_change(&q, 0, delta, 1);
	assert_devices(&q, 7, 3, 3, 0, 0);
	delta[7] = 4 * q.ch->k[0] * 1e-6f;
	chips_change(&q, 0, delta, 2);
	assert_devices(&q, 7, 5, 5, 0, 0);
	chips_done(&q);
}

/*
 * On noisy devices the pulses of a pair end less than one apart: that is what it is for. Round-robin
 * after a random start differs by more.
 */
static void lowest_evens_out_what_refresh_left(void **state)
{
	struct chips_rig q;
	float delta[240];

	(void)state;
	chips_config(&q, NOISY, 20, 12);
	q.g.c.update.device = SNN_LOWEST_DEVICE;
	chips_open(&q, true);
	for (int i = 0; i < 240; i++) {
		delta[i] = 8 * q.ch->k[0] * q.ch->step[0];
		q.ch->cells[0].n_pulse[4 * i] = (uint8_t)(i % 5);
		q.ch->cells[0].n_pulse[4 * i + 1] = (uint8_t)(i % 3);
	}
	memset(q.ch->cells[0].chi, 0, sizeof(delta));
	chips_change(&q, 0, delta, 1);
	for (int i = 0; i < 240; i++)
		assert_in_range(
			q.ch->cells[0].n_pulse[4 * i] + 1 - q.ch->cells[0].n_pulse[4 * i + 1], 0,
			2);
	chips_done(&q);
}

/*
 * One device a polarity: the same range of weights, so that a pulse is worth two; initial weights,
 * pulses of every choice of a device, and refresh use devices 0 and 2 alone.
 */
static void two_devices_hold_a_weight_and_the_others_stay_reset(void **state)
{
	(void)state;
	for (int device = SNN_ROUND_ROBIN; device <= SNN_LOWEST_DEVICE; device++) {
		struct chips_rig q;
		float delta[240] = { 0 }, *w, *g;
		float step, most = 0;

		chips_config(&q, IDEAL, 20, 12);
		q.g.c.chips.devices = SNN_TWO_DEVICES;
		q.g.c.update.device = device;
		chips_open(&q, true);
		step = q.ch->k[0] * 1e-6f;
		assert_true(fabs((double)q.ch->k[0] * q.g.c.chips.g_full / q.g.c.chips.w_max - 1) <
			1e-6);
		w = chips_weights(&q, 0);
		g = chips_devices(&q, 0);
		for (int i = 0; i < 240; i++) {
			assert_true(fabsf(w[i] - q.g.net.matrix[0].init[i]) < 1e-3f * step);
			assert_true(g[4 * i + 1] == 0 && g[4 * i + 3] == 0);
			most = fmaxf(most, g[4 * i]);
		}
		assert_true(most > 1e-6f); /* there are weights */
		free(w);
		free(g);
		from_zero(&q, 0);
		delta[17] = 3.5f * step;
		delta[18] = -2.5f * step;
		chips_change(&q, 0, delta, 1);
		assert_devices(&q, 17, 3, 0, 0, 0);
		assert_devices(&q, 18, 0, 0, 2, 0);
		delta[17] = -9.75f * step; /* with the half step that was left */
		delta[18] = 0;
		chips_change(&q, 0, delta, 2);
		assert_devices(&q, 17, 3, 0, 9, 0);
		q.g.c.update.refresh_fraction = 0.7;
		q.g.c.update.refresh_pulses = 9;
		assert_int_equal(snn_chips_refresh(q.ch, NULL), 0);
		assert_int_equal(q.ch->n_refresh, 1);
		assert_devices(&q, 17, 0, 0, 6, 0);
		chips_done(&q);
	}
}

/*
 * One device of G in place of two of G, and k twice as large: what programming misses at random makes
 * sqrt(2) times the error in weights; what it misses alike in all devices (drift since then) the same.
 */
static void weights_of_two_devices_are_less_exact(void **state)
{
	double rms[2];

	(void)state;
	for (int k = SNN_TWO_DEVICES; k <= SNN_FOUR_DEVICES; k++) {
		struct chips_rig q;
		double sum = 0;
		float *w;

		chips_config(&q, NOISY, 80, 60);
		q.g.c.network.w_scale = 9;
		q.g.c.chips.devices = k;
		chips_open(&q, true);
		w = chips_weights(&q, 0);
		for (size_t i = 0; i < 4800; i++)
			sum += pow((double)(w[i] - q.g.net.matrix[0].init[i]), 2);
		rms[k] = sqrt(sum / 4800);
		free(w);
		chips_done(&q);
	}
	if (!(rms[0] > 1.1 * rms[1] && rms[0] < 1.5 * rms[1]))
		fail_msg("rms error %g of two devices, %g of four", rms[0], rms[1]);
}

/* 20 x 300 is two tiles on two chips; 300 x 20 two more, one below the other: pulses find their cell. */
static void pulses_reach_the_cells_of_tiles(void **state)
{
	static const struct {
		uint32_t i_matrix;
		size_t cell; /* around the border: columns 149 and 150, rows 149 and 150 */
	} at[] = { { 0, 7 * 300 + 149 }, { 0, 7 * 300 + 150 }, { 0, 19 * 300 + 299 },
		{ 1, 149 * 20 + 3 }, { 1, 150 * 20 + 3 }, { 1, 299 * 20 + 19 } };
	struct chips_rig q;

	(void)state;
	chips_config(&q, "emu:?model=ideal&chips=4", 20, 300);
	q.g.c.update.scheme = SNN_STOCHASTIC;
	chips_open(&q, true);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		float *before = chips_weights(&q, at[i].i_matrix), *after, *delta;

		delta = calloc(6000, sizeof(*delta));
		assert_non_null(delta);
		delta[at[i].cell] = 2 * q.ch->k[at[i].i_matrix] * 1e-6f;
		chips_change(&q, at[i].i_matrix, delta, i + 1);
		after = chips_weights(&q, at[i].i_matrix);
		for (size_t c = 0; c < 6000; c++)
			assert_true(fabsf(after[c] - before[c] - delta[c]) < 1e-6f);
		free(before);
		free(after);
		free(delta);
	}
	chips_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_precision_sends_whole_steps_and_keeps_the_rest),
		cmocka_unit_test(no_more_than_max_pulses_go_at_once),
		cmocka_unit_test(every_cell_can_change_at_once),
		cmocka_unit_test(a_matrix_without_a_change_gets_no_pulse),
		cmocka_unit_test(stochastic_rounding_is_right_in_the_mean),
		cmocka_unit_test(stochastic_rounding_is_reproducible),
		cmocka_unit_test(random_devices_share_the_pulses),
		cmocka_unit_test(sign_sends_one_pulse_for_what_is_large_enough),
		cmocka_unit_test(the_device_with_fewer_pulses_is_the_lowest),
		cmocka_unit_test(lowest_evens_out_what_refresh_left),
		cmocka_unit_test(two_devices_hold_a_weight_and_the_others_stay_reset),
		cmocka_unit_test(weights_of_two_devices_are_less_exact),
		cmocka_unit_test(pulses_reach_the_cells_of_tiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
