/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_state.c - what a checkpoint keeps of weights on chips: the host's memory of the cells, the
 * calibration, and the boards' whole state where they can give it. A real board keeps its own
 * conductances.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "chips.h"

static void put(struct snn_store *st, const char *group, const char *name, enum snn_type type,
	int rank, const size_t *shape, const void *data)
{
	char at[64];

	snprintf(at, sizeof(at), "/weights/%s/%s", group, name);
	snn_store_put(st, at, type, rank, shape, data);
}

static int save_boards(struct snn_chips *ch, struct snn_store *st, struct snn_error *e)
{
	static const char *const name[2] = { "board0", "board1" };

	for (uint32_t k = 0; k < ch->n_board; k++) {
		void *state;
		size_t n;
		int r;

		if (!(xbar_info(ch->board[k])->caps & XBAR_CAP_SAVE))
			continue; /* a real board keeps its own conductances */
		r = xbar_save(ch->board[k], &state, &n);
		if (r < 0)
			return snn_board_fail(ch, k, r, "saving the board's state", e);
		put(st, "state", name[k], SNN_U8, 1, &n, state);
		free(state);
	}
	return 0;
}

int snn_chips_save(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	uint64_t count[2] = { ch->n_update, ch->n_refresh };

	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		const struct snn_matrix *m = &w->net->matrix[i];
		size_t shape[3] = { m->n_row, m->n_col, XBAR_N_DEVICE };
		struct {
			int64_t code;
			uint64_t sat;
		} met = { ch->block[i].max_code, ch->block[i].n_sat };

		if (!ch->block[i].range)
			continue;
		put(st, m->name, "adc_range", SNN_F32, 0, NULL, &ch->block[i].range);
		put(st, m->name, "max_code", SNN_I64, 0, NULL, &met.code);
		put(st, m->name, "n_sat", SNN_U64, 0, NULL, &met.sat);
		if (m->is_feedback)
			continue;
		put(st, m->name, "chi", SNN_F32, 2, shape, ch->cells[i].chi);
		put(st, m->name, "n_pulse", SNN_U8, 3, shape, ch->cells[i].n_pulse);
		put(st, m->name, "next", SNN_U8, 2, shape, ch->cells[i].next);
		if (ch->cells[i].image)
			put(st, m->name, "image", SNN_F32, 2, shape, ch->cells[i].image);
		put(st, m->name, "image_of", SNN_U64, 0, NULL, &ch->cells[i].image_of);
	}
	put(st, "calibration", "level", SNN_F32, 1, (size_t[]){ SNN_N_STEP + 1 }, ch->level);
	put(st, "calibration", "step", SNN_F32, 1, (size_t[]){ SNN_N_STEP }, ch->step);
	put(st, "state", "count", SNN_U64, 1, (size_t[]){ 2 }, count);
	return save_boards(ch, st, e);
}

static int take(struct snn_store *st, const char *group, const char *name, enum snn_type type,
	int rank, const size_t *shape, void *data, struct snn_error *e)
{
	char at[64];

	snprintf(at, sizeof(at), "/weights/%s/%s", group, name);
	return snn_store_load(st, at, type, rank, shape, data, e);
}

static int load_board(struct snn_chips *ch, uint32_t k, struct snn_store *st, struct snn_error *e)
{
	static const char *const name[2] = { "/weights/state/board0", "/weights/state/board1" };
	size_t n;
	void *state;
	int r;

	if (!(xbar_info(ch->board[k])->caps & XBAR_CAP_SAVE))
		return 0;
	r = snn_store_length(st, name[k], &n, e);
	if (r < 0)
		return r;
	state = malloc(n ? n : 1);
	if (!state)
		return snn_fail(e, -ENOMEM, "no memory for %s", name[k]);
	r = snn_store_load(st, name[k], SNN_U8, 1, &n, state, e);
	if (r == 0) {
		r = xbar_load(ch->board[k], state, n);
		if (r < 0)
			r = snn_board_fail(ch, k, r, "restoring the board's state", e);
	}
	free(state);
	return r;
}

/* After the boards, so that ranges are set on what was restored. */
static int load_matrix(struct snn_chips *ch, uint32_t i, struct snn_store *st, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i];
	struct snn_cells *c = &ch->cells[i];
	size_t shape[3] = { m->n_row, m->n_col, XBAR_N_DEVICE };
	int64_t code = 0;
	uint64_t sat = 0;
	float range = 0;
	int r = take(st, m->name, "adc_range", SNN_F32, 0, NULL, &range, e);

	if (r == 0)
		r = take(st, m->name, "max_code", SNN_I64, 0, NULL, &code, e);
	if (r == 0)
		r = take(st, m->name, "n_sat", SNN_U64, 0, NULL, &sat, e);
	if (r == 0)
		r = snn_chips_range(ch, i, range, e);
	ch->block[i].max_code = (int)code;
	ch->block[i].n_sat = sat;
	if (r < 0 || m->is_feedback)
		return r;
	r = take(st, m->name, "chi", SNN_F32, 2, shape, c->chi, e);
	if (r == 0)
		r = take(st, m->name, "n_pulse", SNN_U8, 3, shape, c->n_pulse, e);
	if (r == 0)
		r = take(st, m->name, "next", SNN_U8, 2, shape, c->next, e);
	if (r == 0)
		r = take(st, m->name, "image_of", SNN_U64, 0, NULL, &c->image_of, e);
	if (r == 0 && c->image_of) {
		if (!c->image)
			c->image = calloc(snn_n_cell(m), sizeof(*c->image));
		r = c->image ? take(st, m->name, "image", SNN_F32, 2, shape, c->image, e)
			     : snn_fail(e, -ENOMEM, "no memory for %s", m->name);
	}
	return r;
}

int snn_chips_load(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	uint64_t count[2];
	int r = take(
		st, "calibration", "level", SNN_F32, 1, (size_t[]){ SNN_N_STEP + 1 }, ch->level, e);

	if (r == 0)
		r = take(st, "calibration", "step", SNN_F32, 1, (size_t[]){ SNN_N_STEP }, ch->step,
			e);
	if (r == 0)
		r = take(st, "state", "count", SNN_U64, 1, (size_t[]){ 2 }, count, e);
	for (uint32_t k = 0; r == 0 && k < ch->n_board; k++)
		r = load_board(ch, k, st, e);
	for (uint32_t i = 0; r == 0 && i < w->net->n_matrix; i++) {
		if (ch->block[i].range)
			r = load_matrix(ch, i, st, e);
	}
	if (r < 0)
		return r;
	ch->n_update = count[0];
	ch->n_refresh = count[1];
	return 0;
}
