/* SPDX-License-Identifier: GPL-3.0-or-later */
/* golden_wire.c - the codec against golden/, which golden.py makes by other means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cmd.h"
#include "golden_file.h"
#include "wire.h"

#define N_BYTE 40000

static struct golden_line line;
static uint8_t golden[N_BYTE], cobs[N_BYTE], mine[N_BYTE];

static void frames_are_these_bytes(void **state)
{
	FILE *f = golden_open("frames.hex");
	size_t n_line = 0;

	(void)state;
	for (; golden_next(f, &line); n_line++) {
		size_t n = golden_bytes(line.word[4], golden, N_BYTE);
		size_t n_cobs = golden_bytes(line.word[5], cobs, N_BYTE);
		struct wire_frame frame = { .type = (uint8_t)golden_number(line.word[0]),
			.op = (uint16_t)golden_number(line.word[1]),
			.session = golden_number(line.word[2]),
			.seq = golden_number(line.word[3]),
			.payload = golden + WIRE_N_HEAD,
			.n_payload = n - WIRE_N_OVERHEAD };
		struct wire_frame back;

		assert_int_equal(wire_encode(mine, N_BYTE, &frame), n);
		assert_memory_equal(mine, golden, n);
		assert_true(wire_parse(golden, n, &back));
		assert_int_equal(back.type, frame.type);
		assert_int_equal(back.op, frame.op);
		assert_int_equal(back.session, frame.session);
		assert_int_equal(back.seq, frame.seq);
		assert_int_equal(back.n_payload, frame.n_payload);
		assert_int_equal(wire_pack(WIRE_UART, mine, N_BYTE, golden, n), n_cobs + 1);
		assert_memory_equal(mine, cobs, n_cobs);
		assert_int_equal(mine[n_cobs], 0);
		assert_int_equal(wire_cobs_decode(cobs, n_cobs), n);
		assert_memory_equal(cobs, golden, n);
	}
	assert_int_equal(n_line, 13);
	fclose(f);
}

static uint32_t decode_all(
	enum wire_link link, size_t n_max, const uint8_t *in, size_t n, size_t n_piece)
{
	static uint8_t buf[WIRE_N_DECODER(WIRE_N_FRAME_MAX)];
	struct wire_decoder d;
	struct wire_frame frame;
	uint32_t n_found = 0;

	wire_decoder_init(&d, link, buf, n_max);
	while (n > 0) {
		size_t k = n < n_piece ? n : n_piece;

		n -= k;
		while (wire_decode(&d, &in, &k, &frame))
			n_found++;
	}
	assert_int_equal(d.n_good, n_found);
	return n_found;
}

static void malformed_bytes_give_only_the_whole_frames(void **state)
{
	FILE *f = golden_open("malformed.hex");
	size_t n_line = 0;

	(void)state;
	for (; golden_next(f, &line); n_line++) {
		enum wire_link link = golden_number(line.word[0]) == 1 ? WIRE_UART : WIRE_STREAM;
		uint32_t found = golden_number(line.word[2]);
		size_t n_max = golden_number(line.word[1]);
		size_t n = golden_bytes(line.word[3], golden, N_BYTE);

		for (size_t n_piece = 1; n_piece <= 64; n_piece *= 4) {
			if (decode_all(link, n_max, golden, n, n_piece) != found)
				fail_msg("%s in pieces of %zu", line.name, n_piece);
		}
		assert_int_equal(decode_all(link, n_max, golden, n, n), found);
	}
	assert_int_equal(n_line, 24);
	fclose(f);
}

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* The values of golden.py's PAYLOADS. */
static const struct cmd_hello hello = { 0x0123456789abcdef, 1, 3, CMD_SCHEMA, 16384 };
static const struct cmd_welcome welcome = { .nonce = 0x0123456789abcdef,
	.session = 0xcafe0001,
	.boot_id = 0xfedcba9876543210,
	.version = 1,
	.n_slot = 8,
	.n_frame = 1024,
	.n_window = 8192,
	.schema = CMD_SCHEMA,
	.features = 5,
	.t_reply = 100,
	.t_lease = 2000 };
static const struct cmd_info info = { .board = "my board",
	.model = "hermes",
	.serial = "A1",
	.version = "1.2.3",
	.n_chip = 2,
	.n_device = 4,
	.dac_bits = 8,
	.adc_bits = 10,
	.n_row = 256,
	.n_col = 128,
	.caps = 6,
	.v_read_bits = 0x3e800000, /* 0.25 */
	.g_max_bits = 0x37d1b717,  /* 25e-6 */
	.t_mvm = 520 };
