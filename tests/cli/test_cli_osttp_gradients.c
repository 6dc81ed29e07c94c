/* SPDX-License-Identifier: GPL-3.0-or-later */
/* osttp gradients: the file it writes, read back as a store. check_gradients.py reads it with h5py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "osttp_run.h"
#include "store.h"

#define N_KEY    88
#define N_HIDDEN 12
#define N_MOST   (N_KEY * N_HIDDEN)

static int setup(void **state)
{
	int r = scratch_setup(state);

	write_small();
	return r;
}

static void write_gradients(const char *rule, const char *set, const char *file)
{
	struct ran r = osttp("gradients", SMALL, "--rule", rule, "--set", set, "--sequence", "2",
		"--out", file, NULL);

	if (r.status != 0)
		fail_msg("%s", r.err);
	assert_string_equal(r.out, "");
	assert_string_equal(r.err, "");
	ran_done(&r);
}

static struct snn_store *opened(const char *file)
{
	struct snn_store *st;
	struct snn_error e = { "" };

	if (snn_store_open(&st, file, &e) < 0)
		fail_msg("%s", e.text);
	return st;
}

/* float32 [rows][cols]; cols 0: a vector. */
static void load(struct snn_store *st, const char *path, size_t rows, size_t cols, float *ret)
{
	struct snn_error e = { "" };

	if (snn_store_load(st, path, SNN_F32, cols ? 2 : 1, (size_t[]){ rows, cols }, ret, &e) < 0)
		fail_msg("%s", e.text);
}

static const struct {
	const char *name;
	size_t rows, cols;
} tensors[] = { { "W", N_HIDDEN, N_KEY }, { "b", N_HIDDEN, 0 }, { "V", N_KEY, N_HIDDEN },
	{ "c", N_KEY, 0 }, { "B", N_HIDDEN, N_KEY } };

static void the_file_has_the_documented_shapes(void **state)
{
	struct snn_store *st;
	float *v = malloc(N_MOST * sizeof(*v));
	char path[32];

	(void)state;
	assert_non_null(v);
	write_gradients("osttp", "network.decay=0.75", "g.h5");
	st = opened("g.h5");
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "/param/%s", tensors[i].name);
		load(st, path, tensors[i].rows, tensors[i].cols, v);
		snprintf(path, sizeof(path), "/grad/%s", tensors[i].name);
		if (i < 4)
			load(st, path, tensors[i].rows, tensors[i].cols, v);
		else /* B is fixed */
			assert_true(snn_store_load(st, path, SNN_F32, 2,
					    (size_t[]){ N_HIDDEN, N_KEY }, v, NULL) < 0);
	}
	snn_store_free(st);
	free(v);
}

/* Sequence 2 of the training pieces has six chords of two notes: 48 60, 50 62, ..., 57 69. */
static void input_and_target_are_the_sequence_and_the_next_step(void **state)
{
	static const int low[6] = { 48, 50, 52, 53, 55, 57 };
	float x[5 * N_KEY], y[5 * N_KEY];
	struct snn_store *st;

	(void)state;
	write_gradients("bptt", "network.decay=0.75", "g.h5");
	st = opened("g.h5");
	load(st, "/input", 5, N_KEY, x);
	load(st, "/target", 5, N_KEY, y);
	snn_store_free(st);
	for (int t = 0; t < 5; t++) {
		for (int k = 0; k < N_KEY; k++) {
			int key = k + 21;

			assert_true(x[t * N_KEY + k] == (key == low[t] || key == low[t] + 12));
			assert_true(
				y[t * N_KEY + k] == (key == low[t + 1] || key == low[t + 1] + 12));
		}
	}
}

static void assert_text(struct snn_store *st, const char *name, const char *want)
{
	char is[32];

	assert_int_equal(snn_store_load_text(st, "/", name, is, sizeof(is), NULL), 0);
	assert_string_equal(is, want);
}

static void assert_number(struct snn_store *st, const char *name, double want)
{
	double is;

	assert_int_equal(snn_store_load_number(st, "/", name, &is, NULL), 0);
	assert_true(is == want);
}

static void attributes_say_what_network_it_was(void **state)
{
	struct snn_store *st;

	(void)state;
	write_gradients("drtp", "network.reset=soft", "g.h5");
	st = opened("g.h5");
	assert_text(st, "rule", "drtp");
	assert_text(st, "reset", "soft");
	assert_text(st, "psi", "triangular");
	assert_text(st, "neuron", "snu");
	assert_number(st, "decay", 0.8);
	assert_number(st, "psi_gamma", 1);
	assert_number(st, "psi_width", 1);
	snn_store_free(st);
}

