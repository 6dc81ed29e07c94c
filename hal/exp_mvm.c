/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exp_mvm.c - products against what the reads of single devices predict: of random inputs on more and
 * more rows of a chip with random weights, and of blocks of rows alone and together (IR drop).
 */
#include "experiment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "probe.h"

#define N_VEC    256
#define HEADROOM 1.5 /* of the range over the largest current expected */
#define N_BLOCK  8   /* of rows, for IR drop */
#define N_REPEAT 64  /* products of each block */

static size_t n_cell(const struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);

	return (size_t)info->n_row * info->n_col;
}

/* Rows driven at step i: 1, 2, 4, .., all. */
static uint32_t n_in(const struct xbar_run *r, size_t i)
{
	uint32_t n_row = xbar_info(r->lab->x)->n_row;

	return i < 31 && (1u << i) < n_row ? 1u << i : n_row;
}

static size_t n_size(const struct xbar_run *r)
{
	size_t n = 1;

	while (n_in(r, n - 1) < xbar_info(r->lab->x)->n_row)
		n++;
	return n;
}

/* Mean reads of all devices, kept, and the net conductances of the cells in S, [n_row][n_col]. */
static int read_all(struct xbar_run *r)
{
	const struct xbar_lab *lab = r->lab;
	float *g = malloc(n_cell(r) * XBAR_N_DEVICE * sizeof(*g));
	int err = g ? xbar_probe_read_mean(
			      lab, r->opt.chip, 0, xbar_info(lab->x)->n_row, r->opt.n_read, g)
		    : xbar_fail(lab->msg, -ENOMEM, "no memory for reads");

	if (err == 0)
		err = xbar_run_put(r, "g_mean", 0, NULL, g);
	free(g);
	return err;
}

/* *ret [n_row][n_col] S is yours to free(). */
static int net_conductances(struct xbar_run *r, float **ret)
{
	float *g = malloc(n_cell(r) * XBAR_N_DEVICE * sizeof(*g));
	int err = g ? xbar_run_get(r, "g_mean", 0, NULL, XBAR_F32, n_cell(r) * XBAR_N_DEVICE, g)
		    : xbar_fail(r->lab->msg, -ENOMEM, "no memory for reads");

	for (size_t i = 0; i < n_cell(r) && err == 0; i++) {
		const float *d = g + i * XBAR_N_DEVICE;

		g[i] = d[0] + d[1] - d[2] - d[3];
	}
	if (err < 0)
		free(g);
	else
		*ret = g;
	return err;
}

static int make_g_mean(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);

	return xbar_run_make(
		r, "g_mean", XBAR_F32, 3, (size_t[]){ info->n_row, info->n_col, XBAR_N_DEVICE });
}

/* Currents that ideal hardware gives, A: ret [n_vec][n_col] of in [n_vec][n_row]. */
static void ideal(
	const struct xbar_info *info, const float *g, const int8_t *in, uint32_t n_vec, double *ret)
{
	double scale = (double)info->v_read / XBAR_DAC_MAX;

	memset(ret, 0, (size_t)n_vec * info->n_col * sizeof(*ret));
	for (uint32_t v = 0; v < n_vec; v++) {
		for (uint32_t i = 0; i < info->n_row; i++) {
			double x = scale * in[(size_t)v * info->n_row + i];

			for (uint32_t j = 0; j < info->n_col && x != 0.0; j++)
				ret[(size_t)v * info->n_col + j] +=
					x * (double)g[(size_t)i * info->n_col + j];
		}
	}
}

