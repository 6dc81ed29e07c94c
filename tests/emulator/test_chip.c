/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emulator_test.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define T_MAX (UINT64_C(1) << 62)

static const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
static float big[N_DEVICE_ALL];

static struct pcm_stats stats(const struct pcm_chip *c)
{
	struct pcm_stats s;
	pcm_chip_stats(c, &s);
	return s;
}

static void wrong_parameters_make_no_chip(void **state)
{
	struct pcm_params prm;
	struct pcm_chip *c = NULL;
	(void)state;
	pcm_params_default(&prm);
	prm.model = 99;
	assert_int_equal(pcm_chip_new(&c, &prm, 0), -EINVAL);
	pcm_params_default(&prm);
	prm.g_min = prm.g_max;
	assert_int_equal(pcm_chip_new(&c, &prm, 0), -EINVAL);
	pcm_params_default(&prm);
	prm.drift_t0 = NAN;
	assert_int_equal(pcm_chip_new(&c, &prm, 0), -EINVAL);
	pcm_params_default(&prm);
	assert_int_equal(pcm_chip_new(&c, &prm, 1 << 24), -EINVAL);
	assert_null(c);
	pcm_chip_free(NULL);
}

/* Runs a call that must fail with `expected`, and checks that nothing moved. */
#define ASSERT_REFUSED(c, call, expected)                    \
	do {                                                 \
		size_t n_state;                              \
		void *before = state_of(c, &n_state);        \
		assert_int_equal(call, expected);            \
		void *after = state_of(c, &n_state);         \
		assert_memory_equal(before, after, n_state); \
		free(before);                                \
		free(after);                                 \
	} while (0)

static void wrong_mvm_leaves_the_chip_as_it_was(void **state)
{
	int8_t in[256] = { 1, 2, 3 }, minus_128[2] = { 5, -128 };
	int16_t out[256];
	const struct pcm_mvm good = {
		.n_row = 2, .n_col = 2, .n_vec = 1, .input = PCM_INPUT_INT8, .in = in, .out = out
	};
	struct pcm_mvm bad[10];
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	for (size_t i = 0; i < N_LIST(bad); i++)
		bad[i] = good;
	bad[0].n_row = 0;
	bad[1].n_col = 0;
	bad[2].row = 255;
	bad[3].col = 255;
	bad[4].n_row = 257;
	bad[5].row = UINT32_MAX;
	bad[6].n_col = UINT32_MAX;
	bad[7].in = minus_128;
	bad[8].input = (enum pcm_input)2;
	bad[9].out = NULL;
	for (size_t i = 0; i < N_LIST(bad); i++)
		ASSERT_REFUSED(c, pcm_chip_mvm(c, &bad[i]), -EINVAL);
	pcm_chip_free(c);
}

static void one_wrong_pulse_refuses_the_whole_list(void **state)
{
	struct pcm_pulse p[20],
		bad[] = {
			{ .row = 256, .n = 1 },
			{ .col = 256, .n = 1 },
			{ .device = 4, .n = 1 },
			{ .kind = 2, .n = 1 },
			{ .n = 0 },
			{ .row = 65535, .col = 65535, .device = 255, .kind = 255, .n = 65535 },
		};
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	for (size_t i = 0; i < N_LIST(bad); i++) {
		draw_pulses(p, 20);
		p[draw(20)] = bad[i];
		ASSERT_REFUSED(c, pcm_chip_pulse(c, p, 20), -EINVAL);
	}
	pcm_chip_free(c);
}

static void wrong_patches_and_ranges_are_refused(void **state)
{
	struct pcm_patch outside[] = { { 0, 0, 0, 1 }, { 0, 1, 0, 0 }, { 256, 1, 0, 1 },
		{ 0, 257, 0, 1 }, { 255, 2, 0, 1 }, { 0, 1, 1, 256 }, { 1, UINT32_MAX, 0, 1 } };
	struct pcm_chip *c = make_chip("model=ideal", 0);
	(void)state;
	for (size_t i = 0; i < N_LIST(outside); i++) {
		ASSERT_REFUSED(c, pcm_chip_read(c, &outside[i], big), -EINVAL);
		ASSERT_REFUSED(c, pcm_chip_truth(c, &outside[i], big), -EINVAL);
		ASSERT_REFUSED(c, pcm_chip_program(c, &outside[i], big), -EINVAL);
	}
	ASSERT_REFUSED(c, pcm_chip_adc(c, 0, 257, 1e-6f), -EINVAL);
	ASSERT_REFUSED(c, pcm_chip_adc(c, 256, 1, 1e-6f), -EINVAL);
	ASSERT_REFUSED(c, pcm_chip_adc(c, 0, 1, 0), -EINVAL);
	ASSERT_REFUSED(c, pcm_chip_adc(c, 0, 1, -1e-6f), -EINVAL);
	ASSERT_REFUSED(c, pcm_chip_adc(c, 0, 1, NAN), -EINVAL);
	ASSERT_REFUSED(c, pcm_chip_adc(c, 0, 1, INFINITY), -EINVAL);
	pcm_chip_free(c);
}

