/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure_attribute.c - attributes of measurements: numbers are float64, texts UTF-8. */
#include "measure_hdf5.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool put_attribute(
	hid_t file, const char *object, const char *name, hid_t type, hid_t native, const void *v)
{
	hid_t space = H5Screate(H5S_SCALAR), attr = H5I_INVALID_HID;
	bool ok = space >= 0;

	if (ok && H5Aexists_by_name(file, object, name, H5P_DEFAULT) > 0)
		ok = H5Adelete_by_name(file, object, name, H5P_DEFAULT) >= 0;
	if (ok)
		attr = H5Acreate_by_name(
			file, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	ok = attr >= 0 && H5Awrite(attr, native, v) >= 0;
	if (attr >= 0)
		H5Aclose(attr);
	if (space >= 0)
		H5Sclose(space);
	return ok;
}

int xbar_measure_set_number(struct xbar_measure *m, const char *object, const char *name, double v)
{
	struct xbar_quiet q = xbar_quiet_begin();
	bool ok = put_attribute(m->file, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &v);

	xbar_quiet_end(q);
	return ok ? 0 : xbar_measure_fail(m, -ENOMEM, name, "cannot be set");
}

/* Of variable length: what h5py gives back as str. */
int xbar_measure_set_text(
	struct xbar_measure *m, const char *object, const char *name, const char *text)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hid_t type = H5Tcopy(H5T_C_S1);
	bool ok = type >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0 &&
		H5Tset_cset(type, H5T_CSET_UTF8) >= 0 &&
		put_attribute(m->file, object, name, type, type, &text);

	if (type >= 0)
		H5Tclose(type);
	xbar_quiet_end(q);
	return ok ? 0 : xbar_measure_fail(m, -ENOMEM, name, "cannot be set");
}

/* An attribute of one value, or < 0. */
static hid_t open_attribute(hid_t file, const char *object, const char *name)
{
	hid_t attr, space;
	hssize_t n;

	if (H5Aexists_by_name(file, object, name, H5P_DEFAULT) <= 0)
		return H5I_INVALID_HID;
	attr = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
	space = attr >= 0 ? H5Aget_space(attr) : H5I_INVALID_HID;
	n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
	if (space >= 0)
		H5Sclose(space);
	if (attr >= 0 && n != 1) {
		H5Aclose(attr);
		return H5I_INVALID_HID;
	}
	return attr;
}

static bool read_number(hid_t attr, double *ret)
{
	hid_t type = H5Aget_type(attr);
	H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
	bool ok = (class == H5T_FLOAT || class == H5T_INTEGER) &&
		H5Aread(attr, H5T_NATIVE_DOUBLE, ret) >= 0;

	if (type >= 0)
		H5Tclose(type);
	return ok;
}

/* Only texts of variable length, as this file and h5py write them. */
static bool read_text(hid_t attr, char *ret, size_t n)
{
	hid_t type = H5Aget_type(attr);
	char *text = NULL;
	bool ok = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0 &&
		H5Aread(attr, type, &text) >= 0 && text && strlen(text) < n;

	if (ok)
		strcpy(ret, text);
	if (text)
		H5free_memory(text);
	if (type >= 0)
		H5Tclose(type);
	return ok;
}

int xbar_measure_number(struct xbar_measure *m, const char *object, const char *name, double *ret)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hid_t attr = open_attribute(m->file, object, name);
	bool ok = attr >= 0 && read_number(attr, ret);

	if (attr >= 0)
		H5Aclose(attr);
	xbar_quiet_end(q);
	if (ok)
		return 0;
	return xbar_measure_fail(m, attr < 0 ? -ENOENT : -EBADMSG, name,
		attr < 0 ? "no such attribute" : "this attribute is no number");
}

int xbar_measure_text(
	struct xbar_measure *m, const char *object, const char *name, char *ret, size_t n)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hid_t attr = open_attribute(m->file, object, name);
	bool ok = attr >= 0 && read_text(attr, ret, n);

	if (attr >= 0)
		H5Aclose(attr);
	xbar_quiet_end(q);
	if (ok)
		return 0;
	return xbar_measure_fail(m, attr < 0 ? -ENOENT : -EBADMSG, name,
		attr < 0 ? "no such attribute" : "this attribute is no text, or too long");
}
