/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runlog.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "trainer_test.h"

static const struct snn_epoch rows[2] = {
	{ .epoch = 1,
		.rate = 0.1,
		.train_nll = 1.0 / 3,
		.valid_nll = NAN,
		.test_nll = NAN,
		.activity = 0.25,
		.chip_time = NAN,
		.energy = NAN,
		.train_accuracy = NAN,
		.valid_accuracy = NAN,
		.test_accuracy = NAN },
	{ .epoch = 2,
		.rate = 0.05,
		.train_nll = 9,
		.valid_nll = 8.5,
		.test_nll = 8.75,
		.activity = 1e-300,
		.n_set = UINT64_MAX,
		.n_reset = 1,
		.n_read = 2,
		.n_sat = 3,
		.n_refresh = 4,
		.chip_time = 1.5,
		.energy = 2e-6,
		.train_accuracy = 0.75,
		.valid_accuracy = 0.5,
		.test_accuracy = 0.25 },
};

static struct snn_runlog *created(const char *path, const struct snn_config *c)
{
	struct snn_runlog *l = NULL;
	struct snn_error e = { "" };

	if (snn_runlog_create(&l, path, c, &e) < 0)
		fail_msg("%s", e.text);
	return l;
}

static void assert_text(const char *file, const char *want)
{
	char *text = read_bytes(file, NULL);

	assert_string_equal(text, want);
	free(text);
}

static void what_a_crash_left_beside_is_swept(void **state)
{
	struct snn_runlog *l;
	struct snn_error e = { "" };
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	snn_runlog_close(created("run", &c));
	write_text("run/best.h5.77-0.part", "half");
	assert_int_equal(snn_runlog_look(&l, "run", &c, &e), 0);
	assert_int_equal(access("run/best.h5.77-0.part", F_OK), 0);
	snn_runlog_close(l);
	assert_int_equal(snn_runlog_open(&l, "run", &c, &e), 0);
	assert_int_equal(access("run/best.h5.77-0.part", F_OK), -1);
	snn_runlog_close(l);
}

static void discarded_run_leaves_no_folder(void **state)
{
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	snn_runlog_discard(created("gone", &c));
	assert_int_equal(access("gone", F_OK), -1);
}

static void new_run_keeps_its_configuration(void **state)
{
	struct snn_config c, back;
	struct snn_error e = { "" };
	struct snn_runlog *l;

	(void)state;
	snn_config_default(&c);
	c.seed = 42;
	l = created("a/b", &c);
	assert_string_equal(snn_runlog_path(l), "a/b");
	assert_string_equal(snn_runlog_file(l, "metrics.csv"), "a/b/metrics.csv");
	snn_runlog_close(l);
	l = NULL;
	assert_int_equal(snn_runlog_open(&l, "a/b", &back, &e), 0);
	assert_memory_equal(&c, &back, sizeof(c));
	snn_runlog_close(l);
	snn_runlog_close(NULL);
}

static void default_folder_names_task_rule_weights_and_seed(void **state)
{
	struct snn_config c;
	struct snn_runlog *a, *b;

	(void)state;
	snn_config_default(&c);
	a = created(NULL, &c);
	b = created(NULL, &c); /* in the same second, most likely */
	assert_true(!strncmp(snn_runlog_path(a), "runs/chorale-osttp-float-s1-20", 30));
	assert_string_not_equal(snn_runlog_path(a), snn_runlog_path(b));
	snn_runlog_close(a);
	snn_runlog_close(b);
}

static void folder_that_holds_a_run_is_not_overwritten(void **state)
{
	static const char *const names[] = { "config.yaml", "metrics.csv", "checkpoint.h5",
		"best.h5" };
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l = NULL;

	(void)state;
	snn_config_default(&c);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		write_text(names[i], "precious");
		assert_int_equal(snn_runlog_create(&l, ".", &c, &e), -EEXIST);
		assert_contains(e.text, names[i]);
		assert_contains(e.text, "--resume");
		assert_null(l);
		assert_text(names[i], "precious");
		unlink(names[i]);
	}
	/* Other people's files are no run. */
	write_text("notes.txt", "mine");
	snn_runlog_close(created(".", &c));
	assert_text("notes.txt", "mine");
}

/* Exit status of a process that tries to open (or make) run folder "run". */
static int try_elsewhere(bool is_new)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct snn_config c;
		struct snn_error e = { "" };
		struct snn_runlog *l = NULL;
		FILE *f;
		int r;

		snn_config_default(&c);
		r = is_new ? snn_runlog_create(&l, "run", &c, &e)
			   : snn_runlog_open(&l, "run", &c, &e);
		f = fopen("message", "w");
		if (f) {
			fputs(e.text, f);
			fclose(f);
		}
		_exit(-r);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void second_process_is_told_the_pid_of_the_first(void **state)
{
	struct snn_config c;
	struct snn_runlog *l;
	char want[100];

	(void)state;
	snn_config_default(&c);
	l = created("run", &c);
	snprintf(want, sizeof(want), "run is in use by process %ld", (long)getpid());
	assert_int_equal(try_elsewhere(false), EBUSY);
	assert_text("message", want);
	assert_int_equal(try_elsewhere(true), EBUSY);
	assert_text("message", want);
	snn_runlog_close(l);
	assert_int_equal(try_elsewhere(false), 0);
	assert_int_equal(try_elsewhere(true), EEXIST);
}

