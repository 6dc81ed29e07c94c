/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_wire.c - checksum, COBS, decoders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wire.h"

/* RFC 3720, appendix B.4: zeros, ones, counting up, an iSCSI read command; and the check value. */
static void crc32c_gives_the_published_values(void **state)
{
	static const uint8_t iscsi[48] = {
		0x01,
		0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02
	};
	uint8_t buf[32];

	(void)state;
	memset(buf, 0, 32);
	assert_int_equal(wire_crc32c(0, buf, 32), 0x8a9136aa);
	memset(buf, 0xff, 32);
	assert_int_equal(wire_crc32c(0, buf, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		buf[i] = i;
	assert_int_equal(wire_crc32c(0, buf, 32), 0x46dd794e);
	assert_int_equal(wire_crc32c(0, iscsi, 48), 0xd9963a56);
	assert_int_equal(wire_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(wire_crc32c_table(0, "123456789", 9), 0xe3069283);
	assert_int_equal(wire_crc32c(0, buf, 0), 0);
}

static void crc32c_of_any_length_place_and_split_is_the_tables(void **state)
{
	uint8_t buf[300];

	(void)state;
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 151 + i / 7);
	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 280; n++) {
			uint32_t whole = wire_crc32c_table(0, buf + at, n);
			uint32_t part = wire_crc32c(0, buf + at, n / 3);

			assert_int_equal(wire_crc32c(0, buf + at, n), whole);
			part = wire_crc32c(part, buf + at + n / 3, n - n / 3);
			assert_int_equal(part, whole);
		}
	}
}

/* Examples of Cheshire and Baker and of the corners; the delimiter is not part of the block. */
static void cobs_blocks_are_as_defined(void **state)
{
	static const struct {
		const char *in, *out;
		size_t n_in, n_out;
	} cases[] = {
		{ "", "\x01", 0, 1 },
		{ "\0", "\x01\x01", 1, 2 },
		{ "\0\0", "\x01\x01\x01", 2, 3 },
		{ "\x11\x22\0\x33", "\x03\x11\x22\x02\x33", 4, 5 },
		{ "\x11\x22\x33\x44", "\x05\x11\x22\x33\x44", 4, 5 },
		{ "\x11\0\0\0", "\x02\x11\x01\x01\x01", 4, 5 },
		{ "E\0\0,L\x79\0\0@\x06\x4f\x37",
			"\x02\x45\x01\x04\x2c\x4c\x79\x01\x05\x40\x06\x4f\x37", 12, 13 },
	};
	uint8_t buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(wire_cobs_encode(buf, sizeof(buf), (const uint8_t *)cases[i].in,
					 cases[i].n_in),
			cases[i].n_out);
		assert_memory_equal(buf, cases[i].out, cases[i].n_out);
		assert_int_equal(wire_cobs_decode(buf, cases[i].n_out), cases[i].n_in);
		assert_memory_equal(buf, cases[i].in, cases[i].n_in);
	}
}

static void cobs_of_every_length_around_full_blocks_comes_back(void **state)
{
	static uint8_t in[800], out[WIRE_N_COBS(800)];

	(void)state;
	for (size_t n = 1; n < 800; n++) {
		for (size_t zero = 0; zero < 3; zero++) {
			size_t n_out;

			memset(in, 0x5a, sizeof(in));
			if (zero > 0)
				in[zero == 1 ? n - 1 : n / 2] = 0;
			n_out = wire_cobs_encode(out, n + n / 254 + 1, in, n);
			assert_true(n_out > n && n_out <= n + n / 254 + 1);
			assert_null(memchr(out, 0, n_out));
			assert_int_equal(wire_cobs_decode(out, n_out), n);
			assert_memory_equal(out, in, n);
		}
	}
}

/* 254 bytes are a full block, which needs no empty one after it; a decoder takes that too. */
static void a_full_cobs_block_at_the_end_is_the_last(void **state)
{
	uint8_t in[508], out[WIRE_N_COBS(508)];

	(void)state;
	memset(in, 7, sizeof(in));
	assert_int_equal(wire_cobs_encode(out, sizeof(out), in, 254), 255);
	assert_int_equal(wire_cobs_encode(out, sizeof(out), in, 508), 510);
	out[510] = 1;
	assert_int_equal(wire_cobs_decode(out, 511), 508);
	assert_memory_equal(out, in, 508);
}

