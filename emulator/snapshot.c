/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot.h"
#include "chip.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#define N_COUNT 8
#define Z_MAX   7.0f  /* of Box-Muller normals from 32 bits: 6.8 */
#define S_MAX   16.0f /* ten sigma of variance ln 10 */

static uint8_t *put_u32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(x >> 8 * i);
	return p;
}

static uint8_t *put_u64(uint8_t *p, uint64_t x)
{
	return put_u32(put_u32(p, (uint32_t)x), (uint32_t)(x >> 32));
}

static uint8_t *put_floats(uint8_t *p, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t u;
		memcpy(&u, x + i, sizeof(u));
		p = put_u32(p, u);
	}
	return p;
}

static uint8_t *put_u64s(uint8_t *p, const uint64_t *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p = put_u64(p, x[i]);
	return p;
}

static uint32_t u32_at(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t u64_at(const uint8_t *p)
{
	return u32_at(p) | (uint64_t)u32_at(p + 4) << 32;
}

static float float_at(const uint8_t *p)
{
	uint32_t u = u32_at(p);
	float x;
	memcpy(&x, &u, sizeof(x));
	return x;
}

static uint32_t crc(const uint8_t *buf, size_t n)
{
	return (uint32_t)crc32_z(0, buf + PCM_SNAPSHOT_BODY_AT, n - PCM_SNAPSHOT_BODY_AT);
}

void pcm_snapshot_seal(void *buf, size_t n)
{
	put_u32((uint8_t *)buf + PCM_SNAPSHOT_CRC_AT, crc(buf, n));
}

static uint32_t n_param(void)
{
	uint32_t n = 0;
	while (pcm_param_table[n].key)
		n++;
	return n;
}

#define N_IDENTITY_MAX 4096

/* What identifies a chip: parameters, index, geometry. */
static size_t size_of_identity(void)
{
	size_t n = 4 + 4 * 4;
	for (const struct pcm_param *t = pcm_param_table; t->key; t++)
		n += t->type == PCM_PARAM_FAULTS ? PCM_N_TEXT : 8;
	return n;
}

static uint8_t *put_identity(uint8_t *p, const struct pcm_chip *c)
{
	p = put_u32(p, n_param());
	for (const struct pcm_param *t = pcm_param_table; t->key; t++) {
		const char *field = (const char *)&c->prm + t->offset;
		if (t->type == PCM_PARAM_FAULTS) {
			memcpy(p, field, PCM_N_TEXT);
			p += PCM_N_TEXT;
			continue;
		}
		bool is_wide = t->type == PCM_PARAM_DOUBLE || t->type == PCM_PARAM_U64;
		uint64_t wide = 0;
		uint32_t narrow = 0;
		memcpy(is_wide ? (void *)&wide : (void *)&narrow, field, is_wide ? 8 : 4);
		p = put_u64(p, is_wide ? wide : narrow);
	}
	p = put_u32(p, c->i_chip);
	p = put_u32(p, PCM_N_ROW);
	p = put_u32(p, PCM_N_COL);
	return put_u32(p, PCM_N_DEVICE);
}

static void counters(struct pcm_stats *s, uint64_t *ret[N_COUNT])
{
	uint64_t *all[N_COUNT] = { &s->time, &s->n_mvm, &s->n_set, &s->n_reset, &s->n_read,
		&s->n_program, &s->n_sat, &s->n_phase };
	memcpy(ret, all, sizeof(all));
}

/* Where the arrays are in a snapshot. */
struct layout {
	size_t count, row_reads, phases, adc_range, fix_gain, fix_offset, g, memory, t_prog;
	size_t nu_z, noise_t, slow, chunk_total, chunk_t, end;
};

static struct layout layout(const struct pcm_chip *c)
{
	size_t n_chunk = c->array.slow ? PCM_N_ROW * PCM_N_CHUNK : 0;
	struct layout l;
	l.count = PCM_SNAPSHOT_BODY_AT + size_of_identity();
	l.row_reads = l.count + 8 * N_COUNT;
	l.phases = l.row_reads + 2 * 8 * PCM_N_ROW;
	l.adc_range = l.phases + 4;
	l.fix_gain = l.adc_range + 4 * PCM_N_COL;
	l.fix_offset = l.fix_gain + 4 * PCM_N_COL;
	l.g = l.fix_offset + 4 * PCM_N_COL;
	l.memory = l.g + 4 * (size_t)PCM_N;
	l.t_prog = l.memory + 4 * (size_t)PCM_N;
	l.nu_z = l.t_prog + 8 * (size_t)PCM_N;
	l.noise_t = l.nu_z + (c->array.nu_z ? 4 * (size_t)PCM_N : 0);
	l.slow = l.noise_t + 8 * n_chunk;
	l.chunk_total = l.slow + 4 * n_chunk * c->aging.n_slow * PCM_N_DEVICE * PCM_CHUNK;
	l.chunk_t = l.chunk_total + (c->wire.total ? 4 * PCM_N_ROW * PCM_N_CHUNK : 0);
	l.end = l.chunk_t + 8 * (size_t)PCM_N_ROW * PCM_N_CHUNK;
	return l;
}

size_t pcm_chip_snapshot_size(const struct pcm_chip *c)
{
	return layout(c).end;
}

int pcm_chip_snapshot(const struct pcm_chip *c, void *buf, size_t n)
{
	struct pcm_stats count = c->count;
	uint64_t *value[N_COUNT];
	uint8_t *p = buf;
	if (n < layout(c).end)
		return -ENOSPC;
	p = put_u32(p, PCM_SNAPSHOT_MAGIC);
	p = put_u32(p, PCM_SNAPSHOT_VERSION);
	p = put_u32(p, 0);
	p = put_identity(p, c);
	counters(&count, value);
	for (int i = 0; i < N_COUNT; i++)
		p = put_u64(p, *value[i]);
	p = put_u64s(p, c->row_reads, PCM_N_ROW);
	p = put_u64s(p, c->row_pulses, PCM_N_ROW);
	p = put_u32(p, c->phases);
	p = put_floats(p, c->adc_range, PCM_N_COL);
	p = put_floats(p, c->fix_gain, PCM_N_COL);
	p = put_floats(p, c->fix_offset, PCM_N_COL);
	p = put_floats(p, c->array.g, PCM_N);
	p = put_floats(p, c->array.memory, PCM_N);
	p = put_u64s(p, c->array.t_prog, PCM_N);
	if (c->array.nu_z)
		p = put_floats(p, c->array.nu_z, PCM_N);
	if (c->array.slow) {
		p = put_u64s(p, c->array.noise_t, PCM_N_ROW * PCM_N_CHUNK);
		p = put_floats(p, c->array.slow, (size_t)PCM_N * c->aging.n_slow);
	}
	for (size_t i = 0; c->wire.total && i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		float total = c->cache.stale[i] ? c->wire.chunk_total[i] : 0.0f;
		p = put_floats(p, &total, 1);
	}
	for (size_t i = 0; i < PCM_N_ROW * PCM_N_CHUNK; i++)
		p = put_u64(p, c->cache.stale[i] ? UINT64_MAX : c->cache.chunk_t[i]);
	pcm_snapshot_seal(buf, layout(c).end);
	return 0;
}

static int check_header(const struct pcm_chip *c, const uint8_t *buf, size_t n)
{
	uint8_t mine[N_IDENTITY_MAX];
	assert(size_of_identity() <= sizeof(mine));
	if (n < PCM_SNAPSHOT_BODY_AT + size_of_identity() || u32_at(buf) != PCM_SNAPSHOT_MAGIC)
		return -EBADMSG;
	if (u32_at(buf + 4) != PCM_SNAPSHOT_VERSION)
		return -EINVAL;
	if (u32_at(buf + PCM_SNAPSHOT_CRC_AT) != crc(buf, n))
		return -EBADMSG;
	put_identity(mine, c);
	if (memcmp(mine, buf + PCM_SNAPSHOT_BODY_AT, size_of_identity()))
		return -EINVAL;
	return n == layout(c).end ? 0 : -EBADMSG;
}

/* All of n floats in [min, max]; false for nan. */
static bool floats_within(const uint8_t *p, size_t n, float min, float max)
{
	for (size_t i = 0; i < n; i++) {
		float x = float_at(p + 4 * i);
		if (!(x >= min && x <= max))
			return false;
	}
	return true;
}

/* t_prog <= chunk_t <= now, or t_prog <= now where the chunk is stale. */
static bool times_in_order(const uint8_t *buf, const struct layout *l)
{
	uint64_t now = u64_at(buf + l->count);
	for (uint32_t i = 0; i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		uint64_t t = u64_at(buf + l->chunk_t + 8 * (size_t)i);
		if (t == UINT64_MAX)
			t = now;
		if (t > now)
			return false;
		for (uint32_t k = 0; k < PCM_N_DEVICE * PCM_CHUNK; k++) {
			size_t dev = pcm_device_index(i / PCM_N_CHUNK, k / PCM_CHUNK,
				i % PCM_N_CHUNK * PCM_CHUNK + k % PCM_CHUNK);
			if (u64_at(buf + l->t_prog + 8 * dev) > t)
				return false;
		}
	}
	return true;
}

/* Advanced before now, before what was computed with it. */
static bool noise_ok(const struct pcm_chip *c, const uint8_t *buf, const struct layout *l)
{
	uint64_t now = u64_at(buf + l->count);
	for (uint32_t i = 0; i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		uint64_t t = u64_at(buf + l->chunk_t + 8 * (size_t)i);
		uint64_t end = t == UINT64_MAX ? now : t;
		uint64_t since = u64_at(buf + l->noise_t + 8 * (size_t)i);
		if (since > end || (t != UINT64_MAX && end - since >= c->aging.hold))
			return false;
	}
	return floats_within(buf + l->slow, (size_t)PCM_N * c->aging.n_slow, -S_MAX, S_MAX);
}

/* 0 where the chunk is not stale: it follows from the devices. */
static bool totals_ok(const uint8_t *buf, const struct layout *l)
{
	for (size_t i = 0; i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		bool is_stale = u64_at(buf + l->chunk_t + 8 * i) == UINT64_MAX;
		if (!is_stale && u32_at(buf + l->chunk_total + 4 * i) != 0)
			return false;
	}
	return floats_within(buf + l->chunk_total, PCM_N_ROW * PCM_N_CHUNK, 0.0f, PCM_TOTAL_MAX);
}

static int check_content(const struct pcm_chip *c, const uint8_t *buf, const struct layout *l)
{
	for (size_t i = 0; i < N_COUNT + 2 * PCM_N_ROW; i++) {
		if (u64_at(buf + l->count + 8 * i) > PCM_T_MAX)
			return -EBADMSG;
	}
	if (u32_at(buf + l->phases) > PCM_FOUR_PHASES)
		return -EBADMSG;
	for (size_t i = 0; i < PCM_N_COL; i++) {
		float gain = float_at(buf + l->fix_gain + 4 * i);
		if (!pcm_adc_range_ok(float_at(buf + l->adc_range + 4 * i)))
			return -EBADMSG;
		if (!pcm_correction_ok(gain, float_at(buf + l->fix_offset + 4 * i)))
			return -EBADMSG;
	}
	if (!floats_within(buf + l->g, PCM_N, 0.0f, c->law.g_top))
		return -EBADMSG;
	for (size_t i = 0; c->faults.stuck && i < PCM_N; i++) {
		if (pcm_bit(c->faults.stuck, i) &&
			float_at(buf + l->g + 4 * i) != pcm_stuck_g(c, i))
			return -EBADMSG;
	}
	if (!floats_within(buf + l->memory, PCM_N, 0.0f, 1.0f))
		return -EBADMSG;
	if (c->array.nu_z && !floats_within(buf + l->nu_z, PCM_N, -Z_MAX, Z_MAX))
		return -EBADMSG;
	if (c->array.slow && !noise_ok(c, buf, l))
		return -EBADMSG;
	if (c->wire.total && !totals_ok(buf, l))
		return -EBADMSG;
	return times_in_order(buf, l) ? 0 : -EBADMSG;
}

static void apply(struct pcm_chip *c, const uint8_t *buf, const struct layout *l)
{
	uint64_t *value[N_COUNT];
	counters(&c->count, value);
	for (size_t i = 0; i < N_COUNT; i++)
		*value[i] = u64_at(buf + l->count + 8 * i);
	for (size_t i = 0; i < PCM_N_ROW; i++) {
		c->row_reads[i] = u64_at(buf + l->row_reads + 8 * i);
		c->row_pulses[i] = u64_at(buf + l->row_reads + 8 * (PCM_N_ROW + i));
	}
	c->phases = u32_at(buf + l->phases);
	for (size_t i = 0; i < PCM_N_COL; i++) {
		c->adc_range[i] = float_at(buf + l->adc_range + 4 * i);
		c->fix_gain[i] = float_at(buf + l->fix_gain + 4 * i);
		c->fix_offset[i] = float_at(buf + l->fix_offset + 4 * i);
	}
	for (size_t i = 0; i < PCM_N; i++) {
		c->array.g[i] = float_at(buf + l->g + 4 * i);
		c->array.memory[i] = float_at(buf + l->memory + 4 * i);
		c->array.t_prog[i] = u64_at(buf + l->t_prog + 8 * i);
	}
	for (size_t i = 0; i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		c->cache.chunk_t[i] = u64_at(buf + l->chunk_t + 8 * i);
		c->cache.stale[i] = c->cache.chunk_t[i] == UINT64_MAX;
	}
	for (size_t i = 0; c->array.nu_z && i < PCM_N; i++)
		c->array.nu_z[i] = float_at(buf + l->nu_z + 4 * i);
	for (size_t i = 0; c->array.slow && i < PCM_N_ROW * PCM_N_CHUNK; i++)
		c->array.noise_t[i] = u64_at(buf + l->noise_t + 8 * i);
	for (size_t i = 0; c->array.slow && i < (size_t)PCM_N * c->aging.n_slow; i++)
		c->array.slow[i] = float_at(buf + l->slow + 4 * i);
	for (size_t i = 0; c->wire.total && i < PCM_N_ROW * PCM_N_CHUNK; i++) {
		c->wire.chunk_total[i] = float_at(buf + l->chunk_total + 4 * i);
		c->wire.is_due[i / PCM_N_CHUNK] = true;
	}
	pcm_array_settle_all(c);
	pcm_adc_derive(c);
	pcm_cache_restore(c);
}

int pcm_chip_restore(struct pcm_chip *c, const void *buf, size_t n)
{
	struct layout l = layout(c);
	int r = check_header(c, buf, n);
	if (r < 0)
		return r;
	r = check_content(c, buf, &l);
	if (r < 0)
		return r;
	apply(c, buf, &l);
	return 0;
}
