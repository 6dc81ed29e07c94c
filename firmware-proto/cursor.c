/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c - reading and writing payloads; see wire.h. */
#include "wire.h"

#include <string.h>
#include "little_endian.h"

static uint8_t *room(struct wire_writer *w, size_t n)
{
	if (w->is_bad || n > w->size - w->n) {
		w->is_bad = true;
		return NULL;
	}
	w->n += n;
	return w->buf + w->n - n;
}

void wire_put_u8(struct wire_writer *w, uint8_t x)
{
	uint8_t *p = room(w, 1);

	if (p)
		*p = x;
}

void wire_put_u16(struct wire_writer *w, uint16_t x)
{
	uint8_t *p = room(w, 2);

	if (p)
		put16(p, x);
}

void wire_put_u32(struct wire_writer *w, uint32_t x)
{
	uint8_t *p = room(w, 4);

	if (p)
		put32(p, x);
}

void wire_put_u64(struct wire_writer *w, uint64_t x)
{
	uint8_t *p = room(w, 8);

	if (!p)
		return;
	put32(p, (uint32_t)x);
	put32(p + 4, (uint32_t)(x >> 32));
}

void wire_put_bytes(struct wire_writer *w, const void *buf, size_t n)
{
	uint8_t *p = room(w, n);

	if (p && n > 0)
		memcpy(p, buf, n);
}

uint8_t *wire_put_room(struct wire_writer *w, size_t n)
{
	return room(w, n);
}

const uint8_t *wire_take_bytes(struct wire_reader *r, size_t n)
{
	if (r->is_bad || n > r->size - r->n) {
		r->is_bad = true;
		return NULL;
	}
	r->n += n;
	return r->buf + r->n - n;
}

uint8_t wire_take_u8(struct wire_reader *r)
{
	const uint8_t *p = wire_take_bytes(r, 1);

	return p ? *p : 0;
}

uint16_t wire_take_u16(struct wire_reader *r)
{
	const uint8_t *p = wire_take_bytes(r, 2);

	return p ? take16(p) : 0;
}

uint32_t wire_take_u32(struct wire_reader *r)
{
	const uint8_t *p = wire_take_bytes(r, 4);

	return p ? take32(p) : 0;
}

uint64_t wire_take_u64(struct wire_reader *r)
{
	const uint8_t *p = wire_take_bytes(r, 8);

	return p ? take32(p) | (uint64_t)take32(p + 4) << 32 : 0;
}
