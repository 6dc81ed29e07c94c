/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fw.c - PROTOCOL.md, section 4, rule by rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "fw_rig.h"

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_init(&rig, WIRE_STREAM);
	rig_begin(&rig);
	return 0;
}

static size_t pulses(uint8_t *buf, size_t size, uint16_t row, uint8_t n)
{
	struct cmd_pulse_writer list = { .w = { .buf = buf, .size = size } };

	assert_true(cmd_pulse_put(&list, &(struct cmd_pulse){ .chip = 1, .row = row, .n = n }));
	return list.w.n;
}

static struct cmd_result pulse(uint32_t seq, uint16_t row, uint8_t n)
{
	uint8_t buf[16];

	return rig_ask(&rig, CMD_PULSE_LIST, seq, buf, pulses(buf, sizeof(buf), row, n), NULL);
}

static void send_pulse(uint32_t session, uint32_t seq, uint16_t row, uint8_t n)
{
	uint8_t buf[16];

	rig_send(&rig, WIRE_REQ, CMD_PULSE_LIST, session, seq, buf,
		pulses(buf, sizeof(buf), row, n));
}

static void assert_silent(void)
{
	struct wire_frame f;

	assert_false(rig_next(&rig, &f));
}

static void a_repeated_request_is_answered_and_not_executed(void **state)
{
	uint8_t first[WIRE_N_FRAME_MAX];
	struct wire_frame f;
	size_t n;

	(void)state;
	send_pulse(rig.session, 1, 5, 9);
	assert_true(rig_next(&rig, &f));
	n = f.n_payload;
	memcpy(first, f.payload, n);
	for (int i = 0; i < 3; i++) {
		send_pulse(rig.session, 1, 5, 9);
		assert_true(rig_next(&rig, &f));
		assert_int_equal(f.seq, 1);
		assert_int_equal(f.n_payload, n);
		assert_memory_equal(f.payload, first, n);
	}
	assert_int_equal(rig.chips.pulse[1][5][0][0], 9);
	assert_int_equal(rig.chips.n_call, 1);
	assert_int_equal(rig.fw.stats.n_replay, 3);
}

static void the_last_w_replies_are_kept_and_older_ones_dropped(void **state)
{
	struct wire_frame f;

	(void)state;
	for (uint32_t seq = 1; seq <= 10; seq++)
		assert_int_equal(pulse(seq, (uint16_t)seq, 1).error, CMD_OK);
	for (uint32_t seq = 10; seq > 10 - RIG_N_SLOT; seq--) {
		send_pulse(rig.session, seq, (uint16_t)seq, 1);
		assert_true(rig_next(&rig, &f));
		assert_int_equal(f.seq, seq);
	}
	send_pulse(rig.session, 10 - RIG_N_SLOT, 10 - RIG_N_SLOT, 1);
	assert_silent();
	assert_int_equal(rig.fw.stats.n_stale, 1);
	assert_int_equal(rig.chips.n_pulse, 10);
}

