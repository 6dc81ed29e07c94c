/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joshi2020, hermes, hermes2 against the published equations, which are written down here once more,
 * in double precision and micro-siemens, and integrated numerically. Bounds: 5 sigma of the sample.
 */
#include "emulator_test.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N       N_DEVICE_ALL
#define N_ROW   32                                 /* that have one target */
#define N_SAME  (N_ROW * PCM_N_COL * PCM_N_DEVICE) /* devices */
#define N_LEVEL 8
#define N_SIGMA 5
#define SECOND  UINT64_C(1000000000)

static const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
static float g[N], other[N];

static double clip(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* One published model; x = G / g_max of what the figures are of (a pair in hermes2). */
struct published {
	const char *preset;
	double g_max, t_0, t_r; /* uS of one device, s, s */
	int n_pair;
	double (*sd_program)(double x), (*nu_mean)(double x), (*nu_sd)(double x), (*q)(double x);
};

static double joshi_sd(double x)
{
	return 0.26348 + 1.9650 * x - 1.1731 * x * x;
}

static double joshi_nu_mean(double x)
{
	return clip(-0.0155 * log(x) + 0.0244, 0.049, 0.1);
}

static double joshi_nu_sd(double x)
{
	return clip(-0.0125 * log(x) - 0.0059, 0.008, 0.045);
}

static double joshi_q(double x)
{
	return fmin(0.0088 / pow(x, 0.65), 0.2);
}

static double hermes_nu_mean(double x)
{
	return x < .0945 ? clip(-.0387 * log(x) - .0182, .072, .13)
			 : -.0436 * x * x - .0126 * x + .0736;
}

static double one_sd(double x)
{
	return .15781817 + 2.32443916 * x - 2.16310839 * x * x + .68841818 * x * x * x;
}

static double one_nu_sd(double x)
{
	return x < .3039 ? clip(-.0120 * log(x) - .0023, .0124, .04)
			 : -.0165 * x * x + .0116 * x + .0104;
}

static double one_q(double x)
{
	return x < .1591 ? clip(-.0078 * log(x) + .0038, .0179, .04)
			 : .0664 * x * x * x - .1352 * x * x + .0768 * x + .0088;
}

static double two_sd(double x)
{
	return .16603222 + 4.71806468 * x - 8.48101252 * x * x + 4.68961419 * x * x * x;
}

static double two_nu_sd(double x)
{
	return x < .3055 ? clip(-.0117 * log(x) - .0057, .0091, .04)
			 : -.0118 * x * x + .0093 * x + .0073;
}

static double two_q(double x)
{
	return x < .16 ? clip(-.0117 * log(x) - .0069, .015, .04)
		       : .0069 * x * x * x - .0280 * x * x + .0211 * x + .0123;
}

static const struct published models[] = {
	{ "joshi2020", 25, 20, 250e-9, 1, joshi_sd, joshi_nu_mean, joshi_nu_sd, joshi_q },
	{ "hermes", 10.35, 200, 512e-9, 1, one_sd, hermes_nu_mean, one_nu_sd, one_q },
	{ "hermes2", 10.35, 300, 512e-9, 2, two_sd, hermes_nu_mean, two_nu_sd, two_q },
};

/* Targets are 0, 1/8, ... of g_max; 32 rows each. */
static struct pcm_chip *programmed(const struct published *m, const char *more)
{
	char text[256];
	snprintf(text, sizeof(text), "preset=%s&t_program=0&t_read=0&seed=5%s", m->preset, more);
	struct pcm_chip *c = make_chip(text, 0);
	for (size_t i = 0; i < N; i++)
		g[i] = (float)(1e-6 * m->g_max * (double)(i / N_SAME) / N_LEVEL);
	assert_int_equal(pcm_chip_program(c, &all, g), 0);
	return c;
}

#define N_GRID 400

static double normal_weight(int i)
{
	double z = 12.0 * (i + 0.5) / N_GRID - 6;
	return exp(-z * z / 2) / sqrt(2 * M_PI) * 12 / N_GRID;
}

/*
 * Moments, uS, of one device aimed at `target` at age t: over z of programming and z of the exponent,
 * midpoint rule in z = -6 .. 6.
 */
static struct moments expected(const struct published *m, double target, double t)
{
	double root = sqrt(m->n_pair), sum = 0, square = 0;
	for (int i = 0; i < N_GRID; i++) {
		double z = 12.0 * (i + 0.5) / N_GRID - 6;
		double sd = m->sd_program(target / m->g_max) / root;
		double g_0 = fmax(0, target + sd * z), x = fmax(g_0 / m->g_max, 1e-9);
		double mean = m->nu_mean(x), nu_sd = root * m->nu_sd(x);
		for (int k = 0; k < N_GRID; k++) {
			double z_nu = 12.0 * (k + 0.5) / N_GRID - 6;
			double y = g_0 * pow(t / m->t_0, -fabs(mean + nu_sd * z_nu));
			double w = normal_weight(i) * normal_weight(k);
			sum += w * y;
			square += w * y * y;
		}
	}
	return (struct moments){ sum, sqrt(square - sum * sum) };
}

/*
 * Programming error at t0 and drift at 25 s, 1 h, 1 day, 30 days: means and sds of devices. That
 * devices aimed at 0 have errors too is the first level. 4th moments of these near-normal
 * distributions make the sd of a sample sd up to 1.5 times the normal's.
 */
static void check_ages(const struct published *m)
{
	static const double ages[] = { 25, 3600, 86400, 30 * 86400.0 };
	struct pcm_chip *c = programmed(m, "");
	double t = 0;
	for (size_t i = 0; i < N_LIST(ages); i++) {
		assert_int_equal(pcm_chip_wait(c, (uint64_t)((ages[i] - t) * 1e9 + 0.5)), 0);
		t = ages[i];
		assert_int_equal(pcm_chip_truth(c, &all, g), 0);
		for (int level = 0; level < N_LEVEL; level++) {
			struct moments e = expected(m, m->g_max * level / N_LEVEL, t);
			struct moments s = moments(g + level * N_SAME, N_SAME);
			assert_true(fabs(1e6 * s.mean - e.mean) <
				N_SIGMA * e.sd / sqrt(N_SAME) + 1e-4 * e.mean);
			assert_true(fabs(1e6 * s.sd - e.sd) <
				1.5 * N_SIGMA * e.sd / sqrt(2.0 * N_SAME) + 1e-4 * e.sd);
		}
	}
	pcm_chip_free(c);
}

static void programming_and_drift_are_as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_LIST(models); i++)
		check_ages(&models[i]);
}

