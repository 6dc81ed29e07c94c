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
	float g_max = xbar_info(ch->board[ch->block[i_matrix].board])->g_max;
	float g = fabsf(weight) / ch->block[i_matrix].k / 2;
	int plus = weight >= 0 ? 0 : 2;

	g = g > g_max ? g_max
		      : g; /* a weight beyond what a cell can hold is as near as it can be */
	ret_g[plus] = ret_g[plus + 1] = g;
	ret_g[2 - plus] = ret_g[3 - plus] = 0;
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

static void remember(struct snn_chips *ch, uint32_t i_matrix, const float *g)
{
	struct snn_cells *c = &ch->cells[i_matrix];
	size_t n = snn_n_cell(&ch->base.net->matrix[i_matrix]);

	for (size_t i = 0; i < n * N_DEVICE; i++)
		c->n_pulse[i] = snn_chips_pulses_of(ch, g[i]);
}

/* What programming missed is owed: mixed precision makes it good with the first updates. */
static void owe(struct snn_chips *ch, uint32_t i_matrix, const float *g)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	float k = ch->block[i_matrix].k;

	for (size_t i = 0; i < snn_n_cell(m); i++) {
		const float *d = g + i * N_DEVICE;

		ch->cells[i_matrix].chi[i] = m->init[i] - k * (d[0] + d[1] - d[2] - d[3]);
	}
}

static int program_matrix(struct snn_chips *ch, uint32_t i_matrix, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct snn_block *b = &ch->block[i_matrix];
	struct xbar_patch w = {
		.chip = b->chip, .row = b->row, .n_row = m->n_row, .col = b->col, .n_col = m->n_col
	};
	size_t n = snn_n_cell(m);
	float *g = ch->read;
	int r;

	for (size_t i = 0; i < n; i++)
		snn_chips_target(ch, i_matrix, m->init[i], g + i * N_DEVICE);
	r = xbar_program(ch->board[b->board], &w, g, NULL, NULL);
	if (r < 0)
		r = snn_board_fail(ch, b->board, r, "programming the initial weights", e);
	if (r == 0 && !m->is_feedback) {
		r = snn_chips_read(ch, b->board, &w, 1, n * N_DEVICE, g, e);
		if (r == 0) {
			remember(ch, i_matrix, g);
			if (ch->config->update.scheme == SNN_MIXED_PRECISION)
				owe(ch, i_matrix, g);
		}
	}
	return r;
}

int snn_chips_program(struct snn_chips *ch, struct snn_error *e)
{
	uint32_t n = snn_chips_n_matrix(ch);
	int r = measure_steps(ch, e);

	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = program_matrix(ch, i, e);
	return r;
}
