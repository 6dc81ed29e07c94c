/* SPDX-License-Identifier: GPL-3.0-or-later */
/* selftest.h - a chip judged against limits, item by item. */
#ifndef XBAR_SELFTEST_H
#define XBAR_SELFTEST_H

#include "health.h"
#include "selftest_limits.h"

#define XBAR_N_ITEM_MAX 24

struct xbar_item {
	const char *name, *unit;
	double value, min, max; /* passes in min .. max; not a number: not measured, passes */
	bool has_passed;
	char detail[160]; /* what is behind the value, or "" */
};

struct xbar_selftest {
	struct xbar_item item[XBAR_N_ITEM_MAX];
	size_t n_item, n_failed;
	struct xbar_health health;
	double step[11];       /* S, mean conductance of a sample after 0 .. 10 SETs */
	double t_retention[2]; /* s, when read */
	double g_retention[2]; /* S, mean of a row's devices then */
};

struct xbar_selftest_options {
	double t_retention; /* s; 0: not measured */
};

/*
 * How many devices conduct, of those on columns that are not noisy: more than what faults explain
 * means that the chip is in use. Disturbs nothing.
 */
int xbar_selftest_in_use(
	const struct xbar_lab *lab, uint32_t chip, size_t *ret_n, bool *ret_in_use);

/*
 * May a chip be RESET? -EBUSY if it is in use, unless its board can be given back its state
 * (XBAR_CAP_SAVE), which is then the caller's part.
 */
int xbar_borrow_check(const struct xbar_lab *lab, uint32_t chip);

/* Test a chip, and leave its devices RESET. lab->measure is not used. *ret is for done(). */
int xbar_selftest_run(struct xbar_selftest *ret, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits, const struct xbar_selftest_options *opt);
void xbar_selftest_done(struct xbar_selftest *t);

#endif
