/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c_sse42.c - wire_crc32c() with the instruction that SSE4.2 has for it, where there is one. */
#include "wire.h"

#include <nmmintrin.h>
#include <string.h>

__attribute__((target("sse4.2"))) static uint32_t crc_sse42(
	uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t x = ~crc;

	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		x = _mm_crc32_u64(x, word);
	}
	crc = (uint32_t)x;
	for (; n > 0; n--)
		crc = _mm_crc32_u8(crc, *p++);
	return ~crc;
}

uint32_t wire_crc32c(uint32_t crc, const void *buf, size_t n)
{
	/* A load and a test: libgcc asked the processor before main(). */
	if (__builtin_cpu_supports("sse4.2"))
		return crc_sse42(crc, buf, n);
	return wire_crc32c_table(crc, buf, n);
}
