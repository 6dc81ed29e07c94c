/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Experiments on an emulated board: interrupting changes nothing, tables agree with the published
 * figures. Read through xbar.h alone.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "experiment.h"
#include "selftest.h"

static struct xbar_message msg;

struct rig {
	struct xbar *x;
	struct xbar_lab lab;
	size_t n_call, stop_at;
};

static bool stop_there(void *user, const char *what, size_t i, size_t n)
{
	struct rig *g = user;

	(void)what;
	assert_true(i <= n);
	return ++g->n_call == g->stop_at;
}

static void rig_init(struct rig *g, const char *uri)
{
	*g = (struct rig){ 0 };
	assert_int_equal(xbar_open(&g->x, uri, NULL), 0);
	g->lab = (struct xbar_lab){ .x = g->x, .msg = &msg, .progress = stop_there, .user = g };
	assert_int_equal(xbar_measure_open(&g->lab.measure, NULL, &msg), 0);
	assert_int_equal(xbar_measure_board(&g->lab), 0);
}

static void rig_done(struct rig *g)
{
	xbar_measure_close(g->lab.measure);
	xbar_close(g->x);
}

static void begin(
	struct rig *g, struct xbar_run *r, const char *name, struct xbar_experiment_options opt)
{
	const struct xbar_experiment *e = xbar_experiment_find(name);

	assert_non_null(e);
	xbar_experiment_defaults(&opt, &e->alone, xbar_info(g->x));
	assert_int_equal(xbar_run_init(r, &g->lab, e, &opt), 0);
}

struct row {
	double v[8];
};

struct rows {
	size_t n, n_v;
	struct row row[256];
};

static void keep(void *user, const double *v)
{
	struct rows *t = user;

	assert_true(t->n < 256);
	memcpy(t->row[t->n++].v, v, t->n_v * sizeof(*v));
}

static void take_table(struct xbar_run *r, struct rows *ret)
{
	*ret = (struct rows){ .n_v = 1 };
	for (const char *p = r->experiment->heads; *p; p++)
		ret->n_v += *p == ',';
	assert_int_equal(r->experiment->table(r, 0, keep, ret), 0);
}

#define OPT(...) ((struct xbar_experiment_options){ .settle = NAN, __VA_ARGS__ })

static void run_whole(
	const char *uri, const char *name, struct xbar_experiment_options opt, struct rows *ret)
{
	struct rig g;
	struct xbar_run r;

	rig_init(&g, uri);
	begin(&g, &r, name, opt);
	assert_int_equal(xbar_experiment_run(&r), 0);
	take_table(&r, ret);
	xbar_run_done(&r);
	rig_done(&g);
}

/*
 * Mean and sd of the staircase with the clamp of the paper's figure (Nandakumar et al., J. Appl.
 * Phys. 124, 152135, 2018, Fig. 3, from an independent program of its equations): within 5 standard
 * errors of the mean plus the figure's last digit. The sd holds one read's 0.13 + 0.03 G besides.
 */
static void the_staircase_is_the_published_one(void **state)
{
	static const struct {
		int pulse;
		double mean, sd;
	} published[] = { { 1, 2.06, 1.52 }, { 2, 3.44, 1.98 }, { 5, 5.92, 2.38 },
		{ 10, 7.83, 2.47 }, { 20, 9.40, 2.66 } };
	struct rows t;

	(void)state;
	run_whole("emu:?preset=staircase&seed=4", "staircase", OPT(.n_device = 20000), &t);
	assert_int_equal(t.n, 21);
	for (size_t i = 0; i < 5; i++) {
		const double *v = t.row[published[i].pulse].v;
		double read = 0.13 + 0.03 * published[i].mean;
		double sd = sqrt(published[i].sd * published[i].sd + read * read);

		assert_true(v[3] == 20000.0);
		assert_true(fabs(v[1] - published[i].mean) < 0.01 + 5.0 * sd / sqrt(20000.0));
		assert_true(fabs(v[2] - sd) < 0.01 + 5.0 * sd / sqrt(2.0 * 20000.0));
	}
}

/* G(t) falls as age^-0.04 from whatever it was (the same paper): ratios of means. */
static void drift_is_the_published_power_law(void **state)
{
	struct rows t;

	(void)state;
	run_whole("emu:?seed=5", "drift", OPT(.n_device = 4096, .n_read = 4), &t);
	assert_int_equal(t.n, 3);
	assert_true(t.row[1].v[0] == 3600.0 && t.row[2].v[0] == 86400.0);
	for (size_t i = 1; i < 3; i++) {
		double ratio = t.row[i].v[1] / t.row[0].v[1];
		double law = pow(t.row[i].v[0] / t.row[0].v[0], -0.04);

		/* One read's noise of about 0.3 uS, averaged over 4096 x 4 reads, at about 5 uS. */
		assert_true(fabs(ratio / law - 1.0) < 5.0 * sqrt(2.0) * 0.3 / 5.0 / sqrt(16384.0));
	}
}

