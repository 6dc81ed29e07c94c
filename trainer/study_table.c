/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_table.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_value.h"
#include "runlog.h"
#include "store.h"

struct snn_summary snn_summarise(const double *v, size_t n)
{
	struct snn_summary s = { .mean = NAN, .sd = NAN, .ci = NAN };
	double *kept = calloc(n + 1, sizeof(*kept));

	for (size_t i = 0; kept && i < n; i++) {
		if (isfinite(v[i]))
			kept[s.n++] = v[i];
	}
	if (s.n)
		s.mean = gsl_stats_mean(kept, 1, s.n);
	if (s.n > 1) {
		s.sd = gsl_stats_sd_m(kept, 1, s.n, s.mean);
		s.ci = gsl_cdf_tdist_Pinv(0.975, s.n - 1) * s.sd / sqrt(s.n);
	}
	free(kept);
	return s;
}

int snn_study_table_column(const struct snn_study_table *t, const char *name)
{
	for (uint32_t k = 0; k < t->n_col; k++) {
		if (!strcmp(t->column[k], name))
			return (int)k;
	}
	return -1;
}

static int allocate(struct snn_study_table *t, const struct snn_metrics *m)
{
	size_t n = t->study->n_point * m->n_col;

	t->value = calloc(n, sizeof(*t->value));
	t->summary = calloc(t->study->n_group * m->n_col, sizeof(*t->summary));
	if (!t->value || !t->summary)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		t->value[i] = NAN;
	for (; t->n_col < m->n_col; t->n_col++) {
		t->column[t->n_col] = strdup(m->name[t->n_col]);
		if (!t->column[t->n_col])
			return -ENOMEM;
	}
	return 0;
}

/* Columns are those of the first finished point. */
static int read_point(
	struct snn_study_table *t, const struct snn_study_folder *f, size_t i, struct snn_error *e)
{
	char *file = snn_study_path(f, i, "metrics.csv");
	struct snn_metrics m;
	int64_t best;
	int r = file ? snn_metrics_read(&m, file, e) : snn_fail(e, -ENOMEM, "no memory");

