/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lockstep.h - the same mixed calls on two boards; the law of the house is that they cannot be told
 * apart by their answers.
 */
#ifndef LOCKSTEP_H
#define LOCKSTEP_H

#include <stdint.h>
#include "xbar.h"

/*
 * n_call calls of all kinds, drawn from seed, on both boards, which must be new. Fails the cmocka
 * test at the first byte that differs: answers, errors, ADC codes' sizes, statistics (but those of
 * links), and in the end the whole states.
 */
void lockstep(struct xbar *a, struct xbar *b, unsigned n_call, uint32_t seed);

/* For lines on which a state takes minutes: it is saved once, at the end, and not loaded. */
void lockstep_slow(struct xbar *a, struct xbar *b, unsigned n_call, uint32_t seed);

#endif
