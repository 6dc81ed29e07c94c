/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_text.h - text of callers inside HTML and inside gnuplot's scripts. */
#ifndef PAGE_TEXT_H
#define PAGE_TEXT_H

#include <stddef.h>
#include <stdio.h>
#include "page.h"

/* n bytes for HTML: markup escaped; control characters are blanks, bytes that are no UTF-8 '?'. */
void page_put_html(FILE *f, const char *text, size_t n);

/* A gnuplot string in single quotes, in which nothing but the quote itself is special. */
void page_put_quoted(FILE *f, const char *text);

/* Fill err, which may be NULL; returns r. */
int page_fail(struct page_error *err, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
