/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "seed.h"

#define N_CALIBRATION 10 /* rounds at most: each fits the ADC ranges to what the one before met */

double snn_rate(const struct snn_config *c, uint32_t epoch)
{
	double rate = c->train.rate;

	for (uint32_t k = 0; k < epoch / c->train.decay_every; k++)
		rate *= c->train.decay_factor;
	return rate;
}

int snn_draw_net(struct snn_net *net, const struct snn_config *c, const struct snn_dataset *d,
	const struct snn_rule *rule, struct snn_error *e)
{
	bool is_softmax = c->network.readout == SNN_READOUT_SOFTMAX;
	uint32_t n = d->n_out;
	double *p = calloc(n, sizeof(*p));
	float *bias = calloc(n, sizeof(*bias));
	int r = p && bias ? 0 : snn_fail(e, -ENOMEM, "no memory for the network");

	if (r == 0) {
		snn_dataset_marginal(d, p);
		for (uint32_t k = 0; k < n; k++)
			bias[k] = !c->network.bias_marginal
				? (float)c->network.bias
				: logf((float)(is_softmax ? p[k] : p[k] / (1 - p[k])));
		r = snn_net_init(net, c, d->n_in, n, bias, rule->is_layered, e);
		if (r == 0 && c->network.b_center)
			snn_net_center_feedback(net, p);
	}
	free(p);
	free(bias);
	return r;
}

static int open_weights(
	struct snn_trainer *tr, const struct snn_rule *rule, bool is_restored, struct snn_error *e)
{
	bool has_feedback = rule->feedback != SNN_FEEDBACK_NONE;
	int r;

	if (tr->config.weights == SNN_WEIGHTS_FLOAT)
		return snn_weights_float_new(&tr->weights, &tr->net, e);
	r = snn_weights_chips_choose(&tr->config, &tr->net, has_feedback, e);
	if (r < 0)
		return r;
	return snn_weights_chips_new(
		&tr->weights, &tr->net, &tr->config, has_feedback, is_restored, &tr->device, e);
}

static int check_labels(
	const struct snn_config *c, const struct snn_dataset *d, struct snn_error *e)
{
	if (d->is_labelled)
		return 0;
	if (c->network.readout == SNN_READOUT_SOFTMAX)
		return snn_fail(e, -EINVAL,
			"network.readout: softmax is for tasks that classify, not for %s", c->task);
	if (c->train.loss == SNN_LOSS_MEAN)
		return snn_fail(e, -EINVAL,
			"train.loss: mean is for tasks that classify, not for %s", c->task);
	return 0;
}

static int make_batch(struct snn_trainer *tr, const struct snn_rule *rule, struct snn_error *e)
{
	const struct snn_config *c = &tr->config;
	bool has_pool = snn_pool_groups(c) > 1;
	int r = 0;

	if (snn_batch_init(&tr->batch, &tr->net, tr->weights, has_pool ? 1 : c->train.batch) < 0)
		return snn_fail(
			e, -ENOMEM, "no memory for a batch of %u sequences", c->train.batch);
	if (has_pool)
		r = snn_pool_new(&tr->pool, &tr->net, tr->weights, rule, c, e);
	return r < 0 ? r : snn_learner_init(&tr->learner, rule, c, &tr->batch, e);
}

