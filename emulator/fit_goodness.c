/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_goodness.c - how well the law of fit_law.c describes the readings it was estimated from, and
 * whether devices differ, which it does not describe.
 */
#include "fit_sample.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SD_RHO 3.0 /* by which devices show that they differ */

static double square(double x)
{
	return x * x;
}

void fit_moments_add(struct fit_moments *m, double x)
{
	double d = x - m->mean;
	m->n++;
	m->mean += d / (double)m->n;
	m->sum_square += d * (x - m->mean);
}

double fit_moments_sd(const struct fit_moments *m)
{
	return m->n > 1 ? sqrt(m->sum_square / (double)(m->n - 1)) : NAN;
}

struct fit_goodness fit_goodness_of(const struct fit_moments *m, const char *what)
{
	return (struct fit_goodness){ .n = m->n,
		.mean_square = m->mean,
		.sd = fit_moments_sd(m) / sqrt((double)m->n),
		.what = what };
}

/* Mean over a staircase of steps against predictions, in the steps' sd; their mean square, noise and all. */
static double stair_residual(const struct fit_sample *s, const double *theta, size_t i,
	struct fit_predicted *scratch, double *ret_square)
{
	const struct fit_reads *reads = s->stair + i * s->n_step;
	double sum = 0.0, n = (double)(s->n_step - 1);
	*ret_square = 0.0;
	fit_staircase_likelihood(theta, reads, s->n_step, scratch);
	for (size_t p = 1; p < s->n_step; p++) {
		double noise =
			square(fit_read_sd(theta, scratch[p].mean, reads[p].column)) / reads[p].n;
		double off = reads[p].mean - scratch[p].mean;
		*ret_square += square(off) / scratch[p].var / n;
		sum += off / sqrt(fmax(scratch[p].var - noise, 1e-6)) / n;
	}
	return sum;
}

/*
 * What residuals of different cycles of a device have in common, averaged over all pairs of cycles:
 * nothing, as this law has it, if all scatter is cycle to cycle. z [n_cycle][n] of staircases.
 */
static void check_rho(const double *z, size_t n_cycle, size_t n, struct fit_estimate *ret)
{
	struct fit_moments all = { 0 };
	if (n_cycle < 2 || n < 8) {
		strcpy(ret->why, "needs cycles of the same devices: staircase --cycles 4");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		double sum = 0.0, squares = 0.0;
		for (size_t c = 0; c < n_cycle; c++) {
			sum += z[c * n + i];
			squares += square(z[c * n + i]);
		}
		fit_moments_add(
			&all, (square(sum) - squares) / ((double)n_cycle * (double)(n_cycle - 1)));
	}
	double se = fit_moments_sd(&all) / sqrt((double)n);
	if (all.mean < N_SD_RHO * se)
		snprintf(ret->why, sizeof(ret->why),
			"taken for 0: no sign that devices differ (%+.1f sd)", all.mean / se);
	else
		snprintf(ret->why, sizeof(ret->why),
			"devices differ (%.0f sd), which is not fitted: set_mean_* and set_sd_* are of "
			"a law without, and biased by it",
			all.mean / se);
}

static int stair_goodness(const struct fit_sample *s, const double *theta, size_t n_cycle,
	struct fit_result *ret, struct fit_message *msg)
{
	struct fit_moments all = { 0 };
	struct fit_predicted *predicted = calloc(s->n_step, sizeof(*predicted));
	double *z = malloc(s->n_stair * sizeof(*z));
	int r = predicted && z ? 0 : fit_fail(msg, -ENOMEM, "no memory");
	for (size_t i = 0; i < s->n_stair && r == 0; i++) {
		double z2;
		z[i] = stair_residual(s, theta, i, predicted, &z2);
		fit_moments_add(&all, z2);
	}
	if (r == 0)
		check_rho(z, n_cycle, s->n_stair / n_cycle, &ret->par[FIT_SET_RHO]);
	ret->goodness[FIT_STAIRCASE] = fit_goodness_of(
		&all, "step after a pulse against what was predicted from all reads before");
	free(predicted);
	free(z);
	return r;
}

static struct fit_goodness reset_goodness(const struct fit_sample *s, const double *theta)
{
	struct fit_moments all = { 0 };
	double g = theta[FIT_RESET_MEAN];
	for (size_t i = 0; i < s->n_reset; i++) {
		const struct fit_reads *r = &s->reset[i];
		double sd = fit_read_sd(theta, g, r->column);
		fit_moments_add(
			&all, square(r->mean - g) / (theta[FIT_RESET_SD] + square(sd) / r->n));
	}
	return fit_goodness_of(&all, "conductance after RESET against the population's");
}

static struct fit_goodness repeat_goodness(const struct fit_sample *s, const double *theta)
{
	struct fit_moments all = { 0 };
	for (size_t i = 0; i < s->n_repeat; i++) {
		const struct fit_reads *r = &s->repeat[i];
		double sd = fit_read_sd(theta, r->mean, r->column);
		fit_moments_add(&all, r->sum_square / square(sd) / (r->n - 1.0));
	}
	return fit_goodness_of(&all, "scatter of reads of a device against the read noise");
}

int fit_sample_check(const struct fit_sample *s, const double *theta, const struct fit_data *d,
	struct fit_result *ret, struct fit_message *msg)
{
	ret->goodness[FIT_RESET] = reset_goodness(s, theta);
	if (fit_sample_repeats(d) == &d->of[FIT_VERIFY])
		ret->goodness[FIT_VERIFY] = repeat_goodness(s, theta);
	strcpy(ret->par[FIT_SET_RHO].why, "needs the experiment staircase");
	return s->n_stair ? stair_goodness(s, theta, d->of[FIT_STAIRCASE].shape[0], ret, msg) : 0;
}
