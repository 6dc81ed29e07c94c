/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_table.h - what came out of a study: for every group, every column of metrics.csv at the
 * epoch that a run reports (least valid NLL), as mean, standard deviation and 95 % confidence
 * interval over the seeds.
 *
 * Read from the run folders alone, in the order of the file: the same bytes whoever ran the points,
 * in whatever order. Points that are not finished are left out, n tells.
 */
#ifndef SNN_STUDY_TABLE_H
#define SNN_STUDY_TABLE_H

#include "metrics.h"
#include "study_folder.h"

struct snn_summary {
	uint32_t n;
	double mean; /* NAN for n = 0 */
	double sd;   /* with n - 1; NAN for n < 2 */
	double ci;   /* half width of the 95 % confidence interval, Student's t; NAN for n < 2 */
};

struct snn_study_table {
	const struct snn_study *study; /* borrowed */
	uint32_t n_col;
	char *column[SNN_METRICS_MAX_COLUMN];
	double *value;               /* [n_group][n_seed][n_col]; NAN: not finished, or no value */
	struct snn_summary *summary; /* [n_group][n_col] */
	size_t n_done;               /* points */
};

/* Mean and so on of those of v [n] that are finite, in their order. */
struct snn_summary snn_summarise(const double *v, size_t n);

/* f is kept, borrowed until done. -ENOENT no point is finished. */
int snn_study_table_read(
	struct snn_study_table *ret, const struct snn_study_folder *f, struct snn_error *e);
void snn_study_table_done(struct snn_study_table *t);
int snn_study_table_column(const struct snn_study_table *t, const char *name); /* -1 none */

/* table.csv: a row a group. points.csv: a row a point, with its folder. table.h5: both, as arrays. */
int snn_study_table_write(
	const struct snn_study_table *t, const struct snn_study_folder *f, struct snn_error *e);

#endif
