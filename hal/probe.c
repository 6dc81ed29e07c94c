/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A full avalanche of 32 bits (C. Wellons' lowbias32). */
uint32_t xbar_probe_hash(uint32_t i)
{
	i = (i ^ i >> 16) * 0x7feb352du;
	i = (i ^ i >> 15) * 0x846ca68bu;
	return i ^ i >> 16;
}

static int no_memory(const struct xbar_lab *lab)
{
	return xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's samples");
}

int xbar_probe_pulse(const struct xbar_lab *lab, uint32_t chip, uint32_t first_row, uint32_t n_row,
	unsigned mask, enum xbar_kind kind, uint8_t n)
{
	uint32_t n_col = xbar_info(lab->x)->n_col;
	struct xbar_pulse *p = malloc((size_t)n_col * XBAR_N_DEVICE * sizeof(*p));
	int r = p ? 0 : no_memory(lab);

	for (uint32_t row = first_row; row < first_row + n_row && r == 0; row++) {
		size_t n_pulse = 0;

		for (uint32_t i = 0; i < n_col * XBAR_N_DEVICE; i++) {
			if (mask >> i % XBAR_N_DEVICE & 1)
				p[n_pulse++] = (struct xbar_pulse){ .chip = (uint8_t)chip,
					.row = (uint16_t)row,
					.col = (uint16_t)(i / XBAR_N_DEVICE),
					.device = (uint8_t)(i % XBAR_N_DEVICE),
					.kind = (uint8_t)kind,
					.n = n };
		}
		r = xbar_lab_result(lab, xbar_pulse(lab->x, p, n_pulse));
	}
	free(p);
	return r;
}

int xbar_probe_read(const struct xbar_lab *lab, uint32_t chip, float *ret_g)
{
	const struct xbar_info *info = xbar_info(lab->x);
	const struct xbar_patch all = { .chip = chip, .n_row = info->n_row, .n_col = info->n_col };

	return xbar_lab_result(lab, xbar_read(lab->x, &all, 1, ret_g));
}

int xbar_probe_read_mean(const struct xbar_lab *lab, uint32_t chip, uint32_t first_row,
	uint32_t n_row, uint32_t n_read, float *ret_g)
{
	const struct xbar_patch w = {
		.chip = chip, .row = first_row, .n_row = n_row, .n_col = xbar_info(lab->x)->n_col
	};
	size_t n = (size_t)n_row * w.n_col * XBAR_N_DEVICE;
	float *g = malloc(n * sizeof(*g));
	int r = g ? 0 : no_memory(lab);

	memset(ret_g, 0, n * sizeof(*ret_g));
	for (uint32_t k = 0; k < n_read && r == 0; k++) {
		r = xbar_lab_result(lab, xbar_read(lab->x, &w, 1, g));
		for (size_t i = 0; i < n; i++)
			ret_g[i] += g[i] / (float)n_read;
	}
	free(g);
	return r;
}

static double code_max(const struct xbar_info *info)
{
	return ldexp(1.0, (int)info->adc_bits - 1) - 1.0;
}

int xbar_probe_range(const struct xbar_lab *lab, uint32_t chip, double range)
{
	const struct xbar_config c = {
		.chip = chip, .n_col = xbar_info(lab->x)->n_col, .adc_range = (float)range
	};

	return xbar_lab_result(lab, xbar_configure(lab->x, &c));
}

void xbar_probe_ranges(const struct xbar_lab *lab, uint32_t chip, float *ret)
{
	const struct xbar_info *info = xbar_info(lab->x);

	for (uint32_t j = 0; j < info->n_col; j++)
		ret[j] = (float)((double)xbar_adc_lsb(lab->x, chip, j) * code_max(info));
}

/* Columns of one range in one call: most often that is all of them. */
int xbar_probe_put_ranges(const struct xbar_lab *lab, uint32_t chip, const float *range)
{
	uint32_t n_col = xbar_info(lab->x)->n_col;
	int r = 0;

	for (uint32_t j = 0, end; j < n_col && r == 0; j = end) {
		end = j + 1;
		while (end < n_col && range[end] == range[j])
			end++;
		r = xbar_lab_result(lab,
			xbar_configure(lab->x,
				&(struct xbar_config){ .chip = chip,
					.col = j,
					.n_col = end - j,
					.adc_range = range[j] }));
	}
	return r;
}

int xbar_probe_zero(const struct xbar_lab *lab, uint32_t chip, uint32_t n_vec, int16_t *ret)
{
	const struct xbar_info *info = xbar_info(lab->x);
	int8_t *in = calloc(n_vec, info->n_row);
	struct xbar_mvm m = { .chip = chip,
		.n_row = info->n_row,
		.n_col = info->n_col,
		.n_vec = n_vec,
		.input = XBAR_INPUT_INT8,
		.in = in,
		.out = ret };
	int r = in ? xbar_lab_result(lab, xbar_mvm(lab->x, &m, 1)) : no_memory(lab);

	free(in);
	return r;
}

uint32_t xbar_sweep_rows(const struct xbar_lab *lab, uint32_t chip, double g_cell, double cover)
{
	const struct xbar_info *info = xbar_info(lab->x);
	double range = (double)xbar_adc_lsb(lab->x, chip, 0) * ldexp(1.0, (int)info->adc_bits - 1);
	double n = ceil(cover * range / ((double)info->v_read * g_cell));

	return n >= 1.0 && n < info->n_row ? (uint32_t)n : n >= 1.0 ? info->n_row : 1;
}

static void fill(struct xbar_sweep *s)
{
	for (uint32_t v = 0; v < s->n_vec; v++) {
		double level = -XBAR_DAC_MAX + 2.0 * XBAR_DAC_MAX * v / (s->n_vec - 1);
		double whole = floor(level);

		s->level[v] = level;
		for (uint32_t i = 0; i < s->n_row; i++) {
			double u = xbar_probe_hash(v * s->n_row + i + 1) / 4294967296.0;

			s->in[(size_t)v * s->n_row + i] = (int8_t)(whole + (u < level - whole));
		}
	}
}

int xbar_sweep_init(struct xbar_sweep *s, const struct xbar_lab *lab, uint32_t chip,
	uint32_t first_row, uint32_t n_row, uint32_t n_vec)
{
	size_t n_col = xbar_info(lab->x)->n_col;

	*s = (struct xbar_sweep){
		.chip = chip, .first_row = first_row, .n_row = n_row, .n_vec = n_vec
	};
	s->level = malloc(n_vec * sizeof(*s->level));
	s->in = malloc((size_t)n_vec * n_row);
	s->out = malloc(n_vec * n_col * sizeof(*s->out));
	if (s->level && s->in && s->out) {
		fill(s);
		return 0;
	}
	xbar_sweep_done(s);
	return no_memory(lab);
}

void xbar_sweep_done(struct xbar_sweep *s)
{
	free(s->level);
	free(s->in);
	free(s->out);
	*s = (struct xbar_sweep){ 0 };
}

int xbar_sweep_run(struct xbar_sweep *s, const struct xbar_lab *lab)
{
	struct xbar_mvm m = { .chip = s->chip,
		.row = s->first_row,
		.n_row = s->n_row,
		.n_col = xbar_info(lab->x)->n_col,
		.n_vec = s->n_vec,
		.input = XBAR_INPUT_INT8,
		.in = s->in,
		.out = s->out };

	return xbar_lab_result(lab, xbar_mvm(lab->x, &m, 1));
}
