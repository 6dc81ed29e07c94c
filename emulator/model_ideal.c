/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_ideal.c - what a device ought to be: SET adds set_step, RESET goes to 0, reads are exact,
 * nothing drifts. Ignores the noise, drift and g_min parameters, so that model=ideal alone is
 * ideal.
 */
#include "model.h"

static void ideal_set(const struct pcm_law *law, const struct pcm_cells *a, const uint32_t *i_dev,
	const float *z, size_t n)
{
	(void)z;
	for (size_t i = 0; i < n; i++) {
		float g = a->g[i_dev[i]] + law->set_step;
		a->g[i_dev[i]] = g < law->g_max ? g : law->g_max;
	}
}

static void ideal_reset(const struct pcm_law *law, const struct pcm_cells *a, const uint32_t *i_dev,
	const float *z, size_t n)
{
	(void)law;
	(void)z;
	for (size_t i = 0; i < n; i++)
		a->g[i_dev[i]] = 0.0f;
}

static void ideal_program(const struct pcm_law *law, const struct pcm_cells *a,
	const uint32_t *i_dev, const float *g, size_t n)
{
	(void)law;
	for (size_t i = 0; i < n; i++)
		a->g[i_dev[i]] = g[i];
}

static float ideal_g_min(const struct pcm_params *prm)
{
	(void)prm;
	return 0.0f;
}

const struct pcm_model pcm_model_ideal = {
	.name = "ideal",
	.source = "definition",
	.set = ideal_set,
	.reset = ideal_reset,
	.program = ideal_program,
	.g_min = ideal_g_min,
};
