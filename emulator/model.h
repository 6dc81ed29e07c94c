/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model.h - what a device model is: how pulses change a device, and what laws its conductance obeys
 * afterwards. Add one: copy model_nandakumar2018.c, list it in models.c, append its name to
 * pcm_model_names.
 *
 * A hook that is NULL means the model has no such effect, whatever the parameters say.
 */
#ifndef PCM_MODEL_H
#define PCM_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include "kernels.h"
#include "pcm.h"

/* struct pcm_params as the pulse laws use it: float, and what is computed once. S unless noted. */
struct pcm_law {
	float g_min, g_max;
	float g_top; /* above anything that is stored */
	float set_step;
	float set_mean_0, set_mean_g, set_mean_p; /* S, 1, S */
	float set_sd_0, set_sd_g, set_sd_p;       /* S, 1, S */
	float memory_decay;                       /* 1, of P, a pulse */
	float reset_mean, reset_sd, reset_min;
	float inv_g_max;                                 /* 1/S */
	float program_scale, drift_scale, flicker_scale; /* 1 */
};

/* Devices' state as pulses see it; index (row * 4 + device) * 256 + column. */
struct pcm_cells {
	float *g;      /* S, at t0 after the last pulse */
	float *memory; /* 1, P of nandakumar2018 */
	/* Of models that are programmed, else NULL. */
	const float *nu_z; /* 1, normal that tells a device's drift exponent from others' */
	float *nu,
		*flicker; /* 1, 1: drift exponent, relative amplitude of 1/f noise; follow from g */
};

/*
 * y(x), x = g / g_max: from `split` on c[0] + c[1] x + c[2] x^2 + c[3] x^3, below it, clipped to
 * [lo, hi], scale x^power where scale > 0, else log_a ln x + log_b.
 */
struct pcm_curve {
	float split;
	float c[4];
	float log_a, log_b;
	float scale, power;
	float lo, hi;
};

/*
 * What is known of devices programmed by write and verify. n_pair is how many devices the published
 * figures are sums of: one of them has sd_program / sqrt(n_pair), and nu_sd and flicker times
 * sqrt(n_pair), so that n_pair of them together are as published.
 */
struct pcm_programmed {
	struct pcm_curve sd_program;     /* S, at t0 after programming */
	struct pcm_curve nu_mean, nu_sd; /* 1 */
	struct pcm_curve flicker;        /* 1 */
	float n_pair;
	float nu_max; /* drift exponents are seldom above: bounds the error of cached conductances */
};

struct pcm_model {
	const char *name, *source;
	bool is_random; /* set and reset use z; else it may be NULL */

	/* One pulse each on devices i_dev [n], in order (a device may come twice); z: normals [n]. */
	void (*set)(const struct pcm_law *law, const struct pcm_cells *a, const uint32_t *i_dev,
		const float *z, size_t n);
	void (*reset)(const struct pcm_law *law, const struct pcm_cells *a, const uint32_t *i_dev,
		const float *z, size_t n);

	/* Closed-loop programming to g [n] in one go. NULL: -ENOTSUP. */
	void (*program)(const struct pcm_law *law, const struct pcm_cells *a, const uint32_t *i_dev,
		const float *g, size_t n);

	/*
	 * Devices are programmed by write and verify with these errors, have drift exponents that
	 * depend on their conductance, and 1/f noise; then `program` is not looked at. NULL: no.
	 */
	const struct pcm_programmed *programmed;

	/* NULL: conductance does not drift. */
	void (*drift)(const struct pcm_params *prm, struct pcm_drift *ret);

	/* NULL: reads are exact. */
	void (*read_noise)(const struct pcm_params *prm, struct pcm_read_noise *ret);

	/* Lowest conductance that can be programmed, S. */
	float (*g_min)(const struct pcm_params *prm);
};

extern const struct pcm_model pcm_model_nandakumar2018;
extern const struct pcm_model pcm_model_ideal;
extern const struct pcm_model pcm_model_joshi2020;
extern const struct pcm_model pcm_model_hermes, pcm_model_hermes2;

/* model_nandakumar2018.c: its pulses and noise, which programmed models share. */
void pcm_nandakumar2018_set(const struct pcm_law *law, const struct pcm_cells *a,
	const uint32_t *i_dev, const float *z, size_t n);
void pcm_nandakumar2018_reset(const struct pcm_law *law, const struct pcm_cells *a,
	const uint32_t *i_dev, const float *z, size_t n);
void pcm_nandakumar2018_drift(const struct pcm_params *prm, struct pcm_drift *ret);
void pcm_nandakumar2018_read_noise(const struct pcm_params *prm, struct pcm_read_noise *ret);
float pcm_nandakumar2018_g_min(const struct pcm_params *prm);

/* programmed.c: g [n] plus programming noise; z: normals [n]. */
void pcm_programmed_write(const struct pcm_programmed *k, const struct pcm_law *law,
	const struct pcm_cells *a, const uint32_t *i_dev, const float *g, const float *z, size_t n);

/* programmed.c: nu and flicker of devices whose conductance has changed. */
void pcm_programmed_settle(const struct pcm_programmed *k, const struct pcm_law *law,
	const struct pcm_cells *a, const uint32_t *i_dev, size_t n);

/* The model of index prm->model; NULL if there is none. */
const struct pcm_model *pcm_model_at(uint32_t i);

#endif
