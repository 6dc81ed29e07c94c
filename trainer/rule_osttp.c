/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_osttp.c - online spatio-temporal learning with target projection (Ortner et al., AICAS 2023,
 * eq. 11): L_l = B_l y_star, the plain target through a fixed random matrix, with the traces of
 * OSTL. Nothing waits for the output: B_l y_star came with W x (batch.c, first_products()).
 */
#include "learner.h"

const struct snn_rule snn_rule_osttp = {
	.name = "osttp",
	.help = "target projection B y_star with OSTL's traces",
	.feedback = SNN_FEEDBACK_TARGET,
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.begin = snn_learner_begin_traces,
	.step = snn_learner_step_traces,
	.end = snn_learner_end_traces,
};
