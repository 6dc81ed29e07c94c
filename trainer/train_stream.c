/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train_stream.c - learning from a stream: a step is read, predicted, learned and forgotten.
 */
#include <errno.h>
#include <math.h>
#include "stream.h"
#include "train.h"

/* What a sequence without end cannot have. */
static int check(const struct snn_trainer *tr, struct snn_error *e)
{
	const struct snn_config *c = &tr->config;

	if (!tr->data.stream)
		return snn_fail(e, -EINVAL, "task %s is no stream", c->task);
	if (c->train.update != SNN_UPDATE_STEP)
		return snn_fail(e, -EINVAL,
			"a stream has no end to learn at: use train.update: step (--update step)");
	if (c->train.batch != 1)
		return snn_fail(e, -EINVAL, "a stream is one sequence: use train.batch: 1");
	if (c->train.loss != SNN_LOSS_STEP)
		return snn_fail(e, -EINVAL, "a stream has no last step: use train.loss: step");
	if (c->weights != SNN_WEIGHTS_FLOAT)
		return snn_fail(e, -EINVAL,
			"a stream has no sequences to calibrate and refresh chips between: use weights: float");
	return 0;
}

static int one_step(struct snn_trainer *tr, const struct snn_stream_step *s, struct snn_error *e)
{
	int r = snn_batch_step(
		&tr->batch, s->x, s->n_x, s->y_star, s->n_y_star, &tr->learner, &tr->score, e);

	if (r == 0)
		r = snn_trainer_apply(tr, 1, e);
	if (r == 0 && !isfinite(tr->score.nll))
		r = snn_fail(e, -EDOM,
			"training diverged at step %llu: the NLL is not finite; lower train.rate (now %g)",
			(unsigned long long)tr->n_update, tr->config.train.rate);
	return r;
}

int snn_trainer_stream(struct snn_trainer *tr, const volatile sig_atomic_t *stop,
	int (*after_step)(void *user, struct snn_error *e), void *user, struct snn_error *e)
{
	struct snn_stream_step s;
	int r = check(tr, e);

	tr->batch.i_update = tr->n_update;
	if (r == 0)
		r = snn_batch_begin(&tr->batch, &tr->learner, e);
	while (r == 0) {
		if (*stop)
			return 1;
		r = snn_stream_next(tr->data.stream, &s, e);
		if (r <= 0)
			break;
		r = one_step(tr, &s, e);
		if (r == 0 && after_step)
			r = after_step(user, e);
	}
	return r;
}
