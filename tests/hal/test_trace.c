/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_trace.c - record: and replay:, by the calls of lockstep.c and by damaged files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lockstep.h"

#define EMU "emu:?chips=2&seed=5"

static char folder[64], file[96], record[256], replay[128];

static struct xbar *open_uri(const char *uri)
{
	struct xbar *x;

	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	return x;
}

/* Two calls in a file. */
static void write_short(void)
{
	struct xbar *x = open_uri(record);
	struct xbar_pulse p = { .row = 1, .col = 2, .n = 3 };

	assert_int_equal(xbar_pulse(x, &p, 1), 0);
	assert_int_equal(xbar_wait(x, 1.0), 0);
	xbar_close(x);
}

static void a_replay_answers_as_the_recorded_board_did(void **state)
{
	struct xbar *emu = open_uri(EMU), *other = open_uri(record);

	(void)state;
	lockstep(emu, other, 400, 3);
	xbar_close(emu);
	xbar_close(other);
	emu = open_uri(EMU);
	other = open_uri(replay);
	lockstep(emu, other, 400, 3);
	assert_int_equal(xbar_wait(other, 0.0), -ENODATA);
	assert_non_null(strstr(xbar_message(other), "ends after"));
	xbar_close(emu);
	xbar_close(other);
}

static void recorded_failures_fail_again_in_the_same_words(void **state)
{
	char words[2][256];
	int r = 0;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct xbar *x = open_uri(k ? replay : record);

		for (int i = 0; i < 5; i++)
			r = xbar_wait(x, 1e9);
		assert_int_equal(r, -EOVERFLOW);
		snprintf(words[k], sizeof(words[k]), "%s", xbar_message(x));
		xbar_close(x);
	}
	assert_string_equal(words[0], words[1]);
}

static void the_first_call_that_differs_is_told(void **state)
{
	struct xbar_pulse p = { .row = 1, .col = 2, .n = 4 };
	struct xbar *x;

	(void)state;
	write_short();
	x = open_uri(replay);
	assert_int_equal(xbar_pulse(x, &p, 1), -EINVAL);
	assert_non_null(strstr(xbar_message(x), "call 1 (pulse) differs"));
	xbar_close(x);
	x = open_uri(replay);
	assert_int_equal(xbar_wait(x, 1.0), -EINVAL);
	assert_non_null(strstr(xbar_message(x), "call 1 is wait, but the recorded one was pulse"));
	xbar_close(x);
}

static void rewrite(const uint8_t *buf, size_t n)
{
	FILE *f = fopen(file, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(buf, 1, n, f), n);
	fclose(f);
}

/* What a program does: open, pulse, wait; the first failure. */
static int go(void)
{
	struct xbar_pulse p = { .row = 1, .col = 2, .n = 3 };
	struct xbar *x;
	int r = xbar_open(&x, replay, NULL);

	if (r < 0)
		return r;
	r = xbar_pulse(x, &p, 1);
	if (r == 0)
		r = xbar_wait(x, 1.0);
	xbar_close(x);
	return r;
}

static void damaged_and_cut_recordings_are_errors(void **state)
{
	static uint8_t buf[1 << 16];
	FILE *f;
	size_t n;

	(void)state;
	write_short();
	f = fopen(file, "rb");
	assert_non_null(f);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	assert_int_equal(go(), 0);
	for (size_t i = 0; i < n; i += i < n - 64 ? 7 : 1) {
		buf[i] ^= 0x10;
		rewrite(buf, n);
		assert_true(go() < 0);
		buf[i] ^= 0x10;
		rewrite(buf, i);
		assert_true(go() < 0);
	}
}

static void wrong_uris_are_refused(void **state)
{
	struct xbar *x;

	(void)state;
	assert_int_equal(xbar_open(&x, "replay:/nonesuch/file", NULL), -ENOENT);
	assert_int_equal(xbar_open(&x, "replay:", NULL), -EINVAL);
	assert_int_equal(xbar_open(&x, "replay:/dev/null", NULL), -EBADMSG);
	assert_int_equal(xbar_open(&x, "replay:f?chips=2", NULL), -EINVAL);
	assert_int_equal(xbar_open(&x, "record:/nonesuch/file", NULL), -ENOENT);
	assert_int_equal(xbar_open(&x, "record:f?chips=2", NULL), -EINVAL);
	assert_int_equal(xbar_open(&x, "record:f?uri=nonesuch:", NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replay_answers_as_the_recorded_board_did),
		cmocka_unit_test(recorded_failures_fail_again_in_the_same_words),
		cmocka_unit_test(the_first_call_that_differs_is_told),
		cmocka_unit_test(damaged_and_cut_recordings_are_errors),
		cmocka_unit_test(wrong_uris_are_refused),
	};
	int r;

	strcpy(folder, "/tmp/test_trace.XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(file, sizeof(file), "%s/session", folder);
	snprintf(replay, sizeof(replay), "replay:%s", file);
	snprintf(record, sizeof(record), "record:%s?uri=emu:%%3Fchips=2%%26seed=5", file);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	rmdir(folder);
	return r;
}
