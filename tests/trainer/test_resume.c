/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run that was interrupted and goes on from its checkpoint ends with the same bytes as one that was
 * not: metrics.csv and checkpoint.h5. Float and chips (emulated, with all noise), each optimizer and
 * update scheme.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checkpoint.h"
#include "core_test.h"
#include "train.h"

static const char pieces[] =
	"{\"train\": [[[60,64,67],[60,65],[],[59,62,67],[60,64]], [[62,65],[60,64],[62,65]],"
	" [[48,60],[50,62],[52,64],[53,65],[55,67],[57,69]], [[70],[71]],"
	" [[60,64,67],[62,65,69],[64,67,71]], [[40,52,64],[41,53,65],[40,52,64],[38,50,62]]],"
	" \"valid\": [[[60,64],[62,65],[64,67]], [[48,60],[50,62]]],"
	" \"test\": [[[60,64,67],[60,65],[59,62]], [[50],[52],[53]]]}";
#define N_TRAIN 6

static struct snn_config usual(int weights)
{
	struct snn_config c;

	snn_config_default(&c);
	c.weights = weights;
	snprintf(c.task, sizeof(c.task), "jsb");
	snprintf(c.data, sizeof(c.data), "pieces.json");
	snprintf(c.uri, sizeof(c.uri), "emu:?chips=2&seed=3");
	c.network.n_hidden = 1;
	c.network.hidden[0] = 12;
	c.network.w_scale = 6;
	c.network.threshold = 0.3;
	c.network.decay = 0.8;
	c.train.epochs = 3;
	c.train.batch = 2;
	c.train.rate = 0.05;
	c.update.refresh_every = 2;
	c.update.refresh_pulses = 1;
	c.update.refresh_fraction = 0.2;
	return c;
}

static void open_trainer(struct snn_trainer *tr, const struct snn_config *c, const char *checkpoint)
{
	struct snn_error e = { "" };
	int r = snn_trainer_init(tr, c, checkpoint, &e);

	if (r == 0)
		r = checkpoint ? snn_checkpoint_load(tr, checkpoint, &e)
			       : snn_trainer_start(tr, &e);
	if (r < 0)
		fail_msg("%s", e.text);
}

static void write_checkpoint(struct snn_trainer *tr, const char *file)
{
	struct snn_store *st;
	struct snn_error e = { "" };

	if (snn_checkpoint_save(tr, &st, &e) < 0 || snn_store_write(st, file, &e) < 0)
		fail_msg("%s", e.text);
	snn_store_free(st);
}

static void write_metrics(struct snn_trainer *tr, const char *folder)
{
	struct snn_runlog *l;
	struct snn_error e = { "" };

	if (snn_runlog_create(&l, folder, &tr->config, &e) < 0 ||
		snn_runlog_metrics(l, tr->row, tr->epoch, &e) < 0)
		fail_msg("%s", e.text);
	snn_runlog_close(l);
}

/* Up to the end, or for n_batch batches; whether it is at the end. */
static bool go(struct snn_trainer *tr, uint32_t n_batch)
{
	volatile sig_atomic_t stop = n_batch > 0;
	struct snn_error e = { "" };

	for (uint32_t k = 0; tr->epoch < tr->config.train.epochs;) {
		int r = snn_trainer_epoch(tr, &stop, NULL, &e);

		if (r < 0)
			fail_msg("%s", e.text);
		if (r == 1 && ++k == n_batch)
			return false;
	}
	return true;
}

static void run_straight(const struct snn_config *c)
{
	struct snn_trainer tr;

	open_trainer(&tr, c, NULL);
	assert_true(go(&tr, 0));
	/* Tests of a network that never fires, or never changes, would show nothing. */
	assert_true(tr.row[0].activity > 0.01 && tr.row[0].activity < 0.9);
	assert_true(tr.row[0].valid_nll != tr.row[2].valid_nll);
	assert_true(c->weights == SNN_WEIGHTS_FLOAT || tr.row[2].n_refresh > 0);
	write_checkpoint(&tr, "straight.h5");
	write_metrics(&tr, "straight");
	snn_trainer_done(&tr);
}

/* A new trainer, as in a new process, every n_batch batches. */
static void run_in_pieces(const struct snn_config *c, uint32_t n_batch)
{
	struct snn_trainer tr;
	bool is_done = false;

	for (const char *from = NULL; !is_done; from = "stopped.h5") {
		open_trainer(&tr, c, from);
		is_done = go(&tr, n_batch);
		write_checkpoint(&tr, "stopped.h5");
		if (is_done)
			write_metrics(&tr, "pieces");
		snn_trainer_done(&tr);
	}
}

static void assert_same_file(const char *a, const char *b)
{
	size_t n, m;
	char *p = read_bytes(a, &n), *q = read_bytes(b, &m);

	assert_int_equal(n, m);
	assert_memory_equal(p, q, n);
	free(p);
	free(q);
}

static void assert_same_end(void)
{
	assert_same_file("straight/metrics.csv", "pieces/metrics.csv");
	assert_same_file("straight.h5", "stopped.h5");
	assert_int_equal(remove("pieces/metrics.csv"), 0);
	assert_int_equal(remove("pieces/config.yaml"), 0);
}

