/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net.h"

#include <errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "seed.h"

#define MAX_SIZE 65535u /* spikes are listed as uint16_t */

static void name_it(char *buf, size_t n, const char *letter, uint32_t layer, uint32_t n_layer)
{
	if (n_layer == 1)
		snprintf(buf, n, "%s", letter);
	else
		snprintf(buf, n, "%s%u", letter, layer + 1);
}

static void add_matrix(struct snn_net *net, const char *letter, uint32_t layer, uint32_t n_row,
	uint32_t n_col, bool is_feedback)
{
	struct snn_matrix *m = &net->matrix[net->n_matrix++];

	name_it(m->name, sizeof(m->name), letter, layer, letter[0] == 'V' ? 1 : net->n_layer);
	m->n_row = n_row;
	m->n_col = n_col;
	m->is_feedback = is_feedback;
}

static void add_tensor(struct snn_net *net, const char *letter, uint32_t layer, size_t n,
	int i_matrix, double rate_factor)
{
	struct snn_tensor *t = &net->tensor[net->n_tensor++];
	bool is_output = letter[0] == 'V' || letter[0] == 'c';

	name_it(t->name, sizeof(t->name), letter, layer, is_output ? 1 : net->n_layer);
	t->n = n;
	t->i_matrix = i_matrix;
	t->rate_factor = (float)rate_factor;
}

static void lay_out(struct snn_net *net, const struct snn_config *c)
{
	uint32_t top = net->size[net->n_layer - 1];

	for (uint32_t l = 0; l < net->n_layer; l++)
		add_matrix(net, "W", l, snn_layer_inputs(net, l), net->size[l], false);
	add_matrix(net, "V", 0, top, net->n_out, false);
	for (uint32_t l = 0; l < net->n_layer; l++) {
		bool is_from_above = net->is_layered && l + 1 < net->n_layer;

		add_matrix(net, "B", l, is_from_above ? net->size[l + 1] : net->n_out, net->size[l],
			true);
	}
	for (uint32_t l = 0; net->is_recurrent && l < net->n_layer; l++)
		add_matrix(net, "H", l, net->size[l], net->size[l], false);
	for (uint32_t l = 0; l < net->n_layer; l++) {
		size_t n = (size_t)snn_layer_inputs(net, l) * net->size[l];

		add_tensor(net, "W", l, n, (int)snn_net_w(net, l), c->train.rate_hidden);
		add_tensor(net, "b", l, net->size[l], -1, c->train.rate_threshold);
	}
	add_tensor(net, "V", 0, (size_t)top * net->n_out, (int)snn_net_v(net), 1);
	add_tensor(net, "c", 0, net->n_out, -1, 1);
	for (uint32_t l = 0; net->is_recurrent && l < net->n_layer; l++)
		add_tensor(net, "H", l, (size_t)net->size[l] * net->size[l], (int)snn_net_h(net, l),
			c->train.rate_hidden * c->train.rate_recurrent);
}

static int carve(struct snn_net *net)
{
	size_t n = 0, n_grad = 0;
	double *grad;
	float *p;

	for (uint32_t l = 0; l < net->n_layer; l++)
		n += 2 * (size_t)net->size[l];
	for (uint32_t i = 0; i < net->n_matrix; i++)
		n += (size_t)net->matrix[i].n_row * net->matrix[i].n_col;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		n_grad += net->tensor[i].n;
		n += net->tensor[i].i_matrix < 0 ? net->tensor[i].n : 0;
	}
	grad = calloc(1, n_grad * sizeof(*grad) + n * sizeof(*p));
	if (!grad)
		return -ENOMEM;
	net->memory = grad;
	p = (float *)(grad + n_grad);
	for (uint32_t l = 0; l < net->n_layer; l++) {
		net->decay[l] = p;
		net->rate[l] = p + net->size[l];
		p += 2 * (size_t)net->size[l];
	}
	for (uint32_t i = 0; i < net->n_matrix; i++) {
		net->matrix[i].init = p;
		p += (size_t)net->matrix[i].n_row * net->matrix[i].n_col;
	}
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		net->tensor[i].grad = grad;
		grad += net->tensor[i].n;
		if (net->tensor[i].i_matrix < 0) {
			net->tensor[i].value = p;
			p += net->tensor[i].n;
		}
	}
	return 0;
}

/*
 * Uniform in +- scale / sqrt(n_row) around mean / n_row, or normal of that deviation: n_row is the
 * fan-in of W and V, and the outputs of B.
 */
static void draw(struct snn_matrix *m, gsl_rng *rng, double mean, double scale, bool is_normal)
{
	double limit = scale / sqrt(m->n_row);

	for (size_t i = 0; i < (size_t)m->n_row * m->n_col; i++) {
		double v = is_normal ? gsl_ran_gaussian_ziggurat(rng, limit / M_SQRT3)
				     : limit * (2 * gsl_rng_uniform(rng) - 1);

		m->init[i] = (float)(mean / m->n_row + v);
	}
}

/*
 * b_nonzero entries a neuron, all -b, of the same mean square as a uniform B's: L < 0 is a neuron that should
 * fire more, so that the plain target teaches it to fire for those outputs.
 */
static void draw_sparse(struct snn_matrix *m, gsl_rng *rng, const struct snn_config *c)
{
	float b = (float)(c->network.b_scale / sqrt(3.0 * c->network.b_nonzero));

	for (uint32_t i = 0; i < m->n_col; i++) {
		uint32_t n_left = c->network.b_nonzero;

		for (uint32_t k = 0; k < m->n_row; k++) {
			bool is_own = gsl_rng_uniform_int(rng, m->n_row - k) < n_left;

			m->init[(size_t)k * m->n_col + i] = is_own ? -b : 0;
			n_left -= is_own;
		}
	}
}

