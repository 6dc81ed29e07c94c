/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health.c - measuring a chip's health, and judging devices and lines; ADCs are in health_adc.c. */
#include "health.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "probe.h"

#define DEAD_BELOW  0.1  /* of the median's rise */
#define READ_SD     0.04 /* of g_max: sd that columns' noise may leave to mean reads */
#define N_READ_MAX  2000 /* reads at most for that */
#define SWEEP_COVER 1.3  /* times the ADCs' range */

/* Per device, over the cycles: all that judging takes. S as read, whatever the polarity. */
struct levels {
	size_t n;
	float *reset_min, *reset_max, *set_min, *set_max; /* of the reads of each state */
	float *rise;                                      /* mean of SET less RESET */
	float *read;                                      /* scratch */
};

static void levels_done(struct levels *l)
{
	free(l->reset_min);
	*l = (struct levels){ 0 };
}

static int levels_init(struct levels *l, const struct xbar_lab *lab, size_t n)
{
	*l = (struct levels){ .n = n, .reset_min = calloc(6 * n, sizeof(float)) };
	if (!l->reset_min)
		return xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's health");
	l->reset_max = l->reset_min + n;
	l->set_min = l->reset_max + n;
	l->set_max = l->set_min + n;
	l->rise = l->set_max + n;
	l->read = l->rise + n;
	return 0;
}

static void take(struct levels *l, float *min, float *max, float sign, bool is_first)
{
	for (size_t i = 0; i < l->n; i++) {
		float g = l->read[i];

		min[i] = is_first || g < min[i] ? g : min[i];
		max[i] = is_first || g > max[i] ? g : max[i];
		l->rise[i] += sign * g;
	}
}

/* So many reads of a column that their mean tells a RESET device from a SET one, whatever its noise. */
static uint32_t n_read(
	const struct xbar_health *h, const struct xbar_lab *lab, uint32_t chip, uint32_t j)
{
	const struct xbar_info *info = xbar_info(lab->x);
	double sd = h->col[j].noise * (double)xbar_adc_lsb(lab->x, chip, j) / (double)info->v_read;
	double n = pow(sd / (READ_SD * (double)info->g_max), 2.0);

	return n < 1.0 ? 1 : n < N_READ_MAX ? (uint32_t)ceil(n) : N_READ_MAX;
}

/* Mean of many reads of one column into l->read, at its devices' places. */
static int read_column(const struct xbar_health *h, struct levels *l, const struct xbar_lab *lab,
	uint32_t chip, uint32_t j)
{
	const struct xbar_patch w = { .chip = chip, .n_row = h->n_row, .col = j, .n_col = 1 };
	size_t n = (size_t)h->n_row * XBAR_N_DEVICE;
	uint32_t n_mean = n_read(h, lab, chip, j);
	float *g = malloc(2 * n * sizeof(*g)), *sum = g + n;
	int r = g ? 0 : xbar_fail(lab->msg, -ENOMEM, "no memory for a column's reads");

	for (uint32_t k = 0; k < n_mean && r == 0; k++) {
		r = xbar_lab_result(lab, xbar_read(lab->x, &w, 1, g));
		for (size_t i = 0; i < n && r == 0; i++)
			sum[i] = (k ? sum[i] : 0.0f) + g[i];
	}
	for (size_t i = 0; i < n && r == 0; i++)
		l->read[(i / XBAR_N_DEVICE * h->n_col + j) * XBAR_N_DEVICE + i % XBAR_N_DEVICE] =
			sum[i] / (float)n_mean;
	free(g);
	return r;
}

/* Mean reads of all into l->read: as many as the worst column needs, more on noisy ones. */
static int read_all(
	const struct xbar_health *h, struct levels *l, const struct xbar_lab *lab, uint32_t chip)
{
	uint32_t n_mean = 1;
	int r;

	for (uint32_t j = 0; j < h->n_col; j++) {
		if (!h->col[j].is_noisy && n_read(h, lab, chip, j) > n_mean)
			n_mean = n_read(h, lab, chip, j);
	}
	r = xbar_probe_read_mean(lab, chip, 0, h->n_row, n_mean, l->read);
	for (uint32_t j = 0; j < h->n_col && r == 0; j++) {
		if (h->col[j].is_noisy)
			r = read_column(h, l, lab, chip, j);
	}
	return r;
}

