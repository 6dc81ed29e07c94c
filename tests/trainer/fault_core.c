/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_core.c - training when memory runs out: each allocation of the trainer, the HAL and the
 * emulator fails once, alone and with all after it. An error with a message each time; ASan sees to
 * leaks.
 */
#include <stdio.h>
#include <string.h>
#include "checkpoint.h"
#include "fault.h"
#include "train.h"
#include "trainer_test.h"

static struct snn_config config;

static int setup(void **state)
{
	int r = scratch_setup(state);

	write_text("p.json",
		"{\"train\": [[[60], [61], [60]]], \"valid\": [[[60], []]], \"test\": [[[60], [61]]]}");
	snn_config_default(&config);
	snprintf(config.task, sizeof(config.task), "jsb");
	snprintf(config.data, sizeof(config.data), "p.json");
	config.network.hidden[0] = 1;
	config.network.w_scale = 10;
	config.network.threshold = 0.1;
	config.train.epochs = 1;
	config.chips.read_average = 1;
	config.chips.calibrate_sequences = 1;
	config.update.refresh_every = 1;
	config.update.refresh_pulses = 3;
	config.update.refresh_fraction = 0.25;
	return r;
}

static int run(struct snn_error *e)
{
	volatile sig_atomic_t stop = 0;
	struct snn_trainer tr;
	int r = snn_trainer_init(&tr, &config, false, e);

	if (r < 0)
		return r;
	r = snn_trainer_start(&tr, e);
	if (r == 0)
		r = snn_trainer_epoch(&tr, &stop, NULL, e);
	snn_trainer_done(&tr);
	return r;
}

static int save(struct snn_error *e)
{
	struct snn_trainer tr;
	struct snn_store *st;
	int r = snn_trainer_init(&tr, &config, false, e);

	if (r < 0)
		return r;
	r = snn_checkpoint_save(&tr, &st, e);
	if (r == 0) {
		r = snn_store_write(st, "a.h5", e);
		snn_store_free(st);
	}
	snn_trainer_done(&tr);
	return r;
}

static int load(struct snn_error *e)
{
	struct snn_trainer tr;
	int r = snn_trainer_init(&tr, &config, true, e);

	if (r < 0)
		return r;
	r = snn_checkpoint_load(&tr, "a.h5", e);
	snn_trainer_done(&tr);
	return r;
}

static void every_rule_in_float_without_memory_is_an_error(void **state)
{
	(void)state;
	for (int k = 0; snn_rule_names[k]; k++) {
		snprintf(config.rule, sizeof(config.rule), "%s", snn_rule_names[k]);
		fault_exhaust(run);
	}
}

static void adam_and_dense_traces_without_memory_are_an_error(void **state)
{
	(void)state;
	config.train.optimizer = SNN_ADAM;
	config.train.trace = SNN_TRACE_DENSE;
	config.network.n_hidden = 2;
	config.network.hidden[1] = 2;
	fault_exhaust(run);
}

static void chips_without_memory_are_an_error(void **state)
{
	(void)state;
	config.weights = SNN_WEIGHTS_CHIPS;
	snprintf(config.rule, sizeof(config.rule), "bptt");
	snprintf(config.uri, sizeof(config.uri), "emu:?chips=1");
	config.update.scheme = SNN_STOCHASTIC;
	fault_exhaust(run);
}

static void checkpoints_without_memory_are_an_error(void **state)
{
	(void)state;
	fault_spares_realloc = true; /* see fault_memory.c: HDF5 */
	fault_exhaust(save);
	fault_exhaust(load);
	config.weights = SNN_WEIGHTS_CHIPS;
	snprintf(config.uri, sizeof(config.uri), "emu:?chips=1");
	snprintf(config.rule, sizeof(config.rule), "bptt");
	fault_exhaust(save);
	fault_exhaust(load);
	fault_spares_realloc = false;
}

#define fault_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		fault_test(every_rule_in_float_without_memory_is_an_error),
		fault_test(adam_and_dense_traces_without_memory_are_an_error),
		fault_test(chips_without_memory_are_an_error),
		fault_test(checkpoints_without_memory_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