static void a_used_seq_with_another_request_is_a_false_retry(void **state)
{
	(void)state;
	assert_int_equal(pulse(1, 5, 9).error, CMD_OK);
	assert_int_equal(pulse(1, 6, 9).error, CMD_E_FALSE_RETRY);
	assert_int_equal(rig.chips.n_pulse, 9);
	/* The reply of the true one is still there. */
	assert_int_equal(pulse(1, 5, 9).error, CMD_OK);
	assert_int_equal(rig.fw.stats.n_false_retry, 1);
	assert_int_equal(pulse(2, 7, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 10);
}

static void assert_nak(uint32_t expected)
{
	struct wire_frame f;
	struct wire_reader r;

	assert_true(rig_next(&rig, &f));
	assert_int_equal(f.type, WIRE_NAK);
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_int_equal(wire_take_u32(&r), expected);
	assert_false(r.is_bad);
}

static void a_gap_is_naked_once_and_dropped(void **state)
{
	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	send_pulse(rig.session, 3, 3, 1);
	assert_nak(2);
	send_pulse(rig.session, 4, 4, 1);
	send_pulse(rig.session, 5, 5, 1);
	assert_silent();
	assert_int_equal(rig.chips.n_pulse, 1);
	/* The host goes back, loses the same frame once more: a NAK again. */
	send_pulse(rig.session, 3, 3, 1);
	assert_nak(2);
	for (uint32_t seq = 2; seq <= 5; seq++)
		assert_int_equal(pulse(seq, (uint16_t)seq, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 5);
	send_pulse(rig.session, 0xffffffff, 0, 1);
	assert_nak(6);
}

static void a_session_ends_where_seq_would_wrap(void **state)
{
	(void)state;
	rig.fw.seq = 0xfffffffe;
	assert_int_equal(pulse(0xffffffff, 1, 1).error, CMD_OK);
	send_pulse(rig.session, 0, 1, 1);
	send_pulse(rig.session, 1, 1, 1);
	assert_silent();
	assert_int_equal(pulse(0xffffffff, 1, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 1);
}

static void frames_of_other_sessions_are_dropped(void **state)
{
	(void)state;
	send_pulse(rig.session + 1, 1, 1, 1);
	send_pulse(0, 1, 1, 1);
	send_pulse(rig.session, 0, 1, 1);
	assert_silent();
	assert_int_equal(rig.chips.n_pulse, 0);
	assert_int_equal(rig.fw.stats.n_stale, 3);
}

static void what_a_host_does_not_send_is_dropped(void **state)
{
	uint8_t buf[16];
	size_t n = pulses(buf, sizeof(buf), 1, 1);

	(void)state;
	rig_send(&rig, WIRE_RSP, CMD_PULSE_LIST, rig.session, 1, buf, n);
	rig_send(&rig, WIRE_EVT, CMD_PULSE_LIST, rig.session, 1, buf, n);
	rig_send(&rig, WIRE_NAK, CMD_PULSE_LIST, rig.session, 1, buf, n);
	rig_send(&rig, WIRE_RSP, CMD_PING, 0, 0, buf, n);
	assert_silent();
	assert_int_equal(rig.chips.n_pulse, 0);
}

static struct cmd_welcome welcome_of(uint64_t nonce)
{
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;
	struct cmd_welcome w;

	rig_hello(&rig, nonce, CMD_SCHEMA);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result) && cmd_take_welcome(&r, &w));
	assert_int_equal(result.error, CMD_OK);
	assert_int_equal(w.nonce, nonce);
	return w;
}

static void a_new_hello_ends_the_session_before(void **state)
{
	struct cmd_welcome w;

	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	w = welcome_of(78);
	assert_int_not_equal(w.session, rig.session);
	send_pulse(rig.session, 2, 1, 1);
	assert_silent();
	rig.session = w.session;
	/* seq begins again, and the reply kept for 1 is gone. */
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 2);
}

static void a_hello_twice_is_one_session(void **state)
{
	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(welcome_of(77).session, rig.session);
	assert_int_equal(pulse(2, 1, 1).error, CMD_OK);
	assert_int_equal(rig.fw.stats.n_session, 1);
}

static void a_late_copy_of_an_old_hello_does_no_harm(void **state)
{
	(void)state;
	rig.session = welcome_of(78).session;
	rig_hello(&rig, 77, CMD_SCHEMA);
	assert_silent();
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(rig.fw.stats.n_session, 2);
}

static void a_hello_without_a_common_version_changes_nothing(void **state)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;

	(void)state;
	cmd_put_hello(&w,
		&(struct cmd_hello){
			.nonce = 9, .version_min = 2, .version_max = 9, .n_frame = 1024 });
	rig_send(&rig, WIRE_REQ, CMD_HELLO, 0, 0, buf, w.n);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result));
	assert_int_equal(result.error, CMD_E_VERSION);
	rig_send(&rig, WIRE_REQ, CMD_HELLO, 0, 0, buf, 5);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result));
	assert_int_equal(result.error, CMD_E_FORM);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
}

