/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "make_folder.h"
#include "runlog.h"
#include "trainer_test.h"

static void assert_text(const char *file, const char *want)
{
	char *text = read_bytes(file, NULL);

	assert_string_equal(text, want);
	free(text);
}

static void committed_file_replaces_the_old_one(void **state)
{
	struct snn_error e = { "" };
	struct snn_part *p;

	(void)state;
	write_text("a", "old");
	assert_int_equal(snn_part_open(&p, "a", &e), 0);
	assert_int_equal(snn_part_write(p, "ne", 2, &e), 0);
	assert_int_equal(snn_part_write(p, "w", 1, &e), 0);
	assert_text("a", "old");
	assert_int_equal(snn_part_commit(p, &e), 0);
	snn_part_free(p);
	assert_text("a", "new");
	assert_int_equal(n_entries(), 1);
}

static void file_without_commit_leaves_nothing(void **state)
{
	struct snn_error e = { "" };
	struct snn_part *p;

	(void)state;
	assert_int_equal(snn_part_open(&p, "a", &e), 0);
	assert_int_equal(snn_part_write(p, "new", 3, &e), 0);
	snn_part_free(p);
	assert_int_equal(n_entries(), 0);
	snn_part_free(NULL);
}

/* Left by a crash, or being written by a process of the same id in another container. */
static void file_beside_of_somebody_else_is_left_alone(void **state)
{
	struct snn_error e = { "" };
	char beside[64];

	(void)state;
	snprintf(beside, sizeof(beside), "a.%ld-0.part", (long)getpid());
	write_text(beside, "half a fi");
	assert_int_equal(snn_write_file("a", "new", 3, &e), 0);
	assert_text("a", "new");
	assert_text(beside, "half a fi");
	assert_int_equal(n_entries(), 2);
}

static void full_disk_leaves_the_old_file_and_nothing_else(void **state)
{
	struct snn_error e = { "" };
	int r;

	(void)state;
	write_text("a", "old");
	limit_file_size(2);
	r = snn_write_file("a", "newer", 5, &e);
	limit_file_size(0);
	assert_int_equal(r, -EFBIG);
	assert_string_equal(
		e.text, "a cannot be written: File too large; what was there before is unchanged");
	assert_text("a", "old");
	assert_int_equal(n_entries(), 1);
}

static void place_that_cannot_be_written_is_named(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_write_file("none/a", "x", 1, &e), -ENOENT);
	assert_string_equal(e.text, "none/a cannot be written: No such file or directory");
	assert_int_equal(mkdir("a", 0777), 0);
	assert_int_equal(snn_write_file("a", "x", 1, &e), -EISDIR);
	assert_int_equal(n_entries(), 1);
}

static void folders_are_made_with_those_above(void **state)
{
	struct snn_error e = { "" };
	struct stat st;

	(void)state;
	assert_int_equal(snn_make_folder("a//b/c/", &e), 0);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(snn_make_folder("a/b", &e), 0);
	assert_int_equal(snn_make_folder("/", &e), 0);
	assert_int_equal(snn_make_folder("./x/../y", &e), 0);
	assert_int_equal(stat("y", &st), 0);
}

static void folder_in_the_way_of_a_file_is_enotdir(void **state)
{
	struct snn_error e = { "" };

	(void)state;
	write_text("a", "");
	assert_int_equal(snn_make_folder("a", &e), -ENOTDIR);
	assert_string_equal(e.text, "a is a file, not a folder");
	assert_int_equal(snn_make_folder("a/b", &e), -ENOTDIR);
	assert_int_equal(snn_make_folder("", &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(committed_file_replaces_the_old_one),
		scratch_test(file_without_commit_leaves_nothing),
		scratch_test(file_beside_of_somebody_else_is_left_alone),
		scratch_test(full_disk_leaves_the_old_file_and_nothing_else),
		scratch_test(place_that_cannot_be_written_is_named),
		scratch_test(folders_are_made_with_those_above),
		scratch_test(folder_in_the_way_of_a_file_is_enotdir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
