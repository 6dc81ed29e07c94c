/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel_math.h - polynomials shared by all kernels. Chebyshev interpolants in double precision,
 * coefficients rounded to float; the stated error is of the polynomial, before float rounding.
 */
#ifndef PCM_KERNEL_MATH_H
#define PCM_KERNEL_MATH_H

/*
 * log2(1 + f) = f P(f), f in [sqrt(1/2) - 1, sqrt(2) - 1], relative error 8.3e-06. Enough: drift
 * multiplies it by nu ln 2, a normal takes half of it.
 */
#define LOG2_0 1.442700440e+00f
#define LOG2_1 -7.211957524e-01f
#define LOG2_2 4.799255735e-01f
#define LOG2_3 -3.669257710e-01f
#define LOG2_4 3.168981872e-01f
#define LOG2_5 -2.022892637e-01f

/* 2^f = 1 + f P(f), f in [-1/2, 1/2], error 2.0e-7. */
#define EXP2_0 6.931471806e-01f
#define EXP2_1 2.402234904e-01f
#define EXP2_2 5.550381014e-02f
#define EXP2_3 9.666368515e-03f
#define EXP2_4 1.338130254e-03f

/* sin(pi/4 t) = t P(t^2), t in [-1, 1], relative error 3.4e-9. */
#define SIN_0 7.853981610e-01f
#define SIN_1 -8.074543471e-02f
#define SIN_2 2.490006801e-03f
#define SIN_3 -3.595429072e-05f

/* cos(pi/4 t) = 1 + t^2 P(t^2), relative error of t^2 P 6.5e-10. */
#define COS_0 -3.084251373e-01f
#define COS_1 1.585433815e-02f
#define COS_2 -3.259613803e-04f
#define COS_3 3.541952717e-06f

#define SQRT_HALF_BITS 0x3f3504f3  /* float sqrt(1/2) */
#define ROUND_MAGIC    12582912.0f /* 1.5 * 2^23: adding and subtracting it rounds to an integer */
#define MINUS_2_LN_2   -1.386294361f
#define TWO_TO_M31     4.656612873e-10f
#define TWO_TO_M29     1.862645149e-09f

#endif
