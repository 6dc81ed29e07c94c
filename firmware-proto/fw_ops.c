/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fw_ops.c - operations on chips. Each checks the form and range of its whole request, then calls
 * the chip, then writes the reply's fields; the result before them is written by fw_execute().
 */
#include "fw_ops.h"

#include <string.h>

#define N_PULSE_CALL 64 /* pulses given to the chip at a time; 512 bytes of stack */

bool fw_needs_arming(const struct fw *f)
{
	return f->config.limits.t_lease > 0 || f->config.limits.n_budget > 0;
}

static bool is_within(uint32_t at, uint32_t n, uint32_t size)
{
	return n >= 1 && at < size && n <= size - at;
}

static bool is_patch_within(const struct fw *f, const struct cmd_patch *w)
{
	return w->chip < f->config.info.n_chip &&
		is_within(w->row, w->n_row, f->config.info.n_row) &&
		is_within(w->col, w->n_col, f->config.info.n_col);
}

static size_t room(const struct wire_writer *w)
{
	return w->size - w->n;
}

/* What was found right and is refused by the chips: in the middle of a batch that is a failure. */
static uint16_t error_after(size_t n_done, uint16_t error)
{
	return n_done > 0 && cmd_is_refusal(error) ? CMD_E_CHIP : error;
}

static void put_count(struct fw *f, struct wire_writer *w, uint16_t error)
{
	if (!cmd_is_refusal(error))
		cmd_put_pulsed(w, f->config.ops->n_pulse(f->config.chip_user));
}

/* May n more pulses come? Takes them off the budget. */
static uint16_t spend(struct fw *f, uint32_t n)
{
	if (!fw_needs_arming(f))
		return CMD_OK;
	if (f->config.limits.n_budget > 0 && n > f->config.limits.n_budget)
		return CMD_E_RANGE;
	if (!f->is_armed || (f->config.limits.n_budget > 0 && n > f->n_budget))
		return CMD_E_DISARMED;
	f->n_budget -= f->config.limits.n_budget > 0 ? n : 0;
	return CMD_OK;
}

static uint16_t run_arm(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	(void)r;
	(void)w;
	f->is_armed = true;
	f->n_budget = f->config.limits.n_budget;
	*ret_done = 1;
	return CMD_OK;
}

/* -128 has no opposite among the codes. */
static bool is_codes(const uint8_t *in, size_t n)
{
	uint8_t found = 0;

	for (size_t i = 0; i < n; i++)
		found |= in[i] == 0x80;
	return !found;
}

static uint16_t check_mvm(const struct fw *f, const struct cmd_mvm *m)
{
	struct cmd_patch w = { m->chip, m->row, m->n_row, m->col, m->n_col };

	if (!is_patch_within(f, &w) || m->n_vec < 1)
		return CMD_E_RANGE;
	if (m->input == CMD_INPUT_INT8 && !is_codes(m->in, cmd_mvm_n_in(m)))
		return CMD_E_RANGE;
	return CMD_OK;
}

/* A code is a byte of the reply or more, so codes of replies that fit find place in f->code. */
static uint16_t take_mvms(struct fw *f, struct wire_reader *r, size_t n_room, size_t *ret_n)
{
	size_t n = 0, n_reply = 0, n_code = 0;
	struct cmd_mvm m;

	while (cmd_take_mvm(r, &m)) {
		uint16_t error = n < CMD_N_MVM_MAX ? check_mvm(f, &m) : CMD_E_RANGE;

		if (error)
			return error;
		n_reply += cmd_mvm_n_reply(&m, f->config.info.adc_bits);
		if (n_reply > n_room)
			return CMD_E_ROOM;
		f->mvm[n].req = m;
		f->mvm[n].code = f->code + n_code;
		f->mvm[n].n_sat = 0;
		n_code += (size_t)m.n_vec * m.n_col;
		n++;
	}
	*ret_n = n;
	return r->is_bad || n == 0 ? CMD_E_FORM : CMD_OK;
}

static uint16_t run_mvm(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	size_t n = 0, n_done = 0;
	uint16_t error = take_mvms(f, r, room(w), &n);

	if (error)
		return error;
	error = f->config.ops->mvm(f->config.chip_user, f->mvm, n, &n_done);
	for (size_t i = 0; i < n_done && i < n; i++) {
		const struct fw_mvm *m = &f->mvm[i];

		cmd_put_mvm_reply(w, f->config.info.adc_bits, m->n_sat, m->code,
			(size_t)m->req.n_vec * m->req.n_col);
	}
	*ret_done = (uint16_t)n_done;
	return error_after(n_done, error);
}

