/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_bytes.h - input of the fuzzers here: each byte is XORed with 0x5a, so that seeds, which are
 * strings, can say zero ("Z").
 */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include <stdbool.h>
#include <stdlib.h>
#include "fuzz.h"

#define FUZZ_N_BYTE 65536

struct fuzz_bytes {
	uint8_t byte[FUZZ_N_BYTE];
	size_t n, at;
};

static inline void fuzz_bytes_init(struct fuzz_bytes *b, const uint8_t *data, size_t n)
{
	b->n = n < FUZZ_N_BYTE ? n : FUZZ_N_BYTE;
	b->at = 0;
	for (size_t i = 0; i < b->n; i++)
		b->byte[i] = data[i] ^ 0x5a;
}

/* 0 after the end. */
static inline uint8_t fuzz_byte(struct fuzz_bytes *b)
{
	return b->at < b->n ? b->byte[b->at++] : 0;
}

static inline void fuzz_check(bool is_true)
{
	if (!is_true)
		abort();
}

#endif
