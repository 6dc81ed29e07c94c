/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h - pictures, and self-contained HTML pages of text, tables and pictures: the reports of the
 * programs of every folder. It knows nothing of chips; pictures are drawn by gnuplot as it runs.
 *
 *	struct page *p;
 *	struct page_error err;
 *	struct page_series s = { .title = "measured", .style = PAGE_POINTS, .n = n, .x = t, .y = g };
 *	r = page_new(&p, "Drift of chip 0");
 *	if (r < 0)
 *		return r;
 *	page_text(p, "%zu devices at %g uS.", n_device, g_target);
 *	page_facts(p, "board");
 *	page_fact(p, "uri", "%s", uri);
 *	page_table(p, "time\tmean conductance", "retention");
 *	page_row(p, PAGE_PLAIN, "%g s\t%g uS", t[0], g[0]);
 *	page_plot(p, &(struct page_plot){ .title = "retention", .x_label = "time (s)",
 *		.y_label = "conductance (uS)", .x_log = true, .series = &s, .n_series = 1 });
 *	r = page_write(p, "report.html", &err);
 *	page_free(p);
 *
 * What is added is copied; all text is escaped, and bytes that are no UTF-8 become '?'. A failure of
 * adding is remembered and returned by page_write(), so that adding needs no check.
 * Files appear under their name only when they are whole. 0 or a negative errno; err says in words
 * what failed: -ENOENT with words naming the package if there is no gnuplot. err NULL: not wanted.
 * Files hold nothing of the wall clock: the same calls give the same bytes.
 * Pages are independent of each other; one belongs to one thread at a time.
 */
#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct page;

struct page_error {
	char text[512];
};

enum page_style {
	PAGE_LINES,
	PAGE_POINTS, /* with lo, hi: error bars */
	PAGE_LINES_POINTS,
	PAGE_STEPS, /* y holds from its x to the next */
	PAGE_BOXES, /* histogram: x is the middle of a bin, all of one width */
	PAGE_DOTS,  /* the smallest points, for thousands of them: spike rasters */
	PAGE_STYLE_COUNT
};

struct page_series {
	const char *title; /* in the legend, a few words; NULL: not there */
	enum page_style style;
	size_t n;
	const double *x, *y;   /* [n]; not a number: a gap */
	const double *lo, *hi; /* [n], both or none: a band with lines, else error bars */
};

struct page_plot {
	const char *title, *x_label, *y_label; /* NULL: none; labels name the unit */
	bool x_log, y_log;
	double x_min, x_max, y_min, y_max; /* equal: as the data */
	const char *const *x_names; /* [n_x_name] what stands at x = 1, 2, ...; NULL: numbers */
	size_t n_x_name;
	const struct page_series *series;
	size_t n_series;
};

/* A matrix in colours, row 0 at the top, with a colour bar. */
struct page_heat {
	const char *title, *x_label, *y_label, *v_label;
	size_t n_row, n_col;
	const char *const *row_names, *const *col_names; /* [n_row], [n_col]; NULL: numbers */
	const float *v;      /* [n_row][n_col]; not a number: left empty */
	double v_min, v_max; /* equal: as the data */
	bool is_diverging;   /* blue - white - red, and as the data then means symmetric about 0 */
};

/* How a row of a table is marked, in colour and by a sign before its first cell. */
enum page_mark { PAGE_PLAIN, PAGE_GOOD, PAGE_BAD };

/* -ENOMEM. */
int page_new(struct page **ret, const char *title);
void page_free(struct page *p); /* NULL is fine */

void page_heading(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_text(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Begin a list of facts, or a table; heads and cells are separated by tabs. title NULL: none. */
void page_facts(struct page *p, const char *title);
void page_fact(struct page *p, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void page_table(struct page *p, const char *heads, const char *title);
void page_row(struct page *p, enum page_mark mark, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void page_plot(struct page *p, const struct page_plot *plot);
void page_heat(struct page *p, const struct page_heat *heat);

/*
 * What adding remembered; -ENOENT no gnuplot, -EIO gnuplot failed; the system's reasons. It ends the
 * page: add nothing after it.
 */
int page_write(struct page *p, const char *path, struct page_error *err);

/*
 * One picture as a file, its kind by the ending: .svg or .png. -EINVAL another ending, else as
 * page_write().
 */
int page_plot_file(const struct page_plot *plot, const char *path, struct page_error *err);
int page_heat_file(const struct page_heat *heat, const char *path, struct page_error *err);

/* Write n bytes as a file that appears whole or not at all: beside it, fsync, rename. */
int page_file_write(const char *path, const void *buf, size_t n, struct page_error *err);

#ifdef __cplusplus
}
#endif
#endif