/* One of 0 .. n_pulse SETs for every device, at random. */
static int random_weights(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n = (size_t)info->n_col * XBAR_N_DEVICE;
	struct xbar_pulse *p = malloc(n * sizeof(*p));
	int err = p ? xbar_probe_pulse(
			      r->lab, r->opt.chip, 0, info->n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1)
		    : xbar_fail(r->lab->msg, -ENOMEM, "no memory for pulses");

	for (uint32_t row = 0; row < info->n_row && err == 0; row++) {
		size_t n_pulse = 0;

		for (size_t i = 0; i < n; i++) {
			uint32_t k =
				xbar_probe_hash((uint32_t)(row * n + i + 1)) % (r->opt.n_pulse + 1);

			if (k)
				p[n_pulse++] = (struct xbar_pulse){ .chip = (uint8_t)r->opt.chip,
					.row = (uint16_t)row,
					.col = (uint16_t)(i / XBAR_N_DEVICE),
					.device = (uint8_t)(i % XBAR_N_DEVICE),
					.kind = XBAR_SET,
					.n = (uint8_t)k };
		}
		err = xbar_lab_result(r->lab, xbar_pulse(r->lab->x, p, n_pulse));
	}
	free(p);
	return err;
}

static size_t error_n_step(const struct xbar_run *r)
{
	return n_size(r) + 1;
}

static int error_begin(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n = n_size(r);
	int err = make_g_mean(r);

	if (err == 0)
		err = xbar_run_make(r, "n_in", XBAR_U32, 1, &n);
	if (err == 0)
		err = xbar_run_make(r, "in", XBAR_I8, 3, (size_t[]){ n, N_VEC, info->n_row });
	if (err == 0)
		err = xbar_run_make(r, "out", XBAR_I16, 3, (size_t[]){ n, N_VEC, info->n_col });
	return err < 0 ? err : xbar_run_make(r, "lsb", XBAR_F32, 2, (size_t[]){ n, info->n_col });
}

/* Inputs of n_vec products, what comes out, and what should. */
struct products {
	int8_t *in;     /* [n_vec][n_row] */
	int16_t *out;   /* [n_vec][n_col] */
	double *should; /* [n_vec][n_col] A */
	float *range;   /* [n_col] A, as it was before */
	float *lsb;     /* [n_col] A */
	float *g;       /* [n_row][n_col] S */
	uint32_t n_vec;
};

static void products_done(struct products *p)
{
	free(p->in);
	free(p->out);
	free(p->should);
	free(p->range);
	free(p->lsb);
	free(p->g);
}

static int products_init(struct products *p, struct xbar_run *r, uint32_t n_vec)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n_out = (size_t)n_vec * info->n_col;

	*p = (struct products){ .n_vec = n_vec,
		.in = calloc(n_vec, info->n_row),
		.out = malloc(n_out * sizeof(*p->out)),
		.should = malloc(n_out * sizeof(*p->should)),
		.range = malloc(info->n_col * sizeof(*p->range)),
		.lsb = malloc(info->n_col * sizeof(*p->lsb)) };
	if (!p->in || !p->out || !p->should || !p->range || !p->lsb)
		return xbar_fail(r->lab->msg, -ENOMEM, "no memory for products");
	return net_conductances(r, &p->g);
}

/* With all columns at one range that fits, then back at theirs. */
static int products_run(struct products *p, struct xbar_run *r)
{
	const struct xbar_lab *lab = r->lab;
	const struct xbar_info *info = xbar_info(lab->x);
	struct xbar_mvm m = { .chip = r->opt.chip,
		.n_row = info->n_row,
		.n_col = info->n_col,
		.n_vec = p->n_vec,
		.input = XBAR_INPUT_INT8,
		.in = p->in,
		.out = p->out };
	double most = 0.0;
	int err, err_back;

	ideal(info, p->g, p->in, p->n_vec, p->should);
	for (size_t i = 0; i < (size_t)p->n_vec * info->n_col; i++)
		most = fmax(most, fabs(p->should[i]));
	xbar_probe_ranges(lab, r->opt.chip, p->range);
	err = xbar_probe_range(lab, r->opt.chip, most > 0.0 ? HEADROOM * most : 1e-6);
	for (uint32_t j = 0; j < info->n_col; j++)
		p->lsb[j] = xbar_adc_lsb(lab->x, r->opt.chip, j);
	if (err == 0)
		err = xbar_lab_result(lab, xbar_mvm(lab->x, &m, 1));
	err_back = xbar_probe_put_ranges(lab, r->opt.chip, p->range);
	return err < 0 ? err : err_back;
}

