/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * firing.h - a penalty on firing rates, local to a neuron: a learning signal of target projection never
 * shrinks, so that without it neurons end up firing at nearly every step. For each hidden neuron
 *
 *	L <- L + lambda (r - r0)      r <- m r + (1 - m) (its mean rate in the sequences of an update)
 *
 * with lambda train.rate_penalty, r0 train.rate_target, m train.rate_memory; r starts at r0. The form is
 * the regularisation of Bellec et al. (Nat. Commun. 11, 2020) with a mean that runs over training; an
 * addition to OSTTP's paper, off by default.
 */
#ifndef SNN_FIRING_H
#define SNN_FIRING_H

#include "batch.h"

/* Spikes since the last snn_firing_update(): whole numbers, so that the order of sequences is no matter. */
struct snn_firing {
	uint64_t *n_spike[SNN_MAX_HIDDEN]; /* [size l] of each neuron; the first owns the block */
	uint64_t n_step;                   /* of all sequences together */
};

/* Nothing is allocated and the rest does nothing where net->rate_penalty is 0. -ENOMEM. */
int snn_firing_init(struct snn_firing *f, const struct snn_net *net);
void snn_firing_done(struct snn_firing *f);

/*
 * Add the penalty to layer.l of all layers and lanes in the step under way, and count its spikes. The
 * penalty does not come through the outputs: of filtered traces (trace.h) it gets snn_readout_share(), which
 * over a sequence makes e of ebar again.
 */
void snn_firing_step(struct snn_firing *f, struct snn_batch *b, bool is_filtered);

/* Counts of another go into f. */
void snn_firing_take(struct snn_firing *f, struct snn_firing *other, const struct snn_net *net);

/* An update is over: the net's running means (net->rate) learn from what was counted. */
void snn_firing_update(struct snn_firing *f, struct snn_net *net);

#endif
