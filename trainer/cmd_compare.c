/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_compare.c - osttp compare: several rules, several seeds, one table. It is a study (study.h) of
 * one axis, made from the command line.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "cmd_study.h"
#include "config_value.h"
#include "config_yaml.h"
#include "learner.h"
#include "study_table.h"

#define MAX_SEEDS 1000

struct arguments {
	struct cli_selection selection;
	const char *rules, *out;
	uint64_t seed;
	unsigned long n_seed, n_process;
	bool is_csv, is_json, is_quiet;
};

enum {
	OPT_RULES = 'R',
	OPT_SEEDS = 'n',
	OPT_JOBS = 'J',
	OPT_OUT = 'o',
	OPT_CSV = 'C',
	OPT_JSON = 'j',
	OPT_QUIET = 'q'
};

static const struct argp_option options[] = {
	{ "rules", OPT_RULES, "A,B,...", 0, "rules to compare (default: all)", 2 },
	{ "seeds", OPT_SEEDS, "N", 0, "runs of each, with seeds --seed (1), ... (default 3)", 2 },
	{ "jobs", OPT_JOBS, "N", 0, "trainings at the same time (default: one a processor)", 2 },
	{ "out", OPT_OUT, "DIR", 0, "folder of the runs (default: studies/compare-TASK-WEIGHTS)",
		2 },
	{ "csv", OPT_CSV, NULL, 0, "print the table as CSV", 2 },
	{ "json", OPT_JSON, NULL, 0, "print the table as one line of JSON", 2 },
	{ "quiet", OPT_QUIET, NULL, 0, "no progress", 2 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->selection;
		return 0;
	case OPT_RULES:
		a->rules = arg;
		return 0;
	case OPT_SEEDS:
		a->n_seed = cli_whole(state, "seeds", arg, 1, MAX_SEEDS);
		return 0;
	case OPT_JOBS:
		a->n_process = cli_whole(state, "jobs", arg, 1, 1024);
		return 0;
	case OPT_OUT:
		a->out = arg;
		return 0;
	case OPT_CSV:
		a->is_csv = true;
		return 0;
	case OPT_JSON:
		a->is_json = true;
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
	.doc = "Train several rules with several seeds, and print mean and standard deviation."
	       "\vEvery rule has its own shipped configuration for this task and kind of weights; --config, "
	       "--set and so on hold for all. The trainings are a study (osttp study --help): each is a "
	       "process with its own run folder; the same command again goes on where it was, or only "
	       "prints the table. Values are those of the epoch that a run reports.\n\n"
	       "  osttp compare --task jsb --rules bptt,osttp,drtp --seeds 3\n"
	       "  osttp compare --task jsb --weights chips --csv" };

/* ---- the study ---- */

/* A text as YAML: 'it''s' */
static void put_text(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', f);
		fputc(*text, f);
	}
	fputc('\'', f);
}

static void put_setting(FILE *f, const char *path, const char *value)
{
	fprintf(f, "  %s: ", path);
	put_text(f, value);
	fputc('\n', f);
}

/* Whether a later assignment says something else. */
static bool is_overruled(const struct cli_selection *s, const char *path, size_t after)
{
	for (size_t i = after; i < s->n_set; i++) {
		if (!strcmp(s->set[i].path, path))
			return true;
	}
	return false;
}

static void put_base(FILE *f, const struct arguments *a, const struct snn_yaml *y)
{
	const struct cli_selection *s = &a->selection;

	fputs("base:\n", f);
	for (size_t i = 0; i < y->n; i++) {
		if (strcmp(y->item[i].path, "rule") && strcmp(y->item[i].path, "seed") &&
			!is_overruled(s, y->item[i].path, 0))
			put_setting(f, y->item[i].path, y->item[i].value);
	}
	for (size_t i = 0; i < s->n_set; i++) {
		if (strcmp(s->set[i].path, "seed") && !is_overruled(s, s->set[i].path, i + 1))
			put_setting(f, s->set[i].path, s->set[i].value);
	}
}

