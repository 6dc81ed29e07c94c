/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "augment.h"

#include <stdlib.h>
#include <string.h>
#include "trainer_test.h"

#define N_STEP 9
#define N_IN   10

/* One spike, of input 5 at step 4: where it is says how far it was shifted. */
static const uint32_t begin[N_STEP + 1] = { 0, 0, 0, 0, 0, 1, 1, 1, 1, 1 };
static const uint16_t note[] = { 5 };
static struct snn_seq seq = {
	.n_step = N_STEP, .begin = begin, .note = note, .has_label = true, .label = 3
};
static const struct snn_dataset data = {
	.n_in = N_IN, .n_out = 20, .is_labelled = true, .n_seq = { 1, 0, 0 }, .seq = { &seq }
};

static void settings(struct snn_config *c, uint32_t steps, uint32_t inputs)
{
	snn_config_default(c);
	c->speech.shift_steps = steps;
	c->speech.shift_inputs = inputs;
}

static void nothing_is_shifted_unless_asked_for(void **state)
{
	struct snn_augment a;
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	assert_int_equal(snn_augment_init(&a, &data, &c, 1), 0);
	assert_ptr_equal(snn_augment_shift(&a, 0, &seq, 1), &seq);
	snn_augment_done(&a);
}

/* 7 x 5 shifts in 2000 epochs: each is met. */
static void shifts_fill_their_range_and_keep_the_label(void **state)
{
	bool is_met[N_STEP][N_IN] = { { false } };
	struct snn_augment a;
	struct snn_config c;
	int n_met = 0;

	(void)state;
	settings(&c, 3, 2);
	assert_int_equal(snn_augment_init(&a, &data, &c, 2), 0);
	for (uint32_t epoch = 0; epoch < 2000; epoch++) {
		const struct snn_seq *s = snn_augment_shift(&a, epoch % 2, &seq, epoch);
		uint32_t t = 0;

		assert_int_equal(s->n_step, N_STEP);
		assert_int_equal(s->label, 3);
		assert_int_equal(s->begin[N_STEP], 1);
		while (s->begin[t + 1] == 0)
			t++;
		assert_in_range(t, 1, 7);
		assert_in_range(s->note[0], 3, 7);
		n_met += !is_met[t][s->note[0]];
		is_met[t][s->note[0]] = true;
	}
	assert_int_equal(n_met, 35);
	snn_augment_done(&a);
}

static void one_seed_and_epoch_is_one_shift(void **state)
{
	struct snn_augment a, b;
	struct snn_config c;
	int n_other = 0;

	(void)state;
	settings(&c, 4, 4);
	assert_int_equal(snn_augment_init(&a, &data, &c, 1), 0);
	assert_int_equal(snn_augment_init(&b, &data, &c, 1), 0);
	for (uint32_t epoch = 0; epoch < 50; epoch++) {
		const struct snn_seq *p = snn_augment_shift(&a, 0, &seq, epoch);
		const struct snn_seq *q = snn_augment_shift(&b, 0, &seq, epoch);

		assert_memory_equal(p->begin, q->begin, sizeof(begin));
		n_other += memcmp(p->begin, begin, sizeof(begin)) != 0;
	}
	assert_true(n_other > 25);
	snn_augment_done(&a);
	snn_augment_done(&b);
}

static void what_leaves_the_recording_is_lost(void **state)
{
	struct snn_augment a;
	struct snn_config c;
	uint32_t n_lost = 0;

	(void)state;
	settings(&c, 0, 20);
	assert_int_equal(snn_augment_init(&a, &data, &c, 1), 0);
	for (uint32_t epoch = 0; epoch < 200; epoch++) {
		const struct snn_seq *s = snn_augment_shift(&a, 0, &seq, epoch);

		if (s->begin[N_STEP])
			assert_in_range(s->note[0], 0, N_IN - 1);
		n_lost += !s->begin[N_STEP];
	}
	/* 31 of 41 shifts: 151 of 200, sd 6 */
	assert_in_range(n_lost, 127, 175);
	snn_augment_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_shifted_unless_asked_for),
		cmocka_unit_test(shifts_fill_their_range_and_keep_the_label),
		cmocka_unit_test(one_seed_and_epoch_is_one_shift),
		cmocka_unit_test(what_leaves_the_recording_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
