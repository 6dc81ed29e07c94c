/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_train.c - osttp train: a run from its configuration, or on from its checkpoint.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "checkpoint.h"
#include "cli.h"
#include "cmd_stream.h"
#include "train.h"

struct arguments {
	struct cli_selection selection;
	const char *out, *resume;
	const char *plan_file;
	bool is_json, is_quiet, is_plan;
};

enum { OPT_OUT = 'o', OPT_RESUME = 'R', OPT_JSON = 'j', OPT_QUIET = 'q', OPT_PLAN = 'P' };

static const struct argp_option options[] = {
	{ "out", OPT_OUT, "DIR", 0, "run folder (default: a new one below runs/)", 2 },
	{ "resume", OPT_RESUME, "DIR", 0,
		"go on with the run in this folder; only --epochs, chips.wait and chips.compensate may be changed",
		2 },
	{ "json", OPT_JSON, NULL, 0,
		"print the result as one line of JSON (a seed above 2^63 - 1 as a string)", 2 },
	{ "quiet", OPT_QUIET, NULL, 0, "no progress", 2 },
	{ "plan", OPT_PLAN, "FILE", OPTION_ARG_OPTIONAL,
		"print which weight would sit in which cells of which chip, draw it as FILE (.svg or .png) if one is given, and stop",
		2 },
	{ 0 },
};

static void check(struct argp_state *state, const struct arguments *a)
{
	if (a->is_plan && (a->out || a->resume))
		argp_error(state, "--plan starts no run: leave out --out and --resume");
	if (!a->resume)
		return;
	if (a->out || a->selection.config_file)
		argp_error(state,
			"--resume goes on in its own folder with its own configuration: leave out --out and --config");
	for (size_t i = 0; i < a->selection.n_set; i++) {
		const char *path = a->selection.set[i].path;

		if (strcmp(path, "train.epochs") && strcmp(path, "chips.wait") &&
			strcmp(path, "chips.compensate"))
			argp_error(state,
				"--resume: %s is fixed by the run; only --epochs, chips.wait and chips.compensate may be changed",
				path);
	}
}

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
	case OPT_RESUME:
		a->resume = arg;
		return 0;
	case OPT_JSON:
		a->is_json = true;
		return 0;
	case OPT_QUIET:
		a->is_quiet = true;
		return 0;
	case OPT_PLAN:
		a->is_plan = true;
		a->plan_file = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument %s", arg);
		return 0;
	case ARGP_KEY_END:
		check(state, a);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &cli_selection_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = children,
	.doc = "Train a network."
	       "\vSettings come, later over earlier, from the built-in defaults, the shipped "
	       "configuration tuned for this task, rule and kind of weights, --config, and the command "
	       "line. The run folder holds config.yaml, device.txt, plan.svg, metrics.csv, checkpoint.h5 (where "
	       "it is) and best.h5 (of the best epoch). Ctrl-C finishes the current batch and writes a "
	       "checkpoint. NLL is in nats per predicted step, summed over the outputs.\n\n"
	       "Task stream learns from standard input (or --data FILE) as it comes, with --update step, in "
	       "memory that does not grow. The first line is \"inputs N outputs M\", then one step a line: "
	       "the active inputs, |, the outputs that should be active, counted from 0; lines that begin "
	       "with # are comments. stdout has NLL and activity every train.report_every steps. Example:\n\n"
	       "  (echo inputs 2 outputs 2; yes '0 | 1') | osttp train --task stream --update step"
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The first signal asks for an orderly end, the second kills. */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

