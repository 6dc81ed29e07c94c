/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * osttp study: points run, are skipped, tried again, interrupted; the table at the end is always the
 * same. A second argument is how often it is killed (everyday: a few times).
 */
#include <gsl/gsl_rng.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "osttp_run.h"

static int n_kill = 6;

#define BASE                                                                  \
	"base:\n"                                                             \
	"  task: jsb\n  data: pieces.json\n"                                  \
	"  network: { hidden: 12, threshold: 0.3, decay: 0.8, w_scale: 6 }\n" \
	"  train: { epochs: 2, rate: 0.05, checkpoint_every: 1 }\n"

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

static void assert_same_file(const char *a, const char *b)
{
	size_t n_a, n_b;
	char *p = read_bytes(a, &n_a), *q = read_bytes(b, &n_b);

	assert_int_equal(n_a, n_b);
	assert_memory_equal(p, q, n_a);
	free(p);
	free(q);
}

/* What `study status --json` counts under that name. */
static long count(const char *study, const char *what)
{
	struct ran r = osttp("study", "status", "--json", study, NULL);
	char key[40];
	const char *at;
	long n;

	assert_int_equal(r.status, 0);
	snprintf(key, sizeof(key), "\"%s\":", what);
	at = strstr(r.out, key);
	assert_non_null(at);
	n = strtol(at + strlen(key), NULL, 10);
	ran_done(&r);
	return n;
}

static void the_table_has_means_over_seeds_whatever_the_order(void **state)
{
	char *text;

	(void)state;
	write_text("s.yaml",
		BASE "  weights: chips\naxes:\n  - rule: [osttp, drtp]\n"
		     "  - uri.drift_nu: {from: 0, to: 0.1, points: 2}\nseeds: 2\n");
	expect_done(osttp("study", "run", "s.yaml", "--quiet", NULL));
	assert_int_equal(count("studies/s", "done"), 8);
	expect_done(osttp("study", "collect", "studies/s", NULL));
	text = read_bytes("studies/s/table.csv", NULL);
	assert_contains(text, "rule,uri.drift_nu,n,epoch_mean,epoch_sd,epoch_ci95,");
	assert_contains(text, "\nosttp,0,2,");
	assert_contains(text, "\ndrtp,0.1,2,");
	free(text);
	/* Some alone and in another order, the rest one at a time, in another folder. */
	write_text("t.yaml",
		BASE "  weights: chips\naxes:\n  - rule: [osttp, drtp]\n"
		     "  - uri.drift_nu: {from: 0, to: 0.1, points: 2}\nseeds: 2\n");
	expect_done(osttp("study", "run", "t.yaml", "-q", "--point", "8", NULL));
	expect_done(osttp("study", "run", "t.yaml", "-q", "--point", "3", NULL));
	expect_done(osttp("study", "run", "t.yaml", "-q", "-j1", NULL));
	expect_done(osttp("study", "collect", "studies/t", NULL));
	assert_same_file("studies/s/table.csv", "studies/t/table.csv");
	assert_same_file("studies/s/points.csv", "studies/t/points.csv");
	assert_same_file("studies/s/table.h5", "studies/t/table.h5");
}

static void a_grown_study_keeps_what_is_finished(void **state)
{
	struct ran r;

	(void)state;
	write_text("s.yaml", BASE "axes:\n  - rule: [osttp]\n");
	expect_done(osttp("study", "run", "s.yaml", "-q", NULL));
	write_text("s.yaml", BASE "axes:\n  - rule: [drtp, osttp]\nseeds: 2\n");
	r = osttp("study", "run", "s.yaml", "--point", "4", NULL);
	assert_int_equal(r.status, 0);
	ran_done(&r);
	assert_int_equal(count("studies/s", "done"), 2);
	assert_int_equal(count("studies/s", "waiting"), 2);
}

static void what_fails_is_tried_once_more_and_named(void **state)
{
	struct ran r;

	(void)state;
	write_text("s.yaml",
		"base:\n  task: jsb\n  network.hidden: 12\n  train.epochs: 2\n"
		"axes:\n  - data: [missing.json, pieces.json]\n");
	r = osttp("study", "run", "s.yaml", NULL);
	assert_int_equal(r.status, 1);
	assert_contains(r.err, "tried again: exit status 2: osttp: ");
	assert_contains(r.err, "FAILED: exit status 2: osttp: ");
	assert_contains(r.err, "missing.json");
	ran_done(&r);
	assert_int_equal(count("studies/s", "failed"), 1);
	assert_int_equal(count("studies/s", "done"), 1);
	r = osttp("study", "collect", "studies/s", NULL);
	assert_int_equal(r.status, 0);
	assert_contains(r.err, "1 of 2 points are not finished");
	ran_done(&r);
}

static void a_point_is_a_run_that_can_be_run_again_alone(void **state)
{
	struct ran r;
	char folder[200], config[240], metrics[240], *at;

	(void)state;
	write_text("s.yaml", BASE "  weights: chips\naxes:\n  - uri.drift_nu: [0.05]\n");
	expect_done(osttp("study", "run", "s.yaml", "-q", NULL));
	r = osttp("study", "status", "--points", "studies/s", NULL);
	at = strstr(r.out, "studies/s/points/");
	assert_non_null(at);
	snprintf(folder, sizeof(folder), "%.*s", (int)strcspn(at, " "), at);
	ran_done(&r);
	snprintf(config, sizeof(config), "%s/config.yaml", folder);
	snprintf(metrics, sizeof(metrics), "%s/metrics.csv", folder);
	expect_done(osttp("train", "-q", "--config", config, "--out", "alone", NULL));
	assert_same_file(metrics, "alone/metrics.csv");
}