static void put_axis(FILE *f, const struct arguments *a)
{
	const char *p = a->rules;

	fputs("axes:\n  - rule: [", f);
	for (size_t i = 0; !p && snn_rules[i]; i++)
		fprintf(f, "%s%s", i ? ", " : "", snn_rules[i]->name);
	while (p) {
		char *one = strndup(p, strcspn(p, ","));

		put_text(f, one ? one : "");
		free(one);
		p = strchr(p, ',');
		if (p) {
			fputs(", ", f);
			p++;
		}
	}
	fputs("]\nseeds: [", f);
	for (unsigned long i = 0; i < a->n_seed; i++)
		fprintf(f, "%s%llu", i ? ", " : "", (unsigned long long)(a->seed + i));
	fputs("]\n", f);
}

static int write_study(
	const struct arguments *a, const struct snn_config *c, char *path, struct snn_error *e)
{
	struct snn_yaml y = { 0 };
	int fd, r = 0;
	FILE *f;

	if (a->selection.config_file)
		r = snn_yaml_read(&y, a->selection.config_file, e);
	if (r < 0)
		return r;
	fd = mkstemps(path, 5);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		snn_yaml_done(&y);
		return snn_fail(e, -errno, "%s: %s", path, strerror(errno));
	}
	fprintf(f, "title: Rules on %s\n", c->task);
	put_base(f, a, &y);
	put_axis(f, a);
	snn_yaml_done(&y);
	return fclose(f) == 0 ? 0 : snn_fail(e, -errno, "%s: %s", path, strerror(errno));
}

/* Check the rules in words of this command, and find task, weights and first seed. */
static int check(struct arguments *a, struct snn_config *c, struct snn_error *e)
{
	int r = cli_selection_load(&a->selection, c, e);

	if (r == 0 && is_overruled(&a->selection, "rule", 0))
		return snn_fail(e, -EINVAL, "compare takes --rules A,B,..., not --rule");
	for (const char *p = a->rules; r == 0 && p;
		p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, ","), p);
		if (!snn_rule_find(name))
			r = snn_fail(e, -EINVAL, "--rules %s: no rule %s; osttp rules lists them",
				a->rules, name);
	}
	a->seed = c->seed;
	if (r == 0 && a->seed > UINT64_MAX - (a->n_seed - 1))
		r = snn_fail(e, -ERANGE, "--seed %llu: no %lu seeds from there",
			(unsigned long long)a->seed, a->n_seed);
	return r;
}

static int open_study(const struct arguments *a, const struct snn_config *c,
	struct snn_study_folder *f, struct snn_error *e)
{
	char file[] = "/tmp/osttp-compare-XXXXXX.yaml", folder[128], weights[32] = "";
	int r = snn_config_value(c, "weights", weights, sizeof(weights));

	snprintf(folder, sizeof(folder), "studies/compare-%s-%s", c->task, weights);
	if (r == 0)
		r = write_study(a, c, file, e);
	if (r == 0) {
		r = snn_study_create(f, a->out ? a->out : folder, file, e);
		unlink(file);
	}
	return r;
}

/* ---- the table ---- */

static const struct {
	const char *column, *name;
	int digits;
} columns[] = {
	{ "test_accuracy", "test accuracy", 4 },
	{ "test_nll", "test NLL", 3 },
	{ "valid_accuracy", "valid accuracy", 4 },
	{ "valid_nll", "valid NLL", 3 },
	{ "epoch", "epoch", 1 },
};
#define N_COLUMN (sizeof(columns) / sizeof(columns[0]))

static const struct snn_summary *summary(
	const struct snn_study_table *t, size_t group, size_t i_column)
{
	int i = snn_study_table_column(t, columns[i_column].column);
	const struct snn_summary *s = i < 0 ? NULL : &t->summary[group * t->n_col + (size_t)i];

	return s && s->n ? s : NULL;
}

/* A column that no rule has is left out. */
static bool is_there(const struct snn_study_table *t, size_t i_column)
{
	for (size_t g = 0; g < t->study->n_group; g++) {
		if (summary(t, g, i_column))
			return true;
	}
	return false;
}

