/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_chip.c - what happens when memory runs out: each allocation of pcm_chip_new() fails once (the
 * linker's --wrap). There is none after it, so nothing else can fail. ASan sees to leaks.
 */
#include "emulator_test.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned countdown; /* allocations until one fails; 0: none will */
static unsigned n_allocation;

static bool fails(void)
{
	n_allocation++;
	return countdown && --countdown == 0;
}

/* Names that the linker asks for. */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(align, size);
}

static void failing_allocation_is_enomem_and_no_chip(void **state)
{
	struct pcm_params prm;
	struct pcm_chip *c = NULL;
	unsigned n_failed = 0;
	(void)state;
	pcm_params_default(&prm);
	assert_int_equal(pcm_params_set(&prm, "drift_nu_sd", "0.01"), 0);
	for (countdown = 1;; countdown = n_failed + 1) {
		int r = pcm_chip_new(&c, &prm, 0);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_null(c);
		n_failed++;
	}
	assert_true(n_failed >= 3); /* chip, devices, cache */
	countdown = 0;
	pcm_chip_free(c);
}

static void working_chip_allocates_nothing(void **state)
{
	static struct pcm_pulse p[3000];
	static float g[N_DEVICE_ALL];
	const struct pcm_patch all = { .n_row = 256, .n_col = 256 };
	int8_t in[256];
	int16_t out[256];
	struct pcm_mvm m = { .n_row = 256,
		.n_col = 256,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = in,
		.out = out };
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	draw_pulses(p, N_LIST(p));
	draw_codes(in, sizeof(in));
	n_allocation = 0;
	assert_int_equal(pcm_chip_pulse(c, p, N_LIST(p)), 0);
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(pcm_chip_read(c, &all, g), 0);
	assert_int_equal(n_allocation, 0);
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_allocation_is_enomem_and_no_chip),
		cmocka_unit_test(working_chip_allocates_nothing),
	};
	return cmocka_run_group_tests_name("fault_chip", tests, NULL, NULL);
}
