/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_chorale.h - the built-in task's law, for those who want to compare with the best possible.
 */
#ifndef SNN_TASK_CHORALE_H
#define SNN_TASK_CHORALE_H

#include "task.h"

#define SNN_CHORALE_KEYS 88

/*
 * The true probability of each note at step t + 1 given steps 0 .. t of the piece, ret_p
 * [SNN_CHORALE_KEYS]. s must be a piece of this task; t < s->n_step.
 */
void snn_chorale_predict(const struct snn_seq *s, uint32_t t, double *ret_p);

#endif