static uint16_t resume(uint32_t session, struct cmd_resumed *ret)
{
	uint8_t buf[16];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;

	cmd_put_resume(&w, &(struct cmd_resume){ 4711 });
	rig_send(&rig, WIRE_REQ, CMD_RESUME, session, 0, buf, w.n);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result) && cmd_take_resumed(&r, ret));
	assert_int_equal(ret->nonce, 4711);
	return result.error;
}

static void resume_tells_what_was_executed_last(void **state)
{
	struct cmd_resumed x;

	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(pulse(2, 1, 1).error, CMD_OK);
	assert_int_equal(resume(rig.session, &x), CMD_OK);
	assert_int_equal(x.seq, 2);
	assert_int_equal(x.session, rig.session);
	assert_int_equal(resume(rig.session + 1, &x), CMD_E_SESSION);
	assert_int_equal(x.session, rig.session);
	assert_int_equal(pulse(2, 1, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 2);
}

static void a_reboot_ends_the_session_and_tells(void **state)
{
	uint32_t session = rig.session;
	struct cmd_resumed x;
	struct wire_frame f;
	struct wire_reader r;
	uint64_t boot_id;

	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	rig.config.boot_id = 99;
	assert_int_equal(rig_boot(&rig), FW_OK);
	assert_true(rig_next(&rig, &f));
	assert_int_equal(f.type, WIRE_EVT);
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_boot(&r, &boot_id));
	assert_int_equal(boot_id, 99);
	send_pulse(session, 1, 1, 1);
	send_pulse(session, 2, 1, 1);
	assert_silent();
	assert_int_equal(resume(session, &x), CMD_E_SESSION);
	assert_int_equal(x.boot_id, 99);
	assert_int_equal(x.session, 0);
	assert_int_equal(rig.chips.n_pulse, 1);
}

/* 100 entries, the power goes at the 71st: the board's count has what was given. */
static void a_power_cut_in_a_list_of_pulses_can_be_audited(void **state)
{
	static uint8_t buf[1000];
	struct cmd_pulse_writer list = { .w = { .buf = buf, .size = sizeof(buf) } };
	struct wire_reader rest;
	struct cmd_resumed x;
	struct wire_frame f;
	uint64_t n_pulse;
	jmp_buf cut;

	(void)state;
	for (uint16_t i = 0; i < 100; i++)
		cmd_pulse_put(&list,
			&(struct cmd_pulse){ .row = i % RIG_N_ROW, .col = i % RIG_N_COL, .n = 2 });
	rig.chips.cut = &cut;
	rig.chips.n_until_cut = 71;
	if (!setjmp(cut)) {
		rig_send(&rig, WIRE_REQ, CMD_PULSE_LIST, rig.session, 1, buf, list.w.n);
		fail_msg("the power was not cut");
	}
	rig.config.boot_id++;
	assert_int_equal(rig_boot(&rig), FW_OK);
	assert_true(rig_next(&rig, &f));
	/* The host retries and is told nothing; RESUME tells that the board was restarted. */
	rig_send(&rig, WIRE_REQ, CMD_PULSE_LIST, rig.session, 1, buf, list.w.n);
	assert_silent();
	assert_int_equal(resume(rig.session, &x), CMD_E_SESSION);
	assert_int_equal(x.boot_id, rig.config.boot_id);
	rig.session = welcome_of(79).session;
	assert_int_equal(rig_ask(&rig, CMD_PULSE_LIST, 1, buf, 8, &rest).error, CMD_E_FORM);
	list = (struct cmd_pulse_writer){ .w = { .buf = buf, .size = sizeof(buf) } };
	cmd_pulse_put(&list, &(struct cmd_pulse){ .n = 1 });
	assert_int_equal(rig_ask(&rig, CMD_PULSE_LIST, 2, buf, list.w.n, &rest).error, CMD_OK);
	assert_true(cmd_take_pulsed(&rest, &n_pulse));
	assert_int_equal(n_pulse, 70 * 2 + 1);
}

