/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_link.c [N] - pulses exactly once, and the same bytes, over links that do everything wrong:
 * at least N faults (default 2,000) in lockstep with an emu: board; and boards that restart in the
 * middle of a list of pulses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "faulty_board.h"
#include "lockstep.h"

#define KEYS "chips=2&seed=3"

static uint64_t n_wanted = 2000;

static void survive(const char *uri, uint32_t one_in)
{
	struct xbar *a, *b;
	struct xbar_stats s;

	faulty_board = (struct faulty_board){ .seed = 1 };
	assert_int_equal(xbar_open(&a, "emu:?" KEYS, NULL), 0);
	assert_int_equal(xbar_open(&b, uri, NULL), 0);
	faulty_board.one_in = one_in;
	for (uint32_t round = 1; faulty_board.n_fault < n_wanted; round++)
		lockstep(a, b, 500, round);
	assert_int_equal(xbar_stats(b, &s), 0);
	print_message("%s: %llu faults, %llu calls, %llu retries\n", uri,
		(unsigned long long)faulty_board.n_fault, (unsigned long long)s.n_call,
		(unsigned long long)s.n_retry);
	for (int i = 0; i < 8; i++)
		assert_true(faulty_board.n_kind[i] > 0);
	assert_true(s.n_retry > 0);
	xbar_close(a);
	xbar_close(b);
}

static void a_faulty_stream_gives_the_bytes_of_emu(void **state)
{
	(void)state;
	survive("usb:?" KEYS, 4);
}

static void a_faulty_uart_gives_the_bytes_of_emu(void **state)
{
	(void)state;
	survive("serial:?" KEYS, 8);
}

#define N_LIST 3000

static void fill(struct xbar_pulse *p)
{
	for (size_t i = 0; i < N_LIST; i++)
		p[i] = (struct xbar_pulse){ .row = (uint16_t)(i % 256),
			.col = (uint16_t)(i / 256),
			.chip = (uint8_t)(i % 2),
			.kind = XBAR_SET,
			.n = (uint8_t)(1 + i % 3) };
}

/* The board restarts after so many bytes: what it says it did is what it did. */
static void restart_in_the_middle(const char *uri, uint64_t n_byte)
{
	static struct xbar_pulse p[N_LIST];
	struct xbar *x;
	struct xbar_stats s;
	size_t n_all, n_given, n_maybe, n_not;
	int r;

	fill(p);
	faulty_board = (struct faulty_board){ .seed = 1 };
	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	faulty_board.reboot_in = n_byte;
	r = xbar_pulse(x, p, N_LIST);
	assert_int_equal(faulty_board.n_reboot, 1);
	assert_int_equal(r, -EREMOTEIO);
	assert_int_equal(sscanf(xbar_message(x),
				 "pulse: of %zu pulses %zu were given, %zu may or may not have "
				 "been, %zu were not",
				 &n_all, &n_given, &n_maybe, &n_not),
		4);
	assert_int_equal(n_all, 2 * N_LIST);
	assert_int_equal(n_given + n_maybe + n_not, n_all);
	assert_true(n_maybe > 0);
	/* Told once; the board is there again, and its chips are as the pulses left them. */
	assert_int_equal(xbar_stats(x, &s), 0);
	assert_true(s.n_set >= n_given && s.n_set <= n_given + n_maybe);
	assert_int_equal(xbar_pulse(x, p, 1), 0);
	xbar_close(x);
}

static void a_restart_in_a_list_of_pulses_is_told_with_counts(void **state)
{
	(void)state;
	for (uint64_t n = 200; n < 12000; n += 577) {
		restart_in_the_middle("usb:?" KEYS, n);
		restart_in_the_middle("serial:?" KEYS, n);
	}
}

/* As a training goes on from its checkpoint: what came after it is gone, on the chips, too. */
static void go_on_after_restart(const char *uri)
{
	static struct xbar_pulse p[N_LIST];
	struct xbar *a, *b;
	void *state[2];
	size_t n[2];

	fill(p);
	faulty_board = (struct faulty_board){ .seed = 1 };
	assert_int_equal(xbar_open(&a, "emu:?" KEYS, NULL), 0);
	assert_int_equal(xbar_open(&b, uri, NULL), 0);
	lockstep(a, b, 200, 1);
	assert_int_equal(xbar_save(a, &state[0], &n[0]), 0);
	assert_int_equal(xbar_save(b, &state[1], &n[1]), 0);
	faulty_board.reboot_in = 6000;
	assert_int_equal(xbar_pulse(a, p, N_LIST), 0);
	assert_int_equal(xbar_pulse(b, p, N_LIST), -EREMOTEIO);
	assert_int_equal(faulty_board.n_reboot, 1);
	assert_int_equal(xbar_load(a, state[0], n[0]), 0);
	assert_int_equal(xbar_load(b, state[1], n[1]), 0);
	lockstep(a, b, 200, 2);
	free(state[0]);
	free(state[1]);
	xbar_close(a);
	xbar_close(b);
}

static void a_state_saved_before_a_restart_goes_on_from_there(void **state)
{
	(void)state;
	go_on_after_restart("usb:?" KEYS);
	go_on_after_restart("serial:?" KEYS);
}

static void a_restart_in_a_product_is_econnreset_once(void **state)
{
	int8_t in[64] = { 1 };
	int16_t out[64];
	struct xbar_mvm m = {
		.n_row = 64, .n_col = 64, .n_vec = 1, .input = XBAR_INPUT_INT8, .in = in, .out = out
	};
	struct xbar *x;

	(void)state;
	faulty_board = (struct faulty_board){ .seed = 1 };
	assert_int_equal(xbar_open(&x, "usb:?" KEYS, NULL), 0);
	assert_int_equal(xbar_mvm(x, &m, 1), 0);
	faulty_board.reboot_in = 1;
	assert_int_equal(xbar_mvm(x, &m, 1), -ECONNRESET);
	assert_non_null(strstr(xbar_message(x), "restarted"));
	assert_int_equal(xbar_mvm(x, &m, 1), 0);
	xbar_close(x);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_faulty_stream_gives_the_bytes_of_emu),
		cmocka_unit_test(a_faulty_uart_gives_the_bytes_of_emu),
		cmocka_unit_test(a_restart_in_a_list_of_pulses_is_told_with_counts),
		cmocka_unit_test(a_state_saved_before_a_restart_goes_on_from_there),
		cmocka_unit_test(a_restart_in_a_product_is_econnreset_once),
	};

	if (argc > 1)
		n_wanted = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
