/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_folder.h - a study on disk:
 *
 *	STUDY/study.yaml          the file, as it was given
 *	STUDY/points/NAME/        a point's run folder (runlog.h), and
 *	STUDY/points/NAME/log.txt what its training said
 *	STUDY/points/NAME/failed  why, if it did
 *	STUDY/table.csv, table.h5, points.csv, *.svg   what collect and plot made
 *
 * A point is finished when its metrics.csv has all its epochs. So nothing needs to be kept in step
 * with the runs, and there is nothing that a kill could leave wrong.
 */
#ifndef SNN_STUDY_FOLDER_H
#define SNN_STUDY_FOLDER_H

#include "study.h"

enum snn_point_state {
	SNN_POINT_WAITING,
	SNN_POINT_BEGUN, /* under way, or interrupted */
	SNN_POINT_FAILED,
	SNN_POINT_DONE
};

struct snn_study_point {
	char name[SNN_STUDY_N_NAME + 1];
	uint32_t epochs;
};

struct snn_study_folder {
	char *path;
	struct snn_study *study;
	struct snn_study_point *point; /* [study->n_point] */
	int lock;                      /* -1 none */
};

/* Make the folder, or put a changed file into an old one. Points that stay the same stay done. */
int snn_study_create(
	struct snn_study_folder *ret, const char *path, const char *file, struct snn_error *e);
/* An existing one. */
int snn_study_open(struct snn_study_folder *ret, const char *path, struct snn_error *e);
void snn_study_close(struct snn_study_folder *f);
/* Keep other processes from running points here; -EBUSY. Until close. */
int snn_study_lock(struct snn_study_folder *f, struct snn_error *e);

/* "STUDY/points/NAME/file", or the folder itself for file NULL; yours to free(), NULL without memory. */
char *snn_study_path(const struct snn_study_folder *f, size_t point, const char *file);
enum snn_point_state snn_study_state(const struct snn_study_folder *f, size_t point);

#endif
