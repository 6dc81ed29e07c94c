/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page.c - the HTML around text, tables and pictures. */
#include "page.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "draw.h"
#include "page_text.h"

struct page {
	FILE *f; /* into html */
	char *html;
	size_t n_html;
	bool is_in_table, is_ended;
	unsigned n_picture;
	int r; /* the first failure, and its words */
	struct page_error err;
};

/* Pictures keep their white ground in a dark browser: gnuplot's black on it stays legible. */
static const char style[] =
	"body{max-width:60em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}\n"
	":root{color-scheme:light dark}\n"
	"table{border-collapse:collapse;margin:1em 0}\n"
	"caption{text-align:left;font-weight:bold}\n"
	"th,td{border-bottom:1px solid #8888;padding:.2em .8em;text-align:left;"
	"vertical-align:top;overflow-wrap:anywhere}\n"
	"td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	"tr.good td:first-child{border-left:.4em solid #009e73}\n"
	"tr.bad td:first-child{border-left:.4em solid #d55e00}\n"
	"tr.bad{font-weight:bold}\n"
	"figure{margin:1em 0;background:#fff;border-radius:.3em;break-inside:avoid}\n"
	"figure svg{display:block;width:100%;height:auto}\n"
	"@media print{body{max-width:none;margin:0;font-size:11px}}\n";

static void remember(struct page *p, int r, const struct page_error *err)
{
	if (p->r < 0 || r >= 0)
		return;
	p->r = r;
	p->err = *err;
}

static void put(struct page *p, const char *text)
{
	page_put_html(p->f, text, strlen(text));
}

int page_new(struct page **ret, const char *title)
{
	struct page *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->f = open_memstream(&p->html, &p->n_html);
	if (!p->f) {
		free(p);
		return -ENOMEM;
	}
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
		p->f);
	put(p, title);
	fprintf(p->f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
	put(p, title);
	fputs("</h1>\n", p->f);
	*ret = p;
	return 0;
}

void page_free(struct page *p)
{
	if (!p)
		return;
	fclose(p->f);
	free(p->html);
	free(p);
}

static void end_table(struct page *p)
{
	if (p->is_in_table)
		fputs("</tbody>\n</table>\n", p->f);
	p->is_in_table = false;
}

/* The formatted text, yours to free(); NULL remembered. */
static char *format(struct page *p, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) >= 0)
		return text;
	remember(p, -ENOMEM, &(struct page_error){ "no memory for a page" });
	return NULL;
}

static void put_element(struct page *p, const char *tag, const char *fmt, va_list ap)
{
	char *text = format(p, fmt, ap);

	if (!text)
		return;
	end_table(p);
	fprintf(p->f, "<%s>", tag);
	put(p, text);
	fprintf(p->f, "</%s>\n", tag);
	free(text);
}

void page_heading(struct page *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_element(p, "h2", fmt, ap);
	va_end(ap);
}

void page_text(struct page *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_element(p, "p", fmt, ap);
	va_end(ap);
}

static void begin_table(struct page *p, const char *title)
{
	end_table(p);
	fputs("<table>\n", p->f);
	if (title) {
		fputs("<caption>", p->f);
		put(p, title);
		fputs("</caption>\n", p->f);
	}
	p->is_in_table = true;
}

void page_facts(struct page *p, const char *title)
{
	begin_table(p, title);
	fputs("<tbody>\n", p->f);
}

void page_fact(struct page *p, const char *key, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(p, fmt, ap);
	va_end(ap);
	if (!text)
		return;
	if (!p->is_in_table)
		page_facts(p, NULL);
	fputs("<tr><th scope=\"row\">", p->f);
	put(p, key);
	fputs("</th><td>", p->f);
	put(p, text);
	fputs("</td></tr>\n", p->f);
	free(text);
}

void page_table(struct page *p, const char *heads, const char *title)
{
	begin_table(p, title);
	fputs("<thead>\n<tr>", p->f);
	for (const char *end; heads; heads = *end ? end + 1 : NULL) {
		end = heads + strcspn(heads, "\t");
		fputs("<th scope=\"col\">", p->f);
		page_put_html(p->f, heads, (size_t)(end - heads));
		fputs("</th>", p->f);
	}
	fputs("</tr>\n</thead>\n<tbody>\n", p->f);
}

/* Numbers, also with one word behind them for a unit, stand flush right. */
static bool is_number(const char *cell, size_t n)
{
	size_t n_digit = strspn(cell, "+-.0123456789eE");

	if (!n || n_digit > n || !(isdigit((unsigned char)*cell) || strchr("+-.", *cell)))
		return false;
	if (n_digit == n)
		return true;
	return cell[n_digit] == ' ' && !memchr(cell + n_digit + 1, ' ', n - n_digit - 1);
}

