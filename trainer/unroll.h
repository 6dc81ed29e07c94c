/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unroll.h - the network unrolled in time, for rules that go backwards through a sequence. The path
 * in time is exact; the path in space, from the output and the layers above to a layer, is the
 * rule's. With dE/ds of layer l at step t written ds_l(t),
 *
 *	dy_l(t) = what `carry` brings of the output's error,  plus  J_l(t+1) ds_l(t+1)
 *	ds_l(t) = psi_l(t) dy_l(t) + j_l(t+1) ds_l(t+1)
 *	j(t+1) = d (1 - y(t)) full, d soft;  J(t+1) = -d s(t) full, -b soft
 *	recurrent: dy_l(t) has H ds_l(t+1), too;  gH += y(t-1) ds(t)'
 *	thresholds that adapt: dy_l(t) has da_l(t+1), too; da_l(t) = -beta psi_l(t) dy_l(t) + rho da_l(t+1)
 *	gW += x(t) ds(t)',  gb += -psi(t) dy(t)  and, soft,  -y(t) ds(t+1)
 *
 * init .. step fit struct snn_rule; the rule's end() calls snn_unroll_run().
 */
#ifndef SNN_UNROLL_H
#define SNN_UNROLL_H

#include "learner.h"

/*
 * Fill ret [size l] with what this step's errors mean for layer l: err [n_out] = dE/d(V y + c), above
 * [size l + 1] = ds of the layer above (err for the top layer).
 */
struct snn_space;
typedef void snn_carry_fn(const struct snn_space *s, const struct snn_net *net, uint32_t l,
	const float *err, const float *above, float *ret);

struct snn_space {
	snn_carry_fn *carry;
	/* Images: v, w and b_fb for the rule's carry(), h for the path in time. */
	const float *v, *w[SNN_MAX_HIDDEN], *b_fb[SNN_MAX_HIDDEN], *h[SNN_MAX_HIDDEN];
};

int snn_unroll_init(struct snn_learner *le, const struct snn_batch *b);
void snn_unroll_done(struct snn_learner *le);
int snn_unroll_begin(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
int snn_unroll_step(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
/* Fills space->h itself. */
int snn_unroll_run(
	struct snn_learner *le, struct snn_batch *b, struct snn_space *space, struct snn_error *e);
/* end() of a rule whose path in space needs the images of B and nothing else. */
int snn_unroll_feedback(
	struct snn_learner *le, struct snn_batch *b, snn_carry_fn *carry, struct snn_error *e);

#endif
