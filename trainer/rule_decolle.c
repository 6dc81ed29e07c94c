/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_decolle.c - deep continuous local learning (Kaiser, Mostafa & Neftci, Front. Neurosci. 14, 2020):
 * every layer has a fixed random readout of its own and learns what makes that one right,
 *
 *	L_l = G_l' (yhat_l - y_star),  yhat_l = sigmoid(G_l y_l + c_0)  or softmax, as the network's readout
 *
 * with G_l = B_l', and c_0 fixed too: the network's c at the start, the logits of the outputs'
 * frequencies (network.bias_marginal). Without it yhat is near 1/2 for outputs that are nearly always
 * off, and the error of that drives every layer: JSB ends at 9.36 in the place of 8.71.
 * The trace is that of an input, not of a weight, e_ij = psi_i P_j:
 *
 *	Q <- beta Q + (1 - beta) x      P <- d P + Q      (and with y' for H)
 *
 * The paper's P has a factor 1 - alpha because its membrane has; ours sums inputs as they are, so that
 * psi P is the derivative but for the reset, and with beta (train.synapse_decay) 0 the trace of e-prop.
 * Thresholds learn by -psi. A network whose membranes have no synaptic filter has beta 0. Where
 * every neuron has a decay of its own (network.decay_max) so has P: one an input and neuron.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "back.h"
#include "fast.h"
#include "learner.h"
#include "readout.h"

/* Inputs of one matrix, filtered. */
struct filter {
	uint32_t n, n_p; /* n_p: decays, 1 or one a neuron */
	float *q, *p;    /* [n_lane][n], [n_lane][n][n_p] */
};

struct decolle {
	struct filter x[SNN_MAX_HIDDEN], own[SNN_MAX_HIDDEN]; /* of W and H */
	const float *b_fb[SNN_MAX_HIDDEN];                    /* images */
	float *o, *err; /* [n_out] outputs of a layer's own readout, and their errors */
	float *bias;    /* [n_out] c_0 */
	float *memory;
};

static void carve(struct filter *f, uint32_t n, uint32_t n_p, uint32_t n_lane, float **p)
{
	*f = (struct filter){ .n = n, .n_p = n_p, .q = *p, .p = *p + (size_t)n * n_lane };
	*p += (1 + (size_t)n_p) * n * n_lane;
}

static uint32_t n_decay(const struct snn_learner *le, uint32_t n)
{
	return le->config.network.decay_max > le->config.network.decay ? n : 1;
}

static int decolle_init(struct snn_learner *le, const struct snn_batch *b)
{
	const struct snn_net *net = b->net;
	struct decolle *q = calloc(1, sizeof(*q));
	size_t n = 0;
	float *p;

	if (!q)
		return -ENOMEM;
	le->state = q;
	for (uint32_t l = 0; l < net->n_layer; l++)
		n += ((size_t)snn_layer_inputs(net, l) + net->size[l]) *
			(1 + (size_t)n_decay(le, net->size[l]));
	p = calloc(n * b->n_lane + 3 * (size_t)net->n_out, sizeof(*p));
	if (!p)
		return -ENOMEM;
	q->memory = p;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		uint32_t n_p = n_decay(le, net->size[l]);

		carve(&q->x[l], snn_layer_inputs(net, l), n_p, b->n_lane, &p);
		carve(&q->own[l], net->size[l], n_p, b->n_lane, &p);
	}
	q->o = p;
	q->err = p + net->n_out;
	q->bias = q->err + net->n_out;
	memcpy(q->bias, snn_net_bias(b->net)->value, net->n_out * sizeof(*q->bias));
	return 0;
}

static void decolle_done(struct snn_learner *le)
{
	struct decolle *q = le->state;

	if (q)
		free(q->memory);
	free(q);
}

static int decolle_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct decolle *q = le->state;
	size_t n = (size_t)(q->o - q->memory);

	memset(q->memory, 0, n * sizeof(*q->memory));
	return snn_feedback_images(b->weights, q->b_fb, e);
}

