/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * periph.c - the column ADCs: signed codes, full scale set per column, with gains and offsets that
 * differ, noise of their own, and an affine correction behind them.
 *
 * A conversion of current I gives gain I + offset + N(0, adc_noise_sd^2). In one phase the currents
 * of both input signs and both polarities meet, which adds N(0, (one_phase_sd adc_range)^2). In four
 * phases the result is the sum of four conversions with signs + - - +: offsets cancel, noise counts
 * four times (the reads of devices do not: each device conducts in one phase). Saturation is that of
 * the sum.
 */
#include "chip.h"
#include <errno.h>
#include <math.h>
#include <string.h>

/* Wide enough for any chip, narrow enough that codes per siemens stay finite in float. */
#define RANGE_MIN 1e-12f
#define RANGE_MAX 1e3f
#define GAIN_MIN  1e-3f
#define GAIN_MAX  1e3f

bool pcm_adc_range_ok(float range)
{
	return range >= RANGE_MIN && range <= RANGE_MAX;
}

bool pcm_correction_ok(float gain, float offset)
{
	return gain >= GAIN_MIN && gain <= GAIN_MAX && fabsf(offset) <= 1.0f;
}

/* [n_col] normals of one property of the ADCs. */
static void draw(struct pcm_chip *c, uint64_t op, float *ret)
{
	struct pcm_stream s = pcm_stream(c->prm.seed, c->i_chip, PCM_USE_ADC, op);
	c->dsp->normals(ret, &s, 0, PCM_N_COL / PCM_GROUP);
}

void pcm_adc_power_up(struct pcm_chip *c)
{
	const struct pcm_params *prm = &c->prm;
	float z_gain[PCM_N_COL], z_offset[PCM_N_COL];
	draw(c, 0, z_gain);
	draw(c, 1, z_offset);
	for (uint32_t j = 0; j < PCM_N_COL; j++) {
		float gain = 1.0f + (float)prm->adc_gain_sd * z_gain[j];
		gain = gain > 0.1f ? gain : 0.1f; /* an ADC that works at all */
		gain = c->faults.swapped[j] ? -gain : gain;
		c->adc_gain[j] = c->faults.dead_col[j] ? 0.0f : gain;
		c->adc_offset[j] = (float)prm->adc_offset_sd * z_offset[j];
		c->adc_range[j] = (float)prm->adc_range;
		c->fix_gain[j] = 1.0f;
		c->fix_offset[j] = 0.0f;
	}
	c->phases = prm->read_phases;
	pcm_adc_derive(c);
}

/* A^2: variance of one conversion. */
static float conversion_var(const struct pcm_chip *c, uint32_t j)
{
	float sd = (float)c->prm.adc_noise_sd, noisy = (float)c->prm.noisy_col_sd;
	return sd * sd + (c->faults.noisy[j] ? noisy * noisy : 0.0f);
}

static void derive_column(struct pcm_chip *c, uint32_t j)
{
	struct pcm_columns *k = &c->columns;
	bool four = c->phases == PCM_FOUR_PHASES;
	float v_read = (float)c->prm.v_read, per_ampere = c->code_max / c->adc_range[j];
	float scale = v_read * c->code_max / c->adc_range[j] * c->adc_gain[j];
	float one_phase = (float)c->prm.one_phase_sd * c->code_max, var = conversion_var(c, j);
	k->scale[PCM_INPUT_BIT][j] = scale;
	k->scale[PCM_INPUT_INT8][j] = scale / (float)PCM_DAC_MAX;
	k->offset[j] = four ? 0.0f : c->adc_offset[j] * per_ampere;
	k->var[j] = var * per_ampere * per_ampere;
	k->var[j] = four ? 4.0f * k->var[j] : k->var[j] + one_phase * one_phase;
	k->fix_gain[j] = c->fix_gain[j];
	k->fix_offset[j] = c->fix_offset[j] * per_ampere;
	k->read_gain[j] = c->adc_gain[j] * c->fix_gain[j];
	k->read_offset[j] = (c->adc_offset[j] * c->fix_gain[j] + c->fix_offset[j]) / v_read;
	k->read_sd[j] = sqrtf(var) * c->fix_gain[j] / v_read;
	k->has_noise |= k->var[j] > 0.0f;
	k->is_plain &= c->adc_gain[j] == 1.0f && c->adc_offset[j] == 0.0f && k->var[j] == 0.0f &&
		c->fix_gain[j] == 1.0f && c->fix_offset[j] == 0.0f;
}