static int init(struct snn_trainer *tr, bool is_restored, struct snn_error *e)
{
	const struct snn_config *c = &tr->config;
	const struct snn_task *task = snn_task_find(c->task);
	const struct snn_rule *rule = snn_rule_find(c->rule);
	int r;

	if (!task || !rule)
		return snn_fail(e, -EINVAL, "no such task or rule: %s, %s", c->task, c->rule);
	r = task->load(&tr->data, c, e);
	if (r == 0)
		r = check_labels(c, &tr->data, e);
	if (r == 0)
		r = snn_draw_net(&tr->net, c, &tr->data, rule, e);
	if (r == 0)
		r = open_weights(tr, rule, is_restored, e);
	if (r == 0)
		r = make_batch(tr, rule, e);
	if (r == 0 && snn_augment_init(&tr->augment, &tr->data, c, c->train.batch) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for shifted recordings");
	if (r == 0 && snn_optim_init(&tr->optim, c, &tr->net) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for the optimizer");
	if (r < 0)
		return r;
	tr->order = calloc(tr->data.n_seq[SNN_TRAIN], sizeof(*tr->order));
	tr->row = calloc(c->train.epochs + 1, sizeof(*tr->row));
	return tr->order && tr->row ? 0 : snn_fail(e, -ENOMEM, "no memory for the run");
}

int snn_trainer_init(
	struct snn_trainer *tr, const struct snn_config *c, bool is_restored, struct snn_error *e)
{
	int r;

	memset(tr, 0, sizeof(*tr));
	memcpy(&tr->config, c, sizeof(*c));
	r = init(tr, is_restored, e);
	if (r < 0)
		snn_trainer_done(tr);
	return r;
}

void snn_trainer_done(struct snn_trainer *tr)
{
	snn_learner_done(&tr->learner);
	snn_pool_free(tr->pool);
	snn_batch_done(&tr->batch);
	snn_augment_done(&tr->augment);
	snn_optim_done(&tr->optim);
	if (tr->weights)
		tr->weights->ops->free(tr->weights);
	snn_net_done(&tr->net);
	snn_dataset_done(&tr->data);
	free(tr->device);
	free(tr->order);
	free(tr->row);
	memset(tr, 0, sizeof(*tr));
}

/* The order of an epoch depends on the seed and the epoch only, not on what came before. */
static int shuffle(struct snn_trainer *tr, uint32_t epoch)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	if (!rng)
		return -ENOMEM;
	gsl_rng_set(rng, snn_seed(tr->config.seed, SNN_USE_ORDER, epoch));
	for (uint32_t i = 0; i < tr->data.n_seq[SNN_TRAIN]; i++)
		tr->order[i] = i;
	gsl_ran_shuffle(rng, tr->order, tr->data.n_seq[SNN_TRAIN], sizeof(*tr->order));
	gsl_rng_free(rng);
	return 0;
}

int snn_trainer_apply(struct snn_trainer *tr, uint32_t n_seq, struct snn_error *e)
{
	const float *delta[SNN_MAX_MATRIX] = { NULL };

	snn_optim_step(&tr->optim, &tr->net, snn_rate(&tr->config, tr->epoch), n_seq);
	for (uint32_t i = 0; i < tr->net.n_tensor; i++) {
		const struct snn_tensor *t = &tr->net.tensor[i];

		if (t->i_matrix >= 0 && t->rate_factor != 0)
			delta[t->i_matrix] = tr->optim.delta[i];
	}
	tr->n_update++;
	return tr->weights->ops->update(tr->weights, delta, tr->n_update, e);
}

static int after_step(void *user, struct snn_error *e)
{
	struct snn_trainer *tr = user;

	return snn_trainer_apply(tr, tr->batch.n_active, e);
}

/* Sequences of the split from `first` on, at most a batch; returns how many. */
static uint32_t pick(const struct snn_trainer *tr, enum snn_split split, uint32_t first,
	const struct snn_seq **seq)
{
	uint32_t n = 0;

	while (n < tr->config.train.batch && first + n < tr->data.n_seq[split]) {
		uint32_t i = split == SNN_TRAIN ? tr->order[first + n] : first + n;

		seq[n++] = &tr->data.seq[split][i];
	}
	return n;
}

static int train_batch(struct snn_trainer *tr, const struct snn_seq **seq, struct snn_error *e)
{
	bool by_step = tr->config.train.update == SNN_UPDATE_STEP;
	uint32_t n = pick(tr, SNN_TRAIN, tr->i_seq, seq);
	int r;

	for (uint32_t i = 0; i < n; i++)
		seq[i] = snn_augment_shift(&tr->augment, i, seq[i], tr->epoch);
	tr->batch.i_update = tr->n_update;
	r = tr->pool ? snn_pool_run(tr->pool, seq, n, &tr->learner, tr->n_update, &tr->score, e)
		     : snn_batch_run(&tr->batch, seq, n, &tr->learner, by_step ? after_step : NULL,
			       tr, &tr->score, e);

	if (r == 0)
		snn_firing_update(&tr->learner.firing, &tr->net);
	if (r == 0 && !by_step)
		r = snn_trainer_apply(tr, n, e);
	if (r == 0)
		r = tr->weights->ops->rest(tr->weights, tr->n_update, e);
	if (r == 0 && !isfinite(tr->score.nll))
		r = snn_fail(e, -EDOM,
			"training diverged in epoch %u: the NLL is not finite; lower train.rate (now %g)",
			tr->epoch + 1, tr->config.train.rate);
	tr->i_seq += n;
	return r;
}

static struct snn_quality quality(const struct snn_score *s)
{
	return (struct snn_quality){ .nll = s->nll / s->n_step,
		.accuracy = s->n_label > 0 ? s->n_right / s->n_label : NAN };
}

int snn_trainer_evaluate(
	struct snn_trainer *tr, enum snn_split split, struct snn_quality *ret, struct snn_error *e)
{
	const struct snn_seq **seq = calloc(tr->config.train.batch, sizeof(*seq));
	struct snn_score score = { 0 };
	uint32_t first = 0, n;
	int r = seq ? 0 : snn_fail(e, -ENOMEM, "no memory to evaluate");

	if (r == 0 && tr->data.stream)
		r = snn_fail(e, -EINVAL, "task %s has no %s split: it is for osttp train alone",
			tr->config.task, snn_split_names[split]);

	tr->weights->is_test = split != SNN_TRAIN;
	while (r == 0 && (n = pick(tr, split, first, seq)) > 0) {
		r = tr->pool ? snn_pool_run(tr->pool, seq, n, NULL, tr->n_update, &score, e)
			     : snn_batch_run(&tr->batch, seq, n, NULL, NULL, NULL, &score, e);
		first += n;
	}
	tr->weights->is_test = false;
	free(seq);
	if (r == 0)
		*ret = quality(&score);
	return r;
}

/* The inputs of the first training sequences through the network, as it is. */
static int meet(struct snn_trainer *tr, struct snn_error *e)
{
	uint32_t n = tr->config.chips.calibrate_sequences;
	struct snn_score score = { 0 };
	int r = 0;

	n = n < tr->data.n_seq[SNN_TRAIN] ? n : tr->data.n_seq[SNN_TRAIN];
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct snn_seq *seq = &tr->data.seq[SNN_TRAIN][i];

		r = snn_batch_run(&tr->batch, &seq, 1, NULL, NULL, NULL, &score, e);
	}
	return r;
}