static void an_unknown_op_has_no_effect_and_takes_its_seq(void **state)
{
	(void)state;
	assert_int_equal(rig_ask(&rig, 0x77, 1, "abc", 3, NULL).error, CMD_E_OP);
	assert_int_equal(rig_ask(&rig, CMD_HELLO, 2, "abc", 3, NULL).error, CMD_E_OP);
	assert_int_equal(rig_ask(&rig, 0xffff, 3, NULL, 0, NULL).error, CMD_E_OP);
	assert_int_equal(rig.chips.n_call, 0);
	assert_int_equal(pulse(4, 1, 1).error, CMD_OK);
}

static void another_schema_blocks_what_mutates(void **state)
{
	struct wire_frame f;

	(void)state;
	rig_hello(&rig, 80, CMD_SCHEMA + 1);
	assert_true(rig_next(&rig, &f));
	rig.session = rig.fw.session;
	assert_int_equal(pulse(1, 1, 1).error, CMD_E_SCHEMA);
	for (uint16_t op = CMD_ARM; op <= CMD_LOAD_DONE; op++) {
		if (cmd_is_mutating(op))
			assert_int_equal(rig_ask(&rig, op, rig.fw.seq + 1, NULL, 0, NULL).error,
				CMD_E_SCHEMA);
	}
	assert_int_equal(rig.chips.n_call, 0);
	assert_int_equal(rig_ask(&rig, CMD_STATS, rig.fw.seq + 1, NULL, 0, NULL).error, CMD_OK);
}

static void a_lease_lapses_on_silence_and_unplugging(void **state)
{
	(void)state;
	rig.config.limits.t_lease = 500;
	rig_begin(&rig);
	assert_int_equal(pulse(1, 1, 1).error, CMD_E_DISARMED);
	assert_int_equal(rig_ask(&rig, CMD_ARM, 2, NULL, 0, NULL).error, CMD_OK);
	rig.time += 500;
	assert_int_equal(pulse(3, 1, 1).error, CMD_OK);
	rig.time += 500;
	assert_int_equal(pulse(4, 1, 1).error, CMD_OK);
	rig.time += 501;
	assert_int_equal(pulse(5, 1, 1).error, CMD_E_DISARMED);
	assert_int_equal(rig_ask(&rig, CMD_ARM, 6, NULL, 0, NULL).error, CMD_OK);
	fw_unplug(&rig.fw);
	assert_int_equal(pulse(7, 1, 1).error, CMD_E_DISARMED);
	assert_int_equal(rig_ask(&rig, CMD_ARM, 8, NULL, 0, NULL).error, CMD_OK);
	rig.time += 501; /* noticed by the loop alone, too */
	fw_poll(&rig.fw);
	assert_false(rig.fw.is_armed);
	assert_int_equal(rig.chips.n_pulse, 2);
}

static void a_new_session_is_disarmed_and_has_nothing_kept(void **state)
{
	uint8_t patch[CMD_N_PATCH], part[CMD_N_PART], rest[4];
	struct wire_writer w = { .buf = patch, .size = sizeof(patch) };

	(void)state;
	rig.config.limits.t_lease = 500;
	rig_begin(&rig);
	cmd_put_patch(&w, &(struct cmd_patch){ 0, 0, 1, 0, 1 });
	w = (struct wire_writer){ .buf = part, .size = sizeof(part) };
	cmd_put_part(&w, &(struct cmd_part){ 0, 1, NULL });
	w = (struct wire_writer){ .buf = rest, .size = sizeof(rest) };
	cmd_put_rest(&w, &(struct cmd_rest){ 0, 1 });
	assert_int_equal(rig_ask(&rig, CMD_ARM, 1, NULL, 0, NULL).error, CMD_OK);
	assert_int_equal(rig_ask(&rig, CMD_SAVE, 2, NULL, 0, NULL).error, CMD_OK);
	assert_int_equal(rig_ask(&rig, CMD_READ_BLOCK, 3, patch, 10, NULL).error, CMD_OK);
	assert_int_equal(rig_ask(&rig, CMD_READ_REST, 4, rest, 4, NULL).error, CMD_OK);
	rig.session = welcome_of(78).session;
	assert_int_equal(pulse(1, 1, 1).error, CMD_E_DISARMED);
	assert_int_equal(rig_ask(&rig, CMD_SAVE_PART, 2, part, 10, NULL).error, CMD_E_ORDER);
	assert_int_equal(rig_ask(&rig, CMD_READ_REST, 3, rest, 4, NULL).error, CMD_E_ORDER);
}

