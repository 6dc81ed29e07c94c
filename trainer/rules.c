/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.c - the table of learning rules, and what rules share.
 */
#include "learner.h"

#include <errno.h>
#include <string.h>
#include "fast.h"

const struct snn_rule *const snn_rules[] = { &snn_rule_bptt, &snn_rule_fa, &snn_rule_dfa,
	&snn_rule_drtp, &snn_rule_eprop, &snn_rule_eprop_rnd, &snn_rule_ostl, &snn_rule_ostl_rnd,
	&snn_rule_decolle, &snn_rule_etlp, &snn_rule_osttp, &snn_rule_ptncn, NULL };

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

	if (c->network.adaptation > 0) {
		if (c->train.trace == SNN_TRACE_EVENT)
			return snn_fail(e, -EINVAL,
				"train.trace: event has no form for thresholds that adapt (network.adaptation = %g): use dense",
				c->network.adaptation);
		*ret = &snn_trace_adaptive;
		return 0;
	}
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

static int init_traces(
	struct snn_learner *le, const struct snn_trace_form *form, const struct snn_batch *b)
{
	const struct snn_net *net = b->net;
	const struct snn_trace_kind kind = { .form = form,
		.has_reset_path = !le->rule->is_without_reset,
		.is_filtered = le->is_filtered };
	int r = 0;

	for (uint32_t l = 0; r == 0 && l < net->n_layer; l++) {
		r = snn_trace_init(
			&le->trace[l], &kind, net, l, snn_layer_inputs(net, l), b->n_lane);
		if (r == 0 && net->is_recurrent)
			r = snn_trace_init(&le->trace_h[l], &kind, net, l, net->size[l], b->n_lane);
	}
	return r;
}

static int init_exact(struct snn_learner *le, const struct snn_batch *b, struct snn_error *e)
{
	int r = 0;

	if (le->rule->is_without_reset)
		return snn_fail(e, -EINVAL,
			"train.trace: exact is for rules whose traces follow the reset, not for %s",
			le->rule->name);
	for (uint32_t l = 0; r == 0 && l < b->net->n_layer; l++)
		r = snn_exact_new(&le->exact[l], b->net, l, b->n_lane, le->is_filtered, e);
	return r;
}

int snn_learner_init(struct snn_learner *le, const struct snn_rule *rule,
	const struct snn_config *c, const struct snn_batch *b, struct snn_error *e)
{
	const struct snn_trace_form *form = NULL;
	int r = choose_form(c, &form, e);

	*le = (struct snn_learner){ .rule = rule,
		.is_filtered = rule->follows_readout && snn_readout_remembers(b->net) };
	memcpy(&le->config, c, sizeof(le->config));
	if (r < 0)
		return r;
	if (rule->memory == SNN_MEMORY_SEQUENCE && c->train.update == SNN_UPDATE_STEP)
		return snn_fail(e, -EINVAL,
			"rule %s has no gradient before the end of a sequence: use train.update: sequence",
			rule->name);
	if (c->train.rate_penalty > 0 && !rule->has_rate_penalty)
		return snn_fail(e, -EINVAL,
			"train.rate_penalty is for rules whose learning signal comes with the step, not for %s",
			rule->name);
	if (c->train.rate_penalty > 0 && c->train.update == SNN_UPDATE_STEP)
		return snn_fail(e, -EINVAL,
			"train.rate_penalty needs mean rates of whole sequences: use train.update: sequence");
	if (rule->memory == SNN_MEMORY_TRACES && c->train.trace == SNN_TRACE_EXACT)
		r = init_exact(le, b, e);
	else if (rule->memory == SNN_MEMORY_TRACES)
		r = init_traces(le, form, b);
	if (r == -EINVAL) {
		snn_learner_done(le);
		return r;
	}
	if (r == 0)
		r = snn_firing_init(&le->firing, b->net);
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
	snn_firing_done(&le->firing);
	for (uint32_t l = 0; l < SNN_MAX_HIDDEN; l++) {
		snn_trace_done(&le->trace[l]);
		snn_trace_done(&le->trace_h[l]);
		snn_exact_free(le->exact[l]);
	}
	*le = (struct snn_learner){ 0 };
}

