/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_ostl.c - online spatio-temporal learning (Bohnstingl et al., TNNLS 2022; Ortner et al. 2023,
 * eq. 7): L_l is the output's error carried back through the layers of this time step with the
 * true weights; time is in the traces. Equal to backpropagation through time for one hidden layer;
 * with several, the paths through the traces of the layers above are left out.
 */
#include <errno.h>
#include <stdlib.h>
#include "learner.h"
#include "back.h"

struct ostl {
	struct snn_back back;
	float *c; /* psi L of the layer above */
};

static int ostl_init(struct snn_learner *le, const struct snn_batch *b)
{
	uint32_t largest = 0;
	struct ostl *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	le->state = q;
	for (uint32_t l = 0; l < b->net->n_layer; l++)
		largest = b->net->size[l] > largest ? b->net->size[l] : largest;
	q->c = calloc(largest, sizeof(*q->c));
	return q->c ? 0 : -ENOMEM;
}

static void ostl_done(struct snn_learner *le)
{
	struct ostl *q = le->state;

	if (q)
		free(q->c);
	free(q);
}

static int ostl_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct ostl *q = le->state;
	int r = snn_back_images(&q->back, b->weights, e);

	return r < 0 ? r : snn_learner_begin_traces(le, b, e);
}

static void signals(const struct ostl *q, struct snn_batch *b, uint32_t lane)
{
	const struct snn_net *net = b->net;
	uint32_t top = net->n_layer - 1;

	snn_back_through(q->back.v, net->size[top], net->n_out, b->err + (size_t)lane * net->n_out,
		b->layer[top].l + (size_t)lane * net->size[top]);
	for (uint32_t l = top; l > 0; l--) {
		uint32_t n = net->size[l];
		const float *above = b->layer[l].l + (size_t)lane * n;
		const float *psi = b->layer[l].psi + (size_t)lane * n;

		for (uint32_t i = 0; i < n; i++)
			q->c[i] = above[i] * psi[i];
		snn_back_through(q->back.w[l], net->size[l - 1], n, q->c,
			b->layer[l - 1].l + (size_t)lane * net->size[l - 1]);
	}
}

static int ostl_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t lane = 0; lane < b->n_active; lane++)
		signals(le->state, b, lane);
	snn_learner_step_traces(le, b);
	return 0;
}

const struct snn_rule snn_rule_ostl = {
	.name = "ostl",
	.help = "true error of each step, carried back through space, with traces",
	.uses_traces = true,
	.init = ostl_init,
	.done = ostl_done,
	.begin = ostl_begin,
	.step = ostl_step,
	.end = snn_learner_end_traces,
};
