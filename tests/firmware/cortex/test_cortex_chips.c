/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_cortex_chips.c - chip_remote.c over a channel that loses requests and replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "board_emu.h"
#include "chip_remote.h"

#define N_FRAME 16384
#define N_SLOT  2

struct far {
	struct board_emu *chips;
	struct fw fw;
	uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, 256) / 8];
	uint8_t sent[2 * N_FRAME];
	size_t n_sent, at;
	unsigned n_tx, lose_request, lose_reply; /* every so many; 0: none, 1: all */
	struct chip_channel channel;
	struct chip_remote remote;
};

static bool is_lost(unsigned n, unsigned every)
{
	return every > 0 && n % every == 0;
}

static void far_tx(void *user, const uint8_t *buf, size_t n)
{
	struct far *f = user;

	memcpy(f->sent + f->n_sent, buf, n);
	f->n_sent += n;
}

static size_t far_rx(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

static void near_tx(void *user, const uint8_t *buf, size_t n)
{
	struct far *f = user;

	f->n_sent = f->at = 0;
	f->n_tx++;
	if (is_lost(f->n_tx, f->lose_request))
		return;
	fw_feed(&f->fw, buf, n);
	if (is_lost(f->n_tx, f->lose_reply))
		f->n_sent = 0;
}

static size_t near_rx(void *user, uint8_t *buf, size_t n, uint32_t t)
{
	struct far *f = user;

	(void)t;
	if (n > f->n_sent - f->at)
		n = f->n_sent - f->at;
	memcpy(buf, f->sent + f->at, n);
	f->at += n;
	return n;
}

static int set_up(void **state)
{
	struct far *f = calloc(1, sizeof(*f));
	struct board_emu_config config;
	struct fw_config c = { .port = { .rx = far_rx, .tx = far_tx, .user = f },
		.link = WIRE_STREAM,
		.n_frame = N_FRAME,
		.n_slot = N_SLOT,
		.boot_id = 40 };

	assert_non_null(f);
	assert_int_equal(board_emu_config_parse(&config, (const char *[]){ "seed=7" }, 1), 0);
	assert_int_equal(board_emu_new(&f->chips, &config), 0);
	board_emu_describe(f->chips, &c);
	assert_int_equal(fw_init(&f->fw, &c, f->memory, sizeof(f->memory)), FW_OK);
	f->channel = (struct chip_channel){ .rx = near_rx, .tx = near_tx, .user = f };
	assert_int_equal(chip_remote_open(&f->remote, &f->channel), CMD_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct far *f = *state;

	board_emu_free(f->chips);
	free(f);
	return 0;
}

static void pulses_are_executed_once_whatever_is_lost(void **state)
{
	struct far *f = *state;
	const struct cmd_pulse p = { .row = 3, .col = 5, .n = 2 };

	f->lose_request = 3;
	f->lose_reply = 4;
	for (unsigned i = 1; i <= 100; i++) {
		assert_int_equal(f->remote.ops.pulse(&f->remote, &p, 1), CMD_OK);
		assert_int_equal(f->remote.ops.n_pulse(&f->remote), 2 * i);
	}
	assert_true(f->fw.stats.n_replay > 0);
}

static void chips_that_do_not_answer_are_an_error_of_the_chips(void **state)
{
	struct far *f = *state;
	const struct cmd_pulse p = { .row = 3, .col = 5, .n = 2 };

	f->lose_reply = 1;
	assert_int_equal(f->remote.ops.pulse(&f->remote, &p, 1), CMD_E_CHIP);
	/* The next request is another one. */
	f->lose_reply = 0;
	assert_int_equal(f->remote.ops.pulse(&f->remote, &p, 1), CMD_OK);
	assert_int_equal(f->remote.ops.n_pulse(&f->remote), 4);
}

static void each_opening_is_another_boot(void **state)
{
	struct far *f = *state;
	uint64_t boot_id = f->remote.boot_id;
	uint32_t session = f->fw.session;

	assert_int_equal(chip_remote_open(&f->remote, &f->channel), CMD_OK);
	assert_true(f->remote.boot_id != boot_id);
	assert_true(f->fw.session != session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pulses_are_executed_once_whatever_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			chips_that_do_not_answer_are_an_error_of_the_chips, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_opening_is_another_boot, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
