/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_picture.c - the tile plan as a picture: chips as frames in rows of about as many as there are
 * rows, board after board; each matrix a hatching of its own.
 */
#include <errno.h>
#include <math.h>
#include <page.h>
#include <stdlib.h>
#include "chips.h"

#define GAP   0.12 /* between chips, of a chip */
#define HATCH 12   /* strokes of a tile that fills its chip */

/* A line through points, broken where y is NAN. */
struct stroke {
	size_t n;
	double *x, *y;
};

struct picture {
	const struct snn_chips *ch;
	uint32_t n_across;
	double n_row, n_col; /* of the largest chip */
};

static void to(struct stroke *s, double x, double y)
{
	s->x[s->n] = x;
	s->y[s->n++] = y;
}

static void box(struct stroke *s, double x, double y, double width, double height)
{
	to(s, x, y);
	to(s, x + width, y);
	to(s, x + width, y + height);
	to(s, x, y + height);
	to(s, x, y);
	to(s, x, NAN);
}

/* Level strokes across a box, from side to side. */
static void hatch(struct stroke *s, double x, double y, double width, double height, double step)
{
	for (double h = step / 2; h < height; h += step) {
		to(s, x, y + h);
		to(s, x + width, y + h);
		to(s, x, NAN);
	}
}

/* The upper left corner of a chip. */
static void corner(
	const struct picture *q, uint32_t board, uint32_t chip, double *ret_x, double *ret_y)
{
	uint32_t i = chip + (board ? q->ch->plan.n_chip[0] : 0);

	*ret_x = i % q->n_across * (1 + GAP) * q->n_col;
	*ret_y = i / q->n_across * (1 + GAP) * q->n_row;
}

static void draw_chips(const struct picture *q, struct stroke *s)
{
	for (uint32_t board = 0; board < q->ch->n_board; board++) {
		const struct xbar_info *info = xbar_info(q->ch->board[board]);

		for (uint32_t chip = 0; chip < q->ch->plan.n_chip[board]; chip++) {
			double x, y;

			corner(q, board, chip, &x, &y);
			box(s, x, y, info->n_col, info->n_row);
		}
	}
}

static void draw_matrix(const struct picture *q, uint32_t i_matrix, struct stroke *s)
{
	const struct snn_cut *c = &q->ch->plan.cut[i_matrix];

	for (uint32_t i = 0; i < snn_cut_n_tile(c); i++) {
		const struct snn_tile *t = &q->ch->plan.tile[c->first + i];
		double x, y;

		corner(q, t->board, t->chip, &x, &y);
		box(s, x + t->col, y + t->row, t->n_col, t->n_row);
		hatch(s, x + t->col, y + t->row, t->n_col, t->n_row, q->n_row / HATCH);
	}
}

static struct picture layout(const struct snn_chips *ch)
{
	struct picture q = { .ch = ch };
	uint32_t n_chip = 0;

	for (uint32_t k = 0; k < ch->n_board; k++) {
		n_chip += ch->plan.n_chip[k];
		q.n_row = fmax(q.n_row, xbar_info(ch->board[k])->n_row);
		q.n_col = fmax(q.n_col, xbar_info(ch->board[k])->n_col);
	}
	q.n_across = (uint32_t)ceil(1.5 * sqrt(n_chip));
	q.n_across = q.n_across < n_chip ? q.n_across : n_chip;
	return q;
}

/* Room for every stroke; strokes [1 + n_matrix] share it. */
static double *allocate(const struct snn_chips *ch, struct stroke *s)
{
	uint32_t n_chip = ch->plan.n_chip[0] + ch->plan.n_chip[1];
	size_t per_tile = 6 + 3 * (HATCH + 1), n = 6 * n_chip + per_tile * ch->plan.n_tile;
	double *p = calloc(2 * n, sizeof(*p));

	for (uint32_t i = 0; p && i <= ch->base.net->n_matrix; i++) {
		s[i] = (struct stroke){ .x = p, .y = p + n };
		p += i ? per_tile * snn_cut_n_tile(&ch->plan.cut[i - 1]) : 6 * n_chip;
	}
	return p ? s[0].x : NULL;
}

int snn_weights_chips_draw(const struct snn_weights *w, const char *path, struct snn_error *e)
{
	const struct snn_chips *ch = (const struct snn_chips *)w;
	struct picture q = layout(ch);
	struct stroke s[1 + SNN_MAX_MATRIX];
	struct page_series series[1 + SNN_MAX_MATRIX];
	struct page_plot plot = {
		.title = "Which weight sits in which cells",
		.x_label = "bit lines, chips side by side",
		.y_label = "word lines",
		.series = series,
	};
	struct page_error said;
	double *memory = allocate(ch, s);
	int r;

	if (!memory)
		return snn_fail(e, -ENOMEM, "no memory to draw the plan");
	draw_chips(&q, &s[0]);
	for (uint32_t i = 0; i < w->net->n_matrix; i++)
		draw_matrix(&q, i, &s[i + 1]);
	for (uint32_t i = 0; i <= w->net->n_matrix; i++) {
		if (s[i].n)
			series[plot.n_series++] =
				(struct page_series){ .title = i ? w->net->matrix[i - 1].name
								 : "chips",
					.style = PAGE_LINES,
					.n = s[i].n,
					.x = s[i].x,
					.y = s[i].y };
		plot.y_min = i ? plot.y_min : s[0].y[s[0].n - 3]; /* the last chip's lower edge */
	}
	plot.y_min = plot.y_min * 1.02;
	plot.y_max = -0.02 * plot.y_min; /* word line 0 at the top */
	r = page_plot_file(&plot, path, &said);
	free(memory);
	return r < 0 ? snn_fail(e, r, "%s", said.text) : 0;
}