void page_row(struct page *p, enum page_mark mark, const char *fmt, ...)
{
	static const char *const tags[] = { "<tr>", "<tr class=\"good\">", "<tr class=\"bad\">" };
	static const char *const signs[] = { "", "\342\234\223 ", "\342\234\227 " };
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(p, fmt, ap);
	va_end(ap);
	if (!text)
		return;
	if (!p->is_in_table)
		page_facts(p, NULL);
	fputs(tags[mark], p->f);
	for (const char *cell = text, *end; cell; cell = *end ? end + 1 : NULL) {
		end = cell + strcspn(cell, "\t");
		fputs(is_number(cell, (size_t)(end - cell)) ? "<td class=\"n\">" : "<td>", p->f);
		fputs(cell == text ? signs[mark] : "", p->f);
		page_put_html(p->f, cell, (size_t)(end - cell));
		fputs("</td>", p->f);
	}
	fputs("</tr>\n", p->f);
	free(text);
}

/* Does a name of an element follow at s? Returns how many bytes stand before the name, or 0. */
static size_t before_name(const char *s)
{
	static const char *const marks[] = { " id='", " id=\"", "'#gp", "\"#gp", "url(#" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!strncmp(s, marks[i], strlen(marks[i])))
			return i == 2 || i == 3 ? 2 : strlen(marks[i]);
	}
	return 0;
}

/* The <svg> of a picture, its elements' names made unique on the page. */
static void put_svg(struct page *p, const char *svg)
{
	const char *s = strstr(svg, "<svg");

	while (s && *s) {
		size_t n = before_name(s);

		if (!n) {
			fputc(*s++, p->f);
			continue;
		}
		fwrite(s, 1, n, p->f);
		fprintf(p->f, "p%u_", p->n_picture);
		s += n;
	}
}

static void put_picture(
	struct page *p, int r, char *svg, const char *title, const struct page_error *err)
{
	remember(p, r, err);
	if (r < 0)
		return;
	end_table(p);
	p->n_picture++;
	fputs("<figure role=\"img\" aria-label=\"", p->f);
	put(p, title ? title : "picture");
	fputs("\">\n", p->f);
	put_svg(p, svg);
	fputs("</figure>\n", p->f);
	free(svg);
}

void page_plot(struct page *p, const struct page_plot *plot)
{
	struct page_error err;
	char *svg = NULL;
	size_t n;
	int r = page_draw_plot(plot, PAGE_SVG, &svg, &n, &err);

	put_picture(p, r, svg, plot->title, &err);
}

void page_heat(struct page *p, const struct page_heat *heat)
{
	struct page_error err;
	char *svg = NULL;
	size_t n;
	int r = page_draw_heat(heat, PAGE_SVG, &svg, &n, &err);

	put_picture(p, r, svg, heat->title, &err);
}

int page_write(struct page *p, const char *path, struct page_error *err)
{
	end_table(p);
	if (p->r < 0)
		return page_fail(err, p->r, "%s: %s", path, p->err.text);
	if (!p->is_ended)
		fputs("</body>\n</html>\n", p->f);
	p->is_ended = true;
	if (fflush(p->f) || ferror(p->f))
		return page_fail(err, -ENOMEM, "%s: no memory for the page", path);
	return page_file_write(path, p->html, p->n_html, err);
}

static int kind_of(const char *path, enum page_kind *ret, struct page_error *err)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		*ret = PAGE_SVG;
	else if (dot && !strcmp(dot, ".png"))
		*ret = PAGE_PNG;
	else
		return page_fail(err, -EINVAL, "%s: a picture's file ends in .svg or .png", path);
	return 0;
}

/* buf is given. */
static int write_picture(int r, char *buf, size_t n, const char *path, struct page_error *err)
{
	if (r == 0)
		r = page_file_write(path, buf, n, err);
	free(buf);
	return r;
}

int page_plot_file(const struct page_plot *plot, const char *path, struct page_error *err)
{
	enum page_kind kind = PAGE_SVG;
	char *buf = NULL;
	size_t n = 0;
	int r = kind_of(path, &kind, err);

	if (r == 0)
		r = page_draw_plot(plot, kind, &buf, &n, err);
	return write_picture(r, buf, n, path, err);
}

int page_heat_file(const struct page_heat *heat, const char *path, struct page_error *err)
{
	enum page_kind kind = PAGE_SVG;
	char *buf = NULL;
	size_t n = 0;
	int r = kind_of(path, &kind, err);

	if (r == 0)
		r = page_draw_heat(heat, kind, &buf, &n, err);
	return write_picture(r, buf, n, path, err);
}
