/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_compensate.h - drift compensation by the host, through products alone. Private to chips_*.c.
 *
 * A few inputs that training met are kept, with what they gave while the devices were as wanted
 * (refer). Later the same inputs give less; from then on all products are corrected (compensate) by
 *
 *	global   one factor a matrix (Joshi et al., Nat. Commun. 11, 2473 (2020) have one a layer)
 *	column   a factor and an offset for every bit line of every tile
 *
 * fitted by least squares. Where the network learns meanwhile, what is expected follows the pulses.
 * The products are charged as any others.
 */
#ifndef SNN_CHIPS_COMPENSATE_H
#define SNN_CHIPS_COMPENSATE_H

#include "chips.h"

/* -ENOMEM. done is fine with what init left half-made. */
int snn_compensation_init(struct snn_chips *ch);
void snn_compensation_done(struct snn_chips *ch);

/* A product of training: every so often its input is kept. */
void snn_compensation_meet(struct snn_chips *ch, const struct snn_product *p, uint32_t n_lane);
/* A weight, at (row, col) of its matrix, is to have changed by this much. */
void snn_compensation_expect(
	struct snn_chips *ch, const struct snn_tile *t, uint32_t row, uint32_t col, float change);

int snn_chips_refer(struct snn_weights *w, struct snn_error *e);
int snn_chips_compensate(struct snn_weights *w, struct snn_error *e);

#endif