/* The lock is not the file: it ends with the process, however that ended. */
static void lock_of_a_killed_process_is_free(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l = NULL;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	snn_config_default(&c);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (snn_runlog_create(&l, "run", &c, &e) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(snn_runlog_open(&l, "run", &c, &e), -EBUSY);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(snn_runlog_open(&l, "run", &c, &e), 0);
	snn_runlog_close(l);
}

static void folder_without_a_run_cannot_be_opened(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l = NULL;

	(void)state;
	assert_int_equal(snn_runlog_open(&l, "none", &c, &e), -ENOENT);
	assert_contains(e.text, "none is not a run folder");
	assert_int_equal(snn_runlog_open(&l, ".", &c, &e), -ENOENT);
	assert_int_equal(n_entries(), 0); /* not even a lock */
	write_text("config.yaml", "rul: ostl\n");
	assert_int_equal(snn_runlog_open(&l, ".", &c, &e), -EINVAL);
	assert_contains(e.text, "./config.yaml:1: unknown key rul");
	write_text("file", "");
	assert_int_equal(snn_runlog_create(&l, "file", &c, &e), -ENOTDIR);
	assert_null(l);
}

/* Nothing of the wall clock, NAN an empty field, numbers in the fewest digits that read back. */
static void metrics_are_exact_bytes(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l;

	(void)state;
	snn_config_default(&c);
	l = created("run", &c);
	assert_int_equal(snn_runlog_metrics(l, rows, 0, &e), 0);
	assert_int_equal(snn_runlog_metrics(l, rows, 2, &e), 0);
	assert_text("run/metrics.csv",
		"epoch,rate,train_nll,valid_nll,test_nll,activity,n_set,n_reset,n_read,n_sat,"
		"n_refresh,chip_time_s,energy_j,train_accuracy,valid_accuracy,test_accuracy\n"
		"1,0.1,0.3333333333333333,,,0.25,0,0,0,0,0,,,,,\n"
		"2,0.05,9,8.5,8.75,1e-300,18446744073709551615,1,2,3,4,1.5,2e-06,0.75,0.5,0.25\n");
	snn_runlog_close(l);
}

static void full_disk_leaves_the_old_metrics(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l;
	char *old, *new;
	int r;

	(void)state;
	snn_config_default(&c);
	l = created("run", &c);
	assert_int_equal(snn_runlog_metrics(l, rows, 1, &e), 0);
	old = read_bytes("run/metrics.csv", NULL);
	limit_file_size(16);
	r = snn_runlog_metrics(l, rows, 2, &e);
	limit_file_size(0);
	assert_int_equal(r, -EFBIG);
	assert_contains(e.text, "run/metrics.csv cannot be written");
	new = read_bytes("run/metrics.csv", NULL);
	assert_string_equal(old, new);
	snn_runlog_close(l);
	free(old);
	free(new);
}

static void run_on_a_full_disk_can_be_opened(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l = NULL;
	int r;

	(void)state;
	snn_config_default(&c);
	snn_runlog_close(created("run", &c));
	limit_file_size(1);
	r = snn_runlog_open(&l, "run", &c, &e);
	limit_file_size(0);
	assert_int_equal(r, 0);
	snn_runlog_close(l);
}

/* A folder whose configuration could not be written is not taken for a run. */
static void run_that_cannot_be_started_can_be_started_again(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };
	struct snn_runlog *l = NULL;
	int r;

	(void)state;
	snn_config_default(&c);
	limit_file_size(100);
	r = snn_runlog_create(&l, "run", &c, &e);
	limit_file_size(0);
	assert_int_equal(r, -EFBIG);
	assert_contains(e.text, "run/config.yaml cannot be written");
	snn_runlog_close(created("run", &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(new_run_keeps_its_configuration),
		scratch_test(discarded_run_leaves_no_folder),
		scratch_test(what_a_crash_left_beside_is_swept),
		scratch_test(default_folder_names_task_rule_weights_and_seed),
		scratch_test(folder_that_holds_a_run_is_not_overwritten),
		scratch_test(second_process_is_told_the_pid_of_the_first),
		scratch_test(lock_of_a_killed_process_is_free),
		scratch_test(folder_without_a_run_cannot_be_opened),
		scratch_test(metrics_are_exact_bytes),
		scratch_test(full_disk_leaves_the_old_metrics),
		scratch_test(run_on_a_full_disk_can_be_opened),
		scratch_test(run_that_cannot_be_started_can_be_started_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
