/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_xbar.c - what xbar.h costs on top of the emulator: the same calls through xbar.h and through
 * pcm.h, in turns, processor time, the least of several. Aim: less than 100 ns a call of xbar_mvm(),
 * of which a training step makes two.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include "pcm.h"
#include "xbar.h"

#define N_TURN  15
#define N_CALL  4000
#define N_PULSE 4096

static struct xbar *x;
static struct pcm_chip *chip;
static uint8_t in[256];
static int16_t out[256];
static struct xbar_pulse x_pulse[N_PULSE];
static struct pcm_pulse c_pulse[N_PULSE];

static int x_mvm(enum xbar_input input)
{
	struct xbar_mvm m = {
		.n_row = 256, .n_col = 256, .n_vec = 1, .input = input, .in = in, .out = out
	};

	return xbar_mvm(x, &m, 1);
}

static int c_mvm(enum pcm_input input)
{
	struct pcm_mvm m = {
		.n_row = 256, .n_col = 256, .n_vec = 1, .input = input, .in = in, .out = out
	};

	return pcm_chip_mvm(chip, &m);
}

static int x_bit(void)
{
	return x_mvm(XBAR_INPUT_BIT);
}

static int c_bit(void)
{
	return c_mvm(PCM_INPUT_BIT);
}

static int x_int8(void)
{
	return x_mvm(XBAR_INPUT_INT8);
}

static int c_int8(void)
{
	return c_mvm(PCM_INPUT_INT8);
}

static int x_pulses(void)
{
	return xbar_pulse(x, x_pulse, N_PULSE);
}

static int c_pulses(void)
{
	return pcm_chip_pulse(chip, c_pulse, N_PULSE);
}

static const struct pair {
	const char *what;
	int (*through_xbar)(void), (*through_pcm)(void);
	int n_call;
	double n_operation; /* a call */
} pairs[] = {
	{ "mvm, 8 of 256 bits set", x_bit, c_bit, N_CALL, 1 },
	{ "mvm, 8 of 256 codes not 0", x_int8, c_int8, N_CALL, 1 },
	{ "pulse, 4096 at random places", x_pulses, c_pulses, N_CALL / 100, N_PULSE },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds an operation; negative on failure. */
static double once(const struct pair *p, int (*call)(void))
{
	double start = now();

	for (int i = 0; i < p->n_call; i++) {
		if (call() < 0)
			return -1.0;
	}
	return (now() - start) / p->n_call / p->n_operation;
}

static int compare(const struct pair *p)
{
	double least_x = 1.0, least_c = 1.0;

	for (int i = 0; i < N_TURN; i++) {
		double a = once(p, p->through_xbar), b = once(p, p->through_pcm);

		if (a < 0.0 || b < 0.0)
			return 1;
		least_x = a < least_x ? a : least_x;
		least_c = b < least_c ? b : least_c;
	}
	printf("%-30s xbar.h %8.2f ns, pcm.h %8.2f ns, difference %6.2f ns\n", p->what,
		least_x * 1e9, least_c * 1e9, (least_x - least_c) * 1e9);
	return 0;
}

static int set_up(void)
{
	struct pcm_params prm;
	uint32_t lcg = 1;

	pcm_params_default(&prm);
	for (int i = 0; i < 8; i++)
		in[4 * i] = 1;
	for (int i = 0; i < N_PULSE; i++) {
		lcg = lcg * 1664525u + 1013904223u;
		x_pulse[i] = (struct xbar_pulse){ .row = (uint16_t)(lcg >> 24),
			.col = (uint16_t)(lcg >> 16 & 255),
			.device = (uint8_t)(i % 4),
			.n = 1 };
		c_pulse[i] = (struct pcm_pulse){ .row = x_pulse[i].row,
			.col = x_pulse[i].col,
			.device = x_pulse[i].device,
			.n = 1 };
	}
	return xbar_open(&x, "emu:?chips=1", NULL) < 0 || pcm_chip_new(&chip, &prm, 0) < 0;
}

int main(void)
{
	int r = set_up();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]) && !r; i++)
		r = compare(&pairs[i]);
	xbar_close(x);
	pcm_chip_free(chip);
	return r;
}
