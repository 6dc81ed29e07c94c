/* SPDX-License-Identifier: GPL-3.0-or-later */
/* osttp train and eval from outside: what they print, how they end, what they refuse and how. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "osttp_run.h"
#include "store.h"

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

/* ---- what they print ---- */

/* One line of JSON, and nothing else, on stdout. */
static json_t *parsed(struct ran r)
{
	json_error_t e;
	json_t *j;

	if (r.status != 0)
		fail_msg("exit status %d: %s", r.status, r.err);
	assert_ptr_equal(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
	j = json_loads(r.out, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		fail_msg("%s in %s", e.text, r.out);
	ran_done(&r);
	return j;
}

static double number(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	if (!json_is_number(v))
		fail_msg("%s is no number", key);
	return json_number_value(v);
}

/* 0 < NLL < 88 ln 2, what 88 coins would cost. */
static void assert_result(const json_t *j, int epochs)
{
	assert_true(number(j, "test_nll") > 0 && number(j, "test_nll") < 61);
	assert_true(number(j, "valid_nll") > 0 && number(j, "valid_nll") < 61);
	assert_true(number(j, "epoch") >= 1 && number(j, "epoch") <= epochs);
	assert_true(number(j, "seconds") >= 0);
}

static void train_and_eval_agree_in_float(void **state)
{
	json_t *j, *k;

	(void)state;
	j = parsed(osttp("train", SMALL, "--json", "--out", "run", NULL));
	assert_result(j, 3);
	assert_true(number(j, "pulses") == 0);
	k = parsed(osttp("eval", "run", "--json", NULL));
	assert_result(k, 3);
	assert_true(number(j, "test_nll") == number(k, "test_nll"));
	assert_true(number(j, "valid_nll") == number(k, "valid_nll"));
	assert_true(number(j, "epoch") == number(k, "epoch"));
	json_decref(j);
	json_decref(k);
	assert_ended(osttp("eval", "run", "--after", "1h", NULL), 2, "need");
}

static void train_and_eval_on_chips_count_pulses_and_time(void **state)
{
	json_t *j, *k;

	(void)state;
	j = parsed(osttp("train", SMALL, "--weights", "chips", "--json", "--out", "run", NULL));
	assert_result(j, 3);
	assert_true(number(j, "pulses") > 0);
	assert_true(number(j, "chip_time_s") > 15); /* 3 epochs of 5 sequences, 1 s each */
	assert_true(number(j, "energy_j") > 0);
	json_decref(j);
	j = parsed(osttp("eval", "--json", "run", NULL));
	k = parsed(osttp("eval", "run", "--after", "1h", "--json", NULL));
	assert_result(j, 3);
	assert_result(k, 3);
	assert_true(number(k, "after_s") == 3600);
	/* An hour of drift: g falls by 3600^-0.04, a quarter. */
	assert_true(number(j, "test_nll") != number(k, "test_nll"));
	json_decref(j);
	json_decref(k);
	/* The folder was not changed: the same numbers again. */
	expect_done(osttp_to("a.txt", "eval", "run", "--after", "60min", NULL));
	expect_done(osttp_to("b.txt", "eval", "--after=3600", "run", NULL));
	{
		char *a = read_bytes("a.txt", NULL), *b = read_bytes("b.txt", NULL);

		assert_string_equal(a, b);
		assert_contains(a, "3600 s of chip time");
		free(a);
		free(b);
	}
}

static double nll_after(const char *run, const char *after, const char *how)
{
	json_t *j =
		parsed(osttp("eval", run, "--after", after, "--compensate", how, "--json", NULL));
	double nll = number(j, "test_nll");

	assert_string_equal(json_string_value(json_object_get(j, "compensate")), how);
	json_decref(j);
	return nll;
}

/* none is what eval does by itself; each other way is another correction. */
/* The trained network goes on for a day, at the pace and with the remedy of a new choice. */
static void a_run_goes_on_at_another_pace(void **state)
{
	json_t *j;

	(void)state;
	expect_done(osttp("train", SMALL, "--weights", "chips", "--out", "run", NULL));
	assert_int_equal(access("run/plan.svg", F_OK), 0);
	j = parsed(osttp("train", "--resume", "run", "--epochs", "4", "--set", "chips.wait=17280",
		"--set", "chips.compensate=global", "--json", NULL));
	assert_true(number(j, "chip_time_s") > 5 * 17280);
	json_decref(j);
}

static void eval_compensates_as_it_is_told(void **state)
{
	json_t *j;

	(void)state;
	expect_done(osttp("train", SMALL, "--weights", "chips", "--out", "run", NULL));
	j = parsed(osttp("eval", "run", "--after", "30d", "--json", NULL));
	assert_true(nll_after("run", "30d", "none") == number(j, "test_nll"));
	assert_true(nll_after("run", "30d", "global") != number(j, "test_nll"));
	assert_true(nll_after("run", "30d", "column") != nll_after("run", "30d", "global"));
	json_decref(j);
	assert_ended(osttp("eval", "run", "--compensate", "colum", NULL), 2, "column");
}

static void no_epoch_has_null_for_a_result(void **state)
{
	json_t *j = parsed(
		osttp("train", SMALL, "--epochs", "0", "--json", "--quiet", "--out", "run", NULL));

	(void)state;
	assert_true(json_is_null(json_object_get(j, "test_nll")));
	assert_true(json_is_null(json_object_get(j, "valid_nll")));
	assert_true(number(j, "epoch") == 0);
	json_decref(j);
	assert_ended(osttp("eval", "run", NULL), 2, "--last takes the checkpoint");
	j = parsed(osttp("eval", "run", "--last", "--json", NULL));
	assert_true(number(j, "test_nll") > 0);
	json_decref(j);
}

/* One above the largest signed number of 64 bits, and the largest of all. */
static void a_large_seed_is_not_negative(void **state)
{
	static const char *const seeds[] = { "9223372036854775808", "18446744073709551615" };
	json_t *j;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		j = parsed(osttp("train", SMALL, "--epochs", "0", "--json", "--quiet", "--seed",
			seeds[i], "--out", i ? "b" : "a", NULL));
		assert_string_equal(json_string_value(json_object_get(j, "seed")), seeds[i]);
		json_decref(j);
	}
	j = parsed(osttp("train", SMALL, "--epochs", "0", "--json", "--quiet", "--seed",
		"9223372036854775807", "--out", "c", NULL));
	assert_true(json_integer_value(json_object_get(j, "seed")) == INT64_MAX);
	json_decref(j);
}

/* Table I of Ortner et al. (AICAS 2023): symmetric weights needed, locked in time, locked in space. */
static void rules_are_table_one(void **state)
{
	static const char *const table[][4] = { { "bptt", "yes", "yes", "yes" },
		{ "fa", "no", "yes", "yes" }, { "dfa", "no", "yes", "yes" },
		{ "drtp", "no", "yes", "no" }, { "eprop", "yes", "no", "yes" },
		{ "eprop-rnd", "no", "no", "yes" }, { "ostl", "yes", "no", "yes" },
		{ "ostl-rnd", "no", "no", "yes" }, { "osttp", "no", "no", "no" },
		{ "decolle", "no", "no", "no" }, { "etlp", "no", "no", "no" },
		/* not in the table: no traces, so as the table has drtp, and it waits for the error */
		{ "ptncn", "no", "yes", "yes" } };
	struct ran r = osttp("rules", NULL);
	char want[80];

	(void)state;
	assert_int_equal(r.status, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(want, sizeof(want), "\n%-10s %-10s %-5s %-6s ", table[i][0], table[i][1],
			table[i][2], table[i][3]);
		assert_contains(r.out, want);
	}
	ran_done(&r);
}

static void text_names_result_baseline_and_folder(void **state)
{
	struct ran r = osttp("train", SMALL, "--quiet", "--out", "run", NULL);

	(void)state;
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_contains(r.out, "test NLL");
	assert_contains(r.out, "marginal baseline");
	assert_contains(r.out, "run folder        run\n");
	ran_done(&r);
	r = osttp("train", SMALL, "--out", "chips", "--weights", "chips", "--epochs", "1", NULL);
	assert_int_equal(r.status, 0);
	assert_contains(r.out, "pulses ");
	assert_contains(r.out, "energy ");
	assert_contains(r.err, "V    12 x 88   board 0, chip 0, rows 88 .. 99");
	assert_int_equal(access("chips/device.txt", F_OK), 0);
	ran_done(&r);
}

static void one_seed_gives_one_metrics_csv(void **state)
{
	char *a, *b;

	(void)state;
	expect_done(osttp("train", SMALL, "--weights", "chips", "--out", "a", NULL));
	expect_done(osttp("train", SMALL, "--out", "b", "--weights", "chips", NULL));
	a = read_bytes("a/metrics.csv", NULL);
	b = read_bytes("b/metrics.csv", NULL);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* A run knows its board: the environment counts where it begins, and no more. */
static void the_board_of_the_environment_becomes_the_runs(void **state)
{
	static const char uri[] = "emu:?model=ideal&chips=2&seed=9";
	char *config;

	(void)state;
	setenv("XBAR_URI", uri, 1);
	expect_done(
		osttp("train", SMALL, "--weights", "chips", "--epochs", "1", "--out", "a", NULL));
	unsetenv("XBAR_URI");
	config = read_bytes("a/config.yaml", NULL);
	assert_contains(config, uri);
	free(config);
	expect_done(osttp("train", "--resume", "a", "--epochs", "2", NULL));
	expect_done(
		osttp("train", SMALL, "--weights", "chips", "--epochs", "1", "--out", "b", NULL));
	setenv("XBAR_URI", uri, 1);
	expect_done(osttp("eval", "b", NULL));
	setenv("XBAR_URI", "emu:?chipz=1", 1);
	assert_ended(osttp("train", SMALL, "--weights", "chips", "--out", "c", NULL), 2,
		"unknown key \"chipz\"");
	unsetenv("XBAR_URI");
}

static void the_plan_is_data_and_starts_no_run(void **state)
{
	struct ran r = osttp("train", SMALL, "--weights", "chips", "--set", "network.hidden=300",
		"--plan", NULL);
	char *picture;

	(void)state;
	assert_int_equal(r.status, 0);
	assert_string_equal(r.err, "");
	assert_contains(r.out, "4 chips of 256 x 256 cells");
	assert_contains(r.out,
		"in 2 tiles, 1 down and 2 across\n"
		"     88 x 150  board 0, chip 0, rows 0 .. 87, columns 0 .. 149\n");
	ran_done(&r);
	assert_int_equal(access("runs", F_OK), -1);
	expect_done(osttp_to(
		"plan.txt", "train", SMALL, "--weights", "chips", "--plan=plan.svg", NULL));
	picture = read_bytes("plan.svg", NULL);
	assert_contains(picture, "<svg");
	assert_contains(picture, ">chips</");
	assert_contains(picture, ">W</");
	free(picture);
	assert_ended(osttp("train", SMALL, "--plan", NULL), 2, "--weights chips");
	assert_ended(osttp("train", "--plan", "--out", "run", NULL), 2, "starts no run");
}

static void a_folder_that_json_cannot_name_is_no_success(void **state)
{
	(void)state;
	assert_ended(
		osttp("train", SMALL, "--quiet", "--json", "--out", "r\xff", NULL), 1, "not UTF-8");
	assert_ended(osttp("eval", "r\xff", "--json", NULL), 1, "not UTF-8");
	expect_done(osttp("eval", "r\xff", NULL));
}

static void help_is_data_and_wrong_usage_is_talk(void **state)
{
	static const char *const commands[] = { "train", "eval", "gradients", "data" };
	struct ran r = osttp("--help", NULL);

	(void)state;
	assert_int_equal(r.status, 0);
	for (int k = 0; k < 4; k++)
		assert_contains(r.out, commands[k]);
	ran_done(&r);
	for (int k = 0; k < 4; k++) {
		r = osttp(commands[k], "--help", NULL);
		assert_int_equal(r.status, 0);
		assert_contains(r.out, "Usage: osttp");
		assert_string_equal(r.err, "");
		ran_done(&r);
	}
	r = osttp("train", "--help-config", NULL);
	assert_int_equal(r.status, 0);
	assert_contains(r.out, "network.decay");
	assert_contains(r.out, "chips.w_max");
	ran_done(&r);
	assert_ended(osttp(NULL, NULL), 2, "Usage: osttp COMMAND");
	assert_ended(osttp("trian", NULL), 2, "unknown command trian");
	assert_ended(osttp("train", "--bogus", NULL), 2, "--bogus");
	assert_ended(osttp("train", "stray", NULL), 2, "stray");
	assert_ended(osttp("eval", NULL), 2, "which run");
	assert_ended(osttp("eval", "a", "b", NULL), 2, "unexpected argument b");
	assert_ended(osttp("gradients", NULL), 2, "--out");
}

/* ---- what they refuse ---- */

/* Refused in these words, and nothing is left behind. Of two equal options the later one counts. */
static void refused_last(const char *a, const char *b, const char *word)
{
	assert_ended(
		osttp("train", SMALL, "--out", "run", "--weights", "chips", a, b, NULL), 2, word);
	assert_int_equal(access("run", F_OK), -1);
}

static void refused(const char *a, const char *b, const char *word)
{
	refused_last(a, b, word);
	assert_ended(osttp("train", a, b, SMALL, "--weights=chips", "--out=run", NULL), 2, word);
	assert_int_equal(access("run", F_OK), -1);
}

static void wrong_settings_name_what_was_meant(void **state)
{
	(void)state;
	refused("--uri", "foo:?x=1", "unknown kind of board \"foo:\"");
	refused("--uri", "emu:?chipz=2", "unknown key \"chipz\", did you mean \"chips\"?");
	refused("--uri", "emu:?chips=0", "chips=0 is outside 1 .. 64");
	refused("--set", "uri2=emu:?chipz=1", "unknown key \"chipz\"");
	refused("--set", "network.hiden=3",
		"unknown key network.hiden, did you mean network.hidden?");
	refused("--set", "network.decay=1.5", "network.decay = 1.5 is outside 0 .. 1");
	refused("--set", "network.decay=nan", "network.decay");
	refused("--set", "network.decay_max=0.1", "network.decay_max = 0.1 is not between");
	refused("--set", "network.hidden=[]", "network.hidden");
	refused("--set", "network.hidden", "expected path=value");
	refused("--epochs", "-1", "train.epochs = -1 is outside");
	refused("--seed", "one", "seed = \"one\" is not a whole number");
	refused("--rule", "ostpp", "did you mean osttp?");
	refused_last("--task", "bach", "unknown task \"bach\"");
	refused("--uri", "emu:?chips=1", "needs 2 chips of 256 x 256 cells");
}

static void wrong_files_are_named(void **state)
{
	(void)state;
	refused_last("--config", "nope.yaml", "nope.yaml: No such file or directory");
	refused_last("--data", "nope.json", "nope.json: No such file or directory");
	write_text("cut.json", "{\"train\": [[[60,64],[62");
	refused_last("--data", "cut.json", "cut.json:1: not whole JSON");
	write_text("high.json",
		"{\"train\": [[[60],[109]]], \"valid\": [[[60],[60]]], \"test\": [[[60],[60]]]}");
	refused_last(
		"--data", "high.json", "train, piece 0, step 1: note 109 is outside 21 .. 108");
	write_text("wrong.yaml", "network:\n  decay: 0.5\n  hiden: 7\n");
	refused_last("--config", "wrong.yaml", "wrong.yaml:3: unknown key network.hiden");
}

static void a_used_folder_is_not_used_again(void **state)
{
	char *before, *after;

	(void)state;
	expect_done(osttp("train", SMALL, "--out", "run", NULL));
	before = read_bytes("run/metrics.csv", NULL);
	assert_ended(osttp("train", SMALL, "--out", "run", "--seed", "2", NULL), 2,
		"run holds a run already");
	after = read_bytes("run/metrics.csv", NULL);
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_ended(osttp("train", "--resume", "run", "--rule", "bptt", NULL), 2,
		"rule is fixed by the run; only --epochs, chips.wait and chips.compensate may be changed");
	assert_ended(osttp("train", "--resume", "run", "--out", "b", NULL), 2, "--out");
	assert_ended(osttp("train", "--resume", "run", "--epochs", "2", NULL), 2,
		"3 epochs, more than train.epochs = 2");
	assert_ended(osttp("train", "--resume", "nowhere", NULL), 2, "not a run folder");
	assert_ended(osttp("eval", "nowhere", NULL), 2, "not a run folder");
	assert_ended(osttp("eval", "run", "--after", "soon", NULL), 2, "--after soon");
}

static void copy(const char *from, const char *to)
{
	size_t n;
	char *p = read_bytes(from, &n);

	write_bytes(to, p, n);
	free(p);
}

static void checkpoints_of_others_and_damaged_ones_are_refused(void **state)
{
	size_t n;
	char *p;

	(void)state;
	expect_done(osttp("train", SMALL, "--out", "run", NULL));
	expect_done(osttp("train", SMALL, "--out", "wide", "--set", "network.hidden=13", NULL));
	copy("run/checkpoint.h5", "kept.h5");
	copy("wide/checkpoint.h5", "run/checkpoint.h5");
	assert_ended(osttp("train", "--resume", "run", "--epochs", "5", NULL), 2,
		"run/checkpoint.h5 was made with network.hidden=13, ");
	p = read_bytes("kept.h5", &n);
	p[n / 3] ^= 1;
	write_bytes("run/checkpoint.h5", p, n);
	assert_ended(osttp("train", "--resume", "run", "--epochs", "5", NULL), 1,
		"run/checkpoint.h5 is damaged");
	write_bytes("run/best.h5", p, n / 2);
	assert_ended(osttp("eval", "run", NULL), 1, "run/best.h5");
	free(p);
	/* Nothing was lost by trying. */
	copy("kept.h5", "run/checkpoint.h5");
	expect_done(osttp("train", "--resume", "run", "--epochs", "5", NULL));
}

/* ---- full disks ---- */

static void a_full_stdout_is_no_success(void **state)
{
	static const char word[] = "standard output cannot be written: No space left on device";

	(void)state;
	if (access("/dev/full", W_OK) < 0)
		skip();
	assert_ended(osttp_to("/dev/full", "--help", NULL), 1, word);
	assert_ended(osttp_to("/dev/full", "train", "--help", NULL), 1, word);
	assert_ended(osttp_to("/dev/full", "train", "--help-config", NULL), 1, word);
	assert_ended(osttp_to("/dev/full", "--version", NULL), 1, word);
	assert_ended(
		osttp_to("/dev/full", "train", SMALL, "--json", "--out", "run", NULL), 1, word);
	assert_ended(osttp_to("/dev/full", "eval", "run", NULL), 1, word);
	/* The run itself is whole. */
	expect_done(osttp("eval", "run", NULL));
}

/* As the disk fills, config.yaml, then the checkpoint, then nothing fails. */
static void a_full_disk_loses_nothing(void **state)
{
	struct stat checkpoint;

	(void)state;
	assert_ended(osttp_limited(1000, "train", SMALL, "--out", "run", NULL), 1,
		"run/config.yaml cannot be written: File too large");
	assert_ended(osttp_limited(12000, "train", SMALL, "--out", "run", NULL), 1,
		"run/checkpoint.h5 cannot be written: File too large");
	/* Room again: the run can begin. */
	expect_done(osttp("train", "--resume", "run", NULL));
	assert_int_equal(stat("run/checkpoint.h5", &checkpoint), 0);
	assert_ended(osttp_limited(8000, "train", "--resume", "run", "--epochs", "9", NULL), 1,
		"File too large");
	expect_done(osttp("eval", "run", NULL));
	expect_done(osttp("train", "--resume", "run", "--epochs", "9", NULL));
	expect_done(osttp("train", SMALL, "--out", "whole", "--epochs", "9", NULL));
	{
		char *a = read_bytes("run/metrics.csv", NULL);
		char *b = read_bytes("whole/metrics.csv", NULL);

		assert_string_equal(a, b);
		free(a);
		free(b);
	}
	assert_ended(osttp_limited(8000, "gradients", SMALL, "--out", "g.h5", NULL), 1,
		"g.h5 cannot be written: File too large");
	assert_int_equal(access("g.h5", F_OK), -1);
}

#define small_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		small_test(train_and_eval_agree_in_float),
		small_test(train_and_eval_on_chips_count_pulses_and_time),
		small_test(a_run_goes_on_at_another_pace),
		small_test(eval_compensates_as_it_is_told),
		small_test(no_epoch_has_null_for_a_result),
		small_test(a_large_seed_is_not_negative),
		small_test(rules_are_table_one),
		small_test(text_names_result_baseline_and_folder),
		small_test(one_seed_gives_one_metrics_csv),
		small_test(the_board_of_the_environment_becomes_the_runs),
		small_test(the_plan_is_data_and_starts_no_run),
		small_test(a_folder_that_json_cannot_name_is_no_success),
		small_test(help_is_data_and_wrong_usage_is_talk),
		small_test(wrong_settings_name_what_was_meant),
		small_test(wrong_files_are_named),
		small_test(a_used_folder_is_not_used_again),
		small_test(checkpoints_of_others_and_damaged_ones_are_refused),
		small_test(a_full_stdout_is_no_success),
		small_test(a_full_disk_loses_nothing),
	};

	if (argc != 2)
		return 2;
	osttp_is(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
