/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_snapshot.c - pcm_chip_restore() on hostile buffers. An input is a list of edits of a good
 * snapshot, 12 bytes each: u32 where (modulo its size), u64 what; the checksum is made to fit, so
 * that edits reach the checks behind it. The input itself is tried as a snapshot, too.
 *
 * What must hold: restore refuses and the chip is as before, or it accepts, and then the chip works
 * and saves what it was given. Sanitizers watch the rest.
 *
 * Built alone it is a unit test with random edits; with FUZZ_TARGET defined, a libFuzzer target:
 *	clang -fsanitize=fuzzer,address,undefined -DFUZZ_TARGET ...
 */
#include "emulator_test.h"
#include "snapshot.h"
#include <stdlib.h>
#include <string.h>

#define N_EDIT_BYTE 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data);

static uint8_t *snapshot_in_use(size_t *ret_n)
{
	static uint8_t *good;
	static size_t n;
	if (!good) {
		struct pcm_pulse p[500];
		uint8_t in[32] = { 0xff, 0x0f };
		int16_t out[200];
		struct pcm_mvm m = { .n_row = 256, .n_col = 200, .n_vec = 1, .in = in, .out = out };
		struct pcm_chip *c = make_chip("", 0);
		draw_pulses(p, 500);
		assert_int_equal(pcm_chip_pulse(c, p, 500), 0);
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
		assert_int_equal(pcm_chip_wait(c, UINT64_C(5000000000)), 0);
		good = state_of(c, &n);
		pcm_chip_free(c);
	}
	*ret_n = n;
	return good;
}

/* Edits made so far are undone by copying the good snapshot back over them. */
static void edit(uint8_t *buf, size_t n, const uint8_t *data, size_t n_data)
{
	for (size_t i = 0; i + N_EDIT_BYTE <= n_data; i += N_EDIT_BYTE) {
		uint32_t at;
		memcpy(&at, data + i, sizeof(at));
		memcpy(buf + at % (n - 8), data + i + 4, 8);
	}
	pcm_snapshot_seal(buf, n);
}

/* A chip that accepted a state must be able to work with it. */
static void use(struct pcm_chip *c)
{
	int8_t in[256];
	int16_t out[256];
	struct pcm_mvm m = { .n_row = 256,
		.n_col = 256,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = in,
		.out = out };
	struct pcm_pulse p = { .row = 3, .col = 3, .n = 3 };
	memset(in, 127, sizeof(in));
	(void)pcm_chip_mvm(c, &m); /* -EOVERFLOW if the clock is at its end */
	(void)pcm_chip_pulse(c, &p, 1);
	(void)pcm_chip_wait(c, UINT64_C(1) << 61);
	(void)pcm_chip_mvm(c, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
	static struct pcm_chip *c;
	static uint8_t *buf;
	size_t n;
	uint8_t *good = snapshot_in_use(&n);
	if (!c) {
		c = make_chip("", 0);
		buf = malloc(n);
		assert_non_null(buf);
	}
	assert_int_equal(pcm_chip_restore(c, good, n), 0);
	assert_true(pcm_chip_restore(c, data, n_data) < 0);
	memcpy(buf, good, n);
	edit(buf, n, data, n_data);
	int r = pcm_chip_restore(c, buf, n);
	uint8_t *after = state_of(c, NULL);
	assert_memory_equal(after, r < 0 ? good : buf, n);
	free(after);
	if (r == 0)
		use(c);
	return 0;
}

#ifndef FUZZ_TARGET
static void no_edit_of_a_snapshot_does_harm(void **state)
{
	(void)state;
	seed_draw(2026);
	for (int i = 0; i < 60; i++) {
		uint8_t data[4 * N_EDIT_BYTE];
		size_t n_edit = draw(5);
		for (size_t k = 0; k < n_edit; k++) {
			/* Often in the header, often a number near one that is valid. */
			uint32_t at = (uint32_t)(draw(2) ? draw(500) : draw(UINT32_MAX));
			uint64_t what = draw(2) ? draw(UINT64_MAX) >> draw(64) : 0x3333333333333333;
			memcpy(data + k * N_EDIT_BYTE, &at, sizeof(at));
			memcpy(data + k * N_EDIT_BYTE + 4, &what, sizeof(what));
		}
		LLVMFuzzerTestOneInput(data, n_edit * N_EDIT_BYTE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_edit_of_a_snapshot_does_harm),
	};
	return cmocka_run_group_tests_name("fuzz_snapshot", tests, NULL, NULL);
}
#endif
