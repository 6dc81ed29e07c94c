/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dataset.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more of n elements of `size` bytes. */
static bool grow(struct snn_builder *b, void **array, size_t n, size_t *max, size_t size)
{
	size_t want = *max ? 2 * *max : 64;
	void *bigger;

	if (b->code)
		return false;
	if (n < *max)
		return true;
	bigger = reallocarray(*array, want, size);
	if (!bigger) {
		b->code = -ENOMEM;
		return false;
	}
	*array = bigger;
	*max = want;
	return true;
}

void snn_builder_piece(struct snn_builder *b, enum snn_split split)
{
	void *p = b->piece;
	bool ok = grow(b, &p, b->n_piece, &b->max_piece, sizeof(*b->piece));

	b->piece = p;
	if (ok)
		b->piece[b->n_piece++] =
			(struct snn_builder_piece){ .split = split, .first_note = b->n_note };
}

void snn_builder_label(struct snn_builder *b, uint16_t label)
{
	if (b->code)
		return;
	b->piece[b->n_piece - 1].has_label = true;
	b->piece[b->n_piece - 1].label = label;
}

/* Where the notes of the step under way begin. */
static size_t step_begin(const struct snn_builder *b)
{
	const struct snn_builder_piece *p = &b->piece[b->n_piece - 1];

	return p->first_note + (p->n_step ? b->step_end[b->n_step - 1] : 0);
}

void snn_builder_note(struct snn_builder *b, uint16_t note)
{
	void *p = b->note;
	bool ok = grow(b, &p, b->n_note, &b->max_note, sizeof(*b->note));
	size_t first, i;

	b->note = p;
	if (!ok)
		return;
	first = step_begin(b);
	i = b->n_note;
	while (i > first && b->note[i - 1] > note)
		i--;
	if (i > first && b->note[i - 1] == note)
		return;
	memmove(&b->note[i + 1], &b->note[i], (b->n_note - i) * sizeof(*b->note));
	b->note[i] = note;
	b->n_note++;
}

void snn_builder_step(struct snn_builder *b)
{
	void *p = b->step_end;
	bool ok = grow(b, &p, b->n_step, &b->max_step, sizeof(*b->step_end));
	struct snn_builder_piece *piece;

	b->step_end = p;
	if (!ok)
		return;
	piece = &b->piece[b->n_piece - 1];
	b->step_end[b->n_step++] = (uint32_t)(b->n_note - piece->first_note);
	piece->n_step++;
}

/* One block: sequences of the three splits, then step begins, then notes. */
static int carve(const struct snn_builder *b, struct snn_dataset *d)
{
	size_t n_begin = b->n_step + b->n_piece;
	struct snn_seq *seq = calloc(1,
		b->n_piece * sizeof(*seq) + n_begin * sizeof(uint32_t) +
			b->n_note * sizeof(uint16_t) + 1);
	uint32_t *begin;
	uint16_t *note;
	size_t i_step = 0;

	if (!seq)
		return -ENOMEM;
	d->memory = seq;
	begin = (uint32_t *)(seq + b->n_piece);
	note = (uint16_t *)(begin + n_begin);
	if (b->n_note)
		memcpy(note, b->note, b->n_note * sizeof(*note));
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		d->seq[s] = seq;
		seq += d->n_seq[s];
		d->n_seq[s] = 0; /* counts up again below */
	}
	for (size_t i = 0; i < b->n_piece; i++) {
		const struct snn_builder_piece *p = &b->piece[i];

		d->seq[p->split][d->n_seq[p->split]++] = (struct snn_seq){ .n_step = p->n_step,
			.begin = begin,
			.note = note + p->first_note,
			.has_label = p->has_label,
			.label = p->label };
		*begin++ = 0;
		for (uint32_t t = 0; t < p->n_step; t++)
			*begin++ = b->step_end[i_step++];
	}
	return 0;
}

int snn_builder_finish(
	struct snn_builder *b, uint32_t n_in, uint32_t n_class, struct snn_dataset *ret)
{
	struct snn_dataset d = { .n_in = n_in,
		.n_out = n_class ? n_class : n_in,
		.is_labelled = n_class > 0,
		.entropy = { NAN, NAN, NAN } };
	int r = b->code;

	if (r == 0) {
		for (size_t i = 0; i < b->n_piece; i++)
			d.n_seq[b->piece[i].split]++;
		r = carve(b, &d);
	}
	for (int s = 0; r == 0 && s < SNN_N_SPLIT; s++) {
		for (uint32_t i = 0; i < d.n_seq[s]; i++)
			d.seq[s][i].id = i;
	}
	if (r == 0)
		*ret = d;
	snn_builder_done(b);
	return r;
}

void snn_builder_done(struct snn_builder *b)
{
	free(b->piece);
	free(b->step_end);
	free(b->note);
	*b = (struct snn_builder){ 0 };
}
