/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_wire.c - resistance of word and bit lines, from the products of blocks of rows (ir-drop). A
 * chip of ideal devices with the conductances that the board's reads gave says what share of a column's
 * current lines of R ohm leave, rho(R) of block and column, by the emulator's law (wire.c). Then, by
 * least squares over blocks and columns,
 *
 *	current / sum of reads = k rho(R)
 *
 * k is what all have in common: drift since the reads. The columns' gains are in currents and in reads
 * alike; offsets are taken back, and gains where conductances count by themselves. Every column is a
 * cluster, whose residuals stand together. Below 0, where chance may lead, rho is continued as 2 - rho(-R).
 */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ROUND  20
#define OHM_MAX  100.0
#define OHM_STEP 0.05 /* for slopes, or that share of R */
#define OHM_DONE 1e-5 /* what the chip's codes are fine enough for */
#define NET_MIN  0.2  /* of the largest column's sum: one that works */

struct wire {
	const struct fit_data *d;
	float *g;               /* [PCM_N_ROW][PCM_N_COL][4] S */
	double *y;              /* [n_drop][n_col] measured, NAN in columns that do not count */
	double *whole;          /* of the chip without resistance, S */
	double *rho, *beyond;   /* of R, of R and a step */
	double *sum;            /* [n_col] uS, of all rows */
	bool counts[PCM_N_COL]; /* columns that work */
	double k, ohm;
	double k_k, k_r, r_r; /* sums of products of slopes */
	double var;           /* of R */
	size_t n_col;         /* that count */
};

static double square(double x)
{
	return x * x;
}

/* Net conductance of a cell as it is read, uS. */
static double net(const struct fit_data *d, size_t row, size_t col)
{
	const float *g = d->drop_g + (row * d->n_col + col) * PCM_N_DEVICE;
	return (double)g[0] + (double)g[1] - (double)g[2] - (double)g[3];
}

static void put_cell(struct wire *w, size_t row, size_t col, double plus, double minus)
{
	float *g = w->g + (row * PCM_N_COL + col) * PCM_N_DEVICE;
	g[0] = g[1] = (float)(fmax(plus + fmin(minus, 0.0), 0.0) / 2.0);
	g[2] = g[3] = (float)(fmax(minus + fmin(plus, 0.0), 0.0) / 2.0);
}

/*
 * Conductances of a row's cells by polarity, S. Noise may read one below 0: the other is then less, so
 * that the cell's load on its lines has no bias. Cells of columns that do not work load the row like
 * others (the emulator's dead columns are dead ADCs): the mean of these is taken.
 */
static void find_row(struct wire *w, size_t row)
{
	const struct fit_data *d = w->d;
	struct fit_moments plus = { 0 }, minus = { 0 };
	for (size_t j = 0; j < d->n_col; j++) {
		const float *g = d->drop_g + (row * d->n_col + j) * PCM_N_DEVICE;
		double scale = copysign(1e-6, w->sum[j]) / fmax(fabs(d->gain[j]), 0.1);
		double of_plus = scale * ((double)g[0] + (double)g[1] - 2.0 * d->offset[j]);
		double of_minus = scale * ((double)g[2] + (double)g[3] - 2.0 * d->offset[j]);
		if (!w->counts[j])
			continue;
		fit_moments_add(&plus, of_plus);
		fit_moments_add(&minus, of_minus);
		put_cell(w, row, j, of_plus, of_minus);
	}
	for (size_t j = 0; j < d->n_col; j++) {
		if (!w->counts[j])
			put_cell(w, row, j, plus.mean, minus.mean);
	}
}

/* Columns that work, and all conductances. */
static void find_conductances(struct wire *w)
{
	const struct fit_data *d = w->d;
	double most = 0.0;
	for (size_t j = 0; j < d->n_col; j++) {
		for (size_t i = 0; i < d->n_row; i++)
			w->sum[j] += net(d, i, j);
		most = fmax(most, fabs(w->sum[j]));
	}
	for (size_t j = 0; j < d->n_col; j++) {
		w->counts[j] = fabs(w->sum[j]) > NET_MIN * most;
		w->n_col += w->counts[j];
	}
	for (size_t i = 0; i < d->n_row; i++)
		find_row(w, i);
}

