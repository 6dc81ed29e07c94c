/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * part_file.h - a file that appears under its name only when it is whole: written beside, fsync,
 * rename, fsync of the folder. Until snn_part_commit() the old file stays as it is, whatever fails.
 *
 *	r = snn_part_open(&p, "checkpoint.h5", &err);
 *	if (r < 0)
 *		return r;
 *	r = snn_part_write(p, data, n, &err);
 *	if (r == 0)
 *		r = snn_part_commit(p, &err);
 *	snn_part_free(p);
 */
#ifndef SNN_PART_FILE_H
#define SNN_PART_FILE_H

#include <stddef.h>
#include "error.h"

struct snn_part;

int snn_part_open(struct snn_part **ret, const char *path, struct snn_error *e);
int snn_part_write(struct snn_part *p, const void *data, size_t n, struct snn_error *e);
int snn_part_commit(struct snn_part *p, struct snn_error *e);
/* Without a commit before it, the unfinished file is removed. */
void snn_part_free(struct snn_part *p);

#endif
