/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core_test.h"

static size_t n_value(const struct snn_matrix *m)
{
	return (size_t)m->n_row * m->n_col;
}

static void one_hidden_layer_has_plain_names(void **state)
{
	struct rig g;

	(void)state;
	rig_config(&g, 8, 5);
	rig_net(&g);
	assert_int_equal(g.net.n_matrix, 3);
	assert_string_equal(g.net.matrix[0].name, "W");
	assert_string_equal(g.net.matrix[1].name, "V");
	assert_string_equal(g.net.matrix[2].name, "B");
	assert_int_equal(g.net.n_tensor, 4);
	assert_string_equal(g.net.tensor[0].name, "W");
	assert_string_equal(g.net.tensor[1].name, "b");
	assert_string_equal(g.net.tensor[2].name, "V");
	assert_string_equal(g.net.tensor[3].name, "c");
	rig_done(&g);
}

static void several_hidden_layers_are_numbered_from_1(void **state)
{
	static const char *const matrix[] = { "W1", "W2", "V", "B1", "B2" };
	static const uint32_t shape[][2] = { { 8, 5 }, { 5, 3 }, { 3, 8 }, { 8, 5 }, { 8, 3 } };
	static const char *const tensor[] = { "W1", "b1", "W2", "b2", "V", "c" };
	static const size_t n[] = { 40, 5, 15, 3, 24, 8 };
	struct rig g;

	(void)state;
	rig_config2(&g, 8, 5, 3);
	rig_net(&g);
	assert_int_equal(g.net.n_matrix, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_string_equal(g.net.matrix[i].name, matrix[i]);
		assert_int_equal(g.net.matrix[i].n_row, shape[i][0]);
		assert_int_equal(g.net.matrix[i].n_col, shape[i][1]);
		assert_int_equal(g.net.matrix[i].is_feedback, i >= 3);
	}
	assert_int_equal(g.net.n_tensor, 6);
	for (uint32_t i = 0; i < 6; i++) {
		assert_string_equal(g.net.tensor[i].name, tensor[i]);
		assert_int_equal(g.net.tensor[i].n, n[i]);
	}
	rig_done(&g);
}

/* Uniform in +- scale / sqrt(n_row): the extremes of 88 x 150 draws come within 1 % of the limit. */
static void weights_fill_their_range(void **state)
{
	struct rig g;

	(void)state;
	rig_config(&g, 88, 150);
	g.c.network.w_scale = 2;
	g.c.network.v_scale = 3;
	g.c.network.b_scale = 0.5;
	rig_net(&g);
	for (uint32_t i = 0; i < 3; i++) {
		const struct snn_matrix *m = &g.net.matrix[i];
		double limit = (double[]){ 2, 3, 0.5 }[i] / sqrt(m->n_row);
		double low = 0, high = 0, sum = 0;

		for (size_t k = 0; k < n_value(m); k++) {
			low = fmin(low, (double)m->init[k]);
			high = fmax(high, (double)m->init[k]);
			sum += (double)m->init[k];
		}
		assert_true(low >= -limit && low < -0.99 * limit);
		assert_true(high <= limit && high > 0.99 * limit);
		/* sd of the mean: limit / sqrt(3 n) = limit / 199; four of them */
		assert_true(fabs(sum / (double)n_value(m)) < limit / 50);
	}
	rig_done(&g);
}

/* The deviation of the uniform draws, with more outside: erfc(sqrt(3) / sqrt(2)) = 8.3 % beyond the limit; 13200 draws. */
static void normal_feedback_has_the_deviation_of_uniform(void **state)
{
	struct rig g;
	const struct snn_matrix *m;
	double limit, square = 0, n_out = 0;

	(void)state;
	rig_config(&g, 88, 150);
	g.c.network.b_scale = 0.5;
	g.c.network.b_shape = SNN_B_NORMAL;
	rig_net(&g);
	m = &g.net.matrix[2];
	limit = 0.5 / sqrt(88);
	for (size_t k = 0; k < n_value(m); k++) {
		double v = (double)m->init[k];

		square += v * v;
		n_out += fabs(v) > limit;
	}
	/* sd of the variance: sqrt(2 / n) = 1.2 %, of the share: 0.24 %; four of them */
	assert_true(fabs(square / (double)n_value(m) / (limit * limit / 3) - 1) < 0.05);
	assert_true(fabs(n_out / (double)n_value(m) - 0.0833) < 0.01);
	assert_true(fabs((double)g.net.matrix[0].init[0]) <= 1 / sqrt(88) * g.c.network.w_scale);
	rig_done(&g);
}