static uint16_t hello_with_frames_of(uint64_t nonce, uint16_t n_frame, struct cmd_welcome *ret)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;

	cmd_put_hello(&w, &(struct cmd_hello){ nonce, 1, 1, CMD_SCHEMA, n_frame });
	rig_send(&rig, WIRE_REQ, CMD_HELLO, 0, 0, buf, w.n);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result));
	assert_true(result.error || cmd_take_welcome(&r, ret));
	return result.error;
}

static void the_shorter_of_both_frames_is_agreed_and_kept(void **state)
{
	struct cmd_welcome w = { 0 };
	uint8_t patch[CMD_N_PATCH];
	struct wire_writer request = { .buf = patch, .size = sizeof(patch) };

	(void)state;
	assert_int_equal(hello_with_frames_of(78, CMD_N_FRAME_MIN - 1, &w), CMD_E_RANGE);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK); /* the session before goes on */
	assert_int_equal(hello_with_frames_of(79, 256, &w), CMD_OK);
	assert_int_equal(w.n_frame, 256);
	rig.session = w.session;
	/* 2 rows of 14 cells are 448 bytes. */
	cmd_put_patch(&request, &(struct cmd_patch){ 0, 0, 2, 0, 14 });
	assert_int_equal(rig_ask(&rig, CMD_READ_BLOCK, 1, patch, 10, NULL).error, CMD_E_ROOM);
	assert_int_equal(hello_with_frames_of(80, 16384, &w), CMD_OK);
	assert_int_equal(w.n_frame, RIG_N_FRAME);
}

static void session_numbers_skip_0(void **state)
{
	(void)state;
	rig.config.boot_id = 0xffffffff;
	rig_begin(&rig);
	assert_int_equal(rig.session, 1);
}

static void a_budget_of_pulses_is_kept(void **state)
{
	(void)state;
	rig.config.limits.n_budget = 10;
	rig_begin(&rig);
	assert_int_equal(rig_ask(&rig, CMD_ARM, 1, NULL, 0, NULL).error, CMD_OK);
	assert_int_equal(pulse(2, 1, 7).error, CMD_OK);
	assert_int_equal(pulse(3, 1, 4).error, CMD_E_DISARMED);
	assert_int_equal(pulse(4, 1, 3).error, CMD_OK);
	assert_int_equal(pulse(5, 1, 1).error, CMD_E_DISARMED);
	assert_int_equal(pulse(6, 1, 11).error, CMD_E_RANGE);
	assert_int_equal(rig_ask(&rig, CMD_ARM, 7, NULL, 0, NULL).error, CMD_OK);
	assert_int_equal(pulse(8, 1, 10).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 20);
}

static void scans_disturb_nobody(void **state)
{
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;
	struct cmd_info info;
	struct cmd_link_stats stats;

	(void)state;
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	rig_send(&rig, WIRE_REQ, CMD_PING, 12345, 0, "echo", 4);
	assert_true(rig_next(&rig, &f));
	assert_int_equal(f.session, 12345);
	assert_int_equal(f.n_payload, CMD_N_RESULT + 4);
	assert_memory_equal(f.payload + CMD_N_RESULT, "echo", 4);
	rig_send(&rig, WIRE_REQ, CMD_INFO, 0, 0, NULL, 0);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result) && cmd_take_info(&r, &info));
	assert_string_equal(info.board, "rig");
	rig_send(&rig, WIRE_REQ, CMD_LINK_STATS, 0, 0, NULL, 0);
	assert_true(rig_next(&rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result) && cmd_take_link_stats(&r, &stats));
	assert_int_equal(stats.n_good, 5);
	assert_int_equal(stats.n_session, 1);
	rig_send(&rig, WIRE_REQ, CMD_PING, 0, 0, rig.chips.state, CMD_N_PING + 1);
	assert_true(rig_next(&rig, &f));
	assert_int_equal(f.payload[0] | f.payload[1] << 8, CMD_E_FORM);
	assert_int_equal(f.payload[2], 0);
	assert_int_equal(pulse(2, 1, 1).error, CMD_OK);
}

