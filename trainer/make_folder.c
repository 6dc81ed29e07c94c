/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "make_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int make_one(const char *path, struct snn_error *e)
{
	struct stat st;
	int code;

	if (mkdir(path, 0777) == 0)
		return 0;
	code = errno;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
			? 0
			: snn_fail(e, -ENOTDIR, "%s is a file, not a folder", path);
	return snn_fail(e, -code, "folder %s cannot be made: %s", path, strerror(code));
}

int snn_make_folder(const char *path, struct snn_error *e)
{
	char *part = strdup(path);
	int r = 0;

	if (!part)
		return snn_fail(e, -ENOMEM, "%s: no memory", path);
	if (!*part)
		r = snn_fail(e, -ENOENT, "a folder without a name");
	for (char *p = part; r == 0 && (p = strchr(p + 1, '/'));) {
		*p = '\0';
		r = make_one(part, e);
		*p = '/';
	}
	if (r == 0)
		r = make_one(part, e);
	free(part);
	return r;
}
