/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int join(char *buf, size_t n, const char *a, const char *b, struct snn_error *e)
{
	int len = snprintf(buf, n, "%s/%s", a, b);

	if (len < 0 || (size_t)len >= n)
		return snn_fail(e, -ENAMETOOLONG, "path too long: %.200s.../%s", a, b);
	return 0;
}

int snn_data_home(char *buf, size_t n, struct snn_error *e)
{
	const char *xdg = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	/* The XDG base directory specification: a relative path is invalid and to be ignored. */
	if (xdg && xdg[0] == '/')
		return join(buf, n, xdg, "crossloop", e);
	if (home && home[0])
		return join(buf, n, home, ".local/share/crossloop", e);
	return snn_fail(e, -ENOENT, "no folder for data: neither $XDG_DATA_HOME nor $HOME is set");
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int in_given(char *buf, size_t n, const char *data, const char *file, struct snn_error *e)
{
	struct stat st;
	int r;

	if (stat(data, &st) < 0)
		return snn_fail(e, -errno, "%s: %s", data, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		int len = snprintf(buf, n, "%s", data);

		return (size_t)len < n ? 0 : snn_fail(e, -ENAMETOOLONG, "path too long: %s", data);
	}
	r = join(buf, n, data, file, e);
	if (r < 0)
		return r;
	return exists(buf) ? 0 : snn_fail(e, -ENOENT, "the folder %s has no %s", data, file);
}

int snn_data_path(char *buf, size_t n, const char *data, const char *file, const char *name,
	struct snn_error *e)
{
	const char *env = getenv("CROSSLOOP_DATA");
	char home[1024];
	int r;

	if (data && data[0])
		return in_given(buf, n, data, file, e);
	if (env && env[0]) {
		r = join(buf, n, env, file, e);
		if (r < 0 || exists(buf))
			return r;
	}
	r = snn_data_home(home, sizeof(home), e);
	if (r == 0) {
		r = join(buf, n, home, file, e);
		if (r < 0 || exists(buf))
			return r;
	} else {
		snprintf(home, sizeof(home),
			"the user's data folder (neither $XDG_DATA_HOME nor $HOME is set)");
	}
	return snn_fail(e, -ENOENT,
		"no %s in $CROSSLOOP_DATA (%.200s) nor in %.300s; get it with `osttp data get %s`, or give its place with --data",
		file, env && env[0] ? env : "not set", home, name);
}
