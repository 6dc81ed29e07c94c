/* SPDX-License-Identifier: GPL-3.0-or-later */
/* osttp train stopped by Ctrl-C, by kill -9 at any moment, and by a second process. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "osttp_run.h"

#define N_KILL 6

static int setup(void **state)
{
	int r = scratch_setup(state);

	write_small();
	return r;
}

static void expect_done(struct ran r)
{
	if (r.status != 0)
		fail_msg("exit status %d: %s", r.status, r.err);
	ran_done(&r);
}

static void assert_same_text(const char *a, const char *b)
{
	char *p = read_bytes(a, NULL), *q = read_bytes(b, NULL);

	assert_string_equal(p, q);
	free(p);
	free(q);
}

static void ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(void **state)
{
	char *err;
	pid_t pid = osttp_start("train", SMALL, "--out", "run", "--epochs", "2000", "--set",
		"train.checkpoint_every=100", NULL);

	(void)state;
	wait_for("run/metrics.csv");
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(osttp_wait(pid), 1);
	err = read_bytes("background.err", NULL);
	assert_contains(err, "osttp: stopped in epoch ");
	assert_contains(err, "go on with\n  osttp train --resume run\n");
	free(err);
	expect_done(osttp("eval", "run", "--last", NULL));
}

/* Stopped by SIGTERM as soon as it runs, on chips, then on to the same end. */
static void a_stopped_run_ends_like_an_undisturbed_one(void **state)
{
	pid_t pid = osttp_start(
		"train", SMALL, "--out", "run", "--weights", "chips", "--epochs", "10", NULL);
	int status;

	(void)state;
	wait_for("run/metrics.csv");
	assert_int_equal(kill(pid, SIGTERM), 0);
	status = osttp_wait(pid);
	assert_in_range(status, 0, 1); /* 0: it was faster than we */
	expect_done(osttp("train", "--resume", "run", NULL));
	expect_done(osttp(
		"train", SMALL, "--out", "straight", "--weights", "chips", "--epochs", "10", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
}

/* The first checkpoint is of chips programmed and calibrated: they are not programmed again. */
static void a_run_killed_in_its_first_epoch_goes_on_from_its_beginning(void **state)
{
	pid_t pid = osttp_start(
		"train", SMALL, "--out", "run", "--weights", "chips", "--epochs", "10", NULL);

	(void)state;
	wait_for("run/checkpoint.h5");
	assert_int_equal(kill(pid, SIGKILL), 0);
	osttp_wait(pid);
	expect_done(osttp("train", "--resume", "run", NULL));
	expect_done(osttp(
		"train", SMALL, "--out", "straight", "--weights", "chips", "--epochs", "10", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Begin, or go on, as a user would: --resume where there is a run. */
static pid_t begin_or_resume(const char *epochs)
{
	if (access("run/config.yaml", F_OK) == 0)
		return osttp_start("train", "--resume", "run", NULL);
	return osttp_start("train", SMALL, "--out", "run", "--epochs", epochs, NULL);
}

/*
 * Killed at moments spread over a whole run's time and a few very early ones, where folder,
 * configuration and first checkpoint are made.
 */
static void kill_9_at_any_moment_loses_nothing(void **state)
{
	static const char epochs[] = "25";
	long whole = now_ms();
	unsigned int seed = 5;
	pid_t pid;

	(void)state;
	expect_done(osttp("train", SMALL, "--out", "straight", "--epochs", epochs, NULL));
	whole = now_ms() - whole;
	for (int k = 0; k < N_KILL; k++) {
		pid = begin_or_resume(epochs);
		pause_ms(k < 3 ? k * 10 : rand_r(&seed) % (whole / 2 + 1));
		kill(pid, SIGKILL);
		osttp_wait(pid);
	}
	pid = begin_or_resume(epochs);
	if (osttp_wait(pid) != 0) {
		char *err = read_bytes("background.err", NULL);

		fail_msg("%s", err);
	}
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
}

/* What such a kill can leave: no checkpoint yet; or the last one without its rows. */
static void a_run_is_resumed_from_whatever_a_crash_left(void **state)
{
	(void)state;
	expect_done(osttp("train", SMALL, "--out", "straight", "--weights", "chips", NULL));
	expect_done(
		osttp("train", SMALL, "--out", "run", "--weights", "chips", "--epochs", "3", NULL));
	write_text("run/metrics.csv", "epoch\n");
	expect_done(osttp("train", "--resume", "run", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
	assert_int_equal(unlink("run/checkpoint.h5"), 0);
	/* A lost checkpoint of a run that had begun is no new beginning. */
	assert_ended(osttp("train", "--resume", "run", NULL), 2, "run/checkpoint.h5: No such file");
	assert_int_equal(unlink("run/metrics.csv"), 0);
	assert_int_equal(unlink("run/best.h5"), 0);
	assert_int_equal(unlink("run/device.txt"), 0);
	expect_done(osttp("train", "--resume", "run", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
	assert_same_text("run/device.txt", "straight/device.txt");
}

static void more_epochs_continue_the_run(void **state)
{
	(void)state;
	expect_done(osttp("train", SMALL, "--out", "straight", "--epochs", "5", NULL));
	expect_done(osttp("train", SMALL, "--out", "run", NULL));
	expect_done(osttp("train", "--epochs", "5", "--resume", "run", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
	/* The folder knows: no --epochs needed from now on. */
	expect_done(osttp("train", "--resume", "run", NULL));
	assert_same_text("run/metrics.csv", "straight/metrics.csv");
}

static void a_second_process_stays_out_and_names_the_first(void **state)
{
	char busy[64];
	pid_t pid = osttp_start("train", SMALL, "--out", "run", "--epochs", "100000", NULL);

	(void)state;
	wait_for("run/metrics.csv");
	snprintf(busy, sizeof(busy), "run is in use by process %ld", (long)pid);
	assert_ended(osttp("train", "--resume", "run", NULL), 1, busy);
	expect_done(osttp("eval", "run", "--last", NULL)); /* reading is free */
	assert_ended(osttp("train", SMALL, "--out", "run", NULL), 1, busy);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(osttp_wait(pid), 1);
	expect_done(osttp("eval", "run", "--last", NULL));
}

#define small_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		small_test(ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on),
		small_test(a_stopped_run_ends_like_an_undisturbed_one),
		small_test(a_run_killed_in_its_first_epoch_goes_on_from_its_beginning),
		small_test(kill_9_at_any_moment_loses_nothing),
		small_test(a_run_is_resumed_from_whatever_a_crash_left),
		small_test(more_epochs_continue_the_run),
		small_test(a_second_process_stays_out_and_names_the_first),
	};

	if (argc != 2)
		return 2;
	osttp_is(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
