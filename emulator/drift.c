/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drift.c - the cache of net conductances, recomputed lazily.
 *
 * g(t) = g (age / t0)^-nu, so while the age grows by a fraction x, g changes by at most nu x of
 * itself. A chunk computed at time t with youngest age a therefore holds to drift_tol until
 * t + max(a, t_min) drift_tol / nu: older devices change slower, and nothing moves before t_min.
 * Variances of 1/f noise grow with the logarithm of the age, so they hold for a quarter of it; slow
 * noise until it is due (aging.h).
 */
#include "chip.h"
#include <math.h>
#include <string.h>

static float nu_max(const struct pcm_chip *c)
{
	float max = c->drift.nu;
	if (c->model->programmed)
		return c->model->programmed->nu_max * c->law.drift_scale;
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
static uint64_t drift_expiry(const struct pcm_chip *c, uint64_t now, float r)
{
	double dt = (double)r * c->expiry_per_r;
	return dt < (double)PCM_T_MAX ? now + (uint64_t)dt : UINT64_MAX;
}

/* Of a chunk whose youngest device has this age, ns. */
static uint64_t aged_expiry(const struct pcm_chip *c, size_t chunk, uint64_t now, float age)
{
	const struct pcm_aging *a = &c->aging;
	float r = age * a->inv_t0;
	uint64_t e = drift_expiry(c, now, r > c->drift.r_min ? r : c->drift.r_min);
	uint64_t fresh = now + (uint64_t)(0.25f * (age > a->t_min ? age : a->t_min));
	if (a->has_flicker && fresh < e)
		e = fresh;
	if (a->n_slow > 0 && c->array.noise_t[chunk] + a->hold < e)
		e = c->array.noise_t[chunk] + a->hold;
	return e;
}

/* What word and bit lines have to carry, for wire.c. */
static void count_total(struct pcm_chip *c, uint32_t row, uint32_t i, const float *g)
{
	float sum = 0.0f;
	for (uint32_t j = 0; j < PCM_N_DEVICE * PCM_CHUNK; j++)
		sum += g[j];
	sum = sum > 0.0f ? sum : 0.0f;
	c->wire.chunk_total[row * PCM_N_CHUNK + i] = sum < PCM_TOTAL_MAX ? sum : PCM_TOTAL_MAX;
	c->wire.is_due[row] = true;
}

/* Net conductance and variance of a chunk's cells, of devices with laws of aging.h. */
static float refresh_aged(struct pcm_chip *c, uint32_t row, uint32_t i, uint64_t t)
{
	float g[PCM_N_DEVICE][PCM_CHUNK], var[PCM_N_DEVICE][PCM_CHUNK];
	size_t cell = (size_t)row * PCM_N_COL + i * PCM_CHUNK;
	float youngest;
	pcm_aging_advance(c, row, i, t);
	youngest = pcm_aging_chunk(c, row, i, t, g[0], var[0]);
	if (c->wire.total)
		count_total(c, row, i, g[0]);
	for (uint32_t j = 0; j < PCM_CHUNK; j++) {
		c->cache.g[cell + j] = (g[0][j] + g[1][j]) - (g[2][j] + g[3][j]);
		c->cache.v[cell + j] = pcm_bf16((var[0][j] + var[1][j]) + (var[2][j] + var[3][j]));
	}
	return youngest;
}

static void mark(struct pcm_cache *k, uint32_t row, size_t chunk, uint64_t t, uint64_t expiry)
{
	k->chunk_t[chunk] = t;
	k->chunk_expiry[chunk] = expiry;
	k->stale[chunk] = 0;
	if (expiry < k->row_expiry[row])
		k->row_expiry[row] = expiry;
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
	for (uint32_t j = 0; c->aging.is_on && j < n; j++) {
		float age = refresh_aged(c, row, i + j, t);
		mark(k, row, chunk + j, t, aged_expiry(c, chunk + j, t, age));
	}
	if (c->aging.is_on)
		return;
	c->dsp->refresh(
		k->g + cell, k->v + cell, youngest, &w, &c->drift, &c->noise, t, n * PCM_CHUNK);
	for (uint32_t j = 0; j < n; j++)
		mark(k, row, chunk + j, t, drift_expiry(c, t, youngest[j]));
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

void pcm_noise_update(struct pcm_chip *c, uint32_t row, uint32_t col, uint32_t n_col)
{
	for (uint32_t i = col / PCM_CHUNK; i <= (col + n_col - 1) / PCM_CHUNK; i++) {
		if (c->aging.n_slow > 0 && pcm_aging_advance(c, row, i, c->count.time))
			c->cache.stale[row * PCM_N_CHUNK + i] = 1;
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
		if (c->has_disturb)
			pcm_disturb_update(c, row);
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
