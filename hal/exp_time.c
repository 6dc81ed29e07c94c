/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp_time.c - programmed devices and what becomes of them: program and verify, drift, read noise.
 * Devices of all targets lie among each other on whole rows, so that place and target are independent.
 */
#include "experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Program every device to its target; the chip time of the end becomes attribute t_programmed. */
static int program(struct xbar_run *r)
{
	struct xbar_measure *m = r->lab->measure;
	const char *name = r->experiment->name;
	struct xbar_program_stats stats = { 0 };
	uint64_t t;
	int err;

	for (size_t i = 0; i < r->sample.n; i++)
		r->g[i] = (float)r->opt.target[xbar_run_target(r, i)];
	err = xbar_lab_program(r->lab, &r->sample, r->g, &stats);
	if (err == 0)
		err = xbar_run_put(r, "g_target", 0, NULL, r->g);
	if (err == 0)
		err = xbar_lab_time(r->lab, &t);
	if (err == 0)
		err = xbar_run_put(r, "t_programmed", 0, NULL, &t);
	if (err == 0)
		err = xbar_measure_set_number(m, name, "program_n_iter", stats.n_iter);
	if (err == 0)
		err = xbar_measure_set_number(m, name, "program_n_failed", stats.n_failed);
	if (err == 0)
		err = xbar_measure_set_number(
			m, name, "program_rms_error_S", (double)stats.rms_error);
	return err;
}

static int wait_for_age(struct xbar_run *r, double age)
{
	uint64_t t = 0;
	int err = xbar_run_get(r, "t_programmed", 0, NULL, XBAR_U64, 1, &t);

	return err < 0 ? err : xbar_lab_wait_until(r->lab, t + (uint64_t)llround(age * 1e9));
}

/* g [shape[0]] .. [n_device], t without the devices, and what program() leaves. */
static int make_arrays(struct xbar_run *r, int rank, const size_t *shape)
{
	int err = xbar_run_make(r, "g", XBAR_F32, rank, shape);

	if (err == 0)
		err = xbar_run_make(r, "t", XBAR_U64, rank - 1, shape);
	if (err == 0)
		err = xbar_run_make(r, "g_target", XBAR_F32, 1, &r->sample.n);
	return err < 0 ? err : xbar_run_make(r, "t_programmed", XBAR_U64, 1, (size_t[]){ 1 });
}

/* Over the devices of a target, of the mean of a device's reads: g at (at[0], ..) is [n_read][n]. */
static int target_moments(struct xbar_run *r, uint32_t i_target, size_t n_at, const size_t *at,
	struct xbar_moments *ret)
{
	size_t n = r->sample.n, n_read = r->opt.n_read;
	float *g = malloc(n * n_read * sizeof(*g));
	int err = g ? xbar_run_get(r, "g", n_at, at, XBAR_F32, n * n_read, g)
		    : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");

	for (size_t i = 0; i < n && err == 0; i++) {
		double sum = 0.0;

		if (xbar_run_target(r, i) != i_target)
			continue;
		for (size_t k = 0; k < n_read; k++)
			sum += (double)g[k * n + i];
		xbar_moments_add(ret, sum / (double)n_read * 1e6);
	}
	free(g);
	return err;
}

static size_t one_step(const struct xbar_run *r)
{
	(void)r;
	return 1;
}

static int verify_begin(struct xbar_run *r)
{
	return make_arrays(r, 2, (size_t[]){ r->opt.n_read, r->sample.n });
}

static int verify_step(struct xbar_run *r, size_t i)
{
	int err = program(r);

	(void)i;
	if (err == 0)
		err = wait_for_age(r, r->opt.settle);
	return err < 0 ? err : xbar_run_reads(r, 0, NULL);
}

/* One table for all targets, so i_target is not used. */
static int verify_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	int err = 0;

	(void)i_target;
	for (uint32_t k = 0; k < r->opt.n_target && err == 0; k++) {
		struct xbar_moments m = { 0 };

		err = target_moments(r, k, 0, NULL, &m);
		if (err == 0)
			row(user,
				(double[]){ r->opt.target[k] * 1e6, m.mean, xbar_moments_sd(&m),
					(double)m.n });
	}
	return err;
}

#define EIGHT_TARGETS .n_target = 8, .target = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8 }

const struct xbar_experiment xbar_exp_program_verify = {
	.name = "program-verify",
	.title = "program and verify",
	.sampling = XBAR_SAMPLING_ROWS,
	.has_targets = true,
	.alone = { .n_device = 1024, .n_read = 1, EIGHT_TARGETS },
	.campaign = { .n_device = 1024, .n_read = 16, EIGHT_TARGETS },
	.n_step = one_step,
	.begin = verify_begin,
	.step = verify_step,
	.heads = "target_uS,mean_uS,sd_uS,n",
	.table = verify_table,
	.x_label = "target (\302\265S)",
	.y_label = "conductance (\302\265S)",
	.has_band = true,
};

/* Step 0 programs; the others each wait for one time. */
static size_t drift_n_step(const struct xbar_run *r)
{
	return r->opt.n_time + 1;
}

static int drift_begin(struct xbar_run *r)
{
	return make_arrays(r, 3, (size_t[]){ r->opt.n_time, r->opt.n_read, r->sample.n });
}

static int drift_step(struct xbar_run *r, size_t i)
{
	size_t at = i - 1;
	int err = i ? wait_for_age(r, r->opt.time[at]) : program(r);

	return err < 0 || !i ? err : xbar_run_reads(r, 1, &at);
}

