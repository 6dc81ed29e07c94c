/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_reader.h - attributes and arrays of a file of measurements, and what fit_data.c is made of.
 * -EBADMSG with the object's name where the file does not have what is asked for.
 */
#ifndef FIT_READER_H
#define FIT_READER_H

#include <hdf5.h>
#include <stddef.h>
#include "fit.h"

struct fit_reader {
	hid_t file;
	const char *path, *group;
	struct fit_message *msg;
};

/* -EBADMSG: what, of the group, and why. */
int fit_reader_bad(const struct fit_reader *r, const char *what, const char *why);

/* An attribute of one number; object "." is the file. */
int fit_reader_number(
	const struct fit_reader *r, const char *object, const char *name, double *ret);

/* An array of numbers of the group, of this rank; its shape. */
int fit_reader_shape(const struct fit_reader *r, const char *name, int rank, size_t *ret);

/* All n values of such an array, size bytes each; *ret is yours to free(). */
int fit_reader_array(const struct fit_reader *r, const char *name, int rank, size_t n, hid_t type,
	size_t size, void *ret);

/* fit_data_chip.c: experiments faults, adc and ir-drop, of whole chips, where they are there. */
int fit_data_read_chip(struct fit_reader *r, struct fit_data *d);

#endif
