/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_dfa.c - direct feedback alignment (Nokland, NeurIPS 2016): the output's error goes to every
 * layer directly, through a fixed random matrix B_l [n_out][size l]. The path in time is exact
 * (unroll.h).
 */
#include "back.h"
#include "unroll.h"

static void carry(const struct snn_space *s, const struct snn_net *net, uint32_t l,
	const float *err, const float *above, float *ret)
{
	(void)above;
	snn_forward_through(s->b_fb[l], net->n_out, net->size[l], err, ret);
}

static int dfa_end(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	return snn_unroll_feedback(le, b, carry, e);
}

const struct snn_rule snn_rule_dfa = {
	.name = "dfa",
	.help = "direct feedback alignment: the output's error to every layer, through random matrices",
	.feedback = SNN_FEEDBACK_IMAGE,
	.memory = SNN_MEMORY_SEQUENCE,
	.init = snn_unroll_init,
	.done = snn_unroll_done,
	.begin = snn_unroll_begin,
	.step = snn_unroll_step,
	.end = dfa_end,
};