/* Three of 88 rows in every column; each row in 3/88 of 150 columns, 5.1 +- 2.2: five deviations. */
static void sparse_feedback_has_its_entries(void **state)
{
	struct rig g;
	const struct snn_matrix *m;
	uint32_t n_own[88] = { 0 };

	(void)state;
	rig_config(&g, 88, 150);
	g.c.network.b_scale = 0.6;
	g.c.network.b_shape = SNN_B_SPARSE;
	g.c.network.b_nonzero = 3;
	rig_net(&g);
	m = &g.net.matrix[2];
	for (uint32_t i = 0; i < 150; i++) {
		uint32_t n = 0;

		for (uint32_t k = 0; k < 88; k++) {
			float b = m->init[k * 150 + i];

			assert_true(b == 0 || fabs((double)b + 0.2) < 1e-7);
			n += b != 0;
			n_own[k] += b != 0;
		}
		assert_int_equal(n, 3);
	}
	for (uint32_t k = 0; k < 88; k++)
		assert_true(n_own[k] <= 16);
	rig_done(&g);
}

static void sparse_feedback_needs_outputs(void **state)
{
	struct rig g;
	struct snn_error e;

	(void)state;
	rig_config(&g, 88, 150);
	g.c.network.b_shape = SNN_B_SPARSE;
	g.c.network.b_nonzero = 89;
	assert_int_equal(snn_net_init(&g.net, &g.c, 88, 88, NULL, false, &e), -EINVAL);
	assert_string_equal(
		e.text, "network.b_nonzero = 89, but there are only 88 outputs for B's entries");
}

/* -30 / 150 each, the draws around it as without: 4 sd of the mean of 22500. */
static void recurrent_weights_have_their_mean(void **state)
{
	struct rig g;
	double sum = 0;

	(void)state;
	rig_config(&g, 8, 150);
	g.c.network.recurrent = true;
	g.c.network.h_mean = -30;
	rig_net(&g);
	for (size_t k = 0; k < 22500; k++)
		sum += (double)g.net.matrix[3].init[k];
	assert_true(fabs(sum / 22500 + 0.2) < 4 * g.c.network.h_scale / sqrt(3 * 150.0 * 22500));
	sum = 0;
	for (size_t k = 0; k < n_value(&g.net.matrix[0]); k++)
		sum += (double)g.net.matrix[0].init[k];
	assert_true(fabs(sum / 1200) < 4 * g.c.network.w_scale / sqrt(3 * 8 * 1200.0));
	rig_done(&g);
}

/* The draws of W stay when B's scale or the readout's size change, and differ from V's and B's. */
static void draws_of_a_matrix_are_its_own(void **state)
{
	struct rig g, h;

	(void)state;
	rig_config(&g, 8, 5);
	rig_config2(&h, 8, 5, 9);
	h.c.network.b_scale = 7;
	h.c.network.v_scale = 0;
	rig_net(&g);
	rig_net(&h);
	assert_memory_equal(g.net.matrix[0].init, h.net.matrix[0].init,
		n_value(&g.net.matrix[0]) * sizeof(float));
	/* W [8][5] and B [8][5]: one scale, other numbers */
	g.c.network.b_scale = g.c.network.w_scale;
	rig_done(&g);
	rig_net(&g);
	assert_memory_not_equal(g.net.matrix[0].init, g.net.matrix[2].init,
		n_value(&g.net.matrix[0]) * sizeof(float));
	rig_done(&g);
	rig_done(&h);
}

static void one_seed_one_network(void **state)
{
	struct rig g, h;

	(void)state;
	rig_config(&g, 8, 5);
	h = g;
	rig_net(&g);
	rig_net(&h);
	assert_memory_equal(g.net.matrix[1].init, h.net.matrix[1].init, 40 * sizeof(float));
	rig_done(&h);
	h.c.seed++;
	rig_net(&h);
	assert_memory_not_equal(g.net.matrix[1].init, h.net.matrix[1].init, 40 * sizeof(float));
	rig_done(&g);
	rig_done(&h);
}

static void vectors_start_at_threshold_and_bias(void **state)
{
	struct rig g;

	(void)state;
	rig_config2(&g, 8, 5, 3);
	g.c.network.threshold = -0.25;
	rig_net(&g);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(snn_net_threshold(&g.net, 1)->value[i] == -0.25f);
	for (uint32_t i = 0; i < 8; i++)
		assert_true(snn_net_bias(&g.net)->value[i] == -0.5f + 0.1f * (float)i);
	rig_done(&g);
}

static void one_decay_is_that_of_all_neurons(void **state)
{
	struct rig g;

	(void)state;
	rig_config2(&g, 8, 5, 3);
	g.c.network.decay = 0.3;
	rig_net(&g);
	for (uint32_t l = 0; l < 2; l++) {
		for (uint32_t i = 0; i < g.net.size[l]; i++)
			assert_true(g.net.decay[l][i] == 0.3f);
	}
	rig_done(&g);
}

/*
 * log(1 - d) uniform between log 0.8 and log 0.02: of n = 2000 draws the extremes come within 1 % of the
 * range, the mean within four of range / sqrt(12 n).
 */
