/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_jsb_data.c - the real JSB chorales, in the folder $CROSSLOOP_DATA; skipped where it is not
 * set.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "data_get.h"
#include "task.h"
#include "trainer_test.h"

static struct snn_dataset loaded(const char *data)
{
	struct snn_dataset d;
	struct snn_error e = { "" };

	if (task_load(&snn_task_jsb, &d, 1, data, &e) < 0)
		fail_msg("%s", e.text);
	return d;
}

/* Pieces and steps: Boulanger-Lewandowski et al. (2012), whose split this is; any other is not JSB. */
static void splits_have_the_published_sizes(void **state)
{
	static const uint32_t pieces[SNN_N_SPLIT] = { 229, 76, 77 };
	static const uint32_t steps[SNN_N_SPLIT] = { 13807, 4602, 4725 };
	struct snn_dataset d = loaded(NULL);

	(void)state;
	assert_int_equal(d.n_in, 88);
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < d.n_seq[s]; i++)
			n += d.seq[s][i].n_step;
		assert_int_equal(d.n_seq[s], pieces[s]);
		assert_int_equal(n, steps[s]);
		assert_true(isnan(d.entropy[s]));
	}
	snn_dataset_done(&d);
}

/* Computed independently in Python (numpy) from the same file: 11.09 nats per step on test. */
static void marginal_baseline_on_test_is_11_09(void **state)
{
	struct snn_dataset d = loaded(NULL);

	(void)state;
	assert_true(fabs(snn_dataset_marginal_nll(&d, SNN_TEST) - 11.09) < 0.005);
	snn_dataset_done(&d);
}

static double milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* 50 ms; sanitizers take several times as long. */
static void loading_takes_milliseconds(void **state)
{
	double best = INFINITY;

	(void)state;
	for (int i = 0; i < 5; i++) {
		double start = milliseconds();
		struct snn_dataset d = loaded(NULL);

		best = fmin(best, milliseconds() - start);
		snn_dataset_done(&d);
	}
	printf("# %.1f ms\n", best);
	assert_true(best < 500);
}

/* The only place where the checksum that the program knows meets the file it is of. */
static void data_get_accepts_the_real_file_and_the_task_loads_it(void **state)
{
	struct snn_error e = { "" };
	struct snn_dataset d;
	char url[1200], *real;

	(void)state;
	real = realpath(getenv("CROSSLOOP_DATA"), NULL);
	assert_non_null(real);
	snprintf(url, sizeof(url), "file://%s/jsb-chorales-quarter.json", real);
	free(real);
	write_text("other", "");
	if (snn_data_get("jsb", url, "a/b", &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(n_entries(), 2); /* a and other */
	d = loaded("a/b");
	assert_int_equal(d.n_seq[SNN_TEST], 77);
	snn_dataset_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_have_the_published_sizes),
		cmocka_unit_test(marginal_baseline_on_test_is_11_09),
		cmocka_unit_test(loading_takes_milliseconds),
		scratch_test(data_get_accepts_the_real_file_and_the_task_loads_it),
	};
	const char *data = getenv("CROSSLOOP_DATA");

	if (!data || data[0] != '/') {
		fputs("skipped: $CROSSLOOP_DATA is not set to an absolute path\n", stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
