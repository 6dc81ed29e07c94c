/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_emu_file.c - a board kept in a file: state=FILE. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "xbar.h"

static char folder[64], path[128], uri[256];
static char said[2048];

static void keep(void *user, enum xbar_log_level level, const char *text)
{
	(void)user;
	(void)level;
	snprintf(said, sizeof(said), "%s", text);
}

static int try(struct xbar **ret, const char *text)
{
	struct xbar_params prm = XBAR_PARAMS_DEFAULT;

	prm.log = keep;
	said[0] = '\0';
	return xbar_open(ret, text, &prm);
}

static struct xbar *open_board(void)
{
	struct xbar *x;

	assert_int_equal(try(&x, uri), 0);
	return x;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/board.state", folder);
	snprintf(uri, sizeof(uri), "emu:?chips=1&seed=3&state=%s", path);
	unlink(path);
	return 0;
}

/* In memory if possible: every close is synced to the disk. */
static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/test_emu_file.XXXXXX",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void set_once(struct xbar *x)
{
	assert_int_equal(xbar_pulse(x, &(struct xbar_pulse){ .row = 3, .col = 5, .n = 4 }, 1), 0);
}

static uint64_t n_set(struct xbar *x)
{
	struct xbar_stats s;

	assert_int_equal(xbar_stats(x, &s), 0);
	return s.n_set;
}

static void *content(size_t *ret_n)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	void *buf;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	buf = malloc((size_t)st.st_size + 1);
	assert_non_null(buf);
	assert_int_equal(read(fd, buf, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_n = (size_t)st.st_size;
	return buf;
}

static void put(const void *buf, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf, n), n);
	close(fd);
}

static void a_board_goes_on_where_the_last_program_left_it(void **state)
{
	struct xbar *kept = open_board(), *straight;
	struct xbar_patch w = { 0, 3, 1, 5, 1 };
	float a[XBAR_N_DEVICE], b[XBAR_N_DEVICE];

	(void)state;
	set_once(kept);
	xbar_close(kept);
	kept = open_board();
	assert_int_equal(n_set(kept), 4);
	assert_int_equal(xbar_read(kept, &w, 1, a), 0);
	xbar_close(kept);
	assert_int_equal(xbar_open(&straight, "emu:?chips=1&seed=3", NULL), 0);
	set_once(straight);
	assert_int_equal(xbar_read(straight, &w, 1, b), 0);
	xbar_close(straight);
	assert_memory_equal(a, b, sizeof(a));
}

static void saving_writes_the_file_at_once(void **state)
{
	struct xbar *x = open_board();
	void *buf, *file;
	size_t n, n_file;

	(void)state;
	set_once(x);
	assert_int_equal(xbar_save(x, &buf, &n), 0);
	file = content(&n_file);
	assert_int_equal(n, n_file);
	assert_memory_equal(buf, file, n);
	free(buf);
	free(file);
	xbar_close(x);
}

