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

struct part {
	void *ret; /* of the pointer to it */
	size_t n;  /* bytes; 0 is NULL */
};

/* One block, all 0; the first part owns it. */
static int carve(const struct part *part, size_t n_part)
{
	size_t size = 0;
	char *p;
	for (size_t i = 0; i < n_part; i++)
		size += round_up(part[i].n);
	p = aligned_alloc(ALIGN, size);
	if (!p)
		return -ENOMEM;
	memset(p, 0, size);
	for (size_t i = 0; i < n_part; i++) {
		char *at = part[i].n ? p : NULL;
		memcpy(part[i].ret, &at, sizeof(at));
		p += round_up(part[i].n);
	}
	return 0;
}

static int array_alloc(struct pcm_chip *c)
{
	struct pcm_array *a = &c->array;
	size_t n = PCM_N + PCM_CACHE_PAD, n_chunk = PCM_N_ROW * PCM_N_CHUNK;
	bool is_programmed = c->model->programmed, has_stuck = pcm_faults_has_stuck(&c->prm);
	bool has_nu = c->model->drift && (c->prm.drift_nu_sd > 0 || has_stuck || is_programmed);
	bool has_slow = c->aging.n_slow > 0, has_wire = c->prm.wire_ohm > 0;
	size_t n_group = PCM_N_ROW * PCM_N_WIRE_GROUP;
	const struct part parts[] = {
		{ &a->t_prog, n * sizeof(*a->t_prog) },
		{ &a->g, n * sizeof(float) },
		{ &a->memory, n * sizeof(float) },
		{ &a->nu, has_nu ? n * sizeof(float) : 0 },
		{ &a->flicker, is_programmed ? n * sizeof(float) : 0 },
		{ &a->nu_z, is_programmed ? n * sizeof(float) : 0 },
		{ &a->set_z, c->prm.set_rho > 0 ? n * sizeof(float) : 0 },
		{ &a->slow, has_slow ? PCM_N * sizeof(float) * c->aging.n_slow : 0 },
		{ &a->noise_t, has_slow ? n_chunk * sizeof(*a->noise_t) : 0 },
		{ &c->wire.chunk_total, has_wire ? n_chunk * sizeof(float) : 0 },
		{ &c->wire.total, has_wire ? n_group * sizeof(float) : 0 },
		{ &c->wire.reach, has_wire ? n_group * sizeof(float) : 0 },
		{ &c->wire.slope, has_wire ? n_group * sizeof(float) : 0 },
		{ &c->wire.is_due, has_wire ? PCM_N_ROW * sizeof(bool) : 0 },
		{ &c->faults.stuck, has_stuck ? PCM_N / 8 : 0 },
		{ &c->faults.stuck_at_set, has_stuck ? PCM_N / 8 : 0 },
	};
	return carve(parts, sizeof(parts) / sizeof(parts[0]));
}

static int cache_alloc(struct pcm_cache *k)
{
	size_t n_chunk = PCM_N_ROW * PCM_N_CHUNK;
	const struct part parts[] = {
		{ &k->g, (PCM_N_CELL + PCM_CACHE_PAD) * sizeof(*k->g) },
		{ &k->v, (PCM_N_CELL + PCM_CACHE_PAD) * sizeof(*k->v) },
		{ &k->chunk_t, n_chunk * sizeof(*k->chunk_t) },
		{ &k->chunk_expiry, n_chunk * sizeof(*k->chunk_expiry) },
		{ &k->row_expiry, PCM_N_ROW * sizeof(*k->row_expiry) },
		{ &k->stale, n_chunk },
	};
	return carve(parts, sizeof(parts) / sizeof(parts[0]));
}

/* One normal a device, normal k device k's, to ret [PCM_N]. */
static void draw(struct pcm_chip *c, enum pcm_use use, float *ret)
{
	for (size_t k = 0, n; k < PCM_N; k += n) {
		n = PCM_N - k;
		const float *z = pcm_normals_at(c, use, k, &n, c->scratch.z);
		memcpy(ret + k, z, n * sizeof(*z));
	}
}

/* Drift exponents where they do not depend on conductance. */
static void draw_nu(struct pcm_chip *c)
{
	float mean = (float)c->prm.drift_nu, sd = (float)c->prm.drift_nu_sd;
	draw(c, PCM_USE_NU, c->array.nu);
	for (size_t i = 0; i < PCM_N; i++) {
		float nu = mean + sd * c->array.nu[i];
		nu = nu > 0.0f ? nu : 0.0f;
		c->array.nu[i] = nu < 1.0f ? nu : 1.0f;
	}
}

float pcm_stuck_g(const struct pcm_chip *c, size_t i_dev)
{
	if (pcm_bit(c->faults.stuck_at_set, i_dev))
		return c->law.g_max;
	return c->model->is_random ? c->law.reset_mean : 0.0f;
}

static void restick(struct pcm_chip *c, const uint32_t *i_dev, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pcm_bit(c->faults.stuck, i_dev[i]))
			c->array.g[i_dev[i]] = pcm_stuck_g(c, i_dev[i]);
	}
}

/* What is stuck does not drift either. */
static void stop_drift(struct pcm_chip *c, const uint32_t *i_dev, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pcm_bit(c->faults.stuck, i_dev[i]))
			c->array.nu[i_dev[i]] = 0.0f;
	}
}

void pcm_array_settle(struct pcm_chip *c, const uint32_t *i_dev, size_t n)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	if (c->faults.stuck)
		restick(c, i_dev, n);
	if (c->model->programmed)
		pcm_programmed_settle(c->model->programmed, &c->law, &cells, i_dev, n);
	if (c->faults.stuck && c->array.nu)
		stop_drift(c, i_dev, n);
}

void pcm_array_settle_all(struct pcm_chip *c)
{
	uint32_t *i_dev = c->scratch.i_dev;
	for (uint32_t k = 0; k < PCM_N; k += PCM_SPAN) {
		for (uint32_t i = 0; i < PCM_SPAN; i++)
			i_dev[i] = k + i;
		pcm_array_settle(c, i_dev, PCM_SPAN);
	}
}

/* All devices RESET at time 0; does not count as pulses. */
static void power_up(struct pcm_chip *c)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	for (size_t k = 0, n; k < PCM_N; k += n) {
		n = PCM_N - k;
		const float *z = pcm_normals_at(c, PCM_USE_POWER_UP, k, &n, c->scratch.z);
		for (size_t i = 0; i < n; i++)
			c->scratch.i_dev[i] = (uint32_t)(k + i);
		c->model->reset(&c->law, &cells, c->scratch.i_dev, z, n);
	}
}

int pcm_array_init(struct pcm_chip *c)
{
	int r = array_alloc(c);
	if (r < 0)
		return r;
	r = cache_alloc(&c->cache);
	if (r < 0)
		return r;
	pcm_faults_draw(&c->faults, &c->prm, c->i_chip);
	if (c->array.nu_z)
		draw(c, PCM_USE_NU, c->array.nu_z);
	else if (c->array.nu)
		draw_nu(c);
	if (c->array.set_z)
		draw(c, PCM_USE_SET_DEVICE, c->array.set_z);
	power_up(c);
	pcm_array_settle_all(c);
	return 0;
}

void pcm_array_done(struct pcm_chip *c)
{
	free(c->array.t_prog);
	free(c->cache.g);
}

struct pcm_cells pcm_array_cells(const struct pcm_array *a)
{
	return (struct pcm_cells){ a->g, a->memory, a->nu_z, a->nu, a->flicker };
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
