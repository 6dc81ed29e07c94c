/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_law.c - the SET law with what of it is the devices' own, the clamps, RESET and read noise,
 * estimated together from staircases, RESETs and repeated reads (fit_sample.c). How well they describe
 * them is fit_goodness.c's.
 */
#include "fit_effect.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_FEW     400  /* staircases for the first guess, about */
#define N_GUESS   40   /* of a clamp */
#define N_PLACE   2    /* times devices' own parts are placed */
#define RHO_START 0.8  /* at most */
#define G_MIDDLE  5.0  /* uS */
#define FAR       1e4  /* uS: a clamp that nothing comes near */
#define ROUGH     0.3  /* gain of ln likelihood left: a standard error's or so */
#define FINE      1e-4 /* a hundredth of one */
#define TOLD      13.8 /* what 2 ln likelihood has to gain by a clamp: chance 0.0002 */

const struct fit_par_info fit_par_table[FIT_N_PAR] = {
	[FIT_SET_MEAN_0] = { "set_mean_0", 1e-6 },
	[FIT_SET_MEAN_G] = { "set_mean_g", 1.0 },
	[FIT_SET_MEAN_P] = { "set_mean_p", 1e-6 },
	[FIT_SET_SD_0] = { "set_sd_0", 1e-6 },
	[FIT_SET_SD_G] = { "set_sd_g", 1.0 },
	[FIT_SET_SD_P] = { "set_sd_p", 1e-6 },
	[FIT_SET_MEMORY] = { "set_memory", 1.0 },
	[FIT_SET_RHO] = { "set_rho", 1.0 },
	[FIT_G_MIN] = { "g_min", 1e-6 },
	[FIT_G_MAX] = { "g_max", 1e-6 },
	[FIT_RESET_MEAN] = { "reset_mean", 1e-6 },
	[FIT_RESET_SD] = { "reset_sd", 1e-6 },
	[FIT_READ_SD_0] = { "read_sd_0", 1e-6 },
	[FIT_READ_SD_G] = { "read_sd_g", 1.0 },
	[FIT_DRIFT_NU] = { "drift_nu", 1.0 },
	[FIT_DRIFT_NU_SD] = { "drift_nu_sd", 1.0 },
	[FIT_STUCK_RESET_RATE] = { "stuck_reset_rate", 1.0 },
	[FIT_STUCK_SET_RATE] = { "stuck_set_rate", 1.0 },
	[FIT_DEAD_ROW_RATE] = { "dead_row_rate", 1.0 },
	[FIT_DEAD_COL_RATE] = { "dead_col_rate", 1.0 },
	[FIT_SWAPPED_COL_RATE] = { "swapped_col_rate", 1.0 },
	[FIT_ADC_GAIN_SD] = { "adc_gain_sd", 1.0 },
	[FIT_ADC_OFFSET_SD] = { "adc_offset_sd", 1.0 },
	[FIT_ADC_NOISE_SD] = { "adc_noise_sd", 1.0 },
	[FIT_WIRE_OHM] = { "wire_ohm", 1.0 },
};

/* Where the search starts (uS; model_nandakumar2018.c), what it may reach, and small changes. */
static const struct range {
	double start, min, max, step;
} ranges[FIT_N_LAW] = {
	[FIT_SET_MEAN_0] = { 0.88, -1e3, 1e3, 1e-3 },
	[FIT_SET_MEAN_G] = { -0.084, -1.0, 1.0, 1e-4 },
	[FIT_SET_MEAN_P] = { 1.4, -1e3, 1e3, 1e-3 },
	[FIT_SET_SD_0] = { 0.26, 0.0, 1e3, 1e-3 },
	[FIT_SET_SD_G] = { 0.091, 0.0, 1.0, 1e-4 },
	[FIT_SET_SD_P] = { 2.15, 0.0, 1e3, 1e-3 },
	[FIT_SET_MEMORY] = { 2.6, 0.05, 1e3, 2e-3 },
	[FIT_SET_RHO] = { 0.0, 0.0, 0.95, 1e-3 },
	[FIT_G_MIN] = { 0.1, -FAR, FAR, 2e-4 },
	[FIT_G_MAX] = { 12.0, 1e-3, FAR, 1e-3 },
	[FIT_RESET_MEAN] = { 0.1, 0.0, 1e3, 2e-4 },
	[FIT_RESET_SD] = { 4e-4, 1e-8, 1e3, 1e-6 },
	[FIT_READ_SD_0] = { 0.13, 1e-4, 1e3, 2e-4 },
	[FIT_READ_SD_G] = { 0.03, 0.0, 1.0, 1e-4 },
};

static double square(double x)
{
	return x * x;
}

static size_t n_unit(const struct fit_sample *s)
{
	return s->n_device / s->every * s->n_cycle + s->n_reset + s->n_repeat;
}

