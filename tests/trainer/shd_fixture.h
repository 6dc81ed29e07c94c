/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shd_fixture.h - small files in both layouts of spoken digits, written with the HDF5 library.
 */
#ifndef SHD_FIXTURE_H
#define SHD_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#define FIXTURE_SPIKES 8

/* One recording. */
struct shd_sample {
	uint16_t label, speaker;
	uint32_t n;
	uint16_t tick[FIXTURE_SPIKES], unit[FIXTURE_SPIKES]; /* ms */
};

/* Writes n recordings to `file`; without speakers there is no /extra. */
void shd_write_compact(const char *file, const struct shd_sample *s, uint32_t n, bool has_speakers);
void shd_write_published(
	const char *file, const struct shd_sample *s, uint32_t n, bool has_speakers);

#endif
