/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp_adc.c - the columns: without input, and swept from end to end of their range. The rows of the
 * sweep are read too, so that gain can be told from conductance.
 */
#include "experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "health.h"
#include "probe.h"

#define N_ZERO      1024
#define FINE        16.0 /* of the range, for products without input */
#define N_SWEEP     16384
#define SWEEP_COVER 1.3 /* times the range */
#define G_CELL      1.5 /* times g_max: about what the two SET devices of a cell give */

static size_t one_step(const struct xbar_run *r)
{
	(void)r;
	return 1;
}

static uint32_t sweep_rows(const struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	uint32_t n =
		xbar_sweep_rows(r->lab, r->opt.chip, G_CELL * (double)info->g_max, SWEEP_COVER);
	uint32_t n_left = info->n_row - r->opt.first_row;

	return n < n_left ? n : n_left;
}

static int begin(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n_row = sweep_rows(r), n_col = info->n_col;
	int err = r->opt.first_row < info->n_row
		? xbar_run_make(r, "zero", XBAR_I16, 2, (size_t[]){ N_ZERO, n_col })
		: xbar_fail(r->lab->msg, -ERANGE, "row %u: a chip has %u", r->opt.first_row,
			  info->n_row);

	if (err == 0)
		err = xbar_run_make(r, "zero_fine", XBAR_I16, 2, (size_t[]){ N_ZERO, n_col });
	if (err == 0)
		err = xbar_run_make(r, "lsb_fine", XBAR_F32, 1, &n_col);
	if (err == 0)
		err = xbar_run_make(r, "level", XBAR_F64, 1, (size_t[]){ N_SWEEP });
	if (err == 0)
		err = xbar_run_make(r, "in", XBAR_I8, 2, (size_t[]){ N_SWEEP, n_row });
	if (err == 0)
		err = xbar_run_make(r, "out", XBAR_I16, 2, (size_t[]){ N_SWEEP, n_col });
	if (err == 0)
		err = xbar_run_make(
			r, "g_mean", XBAR_F32, 3, (size_t[]){ n_row, n_col, XBAR_N_DEVICE });
	return err < 0 ? err : xbar_run_make(r, "lsb", XBAR_F32, 1, &n_col);
}

/* Products without input, and what a code is, as two arrays. */
static int put_zero(struct xbar_run *r, const char *zero, const char *lsb_name)
{
	const struct xbar_lab *lab = r->lab;
	uint32_t n_col = xbar_info(lab->x)->n_col;
	int16_t *codes = malloc(N_ZERO * n_col * sizeof(*codes));
	float *lsb = malloc(n_col * sizeof(*lsb));
	int err = codes && lsb ? xbar_probe_zero(lab, r->opt.chip, N_ZERO, codes)
			       : xbar_fail(lab->msg, -ENOMEM, "no memory for products");

	for (uint32_t j = 0; j < n_col && err == 0; j++)
		lsb[j] = xbar_adc_lsb(lab->x, r->opt.chip, j);
	if (err == 0)
		err = xbar_run_put(r, zero, 0, NULL, codes);
	if (err == 0)
		err = xbar_run_put(r, lsb_name, 0, NULL, lsb);
	free(codes);
	free(lsb);
	return err;
}

/* At the range as it is, and at a fraction of it, whose codes tell offsets and noise below a code. */
static int zero(struct xbar_run *r)
{
	const struct xbar_lab *lab = r->lab;
	const struct xbar_info *info = xbar_info(lab->x);
	double full = ldexp((double)xbar_adc_lsb(lab->x, r->opt.chip, 0), (int)info->adc_bits - 1);
	float *range = malloc(info->n_col * sizeof(*range));
	int err = range ? put_zero(r, "zero", "lsb")
			: xbar_fail(lab->msg, -ENOMEM, "no memory for ranges");
	int err_back;

	if (err < 0) {
		free(range);
		return err;
	}
	xbar_probe_ranges(lab, r->opt.chip, range);
	err = xbar_probe_range(lab, r->opt.chip, full / FINE);
	if (err == 0)
		err = put_zero(r, "zero_fine", "lsb_fine");
	err_back = xbar_probe_put_ranges(lab, r->opt.chip, range);
	free(range);
	return err < 0 ? err : err_back;
}

static int read_rows(struct xbar_run *r, uint32_t n_row)
{
	const struct xbar_lab *lab = r->lab;
	float *g = malloc((size_t)n_row * xbar_info(lab->x)->n_col * XBAR_N_DEVICE * sizeof(*g));
	int err = g
		? xbar_probe_read_mean(lab, r->opt.chip, r->opt.first_row, n_row, r->opt.n_read, g)
		: xbar_fail(lab->msg, -ENOMEM, "no memory for reads");

	if (err == 0)
		err = xbar_run_put(r, "g_mean", 0, NULL, g);
	free(g);
	return err;
}

