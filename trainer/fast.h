/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fast.h - loops compiled once per instruction set and chosen when the program starts. The source is
 * plain C; without -ffast-math and with -ffp-contract=off the compiler may only widen such a loop,
 * so every version computes the same bits. Sums over an index therefore have to be written with
 * their lanes (snn_dot() in fast.c).
 */
#ifndef SNN_FAST_H
#define SNN_FAST_H

#include <stddef.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__clang__)
#define SNN_FAST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SNN_FAST
#endif

/* y [n] += a x [n] */
void snn_axpy(size_t n, float a, const float *restrict x, float *restrict y);
/* y [n] += x [n] */
void snn_add(size_t n, const float *restrict x, float *restrict y);
/* sum [n] += a x [n], in double */
void snn_axpy_to_double(size_t n, double a, const float *restrict x, double *restrict sum);
/* sum [n] += x [n] y [n], element by element, in double */
void snn_add_product(
	size_t n, const float *restrict x, const float *restrict y, double *restrict sum);
/* sum of x_i y_i, in 16 interleaved partial sums added pairwise */
float snn_dot(size_t n, const float *restrict x, const float *restrict y);

#endif
