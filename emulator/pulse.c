/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pulse.c - what changes or reads single devices: pulses, reads, closed-loop programming. */
#include "chip.h"
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* Bits that no valid pulse has. */
static const struct pcm_pulse invalid = {
	.row = (uint16_t) ~(PCM_N_ROW - 1),
	.col = (uint16_t) ~(PCM_N_COL - 1),
	.device = (uint8_t) ~(PCM_N_DEVICE - 1),
	.kind = (uint8_t)~PCM_RESET,
};

static_assert(PCM_N_ROW == 256 && PCM_N_COL == 256 && PCM_N_DEVICE == 4, "powers of two");
static_assert(sizeof(struct pcm_pulse) == sizeof(uint64_t), "a pulse is compared as one word");

/* Nothing is applied if any entry is wrong; *ret_n counts single pulses of each kind. */
static int check(const struct pcm_chip *c, const struct pcm_pulse *p, size_t n, uint64_t ret_n[2])
{
	uint64_t n_all = 0, n_reset = 0, bad = 0, mask;
	memcpy(&mask, &invalid, sizeof(mask));
	for (size_t i = 0; i < n; i++) {
		uint64_t word;
		memcpy(&word, p + i, sizeof(word));
		bad |= (word & mask) | (p[i].n == 0);
		n_all += p[i].n;
		n_reset += p[i].n & -(uint64_t)p[i].kind;
	}
	if (bad)
		return -EINVAL;
	ret_n[PCM_SET] = n_all - n_reset;
	ret_n[PCM_RESET] = n_reset;
	uint64_t dt = c->t_set > c->t_reset ? c->t_set : c->t_reset;
	return pcm_clock_fits(c, n_all, dt) ? 0 : -EOVERFLOW;
}

/* Walks a list pulse by pulse: entry p, of whose n `done` are behind us. */
struct cursor {
	const struct pcm_pulse *p, *end;
	uint32_t done;
};

/*
 * Up to n pulses of the same kind from the list: devices into i_dev; returns how many. Locals,
 * because a store to the bytes of `stale` could change anything that is in memory.
 */
static size_t gather(struct pcm_chip *c, struct cursor *w, size_t n)
{
	const struct pcm_pulse *p = w->p, *end = w->end;
	uint64_t *t_prog = c->array.t_prog;
	uint32_t *i_dev = c->scratch.i_dev;
	uint8_t *stale = c->cache.stale;
	uint32_t done = w->done;
	uint8_t kind = p->kind;
	uint64_t t = c->count.time, dt = kind == PCM_SET ? c->t_set : c->t_reset;
	size_t k = 0;
	while (k < n && p < end && p->kind == kind) {
		size_t i = pcm_device_index(p->row, p->device, p->col);
		t += dt;
		i_dev[k++] = (uint32_t)i;
		t_prog[i] = t;
		stale[pcm_chunk_index(p->row, p->col)] = 1;
		if (++done == p->n) {
			done = 0;
			p++;
		}
	}
	*w = (struct cursor){ p, end, done };
	c->count.time = t;
	return k;
}

/* A SET of each of the devices in scratch; part of what it does may be the device's own way. */
static void set(struct pcm_chip *c, const float *z, size_t n)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	const uint32_t *i_dev = c->scratch.i_dev;
	if (c->array.set_z) {
		float device = sqrtf((float)c->prm.set_rho);
		float pulse = sqrtf((float)(1 - c->prm.set_rho));
		for (size_t i = 0; i < n; i++)
			c->scratch.z_2[i] = device * c->array.set_z[i_dev[i]] + pulse * z[i];
		z = c->scratch.z_2;
	}
	c->model->set(&c->law, &cells, i_dev, z, n);
}

/* A RESET; the first is the i-th pulse of the chip. */
static void reset(struct pcm_chip *c, const float *z, uint64_t i, size_t n)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	const uint32_t *i_dev = c->scratch.i_dev;
	c->model->reset(&c->law, &cells, i_dev, z, n);
	for (size_t k = 0, n_z; c->array.nu_z && k < n; k += n_z) {
		n_z = n - k;
		const float *nu = pcm_normals_at(c, PCM_USE_NU_PULSE, i + k, &n_z, c->scratch.z_2);
		for (size_t j = 0; j < n_z; j++)
			c->array.nu_z[i_dev[k + j]] = nu[j];
	}
}

int pcm_chip_pulse(struct pcm_chip *c, const struct pcm_pulse *p, size_t n)
{
	uint64_t n_kind[2];
	struct cursor w = { .p = p, .end = p + n };
	int r = check(c, p, n, n_kind);
	if (r < 0)
		return r;
	for (size_t k = 0; c->has_disturb && k < n; k++)
		c->row_pulses[p[k].row] += p[k].n;
	uint64_t i = c->count.n_set + c->count.n_reset;
	uint64_t i_end = i + n_kind[PCM_SET] + n_kind[PCM_RESET];
	while (i < i_end) {
		size_t n_z = i_end - i < PCM_SPAN ? i_end - i : PCM_SPAN;
		const float *z = c->scratch.z;
		if (c->model->is_random)
			z = pcm_normals_at(c, PCM_USE_PULSE, i, &n_z, c->scratch.z);
		for (size_t k = 0, n_run; k < n_z; k += n_run) {
			bool is_set = w.p->kind == PCM_SET;
			n_run = gather(c, &w, n_z - k);
			if (is_set)
				set(c, z + k, n_run);
			else
				reset(c, z + k, i + k, n_run);
			pcm_array_settle(c, c->scratch.i_dev, n_run);
		}
		i += n_z;
	}
	c->count.n_set += n_kind[PCM_SET];
	c->count.n_reset += n_kind[PCM_RESET];
	return 0;
}

