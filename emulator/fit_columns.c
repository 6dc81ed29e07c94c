/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_columns.c - the columns' ADCs: offsets and noise from products without input, gains from the
 * conductances of all devices of a column, which are alike but for the column.
 *
 * Codes are rounded: the likelihood of a column's offset and noise is that of normals grouped into
 * codes. Each column's own offset is integrated out (Laplace), so that noise has no bias by it. Gains
 * are relative to their mean, which no board can tell from the conductances' scale. Reads of single
 * devices are corrected by both, for what is fitted afterwards.
 */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_CODE  128 /* a column's codes without input, about the first */
#define N_ROUND 60
#define SD_MIN  0.12 /* codes: below, all codes of a column are the same */
#define NOISY   3.0  /* times the median noise: a column that is broken */

/* Codes of a column without input. */
struct histogram {
	int first;
	uint32_t n[N_CODE];
	bool is_whole; /* all of them fit in */
};

struct columns {
	size_t n;            /* that count */
	uint32_t *i_col;     /* [n] */
	struct histogram *h; /* [n] */
};

static double square(double x)
{
	return x * x;
}

static void count(struct histogram *h, const struct fit_data *d, size_t col)
{
	double mean = 0.0;
	for (size_t k = 0; k < d->n_zero; k++)
		mean += (double)d->zero[k * d->n_col + col] / (double)d->n_zero;
	*h = (struct histogram){ .first = (int)lround(mean) - N_CODE / 2, .is_whole = true };
	for (size_t k = 0; k < d->n_zero; k++) {
		int i = d->zero[k * d->n_col + col] - h->first;
		if (i < 0 || i >= N_CODE)
			h->is_whole = false;
		else
			h->n[i]++;
	}
}

/* ln likelihood of a histogram, and its slopes in the mean; codes are 1 wide. */
static double grouped(
	const struct histogram *h, double mean, double sd, double *ret_d, double *ret_d2)
{
	double sum = 0.0;
	*ret_d = *ret_d2 = 0.0;
	for (int i = 0; i < N_CODE; i++) {
		double a = (h->first + i - 0.5 - mean) / sd, b = a + 1.0 / sd;
		if (!h->n[i])
			continue;
		double p = a > 0.0 ? gsl_cdf_ugaussian_Q(a) - gsl_cdf_ugaussian_Q(b)
				   : gsl_cdf_ugaussian_P(b) - gsl_cdf_ugaussian_P(a);
		double phi_a = exp(-0.5 * a * a) / sqrt(2.0 * M_PI);
		double phi_b = exp(-0.5 * b * b) / sqrt(2.0 * M_PI);
		p = p > 1e-300 ? p : 1e-300;
		double d = (phi_a - phi_b) / (p * sd), d2 = (a * phi_a - b * phi_b) / (p * sd * sd);
		sum += h->n[i] * log(p);
		*ret_d += h->n[i] * d;
		*ret_d2 += h->n[i] * (d2 - d * d);
	}
	return sum;
}

/* The likeliest mean for an sd, by Newton's method within the codes seen, and its variance. */
static double best_mean(const struct histogram *h, double sd, double *ret_mean, double *ret_var)
{
	double lo = NAN, hi = NAN, d, d2, l = 0.0;
	for (int i = 0; i < N_CODE; i++) {
		if (h->n[i]) {
			lo = isnan(lo) ? h->first + i - 0.5 : lo;
			hi = h->first + i + 0.5;
		}
	}
	double mean = 0.5 * (lo + hi);
	for (int k = 0; k < N_ROUND; k++) {
		l = grouped(h, mean, sd, &d, &d2);
		*(d > 0.0 ? &lo : &hi) = mean;
		double next = d2 < 0.0 ? mean - d / d2 : NAN;
		next = next > lo && next < hi ? next : 0.5 * (lo + hi);
		if (fabs(next - mean) < 1e-9)
			break;
		mean = next;
	}
	*ret_mean = mean;
	*ret_var = d2 < -12.0 ? -1.0 / d2 : 1.0 / 12.0; /* anywhere in one code */
	return l;
}

/* theta: the sd of a conversion, codes. */
static void noise_likelihood(const void *user, const double *theta, double *ret)
{
	const struct columns *c = user;
	for (size_t i = 0; i < c->n; i++) {
		double mean, var;
		ret[i] = best_mean(&c->h[i], theta[0], &mean, &var) + 0.5 * log(var);
	}
}

