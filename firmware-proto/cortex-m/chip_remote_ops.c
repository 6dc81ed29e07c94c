/* SPDX-License-Identifier: Apache-2.0 */
/* chip_remote_ops.c - struct fw_chip_ops, each call one request and its reply. */
#include "chip_remote_ops.h"

#include <string.h>

static uint16_t remote_mvm(void *user, struct fw_mvm *m, size_t n, size_t *ret_done)
{
	struct chip_remote *c = user;
	struct wire_writer *w = chip_remote_begin(c);
	struct wire_reader r = { 0 };
	uint16_t n_done, error;

	for (size_t i = 0; i < n; i++)
		cmd_put_mvm(w, &m[i].req);
	error = chip_remote_ask(c, CMD_MVM_BATCH, &r, &n_done);
	for (size_t i = 0; i < n_done && i < n; i++) {
		if (!cmd_take_mvm_reply(&r, c->info.adc_bits, &m[i].n_sat, m[i].code,
			    (size_t)m[i].req.n_vec * m[i].req.n_col))
			return CMD_E_CHIP;
		*ret_done = i + 1;
	}
	return error;
}

/* The count is in any reply but a refusal, and only news if it is there. */
static void take_count(struct chip_remote *c, struct wire_reader *r)
{
	uint64_t n_pulse;

	if (cmd_take_pulsed(r, &n_pulse))
		c->n_pulse = n_pulse;
}

static uint16_t remote_pulse(void *user, const struct cmd_pulse *p, size_t n)
{
	struct chip_remote *c = user;
	struct cmd_pulse_writer list = { .w = *chip_remote_begin(c) };
	struct wire_reader r = { 0 };
	uint16_t n_done, error;

	for (size_t i = 0; i < n; i++) {
		if (!cmd_pulse_put(&list, &p[i]))
			return CMD_E_INTERNAL;
	}
	c->w = list.w;
	error = chip_remote_ask(c, CMD_PULSE_LIST, &r, &n_done);
	take_count(c, &r);
	return error;
}

static uint64_t remote_n_pulse(void *user)
{
	const struct chip_remote *c = user;

	return c->n_pulse;
}

/* The rest of a row too long for one reply. */
static uint16_t read_rest(struct chip_remote *c, uint32_t *ret_bits, size_t at, size_t n)
{
	size_t n_part = cmd_n_value(CHIP_REMOTE_N_FRAME);

	while (at < n) {
		struct cmd_rest rest = { .i_value = (uint16_t)at,
			.n_value = (uint16_t)(n - at < n_part ? n - at : n_part) };
		struct wire_reader r = { 0 };
		uint16_t n_done, error;

		cmd_put_rest(chip_remote_begin(c), &rest);
		error = chip_remote_ask(c, CMD_READ_REST, &r, &n_done);
		if (error)
			return error;
		if (!cmd_take_values(&r, ret_bits + at, rest.n_value))
			return CMD_E_CHIP;
		at += rest.n_value;
	}
	return CMD_OK;
}

static uint16_t remote_read(void *user, const struct cmd_patch *patch, uint32_t *ret_bits)
{
	struct chip_remote *c = user;
	size_t n = (size_t)patch->n_row * patch->n_col * CMD_N_DEVICE, n_first;
	struct wire_reader r = { 0 };
	uint16_t n_done, error;

	cmd_put_patch(chip_remote_begin(c), patch);
	error = chip_remote_ask(c, CMD_READ_BLOCK, &r, &n_done);
	if (error)
		return error;
	n_first = (r.size - r.n) / 4;
	if (n_first > n)
		n_first = n;
	if (!cmd_take_values(&r, ret_bits, n_first))
		return CMD_E_CHIP;
	return read_rest(c, ret_bits, n_first, n);
}

static uint16_t remote_program(void *user, const struct cmd_patch *patch, const uint32_t *bits)
{
	struct chip_remote *c = user;
	struct wire_writer *w = chip_remote_begin(c);
	struct wire_reader r = { 0 };
	uint16_t n_done, error;

	cmd_put_patch(w, patch);
	cmd_put_values(w, bits, (size_t)patch->n_row * patch->n_col * CMD_N_DEVICE);
	error = chip_remote_ask(c, CMD_PROGRAM, &r, &n_done);
	take_count(c, &r);
	return error;
}

static uint16_t remote_configure(void *user, const struct cmd_config *config)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done;

	c->lsb_at.n_col = 0;
	cmd_put_config(chip_remote_begin(c), config);
	return chip_remote_ask(c, CMD_CONFIGURE, &r, &n_done);
}

