/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_stream.c - steps as they come (stream.h): a task without sequences.
 */
#include <math.h>
#include "stream.h"
#include "task.h"

static int stream_load(struct snn_dataset *ret, const struct snn_config *c, struct snn_error *e)
{
	struct snn_dataset d = { .entropy = { NAN, NAN, NAN } };
	int r = snn_stream_open(&d.stream, c->data, e);

	if (r < 0)
		return r;
	d.n_in = snn_stream_inputs(d.stream);
	d.n_out = snn_stream_outputs(d.stream);
	*ret = d;
	return 0;
}

const struct snn_task snn_task_stream = {
	.name = "stream",
	.help = "steps from standard input or a file, one a line, learned as they come",
	.load = stream_load,
};
