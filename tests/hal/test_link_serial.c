/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_link_serial.c - link_serial.c over unmodified libserialport and a pseudo-terminal that looks
 * like a port: a name below /dev that leads to /tmp, modem lines by mock_ioctl.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>
#include "link.h"

#define MS 1000000ull

static const struct xbar_link_ops *const ops = &xbar_link_serial;

struct line {
	char folder[64], link[96], uri[160];
	int master;
	void *ln;
	struct xbar_link_info info;
	struct xbar_message msg;
};

static void plug(struct line *l)
{
	char name[64];
	int slave;
	struct termios t;

	assert_int_equal(openpty(&l->master, &slave, name, NULL, NULL), 0);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	close(slave);
	unlink(l->link);
	assert_int_equal(symlink(name, l->link), 0);
}

static int open_uri(struct line *l, const char *text)
{
	struct xbar_uri uri;

	assert_int_equal(xbar_uri_parse(&uri, text, &l->msg), 0);
	return ops->open(&l->ln, &uri, &l->info, &l->msg);
}

static int set_up(void **state)
{
	struct line *l = calloc(1, sizeof(*l));

	strcpy(l->folder, "/tmp/link_serial.XXXXXX");
	assert_non_null(mkdtemp(l->folder));
	snprintf(l->link, sizeof(l->link), "%s/ttyXBAR0", l->folder);
	snprintf(l->uri, sizeof(l->uri), "serial:/dev/../../..%s?baud=115200", l->link);
	plug(l);
	assert_int_equal(open_uri(l, l->uri), 0);
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	struct line *l = *state;

	ops->close(l->ln);
	close(l->master);
	unlink(l->link);
	rmdir(l->folder);
	free(l);
	return 0;
}

static void read_all(struct line *l, uint8_t *buf, size_t n)
{
	uint64_t deadline = xbar_clock() + 5000 * MS;

	while (n > 0) {
		int r = ops->read(l->ln, buf, n, deadline);

		assert_true(r > 0);
		buf += r;
		n -= (size_t)r;
	}
}

static void bytes_pass_both_ways_as_they_are(void **state)
{
	struct line *l = *state;
	uint8_t out[256], in[256];

	for (int i = 0; i < 256; i++)
		out[i] = (uint8_t)i;
	assert_int_equal(ops->write(l->ln, out, 256, xbar_clock() + 1000 * MS), 0);
	assert_int_equal(read(l->master, in, 256), 256);
	assert_memory_equal(in, out, 256);
	memset(in, 0, sizeof(in));
	assert_int_equal(write(l->master, out, 256), 256);
	read_all(l, in, 256);
	assert_memory_equal(in, out, 256);
}

static void the_complete_uri_has_the_speed(void **state)
{
	struct line *l = *state;

	assert_string_equal(l->info.uri, l->uri);
}

static void nothing_is_zero_at_the_deadline(void **state)
{
	struct line *l = *state;
	uint64_t start = xbar_clock();
	uint8_t b;

	assert_int_equal(ops->read(l->ln, &b, 1, start + 30 * MS), 0);
	assert_true(xbar_clock() - start >= 30 * MS);
	/* A deadline that has passed does not hide what is there. */
	assert_int_equal(write(l->master, "x", 1), 1);
	assert_int_equal(ops->read(l->ln, &b, 1, start), 1);
	assert_int_equal(b, 'x');
	assert_int_equal(ops->read(l->ln, &b, 1, start), 0);
}

static void a_board_that_does_not_read_is_etimedout(void **state)
{
	struct line *l = *state;
	static uint8_t much[200000];

	assert_int_equal(ops->write(l->ln, much, sizeof(much), xbar_clock() + 50 * MS), -ETIMEDOUT);
	/* After a reset the line is good for new bytes. */
	assert_int_equal(ops->reset(l->ln), 0);
}

#define N_MUCH 40000

/* Sends everything before it reads anything. */
static void *talkative(void *user)
{
	struct line *l = user;
	static uint8_t buf[N_MUCH];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7);
	while (n < sizeof(buf)) {
		ssize_t r = write(l->master, buf + n, sizeof(buf) - n);

		if (r > 0)
			n += (size_t)r;
	}
	for (n = 0; n < sizeof(buf);) {
		ssize_t r = read(l->master, buf, sizeof(buf) - n);

		if (r > 0)
			n += (size_t)r;
	}
	return NULL;
}

