/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_jsb.c - files of the JSB chorales. What is refused has a message with the file's name; what
 * is accepted keeps the promises of struct snn_seq.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "task.h"

#define PIECE "[[60, 64, 67], [], [62, 65], [108, 21]]"

const char *const fuzz_seeds[] = {
	"{\"train\": [" PIECE ", " PIECE "], \"valid\": [" PIECE "], \"test\": [" PIECE "]}",
	"{\"train\": [[[60],[61]]], \"valid\": [[[],[]]], \"test\": [[[21],[108]]], \"more\": {}}",
	"{}",
	"[]",
	"",
	"{\"train\": [[[60.5, -1, 1e9, \"x\", null, true, {}, [[]]]]]}",
	"{\"train\": [[[60],[99999999999999999999]]]}",
	"{\"\\u0000\": 1, \"\\ud83c\\udfb5\": \"\\n\"}",
	NULL,
};

static void check(const struct snn_dataset *d)
{
	for (int split = 0; split < SNN_N_SPLIT; split++) {
		if (!d->n_seq[split])
			abort();
		for (uint32_t i = 0; i < d->n_seq[split]; i++) {
			const struct snn_seq *s = &d->seq[split][i];

			if (s->n_step < 2 || s->begin[0] != 0)
				abort();
			for (uint32_t t = 0; t < s->n_step; t++) {
				if (s->begin[t + 1] < s->begin[t])
					abort();
				for (uint32_t k = s->begin[t]; k < s->begin[t + 1]; k++) {
					if (s->note[k] >= d->n_in ||
						(k > s->begin[t] && s->note[k] <= s->note[k - 1]))
						abort();
				}
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct snn_dataset d;
	struct snn_config c;
	struct snn_error e = { "" };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || (n && write(fd, data, n) != (ssize_t)n))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snn_config_default(&c);
	snprintf(c.data, sizeof(c.data), "%s", path);
	if (snn_task_jsb.load(&d, &c, &e) == 0) {
		check(&d);
		if (!(snn_dataset_marginal_nll(&d, SNN_TEST) >= 0))
			abort();
		snn_dataset_done(&d);
	} else if (!strstr(e.text, path)) {
		abort();
	}
	close(fd);
	return 0;
}
