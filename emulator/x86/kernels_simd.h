/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernels_simd.h - the kernels of kernels.c, written once for vectors of V_N floats. Included by
 * one file per instruction set, which first defines V_N, the types v_f (floats) and v_i (32-bit
 * integers), and the operations used below. Same operations in the same order as kernels.c, lane
 * by lane: see there for what they compute.
 */
#include "kernel_math.h"
#include "pcm.h"
#include <stdbool.h>

#define V_PER_CHUNK (PCM_CHUNK / V_N)
#define INLINE      static inline __attribute__((always_inline))

static_assert(PCM_CHUNK % V_N == 0 && PCM_N_COL % PCM_CHUNK == 0, "whole vectors only");

/* c0 p(x) = c0 + x p: one step of Horner's rule. */
INLINE v_f horner(v_f p, v_f x, float c0)
{
	return v_add(v_mul(p, x), v_set(c0));
}

INLINE v_f log2_poly(v_f x)
{
	v_i bits = v_bits(x);
	v_i e = vi_sra(vi_sub(bits, vi_set(SQRT_HALF_BITS)), 23);
	v_f f = v_sub(v_of_bits(vi_sub(bits, vi_sll(e, 23))), v_set(1.0f));
	v_f p = v_set(LOG2_8);
	p = horner(p, f, LOG2_7);
	p = horner(p, f, LOG2_6);
	p = horner(p, f, LOG2_5);
	p = horner(p, f, LOG2_4);
	p = horner(p, f, LOG2_3);
	p = horner(p, f, LOG2_2);
	p = horner(p, f, LOG2_1);
	p = horner(p, f, LOG2_0);
	return v_add(v_of_int(e), v_mul(f, p));
}

INLINE v_f round_even(v_f x)
{
	return v_sub(v_add(x, v_set(ROUND_MAGIC)), v_set(ROUND_MAGIC));
}

INLINE v_f exp2_poly(v_f x)
{
	v_f n = round_even(x);
	v_f f = v_sub(x, n);
	v_f p = v_set(EXP2_5);
	p = horner(p, f, EXP2_4);
	p = horner(p, f, EXP2_3);
	p = horner(p, f, EXP2_2);
	p = horner(p, f, EXP2_1);
	p = horner(p, f, EXP2_0);
	p = horner(p, f, 1.0f);
	return v_of_bits(vi_add(v_bits(p), vi_sll(v_to_int(n), 23)));
}

INLINE void box_muller(float *ret_0, float *ret_1, v_i w_0, v_i w_1)
{
	v_f u = v_mul(v_add(v_of_int(vi_srl(w_0, 1)), v_set(0.5f)), v_set(TWO_TO_M31));
	v_f r = v_sqrt(v_mul(v_set(MINUS_2_LN_2), log2_poly(u)));
	v_i quadrant = vi_srl(vi_add(w_1, vi_set(0x20000000)), 30);
	v_f t = v_mul(v_of_int(vi_sub(w_1, vi_sll(quadrant, 30))), v_set(TWO_TO_M29));
	v_f t2 = v_mul(t, t);
	v_f s = horner(horner(horner(v_set(SIN_3), t2, SIN_2), t2, SIN_1), t2, SIN_0);
	v_f c = horner(horner(horner(v_set(COS_3), t2, COS_2), t2, COS_1), t2, COS_0);
	s = v_mul(s, t);
	c = horner(c, t2, 1.0f);
	v_f x = v_choose(quadrant, s, c);
	v_f y = v_choose(quadrant, c, s);
	v_i sign_x = vi_sll(vi_and(vi_add(quadrant, vi_set(1)), vi_set(2)), 30);
	v_i sign_y = vi_sll(vi_and(quadrant, vi_set(2)), 30);
	v_store(ret_0, v_mul(r, v_of_bits(vi_xor(v_bits(x), sign_x))));
	v_store(ret_1, v_mul(r, v_of_bits(vi_xor(v_bits(y), sign_y))));
}

/* One Philox round; key is the round's. */
INLINE void philox_round(v_i c[4], uint32_t k_0, uint32_t k_1)
{
	v_i hi_0, lo_0, hi_1, lo_1;
	vi_mul_wide(&hi_0, &lo_0, c[0], PCM_PHILOX_MUL_0);
	vi_mul_wide(&hi_1, &lo_1, c[2], PCM_PHILOX_MUL_1);
	c[0] = vi_xor(vi_xor(hi_1, c[1]), vi_set((int32_t)k_0));
	c[1] = lo_1;
	c[2] = vi_xor(vi_xor(hi_0, c[3]), vi_set((int32_t)k_1));
	c[3] = lo_0;
}

static void normals(float *ret, const struct pcm_stream *s, uint32_t i_group, uint32_t n_group)
{
	uint32_t n = n_group * V_PER_CHUNK;
	for (uint32_t i = 0; i < n; i++) {
		float *z = ret + i / V_PER_CHUNK * PCM_GROUP + i % V_PER_CHUNK * V_N;
		uint32_t block = i_group * PCM_CHUNK + i * V_N;
		v_i c[4] = { vi_add(vi_set((int32_t)block), vi_lane()), vi_set((int32_t)s->op[0]),
			vi_set((int32_t)s->op[1]), vi_set((int32_t)s->use) };
		uint32_t k_0 = s->key[0], k_1 = s->key[1];
		for (int round = 0; round < 10; round++) {
			philox_round(c, k_0, k_1);
			k_0 += PCM_PHILOX_WEYL_0;
			k_1 += PCM_PHILOX_WEYL_1;
		}
		box_muller(z, z + PCM_CHUNK, c[0], c[1]);
		box_muller(z + 2 * PCM_CHUNK, z + 3 * PCM_CHUNK, c[2], c[3]);
	}
}

