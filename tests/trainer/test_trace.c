/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both forms of the traces against the recursion of trace.h written plainly in double, over random
 * membranes that no network need have: every a_i from 0 to beyond 1.
 *
 * Tolerances: both forms round to float32 at each step, the dense one traces, the event form the factors of
 * a window of steps: errors of 6e-8 add up like a random walk over the steps a trace lives, 2000 at most: 3e-6.
 */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core_test.h"

#define N_IN      12
#define N         21 /* two whole groups of 8 and a rest */
#define N_LANE    3
#define TOL_EVENT 3e-6
#define TOL_DENSE 3e-6

/* What a made-up membrane does. */
struct world {
	int reset;
	double decay, decay_step; /* d of neuron 0, and how much more each next one's is */
	double p_spike;           /* of a neuron: y' = 1 */
	double p_silent;          /* psi = 0 */
	double s_low, s_high;     /* s' */
	double psi_high;
	double b;
	double p_input;
	bool is_real, is_filtered;
	double keep; /* filtered: d_o */
	uint32_t n_step, n_lane;
};

struct plain {
	double eps[N_LANE][N_IN][N], eps_b[N_LANE][N], e_b[N_LANE][N];
	double bar[N_LANE][N_IN][N], bar_b[N_LANE][N];
	double grad_w[N_IN * N], grad_b[N];
};

struct step {
	float b[N], s_prev[N], y_prev[N], psi_prev[N], psi[N], l[N];
	float x[N_IN], gain;
};

struct bench {
	const struct world *w;
	gsl_rng *rng;
	struct snn_net net;
	float decay[N];
	struct snn_spikes x;
	struct snn_trace dense, event;
	struct plain plain;
	double grad_w[2][N_IN * N], grad_b[2][N];
	struct step step[N_LANE];
	double most_a;
};

static double uniform(struct bench *q, double low, double high)
{
	return low + (high - low) * gsl_rng_uniform(q->rng);
}

static bool happens(struct bench *q, double p)
{
	return gsl_rng_uniform(q->rng) < p;
}

static void draw(struct bench *q, struct step *s)
{
	const struct world *w = q->w;

	for (int i = 0; i < N; i++) {
		s->b[i] = (float)w->b;
		s->psi_prev[i] = s->psi[i];
		s->psi[i] = happens(q, w->p_silent) ? 0 : (float)uniform(q, 0, w->psi_high);
		s->s_prev[i] = (float)uniform(q, w->s_low, w->s_high);
		s->y_prev[i] = happens(q, w->p_spike);
		s->l[i] = (float)uniform(q, -1, 1);
	}
	s->gain = (float)uniform(q, 0.5, 1.5);
	for (int j = 0; j < N_IN; j++) {
		s->x[j] = happens(q, w->p_input);
		if (w->is_real)
			s->x[j] *= (float)uniform(q, 0, 1);
	}
}

/* What L meets: e, or ebar. */
static double seen(const struct bench *q, double gain, double e, double *bar)
{
	*bar = (double)(float)q->w->keep * *bar + gain * e;
	return q->w->is_filtered ? *bar : e;
}

static void plain_step(struct bench *q, uint32_t lane)
{
	const struct step *s = &q->step[lane];
	struct plain *p = &q->plain;
	bool is_full = q->w->reset == SNN_RESET_FULL;

	for (int i = 0; i < N; i++) {
		double y1 = (double)s->y_prev[i], psi = (double)s->psi[i], l = (double)s->l[i];
		double d = (double)q->decay[i], j = is_full ? d * (1 - y1) : d;
		double jj = is_full ? -d * (double)s->s_prev[i] : -(double)s->b[i];
		double a = j + jj * (double)s->psi_prev[i];

		q->most_a = fmax(q->most_a, fabs(a));
		for (int k = 0; k < N_IN; k++) {
			double *eps = &p->eps[lane][k][i];

			*eps = a * *eps + (double)s->x[k];
			p->grad_w[k * N + i] +=
				l * seen(q, (double)s->gain, psi * *eps, &p->bar[lane][k][i]);
		}
		p->eps_b[lane][i] =
			j * p->eps_b[lane][i] - (is_full ? 0 : y1) + jj * p->e_b[lane][i];
		p->e_b[lane][i] = psi * (p->eps_b[lane][i] - 1);
		p->grad_b[i] += l * seen(q, (double)s->gain, p->e_b[lane][i], &p->bar_b[lane][i]);
	}
}

static void all_step(struct bench *q, uint32_t lane)
{
	struct step *s = &q->step[lane];
	struct snn_trace_input in = { .x = &q->x,
		.lane = lane,
		.b = s->b,
		.s_prev = s->s_prev,
		.y_prev = s->y_prev,
		.psi_prev = s->psi_prev,
		.psi = s->psi,
		.l = s->l };

	draw(q, s);
	in.gain = s->gain;
	snn_spikes_values(&q->x, lane, s->x);
	plain_step(q, lane);
	snn_trace_step(&q->dense, &in, q->grad_w[0], q->grad_b[0]);
	snn_trace_step(&q->event, &in, q->grad_w[1], q->grad_b[1]);
}