/* hermes2: the sum of two devices aimed at half has the published sd of a pair. */
static void a_pair_is_as_published_for_a_pair(void **state)
{
	const struct published *m = &models[2];
	struct pcm_chip *c = programmed(m, "&drift_scale=0");
	static float pair[N_SAME / 2];
	(void)state;
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	for (int level = 2; level < N_LEVEL; level++) { /* far from 0 */
		double x = (double)level / N_LEVEL;
		for (int i = 0; i < N_SAME / 2; i++)
			pair[i] = g[level * N_SAME + 2 * i] + g[level * N_SAME + 2 * i + 1];
		struct moments s = moments(pair, N_SAME / 2);
		assert_true(fabs(1e6 * s.mean - 20.7 * x) < N_SIGMA * two_sd(x) / sqrt(N_SAME / 2));
		assert_true(fabs(1e6 * s.sd / two_sd(x) - 1) < N_SIGMA / sqrt(N_SAME));
	}
	pcm_chip_free(c);
}

/* Every programming draws an exponent anew; a SET leaves the draw. */
static void exponents_are_drawn_per_programming(void **state)
{
	struct pcm_chip *c = programmed(&models[1], "&program_scale=0&drift_t_min=1e-9");
	static float target[N];
	double sum = 0, var = 0;
	(void)state;
	for (size_t i = 0; i < N; i++)
		target[i] = 5e-6f;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(pcm_chip_program(c, &all, target), 0);
		assert_int_equal(pcm_chip_wait(c, 200000 * SECOND), 0);
		assert_int_equal(pcm_chip_truth(c, &all, round ? other : g), 0);
	}
	/* ln(1000) nu = -ln(G / 5 uS). */
	double mean = hermes_nu_mean(5 / 10.35), sd = one_nu_sd(5 / 10.35);
	for (size_t i = 0; i < N; i++) {
		double a = -log((double)g[i] / 5e-6) / log(1000) - mean;
		double b = -log((double)other[i] / 5e-6) / log(1000) - mean;
		sum += a * b;
		var += a * a;
	}
	assert_true(fabs(sqrt(var / N) / sd - 1) < N_SIGMA / sqrt(2.0 * N) + 1e-3);
	assert_true(fabs(sum / N) < N_SIGMA * sd * sd / sqrt(N));
	pcm_chip_free(c);
}

