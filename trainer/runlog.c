/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runlog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "config_value.h"
#include "make_folder.h"
#include "version.h"

#define MAX_PATH 2048

struct snn_runlog {
	char path[MAX_PATH];
	char file[MAX_PATH + 64];
	int lock; /* -1 none */
};

const char *snn_runlog_path(const struct snn_runlog *l)
{
	return l->path;
}

const char *snn_runlog_file(struct snn_runlog *l, const char *name)
{
	snprintf(l->file, sizeof(l->file), "%s/%s", l->path, name);
	return l->file;
}

static int busy(struct snn_runlog *l, int fd, struct snn_error *e)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	if (n <= 0)
		return snn_fail(e, -EBUSY, "%s is in use by another process", l->path);
	pid[strspn(pid, "0123456789")] = '\0';
	return snn_fail(e, -EBUSY, "%s is in use by process %s", l->path, pid);
}

/* An open, locked lock file; a negative errno. */
static int open_lock(struct snn_runlog *l, const char *file, struct snn_error *e)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	int r;

	if (fd < 0)
		return snn_fail(e, -errno, "%s: %s", file, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = errno == EWOULDBLOCK ? busy(l, fd, e)
				 : snn_fail(e, -errno, "%s: %s", file, strerror(errno));
	close(fd);
	return r;
}

static bool is_at(int fd, const char *file)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(file, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino;
}

/*
 * The lock is the flock, not the file: it ends with the process, and the file stays. Only
 * snn_runlog_discard() removes the file; who opened it just before that has locked nothing, and
 * tries again.
 */
static int take_lock(struct snn_runlog *l, struct snn_error *e)
{
	const char *file = snn_runlog_file(l, "lock");
	int fd = open_lock(l, file, e);

	while (fd >= 0 && !is_at(fd, file)) {
		close(fd);
		fd = open_lock(l, file, e);
	}
	if (fd < 0)
		return fd;
	l->lock = fd;
	if (ftruncate(fd, 0) < 0)
		return snn_fail(e, -errno, "%s: %s", file, strerror(errno));
	/* Only for the message to others: a run on a full disk can still be evaluated. */
	dprintf(fd, "%ld\n", (long)getpid());
	return 0;
}

static int new_log(struct snn_runlog **ret, const char *path, struct snn_error *e)
{
	struct snn_runlog *l = calloc(1, sizeof(*l));

	if (!l)
		return snn_fail(e, -ENOMEM, "%s: no memory", path);
	l->lock = -1;
	if ((size_t)snprintf(l->path, sizeof(l->path), "%s", path) >= sizeof(l->path)) {
		free(l);
		return snn_fail(e, -ENAMETOOLONG, "path too long: %.200s...", path);
	}
	*ret = l;
	return 0;
}

void snn_runlog_close(struct snn_runlog *l)
{
	if (!l)
		return;
	if (l->lock >= 0)
		close(l->lock);
	free(l);
}

/* runs/TASK-RULE-WEIGHTS-sSEED-YYYYmmdd-HHMMSS; a second run in that second gets "-2", ... */
static int make_default_folder(char *buf, size_t n, const struct snn_config *c, struct snn_error *e)
{
	char weights[32], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int r = snn_make_folder("runs", e);

	if (r < 0)
		return r;
	r = snn_config_value(c, "weights", weights, sizeof(weights));
	if (r < 0)
		return snn_fail(e, r, "weights: %s", strerror(-r));
	if (!localtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm))
		return snn_fail(
			e, -EINVAL, "the time of day is not known: give a folder with --out");
	for (int i = 1; i < 1000; i++) {
		int len = snprintf(buf, n, "runs/%s-%s-%s-s%llu-%s", c->task, c->rule, weights,
			(unsigned long long)c->seed, stamp);

		if (i > 1)
			snprintf(buf + len, n - (size_t)len, "-%d", i);
		if (mkdir(buf, 0777) == 0)
			return 0;
		if (errno != EEXIST)
			return snn_fail(
				e, -errno, "folder %s cannot be made: %s", buf, strerror(errno));
	}
	return snn_fail(e, -EEXIST, "a thousand runs in one second: give a folder with --out");
}

