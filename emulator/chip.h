/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chip.h - inside of struct pcm_chip: parameters, what derives from them, state, what is cached of
 * the state, scratch. Only parameters and state are saved.
 */
#ifndef PCM_CHIP_H
#define PCM_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "aging.h"
#include "faults.h"
#include "kernels.h"
#include "model.h"
#include "pcm.h"

#define PCM_N_CELL  (PCM_N_ROW * PCM_N_COL)
#define PCM_N       (PCM_N_CELL * PCM_N_DEVICE)
#define PCM_N_CHUNK (PCM_N_COL / PCM_CHUNK) /* in a row */
#define PCM_T_MAX   (UINT64_C(1) << 62)     /* ns, of the clock */

/* All devices; [n_row][n_device][n_col], and PCM_CACHE_PAD after the last. */
struct pcm_array {
	uint64_t *t_prog; /* ns, when the last pulse ended; owns the block */
	float *g;         /* S, at t0 after the last pulse */
	float *memory;    /* 1, programming memory */
	float *nu;        /* 1, drift exponent; NULL when all are drift.nu. Derived */
	/* NULL where the chip has no use for them. */
	float *flicker; /* 1, relative amplitude of 1/f noise; derived of g */
	float *nu_z;    /* 1, see struct pcm_cells */
	float *set_z;   /* 1, what a device adds to the normal of each SET; derived from the seed */
	float *slow;    /* 1, [n_row][n_chunk][n_slow][n_device][chunk]: processes of aging.h */
	uint64_t *noise_t; /* ns, [n_row][n_chunk]: when those advanced last */
};

/*
 * What mvm adds up: net conductances and read variances of cells, as they were at chunk_t. A chunk
 * is PCM_CHUNK cells of a row; pulses make it stale, time makes it expire.
 */
struct pcm_cache {
	float *g;               /* [n_row][n_col], S; owns the block */
	uint16_t *v;            /* [n_row][n_col], S^2, bfloat16 */
	uint64_t *chunk_t;      /* [n_row][n_chunk], ns: state, since results depend on it */
	uint64_t *chunk_expiry; /* [n_row][n_chunk], ns */
	uint64_t *row_expiry;   /* [n_row], ns: not above its chunks' that are not stale */
	uint8_t *stale;         /* [n_row][n_chunk]: state */
};

/* What columns do to currents, as convert_column() takes it; derived of state and parameters. */
struct pcm_columns {
	bool is_plain; /* nothing but scale, the same for all columns of one range */
	bool has_noise;
	float scale[2]
		   [PCM_N_COL + PCM_CHUNK];  /* [enum pcm_input], codes per S, per S and DAC code */
	float offset[PCM_N_COL + PCM_CHUNK]; /* codes */
	float var[PCM_N_COL + PCM_CHUNK];    /* codes^2 */
	float fix_gain[PCM_N_COL + PCM_CHUNK], fix_offset[PCM_N_COL + PCM_CHUNK]; /* 1, codes */
	/* The same for reads of one device: g gain + offset + N(0, var). */
	float read_gain[PCM_N_COL], read_offset[PCM_N_COL], read_sd[PCM_N_COL]; /* 1, S, S */
};

#define PCM_TOTAL_MAX 1.0f /* S, of a chunk */

/* Resistance of lines, see wire.c. Allocated only if there is any. */
struct pcm_wire {
	float *chunk_total; /* [n_row][n_chunk], S: of all devices, when computed last: state */
	float *total, *reach, *slope; /* [n_row][group]; S of a cell, 1, 1 per column */
	bool *is_due;                 /* [n_row]: those follow from chunk_total no more */
};

struct pcm_scratch {
	struct pcm_drive drive;
	float arriving[PCM_N_ROW * PCM_N_WIRE_GROUP]; /* [driven][group], wire.c */
	float acc_g[PCM_N_COL];
	float acc_v[PCM_N_COL];
	float g[PCM_N_DEVICE * PCM_N_COL]; /* one row's devices */
	float z[PCM_SPAN];
	float z_2[PCM_SPAN]; /* another use's */
	float sd[PCM_SPAN];  /* of one row's reads, order of `measured` */
	uint32_t i_dev[PCM_SPAN];
	int16_t out[PCM_N_COL];
};

struct pcm_chip {
	/* Parameters. */
	struct pcm_params prm;
	uint32_t i_chip;

	/* Derived. */
	const struct pcm_model *model;
	const struct pcm_dsp *dsp;
	struct pcm_law law;
	struct pcm_drift drift;
	struct pcm_read_noise noise;
	bool has_noise, has_disturb;
	uint64_t reads_due, pulses_due; /* of a row, so that it is brought to its devices */
	struct pcm_aging aging;
	uint64_t t_mvm, t_set, t_reset, t_read, t_program; /* ns */
	double expiry_per_r; /* ns: conductances hold for this times age / t0; INFINITY without drift */
	float dac_max;       /* levels above 0 */
	float code_max;      /* of the ADC */
	struct pcm_faults faults;
	float adc_gain[PCM_N_COL], adc_offset[PCM_N_COL]; /* 1, A: drawn, and bent by faults */
	struct pcm_columns columns;

