/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * align.h - how far a rule's update points where the exact gradient points, at the weights that a
 * run has reached:
 *
 *	cosine      g . g_bptt / (|g| |g_bptt|)       1: the same direction, 0: nothing in common
 *	norm ratio  |g| / |g_bptt|
 *
 * g is a rule's gradient summed over a few training sequences with the weights held still. Every rule
 * gets the run's weights as the host can know them (struct snn_weights, image) and its own B. The
 * readout learns alike under every rule, so only hidden layers are compared.
 *
 *	r = snn_align_new(&a, &trainer, config, n_rule, n_seq, &err);
 *	r = snn_align_measure(a, value, &err);                    as often as wanted
 *	snn_align_free(a);
 */
#ifndef SNN_ALIGN_H
#define SNN_ALIGN_H

#include "train.h"

struct snn_align_value {
	double cosine, norm_ratio; /* NAN where a norm is 0, and where bptt's is */
};

struct snn_align;

/*
 * The run is kept, borrowed until free. config [n_rule]: how each rule is set up; of its network
 * only B is taken (scale, centring), the rest is the run's. Sequences are spread evenly over the
 * training split. -EINVAL (in words) for rules that cannot be had with this network, -ENOMEM.
 */
int snn_align_new(struct snn_align **ret, struct snn_trainer *run, const struct snn_config *config,
	uint32_t n_rule, uint32_t n_seq, struct snn_error *e);
void snn_align_free(struct snn_align *a);

/* Tensors of hidden layers, and after them "all" of them as one vector. */
uint32_t snn_align_n_tensor(const struct snn_align *a);
const char *snn_align_tensor(const struct snn_align *a, uint32_t i);

/* value [n_rule][n_tensor] is yours. */
int snn_align_measure(struct snn_align *a, struct snn_align_value *value, struct snn_error *e);

#endif
