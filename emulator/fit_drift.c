/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_drift.c - drift exponents. Of every device A and nu of A (age / t0)^-nu by weighted nonlinear
 * least squares on its reads (not on their logs, which noise biases), so that the estimated exponent
 * is N(nu_i, v_i), v_i known from the read noise. Then of the population (fit_spread.c),
 *
 *	nu_i ~ N(drift_nu, drift_nu_sd^2), clamped at 0 as devices' exponents are (pcm.h).
 */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>

#define N_ROUND 30

/* One device: its mean reads y [n] at ln(age / t0), with weights 1 / variance. */
struct curve {
	size_t n;
	double *y, *log_age, *weight;
	double column; /* see struct fit_reads */
};

static double square(double x)
{
	return x * x;
}

/* Parameters: A in uS, nu. */
static int residuals(const gsl_vector *x, void *user, gsl_vector *ret)
{
	const struct curve *c = user;
	for (size_t k = 0; k < c->n; k++) {
		double g = gsl_vector_get(x, 0) * exp(-gsl_vector_get(x, 1) * c->log_age[k]);
		gsl_vector_set(ret, k, g - c->y[k]);
	}
	return GSL_SUCCESS;
}

static int slopes(const gsl_vector *x, void *user, gsl_matrix *ret)
{
	const struct curve *c = user;
	for (size_t k = 0; k < c->n; k++) {
		double f = exp(-gsl_vector_get(x, 1) * c->log_age[k]);
		gsl_matrix_set(ret, k, 0, f);
		gsl_matrix_set(ret, k, 1, -c->log_age[k] * f * gsl_vector_get(x, 0));
	}
	return GSL_SUCCESS;
}

/* Weights by the noise of the curve as it is estimated, not of the noisy reads. */
static void weigh(struct curve *c, const double *theta, const gsl_vector *x, double n_read)
{
	for (size_t k = 0; k < c->n; k++) {
		double g = gsl_vector_get(x, 0) * exp(-gsl_vector_get(x, 1) * c->log_age[k]);
		c->weight[k] = n_read / square(fit_read_sd(theta, g, c->column));
	}
}

/*
 * Bias of nu by the curve's curvature, M. J. Box, J. R. Stat. Soc. B 33, 171 (1971):
 * -1/2 C J^T W m, m_k the trace of the second derivatives of y_k times C.
 */
static double bias(const struct curve *c, double a, double nu, const double cov[4])
{
	double sum = 0.0;
	for (size_t k = 0; k < c->n; k++) {
		double l = c->log_age[k], f = exp(-nu * l);
		double m = -2.0 * l * f * cov[1] + l * l * a * f * cov[3];
		sum += (cov[2] * f - cov[3] * l * a * f) * c->weight[k] * m;
	}
	return -0.5 * sum;
}

/* A and nu in x, the variance of nu; chi square of all reads in *ret_chi2. */
static bool fit_curve(gsl_multifit_nlinear_workspace *w, struct curve *c, const double *theta,
	double n_read, gsl_vector *x, double *ret_var, double *ret_chi2)
{
	gsl_multifit_nlinear_fdf fdf = {
		.f = residuals, .df = slopes, .n = c->n, .p = 2, .params = c
	};
	gsl_vector_view weight = gsl_vector_view_array(c->weight, c->n);
	double cov[4];
	gsl_matrix_view covariance = gsl_matrix_view_array(cov, 2, 2);
	int info = 0;
	for (int i = 0; i < 2; i++) {
		weigh(c, theta, x, n_read);
		if (gsl_multifit_nlinear_winit(x, &weight.vector, &fdf, w) ||
			gsl_multifit_nlinear_driver(N_ROUND, 1e-8, 1e-8, 0.0, NULL, NULL, &info, w))
			return false;
		gsl_vector_memcpy(x, gsl_multifit_nlinear_position(w));
	}
	gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0.0, &covariance.matrix);
	*ret_var = cov[3];
	*gsl_vector_ptr(x, 1) -= bias(c, gsl_vector_get(x, 0), gsl_vector_get(x, 1), cov);
	*ret_chi2 = 0.0;
	for (size_t k = 0; k < c->n; k++)
		*ret_chi2 += square(gsl_vector_get(gsl_multifit_nlinear_residual(w), k));
	return isfinite(gsl_vector_get(x, 1)) && *ret_var > 0.0;
}

/*
 * Devices of half the largest target and more. Those that drift more are lower at the end and their
 * exponents known less well: where the error is as large as the spread, exponents that are small
 * would count more.
 */
static float least_target(const struct fit_samples *m)
{
	float max = 0.0f;
	for (size_t i = 0; i < m->n; i++)
		max = m->g_target[i] > max ? m->g_target[i] : max;
	return 0.5f * max;
}

