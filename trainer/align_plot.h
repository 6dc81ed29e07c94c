/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * align_plot.h - what osttp align found, as a picture: of the cosines of all hidden layers (.svg, .png),
 * or as a page with cosines and norm ratios of every tensor (.html).
 */
#ifndef SNN_ALIGN_PLOT_H
#define SNN_ALIGN_PLOT_H

#include "align.h"

struct snn_align_plot;

/* Whether the file's ending is one of these. */
bool snn_align_plot_can(const char *file);

/* Names are borrowed until free; the last tensor is "all". -ENOMEM. */
int snn_align_plot_new(struct snn_align_plot **ret, const char *const *rule, uint32_t n_rule,
	const char *const *tensor, uint32_t n_tensor, struct snn_error *e);
void snn_align_plot_free(struct snn_align_plot *p);

/* value [n_rule][n_tensor] after so many sequences. -ENOMEM. */
int snn_align_plot_add(struct snn_align_plot *p, double n_sequence,
	const struct snn_align_value *value, struct snn_error *e);

/* In words: no gnuplot, and the system's reasons. */
int snn_align_plot_write(struct snn_align_plot *p, const char *task, const char *trained,
	const char *file, struct snn_error *e);

#endif
