/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_wire.c - link decoders and the frame parser. The first three bytes choose the link, the
 * longest frame and the sizes of pieces; the rest arrives.
 */
#include "fuzz_bytes.h"

#include <string.h>
#include "wire.h"

static struct fuzz_bytes in;

/* Frames found, and a checksum over them, when the bytes come in pieces of n. */
static uint32_t decode(enum wire_link link, size_t n_frame, size_t n_piece, uint32_t *ret_n)
{
	uint8_t *buf = malloc(WIRE_N_DECODER(n_frame)); /* exact, for the sanitizers */
	struct wire_decoder d;
	struct wire_frame f;
	uint32_t sum = 0;

	fuzz_check(buf);
	wire_decoder_init(&d, link, buf, n_frame);
	for (size_t at = in.at; at < in.n;) {
		const uint8_t *p = in.byte + at;
		size_t n = in.n - at < n_piece ? in.n - at : n_piece;

		at += n;
		while (wire_decode(&d, &p, &n, &f)) {
			uint8_t again[WIRE_N_FRAME_MAX];
			size_t k = wire_encode(again, sizeof(again), &f);

			fuzz_check(k > 0 && k <= n_frame);
			fuzz_check(f.crc == 0 || wire_crc32c(0, again, k - 4) == f.crc);
			sum = wire_crc32c(sum, again, k);
			fuzz_check(d.n_done <= d.n && d.n <= WIRE_N_DECODER(n_frame));
		}
		fuzz_check(n == 0 && d.n <= WIRE_N_DECODER(n_frame));
	}
	while (link == WIRE_STREAM && d.n > 0) {
		const uint8_t *p = in.byte;
		size_t n = 0, before = d.n;

		wire_decoder_stall(&d);
		while (wire_decode(&d, &p, &n, &f))
			;
		fuzz_check(d.n < before);
	}
	*ret_n = d.n_good;
	free(buf);
	return sum;
}

static void parse(const uint8_t *buf, size_t n)
{
	static uint8_t again[WIRE_N_FRAME_MAX], packed[WIRE_N_COBS(FUZZ_N_BYTE)];
	struct wire_frame f;
	size_t k;

	if (wire_parse(buf, n, &f)) {
		fuzz_check(wire_encode(again, sizeof(again), &f) == n);
		fuzz_check(f.crc == 0 || !memcmp(again, buf, n));
	}
	k = wire_cobs_encode(packed, sizeof(packed), buf, n);
	fuzz_check(k > 0 && !memchr(packed, 0, k));
	fuzz_check(wire_cobs_decode(packed, k) == n && !memcmp(packed, buf, n));
	memcpy(packed, buf, n);
	fuzz_check(wire_cobs_decode(packed, n) <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const size_t limits[] = { 256, 1024, 64, 16384 };
	uint32_t n_whole, n_pieces, sum;
	enum wire_link link;
	size_t n_frame, n_piece;

	fuzz_bytes_init(&in, data, n);
	link = fuzz_byte(&in) & 1 ? WIRE_STREAM : WIRE_UART;
	n_frame = limits[fuzz_byte(&in) & 3];
	n_piece = 1 + fuzz_byte(&in);
	sum = decode(link, n_frame, FUZZ_N_BYTE, &n_whole);
	/* Splitting never shows. */
	fuzz_check(decode(link, n_frame, n_piece, &n_pieces) == sum && n_pieces == n_whole);
	parse(in.byte + in.at, in.n - in.at);
	return 0;
}

const char *const fuzz_seeds[] = {
	"ZZZ^\375[[XYXY[[[[[[[[R;89\376Ls\324Z^\375[[XYXY[[[[[[[[R;89\376Ls\324Z",
	"[ZY\375[[ZYZYZZZZZZZZZ;89\376Ls\324\375[[ZYZYZZZZZZZZZ;89\376Ls\324",
	"[[]\375[[ZYZYZZ\375[[ZYZYZZZZZZZZZ;89\376Ls\324\375[[ZYZYZZZZZZZZZ;89\376Ls\324",
	"Z[\032ZZ^\375[[XYXY[[[[[[[[R;89\376LZ^\375[[XYXY[[[[[[[[R;89\376Ls\324Z",
	"[X[\375[[Z\245\245\375[[Z\375[[ZYZYZZZZZZZZZ;89\376Ls\324",
	"",
	NULL,
};
