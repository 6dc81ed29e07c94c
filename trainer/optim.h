/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * optim.h - from accumulated gradients to changes: SGD with momentum, or Adam (Kingma & Ba 2015).
 * Tensors with rate factor 0 do not change and cost nothing.
 */
#ifndef SNN_OPTIM_H
#define SNN_OPTIM_H

#include "net.h"
#include "store.h"

struct snn_optim {
	int kind; /* enum snn_optimizer */
	float momentum, beta1, beta2, epsilon, clip;
	uint64_t n_update;
	float *m1[SNN_MAX_TENSOR], *m2[SNN_MAX_TENSOR]; /* NULL where not used */
	float *delta[SNN_MAX_TENSOR];                   /* delta[0] owns the block */
};

int snn_optim_init(struct snn_optim *o, const struct snn_config *c, const struct snn_net *net);
void snn_optim_done(struct snn_optim *o);

/*
 * delta = change for the gradient divided by n_seq, at this rate; gradients become 0. delta of the
 * host's vectors is added to them; delta of matrices is for weights->update.
 */
void snn_optim_step(struct snn_optim *o, struct snn_net *net, double rate, uint32_t n_seq);

void snn_optim_save(const struct snn_optim *o, const struct snn_net *net, struct snn_store *st);
int snn_optim_load(
	struct snn_optim *o, const struct snn_net *net, struct snn_store *st, struct snn_error *e);

#endif