static void a_write_does_not_wait_for_our_reading(void **state)
{
	struct line *l = *state;
	static uint8_t buf[N_MUCH];
	pthread_t board;

	assert_int_equal(pthread_create(&board, NULL, talkative, l), 0);
	assert_int_equal(ops->write(l->ln, buf, sizeof(buf), xbar_clock() + 5000 * MS), 0);
	read_all(l, buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], (uint8_t)(i * 7));
	pthread_join(board, NULL);
}

static void a_hang_up_is_enodev_at_once(void **state)
{
	struct line *l = *state;
	uint64_t start = xbar_clock();
	uint8_t b;

	close(l->master);
	l->master = -1;
	assert_int_equal(ops->read(l->ln, &b, 1, start + 5000 * MS), -ENODEV);
	assert_int_equal(ops->write(l->ln, "x", 1, start + 5000 * MS), -ENODEV);
	assert_true(xbar_clock() - start < 1000 * MS);
}

static void *plug_later(void *user)
{
	usleep(60000);
	plug(user);
	return NULL;
}

static void a_board_that_comes_back_is_opened_again(void **state)
{
	struct line *l = *state;
	pthread_t later;
	uint8_t b;

	close(l->master);
	unlink(l->link);
	assert_int_equal(ops->reopen(l->ln, xbar_clock() + 10 * MS, &l->msg), -ENODEV);
	assert_int_equal(ops->read(l->ln, &b, 1, 0), -ENODEV);
	assert_int_equal(pthread_create(&later, NULL, plug_later, l), 0);
	assert_int_equal(ops->reopen(l->ln, xbar_clock() + 5000 * MS, &l->msg), 0);
	pthread_join(later, NULL);
	assert_int_equal(write(l->master, "y", 1), 1);
	read_all(l, &b, 1);
	assert_int_equal(b, 'y');
}

static void a_port_in_use_is_ebusy(void **state)
{
	struct line *l = *state;
	struct line other = { .master = -1 };

	assert_int_equal(open_uri(&other, l->uri), -EBUSY);
	assert_non_null(strstr(other.msg.text, "another program"));
}

static void a_plain_pseudo_terminal_is_a_port_too(void **state)
{
	struct line *l = *state;
	struct line other = { .master = -1 };
	char name[64], uri[96];
	int slave;
	uint8_t b;

	(void)l;
	assert_int_equal(openpty(&other.master, &slave, name, NULL, NULL), 0);
	close(slave);
	snprintf(uri, sizeof(uri), "serial:%s", name);
	assert_int_equal(open_uri(&other, uri), 0);
	assert_int_equal(ops->write(other.ln, "\n", 1, xbar_clock() + 1000 * MS), 0);
	assert_int_equal(read(other.master, &b, 1), 1);
	assert_int_equal(b, '\n');
	ops->close(other.ln);
	close(other.master);
}

static void wrong_uris_are_refused_in_words(void **state)
{
	static const struct {
		const char *uri;
		int r;
		const char *says;
	} wrong[] = {
		{ "serial:", -EINVAL, "serial:/dev/ttyACM0" },
		{ "serial:ttyACM0", -EINVAL, "serial:/dev/ttyACM0" },
		{ "serial:/dev/ttyNONE7", -ENODEV, "ttyNONE7" },
		{ "serial:/dev/null", -ENODEV, "/dev/null" },
		{ "serial:/dev/ttyACM0?bad=9600", -EINVAL, "did you mean \"baud\"" },
		{ "serial:/dev/ttyACM0?baud=fast", -EINVAL, "whole number" },
		{ "serial:/dev/ttyACM0?baud=300", -ERANGE, "1200" },
		{ "serial:/dev/ttyACM0?baud=99999999999999999999", -ERANGE, "1200" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct line l = { .master = -1 };

		assert_int_equal(open_uri(&l, wrong[i].uri), wrong[i].r);
		assert_non_null(strstr(l.msg.text, wrong[i].says));
		assert_null(l.ln);
	}
	ops->close(NULL);
}

#define ON_A_LINE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_LINE(bytes_pass_both_ways_as_they_are),
		ON_A_LINE(the_complete_uri_has_the_speed),
		ON_A_LINE(nothing_is_zero_at_the_deadline),
		ON_A_LINE(a_board_that_does_not_read_is_etimedout),
		ON_A_LINE(a_write_does_not_wait_for_our_reading),
		ON_A_LINE(a_hang_up_is_enodev_at_once),
		ON_A_LINE(a_board_that_comes_back_is_opened_again),
		ON_A_LINE(a_port_in_use_is_ebusy),
		ON_A_LINE(a_plain_pseudo_terminal_is_a_port_too),
		cmocka_unit_test(wrong_uris_are_refused_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
