/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel_math.h - polynomials shared by all kernels. Chebyshev interpolants in double precision,
 * coefficients rounded to float; the stated error is of the polynomial, before float rounding.
 */
#ifndef PCM_KERNEL_MATH_H
#define PCM_KERNEL_MATH_H

/* log2(1 + f) = f P(f), f in [sqrt(1/2) - 1, sqrt(2) - 1], relative error 3.0e-8. */
#define LOG2_0 1.442695004e+00f
#define LOG2_1 -7.213474682e-01f
#define LOG2_2 4.809107535e-01f
#define LOG2_3 -3.606932681e-01f
#define LOG2_4 2.879032609e-01f
#define LOG2_5 -2.391698814e-01f
#define LOG2_6 2.160782255e-01f
#define LOG2_7 -2.058618805e-01f
#define LOG2_8 1.231096846e-01f

/* 2^f = 1 + f P(f), f in [-1/2, 1/2], relative error of f P(f) 1.3e-8. */
#define EXP2_0 6.931471880e-01f
#define EXP2_1 2.402265076e-01f
#define EXP2_2 5.550357114e-02f
#define EXP2_3 9.618082557e-03f
#define EXP2_4 1.339086336e-03f
#define EXP2_5 1.545316294e-04f

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
#define TWO_TO_31      2147483648.0f
#define TWO_TO_M31     4.656612873e-10f
#define TWO_TO_M29     1.862645149e-09f

#endif
