/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "midi.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "runlog.h"

#define TICKS    480 /* of a quarter note */
#define VELOCITY 80

static void put_be(FILE *f, uint32_t v, int n_byte)
{
	while (n_byte-- > 0)
		fputc((int)(v >> (8 * n_byte) & 0xff), f);
}

/* Variable-length quantity: seven bits a byte, the highest first. */
static void put_delta(FILE *f, uint32_t v)
{
	for (int shift = 21; shift > 0; shift -= 7) {
		if (v >> shift)
			fputc((int)(0x80 | (v >> shift & 0x7f)), f);
	}
	fputc((int)(v & 0x7f), f);
}

/* Events since *wait ticks; on 0x90, off 0x80, channel 0. */
static void put_note(FILE *f, uint32_t *wait, int status, uint32_t note)
{
	put_delta(f, *wait);
	*wait = 0;
	fputc(status, f);
	fputc((int)(note + SNN_MIDI_FIRST), f);
	fputc(VELOCITY, f);
}

static void put_track(FILE *f, const struct snn_seq *seq, double bpm)
{
	bool is_on[SNN_MIDI_N_KEY] = { false };
	uint32_t wait = 0;

	put_delta(f, 0); /* tempo: us a quarter */
	put_be(f, 0xff5103, 3);
	put_be(f, (uint32_t)(60e6 / bpm), 3);
	for (uint32_t t = 0; t <= seq->n_step; t++, wait += TICKS) {
		bool want[SNN_MIDI_N_KEY] = { false };

		for (uint32_t k = seq->begin[t]; t < seq->n_step && k < seq->begin[t + 1]; k++)
			want[seq->note[k]] = true;
		for (uint32_t key = 0; key < SNN_MIDI_N_KEY; key++) {
			if (is_on[key] && !want[key])
				put_note(f, &wait, 0x80, key);
		}
		for (uint32_t key = 0; key < SNN_MIDI_N_KEY; key++) {
			if (!is_on[key] && want[key])
				put_note(f, &wait, 0x90, key);
			is_on[key] = want[key];
		}
	}
	put_delta(f, 0); /* end of track */
	put_be(f, 0xff2f00, 3);
}

int snn_midi_write(const char *file, const struct snn_seq *seq, double bpm, struct snn_error *e)
{
	char *track = NULL, *text = NULL;
	size_t n_track = 0, n = 0;
	FILE *f = open_memstream(&track, &n_track);
	int r = -ENOMEM;

	if (f) {
		put_track(f, seq, bpm);
		r = fclose(f) ? -ENOMEM : 0;
	}
	f = r == 0 ? open_memstream(&text, &n) : NULL;
	if (f) {
		fwrite("MThd\0\0\0\6\0\0\0\1", 1, 12, f); /* 6 bytes: format 0, 1 track ... */
		put_be(f, TICKS, 2);
		fwrite("MTrk", 1, 4, f);
		put_be(f, (uint32_t)n_track, 4);
		fwrite(track, 1, n_track, f);
		r = fclose(f) ? -ENOMEM : 0;
	} else {
		r = -ENOMEM;
	}
	if (r == 0)
		r = snn_write_file(file, text, n, e);
	else
		snn_fail(e, r, "%s: no memory", file);
	free(track);
	free(text);
	return r;
}
