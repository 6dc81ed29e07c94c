/* SPDX-License-Identifier: GPL-3.0-or-later */
/* periph.c - the column ADCs: signed codes, full scale set per column. */
#include "chip.h"
#include <errno.h>
#include <math.h>

/* Wide enough for any chip, narrow enough that codes per siemens stay finite in float. */
#define RANGE_MIN 1e-12f
#define RANGE_MAX 1e3f

bool pcm_adc_range_ok(float range)
{
	return range >= RANGE_MIN && range <= RANGE_MAX;
}

void pcm_adc_derive(struct pcm_chip *c)
{
	for (uint32_t j = 0; j < PCM_N_COL; j++) {
		float scale = (float)c->prm.v_read * c->code_max / c->adc_range[j];
		c->scale[PCM_INPUT_BIT][j] = scale;
		c->scale[PCM_INPUT_INT8][j] = scale / (float)PCM_DAC_MAX;
	}
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

float pcm_chip_adc_lsb(const struct pcm_chip *c, uint32_t col)
{
	return col < PCM_N_COL ? c->adc_range[col] / c->code_max : 0.0f;
}