/* Columns from col on: they are asked for one after another. */
static bool fetch_lsb(struct chip_remote *c, uint8_t chip, uint16_t col)
{
	uint16_t n = (uint16_t)(c->info.n_col - col);
	struct cmd_columns at = {
		.chip = chip, .col = col, .n_col = n < CHIP_REMOTE_N_LSB ? n : CHIP_REMOTE_N_LSB
	};
	struct wire_reader r = { 0 };
	uint16_t n_done;

	c->lsb_at.n_col = 0;
	cmd_put_columns(chip_remote_begin(c), &at);
	if (chip_remote_ask(c, CMD_LSB, &r, &n_done) || !cmd_take_values(&r, c->lsb, at.n_col))
		return false;
	c->lsb_at = at;
	return true;
}

/* 0 A a code where the chips do not answer: no real one has that. */
static uint32_t remote_lsb(void *user, uint8_t chip, uint16_t col)
{
	struct chip_remote *c = user;
	bool is_held = c->lsb_at.chip == chip && col >= c->lsb_at.col &&
		col - c->lsb_at.col < c->lsb_at.n_col;

	if (!is_held && !fetch_lsb(c, chip, col))
		return 0;
	return c->lsb[col - c->lsb_at.col];
}

static uint16_t remote_wait(void *user, uint64_t dt)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done;

	cmd_put_wait(chip_remote_begin(c), dt);
	return chip_remote_ask(c, CMD_WAIT, &r, &n_done);
}

static void remote_stats(void *user, struct cmd_stats *ret)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done;

	chip_remote_begin(c);
	if (chip_remote_ask(c, CMD_STATS, &r, &n_done) || !cmd_take_stats(&r, ret))
		memset(ret, 0, sizeof(*ret));
}

static uint16_t remote_save(void *user, uint64_t *ret_n)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done, error;

	chip_remote_begin(c);
	error = chip_remote_ask(c, CMD_SAVE, &r, &n_done);
	if (error)
		return error;
	return cmd_take_size(&r, ret_n) ? CMD_OK : CMD_E_CHIP;
}

/* A part that does not come is zeros: the state's own checksum finds it when it is loaded. */
static void remote_save_part(void *user, uint64_t at, uint8_t *buf, size_t n)
{
	struct chip_remote *c = user;
	struct cmd_part part = { .at = at, .n = (uint16_t)n };
	struct wire_reader r = { 0 };
	uint16_t n_done;

	cmd_put_part(chip_remote_begin(c), &part);
	if (chip_remote_ask(c, CMD_SAVE_PART, &r, &n_done) || !cmd_take_part(&r, true, &part) ||
		part.at != at || part.n != n)
		memset(buf, 0, n);
	else
		memcpy(buf, part.data, n);
}

static uint16_t remote_load(void *user, uint64_t n)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done;

	c->is_load_bad = false;
	cmd_put_size(chip_remote_begin(c), n);
	return chip_remote_ask(c, CMD_LOAD, &r, &n_done);
}

static void remote_load_part(void *user, uint64_t at, const uint8_t *buf, size_t n)
{
	struct chip_remote *c = user;
	struct cmd_part part = { .at = at, .n = (uint16_t)n, .data = buf };
	struct wire_reader r = { 0 };
	uint16_t n_done;

	cmd_put_part(chip_remote_begin(c), &part);
	if (chip_remote_ask(c, CMD_LOAD_PART, &r, &n_done))
		c->is_load_bad = true;
}

static uint16_t remote_load_done(void *user)
{
	struct chip_remote *c = user;
	struct wire_reader r = { 0 };
	uint16_t n_done;

	c->lsb_at.n_col = 0;
	if (c->is_load_bad)
		return CMD_E_CHIP;
	chip_remote_begin(c);
	return chip_remote_ask(c, CMD_LOAD_DONE, &r, &n_done);
}

uint16_t chip_remote_ops_init(struct chip_remote *c)
{
	struct cmd_stats stats;

	c->ops = (struct fw_chip_ops){ .mvm = remote_mvm,
		.pulse = remote_pulse,
		.n_pulse = remote_n_pulse,
		.read = remote_read,
		.program = remote_program, /* chips that cannot say so */
		.configure = remote_configure,
		.lsb = remote_lsb,
		.stats = remote_stats };
	if (c->info.caps & CMD_FEATURE_WAIT)
		c->ops.wait = remote_wait;
	if (c->info.caps & CMD_FEATURE_SAVE) {
		c->ops.save = remote_save;
		c->ops.save_part = remote_save_part;
		c->ops.load = remote_load;
		c->ops.load_part = remote_load_part;
		c->ops.load_done = remote_load_done;
	}
	remote_stats(c, &stats);
	c->n_pulse = stats.n_set + stats.n_reset + stats.n_program;
	return CMD_OK;
}
