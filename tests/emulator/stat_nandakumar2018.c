/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model against Nandakumar et al., J. Appl. Phys. 124, 152135 (2018); all 262,144 devices. */
#include "pcm.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define N (PCM_N_ROW * PCM_N_COL * PCM_N_DEVICE)

static const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
static float g[N];
static struct pcm_pulse list[N];

struct moments {
	double mean, sd;
};

static struct moments moments(const float *x, size_t n)
{
	double sum = 0, square = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	for (size_t i = 0; i < n; i++)
		square += pow(x[i] - sum / (double)n, 2);
	return (struct moments){ sum / (double)n, sqrt(square / (double)n) };
}

static struct pcm_chip *chip(const char *preset, const char *key, const char *value)
{
	struct pcm_params prm;
	struct pcm_chip *c;
	pcm_params_default(&prm);
	assert_int_equal(pcm_params_set(&prm, "preset", preset), 0);
	if (key)
		assert_int_equal(pcm_params_set(&prm, key, value), 0);
	assert_int_equal(pcm_params_set(&prm, "seed", "42"), 0);
	assert_int_equal(pcm_chip_new(&c, &prm, 0), 0);
	return c;
}

static void pulse_all(struct pcm_chip *c, enum pcm_kind kind, uint16_t n)
{
	for (size_t i = 0; i < N; i++)
		list[i] = (struct pcm_pulse){ .row = (uint16_t)(i / 1024),
			.col = i / 4 % 256,
			.device = i % 4,
			.kind = (uint8_t)kind,
			.n = n };
	assert_int_equal(pcm_chip_pulse(c, list, N), 0);
}

/* Conductances as stored: the age at which drift's factor is 1 is drift_t0. */
static void stored(struct pcm_chip *c)
{
	assert_int_equal(pcm_chip_truth(c, &all, g), 0);
}

/* Published to 0.01 uS: 5 sigma of the sample and half a digit. */
static void staircase_is_the_published_one(void **state)
{
	static const struct {
		uint16_t p;
		double mean, sd; /* uS */
	} published[] = { { 1, 2.06, 1.52 }, { 2, 3.44, 1.98 }, { 5, 5.92, 2.38 },
		{ 10, 7.83, 2.47 }, { 20, 9.40, 2.66 } };
	struct pcm_chip *c = chip("staircase", "drift_nu", "0");
	uint16_t done = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		double sd = published[i].sd;
		pulse_all(c, PCM_SET, (uint16_t)(published[i].p - done));
		done = published[i].p;
		stored(c);
		struct moments m = moments(g, N);
		print_message("p=%u mean %.4f sd %.4f\n", done, 1e6 * m.mean, 1e6 * m.sd);
		assert_true(fabs(1e6 * m.mean - published[i].mean) < 0.005 + 5 * sd / sqrt(N));
		assert_true(fabs(1e6 * m.sd - sd) < 0.005 + 5 * sd / sqrt(2.0 * N));
	}
	pcm_chip_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staircase_is_the_published_one),
	};
	return cmocka_run_group_tests_name("nandakumar2018", tests, NULL, NULL);
}
