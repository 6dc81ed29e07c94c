/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "step_error.h"

#include <errno.h>
#include <stdlib.h>
#include "back.h"

struct step_error {
	const float *v, *w[SNN_MAX_HIDDEN]; /* images */
	float *c;                           /* psi L of the layer above */
};

int snn_step_error_init(struct snn_learner *le, const struct snn_batch *b)
{
	uint32_t largest = 0;
	struct step_error *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	le->state = q;
	for (uint32_t l = 0; l < b->net->n_layer; l++)
		largest = b->net->size[l] > largest ? b->net->size[l] : largest;
	q->c = calloc(largest, sizeof(*q->c));
	return q->c ? 0 : -ENOMEM;
}

void snn_step_error_done(struct snn_learner *le)
{
	struct step_error *q = le->state;

	if (q)
		free(q->c);
	free(q);
}

int snn_step_error_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct step_error *q = le->state;
	int r = snn_back_images(b->weights, &q->v, q->w, e);

	return r < 0 ? r : snn_learner_begin_traces(le, b, e);
}

static void signals(const struct step_error *q, struct snn_batch *b, uint32_t lane)
{
	const struct snn_net *net = b->net;
	uint32_t top = net->n_layer - 1;

	snn_back_through(q->v, net->size[top], net->n_out, b->err + (size_t)lane * net->n_out,
		b->layer[top].l + (size_t)lane * net->size[top]);
	for (uint32_t l = top; l > 0; l--) {
		uint32_t n = net->size[l];
		const float *above = b->layer[l].l + (size_t)lane * n;
		const float *psi = b->layer[l].psi + (size_t)lane * n;

		for (uint32_t i = 0; i < n; i++)
			q->c[i] = above[i] * psi[i];
		snn_back_through(q->w[l], net->size[l - 1], n, q->c,
			b->layer[l - 1].l + (size_t)lane * net->size[l - 1]);
	}
}

int snn_step_error_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	for (uint32_t lane = 0; lane < b->n_active; lane++)
		signals(le->state, b, lane);
	return snn_learner_step_traces(le, b, e);
}
