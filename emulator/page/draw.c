/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draw.c - gnuplot's scripts. Data stands in the script itself, as data blocks $d0, $d1, ... */
#include "draw.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gnuplot.h"
#include "page_text.h"

#define N_POINT_MANY 100  /* more points than this are drawn small */
#define N_CELL_FEW   1024 /* as rectangles: as one image, browsers would blur so few */

/*
 * Okabe and Ito's colours, told apart by the colour blind, without the yellow, which is too light
 * for lines on white.
 */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
	"#56b4e9", "#000000" };

#define N_COLOUR (sizeof(colours) / sizeof(colours[0]))

/* matplotlib's viridis, ColorBrewer's RdBu reversed: both read in grey or colour blind. */
static const char viridis[] = "0 '#440154', 1 '#482878', 2 '#3e4a89', 3 '#31688e', 4 '#26828e', "
			      "5 '#1f9e89', 6 '#35b779', 7 '#6ece58', 8 '#b5de2b', 9 '#fde725'";
static const char red_blue[] = "0 '#053061', 1 '#2166ac', 2 '#4393c3', 3 '#92c5de', 4 '#d1e5f0', "
			       "5 '#f7f7f7', 6 '#fddbc7', 7 '#f4a582', 8 '#d6604d', 9 '#b2182b', "
			       "10 '#67001f'";

static void put_label(FILE *f, const char *what, const char *text)
{
	if (!text)
		return;
	fprintf(f, "set %s ", what);
	page_put_quoted(f, text);
	fputc('\n', f);
}

static void put_head(FILE *f, enum page_kind kind, int height)
{
	fputs("set encoding utf8\n", f);
	if (kind == PAGE_PNG)
		fprintf(f, "set term pngcairo noenhanced size %d,%d font 'sans,20' linewidth 2\n",
			1440, 2 * height);
	else
		fprintf(f,
			"set term svg noenhanced size 720,%d dynamic font 'sans-serif,14' "
			"background '#ffffff'\n",
			height);
	fputs("set datafile missing 'NaN'\n"
	      "set border 3 lc '#555555'\nset tics nomirror out\n"
	      "set grid lc '#dddddd' lt 1 lw 0.5\nset key outside top center horizontal\n",
		f);
}

static void put_number(FILE *f, double v)
{
	if (isfinite(v))
		fprintf(f, " %.9g", v);
	else
		fputs(" NaN", f);
}

/*
 * Columns x y, and lo hi where there are. What is not a number, or a log axis cannot show, is an empty
 * line: there a line breaks.
 */
static void put_data(FILE *f, const struct page_plot *p, const struct page_series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		double x = p->x_log && !(s->x[i] > 0.0) ? NAN : s->x[i];
		double y = p->y_log && !(s->y[i] > 0.0) ? NAN : s->y[i];

		if (!isfinite(x) || !isfinite(y)) {
			fputc('\n', f);
			continue;
		}
		put_number(f, x);
		put_number(f, y);
		if (s->lo) {
			put_number(f, p->y_log && !(s->lo[i] > 0.0) ? y : s->lo[i]);
			put_number(f, s->hi[i]);
		}
		fputc('\n', f);
	}
	/* A block without a point would be an error. */
	if (!s->n)
		fputs(s->lo ? " NaN NaN NaN NaN\n" : " NaN NaN\n", f);
}

static void put_range(FILE *f, const char *axis, double min, double max)
{
	if (min != max && isfinite(min) && isfinite(max))
		fprintf(f, "set %srange [%.9g:%.9g]\n", axis, min, max);
}

static void put_style(FILE *f, const struct page_series *s, const char *colour)
{
	double size = s->n > N_POINT_MANY ? 0.3 : 0.6;

	switch (s->style) {
	case PAGE_POINTS:
		if (s->lo)
			fprintf(f, "using 1:2:3:4 with yerrorbars pt 7 ps %.1f lc '%s'", size,
				colour);
		else
			fprintf(f, "using 1:2 with points pt 7 ps %.1f lc '%s'", size, colour);
		break;
	case PAGE_LINES_POINTS:
		fprintf(f, "using 1:2 with linespoints pt 7 ps %.1f lw 2 lc '%s'", size, colour);
		break;
	case PAGE_STEPS:
		fprintf(f, "using 1:2 with steps lw 2 lc '%s'", colour);
		break;
	case PAGE_BOXES:
		fprintf(f, "using 1:2 with boxes lc '%s' fs solid 0.5 border", colour);
		break;
	case PAGE_DOTS:
		fprintf(f, "using 1:2 with points pt 7 ps 0.15 lc '%s'", colour);
		break;
	default:
		fprintf(f, "using 1:2 with lines lw 2 lc '%s'", colour);
	}
}

/* What lies between lo and hi, below the series itself. */
static void put_spread(FILE *f, const struct page_series *s, const char *colour)
{
	if (s->style == PAGE_BOXES)
		fprintf(f, "using 1:2:3:4 with yerrorbars pt 0 lc '%s' notitle", colour);
	else
		fprintf(f,
			"using 1:3:4 with filledcurves fs transparent solid 0.2 noborder lc '%s' "
			"notitle",
			colour);
}

static void put_series(FILE *f, const struct page_series *s, size_t i)
{
	const char *colour = colours[i % N_COLOUR];

	if (s->lo && s->style != PAGE_POINTS) {
		put_spread(f, s, colour);
		fprintf(f, ", \\\n     $d%zu ", i);
	}
	put_style(f, s, colour);
	fputs(s->title ? " title " : " notitle", f);
	if (s->title)
		page_put_quoted(f, s->title);
}