/* Of staircases [n_cycle][devices that count], as they are stored; returns what is behind. */
static double *stair_likelihood(const struct fit_sample *s, const double *theta, double *ret)
{
	size_t n = s->n_device / s->every;
	for (size_t i = 0; i < n && s->has_effect; i++)
		fit_effect_likelihood(s, theta, i * s->every, ret + i, n);
	for (size_t c = 0; c < s->n_cycle && !s->has_effect; c++) {
		const struct fit_reads *reads = s->stair + c * s->n_device * s->n_step;
		for (size_t i = 0; i < n; i++)
			ret[c * n + i] = fit_staircase_likelihood(
				theta, 0.0, reads + i * s->every * s->n_step, s->n_step, NULL);
	}
	return ret + n * s->n_cycle;
}

static void likelihood(const void *user, const double *theta, double *ret)
{
	const struct fit_sample *s = user;
	ret = stair_likelihood(s, theta, ret);
	for (size_t i = 0; i < s->n_reset; i++)
		*ret++ = fit_reset_likelihood(theta, &s->reset[i]);
	for (size_t i = 0; i < s->n_repeat; i++)
		*ret++ = fit_reads_likelihood(theta, &s->repeat[i]);
}

static double whole_likelihood(const struct fit_sample *s, const double *theta, double *unit)
{
	double sum = 0.0;
	likelihood(s, theta, unit);
	for (size_t i = 0; i < n_unit(s); i++)
		sum += unit[i];
	return sum;
}

/* The fit in progress. */
struct law {
	struct fit_sample s;
	double theta[FIT_N_THETA], step[FIT_N_LAW], min[FIT_N_LAW], max[FIT_N_LAW];
	bool is_free[FIT_N_LAW];
	double covariance[FIT_N_LAW * FIT_N_LAW];
	double *unit; /* [n_unit] scratch */
	double sum;
	size_t n_cluster;
};

static int maximise(struct law *l, double gain_done, struct fit_message *msg)
{
	double n_read = l->s.n_reset ? l->s.reset[0].n : l->s.n_stair ? l->s.stair[0].n : 1.0;
	double noise = square(fit_read_sd(l->theta, l->theta[FIT_RESET_MEAN], 1.0)) / n_read;
	l->step[FIT_RESET_SD] = 0.003 * noise;
	l->min[FIT_RESET_SD] = -0.25 * noise;
	struct fit_problem p = {
		.n_theta = FIT_N_LAW,
		.n_unit = n_unit(&l->s),
		.theta = l->theta,
		.is_free = l->is_free,
		.step = l->step,
		.min = l->min,
		.max = l->max,
		.cluster = l->s.cluster,
		.gain_done = gain_done,
		.likelihood = likelihood,
		.user = &l->s,
		.covariance = l->covariance,
	};
	int r = fit_maximise(&p, msg);
	l->sum = p.sum;
	l->n_cluster = p.n_cluster;
	return r;
}

static void set_free(struct law *l, enum fit_par first, enum fit_par last, bool is_free)
{
	for (int i = first; i <= (int)last; i++)
		l->is_free[i] = is_free;
}

