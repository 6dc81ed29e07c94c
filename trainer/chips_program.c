/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips.h"

#define N_DEVICE   XBAR_N_DEVICE
#define STEP_LEAST 0.1f /* of the first step: later ones are not taken for smaller than this */

int snn_chips_read(struct snn_chips *ch, uint32_t board, const struct xbar_patch *w, size_t n_patch,
	size_t n_device, float *ret_g, struct snn_error *e)
{
	uint32_t n_read = ch->config->chips.read_average;
	float *g = ch->sample;
	int r = 0;

	memset(ret_g, 0, n_device * sizeof(*ret_g));
	for (uint32_t k = 0; r == 0 && k < n_read; k++) {
		r = xbar_read(ch->board[board], w, n_patch, g);
		for (size_t i = 0; r == 0 && i < n_device; i++)
			ret_g[i] += g[i] / (float)n_read;
	}
	return r < 0 ? snn_board_fail(ch, board, r, "reading devices", e) : 0;
}

void snn_chips_target(const struct snn_chips *ch, uint32_t i_matrix, float weight, float *ret_g)
{
	float g_max = xbar_info(ch->board[snn_board_of(ch, i_matrix)])->g_max;
	uint32_t n = snn_n_of_polarity(ch), first = weight >= 0 ? 0 : 2;
	float g = fabsf(weight) / ch->k[i_matrix] / (float)n;

	g = g > g_max ? g_max
		      : g; /* a weight beyond what a cell can hold is as near as it can be */
	memset(ret_g, 0, N_DEVICE * sizeof(*ret_g));
	for (uint32_t d = 0; d < n; d++)
		ret_g[first + d] = g;
}

uint8_t snn_chips_pulses_of(const struct snn_chips *ch, float g)
{
	uint8_t p = 0;

	while (p < SNN_N_STEP && g >= (ch->level[p] + ch->level[p + 1]) / 2)
		p++;
	return p;
}

static int pulse_spare(struct snn_chips *ch, struct xbar_pulse *p, size_t n, enum xbar_kind kind,
	struct snn_error *e)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		uint32_t cell = (uint32_t)(i / N_DEVICE);

		p[i] = (struct xbar_pulse){
			.row = (uint16_t)(ch->spare.row + cell / ch->spare.n_col),
			.col = (uint16_t)(ch->spare.col + cell % ch->spare.n_col),
			.chip = (uint8_t)ch->spare.chip,
			.device = (uint8_t)(i % N_DEVICE),
			.kind = (uint8_t)kind,
			.n = 1,
		};
	}
	r = xbar_pulse(ch->board[0], p, n);
	return r < 0 ? snn_board_fail(ch, 0, r, "pulsing spare cells", e) : 0;
}

static int mean_of_spare(struct snn_chips *ch, float *g, size_t n, float *ret, struct snn_error *e)
{
	double sum = 0;
	int r = snn_chips_read(ch, 0, &ch->spare, 1, n, g, e);

	for (size_t i = 0; i < n; i++)
		sum += (double)g[i];
	*ret = (float)(sum / (double)n);
	return r;
}

/* The mean staircase of the spare cells' devices: RESET, then pulse by pulse. They end in RESET. */
static int measure_steps(struct snn_chips *ch, struct snn_error *e)
{
	size_t n = (size_t)ch->spare.n_row * ch->spare.n_col * N_DEVICE;
	struct xbar_pulse *p = calloc(n, sizeof(*p));
	float *g = ch->read;
	int r = p ? 0 : snn_fail(e, -ENOMEM, "no memory for calibration");

	if (r == 0)
		r = pulse_spare(ch, p, n, XBAR_RESET, e);
	for (int k = 0; r == 0 && k <= SNN_N_STEP; k++) {
		if (k > 0)
			r = pulse_spare(ch, p, n, XBAR_SET, e);
		if (r == 0)
			r = mean_of_spare(ch, g, n, &ch->level[k], e);
	}
	if (r == 0)
		r = pulse_spare(ch, p, n, XBAR_RESET, e);
	free(p);
	if (r < 0)
		return r;
	for (int k = 0; k < SNN_N_STEP; k++)
		ch->step[k] = ch->level[k + 1] - ch->level[k];
	if (!(ch->step[0] > 0))
		return snn_fail(e, -EIO,
			"calibration: a SET pulse after RESET changed the spare devices by %g S on average: the board does not SET",
			(double)ch->step[0]);
	for (int k = 1; k < SNN_N_STEP; k++)
		ch->step[k] = fmaxf(ch->step[k], STEP_LEAST * ch->step[0]);
	return 0;
}

/*
 * A plastic tile's devices as they read, g [cell][4]: what they got counts as pulses, and what
 * programming missed is owed: mixed precision makes it good with the first updates.
 */
static void take_stock(struct snn_chips *ch, const struct snn_tile *t, const float *g)
{
	const struct snn_matrix *m = &ch->base.net->matrix[t->i_matrix];
	struct snn_cells *c = &ch->cells[t->i_matrix];
	bool is_owed = ch->config->update.scheme == SNN_MIXED_PRECISION;
	float k = ch->k[t->i_matrix];

	for (size_t i = 0; i < (size_t)t->n_row * t->n_col; i++) {
		size_t cell = snn_cell_of(t, m->n_col, i);
		const float *d = g + i * N_DEVICE;

		for (size_t q = 0; q < N_DEVICE; q++)
			c->n_pulse[cell * N_DEVICE + q] = snn_chips_pulses_of(ch, d[q]);
		if (is_owed)
			c->chi[cell] = m->init[cell] - k * (d[0] + d[1] - d[2] - d[3]);
	}
}

static int program_tile(struct snn_chips *ch, const struct snn_tile *t, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[t->i_matrix];
	struct xbar_patch w = snn_patch_of(t);
	size_t n = (size_t)t->n_row * t->n_col;
	float *g = ch->read;
	int r;

	for (size_t i = 0; i < n; i++)
		snn_chips_target(
			ch, t->i_matrix, m->init[snn_cell_of(t, m->n_col, i)], g + i * N_DEVICE);
	r = xbar_program(ch->board[t->board], &w, g, NULL, NULL);
	if (r < 0)
		return snn_board_fail(ch, t->board, r, "programming the initial weights", e);
	if (m->is_feedback)
		return 0;
	r = snn_chips_read(ch, t->board, &w, 1, n * N_DEVICE, g, e);
	if (r == 0)
		take_stock(ch, t, g);
	return r;
}

int snn_chips_program(struct snn_chips *ch, struct snn_error *e)
{
	int r = measure_steps(ch, e);

	for (uint32_t i = 0; r == 0 && i < ch->plan.n_tile; i++)
		r = program_tile(ch, &ch->plan.tile[i], e);
	return r;
}
