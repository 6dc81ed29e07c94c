/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spikes.h"

#include "trainer_test.h"

#define N 19 /* three bytes of bits, the last not full */

static void a_list_becomes_bits_low_bit_first(void **state)
{
	static const uint16_t on[] = { 0, 7, 8, 18 };
	struct snn_spikes p;

	(void)state;
	assert_int_equal(snn_spikes_init(&p, N, 2, false), 0);
	assert_int_equal(p.n_byte, 3);
	snn_spikes_list(&p, 1, on, 4);
	assert_int_equal(p.n_on[1], 4);
	assert_memory_equal(snn_spikes_on(&p, 1), on, sizeof(on));
	assert_int_equal(p.bit[3], 0x81);
	assert_int_equal(p.bit[4], 0x01);
	assert_int_equal(p.bit[5], 0x04);
	for (int i = 0; i < 3; i++) /* the other lane */
		assert_int_equal(p.bit[i], 0);
	snn_spikes_list(&p, 1, on, 0); /* silence */
	assert_int_equal(p.n_on[1], 0);
	for (int i = 3; i < 6; i++)
		assert_int_equal(p.bit[i], 0);
	snn_spikes_done(&p);
}

static void values_and_list_say_the_same(void **state)
{
	static const uint16_t on[] = { 2, 9, 16 };
	float y[N] = { [2] = 1, [9] = 1, [16] = 1 };
	struct snn_spikes p;

	(void)state;
	assert_int_equal(snn_spikes_init(&p, N, 2, false), 0);
	snn_spikes_list(&p, 0, on, 3);
	snn_spikes_values(&p, 1, y);
	assert_int_equal(p.n_on[1], 3);
	assert_memory_equal(snn_spikes_on(&p, 0), snn_spikes_on(&p, 1), sizeof(on));
	assert_memory_equal(p.bit, p.bit + 3, 3);
	snn_spikes_done(&p);
}

/* 127 times the value, to the nearest: 0.5 * 127 = 63.5 goes to the even 64. */
static void real_values_have_codes(void **state)
{
	static const uint16_t on[] = { 4 };
	float y[N] = { 0, 1, 0.5f, 0.25f };
	struct snn_spikes p;

	(void)state;
	assert_int_equal(snn_spikes_init(&p, N, 1, true), 0);
	snn_spikes_values(&p, 0, y);
	assert_memory_equal(snn_spikes_real(&p, 0), y, sizeof(y));
	assert_int_equal(p.code[0], 0);
	assert_int_equal(p.code[1], 127);
	assert_int_equal(p.code[2], 64);
	assert_int_equal(p.code[3], 32);
	snn_spikes_list(&p, 0, on, 1);
	assert_int_equal(p.code[1], 0);
	assert_int_equal(p.code[4], 127);
	assert_true(snn_spikes_real(&p, 0)[4] == 1 && snn_spikes_real(&p, 0)[1] == 0);
	snn_spikes_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_becomes_bits_low_bit_first),
		cmocka_unit_test(values_and_list_say_the_same),
		cmocka_unit_test(real_values_have_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
