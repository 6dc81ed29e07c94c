/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_spread.c - mean and spread of a population of which every value is known with an error. */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int fit_spread_init(struct fit_spread *s, size_t n_max)
{
	*s = (struct fit_spread){ .x = malloc((n_max + 1) * sizeof(*s->x)),
		.var = malloc((n_max + 1) * sizeof(*s->var)),
		.cluster = malloc((n_max + 1) * sizeof(*s->cluster)) };
	if (s->x && s->var && s->cluster)
		return 0;
	fit_spread_done(s);
	return -ENOMEM;
}

void fit_spread_done(struct fit_spread *s)
{
	free(s->x);
	free(s->var);
	free(s->cluster);
	*s = (struct fit_spread){ 0 };
}

void fit_spread_add(struct fit_spread *s, double x, double var, uint32_t cluster)
{
	s->x[s->n] = x;
	s->var[s->n] = var;
	s->cluster[s->n++] = cluster;
}

/* P(normal < x). */
static double below(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

static double log_normal(double x, double var)
{
	return -0.5 * (x * x / var + log(2.0 * M_PI * var));
}

/* theta: mean and variance. With the floor: what lies above it, and what was clamped to it. */
static void likelihood(const void *user, const double *theta, double *ret)
{
	const struct fit_spread *s = user;
	double tau2 = theta[1];
	for (size_t i = 0; i < s->n; i++) {
		double v = s->var[i], whole = tau2 + v;
		ret[i] = log_normal(s->x[i] - theta[0], whole);
		if (!s->has_floor || tau2 <= 0.0)
			continue;
		double z = (theta[0] * v + s->x[i] * tau2) / sqrt(tau2 * v * whole);
		ret[i] = log(exp(ret[i]) * below(z) +
			below(-theta[0] / sqrt(tau2)) * exp(log_normal(s->x[i], v)) + 1e-300);
	}
}

/* Where the search starts: median and quartiles, for some values may be known hardly at all. */
static int start(const struct fit_spread *s, double *ret_mean, double *ret_sd)
{
	double *x = malloc(s->n * sizeof(*x));
	if (!x)
		return -ENOMEM;
	memcpy(x, s->x, s->n * sizeof(*x));
	gsl_sort(x, 1, s->n);
	*ret_mean = x[s->n / 2];
	*ret_sd = (x[3 * s->n / 4] - x[s->n / 4]) / 1.349;
	free(x);
	return 0;
}

int fit_spread(const struct fit_spread *s, struct fit_estimate *ret_mean,
	struct fit_estimate *ret_sd, struct fit_message *msg)
{
	double v_min = INFINITY, mean, sd, cov[4];
	for (size_t i = 0; i < s->n; i++)
		v_min = fmin(v_min, s->var[i]);
	if (start(s, &mean, &sd) < 0)
		return fit_fail(msg, -ENOMEM, "no memory for %zu values", s->n);
	double theta[2] = { mean, fmax(sd * sd, 0.1 * v_min) };
	double width = sqrt(v_min + theta[1]);
	struct fit_problem p = { .n_theta = 2,
		.n_unit = s->n,
		.theta = theta,
		.is_free = (const bool[]){ true, true },
		.step = (const double[]){ 1e-3 * width, 1e-3 * width * width },
		.min = (const double[]){ -INFINITY, -0.5 * v_min },
		.max = (const double[]){ INFINITY, INFINITY },
		.cluster = s->cluster,
		.gain_done = 1e-4,
		.likelihood = likelihood,
		.user = s,
		.covariance = cov };
	int r = fit_maximise(&p, msg);
	if (r < 0)
		return r;
	double k = gsl_cdf_tdist_Pinv(0.975, (double)p.n_cluster - 1.0);
	double se = k * sqrt(cov[0]), se2 = k * sqrt(cov[3]);
	*ret_mean = (struct fit_estimate){
		.is_known = true, .v = theta[0], .lo = theta[0] - se, .hi = theta[0] + se
	};
	*ret_sd = (struct fit_estimate){ .is_known = true,
		.v = sqrt(fmax(theta[1], 0.0)),
		.lo = sqrt(fmax(theta[1] - se2, 0.0)),
		.hi = sqrt(fmax(theta[1] + se2, 0.0)) };
	return 0;
}
