/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pcm.h - stochastic emulator of one phase-change-memory crossbar chip.
 *
 * A chip is n_row word lines (inputs) by n_col bit lines (outputs) of cells, four devices a cell:
 * devices 0 and 1 add to the bit line's current, devices 2 and 3 subtract from it,
 *     G = (g0 + g1) - (g2 + g3).
 * It has an integer-nanosecond clock of its own, which advances only by operations and
 * pcm_chip_wait(); devices drift as it advances. Nothing here reads the wall clock.
 *
 *	struct pcm_params prm;
 *	struct pcm_chip *c;
 *	pcm_params_default(&prm);
 *	pcm_params_set(&prm, "seed", "7");
 *	r = pcm_chip_new(&c, &prm, 0);
 *	r = pcm_chip_pulse(c, &(struct pcm_pulse){ .row = 3, .col = 5, .device = 0,
 *			.kind = PCM_SET, .n = 4 }, 1);
 *	pcm_chip_free(c);
 *
 * Units are SI throughout: S, A, V, s, J; chip time is uint64_t nanoseconds.
 * Every function returns 0 or a negative errno; after an error the chip is as it was before.
 * Randomness is addressed, not shared: Philox4x32-10 keyed by the seed, counted by (chip, use,
 * index of the pulse / vector / device read since power-up, draw). So results do not depend on how
 * work is split into calls, on the processor or on its instruction set.
 * A chip belongs to one thread at a time; different chips are independent.
 */
#ifndef PCM_H
#define PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <gsl/gsl_rng.h>

#define PCM_N_ROW    256
#define PCM_N_COL    256
#define PCM_N_DEVICE 4
#define PCM_DAC_MAX  127 /* 8-bit signed input codes are -127 .. 127; 127 is a full-scale input */
#define PCM_N_TEXT   256 /* longest value of a parameter as text, and a NUL */

struct pcm_chip;

/* What a chip is. Fill with pcm_params_default(), then pcm_params_set(). Each field: pcm_param_table. */
struct pcm_params {
	uint64_t seed;
	uint32_t model;      /* index into pcm_model_names */
	uint32_t read_noise; /* enum pcm_noise */
	uint32_t dac_bits, adc_bits;
	uint32_t read_phases; /* enum pcm_phases, after power-up; pcm_chip_phases() changes it */
	double adc_range; /* A, full scale after power-up; pcm_chip_adc() changes it per column */
	double adc_gain_sd, adc_offset_sd; /* 1, A: spread over columns */
	double adc_noise_sd;               /* A, of one conversion */
	double one_phase_sd;               /* 1, of adc_range: what reading in one phase adds */
	double v_read;                     /* V */
	double g_min, g_max;               /* S, where the stored conductance is clamped */
	double set_step;                   /* S, model ideal */
	double set_mean_0, set_mean_g, set_mean_p; /* S, 1, S: mean dG = 0 + g G + p P */
	double set_sd_0, set_sd_g, set_sd_p;       /* S, 1, S */
	double set_memory; /* pulses: P decays by exp(-1/set_memory) a pulse */
	double set_rho;    /* 1, part of the SET variance that is the device's */
	double reset_mean, reset_sd, reset_min; /* S */
	double drift_nu, drift_nu_sd;           /* 1, 1 (device to device) */
	double drift_t0, drift_t_min;           /* s */
	double drift_tol;                       /* relative error allowed to cached conductances */
	double read_sd_0, read_sd_g;            /* S, 1: sd of one read of one device = 0 + g G */
	double program_scale, drift_scale, flicker_scale; /* 1, of programmed models' laws */
	double flicker_t_read, flicker_t_min;             /* s */
	uint32_t noise_memory;                            /* 0, 1 */
	double noise_tau;                                 /* s */
	double wire_ohm;                  /* ohm, of a line from one cell to the next */
	double read_disturb, half_select; /* 1, of g_max - G, per read and per pulse on the row */
	double temperature, temperature_ref, activation_energy; /* K, K, eV */
	/* s and J per vector (one phase), pulse, pulse, row read or device read, device programmed */
	double t_mvm, t_set, t_reset, t_read, t_program;
	double e_mvm, e_set, e_reset, e_read, e_program;
	double stuck_reset_rate, stuck_set_rate;                    /* of devices */
	double dead_row_rate, dead_col_rate;                        /* of rows, of columns */
	double swapped_col_rate, noisy_col_rate, missing_code_rate; /* of columns */
	double noisy_col_sd;                                        /* A */
	char faults[PCM_N_TEXT]; /* a list, see pcm_param_table */
};

enum pcm_noise {
	PCM_NOISE_PROJECTED, /* one normal per column: N(sum x G, sum x^2 S), exact and fast */
	PCM_NOISE_LITERAL,   /* one normal per device: the oracle of the projected form */
	PCM_NOISE_OFF,
};

/* Input signs and weight signs together, or each of the four combinations apart. */
enum pcm_phases { PCM_ONE_PHASE, PCM_FOUR_PHASES };

