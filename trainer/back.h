/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * back.h - errors carried back through the layers: with the transposed forward weights, or through
 * fixed random matrices.
 */
#ifndef SNN_BACK_H
#define SNN_BACK_H

#include "net.h"
#include "weights.h"

/*
 * The images that carry errors back: v [n_top][n_out], and w [l] [size l - 1][size l] of every layer
 * but the first. Borrowed until the next update.
 */
int snn_back_images(
	struct snn_weights *w, const float **ret_v, const float **ret_w, struct snn_error *e);

/* b_fb [l] of every layer. Borrowed until the next update. */
int snn_feedback_images(struct snn_weights *w, const float **ret_b_fb, struct snn_error *e);

/* ret [n_row] = matrix [n_row][n_col] times back [n_col] */
void snn_back_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *back, float *ret);

/* ret [n_col] = matrix [n_row][n_col], transposed, times in [n_row] */
void snn_forward_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *in, float *ret);

#endif
