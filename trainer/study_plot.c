/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENTRY    SNN_STUDY_MAX_AXIS
#define MAX_PICTURES 12 /* of one kind; more is no picture any more, but a table */
#define MAX_LINES    7  /* colours that can be told apart */

/* Where pictures go: a page, or files. */
struct sink {
	struct page *page;
	const char *prefix;
	void (*tell)(const char *file);
	struct snn_error *e;
};

/* The groups of a table as a box of entries, each known by its first axis. */
struct box {
	const struct snn_study_table *t;
	int column;
	uint32_t n;               /* entries */
	uint32_t axis[MAX_ENTRY]; /* first of the entry */
	uint32_t size[MAX_ENTRY]; /* values */
	bool is_number[MAX_ENTRY];
	uint32_t at[MAX_ENTRY]; /* the group under way */
};

static bool as_number(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && isfinite(*ret);
}

static void box_init(struct box *b, const struct snn_study_table *t, int column)
{
	const struct snn_study *s = t->study;

	*b = (struct box){ .t = t, .column = column, .n = s->n_entry };
	for (uint32_t i = s->n_axis; i-- > 0;) {
		const struct snn_study_axis *a = &s->axis[i];
		double v;

		b->axis[a->i_entry] = i;
		b->size[a->i_entry] = a->n;
		b->is_number[a->i_entry] = a->n > 2;
		for (uint32_t k = 0; k < a->n; k++)
			b->is_number[a->i_entry] &= as_number(a->value[k], &v);
	}
}

static const struct snn_summary *summary_at(const struct box *b)
{
	size_t group = 0;

	for (uint32_t i = 0; i < b->n; i++)
		group = group * b->size[i] + b->at[i];
	return &b->t->summary[group * b->t->n_col + (uint32_t)b->column];
}

static const struct snn_study_axis *axis_of(const struct box *b, uint32_t entry)
{
	return &b->t->study->axis[b->axis[entry]];
}

/* The next combination of the entries not in mask; false after the last. */
static bool next_other(struct box *b, uint32_t mask)
{
	for (uint32_t i = b->n; i-- > 0;) {
		if (mask & (1u << i))
			continue;
		if (++b->at[i] < b->size[i])
			return true;
		b->at[i] = 0;
	}
	return false;
}

/* "rule=osttp, chips.wait=1" of the entries not in mask; "" if there are none. */
static void others_text(const struct box *b, uint32_t mask, char *buf, size_t n)
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < b->n && len < n; i++) {
		if (!(mask & (1u << i)))
			len += (size_t)snprintf(buf + len, n - len, "%s%s=%s", len ? ", " : "",
				axis_of(b, i)->path, axis_of(b, i)->value[b->at[i]]);
	}
}

/* Axes of one entry share a picture: "uri.read_sd_0 and 1 more". */
static void entry_label(const struct box *b, uint32_t entry, char *buf, size_t n)
{
	const struct snn_study *s = b->t->study;
	uint32_t n_axis = 0;

	for (uint32_t i = 0; i < s->n_axis; i++)
		n_axis += s->axis[i].i_entry == entry;
	if (n_axis > 1)
		snprintf(buf, n, "%s and %u more", axis_of(b, entry)->path, n_axis - 1);
	else
		snprintf(buf, n, "%s", axis_of(b, entry)->path);
}

enum scale { LINEAR, LOGARITHMIC, BY_NAME };

/* Decades ask for a logarithmic axis; with 0, or names, values stand side by side. */
static enum scale scale_of(const struct box *b, uint32_t entry)
{
	const struct snn_study_axis *a = axis_of(b, entry);
	double least = INFINITY, most = 0, v = 0;
	bool has_zero = false;

	if (!b->is_number[entry])
		return BY_NAME;
	for (uint32_t k = 0; k < a->n; k++) {
		as_number(a->value[k], &v);
		has_zero |= v <= 0;
		if (v != 0) {
			least = fmin(least, fabs(v));
			most = fmax(most, fabs(v));
		}
	}
	if (most < 20 * least)
		return LINEAR;
	return has_zero ? BY_NAME : LOGARITHMIC;
}

