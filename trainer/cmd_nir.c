/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_nir.c - osttp export and osttp import: trained networks to NIR and back.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checkpoint.h"
#include "cli.h"
#include "nir.h"
#include "train.h"

struct arguments {
	struct cli_selection selection; /* import only */
	const char *in, *out;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		if (state->child_inputs)
			state->child_inputs[0] = &a->selection;
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	default:
		return cli_operand(state, key, arg, &a->in, "of what?");
	}
}

/* A matrix [inputs][outputs] as NIR's [outputs][inputs], or back. */
static float *transposed(const float *m, uint32_t n_row, uint32_t n_col)
{
	float *t = malloc((size_t)n_row * n_col * sizeof(*t));

	for (uint32_t i = 0; t && i < n_row; i++) {
		for (uint32_t k = 0; k < n_col; k++)
			t[(size_t)k * n_row + i] = m[(size_t)i * n_col + k];
	}
	return t;
}

static float *copied(const float *v, size_t n)
{
	float *t = malloc(n * sizeof(*t));

	return t ? memcpy(t, v, n * sizeof(*t)) : NULL;
}

static int take_matrix(struct snn_trainer *tr, uint32_t i, float **ret, struct snn_error *e)
{
	const struct snn_matrix *m = &tr->net.matrix[i];
	const float *image;
	int r = tr->weights->ops->image(tr->weights, i, &image, e);

	if (r < 0)
		return r;
	*ret = transposed(image, m->n_row, m->n_col);
	return *ret ? 0 : snn_fail(e, -ENOMEM, "no memory for %s", m->name);
}

/* What NIR's LIF cannot say. */
static int check_config(const struct snn_config *c, struct snn_error *e)
{
	if (c->network.neuron != SNN_SNU || c->network.reset != SNN_RESET_FULL)
		return snn_fail(e, -ENOTSUP,
			"NIR's LIF is network.neuron: snu with network.reset: full, nothing else");
	if (c->network.adaptation > 0 || c->network.readout_decay > 0 || c->network.readout_norm)
		return snn_fail(e, -ENOTSUP,
			"thresholds that adapt and readouts with a memory or norm have no node here");
	return 0;
}

static int to_nir(struct snn_trainer *tr, struct snn_nir *g, struct snn_error *e)
{
	struct snn_net *net = &tr->net;
	int r = check_config(&tr->config, e);

	if (r < 0)
		return r;
	g->n_out = net->n_out;
	for (; r == 0 && g->n_layer < net->n_layer; g->n_layer++) {
		struct snn_nir_layer *l = &g->layer[g->n_layer];

		l->n_in = snn_layer_inputs(net, g->n_layer);
		l->n = net->size[g->n_layer];
		l->threshold = copied(snn_net_threshold(net, g->n_layer)->value, l->n);
		l->decay = copied(net->decay[g->n_layer], l->n);
		r = l->threshold && l->decay
			? take_matrix(tr, snn_net_w(net, g->n_layer), &l->w, e)
			: snn_fail(e, -ENOMEM, "no memory for thresholds and decays");
		if (r == 0 && net->is_recurrent)
			r = take_matrix(tr, snn_net_h(net, g->n_layer), &l->h, e);
	}
	if (r == 0)
		r = take_matrix(tr, snn_net_v(net), &g->v, e);
	g->c = copied(snn_net_bias(net)->value, net->n_out);
	return r < 0 || g->c ? r : snn_fail(e, -ENOMEM, "no memory for biases");
}

static const struct argp_option options[] = {
	{ "out", 'o', "PATH", 0, "export: the file (default network.nir); import: the run folder",
		0 },
	{ 0 },
};

int cmd_export(int argc, char **argv)
{
	static const struct argp argp = { .options = options,
		.parser = parse,
		.args_doc = "RUN",
		.doc = "Write a run's network (best epoch) as NIR, the HDF5 file that other simulators and "
		       "chips read."
		       "\vOf weights on chips, what reads say. Units with full reset are NIR's LIF with "
		       "steps of a millisecond (trainer/nir.h). The sigmoid of the outputs is not part of "
		       "it." };
	struct arguments a = { .out = "network.nir" };
	struct snn_runlog *log = NULL;
	struct snn_trainer tr = { 0 };
	struct snn_nir g = { 0 };
	struct snn_config c;
	struct snn_error e = { "" };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = snn_runlog_look(&log, a.in, &c, &e);
	if (r == 0)
		r = snn_trainer_init(&tr, &c, true, &e);
	if (r == 0)
		r = snn_checkpoint_load(&tr, snn_runlog_file(log, "best.h5"), &e);
	if (r == 0)
		r = to_nir(&tr, &g, &e);
	if (r == 0)
		r = snn_nir_write(&g, a.out, &e);
	snn_nir_done(&g);
	snn_trainer_done(&tr);
	snn_runlog_close(log);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}

static int put_matrix(struct snn_trainer *tr, uint32_t i, const float *v, struct snn_error *e)
{
	const struct snn_matrix *m = &tr->net.matrix[i];
	float *t = transposed(v, m->n_col, m->n_row);

	if (!t)
		return snn_fail(e, -ENOMEM, "no memory for %s", m->name);
	snn_weights_float_set(tr->weights, i, t);
	free(t);
	return 0;
}

