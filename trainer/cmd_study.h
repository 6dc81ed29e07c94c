/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_study.h - the commands below osttp study. Private to cmd_study*.c.
 */
#ifndef SNN_CMD_STUDY_H
#define SNN_CMD_STUDY_H

#include "cli.h"
#include "study_folder.h"

int cmd_study_run(int argc, char **argv);
int cmd_study_status(int argc, char **argv);
int cmd_study_collect(int argc, char **argv);
int cmd_study_plot(int argc, char **argv);

/*
 * Train the points of a locked study that are not finished, or only one of them (1 ..; 0 all), with
 * progress on stderr; n_process 0: one a processor. As snn_study_local().
 */
int cmd_study_points(struct snn_study_folder *f, unsigned long only, unsigned long n_process,
	bool is_quiet, struct snn_error *e);

/* Seconds of the wall clock since some moment. */
double cli_seconds(void);

#endif