static void cobs_that_does_not_fit_writes_nothing(void **state)
{
	static const uint8_t in[4] = { 1, 2, 3, 4 };
	uint8_t out[5] = { 0xee, 0xee, 0xee, 0xee, 0xee };

	(void)state;
	assert_int_equal(wire_cobs_encode(out, 4, in, 4), 0);
	assert_int_equal(wire_pack(WIRE_UART, out, 5, in, 4), 0);
	assert_int_equal(wire_pack(WIRE_UART, out, 0, in, 4), 0);
	assert_int_equal(wire_pack(WIRE_STREAM, out, 3, in, 4), 0);
	assert_int_equal(out[0], 0xee);
}

static void wrong_cobs_is_refused(void **state)
{
	uint8_t past[] = { 0x05, 1, 2 }, zero[] = { 0x03, 1, 0 }, code[] = { 0x01, 0x00, 0x01 };

	(void)state;
	assert_int_equal(wire_cobs_decode(past, sizeof(past)), 0);
	assert_int_equal(wire_cobs_decode(zero, sizeof(zero)), 0);
	assert_int_equal(wire_cobs_decode(code, sizeof(code)), 0);
	assert_int_equal(wire_cobs_decode(past, 0), 0);
}

static size_t make_ping(uint8_t *buf, uint32_t seq, size_t n)
{
	memset(buf + WIRE_N_HEAD, (int)seq, n);
	return wire_seal(
		buf, &(struct wire_frame){ .type = WIRE_REQ, .op = 3, .seq = seq, .n_payload = n });
}

/* 30 frames of different lengths in pieces of every size up to 70. */
static void frames_survive_any_splitting_and_merging(void **state)
{
	static uint8_t bytes[4000], frame[200], buf[WIRE_N_DECODER(256)];

	(void)state;
	for (int link = WIRE_UART; link <= WIRE_STREAM; link++) {
		size_t n = 0;

		for (uint32_t i = 1; i <= 30; i++)
			n += wire_pack((enum wire_link)link, bytes + n, sizeof(bytes) - n, frame,
				make_ping(frame, i, i * 3));
		for (size_t piece = 1; piece < 70; piece++) {
			struct wire_decoder d;
			struct wire_frame f;
			uint32_t seq = 0;

			wire_decoder_init(&d, (enum wire_link)link, buf, 256);
			for (size_t at = 0; at < n; at += piece) {
				const uint8_t *in = bytes + at;
				size_t k = n - at < piece ? n - at : piece;

				while (wire_decode(&d, &in, &k, &f)) {
					assert_int_equal(f.seq, ++seq);
					assert_int_equal(f.n_payload, seq * 3);
					assert_int_equal(f.payload[0], seq);
				}
			}
			assert_int_equal(seq, 30);
			assert_int_equal(d.n_bad, 0);
			assert_int_equal(d.n_junk, 0);
		}
	}
}

/* CRC-32C finds all errors of 1 .. 3 bits at any length; 1 and neighbouring 2 are tried. */
static void flipped_bits_never_give_a_frame(void **state)
{
	uint8_t good[80], bad[80];
	size_t n = make_ping(good, 7, 40);
	struct wire_frame f;

	(void)state;
	for (size_t bit = 0; bit + 1 < 8 * n; bit++) {
		memcpy(bad, good, n);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(wire_parse(bad, n, &f));
		bad[(bit + 1) / 8] ^= (uint8_t)(1u << (bit + 1) % 8);
		assert_false(wire_parse(bad, n, &f));
	}
	assert_true(wire_parse(good, n, &f));
	assert_false(wire_parse(good, n - 1, &f));
}