SNN_FAST static void decay(size_t n, const float *restrict d, float q, float *restrict p)
{
	for (size_t i = 0; i < n; i++)
		p[i] = d[i] * p[i] + q;
}

static void advance(struct filter *f, const struct snn_spikes *x, uint32_t lane,
	const struct snn_learner *le, const float *d)
{
	float *q = f->q + (size_t)lane * f->n, *p = f->p + (size_t)lane * f->n * f->n_p;
	float beta = (float)le->config.train.synapse_decay;
	uint32_t k = 0;

	for (uint32_t j = 0; j < f->n; j++) {
		q[j] = beta * q[j] + (1 - beta) * snn_spikes_next(x, lane, j, &k);
		if (f->n_p > 1)
			decay(f->n_p, d, q[j], p + (size_t)j * f->n_p);
		else
			p[j] = d[0] * p[j] + q[j];
	}
}

/* grad [f->n][n] += p c' */
static void add_outer(
	const struct filter *f, uint32_t lane, uint32_t n, const float *c, double *grad)
{
	const float *p = f->p + (size_t)lane * f->n * f->n_p;

	for (size_t j = 0; j < f->n; j++) {
		if (f->n_p > 1)
			snn_add_product(n, p + j * n, c, grad + j * n);
		else if (p[j] != 0)
			snn_axpy_to_double(n, (double)p[j], c, grad + j * n);
	}
}

/* c [n] = psi L of a lane, in the place of l. */
static float *local_signal(struct decolle *q, struct snn_batch *b, uint32_t l, uint32_t lane)
{
	const struct snn_net *net = b->net;
	uint32_t n = net->size[l];
	const float *y = b->layer[l].y + (size_t)lane * n;
	const float *psi = b->layer[l].psi + (size_t)lane * n;
	float *c = b->layer[l].l + (size_t)lane * n;

	snn_back_through(q->b_fb[l], net->n_out, n, y, q->o);
	snn_add(net->n_out, q->bias, q->o);
	snn_readout_compare(b, lane, q->o, q->err);
	snn_forward_through(q->b_fb[l], net->n_out, n, q->err, c);
	for (uint32_t i = 0; i < n; i++)
		c[i] *= psi[i];
	return c;
}

static void learn(struct snn_learner *le, struct snn_batch *b, uint32_t l, uint32_t lane)
{
	struct decolle *q = le->state;
	struct snn_net *net = b->net;
	uint32_t n = net->size[l];
	const float *c;

	advance(&q->x[l], snn_batch_input(b, l), lane, le, net->decay[l]);
	if (net->is_recurrent)
		advance(&q->own[l], &b->layer[l].out_prev, lane, le, net->decay[l]);
	if (!snn_readout_counts(net, b->seq[lane], b->t))
		return;
	c = local_signal(q, b, l, lane);
	snn_axpy_to_double(n, -1, c, snn_net_threshold(net, l)->grad);
	add_outer(&q->x[l], lane, n, c, snn_net_grad_w(net, l)->grad);
	if (net->is_recurrent)
		add_outer(&q->own[l], lane, n, c, snn_net_grad_h(net, l)->grad);
}

static int decolle_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)e;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		for (uint32_t lane = 0; lane < b->n_active; lane++)
			learn(le, b, l, lane);
	}
	return 0;
}

static int decolle_end(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	(void)le;
	(void)b;
	(void)e;
	return 0;
}

const struct snn_rule snn_rule_decolle = {
	.name = "decolle",
	.help = "every layer learns from a random readout of its own, with filtered inputs as traces",
	.feedback = SNN_FEEDBACK_LOCAL,
	.memory = SNN_MEMORY_INPUTS,
	.init = decolle_init,
	.done = decolle_done,
	.begin = decolle_begin,
	.step = decolle_step,
	.end = decolle_end,
};