struct run {
	struct snn_runlog *log;
	struct snn_trainer tr;
	struct snn_progress *progress;
	struct snn_store *best; /* of an epoch not yet on disk */
	double start;           /* s */
	bool is_restored;       /* from a checkpoint, which every run has from its beginning on */
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* best.h5 first: a checkpoint is never ahead of it. */
static int write_state(struct run *run, struct snn_error *e)
{
	struct snn_store *st;
	int r = snn_checkpoint_save(&run->tr, &st, e);

	if (r < 0)
		return r;
	if (run->best)
		r = snn_store_write(run->best, snn_runlog_file(run->log, "best.h5"), e);
	if (r == 0) {
		snn_store_free(run->best);
		run->best = NULL;
		r = snn_store_write(st, snn_runlog_file(run->log, "checkpoint.h5"), e);
	}
	if (r == 0)
		r = snn_runlog_metrics(run->log, run->tr.row, run->tr.epoch, e);
	snn_store_free(st);
	return r;
}

static int after_epoch(struct run *run, struct snn_error *e)
{
	struct snn_trainer *tr = &run->tr;
	int r = 0;

	if (tr->best_epoch == tr->epoch) {
		snn_store_free(run->best);
		run->best = NULL;
		r = snn_checkpoint_save(tr, &run->best, e);
	}
	snn_progress_epoch(run->progress, &tr->row[tr->epoch - 1]);
	if (r == 0 &&
		(tr->epoch % tr->config.train.checkpoint_every == 0 ||
			tr->epoch == tr->config.train.epochs))
		r = write_state(run, e);
	return r;
}

/* 0 done, 1 stopped by a signal. */
static int train(struct run *run, struct snn_error *e)
{
	struct snn_trainer *tr = &run->tr;
	int r = 0;

	catch_signals();
	if (!run->is_restored) {
		r = snn_trainer_start(tr, e);
		if (r == 0) /* so that a stop or crash in the first epoch loses nothing */
			r = write_state(run, e);
	}
	while (r == 0 && tr->epoch < tr->config.train.epochs) {
		r = snn_trainer_epoch(tr, &stop, run->progress, e);
		if (r == 0)
			r = after_epoch(run, e);
	}
	if (r == 1) {
		r = write_state(run, e);
		return r < 0 ? r : 1;
	}
	return r;
}

/* The same for a stream: the checkpoint has what was learned until it ended. */
static int learn_stream(struct run *run, bool is_json, struct snn_error *e)
{
	int r, saved;

	catch_signals();
	r = cli_stream(&run->tr, snn_runlog_path(run->log), is_json, &stop, e);
	if (r < 0)
		return r;
	saved = write_state(run, e);
	return saved < 0 ? saved : r;
}

/* What the run is tied to from now on: its boards, by name, and what sits where. */
static int write_device(struct run *run, struct snn_error *e)
{
	int r;

	if (!run->tr.device)
		return 0;
	r = snn_runlog_configure(run->log, &run->tr.config, e);
	if (r == 0)
		r = snn_write_file(snn_runlog_file(run->log, "device.txt"), run->tr.device,
			strlen(run->tr.device), e);
	if (r == 0)
		r = snn_weights_chips_draw(
			run->tr.weights, snn_runlog_file(run->log, "plan.svg"), e);
	return r == -ENOENT ? 0 : r; /* no gnuplot: device.txt has the plan in words */
}

static int begin(struct run *run, const struct arguments *a, struct snn_error *e)
{
	struct snn_config c;
	int r = cli_selection_load(&a->selection, &c, e);

	if (r == 0)
		r = snn_runlog_create(&run->log, a->out, &c, e);
	if (r < 0)
		return r;
	r = snn_trainer_init(&run->tr, &c, false, e);
	if (r == 0)
		r = write_device(run, e);
	if (r < 0) {
		snn_runlog_discard(run->log);
		run->log = NULL;
	}
	return r;
}

/* A run that was killed before its first checkpoint has nothing but its configuration. */
static bool has_begun(struct snn_runlog *l)
{
	return access(snn_runlog_file(l, "checkpoint.h5"), F_OK) == 0 ||
		access(snn_runlog_file(l, "metrics.csv"), F_OK) == 0;
}

/* The rows again: a crash may have come between checkpoint and metrics.csv. */
static int restore(struct run *run, struct snn_error *e)
{
	int r = snn_checkpoint_load(&run->tr, snn_runlog_file(run->log, "checkpoint.h5"), e);

	run->is_restored = r == 0;
	return r < 0 ? r : snn_runlog_metrics(run->log, run->tr.row, run->tr.epoch, e);
}

static int go_on(struct run *run, const struct arguments *a, struct snn_error *e)
{
	const struct cli_selection *s = &a->selection;
	bool is_begun = false;
	struct snn_config c;
	int r = snn_runlog_open(&run->log, a->resume, &c, e);

	for (size_t i = 0; r == 0 && i < s->n_set; i++)
		r = snn_config_set(&c, s->set[i].path, s->set[i].value, e);
	if (r == 0) {
		is_begun = has_begun(run->log);
		r = snn_trainer_init(&run->tr, &c, is_begun, e);
	}
	if (r == 0)
		r = is_begun ? restore(run, e) : write_device(run, e);
	if (r == 0 && s->n_set)
		r = snn_runlog_configure(run->log, &run->tr.config, e);
	return r;
}

/* null where nothing was evaluated, or it is not finite: JSON has no such number. */
static json_t *number(bool is_known, double v)
{
	return is_known && isfinite(v) ? json_real(v) : json_null();
}

/* jansson's integers end at 2^63 - 1: a seed above is a string. */
static json_t *seed_number(uint64_t seed)
{
	return seed <= INT64_MAX ? json_integer((json_int_t)seed)
				 : json_sprintf("%llu", (unsigned long long)seed);
}

static int print_json(const struct run *run)
{
	const struct snn_trainer *tr = &run->tr;
	const struct snn_epoch *best = &tr->row[tr->best_epoch ? tr->best_epoch - 1 : 0];
	const struct snn_epoch *last = &tr->row[tr->epoch ? tr->epoch - 1 : 0];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:f, s:I}", "run",
		snn_runlog_path(run->log), "task", tr->config.task, "rule", tr->config.rule,
		"weights", tr->weights->ops->name, "seed", seed_number(tr->config.seed), "epochs",
		(int)tr->epoch, "epoch", (int)tr->best_epoch, "valid_nll",
		number(tr->best_epoch, best->valid_nll), "test_nll",
		number(tr->best_epoch, best->test_nll), "seconds", seconds() - run->start, "pulses",
		(json_int_t)(last->n_set + last->n_reset));

	if (!j) {
		fprintf(stderr, "osttp: no JSON: %s is not UTF-8\n", snn_runlog_path(run->log));
		return CLI_FAILED;
	}
	if (tr->device) {
		json_object_set_new(j, "chip_time_s", json_real(last->chip_time));
		json_object_set_new(j, "energy_j", json_real(last->energy));
		json_object_set_new(j, "refreshed", json_integer((json_int_t)last->n_refresh));
		json_object_set_new(j, "given_up",
			json_integer((json_int_t)snn_weights_chips_given_up(tr->weights)));
	}
	if (isfinite(tr->data.entropy[SNN_TEST]))
		json_object_set_new(j, "entropy", json_real(tr->data.entropy[SNN_TEST]));
	if (tr->data.is_labelled) {
		json_object_set_new(
			j, "valid_accuracy", number(tr->best_epoch, best->valid_accuracy));
		json_object_set_new(
			j, "test_accuracy", number(tr->best_epoch, best->test_accuracy));
	}
	json_object_set_new(
		j, "marginal_nll", json_real(snn_dataset_marginal_nll(&tr->data, SNN_TEST)));
	json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(j);
	return CLI_DONE;
}

