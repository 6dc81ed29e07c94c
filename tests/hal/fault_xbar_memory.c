/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_xbar_memory.c [URI] - what happens when memory runs out: each allocation of the library and of the
 * emulator below it fails once. (The linker's --wrap.) Every failure must come back as -ENOMEM and
 * leave the board as it was; ASan sees to leaks.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "xbar.h"

#define N_MAX 1000 /* allocations of one call: many more than there are */

static const char *uri = "emu:?chips=2&seed=1";
static unsigned long countdown; /* allocations until one fails; 0: none will */
static bool has_failed;

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	has_failed = true;
	return true;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(align, n);
}

static void failing_at(unsigned long k)
{
	countdown = k;
	has_failed = false;
}

static void opening_is_enomem(void **state)
{
	unsigned long k;

	(void)state;
	for (k = 1; k < N_MAX; k++) {
		struct xbar *x;
		int r;

		failing_at(k);
		r = xbar_open(&x, uri, NULL);
		countdown = 0;
		if (r == 0)
			xbar_close(x);
		if (!has_failed)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(k > 4 && k < N_MAX);
}

static void saving_and_loading_are_enomem_and_change_nothing(void **state)
{
	void *before, *after, *other;
	size_t n, m;
	struct xbar *x;
	unsigned long k;
	int r = -1;

	(void)state;
	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	assert_int_equal(xbar_save(x, &other, &n), 0);
	assert_int_equal(xbar_wait(x, 1.0), 0);
	assert_int_equal(xbar_save(x, &before, &n), 0);
	failing_at(1);
	assert_int_equal(xbar_save(x, &after, &m), -ENOMEM);
	assert_string_not_equal(xbar_message(x), "");
	for (k = 1; k < N_MAX; k++) {
		failing_at(k);
		r = xbar_load(x, other, n);
		countdown = 0;
		if (!has_failed)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(xbar_save(x, &after, &m), 0);
		assert_memory_equal(before, after, n);
		free(after);
	}
	assert_int_equal(r, 0);
	assert_true(k > 2 && k < N_MAX);
	free(before);
	free(other);
	xbar_close(x);
}

static void programming_is_enomem_before_the_first_pulse(void **state)
{
	static float g[16 * 16 * XBAR_N_DEVICE];
	const struct xbar_patch w = { 1, 0, 16, 0, 16 };
	struct xbar_stats before, after;
	struct xbar *x;

	(void)state;
	for (size_t i = 0; i < sizeof(g) / sizeof(g[0]); i++)
		g[i] = 3e-6f;
	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	assert_int_equal(xbar_stats(x, &before), 0);
	for (unsigned long k = 1; k <= 2; k++) {
		failing_at(k);
		assert_int_equal(xbar_program(x, &w, g, NULL, NULL), -ENOMEM);
		assert_non_null(strstr(xbar_message(x), "no memory for 16 x 16 cells"));
		assert_true(has_failed);
		countdown = 0;
	}
	assert_int_equal(xbar_stats(x, &after), 0);
	assert_memory_equal(&before, &after, sizeof(after));
	xbar_close(x);
}

static void steps_do_not_allocate(void **state)
{
	int8_t in[256] = { 1 };
	int16_t out[256];
	struct xbar_mvm m = { .n_row = 256,
		.n_col = 256,
		.n_vec = 1,
		.input = XBAR_INPUT_INT8,
		.in = in,
		.out = out };
	struct xbar_pulse p[600] = { { 0 } };
	struct xbar_patch w = { 0, 0, 1, 0, 1 };
	float g[XBAR_N_DEVICE];
	struct xbar_stats s;
	struct xbar *x;

	(void)state;
	for (size_t i = 0; i < 600; i++)
		p[i].n = 1;
	assert_int_equal(xbar_open(&x, uri, NULL), 0);
	failing_at(1);
	assert_int_equal(xbar_mvm(x, &m, 1), 0);
	assert_int_equal(xbar_pulse(x, p, 600), 0);
	assert_int_equal(xbar_read(x, &w, 1, g), 0);
	assert_int_equal(xbar_wait(x, 1.0), 0);
	assert_int_equal(xbar_stats(x, &s), 0);
	assert_false(has_failed);
	countdown = 0;
	xbar_close(x);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_is_enomem),
		cmocka_unit_test(saving_and_loading_are_enomem_and_change_nothing),
		cmocka_unit_test(programming_is_enomem_before_the_first_pulse),
		cmocka_unit_test(steps_do_not_allocate),
	};

	if (argc > 1)
		uri = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
