/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_board_emu.c - the firmware over the emulator against emu: of hal: the same seed and calls
 * give the same bytes, and the same saved state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include "board_emu.h"
#include "fw_rig.h"
#include "xbar.h"

static struct rig rig;
static struct board_emu *board;
static struct xbar *emu;
static uint32_t seq;
static uint64_t dice;

/* xorshift64, Marsaglia (2003). */
static uint32_t below(uint32_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(dice >> 16) % n;
}

static void open_both(enum wire_link link, const char *const *arg, size_t n)
{
	struct board_emu_config config;

	assert_int_equal(board_emu_config_parse(&config, arg, n), 0);
	assert_int_equal(xbar_open(&emu, config.uri, NULL), 0);
	assert_int_equal(board_emu_new(&board, &config), 0);
	rig_init(&rig, link);
	board_emu_describe(board, &rig.config);
	rig.config.n_frame = link == WIRE_UART ? WIRE_N_FRAME_UART : WIRE_N_FRAME_STREAM;
	rig_begin(&rig);
	seq = 0;
	dice = 88172645463325252u;
}

static void close_both(void)
{
	board_emu_free(board);
	xbar_close(emu);
}

static size_t room(void)
{
	return rig.config.n_frame - (size_t)WIRE_N_OVERHEAD;
}

static uint8_t payload[WIRE_N_FRAME_MAX];

static struct wire_writer writer(void)
{
	return (struct wire_writer){ .buf = payload, .size = room() };
}

static struct wire_reader ask(uint16_t op, size_t n)
{
	struct wire_reader r;

	assert_int_equal(rig_ask(&rig, op, ++seq, payload, n, &r).error, CMD_OK);
	return r;
}

static void both_mvm(void)
{
	static uint8_t in[2][256];
	static int16_t out[2][256], got[256];
	struct xbar_mvm req[2];
	struct wire_writer w = writer();
	struct wire_reader r;

	for (uint32_t i = 0; i < 2; i++) {
		struct cmd_mvm m = { .chip = (uint8_t)i, .input = (uint8_t)below(2), .n_vec = 1 };

		m.row = (uint16_t)below(256);
		m.n_row = (uint16_t)(1 + below(256u - m.row));
		m.col = (uint16_t)below(256);
		m.n_col = (uint16_t)(1 + below(i ? 100 : 256u - m.col));
		m.n_col = m.n_col > 256 - m.col ? (uint16_t)(256 - m.col) : m.n_col;
		for (size_t k = 0; k < 256; k++)
			in[i][k] = (uint8_t)(below(255) - 127);
		m.in = in[i];
		cmd_put_mvm(&w, &m);
		req[i] = (struct xbar_mvm){ i, m.row, m.n_row, m.col, m.n_col, 1,
			(enum xbar_input)m.input, in[i], out[i], 0 };
	}
	if (w.is_bad)
		return;
	assert_int_equal(xbar_mvm(emu, req, 2), 0);
	r = ask(CMD_MVM_BATCH, w.n);
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t n_sat;

		assert_true(cmd_take_mvm_reply(
			&r, rig.config.info.adc_bits, &n_sat, got, req[i].n_col));
		assert_int_equal(n_sat, req[i].n_sat);
		assert_memory_equal(got, out[i], 2 * req[i].n_col);
	}
}

static void both_pulse(void)
{
	struct xbar_pulse p[100];
	struct cmd_pulse_writer list = { .w = writer() };
	uint32_t n = 1 + below(100);

	for (uint32_t i = 0; i < n; i++) {
		p[i] = (struct xbar_pulse){ .row = (uint16_t)below(256),
			.col = (uint16_t)below(256),
			.chip = (uint8_t)below(2),
			.device = (uint8_t)below(4),
			.kind = (uint8_t)(below(8) == 0),
			.n = (uint8_t)(1 + below(20)) };
		assert_true(cmd_pulse_put(&list,
			&(struct cmd_pulse){
				p[i].chip, p[i].device, p[i].kind, p[i].n, p[i].row, p[i].col }));
	}
	assert_int_equal(xbar_pulse(emu, p, n), 0);
	ask(CMD_PULSE_LIST, list.w.n);
}

