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
 * Train the points of a study that are not finished, or only share 1 .. n_share of them (study_slurm.h;
 * n_share 0: all), with progress on stderr; n_process 0: one a processor. As snn_study_local().
 */
int cmd_study_points(struct snn_study_folder *f, unsigned long share, unsigned long n_share,
	unsigned long n_process, bool is_quiet, struct snn_error *e);

/* Seconds of the wall clock since some moment. */
double cli_seconds(void);

#endif
