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
#include <string.h>

#define V_PER_CHUNK (PCM_CHUNK / V_N)
#define INLINE      static inline __attribute__((always_inline))

static_assert(PCM_CHUNK % V_N == 0 && PCM_N_COL % PCM_CHUNK == 0, "whole vectors only");

/* c0 p(x) = c0 + x p: one step of Horner's rule. */
INLINE v_f horner(v_f p, v_f x, float c0)
{
	return v_add(v_mul(p, x), v_set(c0));
}

/*
 * The polynomials take n vectors in lockstep (n constant, <= 4): one alone would wait at every step
 * of Horner's rule, and several one after another do not fit the processor's scheduler.
 */
INLINE void poly_5(v_f *ret, const v_f *x, const float *coefficient, int n)
{
	for (int k = 0; k < n; k++)
		ret[k] = v_set(coefficient[5]);
	for (int i = 4; i >= 0; i--) {
		for (int k = 0; k < n; k++)
			ret[k] = horner(ret[k], x[k], coefficient[i]);
	}
}

INLINE void log2_poly(v_f *x, int n)
{
	static const float c[] = { LOG2_0, LOG2_1, LOG2_2, LOG2_3, LOG2_4, LOG2_5 };
	v_f e[4], f[4], p[4];
	for (int k = 0; k < n; k++) {
		v_i bits = v_bits(x[k]);
		v_i exponent = vi_sra(vi_sub(bits, vi_set(SQRT_HALF_BITS)), 23);
		e[k] = v_of_int(exponent);
		f[k] = v_sub(v_of_bits(vi_sub(bits, vi_sll(exponent, 23))), v_set(1.0f));
	}
	poly_5(p, f, c, n);
	for (int k = 0; k < n; k++)
		x[k] = v_add(e[k], v_mul(f[k], p[k]));
}

INLINE void exp2_poly(v_f *x, int n)
{
	static const float c[] = { 1.0f, EXP2_0, EXP2_1, EXP2_2, EXP2_3, EXP2_4 };
	v_f whole[4], f[4], p[4];
	for (int k = 0; k < n; k++)
		f[k] = v_fraction(whole + k, x[k]);
	poly_5(p, f, c, n);
	for (int k = 0; k < n; k++)
		x[k] = v_scale(p[k], whole[k]);
}

/* r cos a and r sin a of two pairs of words, to ret, ret + 16, ret + 32, ret + 48. */
INLINE void box_muller(float *ret, const v_i w[4])
{
	v_f r[2], t[2], t2[2], s[2], c[2];
	v_i quadrant[2];
	for (int k = 0; k < 2; k++) {
		v_f u = v_add(v_of_int(vi_srl(w[2 * k], 1)), v_set(0.5f));
		r[k] = v_mul(u, v_set(TWO_TO_M31));
		quadrant[k] = vi_srl(vi_add(w[2 * k + 1], vi_set(0x20000000)), 30);
		v_i rest = vi_sub(w[2 * k + 1], vi_sll(quadrant[k], 30));
		t[k] = v_mul(v_of_int(rest), v_set(TWO_TO_M29));
		t2[k] = v_mul(t[k], t[k]);
	}
	log2_poly(r, 2);
	for (int k = 0; k < 2; k++) {
		r[k] = v_sqrt(v_mul(v_set(MINUS_2_LN_2), r[k]));
		s[k] = horner(
			horner(horner(v_set(SIN_3), t2[k], SIN_2), t2[k], SIN_1), t2[k], SIN_0);
		c[k] = horner(
			horner(horner(v_set(COS_3), t2[k], COS_2), t2[k], COS_1), t2[k], COS_0);
	}
	for (int k = 0; k < 2; k++) {
		s[k] = v_mul(s[k], t[k]);
		c[k] = horner(c[k], t2[k], 1.0f);
		v_f x = v_choose(quadrant[k], s[k], c[k]), y = v_choose(quadrant[k], c[k], s[k]);
		v_i sign_x = vi_sll(vi_and(vi_add(quadrant[k], vi_set(1)), vi_set(2)), 30);
		v_i sign_y = vi_sll(vi_and(quadrant[k], vi_set(2)), 30);
		x = v_of_bits(vi_xor(v_bits(x), sign_x));
		y = v_of_bits(vi_xor(v_bits(y), sign_y));
		v_store(ret + 2 * k * PCM_CHUNK, v_mul(r[k], x));
		v_store(ret + (2 * k + 1) * PCM_CHUNK, v_mul(r[k], y));
	}
}