/* float32 and expf: the same on every processor. */
static void draw_decays(float *d, size_t n, const struct snn_config *c, gsl_rng *rng)
{
	float low = (float)c->network.decay, high = (float)c->network.decay_max;
	float range = high > low ? logf((1 - high) / (1 - low)) : 0;

	for (size_t i = 0; i < n; i++) {
		float u = (float)gsl_rng_uniform(rng);

		d[i] = range < 0 ? fminf(fmaxf(1 - (1 - low) * expf(range * u), low), high) : low;
	}
}

static int draw_all(struct snn_net *net, const struct snn_config *c)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	if (!rng)
		return -ENOMEM;
	for (uint32_t i = 0; i < net->n_matrix; i++) {
		struct snn_matrix *m = &net->matrix[i];
		bool is_h = i > snn_net_v(net) && !m->is_feedback;
		double scale = m->is_feedback ? c->network.b_scale
			: i == snn_net_v(net) ? c->network.v_scale
			: is_h                ? c->network.h_scale
					      : c->network.w_scale;

		gsl_rng_set(rng, snn_seed(c->seed, SNN_USE_INIT, i));
		if (m->is_feedback && c->network.b_shape == SNN_B_SPARSE)
			draw_sparse(m, rng, c);
		else
			draw(m, rng, is_h ? c->network.h_mean : 0, scale,
				m->is_feedback && c->network.b_shape == SNN_B_NORMAL);
	}
	for (uint32_t l = 0; l < net->n_layer; l++) {
		gsl_rng_set(rng, snn_seed(c->seed, SNN_USE_DECAY, l));
		draw_decays(net->decay[l], net->size[l], c, rng);
		for (uint32_t i = 0; i < net->size[l]; i++)
			net->rate[l][i] = net->rate_target;
	}
	gsl_rng_free(rng);
	return 0;
}

static int check(const struct snn_net *net, const struct snn_config *c, struct snn_error *e)
{
	double low = c->network.decay, high = c->network.decay_max;

	if (high != 0 && (high < low || (float)high == 1))
		return snn_fail(e, -EINVAL,
			"network.decay_max = %g is not between network.decay = %g and 1: 0 gives all neurons one decay",
			high, low);
	for (uint32_t l = 0; l < net->n_layer; l++) {
		if (net->size[l] < 1 || net->size[l] > MAX_SIZE)
			return snn_fail(e, -EINVAL, "network.hidden: %u neurons, expected 1 .. %u",
				net->size[l], MAX_SIZE);
	}
	if (c->network.b_shape == SNN_B_SPARSE && c->network.b_nonzero > net->n_out)
		return snn_fail(e, -EINVAL,
			"network.b_nonzero = %u, but there are only %u outputs for B's entries",
			c->network.b_nonzero, net->n_out);
	return 0;
}

int snn_net_init(struct snn_net *net, const struct snn_config *c, uint32_t n_in, uint32_t n_out,
	const float *bias, bool is_layered, struct snn_error *e)
{
	int r;

	*net = (struct snn_net){
		.is_recurrent = c->network.recurrent,
		.is_layered = is_layered,
		.n_in = n_in,
		.n_out = n_out,
		.n_layer = c->network.n_hidden,
		.neuron = c->network.neuron,
		.reset = c->network.reset,
		.psi = c->network.psi,
		.psi_gamma = (float)c->network.psi_gamma,
		.psi_width = (float)c->network.psi_width,
		.psi_slope = (float)c->network.psi_slope,
		.rate_penalty = (float)c->train.rate_penalty,
		.rate_target = (float)c->train.rate_target,
		.rate_memory = (float)c->train.rate_memory,
		.adaptation = (float)c->network.adaptation,
		.adaptation_decay = (float)c->network.adaptation_decay,
		.readout = c->network.readout,
		.loss = c->train.loss,
		.loss_steps = c->train.loss_steps,
		.readout_decay = (float)c->network.readout_decay,
		.readout_gain = (float)(c->network.readout_norm ? 1 - c->network.readout_decay : 1),
	};
	memcpy(net->size, c->network.hidden, sizeof(net->size));
	r = check(net, c, e);
	if (r < 0)
		return r;
	lay_out(net, c);
	r = carve(net);
	if (r == 0)
		r = draw_all(net, c);
	if (r < 0) {
		snn_net_done(net);
		return snn_fail(e, r, "no memory for the network");
	}
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct snn_tensor *b = snn_net_threshold(net, l);

		for (size_t i = 0; i < b->n; i++)
			b->value[i] = (float)c->network.threshold;
	}
	memcpy(snn_net_bias(net)->value, bias, n_out * sizeof(*bias));
	return 0;
}

void snn_net_center_feedback(struct snn_net *net, const double *p)
{
	double norm = 0;

	for (uint32_t k = 0; k < net->n_out; k++)
		norm += p[k] * p[k];
	for (uint32_t l = 0; l < net->n_layer; l++) {
		struct snn_matrix *m = &net->matrix[snn_net_b_fb(net, l)];

		if (net->is_layered && l + 1 < net->n_layer)
			continue; /* comes from a hidden layer */
		for (uint32_t i = 0; i < m->n_col; i++) {
			double along = 0;

			for (uint32_t k = 0; k < m->n_row; k++)
				along += p[k] * (double)m->init[k * m->n_col + i];
			for (uint32_t k = 0; k < m->n_row; k++)
				m->init[k * m->n_col + i] -= (float)(along / norm * p[k]);
		}
	}
}

void snn_net_done(struct snn_net *net)
{
	free(net->memory);
	*net = (struct snn_net){ 0 };
}
