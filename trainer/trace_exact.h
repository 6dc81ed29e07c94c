/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace_exact.h - the whole eligibility traces of a recurrent layer (Ortner et al. 2023, eqs 5-9, with
 * H): every neuron's state by every parameter of the layer,
 *
 *	eps_i,p <- j_i eps_i,p + sum_i' (J_i delta_ii' + H_i'i) e_i',p + ds_i/dp
 *	e_i,p = psi_i eps_i,p + dy_i/dp          g_p += sum_i L_i e_i,p
 *
 * and where thresholds adapt, epsa_i,p <- rho epsa_i,p + e'_i,p with eps - beta epsa in the place of
 * eps in e. Filtered (trace.h), ebar <- keep ebar + gain e, and g_p += sum_i L_i ebar_i,p.
 *
 * n^2 (m + n + 1) numbers and n times as many operations a step: for small layers, as an oracle and
 * to see what the diagonal form leaves out. With it ostl equals backpropagation through time for
 * one recurrent layer.
 */
#ifndef SNN_TRACE_EXACT_H
#define SNN_TRACE_EXACT_H

#include "net.h"
#include "trace.h"

struct snn_exact;

struct snn_exact_grad {
	double *w, *h, *b; /* [m][n], [n][n] (NULL: not recurrent), [n]; accumulated */
};

/* -EINVAL, in words, for layers whose traces would take more than a gigabyte; -ENOMEM. */
int snn_exact_new(struct snn_exact **ret, const struct snn_net *net, uint32_t layer,
	uint32_t n_lane, bool is_filtered, struct snn_error *e);
void snn_exact_free(struct snn_exact *x);
void snn_exact_begin(struct snn_exact *x, uint32_t lane);
/* h [n][n]: row = neuron of the step before, NULL where not recurrent. */
void snn_exact_step(struct snn_exact *x, const struct snn_trace_input *in, const float *h,
	const struct snn_exact_grad *grad);

#endif
