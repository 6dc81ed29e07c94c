/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_local.h - points of a study as processes on this machine, each `osttp train` in its own run
 * folder.
 *
 * What is finished is skipped, what was interrupted goes on from its checkpoint, what fails is tried
 * once more. Trainings end with the process that started them (SIGTERM: they write a checkpoint),
 * also when that is killed.
 */
#ifndef SNN_STUDY_LOCAL_H
#define SNN_STUDY_LOCAL_H

#include "study_folder.h"

enum snn_study_what {
	SNN_STUDY_TICK,    /* nothing new, a second has passed */
	SNN_STUDY_STARTED, /* a point */
	SNN_STUDY_DONE,
	SNN_STUDY_RETRIED, /* failed, and starts again */
	SNN_STUDY_FAILED
};

struct snn_study_event {
	enum snn_study_what what;
	size_t point;                               /* not for TICK */
	double seconds;                             /* DONE: how long this point took */
	const char *why;                            /* RETRIED, FAILED; borrowed */
	size_t n_done, n_failed, n_running, n_left; /* of the points of this call; left: the rest */
	double left;                                /* s until all are done, NAN unknown */
};

struct snn_study_local {
	uint32_t n_process; /* at the same time, 1 .. 1024 */
	void (*event)(void *user, const struct snn_study_event *ev); /* may be NULL */
	void *user;
};

/*
 * Run points [n] of f, in their order. 0 all are done, 1 stopped by SIGINT or SIGTERM, 2 some
 * failed; -EINVAL, -ENOMEM, -EAGAIN (no process can be made).
 */
int snn_study_local(const struct snn_study_folder *f, const size_t *point, size_t n,
	const struct snn_study_local *how, struct snn_error *e);

#endif
