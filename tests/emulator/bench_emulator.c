/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_emulator.c - what the emulator's operations cost, as ratios to OpenBLAS's sgemv 256 x 256
 * (row-major, not transposed, one thread) in the same process, for each set of kernels.
 *
 * CPU time, median of N_SAMPLE samples of at least 100 us; samples of the operation and of sgemv
 * alternate, so that both see the same machine. Prints, never judges: machines are noisy.
 */
#include "kernels.h"
#include "chip.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_SAMPLE  41
#define SAMPLE_NS 100e3
#define N_PULSE   5000

static float matrix[256 * 256], x[256], y[256];

struct bench {
	struct pcm_chip *c;
	struct pcm_pulse pulse[N_PULSE];
	int8_t code[256];
	uint8_t bit[8 * 32];
	int16_t out[8 * 256];
};

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void sgemv(struct bench *b)
{
	(void)b;
	cblas_sgemv(CblasRowMajor, CblasNoTrans, 256, 256, 1, matrix, 256, x, 1, 0, y, 1);
}

static void sgemv_trans(struct bench *b)
{
	(void)b;
	cblas_sgemv(CblasRowMajor, CblasTrans, 256, 256, 1, matrix, 256, x, 1, 0, y, 1);
}

static double sample(void (*op)(struct bench *b), struct bench *b, unsigned n)
{
	double start = now_ns();
	for (unsigned i = 0; i < n; i++)
		op(b);
	return (now_ns() - start) / n;
}

/* How often op must run to fill a sample; warms up. */
static unsigned repeats(void (*op)(struct bench *b), struct bench *b)
{
	double t = sample(op, b, 3);
	t = sample(op, b, 1 + (unsigned)(SAMPLE_NS / (t + 1)));
	return 1 + (unsigned)(SAMPLE_NS / (t + 1));
}

static int ascending(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;
	return (d > 0) - (d < 0);
}

static double median(double *t)
{
	qsort(t, N_SAMPLE, sizeof(*t), ascending);
	return t[N_SAMPLE / 2];
}

/* n_unit: what the rate counts (pulses, devices); 0 for none. */
static void measure(const char *name, void (*op)(struct bench *b), struct bench *b, double n_unit)
{
	double t[N_SAMPLE], t_ref[N_SAMPLE];
	unsigned n = repeats(op, b), n_ref = repeats(sgemv, b);
	for (int i = 0; i < N_SAMPLE; i++) {
		t_ref[i] = sample(sgemv, b, n_ref);
		t[i] = sample(op, b, n);
	}
	double ns = median(t), ref = median(t_ref);
	printf("%-8s %-46s %9.3f us %8.2f x sgemv", b->c ? pcm_chip_kernels_name(b->c) : "openblas",
		name, ns / 1e3, ns / ref);
	if (n_unit > 0)
		printf(" %8.0f M/s", n_unit / ns * 1e3);
	putchar('\n');
}

static void mvm(struct bench *b, struct pcm_mvm m)
{
	m.out = b->out;
	if (pcm_chip_mvm(b->c, &m) < 0)
		abort();
}

static void mvm_int8(struct bench *b)
{
	mvm(b,
		(struct pcm_mvm){ .n_row = 256,
			.n_col = 256,
			.n_vec = 1,
			.input = PCM_INPUT_INT8,
			.in = b->code });
}

static void mvm_bit_dense(struct bench *b)
{
	mvm(b,
		(struct pcm_mvm){ .n_row = 256,
			.n_col = 256,
			.n_vec = 1,
			.input = PCM_INPUT_BIT,
			.in = b->bit });
}

/* JSB: 88 inputs of which about 4 sound, 150 neurons of which about 15 spike, 88 outputs. */
static void mvm_input(struct bench *b)
{
	mvm(b,
		(struct pcm_mvm){ .n_row = 88,
			.n_col = 150,
			.n_vec = 1,
			.input = PCM_INPUT_BIT,
			.in = b->bit + 32 });
}

static void mvm_3_inputs(struct bench *b)
{
	mvm(b,
		(struct pcm_mvm){ .n_row = 88,
			.n_col = 150,
			.n_vec = 3,
			.input = PCM_INPUT_BIT,
			.in = b->bit + 32 });
}

static void mvm_output(struct bench *b)
{
	mvm(b,
		(struct pcm_mvm){ .row = 88,
			.n_row = 150,
			.col = 150,
			.n_col = 88,
			.n_vec = 1,
			.input = PCM_INPUT_BIT,
			.in = b->bit + 96 });
}

static void training_step(struct bench *b)
{
	mvm_input(b);
	mvm_input(b);
	mvm_output(b);
}

static void pulses(struct bench *b)
{
	if (pcm_chip_pulse(b->c, b->pulse, N_PULSE) < 0)
		abort();
}

static void pulses_then_mvm(struct bench *b)
{
	pulses(b);
	mvm(b,
		(struct pcm_mvm){ .n_row = 100,
			.n_col = 150,
			.n_vec = 1,
			.input = PCM_INPUT_BIT,
			.in = b->bit });
}

/* All devices' drift and read noise anew, as after a wait. */
static void refresh(struct bench *b)
{
	static struct pcm_drive all;
	for (all.n = 0; all.n < 256; all.n++)
		all.row[all.n] = (uint16_t)all.n;
	memset(b->c->cache.stale, 1, PCM_N_ROW * PCM_N_CHUNK);
	pcm_cache_update(b->c, &all, 0, PCM_N_COL);
}

