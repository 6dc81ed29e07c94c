/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_curves.c - what devices of a preset do, as a chip of them answers: the same pulses, waits and
 * reads as a board gets, on N_DEVICE devices.
 */
#include "fit.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define N_ROW    4
#define N_DEVICE (N_ROW * PCM_N_COL * PCM_N_DEVICE)

struct bench {
	struct pcm_chip *chip;
	struct pcm_pulse *pulse; /* [N_DEVICE] */
	float *g;                /* [N_DEVICE] S */
	double *sum, *sum2;      /* [N_DEVICE] uS, uS^2 */
};

static void bench_done(struct bench *b)
{
	pcm_chip_free(b->chip);
	free(b->pulse);
	free(b->g);
	free(b->sum);
	free(b->sum2);
}

/*
 * Devices and lines that work: what is broken is a matter of rates, not of curves. Columns alike, as
 * measurements are once corrected.
 */
static struct pcm_params whole(const struct pcm_params *prm)
{
	struct pcm_params p = *prm;
	p.stuck_reset_rate = p.stuck_set_rate = p.dead_row_rate = p.dead_col_rate = 0.0;
	p.swapped_col_rate = p.noisy_col_rate = p.missing_code_rate = 0.0;
	p.adc_gain_sd = p.adc_offset_sd = 0.0;
	p.faults[0] = '\0';
	return p;
}

static int bench_init(struct bench *b, const struct pcm_params *prm)
{
	const struct pcm_params p = whole(prm);
	*b = (struct bench){ 0 };
	b->pulse = malloc(N_DEVICE * sizeof(*b->pulse));
	b->g = malloc(N_DEVICE * sizeof(*b->g));
	b->sum = malloc(N_DEVICE * sizeof(*b->sum));
	b->sum2 = malloc(N_DEVICE * sizeof(*b->sum2));
	int r = b->pulse && b->g && b->sum && b->sum2 ? pcm_chip_new(&b->chip, &p, 0) : -ENOMEM;
	if (r < 0)
		bench_done(b);
	return r;
}

static int pulse_all(struct bench *b, enum pcm_kind kind)
{
	for (size_t i = 0; i < N_DEVICE; i++)
		b->pulse[i] = (struct pcm_pulse){ .row = (uint16_t)(i / PCM_N_DEVICE / PCM_N_COL),
			.col = (uint16_t)(i / PCM_N_DEVICE % PCM_N_COL),
			.device = i % PCM_N_DEVICE,
			.kind = (uint8_t)kind,
			.n = 1 };
	return pcm_chip_pulse(b->chip, b->pulse, N_DEVICE);
}

/* Moments over devices of the mean of n_read reads, and the rms sd of a single read. */
static int read_all(struct bench *b, uint32_t n_read, struct fit_point *ret)
{
	const struct pcm_patch all = { .n_row = N_ROW, .n_col = PCM_N_COL };
	double mean = 0.0, square = 0.0, noise = 0.0;
	for (size_t i = 0; i < N_DEVICE; i++)
		b->sum[i] = b->sum2[i] = 0.0;
	for (uint32_t k = 0; k < n_read; k++) {
		int r = pcm_chip_read(b->chip, &all, b->g);
		if (r < 0)
			return r;
		for (size_t i = 0; i < N_DEVICE; i++) {
			double g = (double)b->g[i] * 1e6;
			b->sum[i] += g;
			b->sum2[i] += g * g;
		}
	}
	for (size_t i = 0; i < N_DEVICE; i++) {
		double m = b->sum[i] / n_read;
		mean += m / N_DEVICE;
		square += m * m / N_DEVICE;
		noise += (b->sum2[i] / n_read - m * m) / N_DEVICE;
	}
	ret->mean = mean;
	ret->sd = sqrt(fmax(square - mean * mean, 0.0));
	ret->noise = n_read > 1 ? sqrt(fmax(noise, 0.0) * n_read / (n_read - 1.0)) : NAN;
	return 0;
}

int fit_curve_staircase(const struct pcm_params *prm, double settle, uint32_t n_read, size_t n,
	struct fit_point *ret)
{
	struct bench b;
	int r = bench_init(&b, prm);
	if (r < 0)
		return r;
	for (size_t p = 0; p < n && r == 0; p++) {
		r = pulse_all(&b, p ? PCM_SET : PCM_RESET);
		if (r == 0)
			r = pcm_chip_wait(b.chip, (uint64_t)(settle * 1e9));
		ret[p].x = (double)p;
		if (r == 0)
			r = read_all(&b, n_read, &ret[p]);
	}
	bench_done(&b);
	return r;
}

int fit_curve_drift(const struct pcm_params *prm, size_t n_pulse, uint32_t n_read, size_t n,
	struct fit_point *ret)
{
	struct bench b;
	double t = 0.0;
	int r = bench_init(&b, prm);
	if (r < 0)
		return r;
	r = pulse_all(&b, PCM_RESET);
	for (size_t p = 0; p < n_pulse && r == 0; p++)
		r = pulse_all(&b, PCM_SET);
	for (size_t k = 0; k < n && r == 0; k++) {
		r = pcm_chip_wait(b.chip, (uint64_t)(fmax(ret[k].x - t, 0.0) * 1e9));
		t = fmax(ret[k].x, t);
		if (r == 0)
			r = read_all(&b, n_read, &ret[k]);
	}
	bench_done(&b);
	return r;
}
