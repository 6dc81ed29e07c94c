/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.h - a run or a study as sections of a page (page.h). Everything comes from the run folder; of
 * the chips only what reads say.
 */
#ifndef SNN_REPORT_H
#define SNN_REPORT_H

#include <page.h>
#include "metrics.h"
#include "study_folder.h"

/* Runs that differ in their seed only, drawn as one line with a band. */
struct snn_curves {
	char label[160];
	uint32_t n;
	struct snn_metrics *run; /* [n] */
};

/* Add the metrics in file to c. */
int snn_curves_add(struct snn_curves *c, const char *file, struct snn_error *e);
void snn_curves_done(struct snn_curves *c);
/* Pictures of what happened epoch by epoch, a line a curve; at most seven curves are drawn. */
void snn_report_curves(struct page *p, const struct snn_curves *c, uint32_t n);

/* A run in its folder, and other runs to compare it with, [n_other]. */
int snn_report_run(struct page *p, const char *folder, char *const *other, uint32_t n_other,
	struct snn_error *e);
int snn_report_study(struct page *p, const char *folder, struct snn_error *e);

/*
 * Inside the trained network: spikes and states on a sequence, weights before and after, devices.
 * Opens the board, but leaves the folder as it is.
 */
int snn_report_inside(struct page *p, const char *folder, struct snn_error *e);

#endif
