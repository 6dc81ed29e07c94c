/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The periphery: ADCs that differ, their noise and correction, phases, and what is broken. Devices
 * are those of model ideal, so that every deviation is the periphery's. Expectations follow from the
 * definitions in periph.c and faults.h; bounds on drawn numbers are 5 sigma of the sample.
 */
#include "emulator_test.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define N_SIGMA 5
#define EXACT   "model=ideal&adc_bits=16&adc_range=2e-6"
#define G       5e-6 /* of device 0 of every cell in row 0, S */
#define CURRENT (0.2 * G)

static int16_t out[PCM_N_COL];

static const struct pcm_patch row_0 = { 0, 1, 0, PCM_N_COL };

/* A chip whose row 0 has G in device 0 of every cell. */
static struct pcm_chip *chip(const char *more, uint32_t i_chip)
{
	static float g[PCM_N_COL][PCM_N_DEVICE];
	char text[512];
	snprintf(text, sizeof(text), "%s%s", EXACT, more);
	struct pcm_chip *c = make_chip(text, i_chip);
	for (int j = 0; j < PCM_N_COL; j++)
		g[j][0] = (float)G;
	assert_int_equal(pcm_chip_program(c, &row_0, &g[0][0]), 0);
	return c;
}

/* Currents of all columns with code x on row 0, A. */
static void currents(struct pcm_chip *c, int8_t x, float *ret)
{
	struct pcm_mvm m = { .n_row = 1,
		.n_col = PCM_N_COL,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = &x,
		.out = out };
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	for (uint32_t j = 0; j < PCM_N_COL; j++)
		ret[j] = out[j] * pcm_chip_adc_lsb(c, j);
}

static void assert_normal(struct moments m, size_t n, double mean, double sd, double grain)
{
	assert_true(fabs(m.mean - mean) < grain + N_SIGMA * sd / sqrt((double)n));
	assert_true(fabs(m.sd - sd) < grain + N_SIGMA * sd / sqrt(2.0 * (double)n));
}

#define N_CHIP 40

/* 7.09 % after calibration: Khaddam-Aljameh 2022. */
static void gains_and_offsets_spread_as_told(void **state)
{
	static float full[N_CHIP][PCM_N_COL], zero[N_CHIP][PCM_N_COL];
	const size_t n = N_CHIP * PCM_N_COL;
	(void)state;
	for (uint32_t i = 0; i < N_CHIP; i++) {
		struct pcm_chip *c = chip("&adc_gain_sd=0.0709&adc_offset_sd=5e-8&seed=3", i);
		currents(c, 0, zero[i]);
		currents(c, 127, full[i]);
		for (int j = 0; j < PCM_N_COL; j++)
			full[i][j] = (full[i][j] - zero[i][j]) / (float)CURRENT;
		pcm_chip_free(c);
	}
	assert_normal(moments(full[0], n), n, 1, 0.0709, 2e-4);
	assert_normal(moments(zero[0], n), n, 0, 5e-8, 1e-10);
}

static void correction_undoes_gain_and_offset(void **state)
{
	struct pcm_chip *c = chip("&adc_gain_sd=0.21&adc_offset_sd=5e-8&seed=4", 0);
	float zero[PCM_N_COL], full[PCM_N_COL], g[PCM_N_COL * PCM_N_DEVICE];
	float lsb = pcm_chip_adc_lsb(c, 0);
	(void)state;
	currents(c, 0, zero);
	currents(c, 127, full);
	for (uint32_t j = 0; j < PCM_N_COL; j++) {
		float gain = (float)CURRENT / (full[j] - zero[j]);
		assert_int_equal(pcm_chip_correct(c, j, 1, gain, -gain * zero[j]), 0);
	}
	currents(c, 0, zero);
	currents(c, 127, full);
	assert_int_equal(pcm_chip_read(c, &row_0, g), 0);
	/* Each end was known to half a code, gain 2.5 at most. */
	for (int j = 0; j < PCM_N_COL; j++) {
		assert_true(fabs((double)zero[j]) < 3 * (double)lsb);
		assert_true(fabs((double)full[j] - CURRENT) < 4 * (double)lsb);
		assert_true(fabs((double)g[4 * j] - G) < 4 * (double)lsb / 0.2);
		assert_true(fabs((double)g[4 * j + 1]) < 3 * (double)lsb / 0.2);
	}
	pcm_chip_free(c);
}

