/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_run.c - a run's page: result, curves, comparison, what is inside, configuration.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config_value.h"
#include "read_file.h"
#include "report.h"
#include "runlog.h"

#define MAX_VALUE  1200
#define MAX_DEVICE ((size_t)1 << 20)

static int run_file(const char *folder, const char *name, char *buf, size_t n, struct snn_error *e)
{
	return (size_t)snprintf(buf, n, "%s/%s", folder, name) < n
		? 0
		: snn_fail(e, -ENAMETOOLONG, "path too long: %.200s...", folder);
}

static int read_config(const char *folder, struct snn_config *c, struct snn_error *e)
{
	struct snn_runlog *log;
	int r = snn_runlog_look(&log, folder, c, e);

	if (r == 0)
		snn_runlog_close(log);
	return r;
}

/* Two runs with the same text differ in nothing but the seed. */
static void describe(const struct snn_config *c, char *buf, size_t n)
{
	char weights[32];

	if (snn_config_value(c, "weights", weights, sizeof(weights)) < 0)
		weights[0] = '\0';
	snprintf(buf, n, "%s %s %s", c->task, c->rule, weights);
}

static void put_number(struct page *p, const char *key, double v, const char *unit)
{
	if (isfinite(v))
		page_fact(p, key, "%.5g%s%s", v, unit[0] ? " " : "", unit);
}

static void put_result(struct page *p, const struct snn_config *c, const struct snn_metrics *m)
{
	static const struct {
		const char *column, *key, *unit;
	} best_of[] = { { "test_nll", "test NLL", "nats per predicted step" },
		{ "valid_nll", "valid NLL", "" }, { "train_nll", "train NLL", "" },
		{ "test_accuracy", "test accuracy", "" }, { "activity", "activity", "" } },
	  last_of[] = { { "n_set", "SET pulses", "" }, { "n_reset", "RESET pulses", "" },
		  { "n_refresh", "cells refreshed", "" }, { "chip_time_s", "chip time", "s" },
		  { "energy_j", "energy", "J" } };
	int64_t best = snn_metrics_best(m);

	page_facts(p, "Result");
	page_fact(p, "epochs", "%u of %u", m->n_row, c->train.epochs);
	if (best >= 0)
		page_fact(p, "best epoch", "%u", (unsigned)best + 1);
	for (size_t i = 0; best >= 0 && i < sizeof(best_of) / sizeof(best_of[0]); i++)
		put_number(p, best_of[i].key,
			snn_metrics_value(
				m, (uint32_t)best, snn_metrics_column(m, best_of[i].column)),
			best_of[i].unit);
	for (size_t i = 0; c->weights == SNN_WEIGHTS_CHIPS && m->n_row &&
		i < sizeof(last_of) / sizeof(last_of[0]);
		i++)
		put_number(p, last_of[i].key,
			snn_metrics_value(
				m, m->n_row - 1, snn_metrics_column(m, last_of[i].column)),
			last_of[i].unit);
}

static void put_config(struct page *p, const struct snn_config *c)
{
	struct snn_config def;
	char value[MAX_VALUE], usual[MAX_VALUE];

	snn_config_default(&def);
	page_heading(p, "Configuration");
	page_table(
		p, "setting\tvalue\tdefault\twhat", "Settings that are not the program's defaults");
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		if (snn_value_print(c, o, value, sizeof(value)) < 0 ||
			snn_value_print(&def, o, usual, sizeof(usual)) < 0 || !strcmp(value, usual))
			continue;
		page_row(p, PAGE_PLAIN, "%s\t%s\t%s\t%s", o->path, value, usual, o->help);
	}
	page_table(p, "setting\tvalue", "All other settings");
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		if (snn_value_print(c, o, value, sizeof(value)) >= 0 &&
			snn_value_print(&def, o, usual, sizeof(usual)) >= 0 &&
			!strcmp(value, usual))
			page_row(p, PAGE_PLAIN, "%s\t%s", o->path, value);
	}
}

