/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_hermes.c - devices of the 14 nm HERMES chip (Khaddam-Aljameh et al., IEEE J. Solid-State
 * Circuits 57, 1027 (2022); Le Gallo et al., Nat. Electron. 6, 680 (2023)), with the constants of
 * aihwkit's noise models of that chip. x = G / g_max, conductances in uS:
 *
 *	           one device a polarity: g_max 10.35, t0 200 s, tr 512 ns
 *	sd_program .15781817 + 2.32443916 x - 2.16310839 x^2 + .68841818 x^3
 *	nu_mean    x < .0945: clip(-.0387 ln x - .0182, .072, .13), else -.0436 x^2 - .0126 x + .0736
 *	nu_sd      x < .3039: clip(-.0120 ln x - .0023, .0124, .04), else -.0165 x^2 + .0116 x + .0104
 *	flicker    x < .1591: clip(-.0078 ln x + .0038, .0179, .04),
 *	           else .0664 x^3 - .1352 x^2 + .0768 x + .0088
 *
 *	           two devices a polarity: g_max 20.7, t0 300 s, tr 512 ns
 *	sd_program .16603222 + 4.71806468 x - 8.48101252 x^2 + 4.68961419 x^3
 *	nu_mean    as above
 *	nu_sd      x < .3055: clip(-.0117 ln x - .0057, .0091, .04), else -.0118 x^2 + .0093 x + .0073
 *	flicker    x < .16: clip(-.0117 ln x - .0069, .015, .04),
 *	           else .0069 x^3 - .0280 x^2 + .0211 x + .0123
 *
 * hermes2 is the second: its devices have g_max 10.35 each and half the pair's conductance, and are
 * such that the pair is as published (model.h). Single pulses are nandakumar2018's.
 */
#include "model.h"

#define NU_MEAN                                                                                    \
	{                                                                                          \
		.split = 0.0945f, .log_a = -0.0387f, .log_b = -0.0182f, .lo = 0.072f, .hi = 0.13f, \
		.c = { 0.0736f,                                                                    \
			-0.0126f,                                                                  \
			-0.0436f }                                                                 \
	}

static const struct pcm_programmed one = {
	.sd_program = { .c = { 0.15781817e-6f, 2.32443916e-6f, -2.16310839e-6f, 0.68841818e-6f } },
	.nu_mean = NU_MEAN,
	.nu_sd = { .split = 0.3039f,
		.log_a = -0.0120f,
		.log_b = -0.0023f,
		.lo = 0.0124f,
		.hi = 0.04f,
		.c = { 0.0104f, 0.0116f, -0.0165f } },
	.flicker = { .split = 0.1591f,
		.log_a = -0.0078f,
		.log_b = 0.0038f,
		.lo = 0.0179f,
		.hi = 0.04f,
		.c = { 0.0088f, 0.0768f, -0.1352f, 0.0664f } },
	.n_pair = 1.0f,
	.nu_max = 0.25f, /* 0.13 + 3 * 0.04 */
};

static const struct pcm_programmed two = {
	.sd_program = { .c = { 0.16603222e-6f, 4.71806468e-6f, -8.48101252e-6f, 4.68961419e-6f } },
	.nu_mean = NU_MEAN,
	.nu_sd = { .split = 0.3055f,
		.log_a = -0.0117f,
		.log_b = -0.0057f,
		.lo = 0.0091f,
		.hi = 0.04f,
		.c = { 0.0073f, 0.0093f, -0.0118f } },
	.flicker = { .split = 0.16f,
		.log_a = -0.0117f,
		.log_b = -0.0069f,
		.lo = 0.015f,
		.hi = 0.04f,
		.c = { 0.0123f, 0.0211f, -0.0280f, 0.0069f } },
	.n_pair = 2.0f,
	.nu_max = 0.3f, /* 0.13 + 3 * 0.04 * sqrt(2) */
};

const struct pcm_model pcm_model_hermes = {
	.name = "hermes",
	.source = "Khaddam-Aljameh et al., IEEE J. Solid-State Circuits 57, 1027 (2022)",
	.is_random = true,
	.set = pcm_nandakumar2018_set,
	.reset = pcm_nandakumar2018_reset,
	.programmed = &one,
	.drift = pcm_nandakumar2018_drift,
	.read_noise = pcm_nandakumar2018_read_noise,
	.g_min = pcm_nandakumar2018_g_min,
};

const struct pcm_model pcm_model_hermes2 = {
	.name = "hermes2",
	.source = "Khaddam-Aljameh et al., IEEE J. Solid-State Circuits 57, 1027 (2022)",
	.is_random = true,
	.set = pcm_nandakumar2018_set,
	.reset = pcm_nandakumar2018_reset,
	.programmed = &two,
	.drift = pcm_nandakumar2018_drift,
	.read_noise = pcm_nandakumar2018_read_noise,
	.g_min = pcm_nandakumar2018_g_min,
};
