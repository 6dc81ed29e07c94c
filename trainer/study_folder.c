/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "config_yaml.h"
#include "make_folder.h"
#include "metrics.h"
#include "read_file.h"
#include "runlog.h"

/* "PATH/name"; yours to free(). */
static char *join(const char *path, const char *name)
{
	char *text;

	return asprintf(&text, "%s/%s", path, name) < 0 ? NULL : text;
}

char *snn_study_path(const struct snn_study_folder *f, size_t point, const char *file)
{
	char *text;

	return asprintf(&text, "%s/points/%s%s%s", f->path, f->point[point].name, file ? "/" : "",
		       file ? file : "") < 0
		? NULL
		: text;
}

static int name_points(struct snn_study_folder *f, struct snn_error *e)
{
	const struct snn_study *s = f->study;
	struct snn_config c;
	int r = 0;

	f->point = calloc(s->n_point, sizeof(*f->point));
	if (!f->point)
		return snn_fail(e, -ENOMEM, "%s: no memory", f->path);
	for (size_t i = 0; r == 0 && i < s->n_point; i++) {
		r = snn_study_config(s, i, &c, e);
		if (r < 0)
			break;
		snn_study_name(&c, f->point[i].name);
		f->point[i].epochs = c.train.epochs;
	}
	return r;
}

static int init(struct snn_study_folder *f, const char *path, const char *file, struct snn_error *e)
{
	int r = snn_study_read(&f->study, file, e);

	if (r < 0)
		return r;
	f->path = strdup(path);
	return f->path ? name_points(f, e) : snn_fail(e, -ENOMEM, "%s: no memory", path);
}

/* The file as it was given; points that no longer belong to the study just stay. */
static int keep_file(const struct snn_study_folder *f, struct snn_error *e)
{
	char *file = join(f->path, "study.yaml"), *points = join(f->path, "points"), *old = NULL;
	size_t n = 0;
	int r = file && points ? snn_make_folder(points, e)
			       : snn_fail(e, -ENOMEM, "%s: no memory", f->path);

	if (r == 0 && snn_read_file(&old, &n, file, SNN_YAML_MAX, NULL) == 0 &&
		n == f->study->n_text && !memcmp(old, f->study->text, n))
		goto out;
	if (r == 0)
		r = snn_write_file(file, f->study->text, f->study->n_text, e);
out:
	free(old);
	free(points);
	free(file);
	return r;
}

int snn_study_create(
	struct snn_study_folder *ret, const char *path, const char *file, struct snn_error *e)
{
	struct snn_study_folder f = { .lock = -1 };
	int r = init(&f, path, file, e);

	if (r == 0)
		r = snn_study_check(f.study, e);
	if (r == 0)
		r = keep_file(&f, e);
	if (r < 0)
		snn_study_close(&f);
	else
		*ret = f;
	return r;
}

int snn_study_open(struct snn_study_folder *ret, const char *path, struct snn_error *e)
{
	struct snn_study_folder f = { .lock = -1 };
	char *file = join(path, "study.yaml");
	int r;

	if (!file)
		return snn_fail(e, -ENOMEM, "%s: no memory", path);
	if (access(file, F_OK) < 0)
		r = snn_fail(e, -errno, "%s is not a study: study.yaml: %s", path, strerror(errno));
	else
		r = init(&f, path, file, e);
	free(file);
	if (r < 0)
		snn_study_close(&f);
	else
		*ret = f;
	return r;
}

void snn_study_close(struct snn_study_folder *f)
{
	if (f->lock >= 0)
		close(f->lock);
	snn_study_free(f->study);
	free(f->point);
	free(f->path);
	*f = (struct snn_study_folder){ .lock = -1 };
}

int snn_study_lock(struct snn_study_folder *f, struct snn_error *e)
{
	char *file = join(f->path, "lock");
	int r = 0;

	if (!file)
		return snn_fail(e, -ENOMEM, "%s: no memory", f->path);
	f->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (f->lock < 0)
		r = snn_fail(e, -errno, "%s: %s", file, strerror(errno));
	else if (flock(f->lock, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK
			? snn_fail(e, -EBUSY, "%s is being run by another process", f->path)
			: snn_fail(e, -errno, "%s: %s", file, strerror(errno));
	free(file);
	return r;
}

static bool is_there(const struct snn_study_folder *f, size_t point, const char *name)
{
	char *file = snn_study_path(f, point, name);
	bool is = file && access(file, F_OK) == 0;

	free(file);
	return is;
}

static bool is_done(const struct snn_study_folder *f, size_t point)
{
	char *file = snn_study_path(f, point, "metrics.csv");
	struct snn_metrics m;
	bool is = false;

	if (file && snn_metrics_read(&m, file, NULL) == 0) {
		is = m.n_row >= f->point[point].epochs;
		snn_metrics_done(&m);
	}
	free(file);
	return is;
}

enum snn_point_state snn_study_state(const struct snn_study_folder *f, size_t point)
{
	if (is_done(f, point))
		return SNN_POINT_DONE;
	if (is_there(f, point, "failed"))
		return SNN_POINT_FAILED;
	return is_there(f, point, "config.yaml") ? SNN_POINT_BEGUN : SNN_POINT_WAITING;
}
