/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net.h - the network: hidden layers of spiking neural units (SNU), a readout, and what of it
 * learns.
 *
 *	layer l:  s = W_l x + H_l y' + d s' (1 - y')  or  ... + d s' - b y',  y = step(s - b)
 *	readout:  o = d_o o' + g (V y + c), g = 1 or 1 - d_o;  yhat = sigmoid(o) or softmax(o)
 *	feedback: L_l = B_l y_star (rules that need it)
 *
 * Matrices (W_0 .. W_{n_layer-1}, V, B_0 .., and with network.recurrent H_0 ..) are kept as [n_row][n_col] with rows = inputs and
 * columns = outputs, as on a crossbar; their values live behind struct snn_weights (weights.h), in
 * float or in conductances. Thresholds b and output biases c are the host's.
 */
#ifndef SNN_NET_H
#define SNN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "config.h"

#define SNN_MAX_MATRIX (3 * SNN_MAX_HIDDEN + 1)
#define SNN_MAX_TENSOR (3 * SNN_MAX_HIDDEN + 2)

struct snn_matrix {
	char name[12];         /* "W", "V", "B"; "W1", "W2", ... with several hidden layers */
	uint32_t n_row, n_col; /* inputs, outputs */
	bool is_feedback;      /* B: fixed */
	float *init;           /* [n_row][n_col] values at the start of training */
};

/* What learns: a matrix, or a vector of the host. */
struct snn_tensor {
	char name[12]; /* "W", "b", "V", "c" */
	size_t n;
	int i_matrix; /* -1: a vector of the host */
	float *value; /* [n], vectors of the host only */
	double *grad; /* [n], accumulated; double, so that rules that agree in theory do in fact */
	float rate_factor;
};

struct snn_net {
	uint32_t n_in, n_out, n_layer;
	uint32_t size[SNN_MAX_HIDDEN];
	int neuron, reset, psi;       /* enums of config.h */
	float *decay[SNN_MAX_HIDDEN]; /* [size l] d of each neuron */
	float psi_gamma, psi_width, psi_slope;
	float adaptation, adaptation_decay; /* beta, 0: thresholds do not adapt; rho */
	float *rate[SNN_MAX_HIDDEN];        /* [size l] mean firing rate of each neuron: firing.h */
	float rate_penalty, rate_target, rate_memory;
	int readout, loss; /* enums of config.h */
	uint32_t loss_steps;
	float readout_decay, readout_gain; /* d_o, g */
	bool is_recurrent;
	bool is_layered; /* B_l comes from layer l + 1, not from the output */
	uint32_t n_matrix, n_tensor;
	struct snn_matrix matrix[SNN_MAX_MATRIX];
	struct snn_tensor tensor[SNN_MAX_TENSOR];
	void *memory;
};

/*
 * Draw a network from c->seed. bias [n_out]: initial c. is_layered: B_l comes
 * from layer l + 1 instead of from the output (feedback alignment). The draws of a matrix do not depend on the
 * other matrices' sizes or scales; decays are all c->network.decay, or with decay_max drawn between
 * the two, uniform in log(1 - d), that is in the logarithm of the time constant 1 / (1 - d). -EINVAL
 * (in words) for sizes and decays that cannot be, -ENOMEM.
 */
int snn_net_init(struct snn_net *net, const struct snn_config *c, uint32_t n_in, uint32_t n_out,
	const float *bias, bool is_layered, struct snn_error *e);
void snn_net_done(struct snn_net *net);

/*
 * Take from every neuron's feedback weights their part along p [n_out], the outputs' frequencies:
 * then B p = 0, and learning signals B y_star have mean 0. Otherwise that mean, the same at every
 * step, drives half of the neurons to fire always and the others never.
 */
void snn_net_center_feedback(struct snn_net *net, const double *p);

/* Indices of matrices and tensors. */
static inline uint32_t snn_net_w(const struct snn_net *net, uint32_t layer)
{
	(void)net;
	return layer;
}
static inline uint32_t snn_net_v(const struct snn_net *net)
{
	return net->n_layer;
}
static inline uint32_t snn_net_b_fb(const struct snn_net *net, uint32_t layer)
{
	return net->n_layer + 1 + layer;
}
static inline uint32_t snn_net_h(const struct snn_net *net, uint32_t layer)
{
	return 2 * net->n_layer + 1 + layer;
}
static inline struct snn_tensor *snn_net_grad_h(struct snn_net *net, uint32_t layer)
{
	return &net->tensor[2 * net->n_layer + 2 + layer];
}
static inline struct snn_tensor *snn_net_grad_w(struct snn_net *net, uint32_t layer)
{
	return &net->tensor[2 * layer];
}
static inline struct snn_tensor *snn_net_threshold(struct snn_net *net, uint32_t layer)
{
	return &net->tensor[2 * layer + 1];
}
static inline struct snn_tensor *snn_net_grad_v(struct snn_net *net)
{
	return &net->tensor[2 * net->n_layer];
}
static inline struct snn_tensor *snn_net_bias(struct snn_net *net)
{
	return &net->tensor[2 * net->n_layer + 1];
}
static inline uint32_t snn_layer_inputs(const struct snn_net *net, uint32_t layer)
{
	return layer ? net->size[layer - 1] : net->n_in;
}

#endif
