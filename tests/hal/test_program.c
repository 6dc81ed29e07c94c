/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_program.c - program-and-verify by pulses and reads. Bounds are what program.c's comment
 * documents for nandakumar2018, measured by reading 64 times, with room for another seed.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "xbar.h"

#define N_CELL   32
#define N_DEVICE (N_CELL * N_CELL * XBAR_N_DEVICE)

static const struct xbar_patch patch = { 0, 100, N_CELL, 7, N_CELL };
static float target[N_DEVICE], got[N_DEVICE];

static struct xbar *open_board(const char *uri)
{
	struct xbar *x;

	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	return x;
}

static void read_mean(struct xbar *x)
{
	static float once[N_DEVICE];

	memset(got, 0, sizeof(got));
	for (int k = 0; k < 64; k++) {
		assert_int_equal(xbar_read(x, &patch, 1, once), 0);
		for (size_t i = 0; i < N_DEVICE; i++)
			got[i] += once[i] / 64;
	}
}

static double rms(void)
{
	double sum = 0.0;

	for (size_t i = 0; i < N_DEVICE; i++)
		sum += pow((double)(got[i] - target[i]), 2.0);
	return sqrt(sum / N_DEVICE);
}

/* Program all devices to g, or uniformly in 0.2e-6 .. 10e-6 S for g = 0; the true rms error, S. */
static double program_to(struct xbar *x, float g, const struct xbar_program_options *opt,
	struct xbar_program_stats *ret)
{
	uint32_t lcg = 1;

	for (size_t i = 0; i < N_DEVICE; i++) {
		lcg = lcg * 1664525u + 1013904223u;
		target[i] = g > 0.0f ? g : 0.2e-6f + 9.8e-6f * (float)(lcg >> 8) / 16777216.0f;
	}
	assert_int_equal(xbar_program(x, &patch, target, opt, ret), 0);
	read_mean(x);
	return rms();
}

static void defaults_reach_what_is_documented(void **state)
{
	static const struct {
		float g;
		double rms; /* S, documented */
	} all[] = { { 3e-6f, 0.25e-6 }, { 5e-6f, 0.29e-6 }, { 8e-6f, 0.45e-6 }, { 10e-6f, 0.69e-6 },
		{ 0.0f, 0.38e-6 } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct xbar *x = open_board("emu:?chips=1&seed=11");
		struct xbar_program_stats s;
		double e = program_to(x, all[i].g, NULL, &s);

		assert_true(e < 1.15 * all[i].rms);
		/* What it reports has the noise of its 4 reads on top. */
		assert_true((double)s.rms_error > e && (double)s.rms_error < e + 0.1e-6);
		assert_int_equal(s.n_device, N_DEVICE);
		assert_true(s.n_iter <= 30);
		xbar_close(x);
	}
}

static void more_effort_gets_nearer(void **state)
{
	const struct xbar_program_options opt = { .max_iter = 100, .n_read = 16, .tol = 0.25e-6f };
	struct xbar *x = open_board("emu:?chips=1&seed=11");
	struct xbar_program_stats s;

	(void)state;
	assert_true(program_to(x, 0.0f, &opt, &s) < 1.15 * 0.15e-6);
	xbar_close(x);
}

static void what_is_right_already_gets_no_pulse(void **state)
{
	struct xbar *x = open_board("emu:?chips=1&seed=2&read_noise=off");
	struct xbar_stats before, after;
	struct xbar_program_stats s;

	(void)state;
	read_mean(x);
	memcpy(target, got, sizeof(target));
	assert_int_equal(xbar_stats(x, &before), 0);
	assert_int_equal(xbar_program(x, &patch, target, NULL, &s), 0);
	assert_int_equal(xbar_stats(x, &after), 0);
	assert_int_equal(after.n_set, before.n_set);
	assert_int_equal(after.n_reset, before.n_reset);
	assert_int_equal(s.n_iter, 1);
	assert_int_equal(s.n_failed, 0);
	xbar_close(x);
}