static void open_bench(struct bench *q, const struct world *w)
{
	struct snn_trace_kind dense = { &snn_trace_dense, true, w->is_filtered };
	struct snn_trace_kind event = { &snn_trace_event, true, w->is_filtered };

	*q = (struct bench){ .w = w, .rng = gsl_rng_alloc(gsl_rng_taus2) };
	assert_non_null(q->rng);
	gsl_rng_set(q->rng, 3);
	q->net = (struct snn_net){ .n_in = N_IN,
		.n_layer = 1,
		.size = { N },
		.reset = w->reset,
		.readout_decay = (float)w->keep,
		.decay = { q->decay } };
	for (int i = 0; i < N; i++)
		q->decay[i] = (float)(w->decay + i * w->decay_step);
	assert_int_equal(snn_spikes_init(&q->x, N_IN, w->n_lane, w->is_real), 0);
	assert_int_equal(snn_trace_init(&q->dense, &dense, &q->net, 0, q->net.n_in, w->n_lane), 0);
	assert_int_equal(snn_trace_init(&q->event, &event, &q->net, 0, q->net.n_in, w->n_lane), 0);
}

static void close_bench(struct bench *q)
{
	snn_trace_done(&q->dense);
	snn_trace_done(&q->event);
	snn_spikes_done(&q->x);
	gsl_rng_free(q->rng);
}

static void begin(struct bench *q, uint32_t lane)
{
	struct plain *p = &q->plain;

	memset(p->eps[lane], 0, sizeof(p->eps[lane]));
	memset(p->eps_b[lane], 0, sizeof(p->eps_b[lane]));
	memset(p->e_b[lane], 0, sizeof(p->e_b[lane]));
	memset(p->bar[lane], 0, sizeof(p->bar[lane]));
	memset(p->bar_b[lane], 0, sizeof(p->bar_b[lane]));
	memset(&q->step[lane], 0, sizeof(q->step[lane]));
	snn_trace_begin(&q->dense, lane);
	snn_trace_begin(&q->event, lane);
}

static void check_bench(struct bench *q)
{
	assert_near("dense W", N_IN * N, q->grad_w[0], q->plain.grad_w, TOL_DENSE);
	assert_near("event W", N_IN * N, q->grad_w[1], q->plain.grad_w, TOL_EVENT);
	assert_near("dense b", N, q->grad_b[0], q->plain.grad_b, TOL_EVENT);
	assert_near("event b", N, q->grad_b[1], q->plain.grad_b, TOL_EVENT);
}

/* Two sequences in each lane, the second of lane k shorter by k. Returns the largest |a|. */
static double compare(const struct world *w)
{
	struct bench *q = malloc(sizeof(*q));
	double most_a;

	assert_non_null(q);
	open_bench(q, w);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t lane = 0; lane < w->n_lane; lane++)
			begin(q, lane);
		for (uint32_t t = 0; t < w->n_step; t++) {
			for (uint32_t lane = 0; lane < w->n_lane && t + round * lane < w->n_step;
				lane++)
				all_step(q, lane);
		}
		for (uint32_t lane = 0; lane < w->n_lane; lane++) {
			snn_trace_end(&q->dense, lane, q->grad_w[0]);
			snn_trace_end(&q->event, lane, q->grad_w[1]);
		}
		check_bench(q);
	}
	most_a = q->most_a;
	close_bench(q);
	free(q);
	return most_a;
}

static const struct world usual = {
	.reset = SNN_RESET_FULL,
	.decay = 0.4,
	.p_spike = 0.1,
	.p_silent = 0.3,
	.s_low = -1,
	.s_high = 2,
	.psi_high = 1,
	.b = 1,
	.p_input = 0.1,
	.n_step = 300,
	.n_lane = 1,
};

static void all_decays(struct world w)
{
	static const double decay[] = { 0, 0.4, 0.95, 1 };

	for (int k = 0; k < 4; k++) {
		w.decay = decay[k];
		w.reset = SNN_RESET_FULL;
		compare(&w);
		w.reset = SNN_RESET_SOFT;
		w.b = 0.3; /* |d - b psi| stays below 1 */
		compare(&w);
	}
	w.decay = 0.02;
	w.decay_step = 0.96 / (N - 1);
	for (w.reset = SNN_RESET_FULL; w.reset <= SNN_RESET_SOFT; w.reset++)
		compare(&w);
}

static void forms_agree_at_every_decay_and_reset(void **state)
{
	(void)state;
	all_decays(usual);
}

static void forms_agree_over_real_inputs(void **state)
{
	struct world w = usual;

	(void)state;
	w.is_real = true;
	w.p_input = 0.6;
	all_decays(w);
}

static void forms_agree_over_two_thousand_steps(void **state)
{
	struct world w = usual;

	(void)state;
	w.n_step = 2000;
	w.s_high = 0.5;
	w.psi_high = 0.3;
	all_decays(w);
}

