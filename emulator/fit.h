/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit.h - parts of the program pcm-fit: from measurements of a board to the parameters of its twin.
 *
 * Inside fit*.c conductances are in uS and everything made of them too, for optimisers like numbers
 * near 1; fit_data.c converts what it reads, fit_preset.c what it writes.
 * 0 or a negative errno, with a sentence in struct fit_message.
 */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pcm.h"

/* The preset whose laws are fitted, and whose values stand where nothing is told. */
#define FIT_BASE "nandakumar2018"

struct fit_message {
	char text[512];
};

/* Fill msg; returns r. */
int fit_fail(struct fit_message *msg, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What is estimated. Those before FIT_N_LAW are estimated together, by maximum likelihood. */
enum fit_par {
	FIT_SET_MEAN_0,
	FIT_SET_MEAN_G,
	FIT_SET_MEAN_P,
	FIT_SET_SD_0,
	FIT_SET_SD_G,
	FIT_SET_SD_P,
	FIT_SET_MEMORY,
	FIT_SET_RHO, /* may be below 0 while it is estimated, which has no edge there */
	FIT_G_MIN,
	FIT_G_MAX,
	FIT_RESET_MEAN,
	FIT_RESET_SD, /* its square while it is estimated, which has no edge at 0 */
	FIT_READ_SD_0,
	FIT_READ_SD_G,
	FIT_N_LAW,
	FIT_DRIFT_NU = FIT_N_LAW,
	FIT_DRIFT_NU_SD,
	FIT_STUCK_RESET_RATE,
	FIT_STUCK_SET_RATE,
	FIT_DEAD_ROW_RATE,
	FIT_DEAD_COL_RATE,
	FIT_SWAPPED_COL_RATE,
	FIT_ADC_GAIN_SD,
	FIT_ADC_OFFSET_SD,
	FIT_ADC_NOISE_SD,
	FIT_WIRE_OHM,
	FIT_N_PAR
};

/* theta: the law, and what columns add to a read of one device (sd in uS), which is given. */
enum { FIT_COLUMN_NOISE = FIT_N_LAW, FIT_N_THETA };

struct fit_par_info {
	const char *key; /* in pcm_param_table */
	double unit;     /* SI value of 1 here */
};
extern const struct fit_par_info fit_par_table[FIT_N_PAR];

/* Value in the units of this file, with its 95 % interval; or why there is none. */
struct fit_estimate {
	bool is_known;
	double v, lo, hi;
	char why[200]; /* not known: why, and what would tell */
};

/* The experiments of MEASUREMENTS.md. */
enum fit_experiment {
	FIT_STAIRCASE,
	FIT_RESET,
	FIT_VERIFY,
	FIT_DRIFT,
	FIT_NOISE,
	FIT_N_EXPERIMENT
};

/* What a goodness of fit is of: those experiments, and besides. */
enum { FIT_OF_RHO = FIT_N_EXPERIMENT, FIT_OF_WIRE, FIT_N_GOODNESS };
extern const char *const fit_goodness_names[FIT_N_GOODNESS];

#define FIT_RANK_MAX 4
#define FIT_DROP_MAX 64 /* blocks of rows of ir-drop */

/* One experiment as far as it was done; n_sample 0: not there. Shapes as in MEASUREMENTS.md. */
struct fit_samples {
	size_t n;                   /* devices */
	int rank;                   /* of g */
	size_t shape[FIT_RANK_MAX]; /* of g, the last is n */
	size_t n_sample;            /* product of shape */
	float *g;                   /* [shape] uS */
	uint64_t *t;                /* [n_sample / n] ns */
	uint64_t *t_pulse;          /* staircase, reset: [n_cycle][n_pulse + 1], [n_cycle] */
	uint64_t t_programmed;      /* of the others */
	float *g_target;            /* uS, the same; [n] */
	uint32_t *place;            /* [n] (row n_col + col) 4 + device */
	bool *is_bad;               /* [n] stuck or on a dead line: see fit_faults() */
};

struct fit_data {
	const char *path;
	size_t n_row, n_col;
	double g_max; /* uS, as the board says */
	double v_read;
	struct fit_samples of[FIT_N_EXPERIMENT];
	/* Whole chips: all devices [n_survey][n_place] uS after RESET and after SETs; 0: not measured. */
	size_t n_place, n_survey; /* n_place: n_row n_col 4 */
	float *g_reset, *g_set;
	bool *is_broken; /* [n_place] stuck or on a dead line: see fit_faults() */
	/* Products without input, [n_zero][n_col] codes of lsb A; 0: not measured. */
	size_t n_zero;
	int16_t *zero;
	double lsb;
	/* Products of blocks of rows at full scale, experiment ir-drop; n_drop 0: not measured. */
	size_t n_drop;
	float *drop_g;         /* [n_place] uS, as read */
	uint32_t *drop_rows;   /* [n_drop][2] first, one past the last */
	double *drop_current;  /* [n_drop][n_col] A, mean of the repeats */
	double *drop_var;      /* [n_drop][n_col] A^2, of that, by how the repeats scatter */
	double *drop_lsb;      /* [n_drop][n_col] A, one code */
	double drop_n_read;    /* of which drop_g is the mean */
	double *offset, *gain; /* [n_col] uS, 1: what columns do to reads, see fit_columns.c */
};

/*
 * Read a file of measurements, which is untrusted. -EBADMSG damaged or something else, -ENODATA none
 * of the experiments, the system's reasons. data is for fit_data_done() only after success.
 */
int fit_data_load(struct fit_data *ret, const char *path, struct fit_message *msg);
void fit_data_done(struct fit_data *d);

/* n reads of one device at one time, all that is needed of them. */
struct fit_reads {
	double mean, sum_square; /* of the differences from the mean */
	double n;
	double column; /* 1 / gain of the column: times theta[FIT_COLUMN_NOISE], its noise */
};

/* Of the n_read samples stride apart. */
struct fit_reads fit_reads_of(const float *g, size_t n_read, size_t stride);

/* 1 / gain of the column of device i of an experiment. */
double fit_column_of(const struct fit_data *d, const struct fit_samples *m, size_t i);

/*
 * ln likelihood of a staircase [n] (RESET, then n - 1 SETs), theta [FIT_N_THETA], of a device whose own
 * part of the steps is u of their sd; the population's is N(0, set_rho). See fit_effect.h.
 */
struct fit_predicted {
	double mean, var;  /* of the mean of reads, given all before and u */
	double likelihood; /* ln, of all before */
};
double fit_staircase_likelihood(const double *theta, double u, const struct fit_reads *reads,
	size_t n, struct fit_predicted *ret_predicted);

/* The same of reads after RESET. */
double fit_reset_likelihood(const double *theta, const struct fit_reads *reads);

double fit_read_sd(const double *theta, double g, double column); /* of one read */

/* Of the scatter of reads of a device of whatever conductance. */
double fit_reads_likelihood(const double *theta, const struct fit_reads *reads);

/* Mean and standard deviation, as they come. */
struct fit_moments {
	size_t n;
	double mean, sum_square; /* of the differences from the mean */
};
void fit_moments_add(struct fit_moments *m, double x);
double fit_moments_sd(const struct fit_moments *m); /* NAN below two */

/* How well a fit describes an experiment: standardised residuals, whose mean square should be 1. */
struct fit_goodness {
	size_t n;
	double mean_square, sd; /* and the sd of that, of n units */
	const char *what;
};
struct fit_goodness fit_goodness_of(const struct fit_moments *m, const char *what);

/* How many sd the mean square is from 1; more than FIT_OFF_MAX are no chance: another law holds. */
double fit_goodness_off(const struct fit_goodness *g);
#define FIT_OFF_MAX 5.0

/* Of the current that reads predict for a block of rows: mean over columns. */
struct fit_drop {
	double measured, half, twin; /* half of its 95 % interval */
};

struct fit_result {
	struct fit_estimate par[FIT_N_PAR];
	struct fit_goodness goodness[FIT_N_GOODNESS]; /* n 0: none */
	double t0;                                    /* s, age at which conductances are meant */
	double theta[FIT_N_THETA];                    /* known or taken over */
	double scale_se;                              /* 1, of the scale of all conductances */
	size_t n_device, n_staircase;
	struct fit_drop drop[FIT_DROP_MAX]; /* as fit_data's drop_rows */
	size_t n_drop;                      /* 0: none */
};

/* Offsets and noise of the columns; reads are corrected by the offsets. */
int fit_offsets(struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/* Columns whose polarities are exchanged; their reads are turned round. */
void fit_polarity(struct fit_data *d, struct fit_result *ret);

/* Stuck devices and dead lines: their rates, d->is_broken and d->of[].is_bad. */
int fit_faults(struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/* Gains of the columns, by the devices that are not broken; reads are corrected by them. */
int fit_gains(struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/* k of n, with its interval; why where n is 0. */
void fit_rate(struct fit_estimate *ret, size_t k, size_t n, const char *why);

/* What pulses and reads do, from the staircases, RESETs and repeated reads. */
int fit_law(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/* How conductance falls with time; needs the read noise. */
int fit_drift(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/* Resistance of lines; needs the columns' offsets and gains, and how well it fits the read noise. */
int fit_wire(const struct fit_data *d, struct fit_result *ret, struct fit_message *msg);

/*
 * Maximum likelihood. The sample is a number of units, independent given theta but for the units of
 * one cluster, which stand together.
 */
struct fit_problem {
	size_t n_theta, n_unit;
	double *theta;           /* [n_theta] start, then result */
	const bool *is_free;     /* [n_theta] */
	const double *step;      /* [n_theta] what is a small change */
	const double *min, *max; /* [n_theta] */
	const uint32_t *cluster; /* [n_unit] */
	double gain_done;        /* of ln likelihood, expected of a step: then it is found */
	/* ln likelihood of every unit, ret [n_unit]. */
	void (*likelihood)(const void *user, const double *theta, double *ret);
	const void *user;
	double *covariance; /* [n_theta][n_theta], returned; rows of what is not free are 0 */
	double sum;         /* returned: ln likelihood */
	size_t n_cluster;   /* returned */
};

/* -EDOM: the likelihood does not say where the maximum is. */
int fit_maximise(struct fit_problem *p, struct fit_message *msg);

/*
 * Values of a population, each N(x_i, var_i) about its own, which are N(mean, sd^2), with has_floor
 * clamped at 0. The variance sd^2 that is estimated may be below 0 by chance, as far as var_i allows:
 * only so are intervals right where the truth is near 0.
 */
struct fit_spread {
	size_t n;
	double *x, *var;   /* [n] */
	uint32_t *cluster; /* [n] */
	bool has_floor;
};
int fit_spread_init(struct fit_spread *s, size_t n_max); /* -ENOMEM */
void fit_spread_add(struct fit_spread *s, double x, double var, uint32_t cluster);
void fit_spread_done(struct fit_spread *s);
int fit_spread(const struct fit_spread *s, struct fit_estimate *ret_mean,
	struct fit_estimate *ret_sd, struct fit_message *msg);

/* Read noise seen over time: a check of its whiteness, not of a parameter. */
void fit_whiteness(const struct fit_data *d, struct fit_result *ret);

/* Parameters that no experiment tells, and why; key NULL at the end. */
struct fit_untold {
	const char *key, *why;
};
extern const struct fit_untold fit_untold_table[];

/* The twin: as parameters, and as the text of a preset file, yours to free(). */
void fit_params(const struct fit_data *d, const struct fit_result *r, struct pcm_params *ret);
int fit_preset_print(const struct fit_data *d, const struct fit_result *r, char **ret);

/* A page with pictures. */
int fit_report(const char *path, const struct fit_data *d, const struct fit_result *r,
	struct fit_message *msg);

/* What thousands of devices of a preset do; conductances in uS. */
struct fit_point {
	double x;        /* pulses, or s */
	double mean, sd; /* over devices, of the mean of their reads */
	double noise;    /* sd of a read, rms over devices */
};

/* After RESET and n - 1 SETs, read settle s after each; n_read 2 or more for noise. */
int fit_curve_staircase(const struct pcm_params *prm, double settle, uint32_t n_read, size_t n,
	struct fit_point *ret);

/* At the times x of ret since n_pulse SETs. */
int fit_curve_drift(const struct pcm_params *prm, size_t n_pulse, uint32_t n_read, size_t n,
	struct fit_point *ret);

#endif
