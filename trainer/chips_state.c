/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_state.c - what a checkpoint keeps of weights on chips: the host's memory of the cells, the
 * calibration, and the boards' whole state where they can give it. A real board keeps its own
 * conductances.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* ADCs of a matrix's tiles, each number an array [n_tile]. */
struct met {
	size_t n;
	float *range;
	int64_t *code;
	uint64_t *sat; /* owns the block */
};

static int met_init(struct met *q, const struct snn_cut *c)
{
	q->n = snn_cut_n_tile(c);
	q->sat = calloc(q->n, sizeof(*q->sat) + sizeof(*q->code) + sizeof(*q->range));
	if (!q->sat)
		return -ENOMEM;
	q->code = (int64_t *)(q->sat + q->n);
	q->range = (float *)(q->code + q->n);
	return 0;
}

static int save_adc(const struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st)
{
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	const char *name = ch->base.net->matrix[i_matrix].name;
	struct met q;

	if (met_init(&q, c) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < q.n; i++) {
		const struct snn_adc *adc = &ch->adc[c->first + i];

		q.range[i] = adc->range;
		q.code[i] = adc->max_code;
		q.sat[i] = adc->n_sat;
	}
	put(st, name, "adc_range", SNN_F32, 1, &q.n, q.range);
	put(st, name, "max_code", SNN_I64, 1, &q.n, q.code);
	put(st, name, "n_sat", SNN_U64, 1, &q.n, q.sat);
	free(q.sat);
	return 0;
}

static void save_cells(const struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct snn_cells *c = &ch->cells[i_matrix];
	size_t shape[3] = { m->n_row, m->n_col, XBAR_N_DEVICE };

	put(st, m->name, "chi", SNN_F32, 2, shape, c->chi);
	put(st, m->name, "n_pulse", SNN_U8, 3, shape, c->n_pulse);
	put(st, m->name, "next", SNN_U8, 2, shape, c->next);
	if (c->image)
		put(st, m->name, "image", SNN_F32, 2, shape, c->image);
	put(st, m->name, "image_of", SNN_U64, 0, NULL, &c->image_of);
}

/* Arrays of a correction as the file has them. */
struct stored {
	const char *name;
	enum snn_type type;
	size_t n;
	void *data;
};

#define N_STORED 7

static void list_correction(
	const struct snn_chips *ch, struct snn_correction *q, uint64_t *count, struct stored *ret)
{
	size_t n_input = ch->config->chips.compensate_inputs;
	const struct stored list[N_STORED] = {
		{ "gain", SNN_F32, q->n_line, q->gain },
		{ "offset", SNN_F32, q->n_line, q->offset },
		{ "expected", SNN_F32, q->n_line * n_input, q->expected },
		{ "met", SNN_U8, q->n_row * n_input, q->met },
		{ "kept", SNN_U8, q->n_row * n_input, q->kept }, { "n_met", SNN_U64, 1, &q->n_met },
		{ "n_kept", SNN_U64, 2, count }, /* and whether inputs are real */
	};

	memcpy(ret, list, sizeof(list));
}

static void save_correction(struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st)
{
	struct snn_correction *q = &ch->correction[i_matrix];
	uint64_t count[2] = { q->n_kept, q->is_real };
	struct stored list[N_STORED];

	list_correction(ch, q, count, list);
	for (int i = 0; i < N_STORED; i++)
		put(st, ch->base.net->matrix[i_matrix].name, list[i].name, list[i].type, 1,
			&list[i].n, list[i].data);
}

/* Without, a checkpoint has none of it: whoever compensates later begins anew. */
static bool has_correction(const struct snn_chips *ch)
{
	return ch->is_corrected || ch->config->chips.compensate != SNN_COMPENSATE_NONE;
}

