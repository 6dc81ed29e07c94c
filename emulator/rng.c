/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rng.h"
#include "pcm.h"

void pcm_philox(uint32_t ret[4], const uint32_t ctr[4], const uint32_t key[2])
{
	uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int i = 0; i < 10; i++) {
		uint64_t p0 = (uint64_t)PCM_PHILOX_MUL_0 * c0;
		uint64_t p1 = (uint64_t)PCM_PHILOX_MUL_1 * c2;
		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)p1;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)p0;
		k0 += PCM_PHILOX_WEYL_0;
		k1 += PCM_PHILOX_WEYL_1;
	}
	ret[0] = c0;
	ret[1] = c1;
	ret[2] = c2;
	ret[3] = c3;
}

struct pcm_stream pcm_stream(uint64_t seed, uint32_t i_chip, enum pcm_use use, uint64_t op)
{
	return (struct pcm_stream){
		.key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
		.op = { (uint32_t)op, (uint32_t)(op >> 32) },
		.use = (uint32_t)use | i_chip << 8,
	};
}

uint32_t pcm_word_at(const struct pcm_stream *s, uint32_t i)
{
	uint32_t word[4];
	pcm_philox(word, (uint32_t[4]){ i / 4, s->op[0], s->op[1], s->use }, s->key);
	return word[i % 4];
}

/* The GSL face: words of block 0, 1, 2, ... in order, key = seed. */
struct state {
	uint32_t key[2];
	uint32_t ctr[4];
	uint32_t word[4];
	uint32_t n_used; /* of word */
};

static void state_set(void *v, unsigned long seed)
{
	*(struct state *)v = (struct state){
		.key = { (uint32_t)seed, (uint32_t)((uint64_t)seed >> 32) },
		.n_used = 4,
	};
}

static unsigned long state_word(void *v)
{
	struct state *s = v;
	if (s->n_used == 4) {
		pcm_philox(s->word, s->ctr, s->key);
		for (int i = 0; i < 4 && ++s->ctr[i] == 0; i++)
			;
		s->n_used = 0;
	}
	return s->word[s->n_used++];
}

static double state_double(void *v)
{
	return (double)state_word(v) / 4294967296.0;
}

static const gsl_rng_type philox4x32 = {
	.name = "philox4x32",
	.max = 0xffffffff,
	.min = 0,
	.size = sizeof(struct state),
	.set = state_set,
	.get = state_word,
	.get_double = state_double,
};

const gsl_rng_type *const pcm_rng_philox4x32 = &philox4x32;
