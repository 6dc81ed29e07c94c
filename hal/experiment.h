/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment.h - what an experiment of "xbar characterise" is. To add one: describe it in a
 * struct xbar_experiment, list it in experiments.c and in MEASUREMENTS.md.
 *
 * An experiment is a number of steps, each of which leaves its samples in the measurements, so that
 * one that was interrupted goes on with the step that was not finished. It is a group of the file,
 * with every option as an attribute.
 */
#ifndef XBAR_EXPERIMENT_H
#define XBAR_EXPERIMENT_H

#include "lab.h"

#define XBAR_N_TARGET_MAX 16
#define XBAR_N_TIME_MAX   64

struct xbar_experiment_options {
	uint32_t chip;
	uint32_t first_row; /* where experiments that program whole rows begin */
	uint32_t n_device;  /* for each target */
	uint32_t n_pulse;   /* SETs of a cycle */
	uint32_t n_cycle;   /* repetitions of all */
	uint32_t n_read;    /* reads, one after another */
	double settle;      /* s, from the last pulse to the reads */
	uint32_t n_target;
	double target[XBAR_N_TARGET_MAX]; /* S */
	uint32_t n_time;
	double time[XBAR_N_TIME_MAX]; /* s */
};

enum xbar_sampling { XBAR_SAMPLING_NONE, XBAR_SAMPLING_SPREAD, XBAR_SAMPLING_ROWS };

struct xbar_run {
	const struct xbar_lab *lab;
	const struct xbar_experiment *experiment;
	struct xbar_experiment_options opt;
	struct xbar_sample sample;
	float *g; /* [sample.n] S, scratch */
};

/* One row of a table; v has as many values as there are heads. */
typedef void xbar_table_row(void *user, const double *v);

struct xbar_experiment {
	const char *name;  /* also of the group */
	const char *title; /* for people */
	enum xbar_sampling sampling;
	bool has_targets;                        /* n_device for each of them */
	bool table_per_target;                   /* else one table, or one for all targets */
	struct xbar_experiment_options alone;    /* defaults where it is asked for by name */
	struct xbar_experiment_options campaign; /* and as part of all: what a twin needs */

	size_t (*n_step)(const struct xbar_run *r);
	int (*begin)(struct xbar_run *r); /* make the arrays */
	int (*step)(struct xbar_run *r, size_t i);

	/* What a script gets. */
	const char *heads; /* separated by commas */
	int (*table)(struct xbar_run *r, uint32_t i_target, xbar_table_row *row, void *user);

	/* The picture of the table: column 0 across, column 1 up. */
	const char *x_label, *y_label;
	bool x_log, has_band; /* column 2 is a standard deviation */
};

/* NULL-ended. */
extern const struct xbar_experiment *const xbar_experiments[];
extern const struct xbar_experiment xbar_exp_staircase, xbar_exp_reset, xbar_exp_program_verify,
	xbar_exp_drift, xbar_exp_read_noise, xbar_exp_faults, xbar_exp_adc, xbar_exp_mvm_error,
	xbar_exp_ir_drop;

const struct xbar_experiment *xbar_experiment_find(const char *name);

/* Fields that are 0 (settle: not a number) in *opt become those of *def, targets 0.5 g_max at least. */
void xbar_experiment_defaults(struct xbar_experiment_options *opt,
	const struct xbar_experiment_options *def, const struct xbar_info *info);

/*
 * Run what is left of an experiment; what is complete already is not touched. Results are in
 * lab->measure, which is written every few seconds and at the end. -EEXIST begun with other options,
 * -EINTR stopped by progress, and whatever the board says.
 */
int xbar_experiment_run(struct xbar_run *r);

/* A run over measurements, for its table too; NULL-safe done. */
int xbar_run_init(struct xbar_run *r, const struct xbar_lab *lab, const struct xbar_experiment *e,
	const struct xbar_experiment_options *opt);
void xbar_run_done(struct xbar_run *r);

/* Say in the measurements which board they are of, or check that it is this one: -EEXIST. */
int xbar_measure_board(const struct xbar_lab *lab);

/* Its table and picture on a page; for a run that is complete. */
struct page;
int xbar_experiment_page(struct page *p, struct xbar_run *r);

/* For the experiments: "GROUP/array" made, put, got. */
int xbar_run_make(
	struct xbar_run *r, const char *array, enum xbar_type type, int rank, const size_t *shape);
int xbar_run_put(
	struct xbar_run *r, const char *array, size_t n_at, const size_t *at, const void *data);
int xbar_run_get(struct xbar_run *r, const char *array, size_t n_at, const size_t *at,
	enum xbar_type type, size_t n, void *ret);

/* Target of device i: every one in turn, beginning with another one each round. */
uint32_t xbar_run_target(const struct xbar_run *r, size_t i);

/* opt.n_read reads one after another into g at (at[0], .., at[n_at - 1], i_read) and t likewise. */
int xbar_run_reads(struct xbar_run *r, size_t n_at, const size_t *at);

/* Mean and standard deviation, as they come. */
struct xbar_moments {
	size_t n;
	double mean, sum_square; /* of differences from the mean */
};

void xbar_moments_add(struct xbar_moments *m, double v);
double xbar_moments_sd(const struct xbar_moments *m); /* NAN below two values */

#endif