static uint16_t check_pulses(const struct fw *f, struct cmd_pulse_reader r, uint32_t *ret_n)
{
	const struct fw_limits *limits = &f->config.limits;
	struct cmd_pulse p;
	uint32_t n = 0;

	while (cmd_pulse_take(&r, &p)) {
		if (p.chip >= f->config.info.n_chip || p.row >= f->config.info.n_row ||
			p.col >= f->config.info.n_col)
			return CMD_E_RANGE;
		if (limits->n_pulse_max > 0 && p.n > limits->n_pulse_max)
			return CMD_E_RANGE;
		n += p.n;
	}
	*ret_n = n;
	return r.r.is_bad || n == 0 ? CMD_E_FORM : CMD_OK;
}

static uint16_t apply_pulses(struct fw *f, struct cmd_pulse_reader r, uint16_t *ret_done)
{
	struct cmd_pulse p[N_PULSE_CALL];
	bool is_more = cmd_pulse_take(&r, &p[0]);

	while (is_more) {
		struct cmd_pulse next;
		size_t n = 1;
		uint16_t error;

		while ((is_more = cmd_pulse_take(&r, &next)) && n < N_PULSE_CALL &&
			next.chip == p[0].chip)
			p[n++] = next;
		error = f->config.ops->pulse(f->config.chip_user, p, n);
		if (error)
			return error;
		*ret_done = (uint16_t)(*ret_done + n);
		if (is_more)
			p[0] = next;
	}
	return CMD_OK;
}

static uint16_t run_pulses(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_pulse_reader list = { .r = *r };
	uint32_t n = 0;
	uint16_t error = check_pulses(f, list, &n);

	if (!error)
		error = spend(f, n);
	if (error)
		return error;
	error = apply_pulses(f, list, ret_done);
	error = error_after(*ret_done, error);
	put_count(f, w, error);
	return error;
}

static uint16_t run_read(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_patch patch;
	size_t n, n_fit = room(w) / (4 * CMD_N_DEVICE) * CMD_N_DEVICE;
	uint16_t error;

	if (!cmd_take_patch(r, &patch))
		return CMD_E_FORM;
	if (!is_patch_within(f, &patch))
		return CMD_E_RANGE;
	n = (size_t)patch.n_row * patch.n_col * CMD_N_DEVICE;
	if (n > n_fit && patch.n_row > 1)
		return CMD_E_ROOM;
	f->n_value_row = 0;
	error = f->config.ops->read(f->config.chip_user, &patch, f->value);
	if (error)
		return error;
	if (patch.n_row == 1)
		f->n_value_row = (uint32_t)n;
	cmd_put_values(w, f->value, n < n_fit ? n : n_fit);
	*ret_done = patch.n_row;
	return CMD_OK;
}

