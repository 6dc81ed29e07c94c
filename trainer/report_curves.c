/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_curves.c - what happened epoch by epoch, with bands over runs.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"
#include "study_table.h"

#define MAX_CURVE 7

int snn_curves_add(struct snn_curves *c, const char *file, struct snn_error *e)
{
	struct snn_metrics *run = realloc(c->run, (c->n + 1) * sizeof(*run));
	int r;

	if (!run)
		return snn_fail(e, -ENOMEM, "%s: no memory", file);
	c->run = run;
	r = snn_metrics_read(&run[c->n], file, e);
	if (r == 0)
		c->n++;
	return r;
}

void snn_curves_done(struct snn_curves *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		snn_metrics_done(&c->run[i]);
	free(c->run);
	*c = (struct snn_curves){ 0 };
}

struct picture {
	struct page_series series[3 * MAX_CURVE];
	char title[3 * MAX_CURVE][200];
	double *memory[3 * MAX_CURVE];
	size_t n;
};

static uint32_t most_rows(const struct snn_curves *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		n = c->run[i].n_row > n ? c->run[i].n_row : n;
	return n;
}

/* What a column says of an epoch: its value, or with `per_epoch` how much it grew. */
static double value_at(
	const struct snn_metrics *m, uint32_t row, const char *column, bool per_epoch)
{
	int k = snn_metrics_column(m, column);

	if (row >= m->n_row)
		return NAN;
	return snn_metrics_value(m, row, k) -
		(per_epoch && row ? snn_metrics_value(m, row - 1, k) : 0);
}

/* A line of means over a curve's runs, with their confidence intervals. */
static void add_line(struct picture *q, const struct snn_curves *c, const char *column,
	const char *name, bool per_epoch)
{
	uint32_t n = most_rows(c);
	double *v = calloc(4 * (size_t)n + 1, sizeof(*v));
	double *all = calloc(c->n + 1, sizeof(*all));
	bool has_any = false;

	for (uint32_t i = 0; v && all && i < n; i++) {
		struct snn_summary s;

		for (uint32_t k = 0; k < c->n; k++)
			all[k] = value_at(&c->run[k], i, column, per_epoch);
		s = snn_summarise(all, c->n);
		v[i] = i + 1;
		v[n + i] = s.mean;
		v[2 * n + i] = s.mean - (isfinite(s.ci) ? s.ci : 0);
		v[3 * n + i] = s.mean + (isfinite(s.ci) ? s.ci : 0);
		has_any |= isfinite(s.mean);
	}
	free(all);
	if (!has_any || q->n == 3 * MAX_CURVE) {
		free(v);
		return;
	}
	snprintf(q->title[q->n], sizeof(q->title[0]), "%s%s%s", c->label, c->label[0] ? " " : "",
		name);
	q->series[q->n] = (struct page_series){ .title = q->title[q->n],
		.style = PAGE_LINES,
		.n = n,
		.x = v,
		.y = v + n,
		.lo = c->n > 1 ? v + 2 * n : NULL,
		.hi = c->n > 1 ? v + 3 * n : NULL };
	q->memory[q->n++] = v;
}

static void draw(struct page *p, struct picture *q, const char *title, const char *y_label)
{
	if (q->n)
		page_plot(p,
			&(struct page_plot){ .title = title,
				.x_label = "epoch",
				.y_label = y_label,
				.series = q->series,
				.n_series = q->n });
	for (size_t i = 0; i < q->n; i++)
		free(q->memory[i]);
	q->n = 0;
}

/* One column of all curves. */
static void draw_column(struct page *p, const struct snn_curves *c, uint32_t n, const char *column,
	const char *name, bool per_epoch, const char *title, const char *y_label)
{
	struct picture q = { .n = 0 };

	for (uint32_t i = 0; i < n; i++)
		add_line(&q, &c[i], column, name, per_epoch);
	draw(p, &q, title, y_label);
}

/* Train, valid and test of one curve in one picture, of several curves in one each. */
static void draw_splits(struct page *p, const struct snn_curves *c, uint32_t n, const char *what,
	const char *title, const char *y_label)
{
	static const char *const splits[] = { "train", "valid", "test" };
	struct picture q = { .n = 0 };
	char column[64], text[128];

	for (uint32_t k = 0; k < 3; k++) {
		snprintf(column, sizeof(column), "%s_%s", splits[k], what);
		if (n == 1) {
			add_line(&q, &c[0], column, splits[k], false);
			continue;
		}
		snprintf(text, sizeof(text), "%s, %s", title, splits[k]);
		draw_column(p, c, n, column, "", false, text, y_label);
	}
	draw(p, &q, title, y_label);
}

void snn_report_curves(struct page *p, const struct snn_curves *c, uint32_t n)
{
	struct picture q = { .n = 0 };

	if (n > MAX_CURVE) {
		page_text(p, "The first %d of %u are drawn.", MAX_CURVE, n);
		n = MAX_CURVE;
	}
	draw_splits(p, c, n, "nll", "Negative log-likelihood", "nats per predicted step");
	draw_splits(p, c, n, "accuracy", "Accuracy", "share of sequences");
	draw_column(p, c, n, "activity", "", false, "Activity of hidden neurons",
		"mean spikes a neuron and step");
	if (n == 1) {
		add_line(&q, c, "n_set", "SET", true);
		add_line(&q, c, "n_reset", "RESET", true);
		draw(p, &q, "Pulses in each epoch", "pulses");
	} else {
		draw_column(p, c, n, "n_set", "", true, "SET pulses in each epoch", "pulses");
		draw_column(p, c, n, "n_reset", "", true, "RESET pulses in each epoch", "pulses");
	}
	draw_column(p, c, n, "energy_j", "", false, "Energy of the chips since the start", "J");
	draw_column(p, c, n, "chip_time_s", "", false, "Chip time since the start", "s");
}