/*
 * One Philox round on the counters of V_N / 2 blocks, each in the low half of a 64-bit lane: that is
 * what the multiplication takes, and what the high halves hold does not matter.
 */
INLINE void philox_round(v_i c[4], v_i k_0, v_i k_1)
{
	v_i p_0 = vi_mul_even(c[0], vi_set((int32_t)PCM_PHILOX_MUL_0));
	v_i p_1 = vi_mul_even(c[2], vi_set((int32_t)PCM_PHILOX_MUL_1));
	c[0] = vi_xor(vi_xor(vi_high_half(p_1), c[1]), k_0);
	c[1] = p_1;
	c[2] = vi_xor(vi_xor(vi_high_half(p_0), c[3]), k_1);
	c[3] = p_0;
}

/* Words of V_N blocks from `block` on, blocks of even and odd number in lockstep. */
INLINE void philox(v_i ret[4], const struct pcm_stream *s, uint32_t block)
{
	v_i i = vi_add(vi_set((int32_t)block), vi_lane());
	v_i op_0 = vi_set((int32_t)s->op[0]), op_1 = vi_set((int32_t)s->op[1]);
	v_i use = vi_set((int32_t)s->use);
	v_i even[4] = { i, op_0, op_1, use }, odd[4] = { vi_high_half(i), op_0, op_1, use };
	uint32_t k_0 = s->key[0], k_1 = s->key[1];
	for (int round = 0; round < 10; round++) {
		philox_round(even, vi_set((int32_t)k_0), vi_set((int32_t)k_1));
		philox_round(odd, vi_set((int32_t)k_0), vi_set((int32_t)k_1));
		k_0 += PCM_PHILOX_WEYL_0;
		k_1 += PCM_PHILOX_WEYL_1;
	}
	for (int k = 0; k < 4; k++)
		ret[k] = vi_pair(even[k], odd[k]);
}

static void normals(float *ret, const struct pcm_stream *s, uint32_t i_group, uint32_t n_group)
{
	uint32_t n = n_group * V_PER_CHUNK;
	for (uint32_t i = 0; i < n; i++) {
		v_i w[4];
		philox(w, s, i_group * PCM_CHUNK + i * V_N);
		box_muller(ret + i / V_PER_CHUNK * PCM_GROUP + i % V_PER_CHUNK * V_N, w);
	}
}

/*
 * Adds n driven rows (constant) from the i-th on, two vectors of columns at a time. A pair of
 * bfloat16 is one 32-bit lane, so variances come as even and odd columns, and stay so in acc_v
 * until interleave().
 */
INLINE void add_group(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t i, uint32_t n_col, int n, bool has_x, bool has_v)
{
	const float *g_row[V_ROWS];
	const uint16_t *v_row[V_ROWS];
	v_f x[V_ROWS], x2[V_ROWS];
	for (int k = 0; k < n; k++) {
		size_t row = d->row[i + (uint32_t)k] * (size_t)PCM_N_COL;
		g_row[k] = g + row;
		v_row[k] = v + row;
		x[k] = v_set(has_x ? d->x[i + (uint32_t)k] : 1.0f);
		x2[k] = v_mul(x[k], x[k]);
	}
	for (uint32_t c = 0; c < n_col; c += 2 * V_N) {
		v_f sum[4] = { v_load(acc_g + c), v_load(acc_g + c + V_N), v_load(acc_v + c),
			v_load(acc_v + c + V_N) };
		for (int k = 0; k < n; k++) {
			v_f a = v_load(g_row[k] + c), b = v_load(g_row[k] + c + V_N);
			sum[0] = v_add(sum[0], has_x ? v_mul(x[k], a) : a);
			sum[1] = v_add(sum[1], has_x ? v_mul(x[k], b) : b);
			if (!has_v)
				continue;
			v_load_bf16(&a, &b, v_row[k] + c);
			sum[2] = v_add(sum[2], has_x ? v_mul(x2[k], a) : a);
			sum[3] = v_add(sum[3], has_x ? v_mul(x2[k], b) : b);
		}
		v_store(acc_g + c, sum[0]);
		v_store(acc_g + c + V_N, sum[1]);
		if (has_v) {
			v_store(acc_v + c, sum[2]);
			v_store(acc_v + c + V_N, sum[3]);
		}
	}
}

