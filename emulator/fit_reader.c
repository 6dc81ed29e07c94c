/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_reader.c - attributes and arrays of an HDF5 file that is untrusted. */
#include "fit_reader.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SAMPLE_MAX ((size_t)1 << 28) /* of an array: 1 GiB of floats */

int fit_reader_bad(const struct fit_reader *r, const char *what, const char *why)
{
	return fit_fail(r->msg, -EBADMSG, "%s: %s%s%s: %s", r->path, r->group, *r->group ? "/" : "",
		what, why);
}

int fit_reader_number(const struct fit_reader *r, const char *object, const char *name, double *ret)
{
	hid_t attr = H5I_INVALID_HID, space = H5I_INVALID_HID, type = H5I_INVALID_HID;
	bool ok = false;
	if (H5Aexists_by_name(r->file, object, name, H5P_DEFAULT) > 0)
		attr = H5Aopen_by_name(r->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
	if (attr >= 0) {
		space = H5Aget_space(attr);
		type = H5Aget_type(attr);
	}
	if (space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1) {
		H5T_class_t class = H5Tget_class(type);
		ok = (class == H5T_FLOAT || class == H5T_INTEGER) &&
			H5Aread(attr, H5T_NATIVE_DOUBLE, ret) >= 0 && isfinite(*ret);
	}
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (attr >= 0)
		H5Aclose(attr);
	return ok ? 0 : fit_reader_bad(r, name, "no such attribute, or not a number");
}

static hid_t open_array(const struct fit_reader *r, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s", r->group, name);
	if (H5Lexists(r->file, path, H5P_DEFAULT) <= 0)
		return H5I_INVALID_HID;
	return H5Dopen2(r->file, path, H5P_DEFAULT);
}

int fit_reader_shape(const struct fit_reader *r, const char *name, int rank, size_t *ret)
{
	hsize_t dims[FIT_RANK_MAX];
	hid_t set = open_array(r, name), space, type;
	size_t n = 1;
	bool ok = false;
	if (set < 0)
		return fit_reader_bad(r, name, "no such array");
	space = H5Dget_space(set);
	type = H5Dget_type(set);
	if (space >= 0 && type >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
		H5Sget_simple_extent_dims(space, dims, NULL) == rank) {
		H5T_class_t class = H5Tget_class(type);
		ok = class == H5T_FLOAT || class == H5T_INTEGER;
	}
	for (int i = 0; i < rank && ok; i++) {
		ok = dims[i] > 0 && dims[i] <= N_SAMPLE_MAX / n;
		ret[i] = (size_t)dims[i];
		n *= ok ? ret[i] : 1;
	}
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	H5Dclose(set);
	return ok ? 0
		  : fit_reader_bad(r, name, "not an array of numbers of the right rank and size");
}

int fit_reader_array(const struct fit_reader *r, const char *name, int rank, size_t n, hid_t type,
	size_t size, void *ret)
{
	size_t shape[FIT_RANK_MAX], n_all = 1;
	int err = fit_reader_shape(r, name, rank, shape);
	if (err < 0)
		return err;
	for (int i = 0; i < rank; i++)
		n_all *= shape[i];
	if (n_all != n)
		return fit_reader_bad(r, name, "its size does not go with that of g");
	void *v = malloc(n * size);
	if (!v)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory for %zu values", r->path, n);
	hid_t set = open_array(r, name);
	bool ok = set >= 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, v) >= 0;
	if (set >= 0)
		H5Dclose(set);
	if (!ok) {
		free(v);
		return fit_reader_bad(r, name, "cannot be read: the file is damaged");
	}
	memcpy(ret, &v, sizeof(v));
	return 0;
}
