/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model against Nandakumar et al., J. Appl. Phys. 124, 152135 (2018), constants as in
 * model_nandakumar2018.c, on all 262,144 devices of a chip. Bounds: 5 sigma of the sample.
 */
#include "emulator_test.h"
#include <math.h>
#include <stdlib.h>

#define N       N_DEVICE_ALL
#define SECOND  UINT64_C(1000000000)
#define N_SIGMA 5

static const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
static float g[N], g_before[N], step[N];

static void truth(struct pcm_chip *c, float *ret_g)
{
	assert_int_equal(pcm_chip_truth(c, &all, ret_g), 0);
}

/* Sample moments of n normals are within 5 sigma of mean and sd; slack: of the expectation. */
static void assert_moments(struct moments m, size_t n, double mean, double sd, double slack)
{
	assert_true(fabs(m.mean - mean) < slack + N_SIGMA * sd / sqrt((double)n));
	assert_true(fabs(m.sd - sd) < slack + N_SIGMA * sd / sqrt(2.0 * (double)n));
}

/* Published to 0.01 uS: half a digit of slack. */
static void staircase_is_the_published_one(void **state)
{
	static const struct {
		uint16_t p;
		double mean, sd; /* uS */
	} published[] = { { 1, 2.06, 1.52 }, { 2, 3.44, 1.98 }, { 5, 5.92, 2.38 },
		{ 10, 7.83, 2.47 }, { 20, 9.40, 2.66 } };
	struct pcm_chip *c = make_chip("preset=staircase&drift_nu=0&seed=42", 0);
	uint16_t done = 0;
	(void)state;
	for (size_t i = 0; i < N_LIST(published); i++) {
		pulse_all(c, PCM_SET, (uint16_t)(published[i].p - done));
		done = published[i].p;
		truth(c, g);
		assert_moments(moments(g, N), N, 1e-6 * published[i].mean, 1e-6 * published[i].sd,
			0.005e-6);
	}
	pcm_chip_free(c);
}

/*
 * After 40 pulses P < 1e-6, so a step depends on G alone. Devices of 6 to 6.1 uS, far from both
 * clamps: mean -0.084 G + 0.880, sd 0.091 G + 0.260.
 */
static void later_steps_follow_the_conductance(void **state)
{
	struct pcm_chip *c = make_chip("preset=staircase&drift_nu=0&seed=1", 0);
	size_t n = 0;
	(void)state;
	pulse_all(c, PCM_SET, 40);
	truth(c, g_before);
	pulse_all(c, PCM_SET, 1);
	truth(c, g);
	for (size_t i = 0; i < N; i++) {
		if (g_before[i] > 6e-6f && g_before[i] < 6.1e-6f)
			step[n++] = g[i] - g_before[i];
	}
	assert_true(n > 1000);
	/* Half the bin's width times the slopes, 0.084 and 0.091. */
	assert_moments(moments(step, n), n, -0.084 * 6.05e-6 + 0.880e-6, 0.091 * 6.05e-6 + 0.260e-6,
		0.005e-6);
	pcm_chip_free(c);
}

/* N(0.1, 0.01^2) uS, never below 0.01; P is 1 again: the next SET has the first step's mean. */
static void reset_forgets(void **state)
{
	struct pcm_chip *c = make_chip("preset=staircase&drift_nu=0&seed=2", 0);
	(void)state;
	truth(c, g);
	assert_moments(moments(g, N), N, 0.1e-6, 0.01e-6, 0);
	pulse_all(c, PCM_SET, 7);
	pulse_all(c, PCM_RESET, 1);
	truth(c, g);
	assert_moments(moments(g, N), N, 0.1e-6, 0.01e-6, 0);
	for (size_t i = 0; i < N; i++)
		assert_true(g[i] >= 0.01e-6f);
	pulse_all(c, PCM_SET, 1);
	truth(c, g);
	assert_moments(moments(g, N), N, 2.06e-6, 1.52e-6, 0.005e-6);
	pcm_chip_free(c);
}

