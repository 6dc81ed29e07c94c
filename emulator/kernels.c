/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernels.h"
#include "kernel_scalar.h"
#include "pcm.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* r cos a and r sin a: r from u = (w_0 / 2 + 1/2) / 2^31, a = 2 pi w_1 / 2^32. */
static inline void box_muller(float *ret_x, float *ret_y, uint32_t w_0, uint32_t w_1)
{
	float u = ((float)(int32_t)(w_0 >> 1) + 0.5f) * TWO_TO_M31;
	float r = sqrtf(MINUS_2_LN_2 * log2_poly(u));
	uint32_t quadrant = (w_1 + 0x20000000u) >> 30;
	float t = (float)(int32_t)(w_1 - (quadrant << 30)) * TWO_TO_M29;
	float t2 = t * t;
	float s = ((SIN_3 * t2 + SIN_2) * t2 + SIN_1) * t2 + SIN_0;
	float c = ((COS_3 * t2 + COS_2) * t2 + COS_1) * t2 + COS_0;
	s = s * t;
	c = c * t2 + 1.0f;
	float x = quadrant & 1 ? s : c;
	float y = quadrant & 1 ? c : s;
	*ret_x = r * float_of(bits_of(x) ^ ((quadrant + 1) & 2) << 30);
	*ret_y = r * float_of(bits_of(y) ^ (quadrant & 2) << 30);
}

/* Loops over 16 blocks or devices, without branches, are what a compiler makes vectors of. */
#define N_LANE PCM_CHUNK

/* Words [4][N_LANE] of blocks `block` .. block + 15; pcm_philox() says the same for one block. */
static void philox(uint32_t w[4][N_LANE], const struct pcm_stream *s, uint32_t block)
{
	uint32_t k_0 = s->key[0], k_1 = s->key[1];
	for (uint32_t j = 0; j < N_LANE; j++) {
		w[0][j] = block + j;
		w[1][j] = s->op[0];
		w[2][j] = s->op[1];
		w[3][j] = s->use;
	}
	for (int round = 0; round < 10; round++) {
		for (uint32_t j = 0; j < N_LANE; j++) {
			uint64_t p_0 = (uint64_t)PCM_PHILOX_MUL_0 * w[0][j];
			uint64_t p_1 = (uint64_t)PCM_PHILOX_MUL_1 * w[2][j];
			w[0][j] = (uint32_t)(p_1 >> 32) ^ w[1][j] ^ k_0;
			w[1][j] = (uint32_t)p_1;
			w[2][j] = (uint32_t)(p_0 >> 32) ^ w[3][j] ^ k_1;
			w[3][j] = (uint32_t)p_0;
		}
		k_0 += PCM_PHILOX_WEYL_0;
		k_1 += PCM_PHILOX_WEYL_1;
	}
}

static void normals(float *ret, const struct pcm_stream *s, uint32_t i_group, uint32_t n_group)
{
	for (uint32_t i = 0; i < n_group; i++, ret += PCM_GROUP) {
		uint32_t w[4][N_LANE];
		philox(w, s, (i_group + i) * N_LANE);
		for (uint32_t j = 0; j < N_LANE; j++)
			box_muller(ret + j, ret + N_LANE + j, w[0][j], w[1][j]);
		for (uint32_t j = 0; j < N_LANE; j++)
			box_muller(ret + 2 * N_LANE + j, ret + 3 * N_LANE + j, w[2][j], w[3][j]);
	}
}

static float bf16_to_float(uint16_t b)
{
	return float_of((uint32_t)b << 16);
}