/* device.txt as it stands: a line a row. */
static void put_device(struct page *p, const char *folder)
{
	char file[2200], *text = NULL;
	size_t n;

	if (run_file(folder, "device.txt", file, sizeof(file), NULL) < 0 ||
		snn_read_file(&text, &n, file, MAX_DEVICE, NULL) < 0)
		return; /* float weights */
	page_heading(p, "Boards and tile plan");
	page_table(p, "which weight sits where", NULL);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		page_row(p, PAGE_PLAIN, "%s", line);
	free(text);
}

struct comparison {
	struct snn_curves *curve; /* [n] */
	uint32_t n;
};

/* The curve of runs like this one. */
static struct snn_curves *curve_like(struct comparison *k, const char *label)
{
	for (uint32_t i = 0; i < k->n; i++) {
		if (!strcmp(k->curve[i].label, label))
			return &k->curve[i];
	}
	snprintf(k->curve[k->n].label, sizeof(k->curve[0].label), "%s", label);
	return &k->curve[k->n++];
}

static int add_run(struct page *p, struct comparison *k, const char *folder, struct snn_error *e)
{
	char label[160], file[2200];
	struct snn_config c;
	struct snn_curves *curve;
	const struct snn_metrics *m;
	int64_t best;
	int r = read_config(folder, &c, e);

	if (r == 0)
		r = run_file(folder, "metrics.csv", file, sizeof(file), e);
	if (r < 0)
		return r;
	describe(&c, label, sizeof(label));
	curve = curve_like(k, label);
	r = snn_curves_add(curve, file, e);
	if (r < 0)
		return r;
	m = &curve->run[curve->n - 1];
	best = snn_metrics_best(m);
	if (best >= 0)
		page_row(p, PAGE_PLAIN, "%s\t%s\t%llu\t%u\t%.4f\t%.4f", folder, label,
			(unsigned long long)c.seed, (unsigned)best + 1,
			snn_metrics_value(m, (uint32_t)best, snn_metrics_column(m, "valid_nll")),
			snn_metrics_value(m, (uint32_t)best, snn_metrics_column(m, "test_nll")));
	return 0;
}

static int put_comparison(struct page *p, const char *folder, char *const *other, uint32_t n_other,
	struct snn_error *e)
{
	struct comparison k = { .curve = calloc(n_other + 1, sizeof(*k.curve)) };
	int r = k.curve ? 0 : snn_fail(e, -ENOMEM, "no memory to compare runs");

	if (r == 0) {
		page_heading(p, "Comparison");
		page_table(p, "run\twhat\tseed\tbest epoch\tvalid NLL\ttest NLL", NULL);
		r = add_run(p, &k, folder, e);
	}
	for (uint32_t i = 0; r == 0 && i < n_other; i++)
		r = add_run(p, &k, other[i], e);
	if (r == 0) {
		page_text(p,
			"Runs of the same task, rule and kind of weights are one line, their mean, with a "
			"band: its 95 %% confidence interval.");
		snn_report_curves(p, k.curve, k.n);
	}
	for (uint32_t i = 0; k.curve && i < k.n; i++)
		snn_curves_done(&k.curve[i]);
	free(k.curve);
	return r;
}

int snn_report_run(struct page *p, const char *folder, char *const *other, uint32_t n_other,
	struct snn_error *e)
{
	struct snn_curves own = { .label = "" };
	struct snn_config c;
	char file[2200];
	int r = read_config(folder, &c, e);

	if (r == 0)
		r = run_file(folder, "metrics.csv", file, sizeof(file), e);
	if (r == 0)
		r = snn_curves_add(&own, file, e);
	if (r < 0)
		return r;
	put_result(p, &c, &own.run[0]);
	page_heading(p, "Training");
	snn_report_curves(p, &own, 1);
	snn_curves_done(&own);
	if (n_other)
		r = put_comparison(p, folder, other, n_other, e);
	if (r == 0)
		r = snn_report_inside(p, folder, e);
	put_device(p, folder);
	put_config(p, &c);
	return r;
}