static void normals(struct bench *b)
{
	struct pcm_stream s = pcm_stream(1, 0, PCM_USE_MVM, 0);
	b->c->dsp->normals(b->c->scratch.z, &s, 0, PCM_SPAN / PCM_GROUP);
}

static void set_bits(uint8_t *in, const uint8_t *i, int n)
{
	for (; n > 0; n--, i++)
		in[*i / 8] |= (uint8_t)(1 << *i % 8);
}

static void fill(struct bench *b)
{
	static const uint8_t chord[] = { 20, 36, 43, 60 };
	static const uint8_t spikes[] = { 3, 11, 19, 28, 40, 47, 55, 66, 73, 85, 99, 104, 118, 130,
		144 };
	memset(b->bit, 0xff, 32);
	for (int i = 0; i < 3; i++)
		set_bits(b->bit + 32 + 11 * i, chord, 4);
	set_bits(b->bit + 96, spikes, 15);
	for (int i = 0; i < 256; i++)
		b->code[i] = (int8_t)(i - 128 == 0 || i == 0 ? 1 : i - 128);
	for (int i = 0; i < N_PULSE; i++)
		b->pulse[i] = (struct pcm_pulse){ .row = (uint16_t)(i / 50),
			.col = (uint16_t)(rand() % 150),
			.device = (uint8_t)(rand() % 4),
			.kind = PCM_SET,
			.n = 1 };
	for (int i = 0; i < 256 * 256; i++)
		matrix[i] = (float)(i % 97);
	for (int i = 0; i < 256; i++)
		x[i] = (float)b->code[i];
}

static void measure_chip(struct bench *b)
{
	measure("mvm int8, 256 x 256, all rows", mvm_int8, b, 0);
	measure("mvm bit, 256 x 256, all rows", mvm_bit_dense, b, 0);
	measure("mvm bit, 88 x 150, 4 rows", mvm_input, b, 0);
	measure("mvm bit, 88 x 150, 4 rows, 3 vectors", mvm_3_inputs, b, 0);
	measure("mvm bit, 150 x 88, 15 rows", mvm_output, b, 0);
	measure("training step: two of 4 rows, one of 15", training_step, b, 0);
	measure("5000 sparse pulses", pulses, b, N_PULSE);
	measure("5000 sparse pulses, mvm 100 x 150", pulses_then_mvm, b, N_PULSE);
	measure("drift refresh of all devices, all young", refresh, b, PCM_N);
	pcm_chip_wait(b->c, 3600 * UINT64_C(1000000000));
	measure("drift refresh of all devices, after 1 h", refresh, b, PCM_N);
	measure("1024 normals", normals, b, PCM_SPAN);
}

/* Two chips of one process, products in turn: what all effects cost, state unchanged. */
static void measure_ratio(
	const char *name, void (*op)(struct bench *b), struct bench *plain, struct bench *full)
{
	double t[N_SAMPLE], t_full[N_SAMPLE];
	unsigned n = repeats(op, plain), n_full = repeats(op, full);
	for (int i = 0; i < N_SAMPLE; i++) {
		t[i] = sample(op, plain, n);
		t_full[i] = sample(op, full, n_full);
	}
	double ns = median(t), ns_full = median(t_full);
	printf("%-8s %-46s %9.3f us %8.2f x plain chip\n", pcm_chip_kernels_name(full->c), name,
		ns_full / 1e3, ns_full / ns);
}

static void measure_full(struct bench *plain)
{
	static struct bench full;
	struct pcm_params prm;
	pcm_params_default(&prm);
	full = *plain;
	if (pcm_params_set(&prm, "preset", "hermes_chip") < 0 ||
		pcm_chip_new(&full.c, &prm, 0) < 0 ||
		pcm_chip_kernels(full.c, pcm_chip_kernels_name(plain->c)) < 0)
		abort();
	/* A minute on, so that nothing is so young that it changes at once. */
	pcm_chip_wait(full.c, 60 * UINT64_C(1000000000));
	measure_ratio("all effects: mvm int8, 256 x 256", mvm_int8, plain, &full);
	measure_ratio("all effects: mvm bit, 256 x 256", mvm_bit_dense, plain, &full);
	measure_ratio("all effects: mvm bit, 88 x 150, 4 rows", mvm_input, plain, &full);
	measure_ratio("all effects: mvm bit, 150 x 88, 15 rows", mvm_output, plain, &full);
	measure("all effects: refresh of all devices", refresh, &full, PCM_N);
	measure("all effects: 5000 sparse pulses", pulses, &full, N_PULSE);
	pcm_chip_free(full.c);
}

int main(void)
{
	static struct bench b;
	const struct pcm_dsp *dsp;
	struct pcm_params prm;
	openblas_set_num_threads(1);
	pcm_params_default(&prm);
	fill(&b);
	measure("sgemv 256 x 256, row-major", sgemv, &b, 0);
	measure("sgemv 256 x 256, row-major, transposed", sgemv_trans, &b, 0);
	for (unsigned i = 0; (dsp = pcm_dsp_at(i)); i++) {
		if (pcm_chip_new(&b.c, &prm, 0) < 0 || pcm_chip_kernels(b.c, dsp->name) < 0)
			return 1;
		measure_chip(&b);
		measure_full(&b);
		pcm_chip_free(b.c);
	}
	return 0;
}
