/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_task_jsb.c - the loader of the JSB chorales, with files made here. test_jsb_data.c has the
 * real ones.
 */
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "data_path.h"
#include "trainer_test.h"

#define FILE_NAME "jsb-chorales-quarter.json"
#define SMALL                                                              \
	"{\"train\": [[[60, 64], [], [108, 21, 60, 60]], [[30], [31]]],\n" \
	"\"valid\": [[[], []]], \"test\": [[[60], [61], [62]]]}\n"

/* Loading text from a.json must fail with code and a message that contains part. */
static void assert_refused(const char *text, int code, const char *part)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	write_text("a.json", text);
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, "a.json", &e), code);
	assert_contains(e.text, "a.json");
	assert_contains(e.text, part);
}

static void good_file_is_loaded_as_it_stands(void **state)
{
	struct snn_dataset d;
	struct snn_error e = { "" };
	const struct snn_seq *s;

	(void)state;
	write_text("a.json", SMALL);
	if (task_load(&snn_task_jsb, &d, 1, "a.json", &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(d.n_in, 88);
	assert_int_equal(d.n_seq[SNN_TRAIN], 2);
	assert_int_equal(d.n_seq[SNN_VALID], 1);
	assert_int_equal(d.n_seq[SNN_TEST], 1);
	s = &d.seq[SNN_TRAIN][0];
	assert_int_equal(s->n_step, 3);
	assert_memory_equal(s->begin, ((const uint32_t[]){ 0, 2, 2, 5 }), 16);
	assert_memory_equal(s->note, ((const uint16_t[]){ 39, 43, 0, 39, 87 }), 10);
	assert_int_equal(d.seq[SNN_VALID][0].begin[2], 0);
	snn_dataset_done(&d);
}

static void wrong_content_names_split_piece_and_step(void **state)
{
	(void)state;
	assert_refused("{}", -EINVAL, "train: nothing where a list of pieces is expected");
	assert_refused("[]", -EINVAL, "train: nothing");
	assert_refused("{\"train\": 3}", -EINVAL, "train: a whole number where a list of pieces");
	assert_refused("{\"train\": []}", -EINVAL, "train: nothing");
	assert_refused("{\"train\": [[[60],[60]], {}]}", -EINVAL,
		"train, piece 1: an object where a list of steps is expected");
	assert_refused("{\"train\": [[[60]]]}", -EINVAL, "train, piece 0: 1 steps, expected 2 ..");
	assert_refused("{\"train\": [[[60],[61],7]]}", -EINVAL,
		"train, piece 0, step 2: a whole number where a list of notes is expected");
	assert_refused("{\"train\": [[[60],[61.0]]]}", -EINVAL,
		"train, piece 0, step 1: a number with a fraction where a note is expected");
	assert_refused(
		"{\"train\": [[[60],[\"C4\"]]]}", -EINVAL, "a text where a note is expected");
	assert_refused("{\"train\": [[[60],[null]]]}", -EINVAL, "true, false or null where a note");
	assert_refused("{\"train\": [[[60],[20]]]}", -ERANGE,
		"train, piece 0, step 1: note 20 is outside 21 .. 108 (MIDI)");
	assert_refused("{\"train\": [[[60],[-9223372036854775808]]]}", -ERANGE, "is outside");
	assert_refused("{\"train\": [[[60],[61]]], \"valid\": [[[60],[109]]]}", -ERANGE,
		"valid, piece 0, step 1: note 109");
}

static void malformed_json_names_the_line(void **state)
{
	(void)state;
	assert_refused("", -EINVAL, "a.json:1: not whole JSON");
	assert_refused("{\"train\":\n[[60,\n", -EINVAL, "a.json:3: not whole JSON");
	assert_refused("{\"train\": [], \"train\": []}", -EINVAL, "duplicate");
	assert_refused(SMALL "x", -EINVAL, "a.json:3: not whole JSON");
	assert_refused("{\"train\": [[[1e400]]]}", -EINVAL, "a.json:1: not whole JSON");
	assert_refused(
		"{\"train\": [[[99999999999999999999]]]}", -EINVAL, "a.json:1: not whole JSON");
	assert_refused("{\"\xff\": 1}", -EINVAL, "a.json:1: not whole JSON");
}

/* Recursion is jansson's to limit; this must not run out of stack. */
static void deep_nesting_is_an_error(void **state)
{
	size_t n = 1000000;
	char *text = malloc(n + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '[', n);
	text[n] = '\0';
	assert_refused(text, -EINVAL, "not whole JSON");
	free(text);
}

static void file_cut_anywhere_is_an_error(void **state)
{
	size_t n = strlen(SMALL);
	char text[sizeof(SMALL)];

	(void)state;
	for (size_t cut = 0; cut + 2 < n; cut++) {
		memcpy(text, SMALL, cut);
		text[cut] = '\0';
		assert_refused(text, -EINVAL, "not whole JSON");
	}
}

static void file_of_another_size_is_refused(void **state)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	(void)state;
	write_text("a.json", SMALL);
	assert_int_equal(truncate("a.json", 1 << 30), 0);
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, "a.json", &e), -EFBIG);
	assert_contains(e.text, "a.json has 1073741824 bytes");
}

