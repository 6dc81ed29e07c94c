/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * law_xbar.c - the same seed and the same calls give the same bytes on emu: and on a board behind a
 * link: 10,000 mixed calls and the final state; through loop: also 500 with all effects on.
 *	law_xbar loop | usb | serial PATH-OF-xbar-board [N-CALL]
 * With N-CALL so many calls, of a board on a slow line.
 * usb needs umockdev-wrapper, serial must not have it: it hides the names that libserialport needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "board_process.h"
#ifdef WITH_USB
#include "board_usb.h"
#endif
#include "lockstep.h"

#define N_CALL    10000
#define KEYS      "chips=3", "seed=11", "drift_nu_sd=0.01"
#define KEYS_SLOW "chips=2", "seed=11", "drift_nu_sd=0.01"

static const char *kind, *program;
static unsigned n_call_slow; /* 0: not slow */

static void compare(const char *emu, const char *uri, unsigned n_call)
{
	struct xbar *a, *b;
	struct xbar_stats s;

	assert_int_equal(xbar_open(&a, emu, NULL), 0);
	assert_int_equal(xbar_open(&b, uri, NULL), 0);
	if (n_call_slow)
		lockstep_slow(a, b, n_call_slow, 1);
	else
		lockstep(a, b, n_call, 1);
	assert_int_equal(xbar_stats(b, &s), 0);
	print_message("%s: %.1f MB out, %.1f MB in, %llu round trips, %llu retries\n", uri,
		(double)s.n_byte_out * 1e-6, (double)s.n_byte_in * 1e-6,
		(unsigned long long)s.n_round_trip, (unsigned long long)s.n_retry);
	xbar_close(a);
	xbar_close(b);
}

static void compare_with_emu(const char *uri)
{
	compare(n_call_slow ? "emu:?chips=2&seed=11&drift_nu_sd=0.01"
			    : "emu:?chips=3&seed=11&drift_nu_sd=0.01",
		uri, N_CALL);
}

static void a_board_behind_a_link_gives_the_bytes_of_emu(void **state)
{
	(void)state;
	if (!strcmp(kind, "loop")) {
		compare_with_emu("loop:?chips=3&seed=11&drift_nu_sd=0.01");
		compare("emu:?chips=3&seed=11&preset=hermes_chip",
			"loop:?chips=3&seed=11&preset=hermes_chip", N_CALL / 20);
#ifdef WITH_USB
	} else if (!strcmp(kind, "usb")) {
		struct board_usb *b = board_usb_new("A1", (const char *[]){ KEYS }, 3);

		compare_with_emu("usb:");
		board_usb_free(b);
#endif
	} else {
		const char *const keys[] = { KEYS, NULL }, *const keys_slow[] = { KEYS_SLOW, NULL };
		struct board_process b;

		assert_int_equal(
			board_process_start(&b, program, n_call_slow ? keys_slow : keys), 0);
		compare_with_emu(b.uri);
		board_process_stop(&b);
	}
}

#ifdef WITH_USB
static void an_unplugged_board_goes_on_where_it_was(void **state)
{
	struct board_usb *board = board_usb_new("A1", (const char *[]){ KEYS }, 3);
	struct xbar *a, *b;

	(void)state;
	assert_int_equal(xbar_open(&a, "emu:?chips=3&seed=11&drift_nu_sd=0.01", NULL), 0);
	assert_int_equal(xbar_open(&b, "usb:", NULL), 0);
	board_usb_unplug_every(board, 40);
	lockstep(a, b, 300, 2);
	assert_true(board_usb_n_unplugged(board) > 10);
	xbar_close(a);
	xbar_close(b);
	board_usb_free(board);
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_board_behind_a_link_gives_the_bytes_of_emu),
#ifdef WITH_USB
		cmocka_unit_test(an_unplugged_board_goes_on_where_it_was),
#endif
	};

	if (argc < 2)
		return 2;
	kind = argv[1];
	program = argc > 2 ? argv[2] : NULL;
	n_call_slow = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
