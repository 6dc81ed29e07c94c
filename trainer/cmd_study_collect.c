/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_study_collect.c - osttp study collect: the table of a study's results.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "cmd_study.h"
#include "read_file.h"
#include "study_table.h"

#define MAX_TABLE ((size_t)1 << 30)

struct arguments {
	const char *study;
	bool is_csv;
};

static const struct argp_option options[] = {
	{ "csv", 'c', NULL, 0, "print table.csv on stdout, too", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'c':
		a->is_csv = true;
		return 0;
	default:
		return cli_operand(state, key, arg, &a->study, "which study? Give its folder");
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "STUDY",
	.doc = "Write the table of a study's results into its folder: table.csv (a row a combination "
	       "of the axes' values), points.csv (a row a point), table.h5 (the same as arrays)."
	       "\vNAME_mean, NAME_sd (with n - 1) and NAME_ci95 (half width of the 95 % confidence "
	       "interval, Student's t) are over the seeds that are finished, n of them; a column of "
	       "metrics.csv each, at the epoch of the least valid NLL. The bytes do not depend on who "
	       "ran the points, or in which order." };

static int print_file(const struct snn_study_folder *f, struct snn_error *e)
{
	char *path, *text;
	size_t n;
	int r;

	if (asprintf(&path, "%s/table.csv", f->path) < 0)
		return snn_fail(e, -ENOMEM, "no memory");
	r = snn_read_file(&text, &n, path, MAX_TABLE, e);
	if (r == 0) {
		fwrite(text, 1, n, stdout);
		free(text);
	}
	free(path);
	return r;
}

int cmd_study_collect(int argc, char **argv)
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
		r = snn_study_table_write(&t, &f, &e);
	if (r == 0 && a.is_csv)
		r = print_file(&f, &e);
	if (r == 0 && t.n_done < f.study->n_point)
		fprintf(stderr, "osttp: %zu of %zu points are not finished: osttp study run %s\n",
			f.study->n_point - t.n_done, f.study->n_point, f.path);
	if (r == 0)
		fprintf(stderr, "osttp: %s/table.csv, points.csv, table.h5\n", f.path);
	snn_study_table_done(&t);
	snn_study_close(&f);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}