static void a_board_that_only_was_looked_at_is_not_written(void **state)
{
	struct stat before, after;
	struct xbar *x = open_board();

	(void)state;
	set_once(x);
	xbar_close(x);
	assert_int_equal(stat(path, &before), 0);
	x = open_board();
	assert_int_equal(n_set(x), 4);
	xbar_close(x);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void the_complete_uri_has_the_full_path(void **state)
{
	char relative[64], full[512];
	struct xbar *x;
	int here = open(".", O_RDONLY);

	(void)state;
	assert_true(here >= 0);
	assert_int_equal(chdir(folder), 0);
	snprintf(relative, sizeof(relative), "emu:?state=board.state&chips=1");
	assert_int_equal(try(&x, relative), 0);
	snprintf(full, sizeof(full), "%s", xbar_info(x)->uri);
	assert_non_null(strstr(full, path));
	set_once(x);
	xbar_close(x);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_int_equal(try(&x, full), 0);
	assert_int_equal(n_set(x), 4);
	xbar_close(x);
}

static void two_at_once_are_ebusy_until_the_first_closes(void **state)
{
	struct xbar *first = open_board(), *second;
	void *buf;
	size_t n;

	(void)state;
	assert_int_equal(try(&second, uri), -EBUSY);
	assert_non_null(strstr(said, "another program"));
	/* Saving replaces the file: the new one is locked as well. */
	assert_int_equal(xbar_save(first, &buf, &n), 0);
	free(buf);
	assert_int_equal(try(&second, uri), -EBUSY);
	xbar_close(first);
	assert_int_equal(try(&second, uri), 0);
	xbar_close(second);
}

/* Opening must fail with this error and leave the file's bytes alone. */
static void assert_untouched(const char *text, int error, const char *reason)
{
	size_t n, n_after;
	void *before = content(&n), *after;
	struct xbar *x;

	assert_int_equal(try(&x, text), error);
	if (!strstr(said, reason) || !strstr(said, path))
		fail_msg("\"%s\" does not say \"%s\"", said, reason);
	after = content(&n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(before, after, n);
	free(before);
	free(after);
}

static void damaged_and_foreign_files_are_refused_and_left_alone(void **state)
{
	struct xbar *x = open_board();
	uint8_t *good;
	size_t n;

	(void)state;
	xbar_close(x);
	good = content(&n);
	put("text that matters", 17);
	assert_untouched(uri, -EBADMSG, "not the state of an emulated board");
	good[n / 2] ^= 1;
	put(good, n);
	assert_untouched(uri, -EBADMSG, "damaged");
	good[n / 2] ^= 1;
	put(good, n - 100);
	assert_untouched(uri, -EBADMSG, "damaged");
	put(good, 20);
	assert_untouched(uri, -EBADMSG, "damaged");
	put(good, n);
	free(good);
	assert_int_equal(try(&x, uri), 0);
	xbar_close(x);
}

static void another_boards_file_is_refused_with_its_uri(void **state)
{
	struct xbar *x = open_board();
	char other[256];

	(void)state;
	xbar_close(x);
	snprintf(other, sizeof(other), "emu:?chips=1&seed=4&state=%s", path);
	assert_untouched(other, -EINVAL, "emu:?chips=1&seed=3");
	snprintf(other, sizeof(other), "emu:?chips=2&seed=3&state=%s", path);
	assert_untouched(other, -EINVAL, "emu:?chips=1&seed=3");
	/* Spelt otherwise, the same board. */
	snprintf(other, sizeof(other), "emu:?seed=3&drift_nu=0.04&chips=1&state=%s", path);
	assert_int_equal(try(&x, other), 0);
	xbar_close(x);
}

static void files_that_cannot_be_are_refused(void **state)
{
	struct xbar *x;
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "emu:?state=%s/none/board.state", folder);
	assert_int_equal(try(&x, text), -ENOENT);
	assert_non_null(strstr(said, "none/board.state"));
	snprintf(text, sizeof(text), "emu:?state=%s", folder);
	assert_int_equal(try(&x, text), -EISDIR);
	assert_int_equal(try(&x, "emu:?state=/dev/null"), -EINVAL);
	assert_non_null(strstr(said, "not a regular file"));
}

static void a_board_that_cannot_be_written_says_so_at_close(void **state)
{
	struct xbar *x = open_board();

	(void)state;
	set_once(x);
	xbar_close(x);
	assert_string_equal(said, "");
	x = open_board();
	set_once(x);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	xbar_close(x);
	assert_non_null(strstr(said, "cannot write"));
	assert_int_equal(mkdir(folder, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_board_goes_on_where_the_last_program_left_it, set_up),
		cmocka_unit_test_setup(saving_writes_the_file_at_once, set_up),
		cmocka_unit_test_setup(a_board_that_only_was_looked_at_is_not_written, set_up),
		cmocka_unit_test_setup(the_complete_uri_has_the_full_path, set_up),
		cmocka_unit_test_setup(two_at_once_are_ebusy_until_the_first_closes, set_up),
		cmocka_unit_test_setup(
			damaged_and_foreign_files_are_refused_and_left_alone, set_up),
		cmocka_unit_test_setup(another_boards_file_is_refused_with_its_uri, set_up),
		cmocka_unit_test_setup(files_that_cannot_be_are_refused, set_up),
		cmocka_unit_test_setup(a_board_that_cannot_be_written_says_so_at_close, set_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
