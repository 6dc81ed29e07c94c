/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spoken digits: steps and inputs worked out by hand from small files in both layouts, what is refused, and
 * the regenerated recordings where $CROSSLOOP_DATA has them.
 */
#include <errno.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shd_fixture.h"
#include "task.h"
#include "trainer_test.h"

/* Out of order, on edges of steps of 10 ms, twice the same, and beyond the last step. */
static const struct shd_sample samples[] = {
	{ .label = 7,
		.speaker = 0,
		.n = 7,
		.tick = { 10, 0, 9, 29, 29, 39, 40 },
		.unit = { 5, 699, 3, 64, 64, 0, 1 } },
	{ .label = 19, .speaker = 3, .n = 0 },
	{ .label = 0, .speaker = 1, .n = 1, .tick = { 290 }, .unit = { 63 } },
};
#define N_SAMPLE 3

typedef void write_fn(const char *file, const struct shd_sample *s, uint32_t n, bool has_speakers);
static write_fn *const layouts[] = { shd_write_compact, shd_write_published };

static void settings(struct snn_config *c)
{
	snn_config_default(c);
	strcpy(c->data, ".");
	c->speech.bins = 4;
}

static struct snn_dataset loaded(const struct snn_config *c)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	if (snn_task_shd.load(&d, c, &e) < 0)
		fail_msg("%s", e.text);
	return d;
}

static void assert_step(const struct snn_seq *s, uint32_t t, uint32_t n, const uint16_t *want)
{
	assert_int_equal(s->begin[t + 1] - s->begin[t], n);
	for (uint32_t k = 0; k < n; k++)
		assert_int_equal(s->note[s->begin[t] + k], want[k]);
}

static void spikes_fall_into_steps_in_both_layouts(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct snn_config c;
		struct snn_dataset d;
		const struct snn_seq *s;

		layouts[k]("shd_train.h5", samples, N_SAMPLE, true);
		layouts[k]("shd_test.h5", samples, 2, true);
		settings(&c);
		d = loaded(&c);
		assert_int_equal(d.n_in, 700);
		assert_int_equal(d.n_out, 20);
		assert_true(d.is_labelled);
		assert_int_equal(d.n_seq[SNN_TRAIN], 2);
		assert_int_equal(d.n_seq[SNN_VALID], 1); /* speaker 3 */
		assert_int_equal(d.n_seq[SNN_TEST], 2);
		s = &d.seq[SNN_TRAIN][0];
		assert_int_equal(s->n_step, 4);
		assert_true(s->has_label);
		assert_int_equal(s->label, 7);
		assert_step(s, 0, 2, (uint16_t[]){ 3, 699 });
		/* 10 ms in half precision is 9.9945 ms: the published files are that coarse. */
		if (k == 0)
			assert_step(s, 1, 1, (uint16_t[]){ 5 });
		assert_step(s, 2, 1, (uint16_t[]){ 64 });
		assert_step(s, 3, 1, (uint16_t[]){ 0 });
		assert_int_equal(d.seq[SNN_VALID][0].label, 19);
		assert_int_equal(d.seq[SNN_VALID][0].begin[4], 0);
		snn_dataset_done(&d);
	}
}

/* 290 ms are 29 steps of 10 ms, though 0.29 / 0.01 is 28.999999999999996. */
static void edge_of_a_step_belongs_to_the_later_one(void **state)
{
	struct snn_config c;
	struct snn_dataset d;

	(void)state;
	shd_write_compact("shd_train.h5", samples, N_SAMPLE, true);
	shd_write_compact("shd_test.h5", samples, N_SAMPLE, true);
	settings(&c);
	c.speech.bins = 30;
	d = loaded(&c);
	assert_step(&d.seq[SNN_TEST][2], 28, 0, NULL);
	assert_step(&d.seq[SNN_TEST][2], 29, 1, (uint16_t[]){ 63 });
	snn_dataset_done(&d);
}

static void channels_are_pooled_and_recordings_limited(void **state)
{
	struct snn_config c;
	struct snn_dataset d;

	(void)state;
	shd_write_compact("a_train.h5", samples, N_SAMPLE, true);
	shd_write_compact("a_test.h5", samples, N_SAMPLE, true);
	settings(&c);
	strcpy(c.speech.files, "a");
	c.speech.pool = 64;
	c.speech.bins = 3;
	c.speech.bin = 0.02;
	c.speech.limit = 2;
	d = loaded(&c);
	assert_int_equal(d.n_in, 11); /* 700 / 64, and the rest */
	assert_int_equal(d.n_seq[SNN_TEST], 2);
	assert_step(&d.seq[SNN_TEST][0], 0, 2, (uint16_t[]){ 0, 10 });
	assert_step(&d.seq[SNN_TEST][0], 1, 2, (uint16_t[]){ 0, 1 });
	assert_step(&d.seq[SNN_TEST][0], 2, 1, (uint16_t[]){ 0 });
	snn_dataset_done(&d);
}

static void without_speakers_every_tenth_recording_validates(void **state)
{
	struct shd_sample many[25] = { { .label = 1 } };
	struct snn_config c;
	struct snn_dataset d;

	(void)state;
	shd_write_published("shd_train.h5", many, 25, false);
	shd_write_published("shd_test.h5", many, 1, false);
	settings(&c);
	d = loaded(&c);
	assert_int_equal(d.n_seq[SNN_TRAIN], 23);
	assert_int_equal(d.n_seq[SNN_VALID], 2);
	snn_dataset_done(&d);
}

