/* SPDX-License-Identifier: GPL-3.0-or-later */
/* emu_file.c - the file behind state=FILE; see emu_state.h. */
#include "emu_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "disk.h"

#define N_MAX (1 << 30) /* bytes; 64 chips take a third of it */

static int failed(const struct emu_file *f, const char *path, const char *what, int r,
	struct xbar_message *msg)
{
	return xbar_fail(
		msg, r, "state file \"%s\": cannot %s: %s", f ? f->path : path, what, strerror(-r));
}

/* Is what is open under this name still what the name means? A rename may have come between. */
static bool is_current(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino;
}

static int check_kind(int fd, const char *path, struct xbar_message *msg)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failed(NULL, path, "examine", -errno, msg);
	if (!S_ISREG(st.st_mode))
		return xbar_fail(msg, -EINVAL, "state file \"%s\" is not a regular file", path);
	return 0;
}

static int open_locked(const char *path, struct xbar_message *msg)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
		int r;

		if (fd < 0)
			return failed(NULL, path, "open", -errno, msg);
		r = check_kind(fd, path, msg);
		if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
			r = errno == EWOULDBLOCK
				? xbar_fail(msg, -EBUSY,
					  "state file \"%s\": another program has this board open; "
					  "wait for it or use another file",
					  path)
				: failed(NULL, path, "lock", -errno, msg);
		if (r == 0 && is_current(fd, path))
			return fd;
		close(fd);
		if (r < 0)
			return r;
	}
}

int emu_file_open(struct emu_file *f, const char *path, struct xbar_message *msg)
{
	char full[PATH_MAX];
	int fd = open_locked(path, msg);

	if (fd < 0)
		return fd;
	if (!realpath(path, full)) {
		int r = failed(NULL, path, "find", -errno, msg);

		close(fd);
		return r;
	}
	if (strlen(full) >= sizeof(f->path)) {
		close(fd);
		return xbar_fail(msg, -EINVAL,
			"state file \"%s\": its full path is longer than %zu bytes", path,
			sizeof(f->path) - 1);
	}
	strcpy(f->path, full);
	f->fd = fd;
	return 0;
}

void emu_file_close(struct emu_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static int read_all(int fd, uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n;) {
		ssize_t r = pread(fd, buf + i, n - i, (off_t)i);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -EIO;
		i += (size_t)r;
	}
	return 0;
}

int emu_file_read(struct emu_file *f, void **ret, size_t *ret_n, struct xbar_message *msg)
{
	struct stat st;
	uint8_t *buf;
	int r;

	if (fstat(f->fd, &st) < 0)
		return failed(f, NULL, "examine", -errno, msg);
	if (st.st_size > N_MAX)
		return xbar_fail(msg, -EBADMSG,
			"state file \"%s\": not the state of an emulated board (%lld bytes)",
			f->path, (long long)st.st_size);
	buf = malloc((size_t)st.st_size + 1);
	if (!buf)
		return failed(f, NULL, "read", -ENOMEM, msg);
	r = read_all(f->fd, buf, (size_t)st.st_size);
	if (r < 0) {
		free(buf);
		return failed(f, NULL, "read", r, msg);
	}
	*ret = buf;
	*ret_n = (size_t)st.st_size;
	return 0;
}

/* Locked before it gets the name, so that there is no moment at which another program may enter. */
static int fill(const struct emu_file *f, int fd, const void *buf, size_t n)
{
	struct stat st;
	int r;

	if (fstat(f->fd, &st) < 0 || fchmod(fd, st.st_mode & 0777) < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	r = disk_write_all(fd, buf, n);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

int emu_file_write(struct emu_file *f, const void *buf, size_t n, struct xbar_message *msg)
{
	char beside[sizeof(f->path) + 8];
	int fd, r;

	snprintf(beside, sizeof(beside), "%s.XXXXXX", f->path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return failed(f, NULL, "write", -errno, msg);
	r = fill(f, fd, buf, n);
	if (r == 0 && rename(beside, f->path) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		unlink(beside);
		return failed(f, NULL, "write", r, msg);
	}
	close(f->fd);
	f->fd = fd;
	r = disk_sync_folder(f->path);
	return r < 0 ? failed(f, NULL, "write", r, msg) : 0;
}
