/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint.h - a run's state as an HDF5 file: /weights, /host, /optimizer, /progress, /metrics, and
 * the settings it was made with.
 * A run that is loaded and goes on gives the same bytes as one that was not interrupted (on boards
 * that can save their state; others keep their conductances themselves).
 */
#ifndef SNN_CHECKPOINT_H
#define SNN_CHECKPOINT_H

#include "train.h"

/* Everything of this moment, to be written by snn_store_write(). */
int snn_checkpoint_save(struct snn_trainer *tr, struct snn_store **ret, struct snn_error *e);

/*
 * Into a trainer of the same configuration (is_restored). -ENOENT, -EBADMSG damaged, -EINVAL of
 * another run: the message names the first setting (or array) that differs.
 */
int snn_checkpoint_load(struct snn_trainer *tr, const char *file, struct snn_error *e);

#endif
