/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_stream.h - the part of osttp train that learns from a stream.
 */
#ifndef SNN_CMD_STREAM_H
#define SNN_CMD_STREAM_H

#include "train.h"

/*
 * As snn_trainer_stream(), with the NLL and activity since the last row on stdout as CSV, every
 * train.report_every steps and at the end; is_json: one line at the end instead.
 */
int cli_stream(struct snn_trainer *tr, const char *run, bool is_json,
	const volatile sig_atomic_t *stop, struct snn_error *e);

#endif
