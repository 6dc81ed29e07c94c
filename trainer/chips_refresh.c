/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_refresh.c - a pair of polarities that only ever grow saturates. Cells with a device that got
 * many pulses are read (really read: noise, time and energy are charged); where a device is above
 * the limit, the cell is brought to the difference by RESET and program-and-verify, and what that
 * missed is owed to chi.
 */
#include "chips.h"

#define N_DEVICE XBAR_N_DEVICE
#define N_CHUNK  256 /* cells read in one call */

struct chunk {
	uint32_t i_matrix;
	size_t n;
	size_t cell[N_CHUNK];
	struct xbar_patch patch[N_CHUNK];
	float g[N_CHUNK * N_DEVICE];
};

static struct xbar_patch patch_of(const struct snn_chips *ch, uint32_t i_matrix, size_t cell)
{
	uint32_t n_col = ch->base.net->matrix[i_matrix].n_col;
	uint32_t row = (uint32_t)(cell / n_col), col = (uint32_t)(cell % n_col);
	const struct snn_tile *t = snn_tile_of(&ch->plan, i_matrix, row, col);

	return (struct xbar_patch){ .chip = t->chip,
		.row = t->row + row - t->m_row,
		.n_row = 1,
		.col = t->col + col - t->m_col,
		.n_col = 1 };
}

static float net_of(const float *g)
{
	return g[0] + g[1] - g[2] - g[3];
}

static bool is_near_saturation(const struct snn_chips *ch, uint32_t board, const float *g)
{
	float limit =
		(float)ch->config->update.refresh_fraction * xbar_info(ch->board[board])->g_max;

	return g[0] > limit || g[1] > limit || g[2] > limit || g[3] > limit;
}

/* The step of the next pulse follows the conductance better than the count of pulses. */
static void remember(struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *g)
{
	for (size_t d = 0; d < N_DEVICE; d++)
		ch->cells[i_matrix].n_pulse[cell * N_DEVICE + d] = snn_chips_pulses_of(ch, g[d]);
}

static int refresh_cell(struct snn_chips *ch, uint32_t i_matrix, size_t cell,
	const struct xbar_patch *at, const float *g, struct snn_error *e)
{
	uint32_t board = snn_board_of(ch, i_matrix);
	struct snn_cells *c = &ch->cells[i_matrix];
	uint32_t n_col = ch->base.net->matrix[i_matrix].n_col;
	uint32_t row = (uint32_t)(cell / n_col), col = (uint32_t)(cell % n_col);
	float k = ch->k[i_matrix];
	float gain = snn_gain_of(ch, snn_tile_of(&ch->plan, i_matrix, row, col), col);
	float target[N_DEVICE], after[N_DEVICE];
	int r;

	snn_chips_target(ch, i_matrix, k * net_of(g), target);
	r = xbar_program(ch->board[board], at, target, NULL, NULL);
	if (r < 0)
		return snn_board_fail(ch, board, r, "refreshing a cell", e);
	r = snn_chips_read(ch, board, at, 1, N_DEVICE, after, e);
	if (r < 0)
		return r;
	if (ch->config->update.scheme == SNN_MIXED_PRECISION)
		c->chi[cell] += gain * k * (net_of(g) - net_of(after));
	remember(ch, i_matrix, cell, after);
	ch->n_refresh++;
	return 0;
}

static int refresh_chunk(struct snn_chips *ch, struct chunk *k, struct snn_error *e)
{
	uint32_t board = snn_board_of(ch, k->i_matrix);
	int r = 0;

	if (k->n)
		r = snn_chips_read(ch, board, k->patch, k->n, k->n * N_DEVICE, k->g, e);
	for (size_t i = 0; r == 0 && i < k->n; i++) {
		const float *g = k->g + i * N_DEVICE;

		if (is_near_saturation(ch, board, g))
			r = refresh_cell(ch, k->i_matrix, k->cell[i], &k->patch[i], g, e);
		else
			remember(ch, k->i_matrix, k->cell[i], g);
	}
	k->n = 0;
	return r;
}

static bool is_candidate(const struct snn_chips *ch, const uint8_t *n_pulse)
{
	uint32_t limit = ch->config->update.refresh_pulses;

	for (int d = 0; d < N_DEVICE; d++) {
		if (n_pulse[d] >= limit || n_pulse[d] == UINT8_MAX)
			return true;
	}
	return false;
}

static int refresh_matrix(struct snn_chips *ch, struct chunk *k, struct snn_error *e)
{
	size_t n = snn_n_cell(&ch->base.net->matrix[k->i_matrix]);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!is_candidate(ch, ch->cells[k->i_matrix].n_pulse + i * N_DEVICE))
			continue;
		k->cell[k->n] = i;
		k->patch[k->n++] = patch_of(ch, k->i_matrix, i);
		if (k->n == N_CHUNK)
			r = refresh_chunk(ch, k, e);
	}
	return r < 0 ? r : refresh_chunk(ch, k, e);
}

int snn_chips_refresh(struct snn_chips *ch, struct snn_error *e)
{
	const struct snn_net *net = ch->base.net;
	struct chunk k = { 0 };
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < net->n_matrix; i++) {
		if (net->matrix[i].is_feedback)
			continue;
		k.i_matrix = i;
		r = refresh_matrix(ch, &k, e);
	}
	return r;
}