uint16_t pcm_bf16(float x)
{
	uint32_t u = bits_of(x);
	return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static void add_bit(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col)
{
	uint32_t n = (n_col + PCM_CHUNK - 1) / PCM_CHUNK * PCM_CHUNK;
	memset(acc_g, 0, n * sizeof(*acc_g));
	for (uint32_t i = 0; i < d->n; i++) {
		const float *g_row = g + (size_t)d->row[i] * PCM_N_COL;
		for (uint32_t c = 0; c < n; c++)
			acc_g[c] += g_row[c];
	}
	if (!v)
		return;
	memset(acc_v, 0, n * sizeof(*acc_v));
	for (uint32_t i = 0; i < d->n; i++) {
		const uint16_t *v_row = v + (size_t)d->row[i] * PCM_N_COL;
		for (uint32_t c = 0; c < n; c++)
			acc_v[c] += bf16_to_float(v_row[c]);
	}
}

static void add_int8(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, uint32_t n_col)
{
	uint32_t n = (n_col + PCM_CHUNK - 1) / PCM_CHUNK * PCM_CHUNK;
	memset(acc_g, 0, n * sizeof(*acc_g));
	for (uint32_t i = 0; i < d->n; i++) {
		const float *g_row = g + (size_t)d->row[i] * PCM_N_COL;
		for (uint32_t c = 0; c < n; c++)
			acc_g[c] += d->x[i] * g_row[c];
	}
	if (!v)
		return;
	memset(acc_v, 0, n * sizeof(*acc_v));
	for (uint32_t i = 0; i < d->n; i++) {
		const uint16_t *v_row = v + (size_t)d->row[i] * PCM_N_COL;
		float x2 = d->x[i] * d->x[i];
		for (uint32_t c = 0; c < n; c++)
			acc_v[c] += x2 * bf16_to_float(v_row[c]);
	}
}

/* From the furthest row to the nearest what flows through a bit line, then back what that takes. */
static void wire_inputs(float *restrict ret, const struct pcm_drive *d, const float *restrict total,
	const float *restrict reach, float half_r)
{
	enum { N = PCM_N_WIRE_GROUP };
	float sum[256][2][N]; /* of T and x T, from this row on */
	float a[N] = { 0 }, b[N] = { 0 };
	for (uint32_t i = d->n; i-- > 0;) {
		const float *t = total + d->row[i] * N;
		float x = d->x[i];
		for (uint32_t g = 0; g < N; g++) {
			a[g] += t[g];
			b[g] += x * t[g];
		}
		memcpy(sum[i][0], a, sizeof(a));
		memcpy(sum[i][1], b, sizeof(b));
	}
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	for (uint32_t i = 0, last = 0; i < d->n; i++) {
		float x = d->x[i], far = half_r * (float)(int32_t)(d->row[i] + 1u - last);
		const float *k = reach + d->row[i] * N;
		last = d->row[i] + 1u;
		float arrive[N];
		for (uint32_t g = 0; g < N; g++)
			a[g] += far * sum[i][0][g];
		for (uint32_t g = 0; g < N; g++)
			b[g] += far * sum[i][1][g];
		for (uint32_t g = 0; g < N; g++) {
			float rest = 1.0f + a[g];
			arrive[g] = (x * rest - b[g]) * k[g] / (rest * rest);
		}
		memcpy(ret + i * N, arrive, sizeof(arrive));
	}
}

static void add_wire(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
	const struct pcm_drive *d, const float *x, uint32_t n_col)
{
	memset(acc_g, 0, n_col * sizeof(*acc_g));
	if (v)
		memset(acc_v, 0, n_col * sizeof(*acc_v));
	for (uint32_t i = 0; i < d->n; i++) {
		for (uint32_t k = 0; k < n_col / PCM_ADD_CHUNK; k++) {
			size_t at = d->row[i] * (size_t)PCM_N_COL + k * PCM_ADD_CHUNK;
			float y = x[i * PCM_N_WIRE_GROUP + k], y2 = y * y;
			float *to_g = acc_g + k * PCM_ADD_CHUNK,
			      *to_v = v ? acc_v + k * PCM_ADD_CHUNK : NULL;
			for (uint32_t c = 0; c < PCM_ADD_CHUNK; c++)
				to_g[c] += y * g[at + c];
			for (uint32_t c = 0; v && c < PCM_ADD_CHUNK; c++)
				to_v[c] += y2 * bf16_to_float(v[at + c]);
		}
	}
}

static float clip(float x, float max)
{
	x = x < max ? x : max;
	return x > -max ? x : -max;
}

static float round_even(float x)
{
	return (x + ROUND_MAGIC) - ROUND_MAGIC;
}

static uint32_t convert(int16_t *out, const float *acc_g, const float *acc_v, const float *z,
	const float *scale, float max, uint32_t n_col)
{
	uint32_t n_sat = 0;
	for (uint32_t c = 0; c < n_col; c++) {
		float y = acc_g[c];
		if (acc_v)
			y += sqrtf(acc_v[c]) * z[c];
		y = round_even(clip(y * scale[c], max + 1.0f));
		n_sat += fabsf(y) > max;
		out[c] = (int16_t)clip(y, max);
	}
	return n_sat;
}

static uint32_t convert_column(int16_t *out, const float *acc_g, const float *acc_v, const float *z,
	const struct pcm_column *k, float max, uint32_t n_col)
{
	uint32_t n_sat = 0;
	for (uint32_t c = 0; c < n_col; c++) {
		float scale = k->scale[c];
		float var = acc_v ? acc_v[c] * scale * scale + k->var[c] : k->var[c];
		float y = acc_g[c] * scale + k->offset[c] + sqrtf(var) * z[c];
		y = clip(y, max + 1.0f);
		bool is_over = fabsf(round_even(y)) > max;
		y = clip(y, max) * k->fix_gain[c] + k->fix_offset[c];
		y = round_even(clip(y, max + 1.0f));
		n_sat += is_over || fabsf(y) > max;
		out[c] = (int16_t)clip(y, max);
	}
	return n_sat;
}

/* max(age / t0, r_min); the age is rounded once, to the nearest float. */
static float ratio(const struct pcm_drift *d, uint64_t now, uint64_t t_prog)
{
	float r = (float)(int64_t)(now - t_prog) * d->inv_t0;
	return r > d->r_min ? r : d->r_min;
}

float pcm_drift_floor(const struct pcm_drift *d)
{
	return exp2_poly(-d->nu * log2_poly(d->r_min));
}

/* Conductances now and age ratios of N_LANE devices. */
static void devices_now(float *restrict ret_g, float *restrict ret_r, const struct pcm_devices *w,
	const struct pcm_drift *d, uint64_t now, uint32_t i)
{
	float exponent[N_LANE], g[N_LANE];
	for (uint32_t j = 0; j < N_LANE; j++)
		exponent[j] = w->nu ? -w->nu[i + j] : -d->nu;
	for (uint32_t j = 0; j < N_LANE; j++)
		ret_r[j] = ratio(d, now, w->t_prog[i + j]);
	memcpy(g, w->g + i, sizeof(g));
	for (uint32_t j = 0; j < N_LANE; j++)
		ret_g[j] = g[j] * exp2_poly(exponent[j] * log2_poly(ret_r[j]));
}

static void drifted(float *ret_g, const struct pcm_devices *w, const struct pcm_drift *d,
	uint64_t now, uint32_t n_col)
{
	float r[N_LANE];
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
		for (uint32_t c = 0; c < n_col; c += N_LANE) {
			uint32_t i = k * PCM_N_COL + c;
			devices_now(ret_g + i, r, w, d, now, i);
		}
	}
}

