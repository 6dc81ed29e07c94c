/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_emu_state.c - the frame around the chips' snapshots, as an attacker writes it: fields wrong,
 * checksum right. Offsets are those of emu_state.h.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>
#include "emu_state.h"

#define URI      "emu:?chips=2&seed=1"
#define AT_CHIPS 8
#define AT_N_URI 12
#define AT_SIZE  (16 + strlen(URI)) /* of chip 0 */

static struct pcm_chip *chip[2];
static uint8_t *good, *buf;
static size_t n;
static struct xbar_message msg;

static int set_up(void **state)
{
	struct pcm_params prm;

	(void)state;
	pcm_params_default(&prm);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(pcm_chip_new(&chip[i], &prm, i), 0);
	assert_int_equal(emu_state_pack((void **)&good, &n, chip, 2, URI, &msg), 0);
	buf = malloc(n + 16);
	return buf ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++)
		pcm_chip_free(chip[i]);
	free(good);
	free(buf);
	return 0;
}

static void put(size_t at, uint64_t x, int n_byte)
{
	for (int i = 0; i < n_byte; i++)
		buf[at + (size_t)i] = (uint8_t)(x >> 8 * i);
}

/* The first m bytes of buf with a right checksum at their end. */
static int unpack(size_t m)
{
	put(m - 4, crc32_z(0, buf, m - 4), 4);
	return emu_state_unpack(chip, 2, URI, buf, m, &msg);
}

/* -EBADMSG, and the chips are the ones they were. */
static void assert_bad(size_t m)
{
	const struct pcm_chip *before[2] = { chip[0], chip[1] };

	msg.text[0] = '\0';
	assert_int_equal(unpack(m), -EBADMSG);
	assert_string_not_equal(msg.text, "");
	assert_ptr_equal(chip[0], before[0]);
	assert_ptr_equal(chip[1], before[1]);
	memcpy(buf, good, n);
}

static void a_good_frame_is_taken(void **state)
{
	(void)state;
	memcpy(buf, good, n);
	assert_int_equal(unpack(n), 0);
}

static void lengths_that_lie_are_ebadmsg(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 8, UINT32_MAX, UINT64_MAX, UINT64_MAX - 7,
		1u << 22 };
	size_t size = (n - AT_SIZE - 4) / 2 - 8;

	(void)state;
	memcpy(buf, good, n);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		put(AT_SIZE, sizes[i], 8);
		assert_bad(n);
		put(AT_SIZE + 8 + size, sizes[i], 8);
		assert_bad(n);
		put(AT_N_URI, sizes[i] + 512, 4);
		assert_bad(n);
	}
	put(AT_N_URI, strlen(URI) + 1, 4);
	assert_bad(n);
	put(AT_SIZE, size - 1, 8);
	assert_bad(n);
	put(AT_SIZE, size + 1, 8);
	assert_bad(n);
}

static void frames_that_end_early_or_late_are_ebadmsg(void **state)
{
	static const size_t at_end[] = { 20, 21, 39, 40, 43, 47, 51, 100 };

	(void)state;
	memcpy(buf, good, n);
	for (size_t i = 0; i < sizeof(at_end) / sizeof(at_end[0]); i++)
		assert_bad(at_end[i]);
	assert_bad(n - 1);
	assert_bad(n / 2);
	assert_bad(n + 1);
	assert_bad(n + 16);
	for (size_t m = 0; m < 20; m++)
		assert_int_equal(emu_state_unpack(chip, 2, URI, buf, m, &msg), -EBADMSG);
}

static void another_number_of_chips_is_einval(void **state)
{
	(void)state;
	memcpy(buf, good, n);
	put(AT_CHIPS, 3, 4);
	assert_int_equal(unpack(n), -EINVAL);
	assert_non_null(strstr(msg.text, URI));
	put(AT_CHIPS, 1, 4);
	assert_int_equal(unpack(n), -EINVAL);
}

/* Chip 1's snapshot for chip 0: as if two boards were mixed. */
static void chips_in_the_wrong_order_are_einval(void **state)
{
	size_t part = (n - AT_SIZE - 4) / 2;

	(void)state;
	memcpy(buf, good, n);
	memcpy(buf + AT_SIZE, good + AT_SIZE + part, part);
	assert_int_equal(unpack(n), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_frame_is_taken),
		cmocka_unit_test(lengths_that_lie_are_ebadmsg),
		cmocka_unit_test(frames_that_end_early_or_late_are_ebadmsg),
		cmocka_unit_test(another_number_of_chips_is_einval),
		cmocka_unit_test(chips_in_the_wrong_order_are_einval),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
