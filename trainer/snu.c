/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snu.h"

#include <math.h>
#include "fast.h"

float snn_sigmoid(float u)
{
	/* exp of a negative number only: no overflow. */
	float z = expf(-fabsf(u));

	return u >= 0 ? 1 / (1 + z) : z / (1 + z);
}

SNN_FAST static void membrane_full(size_t n, const float *restrict d, const float *restrict i,
	const float *restrict s_prev, const float *restrict y_prev, float *restrict s)
{
	for (size_t k = 0; k < n; k++)
		s[k] = i[k] + d[k] * s_prev[k] * (1 - y_prev[k]);
}

SNN_FAST static void membrane_soft(size_t n, const float *restrict d, const float *restrict i,
	const float *restrict b, const float *restrict s_prev, const float *restrict y_prev,
	float *restrict s)
{
	for (size_t k = 0; k < n; k++)
		s[k] = i[k] + d[k] * s_prev[k] - b[k] * y_prev[k];
}

SNN_FAST static void adapt(size_t n, float rho, float beta, const float *restrict b,
	const float *restrict y_prev, float *restrict a, float *restrict threshold)
{
	for (size_t k = 0; k < n; k++) {
		a[k] = rho * a[k] + y_prev[k];
		threshold[k] = b[k] + beta * a[k];
	}
}

SNN_FAST static void spike(
	size_t n, const float *restrict s, const float *restrict b, float *restrict y)
{
	for (size_t k = 0; k < n; k++)
		y[k] = s[k] > b[k] ? 1.0f : 0.0f;
}

SNN_FAST static void psi_triangular(size_t n, float gamma, float width, const float *restrict s,
	const float *restrict b, float *restrict psi)
{
	for (size_t k = 0; k < n; k++) {
		float p = 1 - fabsf(s[k] - b[k]) / width;

		psi[k] = p > 0 ? gamma * p : 0;
	}
}

SNN_FAST static void psi_fast_sigmoid(size_t n, float slope, const float *restrict s,
	const float *restrict b, float *restrict psi)
{
	for (size_t k = 0; k < n; k++) {
		float q = slope * fabsf(s[k] - b[k]) + 1;

		psi[k] = 1 / (q * q);
	}
}

static void psi_tanh(size_t n, const float *s, const float *b, float *psi)
{
	for (size_t k = 0; k < n; k++) {
		float th = tanhf(s[k] - b[k]);

		psi[k] = 1 - th * th;
	}
}

static void smooth(size_t n, const float *s, const float *b, float *y, float *psi)
{
	for (size_t k = 0; k < n; k++) {
		y[k] = snn_sigmoid(s[k] - b[k]);
		psi[k] = y[k] * (1 - y[k]);
	}
}

void snn_snu_step(const struct snn_net *net, uint32_t n, const struct snn_snu_step *p)
{
	const float *b = p->b;

	if (net->adaptation > 0) {
		adapt(n, net->adaptation_decay, net->adaptation, p->b, p->y_prev, p->a,
			p->threshold);
		b = p->threshold;
	}
	if (net->reset == SNN_RESET_FULL)
		membrane_full(n, p->d, p->i, p->s_prev, p->y_prev, p->s);
	else
		membrane_soft(n, p->d, p->i, p->b, p->s_prev, p->y_prev, p->s);
	if (net->neuron == SNN_SSNU) {
		smooth(n, p->s, b, p->y, p->psi);
		return;
	}
	spike(n, p->s, b, p->y);
	switch (net->psi) {
	case SNN_PSI_TRIANGULAR:
		psi_triangular(n, net->psi_gamma, net->psi_width, p->s, b, p->psi);
		break;
	case SNN_PSI_TANH:
		psi_tanh(n, p->s, b, p->psi);
		break;
	case SNN_PSI_FAST_SIGMOID:
		psi_fast_sigmoid(n, net->psi_slope, p->s, b, p->psi);
		break;
	}
}
