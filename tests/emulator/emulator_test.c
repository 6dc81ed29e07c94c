/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emulator_test.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pcm_chip *make_chip(const char *text, uint32_t i_chip)
{
	struct pcm_params prm;
	struct pcm_chip *c;
	char *copy = strdup(text), *rest = copy, *item;
	assert_non_null(copy);
	pcm_params_default(&prm);
	while ((item = strsep(&rest, "&"))) {
		char *key = strsep(&item, "=");
		if (*key)
			assert_int_equal(pcm_params_set(&prm, key, item), 0);
	}
	free(copy);
	assert_int_equal(pcm_chip_new(&c, &prm, i_chip), 0);
	return c;
}

void *state_of(const struct pcm_chip *c, size_t *ret_n)
{
	size_t n = pcm_chip_snapshot_size(c);
	void *buf = malloc(n);
	assert_non_null(buf);
	assert_int_equal(pcm_chip_snapshot(c, buf, n), 0);
	if (ret_n)
		*ret_n = n;
	return buf;
}

void assert_same_state(const struct pcm_chip *a, const struct pcm_chip *b)
{
	size_t n_a, n_b;
	void *s_a = state_of(a, &n_a), *s_b = state_of(b, &n_b);
	int differs = n_a != n_b || memcmp(s_a, s_b, n_a);
	free(s_a);
	free(s_b);
	assert_false(differs);
}

static uint64_t random_state = 1;

void seed_draw(uint64_t seed)
{
	random_state = seed * 2862933555777941757 + 3037000493;
}

/* xorshift64* */
uint64_t draw(uint64_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717 >> 1) % n;
}

void draw_pulses(struct pcm_pulse *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (struct pcm_pulse){
			.row = (uint16_t)draw(PCM_N_ROW),
			.col = (uint16_t)draw(PCM_N_COL),
			.device = (uint8_t)draw(PCM_N_DEVICE),
			.kind = draw(8) ? PCM_SET : PCM_RESET,
			.n = (uint16_t)(draw(4) ? 1 : 1 + draw(9)),
		};
}

void draw_codes(int8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		in[i] = draw(3) ? (int8_t)(draw(255) - 127) : 0;
}

void pulse_all(struct pcm_chip *c, enum pcm_kind kind, uint16_t n)
{
	struct pcm_pulse *list = malloc(N_DEVICE_ALL * sizeof(*list));
	assert_non_null(list);
	for (size_t i = 0; i < N_DEVICE_ALL; i++)
		list[i] = (struct pcm_pulse){
			.row = (uint16_t)(i / PCM_N_DEVICE / PCM_N_COL),
			.col = (uint16_t)(i / PCM_N_DEVICE % PCM_N_COL),
			.device = (uint8_t)(i % PCM_N_DEVICE),
			.kind = (uint8_t)kind,
			.n = n,
		};
	assert_int_equal(pcm_chip_pulse(c, list, N_DEVICE_ALL), 0);
	free(list);
}

struct moments moments(const float *x, size_t n)
{
	double sum = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i];
	for (size_t i = 0; i < n; i++)
		square += pow((double)x[i] - sum / (double)n, 2);
	return (struct moments){ sum / (double)n, sqrt(square / (double)n) };
}