/* Sums of n vectors of columns in registers, over all driven rows. n, has_x, has_v: constants. */
INLINE void add_block(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, int n, bool has_x, bool has_v)
{
	v_f sum_g[V_BLOCK], sum_v[V_BLOCK];
	for (int j = 0; j < n; j++)
		sum_g[j] = sum_v[j] = v_set(0.0f);
	for (uint32_t i = 0; i < d->n; i++) {
		const float *g_row = g + (size_t)d->row[i] * PCM_N_COL;
		const uint16_t *v_row = v + (size_t)d->row[i] * PCM_N_COL;
		v_f x = has_x ? v_set(d->x[i]) : v_set(1.0f);
		v_f x2 = has_x ? v_mul(x, x) : x;
		for (int j = 0; j < n; j++) {
			v_f g_j = v_load(g_row + j * V_N);
			sum_g[j] = v_add(sum_g[j], has_x ? v_mul(x, g_j) : g_j);
			if (!has_v)
				continue;
			v_f v_j = v_load_bf16(v_row + j * V_N);
			sum_v[j] = v_add(sum_v[j], has_x ? v_mul(x2, v_j) : v_j);
		}
	}
	for (int j = 0; j < n; j++) {
		v_store(acc_g + j * V_N, sum_g[j]);
		if (has_v)
			v_store(acc_v + j * V_N, sum_v[j]);
	}
}

INLINE void add_rows(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col, bool has_x, bool has_v)
{
	uint32_t c = 0;
	for (; c + V_BLOCK * V_N <= n_col; c += V_BLOCK * V_N)
		add_block(acc_g + c, acc_v + c, g + c, v + c, d, V_BLOCK, has_x, has_v);
	for (; c + V_BLOCK / 2 * V_N <= n_col; c += V_BLOCK / 2 * V_N)
		add_block(acc_g + c, acc_v + c, g + c, v + c, d, V_BLOCK / 2, has_x, has_v);
	for (; c < n_col; c += PCM_CHUNK)
		add_block(acc_g + c, acc_v + c, g + c, v + c, d, V_PER_CHUNK, has_x, has_v);
}

static void add_bit(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col)
{
	if (v)
		add_rows(acc_g, acc_v, g, v, d, n_col, false, true);
	else
		add_rows(acc_g, acc_g, g, (const uint16_t *)g, d, n_col, false, false);
}

static void add_int8(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col)
{
	if (v)
		add_rows(acc_g, acc_v, g, v, d, n_col, true, true);
	else
		add_rows(acc_g, acc_g, g, (const uint16_t *)g, d, n_col, true, false);
}

static uint32_t convert(int16_t *out, const float *acc_g, const float *acc_v, const float *z,
	const float *scale, float max, uint32_t n_col)
{
	uint32_t n_sat = 0;
	for (uint32_t c = 0; c < n_col; c += V_N) {
		v_f y = v_load(acc_g + c);
		if (acc_v)
			y = v_add(y, v_mul(v_sqrt(v_load(acc_v + c)), v_load(z + c)));
		y = v_mul(y, v_load(scale + c));
		y = v_max(v_min(y, v_set(max + 1.0f)), v_set(-(max + 1.0f)));
		y = round_even(y);
		v_f clipped = v_max(v_min(y, v_set(max)), v_set(-max));
		v_store_i16(out + c, v_to_int(clipped));
		n_sat += v_count_unequal(y, clipped, n_col - c);
	}
	return n_sat;
}

INLINE v_f device_now(
	const struct pcm_devices *w, const struct pcm_drift *d, uint64_t now, uint32_t i)
{
	v_f r = v_mul(v_age(now, w->t_prog + i), v_set(d->inv_t0));
	r = v_max(r, v_set(d->r_min));
	v_f nu = w->nu ? v_load(w->nu + i) : v_set(d->nu);
	return v_mul(v_load(w->g + i), exp2_poly(v_mul(v_neg(nu), log2_poly(r))));
}

static void drifted(float *ret_g, const struct pcm_devices *w, const struct pcm_drift *d,
	uint64_t now, uint32_t n_col)
{
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
		uint32_t plane = k * PCM_N_COL;
		for (uint32_t c = 0; c < n_col; c += V_N)
			v_store(ret_g + plane + c, device_now(w, d, now, plane + c));
	}
}

static void refresh(float *g, uint16_t *v, uint64_t *ret_t, const struct pcm_devices *w,
	const struct pcm_drift *d, const struct pcm_read_noise *s, uint64_t now, uint32_t n_col)
{
	for (uint32_t c = 0; c < n_col; c += V_N) {
		v_f x[PCM_N_DEVICE], var = v_set(0.0f);
		v_t t = vt_zero();
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
			uint32_t i = k * PCM_N_COL + c;
			x[k] = device_now(w, d, now, i);
			v_f sd = v_add(v_set(s->sd_0), v_mul(v_set(s->sd_g), x[k]));
			var = v_add(var, v_mul(sd, sd));
			t = vt_max(t, w->t_prog + i);
		}
		v_store(g + c, v_sub(v_add(x[0], x[1]), v_add(x[2], x[3])));
		v_store_bf16(v + c, var);
		uint64_t youngest = vt_reduce(t);
		uint64_t *chunk = ret_t + c / PCM_CHUNK;
		*chunk = c % PCM_CHUNK && *chunk > youngest ? *chunk : youngest;
	}
}