static void a_broken_frame_is_never_answered(void **state)
{
	uint8_t frame[64], payload[16];
	size_t n = pulses(payload, sizeof(payload), 1, 1);

	(void)state;
	n = wire_encode(frame, sizeof(frame),
		&(struct wire_frame){ .type = WIRE_REQ,
			.op = CMD_PULSE_LIST,
			.session = rig.session,
			.seq = 1,
			.payload = payload,
			.n_payload = n });
	for (size_t bit = 0; bit < 8 * n; bit++) {
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		fw_feed(&rig.fw, frame, n);
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		fw_unplug(&rig.fw); /* forgets what was begun */
	}
	assert_silent();
	assert_int_equal(rig.chips.n_pulse, 0);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
}

static void a_frame_that_stops_is_given_up_after_a_while(void **state)
{
	static const uint8_t begun[] = { WIRE_MAGIC, 1, 1, 0, 200, 0, 3 };

	(void)state;
	fw_feed(&rig.fw, begun, sizeof(begun));
	rig.time += WIRE_T_STALL;
	fw_poll(&rig.fw);
	assert_int_equal(rig.fw.decoder.n, sizeof(begun));
	rig.time += 1;
	fw_poll(&rig.fw);
	assert_int_equal(rig.fw.decoder.n, 0);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
}

/* A processor that was held up longer than the stall rule's time finds the rest of a frame waiting. */
static void a_frame_whose_rest_is_waiting_is_not_given_up(void **state)
{
	uint8_t frame[64], payload[16];
	size_t n = pulses(payload, sizeof(payload), 1, 1);
	struct wire_frame f;

	(void)state;
	n = wire_encode(frame, sizeof(frame),
		&(struct wire_frame){ .type = WIRE_REQ,
			.op = CMD_PULSE_LIST,
			.session = rig.session,
			.seq = 1,
			.payload = payload,
			.n_payload = n });
	fw_feed(&rig.fw, frame, 7);
	rig.time += 10 * WIRE_T_STALL;
	rig.rx = frame + 7;
	rig.n_rx = n - 7;
	fw_poll(&rig.fw);
	assert_true(rig_next(&rig, &f));
	assert_int_equal(f.seq, 1);
	assert_int_equal(rig.chips.n_pulse, 1);
}

static void polling_takes_all_and_rings_once_a_burst(void **state)
{
	static uint8_t bytes[2000], frame[64];
	uint8_t payload[16];
	uint32_t n_doorbell = rig.n_doorbell;
	struct wire_frame f;
	size_t n = 0;

	(void)state;
	for (uint32_t seq = 1; seq <= 8; seq++) {
		size_t k = pulses(payload, sizeof(payload), 1, 1);

		k = wire_encode(frame, sizeof(frame),
			&(struct wire_frame){ .type = WIRE_REQ,
				.op = CMD_PULSE_LIST,
				.session = rig.session,
				.seq = seq,
				.payload = payload,
				.n_payload = k });
		memcpy(bytes + n, frame, k);
		n += k;
	}
	rig.rx = bytes;
	rig.n_rx = n;
	fw_poll(&rig.fw);
	for (uint32_t seq = 1; seq <= 8; seq++) {
		assert_true(rig_next(&rig, &f));
		assert_int_equal(f.seq, seq);
	}
	assert_int_equal(rig.n_doorbell, n_doorbell + 1);
	assert_int_equal(rig.chips.n_pulse, 8);
}

