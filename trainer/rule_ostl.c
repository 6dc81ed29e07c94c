/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_ostl.c - online spatio-temporal learning (Bohnstingl et al., TNNLS 2022; Ortner et al. 2023,
 * eqs 5-10): L_l is the output's error of this time step, carried back through the layers (ostl), or
 * sent to each layer through a fixed random matrix, B_l err (ostl-rnd); time is in the traces, that of
 * outputs which remember, too. ostl equals backpropagation through time for one hidden layer; with several, the
 * paths through the traces of the layers above are left out.
 */
#include "step_error.h"

const struct snn_rule snn_rule_ostl = {
	.name = "ostl",
	.help = "true error of each step, carried back through space, with traces",
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.follows_readout = true,
	.init = snn_step_error_init,
	.done = snn_step_error_done,
	.begin = snn_step_error_begin,
	.step = snn_step_error_step,
	.end = snn_learner_end_traces,
};

const struct snn_rule snn_rule_ostl_rnd = {
	.name = "ostl-rnd",
	.help = "error of each step through random matrices, with OSTL's traces",
	.feedback = SNN_FEEDBACK_ERROR,
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.follows_readout = true,
	.begin = snn_learner_begin_traces,
	.step = snn_learner_step_traces,
	.end = snn_learner_end_traces,
};
