/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "selftest_page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int xbar_board_page_new(struct page **ret, const char *title, struct xbar *x)
{
	const struct xbar_info *i = xbar_info(x);
	struct xbar_stats stats;
	struct page *p;
	int r = page_new(&p, title);

	if (r < 0)
		return r;
	page_facts(p, NULL);
	page_fact(p, "board", "%s %s", i->board, i->version);
	page_fact(p, "serial number", "%s", i->serial);
	page_fact(p, "URI", "%s", i->uri);
	page_fact(p, "devices", "%s, up to %g S", i->model, (double)i->g_max);
	page_fact(p, "chips", "%u of %u rows x %u columns x %u devices", i->n_chip, i->n_row,
		i->n_col, i->n_device);
	page_fact(p, "codes", "%u bit in, %u bit out", i->dac_bits, i->adc_bits);
	if (xbar_stats(x, &stats) == 0)
		page_fact(p, "chip time", "%.9g s", (double)stats.time * 1e-9);
	*ret = p;
	return 0;
}

void xbar_health_map(const struct xbar_health *h, float *v)
{
	for (size_t i = 0; i < (size_t)h->n_row * h->n_col; i++) {
		const uint8_t *d = h->device + i * XBAR_N_DEVICE;

		v[i] = 0.0f;
		for (int k = 0; k < XBAR_N_DEVICE; k++)
			v[i] += d[k] == XBAR_DEVICE_STUCK_RESET || d[k] == XBAR_DEVICE_STUCK_SET;
		if (d[0] == XBAR_DEVICE_UNKNOWN)
			v[i] = 5.0f;
	}
}

static void fault_map(struct page *p, const struct xbar_health *h)
{
	float *v = malloc((size_t)h->n_row * h->n_col * sizeof(*v));

	if (!v) {
		page_text(p, "No memory for the map of faults.");
		return;
	}
	xbar_health_map(h, v);
	page_heat(p,
		&(struct page_heat){ .title = "faults",
			.x_label = "column",
			.y_label = "row",
			.v_label = "stuck devices of a cell; 5: dead line",
			.n_row = h->n_row,
			.n_col = h->n_col,
			.v = v,
			.v_max = 5.0 });
	free(v);
}

static double gain_of(const struct xbar_column_health *c)
{
	return c->gain;
}

static double offset_of(const struct xbar_column_health *c)
{
	return c->offset;
}

static double noise_of(const struct xbar_column_health *c)
{
	return c->noise;
}

static double inl_of(const struct xbar_column_health *c)
{
	return c->inl;
}

static double dnl_of(const struct xbar_column_health *c)
{
	return c->dnl;
}

void xbar_health_page(struct page *p, const struct xbar_health *h)
{
	static const struct {
		const char *title, *label;
		double (*of)(const struct xbar_column_health *);
	} plots[] = { { "gain", "relative to the median column", gain_of },
		{ "offset", "codes", offset_of }, { "noise without input", "codes, sd", noise_of },
		{ "INL", "codes, largest", inl_of }, { "DNL", "codes, largest", dnl_of } };
	double *x = malloc(2 * h->n_col * sizeof(*x)), *y;
	struct page_series s = { .style = PAGE_POINTS, .n = h->n_col, .x = x };

	fault_map(p, h);
	if (!x) {
		page_text(p, "No memory for pictures of the columns.");
		return;
	}
	y = x + h->n_col;
	s.y = y;
	for (size_t k = 0; k < sizeof(plots) / sizeof(plots[0]); k++) {
		for (uint32_t j = 0; j < h->n_col; j++) {
			x[j] = j;
			y[j] = plots[k].of(&h->col[j]);
		}
		page_plot(p,
			&(struct page_plot){ .title = plots[k].title,
				.x_label = "column",
				.y_label = plots[k].label,
				.series = &s,
				.n_series = 1 });
	}
	free(x);
}

static void add_items(struct page *p, const struct xbar_selftest *t)
{
	page_table(p, "item\tvalue\tunit\tat least\tat most\t", NULL);
	for (size_t k = 0; k < t->n_item; k++) {
		const struct xbar_item *i = &t->item[k];
		char value[32], min[32], max[32];

		snprintf(value, sizeof(value), "%.4g", i->value);
		snprintf(min, sizeof(min), "%g", i->min);
		snprintf(max, sizeof(max), "%g", i->max);
		page_row(p, i->has_passed ? PAGE_GOOD : PAGE_BAD, "%s\t%s\t%s\t%s\t%s\t%s", i->name,
			isnan(i->value) ? "" : value, i->unit, isfinite(i->min) ? min : "",
			isfinite(i->max) ? max : "", i->detail);
	}
}

void xbar_selftest_page(struct page *p, uint32_t chip, const struct xbar_selftest *t)
{
	double pulse[11], g[11];
	const struct page_series s = { .style = PAGE_LINES_POINTS, .n = 11, .x = pulse, .y = g };

	page_heading(p, "Chip %u %s", chip, t->n_failed ? "failed" : "passed");
	add_items(p, t);
	xbar_health_page(p, &t->health);
	for (int i = 0; i < 11; i++) {
		pulse[i] = i;
		g[i] = t->step[i] * 1e6;
	}
	page_plot(p,
		&(struct page_plot){ .title = "SET staircase",
			.x_label = "SET pulses since RESET",
			.y_label = "mean conductance (\302\265S)",
			.series = &s,
			.n_series = 1 });
}
