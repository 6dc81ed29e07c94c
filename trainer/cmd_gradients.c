/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_gradients.c - osttp gradients: one sequence, all parameters and their accumulated gradients in
 * an HDF5 file, for anyone to check against their own code.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "store.h"
#include "train.h"

struct arguments {
	struct cli_selection selection;
	const char *out;
	uint32_t i_seq;
};

enum { OPT_OUT = 'o', OPT_SEQUENCE = 'i' };

static const struct argp_option options[] = {
	{ "sequence", OPT_SEQUENCE, "I", 0, "which training sequence, from 0 (default 0)", 2 },
	{ "out", OPT_OUT, "FILE", 0, "HDF5 file to write", 2 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->selection;
		return 0;
	case OPT_OUT:
		a->out = arg;
		return 0;
	case OPT_SEQUENCE:
		a->i_seq = (uint32_t)cli_whole(state, "sequence", arg, 0, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument %s", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->out)
			argp_error(state, "where to? give --out FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &cli_selection_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { .options = options,
	.parser = parse,
	.children = children,
	.doc = "Write the gradients of one training sequence at the initial weights."
	       "\vfloat32 datasets: /input [T][n_in], /target [T][n_out]; /param/W [n_hidden][n_in], b "
	       "(thresholds), V [n_out][n_hidden], c (output biases), B [n_hidden][n_out], d (decays of membranes), with network.recurrent H [n_hidden][n_hidden]; /grad/W, b, "
	       "V, c, H: sums over the steps. Several hidden layers: W1, b1, d1, B1, W2, ... Attributes: rule, "
	       "neuron, reset, decay, decay_max, psi, psi_gamma, psi_width, psi_slope, adaptation, adaptation_decay, readout, readout_decay, readout_norm, loss, loss_steps, teacher_rate, synapse_decay, correction, nll "
	       "(nats, summed over the steps)." };

/* [n_row][n_col] as [n_col][n_row]: files have outputs first. */
static int put_transposed(struct snn_store *st, const char *group, const struct snn_matrix *m,
	const float *value, struct snn_error *e)
{
	uint32_t n_row = m->n_row, n_col = m->n_col;
	float *t = malloc(((size_t)n_row * n_col + 1) * sizeof(*t));
	char path[32];

	if (!t)
		return snn_fail(e, -ENOMEM, "no memory to write %s", m->name);
	for (uint32_t i = 0; i < n_row; i++) {
		for (uint32_t k = 0; k < n_col; k++)
			t[(size_t)k * n_row + i] = value[(size_t)i * n_col + k];
	}
	snprintf(path, sizeof(path), "/%s/%s", group, m->name);
	snn_store_put(st, path, SNN_F32, 2, (size_t[]){ n_col, n_row }, t);
	free(t);
	return 0;
}

static void put_vector(
	struct snn_store *st, const char *group, const struct snn_tensor *t, const float *v)
{
	char path[32];

	snprintf(path, sizeof(path), "/%s/%s", group, t->name);
	snn_store_put(st, path, SNN_F32, 1, (size_t[]){ t->n }, v);
}

/* A tensor's gradient as float32, and its value if the host has it. */
static int put_tensor(struct snn_store *st, const struct snn_net *net, const struct snn_tensor *t,
	struct snn_error *e)
{
	float *g = malloc((t->n + 1) * sizeof(*g));
	int r = 0;

	if (!g)
		return snn_fail(e, -ENOMEM, "no memory to write %s", t->name);
	for (size_t i = 0; i < t->n; i++)
		g[i] = (float)t->grad[i];
	if (t->i_matrix >= 0) {
		r = put_transposed(st, "grad", &net->matrix[t->i_matrix], g, e);
	} else {
		put_vector(st, "param", t, t->value);
		put_vector(st, "grad", t, g);
	}
	free(g);
	return r;
}

/* Steps first .. first + T - 1 of a sequence, or its label at each, as 0 and 1. */
static int put_steps(struct snn_store *st, const char *path, const struct snn_seq *s,
	uint32_t first, bool is_label, uint32_t n, struct snn_error *e)
{
	uint32_t n_step = snn_seq_steps(s);
	float *v = calloc((size_t)n_step * n, sizeof(*v));

	if (!v)
		return snn_fail(e, -ENOMEM, "no memory to write %s", path);
	for (uint32_t t = 0; t < n_step; t++) {
		if (is_label)
			v[(size_t)t * n + s->label] = 1;
		for (uint32_t k = s->begin[first + t]; !is_label && k < s->begin[first + t + 1];
			k++)
			v[(size_t)t * n + s->note[k]] = 1;
	}
	snn_store_put(st, path, SNN_F32, 2, (size_t[]){ n_step, n }, v);
	free(v);
	return 0;
}

static void put_attributes(struct snn_store *st, const struct snn_trainer *tr, double nll)
{
	static const char *const texts[] = { "rule", "network.neuron", "network.reset",
		"network.psi", "network.readout", "network.readout_norm", "train.loss" };
	static const char *const numbers[] = { "network.decay", "network.decay_max",
		"network.psi_gamma", "network.psi_width", "network.psi_slope", "network.adaptation",
		"network.adaptation_decay", "network.readout_decay", "train.loss_steps",
		"train.teacher_rate", "train.synapse_decay", "train.correction" };
	char value[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *dot = strchr(texts[i], '.');

		if (snn_config_value(&tr->config, texts[i], value, sizeof(value)) == 0)
			snn_store_put_text(st, "/", dot ? dot + 1 : texts[i], value);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (snn_config_value(&tr->config, numbers[i], value, sizeof(value)) == 0)
			snn_store_put_number(
				st, "/", strchr(numbers[i], '.') + 1, strtod(value, NULL));
	}
	snn_store_put_number(st, "/", "nll", nll);
}

static int put_all(struct snn_store *st, struct snn_trainer *tr, const struct snn_seq *seq,
	double nll, struct snn_error *e)
{
	bool has_feedback = tr->learner.rule->feedback != SNN_FEEDBACK_NONE || !tr->device;
	int r = put_steps(st, "/input", seq, 0, false, tr->net.n_in, e);

	if (r == 0)
		r = put_steps(st, "/target", seq, 1, seq->has_label, tr->net.n_out, e);
	for (uint32_t i = 0; r == 0 && i < tr->net.n_matrix; i++) {
		const struct snn_matrix *m = &tr->net.matrix[i];
		const float *image;

		if (m->is_feedback && !has_feedback)
			continue;
		r = tr->weights->ops->image(tr->weights, i, &image, e);
		if (r == 0)
			r = put_transposed(st, "param", m, image, e);
	}
	for (uint32_t l = 0; l < tr->net.n_layer; l++) {
		char path[32]; /* as the threshold, b or b1, b2, ... */

		snprintf(
			path, sizeof(path), "/param/d%s", snn_net_threshold(&tr->net, l)->name + 1);
		snn_store_put(
			st, path, SNN_F32, 1, (size_t[]){ tr->net.size[l] }, tr->net.decay[l]);
	}
	for (uint32_t i = 0; r == 0 && i < tr->net.n_tensor; i++)
		r = put_tensor(st, &tr->net, &tr->net.tensor[i], e);
	put_attributes(st, tr, nll);
	return r;
}

static int write_gradients(struct snn_trainer *tr, const struct arguments *a, struct snn_error *e)
{
	uint32_t n_seq = tr->data.n_seq[SNN_TRAIN];
	struct snn_store *st;
	double nll;
	int r;

	if (n_seq == 0)
		return snn_fail(e, -EINVAL, "task %s has no sequences", tr->config.task);
	if (a->i_seq >= n_seq)
		return snn_fail(e, -ERANGE, "--sequence %u: the training split has %u, 0 .. %u",
			a->i_seq, n_seq, n_seq - 1);
	r = snn_trainer_start(tr, e);
	if (r == 0)
		r = snn_trainer_gradients(tr, a->i_seq, &nll, e);
	if (r < 0)
		return r;
	r = snn_store_new(&st);
	if (r < 0)
		return snn_fail(e, r, "no memory to write %s", a->out);
	r = put_all(st, tr, &tr->data.seq[SNN_TRAIN][a->i_seq], nll, e);
	if (r == 0)
		r = snn_store_write(st, a->out, e);
	snn_store_free(st);
	return r;
}

int cmd_gradients(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_trainer tr = { 0 };
	struct snn_config c;
	struct snn_error e = { "" };
	int r, status = cli_parse(&argp, argc, argv, &a);

	if (status == CLI_DONE) {
		r = cli_selection_load(&a.selection, &c, &e);
		if (r == 0)
			r = snn_trainer_init(&tr, &c, false, &e);
		if (r == 0)
			r = write_gradients(&tr, &a, &e);
		snn_trainer_done(&tr);
		status = r < 0 ? cli_fail(&e, r) : CLI_DONE;
	}
	cli_selection_done(&a.selection);
	return status;
}