static const struct cmd_mvm mvm[2] = {
	{ 1, CMD_INPUT_BIT, 5, 10, 250, 6, 2, (const uint8_t *)"\xff\x03\x01\x02" },
	{ 0, CMD_INPUT_INT8, 0, 3, 0, 2, 1, (const uint8_t *)"\x81\x00\x7f" },
};
static const int16_t code_8[] = { -127, -1, 0, 1, 127 }, code_10[] = { -511, -1, 0, 511 };
static const struct cmd_pulse pulses[] = {
	{ .chip = 0, .row = 3, .col = 5, .device = 0, .kind = CMD_SET, .n = 4 },
	{ .chip = 0, .row = 1023, .col = 1023, .device = 3, .kind = CMD_RESET, .n = 255 },
	{ .chip = 7, .row = 0, .col = 1, .device = 2, .kind = CMD_SET, .n = 1 },
	{ .chip = 0, .row = 255, .col = 0, .device = 1, .kind = CMD_RESET, .n = 16 },
};
static const float values[] = { 0.0f, 1.5e-6f, -2.5e-7f, 1.0f };

static void put_some(struct wire_writer *w, const char *name)
{
	if (!strcmp(name, "result"))
		cmd_put_result(w, &(struct cmd_result){ CMD_E_RANGE, 7 });
	else if (!strcmp(name, "hello"))
		cmd_put_hello(w, &hello);
	else if (!strcmp(name, "welcome"))
		cmd_put_welcome(w, &welcome);
	else if (!strcmp(name, "resume"))
		cmd_put_resume(w, &(struct cmd_resume){ 0x1122334455667788 });
	else if (!strcmp(name, "resumed"))
		cmd_put_resumed(w,
			&(struct cmd_resumed){
				0x1122334455667788, 0xfedcba9876543210, 0xcafe0001, 41 });
	else if (!strcmp(name, "ping"))
		cmd_put_ping(w, "crossloop\0\xff", 11);
	else if (!strcmp(name, "info"))
		cmd_put_info(w, &info);
	else if (!strcmp(name, "link_stats"))
		cmd_put_link_stats(w, &(struct cmd_link_stats){ 1, 2, 3, 4, 5, 6, 7, 0x80000000 });
	else if (!strcmp(name, "pulsed"))
		cmd_put_pulsed(w, 0x0000000100000002);
	else if (!strcmp(name, "patch"))
		cmd_put_patch(w, &(struct cmd_patch){ 1, 17, 1, 3, 253 });
	else if (!strcmp(name, "rest"))
		cmd_put_rest(w, &(struct cmd_rest){ 248, 756 });
}

static void put_more(struct wire_writer *w, const char *name)
{
	static const uint8_t data[5] = { 0, 1, 2, 3, 4 };

	if (!strcmp(name, "mvm"))
		for (int i = 0; i < 2; i++)
			cmd_put_mvm(w, &mvm[i]);
	else if (!strcmp(name, "mvm_reply_8"))
		cmd_put_mvm_reply(w, 8, 2, code_8, 5);
	else if (!strcmp(name, "mvm_reply_10"))
		cmd_put_mvm_reply(w, 10, 1, code_10, 4);
	else if (!strcmp(name, "values"))
		cmd_put_values(w, values, 4);
	else if (!strcmp(name, "config"))
		cmd_put_config(w,
			&(struct cmd_config){ 1, 4, 100, 28, bits_of(4e-5f), bits_of(1.0625f),
				bits_of(-2.5e-7f) });
	else if (!strcmp(name, "lsb"))
		cmd_put_lsb(w, bits_of(3.125e-7f));
	else if (!strcmp(name, "columns"))
		cmd_put_columns(w, &(struct cmd_columns){ 2, 1, 255 });
	else if (!strcmp(name, "wait"))
		cmd_put_wait(w, UINT64_C(3600000000000));
	else if (!strcmp(name, "stats"))
		cmd_put_stats(w,
			&(struct cmd_stats){ UINT64_C(1) << 40, 1, 2, 3, 4, 5, 6,
				0x3f547ae147ae147b, /* 1.25e-3 */
				300150 });
	else if (!strcmp(name, "size"))
		cmd_put_size(w, UINT64_C(5) << 32);
	else if (!strcmp(name, "part"))
		cmd_put_part(w, &(struct cmd_part){ (UINT64_C(1) << 33) + 1, 5, data });
	else if (!strcmp(name, "part_asked"))
		cmd_put_part(w, &(struct cmd_part){ (UINT64_C(1) << 33) + 1, 980, NULL });
	else if (!strcmp(name, "boot"))
		cmd_put_boot(w, 0xfedcba9876543210);
}

