/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_sample.h - the readings from which fit_law.c estimates, and how well its law describes them.
 */
#ifndef FIT_SAMPLE_H
#define FIT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include "fit.h"

/*
 * A number of readings of each kind; stairs are [n_cycle][n_device][n_step]. Every staircase, every
 * cycle of RESET and every device read several times is a unit of the likelihood, every device a cluster.
 */
struct fit_sample {
	struct fit_reads *stair, *reset, *repeat;
	size_t n_stair, n_step, n_reset, n_repeat;
	size_t n_cycle, n_device; /* of the staircases: n_stair is their product */
	size_t every;             /* only every so-many-th device's staircases count */
	uint32_t *cluster;        /* [n_stair + n_reset + n_repeat] */
	/* Whether devices have effects of their own, and where, as to be seen in fit_effect.h. */
	bool has_effect;
	double *centre, *width; /* [n_device] */
};

/* Of the devices that are not bad; fit_sample_done() only after success. */
int fit_sample_init(struct fit_sample *ret, const struct fit_data *d, struct fit_message *msg);
void fit_sample_done(struct fit_sample *s);

/* Where repeated reads are from: program-verify, drift's first time otherwise. */
const struct fit_samples *fit_sample_repeats(const struct fit_data *d);

/* Standardised residuals of theta [FIT_N_THETA]. */
int fit_sample_check(const struct fit_sample *s, const double *theta, const struct fit_data *d,
	struct fit_result *ret, struct fit_message *msg);

#endif