INLINE void add_rows(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col, bool has_x, bool has_v)
{
	uint32_t i = 0;
	for (uint32_t c = 0; c < n_col; c += PCM_ADD_CHUNK) {
		memset(acc_g + c, 0, PCM_ADD_CHUNK * sizeof(*acc_g));
		memset(acc_v + c, 0, PCM_ADD_CHUNK * sizeof(*acc_v));
	}
	for (; i + V_ROWS <= d->n; i += V_ROWS)
		add_group(acc_g, acc_v, g, v, d, i, n_col, V_ROWS, has_x, has_v);
	for (; i + V_ROWS / 2 <= d->n; i += V_ROWS / 2)
		add_group(acc_g, acc_v, g, v, d, i, n_col, V_ROWS / 2, has_x, has_v);
	for (; V_ROWS > 4 && i + 2 <= d->n; i += 2)
		add_group(acc_g, acc_v, g, v, d, i, n_col, 2, has_x, has_v);
	for (; i < d->n; i++)
		add_group(acc_g, acc_v, g, v, d, i, n_col, 1, has_x, has_v);
	for (uint32_t c = 0; has_v && c < n_col; c += 2 * V_N)
		v_interleave(acc_v + c);
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

/* One float a group of columns. */
typedef float v_group __attribute__((vector_size(PCM_N_WIRE_GROUP * sizeof(float))));

INLINE v_group load_group(const float *p)
{
	v_group ret;
	memcpy(&ret, p, sizeof(ret));
	return ret;
}

static void wire_inputs(
	float *ret, const struct pcm_drive *d, const float *total, const float *reach, float half_r)
{
	v_group sum[256], sum_x[256]; /* of T and x T, from this row on */
	v_group a = { 0 }, b = { 0 };
	for (uint32_t i = d->n; i-- > 0;) {
		v_group t = load_group(total + d->row[i] * PCM_N_WIRE_GROUP);
		sum[i] = a += t;
		sum_x[i] = b += d->x[i] * t;
	}
	a = b = (v_group){ 0 };
	for (uint32_t i = 0, last = 0; i < d->n; i++) {
		v_group k = load_group(reach + d->row[i] * PCM_N_WIRE_GROUP);
		float far = half_r * (float)(int32_t)(d->row[i] + 1u - last);
		last = d->row[i] + 1u;
		a += far * sum[i];
		b += far * sum_x[i];
		v_group rest = 1.0f + a;
		v_group arrive = (d->x[i] * rest - b) * k / (rest * rest);
		memcpy(ret + i * PCM_N_WIRE_GROUP, &arrive, sizeof(arrive));
	}
}

/* Adds n driven rows (constant) from the i-th on, inputs x [driven][group] differing by group. */
INLINE void add_wire_group(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, const float *x, uint32_t i, uint32_t n_col, int n, bool has_v)
{
	const float *g_row[V_ROWS];
	const uint16_t *v_row[V_ROWS];
	for (int k = 0; k < n; k++) {
		size_t row = d->row[i + (uint32_t)k] * (size_t)PCM_N_COL;
		g_row[k] = g + row;
		v_row[k] = v + row;
	}
	for (uint32_t c = 0; c < n_col; c += 2 * V_N) {
		const float *x_at = x + i * PCM_N_WIRE_GROUP + c / PCM_ADD_CHUNK;
		v_f sum[4] = { v_load(acc_g + c), v_load(acc_g + c + V_N), v_load(acc_v + c),
			v_load(acc_v + c + V_N) };
		for (int k = 0; k < n; k++) {
			v_f y = v_set(x_at[k * PCM_N_WIRE_GROUP]), a, b;
			sum[0] = v_add(sum[0], v_mul(y, v_load(g_row[k] + c)));
			sum[1] = v_add(sum[1], v_mul(y, v_load(g_row[k] + c + V_N)));
			if (!has_v)
				continue;
			v_load_bf16(&a, &b, v_row[k] + c);
			y = v_mul(y, y);
			sum[2] = v_add(sum[2], v_mul(y, a));
			sum[3] = v_add(sum[3], v_mul(y, b));
		}
		v_store(acc_g + c, sum[0]);
		v_store(acc_g + c + V_N, sum[1]);
		if (has_v) {
			v_store(acc_v + c, sum[2]);
			v_store(acc_v + c + V_N, sum[3]);
		}
	}
}

INLINE void add_wire_rows(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, const float *x, uint32_t n_col, bool has_v)
{
	uint32_t i = 0;
	memset(acc_g, 0, n_col * sizeof(*acc_g));
	memset(acc_v, 0, n_col * sizeof(*acc_v));
	for (; i + V_ROWS <= d->n; i += V_ROWS)
		add_wire_group(acc_g, acc_v, g, v, d, x, i, n_col, V_ROWS, has_v);
	for (; i + V_ROWS / 2 <= d->n; i += V_ROWS / 2)
		add_wire_group(acc_g, acc_v, g, v, d, x, i, n_col, V_ROWS / 2, has_v);
	for (; V_ROWS > 4 && i + 2 <= d->n; i += 2)
		add_wire_group(acc_g, acc_v, g, v, d, x, i, n_col, 2, has_v);
	for (; i < d->n; i++)
		add_wire_group(acc_g, acc_v, g, v, d, x, i, n_col, 1, has_v);
	for (uint32_t c = 0; has_v && c < n_col; c += 2 * V_N)
		v_interleave(acc_v + c);
}

static void add_wire(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, const float *x, uint32_t n_col)
{
	if (v)
		add_wire_rows(acc_g, acc_v, g, v, d, x, n_col, true);
	else
		add_wire_rows(acc_g, acc_g, g, (const uint16_t *)g, d, x, n_col, false);
}

INLINE v_f round_even(v_f x)
{
	return v_sub(v_add(x, v_set(ROUND_MAGIC)), v_set(ROUND_MAGIC));
}

INLINE v_f clip(v_f x, float max)
{
	return v_max(v_min(x, v_set(max)), v_set(-max));
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
		y = round_even(clip(y, max + 1.0f));
		v_f clipped = clip(y, max);
		v_store_i16(out + c, v_to_int(clipped));
		n_sat += v_count_unequal(y, clipped, n_col - c);
	}
	return n_sat;
}