/* Within a window, over its end (128 steps, and twice that), with outputs that forget or do not. */
static void filtered_forms_agree(void **state)
{
	static const double keep[] = { 0, 0.7, 0.98, 1 };
	static const uint32_t n_step[] = { 100, 128, 300 };
	struct world w = usual;

	(void)state;
	w.is_filtered = true;
	w.n_lane = N_LANE;
	for (int k = 0; k < 4; k++) {
		for (int i = 0; i < 3; i++) {
			w.keep = keep[k];
			w.n_step = n_step[i];
			w.is_real = (k + i) % 2;
			all_decays(w);
		}
	}
}

static void forms_agree_in_several_lanes_of_different_lengths(void **state)
{
	struct world w = usual;

	(void)state;
	w.n_lane = N_LANE;
	all_decays(w);
}

/* decay 1, psi 0, no reset: nothing is ever forgotten, and a is 1. */
static void forms_agree_where_nothing_decays(void **state)
{
	struct world w = usual;

	(void)state;
	w.decay = 1;
	w.p_spike = 0;
	w.s_low = w.s_high = 0;
	w.n_step = 2000;
	compare(&w);
}

/* A spike with psi 0: y' = 1 and psi' = 0 give a = 0, after steps with and without inputs. */
static void forms_agree_where_a_is_zero(void **state)
{
	struct world w = usual;

	(void)state;
	w.p_spike = 0.5;
	w.p_silent = 0.9;
	all_decays(w);
	w.decay = 0; /* always 0 */
	compare(&w);
}

/* Membranes far below 0 with a wide psi: a = d + d |s'| psi' > 1. */
static void forms_agree_where_a_exceeds_one(void **state)
{
	struct world w = usual;

	(void)state;
	w.decay = 0.95;
	w.s_low = -3;
	w.s_high = 0.2;
	w.psi_high = 0.1;
	w.p_spike = 0.05;
	w.n_step = 2000;
	assert_true(compare(&w) > 1.2);
	w.p_spike = 0; /* nothing resets: traces grow by ten orders of magnitude */
	w.psi_high = 0.09;
	w.n_step = 1000;
	compare(&w);
}

/* A soft reset by a high threshold: a = d - b psi' < -1, signs alternate. */
static void forms_agree_where_a_is_large_and_negative(void **state)
{
	struct world w = usual;

	(void)state;
	w.reset = SNN_RESET_SOFT;
	w.b = 3;
	w.p_silent = 0.6;
	assert_true(compare(&w) > 2);
}

static void a_sequence_without_inputs_has_no_gradient_of_w(void **state)
{
	struct world w = usual;
	struct bench *q = malloc(sizeof(*q));

	(void)state;
	assert_non_null(q);
	w.p_input = 0;
	open_bench(q, &w);
	begin(q, 0);
	for (int t = 0; t < 50; t++)
		all_step(q, 0);
	snn_trace_end(&q->dense, 0, q->grad_w[0]);
	snn_trace_end(&q->event, 0, q->grad_w[1]);
	for (int i = 0; i < N_IN * N; i++) {
		assert_true(q->grad_w[0][i] == 0);
		assert_true(q->grad_w[1][i] == 0);
	}
	assert_near("b", N, q->grad_b[1], q->plain.grad_b, TOL_EVENT);
	close_bench(q);
	free(q);
}

/* begin() without end(): what the abandoned sequence collected must not reach the next. */
static void an_abandoned_sequence_leaves_nothing_behind(void **state)
{
	struct bench *q = malloc(sizeof(*q));

	(void)state;
	assert_non_null(q);
	open_bench(q, &usual);
	begin(q, 0);
	for (int t = 0; t < 100; t++)
		all_step(q, 0);
	memset(q->grad_w, 0, sizeof(q->grad_w));
	memset(q->grad_b, 0, sizeof(q->grad_b));
	memset(&q->plain, 0, sizeof(q->plain));
	begin(q, 0);
	for (int t = 0; t < 100; t++)
		all_step(q, 0);
	snn_trace_end(&q->dense, 0, q->grad_w[0]);
	snn_trace_end(&q->event, 0, q->grad_w[1]);
	check_bench(q);
	close_bench(q);
	free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_agree_at_every_decay_and_reset),
		cmocka_unit_test(filtered_forms_agree),
		cmocka_unit_test(forms_agree_over_real_inputs),
		cmocka_unit_test(forms_agree_over_two_thousand_steps),
		cmocka_unit_test(forms_agree_in_several_lanes_of_different_lengths),
		cmocka_unit_test(forms_agree_where_nothing_decays),
		cmocka_unit_test(forms_agree_where_a_is_zero),
		cmocka_unit_test(forms_agree_where_a_exceeds_one),
		cmocka_unit_test(forms_agree_where_a_is_large_and_negative),
		cmocka_unit_test(a_sequence_without_inputs_has_no_gradient_of_w),
		cmocka_unit_test(an_abandoned_sequence_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
