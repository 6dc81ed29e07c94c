/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shd_file.h - spoken digits as spikes of 700 channels: a file of the Spiking Heidelberg Digits (SHD;
 * Cramer et al., IEEE TNNLS 33, 2744, 2022), one recording after the other, in either of two layouts:
 *
 *	published  /spikes/times   variable-length float [n], s;  /spikes/units  variable-length integer [n]
 *	compact    /spikes/times   integer [N], ticks of its attribute tick_seconds, s;
 *	           /spikes/units   integer [N];  /spikes/offsets  integer [n+1], first spike of each
 *	both       /labels         integer [n], 0 .. 19;  /extra/speaker  integer [n], may be missing
 *
 * The file is untrusted: whatever does not fit is -EBADMSG, with file, dataset and recording.
 */
#ifndef SNN_SHD_FILE_H
#define SNN_SHD_FILE_H

#include <stddef.h>
#include <stdint.h>
#include "error.h"

#define SNN_SHD_CHANNELS 700
#define SNN_SHD_CLASSES  20

struct snn_shd;

/* The system's reasons for the file; -EBADMSG, -ENOMEM. */
int snn_shd_open(struct snn_shd **ret, const char *path, struct snn_error *e);
void snn_shd_close(struct snn_shd *f);

uint32_t snn_shd_n_sample(const struct snn_shd *f);
uint16_t snn_shd_label(const struct snn_shd *f, uint32_t i); /* < SNN_SHD_CLASSES */
int snn_shd_speaker(const struct snn_shd *f, uint32_t i);    /* -1: the file does not say */

/*
 * Spikes of a recording: times (s, finite, >= 0) and channels (< SNN_SHD_CHANNELS), in the file's order,
 * borrowed until the next call. Reading in the order of the recordings is fast.
 */
int snn_shd_spikes(struct snn_shd *f, uint32_t i, const float **ret_time, const uint16_t **ret_unit,
	size_t *ret_n, struct snn_error *e);

#endif
