/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels_avx2.c - 8 lanes; AVX2 without FMA. Compiled alone with -mavx2. */
#include "kernels.h"
#include <assert.h>
#include <immintrin.h>
#include <stdbool.h>

#define V_N    8
#define V_ROWS 4 /* rows added at once: x and x^2 of each in a register */

typedef __m256 v_f;
typedef __m256i v_i;

static inline v_f v_set(float x)
{
	return _mm256_set1_ps(x);
}

static inline v_f v_load(const float *p)
{
	return _mm256_loadu_ps(p);
}

static inline void v_store(float *p, v_f x)
{
	_mm256_storeu_ps(p, x);
}

static inline v_f v_add(v_f a, v_f b)
{
	return _mm256_add_ps(a, b);
}

static inline v_f v_sub(v_f a, v_f b)
{
	return _mm256_sub_ps(a, b);
}

static inline v_f v_mul(v_f a, v_f b)
{
	return _mm256_mul_ps(a, b);
}

static inline v_f v_min(v_f a, v_f b)
{
	return _mm256_min_ps(a, b);
}

static inline v_f v_max(v_f a, v_f b)
{
	return _mm256_max_ps(a, b);
}

static inline v_f v_sqrt(v_f a)
{
	return _mm256_sqrt_ps(a);
}

static inline v_i v_bits(v_f a)
{
	return _mm256_castps_si256(a);
}

static inline v_f v_of_bits(v_i a)
{
	return _mm256_castsi256_ps(a);
}

static inline v_f v_of_int(v_i a)
{
	return _mm256_cvtepi32_ps(a);
}

static inline v_i v_to_int(v_f a)
{
	return _mm256_cvtps_epi32(a);
}

static inline v_i vi_set(int32_t x)
{
	return _mm256_set1_epi32(x);
}

static inline v_i vi_lane(void)
{
	return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
}

static inline v_i vi_add(v_i a, v_i b)
{
	return _mm256_add_epi32(a, b);
}

static inline v_i vi_sub(v_i a, v_i b)
{
	return _mm256_sub_epi32(a, b);
}

static inline v_i vi_and(v_i a, v_i b)
{
	return _mm256_and_si256(a, b);
}

static inline v_i vi_xor(v_i a, v_i b)
{
	return _mm256_xor_si256(a, b);
}

static inline v_i vi_srl(v_i a, unsigned n)
{
	return _mm256_srli_epi32(a, (int)n);
}

static inline v_i vi_sra(v_i a, unsigned n)
{
	return _mm256_srai_epi32(a, (int)n);
}

static inline v_i vi_sll(v_i a, unsigned n)
{
	return _mm256_slli_epi32(a, (int)n);
}

static inline v_f v_neg(v_f a)
{
	return v_of_bits(vi_xor(v_bits(a), vi_set(INT32_MIN)));
}

/* Where bit 0 of i is set a, else b. */
static inline v_f v_choose(v_i i, v_f a, v_f b)
{
	return _mm256_blendv_ps(b, a, v_of_bits(vi_sll(i, 31)));
}

/* 64-bit products of the low halves of 64-bit lanes. */
static inline v_i vi_mul_even(v_i a, v_i b)
{
	return _mm256_mul_epu32(a, b);
}

static inline v_i vi_high_half(v_i a)
{
	return _mm256_srli_epi64(a, 32);
}

/* Low halves of both, alternating. */
static inline v_i vi_pair(v_i even, v_i odd)
{
	return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

/* 16 in a row: those at even places, those at odd ones. */
static inline void v_load_bf16(v_f *ret_even, v_f *ret_odd, const uint16_t *p)
{
	v_i pair = _mm256_loadu_si256((const v_i *)p);
	*ret_even = v_of_bits(vi_sll(pair, 16));
	*ret_odd = v_of_bits(vi_and(pair, vi_set((int32_t)0xffff0000)));
}

/* p [16]: 8 even and 8 odd places into their order. */
static inline void v_interleave(float *p)
{
	v_f even = v_load(p), odd = v_load(p + V_N);
	v_f a = _mm256_unpacklo_ps(even, odd), b = _mm256_unpackhi_ps(even, odd);
	v_store(p, _mm256_permute2f128_ps(a, b, 0x20));
	v_store(p + V_N, _mm256_permute2f128_ps(a, b, 0x31));
}

static inline void v_store_bf16(uint16_t *p, v_f x)
{
	v_i u = v_bits(x);
	v_i odd = vi_and(vi_srl(u, 16), vi_set(1));
	u = vi_srl(vi_add(vi_add(u, vi_set(0x7fff)), odd), 16);
	__m128i b = _mm_packus_epi32(_mm256_castsi256_si128(u), _mm256_extracti128_si256(u, 1));
	_mm_storeu_si128((__m128i *)p, b);
}

static inline void v_store_i16(int16_t *p, v_i x)
{
	__m128i b = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
	_mm_storeu_si128((__m128i *)p, b);
}

/* Of the first n lanes. */
static inline uint32_t v_count_unequal(v_f a, v_f b, uint32_t n)
{
	uint32_t mask = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_NEQ_OQ));
	return (uint32_t)__builtin_popcount(n < V_N ? mask & ((1u << n) - 1) : mask);
}