enum pcm_param_type {
	PCM_PARAM_DOUBLE,
	PCM_PARAM_U32,
	PCM_PARAM_U64,
	PCM_PARAM_CHOICE,
	PCM_PARAM_FAULTS, /* char [PCM_N_TEXT] */
};

/* One row of the parameter table; it drives URI queries, presets and help. */
struct pcm_param {
	const char *key;  /* "drift_nu" */
	const char *unit; /* "S", "s", "1", ... */
	enum pcm_param_type type;
	size_t offset;              /* in struct pcm_params */
	const char *def;            /* default as text, in `unit` */
	double min, max;            /* inclusive; unused for choices */
	const char *const *choices; /* NULL-ended, PCM_PARAM_CHOICE only */
	const char *source;         /* paper and place, or "assumption: ..." */
	const char *help;
};

/*
 * A named set of parameter values: text is "key=value&key=value", first perhaps "preset=name". Made
 * of presets/NAME.yaml when the emulator is built.
 */
struct pcm_preset {
	const char *name, *text, *help;
};

/* Each ends with an entry whose key or name is NULL. The first preset is the default. */
extern const struct pcm_param pcm_param_table[];
extern const struct pcm_preset pcm_preset_table[];
extern const char *const pcm_model_names[];

/* Fill *prm with the default preset (nandakumar2018). */
void pcm_params_default(struct pcm_params *prm);

/* The row of a key, or NULL. */
const struct pcm_param *pcm_param_find(const char *key);

/* The known key (or preset name) nearest to a misspelt one; never NULL. */
const char *pcm_param_nearest(const char *key);
const char *pcm_preset_nearest(const char *name);

/*
 * Set one parameter from text, or all of them to a preset's values with key "preset" (apply that
 * first). Doubles as strtod() takes them in the C locale, whatever the program's locale, but no
 * leading space, nan or infinity; integers in decimal digits.
 * -ENOENT unknown key or preset, -EINVAL not a number or not one of the choices, -ERANGE outside
 * [min, max]. *prm is unchanged on error.
 */
int pcm_params_set(struct pcm_params *prm, const char *key, const char *value);

/* Whether a preset's name is that of a file: it ends in .yaml or .yml, or has a slash. */
bool pcm_preset_is_file(const char *name);

/*
 * All parameters from a preset file: YAML, one mapping of keys to values as pcm_params_set() takes
 * them, besides `preset: NAME` (built-in, applied first) and `help: TEXT`. The file is untrusted.
 * -errno of opening it, -EINVAL, -ERANGE; then complaint says "FILE:LINE: what" and *prm is unchanged.
 */
int pcm_params_load(struct pcm_params *prm, const char *path, char *complaint, size_t n_complaint);

/*
 * Write a parameter's value as text that pcm_params_set() reads back exactly; PCM_N_TEXT bytes are
 * enough for any. -ENOENT, -ENOSPC.
 */
int pcm_params_print(const struct pcm_params *prm, const char *key, char *buf, size_t n);

/* Checks that span parameters (g_min < g_max, ...); NULL if fine, else the complaint as a sentence. */
const char *pcm_params_complaint(const struct pcm_params *prm);

enum pcm_kind { PCM_SET, PCM_RESET };

struct pcm_pulse {
	uint16_t row, col;
	uint8_t device; /* 0, 1 plus pair; 2, 3 minus pair */
	uint8_t kind;   /* enum pcm_kind */
	uint16_t n;     /* how many, >= 1 */
};

enum pcm_input { PCM_INPUT_BIT, PCM_INPUT_INT8 };

/* One block product: word lines row .. row + n_row - 1 driven, bit lines col .. col + n_col - 1 read. */
struct pcm_mvm {
	uint32_t row, n_row, col, n_col, n_vec;
	enum pcm_input input;
	/* Borrowed. BIT: [n_vec][ceil(n_row / 8)] bytes, bit 0 first; INT8: [n_vec][n_row] codes. */
	const void *in;
	int16_t *out;   /* [n_vec][n_col] ADC codes; yours */
	uint32_t n_sat; /* returned: how many codes saturated */
};

struct pcm_patch {
	uint32_t row, n_row, col, n_col;
};

struct pcm_stats {
	uint64_t time;                              /* ns, the chip's clock */
	uint64_t n_mvm;                             /* vectors */
	uint64_t n_set, n_reset, n_read, n_program; /* pulses, pulses, device reads, devices */
	uint64_t n_sat;                             /* saturated ADC codes */
	uint64_t n_phase;                           /* of all vectors */
	double energy;                              /* J */
};

/*
 * A new chip, all devices in the RESET state as the model draws it. i_chip < 2^24 tells chips of one
 * seed apart. -EINVAL (also whatever pcm_params_complaint() finds), -ENOMEM.
 */
int pcm_chip_new(struct pcm_chip **ret, const struct pcm_params *prm, uint32_t i_chip);
void pcm_chip_free(struct pcm_chip *c);
const struct pcm_params *pcm_chip_params(const struct pcm_chip *c);

