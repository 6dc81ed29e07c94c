/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page_samples.c - writes one of everything that page.h has into a folder, with texts that would
 * break HTML, SVG or gnuplot, for check_page.py to read.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "page.h"

#define N 64
#define HOSTILE \
	"a<b> & \"c\" 'd' </td><script>x</script> \\n `id` $d0 @x {/=30 y} %s \xff\xc0\x80\x01"

static int fail(int r, const struct page_error *err)
{
	fprintf(stderr, "%d: %s\n", r, err->text);
	return 1;
}

static const char *path_of(const char *folder, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static double x[N], y[N], lo[N], hi[N], noise[N];
static float v[24 * 40];

static void fill(void)
{
	for (int i = 0; i < N; i++) {
		x[i] = pow(10.0, -3.0 + 0.1 * i);
		y[i] = 5.0 * pow(x[i], -0.04);
		lo[i] = 0.9 * y[i];
		hi[i] = 1.1 * y[i];
		noise[i] = y[i] * (1.0 + 0.05 * sin(12.9898 * i));
	}
	y[20] = NAN;
	for (int i = 0; i < 24 * 40; i++)
		v[i] = (float)(sin(i / 40 * 0.3) * cos(i % 40 * 0.2));
	v[5 * 40 + 7] = NAN;
}

static const struct page_series series[] = {
	{ .title = "law", .style = PAGE_LINES, .n = N, .x = x, .y = y, .lo = lo, .hi = hi },
	{ .title = "measured",
		.style = PAGE_POINTS,
		.n = N,
		.x = x,
		.y = noise,
		.lo = lo,
		.hi = hi },
	{ .title = "a<b> & 'c' `id` @x \xff", .style = PAGE_STEPS, .n = N, .x = x, .y = lo },
};

static const struct page_plot plot = { .title = "drift: 5 (t / s)^{-0.04}",
	.x_label = "time (s)",
	.y_label = "conductance (\xc2\xb5S)",
	.x_log = true,
	.series = series,
	.n_series = 3 };

/* Two strokes with a gap between them. */
static const double gap_x[] = { 0, 1, 1, 2, 3 }, gap_y[] = { 0, 0, NAN, 1, 1 };
static const struct page_series gap_series = { .n = 5, .x = gap_x, .y = gap_y };
static const struct page_plot gap_plot = { .series = &gap_series, .n_series = 1 };

static const struct page_heat heat = { .title = "conductance",
	.x_label = "column",
	.y_label = "row",
	.v_label = "\xc2\xb5S",
	.n_row = 24,
	.n_col = 40,
	.v = v,
	.is_diverging = true };

static void add_plots(struct page *p)
{
	static const enum page_style styles[] = { PAGE_LINES_POINTS, PAGE_BOXES, PAGE_DOTS };
	struct page_series s = { .n = N, .x = y, .y = noise };

	page_plot(p, &plot);
	for (int i = 0; i < 3; i++) {
		s.style = styles[i];
		s.lo = i == 1 ? lo : NULL;
		s.hi = i == 1 ? hi : NULL;
		page_plot(p,
			&(struct page_plot){ .title = HOSTILE,
				.x_label = HOSTILE,
				.y_label = HOSTILE,
				.y_log = i == 0,
				.series = &s,
				.n_series = 1 });
	}
	s.n = 0;
	page_plot(p,
		&(struct page_plot){ .title = "empty",
			.series = &s,
			.n_series = 1,
			.x_max = 1.0,
			.y_max = 1.0 });
	page_heat(p, &heat);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";
	struct page_error err;
	struct page *p;
	int r = page_new(&p, HOSTILE);

	if (r < 0)
		return fail(r, &(struct page_error){ "page_new" });
	fill();
	page_heading(p, "%s", HOSTILE);
	page_text(p, "%s", HOSTILE);
	page_facts(p, "facts");
	page_fact(p, HOSTILE, "%s", HOSTILE);
	page_table(p, "item\tvalue\tlimit", HOSTILE);
	page_row(p, PAGE_GOOD, "good\t%g uS\t1", 0.5);
	page_row(p, PAGE_BAD, "%s\t-2.5\t", HOSTILE);
	page_row(p, PAGE_PLAIN, "plain\tnone\t-1");
	add_plots(p);
	page_text(p, "Behind the pictures.");
	r = page_write(p, path_of(folder, "page.html"), &err);
	page_free(p);
	if (r == 0)
		r = page_plot_file(&plot, path_of(folder, "plot.svg"), &err);
	if (r == 0)
		r = page_plot_file(&plot, path_of(folder, "plot.png"), &err);
	if (r == 0)
		r = page_heat_file(&heat, path_of(folder, "heat.svg"), &err);
	if (r == 0)
		r = page_heat_file(&heat, path_of(folder, "heat.png"), &err);
	if (r == 0)
		r = page_plot_file(&gap_plot, path_of(folder, "gap.svg"), &err);
	return r < 0 ? fail(r, &err) : 0;
}