static void print_text(const struct run *run)
{
	const struct snn_trainer *tr = &run->tr;
	const struct snn_epoch *best = &tr->row[tr->best_epoch - 1];
	const struct snn_epoch *last = &tr->row[tr->epoch - 1];

	if (tr->data.is_labelled)
		printf("test              %.2f %% right (epoch %u of %u, where valid was most: %.2f %%)\n",
			100 * best->test_accuracy, tr->best_epoch, tr->epoch,
			100 * best->valid_accuracy);
	printf("test NLL          %.3f nats per step (epoch %u of %u, valid: %.3f)\n",
		best->test_nll, tr->best_epoch, tr->epoch, best->valid_nll);
	if (isfinite(tr->data.entropy[SNN_TEST]))
		printf("best possible     %.3f (the task's entropy)\n", tr->data.entropy[SNN_TEST]);
	printf("marginal baseline %.3f (always each note's frequency)\n",
		snn_dataset_marginal_nll(&tr->data, SNN_TEST));
	if (tr->device) {
		printf("chip time         %.3g s\n", last->chip_time);
		printf("pulses            %llu SET, %llu RESET; %llu cells refreshed, %llu devices given up\n",
			(unsigned long long)last->n_set, (unsigned long long)last->n_reset,
			(unsigned long long)last->n_refresh,
			(unsigned long long)snn_weights_chips_given_up(tr->weights));
		printf("energy            %.3g J\n", last->energy);
	}
	printf("run folder        %s\n", snn_runlog_path(run->log));
}