	/* State. */
	struct pcm_array array;
	struct pcm_stats count; /* time included, energy not */
	float adc_range[PCM_N_COL];
	float fix_gain[PCM_N_COL], fix_offset[PCM_N_COL];     /* 1, A: pcm_chip_correct() */
	uint64_t row_reads[PCM_N_ROW], row_pulses[PCM_N_ROW]; /* whose disturbance is to come */
	uint32_t phases;                                      /* enum pcm_phases */

	struct pcm_cache cache;
	struct pcm_wire wire;
	struct pcm_scratch scratch;
};

static inline size_t pcm_device_index(uint32_t row, uint32_t device, uint32_t col)
{
	return ((size_t)row * PCM_N_DEVICE + device) * PCM_N_COL + col;
}

/* Into chunk_t, chunk_expiry and stale. */
static inline size_t pcm_chunk_index(uint32_t row, uint32_t col)
{
	return (size_t)row * PCM_N_CHUNK + col / PCM_CHUNK;
}

static inline bool pcm_patch_fits(uint32_t row, uint32_t n_row, uint32_t col, uint32_t n_col)
{
	return n_row > 0 && n_col > 0 && row < PCM_N_ROW && n_row <= PCM_N_ROW - row &&
		col < PCM_N_COL && n_col <= PCM_N_COL - col;
}

/* Whether n operations of dt ns still fit the clock. */
static inline bool pcm_clock_fits(const struct pcm_chip *c, uint64_t n, uint64_t dt)
{
	uint64_t all;
	return !__builtin_mul_overflow(n, dt, &all) && all <= PCM_T_MAX - c->count.time;
}

/* ns of one vector. */
static inline uint64_t pcm_t_vector(const struct pcm_chip *c)
{
	return c->phases == PCM_FOUR_PHASES ? 4 * c->t_mvm : c->t_mvm;
}

/* array.c: allocate and power up; 0 or -ENOMEM. done takes a half-built one. */
int pcm_array_init(struct pcm_chip *c);
void pcm_array_done(struct pcm_chip *c);
struct pcm_cells pcm_array_cells(const struct pcm_array *a);
struct pcm_devices pcm_array_row(const struct pcm_array *a, uint32_t row, uint32_t col);
/*
 * After the conductances of these devices have changed: stuck ones back to where they are stuck, and
 * what follows from conductance.
 */
void pcm_array_settle(struct pcm_chip *c, const uint32_t *i_dev, size_t n);
void pcm_array_settle_all(struct pcm_chip *c);
/* Of a device that is stuck, S. */
float pcm_stuck_g(const struct pcm_chip *c, size_t i_dev);

/*
 * noise.c: normals k .. k + n - 1 of a use counted one by one, as far as buf [PCM_SPAN] reaches: *n
 * becomes how many (>= 1).
 */
const float *pcm_normals_at(
	struct pcm_chip *c, enum pcm_use use, uint64_t k, size_t *n, float *buf);

/*
 * noise.c: conductances of one row's devices now, with what has memory of their noise, and the sd of
 * what a read adds; g, sd [n_col][4]. sd NULL: conductances without noise.
 */
void pcm_row_now(
	const struct pcm_chip *c, uint32_t row, uint32_t col, uint32_t n_col, float *g, float *sd);

/* noise.c: acc_g = one vector's sum over driven rows, each device read with noise of its own. */
void pcm_read_literally(struct pcm_chip *c, const struct pcm_mvm *m);

/* aging.c; i: chunk of the row. */
void pcm_aging_derive(struct pcm_chip *c);
/*
 * Devices of a chunk as they are at now, with their slow noise: g and var [4][16]; var NULL: without
 * noise. Returns the youngest's age, ns.
 */
float pcm_aging_chunk(
	const struct pcm_chip *c, uint32_t row, uint32_t i, uint64_t now, float *g, float *var);
/* Slow noise of a chunk, if it is due; returns whether it was. */
bool pcm_aging_advance(struct pcm_chip *c, uint32_t row, uint32_t i, uint64_t now);

/* drift.c */
void pcm_cache_init(struct pcm_chip *c);
/* Slow noise of some columns of a row up to now; what was cached of it is stale. */
void pcm_noise_update(struct pcm_chip *c, uint32_t row, uint32_t col, uint32_t n_col);
/* Bring the driven rows' columns up to now. */
void pcm_cache_update(struct pcm_chip *c, const struct pcm_drive *d, uint32_t col, uint32_t n_col);
/* Recompute what is not stale from the state, at the times it was computed. */
void pcm_cache_restore(struct pcm_chip *c);

/* wire.c: sums of the driven rows with what lines take, as add_bit() and add_int8() without. */
void pcm_wire_add(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise);

/* disturb.c: what a row's reads and pulses did to it. */
void pcm_disturb_derive(struct pcm_chip *c);
void pcm_disturb_apply(struct pcm_chip *c, uint32_t row);
/* The same if it is worth while. */
static inline void pcm_disturb_update(struct pcm_chip *c, uint32_t row)
{
	if (c->row_reads[row] >= c->reads_due || c->row_pulses[row] >= c->pulses_due)
		pcm_disturb_apply(c, row);
}

/* periph.c */
void pcm_adc_power_up(struct pcm_chip *c);
void pcm_adc_derive(struct pcm_chip *c);
bool pcm_adc_range_ok(float range);
bool pcm_correction_ok(float gain, float offset);
/* A vector's sums of scratch to codes; returns how many saturated. z is needed unless is_plain. */
uint32_t pcm_adc_convert(
	struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise, int16_t *out);

#endif
