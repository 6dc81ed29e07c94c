/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - sequences through the network in lockstep, one step at a time: every product is one call
 * for all of them. With a learner, the rule sees each step as it happens.
 *
 * Sequences sit in lanes, longest first, so that those still running are lanes 0 .. n_active - 1.
 */
#ifndef SNN_BATCH_H
#define SNN_BATCH_H

#include "net.h"
#include "readout.h"
#include "spikes.h"
#include "task.h"
#include "weights.h"

/* Arrays are [n_lane][n]; those without _prev are of the step under way. */
struct snn_layer_state {
	struct snn_spikes out;      /* y as the next layer's input */
	struct snn_spikes out_prev; /* y' as the layer's own, of recurrent layers */
	float *h;                   /* H y', of recurrent layers */
	float *i, *s, *y, *psi;
	float *s_prev, *y_prev, *psi_prev;
	float *l;             /* learning signal dE/dy */
	float *a, *threshold; /* of neurons that adapt: a, b + beta a */
};

struct snn_learner;

struct snn_batch {
	struct snn_net *net;
	struct snn_weights *weights;
	uint32_t n_lane, n_active, t;
	struct snn_spikes x, y_star,
		error; /* error: err as input of B, for rules that send it there */
	struct snn_layer_state layer[SNN_MAX_HIDDEN];
	float *o, *err; /* [n_lane][n_out] logits; dE/d(V y + c) of this step's error */
	struct snn_readout readout;
	const struct snn_seq **seq; /* [n_lane] of this batch, longest first */
	uint32_t n_seq;
	uint64_t i_update; /* of the run, for rules that draw random numbers */
	float *memory;
};

/* Of one pass: sums, so that passes can be added. */
struct snn_score {
	double nll;      /* nats, summed over predicted steps (train.loss: mean: sequences) */
	double n_step;   /* of these */
	double n_spike;  /* summed y of hidden neurons */
	double n_neuron; /* neurons times steps */
	double n_right; /* sequences whose label has the largest output, summed over counted steps */
	double n_label; /* sequences with labels */
};

/* net and weights are kept, borrowed until done. -ENOMEM. */
int snn_batch_init(
	struct snn_batch *b, struct snn_net *net, struct snn_weights *w, uint32_t n_lane);
void snn_batch_done(struct snn_batch *b);

/*
 * Run n <= n_lane sequences from rest; learner NULL only evaluates. Scores are added to *score.
 * after_step (may be NULL) is called when a step's gradients are in the net's tensors.
 */
int snn_batch_run(struct snn_batch *b, const struct snn_seq *const *seq, uint32_t n,
	struct snn_learner *learner, int (*after_step)(void *user, struct snn_error *e), void *user,
	struct snn_score *score, struct snn_error *e);

/*
 * The same a step at a time, for one sequence without end: begin from rest, then steps of active inputs
 * and targets (ascending), with a learner whose rule needs no end.
 */
int snn_batch_begin(struct snn_batch *b, struct snn_learner *learner, struct snn_error *e);
int snn_batch_step(struct snn_batch *b, const uint16_t *x, uint32_t n_x, const uint16_t *y_star,
	uint32_t n_y_star, struct snn_learner *learner, struct snn_score *score,
	struct snn_error *e);

#endif
