/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Read disturb and half-select: n events take g_max - G to (1 - rate)^n of itself. */
#include "emulator_test.h"
#include <math.h>

static const struct pcm_patch cell = { 7, 1, 9, 1 };

static double truth(struct pcm_chip *c, uint32_t row)
{
	float g[4];
	assert_int_equal(pcm_chip_truth(c, &(struct pcm_patch){ row, 1, 9, 1 }, g), 0);
	return (double)g[2];
}

static void drive_row_7(struct pcm_chip *c, int n)
{
	int16_t out[4];
	struct pcm_mvm m = { .row = 7,
		.n_row = 1,
		.n_col = 4,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = (int8_t[]){ -3 },
		.out = out };
	for (int i = 0; i < n; i++)
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
}

/* Brought to the devices in steps of 1e-3 at least: to within one such step of the law. */
static void reads_raise_the_devices_of_a_driven_row(void **state)
{
	struct pcm_chip *c = make_chip("drift_nu=0&read_disturb=1e-5", 0);
	double before = truth(c, 7), other = truth(c, 8);
	(void)state;
	drive_row_7(c, 20000);
	double law = 12e-6 - (12e-6 - before) * pow(1 - 1e-5, 20000);
	assert_true(fabs(truth(c, 7) - law) < 1.1e-3 * 12e-6);
	assert_true(truth(c, 7) > before + 1e-6);
	assert_true(truth(c, 8) == other);
	pcm_chip_free(c);
}

static void pulses_raise_the_other_devices_of_their_row(void **state)
{
	struct pcm_chip *c = make_chip("drift_nu=0&half_select=1e-5", 0);
	struct pcm_pulse p = { .row = 7, .col = 200, .n = 500 };
	double before = truth(c, 7), other = truth(c, 8);
	(void)state;
	for (int i = 0; i < 40; i++) {
		assert_int_equal(pcm_chip_pulse(c, &p, 1), 0);
		drive_row_7(c, 1);
	}
	double law = 12e-6 - (12e-6 - before) * pow(1 - 1e-5, 20000);
	assert_true(fabs(truth(c, 7) - law) < 1.1e-3 * 12e-6 + 0.003 * law);
	assert_true(truth(c, 8) == other);
	pcm_chip_free(c);
}

static void nothing_is_disturbed_by_default(void **state)
{
	struct pcm_chip *c = make_chip("drift_nu=0", 0);
	struct pcm_pulse p = { .row = 7, .col = 200, .n = 5000 };
	double before = truth(c, 7);
	float g[4];
	(void)state;
	assert_int_equal(pcm_chip_pulse(c, &p, 1), 0);
	drive_row_7(c, 2000);
	assert_int_equal(pcm_chip_read(c, &cell, g), 0);
	assert_true(truth(c, 7) == before);
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_raise_the_devices_of_a_driven_row),
		cmocka_unit_test(pulses_raise_the_other_devices_of_their_row),
		cmocka_unit_test(nothing_is_disturbed_by_default),
	};
	return cmocka_run_group_tests_name("disturb", tests, NULL, NULL);
}
