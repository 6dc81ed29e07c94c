/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drift.c - the cache of net conductances, recomputed lazily.
 *
 * g(t) = g (age / t0)^-nu, so while the age grows by a fraction x, g changes by at most nu x of
 * itself. A chunk computed at time t with youngest age a therefore holds to drift_tol until
 * t + max(a, t_min) drift_tol / nu: older devices change slower, and nothing moves before t_min.
 */
#include "chip.h"
#include <math.h>
#include <string.h>

static float nu_max(const struct pcm_chip *c)
{
	float max = c->drift.nu;
	if (!c->array.nu)
		return max;
	max = 0.0f;
	for (size_t i = 0; i < PCM_N; i++)
		max = c->array.nu[i] > max ? c->array.nu[i] : max;
	return max;
}

void pcm_cache_init(struct pcm_chip *c)
{
	float nu = nu_max(c);
	c->expiry_per_r = INFINITY;
	if (nu > 0.0f)
		c->expiry_per_r = c->prm.drift_tol / (double)nu / (double)c->drift.inv_t0;
	memset(c->cache.stale, 1, PCM_N_ROW * PCM_N_CHUNK);
	for (uint32_t row = 0; row < PCM_N_ROW; row++)
		c->cache.row_expiry[row] = UINT64_MAX;
}

/* r: of the youngest device, max(age, t_min) / t0. */
static uint64_t expiry(const struct pcm_chip *c, uint64_t now, float r)
{
	double dt = (double)r * c->expiry_per_r;
	return dt < (double)PCM_T_MAX ? now + (uint64_t)dt : UINT64_MAX;
}

/* Chunks i .. i + n - 1 of a row as they are at t. */
static void compute(struct pcm_chip *c, uint32_t row, uint32_t i, uint32_t n, uint64_t t)
{
	struct pcm_cache *k = &c->cache;
	float youngest[PCM_N_CHUNK];
	uint32_t col = i * PCM_CHUNK;
	size_t cell = (size_t)row * PCM_N_COL + col;
	size_t chunk = (size_t)row * PCM_N_CHUNK + i;
	struct pcm_devices w = pcm_array_row(&c->array, row, col);
	c->dsp->refresh(
		k->g + cell, k->v + cell, youngest, &w, &c->drift, &c->noise, t, n * PCM_CHUNK);
	for (uint32_t j = 0; j < n; j++) {
		uint64_t e = expiry(c, t, youngest[j]);
		k->chunk_t[chunk + j] = t;
		k->chunk_expiry[chunk + j] = e;
		k->stale[chunk + j] = 0;
		if (e < k->row_expiry[row])
			k->row_expiry[row] = e;
	}
}

/* Chunks first .. last are wanted if stale; any that has expired is computed anew. */
static void update_row(struct pcm_chip *c, uint32_t row, uint32_t first, uint32_t last)
{
	struct pcm_cache *k = &c->cache;
	const uint8_t *stale = k->stale + row * PCM_N_CHUNK;
	const uint64_t *end = k->chunk_expiry + row * PCM_N_CHUNK;
	uint64_t now = c->count.time;
	bool due[PCM_N_CHUNK + 1] = { false };
	k->row_expiry[row] = UINT64_MAX;
	for (uint32_t i = 0; i < PCM_N_CHUNK; i++) {
		due[i] = stale[i] ? i >= first && i <= last : now >= end[i];
		if (!stale[i] && !due[i] && end[i] < k->row_expiry[row])
			k->row_expiry[row] = end[i];
	}
	for (uint32_t i = 0, n; i < PCM_N_CHUNK; i += n) {
		n = 1;
		if (!due[i])
			continue;
		while (due[i + n])
			n++;
		compute(c, row, i, n, now);
	}
}

void pcm_cache_update(struct pcm_chip *c, const struct pcm_drive *d, uint32_t col, uint32_t n_col)
{
	struct pcm_cache *k = &c->cache;
	uint32_t first = col / PCM_CHUNK, last = (col + n_col - 1) / PCM_CHUNK;
	uint8_t wanted[PCM_N_CHUNK] = { 0 };
	uint64_t want[2], have[2];
	memset(wanted + first, 1, last - first + 1);
	memcpy(want, wanted, sizeof(want));
	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t row = d->row[i];
		memcpy(have, k->stale + row * PCM_N_CHUNK, sizeof(have));
		if ((have[0] & want[0]) | (have[1] & want[1]) ||
			c->count.time >= k->row_expiry[row])
			update_row(c, row, first, last);
	}
}

void pcm_cache_restore(struct pcm_chip *c)
{
	struct pcm_cache *k = &c->cache;
	for (uint32_t row = 0; row < PCM_N_ROW; row++) {
		k->row_expiry[row] = UINT64_MAX;
		for (uint32_t i = 0; i < PCM_N_CHUNK; i++) {
			size_t chunk = (size_t)row * PCM_N_CHUNK + i;
			if (!k->stale[chunk])
				compute(c, row, i, 1, k->chunk_t[chunk]);
		}
	}
}
