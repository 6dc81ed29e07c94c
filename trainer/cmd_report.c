/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_report.c - osttp report: a run or a study as one HTML page.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "cli.h"
#include "report.h"

#define MAX_RUN 64

struct arguments {
	const char *out;
	char *run[MAX_RUN];
	uint32_t n_run;
};

static const struct argp_option options[] = {
	{ "out", 'o', "FILE", 0, "the page (default: report.html in the folder)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->out = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->n_run == MAX_RUN)
			argp_error(state, "more than %d runs", MAX_RUN);
		else
			a->run[a->n_run++] = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "of what? Give the folder of a run or study");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "RUN|STUDY [RUN...]",
	.doc = "Write one HTML page, readable without a network, about a run or a study (pictures: "
	       "gnuplot)."
	       "\vOf a run: result, curves, conductances before and after as far as the board tells by "
	       "reads, histograms of devices, spikes and states on a test sequence, the tile plan, the "
	       "configuration. Further runs are compared with the first; those of the same task, rule "
	       "and kind of weights are drawn as their mean with a 95 % confidence band. Of a study: "
	       "axes, table, pictures, curves with bands over the seeds." };

static bool is_study(const char *folder)
{
	char *file;
	bool is;

	if (asprintf(&file, "%s/study.yaml", folder) < 0)
		return false;
	is = access(file, F_OK) == 0;
	free(file);
	return is;
}

static int write_page(struct page *p, const struct arguments *a, struct snn_error *e)
{
	struct page_error pe = { "" };
	char *own = NULL;
	int r;

	if (!a->out && asprintf(&own, "%s/report.html", a->run[0]) < 0)
		return snn_fail(e, -ENOMEM, "no memory");
	r = page_write(p, a->out ? a->out : own, &pe);
	if (r < 0)
		snn_fail(e, r, "%s", pe.text);
	else
		fprintf(stderr, "osttp: %s\n", a->out ? a->out : own);
	free(own);
	return r;
}

int cmd_report(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_error e = { "" };
	struct page *p;
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = page_new(&p, a.run[0]);
	if (r < 0) {
		snn_fail(&e, r, "no memory for a page");
		return cli_fail(&e, r);
	}
	if (!is_study(a.run[0]))
		r = snn_report_run(p, a.run[0], a.run + 1, a.n_run - 1, &e);
	else if (a.n_run > 1)
		r = snn_fail(
			&e, -EINVAL, "%s is a study: only runs are compared with runs", a.run[0]);
	else
		r = snn_report_study(p, a.run[0], &e);
	if (r == 0)
		r = write_page(p, &a, &e);
	page_free(p);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}