static void find_ratios(struct wire *w)
{
	const struct fit_data *d = w->d;
	for (size_t j = 0; j < d->n_col; j++) {
		for (size_t b = 0; b < d->n_drop; b++) {
			const uint32_t *rows = d->drop_rows + 2 * b;
			double sum = 0.0, current = d->drop_current[b * d->n_col + j];
			for (size_t i = rows[0]; i < rows[1]; i++)
				sum += net(d, i, j);
			w->y[b * d->n_col + j] = w->counts[j] && sum != 0.0
				? (current / d->v_read * 1e6 - d->offset[j]) / sum
				: NAN;
		}
	}
}

/* What the chip's ADCs give of each block, S. */
static int products(const struct fit_data *d, struct pcm_chip *c, double *ret)
{
	int8_t in[PCM_N_ROW];
	int16_t out[PCM_N_COL];
	struct pcm_mvm m = { .n_row = PCM_N_ROW,
		.n_col = (uint32_t)d->n_col,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = in,
		.out = out };
	int r = 0;
	for (size_t b = 0; b < d->n_drop && r == 0; b++) {
		const uint32_t *rows = d->drop_rows + 2 * b;
		memset(in, 0, sizeof(in));
		memset(in + rows[0], PCM_DAC_MAX, rows[1] - rows[0]);
		r = pcm_chip_mvm(c, &m);
		for (size_t j = 0; j < d->n_col && r == 0; j++)
			ret[b * d->n_col + j] =
				out[j] * (double)pcm_chip_adc_lsb(c, (uint32_t)j) / d->v_read;
	}
	return r;
}

/* Net currents over v_read with lines of so many ohm, [n_drop][n_col] S. */
static int run_chip(const struct wire *w, double ohm, double *ret)
{
	const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
	struct pcm_params prm;
	struct pcm_chip *c;
	double most = 0.0;
	pcm_params_default(&prm);
	pcm_params_set(&prm, "preset", "ideal");
	for (size_t i = 0; i < (size_t)PCM_N_ROW * PCM_N_COL * PCM_N_DEVICE; i++)
		prm.g_max = fmax(prm.g_max, fmin((double)w->g[i], 1e-3));
	for (size_t j = 0; j < w->d->n_col; j++)
		most = fmax(most, fabs(w->sum[j]) / fmax(fabs(w->d->gain[j]), 0.1));
	prm.v_read = w->d->v_read;
	prm.adc_bits = 16;
	prm.adc_range = fmin(fmax(1.1e-6 * most * prm.v_read, 1e-12), 1.0);
	prm.wire_ohm = ohm;
	int r = pcm_chip_new(&c, &prm, 0);
	if (r < 0)
		return r;
	r = pcm_chip_program(c, &all, w->g);
	if (r == 0)
		r = products(w->d, c, ret);
	pcm_chip_free(c);
	return r;
}

/* What is left of currents; whole is filled before. */
static int find_rho(const struct wire *w, double ohm, double *ret)
{
	int r = run_chip(w, fabs(ohm), ret);
	for (size_t i = 0; i < w->d->n_drop * w->d->n_col && r == 0; i++) {
		double rho = w->whole[i] != 0.0 ? ret[i] / w->whole[i] : NAN;
		ret[i] = ohm < 0.0 ? 2.0 - rho : rho;
	}
	return r;
}

/* Column j's share of sums of slopes' products, and of slopes and residuals (ret_k, ret_r). */
static void add_column(struct wire *w, size_t j, double step, double *ret_k, double *ret_r)
{
	*ret_k = *ret_r = 0.0;
	for (size_t i = j; i < w->d->n_drop * w->d->n_col; i += w->d->n_col) {
		double slope_k = w->rho[i], slope_r = w->k * (w->beyond[i] - w->rho[i]) / step;
		double off = w->y[i] - w->k * w->rho[i];
		if (!isfinite(off) || !isfinite(slope_r))
			continue;
		w->k_k += square(slope_k);
		w->k_r += slope_k * slope_r;
		w->r_r += square(slope_r);
		*ret_k += slope_k * off;
		*ret_r += slope_r * off;
	}
}

