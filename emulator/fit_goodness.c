/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_goodness.c - how well the law of fit_law.c describes the readings it was estimated from. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "fit_effect.h"

#define N_NODE 5

/* Gauss-Hermite for the normal's density, 5 points: Abramowitz and Stegun, table 25.10, x sqrt(2). */
static const double node_x[N_NODE] = { -2.85697001387281, -1.35562617997427, 0.0, 1.35562617997427,
	2.85697001387281 };
static const double node_w[N_NODE] = { 0.01125741132772, 0.22207592200561, 8.0 / 15.0,
	0.22207592200561, 0.01125741132772 };

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

double fit_goodness_off(const struct fit_goodness *g)
{
	return g->n > 1 ? (g->mean_square - 1.0) / g->sd : 0.0;
}

/* What is known of a device's own part, its likelihood on the nodes of an integral over it. */
struct known {
	double u[N_NODE], w[N_NODE]; /* w sum to 1 */
};

/* u by the cycles before: N(B / (C + 1 / rho), 1 / (C + 1 / rho)). */
static struct known known_before(
	const struct fit_sample *s, const double *theta, size_t i_device, size_t cycle)
{
	double rho = s->has_effect ? fmax(theta[FIT_SET_RHO], 0.0) : 0.0;
	struct fit_effect e = { 0 };
	struct known k;
	if (rho > 0.0)
		e = fit_effect_of(s, theta, i_device, 0, cycle);
	double var = rho / fmax(1.0 + e.c * rho, 0.05);
	for (int j = 0; j < N_NODE; j++) {
		k.u[j] = e.b * var + sqrt(var) * node_x[j];
		k.w[j] = node_w[j];
	}
	return k;
}

/* The mixture of predictions [N_NODE][n_step] of a step, by how likely the steps before were. */
static struct fit_predicted mixture(
	const struct known *k, const struct fit_predicted *of, size_t n_step, size_t step)
{
	struct fit_predicted all = { 0 };
	double most = -INFINITY, sum = 0.0, square_sum = 0.0;
	for (int j = 0; j < N_NODE; j++)
		most = fmax(most, of[(size_t)j * n_step + step].likelihood);
	for (int j = 0; j < N_NODE; j++) {
		const struct fit_predicted *p = &of[(size_t)j * n_step + step];
		double w = k->w[j] * exp(p->likelihood - most);
		sum += w;
		all.mean += w * p->mean;
		square_sum += w * (p->var + square(p->mean));
	}
	all.mean /= sum;
	all.var = square_sum / sum - square(all.mean);
	return all;
}

/* Mean square of a staircase's steps against predictions from all reads before, in the predictions' sd. */
static double stair_square(const struct fit_sample *s, const double *theta, size_t i_device,
	size_t cycle, struct fit_predicted *scratch)
{
	const struct fit_reads *reads = s->stair + (cycle * s->n_device + i_device) * s->n_step;
	struct known k = known_before(s, theta, i_device, cycle);
	double sum = 0.0;
	for (size_t j = 0; j < N_NODE; j++)
		fit_staircase_likelihood(theta, k.u[j], reads, s->n_step, scratch + j * s->n_step);
	for (size_t p = 1; p < s->n_step; p++) {
		struct fit_predicted all = mixture(&k, scratch, s->n_step, p);
		sum += square(reads[p].mean - all.mean) / all.var;
	}
	return sum / (double)(s->n_step - 1);
}

static int stair_goodness(const struct fit_sample *s, const double *theta, struct fit_result *ret,
	struct fit_message *msg)
{
	struct fit_moments all = { 0 };
	struct fit_predicted *scratch = calloc(N_NODE * s->n_step, sizeof(*scratch));
	if (!scratch)
		return fit_fail(msg, -ENOMEM, "no memory");
	for (size_t i = 0; i < s->n_device; i++) {
		for (size_t c = 0; c < s->n_cycle; c++)
			fit_moments_add(&all, stair_square(s, theta, i, c, scratch));
	}
	free(scratch);
	ret->goodness[FIT_STAIRCASE] = fit_goodness_of(
		&all, "step after a pulse against what was predicted from all reads before");
	return 0;
}

/*
 * A device's own part as the first half of the cycles has it and as the second: it stays what it is, so
 * that they differ by their errors. Not so if it changes, or is of another kind.
 */
static struct fit_goodness rho_goodness(const struct fit_sample *s, const double *theta)
{
	struct fit_moments all = { 0 };
	size_t half = s->n_cycle / 2;
	for (size_t i = 0; i < s->n_device && s->has_effect && half; i++) {
		struct fit_effect a = fit_effect_of(s, theta, i, 0, half);
		struct fit_effect b = fit_effect_of(s, theta, i, half, s->n_cycle);
		if (a.c > 1.0 && b.c > 1.0)
			fit_moments_add(
				&all, square(a.b / a.c - b.b / b.c) / (1.0 / a.c + 1.0 / b.c));
	}
	return fit_goodness_of(
		&all, "devices' own steps in the first half of the cycles against the second");
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
	ret->goodness[FIT_OF_RHO] = rho_goodness(s, theta);
	return s->n_stair ? stair_goodness(s, theta, ret, msg) : 0;
}