static int one_cycle(struct xbar_health *h, struct levels *l, const struct xbar_lab *lab,
	uint32_t chip, uint8_t n_set, bool is_first)
{
	int r = xbar_probe_pulse(lab, chip, 0, h->n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);

	if (r == 0)
		r = read_all(h, l, lab, chip);
	if (r < 0)
		return r;
	take(l, l->reset_min, l->reset_max, -1.0f, is_first);
	r = xbar_probe_pulse(lab, chip, 0, h->n_row, XBAR_DEVICES_ALL, XBAR_SET, n_set);
	if (r == 0)
		r = read_all(h, l, lab, chip);
	if (r == 0)
		take(l, l->set_min, l->set_max, 1.0f, is_first);
	return r;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts v. */
static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

/* Sums of the cells' mean rises over the good columns, and their means over the rows. */
static void line_rises(
	const struct xbar_health *h, const struct levels *l, double *ret_row, double *ret_col)
{
	memset(ret_row, 0, h->n_row * sizeof(*ret_row));
	memset(ret_col, 0, h->n_col * sizeof(*ret_col));
	for (uint32_t i = 0; i < h->n_row; i++) {
		for (uint32_t j = 0; j < h->n_col; j++) {
			const float *rise = l->rise + ((size_t)i * h->n_col + j) * XBAR_N_DEVICE;
			double sum = 0.0;

			for (int d = 0; d < XBAR_N_DEVICE; d++)
				sum += (double)rise[d] / XBAR_N_DEVICE;
			ret_row[i] += h->col[j].is_dead || h->col[j].is_noisy
				? 0.0
				: sum * (h->col[j].is_swapped ? -1.0 : 1.0);
			ret_col[j] += sum / h->n_row;
		}
	}
}

/* Columns first, because a row's mean is over the columns that work and are not noisy. */
static int judge_lines(struct xbar_health *h, const struct levels *l, const struct xbar_lab *lab)
{
	size_t n_most = h->n_row > h->n_col ? h->n_row : h->n_col;
	double *row = malloc((h->n_row + h->n_col + n_most) * sizeof(*row)), *col, *sorted;
	uint32_t n_good = 0;

	if (!row)
		return xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's health");
	col = row + h->n_row;
	sorted = col + h->n_col;
	line_rises(h, l, row, col);
	for (uint32_t j = 0; j < h->n_col; j++)
		sorted[j] = fabs(col[j]);
	h->rise = median(sorted, h->n_col);
	for (uint32_t j = 0; j < h->n_col; j++) {
		h->col[j].gain = h->rise > 0.0 ? col[j] / h->rise : 0.0;
		h->col[j].is_dead = fabs(col[j]) < DEAD_BELOW * h->rise;
		h->col[j].is_swapped = col[j] < -DEAD_BELOW * h->rise;
		n_good += !h->col[j].is_dead && !h->col[j].is_noisy;
	}
	line_rises(h, l, row, col);
	for (uint32_t i = 0; i < h->n_row; i++)
		h->is_dead_row[i] = row[i] < DEAD_BELOW * h->rise * n_good;
	free(row);
	return 0;
}

/* A device is judged by the state it reached at best, from its column's median after RESET. */
static void judge_device(
	struct xbar_health *h, const struct levels *l, size_t i, double zero, double stuck_below)
{
	const struct xbar_column_health *c = &h->col[i / XBAR_N_DEVICE % h->n_col];
	double scale = c->gain * h->rise; /* with its sign */
	double low = (double)(c->is_swapped ? l->reset_max : l->reset_min)[i];
	double high = (double)(c->is_swapped ? l->set_min : l->set_max)[i];

	low = (low - zero) / scale;
	high = (high - zero) / scale;
	h->device[i] = XBAR_DEVICE_GOOD;
	if (c->is_dead || h->is_dead_row[i / XBAR_N_DEVICE / h->n_col])
		h->device[i] = XBAR_DEVICE_UNKNOWN;
	else if (high < stuck_below)
		h->device[i] = XBAR_DEVICE_STUCK_RESET;
	else if (low > stuck_below)
		h->device[i] = XBAR_DEVICE_STUCK_SET;
}

/* Device k of column j. */
static size_t at(const struct xbar_health *h, uint32_t j, size_t k)
{
	return (k / XBAR_N_DEVICE * h->n_col + j) * XBAR_N_DEVICE + k % XBAR_N_DEVICE;
}

static int judge_devices(struct xbar_health *h, const struct levels *l, const struct xbar_lab *lab,
	double stuck_below)
{
	size_t n = (size_t)h->n_row * XBAR_N_DEVICE;
	double *column = malloc(n * sizeof(*column));

	if (!column)
		return xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's health");
	for (uint32_t j = 0; j < h->n_col; j++) {
		double zero;

		for (size_t k = 0; k < n; k++)
			column[k] = 0.5 * (double)l->reset_min[at(h, j, k)] +
				0.5 * (double)l->reset_max[at(h, j, k)];
		zero = median(column, n);
		for (size_t k = 0; k < n; k++)
			judge_device(h, l, at(h, j, k), zero, stuck_below);
	}
	free(column);
	return 0;
}

static int measure_zero(struct xbar_health *h, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_health_options *opt)
{
	int16_t *codes = malloc((size_t)opt->n_zero * h->n_col * sizeof(*codes));
	int r = codes ? xbar_probe_zero(lab, chip, opt->n_zero, codes)
		      : xbar_fail(lab->msg, -ENOMEM, "no memory for %u products", opt->n_zero);

	if (r == 0)
		xbar_health_zero(h->col, h->n_col, codes, opt->n_zero, opt->noise_max);
	free(codes);
	return r;
}

static int measure_levels(struct xbar_health *h, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_health_options *opt)
{
	struct levels l;
	int r = levels_init(&l, lab, (size_t)h->n_row * h->n_col * XBAR_N_DEVICE);

	if (r < 0)
		return r;
	for (uint32_t k = 0; k < opt->n_cycle && r == 0; k++) {
		r = one_cycle(h, &l, lab, chip, (uint8_t)opt->n_set, k == 0);
		if (r == 0 && lab->progress &&
			lab->progress(lab->user, "RESET and SET", k + 1, opt->n_cycle))
			r = xbar_fail(lab->msg, -EINTR, "interrupted");
	}
	for (size_t i = 0; i < l.n; i++)
		l.rise[i] /= (float)opt->n_cycle;
	if (r == 0)
		r = xbar_probe_pulse(lab, chip, 0, h->n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);
	if (r == 0)
		r = judge_lines(h, &l, lab);
	if (r == 0 && !(h->rise > 0.01 * (double)xbar_info(lab->x)->g_max))
		r = xbar_fail(lab->msg, -EIO,
			"chip %u: SET pulses hardly move a device (%.3g S by %u pulses): are its "
			"supplies on?",
			chip, h->rise, opt->n_set);
	if (r == 0)
		r = judge_devices(h, &l, lab, opt->stuck_below);
	levels_done(&l);
	return r;
}

/* The first of n_row rows together that have the fewest dead ones among them. */
static uint32_t choose_rows(const struct xbar_health *h, uint32_t n_row)
{
	uint32_t best = 0, least = UINT32_MAX;

	for (uint32_t first = 0; first + n_row <= h->n_row && least; first++) {
		uint32_t n = 0;

		for (uint32_t i = first; i < first + n_row; i++)
			n += h->is_dead_row[i];
		if (n < least) {
			least = n;
			best = first;
		}
	}
	return best;
}

static uint32_t sweep_length(const struct xbar_lab *lab, const struct xbar_health_options *opt)
{
	uint32_t n = 32u << xbar_info(lab->x)->adc_bits;

	if (opt->n_sweep)
		return opt->n_sweep;
	return n < 4096 ? 4096 : n > 65536 ? 65536 : n;
}

/* Some rows' plus devices are SET, and RESET at the end. */
static int measure_linearity(struct xbar_health *h, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_health_options *opt)
{
	int32_t code_max = (1 << (xbar_info(lab->x)->adc_bits - 1)) - 1;
	uint32_t n_row = xbar_sweep_rows(lab, chip, 2.0 * h->rise, SWEEP_COVER);
	struct xbar_sweep s;
	int r = xbar_sweep_init(
		&s, lab, chip, choose_rows(h, n_row), n_row, sweep_length(lab, opt));

	if (r < 0)
		return r;
	r = xbar_probe_pulse(
		lab, chip, s.first_row, n_row, XBAR_DEVICES_PLUS, XBAR_SET, (uint8_t)opt->n_set);
	if (r == 0)
		r = xbar_sweep_run(&s, lab);
	for (uint32_t j = 0; j < h->n_col && r == 0; j++) {
		if (!h->col[j].is_dead)
			r = xbar_health_linearity(
				&h->col[j], s.level, s.out, s.n_vec, j, h->n_col, code_max);
	}
	if (r == -ENOMEM)
		xbar_fail(lab->msg, r, "no memory for an ADC's codes");
	if (r == 0)
		r = xbar_probe_pulse(
			lab, chip, s.first_row, n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);
	xbar_sweep_done(&s);
	return r;
}

int xbar_health_measure(struct xbar_health *ret, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_health_options *opt)
{
	const struct xbar_info *info = xbar_info(lab->x);
	struct xbar_health h = { .n_row = info->n_row, .n_col = info->n_col };
	int r = 0;

	h.device = calloc((size_t)h.n_row * h.n_col, XBAR_N_DEVICE);
	h.is_dead_row = calloc(h.n_row, sizeof(*h.is_dead_row));
	h.col = calloc(h.n_col, sizeof(*h.col));
	if (!h.device || !h.is_dead_row || !h.col)
		r = xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's health");
	for (uint32_t j = 0; j < h.n_col && r == 0; j++)
		h.col[j].missing_code = XBAR_NO_CODE;
	if (r == 0)
		r = measure_zero(&h, lab, chip, opt);
	if (r == 0)
		r = measure_levels(&h, lab, chip, opt);
	if (r == 0)
		r = measure_linearity(&h, lab, chip, opt);
	if (r < 0) {
		xbar_health_done(&h);
		return r;
	}
	*ret = h;
	return 0;
}

void xbar_health_done(struct xbar_health *h)
{
	free(h->device);
	free(h->is_dead_row);
	free(h->col);
	*h = (struct xbar_health){ 0 };
}

size_t xbar_health_count(const struct xbar_health *h, enum xbar_device_fault fault)
{
	size_t n = 0;

	for (size_t i = 0; i < (size_t)h->n_row * h->n_col * XBAR_N_DEVICE; i++)
		n += h->device[i] == fault;
	return n;
}
