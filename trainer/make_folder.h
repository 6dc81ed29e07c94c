/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNN_MAKE_FOLDER_H
#define SNN_MAKE_FOLDER_H

#include "error.h"

/* Make a folder and those above it, as mkdir -p. An existing folder is fine, a file is -ENOTDIR. */
int snn_make_folder(const char *path, struct snn_error *e);

#endif
