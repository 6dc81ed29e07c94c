/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.h - time steps as they come, one a line, for learning that never has a whole sequence:
 *
 *	inputs 88 outputs 88        the first line: sizes
 *	# a comment
 *	12 16 19 | 14 17            active inputs | outputs that should be active; from 0, in any order
 *	|                           a step in which nothing is active
 *
 * Memory does not depend on the number of lines. What is read is untrusted: errors are -EINVAL, in words,
 * "NAME:LINE: ...".
 */
#ifndef SNN_STREAM_H
#define SNN_STREAM_H

#include <stdint.h>
#include "error.h"

struct snn_stream;

/* Open a file, "" or "-" for standard input, and read its sizes. */
int snn_stream_open(struct snn_stream **ret, const char *path, struct snn_error *e);
void snn_stream_close(struct snn_stream *s);
uint32_t snn_stream_inputs(const struct snn_stream *s);
uint32_t snn_stream_outputs(const struct snn_stream *s);

struct snn_stream_step {
	const uint16_t *x, *y_star; /* ascending; borrowed until the next */
	uint32_t n_x, n_y_star;
};

/* The next step: 1, or 0 at the end. */
int snn_stream_next(struct snn_stream *s, struct snn_stream_step *ret, struct snn_error *e);

#endif
