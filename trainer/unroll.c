/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "back.h"
#include "fast.h"

struct history {
	float *s, *y, *psi; /* [n_lane][max_step][n] */
	double *ds, *da;    /* [n] of the step after */
	float *ds_now, *back;
};

struct snn_unroll {
	uint32_t max_step;
	struct history layer[SNN_MAX_HIDDEN];
	float *err; /* [n_lane][max_step][n_out] */
	float *memory;
	double *ds_memory;
};

int snn_unroll_init(struct snn_learner *le, const struct snn_batch *b)
{
	struct snn_unroll *q = calloc(1, sizeof(*q));
	size_t n = 0;

	if (!q)
		return -ENOMEM;
	le->state = q;
	for (uint32_t l = 0; l < b->net->n_layer; l++)
		n += 2 * (size_t)b->net->size[l];
	q->ds_memory = calloc(n, sizeof(*q->ds_memory));
	if (!q->ds_memory)
		return -ENOMEM;
	n = 0;
	for (uint32_t l = 0; l < b->net->n_layer; l++) {
		q->layer[l].ds = q->ds_memory + n;
		q->layer[l].da = q->layer[l].ds + b->net->size[l];
		n += 2 * (size_t)b->net->size[l];
	}
	return 0;
}

void snn_unroll_done(struct snn_learner *le)
{
	struct snn_unroll *q = le->state;

	if (q) {
		free(q->memory);
		free(q->ds_memory);
	}
	free(q);
}

/* Room for sequences of max_step steps. */
static int grow(struct snn_unroll *q, const struct snn_batch *b, uint32_t max_step)
{
	const struct snn_net *net = b->net;
	size_t n_row = (size_t)b->n_lane * max_step, n = n_row * net->n_out;
	float *p;

	for (uint32_t l = 0; l < net->n_layer; l++)
		n += (3 * n_row + 2) * net->size[l];
	free(q->memory);
	q->max_step = 0;
	q->memory = p = calloc(n, sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct history *h = &q->layer[l];
		size_t size = n_row * net->size[l];

		h->s = p;
		h->y = p + size;
		h->psi = p + 2 * size;
		h->ds_now = p + 3 * size;
		h->back = h->ds_now + net->size[l];
		p = h->back + net->size[l];
	}
	q->err = p;
	q->max_step = max_step;
	return 0;
}

int snn_unroll_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct snn_unroll *q = le->state;

	if (b->seq[0]->n_step > q->max_step && grow(q, b, b->seq[0]->n_step) < 0)
		return snn_fail(e, -ENOMEM, "no memory to unroll %u steps", b->seq[0]->n_step);
	return 0;
}

static size_t row(const struct snn_unroll *q, uint32_t lane, uint32_t t)
{
	return (size_t)lane * q->max_step + t;
}

int snn_unroll_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e)
{
	struct snn_unroll *q = le->state;

	(void)e;
	for (uint32_t lane = 0; lane < b->n_active; lane++) {
		size_t n_out = b->net->n_out, to = row(q, lane, b->t);

		memcpy(q->err + to * n_out, b->err + lane * n_out, n_out * sizeof(float));
		for (uint32_t l = 0; l < b->net->n_layer; l++) {
			size_t n = b->net->size[l];

			memcpy(q->layer[l].s + to * n, b->layer[l].s + lane * n, n * sizeof(float));
			memcpy(q->layer[l].y + to * n, b->layer[l].y + lane * n, n * sizeof(float));
			memcpy(q->layer[l].psi + to * n, b->layer[l].psi + lane * n,
				n * sizeof(float));
		}
	}
	return 0;
}

/* back [n] = dE/dy from this step's layers above; fills ds_now, ds, da and grad_b. */
static void unroll_layer(struct snn_unroll *q, struct snn_net *net, uint32_t l, size_t at)
{
	struct history *h = &q->layer[l];
	size_t n = net->size[l];
	const float *s = h->s + at * n, *y = h->y + at * n, *psi = h->psi + at * n;
	const struct snn_tensor *b = snn_net_threshold(net, l);
	double beta = (double)net->adaptation, rho = (double)net->adaptation_decay;
	bool is_full = net->reset == SNN_RESET_FULL;

	for (size_t i = 0; i < n; i++) {
		double d = (double)net->decay[l][i];
		double j = is_full ? d * (1 - (double)y[i]) : d;
		double jj = is_full ? -d * (double)s[i] : -(double)b->value[i];
		double dy = (double)h->back[i] + jj * h->ds[i] + h->da[i];
		double gb = -(double)psi[i] * dy;

		if (!is_full)
			gb -= (double)y[i] * h->ds[i];
		b->grad[i] += gb;
		h->ds[i] = (double)psi[i] * dy + j * h->ds[i];
		h->da[i] = rho * h->da[i] - beta * (double)psi[i] * dy;
		h->ds_now[i] = (float)h->ds[i];
	}
}

