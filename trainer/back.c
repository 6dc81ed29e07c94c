/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "back.h"

#include "fast.h"

int snn_back_images(struct snn_back *ret, struct snn_weights *w, struct snn_error *e)
{
	int r = w->ops->image(w, snn_net_v(w->net), &ret->v, e);

	for (uint32_t l = 1; r == 0 && l < w->net->n_layer; l++)
		r = w->ops->image(w, snn_net_w(w->net, l), &ret->w[l], e);
	return r;
}

void snn_back_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *back, float *ret)
{
	for (uint32_t i = 0; i < n_row; i++)
		ret[i] = snn_dot(n_col, matrix + (size_t)i * n_col, back);
}