/* Nearest of 2^bits - 1 levels, even ones at a tie; every level is met, from -full to full scale. */
static void inputs_are_rounded_to_the_levels_of_the_dacs(void **state)
{
	(void)state;
	for (int bits = 2; bits <= 8; bits++) {
		char text[32];
		int most = (1 << (bits - 1)) - 1;
		float is[PCM_N_COL];

		snprintf(text, sizeof(text), "&dac_bits=%d", bits);
		struct pcm_chip *c = chip(text, 0);
		for (int x = -127; x <= 127; x++) {
			double level = rint((double)(x * most) / 127) / most;
			currents(c, (int8_t)x, is);
			assert_true(fabs((double)is[9] - level * CURRENT) <
				0.51 * (double)pcm_chip_adc_lsb(c, 9));
		}
		pcm_chip_free(c);
	}
}

/* Neither its noise nor its reads: what a code of 20 of 127 is to DACs of three levels. */
static void an_input_that_rounds_to_0_drives_nothing(void **state)
{
	struct pcm_chip *c = make_chip("dac_bits=2&adc_bits=16&adc_range=1e-7&seed=6", 0);
	int8_t in[PCM_N_ROW];
	struct pcm_mvm m = { .n_row = PCM_N_ROW,
		.n_col = PCM_N_COL,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = in,
		.out = out };
	(void)state;
	for (int i = 0; i < PCM_N_ROW; i++)
		in[i] = (int8_t)(i % 2 ? 63 : -63);
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	for (int j = 0; j < PCM_N_COL; j++)
		assert_int_equal(out[j], 0);
	in[17] = 64;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_true(out[0] != 0 && out[255] != 0);
	pcm_chip_free(c);
}

static void bits_are_0_and_1_whatever_the_dacs(void **state)
{
	static const uint8_t in[PCM_N_ROW / 8] = { 0x5a, 0x81, [31] = 0xff };
	static int16_t coarse[PCM_N_COL];
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct pcm_chip *c = make_chip(k ? "dac_bits=2&seed=6" : "seed=6", 0);
		struct pcm_mvm m = { .n_row = PCM_N_ROW,
			.n_col = PCM_N_COL,
			.n_vec = 1,
			.input = PCM_INPUT_BIT,
			.in = in,
			.out = k ? coarse : out };
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
		pcm_chip_free(c);
	}
	assert_memory_equal(coarse, out, sizeof(out));
}

static void wrong_corrections_are_einval(void **state)
{
	struct pcm_chip *c = chip("", 0);
	float gain, offset;
	(void)state;
	assert_int_equal(pcm_chip_correct(c, 0, 1, 0, 0), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 0, 1, -1, 0), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 0, 1, NAN, 0), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 0, 1, 1, NAN), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 0, 1, 1, 2), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 255, 2, 1, 0), -EINVAL);
	assert_int_equal(pcm_chip_phases(c, (enum pcm_phases)2), -EINVAL);
	assert_int_equal(pcm_chip_correct(c, 255, 1, 1.5f, -1e-7f), 0);
	pcm_chip_correction(c, 255, &gain, &offset);
	assert_true(gain == 1.5f && offset == -1e-7f);
	pcm_chip_correction(c, 254, &gain, &offset);
	assert_true(gain == 1 && offset == 0);
	pcm_chip_free(c);
}

/* The ADC's own full scale limits first: corrected down, its end is below the end of the codes. */
static void adc_saturates_before_the_correction(void **state)
{
	struct pcm_chip *c = chip("", 0);
	struct pcm_mvm m = { .n_row = 1,
		.n_col = 2,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = (int8_t[]){ 127 },
		.out = out };
	(void)state;
	assert_int_equal(pcm_chip_adc(c, 0, 2, (float)CURRENT / 2), 0);
	assert_int_equal(pcm_chip_correct(c, 0, 1, 0.5f, 0), 0);
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(m.n_sat, 2);
	assert_int_equal(out[0], 16384); /* 32767 / 2, half to even */
	assert_int_equal(out[1], 32767);
	pcm_chip_free(c);
}

#define N_SHOT 4000

/* Of column 0 over N_SHOT conversions. */
static struct moments shots(struct pcm_chip *c, int8_t x)
{
	static float all[N_SHOT];
	float i[PCM_N_COL];
	for (int k = 0; k < N_SHOT; k++) {
		currents(c, x, i);
		all[k] = i[0];
	}
	return moments(all, N_SHOT);
}

