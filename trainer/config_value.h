/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_value.h - one value of the table from text and back.
 */
#ifndef SNN_CONFIG_VALUE_H
#define SNN_CONFIG_VALUE_H

#include "config.h"

/* NULL if there is no such path. */
const struct snn_option *snn_option_find(const char *path);
/* The path most likely meant: a right name in a wrong section counts as near. */
const char *snn_option_nearest(const char *path);

/* As snn_config_set() with the option found. */
int snn_value_set(
	struct snn_config *c, const struct snn_option *o, const char *text, struct snn_error *e);

/*
 * Text that snn_value_set() reads back to the same bits: the shortest such form of a double.
 * Returns the length, -ENOSPC.
 */
int snn_value_print(const struct snn_config *c, const struct snn_option *o, char *buf, size_t n);

/* The shortest decimal form of v that strtod() reads back to the same bits. Length or -ENOSPC. */
int snn_double_print(double v, char *buf, size_t n);

#endif
