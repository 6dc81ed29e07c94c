/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 64

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static int array_alloc(struct pcm_array *a, struct pcm_faults *f, bool has_nu, bool has_stuck)
{
	size_t n = PCM_N + PCM_CACHE_PAD;
	size_t n_t = round_up(n * sizeof(*a->t_prog)), n_f = round_up(n * sizeof(float));
	size_t n_bit = round_up(PCM_N / 8);
	size_t size = n_t + n_f * (has_nu ? 3 : 2) + (has_stuck ? 2 * n_bit : 0);
	char *p = aligned_alloc(ALIGN, size);
	if (!p)
		return -ENOMEM;
	memset(p, 0, size);
	a->t_prog = (uint64_t *)p;
	a->g = (float *)(p + n_t);
	a->memory = (float *)(p + n_t + n_f);
	p += n_t + 2 * n_f;
	if (has_nu) {
		a->nu = (float *)p;
		p += n_f;
	}
	if (has_stuck) {
		f->stuck = (uint32_t *)p;
		f->stuck_at_set = (uint32_t *)(p + n_bit);
	}
	return 0;
}

static int cache_alloc(struct pcm_cache *k)
{
	size_t n_chunk = PCM_N_ROW * PCM_N_CHUNK;
	size_t n_g = round_up((PCM_N_CELL + PCM_CACHE_PAD) * sizeof(*k->g));
	size_t n_v = round_up((PCM_N_CELL + PCM_CACHE_PAD) * sizeof(*k->v));
	size_t n_t = n_chunk * sizeof(uint64_t);
	size_t size = n_g + n_v + 2 * n_t + PCM_N_ROW * sizeof(uint64_t) + n_chunk;
	char *p = aligned_alloc(ALIGN, round_up(size));
	if (!p)
		return -ENOMEM;
	memset(p, 0, size);
	k->g = (float *)p;
	k->v = (uint16_t *)(p + n_g);
	k->chunk_t = (uint64_t *)(p + n_g + n_v);
	k->chunk_expiry = (uint64_t *)(p + n_g + n_v + n_t);
	k->row_expiry = (uint64_t *)(p + n_g + n_v + 2 * n_t);
	k->stale = (uint8_t *)(k->row_expiry + PCM_N_ROW);
	return 0;
}

/* Drift exponents: normal k belongs to device k. */
static void draw_nu(struct pcm_chip *c)
{
	float mean = (float)c->prm.drift_nu, sd = (float)c->prm.drift_nu_sd;
	for (size_t k = 0, n; k < PCM_N; k += n) {
		n = PCM_N - k;
		const float *z = pcm_normals_at(c, PCM_USE_NU, k, &n);
		for (size_t i = 0; i < n; i++) {
			float nu = mean + sd * z[i];
			nu = nu > 0.0f ? nu : 0.0f;
			c->array.nu[k + i] = nu < 1.0f ? nu : 1.0f;
		}
	}
}

void pcm_array_restick(struct pcm_chip *c, const uint32_t *i_dev, size_t n)
{
	const struct pcm_faults *f = &c->faults;
	float at_reset = c->model->is_random ? c->law.reset_mean : 0.0f;
	for (size_t i = 0; f->stuck && i < n; i++) {
		if (pcm_bit(f->stuck, i_dev[i]))
			c->array.g[i_dev[i]] =
				pcm_bit(f->stuck_at_set, i_dev[i]) ? c->law.g_max : at_reset;
	}
}

/* What is stuck does not drift either. */
static void stop_drift(struct pcm_chip *c)
{
	for (size_t i = 0; c->array.nu && c->faults.stuck && i < PCM_N; i++) {
		if (pcm_bit(c->faults.stuck, i))
			c->array.nu[i] = 0.0f;
	}
}

/* All devices RESET at time 0; does not count as pulses. */
static void power_up(struct pcm_chip *c)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	for (size_t k = 0, n; k < PCM_N; k += n) {
		n = PCM_N - k;
		const float *z = pcm_normals_at(c, PCM_USE_POWER_UP, k, &n);
		for (size_t i = 0; i < n; i++)
			c->scratch.i_dev[i] = (uint32_t)(k + i);
		c->model->reset(&c->law, &cells, c->scratch.i_dev, z, n);
		pcm_array_restick(c, c->scratch.i_dev, n);
	}
}

int pcm_array_init(struct pcm_chip *c)
{
	bool has_stuck = pcm_faults_has_stuck(&c->prm);
	bool has_nu = c->model->drift && (c->prm.drift_nu_sd > 0 || has_stuck);
	int r = array_alloc(&c->array, &c->faults, has_nu, has_stuck);
	if (r < 0)
		return r;
	r = cache_alloc(&c->cache);
	if (r < 0)
		return r;
	pcm_faults_draw(&c->faults, &c->prm, c->i_chip);
	if (has_nu)
		draw_nu(c);
	stop_drift(c);
	power_up(c);
	return 0;
}

void pcm_array_done(struct pcm_chip *c)
{
	free(c->array.t_prog);
	free(c->cache.g);
}

struct pcm_cells pcm_array_cells(const struct pcm_array *a)
{
	return (struct pcm_cells){ .g = a->g, .memory = a->memory };
}

struct pcm_devices pcm_array_row(const struct pcm_array *a, uint32_t row, uint32_t col)
{
	size_t i = pcm_device_index(row, 0, col);
	return (struct pcm_devices){
		.g = a->g + i,
		.t_prog = a->t_prog + i,
		.nu = a->nu ? a->nu + i : NULL,
	};
}