static int error_products(struct xbar_run *r, size_t i)
{
	uint32_t n_row = xbar_info(r->lab->x)->n_row, n = n_in(r, i);
	struct products p;
	int err = products_init(&p, r, N_VEC);

	for (uint32_t v = 0; v < N_VEC && err == 0; v++) {
		for (uint32_t k = 0; k < n; k++)
			p.in[(size_t)v * n_row + k] =
				(int8_t)((int)(xbar_probe_hash(
						       ((uint32_t)i * N_VEC + v) * n_row + k + 1) %
						 (2 * XBAR_DAC_MAX + 1)) -
					XBAR_DAC_MAX);
	}
	if (err == 0)
		err = products_run(&p, r);
	if (err == 0)
		err = xbar_run_put(r, "in", 1, &i, p.in);
	if (err == 0)
		err = xbar_run_put(r, "out", 1, &i, p.out);
	if (err == 0)
		err = xbar_run_put(r, "lsb", 1, &i, p.lsb);
	if (err == 0)
		err = xbar_run_put(r, "n_in", 1, &i, &n);
	products_done(&p);
	return err;
}

static int error_step(struct xbar_run *r, size_t i)
{
	int err;

	if (i)
		return error_products(r, i - 1);
	err = random_weights(r);
	return err < 0 ? err : read_all(r);
}

/*
 * rel_error: rms of the errors over that of the ideal currents. bits: those of a quantiser from the
 * least to the largest ideal current whose own error, its step over sqrt(12), is as large.
 */
static int error_row(
	struct xbar_run *r, struct products *p, size_t i, xbar_table_row *row, void *user)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n = (size_t)N_VEC * info->n_col;
	double sum_error = 0.0, sum_ideal = 0.0, min = INFINITY, max = -INFINITY, rms;
	int err = xbar_run_get(r, "in", 1, &i, XBAR_I8, (size_t)N_VEC * info->n_row, p->in);

	if (err == 0)
		err = xbar_run_get(r, "out", 1, &i, XBAR_I16, n, p->out);
	if (err == 0)
		err = xbar_run_get(r, "lsb", 1, &i, XBAR_F32, info->n_col, p->lsb);
	if (err < 0)
		return err;
	ideal(info, p->g, p->in, N_VEC, p->should);
	for (size_t k = 0; k < n; k++) {
		double e = p->out[k] * (double)p->lsb[k % info->n_col] - p->should[k];

		sum_error += e * e;
		sum_ideal += p->should[k] * p->should[k];
		min = fmin(min, p->should[k]);
		max = fmax(max, p->should[k]);
	}
	rms = sqrt(sum_error / (double)n);
	row(user,
		(double[]){ n_in(r, i), sqrt(sum_error / sum_ideal),
			log2((max - min) / (rms * sqrt(12.0))) });
	return 0;
}

static int error_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	struct products p;
	int err = products_init(&p, r, N_VEC);

	(void)i_target;
	for (size_t i = 0; i < n_size(r) && err == 0; i++)
		err = error_row(r, &p, i, row, user);
	products_done(&p);
	return err;
}

const struct xbar_experiment xbar_exp_mvm_error = {
	.name = "mvm-error",
	.title = "error of products",
	.alone = { .n_pulse = 5, .n_read = 64 },
	.campaign = { .n_pulse = 5, .n_read = 64 },
	.n_step = error_n_step,
	.begin = error_begin,
	.step = error_step,
	.heads = "n_in,rel_error,bits",
	.table = error_table,
	.x_label = "rows driven",
	.y_label = "relative error (rms)",
	.x_log = true,
};

/* Step 0 SETs all plus devices; then each block of rows is driven fully, then all rows. */
static size_t drop_n_step(const struct xbar_run *r)
{
	(void)r;
	return N_BLOCK + 2;
}

