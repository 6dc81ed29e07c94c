/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "selftest.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "experiment.h"
#include "probe.h"

#define N_PING      11
#define N_STEP      10   /* SETs of the sample's staircase */
#define N_SAMPLE    512  /* devices of it */
#define IN_USE      0.15 /* of g_max: who conducts more is not RESET */
#define IN_USE_PART 1e-3 /* of the devices: more are not stuck but in use */
#define N_ZERO      64

int xbar_selftest_in_use(const struct xbar_lab *lab, uint32_t chip, size_t *ret_n, bool *ret_in_use)
{
	const struct xbar_info *info = xbar_info(lab->x);
	size_t n = (size_t)info->n_row * info->n_col * XBAR_N_DEVICE, n_seen = 0;
	struct xbar_column_health *col = calloc(info->n_col, sizeof(*col));
	int16_t *codes = malloc((size_t)N_ZERO * info->n_col * sizeof(*codes));
	float *g = malloc(n * sizeof(*g));
	int r = col && codes && g ? xbar_probe_zero(lab, chip, N_ZERO, codes)
				  : xbar_fail(lab->msg, -ENOMEM, "no memory for a chip's reads");

	if (r == 0)
		r = xbar_probe_read(lab, chip, g);
	*ret_n = 0;
	if (r == 0)
		xbar_health_zero(col, info->n_col, codes, N_ZERO, 3.0);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (col[i / XBAR_N_DEVICE % info->n_col].is_noisy)
			continue;
		n_seen++;
		*ret_n += fabsf(g[i]) > IN_USE * info->g_max;
	}
	*ret_in_use = (double)*ret_n > IN_USE_PART * (double)n_seen;
	free(col);
	free(codes);
	free(g);
	return r;
}

int xbar_borrow_check(const struct xbar_lab *lab, uint32_t chip)
{
	size_t n = 0;
	bool in_use = false;
	int r;

	if (xbar_info(lab->x)->caps & XBAR_CAP_SAVE)
		return 0;
	r = xbar_selftest_in_use(lab, chip, &n, &in_use);
	if (r == 0 && in_use)
		r = xbar_fail(lab->msg, -EBUSY,
			"chip %u: %zu devices conduct: it seems to be programmed, and this would "
			"RESET it; nothing was done. --overwrite does it all the same",
			chip, n);
	return r;
}

