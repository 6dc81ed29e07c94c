/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot.h - gnuplot as a function: a script in, a picture out. */
#ifndef PAGE_GNUPLOT_H
#define PAGE_GNUPLOT_H

#include <stddef.h>
#include "page.h"

/*
 * Run gnuplot on a script that writes to its standard output. *ret [*ret_n] is yours to free(), with
 * a zero byte behind it. -ENOENT no gnuplot, -EIO it failed, -ENOMEM.
 */
int page_gnuplot(const char *script, size_t n, char **ret, size_t *ret_n, struct page_error *err);

#endif