static int picture_file(
	const struct sink *k, const char *kind, const char *what, uint32_t i, char *buf, size_t n)
{
	int len = snprintf(buf, n, "%s-%s-%s", k->prefix, kind, what);

	if (i)
		len += snprintf(buf + len, (size_t)len < n ? n - (size_t)len : 0, "-%u", i + 1);
	if ((size_t)len + 5 >= n)
		return snn_fail(k->e, -ENAMETOOLONG, "%s: too long", k->prefix);
	strcpy(buf + len, ".svg");
	return 0;
}

static int put_plot(const struct sink *k, const struct page_plot *plot, const char *kind,
	const char *what, uint32_t i)
{
	char file[1200];
	struct page_error pe = { "" };
	int r;

	if (k->page) {
		page_plot(k->page, plot);
		return 0;
	}
	r = picture_file(k, kind, what, i, file, sizeof(file));
	if (r == 0)
		r = page_plot_file(plot, file, &pe);
	if (r < 0)
		return pe.text[0] ? snn_fail(k->e, r, "%s", pe.text) : r;
	k->tell(file);
	return 0;
}

static int put_heat(
	const struct sink *k, const struct page_heat *heat, const char *what, uint32_t i)
{
	char file[1200];
	struct page_error pe = { "" };
	int r;

	if (k->page) {
		page_heat(k->page, heat);
		return 0;
	}
	r = picture_file(k, "map", what, i, file, sizeof(file));
	if (r == 0)
		r = page_heat_file(heat, file, &pe);
	if (r < 0)
		return pe.text[0] ? snn_fail(k->e, r, "%s", pe.text) : r;
	k->tell(file);
	return 0;
}

/* One line: means over entry x at the values of the others that b->at holds; v [4][size]. */
static struct page_series line_of(struct box *b, uint32_t x, enum scale scale, double *v)
{
	uint32_t n = b->size[x];
	bool has_band = false;

	for (uint32_t k = 0; k < n; k++) {
		const struct snn_summary *s;

		b->at[x] = k;
		s = summary_at(b);
		if (scale == BY_NAME || !as_number(axis_of(b, x)->value[k], &v[k]))
			v[k] = k + 1;
		v[n + k] = s->mean;
		v[2 * n + k] = s->mean - (isfinite(s->ci) ? s->ci : 0);
		v[3 * n + k] = s->mean + (isfinite(s->ci) ? s->ci : 0);
		has_band |= isfinite(s->ci);
	}
	b->at[x] = 0;
	return (struct page_series){ .style = b->is_number[x] ? PAGE_LINES_POINTS : PAGE_POINTS,
		.n = n,
		.x = v,
		.y = v + n,
		.lo = has_band ? v + 2 * n : NULL,
		.hi = has_band ? v + 3 * n : NULL };
}

/* Side by side, so that error bars of several lines do not hide each other. */
static void spread(struct page_series *s, double *v, uint32_t i, uint32_t n)
{
	if (s->style != PAGE_POINTS)
		return;
	for (size_t k = 0; k < s->n; k++)
		v[k] += 0.5 * ((i + 0.5) / n - 0.5);
}

/* The entry whose values become the lines of a picture over x: names before numbers; n for none. */
static uint32_t line_entry(const struct box *b, uint32_t x)
{
	uint32_t best = b->n;

	for (uint32_t i = 0; i < b->n; i++) {
		if (i == x || b->size[i] > MAX_LINES)
			continue;
		if (best == b->n || (b->is_number[best] && !b->is_number[i]))
			best = i;
	}
	return best;
}

/* "osttp", but "chips.devices=2": a number alone says nothing. */
static void line_title(const struct box *b, uint32_t line, uint32_t i, char *buf, size_t n)
{
	const struct snn_study_axis *a = axis_of(b, line);
	double v;

	if (as_number(a->value[i], &v))
		snprintf(buf, n, "%s=%s", a->path, a->value[i]);
	else
		snprintf(buf, n, "%s", a->value[i]);
}

