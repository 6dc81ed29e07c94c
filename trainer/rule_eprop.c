/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_eprop.c - e-prop (Bellec et al., Nat. Commun. 11, 2020): as OSTL, with traces that leave out
 * the path through the reset, eps_j <- d eps_j + x_j, e_ij = psi_i eps_j, and -psi_i for thresholds.
 * Where the outputs are leaky, their filter is the traces' (ebar). Its learning signal is the error with
 * the true weights (eprop) or through a fixed random matrix (eprop-rnd).
 */
#include "step_error.h"

const struct snn_rule snn_rule_eprop = {
	.name = "eprop",
	.help = "true error of each step, with traces that leave the reset out",
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.is_without_reset = true,
	.follows_readout = true,
	.init = snn_step_error_init,
	.done = snn_step_error_done,
	.begin = snn_step_error_begin,
	.step = snn_step_error_step,
	.end = snn_learner_end_traces,
};

const struct snn_rule snn_rule_eprop_rnd = {
	.name = "eprop-rnd",
	.help = "error of each step through random matrices, with e-prop's traces",
	.feedback = SNN_FEEDBACK_ERROR,
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.is_without_reset = true,
	.follows_readout = true,
	.begin = snn_learner_begin_traces,
	.step = snn_learner_step_traces,
	.end = snn_learner_end_traces,
};
