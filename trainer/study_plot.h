/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_plot.h - pictures of a study's table, as files or on a page.
 *
 *	lines        mean over an axis with numbers, a line for each combination of the others
 *	heat maps    mean over two axes with numbers, a map for each combination of the others
 *	sensitivity  how much each axis moves the result
 *
 * Values that are no numbers, or hold 0 beside decades, stand side by side.
 */
#ifndef SNN_STUDY_PLOT_H
#define SNN_STUDY_PLOT_H

#include <page.h>
#include "study_table.h"

/* How much an axis moves a column: mean over everything else, largest less least. */
struct snn_sensitivity {
	uint32_t i_axis;
	double least, most;             /* of the means over the axis' values */
	const char *at_least, *at_most; /* where; borrowed from the study */
	double range;
};

/*
 * ret [n_axis], the largest range first; axes that go together count once, as the first of them.
 * Returns how many; -ENOMEM.
 */
int snn_study_sensitivity(const struct snn_study_table *t, int column, struct snn_sensitivity *ret);

/* Add all pictures of a column that there are; heading and explanation, too. */
int snn_study_plot_page(
	struct page *p, const struct snn_study_table *t, int column, struct snn_error *e);
/* The same as files, PREFIX-lines-AXIS.svg and so on; each file's name is told. */
int snn_study_plot_files(const char *prefix, const struct snn_study_table *t, int column,
	void (*tell)(const char *file), struct snn_error *e);

#endif
