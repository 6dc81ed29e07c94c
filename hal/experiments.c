/* SPDX-License-Identifier: GPL-3.0-or-later */
/* experiments.c - which experiments there are, and running them. */
#include "experiment.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define T_WRITE 2.0 /* s between writings of the file */

const struct xbar_experiment *const xbar_experiments[] = {
	&xbar_exp_staircase,
	&xbar_exp_reset,
	&xbar_exp_program_verify,
	&xbar_exp_drift,
	&xbar_exp_read_noise,
	&xbar_exp_faults,
	&xbar_exp_adc,
	&xbar_exp_mvm_error,
	&xbar_exp_ir_drop,
	NULL,
};

const struct xbar_experiment *xbar_experiment_find(const char *name)
{
	for (size_t i = 0; xbar_experiments[i]; i++) {
		if (!strcmp(xbar_experiments[i]->name, name))
			return xbar_experiments[i];
	}
	return NULL;
}

static void set_default(uint32_t *v, uint32_t def)
{
	*v = *v ? *v : def;
}

void xbar_experiment_defaults(struct xbar_experiment_options *opt,
	const struct xbar_experiment_options *def, const struct xbar_info *info)
{
	set_default(&opt->n_device, def->n_device);
	set_default(&opt->n_pulse, def->n_pulse);
	set_default(&opt->n_cycle, def->n_cycle);
	set_default(&opt->n_read, def->n_read);
	if (isnan(opt->settle))
		opt->settle = def->settle;
	if (!opt->n_target) {
		opt->n_target = def->n_target;
		for (uint32_t i = 0; i < def->n_target; i++)
			opt->target[i] = def->target[i] * (double)info->g_max;
	}
	if (!opt->n_time) {
		opt->n_time = def->n_time;
		memcpy(opt->time, def->time, sizeof(opt->time));
	}
}

int xbar_run_init(struct xbar_run *r, const struct xbar_lab *lab, const struct xbar_experiment *e,
	const struct xbar_experiment_options *opt)
{
	size_t n = (size_t)opt->n_device * (e->has_targets ? opt->n_target : 1);
	int err = 0;

	*r = (struct xbar_run){ .lab = lab, .experiment = e, .opt = *opt };
	if (e->sampling == XBAR_SAMPLING_SPREAD)
		err = xbar_sample_spread(&r->sample, lab, opt->chip, n);
	else if (e->sampling == XBAR_SAMPLING_ROWS)
		err = xbar_sample_rows(&r->sample, lab, opt->chip, opt->first_row, n);
	if (err < 0)
		return err;
	r->g = malloc((r->sample.n + 1) * sizeof(*r->g));
	if (r->g)
		return 0;
	xbar_run_done(r);
	return xbar_fail(lab->msg, -ENOMEM, "no memory for %zu devices", n);
}

void xbar_run_done(struct xbar_run *r)
{
	xbar_sample_done(&r->sample);
	free(r->g);
	r->g = NULL;
}

int xbar_run_make(
	struct xbar_run *r, const char *array, enum xbar_type type, int rank, const size_t *shape)
{
	char path[128];

	return xbar_measure_make(r->lab->measure,
		xbar_lab_path(path, sizeof(path), r->experiment->name, array), type, rank, shape);
}

int xbar_run_put(
	struct xbar_run *r, const char *array, size_t n_at, const size_t *at, const void *data)
{
	char path[128];

	return xbar_measure_put(r->lab->measure,
		xbar_lab_path(path, sizeof(path), r->experiment->name, array), n_at, at, data);
}

int xbar_run_get(struct xbar_run *r, const char *array, size_t n_at, const size_t *at,
	enum xbar_type type, size_t n, void *ret)
{
	char path[128];

	return xbar_measure_get(r->lab->measure,
		xbar_lab_path(path, sizeof(path), r->experiment->name, array), n_at, at, type, n,
		ret);
}

uint32_t xbar_run_target(const struct xbar_run *r, size_t i)
{
	uint32_t n = r->opt.n_target;

	return (uint32_t)((i + i / n) % n);
}

int xbar_run_reads(struct xbar_run *r, size_t n_at, const size_t *at)
{
	size_t full[XBAR_MEASURE_RANK_MAX] = { 0 };
	int err = 0;

	for (size_t i = 0; i < n_at; i++)
		full[i] = at[i];
	for (full[n_at] = 0; full[n_at] < r->opt.n_read && err == 0; full[n_at]++) {
		uint64_t t;

		err = xbar_lab_read(r->lab, &r->sample, r->g, &t);
		if (err == 0)
			err = xbar_run_put(r, "g", n_at + 1, full, r->g);
		if (err == 0)
			err = xbar_run_put(r, "t", n_at + 1, full, &t);
	}
	return err;
}

