/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_align.c - osttp align: train with one rule, and see on the way how each rule's update compares
 * with bptt's at the same weights.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "align.h"
#include "align_plot.h"
#include "cli.h"
#include "config_value.h"

#define MAX_RULE 32

struct arguments {
	struct cli_selection selection;
	const char *csv, *plot;
	char *rules;
	const struct snn_rule *rule[MAX_RULE];
	uint32_t n_rule, n_seq, every; /* every 0: an epoch */
	bool is_quiet;
};

enum {
	OPT_RULES = 'R',
	OPT_SEQUENCES = 'n',
	OPT_EVERY = 'k',
	OPT_CSV = 'o',
	OPT_PLOT = 'p',
	OPT_QUIET = 'q'
};

static const struct argp_option options[] = {
	{ "rules", OPT_RULES, "A,B,...", 0, "rules to compare with bptt (default: all others)", 2 },
	{ "sequences", OPT_SEQUENCES, "N", 0,
		"training sequences whose gradients are summed (default 8)", 2 },
	{ "every", OPT_EVERY, "N", 0,
		"compare whenever N more sequences have been trained (default: an epoch)", 2 },
	{ "csv", OPT_CSV, "FILE", 0, "write the table there instead of to stdout", 2 },
	{ "plot", OPT_PLOT, "FILE", 0,
		"draw the cosines (FILE.svg, FILE.png), or cosines and norm ratios of every tensor (FILE.html)",
		2 },
	{ "quiet", OPT_QUIET, NULL, 0, "no progress", 2 },
	{ 0 },
};

