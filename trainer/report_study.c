/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_study.c - a study's page: its axes, table, pictures, and curves with bands over seeds.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"
#include "study_plot.h"
#include "study_table.h"

static void put_axes(struct page *p, const struct snn_study *s)
{
	page_table(p, "setting\tentry\tvalues", "Axes; those of one entry go together");
	for (uint32_t i = 0; i < s->n_axis; i++) {
		char text[2000];
		size_t len = 0;

		text[0] = '\0';
		for (uint32_t k = 0; k < s->axis[i].n && len < sizeof(text); k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
				k ? ", " : "", s->axis[i].value[k]);
		page_row(
			p, PAGE_PLAIN, "%s\t%u\t%s", s->axis[i].path, s->axis[i].i_entry + 1, text);
	}
	page_table(p, "setting\tvalue", "The same in all points");
	for (uint32_t i = 0; i < s->n_base; i++)
		page_row(p, PAGE_PLAIN, "%s\t%s", s->base[i].path, s->base[i].value);
}

static void put_groups(struct page *p, const struct snn_study_table *t, int column)
{
	const struct snn_study *s = t->study;

	page_table(p, "point\tseeds\tmean\tsd\t95 % confidence", t->column[column]);
	for (size_t g = 0; g < s->n_group; g++) {
		const struct snn_summary *sum = &t->summary[g * t->n_col + (uint32_t)column];
		char text[800];
		char *seed;

		snn_study_describe(s, g * s->n_seed, text, sizeof(text));
		seed = strstr(text, " seed=");
		if (seed)
			*seed = '\0';
		if (sum->n > 1)
			page_row(p, PAGE_PLAIN, "%s\t%u\t%.4f\t%.4f\t± %.4f", text, sum->n,
				sum->mean, sum->sd, sum->ci);
		else if (sum->n)
			page_row(p, PAGE_PLAIN, "%s\t1\t%.4f\t\t", text, sum->mean);
		else
			page_row(p, PAGE_BAD, "%s\t0\t\t\t", text);
	}
}

static int put_curves(struct page *p, const struct snn_study_folder *f, struct snn_error *e)
{
	const struct snn_study *s = f->study;
	struct snn_curves *c = calloc(s->n_group, sizeof(*c));
	uint32_t n = 0;
	int r = c ? 0 : snn_fail(e, -ENOMEM, "%s: no memory", f->path);

	for (size_t i = 0; r == 0 && i < s->n_point; i++) {
		char *file, *seed;

		if (snn_study_state(f, i) != SNN_POINT_DONE)
			continue;
		file = snn_study_path(f, i, "metrics.csv");
		r = file ? snn_curves_add(&c[i / s->n_seed], file, e)
			 : snn_fail(e, -ENOMEM, "%s: no memory", f->path);
		free(file);
		snn_study_describe(s, i, c[i / s->n_seed].label, sizeof(c[i / s->n_seed].label));
		seed = strstr(c[i / s->n_seed].label, "seed=");
		if (seed)
			*seed = '\0';
	}
	/* Those that have runs, to the front. */
	for (size_t g = 0; r == 0 && g < s->n_group; g++) {
		struct snn_curves with = c[g];

		if (!with.n)
			continue;
		c[g] = (struct snn_curves){ 0 };
		c[n++] = with;
	}
	if (r == 0) {
		page_heading(p, "Training");
		snn_report_curves(p, c, n);
	}
	for (size_t g = 0; c && g < s->n_group; g++)
		snn_curves_done(&c[g]);
	free(c);
	return r;
}

static void put_sensitivity(struct page *p, const struct snn_study_table *t, int column)
{
	struct snn_sensitivity s[SNN_STUDY_MAX_AXIS];
	int n = snn_study_sensitivity(t, column, s);

	page_table(p, "axis\trange\tleast mean\tat\tlargest mean\tat", "What moves the result");
	for (int i = 0; i < n; i++)
		page_row(p, PAGE_PLAIN, "%s\t%.4g\t%.5g\t%s\t%.5g\t%s",
			t->study->axis[s[i].i_axis].path, s[i].range, s[i].least, s[i].at_least,
			s[i].most, s[i].at_most);
}

static int put_all(struct page *p, const struct snn_study_folder *f, struct snn_error *e)
{
	struct snn_study_table t;
	int r = snn_study_table_read(&t, f, e), column;

	if (r < 0)
		return r;
	column = snn_study_table_column(&t, "test_nll");
	page_text(p, "%zu points, %zu of them finished.", f->study->n_point, t.n_done);
	put_axes(p, f->study);
	if (column >= 0) {
		r = snn_study_plot_page(p, &t, column, e);
		put_sensitivity(p, &t, column);
		put_groups(p, &t, column);
	}
	if (r == 0)
		r = put_curves(p, f, e);
	snn_study_table_done(&t);
	return r;
}

int snn_report_study(struct page *p, const char *folder, struct snn_error *e)
{
	struct snn_study_folder f;
	int r = snn_study_open(&f, folder, e);

	if (r < 0)
		return r;
	if (f.study->title[0])
		page_heading(p, "%s", f.study->title);
	r = put_all(p, &f, e);
	snn_study_close(&f);
	return r;
}
