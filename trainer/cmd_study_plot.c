/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_study_plot.c - osttp study plot: pictures of a study's table, and what moves the result.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd_study.h"
#include "nearest.h"
#include "study_plot.h"

struct arguments {
	const char *study, *metric, *out;
};

enum { OPT_METRIC = 'm', OPT_OUT = 'o' };

static const struct argp_option options[] = {
	{ "metric", OPT_METRIC, "NAME", 0, "column of metrics.csv (default test_nll)", 0 },
	{ "out", OPT_OUT, "PREFIX", 0, "of the files' names (default STUDY/METRIC)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_METRIC:
		a->metric = arg;
		return 0;
	case OPT_OUT:
		a->out = arg;
		return 0;
	default:
		return cli_operand(state, key, arg, &a->study, "which study? Give its folder");
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "STUDY",
	.doc = "Draw what is finished of a study, as SVG files (gnuplot)."
	       "\vLines with 95 % confidence bands over every axis of numbers, a line a value of another "
	       "axis; heat maps over two axes of numbers; and the ranking of the axes by how far their "
	       "values move the mean, which is also printed: range, axis, least mean and where, largest "
	       "mean and where." };

static void tell(const char *file)
{
	fprintf(stderr, "osttp: %s\n", file);
}

static int column_of(const struct snn_study_table *t, const char *name, struct snn_error *e)
{
	const char *names[SNN_METRICS_MAX_COLUMN + 1] = { NULL };
	int column = snn_study_table_column(t, name);

	for (uint32_t k = 0; k < t->n_col; k++)
		names[k] = t->column[k];
	return column >= 0 ? column
			   : snn_fail(e, -EINVAL, "no column %s, did you mean %s?", name,
				     snn_nearest(name, names));
}

static void print_ranking(const struct snn_study_table *t, int column)
{
	struct snn_sensitivity s[SNN_STUDY_MAX_AXIS];
	int n = snn_study_sensitivity(t, column, s);

	printf("range,axis,least,at,most,at\n");
	for (int i = 0; i < n; i++)
		printf("%.6g,%s,%.6g,%s,%.6g,%s\n", s[i].range, t->study->axis[s[i].i_axis].path,
			s[i].least, s[i].at_least, s[i].most, s[i].at_most);
}

static int draw(const struct arguments *a, const struct snn_study_folder *f,
	const struct snn_study_table *t, struct snn_error *e)
{
	const char *metric = a->metric ? a->metric : "test_nll";
	int column = column_of(t, metric, e), r;
	char *own = NULL;

	if (column < 0)
		return column;
	if (!a->out && asprintf(&own, "%s/%s", f->path, metric) < 0)
		return snn_fail(e, -ENOMEM, "no memory");
	print_ranking(t, column);
	r = snn_study_plot_files(a->out ? a->out : own, t, column, tell, e);
	free(own);
	return r;
}

int cmd_study_plot(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_study_folder f;
	struct snn_study_table t = { 0 };
	struct snn_error e = { "" };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = snn_study_open(&f, a.study, &e);
	if (r < 0)
		return cli_fail(&e, r);
	r = snn_study_table_read(&t, &f, &e);
	if (r == 0)
		r = draw(&a, &f, &t, &e);
	snn_study_table_done(&t);
	snn_study_close(&f);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}
