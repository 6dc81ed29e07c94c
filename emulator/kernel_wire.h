/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel_wire.h - inputs as they arrive at cells through lines with resistance. Plain C, compiled for
 * each instruction set: lanes are groups of columns, the order of sums is that of rows.
 */
#ifndef PCM_KERNEL_WIRE_H
#define PCM_KERNEL_WIRE_H

#include <string.h>
#include "kernels.h"

/* From the furthest row to the nearest what flows through a bit line, then back what that takes. */
static void wire_inputs(float *restrict ret, const struct pcm_drive *d, const float *restrict total,
	const float *restrict reach, float half_r)
{
	enum { N = PCM_N_WIRE_GROUP };
	float sum[256][2][N]; /* of T and x T, from this row on */
	float a[N] = { 0 }, b[N] = { 0 };
	for (uint32_t i = d->n; i-- > 0;) {
		const float *t = total + d->row[i] * N;
		float x = d->x[i];
		for (uint32_t g = 0; g < N; g++) {
			a[g] += t[g];
			b[g] += x * t[g];
		}
		memcpy(sum[i][0], a, sizeof(a));
		memcpy(sum[i][1], b, sizeof(b));
	}
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	for (uint32_t i = 0, last = 0; i < d->n; i++) {
		float x = d->x[i], far = half_r * (float)(int32_t)(d->row[i] + 1u - last);
		const float *k = reach + d->row[i] * N;
		last = d->row[i] + 1u;
		float arrive[N];
		for (uint32_t g = 0; g < N; g++)
			a[g] += far * sum[i][0][g];
		for (uint32_t g = 0; g < N; g++)
			b[g] += far * sum[i][1][g];
		for (uint32_t g = 0; g < N; g++) {
			float rest = 1.0f + a[g];
			arrive[g] = (x * rest - b[g]) * k[g] / (rest * rest);
		}
		memcpy(ret + i * N, arrive, sizeof(arrive));
	}
}

#endif
