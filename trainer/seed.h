/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seed.h - streams of random numbers addressed by (run seed, use, index), so that no generator's
 * position has to be kept in a checkpoint.
 */
#ifndef SNN_SEED_H
#define SNN_SEED_H

#include <stdint.h>

/* Append, never renumber. */
enum snn_use {
	SNN_USE_INIT,
	SNN_USE_ORDER,
	SNN_USE_ROUNDING,
	SNN_USE_DEVICE,
	SNN_USE_TEACHER,
	SNN_USE_PLAY,
	SNN_USE_SHIFT,
	SNN_USE_DECAY
};

/* SplitMix64's finaliser (Steele et al. 2014) over the three; 32 bits, as gsl_rng_set() takes. */
static inline unsigned long snn_seed(uint64_t seed, enum snn_use use, uint64_t index)
{
	uint64_t key[3] = { seed, (uint64_t)use, index };
	uint64_t z = 0;

	for (int i = 0; i < 3; i++) {
		z += key[i] + 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
	}
	return (unsigned long)(z >> 32);
}

#endif