/* A step of Gauss and Newton, to *ret_change of R; and the variance of R by how columns scatter. */
static int improve(struct wire *w, double *ret_change)
{
	double step = fmax(OHM_STEP, OHM_STEP * w->ohm), k_off = 0.0, r_off = 0.0;
	double kk = 0.0, kr = 0.0, rr = 0.0;
	int r = find_rho(w, w->ohm, w->rho);
	if (r == 0)
		r = find_rho(w, w->ohm + step, w->beyond);
	if (r < 0)
		return r;
	w->k_k = w->k_r = w->r_r = 0.0;
	for (size_t j = 0; j < w->d->n_col; j++) {
		double k, ohm;
		add_column(w, j, step, &k, &ohm);
		k_off += k;
		r_off += ohm;
		kk += square(k);
		kr += k * ohm;
		rr += square(ohm);
	}
	double det = w->k_k * w->r_r - square(w->k_r);
	if (!(det > 1e-9 * w->k_k * w->r_r))
		return -EDOM;
	*ret_change = (w->k_k * r_off - w->k_r * k_off) / det;
	w->k += (w->r_r * k_off - w->k_r * r_off) / det;
	w->var = (square(w->k_k) * rr - 2.0 * w->k_k * w->k_r * kr + square(w->k_r) * kk) /
		square(det);
	return 0;
}

static int search(struct wire *w)
{
	w->k = 1.0;
	for (int round = 0; round < N_ROUND; round++) {
		double change;
		int r = improve(w, &change);
		if (r < 0)
			return r;
		if (fabs(change) < OHM_DONE)
			return 0;
		w->ohm = fmin(fmax(w->ohm + change, -OHM_MAX / 2), OHM_MAX / 2);
	}
	return -EDOM;
}

/* Per block the mean over columns: measured, with the half of its 95 % interval, and the twin's. */
static void keep(const struct wire *w, struct fit_result *ret)
{
	ret->n_drop = w->d->n_drop;
	for (size_t b = 0; b < ret->n_drop; b++) {
		struct fit_moments y = { 0 }, rho = { 0 };
		for (size_t j = 0; j < w->d->n_col; j++) {
			size_t i = b * w->d->n_col + j;
			if (!isfinite(w->y[i]) || !isfinite(w->rho[i]))
				continue;
			fit_moments_add(&y, w->y[i] / w->k - w->rho[i]);
			fit_moments_add(&rho, w->rho[i]);
		}
		ret->drop[b] = (struct fit_drop){ .measured = rho.mean + y.mean,
			.half = 1.96 * fit_moments_sd(&y) / sqrt((double)y.n),
			.twin = rho.mean };
	}
}

/* Variance of the sum of a block's devices, read once each, in a column, uS^2: their noise, their ADC's. */
static double sum_var(const struct wire *w, const double *theta, size_t b, size_t j)
{
	const struct fit_data *d = w->d;
	const uint32_t *rows = d->drop_rows + 2 * b;
	double gain = fmax(fabs(d->gain[j]), 0.1), var = 0.0;
	for (size_t i = rows[0]; i < rows[1]; i++) {
		const float *g = d->drop_g + (i * d->n_col + j) * PCM_N_DEVICE;
		for (int k = 0; k < PCM_N_DEVICE; k++)
			var += square(fit_read_sd(
				theta, fabs((double)g[k] - d->offset[j]) / gain, 1.0 / gain));
	}
	return square(gain) * var;
}

/*
 * Square of the error of a mean of codes that noise of sd, in codes, does not spread over enough of them,
 * by the first harmonic of the sawtooth that rounding is: B. Widrow, I. Kollar, Quantization Noise
 * (2008), section 4.
 */
static double rounding(double sd)
{
	return exp(-square(2.0 * M_PI * sd)) / (2.0 * square(M_PI));
}