static int drift_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	int err = 0;

	for (size_t k = 0; k < r->opt.n_time && err == 0; k++) {
		struct xbar_moments m = { 0 };

		err = target_moments(r, i_target, 1, &k, &m);
		if (err == 0)
			row(user,
				(double[]){
					r->opt.time[k], m.mean, xbar_moments_sd(&m), (double)m.n });
	}
	return err;
}

const struct xbar_experiment xbar_exp_drift = {
	.name = "drift",
	.title = "drift",
	.sampling = XBAR_SAMPLING_ROWS,
	.has_targets = true,
	.table_per_target = true,
	.alone = { .n_device = 1024,
		.n_read = 1,
		.n_target = 1,
		.target = { 0.5 },
		.n_time = 3,
		.time = { 25, 3600, 86400 } },
	.campaign = { .n_device = 512,
		.n_read = 8,
		.n_target = 6,
		.target = { 0.1, 0.25, 0.4, 0.55, 0.7, 0.85 },
		.n_time = 16,
		.time = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5 } },
	.n_step = drift_n_step,
	.begin = drift_begin,
	.step = drift_step,
	.heads = "t_s,mean_uS,sd_uS,n",
	.table = drift_table,
	.x_label = "time since programming (s)",
	.y_label = "conductance (\302\265S)",
	.x_log = true,
	.has_band = true,
};

/* Step 0 programs and settles, the others are series of reads: one at once, one after each lag. */
static size_t noise_n_step(const struct xbar_run *r)
{
	return r->opt.n_cycle + 1;
}

static int noise_begin(struct xbar_run *r)
{
	return make_arrays(r, 3, (size_t[]){ r->opt.n_cycle, r->opt.n_time + 1, r->sample.n });
}

static int noise_read(struct xbar_run *r, const size_t *at, uint64_t *ret_t)
{
	int err = xbar_lab_read(r->lab, &r->sample, r->g, ret_t);

	if (err == 0)
		err = xbar_run_put(r, "g", 2, at, r->g);
	return err < 0 ? err : xbar_run_put(r, "t", 2, at, ret_t);
}

static int noise_step(struct xbar_run *r, size_t i)
{
	uint64_t t_first = 0, t;
	int err;

	if (i == 0) {
		err = program(r);
		return err < 0 ? err : wait_for_age(r, r->opt.settle);
	}
	err = noise_read(r, (size_t[]){ i - 1, 0 }, &t_first);
	for (size_t k = 0; k < r->opt.n_time && err == 0; k++) {
		err = xbar_lab_wait_until(
			r->lab, t_first + (uint64_t)llround(r->opt.time[k] * 1e9));
		if (err == 0)
			err = noise_read(r, (size_t[]){ i - 1, k + 1 }, &t);
	}
	return err;
}

/* Differences of the reads `lag` and 0 of one series, device by device of a target. */
static int add_differences(struct xbar_run *r, uint32_t i_target, size_t series, size_t lag,
	float *g, struct xbar_moments *ret)
{
	size_t n = r->sample.n;
	int err = xbar_run_get(r, "g", 2, (size_t[]){ series, 0 }, XBAR_F32, n, g);

	if (err == 0)
		err = xbar_run_get(r, "g", 2, (size_t[]){ series, lag }, XBAR_F32, n, g + n);
	for (size_t i = 0; i < n && err == 0; i++) {
		if (xbar_run_target(r, i) == i_target)
			xbar_moments_add(ret, ((double)g[n + i] - (double)g[i]) * 1e6);
	}
	return err;
}

/*
 * The sd of a read, as it shows over a lag: sqrt(1/2) times the sd of the difference of two reads.
 * For white noise it is the same at every lag, for 1/f noise its square grows with ln(lag). Drift
 * that devices have in common falls out with the mean of the differences.
 */
static int noise_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	float *g = malloc(2 * r->sample.n * sizeof(*g));
	int err = g ? 0 : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");

	for (size_t k = 0; k < r->opt.n_time && err == 0; k++) {
		struct xbar_moments m = { 0 };

		for (size_t s = 0; s < r->opt.n_cycle && err == 0; s++)
			err = add_differences(r, i_target, s, k + 1, g, &m);
		if (err == 0)
			row(user,
				(double[]){ r->opt.time[k], xbar_moments_sd(&m) * sqrt(0.5),
					(double)m.n });
	}
	free(g);
	return err;
}

#define SIX_LAGS .n_time = 6, .time = { 1e-3, 1e-2, 1e-1, 1, 10, 100 }

const struct xbar_experiment xbar_exp_read_noise = {
	.name = "read-noise",
	.title = "read noise",
	.sampling = XBAR_SAMPLING_ROWS,
	.has_targets = true,
	.table_per_target = true,
	.alone = { .n_device = 1024,
		.n_cycle = 4,
		.settle = 1000,
		.n_target = 1,
		.target = { 0.5 },
		SIX_LAGS },
	.campaign = { .n_device = 512,
		.n_cycle = 16,
		.settle = 1000,
		.n_target = 5,
		.target = { 0.0, 0.2, 0.4, 0.6, 0.8 },
		SIX_LAGS },
	.n_step = noise_n_step,
	.begin = noise_begin,
	.step = noise_step,
	.heads = "t_s,sd_uS,n",
	.table = noise_table,
	.x_label = "time between two reads (s)",
	.y_label = "sd of a read (\302\265S)",
	.x_log = true,
};