/* sd of one read: 0.13 + 0.03 G uS (the same paper), G as it is 1000 s after programming to 6 uS. */
static void white_read_noise_is_the_same_at_every_lag(void **state)
{
	struct rows t;
	double g = 6.0 * pow(1000.0, -0.04), sd = 0.13 + 0.03 * g;

	(void)state;
	run_whole("emu:?seed=6", "read-noise",
		OPT(.n_device = 1024, .n_cycle = 4, .n_target = 1, .target = { 6e-6 }), &t);
	assert_int_equal(t.n, 6);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(t.row[i].v[2] == 4096.0);
		/* Programmed within 0.3 uS or so, which changes sd by 0.01 at most. */
		assert_true(fabs(t.row[i].v[1] - sd) < 0.01 + 5.0 * sd / sqrt(2.0 * 4096.0));
	}
}

/*
 * Without noise only the ADCs' steps are left: 127 codes for 1.5 times the largest current, so that
 * 2 x 127 / 1.5 steps lie between the least and the largest ideal one if these are as large: 7.40 bits.
 */
static void an_ideal_chip_errs_by_its_adcs_alone(void **state)
{
	struct rows t;

	(void)state;
	run_whole("emu:?preset=ideal&read_noise=off", "mvm-error", OPT(.n_read = 1), &t);
	assert_int_equal(t.n, 9);
	assert_true(t.row[8].v[0] == 256.0);
	assert_true(fabs(t.row[8].v[2] - log2(2.0 * 127.0 / 1.5)) < 0.15);
}

/* No wire resistance: blocks of rows and all rows give what their devices' reads sum up to. */
static void currents_of_perfect_lines_add_up(void **state)
{
	struct rows t;

	(void)state;
	run_whole("emu:?seed=11", "ir-drop", OPT(.n_read = 16), &t);
	assert_int_equal(t.n, 9);
	for (size_t i = 0; i < 9; i++)
		assert_true(fabs(t.row[i].v[1] - 1.0) < 0.01);
}

/* One gain for reads and products, no offsets, no noise without input. */
static void perfect_columns_measure_as_such(void **state)
{
	struct rows t;

	(void)state;
	run_whole("emu:?seed=12", "adc", OPT(.n_read = 64), &t);
	for (size_t i = 0; i < t.n; i++) {
		assert_true(fabs(t.row[i].v[1] - 1.0) < 0.02);
		assert_true(t.row[i].v[2] == 0.0 && t.row[i].v[3] == 0.0);
		assert_true(t.row[i].v[4] < 0.6 && t.row[i].v[5] < 0.9);
	}
	assert_int_equal(t.n, 256);
}

static float *all_of(struct xbar_run *r, size_t *ret_n)
{
	size_t shape[4], n;
	float *g;

	assert_int_equal(xbar_measure_shape(r->lab->measure, "staircase/g", 4, shape), 0);
	n = shape[0] * shape[1] * shape[2] * shape[3];
	g = malloc(n * sizeof(*g));
	assert_non_null(g);
	assert_int_equal(xbar_run_get(r, "g", 0, NULL, XBAR_F32, n, g), 0);
	*ret_n = n;
	return g;
}

static void stopping_and_going_on_gives_the_same_samples(void **state)
{
	const struct xbar_experiment_options opt =
		OPT(.n_device = 100, .n_pulse = 3, .n_cycle = 4, .n_read = 2);
	struct rig g;
	struct xbar_run r;
	float *straight, *stopped;
	size_t n, m;

	(void)state;
	rig_init(&g, "emu:?seed=7");
	begin(&g, &r, "staircase", opt);
	assert_int_equal(xbar_experiment_run(&r), 0);
	assert_int_equal(g.n_call, 4);
	straight = all_of(&r, &n);
	/* Complete: nothing more is done. */
	assert_int_equal(xbar_experiment_run(&r), 0);
	assert_int_equal(g.n_call, 4);
	xbar_run_done(&r);
	rig_done(&g);

	rig_init(&g, "emu:?seed=7");
	begin(&g, &r, "staircase", opt);
	g.stop_at = 2;
	assert_int_equal(xbar_experiment_run(&r), -EINTR);
	assert_int_equal(xbar_experiment_run(&r), 0);
	assert_int_equal(g.n_call, 4);
	stopped = all_of(&r, &m);
	assert_int_equal(n, m);
	assert_memory_equal(straight, stopped, n * sizeof(*straight));
	free(straight);
	free(stopped);
	xbar_run_done(&r);
	rig_done(&g);
}