static void programming_outside_the_range_is_refused(void **state)
{
	const struct pcm_patch one = { 3, 1, 4, 1 };
	const float g_max = 12e-6f;
	float bad[] = { -1e-9f, 12.1e-6f, NAN, INFINITY };
	struct pcm_chip *c = make_chip("model=ideal", 0), *blind = make_chip("", 0);
	(void)state;
	for (size_t i = 0; i < N_LIST(bad); i++) {
		float g[4] = { 0, g_max, bad[i], 0 };
		ASSERT_REFUSED(c, pcm_chip_program(c, &one, g), -ERANGE);
	}
	ASSERT_REFUSED(blind, pcm_chip_program(blind, &one, (float[4]){ 1e-6f }), -ENOTSUP);
	pcm_chip_free(c);
	pcm_chip_free(blind);
}

static void clock_never_passes_2_to_the_62(void **state)
{
	struct pcm_pulse p = { .n = 65535 };
	uint8_t in[32] = { 1 };
	int16_t out[4];
	struct pcm_mvm m = { .n_row = 1, .n_col = 1, .n_vec = 4, .in = in, .out = out };
	struct pcm_patch row = { 0, 1, 0, 1 };
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	ASSERT_REFUSED(c, pcm_chip_wait(c, T_MAX + 1), -EOVERFLOW);
	ASSERT_REFUSED(c, pcm_chip_wait(c, UINT64_MAX), -EOVERFLOW);
	assert_int_equal(pcm_chip_wait(c, T_MAX - 519), 0);
	ASSERT_REFUSED(c, pcm_chip_wait(c, 520), -EOVERFLOW);
	ASSERT_REFUSED(c, pcm_chip_mvm(c, &m), -EOVERFLOW);         /* 4 x 130 ns */
	ASSERT_REFUSED(c, pcm_chip_read(c, &row, big), -EOVERFLOW); /* 520 ns */
	ASSERT_REFUSED(c, pcm_chip_pulse(c, &p, 1), -EOVERFLOW);
	m.n_vec = 3;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(pcm_chip_wait(c, 129), 0);
	assert_true(stats(c).time == T_MAX);
	pcm_chip_free(c);
}

/* model=ideal alone: set_step 1 uS, g_max 12 uS are the table's defaults. */
static void ideal_devices_do_exactly_as_told(void **state)
{
	struct pcm_patch one = { 100, 1, 200, 1 };
	struct pcm_pulse p[] = { { 100, 200, 0, PCM_SET, 3 }, { 100, 200, 1, PCM_SET, 1 },
		{ 100, 200, 2, PCM_SET, 99 }, { 100, 200, 3, PCM_SET, 5 },
		{ 100, 200, 3, PCM_RESET, 1 } };
	const float step = 1e-6f;
	float g[4];
	struct pcm_chip *c = make_chip("model=ideal", 0);
	(void)state;
	pcm_chip_truth(c, &all, big);
	for (size_t i = 0; i < N_DEVICE_ALL; i++)
		assert_true(big[i] == 0);
	assert_int_equal(pcm_chip_pulse(c, p, N_LIST(p)), 0);
	assert_int_equal(pcm_chip_wait(c, UINT64_C(1) << 60), 0);
	assert_int_equal(pcm_chip_read(c, &one, g), 0);
	assert_true(g[0] == step + step + step);
	assert_true(g[1] == step);
	assert_true(g[2] == 12e-6f);
	assert_true(g[3] == 0);
	pcm_chip_free(c);
}

static void ideal_programming_is_exact(void **state)
{
	struct pcm_patch w = { 5, 9, 250, 6 };
	float g[9 * 6 * 4], back[9 * 6 * 4];
	struct pcm_chip *c = make_chip("preset=ideal", 0);
	(void)state;
	for (size_t i = 0; i < N_LIST(g); i++)
		g[i] = (float)draw(1200) * 1e-8f;
	assert_int_equal(pcm_chip_program(c, &w, g), 0);
	assert_int_equal(pcm_chip_read(c, &w, back), 0);
	assert_memory_equal(g, back, sizeof(g));
	assert_int_equal(stats(c).n_program, N_LIST(g));
	pcm_chip_free(c);
}

