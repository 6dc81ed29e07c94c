/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.h - everything that decides a run, and the one table behind YAML files, --set, the saved
 * copy in the run folder and `osttp train --help-config`.
 *
 * Values come, later over earlier, from: the table's defaults; the shipped configuration of this
 * task, rule and kind of weights (configs/TASK-RULE-WEIGHTS.yaml, built into the program);
 * --config FILE; command line options and --set, in their order.
 */
#ifndef SNN_CONFIG_H
#define SNN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "error.h"

#define SNN_MAX_HIDDEN 8

#define SNN_MAX_SPEAKER 12 /* of the Heidelberg digits */
#define SNN_MAX_LIST    12 /* the longest of lists of settings */

enum snn_weights_kind { SNN_WEIGHTS_FLOAT, SNN_WEIGHTS_CHIPS };
enum snn_neuron { SNN_SNU, SNN_SSNU };
enum snn_reset { SNN_RESET_FULL, SNN_RESET_SOFT };
enum snn_b_shape { SNN_B_UNIFORM, SNN_B_NORMAL, SNN_B_SPARSE };
enum snn_psi { SNN_PSI_TRIANGULAR, SNN_PSI_TANH, SNN_PSI_FAST_SIGMOID };
enum snn_trace_choice { SNN_TRACE_AUTO, SNN_TRACE_EVENT, SNN_TRACE_DENSE, SNN_TRACE_EXACT };
enum snn_update { SNN_UPDATE_SEQUENCE, SNN_UPDATE_STEP };
enum snn_optimizer { SNN_SGD, SNN_ADAM };
enum snn_readout_kind { SNN_READOUT_SIGMOID, SNN_READOUT_SOFTMAX };
enum snn_loss { SNN_LOSS_STEP, SNN_LOSS_LAST, SNN_LOSS_MEAN };
enum snn_scheme { SNN_MIXED_PRECISION, SNN_STOCHASTIC, SNN_SIGN };
enum snn_compensate { SNN_COMPENSATE_NONE, SNN_COMPENSATE_GLOBAL, SNN_COMPENSATE_COLUMN };
enum snn_device_choice { SNN_ROUND_ROBIN, SNN_RANDOM_DEVICE, SNN_LOWEST_DEVICE };
enum snn_device_count { SNN_TWO_DEVICES, SNN_FOUR_DEVICES };

struct snn_config {
	char task[32], rule[32];
	int weights;              /* enum snn_weights_kind */
	char uri[512], uri2[512]; /* second board, "" if chip 1 is on the first */
	char data[1024];
	uint64_t seed;

	struct {
		uint32_t n_hidden;
		uint32_t hidden[SNN_MAX_HIDDEN];
		int neuron, reset, psi;
		bool recurrent;          /* hidden layers have weights H from their own spikes */
		double h_scale;          /* initial H: uniform in +- scale / sqrt(neurons) ... */
		double h_mean;           /* ... around h_mean / neurons */
		double decay, decay_max; /* d; where above, d is drawn for each neuron */
		double psi_gamma, psi_width, psi_slope;
		double threshold;                    /* initial b */
		double adaptation, adaptation_decay; /* beta, 0 none; rho */
		double w_scale, v_scale; /* initial W, V: uniform in +- scale / sqrt(fan-in) */
		double b_scale; /* feedback B: of the size of uniform in +- scale / sqrt(n_out) */
		int b_shape;    /* enum snn_b_shape */
		uint32_t b_nonzero; /* of a neuron, where sparse */
		bool b_center;      /* B p = 0, p each output's frequency */
		double bias; /* initial c: 0 unless set; "marginal" is done by bias_marginal */
		bool bias_marginal;   /* initial c = logit of each output's training frequency */
		int readout;          /* enum snn_readout_kind */
		double readout_decay; /* d_o */
		bool readout_norm;    /* o <- d_o o + (1 - d_o) (V y + c) */
	} network;

	struct {
		uint32_t epochs, batch, threads;
		int update, trace, optimizer, loss;
		uint32_t loss_steps;   /* of loss: last */
		double teacher_rate;   /* probability of a teacher event in a step */
		double synapse_decay;  /* of the filter of inputs in decolle's traces */
		double correction;     /* beta of ptncn */
		double rate;           /* eta of the readout, and of the rest times the next two */
		double rate_hidden;    /* factor for W, 0 freezes */
		double rate_recurrent; /* factor for H of what W has, 0 freezes */
		double rate_threshold; /* factor for b, 0 freezes */
		double decay_factor;   /* rate *= factor ... */
		uint32_t decay_every;  /* ... every so many epochs */
		double momentum, beta1, beta2, epsilon;        /* SGD; Adam */
		double rate_penalty, rate_target, rate_memory; /* of firing rates: firing.h */
		double clip;           /* limit of a sequence's gradient norm, 0 none */
		uint32_t report_every; /* steps of a stream */
		uint32_t eval_every, checkpoint_every; /* epochs */
	} train;

