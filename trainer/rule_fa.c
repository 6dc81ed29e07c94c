/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_fa.c - feedback alignment (Lillicrap et al., Nat. Commun. 7, 2016): errors go back layer by
 * layer, through fixed random matrices B_l in the place of the forward weights: B_l is [n_out][size l]
 * for the top layer, [size l + 1][size l] below. The path in time is exact (unroll.h).
 */
#include "back.h"
#include "unroll.h"

static void carry(const struct snn_space *s, const struct snn_net *net, uint32_t l,
	const float *err, const float *above, float *ret)
{
	const struct snn_matrix *m = &net->matrix[snn_net_b_fb(net, l)];

	(void)err;
	snn_forward_through(s->b_fb[l], m->n_row, m->n_col, above, ret);
}

static int fa_end(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	return snn_unroll_feedback(le, b, carry, e);
}

const struct snn_rule snn_rule_fa = {
	.name = "fa",
	.help = "feedback alignment: errors back layer by layer, through random matrices",
	.feedback = SNN_FEEDBACK_IMAGE,
	.is_layered = true,
	.memory = SNN_MEMORY_SEQUENCE,
	.init = snn_unroll_init,
	.done = snn_unroll_done,
	.begin = snn_unroll_begin,
	.step = snn_unroll_step,
	.end = fa_end,
};
