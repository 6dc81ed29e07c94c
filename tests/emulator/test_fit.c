/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of pcm-fit against integrals and estimates that are known otherwise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <cmocka.h>
#include "fit_effect.h"

/* Near the published constants, uS; reset_sd is a variance. */
static const double theta[FIT_N_THETA] = { [FIT_SET_MEAN_0] = 0.88,
	[FIT_SET_MEAN_G] = -0.084,
	[FIT_SET_MEAN_P] = 1.4,
	[FIT_SET_SD_0] = 0.26,
	[FIT_SET_SD_G] = 0.091,
	[FIT_SET_SD_P] = 2.15,
	[FIT_SET_MEMORY] = 2.6,
	[FIT_G_MIN] = 0.1,
	[FIT_G_MAX] = 6.0,
	[FIT_RESET_MEAN] = 0.1,
	[FIT_RESET_SD] = 4e-4,
	[FIT_READ_SD_0] = 0.13,
	[FIT_READ_SD_G] = 0.03,
	[FIT_COLUMN_NOISE] = 0.05 };

static double normal(double x, double sd)
{
	return exp(-0.5 * x * x / (sd * sd)) / (sd * sqrt(2.0 * M_PI));
}

/* Density of two reads y of conductance g. */
static double reads(const double *y, double g)
{
	double s = 0.13 + 0.03 * (g > 0.0 ? g : 0.0), sd = sqrt(s * s + 0.05 * 0.05);
	return normal(y[0] - g, sd) * normal(y[1] - g, sd);
}

#define N_GRID 3000
#define TOP    6.0

/* What SET makes of a density on a grid of [0, TOP] and its atoms, by the plain midpoint rule. */
struct grid {
	double w[N_GRID], atom_min, atom_max;
};

static double grid_g(int i)
{
	return TOP * (i + 0.5) / N_GRID;
}

static void spread(struct grid *to, double w, double g, double p)
{
	double mean = g + 0.88 - 0.084 * g + 1.4 * p, sd = 0.26 + 0.091 * g + 2.15 * p;
	if (w < 1e-14)
		return;
	for (int k = 0; k < N_GRID; k++)
		to->w[k] += grid_g(k) > 0.1 ? w * normal(grid_g(k) - mean, sd) * TOP / N_GRID : 0.0;
	to->atom_min += w * 0.5 * erfc((mean - 0.1) / sd * M_SQRT1_2);
	to->atom_max += w * 0.5 * erfc((6.0 - mean) / sd * M_SQRT1_2);
}

static double weigh(struct grid *d, const double *y)
{
	double sum = 0.0;
	for (int k = 0; k < N_GRID; k++)
		sum += d->w[k] *= reads(y, grid_g(k));
	sum += d->atom_min *= reads(y, 0.1);
	return sum + (d->atom_max *= reads(y, 6.0));
}

static double brute_force(const double (*y)[2], int n)
{
	static struct grid a, b;
	double p = 1.0, sum = 0.0;
	memset(&a, 0, sizeof(a));
	for (int k = 0; k < N_GRID; k++)
		a.w[k] = normal(grid_g(k) - 0.1, 0.02) * TOP / N_GRID;
	sum = weigh(&a, y[0]);
	for (int i = 1; i < n; i++) {
		p *= exp(-1.0 / 2.6);
		memset(&b, 0, sizeof(b));
		for (int k = 0; k < N_GRID; k++)
			spread(&b, a.w[k], grid_g(k), p);
		spread(&b, a.atom_min, 0.1, p);
		spread(&b, a.atom_max, 6.0, p);
		sum = weigh(&b, y[i]);
		a = b;
	}
	return log(sum);
}

/* One in the middle, one that stays at the lower clamp, one that reaches the upper one. */
static void likelihood_of_a_staircase_is_the_integral_over_its_conductances(void **state)
{
	static const double y[3][4][2] = {
		{ { 0.2, 0.05 }, { 1.9, 2.2 }, { 3.1, 2.9 }, { 3.3, 3.6 } },
		{ { 0.0, 0.1 }, { 0.15, 0.02 }, { 0.3, 0.1 }, { 1.8, 1.9 } },
		{ { 0.1, 0.12 }, { 4.2, 3.9 }, { 5.8, 6.1 }, { 6.2, 5.9 } },
	};
	(void)state;
	for (int s = 0; s < 3; s++) {
		struct fit_reads r[4];
		for (int i = 0; i < 4; i++) {
			const float g[2] = { (float)y[s][i][0], (float)y[s][i][1] };
			r[i] = fit_reads_of(g, 2, 1);
		}
		double l = fit_staircase_likelihood(theta, 0.0, r, 4, NULL);
		assert_true(fabs(l - brute_force(y[s], 4)) < 2e-3);
	}
}

#define N_CYCLE 4
#define N_STEP  9