static inline float v_reduce_min(v_f a)
{
	__m128 b = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	b = _mm_min_ps(b, _mm_movehl_ps(b, b));
	b = _mm_min_ss(b, _mm_movehdup_ps(b));
	return _mm_cvtss_f32(b);
}

/*
 * Four 62-bit integers to float, rounded once. There is no such instruction, so the way is over
 * double, and as that holds 53 bits, all that is below 2^9 of a longer number becomes one bit: it
 * only matters whether it is 0.
 */
static inline __m128 float_of_u62(__m256i x)
{
	__m256i is_long = _mm256_cmpgt_epi64(x, _mm256_set1_epi64x((INT64_C(1) << 53) - 1));
	__m256i low_bits = _mm256_set1_epi64x(0x3ff);
	__m256i low = _mm256_add_epi64(_mm256_and_si256(x, low_bits), low_bits);
	__m256i sticky = _mm256_and_si256(_mm256_srli_epi64(low, 1), _mm256_set1_epi64x(0x200));
	__m256i cut = _mm256_or_si256(_mm256_andnot_si256(low_bits, x), sticky);
	x = _mm256_blendv_epi8(x, cut, is_long);
	/* 2^84 + high half, 2^52 + low half: mantissas of doubles of known exponents. */
	__m256d two_84 = _mm256_set1_pd(0x1p84), two_52 = _mm256_set1_pd(0x1p52);
	__m256i high = _mm256_or_si256(_mm256_srli_epi64(x, 32), _mm256_castpd_si256(two_84));
	__m256i rest = _mm256_blend_epi32(x, _mm256_castpd_si256(two_52), 0xaa);
	__m256d y = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p52));
	return _mm256_cvtpd_ps(_mm256_add_pd(y, _mm256_castsi256_pd(rest)));
}

/* The same below 2^52: x is the mantissa of 2^52 + x. */
static inline __m128 float_of_u52(__m256i x)
{
	__m256d two_52 = _mm256_set1_pd(0x1p52);
	__m256i y = _mm256_or_si256(x, _mm256_castpd_si256(two_52));
	return _mm256_cvtpd_ps(_mm256_sub_pd(_mm256_castsi256_pd(y), two_52));
}

static inline v_f v_age(uint64_t now, const uint64_t *t_prog)
{
	__m256i end = _mm256_set1_epi64x((int64_t)now);
	__m256i a = _mm256_sub_epi64(end, _mm256_loadu_si256((const __m256i *)t_prog));
	__m256i b = _mm256_sub_epi64(end, _mm256_loadu_si256((const __m256i *)(t_prog + 4)));
	bool is_short = now < UINT64_C(1) << 52; /* 52 days: nearly always */
	__m128 low = is_short ? float_of_u52(a) : float_of_u62(a);
	__m128 high = is_short ? float_of_u52(b) : float_of_u62(b);
	return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}

/* x less the nearest integer, which is *ret_n. */
static inline v_f v_fraction(v_f *ret_n, v_f x)
{
	*ret_n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
	return v_sub(x, *ret_n);
}

/* x 2^n */
static inline v_f v_scale(v_f x, v_f n)
{
	return v_of_bits(vi_add(v_bits(x), vi_sll(v_to_int(n), 23)));
}

#include "x86/kernels_simd.h"

const struct pcm_dsp pcm_dsp_avx2 = {
	.name = "avx2",
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