static double histogram_sd(const struct histogram *h)
{
	double n = 0.0, mean = 0.0, sq = 0.0;
	for (int i = 0; i < N_CODE; i++) {
		n += h->n[i];
		mean += (double)h->n[i] * i;
		sq += (double)h->n[i] * i * i;
	}
	return n > 0.0 ? sqrt(fmax(sq / n - square(mean / n), 0.0)) : 0.0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Columns whose codes stay together and are no noisier than the others. */
static int choose(struct columns *c, const struct fit_data *d)
{
	double *sd = malloc(2 * d->n_col * sizeof(*sd)), *sorted = sd + d->n_col;
	if (!sd)
		return -ENOMEM;
	for (size_t j = 0; j < d->n_col; j++) {
		count(&c->h[j], d, j);
		sd[j] = sorted[j] = histogram_sd(&c->h[j]);
	}
	qsort(sorted, d->n_col, sizeof(*sorted), compare);
	for (size_t j = 0; j < d->n_col; j++) {
		if (!c->h[j].is_whole || sd[j] > NOISY * fmax(sorted[d->n_col / 2], 0.3))
			continue;
		c->h[c->n] = c->h[j];
		c->i_col[c->n++] = (uint32_t)j;
	}
	free(sd);
	return 0;
}

static void untold(struct fit_result *r, enum fit_par i, const char *why)
{
	r->par[i] = (struct fit_estimate){ .is_known = false };
	strncpy(r->par[i].why, why, sizeof(r->par[i].why) - 1);
}

static int fit_noise(const struct fit_data *d, const struct columns *c, struct fit_result *ret,
	double *ret_sd, struct fit_message *msg)
{
	double theta = 0.0, covariance = 0.0;
	size_t n_more = 0;
	for (size_t i = 0; i < c->n; i++) {
		double sd = histogram_sd(&c->h[i]);
		theta += square(sd) / (double)c->n;
		n_more += sd > 0.0;
	}
	theta = fmax(sqrt(fmax(theta - 1.0 / 12.0, 0.0)), 2.0 * SD_MIN);
	*ret_sd = SD_MIN;
	if (n_more < 8) {
		untold(ret, FIT_ADC_NOISE_SD,
			"codes without input do not scatter: needs a narrower ADC range");
		return 0;
	}
	const double step = 1e-3, min = 0.05, max = N_CODE;
	struct fit_problem p = { .n_theta = 1,
		.n_unit = c->n,
		.theta = &theta,
		.is_free = (const bool[]){ true },
		.step = &step,
		.min = &min,
		.max = &max,
		.cluster = c->i_col,
		.gain_done = 1e-4,
		.likelihood = noise_likelihood,
		.user = c,
		.covariance = &covariance };
	int r = fit_maximise(&p, msg);
	if (r < 0)
		return r;
	double half = gsl_cdf_tdist_Pinv(0.975, (double)c->n - 1.0) * sqrt(covariance);
	ret->par[FIT_ADC_NOISE_SD] = (struct fit_estimate){ .is_known = true,
		.v = theta * d->lsb,
		.lo = (theta - half) * d->lsb,
		.hi = (theta + half) * d->lsb };
	ret->theta[FIT_COLUMN_NOISE] = theta * d->lsb / d->v_read * 1e6;
	*ret_sd = theta;
	return 0;
}

static int spread_of_offsets(struct fit_data *d, const struct columns *c, double sd,
	struct fit_result *ret, struct fit_message *msg)
{
	struct fit_estimate mean;
	struct fit_spread s;
	double unit = d->lsb, beyond = 0.0;
	if (fit_spread_init(&s, c->n) < 0)
		return fit_fail(msg, -ENOMEM, "no memory");
	for (size_t i = 0; i < c->n; i++) {
		double offset, var;
		best_mean(&c->h[i], sd, &offset, &var);
		fit_spread_add(&s, offset, var, c->i_col[i]);
		d->offset[c->i_col[i]] = offset * d->lsb / d->v_read * 1e6;
		beyond = fmax(beyond, fabs(offset));
	}
	int r = 0;
	if (beyond < 0.5)
		untold(ret, FIT_ADC_OFFSET_SD,
			"all within half a code of 0: needs a narrower ADC range");
	else
		r = fit_spread(&s, &mean, &ret->par[FIT_ADC_OFFSET_SD], msg);
	struct fit_estimate *e = &ret->par[FIT_ADC_OFFSET_SD];
	e->v *= unit;
	e->lo *= unit;
	e->hi *= unit;
	fit_spread_done(&s);
	return r;
}

static int fit_zero(struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	struct columns c = { .i_col = malloc(d->n_col * sizeof(*c.i_col)),
		.h = malloc(d->n_col * sizeof(*c.h)) };
	double sd = 0.0;
	int r = c.i_col && c.h && choose(&c, d) == 0 ? 0 : fit_fail(msg, -ENOMEM, "no memory");
	if (r == 0 && c.n < 8) {
		untold(ret, FIT_ADC_NOISE_SD, "too few columns that work");
		untold(ret, FIT_ADC_OFFSET_SD, "too few columns that work");
	} else if (r == 0) {
		r = fit_noise(d, &c, ret, &sd, msg);
		if (r == 0)
			r = spread_of_offsets(d, &c, sd, ret, msg);
	}
	free(c.i_col);
	free(c.h);
	return r;
}

/* Mean over a column's devices that work, and the variance of that by how devices differ. */
static void column_mean(const struct fit_data *d, size_t col, struct fit_moments *ret)
{
	for (size_t row = 0; row < d->n_row; row++) {
		for (size_t k = 0; k < PCM_N_DEVICE; k++) {
			size_t i = (row * d->n_col + col) * PCM_N_DEVICE + k;
			double sum = 0.0;
			if (d->is_broken[i])
				continue;
			for (size_t c = 0; c < d->n_survey; c++)
				sum += (double)d->g_set[c * d->n_place + i];
			fit_moments_add(ret, sum / (double)d->n_survey);
		}
	}
}

static int spread_of_gains(struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	struct fit_estimate mean;
	struct fit_spread s;
	double all = 0.0;
	if (fit_spread_init(&s, d->n_col) < 0)
		return fit_fail(msg, -ENOMEM, "no memory");
	for (size_t j = 0; j < d->n_col; j++) {
		struct fit_moments m = { 0 };
		column_mean(d, j, &m);
		if (m.n > 8)
			fit_spread_add(
				&s, m.mean, square(fit_moments_sd(&m)) / (double)m.n, (uint32_t)j);
		all += m.n > 8 ? m.mean : 0.0;
	}
	all /= (double)s.n;
	for (size_t i = 0; i < s.n; i++) {
		s.x[i] /= all;
		s.var[i] /= all * all;
		d->gain[s.cluster[i]] = s.x[i];
	}
	int r = 0;
	if (s.n < 8)
		untold(ret, FIT_ADC_GAIN_SD, "too few columns that work");
	else
		r = fit_spread(&s, &mean, &ret->par[FIT_ADC_GAIN_SD], msg);
	fit_spread_done(&s);
	return r;
}

/* What the columns make of the reads of devices is taken back: offset, or gain where with_gain. */
static void correct(const struct fit_data *d, float *g, size_t col, bool with_gain)
{
	*g = (float)(with_gain ? (double)*g / d->gain[col] : (double)*g - d->offset[col]);
}

static void correct_all(struct fit_data *d, bool with_gain)
{
	for (int e = 0; e < FIT_N_EXPERIMENT; e++) {
		struct fit_samples *m = &d->of[e];
		for (size_t k = 0; k < m->n_sample; k++)
			correct(d, &m->g[k], m->place[k % m->n] / PCM_N_DEVICE % d->n_col,
				with_gain);
	}
	for (size_t i = 0; i < d->n_survey * d->n_place; i++) {
		size_t col = i / PCM_N_DEVICE % d->n_col;
		correct(d, &d->g_set[i], col, with_gain);
		correct(d, &d->g_reset[i], col, with_gain);
	}
}

int fit_offsets(struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	int r = 0;
	untold(ret, FIT_ADC_NOISE_SD, "needs the experiment adc");
	untold(ret, FIT_ADC_OFFSET_SD, "needs the experiment adc");
	if (d->n_zero)
		r = fit_zero(d, ret, msg);
	correct_all(d, false);
	return r;
}

/* A column whose polarities are exchanged has SET devices below 0: it is turned round. */
static void find_swapped(struct fit_data *d, struct fit_result *ret)
{
	size_t n_swapped = 0;
	for (size_t j = 0; j < d->n_col; j++) {
		double sum = 0.0;
		for (size_t i = 0; i < d->n_row * PCM_N_DEVICE; i++)
			sum += (double)d->g_set[(i / PCM_N_DEVICE * d->n_col + j) * PCM_N_DEVICE +
				i % PCM_N_DEVICE];
		bool is_swapped = sum / (double)(d->n_row * PCM_N_DEVICE) < -0.1 * d->g_max;
		d->gain[j] = is_swapped ? -1.0 : 1.0;
		n_swapped += is_swapped;
	}
	fit_rate(&ret->par[FIT_SWAPPED_COL_RATE], n_swapped, d->n_col, "");
	correct_all(d, true);
}

void fit_polarity(struct fit_data *d, struct fit_result *ret)
{
	untold(ret, FIT_SWAPPED_COL_RATE, "needs the experiment faults");
	if (d->n_survey)
		find_swapped(d, ret);
}

int fit_gains(struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	for (size_t j = 0; j < d->n_col; j++)
		d->gain[j] = 1.0;
	untold(ret, FIT_ADC_GAIN_SD, "needs the experiments faults and adc");
	int r = d->n_zero && d->n_survey ? spread_of_gains(d, ret, msg) : 0;
	correct_all(d, true);
	if (r == 0 && ret->par[FIT_ADC_GAIN_SD].is_known)
		ret->scale_se = ret->par[FIT_ADC_GAIN_SD].v / sqrt((double)d->n_col);
	return r;
}

double fit_column_of(const struct fit_data *d, const struct fit_samples *m, size_t i)
{
	return 1.0 / fabs(d->gain[m->place[i] / PCM_N_DEVICE % d->n_col]);
}
