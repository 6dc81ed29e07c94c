/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train.h - a training run: everything that was configured, put together, and how far it is.
 *
 *	r = snn_trainer_init(&tr, &config, false, &err);
 *	r = snn_trainer_start(&tr, &err);               (or snn_checkpoint_load() to go on)
 *	while (r == 0 && tr.epoch < config.train.epochs)
 *		r = snn_trainer_epoch(&tr, &stop, NULL, &err);
 *	snn_trainer_done(&tr);
 */
#ifndef SNN_TRAIN_H
#define SNN_TRAIN_H

#include <signal.h>
#include "augment.h"
#include "batch.h"
#include "config.h"
#include "learner.h"
#include "optim.h"
#include "pool.h"
#include "runlog.h"
#include "task.h"

struct snn_trainer {
	struct snn_config config;
	struct snn_dataset data;
	struct snn_net net;
	struct snn_weights *weights;
	char *device; /* what the boards are and what sits where; NULL for float */
	struct snn_batch batch;
	struct snn_learner learner;
	struct snn_pool
		*pool; /* runs the sequences of a batch instead of `batch`; NULL: one group */
	struct snn_augment augment;
	struct snn_optim optim;
	uint32_t *order; /* [n_seq of train] of the epoch under way */

	/* How far it is; with weights and optim all that a checkpoint holds. */
	uint32_t epoch; /* finished */
	uint32_t i_seq; /* sequences of the epoch under way that are done */
	uint64_t n_update;
	struct snn_score score; /* of the epoch under way */
	struct snn_epoch *row;  /* [epoch] */
	uint32_t
		best_epoch; /* of the largest valid accuracy or, without, the least valid NLL; 0 none */
};

/*
 * Load the task, draw the network, open the boards. is_restored: the initial weights need not reach
 * the boards, a checkpoint will be loaded. c is copied. In words: -EINVAL and what data and boards say.
 */
int snn_trainer_init(
	struct snn_trainer *tr, const struct snn_config *c, bool is_restored, struct snn_error *e);
void snn_trainer_done(struct snn_trainer *tr);

/* Calibrate at the start of a run (ADC ranges, by running a few training sequences). */
int snn_trainer_start(struct snn_trainer *tr, struct snn_error *e);

/*
 * Train up to the end of the epoch under way, evaluate, append its row. *stop != 0 ends after the
 * present batch: 1 is returned, the epoch goes on where it was with the next call. progress may be NULL.
 */
int snn_trainer_epoch(struct snn_trainer *tr, const volatile sig_atomic_t *stop,
	struct snn_progress *progress, struct snn_error *e);

/*
 * Let dt s of chip time pass. With chips.compensate, products of chips.calibrate_sequences training
 * sequences' inputs are measured before, and corrected for what they give after.
 */
int snn_trainer_age(struct snn_trainer *tr, double dt, struct snn_error *e);

struct snn_quality {
	double nll;      /* nats per predicted step (train.loss: mean: per sequence) */
	double accuracy; /* share of sequences that are classified rightly; NAN without labels */
};

/* Of a split. */
int snn_trainer_evaluate(
	struct snn_trainer *tr, enum snn_split split, struct snn_quality *ret, struct snn_error *e);

/* Gradients of one training sequence into the net's tensors; weights do not change. */
int snn_trainer_gradients(
	struct snn_trainer *tr, uint32_t i_seq, double *ret_nll, struct snn_error *e);

/* The network of a configuration, a task and a rule as it is before training; -EINVAL, -ENOMEM. */
int snn_draw_net(struct snn_net *net, const struct snn_config *c, const struct snn_dataset *d,
	const struct snn_rule *rule, struct snn_error *e);

/* The gradients in the tensors, of so many sequences, become changes of thresholds, biases and weights. */
int snn_trainer_apply(struct snn_trainer *tr, uint32_t n_seq, struct snn_error *e);

/*
 * Learn from the stream of a task without sequences, step by step, until it ends (0) or *stop (1);
 * n_update counts steps, score adds up. after_step may be NULL. -EINVAL, in words, for settings that need
 * an end, and for lines that are wrong.
 */
int snn_trainer_stream(struct snn_trainer *tr, const volatile sig_atomic_t *stop,
	int (*after_step)(void *user, struct snn_error *e), void *user, struct snn_error *e);

/* eta of an epoch, 0 .. */
double snn_rate(const struct snn_config *c, uint32_t epoch);

#endif
