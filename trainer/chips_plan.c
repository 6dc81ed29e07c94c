/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_plan.c - forward matrices lie block-diagonally on chip 0, as in the paper's experiment: no
 * two share a word line or a bit line. Feedback matrices lie so on chip 1 of the first board, or on
 * chip 0 of the second.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include "chips.h"

#define SPARE_SIDE 16 /* cells; 1,024 devices: the staircase's mean to a few per cent */

struct corner {
	uint32_t row, col;
};

static int place(struct snn_chips *ch, uint32_t i_matrix, uint32_t board, uint32_t chip,
	struct corner *at, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct xbar_info *info = xbar_info(ch->board[board]);
	struct snn_block *b = &ch->block[i_matrix];

	if (chip >= info->n_chip)
		return snn_fail(e, -EINVAL,
			"%s needs chip %u, but the board %.200s has %u: open it with chips=%u, or give a second board with --set uri2=URI",
			m->name, chip, info->uri, info->n_chip, chip + 1);
	if (at->row + m->n_row > info->n_row || at->col + m->n_col > info->n_col)
		return snn_fail(e, -EINVAL,
			"%s (%u x %u) does not fit on chip %u: %u of %u rows and %u of %u columns are left; use fewer hidden neurons (network.hidden)",
			m->name, m->n_row, m->n_col, chip, info->n_row - at->row, info->n_row,
			info->n_col - at->col, info->n_col);
	b->board = board;
	b->chip = chip;
	b->row = at->row;
	b->col = at->col;
	at->row += m->n_row;
	at->col += m->n_col;
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

int snn_chips_plan(struct snn_chips *ch, struct snn_error *e)
{
	const struct snn_net *net = ch->base.net;
	struct corner forward = { 0 }, feedback = { 0 };
	uint32_t v = snn_net_v(net);
	int r = 0;

	if (net->is_recurrent)
		return snn_fail(e, -ENOTSUP,
			"network.recurrent: recurrent layers are for --weights float; on chips leave it false");
	for (uint32_t i = 0; r == 0 && i <= v; i++)
		r = place(ch, i, 0, 0, &forward, e);
	for (uint32_t i = v + 1; r == 0 && ch->has_feedback && i < net->n_matrix; i++)
		r = place(ch, i, ch->n_board - 1, ch->n_board == 2 ? 0 : 1, &feedback, e);
	if (r < 0)
		return r;
	/* Rows of the first W, columns of V: no product reads these cells. */
	ch->spare = (struct xbar_patch){
		.chip = ch->block[v].chip,
		.row = ch->block[0].row,
		.n_row = least(SPARE_SIDE, net->matrix[0].n_row),
		.col = ch->block[v].col,
		.n_col = least(SPARE_SIDE, net->matrix[v].n_col),
	};
	return 0;
}

/* Initial weights beyond what a cell holds with both devices of a polarity at g_max. */
static size_t count_clipped(const struct snn_chips *ch, uint32_t i_matrix)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct snn_block *b = &ch->block[i_matrix];
	float most = 2 * b->k * xbar_info(ch->board[b->board])->g_max;
	size_t n = 0;

	for (size_t i = 0; i < snn_n_cell(m); i++)
		n += fabsf(m->init[i]) > most;
	return n;
}

void snn_chips_print_plan(const struct snn_chips *ch, FILE *f)
{
	const struct snn_net *net = ch->base.net;
	uint32_t n = snn_chips_n_matrix(ch);

	for (uint32_t i = 0; i < n; i++) {
		const struct snn_matrix *m = &net->matrix[i];
		const struct snn_block *b = &ch->block[i];
		size_t n_clipped;

		fprintf(f, "%-3s %3u x %-3u  board %u, chip %u, rows %u .. %u, columns %u .. %u\n",
			m->name, m->n_row, m->n_col, b->board, b->chip, b->row,
			b->row + m->n_row - 1, b->col, b->col + m->n_col - 1);
		n_clipped = count_clipped(ch, i);
		if (n_clipped)
			fprintf(f,
				"    %zu of its %zu initial weights are too large for a cell: raise chips.%c_max\n",
				n_clipped, snn_n_cell(m),
				i > snn_net_v(net)            ? 'b'
					: i == snn_net_v(net) ? 'v'
							      : 'w');
	}
}
