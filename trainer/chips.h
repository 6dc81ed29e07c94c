/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips.h - weights in conductances. Private to weights_chips.c and the chips_*.c files.
 *
 * A weight is a cell of four devices, w = k [(g0 + g1) - (g2 + g3)], k in 1/S. With chips.devices: 2
 * devices 1 and 3 are programmed to RESET and left there; they are on the bit line nevertheless, with
 * their read noise. All that is known of a device comes over xbar.h: what was programmed, how many
 * pulses it got, what reads say.
 *
 *	tile_plan.h      which weight sits where
 *	chips_plan.c     the plan on the boards at hand, and in words
 *	chips_picture.c  the same as a picture
 *	chips_look.c     devices read, for pictures; how many were given up
 *	chips_product.c  requests of tiles, and their codes back to sums
 *	chips_program.c  conductances for initial weights; the mean step of a SET pulse, measured
 *	chips_update.c   changes to pulses
 *	chips_refresh.c  pairs near saturation: read, RESET, program the difference
 *	chips_compensate.c  what drift took from products
 *	chips_state.c    to a checkpoint and back
 */
#ifndef SNN_CHIPS_H
#define SNN_CHIPS_H

#include <gsl/gsl_rng.h>
#include <xbar.h>
#include "tile_plan.h"
#include "weights.h"

#define SNN_N_STEP 32 /* pulses of the measured staircase */
#define SNN_N_SCAN 16 /* cells that an update screens together; flag has a byte for each group */

/* What the codes of a tile mean. */
struct snn_adc {
	float range;    /* A, full scale */
	float scale;    /* weight units per code */
	int max_code;   /* largest |code| since the range was last set */
	uint64_t n_sat; /* saturated codes since then */
};

/* A tile's part of a product. */
struct snn_request {
	uint32_t i_tile;
	const struct snn_product *product;
};

/* What the host remembers of a plastic matrix's cells. */
struct snn_cells {
	float *chi; /* [n_cell] change not yet sent as pulses */
	uint8_t *
		n_pulse; /* [n_cell][4] SET pulses since RESET, or as many as its conductance looks like */
	/*
	 * [n_cell] bit 0: device of the plus pair that is next, 1: minus pair, 2: the last refresh did
	 * not mend the cell, 4 .. 7: devices given up
	 */
	uint8_t *next;
	float *image;      /* [n_cell] weights as last read back; allocated at the first need */
	uint64_t image_of; /* update count of that reading + 1, 0 none */
};

/* Of a matrix. Its lines are the bit lines of its tiles, tile after tile; NULL arrays: not on chips. */
struct snn_correction {
	uint32_t n_line, n_row; /* lines; inputs */
	float *gain, *offset;   /* [n_line] output = gain x measured + offset, weight units */
	float *expected, *now;  /* tile after tile [n_input][n_col]; now is scratch */
	float *noise;           /* [n_line] scratch: variance of a product */
	uint8_t *met, *kept;    /* [n_input] latest inputs; those of `expected` */
	uint64_t n_met;         /* products seen */
	uint32_t n_kept;        /* 0: it took no part */
	bool is_real;           /* inputs are int8 codes [n_row], not bits */
};

struct snn_chips {
	struct snn_weights base;
	const struct snn_config *config;
	uint64_t seed;
	struct xbar *board[SNN_MAX_BOARD];
	uint32_t n_board;
	struct snn_tile_plan plan;
	struct snn_adc *adc;     /* [plan.n_tile] */
	float k[SNN_MAX_MATRIX]; /* weight per S of net conductance */
	struct snn_cells cells[SNN_MAX_MATRIX];
	struct snn_correction correction[SNN_MAX_MATRIX];
	uint32_t *line;              /* [plan.n_tile] a tile's first line of its matrix */
	bool is_corrected;           /* some gain is not 1 or offset not 0 */
	struct xbar_patch spare;     /* of board 0: where the staircase is measured */
	float step[SNN_N_STEP];      /* S, mean of a SET pulse after so many since RESET */
	float level[SNN_N_STEP + 1]; /* S, mean after so many pulses */
	uint64_t n_update, n_refresh;
	struct xbar_pulse *pulse[SNN_MAX_BOARD]; /* lists under construction */
	size_t n_pulse[SNN_MAX_BOARD], max_pulse;
	struct snn_request *request; /* [plan.n_tile] of one call, scratch */
	struct xbar_mvm *mvm;        /* the same as the board sees them */
	int16_t *code;               /* of one call, scratch: [n_lane][n_col] of every tile ... */
	uint8_t *in;   /* ... and [n_lane][n_row], where rows are not those of the matrix */
	uint8_t *flag; /* scratch of the scan */
	float *sample,
		*read; /* [devices of the largest matrix] scratch: one read, their mean; sample owns */
	gsl_rng *rng; /* seeded anew for every update that draws */
};

static inline size_t snn_n_cell(const struct snn_matrix *m)
{
	return (size_t)m->n_row * m->n_col;
}

/* Devices of a polarity that hold a weight, the first of it. */
static inline uint32_t snn_n_of_polarity(const struct snn_chips *ch)
{
	return ch->config->chips.devices == SNN_TWO_DEVICES ? 1 : 2;
}

/* Whether refresh has given up a device of a cell: it stays near g_max whatever pulses it gets. */
static inline bool snn_is_given_up(const struct snn_cells *c, size_t cell, uint32_t device)
{
	return c->next[cell] >> (4 + device) & 1;
}

static inline bool snn_is_on_chips(const struct snn_chips *ch, uint32_t i_matrix)
{
	return ch->plan.cut[i_matrix].n_down > 0;
}

static inline uint32_t snn_board_of(const struct snn_chips *ch, uint32_t i_matrix)
{
	return ch->plan.tile[ch->plan.cut[i_matrix].first].board;
}

static inline struct xbar_patch snn_patch_of(const struct snn_tile *t)
{
	return (struct xbar_patch){
		.chip = t->chip, .row = t->row, .n_row = t->n_row, .col = t->col, .n_col = t->n_col
	};
}

/* The matrix's cell (of n_col columns) that is the tile's i-th. */
static inline size_t snn_cell_of(const struct snn_tile *t, uint32_t n_col, size_t i)
{
	return (t->m_row + i / t->n_col) * n_col + t->m_col + i % t->n_col;
}

/* Factor of a weight's column by drift compensation, 1 without. */
static inline float snn_gain_of(const struct snn_chips *ch, const struct snn_tile *t, uint32_t col)
{
	return ch->correction[t->i_matrix].gain[ch->line[t - ch->plan.tile] + col - t->m_col];
}

/* The board's message as an error. */
int snn_board_fail(const struct snn_chips *ch, uint32_t board, int code, const char *what,
	struct snn_error *e);

/* Fill plan and spare; -EINVAL says how many chips are needed. */
int snn_chips_plan(struct snn_chips *ch, bool has_feedback, struct snn_error *e);
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

/* Set a tile's ADC range in A. */
int snn_chips_range(struct snn_chips *ch, uint32_t i_tile, float range, struct snn_error *e);

/*
 * Ask one board for all tiles of those products whose matrices are on it, in one call: requests
 * and what came are in ch->request and ch->mvm [*ret_n] until the next.
 */
int snn_chips_ask(struct snn_chips *ch, uint32_t board, const struct snn_product *p,
	uint32_t n_product, uint32_t n_lane, uint32_t *ret_n, struct snn_error *e);
int snn_chips_product(struct snn_weights *w, const struct snn_product *p, uint32_t n_product,
	uint32_t n_lane, struct snn_error *e);

#endif