/* (read - truth) / (G Q) of devices that conduct. */
static size_t scaled_reads(
	struct pcm_chip *c, const struct published *m, const float *stored, float *ret)
{
	size_t n = 0;
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	assert_int_equal(pcm_chip_read(c, &all, ret), 0);
	for (size_t i = N_SAME; i < N; i++) {
		double q = sqrt(m->n_pair) * m->q(1e6 * (double)stored[i] / m->g_max);
		if (stored[i] > 0.2e-6f)
			ret[n++] = (float)(((double)ret[i] - (double)g[i]) / ((double)g[i] * q));
	}
	return n;
}

/* sd = G Q sqrt(ln((t + tr) / 2 tr)) within 1 %, with noise drawn anew and with memory. */
static void check_growth(const struct published *m, const char *more)
{
	static const double ages[] = { 0.001, 0.1, 1, 25, 3600, 86400, 30 * 86400.0 };
	static float stored[N], z[N];
	struct pcm_chip *c = programmed(m, "&drift_scale=0");
	double t = 0;
	assert_int_equal(pcm_chip_truth(c, &all, stored), 0);
	pcm_chip_free(c);
	c = programmed(m, more);
	for (size_t i = 0; i < N_LIST(ages); i++) {
		assert_int_equal(pcm_chip_wait(c, (uint64_t)((ages[i] - t) * 1e9 + 0.5)), 0);
		t = ages[i];
		size_t n = scaled_reads(c, m, stored, z);
		struct moments s = moments(z, n);
		double law = sqrt(log((t + m->t_r) / (2 * m->t_r)));
		assert_true(n > N / 2);
		assert_true(fabs(s.mean) < N_SIGMA * law / sqrt((double)n));
		if (fabs(s.sd / law - 1) >= 0.01)
			fail_msg("%s%s: %g s: sd %g, law %g", m->preset, more, t, s.sd, law);
	}
	pcm_chip_free(c);
}

static void flicker_noise_grows_as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_LIST(models); i++)
		check_growth(&models[i], "");
}

static void flicker_noise_with_memory_grows_as_published(void **state)
{
	(void)state;
	check_growth(&models[0], "&noise_memory=on");
	check_growth(&models[1], "&noise_memory=on&noise_tau=1e-2");
}

/* 4 e^gamma sqrt(10), aging.h */
#define TAU_0 22.529

/*
 * Two reads of the same device, dt apart, at age t: in units of (G Q)^2 the difference's variance is
 * 2 ln 10 for each process faster than noise_tau, and v(t) + v(t + dt) - 2 exp(-dt / tau) v(t) for each
 * slower one, v(t) = ln 10 (1 - exp(-2 t / tau)).
 */
static double difference(const struct published *m, double t, double dt)
{
	double var = 0;
	for (double tau = TAU_0 * m->t_r; tau < 3e8; tau *= 10) {
		double v = log(10) * (1 - exp(-2 * t / tau));
		double w = log(10) * (1 - exp(-2 * (t + dt) / tau));
		var += tau < 1 ? 2 * log(10) : v + w - 2 * exp(-dt / tau) * v;
	}
	return var;
}

static void differences_of_reads_grow_with_the_logarithm_of_the_lag(void **state)
{
	static const double lags[] = { 10, 100, 1000, 1e4, 1e5 };
	static float stored[N], first[N], second[N];
	const struct published *m = &models[0];
	struct pcm_chip *c = programmed(m, "&drift_scale=0&noise_memory=on");
	double t = 1e7, last = 0;
	(void)state;
	assert_int_equal(pcm_chip_truth(c, &all, stored), 0);
	assert_int_equal(pcm_chip_wait(c, (uint64_t)(t * 1e9)), 0);
	size_t n = scaled_reads(c, m, stored, first);
	for (size_t i = 0; i < N_LIST(lags); i++) {
		double lag = lags[i] - (i ? lags[i - 1] : 0);
		assert_int_equal(pcm_chip_wait(c, (uint64_t)(lag * 1e9)), 0);
		assert_int_equal(scaled_reads(c, m, stored, second), n);
		for (size_t k = 0; k < n; k++)
			second[k] -= first[k];
		double var = pow(moments(second, n).sd, 2), bound = N_SIGMA * sqrt(2.0 / (double)n);
		assert_true(fabs(var / difference(m, t, lags[i]) - 1) < bound);
		/* A decade of lag adds 2 ln 10: one process more that has forgotten. */
		if (i > 0)
			assert_true(fabs((var - last) / (2 * log(10)) - 1) < 0.2);
		last = var;
	}
	pcm_chip_free(c);
}

