/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk.h"
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
	int r = disk_write_all(p->fd, data, n);

	return r < 0 ? part_fail(p, r, e) : 0;
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
	r = disk_sync_folder(p->path);
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
