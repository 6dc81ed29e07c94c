/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exp_pulse.c - what single pulses do: SET staircases, and RESET. */
#include "experiment.h"

#include <errno.h>
#include <stdlib.h>

/* One step is a cycle, which begins with RESET: one that was interrupted is simply done again. */
static size_t cycles(const struct xbar_run *r)
{
	return r->opt.n_cycle;
}

static int settle(struct xbar_run *r)
{
	uint64_t t;
	int err = xbar_lab_time(r->lab, &t);

	if (err == 0)
		err = xbar_lab_wait_until(r->lab, t + (uint64_t)(r->opt.settle * 1e9));
	return err;
}

/* Pulses to all, their chip time into t_pulse at (at[0], .., at[n_at - 1]), then reads. */
static int pulse_and_read(
	struct xbar_run *r, enum xbar_kind kind, uint8_t n, size_t n_at, const size_t *at)
{
	uint64_t t;
	int err = xbar_lab_pulse(r->lab, &r->sample, kind, n);

	if (err == 0)
		err = xbar_lab_time(r->lab, &t);
	if (err == 0)
		err = xbar_run_put(r, "t_pulse", n_at, at, &t);
	if (err == 0)
		err = settle(r);
	return err < 0 ? err : xbar_run_reads(r, n_at, at);
}

static int staircase_begin(struct xbar_run *r)
{
	const struct xbar_experiment_options *o = &r->opt;
	const size_t shape[] = { o->n_cycle, o->n_pulse + 1, o->n_read, r->sample.n };
	int err = xbar_run_make(r, "g", XBAR_F32, 4, shape);

	if (err == 0)
		err = xbar_run_make(r, "t", XBAR_U64, 3, shape);
	return err < 0 ? err : xbar_run_make(r, "t_pulse", XBAR_U64, 2, shape);
}

static int staircase_step(struct xbar_run *r, size_t i)
{
	int err = 0;

	for (size_t p = 0; p <= r->opt.n_pulse && err == 0; p++)
		err = pulse_and_read(r, p ? XBAR_SET : XBAR_RESET, 1, 2, (size_t[]){ i, p });
	return err;
}

/* Over devices and cycles, of the mean of a device's reads; at (cycle, at_1) of a rank-4 g. */
static int add_means(struct xbar_run *r, size_t n_at, const size_t *at, struct xbar_moments *ret)
{
	size_t n = r->sample.n, n_read = r->opt.n_read;
	float *g = malloc(n * n_read * sizeof(*g));
	int err = g ? xbar_run_get(r, "g", n_at, at, XBAR_F32, n * n_read, g)
		    : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");

	for (size_t i = 0; i < n && err == 0; i++) {
		double sum = 0.0;

		for (size_t k = 0; k < n_read; k++)
			sum += (double)g[k * n + i];
		xbar_moments_add(ret, sum / (double)n_read * 1e6);
	}
	free(g);
	return err;
}

static int staircase_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	int err = 0;

	(void)i_target;
	for (size_t p = 0; p <= r->opt.n_pulse && err == 0; p++) {
		struct xbar_moments m = { 0 };

		for (size_t c = 0; c < r->opt.n_cycle && err == 0; c++)
			err = add_means(r, 2, (size_t[]){ c, p }, &m);
		if (err == 0)
			row(user,
				(double[]){ (double)p, m.mean, xbar_moments_sd(&m), (double)m.n });
	}
	return err;
}

const struct xbar_experiment xbar_exp_staircase = {
	.name = "staircase",
	.title = "SET staircase",
	.sampling = XBAR_SAMPLING_SPREAD,
	.alone = { .n_device = 1024, .n_pulse = 20, .n_cycle = 1, .n_read = 1, .settle = 38.6 },
	.campaign = { .n_device = 1024, .n_pulse = 20, .n_cycle = 10, .n_read = 4, .settle = 38.6 },
	.n_step = cycles,
	.begin = staircase_begin,
	.step = staircase_step,
	.heads = "pulse,mean_uS,sd_uS,n",
	.table = staircase_table,
	.x_label = "SET pulses since RESET",
	.y_label = "conductance (\302\265S)",
	.has_band = true,
};

static int reset_begin(struct xbar_run *r)
{
	const struct xbar_experiment_options *o = &r->opt;
	const size_t shape[] = { o->n_cycle, o->n_read, r->sample.n };
	int err = xbar_run_make(r, "g", XBAR_F32, 3, shape);

	if (err == 0)
		err = xbar_run_make(r, "t", XBAR_U64, 2, shape);
	return err < 0 ? err : xbar_run_make(r, "t_pulse", XBAR_U64, 1, shape);
}

static int reset_step(struct xbar_run *r, size_t i)
{
	int err = xbar_lab_pulse(r->lab, &r->sample, XBAR_SET, (uint8_t)r->opt.n_pulse);

	return err < 0 ? err : pulse_and_read(r, XBAR_RESET, 1, 1, &i);
}

static int reset_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	int err = 0;

	(void)i_target;
	for (size_t c = 0; c < r->opt.n_cycle && err == 0; c++) {
		struct xbar_moments m = { 0 };

		err = add_means(r, 1, &c, &m);
		if (err == 0)
			row(user,
				(double[]){ (double)c, m.mean, xbar_moments_sd(&m), (double)m.n });
	}
	return err;
}

const struct xbar_experiment xbar_exp_reset = {
	.name = "reset",
	.title = "RESET",
	.sampling = XBAR_SAMPLING_SPREAD,
	.alone = { .n_device = 1024, .n_pulse = 5, .n_cycle = 10, .n_read = 1, .settle = 38.6 },
	.campaign = { .n_device = 1024, .n_pulse = 5, .n_cycle = 10, .n_read = 16, .settle = 38.6 },
	.n_step = cycles,
	.begin = reset_begin,
	.step = reset_step,
	.heads = "cycle,mean_uS,sd_uS,n",
	.table = reset_table,
	.x_label = "cycle of SETs and a RESET",
	.y_label = "conductance (\302\265S)",
	.has_band = true,
};
