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
	float set_step;
	float set_mean_0, set_mean_g, set_mean_p; /* S, 1, S */
	float set_sd_0, set_sd_g, set_sd_p;       /* S, 1, S */
	float memory_decay;                       /* 1, of P, a pulse */
	float reset_mean, reset_sd, reset_min;
};

/* Devices' state as pulses see it; index (row * 4 + device) * 256 + column. */
struct pcm_cells {
	float *g;      /* S, at t0 after the last pulse */
	float *memory; /* 1, P of nandakumar2018 */
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

	/* NULL: conductance does not drift. */
	void (*drift)(const struct pcm_params *prm, struct pcm_drift *ret);

	/* NULL: reads are exact. */
	void (*read_noise)(const struct pcm_params *prm, struct pcm_read_noise *ret);

	/* Lowest conductance that can be programmed, S. */
	float (*g_min)(const struct pcm_params *prm);
};

extern const struct pcm_model pcm_model_nandakumar2018;
extern const struct pcm_model pcm_model_ideal;

/* The model of index prm->model; NULL if there is none. */
const struct pcm_model *pcm_model_at(uint32_t i);

#endif
