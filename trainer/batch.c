/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fast.h"
#include "learner.h"
#include "snu.h"

#define N_STATE 11 /* float arrays of a layer */

static int init_layers(struct snn_batch *b)
{
	const struct snn_net *net = b->net;
	size_t n = 2 * (size_t)net->n_out;
	float *p;

	for (uint32_t l = 0; l < net->n_layer; l++)
		n += N_STATE * (size_t)net->size[l];
	p = calloc(n * b->n_lane, sizeof(*p));
	if (!p)
		return -ENOMEM;
	b->memory = p;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct snn_layer_state *y = &b->layer[l];
		float **array[N_STATE] = { &y->i, &y->s, &y->y, &y->psi, &y->s_prev, &y->y_prev,
			&y->psi_prev, &y->l, &y->h, &y->a, &y->threshold };

		for (int k = 0; k < N_STATE; k++) {
			*array[k] = p;
			p += (size_t)net->size[l] * b->n_lane;
		}
		if (snn_spikes_init(&y->out, net->size[l], b->n_lane, net->neuron == SNN_SSNU) <
				0 ||
			snn_spikes_init(
				&y->out_prev, net->size[l], b->n_lane, net->neuron == SNN_SSNU) < 0)
			return -ENOMEM;
	}
	b->o = p;
	b->err = p + (size_t)net->n_out * b->n_lane;
	return 0;
}

int snn_batch_init(struct snn_batch *b, struct snn_net *net, struct snn_weights *w, uint32_t n_lane)
{
	*b = (struct snn_batch){ .net = net, .weights = w, .n_lane = n_lane };
	b->seq = calloc(n_lane, sizeof(*b->seq));
	if (!b->seq || snn_spikes_init(&b->x, net->n_in, n_lane, false) < 0 ||
		snn_spikes_init(&b->y_star, net->n_out, n_lane, false) < 0 ||
		snn_spikes_init(&b->error, net->n_out, n_lane, true) < 0 || init_layers(b) < 0 ||
		snn_readout_init(&b->readout, net, n_lane) < 0) {
		snn_batch_done(b);
		return -ENOMEM;
	}
	return 0;
}

void snn_batch_done(struct snn_batch *b)
{
	for (uint32_t l = 0; l < SNN_MAX_HIDDEN; l++) {
		snn_spikes_done(&b->layer[l].out);
		snn_spikes_done(&b->layer[l].out_prev);
	}
	snn_spikes_done(&b->x);
	snn_spikes_done(&b->y_star);
	snn_spikes_done(&b->error);
	snn_readout_done(&b->readout);
	free(b->seq);
	free(b->memory);
	*b = (struct snn_batch){ 0 };
}

/* Longest first; equal lengths keep their order. */
static void seat(struct snn_batch *b, const struct snn_seq *const *seq, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = i;

		while (k > 0 && b->seq[k - 1]->n_step < seq[i]->n_step) {
			b->seq[k] = b->seq[k - 1];
			k--;
		}
		b->seq[k] = seq[i];
	}
	b->n_seq = n;
}

static void rest(struct snn_batch *b)
{
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		struct snn_layer_state *y = &b->layer[l];
		size_t size = (size_t)b->n_lane * b->net->size[l] * sizeof(float);

		memset(y->s, 0, size);
		memset(y->y, 0, size);
		memset(y->psi, 0, size);
		memset(y->a, 0, size);
		for (uint32_t lane = 0; lane < b->n_lane; lane++)
			snn_spikes_list(&y->out, lane, NULL, 0);
	}
	snn_readout_rest(&b->readout, b->net, b->n_lane);
}

static void show(struct snn_spikes *p, uint32_t lane, const struct snn_seq *s, uint32_t t)
{
	snn_spikes_list(p, lane, s->note + s->begin[t], s->begin[t + 1] - s->begin[t]);
}

/* The target of step t: the notes of step t + 1 or the label, none where no error counts. */
static void show_target(struct snn_batch *b, uint32_t lane)
{
	const struct snn_seq *s = b->seq[lane];

	if (!snn_readout_counts(b->net, s, b->t))
		snn_spikes_list(&b->y_star, lane, NULL, 0);
	else if (s->has_label)
		snn_spikes_list(&b->y_star, lane, &s->label, 1);
	else
		show(&b->y_star, lane, s, b->t + 1);
}

/* Input and target of the sequences that still run. */
static void present(struct snn_batch *b)
{
	b->n_active = 0;
	while (b->n_active < b->n_seq && b->t < snn_seq_steps(b->seq[b->n_active])) {
		show(&b->x, b->n_active, b->seq[b->n_active], b->t);
		show_target(b, b->n_active);
		b->n_active++;
	}
}

static void swap(float **a, float **b)
{
	float *c = *a;

	*a = *b;
	*b = c;
}

static void neurons(struct snn_batch *b, uint32_t l, struct snn_score *score)
{
	struct snn_layer_state *y = &b->layer[l];
	uint32_t n = b->net->size[l];
	struct snn_spikes old;

	swap(&y->s, &y->s_prev);
	swap(&y->y, &y->y_prev);
	swap(&y->psi, &y->psi_prev);
	old = y->out_prev;
	y->out_prev = y->out;
	y->out = old;
	for (uint32_t lane = 0; lane < b->n_active; lane++) {
		size_t at = (size_t)lane * n;
		struct snn_snu_step p = { .i = y->i + at,
			.b = snn_net_threshold(b->net, l)->value,
			.d = b->net->decay[l],
			.s_prev = y->s_prev + at,
			.y_prev = y->y_prev + at,
			.s = y->s + at,
			.y = y->y + at,
			.psi = y->psi + at,
			.a = y->a + at,
			.threshold = y->threshold + at };

		if (b->net->is_recurrent)
			snn_add(n, y->h + at, y->i + at);
		snn_snu_step(b->net, n, &p);
		snn_spikes_values(&y->out, lane, y->y + at);
		if (y->out.is_real) {
			for (uint32_t i = 0; i < n; i++)
				score->n_spike += (double)y->y[at + i];
		} else {
			score->n_spike += y->out.n_on[lane];
		}
		score->n_neuron += n;
	}
}

