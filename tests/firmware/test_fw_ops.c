/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fw_ops.c - PROTOCOL.md, section 5: each operation, its limits and its refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fw_rig.h"

static struct rig rig;
static uint8_t payload[WIRE_N_FRAME_MAX];
static struct wire_writer w;
static struct wire_reader rest;
static uint32_t seq;

static int setup(void **state)
{
	(void)state;
	rig_init(&rig, WIRE_STREAM);
	rig_begin(&rig);
	seq = 0;
	return 0;
}

static void begin(void)
{
	w = (struct wire_writer){ .buf = payload, .size = RIG_N_FRAME - WIRE_N_OVERHEAD };
}

static uint16_t ask(uint16_t op)
{
	return rig_ask(&rig, op, ++seq, payload, w.n, &rest).error;
}

static uint16_t ask_done(uint16_t op, uint16_t n_done)
{
	struct cmd_result result = rig_ask(&rig, op, ++seq, payload, w.n, &rest);

	assert_int_equal(result.n_done, n_done);
	return result.error;
}

static struct cmd_mvm mvm(uint8_t chip, uint16_t n_row, uint16_t n_col, uint16_t n_vec)
{
	static const uint8_t in[2000];

	return (struct cmd_mvm){ chip, CMD_INPUT_INT8, 0, n_row, 0, n_col, n_vec, in };
}

static void products_of_several_chips_come_in_one_reply(void **state)
{
	struct cmd_mvm a = mvm(0, 40, 30, 2), b = mvm(1, 8, 7, 1);
	int16_t code[60];
	uint32_t n_sat;

	(void)state;
	begin();
	cmd_put_mvm(&w, &a);
	cmd_put_mvm(&w, &b);
	assert_int_equal(ask_done(CMD_MVM_BATCH, 2), CMD_OK);
	assert_int_equal(rest.size - rest.n, 4 + 60 + 4 + 7);
	assert_true(cmd_take_mvm_reply(&rest, 8, &n_sat, code, 60));
	assert_int_equal(n_sat, 2);
	assert_int_equal(code[59], 59 - 127);
	assert_true(cmd_take_mvm_reply(&rest, 8, &n_sat, code, 7));
	assert_int_equal(code[0], 14 - 127);
}

static void wide_codes_take_two_bytes(void **state)
{
	struct cmd_mvm a = mvm(0, 1, 30, 1);
	int16_t code[30];
	uint32_t n_sat;

	(void)state;
	rig.config.info.adc_bits = 9;
	rig_begin(&rig);
	begin();
	cmd_put_mvm(&w, &a);
	assert_int_equal(ask_done(CMD_MVM_BATCH, 1), CMD_OK);
	assert_int_equal(rest.size - rest.n, 4 + 60);
	assert_true(cmd_take_mvm_reply(&rest, 9, &n_sat, code, 30));
	assert_int_equal(code[29], 29 - 127);
}

static uint16_t ask_mvm(struct cmd_mvm m)
{
	begin();
	cmd_put_mvm(&w, &m);
	return ask_done(CMD_MVM_BATCH, 0);
}

static void products_outside_the_chip_are_refused_before_any_runs(void **state)
{
	uint8_t in[40] = { [39] = 0x80 };
	struct cmd_mvm good = mvm(0, 1, 1, 1), m;

	(void)state;
	m = mvm(2, 1, 1, 1);
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	m = mvm(0, 41, 1, 1);
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	m = mvm(0, 1, 31, 1);
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	m = mvm(0, 2, 1, 1);
	m.row = 39;
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	m.row = 65535;
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	assert_int_equal(ask_mvm(mvm(0, 0, 1, 1)), CMD_E_RANGE);
	assert_int_equal(ask_mvm(mvm(0, 1, 0, 1)), CMD_E_RANGE);
	assert_int_equal(ask_mvm(mvm(0, 1, 1, 0)), CMD_E_RANGE);
	m = mvm(0, 40, 1, 1);
	m.in = in;
	assert_int_equal(ask_mvm(m), CMD_E_RANGE);
	begin();
	cmd_put_mvm(&w, &good);
	m = mvm(1, 41, 1, 1);
	cmd_put_mvm(&w, &m);
	assert_int_equal(ask_done(CMD_MVM_BATCH, 0), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 0);
}

