/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNN_READ_FILE_H
#define SNN_READ_FILE_H

#include <stddef.h>
#include "error.h"

/*
 * A whole regular file of at most max bytes. *ret is yours to free() and has a zero byte behind it.
 * -ENOENT and the like with the system's reason, -EISDIR a folder, -EINVAL a pipe or
 * device, -EFBIG longer than max.
 */
int snn_read_file(char **ret, size_t *ret_n, const char *path, size_t max, struct snn_error *e);

#endif