static int product(
	struct snn_batch *b, const struct snn_product *p, uint32_t n, struct snn_error *e)
{
	return b->weights->ops->product(b->weights, p, n, b->n_active, e);
}

/*
 * Currents of the first layer, of all layers' own last spikes (H y') and, for rules that use them, the
 * learning signals B y_star: in target projection none waits for another, so they are one call.
 */
static int first_products(struct snn_batch *b, bool with_feedback, struct snn_error *e)
{
	struct snn_product p[SNN_MAX_PRODUCT] = {
		{ .i_matrix = snn_net_w(b->net, 0), .in = &b->x, .out = b->layer[0].i },
	};
	uint32_t n = 1;

	for (uint32_t l = 0; with_feedback && l < b->net->n_layer; l++)
		p[n++] = (struct snn_product){
			.i_matrix = snn_net_b_fb(b->net, l), .in = &b->y_star, .out = b->layer[l].l
		};
	for (uint32_t l = 0; b->net->is_recurrent && l < b->net->n_layer; l++)
		p[n++] = (struct snn_product){ .i_matrix = snn_net_h(b->net, l),
			.in = &b->layer[l].out,
			.out = b->layer[l].h };
	return product(b, p, n, e);
}

static int forward(
	struct snn_batch *b, bool with_feedback, struct snn_score *score, struct snn_error *e)
{
	const struct snn_net *net = b->net;
	int r = first_products(b, with_feedback, e);

	if (r < 0)
		return r;
	neurons(b, 0, score);
	for (uint32_t l = 1; l < net->n_layer; l++) {
		struct snn_product p = { .i_matrix = snn_net_w(net, l),
			.in = &b->layer[l - 1].out,
			.out = b->layer[l].i };

		r = product(b, &p, 1, e);
		if (r < 0)
			return r;
		neurons(b, l, score);
	}
	return product(b,
		&(struct snn_product){ .i_matrix = snn_net_v(net),
			.in = &b->layer[net->n_layer - 1].out,
			.out = b->o },
		1, e);
}

/* l = B err: has to wait for the output. */
static int project_error(struct snn_batch *b, struct snn_error *e)
{
	struct snn_product p[SNN_MAX_HIDDEN];
	const struct snn_net *net = b->net;
	uint32_t n = 0;

	for (uint32_t lane = 0; lane < b->n_active; lane++)
		snn_spikes_values(&b->error, lane, b->err + (size_t)lane * net->n_out);
	for (uint32_t l = net->is_layered ? net->n_layer - 1 : 0; l < net->n_layer; l++)
		p[n++] = (struct snn_product){
			.i_matrix = snn_net_b_fb(net, l), .in = &b->error, .out = b->layer[l].l
		};
	return product(b, p, n, e);
}

static int step(struct snn_batch *b, struct snn_learner *learner, struct snn_score *score,
	struct snn_error *e)
{
	enum snn_feedback feedback = learner ? learner->rule->feedback : SNN_FEEDBACK_NONE;
	int r = forward(b, feedback == SNN_FEEDBACK_TARGET, score, e);

	if (r < 0)
		return r;
	for (uint32_t lane = 0; lane < b->n_active; lane++) {
		snn_readout_step(b, lane, score);
		if (learner)
			snn_readout_learn(b, lane);
	}
	if (feedback == SNN_FEEDBACK_ERROR)
		r = project_error(b, e);
	return r == 0 && learner ? learner->rule->step(learner, b, e) : r;
}

int snn_batch_run(struct snn_batch *b, const struct snn_seq *const *seq, uint32_t n,
	struct snn_learner *learner, int (*after_step)(void *user, struct snn_error *e), void *user,
	struct snn_score *score, struct snn_error *e)
{
	int r = 0;

	seat(b, seq, n);
	rest(b);
	b->t = 0;
	if (learner)
		r = learner->rule->begin(learner, b, e);
	for (present(b); r == 0 && b->n_active; b->t++, present(b)) {
		r = step(b, learner, score, e);
		if (r == 0 && after_step)
			r = after_step(user, e);
	}
	if (r == 0 && learner)
		r = learner->rule->end(learner, b, e);
	return r;
}

int snn_batch_begin(struct snn_batch *b, struct snn_learner *learner, struct snn_error *e)
{
	static const struct snn_seq endless = { .n_step = UINT32_MAX };
	const struct snn_seq *seq = &endless;

	seat(b, &seq, 1);
	rest(b);
	b->t = 0;
	b->n_active = 1;
	return learner->rule->begin(learner, b, e);
}

int snn_batch_step(struct snn_batch *b, const uint16_t *x, uint32_t n_x, const uint16_t *y_star,
	uint32_t n_y_star, struct snn_learner *learner, struct snn_score *score,
	struct snn_error *e)
{
	int r;

	snn_spikes_list(&b->x, 0, x, n_x);
	snn_spikes_list(&b->y_star, 0, y_star, n_y_star);
	r = step(b, learner, score, e);
	b->t++;
	return r;
}