/* detail may be NULL. */
static void judge(struct xbar_selftest *t, const char *name, const char *unit, double value,
	double min, double max, const char *detail)
{
	struct xbar_item *i = &t->item[t->n_item++];

	*i = (struct xbar_item){
		.name = name, .unit = unit, .value = value, .min = min, .max = max
	};
	i->has_passed = isnan(value) || (value >= min && value <= max);
	snprintf(i->detail, sizeof(i->detail), "%s", detail ? detail : "");
	t->n_failed += !i->has_passed;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int test_link(
	struct xbar_selftest *t, const struct xbar_lab *lab, const struct xbar_limits *limits)
{
	uint64_t time[N_PING];
	struct xbar_stats stats;
	char detail[160];
	int r = 0;

	for (int i = 0; i < N_PING && r == 0; i++)
		r = xbar_ping(lab->x, 64, &time[i]);
	if (r == -ENOTSUP) {
		judge(t, "link round trip", "s", NAN, 0.0, limits->round_trip_max, "no link");
		return 0;
	}
	if (r == 0)
		r = xbar_stats(lab->x, &stats);
	if (r < 0)
		return xbar_lab_result(lab, r);
	qsort(time, N_PING, sizeof(time[0]), ascending);
	snprintf(detail, sizeof(detail), "%llu of %llu exchanges repeated so far",
		(unsigned long long)stats.n_retry, (unsigned long long)stats.n_round_trip);
	judge(t, "link round trip", "s", (double)time[N_PING / 2] * 1e-9, 0.0,
		limits->round_trip_max, detail);
	return 0;
}

/* What the board says of itself makes sense, and its last cell answers. */
static int test_geometry(struct xbar_selftest *t, const struct xbar_lab *lab, uint32_t chip)
{
	const struct xbar_info *i = xbar_info(lab->x);
	const struct xbar_patch last = {
		.chip = chip, .row = i->n_row - 1, .n_row = 1, .col = i->n_col - 1, .n_col = 1
	};
	float g[XBAR_N_DEVICE];
	char detail[160];
	int r = xbar_lab_result(lab, xbar_read(lab->x, &last, 1, g));
	bool ok = i->n_device == XBAR_N_DEVICE && i->g_max > 0.0f && i->v_read > 0.0f &&
		xbar_adc_lsb(lab->x, chip, i->n_col - 1) > 0.0f;

	snprintf(detail, sizeof(detail), "%u x %u cells, %u devices each, %u bit codes", i->n_row,
		i->n_col, i->n_device, i->adc_bits);
	if (r == 0)
		judge(t, "geometry", "", ok ? 1.0 : 0.0, 1.0, 1.0, detail);
	return r;
}

/* "N columns: 3, 17, ..." of those for which `is` holds. */
static size_t list_columns(const struct xbar_health *h,
	bool (*is)(const struct xbar_column_health *), char *buf, size_t n)
{
	size_t count = 0, len = 0;

	buf[0] = '\0';
	for (uint32_t j = 0; j < h->n_col; j++) {
		if (!is(&h->col[j]))
			continue;
		if (count++ < 12 && len < n)
			len += (size_t)snprintf(
				buf + len, n - len, "%s%u", len ? ", " : "columns ", j);
		else if (count == 13 && len < n)
			len += (size_t)snprintf(buf + len, n - len, ", ...");
	}
	return count;
}

static bool is_dead(const struct xbar_column_health *c)
{
	return c->is_dead;
}

static bool is_swapped(const struct xbar_column_health *c)
{
	return c->is_swapped;
}

static bool is_noisy(const struct xbar_column_health *c)
{
	return c->is_noisy;
}

static bool has_missing(const struct xbar_column_health *c)
{
	return c->n_missing > 0;
}

static void judge_columns(struct xbar_selftest *t, const char *name,
	bool (*is)(const struct xbar_column_health *), double max)
{
	char detail[160];
	size_t n = list_columns(&t->health, is, detail, sizeof(detail));

	judge(t, name, "columns", (double)n, 0.0, max, detail);
}

/* The worst good column: dead and noisy ones have an item of their own. */
static void judge_worst(struct xbar_selftest *t, const char *name, const char *unit, double max,
	double (*of)(const struct xbar_column_health *))
{
	const struct xbar_health *h = &t->health;
	double worst = NAN;
	uint32_t at = 0;
	char detail[160];

	for (uint32_t j = 0; j < h->n_col; j++) {
		if (h->col[j].is_dead || h->col[j].is_noisy || of(&h->col[j]) <= worst)
			continue;
		worst = of(&h->col[j]);
		at = j;
	}
	snprintf(detail, sizeof(detail), "column %u is the worst", at);
	judge(t, name, unit, worst, 0.0, max, isnan(worst) ? "no good column" : detail);
}

static double offset_of(const struct xbar_column_health *c)
{
	return fabs(c->offset);
}

static double noise_of(const struct xbar_column_health *c)
{
	return c->noise;
}

static double gain_error_of(const struct xbar_column_health *c)
{
	return fabs(fabs(c->gain) - 1.0);
}

static double inl_of(const struct xbar_column_health *c)
{
	return c->inl;
}

/* A missing code has an item of its own. */
static double dnl_of(const struct xbar_column_health *c)
{
	return c->n_missing ? 0.0 : c->dnl;
}

static void judge_devices(struct xbar_selftest *t, const struct xbar_limits *limits)
{
	const struct xbar_health *h = &t->health;
	size_t n_reset = xbar_health_count(h, XBAR_DEVICE_STUCK_RESET);
	size_t n_set = xbar_health_count(h, XBAR_DEVICE_STUCK_SET);
	size_t n = (size_t)h->n_row * h->n_col * XBAR_N_DEVICE -
		xbar_health_count(h, XBAR_DEVICE_UNKNOWN);
	size_t n_dead = 0, len = 0;
	char detail[160] = "";

	for (uint32_t i = 0; i < h->n_row; i++) {
		if (h->is_dead_row[i] && n_dead++ < 12)
			len += (size_t)snprintf(detail + len, sizeof(detail) - len, "%s%u",
				len ? ", " : "rows ", i);
	}
	judge(t, "dead rows", "rows", (double)n_dead, 0.0, limits->dead_rows_max, detail);
	snprintf(detail, sizeof(detail), "%zu at RESET, %zu at SET, of %zu", n_reset, n_set, n);
	judge(t, "stuck devices", "", n ? (double)(n_reset + n_set) / (double)n : NAN, 0.0,
		limits->stuck_max, detail);
	judge(t, "rise by 16 SETs", "S", h->rise, limits->rise_min, INFINITY, "median device");
}

static int test_health(struct xbar_selftest *t, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits)
{
	struct xbar_health_options opt = XBAR_HEALTH_DEFAULT;
	int r;

	opt.noise_max = limits->noise_max;
	r = xbar_health_measure(&t->health, lab, chip, &opt);
	if (r < 0)
		return r;
	judge_worst(t, "ADC offset", "codes", limits->offset_max, offset_of);
	judge_worst(t, "noise floor", "codes", limits->noise_max, noise_of);
	judge_worst(t, "ADC gain error", "", limits->gain_error_max, gain_error_of);
	judge_worst(t, "ADC INL", "codes", limits->inl_max, inl_of);
	judge_worst(t, "ADC DNL", "codes", limits->dnl_max, dnl_of);
	judge_columns(t, "missing codes", has_missing, limits->missing_columns_max);
	judge_columns(t, "noisy columns", is_noisy, limits->noisy_columns_max);
	judge_columns(t, "dead columns", is_dead, limits->dead_columns_max);
	judge_columns(t, "swapped columns", is_swapped, limits->swapped_columns_max);
	judge_devices(t, limits);
	return 0;
}

struct column_of_rows {
	double *v;
	size_t n, n_max;
};

static void keep_mean(void *user, const double *v)
{
	struct column_of_rows *c = user;

	if (c->n < c->n_max)
		c->v[c->n++] = v[1] * 1e-6;
}

/* Run an experiment on measurements of its own; the means of its table into ret [n]. */
static int experiment(const struct xbar_lab *lab, const struct xbar_experiment *e,
	struct xbar_experiment_options opt, double *ret, size_t n)
{
	struct xbar_lab own = *lab;
	struct column_of_rows means = { .v = ret, .n_max = n };
	struct xbar_run run;
	int r = xbar_measure_open(&own.measure, NULL, lab->msg);

	if (r < 0)
		return r;
	xbar_experiment_defaults(&opt, &e->alone, xbar_info(lab->x));
	r = xbar_run_init(&run, &own, e, &opt);
	if (r == 0) {
		r = xbar_experiment_run(&run);
		if (r == 0)
			r = e->table(&run, 0, keep_mean, &means);
		xbar_run_done(&run);
	}
	xbar_measure_close(own.measure);
	return r;
}

static int test_staircase(struct xbar_selftest *t, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits)
{
	const struct xbar_experiment_options opt = {
		.chip = chip, .n_device = N_SAMPLE, .n_pulse = N_STEP, .n_cycle = 1, .n_read = 4
	};
	int r = experiment(lab, &xbar_exp_staircase, opt, t->step, N_STEP + 1);

	if (r == 0)
		judge(t, "first SET step", "S", t->step[1] - t->step[0], limits->first_step_min,
			INFINITY, "mean of 512 devices");
	return r;
}

/* A row that works, programmed to half of g_max. */
static int test_retention(struct xbar_selftest *t, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits, double time)
{
	struct xbar_experiment_options opt = { .chip = chip,
		.n_device = xbar_info(lab->x)->n_col * XBAR_N_DEVICE,
		.n_read = 4,
		.settle = 0.0,
		.n_time = 2,
		.time = { time / 10.0 < 1.0 ? time / 10.0 : 1.0, time } };
	char detail[160];
	int r;

	while (opt.first_row + 1 < t->health.n_row && t->health.is_dead_row[opt.first_row])
		opt.first_row++;
	r = experiment(lab, &xbar_exp_drift, opt, t->g_retention, 2);
	if (r < 0)
		return r;
	memcpy(t->t_retention, opt.time, sizeof(t->t_retention));
	snprintf(detail, sizeof(detail), "from %g s to %g s after programming", opt.time[0], time);
	judge(t, "retention", "", t->g_retention[1] / t->g_retention[0], limits->retention_min,
		INFINITY, detail);
	return 0;
}

int xbar_selftest_run(struct xbar_selftest *ret, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits, const struct xbar_selftest_options *opt)
{
	struct xbar_selftest t = { 0 };
	int r = test_link(&t, lab, limits);

	if (r == 0)
		r = test_geometry(&t, lab, chip);
	if (r == 0)
		r = test_health(&t, lab, chip, limits);
	if (r == 0)
		r = test_staircase(&t, lab, chip, limits);
	if (r == 0 && opt->t_retention > 0.0)
		r = test_retention(&t, lab, chip, limits, opt->t_retention);
	if (r == 0)
		r = xbar_probe_pulse(lab, chip, 0, t.health.n_row, XBAR_DEVICES_ALL, XBAR_RESET, 1);
	if (r < 0) {
		xbar_selftest_done(&t);
		return r;
	}
	*ret = t;
	return 0;
}

void xbar_selftest_done(struct xbar_selftest *t)
{
	xbar_health_done(&t->health);
}
