/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each equation of snu.h on numbers worked by hand. Powers of two are exact in float32. */
#include "snu.h"

#include <math.h>
#include "trainer_test.h"

#define N 4

static const float i[N] = { 1, 0.5f, -0.25f, 0.75f };
static const float b[N] = { 0.5f, 1, 0.5f, 1 };
static const float s_prev[N] = { 0, 2, 1, 0.5f };
static const float y_prev[N] = { 0, 1, 0, 0 };
static const float half[N] = { 0.5f, 0.5f, 0.5f, 0.5f };

struct out {
	float s[N], y[N], psi[N];
};

static struct out step_with(const struct snn_net *net, const float *d)
{
	struct out o;
	struct snn_snu_step p = { .i = i,
		.b = b,
		.d = d,
		.s_prev = s_prev,
		.y_prev = y_prev,
		.s = o.s,
		.y = o.y,
		.psi = o.psi };

	snn_snu_step(net, N, &p);
	return o;
}

static struct out step(const struct snn_net *net)
{
	return step_with(net, half);
}

static void assert_values(const float *is, float a, float b_, float c, float d)
{
	const float want[N] = { a, b_, c, d };

	for (int k = 0; k < N; k++) {
		if (fabsf(is[k] - want[k]) > 1e-6f * fabsf(want[k]))
			fail_msg("[%d]: %.9g, expected %.9g", k, (double)is[k], (double)want[k]);
	}
}

static void full_reset_forgets_the_membrane_after_a_spike(void **state)
{
	struct snn_net net = { .reset = SNN_RESET_FULL, .psi_gamma = 1, .psi_width = 1 };
	struct out o = step(&net);

	(void)state;
	/* 1 + 0; 0.5 + 0.5 * 2 * (1 - 1); -0.25 + 0.5 * 1; 0.75 + 0.5 * 0.5 */
	assert_values(o.s, 1, 0.5f, 0.25f, 1);
	/* 1 > 0.5; 0.5 > 1 not; 0.25 > 0.5 not; 1 > 1 not: at the threshold is not above it */
	assert_values(o.y, 1, 0, 0, 0);
}

static void soft_reset_takes_the_threshold_away_undecayed(void **state)
{
	struct snn_net net = { .reset = SNN_RESET_SOFT, .psi_gamma = 1, .psi_width = 1 };
	struct out o = step(&net);

	(void)state;
	/* second neuron: 0.5 + 0.5 * 2 - 1 */
	assert_values(o.s, 1, 0.5f, 0.25f, 1);
}

/* d = 1, 1/4, 1/4, 3/4: soft 1; 0.5 + 0.25 * 2 - 1; -0.25 + 0.25; 0.75 + 0.375; full 1; 0.5; 0; 1.125 */
static void every_neuron_has_its_own_decay(void **state)
{
	static const float d[N] = { 1, 0.25f, 0.25f, 0.75f };
	struct snn_net net = { .reset = SNN_RESET_SOFT, .psi_gamma = 1, .psi_width = 1 };
	struct out o = step_with(&net, d);

	(void)state;
	assert_values(o.s, 1, 0, 0, 1.125f);
	net.reset = SNN_RESET_FULL;
	o = step_with(&net, d);
	assert_values(o.s, 1, 0.5f, 0, 1.125f);
}

static void triangular_psi_has_height_gamma_and_half_width(void **state)
{
	struct snn_net net = { .psi = SNN_PSI_TRIANGULAR, .psi_gamma = 1, .psi_width = 1 };
	struct out o = step(&net);

	(void)state;
	/* u = 0.5, -0.5, -0.25, 0 */
	assert_values(o.psi, 0.5f, 0.5f, 0.75f, 1);
	net.psi_gamma = 0.25f;
	net.psi_width = 0.5f;
	o = step(&net);
	/* 0.25 (1 - |u| / 0.5): the edge of the support is 0 */
	assert_values(o.psi, 0, 0, 0.125f, 0.25f);
}

/* 1 - tanh(0.5)^2 = 0.786447733, 1 - tanh(0.25)^2 = 0.940014849 (tables of tanh) */
static void tanh_psi_is_its_derivative(void **state)
{
	struct snn_net net = { .psi = SNN_PSI_TANH };
	struct out o = step(&net);

	(void)state;
	assert_values(o.psi, 0.786447733f, 0.786447733f, 0.940014849f, 1);
}

