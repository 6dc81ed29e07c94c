/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spikes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"

#define CODE_MAX 127.0f

int snn_spikes_init(struct snn_spikes *p, uint32_t n, uint32_t n_lane, bool is_real)
{
	size_t all = (size_t)n * n_lane;

	*p = (struct snn_spikes){
		.n = n, .n_lane = n_lane, .n_byte = (n + 7) / 8, .is_real = is_real
	};
	p->real = calloc(1,
		all * (sizeof(*p->real) + sizeof(*p->on) + sizeof(*p->code)) +
			n_lane * (sizeof(*p->n_on) + p->n_byte) + 1);
	if (!p->real)
		return -ENOMEM;
	p->n_on = (uint32_t *)(p->real + all);
	p->on = (uint16_t *)(p->n_on + n_lane);
	p->bit = (uint8_t *)(p->on + all);
	p->code = (int8_t *)(p->bit + n_lane * p->n_byte);
	return 0;
}

void snn_spikes_done(struct snn_spikes *p)
{
	free(p->real);
	*p = (struct snn_spikes){ 0 };
}

void snn_spikes_list(struct snn_spikes *p, uint32_t lane, const uint16_t *on, uint32_t n_on)
{
	uint8_t *bit = p->bit + lane * p->n_byte;
	float *real = p->real + (size_t)lane * p->n;
	int8_t *code = p->code + (size_t)lane * p->n;

	if (p->is_real) {
		memset(real, 0, p->n * sizeof(*real));
		memset(code, 0, p->n);
		for (uint32_t k = 0; k < n_on; k++) {
			real[on[k]] = 1;
			code[on[k]] = (int8_t)CODE_MAX;
		}
		return;
	}
	memset(bit, 0, p->n_byte);
	for (uint32_t k = 0; k < n_on; k++)
		bit[on[k] / 8] |= (uint8_t)(1u << (on[k] % 8));
	if (n_on)
		memcpy(p->on + (size_t)lane * p->n, on, n_on * sizeof(*on));
	p->n_on[lane] = n_on;
}

static void copy_real(struct snn_spikes *p, uint32_t lane, const float *y)
{
	int8_t *code = p->code + (size_t)lane * p->n;

	memcpy(p->real + (size_t)lane * p->n, y, p->n * sizeof(*y));
	for (uint32_t i = 0; i < p->n; i++)
		code[i] = (int8_t)lrintf(CODE_MAX * y[i]);
}

void snn_spikes_values(struct snn_spikes *p, uint32_t lane, const float *y)
{
	uint16_t *on = p->on + (size_t)lane * p->n;
	uint8_t *bit = p->bit + lane * p->n_byte;
	uint32_t n_on = 0;

	if (p->is_real) {
		copy_real(p, lane, y);
		return;
	}
	memset(bit, 0, p->n_byte);
	for (uint32_t i = 0; i < p->n; i++) {
		if (y[i] != 0) {
			on[n_on++] = (uint16_t)i;
			bit[i / 8] |= (uint8_t)(1u << (i % 8));
		}
	}
	p->n_on[lane] = n_on;
}

void snn_spikes_outer(
	const struct snn_spikes *p, uint32_t lane, size_t n, const float *c, double *grad)
{
	if (p->is_real) {
		for (uint32_t j = 0; j < p->n; j++)
			snn_axpy_to_double(n, (double)snn_spikes_real(p, lane)[j], c, grad + j * n);
	} else {
		for (uint32_t k = 0; k < p->n_on[lane]; k++)
			snn_axpy_to_double(n, 1, c, grad + snn_spikes_on(p, lane)[k] * n);
	}
}