static void malformed_products_are_refused(void **state)
{
	struct cmd_mvm m = mvm(0, 40, 30, 2);

	(void)state;
	begin();
	assert_int_equal(ask(CMD_MVM_BATCH), CMD_E_FORM);
	cmd_put_mvm(&w, &m);
	w.n--;
	assert_int_equal(ask(CMD_MVM_BATCH), CMD_E_FORM);
	w.n++;
	payload[1] = 2; /* input */
	assert_int_equal(ask(CMD_MVM_BATCH), CMD_E_FORM);
	/* 1000 codes and 12 bytes of heads are more than a frame of 1024. */
	assert_int_equal(ask_mvm(mvm(0, 1, 25, 40)), CMD_E_ROOM);
	begin();
	m = mvm(0, 1, 1, 1);
	for (int i = 0; i <= CMD_N_MVM_MAX; i++)
		cmd_put_mvm(&w, &m);
	assert_int_equal(ask(CMD_MVM_BATCH), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 0);
}

static void a_chip_that_fails_midway_reports_the_prefix(void **state)
{
	struct cmd_mvm m = mvm(0, 1, 5, 1);
	int16_t code[5];
	uint32_t n_sat;

	(void)state;
	begin();
	for (int i = 0; i < 3; i++)
		cmd_put_mvm(&w, &m);
	rig.chips.fail = CMD_E_CLOCK;
	rig.chips.n_until_fail = 2;
	assert_int_equal(ask_done(CMD_MVM_BATCH, 2), CMD_E_CLOCK);
	assert_int_equal(rest.size - rest.n, 2 * (4 + 5));
	assert_true(cmd_take_mvm_reply(&rest, 8, &n_sat, code, 5));
}

static struct cmd_pulse_writer open_list(void)
{
	return (struct cmd_pulse_writer){ .w = { .buf = payload,
						  .size = RIG_N_FRAME - WIRE_N_OVERHEAD } };
}

static uint16_t ask_pulses(const struct cmd_pulse *p, size_t n, uint16_t n_done)
{
	struct cmd_pulse_writer list = open_list();

	for (size_t i = 0; i < n; i++)
		assert_true(cmd_pulse_put(&list, &p[i]));
	w = list.w;
	return ask_done(CMD_PULSE_LIST, n_done);
}

static void lists_of_pulses_reach_the_chips_in_order(void **state)
{
	struct cmd_pulse p[200];
	uint64_t n_pulse;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		p[i] = (struct cmd_pulse){ .chip = i >= 70 && i < 140,
			.row = (uint16_t)(i % RIG_N_ROW),
			.col = (uint16_t)(i % RIG_N_COL),
			.device = i % 4,
			.n = (uint8_t)(1 + i % 3) };
	assert_int_equal(ask_pulses(p, 200, 200), CMD_OK);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 399);
	assert_int_equal(rig.chips.n_pulse, 399);
	/* 64 at a time, of one chip: 64 + 6, 64 + 6, 60. */
	assert_int_equal(rig.chips.n_call, 5);
	assert_int_equal(rig.chips.pulse[1][139 % 40][139 % 30][3], 1 + 139 % 3);
}

static void pulses_outside_are_refused_before_any_is_given(void **state)
{
	struct cmd_pulse p[2] = { { .n = 1 }, { .n = 1 } };

	(void)state;
	p[1].row = RIG_N_ROW;
	assert_int_equal(ask_pulses(p, 2, 0), CMD_E_RANGE);
	p[1] = (struct cmd_pulse){ .col = RIG_N_COL, .n = 1 };
	assert_int_equal(ask_pulses(p, 2, 0), CMD_E_RANGE);
	p[1] = (struct cmd_pulse){ .chip = 2, .n = 1 };
	assert_int_equal(ask_pulses(p, 2, 0), CMD_E_RANGE);
	p[1] = (struct cmd_pulse){ .n = 0 };
	assert_int_equal(ask_pulses(p, 2, 0), CMD_E_FORM);
	assert_int_equal(ask_pulses(p, 0, 0), CMD_E_FORM);
	rig.fw.config.limits.n_pulse_max = 5;
	p[1].n = 6;
	assert_int_equal(ask_pulses(p, 2, 0), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 0);
}

