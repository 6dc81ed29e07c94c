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
 * Rules that learn online use it as it comes; those that go backwards (unroll.c) take the true one and
 * add what comes through o from later steps, err(t) + d_o err(t+1) + ... V and c learn their exact
 * gradient under every rule, forward in time: the eligibility of V is ybar(t) = d_o ybar(t-1) + y(t),
 * and for mean its sum over the steps, times the error at the end.
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

/* b->o is V y; makes it o, fills b->err, adds to the score. */
void snn_readout_step(struct snn_batch *b, uint32_t lane, struct snn_score *score);
/* Gradients of V and c. */
void snn_readout_learn(struct snn_batch *b, uint32_t lane);

#endif
