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

/* Seconds of the wall clock since some moment. */
double cli_seconds(void);

#endif
