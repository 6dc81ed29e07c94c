/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"

#define MAX_GROUP  4 /* a group's gradients cost as much as a few sequences to add */
#define MIN_LANE   4 /* of a group */
#define N_SLICE    16
#define MAX_THREAD MAX_GROUP

struct group {
	struct snn_net net; /* the run's, with gradients of its own */
	double *grad;
	struct snn_batch batch;
	struct snn_learner learner;
	const struct snn_seq *const *seq; /* borrowed, of the run under way */
	uint32_t n_seq;
	struct snn_score score;
	struct snn_error error;
	int code;
};

struct snn_pool {
	struct snn_net *net;
	uint32_t n_group, n_thread;
	struct group group[MAX_GROUP];
	bool is_learning;
	/* What the threads take turns with. */
	void (*work)(struct snn_pool *p, uint32_t i);
	uint32_t n_work;
	atomic_uint next;
};

uint32_t snn_pool_groups(const struct snn_config *c)
{
	uint32_t n = c->train.batch / MIN_LANE;

	if (c->weights != SNN_WEIGHTS_FLOAT || c->train.update != SNN_UPDATE_SEQUENCE || n < 1)
		return 1;
	return n < MAX_GROUP ? n : MAX_GROUP;
}

static int own_gradients(struct group *g, const struct snn_net *net)
{
	size_t n = 0;
	double *p;

	for (uint32_t i = 0; i < net->n_tensor; i++)
		n += net->tensor[i].n;
	memcpy(&g->net, net, sizeof(g->net));
	g->grad = p = calloc(n, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		g->net.tensor[i].grad = p;
		p += net->tensor[i].n;
	}
	return 0;
}

static int init_group(struct group *g, const struct snn_net *net, struct snn_weights *w,
	const struct snn_rule *rule, const struct snn_config *c, uint32_t n_lane,
	struct snn_error *e)
{
	if (own_gradients(g, net) < 0 || snn_batch_init(&g->batch, &g->net, w, n_lane) < 0)
		return snn_fail(
			e, -ENOMEM, "no memory for a batch of %u sequences", c->train.batch);
	return snn_learner_init(&g->learner, rule, c, &g->batch, e);
}

int snn_pool_new(struct snn_pool **ret, struct snn_net *net, struct snn_weights *w,
	const struct snn_rule *rule, const struct snn_config *c, struct snn_error *e)
{
	struct snn_pool *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return snn_fail(e, -ENOMEM, "no memory for groups of sequences");
	p->net = net;
	p->n_thread = c->train.threads < MAX_THREAD ? c->train.threads : MAX_THREAD;
	while (r == 0 && p->n_group < snn_pool_groups(c)) {
		struct group *g = &p->group[p->n_group++];

		r = init_group(g, net, w, rule, c,
			(c->train.batch + snn_pool_groups(c) - 1) / snn_pool_groups(c), e);
	}
	if (r < 0) {
		snn_pool_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void snn_pool_free(struct snn_pool *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->n_group; i++) {
		snn_learner_done(&p->group[i].learner);
		snn_batch_done(&p->group[i].batch);
		free(p->group[i].grad);
	}
	free(p);
}

static void *take_turns(void *user)
{
	struct snn_pool *p = user;

	for (uint32_t i; (i = atomic_fetch_add(&p->next, 1)) < p->n_work;)
		p->work(p, i);
	return NULL;
}

/* work(0) .. work(n - 1), each once, by whoever is free; threads that cannot be made are done without. */
static void each(struct snn_pool *p, uint32_t n, void (*work)(struct snn_pool *p, uint32_t i))
{
	pthread_t thread[MAX_THREAD];
	uint32_t n_thread = 0;

	p->work = work;
	p->n_work = n;
	atomic_store(&p->next, 0);
	while (n_thread + 1 < p->n_thread &&
		pthread_create(&thread[n_thread], NULL, take_turns, p) == 0)
		n_thread++;
	take_turns(p);
	while (n_thread-- > 0)
		pthread_join(thread[n_thread], NULL);
}

static void run_group(struct snn_pool *p, uint32_t i)
{
	struct group *g = &p->group[i];

	g->score = (struct snn_score){ 0 };
	g->code = g->n_seq
		? snn_batch_run(&g->batch, g->seq, g->n_seq, p->is_learning ? &g->learner : NULL,
			  NULL, NULL, &g->score, &g->error)
		: 0;
}

SNN_FAST static void add_and_clear(size_t n, double *restrict from, double *restrict to)
{
	for (size_t i = 0; i < n; i++) {
		to[i] += from[i];
		from[i] = 0;
	}
}

/* The i-th part of all gradients. */
static void add_slice(struct snn_pool *p, uint32_t i)
{
	for (uint32_t k = 0; k < p->net->n_tensor; k++) {
		const struct snn_tensor *t = &p->net->tensor[k];
		size_t first = t->n * i / N_SLICE, end = t->n * (i + 1) / N_SLICE;

		for (uint32_t g = 0; g < p->n_group; g++) {
			if (p->group[g].n_seq)
				add_and_clear(end - first, p->group[g].net.tensor[k].grad + first,
					t->grad + first);
		}
	}
}

static void add_score(struct snn_score *to, const struct snn_score *s)
{
	to->nll += s->nll;
	to->n_step += s->n_step;
	to->n_spike += s->n_spike;
	to->n_neuron += s->n_neuron;
	to->n_right += s->n_right;
	to->n_label += s->n_label;
}

int snn_pool_run(struct snn_pool *p, const struct snn_seq *const *seq, uint32_t n,
	struct snn_learner *learner, uint64_t i_update, struct snn_score *score,
	struct snn_error *e)
{
	uint32_t n_lane = p->group[0].batch.n_lane;

	p->is_learning = learner != NULL;
	for (uint32_t i = 0; i < p->n_group; i++) {
		uint32_t first = i * n_lane < n ? i * n_lane : n;

		p->group[i].seq = seq + first;
		p->group[i].batch.i_update = i_update;
		p->group[i].n_seq = n - first < n_lane ? n - first : n_lane;
	}
	each(p, p->n_group, run_group);
	for (uint32_t i = 0; i < p->n_group; i++) {
		if (p->group[i].code < 0) {
			*e = p->group[i].error;
			return p->group[i].code;
		}
		add_score(score, &p->group[i].score);
		if (learner)
			snn_firing_take(&learner->firing, &p->group[i].learner.firing, p->net);
	}
	if (learner)
		each(p, N_SLICE, add_slice);
	return 0;
}
