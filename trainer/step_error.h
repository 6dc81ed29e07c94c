/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * step_error.h - learning signals for rules that carry the output's error of each step back through
 * the layers of that step with the true weights (OSTL, eq. 7 of Ortner et al. 2023): L of the top
 * layer is V err, L_l = W_{l+1} (psi_{l+1} L_{l+1}). The functions fit struct snn_rule.
 */
#ifndef SNN_STEP_ERROR_H
#define SNN_STEP_ERROR_H

#include "learner.h"

int snn_step_error_init(struct snn_learner *le, const struct snn_batch *b);
void snn_step_error_done(struct snn_learner *le);
int snn_step_error_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
int snn_step_error_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);

#endif