/* A device that is slow, and one about as most are, as they would be read four times after each pulse. */
static struct fit_sample two_devices(gsl_rng *rng, struct fit_reads *reads, double *place)
{
	static const double u[2] = { -0.9, 0.1 };
	for (int i = 0; i < 2 * N_CYCLE; i++) {
		double g = 0.1, p = 1.0;
		for (int k = 0; k < N_STEP; k++, p *= exp(-1.0 / 2.6)) {
			float y[4];
			double sd = 0.26 + 0.091 * g + 2.15 * p, own = u[i % 2];
			if (k)
				g += 0.88 - 0.084 * g + 1.4 * p +
					sd * (own + gsl_ran_gaussian(rng, sqrt(0.6)));
			g = fmin(fmax(g, 0.1), 6.0);
			for (int j = 0; j < 4; j++)
				y[j] = (float)(g + gsl_ran_gaussian(rng, 0.13 + 0.03 * g));
			reads[i * N_STEP + k] = fit_reads_of(y, 4, 1);
		}
	}
	place[2] = place[3] = 0.2;
	return (struct fit_sample){ .stair = reads,
		.n_cycle = N_CYCLE,
		.n_device = 2,
		.n_stair = 2 * N_CYCLE,
		.n_step = N_STEP,
		.has_effect = true,
		.centre = place,
		.width = place + 2 };
}

/* ln of the integral over u by the midpoint rule. */
static double integral(const struct fit_sample *s, const double *law, size_t i)
{
	double sum = 0.0, du = 0.005, shift = 0.0;
	for (double u = -3.0; u < 3.0; u += du) {
		double l = 0.0;
		for (size_t c = 0; c < N_CYCLE; c++)
			l += fit_staircase_likelihood(
				law, u, s->stair + (c * 2 + i) * N_STEP, N_STEP, NULL);
		shift = shift == 0.0 ? l : shift;
		sum += exp(l - shift) * normal(u, sqrt(law[FIT_SET_RHO])) * du;
	}
	return log(sum) + shift;
}

/* What of the steps is a device's own is integrated out; with none, the cycles stand alone. */
static void likelihood_of_a_device_is_the_integral_over_its_own_part(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_reads reads[2 * N_CYCLE * N_STEP];
	double place[4] = { 0 }, law[FIT_N_THETA];
	struct fit_sample s = two_devices(rng, reads, place);
	(void)state;
	memcpy(law, theta, sizeof(law));
	for (int k = 0; k < 3; k++) {
		law[FIT_SET_RHO] = (const double[]){ 0.02, 0.2, 0.6 }[k];
		fit_effect_place(&s, law);
		for (size_t i = 0; i < 2; i++) {
			double of[N_CYCLE], sum = 0.0;
			fit_effect_likelihood(&s, law, i, of, 1);
			for (int c = 0; c < N_CYCLE; c++)
				sum += of[c];
			/* A hundredth is what moves an estimate by a seventh of its error. */
			assert_true(fabs(sum - integral(&s, law, i)) < 0.01);
		}
	}
	/* The slow one is slow, and at rho = 0 nothing is left of that. */
	assert_true(place[0] < -0.5 && fabs(place[1]) < 0.5);
	law[FIT_SET_RHO] = 0.0;
	fit_effect_place(&s, law);
	double of[N_CYCLE], alone = 0.0;
	fit_effect_likelihood(&s, law, 1, of, 1);
	for (size_t c = 0; c < N_CYCLE; c++)
		alone += of[c] -
			fit_staircase_likelihood(
				law, 0.0, s.stair + (c * 2 + 1) * N_STEP, N_STEP, NULL);
	assert_true(fabs(alone) < 0.01);
	gsl_rng_free(rng);
}

/* With reads alike whatever g, the integral is that of a normal: n - 1 differences remain. */
static void likelihood_of_repeated_reads_has_the_conductance_integrated_out(void **state)
{
	double white[FIT_N_THETA] = { [FIT_READ_SD_0] = 0.2 };
	const float g[3] = { 5.0f, 5.3f, 4.9f };
	const struct fit_reads r = fit_reads_of(g, 3, 1);
	double hand = -0.5 * r.sum_square / 0.04 - log(2.0 * M_PI * 0.04) - 0.5 * log(3.0);
	(void)state;
	assert_true(fabs(fit_reads_likelihood(white, &r) - hand) < 1e-3);
}

/* Reset variance 0 and just below have the same likelihood, no edge for the search. */
static void reset_likelihood_is_continuous_at_no_spread(void **state)
{
	double a[FIT_N_THETA], b[FIT_N_THETA];
	const float g[2] = { 0.2f, -0.1f };
	const struct fit_reads r = fit_reads_of(g, 2, 1);
	(void)state;
	memcpy(a, theta, sizeof(a));
	memcpy(b, theta, sizeof(b));
	a[FIT_RESET_SD] = 2e-8;
	b[FIT_RESET_SD] = -2e-8;
	assert_true(fabs(fit_reset_likelihood(a, &r) - fit_reset_likelihood(b, &r)) < 1e-5);
}

