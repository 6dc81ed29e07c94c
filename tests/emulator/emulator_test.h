/* SPDX-License-Identifier: GPL-3.0-or-later */
/* emulator_test.h - what the emulator's tests share. All of it fails the test if something fails. */
#ifndef EMULATOR_TEST_H
#define EMULATOR_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "pcm.h"

#define N_DEVICE_ALL (PCM_N_ROW * PCM_N_COL * PCM_N_DEVICE)
#define N_LIST(a)    (sizeof(a) / sizeof((a)[0]))

/* A chip of parameters "key=value&key=value", defaults first; free with pcm_chip_free(). */
struct pcm_chip *make_chip(const char *text, uint32_t i_chip);

/* Snapshot of a chip, yours (free). *ret_n may be NULL. */
void *state_of(const struct pcm_chip *c, size_t *ret_n);

/* The two chips are in the same state, bit for bit. */
void assert_same_state(const struct pcm_chip *a, const struct pcm_chip *b);

/* Uniform in [0, n), from a generator that is not under test; seed anew with seed_draw(). */
void seed_draw(uint64_t seed);
uint64_t draw(uint64_t n);

/* n random valid pulses. */
void draw_pulses(struct pcm_pulse *p, size_t n);

/* n random codes, a third of them 0. */
void draw_codes(int8_t *in, size_t n);

/* n pulses of every device, in order. */
void pulse_all(struct pcm_chip *c, enum pcm_kind kind, uint16_t n);

struct moments {
	double mean, sd;
};

struct moments moments(const float *x, size_t n);

#endif