/*
 * A row's devices g [n_col][4] as they are measured: each with its noise of standard deviation sd, then
 * what the column makes of it. The reads are counted.
 */
static void measure_row(struct pcm_chip *c, const struct pcm_patch *w, float *g, const float *sd)
{
	const struct pcm_columns *col = &c->columns;
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	for (size_t k = 0, n_z; k < n; k += n_z) {
		n_z = n - k;
		const float *z =
			pcm_normals_at(c, PCM_USE_READ, c->count.n_read + k, &n_z, c->scratch.z);
		for (size_t i = k; i < k + n_z; i++) {
			uint32_t j = w->col + (uint32_t)i / PCM_N_DEVICE;
			float own = sd[i] * col->read_gain[j], adc = col->read_sd[j];
			if (col->is_plain)
				g[i] += sd[i] * z[i - k];
			else
				g[i] = g[i] * col->read_gain[j] + col->read_offset[j] +
					sqrtf(own * own + adc * adc) * z[i - k];
		}
	}
}

int pcm_chip_read(struct pcm_chip *c, const struct pcm_patch *w, float *ret_g)
{
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	float *sd = c->scratch.sd;
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	if (!pcm_clock_fits(c, w->n_row, c->t_read))
		return -EOVERFLOW;
	for (uint32_t row = w->row; row < w->row + w->n_row; row++, ret_g += n) {
		c->row_reads[row] += c->has_disturb;
		if (c->has_disturb)
			pcm_disturb_update(c, row);
		pcm_noise_update(c, row, w->col, w->n_col);
		pcm_row_now(c, row, w->col, w->n_col, ret_g, sd);
		if (c->faults.dead_row[row])
			memset(ret_g, 0, n * sizeof(*ret_g));
		if (c->faults.dead_row[row] || !c->has_noise)
			memset(sd, 0, n * sizeof(*sd));
		if (c->has_noise || !c->columns.is_plain)
			measure_row(c, w, ret_g, sd);
		c->count.n_read += n;
		c->count.time += c->t_read;
	}
	return 0;
}

int pcm_chip_truth(const struct pcm_chip *c, const struct pcm_patch *w, float *ret_g)
{
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	for (uint32_t i = 0; i < w->n_row; i++, ret_g += n)
		pcm_row_now(c, w->row + i, w->col, w->n_col, ret_g, NULL);
	return 0;
}

/* Writes n devices to g; the first is the k-th that the chip ever programmed. */
static void program(struct pcm_chip *c, const uint32_t *i_dev, const float *g, size_t n)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	if (!c->model->programmed) {
		c->model->program(&c->law, &cells, i_dev, g, n);
		return;
	}
	for (size_t k = 0, n_z; k < n; k += n_z) {
		n_z = n - k;
		const float *z = pcm_normals_at(
			c, PCM_USE_PROGRAM, c->count.n_program + k, &n_z, c->scratch.z);
		const float *nu = pcm_normals_at(
			c, PCM_USE_NU_PROGRAM, c->count.n_program + k, &n_z, c->scratch.z_2);
		pcm_programmed_write(
			c->model->programmed, &c->law, &cells, i_dev + k, g + k, z, n_z);
		for (size_t i = 0; i < n_z; i++)
			c->array.nu_z[i_dev[k + i]] = nu[i];
	}
}

static int check_program(const struct pcm_chip *c, const struct pcm_patch *w, const float *g)
{
	float g_min = c->model->programmed ? 0.0f : c->law.g_min;
	if (!c->model->program && !c->model->programmed)
		return -ENOTSUP;
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	size_t n = (size_t)w->n_row * w->n_col * PCM_N_DEVICE;
	for (size_t i = 0; i < n; i++) {
		if (!(g[i] >= g_min && g[i] <= c->law.g_max))
			return -ERANGE;
	}
	return pcm_clock_fits(c, n, c->t_program) ? 0 : -EOVERFLOW;
}

int pcm_chip_program(struct pcm_chip *c, const struct pcm_patch *w, const float *g)
{
	uint32_t *i_dev = c->scratch.i_dev;
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	int r = check_program(c, w, g);
	if (r < 0)
		return r;
	for (uint32_t row = w->row; row < w->row + w->n_row; row++, g += n) {
		for (size_t k = 0; k < n; k++) {
			uint32_t col = w->col + (uint32_t)k / PCM_N_DEVICE;
			size_t i = pcm_device_index(row, k % PCM_N_DEVICE, col);
			i_dev[k] = (uint32_t)i;
			c->count.time += c->t_program;
			c->array.t_prog[i] = c->count.time;
			c->cache.stale[pcm_chunk_index(row, col)] = 1;
		}
		program(c, i_dev, g, n);
		pcm_array_settle(c, i_dev, n);
		c->count.n_program += n;
	}
	return 0;
}