static void decays_are_spread_over_the_logarithm_of_their_time_constants(void **state)
{
	double low = log(0.02), high = log(0.8), range = high - low, sum = 0;
	double first = high, last = low;
	struct rig g, h;

	(void)state;
	rig_config2(&g, 8, 2000, 2000);
	g.c.network.decay = 0.2;
	g.c.network.decay_max = 0.98;
	rig_config2(&h, 8, 2000, 3);
	h.c.network.decay = 0.2;
	h.c.network.decay_max = 0.98;
	h.c.network.w_scale = 7;
	rig_net(&g);
	rig_net(&h);
	for (uint32_t i = 0; i < 2000; i++) {
		double q = log(1 - (double)g.net.decay[0][i]);

		assert_true(g.net.decay[0][i] >= 0.2f && g.net.decay[0][i] <= 0.98f);
		first = fmin(first, q);
		last = fmax(last, q);
		sum += q;
	}
	assert_true(first < low + range / 100 && last > high - range / 100);
	assert_true(fabs(sum / 2000 - (low + high) / 2) < 4 * range / sqrt(12 * 2000));
	/* seeded, a layer's own, and of nothing else */
	assert_memory_equal(g.net.decay[0], h.net.decay[0], 2000 * sizeof(float));
	assert_memory_not_equal(g.net.decay[0], g.net.decay[1], 2000 * sizeof(float));
	rig_done(&h);
	h.c.seed++;
	rig_net(&h);
	assert_memory_not_equal(g.net.decay[0], h.net.decay[0], 2000 * sizeof(float));
	rig_done(&g);
	rig_done(&h);
}

static void decays_that_cannot_be_drawn_are_einval(void **state)
{
	static const double range[][2] = { { 0.5, 0.4 }, { 0.5, 1 }, { 1, 0.5 } };
	const float bias[8] = { 0 };
	struct rig g;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct snn_error e = { "" };
		char want[160];

		rig_config(&g, 8, 5);
		g.c.network.decay = range[i][0];
		g.c.network.decay_max = range[i][1];
		snprintf(want, sizeof(want),
			"network.decay_max = %g is not between network.decay = %g and 1",
			range[i][1], range[i][0]);
		assert_int_equal(snn_net_init(&g.net, &g.c, 8, 8, bias, false, &e), -EINVAL);
		assert_non_null(strstr(e.text, want));
	}
}

/* B p = 0 for every neuron, and what was taken away lies along p. float32: 1e-7 of weights < 1. */
static void centred_feedback_has_no_part_along_the_frequencies(void **state)
{
	static const double p[8] = { 0.5, 0.1, 0.01, 0.3, 0.9, 0.02, 0.2, 0.05 };
	struct rig g, h;

	(void)state;
	rig_config2(&g, 8, 5, 3);
	rig_config2(&h, 8, 5, 3);
	rig_net(&g);
	rig_net(&h);
	snn_net_center_feedback(&g.net, p);
	for (uint32_t m = 0; m < 5; m++) {
		const struct snn_matrix *is = &g.net.matrix[m], *was = &h.net.matrix[m];

		for (uint32_t i = 0; i < is->n_col; i++) {
			double along = 0;

			for (uint32_t k = 0; k < is->n_row; k++) {
				float taken =
					was->init[k * is->n_col + i] - is->init[k * is->n_col + i];
				float first = was->init[i] - is->init[i];

				if (m < 3)
					assert_true(taken == 0);
				else
					assert_true(fabs((double)taken -
							    (double)first * p[k] / p[0]) < 1e-6);
				along += k < 8 ? p[k] * (double)is->init[k * is->n_col + i] : 0;
			}
			assert_true(m < 3 || fabs(along) < 1e-6);
		}
	}
	rig_done(&g);
	rig_done(&h);
}

static void more_neurons_than_spikes_can_name_are_refused(void **state)
{
	struct rig g;
	struct snn_error e = { "" };
	float bias[8] = { 0 };

	(void)state;
	rig_config(&g, 8, 65536);
	assert_int_equal(snn_net_init(&g.net, &g.c, 8, 8, bias, false, &e), -EINVAL);
	assert_contains(e.text, "network.hidden: 65536 neurons, expected 1 .. 65535");
	g.c.network.hidden[0] = 0;
	assert_int_equal(snn_net_init(&g.net, &g.c, 8, 8, bias, false, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_hidden_layer_has_plain_names),
		cmocka_unit_test(several_hidden_layers_are_numbered_from_1),
		cmocka_unit_test(weights_fill_their_range),
		cmocka_unit_test(normal_feedback_has_the_deviation_of_uniform),
		cmocka_unit_test(sparse_feedback_has_its_entries),
		cmocka_unit_test(sparse_feedback_needs_outputs),
		cmocka_unit_test(recurrent_weights_have_their_mean),
		cmocka_unit_test(draws_of_a_matrix_are_its_own),
		cmocka_unit_test(one_seed_one_network),
		cmocka_unit_test(vectors_start_at_threshold_and_bias),
		cmocka_unit_test(one_decay_is_that_of_all_neurons),
		cmocka_unit_test(decays_are_spread_over_the_logarithm_of_their_time_constants),
		cmocka_unit_test(decays_that_cannot_be_drawn_are_einval),
		cmocka_unit_test(centred_feedback_has_no_part_along_the_frequencies),
		cmocka_unit_test(more_neurons_than_spikes_can_name_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