#define N_VALUE 400

/* Values come twice, as two of one cluster: errors are those of half as many. */
static void clusters_widen_intervals(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_spread s;
	struct fit_estimate mean, sd, mean1, sd1;
	struct fit_message msg;
	(void)state;
	assert_int_equal(fit_spread_init(&s, 2 * N_VALUE), 0);
	for (uint32_t i = 0; i < N_VALUE; i++) {
		double x = 5.0 + gsl_ran_gaussian(rng, 0.3);
		fit_spread_add(&s, x, 0.01, i);
		fit_spread_add(&s, x, 0.01, i);
	}
	assert_int_equal(fit_spread(&s, &mean, &sd, &msg), 0);
	for (uint32_t i = 0; i < 2 * N_VALUE; i++)
		s.cluster[i] = i;
	assert_int_equal(fit_spread(&s, &mean1, &sd1, &msg), 0);
	assert_true(fabs((mean.hi - mean.lo) / (mean1.hi - mean1.lo) - sqrt(2.0)) < 0.01);
	/* 2 * 1.966 * 0.3 / sqrt(400) = 0.059, its sd of 3.5 % by the sample's. */
	assert_true(fabs(mean.hi - mean.lo - 0.059) < 5.0 * 0.0021);
	/* sqrt(0.3^2 - 0.01) = 0.2828, with sd 0.0113. */
	assert_true(fabs(sd.v - 0.2828) < 5.0 * 0.0113);
	fit_spread_done(&s);
	gsl_rng_free(rng);
}

static void no_spread_is_an_interval_from_0(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_spread s;
	struct fit_estimate mean, sd;
	struct fit_message msg;
	(void)state;
	assert_int_equal(fit_spread_init(&s, N_VALUE), 0);
	for (uint32_t i = 0; i < N_VALUE; i++)
		fit_spread_add(&s, 5.0 + gsl_ran_gaussian(rng, 0.1), 0.01, i);
	assert_int_equal(fit_spread(&s, &mean, &sd, &msg), 0);
	assert_true(sd.lo == 0.0);
	/* The variance is known to 0.01 sqrt(2 / 400) = 0.0007: sd to 0.06 at 5 sigma. */
	assert_true(sd.hi > 0.0 && sd.hi < 0.07);
	fit_spread_done(&s);
	gsl_rng_free(rng);
}

/* Clopper and Pearson: of 0 in n the upper end is 1 - 0.025^(1/n); symmetric in k and n - k. */
static void rates_have_exact_intervals(void **state)
{
	struct fit_estimate none, one, all_but_one;
	(void)state;
	fit_rate(&none, 0, 20, "");
	fit_rate(&one, 1, 20, "");
	fit_rate(&all_but_one, 19, 20, "");
	assert_true(none.v == 0.0 && none.lo == 0.0);
	assert_true(fabs(none.hi - (1.0 - pow(0.025, 1.0 / 20.0))) < 1e-9);
	assert_true(fabs(one.lo - (1.0 - all_but_one.hi)) < 1e-9);
	fit_rate(&none, 0, 0, "no devices");
	assert_false(none.is_known);
	assert_string_equal(none.why, "no devices");
}

/*
 * Over what a board of 256 lines may draw. Exact intervals of few counts hold the truth more often than
 * they say: 98.0 % for rates of 0.004 to 0.02, by the binomial distribution.
 */
static void intervals_of_rates_hold_the_truth_as_often_as_they_say(void **state)
{
	double mean = 0.0;
	(void)state;
	for (int i = 0; i <= 160; i++) {
		double rate = 0.004 + 1e-4 * i, covered = 0.0;
		for (unsigned k = 0; k < 40; k++) {
			struct fit_estimate e;
			fit_rate(&e, k, 256, "");
			if (e.lo <= rate && rate <= e.hi)
				covered += gsl_ran_binomial_pdf(k, rate, 256);
		}
		assert_true(covered > 0.95);
		mean += covered / 161.0;
	}
	assert_true(fabs(mean - 0.980) < 0.001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(likelihood_of_a_staircase_is_the_integral_over_its_conductances),
		cmocka_unit_test(likelihood_of_a_device_is_the_integral_over_its_own_part),
		cmocka_unit_test(likelihood_of_repeated_reads_has_the_conductance_integrated_out),
		cmocka_unit_test(reset_likelihood_is_continuous_at_no_spread),
		cmocka_unit_test(clusters_widen_intervals),
		cmocka_unit_test(no_spread_is_an_interval_from_0),
		cmocka_unit_test(rates_have_exact_intervals),
		cmocka_unit_test(intervals_of_rates_hold_the_truth_as_often_as_they_say),
	};
	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
