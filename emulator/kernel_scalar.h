/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_scalar.h - the polynomials of kernel_math.h on single floats: the same bits everywhere. */
#ifndef PCM_KERNEL_SCALAR_H
#define PCM_KERNEL_SCALAR_H

#include <stdint.h>
#include <string.h>
#include "kernel_math.h"

static inline uint32_t bits_of(float x)
{
	uint32_t u;
	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float float_of(uint32_t u)
{
	float x;
	memcpy(&x, &u, sizeof(x));
	return x;
}

/* Horner's rule. */
static inline float poly_5(float x, float c0, float c1, float c2, float c3, float c4, float c5)
{
	return ((((c5 * x + c4) * x + c3) * x + c2) * x + c1) * x + c0;
}

/* x > 0, normal */
static inline float log2_poly(float x)
{
	int32_t e = (int32_t)(bits_of(x) - SQRT_HALF_BITS) >> 23;
	float f = float_of(bits_of(x) - ((uint32_t)e << 23)) - 1.0f;
	return (float)e + f * poly_5(f, LOG2_0, LOG2_1, LOG2_2, LOG2_3, LOG2_4, LOG2_5);
}

/* -126 <= x <= 126 */
static inline float exp2_poly(float x)
{
	float n = x + ROUND_MAGIC; /* the nearest integer is in its low bits */
	float f = x - (n - ROUND_MAGIC);
	float p = poly_5(f, 1.0f, EXP2_0, EXP2_1, EXP2_2, EXP2_3, EXP2_4);
	return float_of(bits_of(p) + (bits_of(n) << 23));
}

#endif