static int sweep(struct xbar_run *r, uint32_t n_row)
{
	struct xbar_sweep s;
	int err = xbar_sweep_init(&s, r->lab, r->opt.chip, r->opt.first_row, n_row, N_SWEEP);

	if (err == 0)
		err = xbar_sweep_run(&s, r->lab);
	if (err == 0)
		err = xbar_run_put(r, "level", 0, NULL, s.level);
	if (err == 0)
		err = xbar_run_put(r, "in", 0, NULL, s.in);
	if (err == 0)
		err = xbar_run_put(r, "out", 0, NULL, s.out);
	xbar_sweep_done(&s);
	return err;
}

static int step(struct xbar_run *r, size_t i)
{
	const struct xbar_lab *lab = r->lab;
	uint32_t n_row = sweep_rows(r), chip = r->opt.chip;
	int err = zero(r);

	(void)i;
	if (err == 0)
		err = xbar_probe_pulse(
			lab, chip, r->opt.first_row, n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);
	if (err == 0)
		err = xbar_probe_pulse(lab, chip, r->opt.first_row, n_row, XBAR_DEVICES_PLUS,
			XBAR_SET, (uint8_t)r->opt.n_pulse);
	if (err == 0)
		err = read_rows(r, n_row);
	return err < 0 ? err : sweep(r, n_row);
}

/* Codes a level that the reads of a column's devices predict. */
static double predicted(
	const float *g, uint32_t n_row, uint32_t n_col, uint32_t col, double v_read, double lsb)
{
	double sum = 0.0;

	for (uint32_t i = 0; i < n_row; i++) {
		const float *d = g + ((size_t)i * n_col + col) * XBAR_N_DEVICE;

		sum += (double)d[0] + (double)d[1] - (double)d[2] - (double)d[3];
	}
	return sum * v_read / XBAR_DAC_MAX / lsb;
}

struct samples {
	int16_t *zero, *out;
	double *level;
	float *g, *lsb;
	struct xbar_column_health *col;
};

static void samples_done(struct samples *s)
{
	free(s->zero);
	free(s->out);
	free(s->level);
	free(s->g);
	free(s->lsb);
	free(s->col);
}

static int samples_get(struct samples *s, struct xbar_run *r, uint32_t n_row, uint32_t n_col)
{
	size_t n_g = (size_t)n_row * n_col * XBAR_N_DEVICE;
	int err;

	*s = (struct samples){ .zero = malloc(N_ZERO * n_col * sizeof(*s->zero)),
		.out = malloc(N_SWEEP * n_col * sizeof(*s->out)),
		.level = malloc(N_SWEEP * sizeof(*s->level)),
		.g = malloc(n_g * sizeof(*s->g)),
		.lsb = malloc(n_col * sizeof(*s->lsb)),
		.col = calloc(n_col, sizeof(*s->col)) };
	if (!s->zero || !s->out || !s->level || !s->g || !s->lsb || !s->col)
		return xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");
	err = xbar_run_get(r, "zero", 0, NULL, XBAR_I16, N_ZERO * n_col, s->zero);
	if (err == 0)
		err = xbar_run_get(r, "out", 0, NULL, XBAR_I16, N_SWEEP * n_col, s->out);
	if (err == 0)
		err = xbar_run_get(r, "level", 0, NULL, XBAR_F64, N_SWEEP, s->level);
	if (err == 0)
		err = xbar_run_get(r, "g_mean", 0, NULL, XBAR_F32, n_g, s->g);
	return err < 0 ? err : xbar_run_get(r, "lsb", 0, NULL, XBAR_F32, n_col, s->lsb);
}

/* gain is that of products over that of reads. */
static int table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	uint32_t n_row = sweep_rows(r), n_col = info->n_col;
	int32_t code_max = (1 << (info->adc_bits - 1)) - 1;
	struct samples s;
	int err = samples_get(&s, r, n_row, n_col);

	(void)i_target;
	if (err == 0)
		xbar_health_zero(s.col, n_col, s.zero, N_ZERO, 0.0);
	for (uint32_t j = 0; j < n_col && err == 0; j++) {
		struct xbar_column_health *c = &s.col[j];

		if (xbar_health_linearity(c, s.level, s.out, N_SWEEP, j, n_col, code_max) < 0)
			err = xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");
		else
			row(user,
				(double[]){ j,
					c->line[1] /
						predicted(s.g, n_row, n_col, j,
							(double)info->v_read, (double)s.lsb[j]),
					c->offset, c->noise, c->inl, c->dnl });
	}
	samples_done(&s);
	return err;
}

const struct xbar_experiment xbar_exp_adc = {
	.name = "adc",
	.title = "columns and ADCs",
	.alone = { .n_pulse = 16, .n_read = 64 },
	.campaign = { .n_pulse = 16, .n_read = 64 },
	.n_step = one_step,
	.begin = begin,
	.step = step,
	.heads = "col,gain,offset_lsb,noise_lsb,inl_lsb,dnl_lsb",
	.table = table,
	.x_label = "column",
	.y_label = "gain of products over that of reads",
};