/* A row, in as many replies as it takes. */
static void both_read(void)
{
	static float want[1024], got[1024];
	struct cmd_patch patch = { (uint8_t)below(2), (uint16_t)below(256), 1, (uint16_t)below(200),
		(uint16_t)(1 + below(56)) };
	struct xbar_patch x = { patch.chip, patch.row, 1, patch.col, patch.n_col };
	uint32_t n = patch.n_col * 4u, at = (uint32_t)cmd_n_value(rig.config.n_frame);
	struct wire_writer w = writer();
	struct wire_reader r;

	cmd_put_patch(&w, &patch);
	assert_int_equal(xbar_read(emu, &x, 1, want), 0);
	r = ask(CMD_READ_BLOCK, w.n);
	at = at < n ? at : n;
	assert_true(cmd_take_values(&r, got, at));
	while (at < n) {
		w = writer();
		cmd_put_rest(&w, &(struct cmd_rest){ (uint16_t)at, 4 });
		r = ask(CMD_READ_REST, w.n);
		assert_true(cmd_take_values(&r, got + at, 4));
		at += 4;
	}
	assert_memory_equal(got, want, 4 * n);
}

static void both_configure(void)
{
	struct xbar_config c = { below(2), below(256), 1, 1e-5f * (float)(1 + below(10)),
		below(2) ? 0.01f * (float)(50 + below(100)) : 0.0f, 1e-7f * ((float)below(21) - 10),
		below(3) ? 0 : 1 + 3 * below(2) };
	struct cmd_config x = { .chip = (uint8_t)c.chip,
		.n_phase = (uint8_t)c.n_phase,
		.col = (uint16_t)c.col,
		.n_col = 1 };
	struct wire_writer w = writer();
	struct wire_reader r;
	float lsb, want;
	uint32_t bits;

	memcpy(&x.adc_range_bits, &c.adc_range, 4);
	memcpy(&x.gain_bits, &c.gain, 4);
	memcpy(&x.offset_bits, &c.offset, 4);
	cmd_put_config(&w, &x);
	assert_int_equal(xbar_configure(emu, &c), 0);
	r = ask(CMD_CONFIGURE, w.n);
	assert_true(cmd_take_lsb(&r, &bits));
	memcpy(&lsb, &bits, 4);
	want = xbar_adc_lsb(emu, c.chip, c.col);
	assert_memory_equal(&lsb, &want, 4);
}

static void both_wait(void)
{
	struct wire_writer w = writer();
	uint32_t s = below(1000);

	cmd_put_wait(&w, s * UINT64_C(1000000000));
	assert_int_equal(xbar_wait(emu, s), 0);
	ask(CMD_WAIT, w.n);
}

/* xbar_program() reads back what the chip programmed; so must the board be asked to. */
static void both_program(void)
{
	struct cmd_patch patch = { 1, (uint16_t)below(256), 1, (uint16_t)below(250), 5 };
	struct xbar_patch x = { 1, patch.row, 1, patch.col, 5 };
	const struct xbar_program_options opt = { .n_read = 1 };
	struct wire_writer w = writer();
	float g[20];

	for (size_t i = 0; i < 20; i++)
		g[i] = 1e-8f * (float)below(1000);
	cmd_put_patch(&w, &patch);
	cmd_put_values(&w, g, 20);
	assert_int_equal(xbar_program(emu, &x, g, &opt, NULL), 0);
	ask(CMD_PROGRAM, w.n);
	w = writer();
	cmd_put_patch(&w, &patch);
	ask(CMD_READ_BLOCK, w.n);
}