/* All devices at 12 uS: sd of a read is 0.03 * 12 + 0.13 = 0.49 uS, mean the conductance. */
static void read_noise_is_0_03_g_and_0_13(void **state)
{
	struct pcm_chip *c = make_chip("set_mean_0=100e-6&drift_nu=0&seed=3", 0);
	(void)state;
	assert_int_equal(pcm_chip_read(c, &all, g), 0);
	assert_moments(moments(g, N), N, 0.1e-6, hypot(0.01, 0.133) * 1e-6, 0.0001e-6);
	pulse_all(c, PCM_SET, 1);
	assert_int_equal(pcm_chip_read(c, &all, g), 0);
	assert_moments(moments(g, N), N, 12e-6, 0.49e-6, 0);
	assert_int_equal(pcm_chip_read(c, &all, g_before), 0);
	for (size_t i = 0; i < N; i++)
		step[i] = g[i] - g_before[i]; /* two reads are independent */
	assert_moments(moments(step, N), N, 0, sqrt(2) * 0.49e-6, 0);
	pcm_chip_free(c);
}

/* G(t) = G (t / 38.6 s)^-0.04, from the age of 1 s on; at 38.6 s it is the stored value. */
static void drift_is_a_power_law_of_the_age(void **state)
{
	static const double ages[] = { 1, 10, 38.6, 3600, 86400, 3.15e7 }; /* s */
	struct pcm_chip *c = make_chip("set_mean_0=100e-6&t_set=0&seed=4", 0);
	const double g_max = (double)12e-6f;
	uint64_t t = 0;
	(void)state;
	pulse_all(c, PCM_SET, 1);
	truth(c, g);
	assert_true(fabs(g[777] / (g_max * pow(1 / 38.6, -0.04)) - 1) < 1e-6); /* before t_min */
	for (size_t i = 0; i < N_LIST(ages); i++) {
		uint64_t then = (uint64_t)(ages[i] * 1e9);
		assert_int_equal(pcm_chip_wait(c, then - t), 0);
		t = then;
		truth(c, g);
		for (size_t k = 0; k < N; k += 1001)
			assert_true(fabs(g[k] / (g_max * pow(ages[i] / 38.6, -0.04)) - 1) < 1e-6);
	}
	pcm_chip_free(c);
}

/* A pulse starts the drift of its device anew and of no other. */
static void every_device_has_an_age_of_its_own(void **state)
{
	struct pcm_pulse p = { .row = 9, .col = 9, .device = 1, .n = 1 };
	const struct pcm_patch cell = { 9, 1, 9, 1 };
	struct pcm_chip *c = make_chip("set_mean_0=100e-6&t_set=0", 0);
	const double g_max = (double)12e-6f;
	float x[4];
	(void)state;
	pulse_all(c, PCM_SET, 1);
	assert_int_equal(pcm_chip_wait(c, 1000 * SECOND), 0);
	assert_int_equal(pcm_chip_pulse(c, &p, 1), 0);
	assert_int_equal(pcm_chip_wait(c, 100 * SECOND), 0);
	assert_int_equal(pcm_chip_truth(c, &cell, x), 0);
	assert_true(fabs(x[0] / (g_max * pow(1100 / 38.6, -0.04)) - 1) < 1e-6);
	assert_true(fabs(x[1] / (g_max * pow(100 / 38.6, -0.04)) - 1) < 1e-6);
	pcm_chip_free(c);
}

/* drift_nu_sd: exponents N(0.06, 0.01^2), found from the conductances at two ages. */
static void drift_exponents_may_differ_between_devices(void **state)
{
	struct pcm_chip *c = make_chip("drift_nu=0.06&drift_nu_sd=0.01&drift_t0=1&seed=5", 0);
	(void)state;
	truth(c, g_before);
	assert_int_equal(pcm_chip_wait(c, 1000000 * SECOND), 0);
	truth(c, g);
	for (size_t i = 0; i < N; i++)
		step[i] = -logf(g[i] / g_before[i]) / logf(1e6f);
	assert_moments(moments(step, N), N, 0.06, 0.01, 1e-6);
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staircase_is_the_published_one),
		cmocka_unit_test(later_steps_follow_the_conductance),
		cmocka_unit_test(reset_forgets),
		cmocka_unit_test(read_noise_is_0_03_g_and_0_13),
		cmocka_unit_test(drift_is_a_power_law_of_the_age),
		cmocka_unit_test(every_device_has_an_age_of_its_own),
		cmocka_unit_test(drift_exponents_may_differ_between_devices),
	};
	return cmocka_run_group_tests_name("nandakumar2018", tests, NULL, NULL);
}
