/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip.h"
#include <math.h>

const float *pcm_normals_at(struct pcm_chip *c, enum pcm_use use, uint64_t k, size_t *n, float *buf)
{
	struct pcm_stream s = pcm_stream(c->prm.seed, c->i_chip, use, k / PCM_SPAN);
	uint32_t first = (uint32_t)(k % PCM_SPAN);
	size_t end = *n < PCM_SPAN - first ? first + *n : PCM_SPAN;
	uint32_t i_group = first / PCM_GROUP;
	uint32_t n_group = ((uint32_t)end + PCM_GROUP - 1) / PCM_GROUP - i_group;
	c->dsp->normals(buf, &s, i_group, n_group);
	*n = end - first;
	return buf + first % PCM_GROUP;
}

/* Chunk by chunk, though not all of the first and the last may be wanted. */
static void aged_row_now(const struct pcm_chip *c, uint32_t row, uint32_t col, uint32_t n_col,
	float *ret_g, float *ret_sd)
{
	for (uint32_t i = col / PCM_CHUNK; i <= (col + n_col - 1) / PCM_CHUNK; i++) {
		float g[PCM_N_DEVICE * PCM_CHUNK], var[PCM_N_DEVICE * PCM_CHUNK];
		pcm_aging_chunk(c, row, i, c->count.time, g, ret_sd ? var : NULL);
		for (uint32_t j = 0; j < PCM_CHUNK; j++) {
			uint32_t at = i * PCM_CHUNK + j;
			if (at < col || at >= col + n_col)
				continue;
			for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
				uint32_t to = (at - col) * PCM_N_DEVICE + k;
				ret_g[to] = g[k * PCM_CHUNK + j];
				if (ret_sd)
					ret_sd[to] = sqrtf(var[k * PCM_CHUNK + j]);
			}
		}
	}
}

void pcm_row_now(
	const struct pcm_chip *c, uint32_t row, uint32_t col, uint32_t n_col, float *g, float *sd)
{
	struct pcm_devices w = pcm_array_row(&c->array, row, col);
	float plane[PCM_N_DEVICE * PCM_N_COL];
	if (c->aging.is_on) {
		aged_row_now(c, row, col, n_col, g, sd);
		return;
	}
	c->dsp->drifted(plane, &w, &c->drift, c->count.time, n_col);
	for (uint32_t j = 0; j < n_col; j++) {
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
			g[j * PCM_N_DEVICE + k] = plane[k * PCM_N_COL + j];
	}
	for (uint32_t j = 0; sd && j < n_col * PCM_N_DEVICE; j++)
		sd[j] = c->noise.sd_0 + c->noise.sd_g * g[j];
}

/*
 * The oracle of the projected form. Normals of device k of the i-th driven row start at group
 * (4 i + k) ceil(n_col / 64).
 */
void pcm_read_literally(struct pcm_chip *c, const struct pcm_mvm *m)
{
	struct pcm_scratch *s = &c->scratch;
	uint32_t n_group = (m->n_col + PCM_GROUP - 1) / PCM_GROUP;
	struct pcm_stream stream =
		pcm_stream(c->prm.seed, c->i_chip, PCM_USE_LITERAL, c->count.n_mvm);
	for (uint32_t j = 0; j < m->n_col; j++)
		s->acc_g[j] = 0.0f;
	for (uint32_t i = 0; i < s->drive.n; i++) {
		float x = m->input == PCM_INPUT_BIT ? 1.0f : s->drive.x[i];
		if (c->has_disturb)
			pcm_disturb_update(c, s->drive.row[i]);
		pcm_noise_update(c, s->drive.row[i], m->col, m->n_col);
		pcm_row_now(c, s->drive.row[i], m->col, m->n_col, s->g, s->sd);
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
			float sign = k < 2 ? x : -x;
			c->dsp->normals(s->z, &stream, (i * PCM_N_DEVICE + k) * n_group, n_group);
			for (uint32_t j = 0; j < m->n_col; j++) {
				uint32_t at = j * PCM_N_DEVICE + k;
				s->acc_g[j] += sign * (s->g[at] + s->sd[at] * s->z[j]);
			}
		}
	}
}