/*
 * Analog product: I_c = v_read * sum_r x_r G_rc(t) + read noise; out = ADC(I_c) for n_vec inputs one
 * after another. x is 0 / 1 for bits, code / 127 for int8 (-128 is -EINVAL), rounded to the nearest
 * multiple of 1 / (2^(dac_bits - 1) - 1), half to even.
 * One code is pcm_chip_adc_lsb(c, col) amperes, rounded half to even; codes saturate at
 * +-(2^(adc_bits - 1) - 1), counted.
 * Read noise: sd of a device's read is read_sd_0 + read_sd_g G(t) (Nandakumar 2018), independent;
 * programmed models add 1/f noise, with noise_memory of the kind that the next read sees, too.
 * Column c measures gain_c I_c + offset_c + noise, corrected by what pcm_chip_correct() was told.
 * Advances the clock by n_vec * t_mvm, four times that in four phases; conductances are those at the call's start of each vector,
 * within drift_tol. Cost: proportional to the rows driven. -EINVAL outside the chip.
 */
int pcm_chip_mvm(struct pcm_chip *c, struct pcm_mvm *m);

/*
 * Pulses in list order, open loop; each advances the clock by t_set or t_reset, and its device's age
 * counts from the pulse's end. n pulses in one entry are the same as n entries.
 * -EINVAL on any wrong entry, before anything is applied.
 */
int pcm_chip_pulse(struct pcm_chip *c, const struct pcm_pulse *p, size_t n);

/*
 * Read every device of a patch, row by row, t_read each: ret_g [n_row][n_col][4] S, with read noise
 * and drift. May be < 0.
 */
int pcm_chip_read(struct pcm_chip *c, const struct pcm_patch *w, float *ret_g);

/*
 * Closed-loop programming by the chip itself: g [n_row][n_col][4] S. -ENOTSUP where the model has
 * no such law (nandakumar2018: use pulses and reads), -ERANGE outside [0, g_max]. A device takes
 * t_program and e_program. Errors, drift and 1/f noise afterwards: programmed.c.
 */
int pcm_chip_program(struct pcm_chip *c, const struct pcm_patch *w, const float *g);

/* Full-scale current of columns col .. col + n_col - 1, A > 0. Takes no chip time. */
int pcm_chip_adc(struct pcm_chip *c, uint32_t col, uint32_t n_col, float range);
float pcm_chip_adc_lsb(const struct pcm_chip *c, uint32_t col); /* A per code */

/*
 * Affine correction after the ADCs of columns col .. col + n_col - 1: a current measured as I counts
 * as gain I + offset, in pcm_chip_read() too. gain in 1e-3 .. 1e3, offset in A, |offset| <= 1.
 */
int pcm_chip_correct(struct pcm_chip *c, uint32_t col, uint32_t n_col, float gain, float offset);
void pcm_chip_correction(
	const struct pcm_chip *c, uint32_t col, float *ret_gain, float *ret_offset);

/*
 * How the chip reads from now on. Four phases, each sign of the inputs and each polarity of the
 * devices apart, take four times the time and energy, add no one_phase_sd, and cancel the ADCs'
 * offsets, as two phases count negatively; the ADCs' noise counts four times.
 */
int pcm_chip_phases(struct pcm_chip *c, enum pcm_phases phases);

/* All of the above at once, or nothing: -EINVAL. A 0 leaves it as it is. */
struct pcm_config {
	float adc_range;    /* A */
	float gain, offset; /* 1, A; both are as they are if gain is 0 */
	uint32_t n_phase;   /* 1, 4 */
};
int pcm_chip_configure(
	struct pcm_chip *c, uint32_t col, uint32_t n_col, const struct pcm_config *config);

/* Let dt ns pass. -EOVERFLOW if the clock would pass 2^62 ns (146 years). */
int pcm_chip_wait(struct pcm_chip *c, uint64_t dt);
void pcm_chip_stats(const struct pcm_chip *c, struct pcm_stats *ret);

/*
 * The whole state (devices, clock, counters, ADC ranges), with parameters: restoring on a chip made
 * with equal parameters, then the same calls, gives the same bytes. The buffer is untrusted:
 * -EBADMSG damaged, -EINVAL of another version, parameter set or i_chip. -ENOSPC: no room to save.
 */
size_t pcm_chip_snapshot_size(const struct pcm_chip *c);
int pcm_chip_snapshot(const struct pcm_chip *c, void *buf, size_t n);
int pcm_chip_restore(struct pcm_chip *c, const void *buf, size_t n);

/* True conductances now, [n_row][n_col][4] S. For tests of the emulator only: no board knows them. */
int pcm_chip_truth(const struct pcm_chip *c, const struct pcm_patch *w, float *ret_g);

/* Choose kernels: "c", "avx2", "avx512" or NULL for the best this processor runs. -ENOTSUP. */
int pcm_chip_kernels(struct pcm_chip *c, const char *name);
const char *pcm_chip_kernels_name(const struct pcm_chip *c);

/* Philox4x32-10 (Salmon et al., SC'11) as a GSL generator; gsl_rng_set's seed is the key. */
extern const gsl_rng_type *const pcm_rng_philox4x32;

#endif
