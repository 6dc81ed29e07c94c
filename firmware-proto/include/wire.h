/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - frames, their checksum, and how they lie on a link. See PROTOCOL.md, sections 2 and 3.
 *
 * Freestanding (stdint, stddef, stdbool and memcpy, memmove, memset), no heap, the same source on
 * both ends. Send: put the payload at buf + WIRE_N_HEAD, then
 *
 *	n = wire_seal(buf, &(struct wire_frame){ .type = WIRE_REQ, .op = CMD_PING,
 *			.session = s, .seq = seq, .n_payload = n_payload });
 *	n = wire_pack(WIRE_UART, out, sizeof(out), buf, n);     (WIRE_STREAM: send buf itself)
 *
 * Receive: feed what arrives, in pieces of any size:
 *
 *	while (wire_decode(&d, &in, &n_in, &frame))
 *		handle(&frame);
 *
 * Everything from a link is untrusted: whatever the bytes, the decoder keeps within its buffer and
 * hands out only frames whose checksum is right.
 * No globals; a decoder belongs to one thread at a time.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WIRE_MAGIC      0xA7
#define WIRE_VERSION    1
#define WIRE_N_HEAD     16
#define WIRE_N_CRC      4
#define WIRE_N_OVERHEAD (WIRE_N_HEAD + WIRE_N_CRC)

/* Bytes of a whole frame at most, on any link; what boards offer by link (HELLO decides). */
#define WIRE_N_FRAME_MAX    16384
#define WIRE_N_FRAME_UART   1024
#define WIRE_N_FRAME_STREAM 16384

/* Bytes of a frame of n bytes on a UART at most: COBS and the zero that ends it. */
#define WIRE_N_COBS(n) ((n) + (n) / 254 + 2)

enum wire_type {
	WIRE_REQ = 1, /* host to board */
	WIRE_RSP = 2, /* its answer */
	WIRE_EVT = 3, /* board to host, unasked */
	WIRE_NAK = 4, /* board to host: a request came out of order; payload u32 expected seq */
};

enum wire_link {
	WIRE_UART,   /* COBS, zero-delimited */
	WIRE_STREAM, /* frames back to back: USB bulk, sockets, FIFOs */
};

struct wire_frame {
	uint8_t type;  /* enum wire_type */
	uint8_t flags; /* 0; unknown bits are ignored */
	uint16_t op;   /* enum cmd_op or cmd_event */
	uint32_t session, seq;
	const uint8_t *payload; /* borrowed */
	size_t n_payload;
	uint32_t crc; /* returned by parse and decode */
};

/* CRC-32C (Castagnoli, iSCSI): reflected 0x1EDC6F41. Start with crc 0; chains over pieces. */
uint32_t wire_crc32c(uint32_t crc, const void *buf, size_t n);       /* the fastest here */
uint32_t wire_crc32c_table(uint32_t crc, const void *buf, size_t n); /* the specification */

/*
 * Write head and checksum around a payload that already lies at buf + WIRE_N_HEAD; f->payload and
 * f->crc are not looked at. buf: f->n_payload + WIRE_N_OVERHEAD bytes, which is returned.
 */
size_t wire_seal(uint8_t *buf, const struct wire_frame *f);

/* The same with the payload copied from f->payload; 0 if it does not fit in buf [n]. */
size_t wire_encode(uint8_t *buf, size_t n, const struct wire_frame *f);

/* Is buf [n] exactly one frame? Then *ret, whose payload points into buf. */
bool wire_parse(const uint8_t *buf, size_t n, struct wire_frame *ret);

/* A frame's bytes as the link wants them; bytes written, or 0 if they do not fit in out [n_out]. */
size_t wire_pack(
	enum wire_link link, uint8_t *out, size_t n_out, const uint8_t *frame, size_t n_frame);

/* COBS (Cheshire and Baker 1999) without the delimiter. out must not overlap in. 0 if no room. */
size_t wire_cobs_encode(uint8_t *out, size_t n_out, const uint8_t *in, size_t n_in);

/* In place; bytes left, or 0 if buf is no COBS block (empty, a zero in it, a length past its end). */
size_t wire_cobs_decode(uint8_t *buf, size_t n);

struct wire_decoder {
	enum wire_link link;
	uint8_t *buf;     /* kept; WIRE_N_DECODER(n_frame) bytes */
	size_t n_frame;   /* frames longer than this are junk */
	size_t n;         /* bytes held */
	size_t n_done;    /* of them, the frame handed out last */
	bool is_skipping; /* UART: too long already, waiting for the zero */
	uint32_t n_good;  /* frames */
	uint32_t n_bad;   /* wrong checksum, head, COBS; too long */
	uint32_t n_junk;  /* stream: bytes thrown away in search of a frame */
};

#define WIRE_N_DECODER(n_frame) WIRE_N_COBS(n_frame)

/* buf [WIRE_N_DECODER(n_frame)] is kept; 20 <= n_frame <= WIRE_N_FRAME_MAX. */
void wire_decoder_init(struct wire_decoder *d, enum wire_link link, uint8_t *buf, size_t n_frame);

/*
 * Take bytes from *in [*n_in], moving both on. True when a frame is complete: *ret is valid until
 * the next call with d. False when all bytes are taken. Call again with what is left, also if
 * nothing is left: a stream decoder may hold a second frame.
 */
bool wire_decode(struct wire_decoder *d, const uint8_t **in, size_t *n_in, struct wire_frame *ret);

/*
 * The link has been silent for WIRE_T_STALL with a frame begun (d->n > d->n_done): on a stream its
 * head must be junk. Drops one byte; call wire_decode() with no bytes after it, until it is false.
 * On a UART the begun frame is dropped.
 */
void wire_decoder_stall(struct wire_decoder *d);
#define WIRE_T_STALL 50 /* ms */

/* The link was reset or reconnected: forget what was begun. Counters stay. */
void wire_decoder_reset(struct wire_decoder *d);

/*
 * Cursors over payloads, little-endian. Errors stick: past the end a reader returns 0 and a writer
 * writes nothing, is_bad tells. Zero-initialised they are empty.
 */
struct wire_writer {
	uint8_t *buf;
	size_t size, n; /* n bytes written */
	bool is_bad;
};

struct wire_reader {
	const uint8_t *buf;
	size_t size, n; /* n bytes read */
	bool is_bad;
};

void wire_put_u8(struct wire_writer *w, uint8_t x);
void wire_put_u16(struct wire_writer *w, uint16_t x);
void wire_put_u32(struct wire_writer *w, uint32_t x);
void wire_put_u64(struct wire_writer *w, uint64_t x);
void wire_put_bytes(struct wire_writer *w, const void *buf, size_t n);
/* n bytes to be filled by the caller, or NULL. */
uint8_t *wire_put_room(struct wire_writer *w, size_t n);

uint8_t wire_take_u8(struct wire_reader *r);
uint16_t wire_take_u16(struct wire_reader *r);
uint32_t wire_take_u32(struct wire_reader *r);
uint64_t wire_take_u64(struct wire_reader *r);
/* n bytes, borrowed, or NULL. */
const uint8_t *wire_take_bytes(struct wire_reader *r, size_t n);

#ifdef __cplusplus
}
#endif

#endif
