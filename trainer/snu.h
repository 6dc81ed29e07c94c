/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snu.h - one step of a layer of spiking neural units (Wozniak et al., Nat. Mach. Intell. 2, 2020;
 * Ortner et al. 2023, eqs 1-4), for one sequence.
 *
 *	full reset  s = i + d s' (1 - y')          soft reset  s = i + d s' - b y'
 *	SNU         y = 1 where s > b, else 0      sSNU        y = sigmoid(s - b)
 *	psi: pseudo-derivative of y at u = s - b; for the sSNU the derivative y (1 - y)
 *
 * With network.adaptation beta (ALIF; Bellec et al., Nat. Commun. 11, 2020) b + beta a takes the place
 * of b in y and psi, a <- rho a + y'. The soft reset still subtracts b.
 */
#ifndef SNN_SNU_H
#define SNN_SNU_H

#include "net.h"

struct snn_snu_step {
	const float *i;               /* [n] input current W x */
	const float *b;               /* [n] thresholds */
	const float *d;               /* [n] decays */
	const float *s_prev, *y_prev; /* [n] of the step before; zeros at the start */
	float *s, *y, *psi;           /* [n] yours */
	float *a; /* [n] adaptation, of the step before until this one; zeros at the start */
	float *threshold; /* [n] scratch: b + beta a; both only where the net adapts */
};

void snn_snu_step(const struct snn_net *net, uint32_t n, const struct snn_snu_step *p);

/* 1 / (1 + exp(-u)), for any u. */
float snn_sigmoid(float u);

#endif
