/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_file.c - files that appear whole or not at all. */
#include "page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "disk.h"
#include "page_text.h"

/* A device or pipe cannot be renamed onto: written as it is. */
static int write_special(const char *path, const void *buf, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = disk_write_all(fd, buf, n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* `beside` is a template of mkostemp(). The mode is what open(2) would give, or the old file's. */
static int write_beside(const char *path, char *beside, const void *buf, size_t n)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : write_special(path, buf, n);
	if (stat(path, &st) < 0)
		st.st_mode = 0644;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, st.st_mode & 0777) < 0 ? -errno : disk_write_all(fd, buf, n);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(beside);
	return r < 0 ? r : disk_sync_folder(path);
}

int page_file_write(const char *path, const void *buf, size_t n, struct page_error *err)
{
	static const char suffix[] = ".XXXXXX";
	size_t n_path = strlen(path);
	char *beside = malloc(n_path + sizeof(suffix));
	int r = -ENOMEM;

	/* Not snprintf(): gcc 12 with the sanitizers takes path for NULL here and warns. */
	if (beside) {
		memcpy(beside, path, n_path);
		memcpy(beside + n_path, suffix, sizeof(suffix));
		r = write_beside(path, beside, buf, n);
	}
	free(beside);
	return r < 0 ? page_fail(err, r, "%s: cannot be written: %s", path, strerror(-r)) : 0;
}