static void malformed_lists_of_pulses_are_refused(void **state)
{
	static const uint8_t empty_run[] = { 0, 0, 0, 0 },
			     spare_bit[] = { 0, 0, 1, 0, 0, 0, 0x80, 1 };
	static const uint8_t run_too_long[] = { 0, 0, 2, 0, 0, 0, 0, 1 };

	(void)state;
	assert_int_equal(rig_ask(&rig, CMD_PULSE_LIST, 1, empty_run, 4, NULL).error, CMD_E_FORM);
	assert_int_equal(rig_ask(&rig, CMD_PULSE_LIST, 2, spare_bit, 8, NULL).error, CMD_E_FORM);
	assert_int_equal(rig_ask(&rig, CMD_PULSE_LIST, 3, run_too_long, 8, NULL).error, CMD_E_FORM);
	assert_int_equal(rig.chips.n_call, 0);
}

static void a_list_that_fails_midway_reports_what_was_given(void **state)
{
	struct cmd_pulse p[100];
	uint64_t n_pulse;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		p[i] = (struct cmd_pulse){ .chip = i >= 30, .n = 2 };
	rig.chips.fail = CMD_E_CHIP;
	rig.chips.n_until_fail = 2;
	assert_int_equal(ask_pulses(p, 100, 94), CMD_E_CHIP);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 188);
}

static uint16_t ask_read(struct cmd_patch patch, uint16_t n_done)
{
	begin();
	cmd_put_patch(&w, &patch);
	return ask_done(CMD_READ_BLOCK, n_done);
}

static void blocks_are_read_whole_or_not_at_all(void **state)
{
	uint32_t value[240];

	(void)state;
	assert_int_equal(ask_read((struct cmd_patch){ 1, 38, 2, 0, 30 }, 2), CMD_OK);
	assert_true(cmd_take_values(&rest, value, 240));
	assert_int_equal(value[239], 1u << 16 | 239);
	/* 3 rows of 30 cells are 1440 bytes. */
	assert_int_equal(ask_read((struct cmd_patch){ 1, 0, 3, 0, 30 }, 0), CMD_E_ROOM);
	assert_int_equal(ask_read((struct cmd_patch){ 1, 39, 2, 0, 1 }, 0), CMD_E_RANGE);
	assert_int_equal(ask_read((struct cmd_patch){ 1, 0, 1, 30, 1 }, 0), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 1);
}

/* 30 cells are 480 bytes; in frames of 256, 232 are left, which are 14 cells. */
static void a_row_longer_than_a_frame_is_read_once_and_fetched(void **state)
{
	uint32_t value[120], got[120];

	(void)state;
	rig.config.n_frame = 256;
	rig_begin(&rig);
	assert_int_equal(cmd_n_value(256), 56);
	begin();
	cmd_put_rest(&w, &(struct cmd_rest){ 0, 1 });
	assert_int_equal(ask(CMD_READ_REST), CMD_E_ORDER);
	assert_int_equal(ask_read((struct cmd_patch){ 0, 3, 1, 0, 30 }, 1), CMD_OK);
	assert_int_equal(rest.size - rest.n, 4 * 56);
	assert_true(cmd_take_values(&rest, got, 56));
	for (uint16_t at = 56; at < 120; at = (uint16_t)(at + 32)) {
		begin();
		cmd_put_rest(&w, &(struct cmd_rest){ at, 32 });
		assert_int_equal(ask(CMD_READ_REST), CMD_OK);
		assert_true(cmd_take_values(&rest, got + at, 32));
	}
	for (uint32_t i = 0; i < 120; i++)
		value[i] = 1u << 16 | i;
	assert_memory_equal(got, value, sizeof(value));
	assert_int_equal(rig.chips.n_call, 1);
	begin();
	cmd_put_rest(&w, &(struct cmd_rest){ 119, 2 });
	assert_int_equal(ask(CMD_READ_REST), CMD_E_RANGE);
	begin();
	cmd_put_rest(&w, &(struct cmd_rest){ 0, 120 });
	assert_int_equal(ask(CMD_READ_REST), CMD_E_ROOM);
}