/* Names instead of numbers on an axis, the first at `first`. */
static void put_names(FILE *f, const char *axis, const char *const *name, size_t n, int first)
{
	if (!name || !n)
		return;
	fprintf(f, "set %stics (", axis);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		page_put_quoted(f, name[i]);
		fprintf(f, " %zd", (ssize_t)i + first);
	}
	fputs(")\n", f);
}

static void plot_script(FILE *f, const struct page_plot *p, enum page_kind kind)
{
	put_head(f, kind, 420);
	for (size_t i = 0; i < p->n_series; i++) {
		fprintf(f, "$d%zu << EOD\n", i);
		put_data(f, p, &p->series[i]);
		fputs("EOD\n", f);
	}
	put_label(f, "title", p->title);
	put_label(f, "xlabel", p->x_label);
	put_label(f, "ylabel", p->y_label);
	fputs(p->x_log ? "set logscale x\nset format x '%g'\n" : "", f);
	fputs(p->y_log ? "set logscale y\nset format y '%g'\n" : "", f);
	put_range(f, "x", p->x_min, p->x_max);
	put_range(f, "y", p->y_min, p->y_max);
	put_names(f, "x", p->x_names, p->n_x_name, 1);
	if (p->x_names && p->n_x_name)
		fprintf(f, "set xrange [0.5:%zu.5]\n", p->n_x_name);
	for (size_t i = 0; i < p->n_series; i++) {
		fprintf(f, "%s $d%zu ", i ? ", \\\n    " : "plot", i);
		put_series(f, &p->series[i], i);
	}
	fputc('\n', f);
}

static void heat_range(const struct page_heat *h, double *ret_min, double *ret_max)
{
	double min = INFINITY, max = -INFINITY;

	if (h->v_min != h->v_max) {
		*ret_min = h->v_min;
		*ret_max = h->v_max;
		return;
	}
	for (size_t i = 0; i < h->n_row * h->n_col; i++) {
		if (isfinite(h->v[i])) {
			min = fmin(min, (double)h->v[i]);
			max = fmax(max, (double)h->v[i]);
		}
	}
	if (h->is_diverging && min <= max) {
		max = fmax(fabs(min), fabs(max));
		min = -max;
	}
	/* gnuplot wants a range that is one. */
	*ret_min = min <= max ? min : 0.0;
	*ret_max = min < max ? max : *ret_min + 1.0;
}

static void heat_script(FILE *f, const struct page_heat *h, enum page_kind kind)
{
	double min, max;

	put_head(f, kind, 560);
	fputs("$d0 << EOD\n", f);
	for (size_t i = 0; i < h->n_row; i++) {
		for (size_t j = 0; j < h->n_col; j++)
			put_number(f, (double)h->v[i * h->n_col + j]);
		fputc('\n', f);
	}
	fputs("EOD\n", f);
	put_label(f, "title", h->title);
	put_label(f, "xlabel", h->x_label);
	put_label(f, "ylabel", h->y_label);
	put_label(f, "cblabel", h->v_label);
	heat_range(h, &min, &max);
	put_range(f, "cb", min, max);
	put_names(f, "x", h->col_names, h->n_col, 0);
	put_names(f, "y", h->row_names, h->n_row, 0);
	fprintf(f, "set palette defined (%s)\n", h->is_diverging ? red_blue : viridis);
	fprintf(f,
		"unset grid\nunset key\nset size ratio %.4f\nset xrange [-0.5:%zu.5]\n"
		"set yrange [%zu.5:-0.5]\nplot $d0 matrix with image%s\n",
		h->n_row > h->n_col ? fmin(2.0, (double)h->n_row / (double)h->n_col)
				    : fmax(0.25, (double)h->n_row / (double)h->n_col),
		h->n_col - 1, h->n_row - 1, h->n_row * h->n_col <= N_CELL_FEW ? " pixels" : "");
}

/* Numbers of a script are written as in the C locale, whatever the program's is. */
static int run(void (*write)(FILE *f, const void *what, enum page_kind kind), const void *what,
	enum page_kind kind, char **ret, size_t *ret_n, struct page_error *err)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL), old;
	char *script = NULL;
	size_t n = 0;
	FILE *f = c ? open_memstream(&script, &n) : NULL;
	int r = -ENOMEM;

	if (f) {
		old = uselocale(c);
		write(f, what, kind);
		uselocale(old);
		r = fclose(f) ? -ENOMEM : 0;
	}
	if (c)
		freelocale(c);
	if (r < 0)
		page_fail(err, r, "no memory for a picture");
	else
		r = page_gnuplot(script, n, ret, ret_n, err);
	free(script);
	return r;
}

static void write_plot(FILE *f, const void *what, enum page_kind kind)
{
	plot_script(f, what, kind);
}

static void write_heat(FILE *f, const void *what, enum page_kind kind)
{
	heat_script(f, what, kind);
}

int page_draw_plot(const struct page_plot *p, enum page_kind kind, char **ret, size_t *ret_n,
	struct page_error *err)
{
	if (!p->n_series)
		return page_fail(err, -EINVAL, "a plot without a series");
	return run(write_plot, p, kind, ret, ret_n, err);
}

int page_draw_heat(const struct page_heat *h, enum page_kind kind, char **ret, size_t *ret_n,
	struct page_error *err)
{
	if (!h->n_row || !h->n_col)
		return page_fail(err, -EINVAL, "a heat map without cells");
	return run(write_heat, h, kind, ret, ret_n, err);
}
