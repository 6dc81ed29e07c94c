/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.h - whole chips at once: all devices pulsed and read, all columns swept. What "faults", "adc"
 * and "mvm-error" record and what "xbar selftest" judges. 0 or a negative errno, told to lab->msg.
 */
#ifndef XBAR_PROBE_H
#define XBAR_PROBE_H

#include "lab.h"

#define XBAR_DEVICES_ALL  0xf
#define XBAR_DEVICES_PLUS 0x3

/* n pulses to the devices of `mask` (bit d is device d) of rows first_row .. first_row + n_row - 1. */
int xbar_probe_pulse(const struct xbar_lab *lab, uint32_t chip, uint32_t first_row, uint32_t n_row,
	unsigned mask, enum xbar_kind kind, uint8_t n);

/* Read every device of the chip once: ret_g [n_row][n_col][4] S. */
int xbar_probe_read(const struct xbar_lab *lab, uint32_t chip, float *ret_g);

/* Mean of n_read reads of every device of rows: ret_g [n_row][n_col][4] S. */
int xbar_probe_read_mean(const struct xbar_lab *lab, uint32_t chip, uint32_t first_row,
	uint32_t n_row, uint32_t n_read, float *ret_g);

/* Products without input: ret [n_vec][n_col] codes. */
int xbar_probe_zero(const struct xbar_lab *lab, uint32_t chip, uint32_t n_vec, int16_t *ret);

/*
 * A sweep of all columns by rows of which every cell has a positive net conductance: vector i drives
 * them all with level[i], from -127 to 127 in even steps; the broken parts of a code are given to as
 * many rows at random, in [n_vec][n_row], so that currents come in far finer steps than codes.
 */
struct xbar_sweep {
	uint32_t chip, first_row, n_row, n_vec;
	double *level; /* [n_vec] codes */
	int8_t *in;    /* [n_vec][n_row] */
	int16_t *out;  /* [n_vec][n_col] */
};

int xbar_sweep_init(struct xbar_sweep *s, const struct xbar_lab *lab, uint32_t chip,
	uint32_t first_row, uint32_t n_row, uint32_t n_vec);
void xbar_sweep_done(struct xbar_sweep *s);
int xbar_sweep_run(struct xbar_sweep *s, const struct xbar_lab *lab);

/*
 * Rows for a sweep over `cover` times the ADCs' range, given the mean net conductance of a cell, S:
 * 1 .. n_row.
 */
uint32_t xbar_sweep_rows(const struct xbar_lab *lab, uint32_t chip, double g_cell, double cover);

/* A full scale of all columns, A; and that of each, ret [n_col], to be put back. */
int xbar_probe_range(const struct xbar_lab *lab, uint32_t chip, double range);
void xbar_probe_ranges(const struct xbar_lab *lab, uint32_t chip, float *ret);
int xbar_probe_put_ranges(const struct xbar_lab *lab, uint32_t chip, const float *range);

/* Words that look random: the same on every machine. */
uint32_t xbar_probe_hash(uint32_t i);

#endif
