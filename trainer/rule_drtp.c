/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_drtp.c - direct random target projection (Frenkel et al., Front. Neurosci. 15, 2021): L_l =
 * B_l y_star as in OSTTP, but without memory: the eligibility is that of this step, e = psi x for W,
 * psi y' for H and -psi for b.
 */
#include "learner.h"

static int drtp_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)le;
	(void)b;
	(void)e;
	return 0;
}

/* l <- l psi in place: nobody needs l afterwards. */
static void learn(struct snn_batch *b, uint32_t l, uint32_t lane)
{
	uint32_t n = b->net->size[l];
	float *c = b->layer[l].l + (size_t)lane * n;
	const float *psi = b->layer[l].psi + (size_t)lane * n;

	for (uint32_t i = 0; i < n; i++)
		c[i] *= psi[i];
	snn_learner_add_present(b, l, lane, c);
}

static int drtp_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	snn_firing_step(&le->firing, b, false);
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_active; lane++)
			learn(b, l, lane);
	}
	return 0;
}

const struct snn_rule snn_rule_drtp = {
	.name = "drtp",
	.help = "target projection B y_star, no traces",
	.feedback = SNN_FEEDBACK_TARGET,
	.has_rate_penalty = true,
	.begin = drtp_begin,
	.step = drtp_step,
	.end = drtp_begin,
};