/* RESET leaves 0.1 uS, read as 0.1 (1 s / 38.6 s)^-0.04 = 0.116 uS: no failure for a target of 0. */
static void targets_below_reset_count_as_reset(void **state)
{
	const struct xbar_program_options opt = { .tol = 0.06e-6f };
	struct xbar *x = open_board("emu:?chips=1&seed=2&read_noise=off");
	struct xbar_program_stats s;

	(void)state;
	for (size_t i = 0; i < N_DEVICE; i++)
		target[i] = 5e-6f;
	assert_int_equal(xbar_program(x, &patch, target, NULL, NULL), 0);
	memset(target, 0, sizeof(target));
	assert_int_equal(xbar_program(x, &patch, target, &opt, &s), 0);
	assert_int_equal(s.n_failed, 0);
	assert_true(s.rms_error < 0.02e-6f);
	xbar_close(x);
}

static void a_second_program_of_the_same_is_cheap(void **state)
{
	struct xbar *x = open_board("emu:?chips=1&seed=5");
	struct xbar_stats a, b, c;

	(void)state;
	assert_int_equal(xbar_stats(x, &a), 0);
	program_to(x, 4e-6f, NULL, NULL);
	assert_int_equal(xbar_stats(x, &b), 0);
	program_to(x, 4e-6f, NULL, NULL);
	assert_int_equal(xbar_stats(x, &c), 0);
	assert_true(c.n_set - b.n_set < (b.n_set - a.n_set) / 3);
	xbar_close(x);
}

/* set_step 0: no SET moves anything, as on a chip of stuck devices. */
static void devices_that_do_not_move_are_counted_not_an_error(void **state)
{
	struct xbar *x = open_board("emu:?chips=1&set_mean_0=0&set_mean_g=0&set_mean_p=0"
				    "&set_sd_0=0&set_sd_g=0&set_sd_p=0");
	struct xbar_program_stats s;

	(void)state;
	assert_true(program_to(x, 5e-6f, NULL, &s) > 4.8e-6);
	assert_int_equal(s.n_failed, N_DEVICE);
	assert_int_equal(s.n_iter, 30);
	xbar_close(x);
}

static void one_round_is_allowed(void **state)
{
	const struct xbar_program_options opt = { .max_iter = 1, .n_read = 1 };
	struct xbar *x = open_board("emu:?chips=1");
	struct xbar_program_stats s;

	(void)state;
	program_to(x, 2e-6f, &opt, &s);
	assert_int_equal(s.n_iter, 1);
	xbar_close(x);
}

static void an_ideal_chip_programs_itself(void **state)
{
	struct xbar *x = open_board("emu:?chips=1&preset=ideal");
	struct xbar_program_stats s;
	struct xbar_stats stats;

	(void)state;
	assert_true(xbar_info(x)->caps & XBAR_CAP_PROGRAM);
	program_to(x, 0.0f, NULL, &s);
	assert_true(s.rms_error == 0.0f);
	assert_int_equal(s.n_failed, 0);
	assert_int_equal(s.n_device, N_DEVICE);
	assert_int_equal(xbar_stats(x, &stats), 0);
	assert_int_equal(stats.n_program, N_DEVICE);
	assert_int_equal(stats.n_set, 0);
	xbar_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_reach_what_is_documented),
		cmocka_unit_test(more_effort_gets_nearer),
		cmocka_unit_test(what_is_right_already_gets_no_pulse),
		cmocka_unit_test(targets_below_reset_count_as_reset),
		cmocka_unit_test(a_second_program_of_the_same_is_cheap),
		cmocka_unit_test(devices_that_do_not_move_are_counted_not_an_error),
		cmocka_unit_test(one_round_is_allowed),
		cmocka_unit_test(an_ideal_chip_programs_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
