/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_shd.c - recordings of spoken digits with any labels, times and channels, in both layouts: the input's
 * bytes are the recordings, the first chooses the layout. What is refused has a message; what is accepted
 * keeps the promises of shd_file.h. What the bytes of a file mean is for the HDF5 library to find out.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shd_fixture.h"
#include "shd_file.h"

const char *const fuzz_seeds[] = {
	"\001\007\001\001\001\003\001\001\001\012\001\011\001",
	"\002\023\001\003\001\010\001\001\001aabbccddeeffgghh\001\001\002\002",
	"\001",
	"",
	NULL,
};

#define MAX_SAMPLE 8

static void check(struct snn_shd *f)
{
	struct snn_error e = { "" };

	for (uint32_t i = 0; i < snn_shd_n_sample(f); i++) {
		const float *time;
		const uint16_t *unit;
		size_t n;

		if (snn_shd_label(f, i) >= SNN_SHD_CLASSES)
			abort();
		if (snn_shd_spikes(f, i, &time, &unit, &n, &e) < 0) {
			if (!e.text[0])
				abort();
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			if (!(time[k] >= 0) || unit[k] >= SNN_SHD_CHANNELS)
				abort();
		}
	}
}

/* Recordings from bytes; at least one. */
static uint32_t make(struct shd_sample *s, const uint8_t *data, size_t n)
{
	size_t n_byte = n < MAX_SAMPLE * sizeof(*s) ? n : MAX_SAMPLE * sizeof(*s);
	uint32_t n_sample = (uint32_t)(n_byte / sizeof(*s)) + 1;

	n_sample = n_sample < MAX_SAMPLE ? n_sample : MAX_SAMPLE;
	memset(s, 0, MAX_SAMPLE * sizeof(*s));
	memcpy(s, data, n_byte);
	for (uint32_t i = 0; i < n_sample; i++)
		s[i].n %= FIXTURE_SPIKES + 1;
	return n_sample;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct shd_sample s[MAX_SAMPLE];
	struct snn_shd *f;
	struct snn_error e = { "" };
	uint32_t n_sample;
	char path[] = "/tmp/fuzz_shd-XXXXXX"; /* HDF5 wants a name that realpath() knows */
	int fd = mkstemp(path);

	if (fd < 0)
		return 0;
	n_sample = make(s, data, n);
	if (n && data[0] % 2)
		shd_write_compact(path, s, n_sample, true);
	else
		shd_write_published(path, s, n_sample, true);
	if (snn_shd_open(&f, path, &e) == 0) {
		check(f);
		snn_shd_close(f);
	} else if (!e.text[0]) {
		abort();
	}
	close(fd);
	unlink(path);
	return 0;
}