/* What moves the result most stands first; a rate of 0 learns nothing. */
static void pictures_and_ranking_follow_from_the_table(void **state)
{
	struct ran r;
	char *svg;

	(void)state;
	write_text("s.yaml",
		BASE "axes:\n  - rule: [osttp, drtp]\n"
		     "  - train.rate: {from: 0, to: 0.2, points: 3}\nseeds: 2\n");
	expect_done(osttp("study", "run", "s.yaml", "-q", NULL));
	r = osttp("study", "plot", "studies/s", NULL);
	if (strstr(r.err, "gnuplot-nox")) {
		print_message("skipped: no gnuplot\n");
		ran_done(&r);
		return;
	}
	assert_int_equal(r.status, 0);
	assert_contains(r.out, "range,axis,least,at,most,at\n");
	assert_true(strstr(r.out, ",train.rate,") < strstr(r.out, ",rule,"));
	ran_done(&r);
	svg = read_bytes("studies/s/test_nll-lines-train.rate.svg", NULL);
	assert_contains(svg, "<svg");
	assert_contains(svg, ">drtp<");
	free(svg);
	svg = read_bytes("studies/s/test_nll-sensitivity-axes.svg", NULL);
	assert_contains(svg, ">train.rate<");
	free(svg);
	assert_ended(osttp("study", "plot", "studies/s", "--metric", "test_nl", NULL), 2,
		"no column test_nl, did you mean test_nll?");
}

static void nap(double s)
{
	struct timespec t = { .tv_sec = (time_t)s,
		.tv_nsec = (long)(1e9 * (s - (double)(time_t)s)) };

	nanosleep(&t, NULL);
}

/* Its trainings, too: half of the time they get SIGTERM by its death instead. */
static void kill_children(pid_t pid)
{
	char file[64], *text, *at, *end;

	snprintf(file, sizeof(file), "/proc/%ld/task/%ld/children", (long)pid, (long)pid);
	if (access(file, R_OK) < 0)
		return;
	text = read_bytes(file, NULL);
	for (at = text; *at; at = end) {
		long child = strtol(at, &end, 10);

		if (child <= 0)
			break;
		kill((pid_t)child, SIGKILL);
	}
	free(text);
}

static void write_study(const char *file, int n_seed)
{
	char text[800];

	snprintf(text, sizeof(text), BASE "axes:\n  - rule: [osttp, drtp]\nseeds: %d\n", n_seed);
	write_text(file, text);
}

static void kill_9_at_any_moment_loses_no_finished_point(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int n_seed = n_kill; /* points last until the last kill */
	long n_done = 0;

	(void)state;
	gsl_rng_set(rng, 1);
	write_study("calm.yaml", n_seed);
	write_study("killed.yaml", n_seed);
	expect_done(osttp("study", "run", "calm.yaml", "-q", NULL));
	for (int i = 0; i < n_kill; i++) {
		pid_t pid = osttp_start("study", "run", "killed.yaml", "-q", NULL);
		long now;

		nap(0.5 * gsl_rng_uniform(rng));
		if (i % 2)
			kill_children(pid);
		kill(pid, SIGKILL);
		osttp_wait(pid);
		if (access("studies/killed/study.yaml", F_OK) < 0)
			continue;
		now = count("studies/killed", "done");
		assert_true(now >= n_done);
		n_done = now;
	}
	expect_done(osttp("study", "run", "killed.yaml", "-q", NULL));
	expect_done(osttp("study", "collect", "studies/calm", NULL));
	expect_done(osttp("study", "collect", "studies/killed", NULL));
	assert_same_file("studies/calm/table.csv", "studies/killed/table.csv");
	assert_same_file("studies/calm/points.csv", "studies/killed/points.csv");
	assert_same_file("studies/calm/table.h5", "studies/killed/table.h5");
	gsl_rng_free(rng);
}

static void ctrl_c_stops_in_order_and_says_how_to_go_on(void **state)
{
	pid_t pid;
	char *err;

	(void)state;
	write_study("s.yaml", 20);
	pid = osttp_start("study", "run", "s.yaml", NULL);
	wait_for("studies/s/points");
	nap(0.3);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(osttp_wait(pid), 1);
	err = read_bytes("background.err", NULL);
	assert_contains(err, "osttp: stopped; go on with\n  osttp study run studies/s\n");
	free(err);
	assert_int_equal(count("studies/s", "failed"), 0);
}

#define small_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		small_test(the_table_has_means_over_seeds_whatever_the_order),
		small_test(a_grown_study_keeps_what_is_finished),
		small_test(what_fails_is_tried_once_more_and_named),
		small_test(a_point_is_a_run_that_can_be_run_again_alone),
		small_test(pictures_and_ranking_follow_from_the_table),
		small_test(kill_9_at_any_moment_loses_no_finished_point),
		small_test(ctrl_c_stops_in_order_and_says_how_to_go_on),
	};

	if (argc < 2)
		return 2;
	osttp_is(argv[1]);
	if (argc > 2)
		n_kill = atoi(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
