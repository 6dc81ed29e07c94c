/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_list.c - payloads as long as what they hold: products, pulses, values, pieces of a state. */
#include "cmd.h"

#include <string.h>
#include "little_endian.h"

/* A product of counts, in bytes, that no frame can hold is given as WIRE_N_FRAME_MAX. */
static size_t capped(uint64_t n)
{
	return n < WIRE_N_FRAME_MAX ? (size_t)n : WIRE_N_FRAME_MAX;
}

size_t cmd_mvm_n_in(const struct cmd_mvm *x)
{
	uint32_t n_row = x->input == CMD_INPUT_BIT ? (x->n_row + 7u) / 8 : x->n_row;

	return capped((uint64_t)x->n_vec * n_row);
}

static size_t n_byte_code(uint32_t adc_bits)
{
	return adc_bits <= 8 ? 1 : 2;
}

size_t cmd_mvm_n_reply(const struct cmd_mvm *x, uint32_t adc_bits)
{
	return capped(4 + (uint64_t)x->n_vec * x->n_col * n_byte_code(adc_bits));
}

void cmd_put_mvm(struct wire_writer *w, const struct cmd_mvm *x)
{
	wire_put_u8(w, x->chip);
	wire_put_u8(w, x->input);
	wire_put_u16(w, x->row);
	wire_put_u16(w, x->n_row);
	wire_put_u16(w, x->col);
	wire_put_u16(w, x->n_col);
	wire_put_u16(w, x->n_vec);
	wire_put_bytes(w, x->in, cmd_mvm_n_in(x));
}

bool cmd_take_mvm(struct wire_reader *r, struct cmd_mvm *ret)
{
	if (r->is_bad || r->n == r->size)
		return false;
	ret->chip = wire_take_u8(r);
	ret->input = wire_take_u8(r);
	ret->row = wire_take_u16(r);
	ret->n_row = wire_take_u16(r);
	ret->col = wire_take_u16(r);
	ret->n_col = wire_take_u16(r);
	ret->n_vec = wire_take_u16(r);
	if (ret->input > CMD_INPUT_INT8)
		r->is_bad = true;
	ret->in = wire_take_bytes(r, cmd_mvm_n_in(ret));
	return !r->is_bad;
}

void cmd_put_mvm_reply(struct wire_writer *w, uint32_t adc_bits, uint32_t n_sat,
	const int16_t *code, size_t n_code)
{
	uint8_t *p;

	wire_put_u32(w, n_sat);
	p = wire_put_room(w, n_code * n_byte_code(adc_bits));
	if (!p)
		return;
	if (n_byte_code(adc_bits) == 1) {
		for (size_t i = 0; i < n_code; i++)
			p[i] = (uint8_t)code[i];
		return;
	}
	for (size_t i = 0; i < n_code; i++)
		put16(p + 2 * i, (uint16_t)code[i]);
}

bool cmd_take_mvm_reply(struct wire_reader *r, uint32_t adc_bits, uint32_t *ret_n_sat,
	int16_t *ret_code, size_t n_code)
{
	const uint8_t *p;

	*ret_n_sat = wire_take_u32(r);
	p = wire_take_bytes(r, n_code * n_byte_code(adc_bits));
	if (!p)
		return false;
	if (n_byte_code(adc_bits) == 1) {
		for (size_t i = 0; i < n_code; i++)
			ret_code[i] = (int8_t)p[i];
		return true;
	}
	for (size_t i = 0; i < n_code; i++)
		ret_code[i] = (int16_t)take16(p + 2 * i);
	return true;
}

