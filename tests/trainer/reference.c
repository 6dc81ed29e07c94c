/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reference.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCE 1e-5

struct state {
	double x[REF_MAX];                 /* keys */
	double a[SNN_MAX_HIDDEN][REF_MAX]; /* adaptation */
	double s[SNN_MAX_HIDDEN][REF_MAX], y[SNN_MAX_HIDDEN][REF_MAX], psi[SNN_MAX_HIDDEN][REF_MAX];
};

static double *copy(const float *v, size_t n)
{
	double *p = malloc(n * sizeof(*p));

	assert(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (double)v[i];
	return p;
}

void ref_init(struct ref_net *r, const struct snn_net *net)
{
	*r = (struct ref_net){ .n_layer = net->n_layer,
		.neuron = net->neuron,
		.reset = net->reset,
		.psi = net->psi,
		.readout = net->readout,
		.loss = net->loss,
		.loss_steps = net->loss_steps,
		.d_o = (double)net->readout_decay,
		.gain = (double)net->readout_gain,
		.gamma = (double)net->psi_gamma,
		.width = (double)net->psi_width,
		.beta = (double)net->adaptation,
		.rho = (double)net->adaptation_decay };
	r->n[0] = net->n_in;
	r->n[net->n_layer + 1] = net->n_out;
	for (uint32_t i = 0; i < net->n_tensor; i++) {
		const struct snn_tensor *t = &net->tensor[i];

		r->n_p[i] = t->n;
		r->p[i] = copy(t->i_matrix < 0 ? t->value : net->matrix[t->i_matrix].init, t->n);
	}
	for (uint32_t l = 0; l < net->n_layer; l++) {
		r->n[l + 1] = net->size[l];
		r->d[l] = copy(net->decay[l], net->size[l]);
		r->b_fb[l] = copy(
			net->matrix[net->n_layer + 1 + l].init, (size_t)net->n_out * net->size[l]);
	}
	for (uint32_t l = 0; l < net->n_layer + 2; l++)
		assert(r->n[l] <= REF_MAX);
}

void ref_done(struct ref_net *r)
{
	for (uint32_t i = 0; i < SNN_MAX_TENSOR; i++)
		free(r->p[i]);
	for (uint32_t l = 0; l < SNN_MAX_HIDDEN; l++) {
		free(r->b_fb[l]);
		free(r->d[l]);
	}
}

static double heard(const struct snn_seq *s, uint32_t t, uint32_t key)
{
	for (uint32_t k = s->begin[t]; k < s->begin[t + 1]; k++) {
		if (s->note[k] == key)
			return 1;
	}
	return 0;
}

static double psi_of(const struct ref_net *r, double u)
{
	switch (r->psi) {
	case SNN_PSI_TRIANGULAR:
		return r->gamma * fmax(0, 1 - fabs(u) / r->width);
	case SNN_PSI_TANH:
		return 1 - tanh(u) * tanh(u);
	default:
		return 1 / ((100 * fabs(u) + 1) * (100 * fabs(u) + 1));
	}
}

/* eqs (1)-(4) of one layer, with the adaptation of Bellec et al. (2020), eq. 10; was: the state of the step before. */
static void layer(const struct ref_net *r, uint32_t l, const struct state *was, struct state *now)
{
	const double *w = r->p[2 * l], *b = r->p[2 * l + 1], *h = r->p[2 * r->n_layer + 2 + l];
	const double *x = l ? now->y[l - 1] : now->x;
	uint32_t n = r->n[l + 1];

	for (uint32_t i = 0; i < n; i++) {
		double s = 0, y1 = was->y[l][i], u;

		for (uint32_t k = 0; h && k < n; k++)
			s += h[k * n + i] * was->y[l][k];

		for (uint32_t j = 0; j < r->n[l]; j++)
			s += w[j * n + i] * x[j];
		s += r->reset == SNN_RESET_FULL ? r->d[l][i] * was->s[l][i] * (1 - y1)
						: r->d[l][i] * was->s[l][i] - b[i] * y1;
		now->a[l][i] = r->rho * was->a[l][i] + y1;
		u = s - b[i] - r->beta * now->a[l][i];
		now->s[l][i] = s;
		if (r->neuron == SNN_SSNU) {
			now->y[l][i] = 1 / (1 + exp(-u));
			now->psi[l][i] = now->y[l][i] * (1 - now->y[l][i]);
		} else {
			now->y[l][i] = u > 0;
			now->psi[l][i] = psi_of(r, u);
		}
	}
}

static void advance(const struct ref_net *r, const struct snn_seq *s, uint32_t t,
	const struct state *was, struct state *now)
{
	for (uint32_t k = 0; k < r->n[0]; k++)
		now->x[k] = heard(s, t, k);
	for (uint32_t l = 0; l < r->n_layer; l++)
		layer(r, l, was, now);
}

/* V y + c of output k */
static double drive(const struct ref_net *r, const struct state *now, uint32_t k)
{
	const double *v = r->p[2 * r->n_layer];
	uint32_t n_top = r->n[r->n_layer], n_out = r->n[r->n_layer + 1];
	double o = r->p[2 * r->n_layer + 1][k];

	for (uint32_t i = 0; i < n_top; i++)
		o += v[i * n_out + k] * now->y[r->n_layer - 1][i];
	return o;
}

/* yhat of output k without memory */
static double output(const struct ref_net *r, const struct state *now, uint32_t k)
{
	return 1 / (1 + exp(-drive(r, now, k)));
}

static double target(const struct snn_seq *s, uint32_t t, uint32_t k)
{
	return s->has_label ? s->label == k : heard(s, t + 1, k);
}

static double cross_entropy(
	const struct ref_net *r, const struct snn_seq *s, uint32_t t, const double *o)
{
	uint32_t n_out = r->n[r->n_layer + 1];
	double sum = 0, nll = 0;

	for (uint32_t k = 0; k < n_out; k++)
		sum += exp(o[k]);
	for (uint32_t k = 0; k < n_out; k++) {
		double yhat =
			r->readout == SNN_READOUT_SOFTMAX ? exp(o[k]) / sum : 1 / (1 + exp(-o[k]));
		double y_star = target(s, t, k);

		nll -= y_star * log(yhat);
		if (r->readout == SNN_READOUT_SIGMOID)
			nll -= (1 - y_star) * log(1 - yhat);
	}
	return nll;
}

double ref_nll(const struct ref_net *r, const struct snn_seq *s)
{
	uint32_t n_out = r->n[r->n_layer + 1], n_step = s->has_label ? s->n_step : s->n_step - 1;
	double o[REF_MAX] = { 0 }, mean[REF_MAX] = { 0 }, nll = 0;
	struct state step[2];

	memset(step, 0, sizeof(step));
	for (uint32_t t = 0; t < n_step; t++) {
		struct state *now = &step[(t + 1) % 2];

		advance(r, s, t, &step[t % 2], now);
		for (uint32_t k = 0; k < n_out; k++) {
			o[k] = r->d_o * o[k] + r->gain * drive(r, now, k);
			mean[k] += o[k] / n_step;
		}
		if (r->loss == SNN_LOSS_STEP || t + r->loss_steps >= n_step)
			nll += cross_entropy(r, s, t, o);
	}
	return r->loss == SNN_LOSS_MEAN ? cross_entropy(r, s, 0, mean) : nll;
}

void ref_difference(struct ref_net *r, uint32_t i, const struct snn_seq *s, double *ret)
{
	for (size_t k = 0; k < r->n_p[i]; k++) {
		double was = r->p[i][k], above, below;

		r->p[i][k] = was + DIFFERENCE;
		above = ref_nll(r, s);
		r->p[i][k] = was - DIFFERENCE;
		below = ref_nll(r, s);
		r->p[i][k] = was;
		ret[k] = (above - below) / (2 * DIFFERENCE);
	}
}

struct traces {
	double w[SNN_MAX_HIDDEN][REF_MAX][REF_MAX], b[SNN_MAX_HIDDEN][REF_MAX];
	double eb[SNN_MAX_HIDDEN][REF_MAX];
};

/* epsW, epsb and eb of neuron i of layer l. */
static void trace_neuron(const struct ref_net *r, struct traces *tr, uint32_t l, uint32_t i,
	const struct state *was, const struct state *now)
{
	const double *x = l ? now->y[l - 1] : now->x;
	double y1 = was->y[l][i], b = r->p[2 * l + 1][i];
	bool is_full = r->reset == SNN_RESET_FULL;
	double d = r->d[l][i], j = is_full ? d * (1 - y1) : d;
	double jj = is_full ? -d * was->s[l][i] : -b;

	for (uint32_t k = 0; k < r->n[l]; k++)
		tr->w[l][k][i] = (j + jj * was->psi[l][i]) * tr->w[l][k][i] + x[k];
	tr->b[l][i] = j * tr->b[l][i] + (is_full ? 0 : -y1) + jj * tr->eb[l][i];
	tr->eb[l][i] = now->psi[l][i] * (tr->b[l][i] - 1);
}

/* L_l from what the outputs were to say. */
static void project(
	const struct ref_net *r, const struct snn_seq *s, uint32_t t, double signal[][REF_MAX])
{
	uint32_t n_out = r->n[r->n_layer + 1];

	for (uint32_t l = 0; l < r->n_layer; l++) {
		for (uint32_t i = 0, n = r->n[l + 1]; i < n; i++) {
			for (uint32_t k = 0; k < n_out; k++)
				signal[l][i] += r->b_fb[l][k * n + i] * heard(s, t + 1, k);
		}
	}
}

/* L_l from the outputs' errors, down through the layers. */
static void carry_back(const struct ref_net *r, const struct snn_seq *s, uint32_t t,
	const struct state *now, double signal[][REF_MAX])
{
	uint32_t top = r->n_layer - 1, n_out = r->n[r->n_layer + 1];

	for (uint32_t k = 0; k < n_out; k++) {
		double err = output(r, now, k) - heard(s, t + 1, k);

		for (uint32_t i = 0; i < r->n[top + 1]; i++)
			signal[top][i] += r->p[2 * r->n_layer][i * n_out + k] * err;
	}
	for (uint32_t l = top; l > 0; l--) {
		for (uint32_t j = 0; j < r->n[l]; j++) {
			for (uint32_t i = 0, n = r->n[l + 1]; i < n; i++)
				signal[l - 1][j] +=
					r->p[2 * l][j * n + i] * now->psi[l][i] * signal[l][i];
		}
	}
}

static void learn(const struct ref_net *r, uint32_t l, const double *signal,
	const struct state *now, const struct traces *tr, double *const *grad)
{
	const double *x = l ? now->y[l - 1] : now->x;

	for (uint32_t i = 0, n = r->n[l + 1]; i < n; i++) {
		double c = signal[i] * now->psi[l][i];

		for (uint32_t k = 0; k < r->n[l]; k++)
			grad[2 * l][k * n + i] += c * (tr ? tr->w[l][k][i] : x[k]);
		grad[2 * l + 1][i] += tr ? signal[i] * tr->eb[l][i] : -c;
	}
}

void ref_gradients(
	const struct ref_net *r, const struct snn_seq *s, enum ref_rule rule, double *const *grad)
{
	struct traces *tr = calloc(1, sizeof(*tr));
	struct state step[2];

	assert(tr);
	memset(step, 0, sizeof(step));
	for (uint32_t t = 0; t + 1 < s->n_step; t++) {
		const struct state *was = &step[t % 2];
		struct state *now = &step[(t + 1) % 2];
		double signal[SNN_MAX_HIDDEN][REF_MAX] = { { 0 } };

		advance(r, s, t, was, now);
		if (rule == REF_OSTL)
			carry_back(r, s, t, now, signal);
		else
			project(r, s, t, signal);
		for (uint32_t l = 0; l < r->n_layer; l++) {
			for (uint32_t i = 0; i < r->n[l + 1]; i++)
				trace_neuron(r, tr, l, i, was, now);
			learn(r, l, signal[l], now, rule == REF_DRTP ? NULL : tr, grad);
		}
	}
	free(tr);
}
