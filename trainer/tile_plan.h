/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tile_plan.h - which weight sits in which cell of which chip. Knows shapes only, no board.
 *
 * A matrix larger than a chip is cut into a grid of tiles of about the same size: products of tiles
 * one below the other are added by the host, those of tiles side by side stand side by side. On a
 * chip, tiles lie block-diagonally, as in the paper's experiment: no two share a word line or a bit
 * line, so that each has its inputs and its ADC ranges for itself. A tile goes to the first chip
 * that has room below and right of what it holds.
 *
 * Forward matrices are on board 0, feedback matrices on chips of their own behind them, or on board
 * 1: B y_star and W x are computed at the same time.
 */
#ifndef SNN_TILE_PLAN_H
#define SNN_TILE_PLAN_H

#include <stdio.h>
#include "net.h"

#define SNN_MAX_BOARD 2

struct snn_tile {
	uint32_t i_matrix;
	uint32_t m_row, m_col; /* of the matrix: its first row and column */
	uint32_t n_row, n_col;
	uint32_t board, chip, row, col; /* first word line, first bit line */
};

/* How a matrix is cut: tile (i, j) of the grid, [n_down][n_across], is tile[first + i n_across + j]. */
struct snn_cut {
	uint32_t first, n_down, n_across;
	uint32_t row_step, col_step; /* rows and columns of a tile; the last ones may have fewer */
};

/* A chip's cells. */
struct snn_chip_size {
	uint32_t n_row, n_col;
};

struct snn_tile_plan {
	uint32_t n_tile, n_board;
	struct snn_tile *tile;
	struct snn_cut cut[SNN_MAX_MATRIX]; /* n_down 0: not on a board */
	uint32_t n_chip[SNN_MAX_BOARD];     /* needed */
};

/*
 * size [n_board], 1 .. SNN_MAX_BOARD, not 0 cells. Feedback matrices only if has_feedback. All tiles
 * of a matrix are on one board. -ENOMEM.
 */
int snn_tile_plan_init(struct snn_tile_plan *p, const struct snn_net *net, bool has_feedback,
	const struct snn_chip_size *size, uint32_t n_board);
void snn_tile_plan_done(struct snn_tile_plan *p);

static inline uint32_t snn_cut_n_tile(const struct snn_cut *c)
{
	return c->n_down * c->n_across;
}

/* The tile that holds a weight of a matrix that is on a board. */
static inline const struct snn_tile *snn_tile_of(
	const struct snn_tile_plan *p, uint32_t i_matrix, uint32_t row, uint32_t col)
{
	const struct snn_cut *c = &p->cut[i_matrix];

	return &p->tile[c->first + row / c->row_step * c->n_across + col / c->col_step];
}

#endif
