/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_bptt.c - backpropagation through time: unroll.h with the true weights as path in space.
 */
#include "back.h"
#include "unroll.h"

static void carry(const struct snn_space *s, const struct snn_net *net, uint32_t l,
	const float *err, const float *above, float *ret)
{
	bool is_top = l + 1 == net->n_layer;

	(void)err;
	snn_back_through(is_top ? s->v : s->w[l + 1], net->size[l],
		is_top ? net->n_out : net->size[l + 1], above, ret);
}

static int bptt_end(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct snn_space space = { .carry = carry };
	int r = snn_back_images(b->weights, &space.v, space.w, e);

	return r < 0 ? r : snn_unroll_run(le, b, &space, e);
}

const struct snn_rule snn_rule_bptt = {
	.name = "bptt",
	.help = "backpropagation through time: the exact gradient",
	.memory = SNN_MEMORY_SEQUENCE,
	.init = snn_unroll_init,
	.done = snn_unroll_done,
	.begin = snn_unroll_begin,
	.step = snn_unroll_step,
	.end = bptt_end,
};
