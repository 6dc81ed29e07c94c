/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disturb.c - reads, and pulses on other devices of a word line, crystallise a device a little:
 * G <- G + (g_max - G) rate each. A row's are counted, and brought to its devices when it is next
 * looked at and reads or pulses make GRAIN; devices pulsed in between are not told apart (assumption).
 */
#include "chip.h"
#include <math.h>

#define GRAIN 1e-3

static uint64_t events(double rate)
{
	return rate > 0 ? (uint64_t)ceil(GRAIN / rate) : UINT64_MAX;
}

void pcm_disturb_derive(struct pcm_chip *c)
{
	c->has_disturb = c->prm.read_disturb > 0 || c->prm.half_select > 0;
	c->reads_due = events(c->prm.read_disturb);
	c->pulses_due = events(c->prm.half_select);
}

void pcm_disturb_apply(struct pcm_chip *c, uint32_t row)
{
	float x = (float)c->row_reads[row] * (float)c->prm.read_disturb +
		(float)c->row_pulses[row] * (float)c->prm.half_select;
	x = x < 1.0f ? x : 1.0f;
	for (uint32_t k = 0; k < PCM_N_DEVICE * PCM_N_COL; k++) {
		size_t i = pcm_device_index(row, 0, 0) + k;
		c->scratch.i_dev[k] = (uint32_t)i;
		if (c->array.g[i] < c->law.g_max)
			c->array.g[i] += (c->law.g_max - c->array.g[i]) * x;
	}
	pcm_array_settle(c, c->scratch.i_dev, PCM_N_DEVICE * PCM_N_COL);
	for (uint32_t i = 0; i < PCM_N_CHUNK; i++)
		c->cache.stale[row * PCM_N_CHUNK + i] = 1;
	c->row_reads[row] = c->row_pulses[row] = 0;
}
