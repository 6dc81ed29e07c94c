/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - a batch in groups of sequences that run on their own, on as many threads as there are. Groups
 * and what is in each depend on the batch alone, and their gradients and scores are added in the order of
 * the groups: the result is the same bytes for any number of threads. For float weights and updates at the
 * end of sequences.
 */
#ifndef SNN_POOL_H
#define SNN_POOL_H

#include "batch.h"
#include "config.h"
#include "learner.h"

struct snn_pool;

/* How many groups a run has: 1 (no pool: chips, updates at every step, small batches) .. 4. */
uint32_t snn_pool_groups(const struct snn_config *c);

/* net and w are kept, borrowed until free; c->train.threads threads. -EINVAL, -ENOMEM, in words. */
int snn_pool_new(struct snn_pool **ret, struct snn_net *net, struct snn_weights *w,
	const struct snn_rule *rule, const struct snn_config *c, struct snn_error *e);
void snn_pool_free(struct snn_pool *p);

/*
 * As snn_batch_run(); learner NULL only evaluates, otherwise the groups' own learn and it gets their counts
 * of spikes. i_update is the batches'. Gradients are added to the net's.
 */
int snn_pool_run(struct snn_pool *p, const struct snn_seq *const *seq, uint32_t n,
	struct snn_learner *learner, uint64_t i_update, struct snn_score *score,
	struct snn_error *e);

#endif
