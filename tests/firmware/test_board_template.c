/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_board_template.c - the board to copy runs: this file is its microcontroller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../firmware-proto/board_template.h"
#include "cmd.h"

static jmp_buf power; /* cut when all is said */
static uint8_t script[4000], said[8000];
static size_t n_script, i_script, n_said;

void board_uart_write(uint8_t byte)
{
	assert_true(n_said < sizeof(said));
	said[n_said++] = byte;
}

uint32_t board_milliseconds(void)
{
	return (uint32_t)i_script; /* a byte a millisecond: 9600 baud */
}

uint64_t board_boot_id(void)
{
	return 41;
}

/* Interrupts come in any rhythm. */
void board_sleep(void)
{
	size_t n = i_script % 7 + 1;

	if (i_script == n_script)
		longjmp(power, 1);
	for (; n > 0 && i_script < n_script; n--)
		board_on_byte(script[i_script++]);
}

static void say(uint16_t op, uint32_t session, uint32_t seq, const uint8_t *payload, size_t n)
{
	uint8_t frame[256];

	n = wire_encode(frame, sizeof(frame),
		&(struct wire_frame){ .type = WIRE_REQ,
			.op = op,
			.session = session,
			.seq = seq,
			.payload = payload,
			.n_payload = n });
	n_script += wire_pack(WIRE_UART, script + n_script, sizeof(script) - n_script, frame, n);
}

static void expect(
	struct wire_decoder *d, const uint8_t **in, size_t *n, uint16_t op, uint16_t error)
{
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;

	assert_true(wire_decode(d, in, n, &f));
	assert_int_equal(f.type, WIRE_RSP);
	assert_int_equal(f.op, op);
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result));
	assert_int_equal(result.error, error);
}

static void write_script(uint32_t session)
{
	uint8_t hello[24], list[16];
	struct wire_writer w = { .buf = hello, .size = sizeof(hello) };
	struct cmd_pulse_writer pulses = { .w = { .buf = list, .size = sizeof(list) } };

	cmd_put_hello(&w, &(struct cmd_hello){ 1, 1, 1, CMD_SCHEMA, 1024 });
	cmd_pulse_put(&pulses, &(struct cmd_pulse){ .row = 3, .col = 5, .n = 20 });
	say(CMD_PING, 0, 0, (const uint8_t *)"hi", 2);
	say(CMD_INFO, 0, 0, NULL, 0);
	say(CMD_HELLO, 0, 0, hello, w.n);
	say(CMD_PULSE_LIST, session, 1, list, pulses.w.n); /* not armed yet */
	say(CMD_ARM, session, 2, NULL, 0);
	say(CMD_PULSE_LIST, session, 3, list, pulses.w.n);
	say(CMD_WAIT, session, 4, hello, 8);
}

static void the_template_is_a_board(void **state)
{
	static uint8_t buf[WIRE_N_DECODER(1024)];
	struct wire_decoder d;
	struct wire_frame f;
	const uint8_t *in = said;
	uint32_t session = 42; /* the first after boot 41 */

	(void)state;
	write_script(session);
	if (!setjmp(power)) {
		board_main();
		fail_msg("the template does not start");
	}
	wire_decoder_init(&d, WIRE_UART, buf, 1024);
	assert_true(wire_decode(&d, &in, &n_said, &f));
	assert_int_equal(f.op, CMD_EVT_BOOT);
	expect(&d, &in, &n_said, CMD_PING, CMD_OK);
	expect(&d, &in, &n_said, CMD_INFO, CMD_OK);
	expect(&d, &in, &n_said, CMD_HELLO, CMD_OK);
	expect(&d, &in, &n_said, CMD_PULSE_LIST, CMD_E_DISARMED);
	expect(&d, &in, &n_said, CMD_ARM, CMD_OK);
	expect(&d, &in, &n_said, CMD_PULSE_LIST, CMD_OK);
	expect(&d, &in, &n_said, CMD_WAIT, CMD_E_OP);
	assert_int_equal(n_said, 0);
	assert_int_equal(d.n_bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_template_is_a_board) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
