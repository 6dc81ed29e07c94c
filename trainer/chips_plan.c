/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_plan.c - the tile plan on the boards at hand: whether they have the chips, which cells
 * calibration may use, and all of it in words.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include "chips.h"

#define SPARE_SIDE 16  /* cells; 1,024 devices: the staircase's mean to a few per cent */
#define MAX_CHIP   256 /* a pulse names its chip in a byte */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * Where the staircase is measured, before any weight is programmed. Rows of the first W, columns of V,
 * where they share a chip: no product reads these cells. Otherwise the first tile's own.
 */
static void choose_spare(struct snn_chips *ch)
{
	const struct snn_tile *w = &ch->plan.tile[0];
	const struct snn_tile *v = &ch->plan.tile[ch->plan.cut[snn_net_v(ch->base.net)].first];

	if (v->chip != w->chip)
		v = w;
	ch->spare = (struct xbar_patch){
		.chip = w->chip,
		.row = w->row,
		.n_row = least(SPARE_SIDE, w->n_row),
		.col = v->col,
		.n_col = least(SPARE_SIDE, v->n_col),
	};
}

static int check_board(const struct snn_chips *ch, uint32_t board, struct snn_error *e)
{
	const struct xbar_info *info = xbar_info(ch->board[board]);
	uint32_t n = ch->plan.n_chip[board];

	if (n > MAX_CHIP)
		return snn_fail(e, -EINVAL,
			"the network needs %u chips of %u x %u cells, more than the %d of a board: use fewer neurons (network.hidden)",
			n, info->n_row, info->n_col, MAX_CHIP);
	if (n > info->n_chip)
		return snn_fail(e, -EINVAL,
			"the network needs %u chips of %u x %u cells, but the board %.200s has %u: open it with chips=%u%s",
			n, info->n_row, info->n_col, info->uri, info->n_chip, n,
			ch->n_board < SNN_MAX_BOARD
				? ", or give a second board for the feedback weights with --set uri2=URI"
				: "");
	return 0;
}

int snn_chips_plan(struct snn_chips *ch, bool has_feedback, struct snn_error *e)
{
	struct snn_chip_size size[SNN_MAX_BOARD];
	int r = 0;

	for (uint32_t k = 0; k < ch->n_board; k++) {
		const struct xbar_info *info = xbar_info(ch->board[k]);

		size[k] = (struct snn_chip_size){ info->n_row, info->n_col };
	}
	if (snn_tile_plan_init(&ch->plan, ch->base.net, has_feedback, size, ch->n_board) < 0)
		return snn_fail(e, -ENOMEM, "no memory for the plan");
	for (uint32_t k = 0; r == 0 && k < ch->n_board; k++)
		r = check_board(ch, k, e);
	if (r == 0)
		choose_spare(ch);
	return r;
}

/* Initial weights beyond what a cell holds with a polarity's devices at g_max. */
static size_t count_clipped(const struct snn_chips *ch, uint32_t i_matrix)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	float g_max = xbar_info(ch->board[snn_board_of(ch, i_matrix)])->g_max;
	float most = (float)snn_n_of_polarity(ch) * ch->k[i_matrix] * g_max;
	size_t n = 0;

	for (size_t i = 0; i < snn_n_cell(m); i++)
		n += fabsf(m->init[i]) > most;
	return n;
}

static char setting_of(const struct snn_net *net, uint32_t i_matrix)
{
	if (net->matrix[i_matrix].is_feedback)
		return 'b';
	if (i_matrix == snn_net_v(net))
		return 'v';
	return i_matrix < snn_net_v(net) ? 'w' : 'h';
}

static void print_matrix(const struct snn_chips *ch, uint32_t i_matrix, FILE *f)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	size_t n_clipped = count_clipped(ch, i_matrix);

	if (snn_cut_n_tile(c) > 1)
		fprintf(f, "%-3s %3u x %-3u  in %u tiles, %u down and %u across\n", m->name,
			m->n_row, m->n_col, snn_cut_n_tile(c), c->n_down, c->n_across);
	for (uint32_t i = 0; i < snn_cut_n_tile(c); i++) {
		const struct snn_tile *t = &ch->plan.tile[c->first + i];

		fprintf(f, "%-3s %3u x %-3u  board %u, chip %u, rows %u .. %u, columns %u .. %u\n",
			snn_cut_n_tile(c) > 1 ? "" : m->name, t->n_row, t->n_col, t->board, t->chip,
			t->row, t->row + t->n_row - 1, t->col, t->col + t->n_col - 1);
	}
	if (n_clipped)
		fprintf(f,
			"    %zu of its %zu initial weights are too large for a cell: raise chips.%c_max\n",
			n_clipped, snn_n_cell(m), setting_of(ch->base.net, i_matrix));
}

void snn_chips_print_plan(const struct snn_chips *ch, FILE *f)
{
	for (uint32_t i = 0; i < ch->plan.n_tile; i++) {
		uint32_t i_matrix = ch->plan.tile[i].i_matrix;

		if (ch->plan.cut[i_matrix].first == i)
			print_matrix(ch, i_matrix, f);
	}
}