/* Codes' grain: lsb 61 pA, sd of rounding 18 pA. */
static void noise_of_one_and_four_phases_is_as_told(void **state)
{
	struct pcm_chip *c = chip("&adc_noise_sd=2e-8&one_phase_sd=0.015&adc_offset_sd=1e-7", 0);
	struct pcm_stats before, after;
	(void)state;
	/* 0.015 of 2 uA is 30 nA. */
	struct moments one = shots(c, 0);
	assert_true(fabs(one.mean) > 1e-8); /* this column's offset */
	assert_normal(one, N_SHOT, one.mean, hypot(2e-8, 3e-8), 2e-11);
	pcm_chip_stats(c, &before);
	assert_int_equal(pcm_chip_phases(c, PCM_FOUR_PHASES), 0);
	assert_normal(shots(c, 0), N_SHOT, 0, 4e-8, 2e-11);
	assert_normal(shots(c, 127), N_SHOT, CURRENT, 4e-8, 6e-11);
	pcm_chip_stats(c, &after);
	/* Le Gallo 2023: a quarter of the throughput, 2.48 instead of 9.76 TOPS/W. */
	assert_int_equal(after.time - before.time, 2 * N_SHOT * 4 * 130);
	assert_true(fabs((after.energy - before.energy) / (2 * N_SHOT * 4 * 12.5e-9) - 1) < 1e-9);
	pcm_chip_free(c);
}

static void broken_lines_by_list(void **state)
{
	struct pcm_chip *c =
		chip("&faults=row:1,col:2,swap:3,noisy:4,code:5:0&noisy_col_sd=1e-7", 0);
	static float g[PCM_N_COL][PCM_N_DEVICE], i[3][PCM_N_COL];
	(void)state;
	currents(c, 127, i[0]);
	currents(c, 0, i[1]);
	currents(c, 127, i[2]);
	for (int j = 0; j < PCM_N_COL; j++) {
		double expected = j == 2 ? 0 : j == 3 ? -CURRENT : CURRENT;
		if (j != 4)
			assert_true(fabs((double)i[0][j] - expected) < 1e-10);
	}
	assert_true(i[0][4] != i[2][4] && fabs((double)i[0][4] - CURRENT) < 6e-7);
	assert_true(i[1][5] > 0 && i[1][6] == 0); /* code 0 is missing: 1 */
	assert_int_equal(pcm_chip_read(c, &row_0, &g[0][0]), 0);
	assert_true(g[2][0] == 0 && fabs((double)g[3][0] + G) < 1e-12);
	assert_true(fabs((double)g[7][0] - G) < 1e-12 && g[7][1] == 0);
	pcm_chip_free(c);
}

static void dead_row_drives_nothing(void **state)
{
	struct pcm_chip *c = chip("&faults=row:0", 0);
	static float g[PCM_N_COL][PCM_N_DEVICE], i[PCM_N_COL];
	(void)state;
	currents(c, 127, i);
	assert_int_equal(pcm_chip_read(c, &row_0, &g[0][0]), 0);
	for (int j = 0; j < PCM_N_COL; j++)
		assert_true(i[j] == 0 && g[j][0] == 0);
	pcm_chip_free(c);
}

static void stuck_devices_do_not_move(void **state)
{
	struct pcm_chip *c = make_chip("faults=reset:0:0:1,set:0:1:2&seed=6", 0);
	struct pcm_pulse p[] = { { .device = 1, .n = 20 }, { .col = 1, .device = 2, .n = 3 },
		{ .col = 1, .device = 2, .kind = PCM_RESET, .n = 1 }, { .col = 1, .n = 20 } };
	const struct pcm_patch cells = { 0, 1, 0, 2 };
	float g[2][PCM_N_DEVICE];
	(void)state;
	for (int k = 0; k < 2; k++) {
		/* Drift does not change them either. */
		assert_int_equal(pcm_chip_truth(c, &cells, &g[0][0]), 0);
		assert_true(g[0][1] == 0.1e-6f);
		assert_true(g[1][2] == 12e-6f);
		assert_int_equal(pcm_chip_pulse(c, p, N_LIST(p)), 0);
		assert_int_equal(pcm_chip_wait(c, UINT64_C(1000000000000)), 0);
	}
	assert_true(g[1][0] > 0);
	pcm_chip_free(c);
}

/* Binomial: 5 sqrt(n p (1 - p)). */
static void faults_come_at_their_rates(void **state)
{
	static float g[N_DEVICE_ALL];
	const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
	struct pcm_chip *c = make_chip("model=ideal&stuck_reset_rate=0.01&stuck_set_rate=0.002", 0);
	const double n = N_DEVICE_ALL;
	double n_reset = 0, n_set = 0;
	(void)state;
	pulse_all(c, PCM_SET, 3);
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	for (size_t i = 0; i < N_DEVICE_ALL; i++) {
		n_reset += g[i] == 0;
		n_set += g[i] == 12e-6f;
	}
	assert_true(fabs(n_reset - 0.01 * n) < N_SIGMA * sqrt(n * 0.01 * 0.99));
	assert_true(fabs(n_set - 0.002 * n) < N_SIGMA * sqrt(n * 0.002 * 0.998));
	pcm_chip_free(c);
}