/* Quantile of the staircases' reads, RESET left out. */
static int stair_quantile(const struct fit_sample *s, double q, double *ret)
{
	size_t n = s->n_stair * (s->n_step - 1), k = 0;
	double *v = malloc((n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_stair * s->n_step; i++) {
		if (i % s->n_step)
			v[k++] = s->stair[i].mean;
	}
	gsl_sort(v, 1, n);
	*ret = v[(size_t)(q * (double)(n - 1))];
	free(v);
	return 0;
}

/* The best of N_GUESS values of a clamp. */
static void guess(struct law *l, enum fit_par par, double lo, double hi)
{
	double best = l->theta[par], max = whole_likelihood(&l->s, l->theta, l->unit);
	for (int k = 0; k < N_GUESS; k++) {
		l->theta[par] = lo + (hi - lo) * k / (N_GUESS - 1);
		double sum = whole_likelihood(&l->s, l->theta, l->unit);
		if (sum > max) {
			max = sum;
			best = l->theta[par];
		}
	}
	l->theta[par] = best;
}

/* Is there a clamp? Not if the samples are as likely without. */
static bool is_told(struct law *l, enum fit_par par, double far)
{
	double was = l->theta[par], with = whole_likelihood(&l->s, l->theta, l->unit), without;
	l->theta[par] = far;
	without = whole_likelihood(&l->s, l->theta, l->unit);
	l->theta[par] = was;
	return 2.0 * (with - without) > TOLD;
}

static void use_few(struct law *l)
{
	l->s.every = l->s.n_stair / N_FEW + 1;
	l->s.every = l->s.every < l->s.n_device ? l->s.every : 1;
}

/* Of few staircases, the clamps where the reads seem to have them. */
static int first_guess(struct law *l, struct fit_message *msg)
{
	double median, top;
	if (stair_quantile(&l->s, 0.5, &median) < 0 || stair_quantile(&l->s, 0.995, &top) < 0)
		return fit_fail(msg, -ENOMEM, "no memory");
	for (int i = FIT_SET_MEAN_0; i <= FIT_SET_SD_P; i++)
		l->theta[i] *= i == FIT_SET_MEAN_G || i == FIT_SET_SD_G ? 1.0 : top / 12.0;
	l->theta[FIT_G_MAX] = top;
	l->s.n_reset = l->s.n_repeat = 0;
	use_few(l);
	set_free(l, 0, FIT_N_LAW - 1, false);
	set_free(l, FIT_SET_MEAN_0, FIT_SET_MEMORY, true);
	int r = maximise(l, ROUGH, msg);
	guess(l, FIT_G_MAX, median, 1.2 * top);
	guess(l, FIT_G_MIN, -0.2 * median, 0.4 * median);
	return r < 0 ? r : maximise(l, ROUGH, msg);
}

static bool has_repeats(const struct fit_sample *s)
{
	return s->n_repeat || (s->n_stair && s->stair[0].n > 1.0) ||
		(s->n_reset && s->reset[0].n > 1.0);
}

/* Devices are placed, the law is found, and both again, for the law says where they are. */
static int alternate(struct law *l, double gain_done, struct fit_message *msg)
{
	int r = 0;
	for (int i = 0; i < N_PLACE && r == 0; i++) {
		fit_effect_place(&l->s, l->theta);
		if (i == 0 && l->theta[FIT_SET_RHO] == 0.0)
			l->theta[FIT_SET_RHO] = fmin(fit_effect_rho(&l->s, l->theta), RHO_START);
		r = maximise(l, i < N_PLACE - 1 ? ROUGH : gain_done, msg);
	}
	return r;
}

/*
 * All together, with what is the devices' own: of few staircases, then of all. A single pulse on each
 * device does not tell.
 */
static int fit_effects(struct law *l, struct fit_message *msg)
{
	double n_pulse = (double)(l->s.n_cycle * (l->s.n_step - 1));
	if (n_pulse < 2.0)
		return maximise(l, FINE, msg);
	l->is_free[FIT_SET_RHO] = l->s.has_effect = true;
	l->min[FIT_SET_RHO] = -0.5 / n_pulse;
	l->step[FIT_SET_RHO] = 0.02 / n_pulse;
	for (size_t i = 0; i < l->s.n_device; i++)
		l->s.width[i] = 1.0 / sqrt(n_pulse);
	use_few(l);
	int r = alternate(l, ROUGH, msg);
	l->s.every = 1;
	return r < 0 ? r : alternate(l, FINE, msg);
}

static int fit_stairs(struct law *l, struct fit_message *msg)
{
	struct fit_sample whole = l->s;
	int r = first_guess(l, msg);
	l->s = whole;
	if (r < 0)
		return r;
	set_free(l, 0, FIT_N_LAW - 1, true);
	l->is_free[FIT_SET_RHO] = false;
	set_free(l, FIT_READ_SD_0, FIT_READ_SD_G, has_repeats(&l->s));
	if (!is_told(l, FIT_G_MAX, FAR)) {
		l->theta[FIT_G_MAX] = FAR;
		l->is_free[FIT_G_MAX] = false;
	}
	if (!is_told(l, FIT_G_MIN, -FAR)) {
		l->theta[FIT_G_MIN] = -FAR;
		l->is_free[FIT_G_MIN] = false;
	}
	return fit_effects(l, msg);
}

/* RESET and read noise without staircases: where those begin, or all there is. */
static int fit_rest(struct law *l, struct fit_message *msg)
{
	struct fit_sample whole = l->s;
	l->s.n_stair = l->s.n_device = 0;
	l->s.cluster += whole.n_stair;
	set_free(l, FIT_RESET_MEAN, FIT_RESET_SD, l->s.n_reset > 0);
	set_free(l, FIT_READ_SD_0, FIT_READ_SD_G, has_repeats(&l->s));
	int r = maximise(l, FINE, msg);
	l->s = whole;
	return r;
}

static int fit_all(struct law *l, struct fit_message *msg)
{
	int r = l->s.n_reset || l->s.n_repeat ? fit_rest(l, msg) : 0;
	return r < 0 || !l->s.n_stair ? r : fit_stairs(l, msg);
}

static const char *reason(const struct law *l, enum fit_par i)
{
	if (i == FIT_G_MAX && l->s.n_stair)
		return "no device came near an upper clamp: more pulses (staircase --pulses) would";
	if (i == FIT_G_MIN && l->s.n_stair)
		return "no device came near a lower clamp";
	if (i == FIT_SET_RHO && l->s.n_stair)
		return "needs several pulses on each device: staircase --pulses 12 --cycles 4";
	if (i <= FIT_G_MAX)
		return "needs the experiment staircase";
	if (i <= FIT_RESET_SD)
		return "needs the experiments reset or staircase";
	return "needs reads one after another: program-verify --reads 16";
}

/* How the parameter goes with the scale of conductance. */
static double scale_power(enum fit_par i)
{
	if (i == FIT_SET_MEAN_G || i == FIT_SET_SD_G || i == FIT_SET_MEMORY || i == FIT_SET_RHO ||
		i == FIT_READ_SD_G)
		return 0.0;
	return i == FIT_RESET_SD ? 2.0 : 1.0;
}

/*
 * How read noise goes with the noise c of the columns, which is given: the sums of squares
 * (read_sd_0 + read_sd_g G)^2 + c^2 stay what they are, at 0 and in the middle of conductances.
 */
static double noise_slope(const double *theta, enum fit_par i)
{
	double c = theta[FIT_COLUMN_NOISE], sd_0 = theta[FIT_READ_SD_0],
	       sd_g = theta[FIT_READ_SD_G];
	if (i == FIT_READ_SD_0)
		return c / sd_0;
	return i == FIT_READ_SD_G ? c * sd_g / (sd_0 * (sd_0 + sd_g * G_MIDDLE)) : 0.0;
}

/*
 * theta [i], with the interval of a normal estimate; of a square, of the square; of a share, from 0.
 * The mean gain of the columns is taken for 1: by how much it may be off widens what is a conductance.
 */
static void estimate(const struct law *l, enum fit_par i, double scale_se, double noise_se,
	struct fit_estimate *ret)
{
	double scale = scale_power(i) * l->theta[i] * scale_se;
	double se = sqrt(l->covariance[i * FIT_N_LAW + i] + square(scale) +
		square(noise_slope(l->theta, i) * noise_se));
	double k = gsl_cdf_tdist_Pinv(0.975, (double)(l->n_cluster > 2 ? l->n_cluster - 1 : 1));
	double lo = l->theta[i] - k * se, hi = l->theta[i] + k * se;
	*ret = (struct fit_estimate){
		.is_known = l->is_free[i], .v = l->theta[i], .lo = lo, .hi = hi
	};
	if (i == FIT_RESET_SD) {
		ret->v = sqrt(fmax(ret->v, 0.0));
		ret->lo = sqrt(fmax(lo, 0.0));
		ret->hi = sqrt(fmax(hi, 0.0));
	}
	if (i == FIT_SET_RHO) {
		ret->v = fmax(ret->v, 0.0);
		ret->lo = fmax(lo, 0.0);
		ret->hi = fmin(fmax(hi, 0.0), 1.0);
	}
	if (!ret->is_known)
		strcpy(ret->why, reason(l, i));
}

static int fit_estimates(
	struct law *l, const struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	int r = l->s.n_stair + l->s.n_reset + l->s.n_repeat ? fit_all(l, msg) : 0;
	if (r < 0)
		return r;
	const struct fit_estimate *c = &ret->par[FIT_ADC_NOISE_SD];
	double noise_se = c->is_known ? (c->hi - c->lo) / (2.0 * 1.96) / d->v_read * 1e6 : 0.0;
	for (int i = 0; i < FIT_N_LAW; i++)
		estimate(l, (enum fit_par)i, ret->scale_se, noise_se, &ret->par[i]);
	memcpy(ret->theta, l->theta, sizeof(l->theta));
	ret->n_staircase = l->s.n_stair;
	return fit_sample_check(&l->s, l->theta, d, ret, msg);
}

int fit_law(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	struct law *l = calloc(1, sizeof(*l));
	int r = l ? fit_sample_init(&l->s, d, msg) : fit_fail(msg, -ENOMEM, "no memory");
	if (r < 0) {
		free(l);
		return r;
	}
	for (int i = 0; i < FIT_N_LAW; i++) {
		l->theta[i] = ranges[i].start;
		l->min[i] = ranges[i].min;
		l->max[i] = ranges[i].max;
		l->step[i] = ranges[i].step;
	}
	l->theta[FIT_COLUMN_NOISE] = ret->theta[FIT_COLUMN_NOISE];
	l->unit = malloc((n_unit(&l->s) + 1) * sizeof(*l->unit));
	r = l->unit ? fit_estimates(l, d, ret, msg) : fit_fail(msg, -ENOMEM, "no memory");
	free(l->unit);
	fit_sample_done(&l->s);
	free(l);
	return r;
}
