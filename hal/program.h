/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.h - bring devices to wanted conductances with nothing but xbar_pulse() and xbar_read(),
 * for boards whose chips do not do it themselves.
 */
#ifndef XBAR_PROGRAM_H
#define XBAR_PROGRAM_H

#include "xbar.h"

/* As xbar_program() in xbar.h, arguments checked; opt complete (no 0 for a default). */
int xbar_program_by_pulses(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret);

/* Read every device of the patch opt->n_read times and compare the means with g. */
int xbar_program_verify(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret);

#endif