/* Lines of 40 chips: dead, swapped, deaf. */
static void broken_lines_come_at_their_rates(void **state)
{
	const double n = N_CHIP * PCM_N_COL;
	double n_dead = 0, n_swapped = 0, n_code = 0;
	(void)state;
	for (uint32_t k = 0; k < N_CHIP; k++) {
		struct pcm_chip *c = chip("&dead_col_rate=0.02&swapped_col_rate=0.05"
					  "&missing_code_rate=1&adc_bits=8&v_read=0.04",
			k);
		float i[PCM_N_COL];
		bool seen[PCM_N_COL] = { false };
		currents(c, 127, i);
		for (int j = 0; j < PCM_N_COL; j++) {
			n_dead += fabsf(i[j]) < 0.05e-6f;
			n_swapped += i[j] < -0.05e-6f;
		}
		/* Codes 0 .. 12 come from inputs 0 .. 127; a column never gives its missing one. */
		for (int x = 0; x < 128; x++) {
			currents(c, (int8_t)x, i);
			for (int j = 0; j < PCM_N_COL; j++)
				seen[j] |= out[j] == 3;
		}
		for (int j = 0; j < PCM_N_COL; j++)
			n_code += !seen[j];
		pcm_chip_free(c);
	}
	assert_true(fabs(n_dead - 0.02 * n) < N_SIGMA * sqrt(n * 0.02 * 0.98));
	assert_true(fabs(n_swapped - 0.98 * 0.05 * n) < N_SIGMA * sqrt(n * 0.05 * 0.95));
	/* Code 3 is unseen where dead, swapped, or one of 64 missing codes. */
	double p = 1 - 0.98 * 0.95 * 63 / 64;
	assert_true(fabs(n_code - p * n) < N_SIGMA * sqrt(n * p * (1 - p)));
}

static void lists_that_are_none_are_einval(void **state)
{
	static const char *const bad[] = { "row", "row:", "row:256", "row:-1", "row:1,", ",",
		"rows:1", "row:1:2", "set:1:2", "set:1:2:4", "code:3", "code:3:40000",
		"row:1;col:2", "row: 1" };
	static const char *const good[] = { "", "row:0", "code:255:-32767",
		"set:255:255:3,reset:0:0:0" };
	struct pcm_params prm, before;
	char text[PCM_N_TEXT];
	(void)state;
	pcm_params_default(&prm);
	before = prm;
	for (size_t i = 0; i < N_LIST(bad); i++)
		assert_int_equal(pcm_params_set(&prm, "faults", bad[i]), -EINVAL);
	assert_memory_equal(&prm, &before, sizeof(prm));
	for (size_t i = 0; i < N_LIST(good); i++) {
		assert_int_equal(pcm_params_set(&prm, "faults", good[i]), 0);
		assert_int_equal(pcm_params_print(&prm, "faults", text, sizeof(text)), 0);
		assert_string_equal(text, good[i]);
		assert_null(pcm_params_complaint(&prm));
	}
	strcpy(prm.faults, "nonsense");
	assert_non_null(pcm_params_complaint(&prm));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gains_and_offsets_spread_as_told),
		cmocka_unit_test(correction_undoes_gain_and_offset),
		cmocka_unit_test(inputs_are_rounded_to_the_levels_of_the_dacs),
		cmocka_unit_test(an_input_that_rounds_to_0_drives_nothing),
		cmocka_unit_test(bits_are_0_and_1_whatever_the_dacs),
		cmocka_unit_test(wrong_corrections_are_einval),
		cmocka_unit_test(adc_saturates_before_the_correction),
		cmocka_unit_test(noise_of_one_and_four_phases_is_as_told),
		cmocka_unit_test(broken_lines_by_list),
		cmocka_unit_test(dead_row_drives_nothing),
		cmocka_unit_test(stuck_devices_do_not_move),
		cmocka_unit_test(faults_come_at_their_rates),
		cmocka_unit_test(broken_lines_come_at_their_rates),
		cmocka_unit_test(lists_that_are_none_are_einval),
	};
	return cmocka_run_group_tests_name("periph", tests, NULL, NULL);
}