/* The same slow noise in both, and one normal a column has the distribution of one a device. */
static void projected_noise_with_memory_is_the_literal_one(void **state)
{
	enum { N_VEC = 5000, N_COL = 6 };
	static float current[2][N_COL][N_VEC];
	(void)state;
	for (int k = 0; k < 2; k++) {
		char text[128];
		snprintf(text, sizeof(text), "&noise_memory=on&adc_bits=16&read_noise=%s&t_mvm=0",
			k ? "literal" : "projected");
		struct pcm_chip *c = programmed(&models[1], text);
		int8_t in[40];
		int16_t out[N_COL];
		struct pcm_mvm m = { .row = 100,
			.n_row = 40,
			.col = 13,
			.n_col = N_COL,
			.n_vec = 1,
			.input = PCM_INPUT_INT8,
			.in = in,
			.out = out };
		seed_draw(3);
		draw_codes(in, sizeof(in));
		assert_int_equal(pcm_chip_wait(c, 100000 * SECOND), 0);
		for (int i = 0; i < N_VEC; i++) {
			assert_int_equal(pcm_chip_mvm(c, &m), 0);
			for (int j = 0; j < N_COL; j++)
				current[k][j][i] = out[j] * pcm_chip_adc_lsb(c, 13);
		}
		pcm_chip_free(c);
	}
	for (int j = 0; j < N_COL; j++) {
		struct moments a = moments(current[0][j], N_VEC), b = moments(current[1][j], N_VEC);
		assert_true(fabs(a.mean - b.mean) < N_SIGMA * a.sd * sqrt(2.0 / N_VEC));
		assert_true(fabs(a.sd / b.sd - 1) < N_SIGMA / sqrt(N_VEC) + 0x1p-10);
	}
}

/* On one chip: from RESET the first SET has nandakumar2018's moments, from a target 1.83 uS more. */
static void pulses_and_programming_live_on_one_chip(void **state)
{
	struct pcm_chip *c = make_chip("preset=joshi2020&drift_scale=0&program_scale=0", 0);
	(void)state;
	pulse_all(c, PCM_RESET, 1);
	pulse_all(c, PCM_SET, 1);
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	struct moments s = moments(g, N);
	assert_true(fabs(s.mean - 2.06e-6) < 0.005e-6 + N_SIGMA * 1.52e-6 / sqrt(N));
	assert_true(fabs(s.sd - 1.52e-6) < 0.005e-6 + N_SIGMA * 1.52e-6 / sqrt(2.0 * N));
	for (size_t i = 0; i < N; i++)
		g[i] = 9e-6f;
	assert_int_equal(pcm_chip_program(c, &all, g), 0);
	pulse_all(c, PCM_SET, 1);
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	/* P = exp(-1 / 2.6); mean -0.084 G + 0.880 + 1.40 P, sd 0.091 G + 0.260 + 2.15 P. */
	double p = exp(-1 / 2.6), mean = 9 - 0.084 * 9 + 0.880 + 1.40 * p;
	double sd = 0.091 * 9 + 0.260 + 2.15 * p;
	s = moments(g, N);
	assert_true(fabs(1e6 * s.mean - mean) < N_SIGMA * sd / sqrt(N));
	assert_true(fabs(1e6 * s.sd / sd - 1) < N_SIGMA / sqrt(2.0 * N));
	pcm_chip_free(c);
}

/* set_rho: correlation of a device's steps; far from clamps. */
static void a_device_has_a_way_of_its_own(void **state)
{
	struct pcm_chip *c = make_chip("set_rho=0.3&set_mean_0=30e-6&g_max=100e-6&drift_nu=0", 0);
	double sum = 0;
	(void)state;
	for (int i = 0; i < 2; i++) {
		pulse_all(c, PCM_RESET, 1);
		pulse_all(c, PCM_SET, 1);
		assert_int_equal(pcm_chip_truth(c, &all, i ? other : g), 0);
	}
	struct moments a = moments(g, N), b = moments(other, N);
	double sd =
		0.091 * 0.1 + 0.260 + 2.15 * exp(-1 / 2.6); /* as without rho; RESET's sd is 0.01 */
	assert_true(fabs(1e6 * a.sd - sd) < N_SIGMA * sd / sqrt(2.0 * N) + 1e-4);
	for (size_t i = 0; i < N; i++)
		sum += ((double)g[i] - a.mean) * ((double)other[i] - b.mean);
	/* sd of a correlation: (1 - rho^2) / sqrt(n) */
	assert_true(fabs(sum / N / (a.sd * b.sd) - 0.3) < N_SIGMA * 0.91 / sqrt(N) + 1e-4);
	pcm_chip_free(c);
}

