/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "align.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A rule with a copy of the run's network. */
struct probe {
	struct snn_config c;
	struct snn_net net;
	struct snn_weights *w;
	struct snn_batch b;
	struct snn_learner le;
};

struct snn_align {
	struct snn_trainer *run;
	uint32_t n_rule, n_seq, n_tensor;
	const char *name[SNN_MAX_TENSOR];
	uint32_t tensor[SNN_MAX_TENSOR]; /* of hidden layers; their index in the net */
	struct probe *probe;             /* [1 + n_rule], the first is bptt */
};

static void probe_done(struct probe *p)
{
	snn_learner_done(&p->le);
	snn_batch_done(&p->b);
	if (p->w)
		p->w->ops->free(p->w);
	snn_net_done(&p->net);
}

/* The run's network, this rule's B; nothing changes while it is measured. */
static void configure(struct probe *p, const struct snn_config *run, const struct snn_config *rule)
{
	memcpy(&p->c, run, sizeof(p->c));
	memcpy(p->c.rule, rule->rule, sizeof(p->c.rule));
	p->c.network.b_scale = rule->network.b_scale;
	p->c.network.b_center = rule->network.b_center;
	p->c.train.update = SNN_UPDATE_SEQUENCE;
}

static int probe_init(struct probe *p, struct snn_trainer *run, const struct snn_config *config,
	struct snn_error *e)
{
	const struct snn_rule *rule = snn_rule_find(config->rule);
	int r;

	configure(p, &run->config, config);
	r = snn_draw_net(&p->net, &p->c, &run->data, rule, e);
	if (r == 0)
		r = snn_weights_float_new(&p->w, &p->net, e);
	if (r == 0 && snn_batch_init(&p->b, &p->net, p->w, 1) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for rule %s", rule->name);
	return r < 0 ? r : snn_learner_init(&p->le, rule, &p->c, &p->b, e);
}

static void list_tensors(struct snn_align *a)
{
	struct snn_net *net = &a->run->net;

	for (uint32_t i = 0; i < net->n_tensor; i++) {
		const struct snn_tensor *t = &net->tensor[i];

		if (t == snn_net_grad_v(net) || t == snn_net_bias(net))
			continue;
		a->name[a->n_tensor] = t->name;
		a->tensor[a->n_tensor++] = i;
	}
}

int snn_align_new(struct snn_align **ret, struct snn_trainer *run, const struct snn_config *config,
	uint32_t n_rule, uint32_t n_seq, struct snn_error *e)
{
	uint32_t n_train = run->data.n_seq[SNN_TRAIN];
	struct snn_align *a = calloc(1, sizeof(*a));
	struct snn_config bptt;
	int r = 0;

	if (!a)
		return snn_fail(e, -ENOMEM, "no memory to compare rules");
	a->run = run;
	a->n_rule = n_rule;
	a->n_seq = n_seq < n_train ? n_seq : n_train;
	list_tensors(a);
	a->probe = calloc(1 + (size_t)n_rule, sizeof(*a->probe));
	if (!a->probe) {
		snn_align_free(a);
		return snn_fail(e, -ENOMEM, "no memory to compare rules");
	}
	memcpy(&bptt, &run->config, sizeof(bptt));
	strcpy(bptt.rule, snn_rule_bptt.name);
	for (uint32_t k = 0; r == 0 && k <= n_rule; k++)
		r = probe_init(&a->probe[k], run, k ? &config[k - 1] : &bptt, e);
	if (r < 0) {
		snn_align_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

void snn_align_free(struct snn_align *a)
{
	if (!a)
		return;
	for (uint32_t k = 0; a->probe && k <= a->n_rule; k++)
		probe_done(&a->probe[k]);
	free(a->probe);
	free(a);
}

uint32_t snn_align_n_tensor(const struct snn_align *a)
{
	return a->n_tensor + 1;
}

const char *snn_align_tensor(const struct snn_align *a, uint32_t i)
{
	return i < a->n_tensor ? a->name[i] : "all";
}

static int copy_weights(struct snn_align *a, struct snn_error *e)
{
	struct snn_net *net = &a->run->net;
	struct snn_weights *w = a->run->weights;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < net->n_matrix; i++) {
		const float *image;

		if (net->matrix[i].is_feedback)
			continue;
		r = w->ops->image(w, i, &image, e);
		for (uint32_t k = 0; r == 0 && k <= a->n_rule; k++)
			snn_weights_float_set(a->probe[k].w, i, image);
	}
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		const struct snn_tensor *t = &net->tensor[i];

		for (uint32_t k = 0; t->value && k <= a->n_rule; k++)
			memcpy(a->probe[k].net.tensor[i].value, t->value, t->n * sizeof(*t->value));
	}
	return r;
}

/* One sequence after the other: what a rule keeps for a lane can be large. */
static int gradients(struct snn_align *a, struct probe *p, struct snn_error *e)
{
	const struct snn_dataset *d = &a->run->data;
	struct snn_score score = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < p->net.n_tensor; i++)
		memset(p->net.tensor[i].grad, 0, p->net.tensor[i].n * sizeof(double));
	for (uint32_t i = 0; r == 0 && i < a->n_seq; i++) {
		size_t at = (size_t)i * d->n_seq[SNN_TRAIN] / a->n_seq;
		const struct snn_seq *seq = &d->seq[SNN_TRAIN][at];

		r = snn_batch_run(&p->b, &seq, 1, &p->le, NULL, NULL, &score, e);
	}
	return r;
}

/* Sums over the elements of one or more tensors. */
struct sums {
	double dot, own, exact;
};

static void add_tensor(struct sums *s, const struct snn_tensor *own, const struct snn_tensor *exact)
{
	for (size_t i = 0; i < own->n; i++) {
		s->dot += own->grad[i] * exact->grad[i];
		s->own += own->grad[i] * own->grad[i];
		s->exact += exact->grad[i] * exact->grad[i];
	}
}

static struct snn_align_value value_of(const struct sums *s)
{
	return (struct snn_align_value){
		.cosine = s->own > 0 && s->exact > 0 ? s->dot / sqrt(s->own) / sqrt(s->exact) : NAN,
		.norm_ratio = s->exact > 0 ? sqrt(s->own / s->exact) : NAN,
	};
}

static void compare(struct snn_align *a, const struct snn_net *own, struct snn_align_value *value)
{
	const struct snn_net *exact = &a->probe[0].net;
	struct sums all = { 0 };

	for (uint32_t i = 0; i < a->n_tensor; i++) {
		const struct snn_tensor *p = &own->tensor[a->tensor[i]];
		const struct snn_tensor *q = &exact->tensor[a->tensor[i]];
		struct sums one = { 0 };

		add_tensor(&one, p, q);
		add_tensor(&all, p, q);
		value[i] = value_of(&one);
	}
	value[a->n_tensor] = value_of(&all);
}

int snn_align_measure(struct snn_align *a, struct snn_align_value *value, struct snn_error *e)
{
	int r = copy_weights(a, e);

	for (uint32_t k = 0; r == 0 && k <= a->n_rule; k++) {
		r = gradients(a, &a->probe[k], e);
		if (r == 0 && k)
			compare(a, &a->probe[k].net,
				value + (size_t)(k - 1) * snn_align_n_tensor(a));
	}
	return r;
}