static uint32_t convert_column(int16_t *out, const float *acc_g, const float *acc_v, const float *z,
	const struct pcm_column *k, float max, uint32_t n_col)
{
	uint32_t n_sat = 0;
	for (uint32_t c = 0; c < n_col; c += V_N) {
		v_f scale = v_load(k->scale + c), var = v_load(k->var + c);
		if (acc_v)
			var = v_add(v_mul(v_mul(v_load(acc_v + c), scale), scale), var);
		v_f y = v_add(v_mul(v_load(acc_g + c), scale), v_load(k->offset + c));
		y = v_add(y, v_mul(v_sqrt(var), v_load(z + c)));
		v_f raw = clip(y, max + 1.0f), whole = round_even(raw);
		v_f over = v_sub(whole, clip(whole, max));
		y = v_add(
			v_mul(clip(raw, max), v_load(k->fix_gain + c)), v_load(k->fix_offset + c));
		y = round_even(clip(y, max + 1.0f));
		v_f clipped = clip(y, max), over_2 = v_sub(y, clipped);
		v_store_i16(out + c, v_to_int(clipped));
		over = v_add(v_mul(over, over), v_mul(over_2, over_2));
		n_sat += v_count_unequal(over, v_set(0.0f), n_col - c);
	}
	return n_sat;
}