static int lines_picture(
	const struct sink *k, struct box *b, uint32_t x, uint32_t line, uint32_t i_picture)
{
	struct page_series series[MAX_LINES] = { 0 };
	uint32_t n_line = line < b->n ? b->size[line] : 1, n = b->size[x];
	uint32_t mask = 1u << x | (line < b->n ? 1u << line : 0);
	enum scale scale = scale_of(b, x);
	double *v = calloc((size_t)n_line * 4 * n, sizeof(*v));
	char title[600], label[200], name[MAX_LINES][100];
	int r;

	if (!v)
		return snn_fail(k->e, -ENOMEM, "no memory for a picture");
	for (uint32_t i = 0; i < n_line; i++) {
		if (line < b->n)
			b->at[line] = i;
		series[i] = line_of(b, x, scale, v + (size_t)i * 4 * n);
		spread(&series[i], v + (size_t)i * 4 * n, i, n_line);
		if (line < b->n)
			line_title(b, line, i, name[i], sizeof(name[i]));
		series[i].title = line < b->n ? name[i] : NULL;
	}
	if (line < b->n)
		b->at[line] = 0;
	others_text(b, mask, title, sizeof(title));
	entry_label(b, x, label, sizeof(label));
	r = put_plot(k,
		&(struct page_plot){ .title = title[0] ? title : NULL,
			.x_label = label,
			.y_label = b->t->column[b->column],
			.x_log = scale == LOGARITHMIC,
			.x_names =
				scale == BY_NAME ? (const char *const *)axis_of(b, x)->value : NULL,
			.n_x_name = n,
			.series = series,
			.n_series = n_line },
		"lines", axis_of(b, x)->path, i_picture);
	free(v);
	return r;
}

/* Pictures over every axis; where only names are left, over the last that is not the lines. */
static int put_lines(const struct sink *k, struct box *b)
{
	uint32_t n_number = 0;

	for (uint32_t i = 0; i < b->n; i++)
		n_number += b->is_number[i];
	for (uint32_t x = 0; x < b->n; x++) {
		uint32_t line = line_entry(b, x), i = 0;
		int r;

		if (!b->is_number[x] && (n_number || x + 1 < b->n))
			continue;
		memset(b->at, 0, sizeof(b->at));
		do {
			r = lines_picture(k, b, x, line, i);
		} while (r == 0 && ++i < MAX_PICTURES &&
			next_other(b, 1u << x | (line < b->n ? 1u << line : 0)));
		if (r < 0)
			return r;
	}
	return 0;
}

static int map_picture(
	const struct sink *k, struct box *b, uint32_t row, uint32_t col, uint32_t i_picture)
{
	uint32_t n_row = b->size[row], n_col = b->size[col];
	float *v = calloc((size_t)n_row * n_col, sizeof(*v));
	char title[600], row_label[200], col_label[200];
	int r;

	if (!v)
		return snn_fail(k->e, -ENOMEM, "no memory for a picture");
	for (b->at[row] = 0; b->at[row] < n_row; b->at[row]++) {
		for (b->at[col] = 0; b->at[col] < n_col; b->at[col]++)
			v[b->at[row] * n_col + b->at[col]] = (float)summary_at(b)->mean;
	}
	b->at[row] = b->at[col] = 0;
	others_text(b, 1u << row | 1u << col, title, sizeof(title));
	entry_label(b, row, row_label, sizeof(row_label));
	entry_label(b, col, col_label, sizeof(col_label));
	r = put_heat(k,
		&(struct page_heat){ .title = title[0] ? title : NULL,
			.x_label = col_label,
			.y_label = row_label,
			.v_label = b->t->column[b->column],
			.n_row = n_row,
			.n_col = n_col,
			.row_names = (const char *const *)axis_of(b, row)->value,
			.col_names = (const char *const *)axis_of(b, col)->value,
			.v = v },
		axis_of(b, row)->path, i_picture);
	free(v);
	return r;
}