static void refresh(float *g, uint16_t *v, float *ret_r, const struct pcm_devices *w,
	const struct pcm_drift *d, const struct pcm_read_noise *s, uint64_t now, uint32_t n_col)
{
	for (uint32_t c = 0; c < n_col; c += N_LANE, g += N_LANE, v += N_LANE) {
		float x[PCM_N_DEVICE][N_LANE], r[N_LANE];
		float *r_min = ret_r++;
		*r_min = INFINITY;
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
			devices_now(x[k], r, w, d, now, k * PCM_N_COL + c);
			for (uint32_t j = 0; j < N_LANE; j++)
				*r_min = r[j] < *r_min ? r[j] : *r_min;
		}
		for (uint32_t j = 0; j < N_LANE; j++) {
			float plus = x[0][j] + x[1][j], minus = x[2][j] + x[3][j];
			float square = (x[0][j] * x[0][j] + x[1][j] * x[1][j]) +
				(x[2][j] * x[2][j] + x[3][j] * x[3][j]);
			g[j] = plus - minus;
			v[j] = pcm_bf16(s->var_0 + s->var_1 * (plus + minus) + s->var_2 * square);
		}
	}
}

const struct pcm_dsp pcm_dsp_c = {
	.name = "c",
	.normals = normals,
	.add_bit = add_bit,
	.add_int8 = add_int8,
	.wire_inputs = wire_inputs,
	.add_wire = add_wire,
	.convert = convert,
	.convert_column = convert_column,
	.drifted = drifted,
	.refresh = refresh,
};
