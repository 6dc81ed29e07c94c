/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emulator_test.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_preset_XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);
	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Refused, with the file, the line and these words, and nothing changed. */
static void refuse(const char *text, int expected, int line, const char *words)
{
	struct pcm_params prm, before;
	char complaint[256], where[64];
	write_file(text, strlen(text));
	snprintf(where, sizeof(where), "%s:%d: ", path, line);
	pcm_params_default(&prm);
	before = prm;
	assert_int_equal(pcm_params_load(&prm, path, complaint, sizeof(complaint)), expected);
	assert_memory_equal(&prm, &before, sizeof(prm));
	if (!strstr(complaint, words) || strncmp(complaint, where, strlen(where)))
		fail_msg("\"%s\" is not \"%s ... %s\"", complaint, where, words);
}

static void built_in_presets_are_their_files(void **state)
{
	(void)state;
	for (const struct pcm_preset *p = pcm_preset_table; p->name; p++) {
		struct pcm_params built_in, loaded;
		char file[512], complaint[256] = "";
		pcm_params_default(&loaded);
		assert_int_equal(pcm_params_set(&loaded, "seed", "77"), 0);
		snprintf(file, sizeof(file), PRESETS "/%s.yaml", p->name);
		assert_int_equal(pcm_params_load(&loaded, file, complaint, sizeof(complaint)), 0);
		assert_int_equal(pcm_params_set(&built_in, "preset", p->name), 0);
		assert_memory_equal(&built_in, &loaded, sizeof(loaded));
		assert_null(pcm_params_complaint(&loaded));
		assert_true(*p->help);
	}
}

static void a_file_starts_from_its_preset(void **state)
{
	const char text[] = "seed: 9\nhelp: mine\n\ng_min: 0.2e-6 # S\npreset: staircase\n"
			    "faults: \"row:3,set:1:2:0\"\n";
	struct pcm_params prm;
	char complaint[256];
	(void)state;
	write_file(text, strlen(text));
	assert_int_equal(pcm_params_load(&prm, path, complaint, sizeof(complaint)), 0);
	assert_true(prm.g_max == 20e-6 && prm.g_min == 0.2e-6);
	assert_int_equal(prm.seed, 9);
	assert_string_equal(prm.faults, "row:3,set:1:2:0");
	write_file("# all default\n", 14);
	assert_int_equal(pcm_params_load(&prm, path, complaint, sizeof(complaint)), 0);
	assert_true(prm.g_max == 12e-6 && prm.seed == 0);
}

static void complaints_name_file_line_and_remedy(void **state)
{
	(void)state;
	refuse("seed: 1\ndrift_mu: 0.1\n", -EINVAL, 2, "did you mean \"drift_nu\"");
	refuse("\n\npreset: idael\n", -EINVAL, 3, "did you mean \"ideal\"");
	refuse("drift_nu: 2\n", -ERANGE, 1, "drift_nu: 2 is outside 0 .. 1");
	refuse("seed: 1\ndrift_nu: much\n", -EINVAL, 2, "\"much\"");
	refuse("seed: 1\nseed: 2\n", -EINVAL, 2, "twice, first on line 1");
	refuse("a: [1]\n", -EINVAL, 1, "key: value");
	refuse("a:\n  b: 1\n", -EINVAL, 2, "key: value");
	refuse("nonsense\n", -EINVAL, 1, "key: value");
	refuse("seed: 1\nx: \"\n", -EINVAL, 2, "");
	refuse("seed: 1\n%TAG\n", -EINVAL, 2, "directives");
	refuse("seed: 1\nhelp: \x01\n", -EINVAL, 2, "control character");
}

static void a_missing_file_is_enoent(void **state)
{
	struct pcm_params prm;
	char complaint[256];
	(void)state;
	assert_int_equal(pcm_params_load(&prm, "/nonexistent/x.yaml", complaint, 256), -ENOENT);
	assert_string_equal(complaint, "/nonexistent/x.yaml: No such file or directory");
}

static void files_are_told_from_names(void **state)
{
	(void)state;
	assert_true(pcm_preset_is_file("x.yaml") && pcm_preset_is_file("x.yml"));
	assert_true(pcm_preset_is_file("./x") && pcm_preset_is_file("/tmp/x"));
	assert_false(pcm_preset_is_file("ideal") || pcm_preset_is_file("yaml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_presets_are_their_files),
		cmocka_unit_test(a_file_starts_from_its_preset),
		cmocka_unit_test(complaints_name_file_line_and_remedy),
		cmocka_unit_test(a_missing_file_is_enoent),
		cmocka_unit_test(files_are_told_from_names),
	};
	return cmocka_run_group_tests_name("preset_file", tests, make_file, remove_file);
}
