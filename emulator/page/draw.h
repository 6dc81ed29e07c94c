/* SPDX-License-Identifier: GPL-3.0-or-later */
/* draw.h - pictures as SVG or PNG in memory. */
#ifndef PAGE_DRAW_H
#define PAGE_DRAW_H

#include "page.h"

enum page_kind { PAGE_SVG, PAGE_PNG };

/* *ret [*ret_n] is yours to free(), with a zero byte behind it. Errors as page_gnuplot(). */
int page_draw_plot(const struct page_plot *p, enum page_kind kind, char **ret, size_t *ret_n,
	struct page_error *err);
int page_draw_heat(const struct page_heat *h, enum page_kind kind, char **ret, size_t *ret_n,
	struct page_error *err);

#endif
