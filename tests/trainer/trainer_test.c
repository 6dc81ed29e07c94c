/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trainer_test.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/snn_test_XXXXXX", tmp && tmp[0] ? tmp : "/tmp") < 0)
		return -1;
	if (!mkdtemp(path) || chdir(path) < 0) {
		free(path);
		return -1;
	}
	*state = path;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int scratch_teardown(void **state)
{
	int r = chdir("/");

	if (nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
		r = -1;
	free(*state);
	return r;
}

void write_bytes(const char *file, const void *data, size_t n)
{
	FILE *f = fopen(file, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

void write_text(const char *file, const char *text)
{
	write_bytes(file, text, strlen(text));
}

char *read_bytes(const char *file, size_t *ret_n)
{
	FILE *f = fopen(file, "rb");
	char *text;
	long n;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	rewind(f);
	assert_true(n >= 0);
	text = malloc((size_t)n + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)n, f), n);
	fclose(f);
	text[n] = '\0';
	if (ret_n)
		*ret_n = (size_t)n;
	return text;
}

size_t n_entries(void)
{
	DIR *d = opendir(".");
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

void limit_file_size(size_t bytes)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes ? bytes : l.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

int task_load(const struct snn_task *t, struct snn_dataset *ret, uint64_t seed, const char *data,
	struct snn_error *e)
{
	struct snn_config c;

	snn_config_default(&c);
	c.seed = seed;
	snprintf(c.data, sizeof(c.data), "%s", data ? data : "");
	return t->load(ret, &c, e);
}