int snn_learner_begin_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_seq; lane++) {
			if (le->exact[l]) {
				snn_exact_begin(le->exact[l], lane);
				continue;
			}
			snn_trace_begin(&le->trace[l], lane);
			if (b->net->is_recurrent)
				snn_trace_begin(&le->trace_h[l], lane);
		}
	}
	return 0;
}

static struct snn_trace_input trace_input(
	const struct snn_learner *le, struct snn_batch *b, uint32_t l, uint32_t lane)
{
	const struct snn_layer_state *y = &b->layer[l];
	size_t at = (size_t)lane * b->net->size[l];

	return (struct snn_trace_input){ .x = snn_batch_input(b, l),
		.lane = lane,
		.b = snn_net_threshold(b->net, l)->value,
		.s_prev = y->s_prev + at,
		.y_prev = y->y_prev + at,
		.psi_prev = y->psi_prev + at,
		.psi = y->psi + at,
		.l = y->l + at,
		.gain = le->is_filtered ? snn_readout_gain(b->net, b->seq[lane], b->t) : 1 };
}

static void step_diagonal(struct snn_learner *le, struct snn_batch *b, uint32_t l)
{
	for (uint32_t lane = 0; lane < b->n_active; lane++) {
		struct snn_trace_input in = trace_input(le, b, l, lane);

		snn_trace_step(&le->trace[l], &in, snn_net_grad_w(b->net, l)->grad,
			snn_net_threshold(b->net, l)->grad);
		if (b->net->is_recurrent)
			snn_trace_follow(&le->trace_h[l], &le->trace[l], &b->layer[l].out_prev,
				lane, snn_net_grad_h(b->net, l)->grad);
	}
}

static int step_exact(struct snn_learner *le, struct snn_batch *b, uint32_t l, struct snn_error *e)
{
	struct snn_exact_grad grad = { .w = snn_net_grad_w(b->net, l)->grad,
		.b = snn_net_threshold(b->net, l)->grad };
	const float *h = NULL;
	int r = 0;

	if (b->net->is_recurrent) {
		grad.h = snn_net_grad_h(b->net, l)->grad;
		r = b->weights->ops->image(b->weights, snn_net_h(b->net, l), &h, e);
	}
	for (uint32_t lane = 0; r == 0 && lane < b->n_active; lane++) {
		struct snn_trace_input in = trace_input(le, b, l, lane);

		snn_exact_step(le->exact[l], &in, h, &grad);
	}
	return r;
}

/* The error of the mean so far says nothing of what filtered traces hold: only the last one learns. */
static void wait_for_the_end(struct snn_batch *b)
{
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		size_t n = b->net->size[l];

		for (uint32_t lane = 0; lane < b->n_active; lane++) {
			if (b->t + 1 < snn_seq_steps(b->seq[lane]))
				memset(b->layer[l].l + lane * n, 0, n * sizeof(float));
		}
	}
}

int snn_learner_step_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	int r = 0;

	if (le->is_filtered && b->net->loss == SNN_LOSS_MEAN)
		wait_for_the_end(b);
	snn_firing_step(&le->firing, b, le->is_filtered);
	for (uint32_t l = 0; r == 0 && l < b->net->n_layer; l++) {
		if (le->exact[l])
			r = step_exact(le, b, l, e);
		else
			step_diagonal(le, b, l);
	}
	return r;
}

int snn_learner_end_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; !le->exact[l] && lane < b->n_seq; lane++) {
			snn_trace_end(&le->trace[l], lane, snn_net_grad_w(b->net, l)->grad);
			if (b->net->is_recurrent)
				snn_trace_end(
					&le->trace_h[l], lane, snn_net_grad_h(b->net, l)->grad);
		}
	}
	return 0;
}

void snn_learner_add_present(struct snn_batch *b, uint32_t l, uint32_t lane, const float *c)
{
	uint32_t n = b->net->size[l];

	snn_axpy_to_double(n, -1, c, snn_net_threshold(b->net, l)->grad);
	snn_spikes_outer(snn_batch_input(b, l), lane, n, c, snn_net_grad_w(b->net, l)->grad);
	if (b->net->is_recurrent)
		snn_spikes_outer(
			&b->layer[l].out_prev, lane, n, c, snn_net_grad_h(b->net, l)->grad);
}
