/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_etlp.c - event-based three-factor local plasticity (Quintana, Perez-Pena, Galindo, Neftci,
 * Chicca & Khacef, Neuromorph. Comput. Eng. 4, 2024): the projected target B_l y_star reaches the layers
 * only when a teacher neuron fires, which it does at random, with e-prop's traces (and those of
 * thresholds that adapt, psi (eps - theta epsa), where network.adaptation is theta). In between nothing
 * is learnt in hidden layers.
 *
 * Whether the teacher fires in a step depends on the seed, the update, the sequence and the step, so
 * that a resumed run meets the same events.
 */
#include <string.h>
#include "learner.h"
#include "seed.h"

static bool is_event(const struct snn_learner *le, const struct snn_batch *b, uint32_t lane)
{
	uint64_t run = snn_seed(le->config.seed, SNN_USE_TEACHER, b->i_update);
	uint64_t step = (uint64_t)b->seq[lane]->id << 32 | b->t;

	return (double)snn_seed(run, SNN_USE_TEACHER, step) <
		le->config.train.teacher_rate * 0x1p32;
}

static int etlp_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	for (uint32_t lane = 0; lane < b->n_active; lane++) {
		if (is_event(le, b, lane))
			continue;
		for (uint32_t l = 0; l < b->net->n_layer; l++)
			memset(b->layer[l].l + (size_t)lane * b->net->size[l], 0,
				b->net->size[l] * sizeof(float));
	}
	return snn_learner_step_traces(le, b, e);
}

const struct snn_rule snn_rule_etlp = {
	.name = "etlp",
	.help = "target projection at random teacher events, with e-prop's traces",
	.feedback = SNN_FEEDBACK_TARGET,
	.memory = SNN_MEMORY_TRACES,
	.has_rate_penalty = true,
	.is_without_reset = true,
	.begin = snn_learner_begin_traces,
	.step = etlp_step,
	.end = snn_learner_end_traces,
};
