/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lab.h - what measuring takes: which devices, reads with their chip times, pulses, waits. All of it
 * through xbar.h. 0 or a negative errno, told to lab->msg.
 */
#ifndef XBAR_LAB_H
#define XBAR_LAB_H

#include "measure.h"
#include "xbar.h"

struct xbar_lab {
	struct xbar *x;               /* borrowed, as all here */
	struct xbar_measure *measure; /* where results go */
	struct xbar_message *msg;
	/*
	 * Told after every step i of n of an experiment, and about once a second of a long wait; true
	 * stops after this step. NULL: never.
	 */
	bool (*progress)(void *user, const char *what, size_t i, size_t n);
	void *user;
};

/* Devices to measure, and scratch for all of them. */
struct xbar_sample {
	size_t n;       /* devices */
	size_t n_extra; /* behind them in reads: the rest of their cells or rows */
	uint32_t chip;
	uint16_t *row, *col; /* [n] */
	uint8_t *device;     /* [n] */
	struct xbar_patch *patch;
	size_t n_patch;
	struct xbar_pulse *pulse; /* [n] */
	float *read;              /* [n + n_extra] S */
};

/*
 * n devices spread evenly over rows and columns, whole cells first (the golden section of the cells'
 * list, stepped through); or those of the rows from first_row on. -ERANGE more than there are.
 */
int xbar_sample_spread(struct xbar_sample *s, const struct xbar_lab *lab, uint32_t chip, size_t n);
int xbar_sample_rows(struct xbar_sample *s, const struct xbar_lab *lab, uint32_t chip,
	uint32_t first_row, size_t n);
void xbar_sample_done(struct xbar_sample *s);

/* Their places as arrays row, col and device of a group. */
int xbar_sample_put(const struct xbar_sample *s, const struct xbar_lab *lab, const char *group);

/* The call's result, with its message; chip time, ns. */
int xbar_lab_result(const struct xbar_lab *lab, int r);
int xbar_lab_time(const struct xbar_lab *lab, uint64_t *ret);

/* Read every device once, ret_g [n] S; *ret_t is the chip time before. */
int xbar_lab_read(const struct xbar_lab *lab, struct xbar_sample *s, float *ret_g, uint64_t *ret_t);

/* n pulses to each device, 1 .. 255. */
int xbar_lab_pulse(
	const struct xbar_lab *lab, struct xbar_sample *s, enum xbar_kind kind, uint8_t n);

/* Program the devices of a sample of rows to g [n] S; the rest of the rows is RESET. */
int xbar_lab_program(const struct xbar_lab *lab, struct xbar_sample *s, const float *g,
	struct xbar_program_stats *ret);

/* Let chip time pass until t ns. -EINTR: progress said stop. */
int xbar_lab_wait_until(const struct xbar_lab *lab, uint64_t t);

/* Name of an array of a group in buf. */
const char *xbar_lab_path(char *buf, size_t n, const char *group, const char *array);

#endif