	struct {
		char files[64]; /* NAME of NAME_train.h5 and NAME_test.h5 */
		uint32_t bins;  /* steps */
		double bin;     /* s, a step */
		uint32_t pool;  /* channels that make one input */
		uint32_t n_valid;
		uint32_t valid_speakers[SNN_MAX_SPEAKER];
		uint32_t shift_steps, shift_inputs; /* of training recordings, at random, at most */
		uint32_t limit;                     /* recordings of each file at most, 0 all */
	} speech;

	struct {
		int scheme, device;
		double sign_threshold;  /* in mean steps: what scheme sign answers with a pulse */
		uint32_t max_pulses;    /* a weight and update, at most */
		uint32_t refresh_every; /* sequences between refresh rounds, 0 never */
		uint32_t
			refresh_pulses; /* SET pulses on a device since RESET that make its cell a candidate */
		double refresh_fraction; /* of g_max: refresh where a device's noisy read is above */
	} update;

	struct {
		int devices; /* of a cell that hold a weight; enum snn_device_count */
		double w_max, v_max, b_max,
			h_max;  /* |weight| at which one polarity of a cell is at g_full */
		double g_full;  /* S, one device */
		double wait;    /* s of chip time that pass a sequence (host and link) */
		int compensate; /* enum snn_compensate */
		uint32_t compensate_every;  /* updates between rounds */
		uint32_t compensate_inputs; /* products of a matrix that a round looks at */
		double adc_margin; /* ADC range = margin x the largest current met in calibration */
		uint32_t calibrate_sequences; /* training sequences used for it */
		uint32_t read_average;        /* reads averaged where devices are read */
		uint32_t read_back_every;     /* updates between read-backs of transposed weights */
	} chips;
};

enum snn_value {
	SNN_VALUE_DOUBLE,
	SNN_VALUE_U32,
	SNN_VALUE_U64, /* every value is allowed */
	SNN_VALUE_BOOL,
	SNN_VALUE_TEXT,
	SNN_VALUE_CHOICE,  /* int, index into choices */
	SNN_VALUE_NAME,    /* text, one of choices */
	SNN_VALUE_U32_LIST /* its length is the uint32_t just before it */
};

struct snn_option {
	const char *path; /* "network.decay" */
	enum snn_value type;
	size_t offset, size;        /* in struct snn_config; bytes of a text, capacity of a list */
	const char *def;            /* default as text */
	double min, max;            /* inclusive; numbers only */
	const char *const *choices; /* NULL-ended; SNN_VALUE_CHOICE and SNN_VALUE_NAME */
	const char *unit, *help;
};

extern const struct snn_option snn_option_table[]; /* ends with path NULL */
extern const char *const snn_rule_names[]; /* ends with NULL: "bptt", "ostl", "osttp", "drtp" */

/* A configuration that the program ships. */
struct snn_shipped {
	const char *name; /* "jsb-osttp-chips" */
	const char *text; /* YAML */
};
extern const struct snn_shipped
	snn_shipped_table[]; /* ends with name NULL; made from configs/ at build time */

struct snn_assignment {
	const char *path, *value; /* borrowed */
};

/* Table defaults. */
void snn_config_default(struct snn_config *c);

/*
 * The whole order of the header comment; task, rule and weights are looked for in file and
 * assignments first, because they choose the shipped configuration. file NULL: none. *c is written
 * only on success. -EINVAL with "FILE:LINE: unknown key
 * network.hiden, did you mean network.hidden?", -ERANGE with "...: network.decay = 1.5 is outside
 * 0 .. 1", and the system's reasons for the file.
 */
int snn_config_load(struct snn_config *c, const char *file, const struct snn_assignment *set,
	size_t n_set, struct snn_error *e);

/*
 * One value from text; lists as 100,50 or [100, 50]. Texts are taken as they stand.
 * -EINVAL unknown path, wrong type, unknown name, text too long; -ERANGE out of range. *c is
 * unchanged on error.
 */
int snn_config_set(struct snn_config *c, const char *path, const char *value, struct snn_error *e);

/* The table's defaults overlaid with a YAML file, and nothing shipped: a run folder's copy. */
int snn_config_read(struct snn_config *c, const char *file, struct snn_error *e);

/* The whole configuration as commented YAML; reading it back gives the same struct, bit for bit. */
int snn_config_print(const struct snn_config *c, FILE *f);
/* The table as help text: path, default, range, unit, what. */
void snn_config_help(FILE *f);
/* One value as text that snn_config_set() reads back exactly. -ENOENT unknown path, -ENOSPC. */
int snn_config_value(const struct snn_config *c, const char *path, char *buf, size_t n);

#endif
