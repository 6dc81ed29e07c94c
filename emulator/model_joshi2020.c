/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_joshi2020.c - V. Joshi et al., "Accurate deep neural network inference using computational
 * phase-change memory", Nat. Commun. 11, 2473 (2020), as fitted there and used by aihwkit: devices of
 * 90 nm, g_max 25 uS, t0 20 s, tr 250 ns. x = G / g_max, conductances in uS:
 *
 *	sd_program  0.26348 + 1.9650 x - 1.1731 x^2
 *	nu_mean     -0.0155 ln x + 0.0244, clipped to [0.049, 0.1]
 *	nu_sd       -0.0125 ln x - 0.0059, clipped to [0.008, 0.045]
 *	flicker     min(0.0088 / x^0.65, 0.2)
 *
 * It says nothing of single pulses: those are nandakumar2018's.
 */
#include "model.h"

#define ALWAYS 1e9f /* split: x is never above */

static const struct pcm_programmed joshi2020 = {
	.sd_program = { .c = { 0.26348e-6f, 1.9650e-6f, -1.1731e-6f } },
	.nu_mean = { .split = ALWAYS,
		.log_a = -0.0155f,
		.log_b = 0.0244f,
		.lo = 0.049f,
		.hi = 0.1f },
	.nu_sd = { .split = ALWAYS,
		.log_a = -0.0125f,
		.log_b = -0.0059f,
		.lo = 0.008f,
		.hi = 0.045f },
	.flicker = { .split = ALWAYS, .scale = 0.0088f, .power = -0.65f, .hi = 0.2f },
	.n_pair = 1.0f,
	.nu_max = 0.235f, /* 0.1 + 3 * 0.045 */
};

const struct pcm_model pcm_model_joshi2020 = {
	.name = "joshi2020",
	.source = "Joshi et al., Nat. Commun. 11, 2473 (2020)",
	.is_random = true,
	.set = pcm_nandakumar2018_set,
	.reset = pcm_nandakumar2018_reset,
	.programmed = &joshi2020,
	.drift = pcm_nandakumar2018_drift,
	.read_noise = pcm_nandakumar2018_read_noise,
	.g_min = pcm_nandakumar2018_g_min,
};