void xbar_moments_add(struct xbar_moments *m, double v)
{
	double d = v - m->mean;

	m->n++;
	m->mean += d / (double)m->n;
	m->sum_square += d * (v - m->mean);
}

double xbar_moments_sd(const struct xbar_moments *m)
{
	return m->n > 1 ? sqrt(m->sum_square / (double)(m->n - 1)) : NAN;
}

/* The options as named numbers; those of a list are arrays. */
struct named {
	const char *name;
	double v;
};

#define N_NAMED 9

static void list_options(const struct xbar_run *r, struct named ret[N_NAMED])
{
	const struct xbar_experiment_options *o = &r->opt;
	const struct named list[N_NAMED] = { { "chip", o->chip }, { "first_row", o->first_row },
		{ "n_device", o->n_device }, { "n_pulse", o->n_pulse }, { "n_cycle", o->n_cycle },
		{ "n_read", o->n_read }, { "settle_s", o->settle }, { "n_target", o->n_target },
		{ "n_time", o->n_time } };

	memcpy(ret, list, sizeof(list));
}

static int put_list(struct xbar_run *r, const char *array, uint32_t n, const double *v)
{
	int err;

	if (!n)
		return 0;
	err = xbar_run_make(r, array, XBAR_F64, 1, (size_t[]){ n });
	return err < 0 ? err : xbar_run_put(r, array, 0, NULL, v);
}

static int put_options(struct xbar_run *r)
{
	struct named list[N_NAMED];
	int err = 0;

	list_options(r, list);
	for (size_t i = 0; i < N_NAMED && err == 0; i++)
		err = xbar_measure_set_number(
			r->lab->measure, r->experiment->name, list[i].name, list[i].v);
	if (err == 0)
		err = put_list(r, "target", r->opt.n_target, r->opt.target);
	return err < 0 ? err : put_list(r, "time", r->opt.n_time, r->opt.time);
}

static int differs(const struct xbar_run *r, const char *what, double was, double is)
{
	return xbar_fail(r->lab->msg, -EEXIST,
		"%s was measured with %s %g, now %g: give the same options, or another file",
		r->experiment->name, what, was, is);
}

static int check_list(struct xbar_run *r, const char *array, uint32_t n, const double *v)
{
	double was[XBAR_N_TIME_MAX];
	int err = n ? xbar_run_get(r, array, 0, NULL, XBAR_F64, n, was) : 0;

	for (uint32_t i = 0; i < n && err == 0; i++) {
		if (was[i] != v[i])
			err = differs(r, array, was[i], v[i]);
	}
	return err;
}

static int check_options(struct xbar_run *r)
{
	struct named list[N_NAMED];
	double was = 0.0;
	int err = 0;

	list_options(r, list);
	for (size_t i = 0; i < N_NAMED && err == 0; i++) {
		err = xbar_measure_number(r->lab->measure, r->experiment->name, list[i].name, &was);
		if (err == 0 && was != list[i].v)
			err = differs(r, list[i].name, was, list[i].v);
	}
	if (err == 0)
		err = check_list(r, "target", r->opt.n_target, r->opt.target);
	return err < 0 ? err : check_list(r, "time", r->opt.n_time, r->opt.time);
}

static int set_done(struct xbar_run *r, size_t n_done)
{
	struct xbar_measure *m = r->lab->measure;
	uint64_t t = 0;
	int err = xbar_lab_time(r->lab, &t);

	if (err == 0)
		err = xbar_measure_set_number(m, r->experiment->name, "t_last_s", (double)t * 1e-9);
	if (err == 0)
		err = xbar_measure_set_number(m, r->experiment->name, "n_done", (double)n_done);
	return err;
}

static int begin(struct xbar_run *r)
{
	struct xbar_measure *m = r->lab->measure;
	const char *name = r->experiment->name;
	int err = xbar_measure_make_group(m, name);

	if (err == 0)
		err = put_options(r);
	if (err == 0 && r->sample.n)
		err = xbar_sample_put(&r->sample, r->lab, name);
	if (err == 0)
		err = r->experiment->begin(r);
	if (err == 0)
		err = xbar_measure_set_number(m, name, "n_step", (double)r->experiment->n_step(r));
	return err < 0 ? err : set_done(r, 0);
}

