/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * augment.h - training recordings shifted at random, in time and along the channels, anew in every epoch.
 * A shift depends on seed, epoch and sequence alone, so that a run that goes on meets the same ones. Off
 * unless configured (speech.shift_steps, speech.shift_inputs): an addition to the paper.
 */
#ifndef SNN_AUGMENT_H
#define SNN_AUGMENT_H

#include "task.h"

struct snn_augment {
	uint32_t n_in, max_steps, max_inputs; /* largest shifts */
	uint64_t seed;
	size_t max_note;
	uint32_t max_step;
	struct snn_seq *seq; /* [n_lane]; owns the block */
	uint32_t *begin;     /* [n_lane][max_step + 1] */
	uint16_t *note;      /* [n_lane][max_note] */
};

/* Room for n_lane sequences of the training split; none where nothing is to be shifted. -ENOMEM. */
int snn_augment_init(struct snn_augment *a, const struct snn_dataset *d, const struct snn_config *c,
	uint32_t n_lane);
void snn_augment_done(struct snn_augment *a);

/* s as this epoch sees it, valid until the lane's next; s itself where nothing is to be shifted. */
const struct snn_seq *snn_augment_shift(
	struct snn_augment *a, uint32_t lane, const struct snn_seq *s, uint32_t epoch);

#endif
