/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_play.c - osttp play: the trained network continues a piece, as a MIDI file. It hears the first
 * steps of a test piece, then what it drew itself.
 */
#include <errno.h>
#include <gsl/gsl_rng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checkpoint.h"
#include "cli.h"
#include "midi.h"
#include "seed.h"
#include "snu.h"
#include "train.h"

#define MAX_STEP 100000

struct arguments {
	const char *run, *out;
	unsigned long piece, prompt, steps, seed;
	double temperature, bpm;
};

enum {
	OPT_OUT = 'o',
	OPT_PIECE = 'p',
	OPT_HEAR = 'h',
	OPT_STEPS = 'n',
	OPT_SEED = 's',
	OPT_TEMP = 't',
	OPT_BPM = 'b'
};

static const struct argp_option options[] = {
	{ "out", OPT_OUT, "FILE.mid", 0, "the MIDI file (default chorale.mid)", 0 },
	{ "piece", OPT_PIECE, "N", 0, "test piece that it continues, from 0 (default 0)", 0 },
	{ "hear", OPT_HEAR, "N", 0, "steps of the piece that it hears first (default 16)", 0 },
	{ "steps", OPT_STEPS, "N", 0, "steps that it makes (default 64)", 0 },
	{ "seed", OPT_SEED, "S", 0, "of the draws (default 1)", 0 },
	{ "temperature", OPT_TEMP, "T", 0,
		"logits are divided by this: 1 plays as it believes, less is surer (default 0.6)",
		0 },
	{ "bpm", OPT_BPM, "B", 0, "steps a minute (default 90)", 0 },
	{ 0 },
};

static double positive(struct argp_state *state, const char *name, const char *arg, double most)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v >= 0.01 && v <= most))
		argp_error(state, "--%s %s: expected 0.01 .. %g", name, arg, most);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_OUT:
		a->out = arg;
		return 0;
	case OPT_PIECE:
		a->piece = cli_whole(state, "piece", arg, 0, MAX_STEP);
		return 0;
	case OPT_HEAR:
		a->prompt = cli_whole(state, "hear", arg, 0, MAX_STEP);
		return 0;
	case OPT_STEPS:
		a->steps = cli_whole(state, "steps", arg, 0, MAX_STEP);
		return 0;
	case OPT_SEED:
		a->seed = cli_whole(state, "seed", arg, 0, MAX_STEP);
		return 0;
	case OPT_TEMP:
		a->temperature = positive(state, "temperature", arg, 100);
		return 0;
	case OPT_BPM:
		a->bpm = positive(state, "bpm", arg, 1000);
		return 0;
	default:
		return cli_operand(state, key, arg, &a->run, "which run? Give its folder");
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "RUN",
	.doc = "A network that learned music continues a piece, as a MIDI file."
	       "\vIt hears the first steps of a test piece; from then on each note of a step is drawn by "
	       "the probability that the network gives it, and heard in the next step." };

/* A piece under construction: the batch reads it step by step as it grows. */
struct player {
	struct snn_trainer *tr;
	const struct arguments *a;
	struct snn_seq seq;
	uint32_t *begin; /* [n_step + 1]; those of steps to come are where the notes end so far */
	uint16_t *note;  /* [n_step * keys] */
	gsl_rng *rng;
};

/* After step t the network says what it expects of step t + 1. */
static int after_step(void *user, struct snn_error *e)
{
	struct player *pl = user;
	const struct snn_batch *b = &pl->tr->batch;
	uint32_t next = b->t + 1, end;

	(void)e;
	if (next < pl->a->prompt || next >= pl->seq.n_step)
		return 0;
	end = pl->begin[next];
	for (uint32_t k = 0; k < pl->tr->net.n_out; k++) {
		double p = (double)snn_sigmoid((float)((double)b->o[k] / pl->a->temperature));

		if (gsl_rng_uniform(pl->rng) < p)
			pl->note[end++] = (uint16_t)k;
	}
	for (uint32_t t = next + 1; t <= pl->seq.n_step; t++)
		pl->begin[t] = end;
	return 0;
}

