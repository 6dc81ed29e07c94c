/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips.h - weights in conductances. Private to weights_chips.c and the chips_*.c files.
 *
 * A weight is a cell of four devices, w = k [(g0 + g1) - (g2 + g3)], k in 1/S. All that is known of
 * a device comes over xbar.h: what was programmed, how many pulses it got, what reads say.
 *
 *	chips_plan.c     which matrix sits where
 *	chips_program.c  conductances for initial weights; the mean step of a SET pulse, measured
 *	chips_update.c   changes to pulses
 *	chips_refresh.c  pairs near saturation: read, RESET, program the difference
 *	chips_state.c    to a checkpoint and back
 */
#ifndef SNN_CHIPS_H
#define SNN_CHIPS_H

#include <gsl/gsl_rng.h>
#include <xbar.h>
#include "weights.h"

#define SNN_N_STEP 32 /* pulses of the measured staircase */
#define SNN_N_SCAN 16 /* cells that an update screens together; flag has a byte for each group */

/* Where a matrix sits, and what its numbers mean. */
struct snn_block {
	uint32_t board, chip, row, col; /* first word line, first bit line */
	float k;                        /* weight per S of net conductance */
	float range;                    /* A, full scale of its ADCs */
	float scale;                    /* weight units per ADC code */
	int max_code;                   /* largest |code| since the ranges were last set */
	uint64_t n_sat;                 /* saturated codes since then */
};

/* What the host remembers of a plastic matrix's cells. */
struct snn_cells {
	float *chi; /* [n_cell] change not yet sent as pulses */
	uint8_t *
		n_pulse; /* [n_cell][4] SET pulses since RESET, or as many as its conductance looks like */
	uint8_t *next; /* [n_cell] bit 0: device of the plus pair that is next, bit 1: minus pair */
	float *image;  /* [n_cell] weights as last read back; allocated at the first need */
	uint64_t image_of; /* update count of that reading + 1, 0 none */
};

struct snn_chips {
	struct snn_weights base;
	const struct snn_config *config;
	uint64_t seed;
	struct xbar *board[2];
	uint32_t n_board;
	struct snn_block block[SNN_MAX_MATRIX];
	struct snn_cells cells[SNN_MAX_MATRIX];
	bool has_feedback;       /* whether the rule wants B on the board */
	struct xbar_patch spare; /* cells that hold no weight: the staircase is measured there */
	float step[SNN_N_STEP];  /* S, mean of a SET pulse after so many since RESET */
	float level[SNN_N_STEP + 1]; /* S, mean after so many pulses */
	uint64_t n_update, n_refresh;
	struct xbar_pulse *pulse[2]; /* per board; lists under construction */
	size_t n_pulse[2], max_pulse;
	int16_t *code; /* [products of a call] scratch */
	size_t max_code;
	uint8_t *flag; /* scratch of the scan */
	float *sample,
		*read; /* [devices of the largest matrix] scratch: one read, their mean; sample owns */
	gsl_rng *rng; /* seeded anew for every update that draws */
};

static inline size_t snn_n_cell(const struct snn_matrix *m)
{
	return (size_t)m->n_row * m->n_col;
}

/* Matrices that are on boards: the first of net->matrix, with or without feedback. */
static inline uint32_t snn_chips_n_matrix(const struct snn_chips *ch)
{
	return ch->has_feedback ? ch->base.net->n_matrix : snn_net_v(ch->base.net) + 1;
}

/* The board's message as an error. */
int snn_board_fail(const struct snn_chips *ch, uint32_t board, int code, const char *what,
	struct snn_error *e);

/* Fill block and spare; -EINVAL says which matrix does not fit. */
int snn_chips_plan(struct snn_chips *ch, struct snn_error *e);
void snn_chips_print_plan(const struct snn_chips *ch, FILE *f);

/* Measure step and level on the spare cells, then bring every matrix to its init. */
int snn_chips_program(struct snn_chips *ch, struct snn_error *e);
/* Target conductances of a cell [4] for a weight. */
void snn_chips_target(const struct snn_chips *ch, uint32_t i_matrix, float weight, float *ret_g);
/* Pulses since RESET that a device of this conductance most likely had. */
uint8_t snn_chips_pulses_of(const struct snn_chips *ch, float g);
/* Mean of chips.read_average reads of the patches, ret_g as of xbar_read(). */
int snn_chips_read(struct snn_chips *ch, uint32_t board, const struct xbar_patch *w, size_t n_patch,
	size_t n_device, float *ret_g, struct snn_error *e);

int snn_chips_update(
	struct snn_weights *w, const float *const *delta, uint64_t i_update, struct snn_error *e);
int snn_chips_refresh(struct snn_chips *ch, struct snn_error *e);
int snn_chips_save(struct snn_weights *w, struct snn_store *st, struct snn_error *e);
int snn_chips_load(struct snn_weights *w, struct snn_store *st, struct snn_error *e);

/* Set a block's ADC range in A. */
int snn_chips_range(struct snn_chips *ch, uint32_t i_matrix, float range, struct snn_error *e);

#endif
