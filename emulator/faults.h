/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * faults.h - what is broken on a chip: drawn at power-up at the rates of the parameters, plus the
 * list in the parameter `faults`, items separated by commas:
 *
 *	row:R           dead row: a broken word line drives nothing
 *	col:C           dead column: a broken bit line brings no current to its ADC
 *	swap:C          the polarities of a column's devices are exchanged
 *	noisy:C         noisy_col_sd is added to every conversion
 *	code:C:K        the ADC never gives code K, |K| below full scale, but K + 1 instead
 *	reset:R:C:D     device D of a cell is stuck at RESET: pulses do nothing, it does not drift
 *	set:R:C:D       stuck at g_max
 *
 * All of it derives from parameters and seed; nothing is state.
 */
#ifndef PCM_FAULTS_H
#define PCM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kernels.h"
#include "pcm.h"

#define PCM_NO_CODE INT16_MIN

struct pcm_faults {
	bool has_dead_row, has_missing;
	bool dead_row[PCM_N_ROW];
	bool dead_col[PCM_N_COL], swapped[PCM_N_COL], noisy[PCM_N_COL];
	int16_t missing[PCM_N_COL]; /* code, or PCM_NO_CODE */
	/* Bit per device in the order of struct pcm_array; NULL if none is stuck. */
	uint32_t *stuck, *stuck_at_set;
};

/* 0, or -EINVAL for a list that is not one. */
int pcm_faults_check(const char *list);

/* Whether any device is stuck: whether draw() needs stuck and stuck_at_set. */
bool pcm_faults_has_stuck(const struct pcm_params *prm);

/* Rates and list; stuck and stuck_at_set zeroed, or NULL. */
void pcm_faults_draw(struct pcm_faults *f, const struct pcm_params *prm, uint32_t i_chip);

static inline bool pcm_bit(const uint32_t *bits, size_t i)
{
	return bits[i / 32] >> i % 32 & 1;
}

#endif