void pcm_adc_derive(struct pcm_chip *c)
{
	c->columns.is_plain = true;
	c->columns.has_noise = false;
	for (uint32_t j = 0; j < PCM_N_COL; j++)
		derive_column(c, j);
}

static void skip_missing(int16_t *restrict out, const int16_t *restrict missing, uint32_t n_col)
{
	for (uint32_t j = 0; j < n_col; j++)
		out[j] = (int16_t)(out[j] + (out[j] == missing[j]));
}

uint32_t pcm_adc_convert(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise, int16_t *out)
{
	struct pcm_scratch *s = &c->scratch;
	const struct pcm_columns *k = &c->columns;
	const float *acc_v = with_noise ? s->acc_v : NULL;
	const struct pcm_column column = { k->scale[m->input] + m->col, k->offset + m->col,
		k->var + m->col, k->fix_gain + m->col, k->fix_offset + m->col };
	uint32_t n_sat;
	if (k->is_plain)
		n_sat = c->dsp->convert(
			s->out, s->acc_g, acc_v, s->z, column.scale, c->code_max, m->n_col);
	else
		n_sat = c->dsp->convert_column(
			s->out, s->acc_g, acc_v, s->z, &column, c->code_max, m->n_col);
	memcpy(out, s->out, m->n_col * sizeof(*out));
	if (c->faults.has_missing)
		skip_missing(out, c->faults.missing + m->col, m->n_col);
	return n_sat;
}

int pcm_chip_adc(struct pcm_chip *c, uint32_t col, uint32_t n_col, float range)
{
	if (!pcm_patch_fits(0, 1, col, n_col) || !pcm_adc_range_ok(range))
		return -EINVAL;
	for (uint32_t j = col; j < col + n_col; j++)
		c->adc_range[j] = range;
	pcm_adc_derive(c);
	return 0;
}

int pcm_chip_correct(struct pcm_chip *c, uint32_t col, uint32_t n_col, float gain, float offset)
{
	if (!pcm_patch_fits(0, 1, col, n_col) || !pcm_correction_ok(gain, offset))
		return -EINVAL;
	for (uint32_t j = col; j < col + n_col; j++) {
		c->fix_gain[j] = gain;
		c->fix_offset[j] = offset;
	}
	pcm_adc_derive(c);
	return 0;
}

void pcm_chip_correction(const struct pcm_chip *c, uint32_t col, float *ret_gain, float *ret_offset)
{
	*ret_gain = col < PCM_N_COL ? c->fix_gain[col] : 0.0f;
	*ret_offset = col < PCM_N_COL ? c->fix_offset[col] : 0.0f;
}

int pcm_chip_phases(struct pcm_chip *c, enum pcm_phases phases)
{
	if (phases != PCM_ONE_PHASE && phases != PCM_FOUR_PHASES)
		return -EINVAL;
	c->phases = phases;
	pcm_adc_derive(c);
	return 0;
}

int pcm_chip_configure(
	struct pcm_chip *c, uint32_t col, uint32_t n_col, const struct pcm_config *config)
{
	uint32_t n = config->n_phase;
	if (!pcm_patch_fits(0, 1, col, n_col) || (n != 0 && n != 1 && n != 4))
		return -EINVAL;
	if (config->adc_range != 0.0f && !pcm_adc_range_ok(config->adc_range))
		return -EINVAL;
	if (config->gain != 0.0f && !pcm_correction_ok(config->gain, config->offset))
		return -EINVAL;
	if (config->adc_range != 0.0f)
		pcm_chip_adc(c, col, n_col, config->adc_range);
	if (config->gain != 0.0f)
		pcm_chip_correct(c, col, n_col, config->gain, config->offset);
	if (n > 0)
		pcm_chip_phases(c, n == 4 ? PCM_FOUR_PHASES : PCM_ONE_PHASE);
	return 0;
}

float pcm_chip_adc_lsb(const struct pcm_chip *c, uint32_t col)
{
	return col < PCM_N_COL ? c->adc_range[col] / c->code_max : 0.0f;
}