int snn_trainer_age(struct snn_trainer *tr, double dt, struct snn_error *e)
{
	const struct snn_weights_ops *ops = tr->weights->ops;
	int r = 0;

	if (tr->config.chips.compensate != SNN_COMPENSATE_NONE)
		r = meet(tr, e);
	if (r == 0)
		r = ops->refer(tr->weights, e);
	if (r == 0)
		r = ops->wait(tr->weights, dt, e);
	return r < 0 ? r : ops->compensate(tr->weights, e);
}

/* The best epoch, so far, of a run. */
static bool is_best(const struct snn_trainer *tr, const struct snn_epoch *w)
{
	const struct snn_epoch *best = tr->best_epoch ? &tr->row[tr->best_epoch - 1] : NULL;

	if (isnan(w->valid_nll))
		return false;
	if (!best)
		return true;
	return isnan(w->valid_accuracy) ? w->valid_nll < best->valid_nll
					: w->valid_accuracy > best->valid_accuracy;
}

static int end_epoch(struct snn_trainer *tr, struct snn_error *e)
{
	const struct snn_config *c = &tr->config;
	const struct snn_quality none = { NAN, NAN };
	struct snn_quality train = quality(&tr->score), valid = none, test = none;
	struct snn_epoch *w = &tr->row[tr->epoch];
	bool is_last = tr->epoch + 1 == c->train.epochs;
	int r = tr->weights->ops->adapt(tr->weights, e);

	r = r < 0 ? r : 0;
	if (r == 0 && ((tr->epoch + 1) % c->train.eval_every == 0 || is_last)) {
		r = snn_trainer_evaluate(tr, SNN_VALID, &valid, e);
		if (r == 0)
			r = snn_trainer_evaluate(tr, SNN_TEST, &test, e);
	}
	*w = (struct snn_epoch){ .epoch = tr->epoch + 1,
		.rate = snn_rate(c, tr->epoch),
		.train_nll = train.nll,
		.valid_nll = valid.nll,
		.test_nll = test.nll,
		.activity = tr->score.n_spike / tr->score.n_neuron,
		.train_accuracy = train.accuracy,
		.valid_accuracy = valid.accuracy,
		.test_accuracy = test.accuracy };
	if (r == 0)
		r = tr->weights->ops->stats(tr->weights, w, e);
	if (r < 0)
		return r;
	if (is_best(tr, w))
		tr->best_epoch = w->epoch;
	tr->epoch++;
	tr->i_seq = 0;
	tr->score = (struct snn_score){ 0 };
	return 0;
}