/* 3 batches an epoch: 1 stops everywhere, 2 in mid-epoch and at its last batch, 3 always there. */
static void compare(const struct snn_config *c, uint32_t first, uint32_t last)
{
	write_text("pieces.json", pieces);
	run_straight(c);
	for (uint32_t n_batch = first; n_batch <= last; n_batch++) {
		run_in_pieces(c, n_batch);
		assert_same_end();
	}
}

static void float_with_momentum_goes_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);

	(void)state;
	c.train.momentum = 0.9;
	c.network.decay_max = 0.95;
	compare(&c, 1, 3);
}

static void float_with_adam_goes_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);

	(void)state;
	c.train.optimizer = SNN_ADAM;
	c.train.rate = 0.003;
	c.train.update = SNN_UPDATE_STEP;
	compare(&c, 1, 3);
}

/* The biases of decolle's readouts are c as it was at the start, not as a checkpoint has it. */
static void local_readouts_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);

	(void)state;
	snprintf(c.rule, sizeof(c.rule), "decolle");
	compare(&c, 2, 2);
}

static void firing_rates_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);

	(void)state;
	c.train.rate_penalty = 0.5;
	compare(&c, 1, 3);
}

static void mixed_precision_goes_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.network.decay_max = 0.95;
	compare(&c, 1, 1);
}

static void stochastic_updates_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.update.scheme = SNN_STOCHASTIC;
	c.update.device = SNN_RANDOM_DEVICE;
	compare(&c, 2, 2);
}

/* bptt reads V back every third update only: the image in between is state. */
static void read_back_weights_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	snprintf(c.rule, sizeof(c.rule), "bptt");
	snprintf(c.uri, sizeof(c.uri), "emu:?chips=1");
	c.chips.read_back_every = 3;
	compare(&c, 2, 2);
}

static void weights_of_two_devices_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.chips.devices = SNN_TWO_DEVICES;
	c.update.device = SNN_RANDOM_DEVICE;
	compare(&c, 2, 2);
}

static void two_boards_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	snprintf(c.uri, sizeof(c.uri), "emu:?chips=1");
	snprintf(c.uri2, sizeof(c.uri2), "emu:?chips=1&seed=9");
	compare(&c, 2, 2);
}

static void sign_updates_of_the_lowest_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.update.scheme = SNN_SIGN;
	c.update.device = SNN_LOWEST_DEVICE;
	compare(&c, 2, 2);
}

/* That devices were given up is state, and so is that a cell has failed once. */
static void stuck_devices_stay_given_up_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);
	struct snn_trainer tr;

	(void)state;
	snprintf(c.uri, sizeof(c.uri), "emu:?chips=2&seed=3&stuck_set_rate=0.05");
	compare(&c, 1, 2);
	open_trainer(&tr, &c, "straight.h5");
	assert_true(snn_weights_chips_given_up(tr.weights) > 20);
	snn_trainer_done(&tr);
}

static void compensate(int how)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	c.chips.compensate = how;
	c.chips.compensate_every = 2;
	c.chips.compensate_inputs = 5;
	c.chips.wait = 1000;
	compare(&c, 2, 2);
}

static void factors_of_matrices_go_on_as_if_never_stopped(void **state)
{
	(void)state;
	compensate(SNN_COMPENSATE_GLOBAL);
}

static void factors_of_columns_go_on_as_if_never_stopped(void **state)
{
	(void)state;
	compensate(SNN_COMPENSATE_COLUMN);
}

/* Recurrent, in 2 + 2 + 4 + 2 tiles, one layer after the other of the plan on its chips. */
static void tiles_go_on_as_if_never_stopped(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.uri[0] = 0; /* as many chips as it takes */
	c.network.recurrent = true;
	c.network.hidden[0] = 260;
	compare(&c, 5, 5);
}

/* The same bytes where every call goes through the wire format. */
static void tiles_behind_a_link_train_the_same(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_CHIPS);

	(void)state;
	c.network.recurrent = true;
	c.network.hidden[0] = 260;
	c.train.epochs = 1;
	write_text("pieces.json", pieces);
	for (int k = 0; k < 2; k++) {
		struct snn_trainer tr;

		snprintf(c.uri, sizeof(c.uri), "%s:?chips=10&seed=3", k ? "loop" : "emu");
		open_trainer(&tr, &c, NULL);
		assert_true(go(&tr, 0));
		write_metrics(&tr, k ? "pieces" : "straight");
		snn_trainer_done(&tr);
	}
	assert_same_file("straight/metrics.csv", "pieces/metrics.csv");
}