static void clear_places(void)
{
	unsetenv("CROSSLOOP_DATA");
	setenv("XDG_DATA_HOME", "relative/is/ignored", 1);
	unsetenv("HOME");
}

/* --data, $CROSSLOOP_DATA, $XDG_DATA_HOME/crossloop, ~/.local/share/crossloop. */
static void file_is_looked_for_in_the_documented_order(void **state)
{
	struct snn_error e = { "" };
	char path[600], want[600], home[300];

	(void)state;
	clear_places();
	assert_int_equal(mkdir("home", 0777), 0);
	assert_int_equal(mkdir("home/.local", 0777), 0);
	assert_int_equal(mkdir("home/.local/share", 0777), 0);
	assert_int_equal(mkdir("home/.local/share/crossloop", 0777), 0);
	write_text("home/.local/share/crossloop/" FILE_NAME, "4");
	snprintf(home, sizeof(home), "%s/home", (const char *)*state);
	setenv("HOME", home, 1);
	snprintf(want, sizeof(want), "%s/.local/share/crossloop/" FILE_NAME, home);
	assert_int_equal(snn_data_path(path, sizeof(path), NULL, FILE_NAME, "jsb", &e), 0);
	assert_string_equal(path, want);
	setenv("XDG_DATA_HOME", home, 1);
	assert_int_equal(snn_data_path(path, sizeof(path), "", FILE_NAME, "jsb", &e), -ENOENT);
	assert_int_equal(mkdir("home/crossloop", 0777), 0);
	write_text("home/crossloop/" FILE_NAME, "3");
	assert_int_equal(snn_data_path(path, sizeof(path), "", FILE_NAME, "jsb", &e), 0);
	assert_contains(path, "home/crossloop/" FILE_NAME);
	setenv("CROSSLOOP_DATA", "env", 1);
	assert_int_equal(snn_data_path(path, sizeof(path), "", FILE_NAME, "jsb", &e), 0);
	assert_contains(path, "home/crossloop/" FILE_NAME); /* env has none */
	assert_int_equal(mkdir("env", 0777), 0);
	write_text("env/" FILE_NAME, "2");
	assert_int_equal(snn_data_path(path, sizeof(path), "", FILE_NAME, "jsb", &e), 0);
	assert_string_equal(path, "env/" FILE_NAME);
	write_text("mine.json", "1");
	assert_int_equal(snn_data_path(path, sizeof(path), "mine.json", FILE_NAME, "jsb", &e), 0);
	assert_string_equal(path, "mine.json");
	assert_int_equal(snn_data_path(path, sizeof(path), "env", FILE_NAME, "jsb", &e), 0);
	assert_string_equal(path, "env/" FILE_NAME);
}

static void missing_file_says_where_it_looked_and_how_to_get_it(void **state)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	(void)state;
	clear_places();
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, NULL, &e), -ENOENT);
	assert_contains(e.text, "$CROSSLOOP_DATA (not set)");
	assert_contains(e.text, "neither $XDG_DATA_HOME nor $HOME is set");
	assert_contains(e.text, "osttp data get jsb");
	assert_contains(e.text, "--data");
	setenv("CROSSLOOP_DATA", "env", 1);
	setenv("HOME", "/nobody", 1);
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, NULL, &e), -ENOENT);
	assert_contains(e.text, "$CROSSLOOP_DATA (env)");
	assert_contains(e.text, "/nobody/.local/share/crossloop;");
	/* What is given is not looked for elsewhere. */
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, "gone.json", &e), -ENOENT);
	assert_string_equal(e.text, "gone.json: No such file or directory");
	assert_int_equal(task_load(&snn_task_jsb, &d, 1, ".", &e), -ENOENT);
	assert_string_equal(e.text, "the folder . has no " FILE_NAME);
}

static void long_paths_are_refused_and_not_cut(void **state)
{
	struct snn_error e = { "" };
	char path[16], home[2000];

	(void)state;
	clear_places();
	write_text("a-long-name.json", "1");
	assert_int_equal(
		snn_data_path(path, sizeof(path), "a-long-name.json", FILE_NAME, "jsb", &e),
		-ENAMETOOLONG);
	assert_int_equal(
		snn_data_path(path, sizeof(path), ".", FILE_NAME, "jsb", &e), -ENAMETOOLONG);
	memset(home, 'x', sizeof(home));
	home[0] = '/';
	home[sizeof(home) - 1] = '\0';
	setenv("HOME", home, 1);
	assert_int_equal(snn_data_home(path, sizeof(path), &e), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(good_file_is_loaded_as_it_stands),
		scratch_test(wrong_content_names_split_piece_and_step),
		scratch_test(malformed_json_names_the_line),
		scratch_test(deep_nesting_is_an_error),
		scratch_test(file_cut_anywhere_is_an_error),
		scratch_test(file_of_another_size_is_refused),
		scratch_test(file_is_looked_for_in_the_documented_order),
		scratch_test(missing_file_says_where_it_looked_and_how_to_get_it),
		scratch_test(long_paths_are_refused_and_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