int snn_trainer_epoch(struct snn_trainer *tr, const volatile sig_atomic_t *stop,
	struct snn_progress *progress, struct snn_error *e)
{
	const struct snn_seq **seq = calloc(tr->config.train.batch, sizeof(*seq));
	int r = seq ? 0 : snn_fail(e, -ENOMEM, "no memory for a batch");

	if (r == 0 && shuffle(tr, tr->epoch) < 0)
		r = snn_fail(e, -ENOMEM, "no memory to shuffle");
	while (r == 0 && tr->i_seq < tr->data.n_seq[SNN_TRAIN]) {
		r = train_batch(tr, seq, e);
		if (progress)
			snn_progress_step(progress, tr->epoch + 1, tr->i_seq);
		if (r == 0 && *stop)
			r = 1;
	}
	free(seq);
	/* A stop in the last batch of an epoch: the row is made when the run goes on. */
	return r == 0 ? end_epoch(tr, e) : r;
}

static void drop_gradients(struct snn_net *net)
{
	for (uint32_t i = 0; i < net->n_tensor; i++)
		memset(net->tensor[i].grad, 0, net->tensor[i].n * sizeof(double));
}

int snn_trainer_gradients(
	struct snn_trainer *tr, uint32_t i_seq, double *ret_nll, struct snn_error *e)
{
	const struct snn_seq *seq = &tr->data.seq[SNN_TRAIN][i_seq];
	struct snn_score score = { 0 };
	int r;

	drop_gradients(&tr->net);
	r = snn_batch_run(&tr->batch, &seq, 1, &tr->learner, NULL, NULL, &score, e);
	*ret_nll = score.nll;
	return r;
}

int snn_trainer_start(struct snn_trainer *tr, struct snn_error *e)
{
	uint32_t n = tr->config.chips.calibrate_sequences;
	double nll;
	int r = 1;

	if (tr->config.weights == SNN_WEIGHTS_FLOAT)
		return 0;
	n = n < tr->data.n_seq[SNN_TRAIN] ? n : tr->data.n_seq[SNN_TRAIN];
	for (int round = 0; r > 0 && round < N_CALIBRATION; round++) {
		r = 0;
		for (uint32_t i = 0; r == 0 && i < n; i++)
			r = snn_trainer_gradients(tr, i, &nll, e);
		if (r == 0)
			r = tr->weights->ops->adapt(tr->weights, e);
	}
	drop_gradients(&tr->net);
	return r < 0 ? r : tr->weights->ops->refer(tr->weights, e);
}
