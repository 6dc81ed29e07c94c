/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tile_plan.h"

#include <errno.h>
#include <stdlib.h>

/* Where the diagonal of a chip goes on. */
struct corner {
	uint32_t board, chip, row, col;
};

struct packing {
	struct snn_tile_plan *plan;
	const struct snn_chip_size *size;
	struct corner *corner; /* one for each chip in use */
	uint32_t n_corner;
};

static uint32_t divide_up(uint32_t a, uint32_t b)
{
	return (a - 1) / b + 1;
}

static struct snn_cut cut_matrix(const struct snn_matrix *m, const struct snn_chip_size *size)
{
	struct snn_cut c = { 0 };

	c.row_step = divide_up(m->n_row, divide_up(m->n_row, size->n_row));
	c.col_step = divide_up(m->n_col, divide_up(m->n_col, size->n_col));
	c.n_down = divide_up(m->n_row, c.row_step);
	c.n_across = divide_up(m->n_col, c.col_step);
	return c;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The first chip from corner[first] on that has room, or a new one. */
static void place(struct packing *q, struct snn_tile *t, uint32_t board, uint32_t first)
{
	const struct snn_chip_size *size = &q->size[board];
	struct corner *at = q->corner + first, *end = q->corner + q->n_corner;

	while (at < end && (at->row + t->n_row > size->n_row || at->col + t->n_col > size->n_col))
		at++;
	if (at == end) {
		*at = (struct corner){ .board = board, .chip = q->plan->n_chip[board]++ };
		q->n_corner++;
	}
	t->board = board;
	t->chip = at->chip;
	t->row = at->row;
	t->col = at->col;
	at->row += t->n_row;
	at->col += t->n_col;
}

static void place_matrix(
	struct packing *q, const struct snn_matrix *m, uint32_t i_matrix, uint32_t first)
{
	uint32_t board = m->is_feedback ? q->plan->n_board - 1 : 0;
	struct snn_cut *c = &q->plan->cut[i_matrix];

	for (uint32_t i = 0; i < snn_cut_n_tile(c); i++) {
		struct snn_tile *t = &q->plan->tile[c->first + i];

		*t = (struct snn_tile){ .i_matrix = i_matrix,
			.m_row = i / c->n_across * c->row_step,
			.m_col = i % c->n_across * c->col_step };
		t->n_row = least(c->row_step, m->n_row - t->m_row);
		t->n_col = least(c->col_step, m->n_col - t->m_col);
		place(q, t, board, first);
	}
}

/* Feedback last, so that its tiles and chips come after the others'. */
static void place_all(struct packing *q, const struct snn_net *net)
{
	for (int is_feedback = 0; is_feedback < 2; is_feedback++) {
		uint32_t first = q->n_corner;

		for (uint32_t i = 0; i < net->n_matrix; i++) {
			if (net->matrix[i].is_feedback == is_feedback && q->plan->cut[i].n_down)
				place_matrix(q, &net->matrix[i], i, first);
		}
	}
}

static void cut_all(
	struct packing *q, const struct snn_net *net, bool has_feedback, uint32_t n_board)
{
	struct snn_tile_plan *p = q->plan;

	for (int is_feedback = 0; is_feedback <= has_feedback; is_feedback++) {
		for (uint32_t i = 0; i < net->n_matrix; i++) {
			if (net->matrix[i].is_feedback != is_feedback)
				continue;
			p->cut[i] = cut_matrix(
				&net->matrix[i], &q->size[is_feedback ? n_board - 1 : 0]);
			p->cut[i].first = p->n_tile;
			p->n_tile += snn_cut_n_tile(&p->cut[i]);
		}
	}
}

int snn_tile_plan_init(struct snn_tile_plan *p, const struct snn_net *net, bool has_feedback,
	const struct snn_chip_size *size, uint32_t n_board)
{
	struct packing q = { .plan = p, .size = size };

	*p = (struct snn_tile_plan){ .n_board = n_board };
	cut_all(&q, net, has_feedback, n_board);
	p->tile = calloc(p->n_tile, sizeof(*p->tile));
	q.corner = calloc(p->n_tile, sizeof(*q.corner));
	if (p->tile && q.corner)
		place_all(&q, net);
	free(q.corner);
	if (!p->tile || !q.corner) {
		snn_tile_plan_done(p);
		return -ENOMEM;
	}
	return 0;
}

void snn_tile_plan_done(struct snn_tile_plan *p)
{
	free(p->tile);
	*p = (struct snn_tile_plan){ 0 };
}
