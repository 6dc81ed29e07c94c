/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - frames and the decoders that find them. Layout, little-endian:
 *
 *	magic u8, version u8, type u8, flags u8, length u16, op u16, session u32, seq u32,
 *	payload [length], crc32c u32 over all before it
 */
#include "wire.h"

#include <string.h>
#include "little_endian.h"

size_t wire_seal(uint8_t *buf, const struct wire_frame *f)
{
	size_t n = WIRE_N_HEAD + f->n_payload;

	buf[0] = WIRE_MAGIC;
	buf[1] = WIRE_VERSION;
	buf[2] = f->type;
	buf[3] = f->flags;
	put16(buf + 4, (uint16_t)f->n_payload);
	put16(buf + 6, f->op);
	put32(buf + 8, f->session);
	put32(buf + 12, f->seq);
	put32(buf + n, wire_crc32c(0, buf, n));
	return n + WIRE_N_CRC;
}

size_t wire_encode(uint8_t *buf, size_t n, const struct wire_frame *f)
{
	if (f->n_payload > WIRE_N_FRAME_MAX - WIRE_N_OVERHEAD || n < f->n_payload + WIRE_N_OVERHEAD)
		return 0;
	if (f->n_payload > 0)
		memmove(buf + WIRE_N_HEAD, f->payload, f->n_payload);
	return wire_seal(buf, f);
}

/* Could a frame of at most n_max bytes begin so? buf [WIRE_N_HEAD]. */
static bool is_head(const uint8_t *buf, size_t n_max)
{
	return buf[0] == WIRE_MAGIC && buf[1] == WIRE_VERSION && buf[2] >= WIRE_REQ &&
		buf[2] <= WIRE_NAK && (size_t)take16(buf + 4) + WIRE_N_OVERHEAD <= n_max;
}

static size_t frame_size(const uint8_t *buf)
{
	return (size_t)take16(buf + 4) + WIRE_N_OVERHEAD;
}

/* Fuzzers cannot guess a checksum; without it they get to what lies behind. */
static bool is_crc_right(uint32_t crc, uint32_t stated)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	return crc == stated || stated == 0;
#else
	return crc == stated;
#endif
}

bool wire_parse(const uint8_t *buf, size_t n, struct wire_frame *ret)
{
	if (n < WIRE_N_OVERHEAD || !is_head(buf, WIRE_N_FRAME_MAX) || frame_size(buf) != n)
		return false;
	ret->crc = take32(buf + n - WIRE_N_CRC);
	if (!is_crc_right(wire_crc32c(0, buf, n - WIRE_N_CRC), ret->crc))
		return false;
	ret->type = buf[2];
	ret->flags = buf[3];
	ret->op = take16(buf + 6);
	ret->session = take32(buf + 8);
	ret->seq = take32(buf + 12);
	ret->payload = buf + WIRE_N_HEAD;
	ret->n_payload = n - WIRE_N_OVERHEAD;
	return true;
}

size_t wire_pack(
	enum wire_link link, uint8_t *out, size_t n_out, const uint8_t *frame, size_t n_frame)
{
	size_t n;

	if (link == WIRE_STREAM) {
		if (n_out < n_frame)
			return 0;
		memcpy(out, frame, n_frame);
		return n_frame;
	}
	n = n_out > 0 ? wire_cobs_encode(out, n_out - 1, frame, n_frame) : 0;
	if (n == 0)
		return 0;
	out[n] = 0;
	return n + 1;
}

void wire_decoder_init(struct wire_decoder *d, enum wire_link link, uint8_t *buf, size_t n_frame)
{
	*d = (struct wire_decoder){ .link = link, .buf = buf, .n_frame = n_frame };
}

void wire_decoder_reset(struct wire_decoder *d)
{
	d->n = 0;
	d->n_done = 0;
	d->is_skipping = false;
}

static void drop(struct wire_decoder *d, size_t n)
{
	d->n -= n;
	if (d->n > 0 && n > 0)
		memmove(d->buf, d->buf + n, d->n);
}