static void block(const struct xbar_run *r, size_t i, uint32_t *ret_first, uint32_t *ret_end)
{
	uint32_t n_row = xbar_info(r->lab->x)->n_row;

	*ret_first = i < N_BLOCK ? (uint32_t)(i * n_row / N_BLOCK) : 0;
	*ret_end = i < N_BLOCK ? (uint32_t)((i + 1) * n_row / N_BLOCK) : n_row;
}

static int drop_begin(struct xbar_run *r)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	const size_t shape[] = { N_BLOCK + 1, N_REPEAT, info->n_col };
	int err = make_g_mean(r);

	if (err == 0)
		err = xbar_run_make(r, "rows", XBAR_U32, 2, (size_t[]){ N_BLOCK + 1, 2 });
	if (err == 0)
		err = xbar_run_make(r, "out", XBAR_I16, 3, shape);
	return err < 0
		? err
		: xbar_run_make(r, "lsb", XBAR_F32, 2, (size_t[]){ N_BLOCK + 1, info->n_col });
}

static int drop_products(struct xbar_run *r, size_t i)
{
	uint32_t n_row = xbar_info(r->lab->x)->n_row, rows[2];
	struct products p;
	int err = products_init(&p, r, N_REPEAT);

	block(r, i, &rows[0], &rows[1]);
	for (uint32_t v = 0; v < N_REPEAT && err == 0; v++)
		memset(p.in + (size_t)v * n_row + rows[0], XBAR_DAC_MAX, rows[1] - rows[0]);
	if (err == 0)
		err = products_run(&p, r);
	if (err == 0)
		err = xbar_run_put(r, "rows", 1, &i, rows);
	if (err == 0)
		err = xbar_run_put(r, "out", 1, &i, p.out);
	if (err == 0)
		err = xbar_run_put(r, "lsb", 1, &i, p.lsb);
	products_done(&p);
	return err;
}

static int drop_step(struct xbar_run *r, size_t i)
{
	const struct xbar_lab *lab = r->lab;
	uint32_t n_row = xbar_info(lab->x)->n_row;
	int err;

	if (i)
		return drop_products(r, i - 1);
	err = xbar_probe_pulse(lab, r->opt.chip, 0, n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);
	if (err == 0)
		err = xbar_probe_pulse(lab, r->opt.chip, 0, n_row, XBAR_DEVICES_PLUS, XBAR_SET,
			(uint8_t)r->opt.n_pulse);
	return err < 0 ? err : read_all(r);
}

/* Mean current over columns that a block gives, over that which reads predict. */
static int drop_table(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user)
{
	const struct xbar_info *info = xbar_info(r->lab->x);
	size_t n = (size_t)N_REPEAT * info->n_col;
	struct products p;
	int err = products_init(&p, r, N_REPEAT);

	(void)i_target;
	for (size_t i = 0; i <= N_BLOCK && err == 0; i++) {
		double measured = 0.0, predicted = 0.0;
		uint32_t first, end;

		block(r, i, &first, &end);
		err = xbar_run_get(r, "out", 1, &i, XBAR_I16, n, p.out);
		if (err == 0)
			err = xbar_run_get(r, "lsb", 1, &i, XBAR_F32, info->n_col, p.lsb);
		for (size_t k = 0; k < n && err == 0; k++)
			measured += p.out[k] * (double)p.lsb[k % info->n_col] / N_REPEAT;
		for (size_t k = (size_t)first * info->n_col;
			k < (size_t)end * info->n_col && err == 0; k++)
			predicted += (double)info->v_read * (double)p.g[k];
		if (err == 0)
			row(user, (double[]){ first, measured / predicted, end - first });
	}
	products_done(&p);
	return err;
}

const struct xbar_experiment xbar_exp_ir_drop = {
	.name = "ir-drop",
	.title = "IR drop",
	.alone = { .n_pulse = 16, .n_read = 16 },
	.campaign = { .n_pulse = 16, .n_read = 16 },
	.n_step = drop_n_step,
	.begin = drop_begin,
	.step = drop_step,
	.heads = "first_row,current_ratio,n_row",
	.table = drop_table,
	.x_label = "first row of the block driven",
	.y_label = "current over that of single reads",
};
