/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cobs.c - consistent overhead byte stuffing (Cheshire and Baker, IEEE/ACM Trans. Networking 7, 159
 * (1999)). A block is a code byte c and c - 1 bytes without a zero; c < 255 stands for a zero after
 * them, except at the end.
 */
#include "wire.h"

#include <string.h>

#define CODE_MAX 255

size_t wire_cobs_encode(uint8_t *out, size_t n_out, const uint8_t *in, size_t n_in)
{
	size_t at = 0, n = 1; /* of the code byte; written */
	uint8_t code = 1;

	if (n_out < n_in + n_in / (CODE_MAX - 1) + 1)
		return 0;
	for (size_t i = 0; i < n_in; i++) {
		if (in[i] != 0) {
			out[n++] = in[i];
			code++;
		}
		/* A full block at the end needs no empty one after it. */
		if (in[i] == 0 || (code == CODE_MAX && i + 1 < n_in)) {
			out[at] = code;
			code = 1;
			at = n++;
		}
	}
	out[at] = code;
	return n;
}

size_t wire_cobs_decode(uint8_t *buf, size_t n)
{
	size_t in = 0, out = 0;

	while (in < n) {
		uint8_t code = buf[in++];

		if (code == 0 || code - 1u > n - in)
			return 0;
		for (size_t end = in + code - 1u; in < end;) {
			if (buf[in] == 0)
				return 0;
			buf[out++] = buf[in++];
		}
		if (code < CODE_MAX && in < n)
			buf[out++] = 0;
	}
	return out;
}
