/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "firing.h"

#include <errno.h>
#include <stdlib.h>

int snn_firing_init(struct snn_firing *f, const struct snn_net *net)
{
	size_t n = 0;
	uint64_t *p;

	*f = (struct snn_firing){ 0 };
	if (net->rate_penalty == 0)
		return 0;
	for (uint32_t l = 0; l < net->n_layer; l++)
		n += net->size[l];
	p = calloc(n, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		f->n_spike[l] = p;
		p += net->size[l];
	}
	return 0;
}

void snn_firing_done(struct snn_firing *f)
{
	free(f->n_spike[0]);
	*f = (struct snn_firing){ 0 };
}

static void penalize(
	struct snn_firing *f, struct snn_batch *b, uint32_t l, uint32_t lane, float share)
{
	const struct snn_net *net = b->net;
	uint32_t n = net->size[l];
	const float *y = b->layer[l].y + (size_t)lane * n;
	float *signal = b->layer[l].l + (size_t)lane * n;

	for (uint32_t i = 0; i < n; i++) {
		signal[i] += share * net->rate_penalty * (net->rate[l][i] - net->rate_target);
		f->n_spike[l][i] += y[i] > 0.5f;
	}
}

void snn_firing_step(struct snn_firing *f, struct snn_batch *b, bool is_filtered)
{
	if (!f->n_spike[0])
		return;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_active; lane++)
			penalize(f, b, l, lane,
				is_filtered ? snn_readout_share(b->net, b->seq[lane], b->t) : 1);
	}
	f->n_step += b->n_active;
}

void snn_firing_take(struct snn_firing *f, struct snn_firing *other, const struct snn_net *net)
{
	if (!f->n_spike[0])
		return;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		for (uint32_t i = 0; i < net->size[l]; i++) {
			f->n_spike[l][i] += other->n_spike[l][i];
			other->n_spike[l][i] = 0;
		}
	}
	f->n_step += other->n_step;
	other->n_step = 0;
}

void snn_firing_update(struct snn_firing *f, struct snn_net *net)
{
	if (!f->n_spike[0] || !f->n_step)
		return;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		for (uint32_t i = 0; i < net->size[l]; i++) {
			double now = (double)f->n_spike[l][i] / (double)f->n_step;

			net->rate[l][i] += (1 - net->rate_memory) * ((float)now - net->rate[l][i]);
			f->n_spike[l][i] = 0;
		}
	}
	f->n_step = 0;
}