static void a_kept_row_is_gone_after_the_next_read_or_program(void **state)
{
	static const uint32_t value[4];

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(ask_read((struct cmd_patch){ 0, 3, 1, 0, 5 }, 1), CMD_OK);
		begin();
		cmd_put_rest(&w, &(struct cmd_rest){ 0, 4 });
		assert_int_equal(ask(CMD_READ_REST), CMD_OK);
		if (round == 0) {
			assert_int_equal(ask_read((struct cmd_patch){ 0, 3, 2, 0, 5 }, 2), CMD_OK);
		} else if (round == 1) {
			rig.chips.fail = CMD_E_CHIP;
			assert_int_equal(
				ask_read((struct cmd_patch){ 0, 3, 1, 0, 5 }, 0), CMD_E_CHIP);
			rig.chips.fail = CMD_OK;
		} else {
			begin();
			cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 1, 0, 1 });
			cmd_put_values(&w, value, 4);
			assert_int_equal(ask(CMD_PROGRAM), CMD_OK);
		}
		begin();
		cmd_put_rest(&w, &(struct cmd_rest){ 0, 4 });
		assert_int_equal(ask(CMD_READ_REST), CMD_E_ORDER);
	}
}

static void programming_counts_as_pulses(void **state)
{
	uint32_t value[12] = { 0 };
	uint64_t n_pulse;

	(void)state;
	begin();
	cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 1, 0, 3 });
	cmd_put_values(&w, value, 12);
	assert_int_equal(ask_done(CMD_PROGRAM, 1), CMD_OK);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 12);
	w.n--;
	assert_int_equal(ask(CMD_PROGRAM), CMD_E_FORM);
	begin();
	cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 40, 0, 30 });
	assert_int_equal(ask(CMD_PROGRAM), CMD_E_FORM);
	begin();
	cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 41, 0, 30 });
	assert_int_equal(ask(CMD_PROGRAM), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 1);
}

static uint16_t ask_program(uint16_t n_done)
{
	static const uint32_t value[CMD_N_DEVICE];

	begin();
	cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 1, 0, 1 });
	cmd_put_values(&w, value, CMD_N_DEVICE);
	return ask_done(CMD_PROGRAM, n_done);
}

/* PROTOCOL.md, section 5: the count comes where something may have been executed. */
static void a_refusal_by_the_chips_has_no_count(void **state)
{
	const struct cmd_pulse p = { .n = 1 };
	uint64_t n_pulse;

	(void)state;
	rig.chips.fail = CMD_E_OP;
	assert_int_equal(ask_program(0), CMD_E_OP);
	assert_int_equal(rest.size - rest.n, 0);
	assert_int_equal(ask_pulses(&p, 1, 0), CMD_E_OP);
	assert_int_equal(rest.size - rest.n, 0);
	rig.chips.fail = CMD_E_CHIP;
	rig.chips.n_until_fail = 0;
	assert_int_equal(ask_program(0), CMD_E_CHIP);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 0);
}

/* An argument error says that nothing happened; in the middle something has. */
static void a_refusal_by_the_chips_in_the_middle_is_a_failure(void **state)
{
	const struct cmd_pulse p[] = { { .n = 1 }, { .chip = 1, .n = 1 } };
	struct cmd_mvm m = mvm(0, 1, 5, 1);
	uint64_t n_pulse;

	(void)state;
	rig.chips.fail = CMD_E_RANGE;
	rig.chips.n_until_fail = 1;
	assert_int_equal(ask_pulses(p, 2, 1), CMD_E_CHIP);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 1);
	begin();
	cmd_put_mvm(&w, &m);
	cmd_put_mvm(&w, &m);
	rig.chips.n_until_fail = 1;
	assert_int_equal(ask_done(CMD_MVM_BATCH, 1), CMD_E_CHIP);
}

static void columns_are_configured_and_asked(void **state)
{
	uint32_t lsb[30];

	(void)state;
	begin();
	cmd_put_config(&w, &(struct cmd_config){ 1, 0, 4, 5, 2000, 0, 0 });
	assert_int_equal(ask_done(CMD_CONFIGURE, 1), CMD_OK);
	assert_true(cmd_take_lsb(&rest, lsb));
	assert_int_equal(lsb[0], 1000 + 256 + 4);
	begin();
	cmd_put_columns(&w, &(struct cmd_columns){ 0, 1, 29 });
	assert_int_equal(ask(CMD_LSB), CMD_OK);
	assert_true(cmd_take_values(&rest, lsb, 29));
	assert_int_equal(lsb[28], 1000 + 29);
	begin();
	cmd_put_columns(&w, &(struct cmd_columns){ 0, 2, 29 });
	assert_int_equal(ask(CMD_LSB), CMD_E_RANGE);
	begin();
	cmd_put_config(&w, &(struct cmd_config){ 2, 0, 0, 1, 2000, 0, 0 });
	assert_int_equal(ask(CMD_CONFIGURE), CMD_E_RANGE);
	assert_int_equal(rig.chips.n_call, 1);
}