SNN_FAST static void add_scaled(size_t n, double a, const double *restrict x, double *restrict y)
{
	for (size_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

/* grad [n_in][n] += x ds' */
static void add_outer_real(size_t n_in, const float *x, size_t n, const double *ds, double *grad)
{
	for (size_t j = 0; j < n_in; j++) {
		if (x[j] != 0)
			add_scaled(n, (double)x[j], ds, grad + j * n);
	}
}

static void add_outer(
	struct snn_unroll *q, struct snn_batch *b, uint32_t l, uint32_t lane, uint32_t t)
{
	size_t n = b->net->size[l];
	double *grad = snn_net_grad_w(b->net, l)->grad;
	const double *ds = q->layer[l].ds;
	const struct snn_seq *s = b->seq[lane];

	if (l > 0) {
		size_t n_in = b->net->size[l - 1];

		add_outer_real(n_in, q->layer[l - 1].y + row(q, lane, t) * n_in, n, ds, grad);
		return;
	}
	for (uint32_t k = s->begin[t]; k < s->begin[t + 1]; k++)
		add_scaled(n, 1, ds, grad + s->note[k] * n);
}

/* back += H ds(t+1), which ds_now still holds */
static void carry_in_time(struct history *h, uint32_t n, const float *h_image)
{
	for (uint32_t i = 0; i < n; i++)
		h->back[i] += snn_dot(n, h_image + (size_t)i * n, h->ds_now);
}

/* Errors of the steps as they were met become what readout.h says of rules that go backwards. */
static void complete_errors(struct snn_unroll *q, const struct snn_batch *b, uint32_t lane)
{
	const struct snn_net *net = b->net;
	uint32_t n = net->n_out, last = snn_seq_steps(b->seq[lane]) - 1;
	float *err = q->err + row(q, lane, 0) * n;

	for (uint32_t t = 0; net->loss == SNN_LOSS_MEAN && t < last; t++)
		memcpy(err + (size_t)t * n, err + (size_t)last * n, n * sizeof(*err));
	for (uint32_t t = last; net->readout_decay > 0 && t-- > 0;)
		snn_axpy(n, net->readout_decay, err + (size_t)(t + 1) * n, err + (size_t)t * n);
}

static void unroll_lane(
	struct snn_unroll *q, struct snn_batch *b, uint32_t lane, const struct snn_space *space)
{
	struct snn_net *net = b->net;
	uint32_t top = net->n_layer - 1;

	for (uint32_t l = 0; l <= top; l++) {
		memset(q->layer[l].ds, 0, net->size[l] * sizeof(double));
		memset(q->layer[l].da, 0, net->size[l] * sizeof(double));
		memset(q->layer[l].ds_now, 0, net->size[l] * sizeof(float));
	}
	complete_errors(q, b, lane);
	for (uint32_t t = snn_seq_steps(b->seq[lane]); t-- > 0;) {
		size_t at = row(q, lane, t);
		const float *err = q->err + at * net->n_out;

		for (uint32_t l = top + 1; l-- > 0;) {
			space->carry(space, net, l, err, l < top ? q->layer[l + 1].ds_now : err,
				q->layer[l].back);
			if (net->is_recurrent)
				carry_in_time(&q->layer[l], net->size[l], space->h[l]);
			unroll_layer(q, net, l, at);
			add_outer(q, b, l, lane, t);
			if (net->is_recurrent && t > 0)
				add_outer_real(net->size[l],
					q->layer[l].y + (at - 1) * net->size[l], net->size[l],
					q->layer[l].ds, snn_net_grad_h(net, l)->grad);
		}
	}
}

int snn_unroll_run(
	struct snn_learner *le, struct snn_batch *b, struct snn_space *space, struct snn_error *e)
{
	int r = 0;

	for (uint32_t l = 0; r == 0 && b->net->is_recurrent && l < b->net->n_layer; l++)
		r = b->weights->ops->image(b->weights, snn_net_h(b->net, l), &space->h[l], e);
	for (uint32_t lane = 0; r == 0 && lane < b->n_seq; lane++)
		unroll_lane(le->state, b, lane, space);
	return r;
}

int snn_unroll_feedback(
	struct snn_learner *le, struct snn_batch *b, snn_carry_fn *carry, struct snn_error *e)
{
	struct snn_space space = { .carry = carry };
	int r = snn_feedback_images(b->weights, space.b_fb, e);

	return r < 0 ? r : snn_unroll_run(le, b, &space, e);
}