/* Variance of current less prediction, uS^2: noise of the reads, of the products, and rounding. */
static double off_var(const struct wire *w, const double *theta, size_t b, size_t j)
{
	const struct fit_data *d = w->d;
	double unit = 1e6 / d->v_read, lsb = d->drop_lsb[b * d->n_col + j] * unit;
	double reads = sum_var(w, theta, b, j);
	double n = (double)(d->drop_rows[2 * b + 1] - d->drop_rows[2 * b]) * PCM_N_DEVICE;
	double adc = square(theta[FIT_COLUMN_NOISE]), one = fmax(reads - (n - 1.0) * adc, 0.0);
	double left = square(w->k * w->rho[b * d->n_col + j]);
	return left * reads / d->drop_n_read + d->drop_var[b * d->n_col + j] * square(unit) +
		square(lsb) * rounding(sqrt(left * one) / lsb);
}

/*
 * Ratios against the twin's, in what the noise of reads and products makes of them. That of a column's
 * reads is in all its blocks, hence columns are the units.
 */
static struct fit_goodness goodness(const struct wire *w, const double *theta)
{
	const struct fit_data *d = w->d;
	struct fit_moments all = { 0 };
	for (size_t j = 0; j < d->n_col; j++) {
		struct fit_moments column = { 0 };
		for (size_t b = 0; b < d->n_drop; b++) {
			size_t i = b * d->n_col + j;
			double sum = d->drop_current[i] / d->v_read * 1e6 / w->y[i];
			double off = (w->y[i] - w->k * w->rho[i]) * sum;
			double var = off_var(w, theta, b, j);
			if (isfinite(off) && var > 0.0)
				fit_moments_add(&column, square(off) / var);
		}
		if (column.n)
			fit_moments_add(&all, column.mean);
	}
	return fit_goodness_of(&all, "currents of blocks of rows against the twin's");
}

static void tell(const struct wire *w, double scale_se, struct fit_estimate *ret)
{
	double half = gsl_cdf_tdist_Pinv(0.975, (double)w->n_col - 1.0) *
		sqrt(w->var + square(w->ohm * scale_se));
	*ret = (struct fit_estimate){ .is_known = w->ohm - half > 0.0,
		.v = w->ohm,
		.lo = w->ohm - half,
		.hi = w->ohm + half };
	if (!ret->is_known)
		snprintf(ret->why, sizeof(ret->why),
			"lines take nothing that shows: %.3g ohm, 95 %%: %.3g .. %.3g", ret->v,
			ret->lo, ret->hi);
}

static int fit_drops(struct wire *w, struct fit_result *ret, struct fit_message *msg)
{
	struct fit_estimate *e = &ret->par[FIT_WIRE_OHM];
	find_conductances(w);
	find_ratios(w);
	if (w->n_col < 8) {
		strcpy(e->why, "too few columns that work");
		return 0;
	}
	int r = run_chip(w, 0.0, w->whole);
	if (r == 0)
		r = search(w);
	if (r == -EDOM) {
		strcpy(e->why, "ir-drop's currents do not go with any resistance of lines");
		return 0;
	}
	if (r < 0)
		return fit_fail(msg, r, "no chip for resistances of lines: %s", strerror(-r));
	tell(w, ret->scale_se, e);
	keep(w, ret);
	if (ret->par[FIT_READ_SD_0].is_known)
		ret->goodness[FIT_OF_WIRE] = goodness(w, ret->theta);
	return 0;
}

int fit_wire(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	size_t n = d->n_drop * d->n_col;
	struct wire w = { .d = d };
	if (!d->n_drop || d->n_row > PCM_N_ROW || d->n_col > PCM_N_COL) {
		strcpy(ret->par[FIT_WIRE_OHM].why,
			d->n_drop ? "the emulator has no chip as large"
				  : "needs the experiment ir-drop");
		return 0;
	}
	w.g = calloc((size_t)PCM_N_ROW * PCM_N_COL * PCM_N_DEVICE, sizeof(*w.g));
	w.y = calloc(4 * n + d->n_col, sizeof(*w.y));
	int r = w.g && w.y ? 0 : fit_fail(msg, -ENOMEM, "no memory for a chip");
	if (r == 0) {
		w.whole = w.y + n;
		w.rho = w.whole + n;
		w.beyond = w.rho + n;
		w.sum = w.beyond + n;
		r = fit_drops(&w, ret, msg);
	}
	free(w.g);
	free(w.y);
	return r;
}
