/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp_faults.c - every device of a chip after RESET and after SETs, again and again. Several reads each
 * time tell slow devices, which SETs move but little, from stuck ones, which read the same but for noise.
 */
#include "experiment.h"

#include <errno.h>
#include <stdlib.h>
#include "probe.h"

static size_t n_device(const struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);

	return (size_t)info->n_row * info->n_col * XBAR_N_DEVICE;
}

static size_t cycles(const struct xbar_run *r)
{
	return r->opt.n_cycle;
}

static int begin(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	const size_t shape[] = { r->opt.n_cycle, info->n_row, info->n_col, XBAR_N_DEVICE };
	int err = xbar_run_make(r, "g_reset", XBAR_F32, 4, shape);

	if (err == 0)
		err = xbar_run_make(r, "g_set", XBAR_F32, 4, shape);
	if (err == 0)
		err = xbar_run_make(r, "t_reset", XBAR_U64, 1, shape);
	return err < 0 ? err : xbar_run_make(r, "t_set", XBAR_U64, 1, shape);
}

static int pulse_and_read(struct xbar_run *r, size_t i, enum xbar_kind kind, uint8_t n, float *g)
{
	const struct xbar_lab *lab = r->lab;
	uint64_t t;
	int err = xbar_probe_pulse(
		lab, r->opt.chip, 0, xbar_info(lab->x)->n_row, XBAR_DEVICES_ALL, kind, n);

	if (err == 0)
		err = xbar_lab_time(lab, &t);
	if (err == 0)
		err = xbar_probe_read_mean(
			lab, r->opt.chip, 0, xbar_info(lab->x)->n_row, r->opt.n_read, g);
	if (err == 0)
		err = xbar_run_put(r, kind == XBAR_SET ? "g_set" : "g_reset", 1, &i, g);
	return err < 0 ? err : xbar_run_put(r, kind == XBAR_SET ? "t_set" : "t_reset", 1, &i, &t);
}

static int step(struct xbar_run *r, size_t i)
{
	float *g = malloc(n_device(r) * sizeof(*g));
	int err = g ? pulse_and_read(r, i, XBAR_RESET, 1, g)
		    : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a chip's reads");

	if (err == 0)
		err = pulse_and_read(r, i, XBAR_SET, (uint8_t)r->opt.n_pulse, g);
	free(g);
	return err;
}

static int table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	size_t n = n_device(r);
	float *g = malloc(n * sizeof(*g));
	int err = g ? 0 : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");

	(void)i_target;
	for (int is_set = 0; is_set < 2 && err == 0; is_set++) {
		struct xbar_moments m = { 0 };

		for (size_t c = 0; c < r->opt.n_cycle && err == 0; c++) {
			err = xbar_run_get(r, is_set ? "g_set" : "g_reset", 1, &c, XBAR_F32, n, g);
			for (size_t i = 0; i < n && err == 0; i++)
				xbar_moments_add(&m, (double)g[i] * 1e6);
		}
		if (err == 0)
			row(user,
				(double[]){ is_set ? r->opt.n_pulse : 0.0, m.mean,
					xbar_moments_sd(&m), (double)m.n });
	}
	free(g);
	return err;
}

const struct xbar_experiment xbar_exp_faults = {
	.name = "faults",
	.title = "all devices, RESET and SET",
	.alone = { .n_pulse = 16, .n_cycle = 4, .n_read = 8 },
	.campaign = { .n_pulse = 16, .n_cycle = 4, .n_read = 8 },
	.n_step = cycles,
	.begin = begin,
	.step = step,
	.heads = "pulse,mean_uS,sd_uS,n",
	.table = table,
	.x_label = "SET pulses since RESET",
	.y_label = "conductance (\302\265S)",
	.has_band = true,
};