static void assert_close(const char *a, const char *b, int i)
{
	struct snn_store *st[2] = { opened(a), opened(b) };
	float *v[2] = { malloc(N_MOST * sizeof(float)), malloc(N_MOST * sizeof(float)) };
	double off = 0, size = 0;
	char path[32];

	snprintf(path, sizeof(path), "/grad/%s", tensors[i].name);
	for (int k = 0; k < 2; k++) {
		assert_non_null(v[k]);
		load(st[k], path, tensors[i].rows, tensors[i].cols, v[k]);
		snn_store_free(st[k]);
	}
	for (size_t k = 0; k < tensors[i].rows * (tensors[i].cols ? tensors[i].cols : 1); k++) {
		off += pow((double)v[0][k] - (double)v[1][k], 2);
		size += pow((double)v[1][k], 2);
	}
	assert_true(size > 0);
	if (sqrt(off) > 1e-5 * sqrt(size))
		fail_msg("%s: %g of the norm", path, sqrt(off / size));
	free(v[0]);
	free(v[1]);
}

static void ostl_equals_bptt_in_both_resets(void **state)
{
	static const char *const reset[] = { "network.reset=full", "network.reset=soft" };

	(void)state;
	for (int k = 0; k < 2; k++) {
		write_gradients("ostl", reset[k], "ostl.h5");
		write_gradients("bptt", reset[k], "bptt.h5");
		for (int i = 0; i < 4; i++)
			assert_close("ostl.h5", "bptt.h5", i);
	}
}

static void several_layers_are_numbered(void **state)
{
	struct snn_store *st;
	float *v = malloc(N_MOST * sizeof(*v));

	(void)state;
	assert_non_null(v);
	write_gradients("osttp", "network.hidden=[9,7]", "g.h5");
	st = opened("g.h5");
	load(st, "/param/W1", 9, N_KEY, v);
	load(st, "/grad/W2", 7, 9, v);
	load(st, "/grad/b2", 7, 0, v);
	load(st, "/param/B1", 9, N_KEY, v);
	load(st, "/param/B2", 7, N_KEY, v);
	load(st, "/grad/V", N_KEY, 7, v);
	snn_store_free(st);
	free(v);
}

/* On chips the parameters are what the devices read, and the readout's gradient that of those. */
static void chips_write_what_their_devices_say(void **state)
{
	struct snn_store *st;
	float *v = malloc(N_MOST * sizeof(*v)), *w = malloc(N_MOST * sizeof(*w));
	double off = 0, size = 0;

	(void)state;
	assert_non_null(v);
	assert_non_null(w);
	write_gradients("osttp", "weights=chips", "chips.h5");
	write_gradients("osttp", "weights=float", "float.h5");
	st = opened("chips.h5");
	load(st, "/param/W", N_HIDDEN, N_KEY, v);
	load(st, "/param/B", N_HIDDEN, N_KEY, w);
	snn_store_free(st);
	st = opened("float.h5");
	load(st, "/param/W", N_HIDDEN, N_KEY, w);
	snn_store_free(st);
	for (int i = 0; i < N_MOST; i++) {
		off += pow((double)v[i] - (double)w[i], 2);
		size += pow((double)w[i], 2);
	}
	assert_true(off > 0 && sqrt(off) < 0.5 * sqrt(size));
	free(v);
	free(w);
}

static void what_cannot_be_is_refused_in_words(void **state)
{
	(void)state;
	assert_ended(osttp("gradients", SMALL, "--sequence", "5", "--out", "g.h5", NULL), 2,
		"--sequence 5: the training split has 5, 0 .. 4");
	assert_ended(osttp("gradients", SMALL, "--sequence", "-1", "--out", "g.h5", NULL), 2,
		"--sequence -1");
	assert_ended(osttp("gradients", SMALL, "--sequence", "1x", "--out", "g.h5", NULL), 2,
		"--sequence 1x");
	assert_ended(osttp("gradients", SMALL, "--out", "no/g.h5", NULL), 2, "no/g.h5");
	assert_ended(osttp("gradients", SMALL, "--rule", "hebb", "--out", "g.h5", NULL), 2, "hebb");
	assert_int_equal(access("g.h5", F_OK), -1);
}

#define small_test(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		small_test(the_file_has_the_documented_shapes),
		small_test(input_and_target_are_the_sequence_and_the_next_step),
		small_test(attributes_say_what_network_it_was),
		small_test(ostl_equals_bptt_in_both_resets),
		small_test(several_layers_are_numbered),
		small_test(chips_write_what_their_devices_say),
		small_test(what_cannot_be_is_refused_in_words),
	};

	if (argc != 2)
		return 2;
	osttp_is(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