static int from_nir(struct snn_trainer *tr, const struct snn_nir *g, struct snn_error *e)
{
	struct snn_net *net = &tr->net;
	int r = 0;

	if (g->layer[0].n_in != net->n_in || g->n_out != net->n_out)
		return snn_fail(e, -EINVAL,
			"the network has %u inputs and %u outputs, task %s has %u and %u",
			g->layer[0].n_in, g->n_out, tr->config.task, net->n_in, net->n_out);
	for (uint32_t i = 0; r == 0 && i < g->n_layer; i++) {
		const struct snn_nir_layer *l = &g->layer[i];

		memcpy(snn_net_threshold(net, i)->value, l->threshold, l->n * sizeof(float));
		memcpy(net->decay[i], l->decay, l->n * sizeof(float));
		r = put_matrix(tr, snn_net_w(net, i), l->w, e);
		if (r == 0 && l->h)
			r = put_matrix(tr, snn_net_h(net, i), l->h, e);
	}
	if (r == 0)
		r = put_matrix(tr, snn_net_v(net), g->v, e);
	memcpy(snn_net_bias(net)->value, g->c, net->n_out * sizeof(float));
	return r;
}

/* The range; which neuron has which goes into the checkpoint. */
static void set_decays(const struct snn_nir *g, struct snn_config *c)
{
	float low = 1, high = 0;

	for (uint32_t i = 0; i < g->n_layer; i++) {
		for (uint32_t k = 0; k < g->layer[i].n; k++) {
			low = fminf(low, g->layer[i].decay[k]);
			high = fmaxf(high, g->layer[i].decay[k]);
		}
	}
	c->network.decay = (double)low;
	c->network.decay_max = high > low ? (double)high : 0;
}

/* The graph decides the network, the options everything else. */
static int configure(const struct snn_nir *g, const struct arguments *a, struct snn_config *c,
	struct snn_error *e)
{
	int r = cli_selection_load(&a->selection, c, e);

	if (r < 0)
		return r;
	if (c->weights != SNN_WEIGHTS_FLOAT)
		return snn_fail(e, -ENOTSUP, "an imported network has float weights");
	c->network.n_hidden = g->n_layer;
	c->network.recurrent = g->layer[0].h != NULL;
	for (uint32_t i = 0; i < SNN_MAX_HIDDEN; i++) {
		c->network.hidden[i] = i < g->n_layer ? g->layer[i].n : 0;
		if (i < g->n_layer && (g->layer[i].h != NULL) != c->network.recurrent)
			return snn_fail(e, -ENOTSUP, "all layers are recurrent, or none is");
	}
	set_decays(g, c);
	c->network.neuron = SNN_SNU;
	c->network.reset = SNN_RESET_FULL;
	return check_config(c, e);
}

/* As a run that is about to begin, and whose best epoch is the imported network. */
static int write_run(struct snn_trainer *tr, struct snn_runlog *log, struct snn_error *e)
{
	struct snn_store *st;
	int r = snn_checkpoint_save(tr, &st, e);

	if (r < 0)
		return r;
	r = snn_store_write(st, snn_runlog_file(log, "best.h5"), e);
	if (r == 0)
		r = snn_store_write(st, snn_runlog_file(log, "checkpoint.h5"), e);
	if (r == 0)
		r = snn_runlog_metrics(log, tr->row, 0, e);
	snn_store_free(st);
	return r;
}

static int import(const struct arguments *a, const struct snn_nir *g, struct snn_error *e)
{
	struct snn_runlog *log = NULL;
	struct snn_trainer tr = { 0 };
	struct snn_config c;
	int r = configure(g, a, &c, e);

	if (r == 0)
		r = snn_trainer_init(&tr, &c, false, e);
	if (r == 0)
		r = from_nir(&tr, g, e);
	if (r == 0)
		r = snn_runlog_create(&log, a->out, &c, e);
	if (r == 0)
		r = write_run(&tr, log, e);
	if (r == 0)
		fprintf(stderr, "osttp: %s; test it with\n  osttp eval %s\n", snn_runlog_path(log),
			snn_runlog_path(log));
	snn_trainer_done(&tr);
	snn_runlog_close(log);
	return r;
}

int cmd_import(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cli_selection_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { .options = options,
		.parser = parse,
		.children = children,
		.args_doc = "FILE.nir",
		.doc = "Make a run folder of a network in NIR, to test it or to train it further."
		       "\vThe graph (trainer/nir.h) decides sizes, decay, thresholds and weights; the task and "
		       "all else come from the options. HDF5 is not safe against files made to harm it: "
		       "read only files of people you trust." };
	struct arguments a = { 0 };
	struct snn_nir g = { 0 };
	struct snn_error e = { "" };
	int r, status = cli_parse(&argp, argc, argv, &a);

	if (status == CLI_DONE) {
		r = snn_nir_read(&g, a.in, &e);
		if (r == 0)
			r = import(&a, &g, &e);
		status = r < 0 ? cli_fail(&e, r) : CLI_DONE;
		snn_nir_done(&g);
	}
	cli_selection_done(&a.selection);
	return status;
}