int snn_runlog_configure(struct snn_runlog *l, const struct snn_config *c, struct snn_error *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	int r;

	if (!f)
		return snn_fail(e, -ENOMEM, "%s: no memory", l->path);
	fprintf(f, "# The whole configuration of this run; crossloop %s (%s).\n\n", snn_version,
		snn_revision);
	r = snn_config_print(c, f);
	if (fclose(f) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		r = snn_write_file(snn_runlog_file(l, "config.yaml"), text, n, e);
	else
		snn_fail(e, r, "%s/config.yaml cannot be made: %s", l->path, strerror(-r));
	free(text);
	return r;
}

static int refuse_used(struct snn_runlog *l, struct snn_error *e)
{
	static const char *const names[] = { "config.yaml", "metrics.csv", "checkpoint.h5",
		"best.h5" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (access(snn_runlog_file(l, names[i]), F_OK) == 0)
			return snn_fail(e, -EEXIST,
				"%s holds a run already (%s): go on with --resume, or give another folder",
				l->path, names[i]);
	}
	return 0;
}

int snn_runlog_create(
	struct snn_runlog **ret, const char *path, const struct snn_config *c, struct snn_error *e)
{
	char own[MAX_PATH];
	struct snn_runlog *l = NULL;
	int r;

	if (path) {
		r = snn_make_folder(path, e);
	} else {
		r = make_default_folder(own, sizeof(own), c, e);
		path = own;
	}
	if (r < 0)
		return r;
	r = new_log(&l, path, e);
	if (r < 0)
		return r;
	r = take_lock(l, e);
	if (r == 0)
		r = refuse_used(l, e);
	if (r == 0) /* last: a folder with a config.yaml is a whole run */
		r = snn_runlog_configure(l, c, e);
	if (r < 0) {
		snn_runlog_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

void snn_runlog_discard(struct snn_runlog *l)
{
	unlink(snn_runlog_file(l, "config.yaml"));
	unlink(snn_runlog_file(l, "lock"));
	rmdir(l->path); /* only if nothing else is in it */
	snn_runlog_close(l);
}

/* What a process that was killed while writing left beside; the lock is ours, so nobody writes. */
static void sweep(struct snn_runlog *l)
{
	DIR *d = opendir(l->path);
	const struct dirent *f;

	while (d && (f = readdir(d))) {
		size_t n = strlen(f->d_name);

		if (n > 5 && !strcmp(f->d_name + n - 5, ".part"))
			unlink(snn_runlog_file(l, f->d_name));
	}
	if (d)
		closedir(d);
}

static int open_folder(struct snn_runlog **ret, const char *path, bool is_to_write,
	struct snn_config *c, struct snn_error *e)
{
	struct snn_runlog *l = NULL;
	int r = new_log(&l, path, e);

	if (r < 0)
		return r;
	if (access(snn_runlog_file(l, "config.yaml"), F_OK) < 0)
		r = snn_fail(e, -errno, "%s is not a run folder: config.yaml: %s", path,
			strerror(errno));
	if (r == 0 && is_to_write) {
		r = take_lock(l, e);
		if (r == 0)
			sweep(l);
	}
	if (r == 0)
		r = snn_config_read(c, snn_runlog_file(l, "config.yaml"), e);
	if (r < 0) {
		snn_runlog_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

int snn_runlog_open(
	struct snn_runlog **ret, const char *path, struct snn_config *c, struct snn_error *e)
{
	return open_folder(ret, path, true, c, e);
}

int snn_runlog_look(
	struct snn_runlog **ret, const char *path, struct snn_config *c, struct snn_error *e)
{
	return open_folder(ret, path, false, c, e);
}

/* The fewest digits that read back to the same bits; nothing for NAN. */
static void print_field(FILE *f, double v)
{
	char buf[32];

	fputc(',', f);
	if (!isnan(v) && snn_double_print(v, buf, sizeof(buf)) > 0)
		fputs(buf, f);
}

static void print_row(FILE *f, const struct snn_epoch *w)
{
	fprintf(f, "%u", w->epoch);
	print_field(f, w->rate);
	print_field(f, w->train_nll);
	print_field(f, w->valid_nll);
	print_field(f, w->test_nll);
	print_field(f, w->activity);
	fprintf(f, ",%llu,%llu,%llu,%llu,%llu", (unsigned long long)w->n_set,
		(unsigned long long)w->n_reset, (unsigned long long)w->n_read,
		(unsigned long long)w->n_sat, (unsigned long long)w->n_refresh);
	print_field(f, w->chip_time);
	print_field(f, w->energy);
	print_field(f, w->train_accuracy);
	print_field(f, w->valid_accuracy);
	print_field(f, w->test_accuracy);
	fputc('\n', f);
}

int snn_runlog_metrics(
	struct snn_runlog *l, const struct snn_epoch *row, size_t n, struct snn_error *e)
{
	char *text = NULL;
	size_t n_text = 0;
	FILE *f = open_memstream(&text, &n_text);
	int r;

	if (!f)
		return snn_fail(e, -ENOMEM, "%s: no memory", l->path);
	fputs("epoch,rate,train_nll,valid_nll,test_nll,activity,n_set,n_reset,n_read,n_sat,"
	      "n_refresh,chip_time_s,energy_j,train_accuracy,valid_accuracy,test_accuracy\n",
		f);
	for (size_t i = 0; i < n; i++)
		print_row(f, &row[i]);
	r = ferror(f) ? -ENOMEM : 0;
	if (fclose(f) != 0)
		r = -ENOMEM;
	if (r == 0)
		r = snn_write_file(snn_runlog_file(l, "metrics.csv"), text, n_text, e);
	else
		snn_fail(e, r, "%s/metrics.csv: no memory", l->path);
	free(text);
	return r;
}
