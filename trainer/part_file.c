/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runlog.h"

struct snn_part {
	int fd; /* -1 when closed */
	char *path, *beside;
	bool is_there; /* the file beside */
};

/*
 * A name that nobody else has: two processes that write the same file do not meet, the later rename
 * wins. The process id alone would not do, containers that share a folder have the same ones.
 */
static int open_beside(struct snn_part *p)
{
	for (unsigned i = 0; i < 1000; i++) {
		int fd;

		if (asprintf(&p->beside, "%s.%ld-%u.part", p->path, (long)getpid(), i) < 0) {
			p->beside = NULL; /* undefined after a failure */
			return -ENOMEM;
		}
		fd = open(p->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
		free(p->beside);
		p->beside = NULL;
	}
	return -EEXIST;
}

int snn_part_open(struct snn_part **ret, const char *path, struct snn_error *e)
{
	struct snn_part *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (!p)
		return snn_fail(e, r, "%s: no memory", path);
	p->fd = -1;
	p->path = strdup(path);
	if (p->path)
		r = open_beside(p);
	if (r < 0) {
		snn_part_free(p);
		return snn_fail(e, r, "%s cannot be written: %s", path, strerror(-r));
	}
	p->fd = r;
	p->is_there = true;
	*ret = p;
	return 0;
}

static int part_fail(struct snn_part *p, int code, struct snn_error *e)
{
	return snn_fail(e, code, "%s cannot be written: %s; what was there before is unchanged",
		p->path, strerror(-code));
}

int snn_part_write(struct snn_part *p, const void *data, size_t n, struct snn_error *e)
{
	const char *at = data;

	while (n) {
		ssize_t r = write(p->fd, at, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return part_fail(p, -errno, e);
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

/* Folders of some network file systems cannot be synced (EINVAL): nothing to be done about it. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd, r = 0;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		r = -errno;
	else if (fsync(fd) < 0 && errno != EINVAL)
		r = -errno;
	if (fd >= 0)
		close(fd);
	free(folder);
	return r;
}

int snn_part_commit(struct snn_part *p, struct snn_error *e)
{
	int fd = p->fd;
	int r;

	if (fsync(fd) < 0)
		return part_fail(p, -errno, e);
	p->fd = -1;
	if (close(fd) < 0)
		return part_fail(p, -errno, e);
	if (rename(p->beside, p->path) < 0)
		return part_fail(p, -errno, e);
	p->is_there = false;
	r = sync_folder(p->path);
	if (r < 0)
		return snn_fail(e, r, "%s is written, but its folder could not be synced: %s",
			p->path, strerror(-r));
	return 0;
}

void snn_part_free(struct snn_part *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	if (p->is_there)
		unlink(p->beside);
	free(p->path);
	free(p->beside);
	free(p);
}

int snn_write_file(const char *path, const void *data, size_t n, struct snn_error *e)
{
	struct snn_part *p;
	int r = snn_part_open(&p, path, e);

	if (r < 0)
		return r;
	r = snn_part_write(p, data, n, e);
	if (r == 0)
		r = snn_part_commit(p, e);
	snn_part_free(p);
	return r;
}