static void put_pulses(struct wire_writer *w)
{
	struct cmd_pulse_writer list = { .w = *w };

	for (size_t i = 0; i < 4; i++)
		assert_true(cmd_pulse_put(&list, &pulses[i]));
	*w = list.w;
}

static void payloads_are_these_bytes(void **state)
{
	FILE *f = golden_open("payloads.hex");
	size_t n_line = 0;

	(void)state;
	for (; golden_next(f, &line); n_line++) {
		size_t n = golden_bytes(line.word[0], golden, N_BYTE);
		struct wire_writer w = { .buf = mine, .size = n };

		put_some(&w, line.name);
		put_more(&w, line.name);
		if (!strcmp(line.name, "pulses"))
			put_pulses(&w);
		if (w.n != n || w.is_bad || memcmp(mine, golden, n))
			fail_msg("%s: other bytes", line.name);
		/* One byte less of room, and nothing is written past it. */
		w = (struct wire_writer){ .buf = mine, .size = n - 1 };
		put_some(&w, line.name);
		put_more(&w, line.name);
		assert_true(w.n <= n - 1);
	}
	assert_int_equal(n_line, 25);
	fclose(f);
}

static struct wire_reader reader_of(const char *name)
{
	FILE *f = golden_open("payloads.hex");

	while (golden_next(f, &line) && strcmp(line.name, name))
		;
	fclose(f);
	assert_string_equal(line.name, name);
	return (struct wire_reader){ .buf = golden,
		.size = golden_bytes(line.word[0], golden, N_BYTE) };
}

static void session_payloads_are_understood(void **state)
{
	struct wire_reader r = reader_of("hello");
	struct cmd_hello h;
	struct cmd_welcome w;
	struct cmd_resumed resumed;

	(void)state;
	assert_true(cmd_take_hello(&r, &h));
	assert_true(h.nonce == hello.nonce && h.version_min == 1 && h.version_max == 3);
	assert_true(h.schema == CMD_SCHEMA && h.n_frame == 16384);
	r = reader_of("welcome");
	assert_true(cmd_take_welcome(&r, &w));
	assert_true(w.nonce == welcome.nonce && w.boot_id == welcome.boot_id);
	assert_true(w.session == 0xcafe0001 && w.n_slot == 8 && w.n_frame == 1024);
	assert_true(w.n_window == 8192 && w.features == 5 && w.t_reply == 100);
	assert_true(w.t_lease == 2000 && w.version == 1 && w.schema == CMD_SCHEMA);
	r = reader_of("resumed");
	assert_true(cmd_take_resumed(&r, &resumed));
	assert_true(resumed.session == 0xcafe0001 && resumed.seq == 41);
}

static void info_and_stats_are_understood(void **state)
{
	struct wire_reader r = reader_of("info");
	struct cmd_info x;
	struct cmd_stats s;
	struct cmd_link_stats l;

	(void)state;
	assert_true(cmd_take_info(&r, &x));
	assert_string_equal(x.board, "my board");
	assert_string_equal(x.version, "1.2.3");
	assert_true(x.n_chip == 2 && x.adc_bits == 10 && x.n_row == 256 && x.n_col == 128);
	assert_true(x.caps == 6 && x.v_read_bits == info.v_read_bits && x.t_mvm == 520);
	r = reader_of("stats");
	assert_true(cmd_take_stats(&r, &s));
	assert_true(s.time == UINT64_C(1) << 40 && s.n_sat == 6 && s.temperature == 300150);
	/* A board older than the temperature ends before it; half of it is none. */
	r = reader_of("stats");
	r.size -= 4;
	assert_true(cmd_take_stats(&r, &s));
	assert_true(s.n_sat == 6 && s.temperature == 0);
	r = reader_of("stats");
	r.size -= 2;
	assert_false(cmd_take_stats(&r, &s));
	r = reader_of("link_stats");
	assert_true(cmd_take_link_stats(&r, &l));
	assert_true(l.n_good == 1 && l.n_session == 0x80000000);
}