	free(file);
	if (r < 0)
		return r;
	if (!t->n_col && allocate(t, &m) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for a table of %zu points", t->study->n_point);
	best = snn_metrics_best(&m);
	for (uint32_t k = 0; r == 0 && best >= 0 && k < t->n_col; k++)
		t->value[i * t->n_col + k] =
			snn_metrics_value(&m, (uint32_t)best, snn_metrics_column(&m, t->column[k]));
	snn_metrics_done(&m);
	t->n_done++;
	return r;
}

static int summarise(struct snn_study_table *t)
{
	uint32_t n_seed = t->study->n_seed;
	double *v = calloc(n_seed, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (size_t g = 0; g < t->study->n_group; g++) {
		for (uint32_t k = 0; k < t->n_col; k++) {
			for (uint32_t s = 0; s < n_seed; s++)
				v[s] = t->value[(g * n_seed + s) * t->n_col + k];
			t->summary[g * t->n_col + k] = snn_summarise(v, n_seed);
		}
	}
	free(v);
	return 0;
}

int snn_study_table_read(
	struct snn_study_table *ret, const struct snn_study_folder *f, struct snn_error *e)
{
	struct snn_study_table t = { .study = f->study };
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->study->n_point; i++) {
		if (snn_study_state(f, i) == SNN_POINT_DONE)
			r = read_point(&t, f, i, e);
	}
	if (r == 0 && !t.n_done)
		r = snn_fail(e, -ENOENT, "%s: no point is finished: osttp study run %s", f->path,
			f->path);
	if (r == 0 && summarise(&t) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for a table");
	if (r < 0)
		snn_study_table_done(&t);
	else
		*ret = t;
	return r;
}

void snn_study_table_done(struct snn_study_table *t)
{
	for (uint32_t k = 0; k < t->n_col; k++)
		free(t->column[k]);
	free(t->value);
	free(t->summary);
	*t = (struct snn_study_table){ 0 };
}

/* RFC 4180: quotes where a comma, quote or line break asks for them. */
static void print_text(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\n\r")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

/* Ten digits: beyond them processors differ (fused multiply-add in libm and GSL). */
static void print_number(FILE *f, double v)
{
	fputc(',', f);
	if (isfinite(v))
		fprintf(f, "%.10g", v);
}

static void print_axes(FILE *f, const struct snn_study *s, size_t group)
{
	for (uint32_t i = 0; i < s->n_axis; i++) {
		print_text(f, snn_study_value(s, group, i));
		fputc(',', f);
	}
}

static void print_header(FILE *f, const struct snn_study *s)
{
	for (uint32_t i = 0; i < s->n_axis; i++) {
		print_text(f, s->axis[i].path);
		fputc(',', f);
	}
}

static void print_groups(FILE *f, const struct snn_study_table *t, const struct snn_study_folder *d)
{
	(void)d;
	print_header(f, t->study);
	fputs("n", f);
	for (uint32_t k = 0; k < t->n_col; k++)
		fprintf(f, ",%s_mean,%s_sd,%s_ci95", t->column[k], t->column[k], t->column[k]);
	fputc('\n', f);
	for (size_t g = 0; g < t->study->n_group; g++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < t->n_col; k++) {
			uint32_t n_k = t->summary[g * t->n_col + k].n;

			n = n_k > n ? n_k : n;
		}
		print_axes(f, t->study, g);
		fprintf(f, "%u", n);
		for (uint32_t k = 0; k < t->n_col; k++) {
			const struct snn_summary *s = &t->summary[g * t->n_col + k];

			print_number(f, s->mean);
			print_number(f, s->sd);
			print_number(f, s->ci);
		}
		fputc('\n', f);
	}
}

static void print_points(FILE *f, const struct snn_study_table *t, const struct snn_study_folder *d)
{
	const struct snn_study *s = t->study;

	fputs("point,folder,", f);
	print_header(f, s);
	fputs("seed", f);
	for (uint32_t k = 0; k < t->n_col; k++)
		fprintf(f, ",%s", t->column[k]);
	fputc('\n', f);
	for (size_t i = 0; i < s->n_point; i++) {
		fprintf(f, "%zu,points/%s,", i + 1, d->point[i].name);
		print_axes(f, s, i / s->n_seed);
		fprintf(f, "%llu", (unsigned long long)s->seed[i % s->n_seed]);
		for (uint32_t k = 0; k < t->n_col; k++)
			print_number(f, t->value[i * t->n_col + k]);
		fputc('\n', f);
	}
}

static int write_csv(const struct snn_study_table *t, const struct snn_study_folder *f,
	const char *name,
	void (*print)(FILE *, const struct snn_study_table *, const struct snn_study_folder *),
	struct snn_error *e)
{
	char *text = NULL, *path = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r = -ENOMEM;

	if (out) {
		print(out, t, f);
		if (!ferror(out))
			r = 0;
		if (fclose(out) != 0)
			r = -ENOMEM;
	}
	if (r == 0 && asprintf(&path, "%s/%s", f->path, name) < 0) {
		path = NULL;
		r = -ENOMEM;
	}
	if (r < 0)
		snn_fail(e, r, "%s/%s: no memory", f->path, name);
	else
		r = snn_write_file(path, text, n, e);
	free(path);
	free(text);
	return r;
}

/* The axis as numbers, NAN where a value is none; its texts as an attribute, one a line. */
static void put_axis(struct snn_store *st, const struct snn_study *s, uint32_t i, double *scratch)
{
	const struct snn_study_axis *a = &s->axis[i];
	char path[160], *texts = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&texts, &n);

	for (size_t g = 0; g < s->n_group; g++) {
		char *end;
		const char *text = snn_study_value(s, g, i);
		double v = strtod(text, &end);

		scratch[g] = *end || end == text ? NAN : v;
	}
	snprintf(path, sizeof(path), "/axis/%.100s", a->path);
	snn_store_put(st, path, SNN_F64, 1, (size_t[]){ s->n_group }, scratch);
	for (uint32_t k = 0; f && k < a->n; k++)
		fprintf(f, "%s%s", k ? "\n" : "", a->value[k]);
	if (f && fclose(f) == 0)
		snn_store_put_text(st, path, "values", texts);
	free(texts);
}

static void put_column(struct snn_store *st, const struct snn_study_table *t, uint32_t k, double *v)
{
	const struct snn_study *s = t->study;
	char path[160];
	const size_t shape[] = { s->n_group, s->n_seed };

	for (size_t i = 0; i < s->n_point; i++)
		v[i] = t->value[i * t->n_col + k];
	snprintf(path, sizeof(path), "/%s/value", t->column[k]);
	snn_store_put(st, path, SNN_F64, 2, shape, v);
	for (size_t g = 0; g < s->n_group; g++)
		v[g] = t->summary[g * t->n_col + k].mean;
	snprintf(path, sizeof(path), "/%s/mean", t->column[k]);
	snn_store_put(st, path, SNN_F64, 1, shape, v);
	for (size_t g = 0; g < s->n_group; g++)
		v[g] = t->summary[g * t->n_col + k].sd;
	snprintf(path, sizeof(path), "/%s/sd", t->column[k]);
	snn_store_put(st, path, SNN_F64, 1, shape, v);
	for (size_t g = 0; g < s->n_group; g++)
		v[g] = t->summary[g * t->n_col + k].ci;
	snprintf(path, sizeof(path), "/%s/ci95", t->column[k]);
	snn_store_put(st, path, SNN_F64, 1, shape, v);
}

static int write_store(
	const struct snn_study_table *t, const struct snn_study_folder *f, struct snn_error *e)
{
	const struct snn_study *s = t->study;
	struct snn_store *st = NULL;
	double *scratch = calloc(s->n_point, sizeof(*scratch));
	char *path = NULL;
	int r = scratch ? snn_store_new(&st) : -ENOMEM;

	if (r == 0 && asprintf(&path, "%s/table.h5", f->path) < 0) {
		path = NULL;
		r = -ENOMEM;
	}
	if (r < 0) {
		snn_fail(e, r, "%s/table.h5: no memory", f->path);
		goto out;
	}
	snn_store_put_text(st, "/", "title", s->title);
	snn_store_put(st, "/seed", SNN_U64, 1, (size_t[]){ s->n_seed }, s->seed);
	for (uint32_t i = 0; i < s->n_axis; i++)
		put_axis(st, s, i, scratch);
	for (uint32_t k = 0; k < t->n_col; k++)
		put_column(st, t, k, scratch);
	r = snn_store_write(st, path, e);
out:
	snn_store_free(st);
	free(scratch);
	free(path);
	return r;
}

int snn_study_table_write(
	const struct snn_study_table *t, const struct snn_study_folder *f, struct snn_error *e)
{
	int r = write_csv(t, f, "table.csv", print_groups, e);

	if (r == 0)
		r = write_csv(t, f, "points.csv", print_points, e);
	return r == 0 ? write_store(t, f, e) : r;
}