/*
 * Steps that are done already. A board whose clock is behind that of its measurements has not what
 * they left on it (a new emulated board, a board switched off): the experiment begins anew.
 */
static int find_start(struct xbar_run *r, size_t n_step, size_t *ret)
{
	struct xbar_measure *m = r->lab->measure;
	const char *name = r->experiment->name;
	double n_done = 0.0, t_last = 0.0;
	uint64_t t = 0;
	int err;

	*ret = 0;
	if (!xbar_measure_has(m, name))
		return begin(r);
	err = check_options(r);
	if (err == 0)
		err = xbar_measure_number(m, name, "n_done", &n_done);
	if (err == 0)
		err = xbar_measure_number(m, name, "t_last_s", &t_last);
	if (err == 0)
		err = xbar_lab_time(r->lab, &t);
	if (err < 0)
		return err;
	if (n_done == (double)n_step ||
		(n_done > 0.0 && n_done < (double)n_step &&
			(double)t * 1e-9 >= t_last * (1.0 - 1e-9))) {
		*ret = (size_t)n_done;
		return 0;
	}
	err = xbar_measure_remove(m, name);
	return err < 0 ? err : begin(r);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int xbar_experiment_run(struct xbar_run *r)
{
	const struct xbar_lab *lab = r->lab;
	size_t n_step = r->experiment->n_step(r), i;
	double t_write = seconds();
	bool must_stop = false;
	int err = find_start(r, n_step, &i), err_write;

	if (err < 0 || i == n_step)
		return err;
	for (; i < n_step && err == 0 && !must_stop; i++) {
		err = r->experiment->step(r, i);
		if (err == 0)
			err = set_done(r, i + 1);
		if (err == 0 && lab->progress)
			must_stop = lab->progress(lab->user, r->experiment->title, i + 1, n_step);
		if (err == 0 && seconds() - t_write > T_WRITE) {
			err = xbar_measure_write(lab->measure);
			t_write = seconds();
		}
	}
	if (err < 0 && err != -EINTR)
		return err;
	err_write = xbar_measure_write(lab->measure);
	if (err_write < 0)
		return err_write;
	return err == 0 && i < n_step ? xbar_fail(lab->msg, -EINTR, "interrupted") : err;
}

static int put_board(const struct xbar_lab *lab)
{
	const struct xbar_info *i = xbar_info(lab->x);
	const struct named list[] = { { "n_chip", i->n_chip }, { "n_row", i->n_row },
		{ "n_col", i->n_col }, { "n_device", i->n_device }, { "dac_bits", i->dac_bits },
		{ "adc_bits", i->adc_bits }, { "v_read_V", (double)i->v_read },
		{ "g_max_S", (double)i->g_max }, { "t_mvm_s", (double)i->t_mvm * 1e-9 } };
	struct xbar_measure *m = lab->measure;
	int err = xbar_measure_set_text(m, "/", "board", i->board);

	if (err == 0)
		err = xbar_measure_set_text(m, "/", "model", i->model);
	if (err == 0)
		err = xbar_measure_set_text(m, "/", "serial", i->serial);
	if (err == 0)
		err = xbar_measure_set_text(m, "/", "version", i->version);
	if (err == 0)
		err = xbar_measure_set_text(m, "/", "uri", i->uri);
	for (size_t k = 0; k < sizeof(list) / sizeof(list[0]) && err == 0; k++)
		err = xbar_measure_set_number(m, "/", list[k].name, list[k].v);
	return err;
}

int xbar_measure_board(const struct xbar_lab *lab)
{
	const struct xbar_info *i = xbar_info(lab->x);
	char was[128];
	int err = xbar_measure_text(lab->measure, "/", "board", was, sizeof(was));

	if (err == -ENOENT)
		return put_board(lab);
	if (err == 0 && strcmp(was, i->board))
		return xbar_fail(lab->msg, -EEXIST,
			"these measurements are of a \"%s\", this is a \"%s\": use another file",
			was, i->board);
	if (err == 0)
		err = xbar_measure_text(lab->measure, "/", "serial", was, sizeof(was));
	if (err == 0 && strcmp(was, i->serial))
		return xbar_fail(lab->msg, -EEXIST,
			"these measurements are of board %s, this is %s: use another file", was,
			i->serial);
	return err;
}