int snn_chips_save(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	uint64_t count[4] = { ch->n_update, ch->n_refresh, has_correction(ch), ch->is_corrected };

	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		if (!snn_is_on_chips(ch, i))
			continue;
		if (save_adc(ch, i, st) < 0)
			return snn_fail(e, -ENOMEM, "no memory for a checkpoint");
		if (!w->net->matrix[i].is_feedback)
			save_cells(ch, i, st);
		if (has_correction(ch))
			save_correction(ch, i, st);
	}
	put(st, "calibration", "level", SNN_F32, 1, (size_t[]){ SNN_N_STEP + 1 }, ch->level);
	put(st, "calibration", "step", SNN_F32, 1, (size_t[]){ SNN_N_STEP }, ch->step);
	put(st, "state", "count", SNN_U64, 1, (size_t[]){ 4 }, count);
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
static int load_adc(
	struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st, struct snn_error *e)
{
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	const char *name = ch->base.net->matrix[i_matrix].name;
	struct met q;
	int r;

	if (met_init(&q, c) < 0)
		return snn_fail(e, -ENOMEM, "no memory for %s", name);
	r = take(st, name, "adc_range", SNN_F32, 1, &q.n, q.range, e);
	if (r == 0)
		r = take(st, name, "max_code", SNN_I64, 1, &q.n, q.code, e);
	if (r == 0)
		r = take(st, name, "n_sat", SNN_U64, 1, &q.n, q.sat, e);
	for (uint32_t i = 0; r == 0 && i < q.n; i++) {
		r = snn_chips_range(ch, c->first + i, q.range[i], e);
		ch->adc[c->first + i].max_code = (int)q.code[i];
		ch->adc[c->first + i].n_sat = q.sat[i];
	}
	free(q.sat);
	return r;
}

static int load_cells(
	struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	struct snn_cells *c = &ch->cells[i_matrix];
	size_t shape[3] = { m->n_row, m->n_col, XBAR_N_DEVICE };
	int r = take(st, m->name, "chi", SNN_F32, 2, shape, c->chi, e);

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

static int load_correction(
	struct snn_chips *ch, uint32_t i_matrix, struct snn_store *st, struct snn_error *e)
{
	const char *name = ch->base.net->matrix[i_matrix].name;
	struct snn_correction *q = &ch->correction[i_matrix];
	struct stored list[N_STORED];
	uint64_t count[2];
	int r = 0;

	list_correction(ch, q, count, list);
	for (int i = 0; r == 0 && i < N_STORED; i++)
		r = take(st, name, list[i].name, list[i].type, 1, &list[i].n, list[i].data, e);
	if (r < 0)
		return r;
	if (count[0] > ch->config->chips.compensate_inputs || count[1] > 1)
		return snn_fail(e, -EBADMSG, "/weights/%s/n_kept is not possible", name);
	q->n_kept = (uint32_t)count[0];
	q->is_real = count[1];
	return 0;
}

int snn_chips_load(struct snn_weights *w, struct snn_store *st, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	uint64_t count[4] = { 0 };
	int r = take(
		st, "calibration", "level", SNN_F32, 1, (size_t[]){ SNN_N_STEP + 1 }, ch->level, e);

	if (r == 0)
		r = take(st, "calibration", "step", SNN_F32, 1, (size_t[]){ SNN_N_STEP }, ch->step,
			e);
	if (r == 0)
		r = take(st, "state", "count", SNN_U64, 1, (size_t[]){ 4 }, count, e);
	for (uint32_t k = 0; r == 0 && k < ch->n_board; k++)
		r = load_board(ch, k, st, e);
	for (uint32_t i = 0; r == 0 && i < w->net->n_matrix; i++) {
		if (snn_is_on_chips(ch, i))
			r = load_adc(ch, i, st, e);
		if (r == 0 && !w->net->matrix[i].is_feedback)
			r = load_cells(ch, i, st, e);
		if (r == 0 && count[2] && snn_is_on_chips(ch, i))
			r = load_correction(ch, i, st, e);
	}
	if (r < 0)
		return r;
	ch->n_update = count[0];
	ch->n_refresh = count[1];
	ch->is_corrected = count[3] != 0;
	return 0;
}
