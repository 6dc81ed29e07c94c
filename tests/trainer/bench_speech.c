/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_speech.c - what spoken digits cost, with the network that they are trained with: 700 inputs, 450
 * recurrent neurons, 20 outputs, 100 steps. CPU time, as ratios to a 256 x 256 x 256 sgemm (OpenBLAS, one
 * thread) of the same process; medians. Random spikes, so that no data is needed: of the regenerated
 * Heidelberg digits 8.5 % of the inputs are active in a step of 10 ms.
 *
 *	an epoch of 8156 recordings, from a few batches; with 1 and 2 threads (wall clock, their ratio)
 *	event-driven against dense traces at 1 .. 20 % activity
 *	memory of a sequence of 100, 1000 and 10,000 steps, online rules and bptt
 */
#include <cblas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_rng.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "learner.h"
#include "optim.h"
#include "pool.h"

#define N_IN     700
#define N_HIDDEN 450
#define N_OUT    20
#define N_STEP   100
#define ACTIVITY 0.085
#define BATCH    32
#define N_TRAIN  8156
#define N        256
#define N_ROUND  5

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

static double sgemm_seconds(void)
{
	static float a[N * N], b[N * N], c[N * N];
	double s[9];

	for (int i = 0; i < N * N; i++) {
		a[i] = (float)(i % 17) * 0.01f;
		b[i] = (float)(i % 13) * 0.01f;
	}
	for (int k = 0; k < 9; k++) {
		double t0 = now(CLOCK_PROCESS_CPUTIME_ID);

		for (int i = 0; i < 10; i++)
			cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, N, N, N, 1, a, N, b,
				N, 0, c, N);
		s[k] = (now(CLOCK_PROCESS_CPUTIME_ID) - t0) / 10;
	}
	return median(s, 9);
}

static void check(int r, const struct snn_error *e)
{
	if (r < 0) {
		fprintf(stderr, "bench_speech: %s\n", e->text);
		exit(1);
	}
}

/* A recording of random spikes, in one block. */
static struct snn_seq *make_seq(gsl_rng *rng, uint32_t n_step, double activity)
{
	struct snn_seq *s = calloc(1,
		sizeof(*s) + (n_step + 1) * sizeof(uint32_t) +
			(size_t)n_step * N_IN * sizeof(uint16_t));
	uint32_t n = 0, *begin;
	uint16_t *note;

	if (!s)
		exit(1);
	begin = (uint32_t *)(s + 1);
	note = (uint16_t *)(begin + n_step + 1);
	for (uint32_t t = 0; t < n_step; t++) {
		for (uint16_t j = 0; j < N_IN; j++) {
			if (gsl_rng_uniform(rng) < activity)
				note[n++] = j;
		}
		begin[t + 1] = n;
	}
	s->n_step = n_step;
	s->begin = begin;
	s->note = note;
	s->has_label = true;
	s->label = (uint16_t)gsl_rng_uniform_int(rng, N_OUT);
	return s;
}

struct net {
	struct snn_config c;
	struct snn_net net;
	struct snn_weights *w;
};

static void open_net(struct net *q, const char *rule)
{
	const struct snn_assignment set[] = { { "task", "shd" }, { "rule", rule } };
	float bias[N_OUT] = { 0 };
	struct snn_error e = { "" };

	check(snn_config_load(&q->c, NULL, set, 2, &e), &e);
	q->c.train.batch = BATCH;
	check(snn_net_init(&q->net, &q->c, N_IN, N_OUT, bias, snn_rule_find(rule)->is_layered, &e),
		&e);
	check(snn_weights_float_new(&q->w, &q->net, &e), &e);
}

static void close_net(struct net *q)
{
	q->w->ops->free(q->w);
	snn_net_done(&q->net);
}

