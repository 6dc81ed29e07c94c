/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels_avx512.c - 16 lanes; AVX-512 F, BW, DQ and VL. Compiled alone with those flags. */
#include "kernels.h"
#include <assert.h>
#include <immintrin.h>

#define V_N    16
#define V_ROWS 8 /* rows added at once: x and x^2 of each in a register */

typedef __m512 v_f;
typedef __m512i v_i;

static inline v_f v_set(float x)
{
	return _mm512_set1_ps(x);
}

static inline v_f v_load(const float *p)
{
	return _mm512_loadu_ps(p);
}

static inline void v_store(float *p, v_f x)
{
	_mm512_storeu_ps(p, x);
}

static inline v_f v_add(v_f a, v_f b)
{
	return _mm512_add_ps(a, b);
}

static inline v_f v_sub(v_f a, v_f b)
{
	return _mm512_sub_ps(a, b);
}

static inline v_f v_mul(v_f a, v_f b)
{
	return _mm512_mul_ps(a, b);
}

static inline v_f v_min(v_f a, v_f b)
{
	return _mm512_min_ps(a, b);
}

static inline v_f v_max(v_f a, v_f b)
{
	return _mm512_max_ps(a, b);
}

static inline v_f v_sqrt(v_f a)
{
	return _mm512_sqrt_ps(a);
}

static inline v_i v_bits(v_f a)
{
	return _mm512_castps_si512(a);
}

static inline v_f v_of_bits(v_i a)
{
	return _mm512_castsi512_ps(a);
}

static inline v_f v_of_int(v_i a)
{
	return _mm512_cvtepi32_ps(a);
}

static inline v_i v_to_int(v_f a)
{
	return _mm512_cvtps_epi32(a);
}

static inline v_i vi_set(int32_t x)
{
	return _mm512_set1_epi32(x);
}

static inline v_i vi_lane(void)
{
	return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

static inline v_i vi_add(v_i a, v_i b)
{
	return _mm512_add_epi32(a, b);
}

static inline v_i vi_sub(v_i a, v_i b)
{
	return _mm512_sub_epi32(a, b);
}

static inline v_i vi_and(v_i a, v_i b)
{
	return _mm512_and_si512(a, b);
}

static inline v_i vi_xor(v_i a, v_i b)
{
	return _mm512_xor_si512(a, b);
}

static inline v_i vi_srl(v_i a, unsigned n)
{
	return _mm512_srli_epi32(a, n);
}

static inline v_i vi_sra(v_i a, unsigned n)
{
	return _mm512_srai_epi32(a, n);
}

static inline v_i vi_sll(v_i a, unsigned n)
{
	return _mm512_slli_epi32(a, n);
}

static inline v_f v_neg(v_f a)
{
	return v_of_bits(vi_xor(v_bits(a), vi_set(INT32_MIN)));
}

/* Where bit 0 of i is set a, else b. */
static inline v_f v_choose(v_i i, v_f a, v_f b)
{
	return _mm512_mask_blend_ps(_mm512_test_epi32_mask(i, vi_set(1)), b, a);
}

/* 64-bit products of the low halves of 64-bit lanes. */
static inline v_i vi_mul_even(v_i a, v_i b)
{
	return _mm512_mul_epu32(a, b);
}

static inline v_i vi_high_half(v_i a)
{
	return _mm512_srli_epi64(a, 32);
}

/* Low halves of both, alternating. */
static inline v_i vi_pair(v_i even, v_i odd)
{
	return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

/* 32 in a row: those at even places, those at odd ones. */
static inline void v_load_bf16(v_f *ret_even, v_f *ret_odd, const uint16_t *p)
{
	v_i pair = _mm512_loadu_si512(p);
	*ret_even = v_of_bits(vi_sll(pair, 16));
	*ret_odd = v_of_bits(vi_and(pair, vi_set((int32_t)0xffff0000)));
}

/* p [32]: 16 even and 16 odd places into their order. */
static inline void v_interleave(float *p)
{
	v_i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	v_i high = vi_add(low, vi_set(8));
	v_f even = v_load(p), odd = v_load(p + V_N);
	v_store(p, _mm512_permutex2var_ps(even, low, odd));
	v_store(p + V_N, _mm512_permutex2var_ps(even, high, odd));
}

static inline void v_store_bf16(uint16_t *p, v_f x)
{
	v_i u = v_bits(x);
	v_i odd = vi_and(vi_srl(u, 16), vi_set(1));
	u = vi_srl(vi_add(vi_add(u, vi_set(0x7fff)), odd), 16);
	_mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(u));
}

static inline void v_store_i16(int16_t *p, v_i x)
{
	_mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(x));
}

/* Of the first n lanes. */
static inline uint32_t v_count_unequal(v_f a, v_f b, uint32_t n)
{
	uint32_t mask = _mm512_cmp_ps_mask(a, b, _CMP_NEQ_OQ);
	return (uint32_t)__builtin_popcount(n < V_N ? mask & ((1u << n) - 1) : mask);
}

static inline float v_reduce_min(v_f a)
{
	return _mm512_reduce_min_ps(a);
}

static inline v_f v_age(uint64_t now, const uint64_t *t_prog)
{
	__m512i end = _mm512_set1_epi64((int64_t)now);
	__m512i a = _mm512_sub_epi64(end, _mm512_loadu_si512(t_prog));
	__m512i b = _mm512_sub_epi64(end, _mm512_loadu_si512(t_prog + 8));
	__m512 low = _mm512_castps256_ps512(_mm512_cvtepi64_ps(a));
	return _mm512_insertf32x8(low, _mm512_cvtepi64_ps(b), 1);
}

/* x less the nearest integer, which is *ret_n. */
static inline v_f v_fraction(v_f *ret_n, v_f x)
{
	*ret_n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT);
	return _mm512_reduce_ps(x, _MM_FROUND_TO_NEAREST_INT);
}

/* x 2^n */
static inline v_f v_scale(v_f x, v_f n)
{
	return _mm512_scalef_ps(x, n);
}

#include "x86/kernels_simd.h"

const struct pcm_dsp pcm_dsp_avx512 = {
	.name = "avx512",
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