static void print_csv(const struct snn_study_table *t)
{
	char buf[32];

	fputs("rule,n", stdout);
	for (size_t k = 0; k < N_COLUMN; k++) {
		if (is_there(t, k))
			printf(",%s_mean,%s_sd", columns[k].column, columns[k].column);
	}
	putchar('\n');
	for (size_t g = 0; g < t->study->n_group; g++) {
		const struct snn_summary *epoch = summary(t, g, N_COLUMN - 1);

		printf("%s,%u", snn_study_value(t->study, g, 0), epoch ? epoch->n : 0);
		for (size_t k = 0; k < N_COLUMN; k++) {
			const struct snn_summary *s = summary(t, g, k);
			const double v[2] = { s ? s->mean : NAN, s ? s->sd : NAN };

			for (int i = 0; is_there(t, k) && i < 2; i++) {
				bool is_known = !isnan(v[i]) &&
					snn_double_print(v[i], buf, sizeof(buf)) > 0;

				printf(",%s", is_known ? buf : "");
			}
		}
		putchar('\n');
	}
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static int print_json(const struct snn_study_table *t)
{
	json_t *list = json_array();

	for (size_t g = 0; list && g < t->study->n_group; g++) {
		const struct snn_summary *epoch = summary(t, g, N_COLUMN - 1);
		json_t *row = json_pack("{s:s, s:i}", "rule", snn_study_value(t->study, g, 0), "n",
			epoch ? (int)epoch->n : 0);

		for (size_t k = 0; k < N_COLUMN; k++) {
			const struct snn_summary *s = summary(t, g, k);

			if (s)
				json_object_set_new(row, columns[k].column,
					json_pack("{s:o, s:o}", "mean", number(s->mean), "sd",
						number(s->sd)));
		}
		json_array_append_new(list, row);
	}
	if (!list || json_dumpf(list, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0) {
		json_decref(list);
		fputs("osttp: no memory for the table\n", stderr);
		return CLI_FAILED;
	}
	putchar('\n');
	json_decref(list);
	return CLI_DONE;
}

static void print_text(const struct snn_study_table *t)
{
	printf("%-10s  n", "rule");
	for (size_t k = 0; k < N_COLUMN; k++) {
		if (is_there(t, k))
			printf("  %-17s", columns[k].name);
	}
	putchar('\n');
	for (size_t g = 0; g < t->study->n_group; g++) {
		const struct snn_summary *epoch = summary(t, g, N_COLUMN - 1);

		printf("%-10s %2u", snn_study_value(t->study, g, 0), epoch ? epoch->n : 0);
		for (size_t k = 0; k < N_COLUMN; k++) {
			const struct snn_summary *s = summary(t, g, k);
			char text[48] = "-";

			if (!is_there(t, k))
				continue;
			if (s && s->n > 1)
				snprintf(text, sizeof(text), "%.*f +- %.*f", columns[k].digits,
					s->mean, columns[k].digits, s->sd);
			else if (s)
				snprintf(text, sizeof(text), "%.*f", columns[k].digits, s->mean);
			printf("  %-17s", text);
		}
		putchar('\n');
	}
}

static int print(const struct snn_study_folder *f, const struct arguments *a, struct snn_error *e)
{
	struct snn_study_table t = { 0 };
	int status = CLI_DONE, r = snn_study_table_read(&t, f, e);

	if (r == 0 && a->is_json)
		status = print_json(&t);
	else if (r == 0 && a->is_csv)
		print_csv(&t);
	else if (r == 0)
		print_text(&t);
	snn_study_table_done(&t);
	return r < 0 ? r : status;
}

int cmd_compare(int argc, char **argv)
{
	struct arguments a = { .n_seed = 3 };
	struct snn_study_folder f = { .lock = -1 };
	struct snn_error e = { "" };
	struct snn_config c;
	int r, ended = 0, status = cli_parse(&argp, argc, argv, &a);

	if (status == CLI_DONE) {
		r = check(&a, &c, &e);
		if (r == 0)
			r = open_study(&a, &c, &f, &e);
		if (r == 0)
			r = snn_study_lock(&f, &e);
		if (r == 0)
			ended = r = cmd_study_points(&f, 0, 0, a.n_process, a.is_quiet, &e);
		if (r >= 0)
			r = print(&f, &a, &e);
		status = r < 0 ? cli_fail(&e, r) : r || ended ? CLI_FAILED : CLI_DONE;
		snn_study_close(&f);
	}
	cli_selection_done(&a.selection);
	return status;
}
