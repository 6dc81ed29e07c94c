/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.c - the table of learning rules, and what those with traces share.
 */
#include "learner.h"

#include <errno.h>
#include <string.h>

const struct snn_rule *const snn_rules[] = { &snn_rule_bptt, &snn_rule_fa, &snn_rule_dfa,
	&snn_rule_drtp, &snn_rule_eprop, &snn_rule_eprop_rnd, &snn_rule_ostl, &snn_rule_ostl_rnd,
	&snn_rule_osttp, NULL };

const struct snn_rule *snn_rule_find(const char *name)
{
	for (const struct snn_rule *const *r = snn_rules; *r; r++) {
		if (!strcmp((*r)->name, name))
			return *r;
	}
	return NULL;
}

/* auto: events pay where inputs are sparse and a sequence's gradient is wanted at its end only. */
static int choose_form(
	const struct snn_config *c, const struct snn_trace_form **ret, struct snn_error *e)
{
	bool is_step = c->train.update == SNN_UPDATE_STEP;

	if (c->train.trace == SNN_TRACE_EVENT && is_step)
		return snn_fail(e, -EINVAL,
			"train.trace: event gives gradients at the end of a sequence only: use dense with train.update: step");
	if (c->train.trace == SNN_TRACE_EVENT ||
		(c->train.trace == SNN_TRACE_AUTO && !is_step && c->network.neuron == SNN_SNU))
		*ret = &snn_trace_event;
	else
		*ret = &snn_trace_dense;
	return 0;
}

int snn_learner_init(struct snn_learner *le, const struct snn_rule *rule,
	const struct snn_config *c, const struct snn_batch *b, struct snn_error *e)
{
	const struct snn_trace_form *form = NULL;
	int r = choose_form(c, &form, e);

	*le = (struct snn_learner){ .rule = rule };
	if (r < 0)
		return r;
	if (rule->is_backward && c->train.update == SNN_UPDATE_STEP)
		return snn_fail(e, -EINVAL,
			"rule %s has no gradient before the end of a sequence: use train.update: sequence",
			rule->name);
	for (uint32_t l = 0; r == 0 && rule->uses_traces && l < b->net->n_layer; l++)
		r = snn_trace_init(
			&le->trace[l], form, b->net, l, b->n_lane, !rule->is_without_reset);
	if (r == 0 && rule->init)
		r = rule->init(le, b);
	if (r < 0) {
		snn_learner_done(le);
		return snn_fail(e, r, "no memory for the traces");
	}
	return 0;
}

void snn_learner_done(struct snn_learner *le)
{
	if (le->rule && le->rule->done)
		le->rule->done(le);
	for (uint32_t l = 0; l < SNN_MAX_HIDDEN; l++)
		snn_trace_done(&le->trace[l]);
	*le = (struct snn_learner){ 0 };
}

int snn_learner_begin_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_seq; lane++)
			snn_trace_begin(&le->trace[l], lane);
	}
	return 0;
}

void snn_learner_step_traces(struct snn_learner *le, struct snn_batch *b)
{
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		const struct snn_layer_state *y = &b->layer[l];

		for (uint32_t lane = 0; lane < b->n_active; lane++) {
			size_t at = (size_t)lane * b->net->size[l];
			struct snn_trace_input in = { .x = snn_batch_input(b, l),
				.lane = lane,
				.b = snn_net_threshold(b->net, l)->value,
				.s_prev = y->s_prev + at,
				.y_prev = y->y_prev + at,
				.psi_prev = y->psi_prev + at,
				.psi = y->psi + at,
				.l = y->l + at };

			snn_trace_step(&le->trace[l], &in, snn_net_grad_w(b->net, l)->grad,
				snn_net_threshold(b->net, l)->grad);
		}
	}
}

int snn_learner_step_given(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	snn_learner_step_traces(le, b);
	return 0;
}

int snn_learner_end_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_seq; lane++)
			snn_trace_end(&le->trace[l], lane, snn_net_grad_w(b->net, l)->grad);
	}
	return 0;
}
