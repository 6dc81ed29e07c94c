/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task.h - sequences to learn from. Without labels, the network sees the notes of step t and predicts
 * those of step t + 1, so a piece of T steps gives T - 1 predictions (ALGORITHMS: "steps 2..T are
 * predicted from 1..T-1"). With labels, it is to tell the sequence's class at each of its T steps.
 */
#ifndef SNN_TASK_H
#define SNN_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config.h"
#include "error.h"

/*
 * One sequence of binary vectors, as lists of active inputs: those of step t are
 * note[begin[t]] .. note[begin[t + 1] - 1], ascending, each < n_in, no duplicates.
 */
struct snn_seq {
	uint32_t n_step;
	uint32_t id;           /* its place in its split */
	const uint32_t *begin; /* [n_step + 1] */
	const uint16_t *note;
	bool has_label;
	uint16_t label; /* < n_out */
};

/* Steps with a target. */
static inline uint32_t snn_seq_steps(const struct snn_seq *s)
{
	return s->has_label ? s->n_step : s->n_step - 1;
}

enum snn_split { SNN_TRAIN, SNN_VALID, SNN_TEST, SNN_N_SPLIT };
extern const char *const snn_split_names[SNN_N_SPLIT]; /* "train", "valid", "test" */

struct snn_dataset {
	uint32_t n_in, n_out; /* equal where the next step is predicted */
	bool is_labelled;     /* all sequences are, or none is */
	uint32_t n_seq[SNN_N_SPLIT];
	struct snn_seq *seq[SNN_N_SPLIT]; /* owned, with what they point to */
	/*
	 * Lowest NLL (nats per predicted step, mean over the split) that any predictor of independent
	 * notes can have on average, where the task's own law is known; NAN elsewhere.
	 */
	double entropy[SNN_N_SPLIT];
	void *memory;              /* what the sequences point into */
	struct snn_stream *stream; /* of a task without sequences; owned */
};

/*
 * A task is a name, a one-line help and a loader, which looks at c->seed, c->data and settings of its
 * own. Every sequence has at least two steps. *ret is written only on success.
 */
struct snn_task {
	const char *name, *help;
	int (*load)(struct snn_dataset *ret, const struct snn_config *c, struct snn_error *e);
};

extern const struct snn_task *const snn_tasks[]; /* ends with NULL; the first is the default */
extern const struct snn_task snn_task_chorale, snn_task_jsb, snn_task_shd, snn_task_stream;

const struct snn_task *snn_task_find(const char *name); /* NULL if unknown */
void snn_dataset_done(struct snn_dataset *d);

/*
 * Each output's frequency in the training split, ret_p [n_out]. Notes: (count + 1/2) / (steps + 1),
 * the Krichevsky-Trofimov estimate, so that a note never heard there is rare and not impossible.
 * Labels: (count + 1/2) / (sequences + n_out / 2).
 */
void snn_dataset_marginal(const struct snn_dataset *d, double *ret_p);

/*
 * NLL of always predicting snn_dataset_marginal(): the baseline every network must beat. nats per
 * predicted step (JSB test: 11.09); NAN where the split predicts nothing, or without memory. With
 * labels: of always giving each class its frequency.
 */
double snn_dataset_marginal_nll(const struct snn_dataset *d, enum snn_split split);

#endif