/* Stopped by the end of one epoch, then asked for three. */
static void more_epochs_are_the_run_that_asked_for_them_at_once(void **state)
{
	(void)state;
	for (int weights = SNN_WEIGHTS_FLOAT; weights <= SNN_WEIGHTS_CHIPS; weights++) {
		struct snn_config c = usual(weights);
		struct snn_trainer tr;

		write_text("pieces.json", pieces);
		run_straight(&c);
		c.train.epochs = 1;
		open_trainer(&tr, &c, NULL);
		assert_true(go(&tr, 0));
		write_checkpoint(&tr, "first.h5");
		snn_trainer_done(&tr);
		c.train.epochs = 3;
		open_trainer(&tr, &c, "first.h5");
		assert_true(go(&tr, 0));
		write_checkpoint(&tr, "stopped.h5");
		write_metrics(&tr, "pieces");
		snn_trainer_done(&tr);
		assert_same_end();
		assert_int_equal(remove("straight/metrics.csv"), 0);
		assert_int_equal(remove("straight/config.yaml"), 0);
	}
}

/* What load says of `file` for this configuration. */
static void refused(struct snn_config c, const char *file, int code, const char *word)
{
	struct snn_trainer tr;
	struct snn_error e = { "" };

	assert_int_equal(snn_trainer_init(&tr, &c, true, &e), 0);
	assert_int_equal(snn_checkpoint_load(&tr, file, &e), code);
	assert_contains(e.text, word);
	snn_trainer_done(&tr);
}

static void checkpoints_of_others_are_refused_in_words(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT), d;
	struct snn_trainer tr;

	(void)state;
	write_text("pieces.json", pieces);
	open_trainer(&tr, &c, NULL);
	assert_true(go(&tr, 0));
	write_checkpoint(&tr, "a.h5");
	snn_trainer_done(&tr);
	refused(c, "none.h5", -ENOENT, "none.h5");
	d = c;
	d.network.hidden[0] = 13;
	refused(d, "a.h5", -EINVAL, "13");
	d = c;
	snprintf(d.rule, sizeof(d.rule), "bptt");
	refused(d, "a.h5", -EINVAL,
		"made with rule=osttp, but the run's configuration has rule=bptt");
	d = c;
	d.weights = SNN_WEIGHTS_CHIPS;
	refused(d, "a.h5", -EINVAL, "made with weights=float");
	d = c;
	d.train.epochs = 2;
	refused(d, "a.h5", -EINVAL, "3 epochs, more than train.epochs = 2");
	d = c;
	d.train.momentum = 0.5;
	refused(d, "a.h5", -EINVAL, "made with train.momentum=0, ");
	d = c;
	d.seed = 77;
	refused(d, "a.h5", -EINVAL, "but the run's configuration has seed=77");
}

static void a_diverging_run_ends_in_words(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);
	volatile sig_atomic_t stop = 0;
	struct snn_trainer tr;
	struct snn_error e = { "" };
	int r = 0;

	(void)state;
	write_text("pieces.json", pieces);
	c.train.rate = 1000;
	c.train.momentum = 0.9999;
	c.train.epochs = 2000;
	open_trainer(&tr, &c, NULL);
	for (int k = 0; r == 0 && k < 10; k++) {
		for (size_t i = 0; i < tr.net.tensor[3].n; i++)
			tr.net.tensor[3].value[i] = k ? INFINITY : 0;
		r = snn_trainer_epoch(&tr, &stop, NULL, &e);
	}
	assert_true(r < 0);
	assert_contains(e.text, "diverged");
	assert_contains(e.text, "train.rate");
	snn_trainer_done(&tr);
}

/* rate 0.5 for epochs 0, 1, then times 0.1: 0.05, 0.05, 0.005 */
static void rates_fall_in_steps(void **state)
{
	struct snn_config c = usual(SNN_WEIGHTS_FLOAT);
	static const double want[] = { 0.5, 0.5, 0.05, 0.05, 0.005 };

	(void)state;
	c.train.rate = 0.5;
	c.train.decay_factor = 0.1;
	c.train.decay_every = 2;
	for (uint32_t k = 0; k < 5; k++)
		assert_true(fabs(snn_rate(&c, k) / want[k] - 1) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(float_with_momentum_goes_on_as_if_never_stopped),
		scratch_test(float_with_adam_goes_on_as_if_never_stopped),
		scratch_test(local_readouts_go_on_as_if_never_stopped),
		scratch_test(firing_rates_go_on_as_if_never_stopped),
		scratch_test(mixed_precision_goes_on_as_if_never_stopped),
		scratch_test(stochastic_updates_go_on_as_if_never_stopped),
		scratch_test(sign_updates_of_the_lowest_go_on_as_if_never_stopped),
		scratch_test(read_back_weights_go_on_as_if_never_stopped),
		scratch_test(weights_of_two_devices_go_on_as_if_never_stopped),
		scratch_test(two_boards_go_on_as_if_never_stopped),
		scratch_test(stuck_devices_stay_given_up_as_if_never_stopped),
		scratch_test(factors_of_matrices_go_on_as_if_never_stopped),
		scratch_test(factors_of_columns_go_on_as_if_never_stopped),
		scratch_test(tiles_go_on_as_if_never_stopped),
		scratch_test(tiles_behind_a_link_train_the_same),
		scratch_test(more_epochs_are_the_run_that_asked_for_them_at_once),
		scratch_test(checkpoints_of_others_are_refused_in_words),
		scratch_test(a_diverging_run_ends_in_words),
		cmocka_unit_test(rates_fall_in_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
