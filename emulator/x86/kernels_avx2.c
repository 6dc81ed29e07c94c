/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels_avx2.c - 8 lanes; AVX2 without FMA. Compiled alone with -mavx2. */
#include "kernels.h"
#include "kernel_math.h"
#include <assert.h>
#include <immintrin.h>

#define V_N     8
#define V_BLOCK 4 /* vectors of columns summed at once: 8 of 16 registers */

typedef __m256 v_f;
typedef __m256i v_i;
typedef __m256i v_t; /* u64 */

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

/* 32 x 32 bits into two halves: even and odd lanes apart. */
static inline void vi_mul_wide(v_i *ret_hi, v_i *ret_lo, v_i a, uint32_t b)
{
	v_i factor = vi_set((int32_t)b);
	v_i even = _mm256_mul_epu32(a, factor);
	v_i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);
	*ret_hi = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
	*ret_lo = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

static inline v_f v_load_bf16(const uint16_t *p)
{
	__m128i b = _mm_loadu_si128((const __m128i *)p);
	return v_of_bits(vi_sll(_mm256_cvtepu16_epi32(b), 16));
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

/* Low halves of the eight 64-bit numbers of a and b, in order. */
static inline v_i low_halves(v_t a, v_t b)
{
	v_i x = v_bits(_mm256_shuffle_ps(v_of_bits(a), v_of_bits(b), 0x88));
	return _mm256_permute4x64_epi64(x, 0xd8);
}

static inline v_f v_age(uint64_t now, const uint64_t *t_prog)
{
	v_t end = _mm256_set1_epi64x((int64_t)now), low = _mm256_set1_epi64x(0x7fffffff);
	v_t a = _mm256_sub_epi64(end, _mm256_loadu_si256((const v_t *)t_prog));
	v_t b = _mm256_sub_epi64(end, _mm256_loadu_si256((const v_t *)(t_prog + 4)));
	v_i hi = low_halves(_mm256_srli_epi64(a, 31), _mm256_srli_epi64(b, 31));
	v_i lo = low_halves(_mm256_and_si256(a, low), _mm256_and_si256(b, low));
	return v_add(v_mul(v_of_int(hi), v_set(TWO_TO_31)), v_of_int(lo));
}

static inline v_t vt_zero(void)
{
	return _mm256_setzero_si256();
}

static inline v_t max_t(v_t a, v_t b)
{
	return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(b, a));
}

/* Of V_N times, which are below 2^63. */
static inline v_t vt_max(v_t a, const uint64_t *t)
{
	v_t b = _mm256_loadu_si256((const v_t *)t), c = _mm256_loadu_si256((const v_t *)(t + 4));
	return max_t(a, max_t(b, c));
}

static inline uint64_t vt_reduce(v_t a)
{
	uint64_t t[4];
	a = max_t(a, _mm256_permute4x64_epi64(a, 0x4e));
	_mm256_storeu_si256((v_t *)t, a);
	return t[0] > t[1] ? t[0] : t[1];
}

#include "x86/kernels_simd.h"

const struct pcm_dsp pcm_dsp_avx2 = {
	.name = "avx2",
	.normals = normals,
	.add_bit = add_bit,
	.add_int8 = add_int8,
	.convert = convert,
	.drifted = drifted,
	.refresh = refresh,
};
