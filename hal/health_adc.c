/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health_adc.c - offsets, noise and linearity of ADCs. A sweep gives every code about the same number
 * of hits; how many a code gets more or less than those around it is the error of its width (DNL),
 * one that gets none at all is missing. How far means of neighbouring products lie from the best
 * line is INL, the linearity of DACs and devices included.
 */
#include "health.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <gsl/gsl_fit.h>

#define N_EDGE    12 /* codes at either end of a sweep, where noise blurs how many hits to expect */
#define N_AROUND  4  /* codes on either side that a code is compared with */
#define N_HIT_MIN 8.0 /* hits a code should have before its absence means something */
#define N_BIN     64  /* products of which the mean is compared with the line */
#define INNER     0.9 /* of the range: where the line is fitted */

void xbar_health_zero(struct xbar_column_health *col, uint32_t n_col, const int16_t *codes,
	uint32_t n_vec, double noise_max)
{
	for (uint32_t j = 0; j < n_col; j++) {
		double sum = 0.0, sum_square = 0.0, mean;

		for (uint32_t v = 0; v < n_vec; v++) {
			double c = codes[(size_t)v * n_col + j];

			sum += c;
			sum_square += c * c;
		}
		mean = sum / n_vec;
		col[j].offset = mean;
		col[j].noise = sqrt(fmax(0.0, sum_square / n_vec - mean * mean));
		col[j].is_noisy = col[j].noise > noise_max;
	}
}

/* Hits around code k of hits [n], its own not counted; NAN if the sweep did not reach that far. */
static double around(const uint32_t *hits, int32_t n, int32_t k)
{
	double sum = 0.0;

	if (k < N_AROUND || k + N_AROUND >= n)
		return NAN;
	for (int32_t i = k - N_AROUND; i <= k + N_AROUND; i++)
		sum += i == k ? 0.0 : hits[i];
	return sum / (2 * N_AROUND);
}

/* hits [n], that of code c at c + code_max; the codes from first to last were passed. */
static void judge_codes(struct xbar_column_health *ret, const uint32_t *hits, int32_t n,
	int32_t first, int32_t last, int32_t code_max)
{
	for (int32_t k = first + N_EDGE; k <= last - N_EDGE; k++) {
		double expected = around(hits, n, k);

		if (!(expected >= N_HIT_MIN))
			continue;
		ret->dnl = fmax(ret->dnl, fabs(hits[k] / expected - 1.0));
		if (hits[k])
			continue;
		ret->missing_code = ret->n_missing ? ret->missing_code : k - code_max;
		ret->n_missing++;
	}
}

/* The codes between the ends of the range, whose hits are those of everything beyond. */
static void count_codes(struct xbar_column_health *ret, uint32_t *hits, const int16_t *out,
	uint32_t n_vec, uint32_t col, uint32_t n_col, int32_t code_max)
{
	int32_t n = 2 * code_max + 1, first = n, last = -1;

	for (uint32_t v = 0; v < n_vec; v++) {
		int32_t k = out[(size_t)v * n_col + col] + code_max;

		if (k > 0 && k < n - 1) {
			hits[k]++;
			first = k < first ? k : first;
			last = k > last ? k : last;
		}
	}
	judge_codes(ret, hits, n, first, last, code_max);
}

/* Products whose code, by a line, lies well inside the range; x, y [n_vec]; how many. */
static size_t inner(const double *line, const double *level, const int16_t *out, uint32_t n_vec,
	uint32_t col, uint32_t n_col, double limit, double *x, double *y)
{
	size_t n = 0;

	for (uint32_t v = 0; v < n_vec; v++) {
		double code = out[(size_t)v * n_col + col];
		double by_line = line ? line[0] + line[1] * level[v] : code;

		if (fabs(by_line) >= limit)
			continue;
		x[n] = level[v];
		y[n++] = code;
	}
	return n;
}

static void fit(const double *x, const double *y, size_t n, double line[2])
{
	double cov[3], sum_square;

	gsl_fit_linear(x, 1, y, 1, n, &line[0], &line[1], &cov[0], &cov[1], &cov[2], &sum_square);
}

static double largest_deviation(const double *x, const double *y, size_t n, const double line[2])
{
	double worst = 0.0;

	for (size_t i = 0; i + N_BIN <= n; i += N_BIN) {
		double sum = 0.0;

		for (size_t k = i; k < i + N_BIN; k++)
			sum += y[k] - line[0] - line[1] * x[k];
		worst = fmax(worst, fabs(sum / N_BIN));
	}
	return worst;
}

int xbar_health_linearity(struct xbar_column_health *ret, const double *level, const int16_t *out,
	uint32_t n_vec, uint32_t col, uint32_t n_col, int32_t code_max)
{
	uint32_t *hits = calloc(2 * (size_t)code_max + 1, sizeof(*hits));
	double *x = malloc(2 * n_vec * sizeof(*x)), *y = x + n_vec;
	double *line = ret->line, limit = INNER * code_max;
	size_t n;
	int r = hits && x ? 0 : -ENOMEM;

	if (r == 0) {
		count_codes(ret, hits, out, n_vec, col, n_col, code_max);
		n = inner(NULL, level, out, n_vec, col, n_col, limit, x, y);
		if (n >= N_BIN) {
			fit(x, y, n, line);
			n = inner(line, level, out, n_vec, col, n_col, limit, x, y);
			fit(x, y, n, line);
			ret->inl = largest_deviation(x, y, n, line);
		}
	}
	free(x);
	free(hits);
	return r;
}
