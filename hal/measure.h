/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.h - a file of measurements: arrays and attributes in HDF5, as MEASUREMENTS.md lists them.
 *
 * The file is kept in memory and put on disk as a whole by xbar_measure_write(), so that at any
 * moment the file of that name is one that can be gone on with. Arrays are made with their full
 * shape and filled bit by bit; what was not measured yet is 0, or not a number.
 *
 *	r = xbar_measure_open(&m, "board.h5", &msg);
 *	r = xbar_measure_make(m, "drift/g", XBAR_F32, 3, (size_t[]){ n_time, n_read, n_device });
 *	r = xbar_measure_put(m, "drift/g", 2, (size_t[]){ i_time, i_read }, g);	one [n_device]
 *	r = xbar_measure_write(m);
 *	xbar_measure_close(m);
 *
 * 0 or a negative errno, told to the msg given at open. HDF5 is not thread-safe: one thread for all.
 */
#ifndef XBAR_MEASURE_H
#define XBAR_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "message.h"

#define XBAR_MEASURE_FORMAT    "crossloop measurements"
#define XBAR_MEASURE_VERSION   1
#define XBAR_MEASURE_RANK_MAX  4
#define XBAR_MEASURE_BYTES_MAX ((size_t)4 << 30)

enum xbar_type { XBAR_F32, XBAR_F64, XBAR_I8, XBAR_I16, XBAR_U8, XBAR_U16, XBAR_U32, XBAR_U64 };

struct xbar_measure;

/*
 * Read the file of this name, or begin a new one. path NULL: nothing is ever written. msg is kept.
 * -EBADMSG no measurements, or damaged; -ENOMEM, and the system's reasons.
 */
int xbar_measure_open(struct xbar_measure **ret, const char *path, struct xbar_message *msg);
void xbar_measure_close(struct xbar_measure *m); /* what was not written is lost; NULL is fine */
int xbar_measure_write(struct xbar_measure *m);

bool xbar_measure_has(const struct xbar_measure *m, const char *path);
int xbar_measure_remove(struct xbar_measure *m, const char *path); /* a group with all in it */

/* Groups above are made. -EEXIST. */
int xbar_measure_make(struct xbar_measure *m, const char *path, enum xbar_type type, int rank,
	const size_t *shape);
int xbar_measure_make_group(struct xbar_measure *m, const char *path);

/* The part of an array at the first n_at indices, n_at 0 is all of it. data is of the array's type. */
int xbar_measure_put(
	struct xbar_measure *m, const char *path, size_t n_at, const size_t *at, const void *data);
int xbar_measure_get(struct xbar_measure *m, const char *path, size_t n_at, const size_t *at,
	enum xbar_type type, size_t n, void *ret);

/* -EBADMSG another rank. */
int xbar_measure_shape(struct xbar_measure *m, const char *path, int rank, size_t *ret);

/* Attributes; setting replaces. object "/" is the file. -ENOENT, -EBADMSG of another kind or too long. */
int xbar_measure_set_number(struct xbar_measure *m, const char *object, const char *name, double v);
int xbar_measure_set_text(
	struct xbar_measure *m, const char *object, const char *name, const char *text);
int xbar_measure_number(struct xbar_measure *m, const char *object, const char *name, double *ret);
int xbar_measure_text(
	struct xbar_measure *m, const char *object, const char *name, char *ret, size_t n);

#endif
