/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of measurements: what goes in comes out, and what is damaged is refused. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "measure.h"

static char path[64];
static struct xbar_message msg;

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "test_measure.%d.h5", (int)getpid());
	unlink(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct xbar_measure *opened(const char *name)
{
	struct xbar_measure *m = NULL;

	assert_int_equal(xbar_measure_open(&m, name, &msg), 0);
	return m;
}

static void what_is_put_comes_back_from_the_file(void **state)
{
	struct xbar_measure *m = opened(path);
	const float row[3] = { 1.0f, 2.5f, -3.0f };
	const size_t shape[] = { 2, 3 };
	float all[6];
	double v;
	char text[32];
	size_t got[2];

	(void)state;
	assert_int_equal(xbar_measure_make(m, "a/b/g", XBAR_F32, 2, shape), 0);
	assert_int_equal(xbar_measure_put(m, "a/b/g", 1, (size_t[]){ 1 }, row), 0);
	assert_int_equal(xbar_measure_set_number(m, "a/b", "n", 7.5), 0);
	assert_int_equal(xbar_measure_set_number(m, "a/b", "n", 8.5), 0);
	assert_int_equal(xbar_measure_set_text(m, "a", "what", "\302\265S"), 0);
	assert_int_equal(xbar_measure_write(m), 0);
	xbar_measure_close(m);

	m = opened(path);
	assert_true(xbar_measure_has(m, "a/b/g"));
	assert_false(xbar_measure_has(m, "a/c/g"));
	assert_int_equal(xbar_measure_shape(m, "a/b/g", 2, got), 0);
	assert_int_equal(got[0], 2);
	assert_int_equal(got[1], 3);
	assert_int_equal(xbar_measure_get(m, "a/b/g", 0, NULL, XBAR_F32, 6, all), 0);
	assert_true(isnan(all[0]) && isnan(all[2]));
	assert_memory_equal(all + 3, row, sizeof(row));
	assert_int_equal(xbar_measure_number(m, "a/b", "n", &v), 0);
	assert_true(v == 8.5);
	assert_int_equal(xbar_measure_text(m, "a", "what", text, sizeof(text)), 0);
	assert_string_equal(text, "\302\265S");
	assert_int_equal(xbar_measure_remove(m, "a/b"), 0);
	assert_false(xbar_measure_has(m, "a/b/g"));
	xbar_measure_close(m);
}

static void what_is_not_there_or_of_another_kind_is_told(void **state)
{
	struct xbar_measure *m = opened(NULL);
	const size_t n = 4;
	float f[4];
	double v;
	char text[4];

	(void)state;
	assert_int_equal(xbar_measure_make(m, "g", XBAR_U16, 1, &n), 0);
	assert_int_equal(xbar_measure_make(m, "g", XBAR_U16, 1, &n), -EEXIST);
	assert_int_equal(xbar_measure_get(m, "h", 0, NULL, XBAR_F32, 4, f), -ENOENT);
	assert_int_equal(xbar_measure_get(m, "g", 0, NULL, XBAR_F32, 4, f), -EBADMSG);
	assert_int_equal(xbar_measure_get(m, "g", 0, NULL, XBAR_U16, 3, f), -EBADMSG);
	assert_int_equal(xbar_measure_number(m, "/", "nothing", &v), -ENOENT);
	assert_int_equal(xbar_measure_number(m, "/", "format", &v), -EBADMSG);
	assert_int_equal(xbar_measure_text(m, "/", "format", text, sizeof(text)), -EBADMSG);
	assert_int_equal(xbar_measure_remove(m, "h"), -ENOENT);
	assert_int_equal(xbar_measure_write(m), 0);
	xbar_measure_close(m);
}

static void write_bytes(const void *buf, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(buf, 1, n, f), n);
	fclose(f);
}

static void other_files_are_refused_and_left_alone(void **state)
{
	struct xbar_measure *m = NULL;
	char back[6] = "";
	FILE *f;

	(void)state;
	write_bytes("hello", 5);
	assert_int_equal(xbar_measure_open(&m, path, &msg), -EBADMSG);
	assert_non_null(strstr(msg.text, path));
	f = fopen(path, "rb");
	assert_int_equal(fread(back, 1, 5, f), 5);
	fclose(f);
	assert_string_equal(back, "hello");
	assert_int_equal(xbar_measure_open(&m, "/", &msg), -EBADMSG);
	assert_int_equal(xbar_measure_open(&m, "no/such/folder.h5", &msg), 0);
	assert_int_equal(xbar_measure_write(m), -ENOENT);
	xbar_measure_close(m);
}

static void a_flipped_bit_in_the_samples_is_found(void **state)
{
	struct xbar_measure *m = opened(path);
	const size_t n = 20000;
	float *g = malloc(n * sizeof(*g));
	char *bytes = malloc(1 << 20);
	size_t n_byte, at = 0;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < n; i++)
		g[i] = 1.0f + (float)i;
	assert_int_equal(xbar_measure_make(m, "g", XBAR_F32, 1, &n), 0);
	assert_int_equal(xbar_measure_put(m, "g", 0, NULL, g), 0);
	assert_int_equal(xbar_measure_write(m), 0);
	xbar_measure_close(m);
	f = fopen(path, "rb");
	n_byte = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	while (at + 4 <= n_byte && memcmp(bytes + at, &g[10000], 4))
		at++;
	assert_true(at + 4 < n_byte);
	bytes[at] ^= 1;
	write_bytes(bytes, n_byte);
	m = opened(path);
	assert_int_equal(xbar_measure_get(m, "g", 0, NULL, XBAR_F32, n, g), -EBADMSG);
	xbar_measure_close(m);
	free(bytes);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_put_comes_back_from_the_file, set_up, tear_down),
		cmocka_unit_test(what_is_not_there_or_of_another_kind_is_told),
		cmocka_unit_test_setup_teardown(
			other_files_are_refused_and_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_flipped_bit_in_the_samples_is_found, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
