/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.c - payloads of fixed shape. Each put and its take stand together: the same fields in order. */
#include "cmd.h"

#include <string.h>

const char *cmd_error_name(uint16_t error)
{
	static const struct {
		uint16_t error;
		const char *name;
	} names[] = {
		{ CMD_OK, "done" },
		{ CMD_E_SESSION, "the session is no more" },
		{ CMD_E_FALSE_RETRY, "a sequence number used before came with another request" },
		{ CMD_E_SCHEMA, "board and host disagree on what the payloads mean" },
		{ CMD_E_VERSION, "no protocol version in common" },
		{ CMD_E_OP, "the board does not have this operation" },
		{ CMD_E_FORM, "malformed request" },
		{ CMD_E_RANGE, "outside the chip or its limits" },
		{ CMD_E_ROOM, "the reply would not fit in a frame" },
		{ CMD_E_DISARMED, "disarmed: the lease or the pulse budget is used up" },
		{ CMD_E_CLOCK, "the chip's clock would pass its end of time" },
		{ CMD_E_ORDER, "something has to come before this" },
		{ CMD_E_DAMAGED, "damaged state" },
		{ CMD_E_FOREIGN, "the state of another board" },
		{ CMD_E_CHIP, "the chip failed" },
		{ CMD_E_MEMORY, "the board has no memory for it" },
		{ CMD_E_INTERNAL, "internal error of the board" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return "unknown error";
}

bool cmd_is_unordered(uint16_t op)
{
	return op >= CMD_HELLO && op <= CMD_LINK_STATS;
}

bool cmd_is_refusal(uint16_t error)
{
	return error >> 8 == CMD_CLASS_SESSION || error >> 8 == CMD_CLASS_ARGUMENT ||
		error == CMD_E_DISARMED;
}

bool cmd_is_mutating(uint16_t op)
{
	switch (op) {
	case CMD_MVM_BATCH:
	case CMD_PULSE_LIST:
	case CMD_READ_BLOCK:
	case CMD_PROGRAM:
	case CMD_CONFIGURE:
	case CMD_WAIT:
	case CMD_LOAD:
	case CMD_LOAD_PART:
	case CMD_LOAD_DONE:
		return true;
	default:
		return false;
	}
}

void cmd_put_result(struct wire_writer *w, const struct cmd_result *x)
{
	wire_put_u16(w, x->error);
	wire_put_u16(w, x->n_done);
}

bool cmd_take_result(struct wire_reader *r, struct cmd_result *ret)
{
	ret->error = wire_take_u16(r);
	ret->n_done = wire_take_u16(r);
	return !r->is_bad;
}

void cmd_put_hello(struct wire_writer *w, const struct cmd_hello *x)
{
	wire_put_u64(w, x->nonce);
	wire_put_u8(w, x->version_min);
	wire_put_u8(w, x->version_max);
	wire_put_u16(w, x->n_frame);
	wire_put_u32(w, x->schema);
}

bool cmd_take_hello(struct wire_reader *r, struct cmd_hello *ret)
{
	ret->nonce = wire_take_u64(r);
	ret->version_min = wire_take_u8(r);
	ret->version_max = wire_take_u8(r);
	ret->n_frame = wire_take_u16(r);
	ret->schema = wire_take_u32(r);
	return !r->is_bad;
}

void cmd_put_welcome(struct wire_writer *w, const struct cmd_welcome *x)
{
	wire_put_u64(w, x->nonce);
	wire_put_u64(w, x->boot_id);
	wire_put_u32(w, x->session);
	wire_put_u8(w, x->version);
	wire_put_u8(w, x->n_slot);
	wire_put_u16(w, x->n_frame);
	wire_put_u32(w, x->n_window);
	wire_put_u32(w, x->schema);
	wire_put_u32(w, x->features);
	wire_put_u32(w, x->t_reply);
	wire_put_u32(w, x->t_lease);
}

/* What a host would divide by or wait for must make sense. */
bool cmd_take_welcome(struct wire_reader *r, struct cmd_welcome *ret)
{
	ret->nonce = wire_take_u64(r);
	ret->boot_id = wire_take_u64(r);
	ret->session = wire_take_u32(r);
	ret->version = wire_take_u8(r);
	ret->n_slot = wire_take_u8(r);
	ret->n_frame = wire_take_u16(r);
	ret->n_window = wire_take_u32(r);
	ret->schema = wire_take_u32(r);
	ret->features = wire_take_u32(r);
	ret->t_reply = wire_take_u32(r);
	ret->t_lease = wire_take_u32(r);
	return !r->is_bad && ret->session != 0 && ret->n_slot >= 1 &&
		ret->n_slot <= CMD_N_SLOT_MAX && ret->n_frame >= CMD_N_FRAME_MIN &&
		ret->n_frame <= WIRE_N_FRAME_MAX && ret->n_window >= ret->n_frame;
}

void cmd_put_resume(struct wire_writer *w, const struct cmd_resume *x)
{
	wire_put_u64(w, x->nonce);
}

bool cmd_take_resume(struct wire_reader *r, struct cmd_resume *ret)
{
	ret->nonce = wire_take_u64(r);
	return !r->is_bad;
}

void cmd_put_resumed(struct wire_writer *w, const struct cmd_resumed *x)
{
	wire_put_u64(w, x->nonce);
	wire_put_u64(w, x->boot_id);
	wire_put_u32(w, x->session);
	wire_put_u32(w, x->seq);
}

bool cmd_take_resumed(struct wire_reader *r, struct cmd_resumed *ret)
{
	ret->nonce = wire_take_u64(r);
	ret->boot_id = wire_take_u64(r);
	ret->session = wire_take_u32(r);
	ret->seq = wire_take_u32(r);
	return !r->is_bad;
}

void cmd_put_ping(struct wire_writer *w, const void *buf, size_t n)
{
	wire_put_bytes(w, buf, n);
}

bool cmd_take_ping(struct wire_reader *r, const uint8_t **ret, size_t *ret_n)
{
	*ret_n = r->size - r->n;
	*ret = wire_take_bytes(r, *ret_n);
	return !r->is_bad && *ret_n <= CMD_N_PING;
}

/* text [size] is NUL-ended; cut where it is not. */
static void put_text(struct wire_writer *w, const char *text, size_t size)
{
	uint8_t n = 0;

	while (n < size - 1 && text[n])
		n++;
	wire_put_u8(w, n);
	wire_put_bytes(w, text, n);
}

static void take_text(struct wire_reader *r, char *ret, size_t size)
{
	size_t n = wire_take_u8(r);
	const uint8_t *p = wire_take_bytes(r, n);

	ret[0] = '\0';
	if (!p || n >= size) {
		r->is_bad = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 || p[i] == 0x7f)
			r->is_bad = true;
	}
	memcpy(ret, p, n);
	ret[n] = '\0';
}

void cmd_put_info(struct wire_writer *w, const struct cmd_info *x)
{
	put_text(w, x->board, sizeof(x->board));
	put_text(w, x->model, sizeof(x->model));
	put_text(w, x->serial, sizeof(x->serial));
	put_text(w, x->version, sizeof(x->version));
	wire_put_u8(w, x->n_chip);
	wire_put_u8(w, x->n_device);
	wire_put_u8(w, x->dac_bits);
	wire_put_u8(w, x->adc_bits);
	wire_put_u16(w, x->n_row);
	wire_put_u16(w, x->n_col);
	wire_put_u32(w, x->caps);
	wire_put_u32(w, x->v_read_bits);
	wire_put_u32(w, x->g_max_bits);
	wire_put_u64(w, x->t_mvm);
}

bool cmd_is_geometry(const struct cmd_info *x)
{
	return x->n_chip >= 1 && x->n_device == CMD_N_DEVICE && x->dac_bits >= 2 &&
		x->dac_bits <= 8 && x->adc_bits >= 2 && x->adc_bits <= 16 && x->n_row >= 1 &&
		x->n_row <= CMD_N_ROW_MAX && x->n_col >= 1 && x->n_col <= CMD_N_COL_MAX;
}

bool cmd_take_info(struct wire_reader *r, struct cmd_info *ret)
{
	take_text(r, ret->board, sizeof(ret->board));
	take_text(r, ret->model, sizeof(ret->model));
	take_text(r, ret->serial, sizeof(ret->serial));
	take_text(r, ret->version, sizeof(ret->version));
	ret->n_chip = wire_take_u8(r);
	ret->n_device = wire_take_u8(r);
	ret->dac_bits = wire_take_u8(r);
	ret->adc_bits = wire_take_u8(r);
	ret->n_row = wire_take_u16(r);
	ret->n_col = wire_take_u16(r);
	ret->caps = wire_take_u32(r);
	ret->v_read_bits = wire_take_u32(r);
	ret->g_max_bits = wire_take_u32(r);
	ret->t_mvm = wire_take_u64(r);
	return !r->is_bad && cmd_is_geometry(ret);
}

void cmd_put_link_stats(struct wire_writer *w, const struct cmd_link_stats *x)
{
	wire_put_u32(w, x->n_good);
	wire_put_u32(w, x->n_bad);
	wire_put_u32(w, x->n_junk);
	wire_put_u32(w, x->n_stale);
	wire_put_u32(w, x->n_replay);
	wire_put_u32(w, x->n_false_retry);
	wire_put_u32(w, x->n_gap);
	wire_put_u32(w, x->n_session);
}

bool cmd_take_link_stats(struct wire_reader *r, struct cmd_link_stats *ret)
{
	ret->n_good = wire_take_u32(r);
	ret->n_bad = wire_take_u32(r);
	ret->n_junk = wire_take_u32(r);
	ret->n_stale = wire_take_u32(r);
	ret->n_replay = wire_take_u32(r);
	ret->n_false_retry = wire_take_u32(r);
	ret->n_gap = wire_take_u32(r);
	ret->n_session = wire_take_u32(r);
	return !r->is_bad;
}

void cmd_put_rest(struct wire_writer *w, const struct cmd_rest *x)
{
	wire_put_u16(w, x->i_value);
	wire_put_u16(w, x->n_value);
}

bool cmd_take_rest(struct wire_reader *r, struct cmd_rest *ret)
{
	ret->i_value = wire_take_u16(r);
	ret->n_value = wire_take_u16(r);
	return !r->is_bad;
}

void cmd_put_config(struct wire_writer *w, const struct cmd_config *x)
{
	wire_put_u8(w, x->chip);
	wire_put_u8(w, x->n_phase);
	wire_put_u16(w, x->col);
	wire_put_u16(w, x->n_col);
	wire_put_u32(w, x->adc_range_bits);
	wire_put_u32(w, x->gain_bits);
	wire_put_u32(w, x->offset_bits);
}

bool cmd_take_config(struct wire_reader *r, struct cmd_config *ret)
{
	ret->chip = wire_take_u8(r);
	ret->n_phase = wire_take_u8(r);
	ret->col = wire_take_u16(r);
	ret->n_col = wire_take_u16(r);
	ret->adc_range_bits = wire_take_u32(r);
	ret->gain_bits = ret->offset_bits = 0;
	if (r->n < r->size) {
		ret->gain_bits = wire_take_u32(r);
		ret->offset_bits = wire_take_u32(r);
	}
	return !r->is_bad;
}

void cmd_put_lsb(struct wire_writer *w, uint32_t lsb_bits)
{
	wire_put_u32(w, lsb_bits);
}

bool cmd_take_lsb(struct wire_reader *r, uint32_t *ret_lsb_bits)
{
	*ret_lsb_bits = wire_take_u32(r);
	return !r->is_bad;
}

void cmd_put_columns(struct wire_writer *w, const struct cmd_columns *x)
{
	wire_put_u8(w, x->chip);
	wire_put_u8(w, 0);
	wire_put_u16(w, x->col);
	wire_put_u16(w, x->n_col);
}

bool cmd_take_columns(struct wire_reader *r, struct cmd_columns *ret)
{
	ret->chip = wire_take_u8(r);
	wire_take_u8(r);
	ret->col = wire_take_u16(r);
	ret->n_col = wire_take_u16(r);
	return !r->is_bad;
}

void cmd_put_wait(struct wire_writer *w, uint64_t dt)
{
	wire_put_u64(w, dt);
}

bool cmd_take_wait(struct wire_reader *r, uint64_t *ret_dt)
{
	*ret_dt = wire_take_u64(r);
	return !r->is_bad;
}

void cmd_put_stats(struct wire_writer *w, const struct cmd_stats *x)
{
	wire_put_u64(w, x->time);
	wire_put_u64(w, x->n_mvm);
	wire_put_u64(w, x->n_set);
	wire_put_u64(w, x->n_reset);
	wire_put_u64(w, x->n_read);
	wire_put_u64(w, x->n_program);
	wire_put_u64(w, x->n_sat);
	wire_put_u64(w, x->energy_bits);
	wire_put_u32(w, x->temperature);
}

bool cmd_take_stats(struct wire_reader *r, struct cmd_stats *ret)
{
	ret->time = wire_take_u64(r);
	ret->n_mvm = wire_take_u64(r);
	ret->n_set = wire_take_u64(r);
	ret->n_reset = wire_take_u64(r);
	ret->n_read = wire_take_u64(r);
	ret->n_program = wire_take_u64(r);
	ret->n_sat = wire_take_u64(r);
	ret->energy_bits = wire_take_u64(r);
	ret->temperature = r->n < r->size ? wire_take_u32(r) : 0;
	return !r->is_bad;
}

void cmd_put_pulsed(struct wire_writer *w, uint64_t n_pulse)
{
	wire_put_u64(w, n_pulse);
}

bool cmd_take_pulsed(struct wire_reader *r, uint64_t *ret_n_pulse)
{
	*ret_n_pulse = wire_take_u64(r);
	return !r->is_bad;
}

void cmd_put_size(struct wire_writer *w, uint64_t n)
{
	wire_put_u64(w, n);
}

bool cmd_take_size(struct wire_reader *r, uint64_t *ret_n)
{
	*ret_n = wire_take_u64(r);
	return !r->is_bad;
}

void cmd_put_boot(struct wire_writer *w, uint64_t boot_id)
{
	wire_put_u64(w, boot_id);
}

bool cmd_take_boot(struct wire_reader *r, uint64_t *ret_boot_id)
{
	*ret_boot_id = wire_take_u64(r);
	return !r->is_bad;
}
