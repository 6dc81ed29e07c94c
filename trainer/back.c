/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "back.h"

#include <string.h>
#include "fast.h"

int snn_back_images(
	struct snn_weights *w, const float **ret_v, const float **ret_w, struct snn_error *e)
{
	int r = w->ops->image(w, snn_net_v(w->net), ret_v, e);

	for (uint32_t l = 1; r == 0 && l < w->net->n_layer; l++)
		r = w->ops->image(w, snn_net_w(w->net, l), &ret_w[l], e);
	return r;
}

int snn_feedback_images(struct snn_weights *w, const float **ret_b_fb, struct snn_error *e)
{
	int r = 0;

	for (uint32_t l = 0; r == 0 && l < w->net->n_layer; l++)
		r = w->ops->image(w, snn_net_b_fb(w->net, l), &ret_b_fb[l], e);
	return r;
}

void snn_back_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *back, float *ret)
{
	for (uint32_t i = 0; i < n_row; i++)
		ret[i] = snn_dot(n_col, matrix + (size_t)i * n_col, back);
}

void snn_forward_through(
	const float *matrix, uint32_t n_row, uint32_t n_col, const float *in, float *ret)
{
	memset(ret, 0, n_col * sizeof(*ret));
	for (uint32_t i = 0; i < n_row; i++)
		snn_axpy(n_col, in[i], matrix + (size_t)i * n_col, ret);
}
