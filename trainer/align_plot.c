/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "align_plot.h"

#include <errno.h>
#include <page.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULE 32
#define N_COLOUR 7 /* then they come again: without points */

struct snn_align_plot {
	const char *rule[MAX_RULE];
	const char *tensor[SNN_MAX_TENSOR + 1];
	uint32_t n_rule, n_tensor;
	size_t n_point, max_point;
	double *x;                                  /* [n_point] sequences */
	double *y[2][MAX_RULE][SNN_MAX_TENSOR + 1]; /* cosine, norm ratio: [n_point] */
};

bool snn_align_plot_can(const char *file)
{
	const char *dot = strrchr(file, '.');

	return dot && (!strcmp(dot, ".svg") || !strcmp(dot, ".png") || !strcmp(dot, ".html"));
}

int snn_align_plot_new(struct snn_align_plot **ret, const char *const *rule, uint32_t n_rule,
	const char *const *tensor, uint32_t n_tensor, struct snn_error *e)
{
	struct snn_align_plot *p = calloc(1, sizeof(*p));

	if (!p)
		return snn_fail(e, -ENOMEM, "no memory for a picture");
	p->n_rule = n_rule < MAX_RULE ? n_rule : MAX_RULE;
	p->n_tensor = n_tensor;
	memcpy(p->rule, rule, p->n_rule * sizeof(*rule));
	memcpy(p->tensor, tensor, n_tensor * sizeof(*tensor));
	*ret = p;
	return 0;
}

void snn_align_plot_free(struct snn_align_plot *p)
{
	if (!p)
		return;
	for (uint32_t k = 0; k < p->n_rule; k++) {
		for (uint32_t i = 0; i < p->n_tensor; i++) {
			free(p->y[0][k][i]);
			free(p->y[1][k][i]);
		}
	}
	free(p->x);
	free(p);
}

/* Room for another point in one array. */
static int grow(double **array, size_t n)
{
	double *p = reallocarray(*array, n, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*array = p;
	return 0;
}

static int make_room(struct snn_align_plot *p)
{
	size_t n = p->max_point ? 2 * p->max_point : 64;
	int r = grow(&p->x, n);

	for (uint32_t k = 0; k < p->n_rule; k++) {
		for (uint32_t i = 0; r == 0 && i < p->n_tensor; i++) {
			r = grow(&p->y[0][k][i], n);
			if (r == 0)
				r = grow(&p->y[1][k][i], n);
		}
	}
	if (r == 0)
		p->max_point = n;
	return r;
}

int snn_align_plot_add(struct snn_align_plot *p, double n_sequence,
	const struct snn_align_value *value, struct snn_error *e)
{
	if (p->n_point == p->max_point && make_room(p) < 0)
		return snn_fail(e, -ENOMEM, "no memory for a picture");
	p->x[p->n_point] = n_sequence;
	for (uint32_t k = 0; k < p->n_rule; k++) {
		for (uint32_t i = 0; i < p->n_tensor; i++) {
			const struct snn_align_value *v = &value[(size_t)k * p->n_tensor + i];

			p->y[0][k][i][p->n_point] = v->cosine;
			p->y[1][k][i][p->n_point] = v->norm_ratio;
		}
	}
	p->n_point++;
	return 0;
}

/* Every rule's curve of one tensor; series [MAX_RULE] and title are yours to keep. */
static struct page_plot plot_of(const struct snn_align_plot *p, bool is_ratio, uint32_t i_tensor,
	struct page_series *series, const char *title)
{
	for (uint32_t k = 0; k < p->n_rule; k++)
		series[k] = (struct page_series){ .title = p->rule[k],
			.style = k < N_COLOUR ? PAGE_LINES_POINTS : PAGE_LINES,
			.n = p->n_point,
			.x = p->x,
			.y = p->y[is_ratio][k][i_tensor] };
	return (struct page_plot){ .title = title,
		.x_label = "training sequences",
		.y_label = is_ratio ? "norm, in bptt's" : "cosine with bptt",
		.y_log = is_ratio,
		.y_min = is_ratio ? 0 : -1.05,
		.y_max = is_ratio ? 0 : 1.05,
		.series = series,
		.n_series = p->n_rule };
}

static int write_page(
	struct snn_align_plot *p, const char *what, const char *file, struct page_error *err)
{
	struct page_series series[MAX_RULE];
	struct page_plot plot;
	char title[64];
	struct page *page;
	int r = page_new(&page, what);

	if (r < 0)
		return r;
	page_text(page,
		"Each rule's gradient over the same few training sequences, at the weights that the run "
		"had then, against bptt's: cosine 1 is the same direction, 0 is nothing in common.");
	for (uint32_t i = p->n_tensor; i-- > 0;) {
		for (int is_ratio = 0; is_ratio < 2; is_ratio++) {
			snprintf(title, sizeof(title), "%s: %s",
				i + 1 == p->n_tensor ? "hidden layers" : p->tensor[i],
				is_ratio ? "norm ratio" : "cosine");
			plot = plot_of(p, is_ratio, i, series, title);
			page_plot(page, &plot);
		}
	}
	r = page_write(page, file, err);
	page_free(page);
	return r;
}

int snn_align_plot_write(struct snn_align_plot *p, const char *task, const char *trained,
	const char *file, struct snn_error *e)
{
	struct page_error err = { "no memory" };
	char title[128];
	int r;

	snprintf(title, sizeof(title), "Updates against bptt's, while %s learns %s", trained, task);
	if (!strcmp(strrchr(file, '.'), ".html")) {
		r = write_page(p, title, file, &err);
	} else {
		struct page_series series[MAX_RULE];
		struct page_plot plot = plot_of(p, false, p->n_tensor - 1, series, title);

		r = page_plot_file(&plot, file, &err);
	}
	return r < 0 ? snn_fail(e, r, "%s: %s", file, err.text) : 0;
}
