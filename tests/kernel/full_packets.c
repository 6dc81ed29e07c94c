/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * full_packets.c URI - products whose requests and replies are 490 to 532 bytes, among them such as
 * fill a packet of 512 to its end (PROTOCOL.md: 32 + 2 k and 28 + 2 k bytes). Where the empty packet
 * after them is missing, the other side waits in vain and the host asks again.
 */
#include <stdio.h>
#include <string.h>
#include "xbar.h"

#define K_FIRST 229
#define K_LAST  252

int main(int argc, char **argv)
{
	static int8_t in[2 * K_LAST];
	static int16_t out[2 * K_LAST];
	struct xbar_stats s = { 0 };
	struct xbar *x;
	int r;

	if (argc != 2)
		return 2;
	r = xbar_open(&x, argv[1], NULL);
	for (uint32_t k = K_FIRST; r == 0 && k <= K_LAST; k++) {
		struct xbar_mvm m = {
			.n_row = k,
			.n_col = k,
			.n_vec = 2,
			.input = XBAR_INPUT_INT8,
			.in = in,
			.out = out,
		};

		r = xbar_mvm(x, &m, 1);
	}
	if (r == 0)
		r = xbar_stats(x, &s);
	printf("%d, %llu bytes out, %llu bytes in, %llu round trips, %llu retries\n", r,
		(unsigned long long)s.n_byte_out, (unsigned long long)s.n_byte_in,
		(unsigned long long)s.n_round_trip, (unsigned long long)s.n_retry);
	if (r == 0)
		xbar_close(x);
	return r < 0 || s.n_retry > 0;
}