static int check(const struct snn_trainer *tr, const struct arguments *a, struct snn_error *e)
{
	if (tr->data.is_labelled || tr->net.n_out != SNN_MIDI_N_KEY)
		return snn_fail(e, -EINVAL, "%s: task %s is not music", a->run, tr->config.task);
	if (a->piece >= tr->data.n_seq[SNN_TEST])
		return snn_fail(e, -ERANGE, "--piece %lu: there are %u test pieces", a->piece,
			tr->data.n_seq[SNN_TEST]);
	if (a->prompt < 1 || a->prompt > tr->data.seq[SNN_TEST][a->piece].n_step)
		return snn_fail(e, -ERANGE, "--hear %lu: piece %lu has 1 .. %u steps", a->prompt,
			a->piece, tr->data.seq[SNN_TEST][a->piece].n_step);
	if (a->steps < 1)
		return snn_fail(e, -ERANGE, "--steps 0: nothing to play");
	return 0;
}

static int compose(struct player *pl, struct snn_error *e)
{
	const struct snn_seq *from = &pl->tr->data.seq[SNN_TEST][pl->a->piece];
	const struct snn_seq *seq = &pl->seq;
	struct snn_score score = { 0 };
	uint32_t prompt = (uint32_t)pl->a->prompt;

	/* The batch stops one step before the end: what would follow it is not predicted. */
	pl->seq.n_step = prompt + (uint32_t)pl->a->steps;
	pl->begin = calloc(pl->seq.n_step + 1, sizeof(*pl->begin));
	pl->note = calloc((size_t)pl->seq.n_step * pl->tr->net.n_out, sizeof(*pl->note));
	pl->rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!pl->begin || !pl->note || !pl->rng)
		return snn_fail(e, -ENOMEM, "no memory for the piece");
	gsl_rng_set(pl->rng, snn_seed(pl->a->seed, SNN_USE_PLAY, pl->a->piece));
	memcpy(pl->begin, from->begin, (prompt + 1) * sizeof(*pl->begin));
	memcpy(pl->note, from->note + from->begin[0],
		(from->begin[prompt] - from->begin[0]) * sizeof(*pl->note));
	for (uint32_t t = 0; t <= prompt; t++)
		pl->begin[t] -= from->begin[0];
	for (uint32_t t = prompt + 1; t <= pl->seq.n_step; t++)
		pl->begin[t] = pl->begin[prompt];
	pl->seq.begin = pl->begin;
	pl->seq.note = pl->note;
	return snn_batch_run(&pl->tr->batch, &seq, 1, NULL, after_step, pl, &score, e);
}

static int play(struct snn_trainer *tr, const struct arguments *a, struct snn_error *e)
{
	struct player pl = { .tr = tr, .a = a };
	int r = check(tr, a, e);

	if (r == 0)
		r = compose(&pl, e);
	if (r == 0)
		r = snn_midi_write(a->out, &pl.seq, a->bpm, e);
	if (r == 0)
		fprintf(stderr, "osttp: %s: %lu steps heard, %lu made, %u notes\n", a->out,
			a->prompt, a->steps, pl.begin[pl.seq.n_step]);
	gsl_rng_free(pl.rng);
	free(pl.begin);
	free(pl.note);
	return r;
}

int cmd_play(int argc, char **argv)
{
	struct arguments a = { .out = "chorale.mid",
		.prompt = 16,
		.steps = 64,
		.seed = 1,
		.temperature = 0.6,
		.bpm = 90 };
	struct snn_runlog *log = NULL;
	struct snn_trainer tr = { 0 };
	struct snn_config c;
	struct snn_error e = { "" };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = snn_runlog_look(&log, a.run, &c, &e);
	if (r == 0)
		r = snn_trainer_init(&tr, &c, true, &e);
	if (r == 0)
		r = snn_checkpoint_load(&tr, snn_runlog_file(log, "best.h5"), &e);
	if (r == 0)
		r = play(&tr, &a, &e);
	snn_trainer_done(&tr);
	snn_runlog_close(log);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}