static void batches_are_understood(void **state)
{
	struct wire_reader r = reader_of("mvm");
	struct cmd_pulse_reader list;
	struct cmd_mvm m;
	struct cmd_pulse p;
	int16_t code[5];
	uint32_t n_sat;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(cmd_take_mvm(&r, &m));
		assert_true(m.chip == mvm[i].chip && m.row == mvm[i].row);
		assert_true(m.n_row == mvm[i].n_row && m.col == mvm[i].col);
		assert_true(m.n_col == mvm[i].n_col && m.n_vec == mvm[i].n_vec);
		assert_memory_equal(m.in, mvm[i].in, cmd_mvm_n_in(&m));
	}
	assert_false(cmd_take_mvm(&r, &m));
	assert_false(r.is_bad);
	list = (struct cmd_pulse_reader){ .r = reader_of("pulses") };
	for (int i = 0; i < 4; i++) {
		assert_true(cmd_pulse_take(&list, &p));
		assert_memory_equal(&p, &pulses[i], sizeof(p));
	}
	assert_false(cmd_pulse_take(&list, &p));
	assert_false(list.r.is_bad);
	r = reader_of("mvm_reply_8");
	assert_true(cmd_take_mvm_reply(&r, 8, &n_sat, code, 5));
	assert_memory_equal(code, code_8, sizeof(code_8));
	r = reader_of("mvm_reply_10");
	assert_true(cmd_take_mvm_reply(&r, 10, &n_sat, code, 4));
	assert_memory_equal(code, code_10, sizeof(code_10));
	assert_int_equal(n_sat, 1);
}

static void a_board_that_makes_no_sense_is_malformed(void **state)
{
	struct wire_reader r = reader_of("welcome");
	struct cmd_welcome x;
	struct cmd_info i;

	(void)state;
	golden[25] = 3; /* of n_window: 768, less than a frame of 1024 */
	assert_false(cmd_take_welcome(&r, &x));
	r = reader_of("welcome");
	golden[21] = 0; /* n_slot */
	assert_false(cmd_take_welcome(&r, &x));
	r = reader_of("info");
	golden[3] = '\n';
	assert_false(cmd_take_info(&r, &i));
	r = reader_of("info");
	golden[r.size - 27] = 5; /* n_device */
	assert_false(cmd_take_info(&r, &i));
}

static void long_lists_of_pulses_are_several_runs(void **state)
{
	const size_t n = 70000, size = 4 * n + 8;
	struct cmd_pulse_writer w = { .w = { .buf = malloc(size), .size = size } };
	struct cmd_pulse_reader r;
	struct cmd_pulse p = { .n = 1 };

	(void)state;
	assert_non_null(w.w.buf);
	for (size_t i = 0; i < n; i++) {
		p.row = (uint16_t)(i % 1000);
		assert_true(cmd_pulse_put(&w, &p));
	}
	assert_false(cmd_pulse_put(&w, &p));
	r = (struct cmd_pulse_reader){ .r = { .buf = w.w.buf, .size = w.w.n } };
	for (size_t i = 0; i < n; i++) {
		assert_true(cmd_pulse_take(&r, &p));
		assert_int_equal(p.row, i % 1000);
	}
	assert_false(cmd_pulse_take(&r, &p));
	free(w.w.buf);
}

/* Every cut of every payload: never past the end (ASan), and never taken for whole. */
static void cut_payloads_are_malformed(void **state)
{
	(void)state;
	for (size_t n = 0; n < 44; n++) {
		struct wire_reader r = reader_of("welcome");
		struct cmd_welcome w;

		r.size = n;
		assert_false(cmd_take_welcome(&r, &w));
	}
	for (size_t n = 1; n < 31; n++) {
		struct wire_reader r = reader_of("mvm");
		struct cmd_mvm m;

		r.size = n;
		while (cmd_take_mvm(&r, &m))
			;
		assert_int_equal(r.is_bad, n != 16);
	}
	for (size_t n = 1; n < 28; n++) {
		struct cmd_pulse_reader r = { .r = reader_of("pulses") };
		struct cmd_pulse p;

		r.r.size = n;
		while (cmd_pulse_take(&r, &p))
			;
		/* Whole runs end after 12, 20 and 28 bytes. */
		assert_int_equal(r.r.is_bad || r.n_run > 0, n != 12 && n != 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_these_bytes),
		cmocka_unit_test(malformed_bytes_give_only_the_whole_frames),
		cmocka_unit_test(payloads_are_these_bytes),
		cmocka_unit_test(session_payloads_are_understood),
		cmocka_unit_test(info_and_stats_are_understood),
		cmocka_unit_test(batches_are_understood),
		cmocka_unit_test(a_board_that_makes_no_sense_is_malformed),
		cmocka_unit_test(long_lists_of_pulses_are_several_runs),
		cmocka_unit_test(cut_payloads_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
