/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_stream.c - streams of steps. What is refused has a message with the stream's name; what is
 * accepted keeps the promises of struct snn_stream_step.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "stream.h"

const char *const fuzz_seeds[] = {
	"inputs 8 outputs 3\n# steps\n0 7 | 2\n|\n 3 1 2|0 1 2\n",
	"inputs 1 outputs 65535\n0|65534",
	"inputs 65536 outputs 1\n",
	"inputs 0 outputs 0\n",
	"inputs 8 outputs 8 8\n",
	"inputs 8 outputs 8\n18446744073709551616 | 1\n",
	"inputs 8 outputs 8\n1 1 | 1\n",
	"inputs 8 outputs 8\n-1 | 1\n",
	"",
	NULL,
};

static void check(const uint16_t *on, uint32_t n_on, uint32_t n)
{
	for (uint32_t k = 0; k < n_on; k++) {
		if (on[k] >= n || (k && on[k] <= on[k - 1]))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct snn_stream *s;
	struct snn_stream_step step;
	struct snn_error e = { "" };
	int r, fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || (n && write(fd, data, n) != (ssize_t)n))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = snn_stream_open(&s, path, &e);
	if (r == 0) {
		while ((r = snn_stream_next(s, &step, &e)) == 1) {
			check(step.x, step.n_x, snn_stream_inputs(s));
			check(step.y_star, step.n_y_star, snn_stream_outputs(s));
		}
		snn_stream_close(s);
	}
	if (r < 0 && !strstr(e.text, path))
		abort();
	close(fd);
	return 0;
}
