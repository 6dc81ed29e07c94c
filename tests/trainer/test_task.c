/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "dataset.h"
#include "trainer_test.h"

/* Pieces as text: "60 64,,67|60,62" is a piece of three steps, then one of two. */
static void build(struct snn_builder *b, enum snn_split split, const char *text)
{
	snn_builder_piece(b, split);
	for (;;) {
		char *end;
		long note = strtol(text, &end, 10);

		if (end != text)
			snn_builder_note(b, (uint16_t)note);
		text = end;
		if (*text == ' ')
			continue;
		snn_builder_step(b);
		if (*text == '|')
			snn_builder_piece(b, split);
		if (!*text++)
			return;
	}
}

static void assert_step(const struct snn_seq *s, uint32_t t, const uint16_t *note, uint32_t n)
{
	assert_true(t < s->n_step);
	assert_int_equal(s->begin[t + 1] - s->begin[t], n);
	assert_memory_equal(s->note + s->begin[t], note, n * sizeof(*note));
}

static void builder_sorts_notes_and_drops_repeats(void **state)
{
	struct snn_builder b = { 0 };
	struct snn_dataset d;

	(void)state;
	build(&b, SNN_TRAIN, "7 3 5 3 7 0,,87");
	assert_int_equal(snn_builder_finish(&b, 88, 0, &d), 0);
	assert_int_equal(d.n_in, 88);
	assert_int_equal(d.n_seq[SNN_TRAIN], 1);
	assert_int_equal(d.seq[SNN_TRAIN][0].n_step, 3);
	assert_step(&d.seq[SNN_TRAIN][0], 0, (const uint16_t[]){ 0, 3, 5, 7 }, 4);
	assert_step(&d.seq[SNN_TRAIN][0], 1, NULL, 0);
	assert_step(&d.seq[SNN_TRAIN][0], 2, (const uint16_t[]){ 87 }, 1);
	assert_true(isnan(d.entropy[SNN_TRAIN]));
	snn_dataset_done(&d);
	snn_dataset_done(&d); /* empty now */
}

static void builder_keeps_the_order_within_splits(void **state)
{
	struct snn_builder b = { 0 };
	struct snn_dataset d;

	(void)state;
	build(&b, SNN_TEST, "1,2");
	build(&b, SNN_TRAIN, "3,4|5,6");
	build(&b, SNN_VALID, "7");
	build(&b, SNN_TEST, "8,9");
	assert_int_equal(snn_builder_finish(&b, 10, 0, &d), 0);
	assert_int_equal(d.n_seq[SNN_TRAIN], 2);
	assert_int_equal(d.n_seq[SNN_VALID], 1);
	assert_int_equal(d.n_seq[SNN_TEST], 2);
	assert_int_equal(d.seq[SNN_TRAIN][0].note[0], 3);
	assert_int_equal(d.seq[SNN_TRAIN][1].note[1], 6);
	assert_int_equal(d.seq[SNN_VALID][0].note[0], 7);
	assert_int_equal(d.seq[SNN_TEST][0].note[0], 1);
	assert_int_equal(d.seq[SNN_TEST][1].note[0], 8);
	snn_dataset_done(&d);
}

static void empty_builder_makes_an_empty_dataset(void **state)
{
	struct snn_builder b = { 0 };
	struct snn_dataset d;

	(void)state;
	assert_int_equal(snn_builder_finish(&b, 4, 0, &d), 0);
	assert_int_equal(d.n_seq[SNN_TRAIN], 0);
	assert_true(isnan(snn_dataset_marginal_nll(&d, SNN_TEST)));
	snn_dataset_done(&d);
	snn_builder_done(&b);
}

/* By hand: note 0 in 2 of 3 training steps, note 1 in 1, note 2 in none; (n + 1/2) / (3 + 1). */
static void marginal_is_the_kt_estimate_over_all_training_steps(void **state)
{
	struct snn_builder b = { 0 };
	struct snn_dataset d;
	double p[3];

	(void)state;
	build(&b, SNN_TRAIN, "0,0 1,");
	build(&b, SNN_TEST, "2,2,2");
	assert_int_equal(snn_builder_finish(&b, 3, 0, &d), 0);
	snn_dataset_marginal(&d, p);
	assert_true(p[0] == 2.5 / 4 && p[1] == 1.5 / 4 && p[2] == 0.5 / 4);
	snn_dataset_done(&d);
}

/* By hand: the first step of a piece is not predicted, a piece of one step counts for nothing. */
static void marginal_nll_counts_predicted_steps_only(void **state)
{
	struct snn_builder b = { 0 };
	struct snn_dataset d;
	double want;

	(void)state;
	build(&b, SNN_TRAIN, "0,0 1,");
	build(&b, SNN_TEST, "2,0,|1");
	assert_int_equal(snn_builder_finish(&b, 3, 0, &d), 0);
	/* Step 1 has note 0, step 2 is a rest. */
	want = -(log(2.5 / 4) + log(2.5 / 4) + log(3.5 / 4)) / 2;
	want -= (log(1.5 / 4) + log(2.5 / 4) + log(3.5 / 4)) / 2;
	assert_true(fabs(snn_dataset_marginal_nll(&d, SNN_TEST) - want) < 1e-12);
	snn_dataset_done(&d);
}

static void tasks_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(snn_task_find("jsb"), &snn_task_jsb);
	assert_ptr_equal(snn_task_find("chorale"), snn_tasks[0]);
	assert_null(snn_task_find("js"));
	assert_null(snn_task_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builder_sorts_notes_and_drops_repeats),
		cmocka_unit_test(builder_keeps_the_order_within_splits),
		cmocka_unit_test(empty_builder_makes_an_empty_dataset),
		cmocka_unit_test(marginal_is_the_kt_estimate_over_all_training_steps),
		cmocka_unit_test(marginal_nll_counts_predicted_steps_only),
		cmocka_unit_test(tasks_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