/* Against the sum in double precision; a code may differ by one where the sum is next to a half. */
static void check_product(struct pcm_chip *c, struct pcm_mvm *m, double tol)
{
	const uint8_t *bits = m->in;
	const int8_t *codes = m->in;
	pcm_chip_truth(c, &all, big);
	assert_int_equal(pcm_chip_mvm(c, m), 0);
	for (uint32_t j = 0; j < m->n_col; j++) {
		double sum = 0, sum_abs = 0, lsb = (double)pcm_chip_adc_lsb(c, m->col + j);
		for (uint32_t i = 0; i < m->n_row; i++) {
			const float *g =
				big + ((m->row + i) * PCM_N_COL + m->col + j) * PCM_N_DEVICE;
			double x = m->input == PCM_INPUT_INT8 ? codes[i] / 127.0
							      : bits[i / 8] >> i % 8 & 1;
			double plus = (double)g[0] + (double)g[1];
			double minus = (double)g[2] + (double)g[3];
			sum += x * (plus - minus);
			sum_abs += fabs(x) * (plus + minus);
		}
		double code = 0.2 * sum / lsb, error = 0.2 * tol * sum_abs / lsb;
		assert_true(fabs(m->out[j] - code) <= 0.5 + error + 0.01);
	}
}

static void product_is_the_sum_of_driven_rows(void **state)
{
	struct pcm_chip *c = make_chip("model=ideal&adc_bits=16&adc_range=1e-3", 0);
	(void)state;
	for (size_t i = 0; i < N_DEVICE_ALL; i++)
		big[i] = (float)draw(1200) * 1e-8f;
	assert_int_equal(pcm_chip_program(c, &all, big), 0);
	for (int i = 0; i < 20; i++) {
		int8_t in[256];
		int16_t out[256];
		uint32_t n_row = 1 + (uint32_t)draw(256), n_col = 1 + (uint32_t)draw(256);
		struct pcm_mvm m = { .row = (uint32_t)draw(257 - n_row),
			.n_row = n_row,
			.col = (uint32_t)draw(257 - n_col),
			.n_col = n_col,
			.n_vec = 1,
			.input = i % 2 ? PCM_INPUT_BIT : PCM_INPUT_INT8,
			.in = in,
			.out = out };
		draw_codes(in, sizeof(in));
		check_product(c, &m, 1e-6);
		assert_int_equal(m.n_sat, 0);
	}
	pcm_chip_free(c);
}

/* Cached conductances may lag by drift_tol (1e-3), each device's. */
static void drift_in_products_is_within_its_tolerance(void **state)
{
	struct pcm_chip *c =
		make_chip("read_noise=off&adc_bits=16&adc_range=1e-3&drift_nu_sd=0.02&seed=4", 0);
	static struct pcm_pulse p[5000];
	int8_t in[256];
	int16_t out[256];
	(void)state;
	for (int i = 0; i < 60; i++) {
		struct pcm_mvm m = { .n_row = 256,
			.n_col = 256,
			.n_vec = 1,
			.input = PCM_INPUT_INT8,
			.in = in,
			.out = out };
		draw_codes(in, sizeof(in));
		draw_pulses(p, 5000);
		if (i % 4 == 0)
			assert_int_equal(pcm_chip_pulse(c, p, 5000), 0);
		check_product(c, &m, 1.01e-3);
		pcm_chip_wait(c, UINT64_C(10000000) << i / 3); /* 10 ms .. 1.5 h */
	}
	pcm_chip_free(c);
}

static void undriven_rows_add_no_noise_and_spare_bits_are_ignored(void **state)
{
	uint8_t bit[2] = { 0, 0xf8 }; /* n_row 11: the upper five bits are none of it */
	int8_t code[11] = { 0 };
	int16_t out[64];
	struct pcm_mvm m = { .n_row = 11, .n_col = 64, .n_vec = 1, .in = bit, .out = out };
	struct pcm_chip *c = make_chip("adc_range=1e-9", 0);
	(void)state;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	for (int j = 0; j < 64; j++)
		assert_int_equal(out[j], 0);
	m.input = PCM_INPUT_INT8;
	m.in = code;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	for (int j = 0; j < 64; j++)
		assert_int_equal(out[j], 0);
	pcm_chip_free(c);
}

/* 3 columns of 4, 6, -6 uS at 0.2 V: 0.8, 1.2, -1.2 uA; 8 bits: codes to 127. */
static void codes_clip_at_full_scale_and_are_counted(void **state)
{
	struct pcm_patch w = { 0, 1, 0, 3 };
	float g[12] = { 4e-6f, 0, 0, 0, 6e-6f, 0, 0, 0, 0, 0, 6e-6f, 0 };
	uint8_t in[2] = { 1, 1 };
	int16_t out[6];
	struct pcm_mvm m = { .n_row = 1, .n_col = 3, .n_vec = 2, .in = in, .out = out };
	struct pcm_chip *c = make_chip("model=ideal&adc_range=1e-6", 0);
	(void)state;
	assert_int_equal(pcm_chip_program(c, &w, g), 0);
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(out[0], 102); /* 0.8 / 1 * 127 = 101.6 */
	assert_int_equal(out[4], 127);
	assert_int_equal(out[5], -127);
	assert_int_equal(m.n_sat, 4);
	assert_int_equal(stats(c).n_sat, 4);
	assert_int_equal(pcm_chip_adc(c, 1, 2, 1.2e-6f), 0); /* exactly full scale: not clipped */
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(out[1], 127);
	assert_int_equal(m.n_sat, 0);
	pcm_chip_free(c);
}