/* 1 / (100 |u| + 1)^2: 1 / 51^2, 1 / 51^2, 1 / 26^2, 1 */
static void fast_sigmoid_psi_falls_with_its_slope(void **state)
{
	struct snn_net net = { .psi = SNN_PSI_FAST_SIGMOID, .psi_slope = 100 };
	struct out o = step(&net);

	(void)state;
	assert_values(o.psi, 1.0f / 2601, 1.0f / 2601, 1.0f / 676, 1);
	net.psi_slope = 6; /* 1 / (6 |u| + 1)^2 */
	o = step(&net);
	assert_values(o.psi, 1.0f / 16, 1.0f / 16, 1.0f / 6.25f, 1);
}

/* sigmoid(0.5) = 0.622459331, sigmoid(0.25) = 0.562176501; derivative y (1 - y) */
static void smooth_unit_sends_a_sigmoid_and_its_derivative(void **state)
{
	struct snn_net net = { .neuron = SNN_SSNU, .psi = SNN_PSI_FAST_SIGMOID };
	struct out o = step(&net);

	(void)state;
	assert_values(o.y, 0.622459331f, 1 - 0.622459331f, 1 - 0.562176501f, 0.5f);
	assert_values(o.psi, 0.235003712f, 0.235003712f, 0.246134083f, 0.25f);
}

/*
 * beta = 1/2, rho = 1/4, a = 2, 1, 0, 2 before: a = rho a + y' = 1/2, 5/4, 0, 1/2, thresholds b + a/2 =
 * 3/4, 13/8, 1/2, 5/4. s as with full reset, or soft with b (not the threshold as it is now) taken away.
 */
static void thresholds_adapt_to_spikes(void **state)
{
	struct snn_net net = { .reset = SNN_RESET_FULL,
		.psi_gamma = 1,
		.psi_width = 1,
		.adaptation = 0.5f,
		.adaptation_decay = 0.25f };
	float a[N] = { 2, 1, 0, 2 }, threshold[N];
	struct out o;
	struct snn_snu_step p = { .i = i,
		.b = b,
		.d = half,
		.s_prev = s_prev,
		.y_prev = y_prev,
		.s = o.s,
		.y = o.y,
		.psi = o.psi,
		.a = a,
		.threshold = threshold };

	(void)state;
	snn_snu_step(&net, N, &p);
	assert_values(a, 0.5f, 1.25f, 0, 0.5f);
	assert_values(threshold, 0.75f, 1.625f, 0.5f, 1.25f);
	assert_values(o.s, 1, 0.5f, 0.25f, 1);
	assert_values(o.y, 1, 0, 0, 0);
	/* 1 - |s - threshold| */
	assert_values(o.psi, 0.75f, 0, 0.75f, 0.75f);
	net.reset = SNN_RESET_SOFT;
	snn_snu_step(&net, N, &p);
	/* the second: 1/2 + 1/2 * 2 - 1 */
	assert_values(o.s, 1, 0.5f, 0.25f, 1);
}

static void sigmoid_is_right_for_any_argument(void **state)
{
	(void)state;
	assert_true(snn_sigmoid(0) == 0.5f);
	assert_true(fabsf(snn_sigmoid(1) - 0.731058579f) < 1e-7f);
	assert_true(fabsf(snn_sigmoid(-1) - 0.268941421f) < 1e-7f);
	assert_true(snn_sigmoid(1e30f) == 1);
	assert_true(snn_sigmoid(-1e30f) == 0);
	assert_true(snn_sigmoid(INFINITY) == 1);
	assert_true(snn_sigmoid(-INFINITY) == 0);
	assert_true(isnan(snn_sigmoid(NAN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_reset_forgets_the_membrane_after_a_spike),
		cmocka_unit_test(soft_reset_takes_the_threshold_away_undecayed),
		cmocka_unit_test(every_neuron_has_its_own_decay),
		cmocka_unit_test(triangular_psi_has_height_gamma_and_half_width),
		cmocka_unit_test(tanh_psi_is_its_derivative),
		cmocka_unit_test(fast_sigmoid_psi_falls_with_its_slope),
		cmocka_unit_test(smooth_unit_sends_a_sigmoid_and_its_derivative),
		cmocka_unit_test(thresholds_adapt_to_spikes),
		cmocka_unit_test(sigmoid_is_right_for_any_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