/* G(T) = G exp(-(Ea / k) (1 / T - 1 / 300 K)), Ea = 0.2 eV (1 - G / g_max). */
static void warm_devices_conduct_better_the_less_they_conduct(void **state)
{
	struct pcm_chip *cold = make_chip("drift_nu=0&seed=8", 0);
	struct pcm_chip *warm = make_chip("drift_nu=0&seed=8&temperature=340", 0);
	(void)state;
	pulse_all(cold, PCM_SET, 3);
	pulse_all(warm, PCM_SET, 3);
	assert_int_equal(pcm_chip_truth(cold, &all, g), 0);
	assert_int_equal(pcm_chip_truth(warm, &all, other), 0);
	for (size_t i = 0; i < N; i += 37) {
		double energy = 0.2 * (1 - (double)g[i] / 12e-6) / 8.617333262e-5;
		double factor = exp(-energy * (1 / 340.0 - 1 / 300.0));
		assert_true(fabs((double)other[i] / (double)g[i] / factor - 1) < 1e-5);
	}
	pcm_chip_free(cold);
	pcm_chip_free(warm);
}

/* Stored conductances are clamped at 0; reads are not, or columns of low conductance would be biased. */
static void noisy_samples_are_not_clamped(void **state)
{
	struct pcm_chip *c = make_chip("preset=joshi2020&flicker_scale=20&t_program=0", 0);
	size_t n_zero = 0, n_negative = 0;
	(void)state;
	memset(g, 0, sizeof(g));
	assert_int_equal(pcm_chip_program(c, &all, g), 0);
	assert_int_equal(pcm_chip_wait(c, SECOND), 0);
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
	assert_int_equal(pcm_chip_read(c, &all, other), 0);
	for (size_t i = 0; i < N; i++) {
		n_zero += g[i] == 0;
		n_negative += other[i] < 0;
		assert_true(g[i] >= 0);
	}
	assert_true(fabs((double)n_zero - N / 2.0) < N_SIGMA * sqrt(N / 4.0));
	assert_true(n_negative > N / 8);
	pcm_chip_free(c);
}

static void targets_outside_are_erange(void **state)
{
	struct pcm_chip *c = make_chip("preset=hermes", 0);
	const struct pcm_patch cell = { 0, 1, 0, 1 };
	struct pcm_stats s;
	(void)state;
	assert_int_equal(pcm_chip_program(c, &cell, (float[]){ 0, 0, 0, 10.4e-6f }), -ERANGE);
	assert_int_equal(pcm_chip_program(c, &cell, (float[]){ 0, -1e-9f, 0, 0 }), -ERANGE);
	assert_int_equal(pcm_chip_program(c, &cell, (float[]){ 0, 10.35e-6f, 0, 0 }), 0);
	pcm_chip_stats(c, &s);
	/* 4 devices of 1.8 us and 0.9 nJ. */
	assert_int_equal(s.time, 7200);
	assert_true(fabs(s.energy / 3.6e-9 - 1) < 1e-9);
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programming_and_drift_are_as_published),
		cmocka_unit_test(a_pair_is_as_published_for_a_pair),
		cmocka_unit_test(exponents_are_drawn_per_programming),
		cmocka_unit_test(flicker_noise_grows_as_published),
		cmocka_unit_test(flicker_noise_with_memory_grows_as_published),
		cmocka_unit_test(differences_of_reads_grow_with_the_logarithm_of_the_lag),
		cmocka_unit_test(projected_noise_with_memory_is_the_literal_one),
		cmocka_unit_test(pulses_and_programming_live_on_one_chip),
		cmocka_unit_test(a_device_has_a_way_of_its_own),
		cmocka_unit_test(warm_devices_conduct_better_the_less_they_conduct),
		cmocka_unit_test(noisy_samples_are_not_clamped),
		cmocka_unit_test(targets_outside_are_erange),
	};
	return cmocka_run_group_tests_name("programmed", tests, NULL, NULL);
}
