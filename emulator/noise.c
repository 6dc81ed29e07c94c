/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip.h"

const float *pcm_normals_at(struct pcm_chip *c, enum pcm_use use, uint64_t k, size_t *n)
{
	struct pcm_stream s = pcm_stream(c->prm.seed, c->i_chip, use, k / PCM_SPAN);
	uint32_t first = (uint32_t)(k % PCM_SPAN);
	size_t end = *n < PCM_SPAN - first ? first + *n : PCM_SPAN;
	uint32_t i_group = first / PCM_GROUP;
	uint32_t n_group = ((uint32_t)end + PCM_GROUP - 1) / PCM_GROUP - i_group;
	c->dsp->normals(c->scratch.z, &s, i_group, n_group);
	*n = end - first;
	return c->scratch.z + first % PCM_GROUP;
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
		struct pcm_devices w = pcm_array_row(&c->array, s->drive.row[i], m->col);
		float x = m->input == PCM_INPUT_BIT ? 1.0f : s->drive.x[i];
		c->dsp->drifted(s->g, &w, &c->drift, c->count.time, m->n_col);
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
			const float *g = s->g + k * PCM_N_COL;
			float sign = k < 2 ? x : -x;
			c->dsp->normals(s->z, &stream, (i * PCM_N_DEVICE + k) * n_group, n_group);
			for (uint32_t j = 0; j < m->n_col; j++) {
				float sd = c->noise.sd_0 + c->noise.sd_g * g[j];
				s->acc_g[j] += sign * (g[j] + sd * s->z[j]);
			}
		}
	}
}