static void parse_rules(struct argp_state *state, struct arguments *a, const char *arg)
{
	char *rest;

	free(a->rules);
	a->rules = rest = strdup(arg);
	a->n_rule = 0;
	for (char *name; (name = strsep(&rest, ","));) {
		if (a->n_rule == MAX_RULE)
			argp_error(state, "--rules: at most %d", MAX_RULE);
		a->rule[a->n_rule] = snn_rule_find(name);
		if (!a->rule[a->n_rule++])
			argp_error(
				state, "--rules %s: no rule %s; osttp rules lists them", arg, name);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->selection;
		return 0;
	case OPT_RULES:
		parse_rules(state, a, arg);
		return 0;
	case OPT_SEQUENCES:
		a->n_seq = (uint32_t)cli_whole(state, "sequences", arg, 1, UINT32_MAX);
		return 0;
	case OPT_EVERY:
		a->every = (uint32_t)cli_whole(state, "every", arg, 1, UINT32_MAX);
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_PLOT:
		if (!snn_align_plot_can(arg))
			argp_error(state,
				"--plot %s: expected a name that ends in .svg, .png or .html", arg);
		a->plot = arg;
		return 0;
	case OPT_QUIET:
		a->is_quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument %s", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &cli_selection_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = { .options = options,
	.parser = parse,
	.children = children,
	.doc = "Train with --rule, and compare other rules' updates with bptt's on the way."
	       "\vAt the start and after every epoch (or --every N sequences) the weights are held still "
	       "and each rule computes its gradient over the same few training sequences. The table has a "
	       "row for each rule and tensor of the hidden layers, and \"all\" of them as one vector: "
	       "sequence, epoch, rule, tensor, cosine (with bptt's gradient; 1: the same direction) and "
	       "norm_ratio (to bptt's). Fields are empty where a gradient is 0. Each rule has the B that "
	       "its own configuration gives it. Weights on chips are read, with noise, to be compared; "
	       "the gradients themselves are in float. Ctrl-C ends after the present batch.\n\n"
	       "  osttp align --task jsb --rule osttp --csv align.csv --plot align.svg" };

static volatile sig_atomic_t stop, always = 1;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* What compares while it trains. */
struct watch {
	const struct arguments *a;
	struct snn_trainer tr;
	struct snn_align *align;
	struct snn_align_value *value; /* [n_rule][n_tensor] */
	struct snn_align_plot *plot;
	struct snn_progress *progress;
	FILE *f;
	uint64_t n_done; /* sequences */
};

static void print_value(FILE *f, double v)
{
	char buf[32];

	fputc(',', f);
	if (!isnan(v) && snn_double_print(v, buf, sizeof(buf)) > 0)
		fputs(buf, f);
}

static int print_rows(struct watch *w, struct snn_error *e)
{
	uint32_t n = snn_align_n_tensor(w->align);

	for (uint32_t k = 0; k < w->a->n_rule; k++) {
		for (uint32_t i = 0; i < n; i++) {
			const struct snn_align_value *v = &w->value[(size_t)k * n + i];

			fprintf(w->f, "%llu,%u,%s,%s", (unsigned long long)w->n_done, w->tr.epoch,
				w->a->rule[k]->name, snn_align_tensor(w->align, i));
			print_value(w->f, v->cosine);
			print_value(w->f, v->norm_ratio);
			fputc('\n', w->f);
		}
	}
	if (fflush(w->f) != 0)
		return snn_fail(e, -errno, "%s cannot be written: %s",
			w->a->csv ? w->a->csv : "standard output", strerror(errno));
	return 0;
}

static int measure(struct watch *w, struct snn_error *e)
{
	int r = snn_align_measure(w->align, w->value, e);

	if (r == 0 && w->plot)
		r = snn_align_plot_add(w->plot, (double)w->n_done, w->value, e);
	return r < 0 ? r : print_rows(w, e);
}

/* A batch; *ret_ended where it was the last of an epoch. */
static int train_batch(struct watch *w, bool *ret_ended, struct snn_error *e)
{
	struct snn_trainer *tr = &w->tr;
	uint32_t was = tr->i_seq, n = tr->data.n_seq[SNN_TRAIN];
	int r = snn_trainer_epoch(tr, &always, w->progress, e);

	if (r < 0)
		return r;
	w->n_done += tr->i_seq - was;
	*ret_ended = tr->i_seq == n;
	if (!*ret_ended)
		return 0;
	r = snn_trainer_epoch(tr, &always, w->progress, e);
	if (r == 0)
		snn_progress_epoch(w->progress, &tr->row[tr->epoch - 1]);
	return r;
}

static int train(struct watch *w, struct snn_error *e)
{
	uint64_t next = w->a->every;
	int r = measure(w, e);

	while (r == 0 && !stop && w->tr.epoch < w->tr.config.train.epochs) {
		bool has_ended = false;

		r = train_batch(w, &has_ended, e);
		if (r == 0 && (w->a->every ? w->n_done >= next : has_ended)) {
			r = measure(w, e);
			next += w->a->every;
		}
	}
	return r;
}

/* Each rule's own configuration decides its B. */
static int open_align(struct watch *w, struct snn_error *e)
{
	const struct arguments *a = w->a;
	struct snn_config *c = calloc(a->n_rule, sizeof(*c));
	struct cli_selection s = a->selection;
	int r = c ? 0 : snn_fail(e, -ENOMEM, "no memory to compare rules");

	if (s.n_set == CLI_MAX_SET)
		r = snn_fail(e, -EINVAL, "more than %d settings on one command line: use --config",
			CLI_MAX_SET - 1);
	else
		s.n_set++;
	for (uint32_t k = 0; r == 0 && k < a->n_rule; k++) {
		s.set[s.n_set - 1] =
			(struct snn_assignment){ .path = "rule", .value = a->rule[k]->name };
		r = cli_selection_load(&s, &c[k], e);
	}
	if (r == 0)
		r = snn_align_new(&w->align, &w->tr, c, a->n_rule, a->n_seq, e);
	free(c);
	if (r < 0)
		return r;
	w->value = calloc((size_t)a->n_rule * snn_align_n_tensor(w->align), sizeof(*w->value));
	return w->value ? 0 : snn_fail(e, -ENOMEM, "no memory to compare rules");
}

static int open_plot(struct watch *w, struct snn_error *e)
{
	const char *rule[MAX_RULE], *tensor[SNN_MAX_TENSOR + 1];
	uint32_t n = snn_align_n_tensor(w->align);

	if (!w->a->plot)
		return 0;
	for (uint32_t k = 0; k < w->a->n_rule; k++)
		rule[k] = w->a->rule[k]->name;
	for (uint32_t i = 0; i < n; i++)
		tensor[i] = snn_align_tensor(w->align, i);
	return snn_align_plot_new(&w->plot, rule, w->a->n_rule, tensor, n, e);
}

static int open_table(struct watch *w, struct snn_error *e)
{
	w->f = w->a->csv ? fopen(w->a->csv, "w") : stdout;
	if (!w->f)
		return snn_fail(e, -errno, "%s: %s", w->a->csv, strerror(errno));
	fputs("sequence,epoch,rule,tensor,cosine,norm_ratio\n", w->f);
	return 0;
}

static int run(struct watch *w, struct snn_error *e)
{
	struct snn_config c;
	int r = cli_selection_load(&w->a->selection, &c, e);

	if (r == 0)
		r = snn_trainer_init(&w->tr, &c, false, e);
	if (r == 0)
		r = open_align(w, e);
	if (r == 0)
		r = open_plot(w, e);
	if (r == 0)
		r = open_table(w, e);
	if (r == 0 &&
		snn_progress_new(&w->progress, c.train.epochs, w->tr.data.n_seq[SNN_TRAIN],
			w->a->is_quiet) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for progress");
	if (r == 0)
		r = snn_trainer_start(&w->tr, e);
	return r < 0 ? r : train(w, e);
}

static int watch_done(struct watch *w, int r, struct snn_error *e)
{
	if (w->f && w->f != stdout && fclose(w->f) != 0 && r == 0)
		r = snn_fail(e, -errno, "%s: %s", w->a->csv, strerror(errno));
	if (w->plot && r == 0)
		r = snn_align_plot_write(
			w->plot, w->tr.config.task, w->tr.config.rule, w->a->plot, e);
	snn_align_plot_free(w->plot);
	snn_progress_free(w->progress);
	snn_align_free(w->align);
	snn_trainer_done(&w->tr);
	free(w->value);
	return r;
}

int cmd_align(int argc, char **argv)
{
	struct arguments a = { .n_seq = 8 };
	struct watch w = { .a = &a };
	struct snn_error e = { "" };
	int r, status = cli_parse(&argp, argc, argv, &a);

	if (status == CLI_DONE) {
		struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

		sigaction(SIGINT, &sa, NULL);
		sigaction(SIGTERM, &sa, NULL);
		for (uint32_t k = 0; !a.rules && snn_rules[k]; k++) {
			if (snn_rules[k] != &snn_rule_bptt)
				a.rule[a.n_rule++] = snn_rules[k];
		}
		r = run(&w, &e);
		r = watch_done(&w, r, &e);
		status = r < 0 ? cli_fail(&e, r) : stop ? CLI_FAILED : CLI_DONE;
	}
	cli_selection_done(&a.selection);
	free(a.rules);
	return status;
}
