/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_link_usb.c - link_usb.c over unmodified libusb and the boards of mock_usb.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "link.h"
#include "mock_usb.h"

#define MS 1000000ull

static const struct xbar_link_ops *const ops = &xbar_link_usb;

struct rig {
	struct mock_usb *board;
	size_t n_burst; /* that the board got */
	void *ln;
	struct xbar_link_info info;
	struct xbar_message msg;
};

/* What comes goes back, burst by burst; "X" unplugs the board, "S" is only counted. */
static void echo(void *user, const uint8_t *p, size_t n)
{
	struct rig *s = user;

	s->n_burst++;
	if (n == 1 && p[0] == 'X')
		mock_usb_unplug(s->board);
	else if (n != 1 || p[0] != 'S')
		mock_usb_answer(s->board, p, n);
}

static int open_uri(struct rig *s, const char *text)
{
	struct xbar_uri uri;

	assert_int_equal(xbar_uri_parse(&uri, text, &s->msg), 0);
	return ops->open(&s->ln, &uri, &s->info, &s->msg);
}

static int set_up(void **state)
{
	struct rig *s = calloc(1, sizeof(*s));

	s->board = mock_usb_new("A1", NULL, echo, s);
	mock_usb_plug(s->board);
	assert_int_equal(open_uri(s, "usb:"), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *s = *state;

	ops->close(s->ln);
	mock_usb_free(s->board);
	free(s);
	return 0;
}

static uint64_t soon(void)
{
	return xbar_clock() + 5000 * MS;
}

static void read_all(struct rig *s, uint8_t *buf, size_t n)
{
	while (n > 0) {
		int r = ops->read(s->ln, buf, n, soon());

		assert_true(r > 0);
		buf += r;
		n -= (size_t)r;
	}
}

static void check_echo(struct rig *s, size_t n)
{
	uint8_t *out = malloc(n), *in = calloc(1, n);
	size_t n_before = s->n_burst;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(i * 7 + n);
	assert_int_equal(ops->write(s->ln, out, n, soon()), 0);
	read_all(s, in, n);
	assert_memory_equal(in, out, n);
	assert_int_equal(s->n_burst, n_before + 1);
	free(out);
	free(in);
}

/* Also whole packets, whole buffers and more: the board waits for the end of a burst. */
static void bursts_of_any_length_arrive_whole(void **state)
{
	static const size_t n[] = { 1, 2, 511, 512, 513, 1024, 16383, 16384, 16385, 16896, 32768,
		65536, 100000 };

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		check_echo(*state, n[i]);
}

static void four_reads_are_posted_at_all_times(void **state)
{
	struct rig *s = *state;

	assert_int_equal(mock_usb_n_posted(s->board), 4);
	check_echo(s, 100000);
	assert_int_equal(ops->read(s->ln, &(uint8_t){ 0 }, 1, 0), 0);
	assert_int_equal(mock_usb_n_posted(s->board), 4);
}

static void bursts_keep_their_order(void **state)
{
	struct rig *s = *state;
	uint8_t in[3 * 64];

	for (uint8_t i = 0; i < 64; i++)
		assert_int_equal(ops->write(s->ln, (uint8_t[]){ i, 1, 2 }, 3, soon()), 0);
	read_all(s, in, sizeof(in));
	for (uint8_t i = 0; i < 64; i++)
		assert_int_equal(in[3 * i], i);
}

static void the_complete_uri_names_the_board(void **state)
{
	struct rig *s = *state;

	assert_string_equal(s->info.uri, "usb:1209:0001?serial=A1");
}

static void nothing_is_zero_at_the_deadline(void **state)
{
	struct rig *s = *state;
	uint64_t start = xbar_clock();
	uint8_t b;

	assert_int_equal(ops->read(s->ln, &b, 1, start + 30 * MS), 0);
	assert_true(xbar_clock() - start >= 29 * MS);
	assert_int_equal(ops->write(s->ln, "x", 1, soon()), 0);
	assert_int_equal(ops->read(s->ln, &b, 1, start), 1);
	assert_int_equal(ops->read(s->ln, &b, 1, start), 0);
}

static void a_board_that_does_not_read_is_etimedout(void **state)
{
	struct rig *s = *state;
	static uint8_t much[200000];

	mock_usb_swallow(s->board, 1);
	assert_int_equal(ops->write(s->ln, much, sizeof(much), xbar_clock() + 30 * MS), -ETIMEDOUT);
	mock_usb_swallow(s->board, 0);
	assert_int_equal(ops->reset(s->ln), 0);
	check_echo(s, 64);
}

static void a_stall_is_eio_until_reset(void **state)
{
	struct rig *s = *state;
	uint8_t b;

	for (int is_in = 0; is_in < 2; is_in++) {
		mock_usb_stall(s->board, is_in);
		if (!is_in)
			assert_int_equal(ops->write(s->ln, "x", 1, soon()), 0);
		assert_int_equal(ops->read(s->ln, &b, 1, soon()), -EIO);
		assert_int_equal(ops->write(s->ln, "x", 1, soon()), -EIO);
		assert_int_equal(ops->reset(s->ln), 0);
		check_echo(s, 64);
	}
}

static void an_unplugged_board_is_enodev_and_can_come_back(void **state)
{
	struct rig *s = *state;
	uint64_t start = xbar_clock();
	uint8_t b;

	assert_int_equal(ops->write(s->ln, "X", 1, soon()), 0);
	assert_int_equal(ops->read(s->ln, &b, 1, soon()), -ENODEV);
	assert_int_equal(ops->write(s->ln, "x", 1, soon()), -ENODEV);
	assert_int_equal(ops->reset(s->ln), -ENODEV);
	assert_int_equal(ops->reopen(s->ln, xbar_clock() + 20 * MS, &s->msg), -ENODEV);
	assert_non_null(strstr(s->msg.text, "usb:1209:0001?serial=A1"));
	assert_true(xbar_clock() - start < 3000 * MS);
	mock_usb_plug(s->board);
	assert_int_equal(ops->reopen(s->ln, soon(), &s->msg), 0);
	check_echo(s, 1000);
}

static void one_of_two_boards_must_be_chosen(void **state)
{
	struct rig *s = *state, other = { 0 };
	struct mock_usb *second = mock_usb_new("B2", NULL, echo, &other);

	other.board = second;
	mock_usb_plug(second);
	assert_int_equal(open_uri(&other, "usb:"), -EINVAL);
	assert_non_null(strstr(other.msg.text, "serial=A1"));
	assert_non_null(strstr(other.msg.text, "serial=B2"));
	assert_int_equal(open_uri(&other, "usb:?serial=B2"), 0);
	check_echo(&other, 64);
	check_echo(s, 64);
	ops->close(other.ln);
	mock_usb_free(second);
}

static void other_devices_of_the_same_id_are_no_boards(void **state)
{
	struct rig s = { 0 };

	(void)state;
	s.board = mock_usb_new("A1", "somebody else's", echo, &s);
	mock_usb_plug(s.board);
	assert_int_equal(open_uri(&s, "usb:"), -ENODEV);
	mock_usb_free(s.board);
}

static void a_board_in_use_is_ebusy(void **state)
{
	struct rig other = { 0 };

	(void)state;
	assert_int_equal(open_uri(&other, "usb:"), -EBUSY);
	assert_non_null(strstr(other.msg.text, "another program"));
}

static void count(
	void *user, const char *uri, const char *what, const char *serial, const char *problem)
{
	assert_string_equal(uri, "usb:1209:0001?serial=A1");
	assert_string_equal(serial, "A1");
	assert_string_equal(problem, "");
	assert_true(*what);
	++*(int *)user;
}

static void a_scan_lists_the_boards(void **state)
{
	struct rig *s = *state;
	int n = 0;

	assert_int_equal(ops->scan(count, &n, &s->msg), 0);
	assert_int_equal(n, 1);
}

static void wrong_uris_are_refused_in_words(void **state)
{
	static const struct {
		const char *uri;
		int r;
		const char *says;
	} wrong[] = {
		{ "usb:", -ENODEV, "usb:1209:0001" },
		{ "usb:?serial=C3", -ENODEV, "serial=C3" },
		{ "usb:1209", -EINVAL, "usb:1209:0001" },
		{ "usb:1209:00011", -EINVAL, "usb:1209:0001" },
		{ "usb:0x12:0001", -EINVAL, "usb:1209:0001" },
		{ "usb:12a9-0001", -EINVAL, "usb:1209:0001" },
		{ "usb:?serie=1", -EINVAL, "did you mean \"serial\"" },
		{ "usb:?serial=0123456789012345678901234567890123456789012345678901234567890123",
			-EINVAL, "longer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rig s = { 0 };

		assert_int_equal(open_uri(&s, wrong[i].uri), wrong[i].r);
		assert_non_null(strstr(s.msg.text, wrong[i].says));
		assert_null(s.ln);
	}
	ops->close(NULL);
}

#define ON_A_BOARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_BOARD(bursts_of_any_length_arrive_whole),
		ON_A_BOARD(four_reads_are_posted_at_all_times),
		ON_A_BOARD(bursts_keep_their_order),
		ON_A_BOARD(the_complete_uri_names_the_board),
		ON_A_BOARD(nothing_is_zero_at_the_deadline),
		ON_A_BOARD(a_board_that_does_not_read_is_etimedout),
		ON_A_BOARD(a_stall_is_eio_until_reset),
		ON_A_BOARD(an_unplugged_board_is_enodev_and_can_come_back),
		ON_A_BOARD(one_of_two_boards_must_be_chosen),
		cmocka_unit_test(other_devices_of_the_same_id_are_no_boards),
		ON_A_BOARD(a_board_in_use_is_ebusy),
		ON_A_BOARD(a_scan_lists_the_boards),
		cmocka_unit_test(wrong_uris_are_refused_in_words),
	};
	struct mock_usb *first = mock_usb_new("", NULL, echo, NULL);

	/* The test bed must be there before libusb looks. */
	mock_usb_free(first);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
