/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "read_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "trainer_test.h"

static void whole_file_comes_with_a_zero_byte_behind(void **state)
{
	struct snn_error e = { "" };
	char *text;
	size_t n;

	(void)state;
	write_bytes("a", "x\0y", 3);
	assert_int_equal(snn_read_file(&text, &n, "a", 3, &e), 0);
	assert_int_equal(n, 3);
	assert_memory_equal(text, "x\0y", 4);
	free(text);
	write_bytes("a", "", 0);
	assert_int_equal(snn_read_file(&text, &n, "a", 0, &e), 0);
	assert_int_equal(n, 0);
	assert_string_equal(text, "");
	free(text);
}

static void what_is_not_a_file_that_fits_is_refused_by_name(void **state)
{
	struct snn_error e = { "" };
	char *text = NULL;
	size_t n = 7;

	(void)state;
	assert_int_equal(snn_read_file(&text, &n, "none", 10, &e), -ENOENT);
	assert_string_equal(e.text, "none: No such file or directory");
	assert_int_equal(snn_read_file(&text, &n, ".", 10, &e), -EISDIR);
	assert_string_equal(e.text, ". is a folder, a file is needed");
	assert_int_equal(snn_read_file(&text, &n, "/dev/null", 10, &e), -EINVAL);
	assert_string_equal(e.text, "/dev/null is not a regular file");
	write_text("a", "12345");
	assert_int_equal(snn_read_file(&text, &n, "a", 4, &e), -EFBIG);
	assert_string_equal(e.text, "a has 5 bytes, more than the 4 that are accepted");
	assert_null(text);
	assert_int_equal(n, 7);
}

/* Opening it must not wait for a writer. */
static void pipe_is_refused_at_once(void **state)
{
	struct snn_error e = { "" };
	char *text;
	size_t n;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_int_equal(snn_read_file(&text, &n, "pipe", 10, &e), -EINVAL);
}

/* A file name is somebody else's text: no escape sequence and no second line. */
static void message_cannot_steer_a_terminal(void **state)
{
	struct snn_error e = { "" };
	char *text;
	size_t n;

	(void)state;
	assert_int_equal(snn_read_file(&text, &n, "\x1b[2Jx\ny\x7f", 10, &e), -ENOENT);
	assert_string_equal(e.text, "?[2Jx?y?: No such file or directory");
}

static void long_name_is_cut_and_not_written_past_the_message(void **state)
{
	struct snn_error e;
	char name[5000];
	char *text;
	size_t n;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(snn_read_file(&text, &n, name, 10, &e), -ENAMETOOLONG);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(whole_file_comes_with_a_zero_byte_behind),
		scratch_test(what_is_not_a_file_that_fits_is_refused_by_name),
		scratch_test(pipe_is_refused_at_once),
		scratch_test(message_cannot_steer_a_terminal),
		scratch_test(long_name_is_cut_and_not_written_past_the_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
