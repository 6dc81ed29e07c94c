/* SPDX-License-Identifier: GPL-3.0-or-later */
/* selftest_page.h - a self-test's report, for people. */
#ifndef XBAR_SELFTEST_PAGE_H
#define XBAR_SELFTEST_PAGE_H

#include "page.h"
#include "selftest.h"

/* A page about a board, which says what board it is. -ENOMEM. */
int xbar_board_page_new(struct page **ret, const char *title, struct xbar *x);

void xbar_selftest_page(struct page *p, uint32_t chip, const struct xbar_selftest *t);

/* The map of a chip's faults, and what its columns are like. */
void xbar_health_page(struct page *p, const struct xbar_health *h);

/* Each cell's faults as one number: 0 .. 4 stuck devices, 5 unknown. v [n_row][n_col]. */
void xbar_health_map(const struct xbar_health *h, float *v);

#endif