/* One batch: forward, gradients, update. */
static void train_batch(struct net *q, struct snn_pool *pool, struct snn_optim *optim,
	const struct snn_seq *const *seq)
{
	const float *delta[SNN_MAX_MATRIX] = { NULL };
	struct snn_learner counts = { 0 }; /* of spikes: none are asked for */
	struct snn_score score = { 0 };
	struct snn_error e = { "" };

	check(snn_pool_run(pool, seq, BATCH, &counts, 0, &score, &e), &e);
	snn_optim_step(optim, &q->net, q->c.train.rate, BATCH);
	for (uint32_t i = 0; i < q->net.n_tensor; i++) {
		if (q->net.tensor[i].i_matrix >= 0)
			delta[q->net.tensor[i].i_matrix] = optim->delta[i];
	}
	check(q->w->ops->update(q->w, delta, 0, &e), &e);
}

/* Seconds of a batch: of the process's CPU, and of the wall clock. */
static void batch_seconds(const char *rule, uint32_t n_thread, const struct snn_seq *const *seq,
	double *ret_cpu, double *ret_wall)
{
	double cpu[N_ROUND], wall[N_ROUND];
	struct snn_optim optim;
	struct snn_pool *pool;
	struct snn_error e = { "" };
	struct net q;

	open_net(&q, rule);
	q.c.train.threads = n_thread;
	check(snn_pool_new(&pool, &q.net, q.w, snn_rule_find(rule), &q.c, &e), &e);
	check(snn_optim_init(&optim, &q.c, &q.net), &e);
	train_batch(&q, pool, &optim, seq);
	for (int k = 0; k < N_ROUND; k++) {
		cpu[k] = now(CLOCK_PROCESS_CPUTIME_ID);
		wall[k] = now(CLOCK_MONOTONIC);
		train_batch(&q, pool, &optim, seq);
		cpu[k] = now(CLOCK_PROCESS_CPUTIME_ID) - cpu[k];
		wall[k] = now(CLOCK_MONOTONIC) - wall[k];
	}
	*ret_cpu = median(cpu, N_ROUND);
	*ret_wall = median(wall, N_ROUND);
	snn_optim_done(&optim);
	snn_pool_free(pool);
	close_net(&q);
}

static void bench_epoch(gsl_rng *rng)
{
	static const char *const rules[] = { "osttp", "ostl", "bptt", "drtp" };
	const struct snn_seq *seq[BATCH];
	struct snn_seq *own[BATCH];
	double cpu, wall, cpu2, wall2, floor = sgemm_seconds();

	for (int i = 0; i < BATCH; i++)
		seq[i] = own[i] = make_seq(rng, N_STEP, ACTIVITY);
	printf("an epoch of %d recordings, batch %d, from one batch (256^3 sgemm %.0f us):\n",
		N_TRAIN, BATCH, 1e6 * floor);
	for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
		batch_seconds(rules[k], 1, seq, &cpu, &wall);
		batch_seconds(rules[k], 2, seq, &cpu2, &wall2);
		printf("  %-6s %5.1f s = %4.1f sgemm a recording; 2 threads: wall clock x %.2f, CPU time x %.2f\n",
			rules[k], cpu / BATCH * N_TRAIN, cpu / BATCH / floor, wall / wall2,
			cpu2 / cpu);
		fflush(stdout);
	}
	for (int i = 0; i < BATCH; i++)
		free(own[i]);
}

/* CPU seconds of a sequence through the traces of W and nothing else. */
static double trace_seconds(const struct snn_trace_kind *kind, const struct snn_net *net,
	const struct snn_seq *s, float *state)
{
	static double grad_w[N_IN * N_HIDDEN], grad_b[N_HIDDEN];
	struct snn_trace tr;
	struct snn_spikes x;
	double t[N_ROUND];
	const struct snn_trace_input in = { .x = &x,
		.b = state,
		.s_prev = state + N_HIDDEN,
		.y_prev = state + 2 * N_HIDDEN,
		.psi_prev = state + 3 * N_HIDDEN,
		.psi = state + 3 * N_HIDDEN,
		.l = state + 4 * N_HIDDEN,
		.gain = 1 };

	if (snn_trace_init(&tr, kind, net, 0, N_IN, 1) < 0 ||
		snn_spikes_init(&x, N_IN, 1, false) < 0)
		exit(1);
	for (int k = 0; k < N_ROUND; k++) {
		t[k] = now(CLOCK_PROCESS_CPUTIME_ID);
		snn_trace_begin(&tr, 0);
		for (uint32_t i = 0; i < s->n_step; i++) {
			snn_spikes_list(
				&x, 0, s->note + s->begin[i], s->begin[i + 1] - s->begin[i]);
			snn_trace_step(&tr, &in, grad_w, grad_b);
		}
		snn_trace_end(&tr, 0, grad_w);
		t[k] = now(CLOCK_PROCESS_CPUTIME_ID) - t[k];
	}
	snn_trace_done(&tr);
	snn_spikes_done(&x);
	return median(t, N_ROUND);
}

