/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fast.h"

#define N_LANE 16

SNN_FAST void snn_axpy(size_t n, float a, const float *restrict x, float *restrict y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

SNN_FAST void snn_add(size_t n, const float *restrict x, float *restrict y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

SNN_FAST void snn_axpy_to_double(size_t n, double a, const float *restrict x, double *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += a * (double)x[i];
}

SNN_FAST void snn_add_product(
	size_t n, const float *restrict x, const float *restrict y, double *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += (double)x[i] * (double)y[i];
}

SNN_FAST float snn_dot(size_t n, const float *restrict x, const float *restrict y)
{
	float sum[N_LANE] = { 0 };
	size_t i = 0;

	for (; i + N_LANE <= n; i += N_LANE) {
		for (size_t k = 0; k < N_LANE; k++)
			sum[k] += x[i + k] * y[i + k];
	}
	for (size_t k = 0; i < n; i++, k++)
		sum[k] += x[i] * y[i];
	for (size_t half = N_LANE / 2; half; half /= 2) {
		for (size_t k = 0; k < half; k++)
			sum[k] += sum[k + half];
	}
	return sum[0];
}
