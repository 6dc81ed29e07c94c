/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_rig.h - a small network whose weights are on a board, for the tests of chips_*.c.
 *
 *	chips_config(&q, "emu:?chips=2", 16, 10);    then change q.g.c
 *	chips_open(&q, true);
 *	chips_done(&q);
 */
#ifndef CHIPS_RIG_H
#define CHIPS_RIG_H

#include <gsl/gsl_rng.h>
#include "chips.h"
#include "core_test.h"

#define CHIPS_LANES 4

struct chips_rig {
	struct rig g;
	struct snn_weights *w;
	struct snn_chips *ch; /* the same */
	char *describe;
	float *out; /* of the last product */
	gsl_rng *rng;
	bool is_noisy;
};

void chips_config(struct chips_rig *q, const char *uri, uint32_t n, uint32_t n_hidden);
void chips_open(struct chips_rig *q, bool has_feedback);
/* What snn_weights_chips_new() says; on failure only q->g is left to be done. */
int chips_try(struct chips_rig *q, bool has_feedback, struct snn_error *e);
void chips_done(struct chips_rig *q);

/* [CHIPS_LANES][n_col], borrowed until the next call. */
const float *chips_product(struct chips_rig *q, uint32_t i_matrix, const struct snn_spikes *x);
/* Means of a hundred reads: devices [n_row][n_col][4] in S, weights [n_row][n_col]; yours to free(). */
float *chips_devices(struct chips_rig *q, uint32_t i_matrix);
float *chips_weights(struct chips_rig *q, uint32_t i_matrix);
struct xbar_stats chips_stats_of(struct chips_rig *q);
/* Add delta to one matrix; the rest stays. */
void chips_change(struct chips_rig *q, uint32_t i_matrix, const float *delta, uint64_t i_update);

#endif