static void lsb_is_range_over_largest_code(void **state)
{
	struct pcm_chip *c = make_chip("adc_bits=10&adc_range=1e-5", 0);
	(void)state;
	assert_true(fabs((double)pcm_chip_adc_lsb(c, 255) / (1e-5 / 511) - 1) < 1e-6);
	assert_int_equal(pcm_chip_adc(c, 250, 6, 3e-5f), 0);
	assert_true(fabs((double)pcm_chip_adc_lsb(c, 255) / (3e-5 / 511) - 1) < 1e-6);
	assert_true(fabs((double)pcm_chip_adc_lsb(c, 249) / (1e-5 / 511) - 1) < 1e-6);
	assert_int_equal(stats(c).time, 0);
	pcm_chip_free(c);
}

/* Times and energies are the table's defaults: 130, 50, 50, 520 ns; 12.5 n, 6.8 p, 40 p, 49 pJ. */
static void clock_counters_and_energy_add_up(void **state)
{
	struct pcm_pulse p[] = { { 1, 1, 0, PCM_SET, 10 }, { 1, 1, 1, PCM_RESET, 3 } };
	struct pcm_patch w = { 0, 4, 0, 5 };
	uint8_t in[7] = { 0 };
	int16_t out[7];
	struct pcm_mvm m = { .n_row = 1, .n_col = 1, .n_vec = 7, .in = in, .out = out };
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	assert_int_equal(stats(c).time, 0);
	assert_int_equal(pcm_chip_pulse(c, p, 2), 0);
	assert_int_equal(stats(c).time, 13 * 50);
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(stats(c).time, 13 * 50 + 7 * 130);
	assert_int_equal(pcm_chip_read(c, &w, big), 0);
	assert_int_equal(pcm_chip_truth(c, &w, big), 0);
	assert_int_equal(pcm_chip_wait(c, 1000), 0);
	struct pcm_stats s = stats(c);
	assert_int_equal(s.time, 13 * 50 + 7 * 130 + 4 * 520 + 1000);
	assert_int_equal(s.n_set, 10);
	assert_int_equal(s.n_reset, 3);
	assert_int_equal(s.n_mvm, 7);
	assert_int_equal(s.n_read, 4 * 5 * 4);
	assert_int_equal(s.n_program, 0);
	double energy = 7 * 12.5e-9 + 10 * 6.8e-12 + 3 * 40e-12 + 80 * 49e-12;
	assert_true(fabs(s.energy / energy - 1) < 1e-12);
	pcm_chip_free(c);
}

static void no_vectors_and_no_pulses_are_fine(void **state)
{
	struct pcm_mvm m = { .n_row = 1, .n_col = 1, .n_vec = 0, .n_sat = 5 };
	struct pcm_chip *c = make_chip("", 0), *untouched = make_chip("", 0);
	(void)state;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(m.n_sat, 0);
	assert_int_equal(pcm_chip_pulse(c, NULL, 0), 0);
	assert_int_equal(pcm_chip_wait(c, 0), 0);
	assert_same_state(c, untouched);
	pcm_chip_free(c);
	pcm_chip_free(untouched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_parameters_make_no_chip),
		cmocka_unit_test(wrong_mvm_leaves_the_chip_as_it_was),
		cmocka_unit_test(one_wrong_pulse_refuses_the_whole_list),
		cmocka_unit_test(wrong_patches_and_ranges_are_refused),
		cmocka_unit_test(programming_outside_the_range_is_refused),
		cmocka_unit_test(clock_never_passes_2_to_the_62),
		cmocka_unit_test(ideal_devices_do_exactly_as_told),
		cmocka_unit_test(ideal_programming_is_exact),
		cmocka_unit_test(product_is_the_sum_of_driven_rows),
		cmocka_unit_test(drift_in_products_is_within_its_tolerance),
		cmocka_unit_test(undriven_rows_add_no_noise_and_spare_bits_are_ignored),
		cmocka_unit_test(codes_clip_at_full_scale_and_are_counted),
		cmocka_unit_test(lsb_is_range_over_largest_code),
		cmocka_unit_test(clock_counters_and_energy_add_up),
		cmocka_unit_test(no_vectors_and_no_pulses_are_fine),
	};
	return cmocka_run_group_tests_name("chip", tests, NULL, NULL);
}