/* What a host of before there were corrections sends: the request ends after the range. */
static void a_configuration_may_end_after_the_range(void **state)
{
	struct cmd_config got = { .gain_bits = 7, .offset_bits = 7 };
	struct wire_reader r;

	(void)state;
	begin();
	cmd_put_config(&w, &(struct cmd_config){ 1, 0, 4, 5, 2000, 1, 2 });
	w.n -= 8;
	r = (struct wire_reader){ w.buf, w.n, 0, false };
	assert_true(cmd_take_config(&r, &got));
	assert_int_equal(got.gain_bits | got.offset_bits, 0);
	assert_int_equal(ask_done(CMD_CONFIGURE, 1), CMD_OK);
	begin();
	cmd_put_config(&w, &(struct cmd_config){ 1, 0, 4, 5, 2000, 1, 2 });
	w.n -= 4;
	assert_int_equal(ask(CMD_CONFIGURE), CMD_E_FORM);
}

static void corrections_need_the_feature(void **state)
{
	static const struct cmd_config all[] = { { 1, 4, 4, 5, 0, 0, 0 },
		{ 1, 0, 4, 5, 2000, 0x3f800000, 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin();
		cmd_put_config(&w, &all[i]);
		assert_int_equal(ask(CMD_CONFIGURE), CMD_E_RANGE);
	}
	assert_int_equal(rig.chips.n_call, 0);
}

static void time_passes_and_is_told(void **state)
{
	struct cmd_stats stats;

	(void)state;
	begin();
	cmd_put_wait(&w, UINT64_C(5000000000));
	assert_int_equal(ask_done(CMD_WAIT, 1), CMD_OK);
	begin();
	assert_int_equal(ask(CMD_STATS), CMD_OK);
	assert_true(cmd_take_stats(&rest, &stats));
	assert_true(stats.time == UINT64_C(5000000000) && stats.temperature == 310150);
	begin();
	assert_int_equal(ask(CMD_WAIT), CMD_E_FORM);
}

static uint16_t ask_part(uint16_t op, uint64_t at, uint16_t n, const uint8_t *data)
{
	begin();
	cmd_put_part(&w, &(struct cmd_part){ at, n, data });
	return ask(op);
}

static void a_state_goes_out_in_parts_and_comes_back(void **state)
{
	uint8_t got[3000];
	uint64_t n, at = 0;
	struct cmd_part part;

	(void)state;
	assert_int_equal(ask_part(CMD_SAVE_PART, 0, 10, NULL), CMD_E_ORDER);
	begin();
	assert_int_equal(ask(CMD_SAVE), CMD_OK);
	assert_true(cmd_take_size(&rest, &n));
	assert_int_equal(n, 3000);
	while (at < n) {
		assert_int_equal(ask_part(CMD_SAVE_PART, at, 65535, NULL), CMD_OK);
		assert_true(cmd_take_part(&rest, true, &part));
		assert_int_equal(part.at, at);
		assert_true(part.n > 0);
		memcpy(got + at, part.data, part.n);
		at += part.n;
	}
	assert_memory_equal(got, rig.chips.state, 3000);
	assert_int_equal(ask_part(CMD_SAVE_PART, 3001, 1, NULL), CMD_E_RANGE);
	begin();
	cmd_put_size(&w, 3000);
	assert_int_equal(ask(CMD_LOAD), CMD_OK);
	assert_int_equal(ask_part(CMD_LOAD_PART, 0, 900, got), CMD_OK);
	assert_int_equal(ask_part(CMD_LOAD_PART, 0, 900, got), CMD_E_ORDER);
	assert_int_equal(ask_part(CMD_LOAD_PART, 901, 900, got), CMD_E_ORDER);
	begin();
	assert_int_equal(ask(CMD_LOAD_DONE), CMD_E_ORDER);
	for (at = 900; at < 3000; at += 700)
		assert_int_equal(ask_part(CMD_LOAD_PART, at, 700, got + at), CMD_OK);
	begin();
	assert_int_equal(ask(CMD_LOAD_DONE), CMD_OK);
	assert_int_equal(ask(CMD_LOAD_DONE), CMD_E_ORDER);
}

static void a_state_too_long_or_damaged_is_refused(void **state)
{
	(void)state;
	begin();
	cmd_put_size(&w, 3001);
	assert_int_equal(ask(CMD_LOAD), CMD_E_RANGE);
	assert_int_equal(ask_part(CMD_LOAD_PART, 0, 1, payload), CMD_E_ORDER);
	begin();
	cmd_put_size(&w, 0);
	assert_int_equal(ask(CMD_LOAD), CMD_E_RANGE);
	begin();
	cmd_put_size(&w, 2);
	assert_int_equal(ask(CMD_LOAD), CMD_OK);
	assert_int_equal(ask_part(CMD_LOAD_PART, 0, 3, (const uint8_t *)"abc"), CMD_E_ORDER);
	assert_int_equal(ask_part(CMD_LOAD_PART, 0, 2, (const uint8_t *)"xx"), CMD_OK);
	begin();
	assert_int_equal(ask(CMD_LOAD_DONE), CMD_E_DAMAGED);
}

static void what_a_chip_cannot_do_is_an_unknown_op(void **state)
{
	struct fw_chip_ops ops = *rig.config.ops;
	static const uint16_t op[] = { CMD_PROGRAM, CMD_WAIT, CMD_SAVE, CMD_LOAD };

	(void)state;
	ops.program = NULL;
	ops.wait = NULL;
	ops.save = NULL;
	ops.load = NULL;
	rig.config.ops = &ops;
	rig_begin(&rig);
	begin();
	wire_put_u64(&w, 100);
	wire_put_u64(&w, 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(ask(op[i]), CMD_E_OP);
}

static void bytes_after_the_known_fields_are_ignored(void **state)
{
	(void)state;
	begin();
	cmd_put_wait(&w, 5);
	wire_put_u32(&w, 0xdeadbeef);
	assert_int_equal(ask(CMD_WAIT), CMD_OK);
	begin();
	cmd_put_config(&w, &(struct cmd_config){ 1, 0, 4, 5, 2000, 0, 0 });
	wire_put_u8(&w, 1);
	assert_int_equal(ask(CMD_CONFIGURE), CMD_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(products_of_several_chips_come_in_one_reply, setup),
		cmocka_unit_test_setup(a_configuration_may_end_after_the_range, setup),
		cmocka_unit_test_setup(corrections_need_the_feature, setup),
		cmocka_unit_test_setup(wide_codes_take_two_bytes, setup),
		cmocka_unit_test_setup(
			products_outside_the_chip_are_refused_before_any_runs, setup),
		cmocka_unit_test_setup(malformed_products_are_refused, setup),
		cmocka_unit_test_setup(a_chip_that_fails_midway_reports_the_prefix, setup),
		cmocka_unit_test_setup(lists_of_pulses_reach_the_chips_in_order, setup),
		cmocka_unit_test_setup(pulses_outside_are_refused_before_any_is_given, setup),
		cmocka_unit_test_setup(malformed_lists_of_pulses_are_refused, setup),
		cmocka_unit_test_setup(a_list_that_fails_midway_reports_what_was_given, setup),
		cmocka_unit_test_setup(blocks_are_read_whole_or_not_at_all, setup),
		cmocka_unit_test_setup(a_row_longer_than_a_frame_is_read_once_and_fetched, setup),
		cmocka_unit_test_setup(a_kept_row_is_gone_after_the_next_read_or_program, setup),
		cmocka_unit_test_setup(programming_counts_as_pulses, setup),
		cmocka_unit_test_setup(a_refusal_by_the_chips_has_no_count, setup),
		cmocka_unit_test_setup(a_refusal_by_the_chips_in_the_middle_is_a_failure, setup),
		cmocka_unit_test_setup(columns_are_configured_and_asked, setup),
		cmocka_unit_test_setup(time_passes_and_is_told, setup),
		cmocka_unit_test_setup(a_state_goes_out_in_parts_and_comes_back, setup),
		cmocka_unit_test_setup(a_state_too_long_or_damaged_is_refused, setup),
		cmocka_unit_test_setup(what_a_chip_cannot_do_is_an_unknown_op, setup),
		cmocka_unit_test_setup(bytes_after_the_known_fields_are_ignored, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
