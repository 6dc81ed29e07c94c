/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health.h - what is broken on a chip: devices, rows, columns and ADCs, found through xbar.h alone.
 *
 * All devices are RESET, read, SET, read, several times. A device that never rises is stuck at RESET,
 * one that never falls at SET; a row or column of which hardly any device moves is dead; a column of
 * which devices fall when SET has its polarities exchanged. Products without input give each
 * column's offset and noise; a sweep gives every ADC's linearity and the codes it never gives.
 * The chip is left RESET.
 */
#ifndef XBAR_HEALTH_H
#define XBAR_HEALTH_H

#include "lab.h"

enum xbar_device_fault {
	XBAR_DEVICE_GOOD,
	XBAR_DEVICE_STUCK_RESET,
	XBAR_DEVICE_STUCK_SET,
	XBAR_DEVICE_UNKNOWN, /* on a dead row or column */
};

#define XBAR_NO_CODE INT32_MIN

struct xbar_column_health {
	bool is_dead, is_swapped, is_noisy;
	double gain;          /* of its devices' rise over that of the median column */
	double offset;        /* codes, without input */
	double noise;         /* codes, sd without input */
	double line[2];       /* the best line of a sweep: codes at level 0, codes a level */
	double inl;           /* codes, the largest deviation from it */
	double dnl;           /* codes, the largest error of a code's width */
	int32_t missing_code; /* XBAR_NO_CODE: none */
	uint32_t n_missing;   /* of codes */
};

struct xbar_health {
	uint32_t n_row, n_col;
	double rise;                    /* S, of the median device when SET */
	uint8_t *device;                /* [n_row][n_col][4] enum xbar_device_fault */
	bool *is_dead_row;              /* [n_row] */
	struct xbar_column_health *col; /* [n_col] */
};

struct xbar_health_options {
	uint32_t n_cycle;   /* RESET and SET, default 4 */
	uint32_t n_set;     /* SETs of a cycle, default 16 */
	uint32_t n_zero;    /* products without input, default 256 */
	uint32_t n_sweep;   /* products of the sweep, default 0: 32 for each code of the ADCs */
	double noise_max;   /* codes; columns above are noisy, default 3 */
	double stuck_below; /* of the median's rise: who never rises more is stuck, default 0.25 */
};
#define XBAR_HEALTH_DEFAULT            \
	((struct xbar_health_options){ \
		.n_cycle = 4, .n_set = 16, .n_zero = 256, .noise_max = 3.0, .stuck_below = 0.25 })

/* *ret is for xbar_health_done(). -EIO hardly any device of the chip moves. */
int xbar_health_measure(struct xbar_health *ret, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_health_options *opt);
void xbar_health_done(struct xbar_health *h);

/* Offsets and noise from products without input, codes [n_vec][n_col]. */
void xbar_health_zero(struct xbar_column_health *col, uint32_t n_col, const int16_t *codes,
	uint32_t n_vec, double noise_max);

/*
 * Linearity of one ADC from a sweep: codes of column `col` of out [n_vec][n_col] against level
 * [n_vec]. Codes at the end of the range, where they saturate, do not count.
 */
int xbar_health_linearity(struct xbar_column_health *ret, const double *level, const int16_t *out,
	uint32_t n_vec, uint32_t col, uint32_t n_col, int32_t code_max);

/* Devices of a fault. */
size_t xbar_health_count(const struct xbar_health *h, enum xbar_device_fault fault);

#endif