static void a_board_that_forgot_begins_anew(void **state)
{
	struct rig g;
	struct xbar_run r;
	struct xbar *fresh;

	(void)state;
	rig_init(&g, "emu:?seed=8");
	begin(&g, &r, "drift", OPT(.n_device = 100));
	g.stop_at = 2;
	assert_int_equal(xbar_experiment_run(&r), -EINTR);
	assert_int_equal(xbar_open(&fresh, "emu:?seed=8", NULL), 0);
	g.lab.x = fresh;
	g.n_call = g.stop_at = 0;
	assert_int_equal(xbar_experiment_run(&r), 0);
	assert_int_equal(g.n_call, 4);
	xbar_run_done(&r);
	xbar_close(fresh);
	rig_done(&g);
}

static void other_options_are_refused_by_name(void **state)
{
	struct rig g;
	struct xbar_run r;

	(void)state;
	rig_init(&g, "emu:?seed=9");
	begin(&g, &r, "drift", OPT(.n_device = 100));
	assert_int_equal(xbar_experiment_run(&r), 0);
	r.opt.time[1] = 7200.0;
	assert_int_equal(xbar_experiment_run(&r), -EEXIST);
	assert_non_null(strstr(msg.text, "time 3600, now 7200"));
	r.opt.time[1] = 3600.0;
	r.opt.n_read = 5;
	assert_int_equal(xbar_experiment_run(&r), -EEXIST);
	assert_non_null(strstr(msg.text, "n_read 1, now 5"));
	xbar_run_done(&r);
	rig_done(&g);
}

static void samples_are_spread_and_none_comes_twice(void **state)
{
	struct rig g;
	struct xbar_sample s;
	uint8_t *seen = calloc(256 * 256, 4);
	size_t per_row[256] = { 0 }, per_col[256] = { 0 };

	(void)state;
	rig_init(&g, "emu:?chips=1");
	assert_int_equal(xbar_sample_spread(&s, &g.lab, 0, 4 * 4096), 0);
	for (size_t i = 0; i < s.n; i++) {
		size_t at = ((size_t)s.row[i] * 256 + s.col[i]) * 4 + s.device[i];

		assert_int_equal(seen[at]++, 0);
		per_row[s.row[i]]++;
		per_col[s.col[i]]++;
	}
	/* 16 cells of four for each line, give or take four. */
	for (size_t i = 0; i < 256; i++) {
		assert_in_range(per_row[i], 48, 80);
		assert_in_range(per_col[i], 48, 80);
	}
	xbar_sample_done(&s);
	assert_int_equal(xbar_sample_spread(&s, &g.lab, 0, 262145), -ERANGE);
	assert_int_equal(xbar_sample_spread(&s, &g.lab, 1, 4), -ERANGE);
	assert_int_equal(xbar_sample_rows(&s, &g.lab, 0, 255, 1025), -ERANGE);
	free(seen);
	rig_done(&g);
}

static void a_chip_in_use_is_told_from_one_with_faults(void **state)
{
	static const char *const fresh[] = { "emu:", "emu:?faults=noisy:3,set:1:1:1,col:7" };
	struct xbar_program_stats stats;
	struct xbar_sample s;
	struct rig g;
	float target[400];
	size_t n;
	bool in_use;

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_init(&g, fresh[i]);
		assert_int_equal(xbar_selftest_in_use(&g.lab, 0, &n, &in_use), 0);
		assert_false(in_use);
		assert_int_equal(n, i);
		rig_done(&g);
	}
	rig_init(&g, "emu:");
	assert_int_equal(xbar_sample_rows(&s, &g.lab, 0, 40, 400), 0);
	for (int i = 0; i < 400; i++)
		target[i] = 5e-6f;
	assert_int_equal(xbar_lab_program(&g.lab, &s, target, &stats), 0);
	assert_int_equal(xbar_selftest_in_use(&g.lab, 0, &n, &in_use), 0);
	assert_true(in_use);
	assert_in_range(n, 395, 400);
	xbar_sample_done(&s);
	rig_done(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_staircase_is_the_published_one),
		cmocka_unit_test(drift_is_the_published_power_law),
		cmocka_unit_test(white_read_noise_is_the_same_at_every_lag),
		cmocka_unit_test(an_ideal_chip_errs_by_its_adcs_alone),
		cmocka_unit_test(currents_of_perfect_lines_add_up),
		cmocka_unit_test(perfect_columns_measure_as_such),
		cmocka_unit_test(stopping_and_going_on_gives_the_same_samples),
		cmocka_unit_test(a_board_that_forgot_begins_anew),
		cmocka_unit_test(other_options_are_refused_by_name),
		cmocka_unit_test(samples_are_spread_and_none_comes_twice),
		cmocka_unit_test(a_chip_in_use_is_told_from_one_with_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