static void refused(int code, const char *word)
{
	struct snn_config c;
	struct snn_dataset d;
	struct snn_error e = { "" };

	settings(&c);
	assert_int_equal(snn_task_shd.load(&d, &c, &e), code);
	assert_contains(e.text, word);
}

static void what_does_not_fit_is_refused_in_words(void **state)
{
	struct shd_sample bad[N_SAMPLE];

	(void)state;
	refused(-ENOENT, "shd_train.h5");
	for (int k = 0; k < 2; k++) {
		memcpy(bad, samples, sizeof(bad));
		layouts[k]("shd_test.h5", samples, N_SAMPLE, true);
		layouts[k]("shd_train.h5", samples, 1, true);
		refused(-EINVAL, "1 recordings to train with and 0 to validate");
		bad[2].label = 20;
		layouts[k]("shd_train.h5", bad, N_SAMPLE, true);
		refused(-EBADMSG, "shd_train.h5: recording 2 has label 20, expected 0 .. 19");
		bad[2].label = 0;
		bad[2].unit[0] = 700;
		layouts[k]("shd_train.h5", bad, N_SAMPLE, true);
		refused(-EBADMSG, "recording 2, spike 0: channel 700, expected 0 .. 699");
	}
	write_text("shd_train.h5", "\211HDF\r\n\032\nand then nothing");
	refused(-EBADMSG, "./shd_train.h5 is not an HDF5 file");
	write_text("shd_train.h5", "");
	refused(-EBADMSG, "./shd_train.h5 is not an HDF5 file");
}

/* Delete or replace parts of a good file. */
static void spoil(const char *name, hid_t type, hsize_t n, const void *data)
{
	hid_t file, space, set;

	shd_write_compact("shd_train.h5", samples, N_SAMPLE, true);
	file = H5Fopen("shd_train.h5", H5F_ACC_RDWR, H5P_DEFAULT);
	assert_true(file >= 0);
	assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
	if (n) {
		space = H5Screate_simple(1, &n, NULL);
		set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
		assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
		H5Dclose(set);
		H5Sclose(space);
	}
	H5Fclose(file);
}

static void damaged_parts_are_named(void **state)
{
	static const int64_t back[] = { 0, 7, 6, 8 }, beyond[] = { 0, 7, 7, 9 };
	static const float numbers[8] = { 0.5f };

	(void)state;
	shd_write_compact("shd_test.h5", samples, N_SAMPLE, true);
	spoil("/spikes/times", 0, 0, NULL);
	refused(-EBADMSG, "no /spikes/times");
	spoil("/labels", 0, 0, NULL);
	refused(-EBADMSG, "has no /labels");
	spoil("/spikes/offsets", 0, 0, NULL);
	refused(-EBADMSG, "has no /spikes/offsets");
	spoil("/spikes/offsets", H5T_NATIVE_INT64, 4, back);
	refused(-EBADMSG, "/spikes/offsets: recording 1 goes from 7 to 6");
	spoil("/spikes/offsets", H5T_NATIVE_INT64, 4, beyond);
	refused(-EBADMSG, "/spikes/offsets do not span /spikes/times");
	spoil("/spikes/units", H5T_NATIVE_FLOAT, 8, numbers);
	refused(-EBADMSG, "/spikes/units is not a list of whole numbers");
	spoil("/spikes/times", H5T_NATIVE_INT64, 4, back); /* has no tick_seconds */
	refused(-EBADMSG, "differ in length");
	spoil("/extra/speaker", H5T_NATIVE_INT64, 4, back);
	refused(-EBADMSG, "/extra/speaker has 4 entries, expected 3");
}

/* Small files of the regenerated digits; sizes: the data's own README and labels. */
static void real_recordings_are_read(void **state)
{
	const char *data = getenv("CROSSLOOP_DATA");
	struct snn_config c;
	struct snn_dataset d;
	char path[1200];
	double n_spike = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/hd_shd_small_train.h5", data ? data : "");
	if (access(path, R_OK) < 0)
		skip();
	snn_config_default(&c);
	strcpy(c.speech.files, "hd_shd_small");
	d = loaded(&c);
	assert_int_equal(d.n_seq[SNN_TRAIN] + d.n_seq[SNN_VALID], 400);
	assert_int_equal(d.n_seq[SNN_VALID], 29); /* of speaker 3, counted with h5py */
	assert_int_equal(d.n_seq[SNN_TEST], 200);
	for (uint32_t i = 0; i < d.n_seq[SNN_TEST]; i++)
		n_spike += d.seq[SNN_TEST][i].begin[100];
	/* 7,530 spikes a recording, 0.79 of which are distinct in steps of 10 ms; a few come after 1 s */
	assert_true(n_spike / 200 > 0.70 * 7530 && n_spike / 200 < 0.80 * 7530);
	/* log 20 but for classes that are not quite as frequent as others in 371 recordings */
	assert_true(fabs(snn_dataset_marginal_nll(&d, SNN_TEST) - log(20)) < 0.05);
	snn_dataset_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(spikes_fall_into_steps_in_both_layouts),
		scratch_test(edge_of_a_step_belongs_to_the_later_one),
		scratch_test(channels_are_pooled_and_recordings_limited),
		scratch_test(without_speakers_every_tenth_recording_validates),
		scratch_test(what_does_not_fit_is_refused_in_words),
		scratch_test(damaged_parts_are_named),
		cmocka_unit_test(real_recordings_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
