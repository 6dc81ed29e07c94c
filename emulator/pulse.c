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

int pcm_chip_pulse(struct pcm_chip *c, const struct pcm_pulse *p, size_t n)
{
	uint64_t n_kind[2];
	struct cursor w = { .p = p, .end = p + n };
	struct pcm_cells cells = pcm_array_cells(&c->array);
	int r = check(c, p, n, n_kind);
	if (r < 0)
		return r;
	uint64_t i = c->count.n_set + c->count.n_reset;
	uint64_t i_end = i + n_kind[PCM_SET] + n_kind[PCM_RESET];
	while (i < i_end) {
		size_t n_z = i_end - i < PCM_SPAN ? i_end - i : PCM_SPAN;
		const float *z = c->scratch.z;
		if (c->model->is_random)
			z = pcm_normals_at(c, PCM_USE_PULSE, i, &n_z);
		for (size_t k = 0, n_run; k < n_z; k += n_run) {
			bool is_set = w.p->kind == PCM_SET;
			n_run = gather(c, &w, n_z - k);
			(is_set ? c->model->set : c->model->reset)(
				&c->law, &cells, c->scratch.i_dev, z + k, n_run);
			pcm_array_restick(c, c->scratch.i_dev, n_run);
		}
		i += n_z;
	}
	c->count.n_set += n_kind[PCM_SET];
	c->count.n_reset += n_kind[PCM_RESET];
	return 0;
}

/* Adds read noise to a row's devices, g in plane order; ret_g [n_col][4] counts the reads. */
static void noisy_row(struct pcm_chip *c, float *ret_g, size_t n)
{
	for (size_t k = 0, n_z; k < n; k += n_z) {
		n_z = n - k;
		const float *z = pcm_normals_at(c, PCM_USE_READ, c->count.n_read + k, &n_z);
		for (size_t i = 0; i < n_z; i++)
			ret_g[k + i] += (c->noise.sd_0 + c->noise.sd_g * ret_g[k + i]) * z[i];
	}
}

/* What the columns make of device reads, each with its noise, g [n_col][4]. */
static void measured_row(struct pcm_chip *c, const struct pcm_patch *w, uint32_t row, float *ret_g)
{
	const struct pcm_columns *col = &c->columns;
	bool is_dead = c->faults.dead_row[row];
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	for (size_t k = 0, n_z; k < n; k += n_z) {
		n_z = n - k;
		const float *z = pcm_normals_at(c, PCM_USE_READ, c->count.n_read + k, &n_z);
		for (size_t i = 0; i < n_z; i++) {
			uint32_t j = w->col + (uint32_t)(k + i) / PCM_N_DEVICE;
			float g = is_dead ? 0.0f : ret_g[k + i];
			float sd = c->noise.sd_0 + c->noise.sd_g * g;
			sd = c->has_noise && !is_dead ? sd * col->read_gain[j] : 0.0f;
			sd = sqrtf(sd * sd + col->read_sd[j] * col->read_sd[j]);
			ret_g[k + i] = g * col->read_gain[j] + col->read_offset[j] + sd * z[i];
		}
	}
}

static void true_row(
	const struct pcm_chip *c, const struct pcm_patch *w, uint32_t row, float *g, float *ret_g)
{
	struct pcm_devices dev = pcm_array_row(&c->array, row, w->col);
	c->dsp->drifted(g, &dev, &c->drift, c->count.time, w->n_col);
	for (uint32_t j = 0; j < w->n_col; j++) {
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
			ret_g[j * PCM_N_DEVICE + k] = g[k * PCM_N_COL + j];
	}
}

int pcm_chip_read(struct pcm_chip *c, const struct pcm_patch *w, float *ret_g)
{
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	if (!pcm_clock_fits(c, w->n_row, c->t_read))
		return -EOVERFLOW;
	for (uint32_t i = 0; i < w->n_row; i++, ret_g += n) {
		true_row(c, w, w->row + i, c->scratch.g, ret_g);
		if (!c->columns.is_plain || c->faults.has_dead_row)
			measured_row(c, w, w->row + i, ret_g);
		else if (c->has_noise)
			noisy_row(c, ret_g, n);
		c->count.n_read += n;
		c->count.time += c->t_read;
	}
	return 0;
}

int pcm_chip_truth(const struct pcm_chip *c, const struct pcm_patch *w, float *ret_g)
{
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	float g[PCM_N_DEVICE * PCM_N_COL];
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	for (uint32_t i = 0; i < w->n_row; i++, ret_g += n)
		true_row(c, w, w->row + i, g, ret_g);
	return 0;
}

int pcm_chip_program(struct pcm_chip *c, const struct pcm_patch *w, const float *g)
{
	struct pcm_cells cells = pcm_array_cells(&c->array);
	uint32_t *i_dev = c->scratch.i_dev;
	if (!c->model->program)
		return -ENOTSUP;
	if (!pcm_patch_fits(w->row, w->n_row, w->col, w->n_col))
		return -EINVAL;
	size_t n = (size_t)w->n_col * PCM_N_DEVICE;
	for (size_t i = 0; i < w->n_row * n; i++) {
		if (!(g[i] >= c->law.g_min && g[i] <= c->law.g_max))
			return -ERANGE;
	}
	if (!pcm_clock_fits(c, w->n_row * n, c->t_set))
		return -EOVERFLOW;
	for (uint32_t row = w->row; row < w->row + w->n_row; row++, g += n) {
		for (size_t k = 0; k < n; k++) {
			uint32_t col = w->col + (uint32_t)k / PCM_N_DEVICE;
			size_t i = pcm_device_index(row, k % PCM_N_DEVICE, col);
			i_dev[k] = (uint32_t)i;
			c->count.time += c->t_set;
			c->array.t_prog[i] = c->count.time;
			c->cache.stale[pcm_chunk_index(row, col)] = 1;
		}
		c->model->program(&c->law, &cells, i_dev, g, n);
		pcm_array_restick(c, i_dev, n);
		c->count.n_program += n;
	}
	return 0;
}
