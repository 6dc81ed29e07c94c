/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dataset.h - putting a struct snn_dataset together, for the loaders of tasks.
 *
 *	snn_builder_piece(&b, SNN_TRAIN);
 *	snn_builder_note(&b, 60);
 *	snn_builder_step(&b);
 *	...
 *	r = snn_builder_finish(&b, 88, 0, ret);   (also frees the builder)
 *
 * A failed allocation is remembered and reported by finish, so that the others need no check.
 */
#ifndef SNN_DATASET_H
#define SNN_DATASET_H

#include "task.h"

struct snn_builder_piece {
	uint32_t split, n_step;
	size_t first_note;
	bool has_label;
	uint16_t label;
};

/* All zero is empty. */
struct snn_builder {
	struct snn_builder_piece *piece;
	uint32_t *step_end; /* one per step: notes of its piece so far */
	uint16_t *note;
	size_t n_piece, n_step, n_note;
	size_t max_piece, max_step, max_note;
	int code; /* 0 or -ENOMEM */
};

void snn_builder_piece(struct snn_builder *b, enum snn_split split);
/* Of the piece under way. */
void snn_builder_label(struct snn_builder *b, uint16_t label);
/* A note of the step under way; any order, repeats count once. */
void snn_builder_note(struct snn_builder *b, uint16_t note);
void snn_builder_step(struct snn_builder *b);
/*
 * Fills all of *ret (entropy with NAN) and empties the builder; n_class 0: no piece has a label, the
 * next step is predicted. -ENOMEM.
 */
int snn_builder_finish(
	struct snn_builder *b, uint32_t n_in, uint32_t n_class, struct snn_dataset *ret);
void snn_builder_done(struct snn_builder *b);

#endif
