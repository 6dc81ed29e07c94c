/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loops that are compiled per instruction set: every length around their widths, against plain
 * arithmetic. All but the sum of snn_dot() are one rounding an element, so exact.
 */
#include "fast.h"

#include <math.h>
#include "trainer_test.h"

#define N_MOST 67

struct vectors {
	float x[N_MOST], y[N_MOST], y0[N_MOST];
	double sum[N_MOST];
};

static void fill(struct vectors *v)
{
	for (int i = 0; i < N_MOST; i++) {
		v->x[i] = (float)sin(3.7 * i);
		v->y[i] = v->y0[i] = (float)cos(1.3 * i);
		v->sum[i] = sin(0.9 * i);
	}
}

static void every_length_is_right_and_no_further(void **state)
{
	(void)state;
	for (size_t n = 0; n < N_MOST; n++) {
		struct vectors v;

		fill(&v);
		snn_axpy(n, 0.7f, v.x, v.y);
		for (size_t i = 0; i < N_MOST; i++)
			assert_true(v.y[i] == (i < n ? v.y0[i] + 0.7f * v.x[i] : v.y0[i]));
		fill(&v);
		snn_add(n, v.x, v.y);
		for (size_t i = 0; i < N_MOST; i++)
			assert_true(v.y[i] == (i < n ? v.y0[i] + v.x[i] : v.y0[i]));
		fill(&v);
		snn_axpy_to_double(n, 0.3, v.x, v.sum);
		for (size_t i = 0; i < N_MOST; i++)
			assert_true(v.sum[i] ==
				sin(0.9 * (double)i) + (i < n ? 0.3 * (double)v.x[i] : 0));
		fill(&v);
		snn_add_product(n, v.x, v.y, v.sum);
		for (size_t i = 0; i < N_MOST; i++)
			assert_true(v.sum[i] ==
				sin(0.9 * (double)i) +
					(i < n ? (double)v.x[i] * (double)v.y[i] : 0));
	}
}

/* Sixteen sums of at most five products below 1, added pairwise: 1e-6. */
static void dot_product_of_every_length(void **state)
{
	struct vectors v;
	double want = 0;

	(void)state;
	fill(&v);
	for (size_t n = 0; n < N_MOST; n++) {
		assert_true(fabs((double)snn_dot(n, v.x, v.y) - want) < 1e-6);
		want += (double)v.x[n] * (double)v.y[n];
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_is_right_and_no_further),
		cmocka_unit_test(dot_product_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