static void a_wrong_configuration_does_not_start(void **state)
{
	struct fw_chip_ops ops;

	(void)state;
	rig.config.n_slot = 0;
	assert_int_equal(rig_boot(&rig), FW_E_SLOTS);
	rig.config.n_slot = RIG_N_SLOT;
	rig.config.n_frame = CMD_N_FRAME_MIN - 1;
	assert_int_equal(rig_boot(&rig), FW_E_FRAME);
	rig.config.n_frame = RIG_N_FRAME;
	rig.config.info.n_row = CMD_N_ROW_MAX + 1;
	assert_int_equal(rig_boot(&rig), FW_E_GEOMETRY);
	rig.config.info.n_row = RIG_N_ROW;
	ops = *rig.config.ops;
	ops.mvm = NULL;
	rig.config.ops = &ops;
	assert_int_equal(rig_boot(&rig), FW_E_PORT);
	assert_int_equal(fw_init(&rig.fw, &rig.config, rig.memory,
				 FW_N_MEMORY(RIG_N_FRAME, RIG_N_SLOT, RIG_N_COL) - 1),
		FW_E_MEMORY);
}

static void all_works_on_a_uart_too(void **state)
{
	(void)state;
	rig_init(&rig, WIRE_UART);
	rig_begin(&rig);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(pulse(1, 1, 1).error, CMD_OK);
	assert_int_equal(rig.chips.n_pulse, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_repeated_request_is_answered_and_not_executed, setup),
		cmocka_unit_test_setup(the_last_w_replies_are_kept_and_older_ones_dropped, setup),
		cmocka_unit_test_setup(a_used_seq_with_another_request_is_a_false_retry, setup),
		cmocka_unit_test_setup(a_gap_is_naked_once_and_dropped, setup),
		cmocka_unit_test_setup(a_session_ends_where_seq_would_wrap, setup),
		cmocka_unit_test_setup(frames_of_other_sessions_are_dropped, setup),
		cmocka_unit_test_setup(what_a_host_does_not_send_is_dropped, setup),
		cmocka_unit_test_setup(a_new_hello_ends_the_session_before, setup),
		cmocka_unit_test_setup(a_hello_twice_is_one_session, setup),
		cmocka_unit_test_setup(a_late_copy_of_an_old_hello_does_no_harm, setup),
		cmocka_unit_test_setup(a_hello_without_a_common_version_changes_nothing, setup),
		cmocka_unit_test_setup(resume_tells_what_was_executed_last, setup),
		cmocka_unit_test_setup(a_reboot_ends_the_session_and_tells, setup),
		cmocka_unit_test_setup(a_power_cut_in_a_list_of_pulses_can_be_audited, setup),
		cmocka_unit_test_setup(an_unknown_op_has_no_effect_and_takes_its_seq, setup),
		cmocka_unit_test_setup(another_schema_blocks_what_mutates, setup),
		cmocka_unit_test_setup(a_lease_lapses_on_silence_and_unplugging, setup),
		cmocka_unit_test_setup(a_new_session_is_disarmed_and_has_nothing_kept, setup),
		cmocka_unit_test_setup(the_shorter_of_both_frames_is_agreed_and_kept, setup),
		cmocka_unit_test_setup(session_numbers_skip_0, setup),
		cmocka_unit_test_setup(a_budget_of_pulses_is_kept, setup),
		cmocka_unit_test_setup(scans_disturb_nobody, setup),
		cmocka_unit_test_setup(a_broken_frame_is_never_answered, setup),
		cmocka_unit_test_setup(a_frame_that_stops_is_given_up_after_a_while, setup),
		cmocka_unit_test_setup(a_frame_whose_rest_is_waiting_is_not_given_up, setup),
		cmocka_unit_test_setup(polling_takes_all_and_rings_once_a_burst, setup),
		cmocka_unit_test_setup(a_wrong_configuration_does_not_start, setup),
		cmocka_unit_test_setup(all_works_on_a_uart_too, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
