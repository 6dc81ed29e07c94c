/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_eval.c - osttp eval RUN: the trained network on the valid and test splits, now or later.
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
#include "train.h"

#define MAX_WAIT 1e9 /* s */

struct arguments {
	const char *run, *compensate;
	double after; /* s */
	bool is_last, is_json;
};

enum { OPT_AFTER = 'a', OPT_COMPENSATE = 'c', OPT_LAST = 'l', OPT_JSON = 'j' };

static const struct argp_option options[] = {
	{ "after", OPT_AFTER, "TIME", 0,
		"let the chips age first: 90s, 10min, 1h, 30d (a number alone is seconds)", 0 },
	{ "compensate", OPT_COMPENSATE, "HOW", 0,
		"what is done about the drift: none, global (a factor for each matrix) or column (a factor and an offset for each column); default: as in training",
		0 },
	{ "last", OPT_LAST, NULL, 0, "the last checkpoint instead of that of the best epoch", 0 },
	{ "json", OPT_JSON, NULL, 0, "print the result as one line of JSON", 0 },
	{ 0 },
};

/* Seconds of "1h"; negative if it is no duration. */
static double duration(const char *text)
{
	static const struct {
		const char *name;
		double second;
	} units[] = { { "", 1 }, { "s", 1 }, { "min", 60 }, { "m", 60 }, { "h", 3600 },
		{ "d", 86400 } };
	char *end;
	double v = strtod(text, &end);

	for (size_t i = 0; end != text && i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(end, units[i].name) && v >= 0 && v * units[i].second <= MAX_WAIT)
			return v * units[i].second;
	}
	return -1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_AFTER:
		a->after = duration(arg);
		if (a->after < 0)
			argp_error(state,
				"--after %s: expected 0 .. 1e9 s, as 90s, 10min, 1h or 30d", arg);
		return 0;
	case OPT_COMPENSATE:
		a->compensate = arg;
		return 0;
	case OPT_LAST:
		a->is_last = true;
		return 0;
	case OPT_JSON:
		a->is_json = true;
		return 0;
	default:
		return cli_operand(state, key, arg, &a->run, "which run? Give its folder");
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "RUN",
	.doc = "Test a trained network: NLL in nats per predicted step, and the share of right labels."
	       "\vWeights on chips are restored as they were at that checkpoint, wait --after, and are "
	       "read with all their noise; a board that cannot restore its state is tested as it is. "
	       "To compensate, products of a few inputs of the training split are measured before and "
	       "after the wait. "
	       "The run folder is not changed." };

struct result {
	struct snn_quality valid, test;
	double seconds;
	struct snn_epoch row;
};

static int evaluate(
	struct snn_trainer *tr, const struct arguments *a, struct result *ret, struct snn_error *e)
{
	struct timespec t0, t1;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (a->after > 0)
		r = snn_trainer_age(tr, a->after, e);
	if (r == 0)
		r = snn_trainer_evaluate(tr, SNN_VALID, &ret->valid, e);
	if (r == 0)
		r = snn_trainer_evaluate(tr, SNN_TEST, &ret->test, e);
	if (r == 0)
		r = tr->weights->ops->stats(tr->weights, &ret->row, e);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ret->seconds = (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec);
	return r;
}

static int print(const struct snn_trainer *tr, const struct arguments *a, const struct result *res)
{
	char how[16];
	json_t *j;

	snn_config_value(&tr->config, "chips.compensate", how, sizeof(how));
	if (!a->is_json) {
		printf("test NLL   %.4f nats per step\nvalid NLL  %.4f\nepoch      %u\n",
			res->test.nll, res->valid.nll, tr->epoch);
		if (!isnan(res->test.accuracy))
			printf("test       %.2f %% right\nvalid      %.2f %% right\n",
				100 * res->test.accuracy, 100 * res->valid.accuracy);
		if (a->after > 0)
			printf("after      %g s of chip time, compensation: %s\n", a->after, how);
		return CLI_DONE;
	}
	/* null for what is not finite: JSON has no such number. */
	j = json_pack("{s:s, s:o, s:o, s:i, s:f, s:I, s:f, s:s}", "run", a->run, "test_nll",
		isfinite(res->test.nll) ? json_real(res->test.nll) : json_null(), "valid_nll",
		isfinite(res->valid.nll) ? json_real(res->valid.nll) : json_null(), "epoch",
		(int)tr->epoch, "seconds", res->seconds, "pulses",
		(json_int_t)(res->row.n_set + res->row.n_reset), "after_s", a->after, "compensate",
		how);
	if (!j) {
		fprintf(stderr, "osttp: no JSON: %s is not UTF-8\n", a->run);
		return CLI_FAILED;
	}
	if (!isnan(res->test.accuracy)) {
		json_object_set_new(j, "test_accuracy", json_real(res->test.accuracy));
		json_object_set_new(j, "valid_accuracy", json_real(res->valid.accuracy));
	}
	json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(j);
	return CLI_DONE;
}

static int load(struct snn_trainer *tr, struct snn_runlog *log, bool is_last, struct snn_error *e)
{
	const char *file = snn_runlog_file(log, is_last ? "checkpoint.h5" : "best.h5");

	if (!is_last && access(file, F_OK) < 0 && errno == ENOENT)
		return snn_fail(e, -ENOENT,
			"%s has no best.h5: no epoch was evaluated yet; --last takes the checkpoint",
			snn_runlog_path(log));
	return snn_checkpoint_load(tr, file, e);
}

int cmd_eval(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_runlog *log = NULL;
	struct snn_trainer tr = { 0 };
	struct snn_config c;
	struct snn_error e = { "" };
	struct result res = { 0 };
	int r, status;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = snn_runlog_look(&log, a.run, &c, &e);
	if (r == 0 && a.compensate)
		r = snn_config_set(&c, "chips.compensate", a.compensate, &e);
	if (r == 0)
		r = snn_trainer_init(&tr, &c, true, &e);
	if (r == 0)
		r = load(&tr, log, a.is_last, &e);
	if (r == 0)
		r = evaluate(&tr, &a, &res, &e);
	status = r < 0 ? cli_fail(&e, r) : print(&tr, &a, &res);
	snn_trainer_done(&tr);
	snn_runlog_close(log);
	return status;
}
