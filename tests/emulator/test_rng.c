/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rng.h"
#include "pcm.h"
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <gsl/gsl_errno.h>

/* Random123 (Salmon et al., SC'11), examples/kat_vectors, "philox4x32 10". */
static const struct {
	uint32_t ctr[4], key[2], word[4];
} known[] = {
	{ { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
	{ { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
		{ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
	{ { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
		{ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void philox_gives_the_published_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint32_t w[4];
		pcm_philox(w, known[i].ctr, known[i].key);
		assert_memory_equal(w, known[i].word, sizeof(w));
	}
}

static void gsl_generator_gives_the_blocks_in_order(void **state)
{
	const uint64_t seed = 0x299f31d0a4093822; /* key of the third vector */
	gsl_rng *r = gsl_rng_alloc(pcm_rng_philox4x32);
	(void)state;
	assert_non_null(r);
	gsl_rng_set(r, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(gsl_rng_get(r), known[0].word[i]);
	gsl_rng_set(r, seed);
	for (uint32_t block = 0; block < 3; block++) {
		uint32_t w[4];
		pcm_philox(w, (uint32_t[4]){ block }, known[2].key);
		for (int i = 0; i < 4; i++)
			assert_int_equal(gsl_rng_get(r), w[i]);
	}
	gsl_rng_free(r);
}

static void gsl_generator_knows_its_range_and_copies(void **state)
{
	gsl_rng *r = gsl_rng_alloc(pcm_rng_philox4x32), *copy;
	(void)state;
	assert_int_equal(gsl_rng_min(r), 0);
	assert_int_equal(gsl_rng_max(r), 0xffffffff);
	gsl_rng_set(r, 7);
	for (int i = 0; i < 5; i++)
		gsl_rng_get(r);
	copy = gsl_rng_clone(r);
	for (int i = 0; i < 9; i++) {
		double x = gsl_rng_uniform(r);
		assert_true(x >= 0 && x < 1);
		assert_true(x == gsl_rng_uniform(copy));
	}
	gsl_rng_free(copy);
	gsl_rng_free(r);
}

static void stream_holds_seed_chip_use_and_operation(void **state)
{
	struct pcm_stream s =
		pcm_stream(0x1122334455667788, 0xabcdef, PCM_USE_MVM, 0x99aabbccddeeff00);
	(void)state;
	assert_int_equal(s.key[0], 0x55667788);
	assert_int_equal(s.key[1], 0x11223344);
	assert_int_equal(s.op[0], 0xddeeff00);
	assert_int_equal(s.op[1], 0x99aabbcc);
	assert_int_equal(s.use, 0xabcdef00 | PCM_USE_MVM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(philox_gives_the_published_words),
		cmocka_unit_test(gsl_generator_gives_the_blocks_in_order),
		cmocka_unit_test(gsl_generator_knows_its_range_and_copies),
		cmocka_unit_test(stream_holds_seed_chip_use_and_operation),
	};
	gsl_set_error_handler_off();
	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