static void fit_devices(const struct fit_data *d, const struct fit_result *result, struct curve *c,
	gsl_multifit_nlinear_workspace *w, gsl_vector *x, struct fit_spread *ret,
	struct fit_goodness *good)
{
	const struct fit_samples *m = &d->of[FIT_DRIFT];
	size_t n_read = m->shape[1];
	float least = least_target(m);
	struct fit_moments all = { 0 };
	for (size_t i = 0; i < m->n; i++) {
		double var, chi2;
		for (size_t k = 0; k < c->n; k++)
			c->y[k] = fit_reads_of(m->g + k * n_read * m->n + i, n_read, m->n).mean;
		c->column = fit_column_of(d, m, i);
		gsl_vector_set(x, 0, c->y[0]);
		gsl_vector_set(x, 1, 0.05);
		if (m->is_bad[i] || m->g_target[i] < least ||
			!fit_curve(w, c, result->theta, (double)n_read, x, &var, &chi2))
			continue;
		fit_spread_add(ret, gsl_vector_get(x, 1), var, m->place[i]);
		fit_moments_add(&all, chi2 / ((double)c->n - 2.0));
	}
	*good = fit_goodness_of(&all, "reads against a power law of each device");
}

static int fit_samples(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	const struct fit_samples *m = &d->of[FIT_DRIFT];
	size_t n = m->shape[0];
	struct curve c = { .n = n,
		.y = malloc(n * sizeof(double)),
		.log_age = malloc(n * sizeof(double)),
		.weight = malloc(n * sizeof(double)) };
	struct fit_spread e = { 0 };
	gsl_multifit_nlinear_parameters prm = gsl_multifit_nlinear_default_parameters();
	gsl_multifit_nlinear_workspace *w =
		gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &prm, n, 2);
	gsl_vector *x = gsl_vector_alloc(2);
	int r = -ENOMEM;
	if (c.y && c.log_age && c.weight && w && x && fit_spread_init(&e, m->n) == 0) {
		for (size_t k = 0; k < n; k++)
			c.log_age[k] = log(
				(double)(m->t[k * m->shape[1]] - m->t_programmed) * 1e-9 / ret->t0);
		fit_devices(d, ret, &c, w, x, &e, &ret->goodness[FIT_DRIFT]);
		e.has_floor = true;
		r = e.n > 8
			? fit_spread(&e, &ret->par[FIT_DRIFT_NU], &ret->par[FIT_DRIFT_NU_SD], msg)
			: fit_fail(msg, -EDOM, "drift: only %zu devices that can be fitted", e.n);
	} else {
		fit_fail(msg, r, "no memory for %zu devices", m->n);
	}
	gsl_vector_free(x);
	gsl_multifit_nlinear_free(w);
	fit_spread_done(&e);
	free(c.y);
	free(c.log_age);
	free(c.weight);
	return r;
}

int fit_drift(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	const struct fit_samples *m = &d->of[FIT_DRIFT];
	const char *why = m->n && m->shape[0] > 2
		? NULL
		: "needs the experiment drift, with more than two times";
	for (size_t k = 0; !why && k < m->shape[0] * m->shape[1]; k++) {
		if (m->t[k] <= m->t_programmed)
			return fit_fail(
				msg, -EBADMSG, "%s: drift/t: a time before programming", d->path);
	}
	if (!why)
		return fit_samples(d, ret, msg);
	snprintf(ret->par[FIT_DRIFT_NU].why, sizeof(ret->par[0].why), "%s", why);
	snprintf(ret->par[FIT_DRIFT_NU_SD].why, sizeof(ret->par[0].why), "%s", why);
	return 0;
}

/* Difference of a series' first read and another, against white noise and drift. */
static double difference(const struct fit_samples *m, const struct fit_result *r, size_t first,
	size_t other, size_t i, double g, double column)
{
	double t0 = (double)(m->t[first] - m->t_programmed),
	       t1 = (double)(m->t[other] - m->t_programmed);
	double nu = r->par[FIT_DRIFT_NU].is_known ? r->par[FIT_DRIFT_NU].v : 0.0;
	double fall = t0 > 0.0 ? g * (pow(t1 / t0, -nu) - 1.0) : 0.0;
	double sd = fit_read_sd(r->theta, g, column);
	return ((double)m->g[other * m->n + i] - (double)m->g[first * m->n + i] - fall) /
		(sd * M_SQRT2);
}

void fit_whiteness(const struct fit_data *d, struct fit_result *ret)
{
	const struct fit_samples *m = &d->of[FIT_NOISE];
	struct fit_moments all = { 0 };
	size_t n_row = m->n ? m->shape[0] * m->shape[1] : 0;
	for (size_t i = 0; i < m->n; i++) {
		double g = fit_reads_of(m->g + i, n_row, m->n).mean, sum = 0.0;
		if (m->is_bad[i] || m->shape[1] < 2)
			continue;
		/* The longest lag of each series shows most of a noise that is not white. */
		for (size_t s = 0; s < m->shape[0]; s++)
			sum += square(difference(m, ret, s * m->shape[1], (s + 1) * m->shape[1] - 1,
				i, g, fit_column_of(d, m, i)));
		fit_moments_add(&all, sum / (double)m->shape[0]);
	}
	ret->goodness[FIT_NOISE] = fit_goodness_of(
		&all, "differences of reads at the longest lag against white noise");
}
