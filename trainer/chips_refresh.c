/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_refresh.c - a pair of polarities that only ever grow saturates. Cells with a device that got
 * many pulses are read (really read: noise, time and energy are charged); where a device is above
 * the limit, the cell is brought to the difference by RESET and program-and-verify, and what that
 * missed is owed to chi.
 *
 * A device that program-and-verify leaves near g_max twice is given up: it is taken for stuck. From
 * then on the others of its cell hold the difference less what it adds, and only they are looked at.
 * One that reads below the limit after all is in use again.
 */
#include <math.h>
#include "chips.h"

#define N_DEVICE XBAR_N_DEVICE
#define N_CHUNK  256 /* cells read in one call */

/*
 * Part of g_max by which a device that answers does not miss its target: 3 uS of nandakumar2018, four
 * to six times what program-and-verify misses at 8 to 10 uS together with the read that follows.
 */
#define MISS 0.25f

#define NOT_MENDED 4u /* in snn_cells.next */

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

static float g_max_of(const struct snn_chips *ch, uint32_t i_matrix)
{
	return xbar_info(ch->board[snn_board_of(ch, i_matrix)])->g_max;
}

/* Has the cell a device above the limit, those given up apart? */
static bool is_above(const struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *g)
{
	float limit = (float)ch->config->update.refresh_fraction * g_max_of(ch, i_matrix);

	for (uint32_t d = 0; d < N_DEVICE; d++) {
		if (g[d] > limit && !snn_is_given_up(&ch->cells[i_matrix], cell, d))
			return true;
	}
	return false;
}

/* The step of the next pulse follows the conductance better than the count of pulses. */
static void remember(struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *g)
{
	for (size_t d = 0; d < N_DEVICE; d++)
		ch->cells[i_matrix].n_pulse[cell * N_DEVICE + d] = snn_chips_pulses_of(ch, g[d]);
}

/*
 * The cell's difference on the devices that are in use: the partner of one that was given up holds
 * all of their polarity. That one is asked for what it has.
 */
static void target_of(
	const struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *g, float *ret)
{
	const struct snn_cells *c = &ch->cells[i_matrix];
	float g_max = g_max_of(ch, i_matrix);
	float used[N_DEVICE];

	for (uint32_t d = 0; d < N_DEVICE; d++)
		used[d] = snn_is_given_up(c, cell, d) ? 0 : g[d];
	snn_chips_target(ch, i_matrix, ch->k[i_matrix] * net_of(used), ret);
	for (uint32_t d = 0; d < N_DEVICE; d++) {
		if (!snn_is_given_up(c, cell, d))
			continue;
		if (snn_n_of_polarity(ch) == 2 && !snn_is_given_up(c, cell, d ^ 1))
			ret[d ^ 1] = fminf(2 * ret[d ^ 1], g_max);
		ret[d] = fminf(fmaxf(g[d], 0), g_max);
	}
}

/* Devices that are still above the limit and far from their targets are given up the second time. */
static void judge(struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *target,
	const float *after)
{
	float g_max = g_max_of(ch, i_matrix);
	float limit = (float)ch->config->update.refresh_fraction * g_max;
	uint8_t *next = &ch->cells[i_matrix].next[cell];
	uint32_t missed = 0;

	for (uint32_t d = 0; d < N_DEVICE; d++) {
		if (after[d] > limit && after[d] - target[d] > MISS * g_max)
			missed |= 1u << d;
	}
	if (missed && !(*next & NOT_MENDED)) {
		*next |= NOT_MENDED;
		return;
	}
	*next = (uint8_t)((*next & ~NOT_MENDED) | missed << 4);
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

	target_of(ch, i_matrix, cell, g, target);
	if (c->next[cell] >> 4 && is_above(ch, i_matrix, cell, target)) {
		remember(ch, i_matrix, cell, g); /* what is left cannot do with less */
		return 0;
	}
	r = xbar_program(ch->board[board], at, target, NULL, NULL);
	if (r < 0)
		return snn_board_fail(ch, board, r, "refreshing a cell", e);
	r = snn_chips_read(ch, board, at, 1, N_DEVICE, after, e);
	if (r < 0)
		return r;
	if (ch->config->update.scheme == SNN_MIXED_PRECISION)
		c->chi[cell] += gain * k * (net_of(g) - net_of(after));
	remember(ch, i_matrix, cell, after);
	judge(ch, i_matrix, cell, target, after);
	ch->n_refresh++;
	return 0;
}

/* A device that was given up and is below the limit does answer. */
static void take_back(struct snn_chips *ch, uint32_t i_matrix, size_t cell, const float *g)
{
	float limit = (float)ch->config->update.refresh_fraction * g_max_of(ch, i_matrix);
	uint8_t *next = &ch->cells[i_matrix].next[cell];

	for (uint32_t d = 0; d < N_DEVICE; d++) {
		if (g[d] <= limit)
			*next &= (uint8_t)(UINT8_MAX ^ 16u << d);
	}
}

static int refresh_chunk(struct snn_chips *ch, struct chunk *k, struct snn_error *e)
{
	uint32_t board = snn_board_of(ch, k->i_matrix);
	int r = 0;

	if (k->n)
		r = snn_chips_read(ch, board, k->patch, k->n, k->n * N_DEVICE, k->g, e);
	for (size_t i = 0; r == 0 && i < k->n; i++) {
		const float *g = k->g + i * N_DEVICE;

		take_back(ch, k->i_matrix, k->cell[i], g);
		if (is_above(ch, k->i_matrix, k->cell[i], g))
			r = refresh_cell(ch, k->i_matrix, k->cell[i], &k->patch[i], g, e);
		else
			remember(ch, k->i_matrix, k->cell[i], g);
	}
	k->n = 0;
	return r;
}

static bool is_candidate(const struct snn_chips *ch, const struct snn_cells *c, size_t cell)
{
	const uint8_t *n_pulse = c->n_pulse + cell * N_DEVICE;
	uint32_t limit = ch->config->update.refresh_pulses;

	for (uint32_t d = 0; d < N_DEVICE; d++) {
		if ((n_pulse[d] >= limit || n_pulse[d] == UINT8_MAX) &&
			!snn_is_given_up(c, cell, d))
			return true;
	}
	return false;
}

static int refresh_matrix(struct snn_chips *ch, struct chunk *k, struct snn_error *e)
{
	size_t n = snn_n_cell(&ch->base.net->matrix[k->i_matrix]);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!is_candidate(ch, &ch->cells[k->i_matrix], i))
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