static void assert_same_stats(void)
{
	struct xbar_stats want = { 0 };
	struct cmd_stats got;
	struct wire_reader r = ask(CMD_STATS, 0);

	assert_true(cmd_take_stats(&r, &got));
	assert_int_equal(xbar_stats(emu, &want), 0);
	assert_true(got.time == want.time && got.n_mvm == want.n_mvm && got.n_set == want.n_set);
	assert_true(got.n_reset == want.n_reset && got.n_read == want.n_read);
	assert_true(got.n_program == want.n_program && got.n_sat == want.n_sat);
	assert_memory_equal(&got.energy_bits, &want.energy, 8);
	assert_true(got.temperature > 0 && got.temperature / 1e3 == want.temperature);
}

static uint8_t *save(size_t *ret_n)
{
	struct wire_reader r = ask(CMD_SAVE, 0);
	uint8_t *buf;
	uint64_t n;

	assert_true(cmd_take_size(&r, &n));
	buf = malloc((size_t)n);
	assert_non_null(buf);
	for (uint64_t at = 0; at < n;) {
		struct wire_writer w = writer();
		struct cmd_part part;

		cmd_put_part(&w, &(struct cmd_part){ at, UINT16_MAX, NULL });
		r = ask(CMD_SAVE_PART, w.n);
		assert_true(cmd_take_part(&r, true, &part));
		assert_true(part.at == at && part.n > 0 && part.n <= n - at);
		memcpy(buf + at, part.data, part.n);
		at += part.n;
	}
	*ret_n = (size_t)n;
	return buf;
}

static uint16_t load(const uint8_t *buf, size_t n)
{
	struct wire_writer w = writer();

	cmd_put_size(&w, n);
	ask(CMD_LOAD, w.n);
	for (size_t at = 0; at < n;) {
		size_t k = room() - CMD_N_PART < n - at ? room() - CMD_N_PART : n - at;

		w = writer();
		cmd_put_part(&w, &(struct cmd_part){ at, (uint16_t)k, buf + at });
		ask(CMD_LOAD_PART, w.n);
		at += k;
	}
	return rig_ask(&rig, CMD_LOAD_DONE, ++seq, NULL, 0, NULL).error;
}

static void assert_same_state(void)
{
	size_t n, n_want;
	uint8_t *got = save(&n);
	void *want;

	assert_int_equal(xbar_save(emu, &want, &n_want), 0);
	assert_int_equal(n, n_want);
	assert_memory_equal(got, want, n);
	free(want);
	free(got);
}

static void run_both(uint32_t n_call, bool can_program)
{
	for (uint32_t i = 0; i < n_call; i++) {
		uint32_t what = below(can_program ? 12 : 11);

		if (what < 5)
			both_mvm();
		else if (what < 7)
			both_pulse();
		else if (what < 9)
			both_read();
		else if (what < 10)
			both_configure();
		else if (what < 11)
			both_wait();
		else
			both_program();
	}
	assert_same_stats();
	assert_same_state();
}

static void a_board_answers_as_emu_does_on_a_stream(void **state)
{
	(void)state;
	open_both(WIRE_STREAM, (const char *[]){ "seed=7" }, 1);
	run_both(300, false);
	close_both();
}

static void a_board_answers_as_emu_does_on_a_uart(void **state)
{
	(void)state;
	open_both(
		WIRE_UART, (const char *[]){ "adc_bits=11", "seed=3", "chips=2", "dac_bits=5" }, 4);
	assert_int_equal(rig.config.info.dac_bits, 5);
	run_both(150, false);
	close_both();
}

static void a_board_that_programs_answers_as_emu_does(void **state)
{
	(void)state;
	open_both(WIRE_STREAM, (const char *[]){ "seed=1", "preset=ideal" }, 2);
	assert_true(rig.config.info.caps & CMD_FEATURE_PROGRAM);
	run_both(150, true);
	close_both();
}