static uint16_t run_rest(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_rest rest;

	if (!cmd_take_rest(r, &rest))
		return CMD_E_FORM;
	if (f->n_value_row == 0)
		return CMD_E_ORDER;
	if (!is_within(rest.i_value, rest.n_value, f->n_value_row))
		return CMD_E_RANGE;
	if (rest.n_value > room(w) / 4)
		return CMD_E_ROOM;
	cmd_put_values(w, f->value + rest.i_value, rest.n_value);
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_program(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_patch patch;
	size_t n;
	uint16_t error;

	if (!f->config.ops->program)
		return CMD_E_OP;
	if (!cmd_take_patch(r, &patch))
		return CMD_E_FORM;
	if (!is_patch_within(f, &patch))
		return CMD_E_RANGE;
	n = (size_t)patch.n_row * patch.n_col * CMD_N_DEVICE;
	f->n_value_row = 0;
	/* As many as came in one frame find place in f->value. */
	if (!cmd_take_values(r, f->value, n))
		return CMD_E_FORM;
	error = spend(f, (uint32_t)n);
	if (error)
		return error;
	error = f->config.ops->program(f->config.chip_user, &patch, f->value);
	put_count(f, w, error);
	*ret_done = !error;
	return error;
}

static uint16_t run_configure(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_config c;
	uint16_t error;

	if (!cmd_take_config(r, &c))
		return CMD_E_FORM;
	if (c.chip >= f->config.info.n_chip || !is_within(c.col, c.n_col, f->config.info.n_col))
		return CMD_E_RANGE;
	if ((c.gain_bits || c.n_phase) && !(f->config.info.caps & CMD_FEATURE_CORRECT))
		return CMD_E_RANGE;
	error = f->config.ops->configure(f->config.chip_user, &c);
	if (error)
		return error;
	cmd_put_lsb(w, f->config.ops->lsb(f->config.chip_user, c.chip, c.col));
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_lsb(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_columns c;

	if (!cmd_take_columns(r, &c))
		return CMD_E_FORM;
	if (c.chip >= f->config.info.n_chip || !is_within(c.col, c.n_col, f->config.info.n_col))
		return CMD_E_RANGE;
	if (c.n_col > room(w) / 4)
		return CMD_E_ROOM;
	for (uint16_t i = 0; i < c.n_col; i++)
		cmd_put_lsb(
			w, f->config.ops->lsb(f->config.chip_user, c.chip, (uint16_t)(c.col + i)));
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_wait(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	uint64_t dt;
	uint16_t error;

	(void)w;
	if (!f->config.ops->wait)
		return CMD_E_OP;
	if (!cmd_take_wait(r, &dt))
		return CMD_E_FORM;
	error = f->config.ops->wait(f->config.chip_user, dt);
	*ret_done = !error;
	return error;
}

static uint16_t run_stats(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_stats stats;

	(void)r;
	memset(&stats, 0, sizeof(stats));
	f->config.ops->stats(f->config.chip_user, &stats);
	cmd_put_stats(w, &stats);
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_save(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	uint16_t error;

	(void)r;
	f->n_save = 0;
	if (!f->config.ops->save)
		return CMD_E_OP;
	error = f->config.ops->save(f->config.chip_user, &f->n_save);
	if (error)
		return error;
	cmd_put_size(w, f->n_save);
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_save_part(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_part part;
	uint8_t *data;

	if (!cmd_take_part(r, false, &part))
		return CMD_E_FORM;
	if (f->n_save == 0)
		return CMD_E_ORDER;
	if (part.at > f->n_save)
		return CMD_E_RANGE;
	if (part.n > room(w) - CMD_N_PART)
		part.n = (uint16_t)(room(w) - CMD_N_PART);
	if (part.n > f->n_save - part.at)
		part.n = (uint16_t)(f->n_save - part.at);
	cmd_put_part(w, &part);
	data = wire_put_room(w, part.n);
	f->config.ops->save_part(f->config.chip_user, part.at, data, part.n);
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_load(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	uint64_t n;
	uint16_t error;

	(void)w;
	if (!f->config.ops->load)
		return CMD_E_OP;
	if (!cmd_take_size(r, &n))
		return CMD_E_FORM;
	if (n == 0)
		return CMD_E_RANGE;
	f->n_load = f->at_load = 0;
	error = f->config.ops->load(f->config.chip_user, n);
	if (error)
		return error;
	f->n_load = n;
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_load_part(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	struct cmd_part part;

	(void)w;
	if (!cmd_take_part(r, true, &part))
		return CMD_E_FORM;
	if (f->n_load == 0 || part.at != f->at_load || part.n > f->n_load - f->at_load)
		return CMD_E_ORDER;
	f->config.ops->load_part(f->config.chip_user, part.at, part.data, part.n);
	f->at_load += part.n;
	*ret_done = 1;
	return CMD_OK;
}

static uint16_t run_load_done(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done)
{
	uint16_t error;

	(void)r;
	(void)w;
	if (f->n_load == 0 || f->at_load != f->n_load)
		return CMD_E_ORDER;
	f->n_load = f->at_load = 0;
	f->n_value_row = 0;
	error = f->config.ops->load_done(f->config.chip_user);
	*ret_done = !error;
	return error;
}

/* By op - CMD_ARM. */
static uint16_t (*const runs[])(
	struct fw *f, struct wire_reader *r, struct wire_writer *w, uint16_t *ret_done) = { run_arm,
	run_mvm, run_pulses, run_read, run_rest, run_program, run_configure, run_lsb, run_wait,
	run_stats, run_save, run_save_part, run_load, run_load_part, run_load_done };

void fw_execute(struct fw *f, uint16_t op, struct wire_reader *r, struct wire_writer *w)
{
	struct cmd_result result = { 0 };
	size_t n_run = sizeof(runs) / sizeof(runs[0]), n;

	cmd_put_result(w, &result);
	if (!f->is_schema_equal && cmd_is_mutating(op))
		result.error = CMD_E_SCHEMA;
	else if (op < CMD_ARM || op - CMD_ARM >= (int)n_run)
		result.error = CMD_E_OP;
	else
		result.error = runs[op - CMD_ARM](f, r, w, &result.n_done);
	n = w->n;
	w->n = 0;
	cmd_put_result(w, &result);
	w->n = n;
}