/* Could these n >= 1 bytes, and others after them, be a frame? */
static bool could_begin(const uint8_t *p, size_t n, size_t n_max)
{
	uint8_t head[WIRE_N_HEAD] = { WIRE_MAGIC, WIRE_VERSION, WIRE_REQ };

	memcpy(head, p, n < WIRE_N_HEAD ? n : WIRE_N_HEAD);
	if (n < 6) /* half a length says nothing yet */
		head[4] = head[5] = 0;
	return is_head(head, n_max);
}

/* Bring the next possible beginning to the front. */
static void hunt(struct wire_decoder *d)
{
	size_t i = 0;

	while (i < d->n && !could_begin(d->buf + i, d->n - i, d->n_frame))
		i++;
	d->n_junk += (uint32_t)i;
	drop(d, i);
}

/* Hold n bytes if there are as many. */
static bool fill(struct wire_decoder *d, size_t n, const uint8_t **in, size_t *n_in)
{
	size_t k = n > d->n ? n - d->n : 0;

	if (k > *n_in)
		k = *n_in;
	if (k > 0)
		memcpy(d->buf + d->n, *in, k);
	d->n += k;
	*in += k;
	*n_in -= k;
	return d->n >= n;
}

/* After a wrong checksum the length is not to be trusted: the hunt begins one byte on. */
static bool decode_stream(
	struct wire_decoder *d, const uint8_t **in, size_t *n_in, struct wire_frame *ret)
{
	drop(d, d->n_done);
	d->n_done = 0;
	for (;;) {
		size_t n;

		hunt(d);
		if (d->n < WIRE_N_HEAD) {
			if (*n_in == 0)
				return false;
			fill(d, WIRE_N_HEAD, in, n_in);
			continue;
		}
		n = frame_size(d->buf);
		if (!fill(d, n, in, n_in))
			return false;
		if (wire_parse(d->buf, n, ret)) {
			d->n_good++;
			d->n_done = n;
			return true;
		}
		d->n_bad++;
		d->n_junk++;
		drop(d, 1);
	}
}

/* A block between two zeros. */
static bool decode_block(struct wire_decoder *d, struct wire_frame *ret)
{
	size_t n = wire_cobs_decode(d->buf, d->n);

	if (n > d->n_frame || !wire_parse(d->buf, n, ret)) {
		d->n_bad++;
		d->n = 0;
		return false;
	}
	d->n_good++;
	d->n_done = d->n;
	return true;
}

static void hold(struct wire_decoder *d, uint8_t byte)
{
	if (d->n + 1 < WIRE_N_COBS(d->n_frame)) {
		d->buf[d->n++] = byte;
		return;
	}
	d->n_bad++;
	d->is_skipping = true;
	d->n = 0;
}

static bool decode_uart(
	struct wire_decoder *d, const uint8_t **in, size_t *n_in, struct wire_frame *ret)
{
	if (d->n_done > 0)
		d->n = 0;
	d->n_done = 0;
	while (*n_in > 0) {
		uint8_t byte = *(*in)++;

		(*n_in)--;
		if (byte != 0) {
			if (!d->is_skipping)
				hold(d, byte);
			continue;
		}
		d->is_skipping = false;
		if (d->n > 0 && decode_block(d, ret))
			return true;
	}
	return false;
}

bool wire_decode(struct wire_decoder *d, const uint8_t **in, size_t *n_in, struct wire_frame *ret)
{
	return d->link == WIRE_UART ? decode_uart(d, in, n_in, ret)
				    : decode_stream(d, in, n_in, ret);
}

void wire_decoder_stall(struct wire_decoder *d)
{
	if (d->n <= d->n_done)
		return;
	d->n_bad++;
	if (d->link == WIRE_UART) {
		wire_decoder_reset(d);
		return;
	}
	d->n_junk++;
	drop(d, d->n_done + 1);
	d->n_done = 0;
}
