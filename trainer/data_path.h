/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNN_DATA_PATH_H
#define SNN_DATA_PATH_H

#include <stddef.h>
#include "error.h"

/* The user's data folder: $XDG_DATA_HOME/crossloop, else ~/.local/share/crossloop. -ENOENT, -ENAMETOOLONG. */
int snn_data_home(char *buf, size_t n, struct snn_error *e);

/*
 * Where a task's file is: in data (the file itself or its folder) if given, else in the folder
 * $CROSSLOOP_DATA, else in the user's data folder. -ENOENT says where it looked and how to get it
 * (`osttp data get NAME`).
 */
int snn_data_path(char *buf, size_t n, const char *data, const char *file, const char *name,
	struct snn_error *e);

#endif