static void bench_traces(gsl_rng *rng)
{
	static const double activity[] = { 0.01, 0.02, 0.05, 0.1, 0.2 };
	static const struct snn_trace_kind kind[] = { { &snn_trace_event, true, false },
		{ &snn_trace_event, true, true }, { &snn_trace_dense, true, false } };
	static float state[5 * N_HIDDEN];
	struct net q;

	open_net(&q, "osttp");
	for (int i = 0; i < 5 * N_HIDDEN; i++)
		state[i] = (float)gsl_rng_uniform(rng) * (i < 2 * N_HIDDEN ? 1.0f : 0.3f);
	printf("traces of W [%d][%d], ms a sequence:\n", N_IN, N_HIDDEN);
	for (uint32_t n_step = N_STEP; n_step <= 4 * N_STEP; n_step *= 4) {
		for (size_t k = 0; k < sizeof(activity) / sizeof(activity[0]); k++) {
			struct snn_seq *s = make_seq(rng, n_step, activity[k]);
			double event = trace_seconds(&kind[0], &q.net, s, state);
			double filtered = trace_seconds(&kind[1], &q.net, s, state);
			double dense = trace_seconds(&kind[2], &q.net, s, state);

			printf("  %3u steps, %4.1f %% active: event %6.2f, filtered %6.2f, dense %6.2f: x %.1f; %5.1f ns an input spike\n",
				n_step, 100 * activity[k], 1e3 * event, 1e3 * filtered, 1e3 * dense,
				dense / event, 1e9 * event / s->begin[n_step]);
			fflush(stdout);
			free(s);
		}
	}
	close_net(&q);
}

/* Bytes in use by a batch of one lane and its learner, after a sequence of so many steps. */
static double memory_of(const char *rule, const struct snn_seq *s)
{
	struct snn_score score = { 0 };
	struct snn_error e = { "" };
	struct snn_learner le;
	struct snn_batch b;
	struct mallinfo2 before, after;
	struct net q;

	open_net(&q, rule);
	before = mallinfo2();
	if (snn_batch_init(&b, &q.net, q.w, 1) < 0)
		exit(1);
	check(snn_learner_init(&le, snn_rule_find(rule), &q.c, &b, &e), &e);
	check(snn_batch_run(&b, &s, 1, &le, NULL, NULL, &score, &e), &e);
	after = mallinfo2();
	snn_learner_done(&le);
	snn_batch_done(&b);
	close_net(&q);
	return (double)(after.uordblks + after.hblkhd) - (double)(before.uordblks + before.hblkhd);
}

static void bench_memory(gsl_rng *rng)
{
	static const char *const rules[] = { "osttp", "drtp", "bptt" };
	static const uint32_t n_step[] = { 100, 1000, 10000 };

	printf("memory of a sequence of 100 / 1000 / 10000 steps, MB:\n");
	for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
		printf("  %-6s", rules[k]);
		for (int i = 0; i < 3; i++) {
			struct snn_seq *s = make_seq(rng, n_step[i], 0.01);

			printf(" %8.2f", memory_of(rules[k], s) / 1e6);
			free(s);
		}
		putchar('\n');
	}
}

int main(void)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);

	if (!rng)
		return 1;
	gsl_set_error_handler_off();
	openblas_set_num_threads(1);
	bench_epoch(rng);
	bench_traces(rng);
	bench_memory(rng);
	gsl_rng_free(rng);
	return 0;
}
