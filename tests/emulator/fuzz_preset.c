/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_preset.c - pcm_params_load() on hostile files: it refuses with a complaint and leaves the
 * parameters as they were, or accepts, and then a chip can be made of them. Sanitizers watch.
 */
#include "fuzz.h"
#include "pcm.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <stdio.h>

const char *const fuzz_seeds[] = {
	"",
	"# nothing\n",
	"help: text\npreset: staircase\ng_max: 15e-6 # S\n",
	"g_max: 15e-6\ng_max: 15e-6\n",
	"drift_mu: 1\n",
	"faults: \"row:1,set:1:2:3\"\n",
	"{seed: 1, adc_bits: 12}\n",
	"a: [1, 2]\n",
	"a: {b: c}\n",
	"&a seed: *a\n",
	"%YAML 1.2\n---\nseed: 1\n",
	"seed: 1\n--- \nseed: 2\n",
	NULL,
};

/*
 * libfyaml 0.7.12 loses the buffer of a single-quoted text with a few dozen quotes in it ('' each),
 * well-formed as it is. Our use of it is checked for leaks by test_preset_file.c, without this.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char path[64], complaint[256] = "";
	struct pcm_params prm, before;
	int fd = memfd_create("preset", 0);
	require(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pcm_params_default(&prm);
	before = prm;
	if (pcm_params_load(&prm, path, complaint, sizeof(complaint)) < 0)
		require(*complaint && !memcmp(&prm, &before, sizeof(prm)));
	else
		require(!pcm_params_complaint(&prm));
	close(fd);
	return 0;
}