static void say_stopped(const struct run *run)
{
	fprintf(stderr,
		"osttp: stopped in epoch %u of %u after %u of %u sequences; go on with\n  osttp train --resume %s\n",
		run->tr.epoch + 1, run->tr.config.train.epochs, run->tr.i_seq,
		run->tr.data.n_seq[SNN_TRAIN], snn_runlog_path(run->log));
}

/* A board that is there again takes over the state of the checkpoint. */
static int fail_in_training(const struct run *run, const struct snn_error *e, int r)
{
	int status = cli_fail(e, r);

	if (access(snn_runlog_file(run->log, "checkpoint.h5"), F_OK) == 0)
		fprintf(stderr,
			"osttp: go on from the last checkpoint with\n  osttp train --resume %s\n",
			snn_runlog_path(run->log));
	return status;
}

static int say_streamed(const struct run *run, int r)
{
	fprintf(stderr,
		"osttp: %s after %llu steps; go on with more of them:\n  osttp train --resume %s\n",
		r == 1 ? "stopped" : "the stream ended", (unsigned long long)run->tr.n_update,
		snn_runlog_path(run->log));
	return r == 1 ? CLI_FAILED : CLI_DONE;
}

static int execute(struct run *run, const struct arguments *a)
{
	struct snn_error e = { "" };
	int r = a->resume ? go_on(run, a, &e) : begin(run, a, &e);
	bool is_begun;

	if (r == 0 &&
		snn_progress_new(&run->progress, run->tr.config.train.epochs,
			run->tr.data.n_seq[SNN_TRAIN], a->is_quiet) < 0)
		r = snn_fail(&e, -ENOMEM, "no memory for progress");
	if (r == 0 && run->tr.device && !a->is_quiet)
		fputs(run->tr.device, stderr);
	is_begun = r == 0;
	if (is_begun)
		r = run->tr.data.stream ? learn_stream(run, a->is_json, &e) : train(run, &e);
	snn_progress_free(run->progress);
	if (r < 0)
		return is_begun ? fail_in_training(run, &e, r) : cli_fail(&e, r);
	if (run->tr.data.stream)
		return say_streamed(run, r);
	if (r == 1)
		say_stopped(run);
	else if (a->is_json)
		return print_json(run);
	else if (run->tr.best_epoch)
		print_text(run);
	return r == 1 ? CLI_FAILED : CLI_DONE;
}

/* The boards are opened, but no device is touched. */
static int print_plan(const struct arguments *a)
{
	struct snn_trainer tr = { 0 };
	struct snn_error e = { "" };
	struct snn_config c;
	int r = cli_selection_load(&a->selection, &c, &e);

	if (r == 0 && c.weights != SNN_WEIGHTS_CHIPS)
		r = snn_fail(&e, -EINVAL, "--plan is of weights on chips: add --weights chips");
	if (r == 0)
		r = snn_trainer_init(&tr, &c, true, &e);
	if (r < 0)
		return cli_fail(&e, r);
	fputs(tr.device, stdout);
	if (a->plan_file)
		r = snn_weights_chips_draw(tr.weights, a->plan_file, &e);
	snn_trainer_done(&tr);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}

int cmd_train(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct run run = { .start = seconds() };
	int status = cli_parse(&argp, argc, argv, &a);

	if (status == CLI_DONE && a.is_plan) {
		status = print_plan(&a);
	} else if (status == CLI_DONE) {
		status = execute(&run, &a);
		snn_store_free(run.best);
		snn_trainer_done(&run.tr);
		snn_runlog_close(run.log);
	}
	cli_selection_done(&a.selection);
	return status;
}
