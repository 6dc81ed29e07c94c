/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model_nandakumar2018.c - S. R. Nandakumar et al., "A phase-change memory model for neuromorphic
 * computing", J. Appl. Phys. 124, 152135 (2018). State of a device: conductance g at t0 after its
 * last pulse and programming memory P. With the paper's constants in uS:
 *
 *	SET    P <- P exp(-1 / 2.6)                  before it is used
 *	       dG ~ N(-0.084 G + 0.880 + 1.40 P, (0.091 G + 0.260 + 2.15 P)^2)
 *	       G <- clamp(G + dG, g_min, g_max)
 *	RESET  G <- max(N(0.1, 0.01^2), 0.01), P <- 1
 *	drift  G(t) = G ((t - t_p) / 38.6 s)^-0.04
 *	read   adds N(0, (0.03 G(t) + 0.13)^2)
 *
 * The paper's sd is that of a population of devices. Parameter set_rho says how much of the variance
 * is device to device (z of a SET is sqrt(rho) z_device + sqrt(1 - rho) z_pulse); 0, all of it is
 * drawn anew at every pulse. The clamp acts on the stored conductance, never on a noisy read.
 */
#include "model.h"

void pcm_nandakumar2018_set(const struct pcm_law *law, const struct pcm_cells *a,
	const uint32_t *i_dev, const float *z, size_t n)
{
	const struct pcm_law k = *law;
	for (size_t i = 0; i < n; i++) {
		float g = a->g[i_dev[i]];
		float p = a->memory[i_dev[i]] * k.memory_decay;
		float mean = k.set_mean_g * g + k.set_mean_0 + k.set_mean_p * p;
		float sd = k.set_sd_g * g + k.set_sd_0 + k.set_sd_p * p;
		g += mean + sd * z[i];
		g = g > k.g_min ? g : k.g_min;
		a->g[i_dev[i]] = g < k.g_max ? g : k.g_max;
		a->memory[i_dev[i]] = p;
	}
}

void pcm_nandakumar2018_reset(const struct pcm_law *law, const struct pcm_cells *a,
	const uint32_t *i_dev, const float *z, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float g = law->reset_mean + law->reset_sd * z[i];
		g = g > law->reset_min ? g : law->reset_min;
		a->g[i_dev[i]] = g < law->g_max ? g : law->g_max;
		a->memory[i_dev[i]] = 1.0f;
	}
}

void pcm_nandakumar2018_drift(const struct pcm_params *prm, struct pcm_drift *ret)
{
	*ret = (struct pcm_drift){
		.nu = (float)prm->drift_nu,
		.inv_t0 = (float)(1e-9 / prm->drift_t0),
		.r_min = (float)(prm->drift_t_min / prm->drift_t0),
	};
}

void pcm_nandakumar2018_read_noise(const struct pcm_params *prm, struct pcm_read_noise *ret)
{
	*ret = pcm_read_noise((float)prm->read_sd_0, (float)prm->read_sd_g);
}

float pcm_nandakumar2018_g_min(const struct pcm_params *prm)
{
	return (float)prm->g_min;
}

const struct pcm_model pcm_model_nandakumar2018 = {
	.name = "nandakumar2018",
	.source = "Nandakumar et al., J. Appl. Phys. 124, 152135 (2018)",
	.is_random = true,
	.set = pcm_nandakumar2018_set,
	.reset = pcm_nandakumar2018_reset,
	.drift = pcm_nandakumar2018_drift,
	.read_noise = pcm_nandakumar2018_read_noise,
	.g_min = pcm_nandakumar2018_g_min,
};