static void a_state_comes_back_and_nothing_else_does(void **state)
{
	size_t n;
	uint8_t *buf;

	(void)state;
	open_both(WIRE_STREAM, (const char *[]){ "seed=7", "chips=2" }, 2);
	both_pulse();
	buf = save(&n);
	for (int i = 0; i < 5; i++)
		both_pulse();
	assert_int_equal(load(buf, n), CMD_OK);
	assert_int_equal(xbar_load(emu, buf, n), 0);
	both_mvm();
	assert_same_state();
	buf[n / 2] ^= 1;
	assert_int_equal(load(buf, n), CMD_E_DAMAGED);
	assert_int_equal(load(buf, 3), CMD_E_DAMAGED);
	buf[n / 2] ^= 1;
	assert_same_state();
	close_both();
	open_both(WIRE_STREAM, (const char *[]){ "seed=8", "chips=2" }, 2);
	assert_int_equal(load(buf, n), CMD_E_FOREIGN);
	close_both();
	open_both(WIRE_STREAM, (const char *[]){ "seed=7", "chips=3" }, 2);
	assert_int_equal(load(buf, n), CMD_E_FOREIGN);
	close_both();
	free(buf);
}

static void a_board_is_named_and_described_as_emu_is(void **state)
{
	static const char *const args[][3] = { { "chips=2" }, { "seed=12345" },
		{ "drift_nu=0.05", "seed=1", "adc_bits=10" },
		{ "read_noise=off", "preset=ideal", "chips=5" } };
	static const char *const uris[] = { "emu:?chips=2", "emu:?seed=12345",
		"emu:?drift_nu=0.05&seed=1&adc_bits=10",
		"emu:?read_noise=off&preset=ideal&chips=5" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct board_emu_config config;
		struct fw_config fc = { 0 };
		const struct xbar_info *info;
		size_t n = 0;

		while (n < 3 && args[i][n])
			n++;
		assert_int_equal(board_emu_config_parse(&config, args[i], n), 0);
		assert_int_equal(board_emu_new(&board, &config), 0);
		board_emu_describe(board, &fc);
		assert_int_equal(xbar_open(&emu, uris[i], NULL), 0);
		info = xbar_info(emu);
		assert_string_equal(config.uri, info->uri);
		assert_string_equal(fc.info.board, info->board);
		assert_string_equal(fc.info.model, info->model);
		assert_string_equal(fc.info.serial, info->serial);
		assert_string_equal(fc.info.version, info->version);
		assert_int_equal(fc.info.n_chip, info->n_chip);
		assert_int_equal(fc.info.adc_bits, info->adc_bits);
		assert_int_equal(fc.info.caps, info->caps);
		assert_memory_equal(&fc.info.v_read_bits, &info->v_read, 4);
		assert_memory_equal(&fc.info.g_max_bits, &info->g_max, 4);
		assert_true(fc.info.t_mvm == info->t_mvm);
		close_both();
	}
}

static void wrong_keys_are_complained_about(void **state)
{
	static const struct {
		const char *arg, *word;
		int r;
	} cases[] = {
		{ "sed=7", "seed", -EINVAL },
		{ "seed", "KEY=VALUE", -EINVAL },
		{ "=7", "KEY=VALUE", -EINVAL },
		{ "chips=0", "1 .. 64", -ERANGE },
		{ "chips=65", "1 .. 64", -ERANGE },
		{ "chips=two", "whole", -EINVAL },
		{ "adc_bits=99", "adc_bits", -ERANGE },
		{ "preset=idal", "ideal", -EINVAL },
		{ "seed=-1", "seed", -EINVAL },
	};
	struct board_emu_config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = board_emu_config_parse(&config, &cases[i].arg, 1);

		assert_int_equal(r, cases[i].r);
		if (!strstr(config.complaint, cases[i].word))
			fail_msg("%s: \"%s\"", cases[i].arg, config.complaint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_answers_as_emu_does_on_a_stream),
		cmocka_unit_test(a_board_answers_as_emu_does_on_a_uart),
		cmocka_unit_test(a_board_that_programs_answers_as_emu_does),
		cmocka_unit_test(a_state_comes_back_and_nothing_else_does),
		cmocka_unit_test(a_board_is_named_and_described_as_emu_is),
		cmocka_unit_test(wrong_keys_are_complained_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
