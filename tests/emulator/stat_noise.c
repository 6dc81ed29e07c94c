/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Read noise of mvm: one normal a column (projected) must have the distribution that one normal a
 * device (literal, the oracle) has: N(sum x G, sum x^2 S), S = sum over a cell's four devices of
 * (0.13 uS + 0.03 g)^2.
 */
#include "emulator_test.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

#define N_VEC 20000
#define N_ROW 24
#define N_COL 5
#define SETUP "seed=11&adc_bits=16&adc_range=2e-5&drift_nu=0&t_mvm=0"

static float current[N_COL][N_VEC]; /* A */

/* Pulses at random, so that columns differ. */
static struct pcm_chip *chip(const char *mode)
{
	char text[256];
	static struct pcm_pulse p[20000];
	snprintf(text, sizeof(text), SETUP "&read_noise=%s", mode);
	struct pcm_chip *c = make_chip(text, 0);
	seed_draw(7);
	draw_pulses(p, N_LIST(p));
	for (size_t i = 0; i < N_LIST(p); i++) {
		p[i].row %= N_ROW;
		p[i].col %= N_COL;
	}
	assert_int_equal(pcm_chip_pulse(c, p, N_LIST(p)), 0);
	return c;
}

static void draw_input(int8_t in[N_ROW])
{
	for (int i = 0; i < N_ROW; i++)
		in[i] = draw(4) ? (int8_t)(draw(255) - 127) : 0;
}

static void measure(struct pcm_chip *c, enum pcm_input input, const int8_t in[N_ROW])
{
	int16_t out[N_COL];
	struct pcm_mvm m = {
		.n_row = N_ROW, .n_col = N_COL, .n_vec = 1, .input = input, .in = in, .out = out
	};
	for (int i = 0; i < N_VEC; i++) {
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
		assert_int_equal(m.n_sat, 0);
		for (int j = 0; j < N_COL; j++)
			current[j][i] = out[j] * pcm_chip_adc_lsb(c, (uint32_t)j);
	}
}

/* What column j ought to give, A; from the conductances. */
static struct moments expected(
	const struct pcm_chip *c, enum pcm_input input, const int8_t *in, uint32_t j)
{
	double mean = 0, var = 0;
	for (uint32_t i = 0; i < N_ROW; i++) {
		double x = in[i] / 127.0;
		float g[4];
		if (input == PCM_INPUT_BIT)
			x = (uint8_t)in[i / 8] >> i % 8 & 1;
		assert_int_equal(pcm_chip_truth(c, &(struct pcm_patch){ i, 1, j, 1 }, g), 0);
		for (int k = 0; k < 4; k++) {
			mean += x * (k < 2 ? 1 : -1) * (double)g[k];
			var += x * x * pow(0.13e-6 + 0.03 * (double)g[k], 2);
		}
	}
	return (struct moments){ 0.2 * mean, 0.2 * sqrt(var) };
}

static int ascending(const void *a, const void *b)
{
	float d = *(const float *)a - *(const float *)b;
	return (d > 0) - (d < 0);
}

/*
 * Kolmogorov-Smirnov: sqrt(n) D exceeds 1.95 once in a thousand times. The codes' grain of
 * 0.6 nA against a sd above 200 nA adds at most 0.1 to it.
 */
static double ks_statistic(float *x, struct moments m)
{
	double worst = 0;
	qsort(x, N_VEC, sizeof(*x), ascending);
	for (int i = 0; i < N_VEC; i++) {
		double p = gsl_cdf_ugaussian_P(((double)x[i] - m.mean) / m.sd);
		worst = fmax(worst, fmax(fabs(p - (double)i / N_VEC), fabs(p - (i + 1.0) / N_VEC)));
	}
	return worst * sqrt(N_VEC);
}

static void check_mode(const char *mode, enum pcm_input input)
{
	struct pcm_chip *c = chip(mode);
	int8_t in[N_ROW];
	draw_input(in);
	measure(c, input, in);
	for (uint32_t j = 0; j < N_COL; j++) {
		struct moments e = expected(c, input, in, j), m = moments(current[j], N_VEC);
		/* bfloat16 holds a variance to 2^-9, its root to 2^-10. */
		assert_true(fabs(m.mean - e.mean) < 5 * e.sd / sqrt(N_VEC));
		assert_true(fabs(m.sd / e.sd - 1) < 5 / sqrt(2.0 * N_VEC) + 0x1p-10);
		assert_true(ks_statistic(current[j], e) < 2.05);
	}
	pcm_chip_free(c);
}

static void projected_noise_is_the_normal_of_the_sum(void **state)
{
	(void)state;
	check_mode("projected", PCM_INPUT_INT8);
	check_mode("projected", PCM_INPUT_BIT);
}

static void literal_noise_is_the_same_normal(void **state)
{
	(void)state;
	check_mode("literal", PCM_INPUT_INT8);
	check_mode("literal", PCM_INPUT_BIT);
}

/* Neighbouring columns and consecutive vectors: |r| < 5 / sqrt(n). */
static void columns_and_vectors_are_independent(void **state)
{
	static const char *const modes[] = { "projected", "literal" };
	int8_t in[N_ROW];
	(void)state;
	for (size_t k = 0; k < N_LIST(modes); k++) {
		struct pcm_chip *c = chip(modes[k]);
		double r_col = 0, r_vec = 0;
		draw_input(in);
		measure(c, PCM_INPUT_INT8, in);
		struct moments a = moments(current[0], N_VEC), b = moments(current[1], N_VEC);
		for (int i = 0; i + 1 < N_VEC; i++) {
			double x = ((double)current[0][i] - a.mean) / a.sd;
			r_col += x * ((double)current[1][i] - b.mean) / b.sd;
			r_vec += x * ((double)current[0][i + 1] - a.mean) / a.sd;
		}
		assert_true(fabs(r_col) / N_VEC < 5 / sqrt(N_VEC));
		assert_true(fabs(r_vec) / N_VEC < 5 / sqrt(N_VEC));
		pcm_chip_free(c);
	}
}

static void no_noise_when_off(void **state)
{
	struct pcm_chip *c = chip("off");
	int8_t in[N_ROW];
	(void)state;
	draw_input(in);
	measure(c, PCM_INPUT_INT8, in);
	for (int j = 0; j < N_COL; j++) {
		for (int i = 1; i < N_VEC; i++)
			assert_true(current[j][i] == current[j][0]);
	}
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(projected_noise_is_the_normal_of_the_sum),
		cmocka_unit_test(literal_noise_is_the_same_normal),
		cmocka_unit_test(columns_and_vectors_are_independent),
		cmocka_unit_test(no_noise_when_off),
	};
	gsl_set_error_handler_off();
	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
