/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * programmed.c - devices programmed by write and verify: what model_joshi2020.c and model_hermes.c
 * have in common. x = G / g_max of what is stored, not of what was wanted, so that the laws also hold
 * for a device that single pulses have moved since.
 *
 *	program  G <- max(0, target + N(0, sd_program(x)^2)), a target of 0 included
 *	drift    G(t) = G (t / t0)^-nu, nu = |nu_mean(x) + nu_sd(x) z|
 *	read     adds N(0, (G(t) flicker(x))^2 ln((t + tr) / 2 tr)): see aging.c
 *
 * z is drawn anew by programming, as in the published models, which draw one exponent per programming
 * event, and by a RESET: both melt the device, and what drifts is the glass that then forms. A SET
 * pulse leaves z and moves nu with x, as it anneals the glass that is there (assumption).
 */
#include <math.h>
#include "kernel_scalar.h"
#include "model.h"

#define X_MIN 1e-9f
#define LN_2  0.693147181f

static float curve(const struct pcm_curve *k, float x)
{
	float y;
	if (x >= k->split)
		return ((k->c[3] * x + k->c[2]) * x + k->c[1]) * x + k->c[0];
	x = log2_poly(x > X_MIN ? x : X_MIN);
	y = k->scale > 0.0f ? k->scale * exp2_poly(k->power * x) : k->log_a * (LN_2 * x) + k->log_b;
	y = y > k->lo ? y : k->lo;
	return y < k->hi ? y : k->hi;
}

void pcm_programmed_write(const struct pcm_programmed *k, const struct pcm_law *law,
	const struct pcm_cells *a, const uint32_t *i_dev, const float *g, const float *z, size_t n)
{
	float scale = law->program_scale / sqrtf(k->n_pair);
	for (size_t i = 0; i < n; i++) {
		float sd = scale * curve(&k->sd_program, g[i] * law->inv_g_max);
		float next = g[i] + sd * z[i];
		next = next > 0.0f ? next : 0.0f;
		a->g[i_dev[i]] = next < law->g_top ? next : law->g_top;
		a->memory[i_dev[i]] =
			1.0f; /* the first SET pulse after it is as one after a RESET */
	}
}

void pcm_programmed_settle(const struct pcm_programmed *k, const struct pcm_law *law,
	const struct pcm_cells *a, const uint32_t *i_dev, size_t n)
{
	float root = sqrtf(k->n_pair);
	for (size_t i = 0; i < n; i++) {
		uint32_t d = i_dev[i];
		float x = a->g[d] * law->inv_g_max;
		float nu = curve(&k->nu_mean, x) + root * curve(&k->nu_sd, x) * a->nu_z[d];
		nu = law->drift_scale * fabsf(nu);
		a->nu[d] = nu < 1.0f ? nu : 1.0f;
		a->flicker[d] = law->flicker_scale * root * curve(&k->flicker, x);
	}
}
