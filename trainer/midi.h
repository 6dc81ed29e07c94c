/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * midi.h - steps of notes as a standard MIDI file (The MIDI Association, SMF 1.0: format 0, one track).
 */
#ifndef SNN_MIDI_H
#define SNN_MIDI_H

#include "task.h"

#define SNN_MIDI_FIRST 21 /* key of input 0, A0 */
#define SNN_MIDI_N_KEY 88

/*
 * A step is a quarter note at bpm quarters a minute; a note of several steps in a row is held. Notes of
 * seq must be below SNN_MIDI_N_KEY. Errors as of snn_write_file().
 */
int snn_midi_write(const char *file, const struct snn_seq *seq, double bpm, struct snn_error *e);

#endif
