/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define N_CHIP_MAX (UINT32_C(1) << 24) /* rng.h: the counter has 24 bits for the chip */

static uint64_t ns(double s)
{
	return (uint64_t)(s * 1e9 + 0.5);
}

static struct pcm_law law(const struct pcm_params *prm, const struct pcm_model *model)
{
	return (struct pcm_law){
		.g_min = model->g_min(prm),
		.g_max = (float)prm->g_max,
		.g_top = (float)(prm->g_max * (model->programmed ? 2 : 1)),
		.inv_g_max = (float)(1 / prm->g_max),
		.program_scale = (float)prm->program_scale,
		.drift_scale = (float)prm->drift_scale,
		.flicker_scale = (float)prm->flicker_scale,
		.set_step = (float)prm->set_step,
		.set_mean_0 = (float)prm->set_mean_0,
		.set_mean_g = (float)prm->set_mean_g,
		.set_mean_p = (float)prm->set_mean_p,
		.set_sd_0 = (float)prm->set_sd_0,
		.set_sd_g = (float)prm->set_sd_g,
		.set_sd_p = (float)prm->set_sd_p,
		.memory_decay = expf((float)(-1.0 / prm->set_memory)),
		.reset_mean = (float)prm->reset_mean,
		.reset_sd = (float)prm->reset_sd,
		.reset_min = (float)prm->reset_min,
	};
}

static void derive(struct pcm_chip *c)
{
	const struct pcm_params *prm = &c->prm;
	c->dsp = pcm_dsp_find(NULL);
	c->law = law(prm, c->model);
	c->drift = (struct pcm_drift){ .nu = 0.0f, .inv_t0 = 1.0f, .r_min = 1.0f };
	if (c->model->drift)
		c->model->drift(prm, &c->drift);
	c->drift.f_min = pcm_drift_floor(&c->drift);
	c->has_noise = c->model->read_noise && prm->read_noise != PCM_NOISE_OFF;
	if (c->has_noise)
		c->model->read_noise(prm, &c->noise);
	c->t_mvm = ns(prm->t_mvm);
	c->t_set = ns(prm->t_set);
	c->t_reset = ns(prm->t_reset);
	c->t_read = ns(prm->t_read);
	c->t_program = ns(prm->t_program);
	pcm_aging_derive(c);
	pcm_disturb_derive(c);
	c->dac_max = (float)((1 << (prm->dac_bits - 1)) - 1);
	c->code_max = (float)((1 << (prm->adc_bits - 1)) - 1);
}

int pcm_chip_new(struct pcm_chip **ret, const struct pcm_params *prm, uint32_t i_chip)
{
	struct pcm_chip *c;
	int r;
	if (pcm_params_complaint(prm) || i_chip >= N_CHIP_MAX)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->prm = *prm;
	c->i_chip = i_chip;
	c->model = pcm_model_at(prm->model);
	derive(c);
	r = pcm_array_init(c);
	if (r < 0)
		goto fail;
	pcm_cache_init(c);
	pcm_adc_power_up(c);
	*ret = c;
	return 0;
fail:
	pcm_chip_free(c);
	return r;
}

void pcm_chip_free(struct pcm_chip *c)
{
	if (!c)
		return;
	pcm_array_done(c);
	free(c);
}

const struct pcm_params *pcm_chip_params(const struct pcm_chip *c)
{
	return &c->prm;
}

int pcm_chip_wait(struct pcm_chip *c, uint64_t dt)
{
	if (!pcm_clock_fits(c, 1, dt))
		return -EOVERFLOW;
	c->count.time += dt;
	return 0;
}

void pcm_chip_stats(const struct pcm_chip *c, struct pcm_stats *ret)
{
	const struct pcm_params *prm = &c->prm;
	*ret = c->count;
	ret->energy = (double)c->count.n_phase * prm->e_mvm + (double)c->count.n_set * prm->e_set +
		(double)c->count.n_program * prm->e_program +
		(double)c->count.n_reset * prm->e_reset + (double)c->count.n_read * prm->e_read;
}

int pcm_chip_kernels(struct pcm_chip *c, const char *name)
{
	const struct pcm_dsp *dsp = pcm_dsp_find(name);
	if (!dsp)
		return -ENOTSUP;
	c->dsp = dsp;
	return 0;
}

const char *pcm_chip_kernels_name(const struct pcm_chip *c)
{
	return c->dsp->name;
}
