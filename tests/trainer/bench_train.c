/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_train.c - CPU time of training epochs, one thread, as ratios to a 256 x 256 sgemv (OpenBLAS)
 * measured in the same process, before and after each. JSB where $CROSSLOOP_DATA has it, the built-in
 * task otherwise. No evaluation is counted. Prints; asserts nothing.
 */
#include <cblas.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "train.h"

#define N       256
#define N_SGEMV 20000
#define N_EPOCH 3 /* the least of these */

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double sgemv_seconds(void)
{
	static float a[N * N], x[N], y[N];
	double t0, best = 1;

	for (int i = 0; i < N * N; i++)
		a[i] = (float)(i % 17) * 0.01f;
	for (int i = 0; i < N; i++)
		x[i] = (float)(i % 5) * 0.1f;
	for (int k = 0; k < 5; k++) {
		t0 = cpu_seconds();
		for (int i = 0; i < N_SGEMV / 5; i++)
			cblas_sgemv(CblasRowMajor, CblasNoTrans, N, N, 1, a, N, x, 1, 0, y, 1);
		t0 = (cpu_seconds() - t0) * 5 / N_SGEMV;
		best = t0 < best ? t0 : best;
	}
	return best;
}

static double epoch_seconds(const char *task, const char *rule, const char *weights, double *ret_us)
{
	const struct snn_assignment set[] = { { "task", task }, { "rule", rule },
		{ "weights", weights }, { "train.epochs", "4" }, { "train.eval_every", "1000" },
		{ "network.hidden", "150" }, { "train.batch", "1" } };
	static const volatile sig_atomic_t go_on = 0;
	struct snn_config c;
	struct snn_trainer tr;
	struct snn_error e = { "" };
	double best = 1e9, n_step = 0;

	if (snn_config_load(&c, NULL, set, sizeof(set) / sizeof(set[0]), &e) < 0 ||
		snn_trainer_init(&tr, &c, false, &e) < 0 || snn_trainer_start(&tr, &e) < 0) {
		fprintf(stderr, "bench_train: %s\n", e.text);
		exit(1);
	}
	for (uint32_t i = 0; i < tr.data.n_seq[SNN_TRAIN]; i++)
		n_step += tr.data.seq[SNN_TRAIN][i].n_step - 1;
	for (int k = 0; k < N_EPOCH; k++) {
		double t0 = cpu_seconds();

		if (snn_trainer_epoch(&tr, &go_on, NULL, &e) != 0) {
			fprintf(stderr, "bench_train: %s\n", e.text);
			exit(1);
		}
		t0 = cpu_seconds() - t0;
		best = t0 < best ? t0 : best;
	}
	snn_trainer_done(&tr);
	*ret_us = 1e6 * best / n_step;
	return best;
}

int main(void)
{
	static const char *const rules[] = { "osttp", "drtp", "ostl", "bptt" };
	const char *task = getenv("CROSSLOOP_DATA") ? "jsb" : "chorale";

	gsl_set_error_handler_off();
	openblas_set_num_threads(1);
	printf("task %s, 150 SNUs, batch 1, CPU time of an epoch:\n", task);
	for (int w = 0; w < 2; w++) {
		for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
			double us, before = sgemv_seconds();
			double s = epoch_seconds(task, rules[i], w ? "chips" : "float", &us);
			double after = sgemv_seconds();
			double floor = before < after ? before : after;

			printf("  %-5s %-5s  %7.3f s  %8.0f x sgemv (%.2f us)  %6.2f us a step\n",
				rules[i], w ? "chips" : "float", s, s / floor, 1e6 * floor, us);
			fflush(stdout);
		}
	}
	return 0;
}
