/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_effect.h - the part of SET steps that is a device's own, u ~ N(0, set_rho) of their sd, pulse
 * after pulse and cycle after cycle: a random effect, integrated out of the likelihood of staircases.
 */
#ifndef FIT_EFFECT_H
#define FIT_EFFECT_H

#include "fit_sample.h"

/* ln likelihood of staircases by their device's u: a + b u - c u^2 / 2. */
struct fit_effect {
	double a, b, c;
};

/* Where each device's u is, anew: the staircases are expanded there. theta [FIT_N_THETA]. */
void fit_effect_place(struct fit_sample *s, const double *theta);

/* Variance of u over devices: what their scatter has beyond the errors of theirs. 0 and up. */
double fit_effect_rho(const struct fit_sample *s, const double *theta);

/*
 * ln likelihoods of a device's staircases, ret [n_cycle] every `stride`: of each, given those before.
 * Their sum is the marginal likelihood, and their slopes do not go together.
 */
void fit_effect_likelihood(const struct fit_sample *s, const double *theta, size_t i_device,
	double *ret, size_t stride);

/* Of the cycles first .. end - 1 of a device together. */
struct fit_effect fit_effect_of(
	const struct fit_sample *s, const double *theta, size_t i_device, size_t first, size_t end);

#endif
