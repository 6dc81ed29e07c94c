/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference.h - the network once more, in double, straight from the equations and with nothing of
 * the trainer's code: the independent side of the tests of gradients. One sequence, dense loops,
 * arrays indexed as in the trainer ([inputs][outputs]).
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "net.h"
#include "task.h"

#define REF_MAX 40 /* neurons of a layer, keys */

struct ref_net {
	uint32_t n_layer, n[SNN_MAX_HIDDEN + 2]; /* keys, hidden layers, keys */
	int neuron, reset, psi, readout, loss;
	uint32_t loss_steps;
	double d_o, gain;
	double *d[SNN_MAX_HIDDEN]; /* [n] of each layer */
	double gamma, width, beta, rho;
	/* By the trainer's index of tensors: W1, b1, W2, b2, ..., V, c, and recurrent H1, H2, ... */
	double *p[SNN_MAX_TENSOR];
	size_t n_p[SNN_MAX_TENSOR];
	double *b_fb[SNN_MAX_HIDDEN]; /* [keys][n] */
};

/* Of the same parameters. */
void ref_init(struct ref_net *r, const struct snn_net *net);
void ref_done(struct ref_net *r);

/*
 * -sum_t sum_k y* log yhat + (1 - y*) log(1 - yhat), or -sum_t log yhat of the label, in nats; over the
 * steps that count, or of the mean of the outputs.
 */
double ref_nll(const struct ref_net *r, const struct snn_seq *s);

/* Central differences of ref_nll() for parameter tensor i, ret [n_p[i]]. */
void ref_difference(struct ref_net *r, uint32_t i, const struct snn_seq *s, double *ret);

enum ref_rule {
	REF_OSTL,  /* L_top = V err, L_{l-1} = W_l (psi_l L_l) at this step; traces of eqs 5-9 */
	REF_OSTTP, /* L_l = B_l y_star; the same traces */
	REF_DRTP,  /* L_l = B_l y_star; e = psi x and -psi of this step */
};

/*
 * Gradients of all hidden layers (Ortner et al. 2023). grad [tensor] has room for n_p; those of V and
 * c stay as they are.
 */
void ref_gradients(
	const struct ref_net *r, const struct snn_seq *s, enum ref_rule rule, double *const *grad);

#endif
