/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Studies: the file, its points, their folders, and statistics over seeds. */
#include "study.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "metrics.h"
#include "study_table.h"
#include "trainer_test.h"

static struct snn_study *parse(const char *text)
{
	struct snn_study *s;
	struct snn_error e = { "" };

	if (snn_study_parse(&s, "s.yaml", text, strlen(text), &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void assert_refused(const char *text, int code, const char *part)
{
	struct snn_study *s;
	struct snn_error e = { "" };
	int r = snn_study_parse(&s, "s.yaml", text, strlen(text), &e);

	if (r == 0) {
		r = snn_study_check(s, &e);
		snn_study_free(s);
	}
	assert_int_equal(r, code);
	assert_contains(e.text, part);
}

static void mistakes_are_named_with_their_line(void **state)
{
	(void)state;
	assert_refused(
		"bse:\n  task: jsb\n", -EINVAL, "s.yaml:1: unknown key bse, did you mean base?");
	assert_refused("base:\n  network:\n    hiden: 3\n", -EINVAL,
		"s.yaml:3: unknown key network.hiden, did you mean network.hidden?");
	assert_refused("axes:\n  - rule: [osttp]\n  - train.rat: [1, 2]\n", -EINVAL,
		"s.yaml:3: unknown key train.rat, did you mean train.rate?");
	assert_refused("axes:\n  - network.decay:\n    - 0.5\n    - 1.5\n", -ERANGE,
		"s.yaml:4: network.decay = 1.5 is outside 0 .. 1");
	assert_refused("axes:\n  - rule: [osttp, ostttp]\n", -EINVAL,
		"s.yaml:2: unknown rule \"ostttp\", did you mean osttp?");
	assert_refused("axes:\n  - rule: [osttp, osttp]\n", -EINVAL, "has the value osttp twice");
	assert_refused("axes:\n  - train.rate: [1, 2]\n    train.momentum: [0, 0.1, 0.2]\n",
		-EINVAL,
		"s.yaml:3: train.rate and train.momentum go together, but have 2 and 3 values");
	assert_refused("axes:\n  - train.rate: {from: 0, to: 1, points: 3, log: true}\n", -EINVAL,
		"s.yaml:2: train.rate: a logarithmic range from 0 to 1: both must be above 0");
	assert_refused("axes:\n  - train.rate: {from: 1, too: 2}\n", -EINVAL,
		"unknown key too of a range, did you mean to?");
	assert_refused("base:\n  seed: 3\n", -EINVAL, "s.yaml:2: seeds have a list of their own");
	assert_refused("seeds: [1, 2, 1]\n", -EINVAL, "s.yaml:1: seeds: 1 comes twice");
	assert_refused("base:\n  rule: osttp\n  rule: drtp\n", -EINVAL, "s.yaml:3: ");
	assert_refused("axes: [\n", -EINVAL, "s.yaml:");
	assert_refused("", -EINVAL, "s.yaml:1: not a study");
	assert_refused("base:\n  train.epochs: 0\n", -EINVAL, "train.epochs = 0");
}

static void keys_of_the_board_are_checked_against_the_board(void **state)
{
	(void)state;
	assert_refused("base:\n  weights: chips\naxes:\n  - uri.drift_mu: [0, 1]\n", -EINVAL,
		"s.yaml:4: unknown key uri.drift_mu, did you mean uri.drift_nu?");
	assert_refused("axes:\n  - uri.drift_nu: [0, 0.1]\n", -EINVAL,
		"s.yaml:2: uri.drift_nu: there is no board, weights are float");
	assert_refused("base:\n  weights: chips\naxes:\n  - uri.drift_nu: [0, many]\n", -EINVAL,
		"s.yaml:4: uri.drift_nu = many: ");
}

static void entries_are_crossed_and_what_is_in_one_goes_together(void **state)
{
	struct snn_study *s = parse("axes:\n"
				    "  - rule: [osttp, drtp]\n"
				    "  - train.rate: {from: 0.001, to: 0.1, points: 3, log: true}\n"
				    "    train.rate_hidden: [3, 2, 1]\n"
				    "  - network.decay: {from: 0.1, to: 0.4, points: 4}\n"
				    "seeds: [7, 9]\n");
	char text[200];

	(void)state;
	assert_int_equal(s->n_group, 2 * 3 * 4);
	assert_int_equal(s->n_point, 2 * 3 * 4 * 2);
	snn_study_describe(s, 0, text, sizeof(text));
	assert_string_equal(
		text, "rule=osttp train.rate=0.001 train.rate_hidden=3 network.decay=0.1 seed=7");
	/* (1 * 3 + 1) * 4 + 2 = 18: the second rule, the middle rate, the third decay. */
	snn_study_describe(s, 18 * 2 + 1, text, sizeof(text));
	assert_string_equal(
		text, "rule=drtp train.rate=0.01 train.rate_hidden=2 network.decay=0.3 seed=9");
	snn_study_free(s);
}

static void a_point_is_its_shipped_configuration_with_its_values(void **state)
{
	struct snn_study *s = parse("base:\n  task: jsb\n  train: {epochs: 4}\n"
				    "  network.hidden: [20, 10]\n"
				    "axes:\n  - weights: [float, chips]\nseeds: [5]\n");
	struct snn_config c, want;
	struct snn_error e = { "" };
	const struct snn_assignment set[] = { { "task", "jsb" }, { "weights", "chips" },
		{ "train.epochs", "4" }, { "network.hidden", "20,10" }, { "seed", "5" } };

	(void)state;
	assert_int_equal(snn_study_config(s, 1, &c, &e), 0);
	assert_int_equal(snn_config_load(&want, NULL, set, 5, &e), 0);
	assert_memory_equal(&c, &want, sizeof(c));
	snn_study_free(s);
}

static void expect_uri(const char *base, const char *values, const char *want)
{
	char text[400];
	struct snn_study *s;
	struct snn_config c;
	struct snn_error e = { "" };

	snprintf(text, sizeof(text), "base:\n  weights: chips\n%saxes:\n  - %s\nseeds: [3]\n", base,
		values);
	s = parse(text);
	if (snn_study_config(s, 0, &c, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(c.uri, want);
	snn_study_free(s);
}

static void boards_get_the_values_and_the_seed(void **state)
{
	(void)state;
	expect_uri("", "uri.drift_nu: [0.1]", "emu:?chips=2&drift_nu=0.1&seed=3");
	expect_uri("  uri: \"emu:\"\n", "uri.chips: [2]", "emu:?chips=2&seed=3");
	expect_uri("  uri: \"emu:?seed=8&chips=2\"\n", "uri.chips: [4]", "emu:?seed=8&chips=4");
	expect_uri("  uri: \"loop:?chips=2\"\n", "uri.chips: [4]", "loop:?chips=4&seed=3");
	expect_uri("  uri: \"emu:?chips=2&seed=1\"\n", "uri.preset: [\"my devices&.yaml\"]",
		"emu:?chips=2&seed=1&preset=my%20devices%26.yaml");
}

static void a_folder_is_named_by_what_decides_its_run(void **state)
{
	struct snn_config a, b;
	char name_a[SNN_STUDY_N_NAME + 1], name_b[SNN_STUDY_N_NAME + 1];
	struct snn_error e = { "" };

	(void)state;
	snn_config_default(&a);
	snn_config_default(&b);
	snn_study_name(&a, name_a);
	/* SHA-256 of nothing, FIPS 180-4. */
	assert_string_equal(name_a, "e3b0c44298fc");
	assert_int_equal(snn_config_set(&b, "train.checkpoint_every", "7", &e), 0);
	snn_study_name(&b, name_b);
	assert_string_equal(name_a, name_b);
	assert_int_equal(snn_config_set(&b, "rule", "drtp", &e), 0);
	snn_study_name(&b, name_b);
	/* printf 'rule=drtp\n' | sha256sum */
	assert_string_equal(name_b, "7b70c93f1898");
}

/* Mean 2.5, sd sqrt(5 / 3), t(0.975, 3) = 3.182446 (any table of Student's t). */
static void statistics_are_those_of_a_textbook(void **state)
{
	const double v[] = { 1, NAN, 2, 3, 4 };
	struct snn_summary s = snn_summarise(v, 5);

	(void)state;
	assert_int_equal(s.n, 4);
	assert_float_equal(s.mean, 2.5, 1e-12);
	assert_float_equal(s.sd, sqrt(5.0 / 3), 1e-12);
	assert_float_equal(s.ci, 2.054260, 1e-6); /* 3.182446 sd / sqrt(4) */
	s = snn_summarise(v, 1);
	assert_int_equal(s.n, 1);
	assert_true(s.mean == 1 && isnan(s.sd) && isnan(s.ci));
	s = snn_summarise(v + 1, 1);
	assert_true(s.n == 0 && isnan(s.mean));
}

static void metrics_are_read_by_the_names_of_their_columns(void **state)
{
	struct snn_metrics m;
	struct snn_error e = { "" };

	(void)state;
	write_text("m.csv", "epoch,valid_nll,new\n1,,5\n2,8.5,6\n3,8.25,7\n4,8.25,8\n");
	assert_int_equal(snn_metrics_read(&m, "m.csv", &e), 0);
	assert_int_equal(m.n_row, 4);
	assert_int_equal(snn_metrics_best(&m), 2);
	assert_true(isnan(snn_metrics_value(&m, 0, 1)));
	assert_true(snn_metrics_value(&m, 2, snn_metrics_column(&m, "new")) == 7);
	assert_int_equal(snn_metrics_column(&m, "none"), -1);
	snn_metrics_done(&m);
	write_text("m.csv", "epoch,valid_nll\n1,2,3\n");
	assert_int_equal(snn_metrics_read(&m, "m.csv", &e), -EBADMSG);
	write_text("m.csv", "epoch,valid_nll\n1,x\n");
	assert_int_equal(snn_metrics_read(&m, "m.csv", &e), -EBADMSG);
	write_text("m.csv", "");
	assert_int_equal(snn_metrics_read(&m, "m.csv", &e), -EBADMSG);
}

static char **shipped;

/* With their boards: a parameter that the emulator no longer has is found here. */
static void shipped_studies_are_whole(void **state)
{
	(void)state;
	for (char **file = shipped; *file; file++) {
		struct snn_study *s;
		struct snn_error e = { "" };

		if (snn_study_read(&s, *file, &e) < 0)
			fail_msg("%s", e.text);
		if (snn_study_check(s, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(s->title[0] && s->n_entry >= 2);
		/* Three seeds; or one where four axes cross, so that every value has eight trainings. */
		assert_true(s->n_seed >= 3 || (s->n_entry >= 4 && s->n_point >= 16));
		snn_study_free(s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_named_with_their_line),
		cmocka_unit_test(keys_of_the_board_are_checked_against_the_board),
		cmocka_unit_test(entries_are_crossed_and_what_is_in_one_goes_together),
		cmocka_unit_test(a_point_is_its_shipped_configuration_with_its_values),
		cmocka_unit_test(boards_get_the_values_and_the_seed),
		cmocka_unit_test(a_folder_is_named_by_what_decides_its_run),
		cmocka_unit_test(statistics_are_those_of_a_textbook),
		cmocka_unit_test(shipped_studies_are_whole),
		scratch_test(metrics_are_read_by_the_names_of_their_columns),
	};

	if (argc < 2)
		return 2;
	shipped = argv + 1;
	unsetenv("XBAR_URI");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
