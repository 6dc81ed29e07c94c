/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_likelihood.c - exact likelihoods of what was read, with the conductance itself integrated out.
 *
 * A read is y ~ N(G, (read_sd_0 + read_sd_g G)^2 + the column's noise^2), so n reads of one G are worth their mean and sum
 * of squares. G is never known, only read: regression on reads would bias the SET law. A staircase is
 * a hidden Markov chain, G_p given G_(p-1) being normal and clamped (model_nandakumar2018.c):
 *
 *	f_p(g) = L(reads_p | g) sum over g' of f_(p-1)(g') N(g; g' + mean(g', P_p), sd(g', P_p)^2)
 *
 * with atoms at g_min and g_max, where the clamp collects what would lie beyond. Reads are much
 * sharper than a pulse's step, so f_p lives within 4 sd of the reads' mean, on N_NODE Gauss-Legendre
 * nodes of that interval, cut at the clamps: smooth there, and of full order up to the cuts.
 */
#include "fit.h"
#include <float.h>
#include <math.h>

#define N_NODE   10
#define N_POINT  (N_NODE + 2) /* and the two atoms */
#define N_SD     4.0
#define UNLIKELY 1e-280
#define BEYOND   1.0625e-4 /* -ln of what the nodes make of a normal's integral */

/* Gauss-Legendre, 10 points: Abramowitz and Stegun, table 25.4. */
static const double node_x[N_NODE] = { -0.973906528517172, -0.865063366688985, -0.679409568299024,
	-0.433395394129247, -0.148874338981631, 0.148874338981631, 0.433395394129247,
	0.679409568299024, 0.865063366688985, 0.973906528517172 };
static const double node_w[N_NODE] = { 0.066671344308689, 0.149451349150581, 0.219086362515982,
	0.269266719309996, 0.295524224714753, 0.295524224714753, 0.269266719309996,
	0.219086362515982, 0.149451349150581, 0.066671344308689 };

/* Values of g and their probabilities, which sum to 1. */
struct density {
	double g[N_POINT], w[N_POINT];
};

static double square(double x)
{
	return x * x;
}

struct fit_reads fit_reads_of(const float *g, size_t n_read, size_t stride)
{
	struct fit_reads r = { .n = (double)n_read, .column = 1.0 };
	for (size_t k = 0; k < n_read; k++)
		r.mean += (double)g[k * stride] / r.n;
	for (size_t k = 0; k < n_read; k++)
		r.sum_square += square((double)g[k * stride] - r.mean);
	return r;
}

double fit_read_sd(const double *theta, double g, double column)
{
	double sd = theta[FIT_READ_SD_0] + theta[FIT_READ_SD_G] * (g > 0.0 ? g : 0.0);
	return sqrt(square(sd) + square(column * theta[FIT_COLUMN_NOISE]) + 1e-12);
}

static double log_reads(const double *theta, const struct fit_reads *r, double g)
{
	double sd = fit_read_sd(theta, g, r->column);
	double z = (r->sum_square + r->n * square(r->mean - g)) / square(sd);
	return -0.5 * z - r->n * (log(sd) + 0.5 * log(2.0 * M_PI));
}

/* Where G may be by its reads alone. */
static void window(const double *theta, const struct fit_reads *r, double *ret_mean, double *ret_sd)
{
	*ret_mean = r->mean;
	*ret_sd = fit_read_sd(theta, r->mean, r->column) / sqrt(r->n);
}

/* Nodes of [lo, hi] with the logs of weight and likelihood; an empty interval has none. */
static void place_nodes(struct density *d, double *log_l, const double *theta,
	const struct fit_reads *r, double lo, double hi)
{
	double half = 0.5 * (hi - lo);
	for (int k = 0; k < N_NODE; k++) {
		d->g[k] = half > 0.0 ? lo + half * (1.0 + node_x[k]) : lo;
		d->w[k] = half > 0.0 ? half * node_w[k] : 0.0;
		log_l[k] = log_reads(theta, r, d->g[k]);
	}
}

/*
 * Multiply w by exp(log_l), normalise, and return the ln of what the sum was. Where nothing is left,
 * reads that the model cannot give, the density begins anew from the reads.
 */
static double weigh(struct density *d, const double *log_l, int n)
{
	double max = -DBL_MAX, sum = 0.0;
	for (int k = 0; k < n; k++) {
		if (d->w[k] > 0.0 && log_l[k] > max)
			max = log_l[k];
	}
	for (int k = 0; k < n; k++) {
		d->w[k] = d->w[k] > 0.0 ? d->w[k] * exp(log_l[k] - max) : 0.0;
		sum += d->w[k];
	}
	if (!(sum > UNLIKELY) || max < -1e6) {
		for (int k = 0; k < n; k++)
			d->w[k] = 1.0 / n;
		return log(UNLIKELY);
	}
	for (int k = 0; k < n; k++)
		d->w[k] /= sum;
	return max + log(sum);
}

static double normal(double x, double sd)
{
	return exp(-0.5 * square(x / sd)) / (sd * sqrt(2.0 * M_PI));
}

/* P(normal < x). */
static double below(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

/* All at reset_mean: the mean of the reads has variance var + sd^2 / n, which var < 0 lessens. */
static double begin_sharp(
	struct density *d, const double *theta, const struct fit_reads *r, double var)
{
	double g = theta[FIT_RESET_MEAN], noise = square(fit_read_sd(theta, g, r->column));
	double whole = fmax(var + noise / r->n, 0.1 * noise / r->n), n = r->n;
	for (int k = 0; k < N_POINT; k++) {
		d->g[k] = g;
		d->w[k] = k ? 0.0 : 1.0;
	}
	return -0.5 *
		(r->sum_square / noise + (n - 1.0) * log(2.0 * M_PI * noise) + log(n) +
			square(r->mean - g) / whole + log(2.0 * M_PI * whole));
}

/*
 * After RESET: G ~ N(reset_mean, reset_sd^2), narrower than a read and cut by nothing. Its estimated
 * variance may be below 0 by chance, as it has to be for intervals at 0 to be right. There must be no
 * step at 0: thousands of units have it at the same place.
 */
static double begin(struct density *d, const double *theta, const struct fit_reads *r)
{
	double var = theta[FIT_RESET_SD];
	if (var < 1e-8)
		return begin_sharp(d, theta, r, var);
	double log_l[N_POINT], mean, sd, precision;
	window(theta, r, &mean, &sd);
	precision = 1.0 / var + 1.0 / square(sd);
	mean = (theta[FIT_RESET_MEAN] / var + mean / square(sd)) / precision;
	sd = 1.0 / sqrt(precision);
	place_nodes(d, log_l, theta, r, mean - N_SD * sd, mean + N_SD * sd);
	for (int k = 0; k < N_NODE; k++)
		d->w[k] *= normal(d->g[k] - theta[FIT_RESET_MEAN], sqrt(var));
	d->g[N_NODE] = d->g[N_NODE + 1] = theta[FIT_RESET_MEAN];
	d->w[N_NODE] = d->w[N_NODE + 1] = 0.0;
	log_l[N_NODE] = log_l[N_NODE + 1] = 0.0;
	return weigh(d, log_l, N_POINT) + BEYOND;
}

/* What a SET meets but for the conductance: the memory, the device's own part, what varies beside. */
struct kick {
	double p, u, share; /* share of the sd: sqrt(1 - set_rho) */
};

/* A pulse's normal step from g: where to, how far. */
static void step(
	const double *theta, double g, const struct kick *k, double *ret_mean, double *ret_sd)
{
	double sd = theta[FIT_SET_SD_0] + theta[FIT_SET_SD_G] * g + theta[FIT_SET_SD_P] * k->p;
	*ret_mean = g + theta[FIT_SET_MEAN_0] + theta[FIT_SET_MEAN_G] * g +
		theta[FIT_SET_MEAN_P] * k->p + k->u * sd;
	sd *= k->share;
	*ret_sd = sd > 1e-3 ? sd : 1e-3;
}

/* Mean and mean square of a normal clamped to [lo, hi]. */
static void clamped_moments(
	double mean, double sd, double lo, double hi, double *ret_mean, double *ret_square)
{
	double a = (lo - mean) / sd, b = (hi - mean) / sd, in = below(b) - below(a);
	double phi_a = normal(a, 1.0), phi_b = normal(b, 1.0);
	*ret_mean = lo * below(a) + hi * below(-b) + mean * in + sd * (phi_a - phi_b);
	*ret_square = lo * lo * below(a) + hi * hi * below(-b) + (mean * mean + sd * sd) * in +
		2.0 * mean * sd * (phi_a - phi_b) + sd * sd * (a * phi_a - b * phi_b);
}

static void predict(const double *theta, const struct density *d, const struct kick *kick,
	const struct fit_reads *r, struct fit_predicted *ret)
{
	double mean = 0.0, sq = 0.0;
	for (int j = 0; j < N_POINT; j++) {
		double m, s, m1, m2;
		step(theta, d->g[j], kick, &m, &s);
		clamped_moments(m, s, theta[FIT_G_MIN], theta[FIT_G_MAX], &m1, &m2);
		mean += d->w[j] * m1;
		sq += d->w[j] * m2;
	}
	ret->mean = mean;
	ret->var = sq - mean * mean + square(fit_read_sd(theta, mean, r->column)) / r->n;
}

/* ret [N_NODE] += w N(g; mean, sd^2). */
static void add_normal(double *ret, const double *g, double w, double mean, double sd)
{
	double inverse = 1.0 / sd, scale = w * inverse / sqrt(2.0 * M_PI);
	for (int k = 0; k < N_NODE; k++) {
		double z = (g[k] - mean) * inverse;
		ret[k] += scale * exp(-0.5 * z * z);
	}
}

/* One SET and the reads after it. */
static double pulse(
	struct density *d, const double *theta, const struct fit_reads *r, const struct kick *kick)
{
	double lo = theta[FIT_G_MIN], hi = theta[FIT_G_MAX], mean, sd, log_l[N_POINT];
	struct density to;
	window(theta, r, &mean, &sd);
	place_nodes(&to, log_l, theta, r, fmax(lo, mean - N_SD * sd), fmin(hi, mean + N_SD * sd));
	double density[N_NODE] = { 0 };
	to.g[N_NODE] = lo;
	to.g[N_NODE + 1] = hi;
	to.w[N_NODE] = to.w[N_NODE + 1] = 0.0;
	log_l[N_NODE] = log_reads(theta, r, lo);
	log_l[N_NODE + 1] = log_reads(theta, r, hi);
	for (int j = 0; j < N_POINT; j++) {
		double m, s;
		if (d->w[j] <= 1e-12)
			continue;
		step(theta, d->g[j], kick, &m, &s);
		add_normal(density, to.g, d->w[j], m, s);
		if (mean - lo < 2.0 * N_SD * sd)
			to.w[N_NODE] += d->w[j] * below((lo - m) / s);
		if (hi - mean < 2.0 * N_SD * sd)
			to.w[N_NODE + 1] += d->w[j] * below((m - hi) / s);
	}
	for (int k = 0; k < N_NODE; k++)
		to.w[k] *= density[k];
	*d = to;
	return weigh(d, log_l, N_POINT);
}

double fit_staircase_likelihood(const double *theta, double u, const struct fit_reads *reads,
	size_t n, struct fit_predicted *ret_predicted)
{
	double memory = theta[FIT_SET_MEMORY] > 1e-3 ? theta[FIT_SET_MEMORY] : 1e-3;
	double decay = exp(-1.0 / memory);
	struct kick kick = { .p = 1.0, .u = u, .share = sqrt(1.0 - theta[FIT_SET_RHO]) };
	struct density d;
	double sum = begin(&d, theta, &reads[0]);
	for (size_t i = 1; i < n; i++) {
		kick.p *= decay;
		if (ret_predicted) {
			predict(theta, &d, &kick, &reads[i], &ret_predicted[i]);
			ret_predicted[i].likelihood = sum;
		}
		sum += pulse(&d, theta, &reads[i], &kick);
	}
	return sum;
}

double fit_reset_likelihood(const double *theta, const struct fit_reads *reads)
{
	struct density d;
	return begin(&d, theta, reads);
}

double fit_reads_likelihood(const double *theta, const struct fit_reads *r)
{
	struct density d;
	double log_l[N_NODE], mean, sd;
	window(theta, r, &mean, &sd);
	place_nodes(&d, log_l, theta, r, mean - N_SD * sd, mean + N_SD * sd);
	return weigh(&d, log_l, N_NODE);
}