/* max(age / t0, r_min) of V_N devices in each of four planes, columns c .. */
INLINE void ratios(
	v_f r[4], const struct pcm_devices *w, const struct pcm_drift *d, uint64_t now, uint32_t c)
{
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
		v_f age = v_age(now, w->t_prog + k * PCM_N_COL + c);
		r[k] = v_max(v_mul(age, v_set(d->inv_t0)), v_set(d->r_min));
	}
}

/* Conductances of these devices; spoils r. */
INLINE void devices_now(
	v_f ret_g[4], v_f r[4], const struct pcm_devices *w, const struct pcm_drift *d, uint32_t c)
{
	log2_poly(r, PCM_N_DEVICE);
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
		v_f nu = w->nu ? v_load(w->nu + k * PCM_N_COL + c) : v_set(d->nu);
		r[k] = v_mul(v_neg(nu), r[k]);
	}
	exp2_poly(r, PCM_N_DEVICE);
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
		ret_g[k] = v_mul(v_load(w->g + k * PCM_N_COL + c), r[k]);
}

/* The same where the chip is too young for any device to have begun to drift. */
INLINE void young_devices(
	v_f ret_g[4], const struct pcm_devices *w, const struct pcm_drift *d, uint32_t c)
{
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
		ret_g[k] = v_mul(v_load(w->g + k * PCM_N_COL + c), v_set(d->f_min));
}

static void drifted(float *ret_g, const struct pcm_devices *w, const struct pcm_drift *d,
	uint64_t now, uint32_t n_col)
{
	for (uint32_t c = 0; c < n_col; c += V_N) {
		v_f r[PCM_N_DEVICE], x[PCM_N_DEVICE];
		ratios(r, w, d, now, c);
		devices_now(x, r, w, d, c);
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
			v_store(ret_g + k * PCM_N_COL + c, x[k]);
	}
}

INLINE void store_cells(float *g, uint16_t *v, const v_f x[4], const struct pcm_read_noise *s)
{
	v_f plus = v_add(x[0], x[1]), minus = v_add(x[2], x[3]);
	v_f square = v_add(v_add(v_mul(x[0], x[0]), v_mul(x[1], x[1])),
		v_add(v_mul(x[2], x[2]), v_mul(x[3], x[3])));
	v_f var = v_add(v_set(s->var_0), v_mul(v_set(s->var_1), v_add(plus, minus)));
	var = v_add(var, v_mul(v_set(s->var_2), square));
	v_store(g, v_sub(plus, minus));
	v_store_bf16(v, var);
}

static void refresh(float *g, uint16_t *v, float *ret_r, const struct pcm_devices *w,
	const struct pcm_drift *d, const struct pcm_read_noise *s, uint64_t now, uint32_t n_col)
{
	bool is_young = !w->nu && (float)(int64_t)now * d->inv_t0 <= d->r_min;
	for (uint32_t c = 0; c < n_col; c += V_N) {
		v_f r[PCM_N_DEVICE], x[PCM_N_DEVICE];
		float *chunk = ret_r + c / PCM_CHUNK;
		if (is_young) {
			*chunk = d->r_min;
			young_devices(x, w, d, c);
		} else {
			ratios(r, w, d, now, c);
			float min = v_reduce_min(v_min(v_min(r[0], r[1]), v_min(r[2], r[3])));
			*chunk = c % PCM_CHUNK && *chunk < min ? *chunk : min;
			devices_now(x, r, w, d, c);
		}
		store_cells(g + c, v + c, x, s);
	}
}
