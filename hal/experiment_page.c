/* SPDX-License-Identifier: GPL-3.0-or-later */
/* experiment_page.c - an experiment's table and picture on a page. */
#include "experiment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "page.h"

#define N_V_MAX      8   /* columns of a table */
#define N_ROW_MAX    512 /* of a table that is drawn */
#define N_ROW_LISTED 40  /* longer tables are drawn, but not listed */

struct drawn {
	struct page_series series[XBAR_N_TARGET_MAX];
	char title[XBAR_N_TARGET_MAX][32];
	double *x, *y, *lo, *hi; /* [n_series][N_ROW_MAX] */
};

struct rows {
	size_t n, n_v;
	double v[N_ROW_MAX][N_V_MAX];
};

static void keep(void *user, const double *v)
{
	struct rows *t = user;

	if (t->n < N_ROW_MAX)
		memcpy(t->v[t->n++], v, t->n_v * sizeof(*v));
}

static void list_rows(
	struct page *p, const struct xbar_experiment *e, const struct rows *t, const char *title)
{
	char heads[128];

	snprintf(heads, sizeof(heads), "%s", e->heads);
	for (char *c = heads; *c; c++)
		*c = *c == ',' ? '\t' : *c;
	page_table(p, heads, title);
	for (size_t i = 0; i < t->n; i++) {
		char row[N_V_MAX * 24];
		size_t len = 0;

		for (size_t k = 0; k < t->n_v; k++)
			len += (size_t)snprintf(
				row + len, sizeof(row) - len, "%s%.5g", k ? "\t" : "", t->v[i][k]);
		page_row(p, PAGE_PLAIN, "%s", row);
	}
}

static void take_series(struct drawn *d, const struct xbar_experiment *e, const struct rows *t,
	uint32_t i, const char *title)
{
	size_t at = (size_t)i * N_ROW_MAX;

	for (size_t k = 0; k < t->n; k++) {
		d->x[at + k] = t->v[k][0];
		d->y[at + k] = t->v[k][1];
		if (e->has_band) {
			d->lo[at + k] = t->v[k][1] - t->v[k][2];
			d->hi[at + k] = t->v[k][1] + t->v[k][2];
		}
	}
	d->series[i] = (struct page_series){ .title = title,
		.style = t->n > N_ROW_LISTED ? PAGE_POINTS : PAGE_LINES_POINTS,
		.n = t->n,
		.x = d->x + at,
		.y = d->y + at,
		.lo = e->has_band ? d->lo + at : NULL,
		.hi = e->has_band ? d->hi + at : NULL };
}

static int add_table(struct page *p, struct xbar_run *r, uint32_t i, struct drawn *d)
{
	const struct xbar_experiment *e = r->experiment;
	struct rows *t = calloc(1, sizeof(*t));
	const char *title = NULL;
	int err;

	if (!t)
		return xbar_fail(r->lab->msg, -ENOMEM, "no memory for a table");
	t->n_v = 1;
	for (const char *c = e->heads; *c; c++)
		t->n_v += *c == ',';
	if (e->table_per_target) {
		snprintf(d->title[i], sizeof(d->title[i]), "%g \302\265S", r->opt.target[i] * 1e6);
		title = d->title[i];
	}
	err = e->table(r, i, keep, t);
	if (err == 0 && t->n <= N_ROW_LISTED)
		list_rows(p, e, t, title);
	if (err == 0)
		take_series(d, e, t, i, title);
	free(t);
	return err;
}

int xbar_experiment_page(struct page *p, struct xbar_run *r)
{
	const struct xbar_experiment *e = r->experiment;
	uint32_t n = e->table_per_target ? r->opt.n_target : 1;
	size_t n_v = (size_t)n * N_ROW_MAX;
	struct drawn d = { .x = malloc(4 * n_v * sizeof(*d.x)) };
	int err = d.x ? 0 : xbar_fail(r->lab->msg, -ENOMEM, "no memory for a picture");

	d.y = d.x + n_v;
	d.lo = d.y + n_v;
	d.hi = d.lo + n_v;
	page_heading(p, "%s", e->title);
	for (uint32_t i = 0; i < n && err == 0; i++)
		err = add_table(p, r, i, &d);
	if (err == 0)
		page_plot(p,
			&(struct page_plot){ .title = e->title,
				.x_label = e->x_label,
				.y_label = e->y_label,
				.x_log = e->x_log,
				.series = d.series,
				.n_series = n });
	free(d.x);
	return err;
}