/* A length made larger would swallow the next frames: a stall gives them back. */
static void a_stalled_stream_gives_up_its_head(void **state)
{
	static uint8_t bytes[200], buf[WIRE_N_DECODER(1024)];
	const uint8_t *in = bytes;
	struct wire_decoder d;
	struct wire_frame f;
	size_t first = make_ping(bytes, 1, 10);
	size_t n = first + make_ping(bytes + first, 2, 10), nothing = 0;

	(void)state;
	bytes[5] ^= 2; /* length + 512 */
	wire_decoder_init(&d, WIRE_STREAM, buf, 1024);
	assert_false(wire_decode(&d, &in, &n, &f));
	assert_int_equal(n, 0);
	wire_decoder_stall(&d);
	assert_true(wire_decode(&d, &in, &nothing, &f));
	assert_int_equal(f.seq, 2);
	assert_false(wire_decode(&d, &in, &nothing, &f));
	assert_int_equal(d.n, 0);
	wire_decoder_stall(&d);
	assert_int_equal(d.n_bad, 1);
}

static void a_stalled_or_reset_uart_drops_the_block(void **state)
{
	static uint8_t frame[60], bytes[80], buf[WIRE_N_DECODER(1024)];
	struct wire_decoder d;
	struct wire_frame f;
	size_t n = wire_pack(WIRE_UART, bytes, sizeof(bytes), frame, make_ping(frame, 1, 10));

	(void)state;
	wire_decoder_init(&d, WIRE_UART, buf, 1024);
	for (int round = 0; round < 2; round++) {
		const uint8_t *in = bytes;
		size_t k = n / 2, all = n;

		assert_false(wire_decode(&d, &in, &k, &f));
		if (round == 0)
			wire_decoder_stall(&d);
		else
			wire_decoder_reset(&d);
		in = bytes;
		assert_true(wire_decode(&d, &in, &all, &f));
	}
}

static void frames_longer_than_the_limit_are_junk(void **state)
{
	static uint8_t frame[400], bytes[900], buf[WIRE_N_DECODER(256)];

	(void)state;
	for (int link = WIRE_UART; link <= WIRE_STREAM; link++) {
		struct wire_decoder d;
		struct wire_frame f;
		const uint8_t *in = bytes;
		size_t n = wire_pack((enum wire_link)link, bytes, sizeof(bytes), frame,
			make_ping(frame, 1, 237));

		/* 256 bytes fit, 257 did not. */
		n += wire_pack((enum wire_link)link, bytes + n, sizeof(bytes) - n, frame,
			make_ping(frame, 2, 236));
		wire_decoder_init(&d, (enum wire_link)link, buf, 256);
		assert_true(wire_decode(&d, &in, &n, &f));
		assert_int_equal(f.seq, 2);
		assert_false(wire_decode(&d, &in, &n, &f));
	}
}

static void cursors_stick_at_their_end(void **state)
{
	uint8_t buf[8] = { 0 };
	struct wire_writer w = { .buf = buf, .size = 7 };
	struct wire_reader r = { .buf = buf, .size = 7 };

	(void)state;
	wire_put_u32(&w, 0x04030201);
	wire_put_u32(&w, 0xffffffff);
	wire_put_u8(&w, 0xff);
	assert_true(w.is_bad);
	assert_int_equal(w.n, 4);
	assert_int_equal(buf[4], 0);
	assert_int_equal(wire_take_u16(&r), 0x0201);
	assert_null(wire_take_bytes(&r, SIZE_MAX));
	assert_int_equal(wire_take_u8(&r), 0);
	assert_true(r.is_bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c_gives_the_published_values),
		cmocka_unit_test(crc32c_of_any_length_place_and_split_is_the_tables),
		cmocka_unit_test(cobs_blocks_are_as_defined),
		cmocka_unit_test(cobs_of_every_length_around_full_blocks_comes_back),
		cmocka_unit_test(a_full_cobs_block_at_the_end_is_the_last),
		cmocka_unit_test(cobs_that_does_not_fit_writes_nothing),
		cmocka_unit_test(wrong_cobs_is_refused),
		cmocka_unit_test(frames_survive_any_splitting_and_merging),
		cmocka_unit_test(flipped_bits_never_give_a_frame),
		cmocka_unit_test(a_stalled_stream_gives_up_its_head),
		cmocka_unit_test(a_stalled_or_reset_uart_drops_the_block),
		cmocka_unit_test(frames_longer_than_the_limit_are_junk),
		cmocka_unit_test(cursors_stick_at_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
