/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng.h - addressed random numbers: Philox4x32-10, Salmon et al., SC'11, "Parallel random numbers:
 * as easy as 1, 2, 3".
 *
 * Every random number of a chip has an address, so nothing is shared and no order matters:
 *
 *	key      seed, low word then high word
 *	counter  [0] block    which four words of the operation
 *	         [1] op low   index of the operation since power-up
 *	         [2] op high
 *	         [3] use | i_chip << 8
 *
 * Normals are made in groups of PCM_GROUP = 64 out of 16 blocks. Normal i of an operation is in
 * group i / 64, at place j = i % 64 there, and comes from block 16 (i / 64) + j % 16:
 * word pairs (0, 1) and (2, 3) make one Box-Muller pair each, and j / 16 says which of the four.
 * So a vector unit of 4, 8 or 16 lanes stores what it has without shuffling.
 *
 * A mvm vector is one operation. Single pulses, device reads and devices at power-up are counted
 * one by one instead; normal number k of such a use is number k % PCM_SPAN of operation
 * k / PCM_SPAN.
 */
#ifndef PCM_RNG_H
#define PCM_RNG_H

#include <stdint.h>

#define PCM_GROUP 64
#define PCM_SPAN  1024

/* Salmon et al. 2011, table 2 and section 3.3: multipliers and Weyl increments of the key. */
#define PCM_PHILOX_MUL_0  0xd2511f53u
#define PCM_PHILOX_MUL_1  0xcd9e8d57u
#define PCM_PHILOX_WEYL_0 0x9e3779b9u
#define PCM_PHILOX_WEYL_1 0xbb67ae85u

/* Append, never renumber: old snapshots and seeds depend on it. */
enum pcm_use {
	PCM_USE_POWER_UP, /* conductance of the RESET state */
	PCM_USE_NU,       /* drift exponent */
	PCM_USE_PULSE,
	PCM_USE_READ,       /* pcm_chip_read() */
	PCM_USE_MVM,        /* one normal a column */
	PCM_USE_LITERAL,    /* one normal a device */
	PCM_USE_STUCK,      /* one word a device */
	PCM_USE_LINE,       /* one word a row or column; operation: which kind of fault */
	PCM_USE_ADC,        /* one normal a column; operation 0: gain, 1: offset */
	PCM_USE_SET_DEVICE, /* the part of set_rho; one normal a device */
	PCM_USE_PROGRAM,
	PCM_USE_NU_PROGRAM, /* exponents of what was programmed */
	PCM_USE_NU_PULSE,   /* and of what was pulsed */
	PCM_USE_FLICKER,    /* operation: time; group n_slow chunk + process */
};

/* Where an operation's numbers start; the block is added by whoever draws. */
struct pcm_stream {
	uint32_t key[2];
	uint32_t op[2];
	uint32_t use; /* enum pcm_use | i_chip << 8 */
};

/* Ten rounds: ret = Philox(ctr, key). */
void pcm_philox(uint32_t ret[4], const uint32_t ctr[4], const uint32_t key[2]);

struct pcm_stream pcm_stream(uint64_t seed, uint32_t i_chip, enum pcm_use use, uint64_t op);

/* Word i of an operation, uniform: word i % 4 of block i / 4. */
uint32_t pcm_word_at(const struct pcm_stream *s, uint32_t i);

#endif
