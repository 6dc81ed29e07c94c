/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cortex.c - the firmware on a microcontroller answers byte for byte as it does natively.
 *	test_cortex QEMU-BOARD NAME-OF-BOARD N-CALLS
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "cortex_rig.h"
#include "mixed_requests.h"

#define STACK_MAX 4096 /* bytes, as the limit of cortex_cost_* */

static const char *qemu_board, *board;
static unsigned long n_call;

static int set_up(void **state)
{
	*state = rig_new(qemu_board, board);
	return 0;
}

static int tear_down(void **state)
{
	rig_free(*state);
	return 0;
}

static void ask(struct rig *g, uint16_t op, const struct wire_writer *w)
{
	rig_send_frame(g,
		&(struct wire_frame){
			.type = WIRE_REQ, .op = op, .payload = w->buf, .n_payload = w->n });
	rig_compare(g);
}

static void greet(struct rig *g, uint64_t nonce)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };

	cmd_put_hello(&w,
		&(struct cmd_hello){ .nonce = nonce,
			.version_min = CMD_VERSION,
			.version_max = CMD_VERSION,
			.schema = CMD_SCHEMA,
			.n_frame = RIG_N_FRAME });
	ask(g, CMD_HELLO, &w);
	assert_int_not_equal(g->native.session, 0);
}

static void it_boots_and_says_what_it_is(void **state)
{
	const struct wire_writer nothing = { 0 };

	greet(*state, 1);
	ask(*state, CMD_INFO, &nothing);
	ask(*state, CMD_LINK_STATS, &nothing);
}

static void mixed_calls_give_the_bytes_of_the_native_firmware(void **state)
{
	struct rig *g = *state;
	struct mixed m = { .state = 1 };

	greet(g, 2);
	for (unsigned long i = 0; i < n_call; i++) {
		struct wire_frame f;

		mixed_request(&m, &f);
		f.session = g->native.session;
		f.seq = g->native.seq + 1;
		rig_send_frame(g, &f);
		rig_compare(g);
	}
	assert_true(g->native.seq == n_call);
}

/* What a bad line makes of requests: copies, gaps, bits, cuts, noise between them. */
static void mishap(struct rig *g, struct mixed *m, struct wire_frame *f)
{
	uint8_t frame[RIG_N_FRAME], packed[WIRE_N_COBS(RIG_N_FRAME)];
	size_t n;

	switch (mixed_draw(m, 6)) {
	case 0:
		f->seq -= mixed_draw(m, 8) % f->seq;
		break;
	case 1:
		f->seq += 1 + mixed_draw(m, 3);
		break;
	case 2:
		f->session++;
		break;
	case 3:
		rig_send_frame(g, f);
		break;
	default:
		n = wire_encode(frame, sizeof(frame), f);
		n = wire_pack(WIRE_UART, packed, sizeof(packed), frame, n);
		packed[mixed_draw(m, (uint32_t)n - 1)] ^= (uint8_t)(1 << mixed_draw(m, 8));
		rig_send(g, packed, n);
	}
}

static void damaged_and_repeated_frames_are_met_as_natively(void **state)
{
	const struct wire_writer nothing = { 0 };
	struct rig *g = *state;
	struct mixed m = { .state = 2 };

	greet(g, 3);
	for (unsigned long i = 0; i < n_call; i++) {
		struct wire_frame f;

		mixed_request(&m, &f);
		f.session = g->native.session;
		f.seq = g->native.seq + 1;
		if (mixed_draw(&m, 2))
			mishap(g, &m, &f);
		rig_send_frame(g, &f);
		rig_compare(g);
	}
	ask(g, CMD_LINK_STATS, &nothing);
	assert_true(g->native.stats.n_replay > 0 && g->native.decoder.n_bad > 0);
}

static void a_full_window_is_answered(void **state)
{
	struct rig *g = *state;
	struct mixed m = { .state = 3 };
	struct wire_frame f;

	greet(g, 4);
	for (unsigned long i = 0; i < n_call; i++) {
		mixed_request(&m, &f);
		f.session = g->native.session;
		f.seq = g->native.seq + 1;
		rig_send_frame(g, &f);
		if (i % RIG_N_SLOT == RIG_N_SLOT - 1)
			rig_compare(g);
	}
	rig_compare(g);
}

static void a_reset_is_another_boot_and_the_chips_stay(void **state)
{
	struct rig *g = *state;
	uint64_t boot_id = g->boot_id;
	const struct wire_frame stats = { .type = WIRE_REQ, .op = CMD_STATS, .seq = 1 };
	struct wire_frame f = stats;

	rig_reset(g);
	assert_true(g->boot_id != boot_id);
	/* The session before is no more. */
	f.session = (uint32_t)boot_id + 1;
	rig_send_frame(g, &f);
	greet(g, 5);
	f.session = g->native.session;
	rig_send_frame(g, &f);
	rig_compare(g);
}

static void its_stack_is_within_the_limit(void **state)
{
	unsigned used = rig_stack_used(*state);

	assert_in_range(used, 1, STACK_MAX);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_boots_and_says_what_it_is),
		cmocka_unit_test(mixed_calls_give_the_bytes_of_the_native_firmware),
		cmocka_unit_test(damaged_and_repeated_frames_are_met_as_natively),
		cmocka_unit_test(a_full_window_is_answered),
		cmocka_unit_test(its_stack_is_within_the_limit),
		cmocka_unit_test(a_reset_is_another_boot_and_the_chips_stay),
	};

	if (argc != 4)
		return 2;
	qemu_board = argv[1];
	board = argv[2];
	n_call = strtoul(argv[3], NULL, 10);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
