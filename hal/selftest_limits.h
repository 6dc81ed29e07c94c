/* SPDX-License-Identifier: GPL-3.0-or-later */
/* selftest_limits.h - what a board must keep to pass "xbar selftest": one table of defaults, and YAML files. */
#ifndef XBAR_SELFTEST_LIMITS_H
#define XBAR_SELFTEST_LIMITS_H

#include <stddef.h>
#include <stdio.h>
#include "message.h"

struct xbar_limits {
	double round_trip_max;      /* s */
	double noise_max;           /* codes */
	double offset_max;          /* codes */
	double gain_error_max;      /* 1 */
	double inl_max, dnl_max;    /* codes */
	double missing_columns_max; /* columns */
	double noisy_columns_max, dead_columns_max, swapped_columns_max;
	double dead_rows_max;
	double stuck_max;      /* of devices */
	double rise_min;       /* S */
	double first_step_min; /* S */
	double retention_min;  /* 1 */
};

void xbar_limits_default(struct xbar_limits *l);

/*
 * Replace those that a YAML file (key: number) names. -EINVAL an unknown key, with the nearest, or no
 * number; the system's reasons for the file. *l is unchanged on error.
 */
int xbar_limits_load(struct xbar_limits *l, const char *path, struct xbar_message *msg);

/* As such a file, with units and meanings as comments. */
void xbar_limits_print(const struct xbar_limits *l, FILE *f);

#endif