static int put_maps(const struct sink *k, struct box *b)
{
	for (uint32_t row = 0; row < b->n; row++) {
		for (uint32_t col = row + 1; col < b->n; col++) {
			uint32_t i = 0;
			int r;

			if (!b->is_number[row] || !b->is_number[col])
				continue;
			memset(b->at, 0, sizeof(b->at));
			do {
				r = map_picture(k, b, row, col, i);
			} while (r == 0 && ++i < MAX_PICTURES &&
				next_other(b, 1u << row | 1u << col));
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Mean over all groups in which an entry has its value k; NAN if nothing is finished there. */
static double marginal(struct box *b, uint32_t entry, uint32_t k)
{
	double sum = 0;
	uint32_t n = 0;

	memset(b->at, 0, sizeof(b->at));
	b->at[entry] = k;
	do {
		double mean = summary_at(b)->mean;

		if (isfinite(mean)) {
			sum += mean;
			n++;
		}
	} while (next_other(b, 1u << entry));
	return n ? sum / n : NAN;
}

static int by_range(const void *a, const void *b)
{
	const struct snn_sensitivity *p = a, *q = b;

	if (p->range != q->range)
		return p->range < q->range ? 1 : -1;
	return p->i_axis < q->i_axis ? -1 : 1;
}

int snn_study_sensitivity(const struct snn_study_table *t, int column, struct snn_sensitivity *ret)
{
	struct box b;
	int n = 0;

	box_init(&b, t, column);
	for (uint32_t i = 0; i < b.n; i++) {
		struct snn_sensitivity s = { .i_axis = b.axis[i] };

		if (!b.size[i])
			continue;
		for (uint32_t k = 0; k < b.size[i]; k++) {
			double v = marginal(&b, i, k);

			if (isfinite(v) && (!s.at_least || v < s.least)) {
				s.least = v;
				s.at_least = axis_of(&b, i)->value[k];
			}
			if (isfinite(v) && (!s.at_most || v > s.most)) {
				s.most = v;
				s.at_most = axis_of(&b, i)->value[k];
			}
		}
		s.range = s.most - s.least;
		if (s.at_least)
			ret[n++] = s;
	}
	qsort(ret, (size_t)n, sizeof(*ret), by_range);
	return n;
}

static int put_sensitivity(const struct sink *k, const struct snn_study_table *t, int column)
{
	struct snn_sensitivity s[SNN_STUDY_MAX_AXIS];
	double x[SNN_STUDY_MAX_AXIS], y[SNN_STUDY_MAX_AXIS], lo[SNN_STUDY_MAX_AXIS],
		hi[SNN_STUDY_MAX_AXIS];
	const char *name[SNN_STUDY_MAX_AXIS];
	int n = snn_study_sensitivity(t, column, s);
	struct page_series series = {
		.style = PAGE_POINTS, .n = (size_t)n, .x = x, .y = y, .lo = lo, .hi = hi
	};

	if (n < 2)
		return 0;
	for (int i = 0; i < n; i++) {
		x[i] = i + 1;
		lo[i] = s[i].least;
		hi[i] = s[i].most;
		y[i] = (lo[i] + hi[i]) / 2;
		name[i] = t->study->axis[s[i].i_axis].path;
	}
	return put_plot(k,
		&(struct page_plot){
			.title = "What moves the result: least and largest mean over an axis",
			.y_label = t->column[column],
			.x_names = name,
			.n_x_name = (size_t)n,
			.series = &series,
			.n_series = 1 },
		"sensitivity", "axes", 0);
}

static int put_all(const struct sink *k, const struct snn_study_table *t, int column)
{
	struct box b;
	int r;

	box_init(&b, t, column);
	r = put_lines(k, &b);
	if (r == 0)
		r = put_maps(k, &b);
	return r == 0 ? put_sensitivity(k, t, column) : r;
}

int snn_study_plot_page(
	struct page *p, const struct snn_study_table *t, int column, struct snn_error *e)
{
	const struct sink k = { .page = p, .e = e };

	page_heading(p, "%s", t->column[column]);
	page_text(p,
		"Means over the seeds at the epoch of the least valid NLL; bands and bars are 95 %% "
		"confidence intervals (Student's t).");
	return put_all(&k, t, column);
}

int snn_study_plot_files(const char *prefix, const struct snn_study_table *t, int column,
	void (*tell)(const char *file), struct snn_error *e)
{
	const struct sink k = { .prefix = prefix, .tell = tell, .e = e };

	return put_all(&k, t, column);
}
