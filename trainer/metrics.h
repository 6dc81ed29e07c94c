/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - metrics.csv read back. Columns are known by their names only, so that those of tasks
 * and boards to come are read, too.
 */
#ifndef SNN_METRICS_H
#define SNN_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include "error.h"

#define SNN_METRICS_MAX_COLUMN 64

struct snn_metrics {
	uint32_t n_col, n_row;
	char *name[SNN_METRICS_MAX_COLUMN];
	double *value; /* [n_row][n_col]; NAN where the field is empty */
	char *text;    /* owns the names */
};

/* -ENOENT no such file, -EBADMSG not a table of numbers with a header. *ret is yours to done. */
int snn_metrics_read(struct snn_metrics *ret, const char *file, struct snn_error *e);
void snn_metrics_done(struct snn_metrics *m);

/* Index of a column, -1 if there is none. */
int snn_metrics_column(const struct snn_metrics *m, const char *name);
double snn_metrics_value(const struct snn_metrics *m, uint32_t row, int column); /* NAN for -1 */
/*
 * The row that a run reports: largest valid_accuracy where there are labels, else least valid_nll, the
 * earlier of equals; -1 if nothing was evaluated.
 */
int64_t snn_metrics_best(const struct snn_metrics *m);

#endif
