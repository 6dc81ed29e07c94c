/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_study.c - osttp study: chooses the command below it, and the small ones of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd_study.h"

static const struct {
	const char *name, *args, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", "FILE.yaml|STUDY", "train every point that is not finished", cmd_study_run },
	{ "status", "STUDY", "what is finished, failed, and left", cmd_study_status },
	{ "collect", "STUDY", "the table of results, over seeds: CSV and HDF5", cmd_study_collect },
	{ "plot", "STUDY", "pictures of the table, and what moves the result", cmd_study_plot },
};
#define N_COMMAND (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fputs("Usage: osttp study COMMAND [OPTION...] FILE.yaml|STUDY\n"
	      "Many trainings that differ in a few settings, and what came of them.\n\n",
		f);
	for (size_t i = 0; i < N_COMMAND; i++)
		fprintf(f, "  %-8s %-16s %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fputs("\nA study is a YAML file:\n\n"
	      "  title: What drift costs\n"
	      "  base:                          # settings of all points (osttp train --help-config)\n"
	      "    task: chorale\n"
	      "    weights: chips\n"
	      "    train.epochs: 20\n"
	      "  axes:                          # entries are crossed; in one entry they go together\n"
	      "    - rule: [osttp, drtp]\n"
	      "    - uri.drift_nu: {from: 0, to: 0.1, points: 5}    # key of the board's URI\n"
	      "    - train.rate: {from: 0.001, to: 0.1, points: 3, log: true}\n"
	      "      train.rate_hidden: [100, 30, 10]\n"
	      "  seeds: 3                       # 1, 2, 3; or a list\n\n"
	      "  osttp study run drift.yaml     # into studies/drift; again: goes on\n"
	      "  osttp study collect studies/drift\n\n"
	      "Values that an entry does not give come from the configuration that is shipped for\n"
	      "the point's task, rule and kind of weights. Where a board takes a seed and its URI\n"
	      "gives none, it gets the point's. osttp study COMMAND --help says more.\n",
		f);
}

int cmd_study(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : NULL;
	char name[64];

	if (!what) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(what, "--help") || !strcmp(what, "-?") || !strcmp(what, "help")) {
		usage(stdout);
		return CLI_DONE;
	}
	for (size_t i = 0; i < N_COMMAND; i++) {
		if (strcmp(commands[i].name, what))
			continue;
		snprintf(name, sizeof(name), "osttp study %s", what);
		argv[1] = name;
		return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "osttp: unknown command study %s; osttp study --help lists them\n", what);
	return CLI_USAGE;
}

struct arguments {
	const char *study;
	bool is_json, has_points;
};

enum { OPT_JSON = 'j', OPT_POINTS = 'p' };

static const struct argp_option status_options[] = {
	{ "json", OPT_JSON, NULL, 0, "the numbers as one line of JSON", 0 },
	{ "points", OPT_POINTS, NULL, 0, "a line for every point, with its folder", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_JSON:
		a->is_json = true;
		return 0;
	case OPT_POINTS:
		a->has_points = true;
		return 0;
	default:
		return cli_operand(state, key, arg, &a->study, "which study? Give its folder");
	}
}

static const char *const state_names[] = { "waiting", "begun", "failed", "done" };

/* Folder and how to go on, for those who want one point alone. */
static void print_points(const struct snn_study_folder *f)
{
	char text[2000];

	for (size_t i = 0; i < f->study->n_point; i++) {
		enum snn_point_state state = snn_study_state(f, i);

		snn_study_describe(f->study, i, text, sizeof(text));
		printf("%zu %-7s %s/points/%s %s\n", i + 1, state_names[state], f->path,
			f->point[i].name, text);
	}
}

int cmd_study_status(int argc, char **argv)
{
	static const struct argp argp = { .options = status_options,
		.parser = parse,
		.args_doc = "STUDY",
		.doc = "What is finished, failed, and left."
		       "\v`begun` is under way or was interrupted. A point is an ordinary run: `osttp "
		       "train --resume FOLDER` goes on with it alone, `osttp train --config "
		       "FOLDER/config.yaml` runs it again elsewhere." };
	struct arguments a = { 0 };
	struct snn_study_folder f;
	struct snn_error e = { "" };
	size_t n[4] = { 0 };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = snn_study_open(&f, a.study, &e);
	if (r < 0)
		return cli_fail(&e, r);
	for (size_t i = 0; i < f.study->n_point; i++)
		n[snn_study_state(&f, i)]++;
	if (a.is_json)
		printf("{\"points\":%zu,\"done\":%zu,\"failed\":%zu,\"begun\":%zu,\"waiting\":%zu}\n",
			f.study->n_point, n[SNN_POINT_DONE], n[SNN_POINT_FAILED],
			n[SNN_POINT_BEGUN], n[SNN_POINT_WAITING]);
	else if (a.has_points)
		print_points(&f);
	else
		printf("%zu points: %zu done, %zu failed, %zu begun, %zu waiting\n",
			f.study->n_point, n[SNN_POINT_DONE], n[SNN_POINT_FAILED],
			n[SNN_POINT_BEGUN], n[SNN_POINT_WAITING]);
	snn_study_close(&f);
	return CLI_DONE;
}
