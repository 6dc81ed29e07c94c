/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * back.h - errors carried back through the layers with the transposed weights.
 */
#ifndef SNN_BACK_H
#define SNN_BACK_H

#include "net.h"
#include "weights.h"

/* The images that carry errors back: V, and W of every layer but the first. */
struct snn_back {
	const float *v;                 /* [n_top][n_out] */
	const float *w[SNN_MAX_HIDDEN]; /* [l]: [size l - 1][size l], l >= 1 */
};

int snn_back_images(struct snn_back *ret, struct snn_weights *w, struct snn_error *e);

/* ret [n_row] = matrix [n_row][n_col] times back [n_col] */
void snn_back_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *back, float *ret);

#endif
