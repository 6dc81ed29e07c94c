/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_osttp.c - online spatio-temporal learning with target projection (Ortner et al., AICAS 2023,
 * eq. 11): L_l = B_l y_star, the plain target through a fixed random matrix, with the traces of
 * OSTL. Nothing waits for the output: B_l y_star came with W x (batch.c, first_products()).
 */
#include "learner.h"

static int osttp_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	snn_learner_step_traces(le, b);
	return 0;
}

const struct snn_rule snn_rule_osttp = {
	.name = "osttp",
	.help = "target projection B y_star with OSTL's traces",
	.uses_feedback = true,
	.uses_traces = true,
	.begin = snn_learner_begin_traces,
	.step = osttp_step,
	.end = snn_learner_end_traces,
};
