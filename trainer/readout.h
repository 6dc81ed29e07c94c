/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readout.h - what a network says, how wrong that is, and how V and c learn from it.
 *
 *	o(t) = d_o o(t-1) + g (V y(t) + c)
 *	step, last   E = sum over the steps that count of CE(yhat(t), y_star(t)), yhat = sigmoid(o) or
 *	             softmax(o)
 *	mean         E = CE(softmax(mean_t o(t)), y_star)
 *
 * The error of a step is err(t) = g dE/do(t) as far as it is known then: its own cross-entropy's;
 * for mean, that of the mean so far, (yhat - y_star) / T, which at the last step is the true one.
 * Rules that go backwards (unroll.c) take the true one and add what comes through o from later steps,
 * err(t) + d_o err(t+1) + ... Those that learn online and follow the readout (ostl, eprop and their -rnd
 * forms) filter their traces instead (trace.h), and for mean wait for the last step's error; the others use
 * errors and traces as they come. V and c learn their exact gradient under every rule, forward in time: the
 * eligibility of V is ybar(t) = d_o ybar(t-1) + y(t), and for mean its sum over the steps, times the error
 * at the end.
 */
#ifndef SNN_READOUT_H
#define SNN_READOUT_H

#include "net.h"
#include "task.h"

struct snn_batch;
struct snn_score;

/* Arrays are [n_lane][n]; n_top: neurons of the last layer. */
struct snn_readout {
	float *o;      /* [n_out] of the step before */
	double *sum;   /* [n_out] o summed over the steps that count */
	double *y_bar; /* [n_top + 1] filtered y, and 1; of leaky outputs and train.loss: mean */
	double *y_bar_sum; /* [n_top + 1] */
	void *memory;
};

int snn_readout_init(struct snn_readout *r, const struct snn_net *net, uint32_t n_lane);
void snn_readout_done(struct snn_readout *r);
void snn_readout_rest(struct snn_readout *r, const struct snn_net *net, uint32_t n_lane);

/* Whether step t of a sequence has an error. */
bool snn_readout_counts(const struct snn_net *net, const struct snn_seq *s, uint32_t t);

/* err [n_out] = yhat - y_star of outputs o [n_out]; returns their cross-entropy, nats. */
double snn_readout_compare(const struct snn_batch *b, uint32_t lane, const float *o, float *err);

/* Whether errors answer for more than their own step's y: leaky outputs, or one error for all steps. */
bool snn_readout_remembers(const struct snn_net *net);
/*
 * How the last error, or each step's, sees what a layer did: through ebar <- keep ebar + gain(t) e(t).
 * step and last: d_o, 1. mean: 1, and the part of step t in the sum of the outputs, sum_{k < T - t} d_o^k.
 */
float snn_readout_keep(const struct snn_net *net);
float snn_readout_gain(const struct snn_net *net, const struct snn_seq *s, uint32_t t);
/*
 * What makes a constant signal P that is no error see e as it was: share(t) = 1 / gain(t) - keep / gain(t+1),
 * without the second behind the end, so that sum_t P share(t) ebar(t) = sum_t P e(t).
 */
float snn_readout_share(const struct snn_net *net, const struct snn_seq *s, uint32_t t);

/* b->o is V y; makes it o, fills b->err, adds to the score. */
void snn_readout_step(struct snn_batch *b, uint32_t lane, struct snn_score *score);
/* Gradients of V and c. */
void snn_readout_learn(struct snn_batch *b, uint32_t lane);

#endif