/* Bits of a pulse: row 0-9, col 10-19, device 20-21, kind 22, 0, n 24-31. */
bool cmd_pulse_put(struct cmd_pulse_writer *w, const struct cmd_pulse *x)
{
	bool is_new = w->n_run == 0 || w->n_run == UINT16_MAX || x->chip != w->chip;
	size_t n = is_new ? CMD_N_PULSE_RUN + CMD_N_PULSE : CMD_N_PULSE;

	if (w->w.is_bad || n > w->w.size - w->w.n || x->row >= CMD_N_ROW_MAX ||
		x->col >= CMD_N_COL_MAX || x->device >= CMD_N_DEVICE || x->kind > CMD_RESET)
		return false;
	if (is_new) {
		w->at = w->w.n;
		w->n_run = 0;
		w->chip = x->chip;
		wire_put_u8(&w->w, x->chip);
		wire_put_u8(&w->w, 0);
		wire_put_u16(&w->w, 0);
	}
	wire_put_u32(&w->w,
		x->row | (uint32_t)x->col << 10 | (uint32_t)x->device << 20 |
			(uint32_t)x->kind << 22 | (uint32_t)x->n << 24);
	put16(w->w.buf + w->at + 2, ++w->n_run);
	return true;
}

bool cmd_pulse_take(struct cmd_pulse_reader *r, struct cmd_pulse *ret)
{
	uint32_t x;

	if (r->n_run == 0) {
		if (r->r.is_bad || r->r.n == r->r.size)
			return false;
		r->chip = wire_take_u8(&r->r);
		wire_take_u8(&r->r);
		r->n_run = wire_take_u16(&r->r);
		if (r->n_run == 0)
			r->r.is_bad = true;
	}
	x = wire_take_u32(&r->r);
	ret->chip = r->chip;
	ret->row = x & 0x3ff;
	ret->col = x >> 10 & 0x3ff;
	ret->device = x >> 20 & 3;
	ret->kind = x >> 22 & 1;
	ret->n = (uint8_t)(x >> 24);
	if ((x >> 23 & 1) || ret->n == 0)
		r->r.is_bad = true;
	if (r->r.is_bad)
		return false;
	r->n_run--;
	return true;
}

void cmd_put_patch(struct wire_writer *w, const struct cmd_patch *x)
{
	wire_put_u8(w, x->chip);
	wire_put_u8(w, 0);
	wire_put_u16(w, x->row);
	wire_put_u16(w, x->n_row);
	wire_put_u16(w, x->col);
	wire_put_u16(w, x->n_col);
}

bool cmd_take_patch(struct wire_reader *r, struct cmd_patch *ret)
{
	ret->chip = wire_take_u8(r);
	wire_take_u8(r);
	ret->row = wire_take_u16(r);
	ret->n_row = wire_take_u16(r);
	ret->col = wire_take_u16(r);
	ret->n_col = wire_take_u16(r);
	return !r->is_bad;
}

size_t cmd_n_value(size_t n_frame)
{
	size_t n_cell = 4 * CMD_N_DEVICE;

	if (n_frame < WIRE_N_OVERHEAD + CMD_N_RESULT)
		return 0;
	return (n_frame - WIRE_N_OVERHEAD - CMD_N_RESULT) / n_cell * CMD_N_DEVICE;
}

void cmd_put_values(struct wire_writer *w, const void *bits, size_t n)
{
	uint8_t *p = n <= WIRE_N_FRAME_MAX ? wire_put_room(w, 4 * n) : NULL;

	if (!p) {
		w->is_bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t x;

		memcpy(&x, (const uint8_t *)bits + 4 * i, 4);
		put32(p + 4 * i, x);
	}
}

bool cmd_take_values(struct wire_reader *r, void *ret_bits, size_t n)
{
	const uint8_t *p = n <= WIRE_N_FRAME_MAX ? wire_take_bytes(r, 4 * n) : NULL;

	if (!p) {
		r->is_bad = true;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t x = take32(p + 4 * i);

		memcpy((uint8_t *)ret_bits + 4 * i, &x, 4);
	}
	return true;
}

void cmd_put_part(struct wire_writer *w, const struct cmd_part *x)
{
	wire_put_u64(w, x->at);
	wire_put_u16(w, x->n);
	if (x->data)
		wire_put_bytes(w, x->data, x->n);
}

bool cmd_take_part(struct wire_reader *r, bool has_data, struct cmd_part *ret)
{
	ret->at = wire_take_u64(r);
	ret->n = wire_take_u16(r);
	ret->data = has_data ? wire_take_bytes(r, ret->n) : NULL;
	return !r->is_bad;
}
