/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shd_file.h"

#include <errno.h>
#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store_type.h"

#define MAX_SAMPLE 1000000
#define MAX_SPIKE  ((size_t)1 << 22) /* of a recording; the published ones have up to 15,000 */
#define WINDOW     ((size_t)1 << 20) /* spikes read at once, compact layout */

struct snn_shd {
	char *path;
	hid_t file, times, units;
	bool is_vlen;
	uint32_t n_sample;
	double tick;               /* s, compact layout */
	uint16_t *label, *speaker; /* [n_sample]; speaker may be NULL */
	int64_t *offset;           /* [n_sample + 1], compact layout */
	size_t first, n, max;      /* spikes in the buffers, the first one's number; room for max */
	float *time;
	uint16_t *unit;
};

static int damaged(const struct snn_shd *f, const char *what, struct snn_error *e)
{
	return snn_fail(e, -EBADMSG,
		"%s: %s; expected the layout of the Spiking Heidelberg Digits (shd_file.h)",
		f->path, what);
}

/* Length of a 1-d dataset of this class; negative: in words. */
static int64_t length(const struct snn_shd *f, hid_t set, const char *name, H5T_class_t class,
	struct snn_error *e)
{
	hid_t type = H5Dget_type(set), space = H5Dget_space(set);
	hsize_t n = 0;
	bool is_right = type >= 0 && space >= 0 && H5Tget_class(type) == class &&
		H5Sget_simple_extent_ndims(space) == 1 &&
		H5Sget_simple_extent_dims(space, &n, NULL) == 1;

	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (!is_right || n > INT64_MAX)
		return snn_fail(e, -EBADMSG, "%s: %s is not a list of %s", f->path, name,
			class == H5T_VLEN            ? "lists"
				: class == H5T_FLOAT ? "numbers"
						     : "whole numbers");
	return (int64_t)n;
}

/* A whole 1-d dataset of n integers as `type`. */
static int read_list(struct snn_shd *f, const char *name, size_t n, hid_t type, size_t size,
	void **ret, struct snn_error *e)
{
	hid_t set = H5Dopen2(f->file, name, H5P_DEFAULT);
	int64_t is = set < 0 ? snn_fail(e, -EBADMSG, "%s has no %s", f->path, name)
			     : length(f, set, name, H5T_INTEGER, e);
	int r = is < 0 ? (int)is : 0;

	if (r == 0 && (uint64_t)is != n)
		r = snn_fail(e, -EBADMSG, "%s: %s has %lld entries, expected %zu", f->path, name,
			(long long)is, n);
	if (r == 0) {
		*ret = calloc(n + 1, size);
		if (!*ret)
			r = snn_fail(e, -ENOMEM, "%s: no memory", f->path);
		else if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *ret) < 0)
			r = snn_fail(e, -EBADMSG, "%s: %s cannot be read", f->path, name);
	}
	if (set >= 0)
		H5Dclose(set);
	return r;
}

static int read_labels(struct snn_shd *f, struct snn_error *e)
{
	int r = read_list(f, "/labels", f->n_sample, H5T_NATIVE_UINT16, sizeof(uint16_t),
		(void **)&f->label, e);

	for (uint32_t i = 0; r == 0 && i < f->n_sample; i++) {
		if (f->label[i] >= SNN_SHD_CLASSES)
			r = snn_fail(e, -EBADMSG, "%s: recording %u has label %u, expected 0 .. %d",
				f->path, i, f->label[i], SNN_SHD_CLASSES - 1);
	}
	if (r == 0 && H5Lexists(f->file, "/extra", H5P_DEFAULT) > 0 &&
		H5Lexists(f->file, "/extra/speaker", H5P_DEFAULT) > 0)
		r = read_list(f, "/extra/speaker", f->n_sample, H5T_NATIVE_UINT16, sizeof(uint16_t),
			(void **)&f->speaker, e);
	return r;
}

static int read_offsets(struct snn_shd *f, int64_t n_spike, struct snn_error *e)
{
	int r = read_list(f, "/spikes/offsets", (size_t)f->n_sample + 1, H5T_NATIVE_INT64,
		sizeof(int64_t), (void **)&f->offset, e);

	if (r == 0 && (f->offset[0] != 0 || f->offset[f->n_sample] != n_spike))
		return damaged(f, "/spikes/offsets do not span /spikes/times", e);
	for (uint32_t i = 0; r == 0 && i < f->n_sample; i++) {
		int64_t n = f->offset[i + 1] - f->offset[i];

		if (f->offset[i + 1] < f->offset[i] || n > (int64_t)MAX_SPIKE)
			r = snn_fail(e, -EBADMSG,
				"%s: /spikes/offsets: recording %u goes from %lld to %lld", f->path,
				i, (long long)f->offset[i], (long long)f->offset[i + 1]);
	}
	return r;
}

static int read_tick(struct snn_shd *f, struct snn_error *e)
{
	hid_t attr = H5Aopen(f->times, "tick_seconds", H5P_DEFAULT);
	bool is_right = attr >= 0 && H5Aget_storage_size(attr) <= 64 &&
		H5Aread(attr, H5T_NATIVE_DOUBLE, &f->tick) >= 0;

	if (attr >= 0)
		H5Aclose(attr);
	if (!is_right || !(f->tick > 0 && f->tick <= 1))
		return damaged(f, "/spikes/times has no tick_seconds above 0 and up to 1", e);
	return 0;
}

static int64_t list_length(const struct snn_shd *f, const char *name, struct snn_error *e)
{
	hid_t set = H5Dopen2(f->file, name, H5P_DEFAULT);
	int64_t n = set < 0 ? snn_fail(e, -EBADMSG, "%s has no %s", f->path, name)
			    : length(f, set, name, H5T_INTEGER, e);

	if (set >= 0)
		H5Dclose(set);
	return n;
}

static int read_index(struct snn_shd *f, struct snn_error *e)
{
	hid_t type = H5Dget_type(f->times);
	int64_t n, n_unit, n_sample;

	f->is_vlen = type >= 0 && H5Tget_class(type) == H5T_VLEN;
	if (type >= 0)
		H5Tclose(type);
	n = length(f, f->times, "/spikes/times", f->is_vlen ? H5T_VLEN : H5T_INTEGER, e);
	if (n < 0)
		return (int)n;
	n_unit = length(f, f->units, "/spikes/units", f->is_vlen ? H5T_VLEN : H5T_INTEGER, e);
	if (n_unit < 0)
		return (int)n_unit;
	if (n_unit != n)
		return damaged(f, "/spikes/times and /spikes/units differ in length", e);
	n_sample = f->is_vlen ? n : list_length(f, "/spikes/offsets", e) - 1;
	if (n_sample < -1)
		return -EBADMSG;
	if (n_sample < 1 || n_sample > MAX_SAMPLE)
		return snn_fail(e, -EBADMSG, "%s: %lld recordings, expected 1 .. %d", f->path,
			(long long)n_sample, MAX_SAMPLE);
	f->n_sample = (uint32_t)n_sample;
	if (!f->is_vlen) {
		int r = read_tick(f, e);

		r = r < 0 ? r : read_offsets(f, n, e);
		if (r < 0)
			return r;
	}
	return read_labels(f, e);
}

static int open_file(struct snn_shd *f, struct snn_error *e)
{
	if (access(f->path, R_OK) < 0)
		return snn_fail(e, -errno, "%s: %s", f->path, strerror(errno));
	f->file = H5Fopen(f->path, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (f->file < 0)
		return snn_fail(e, -EBADMSG, "%s is not an HDF5 file, or is cut short", f->path);
	f->times = H5Dopen2(f->file, "/spikes/times", H5P_DEFAULT);
	f->units = H5Dopen2(f->file, "/spikes/units", H5P_DEFAULT);
	if (f->times < 0 || f->units < 0)
		return damaged(f, "no /spikes/times or no /spikes/units", e);
	return read_index(f, e);
}

int snn_shd_open(struct snn_shd **ret, const char *path, struct snn_error *e)
{
	struct snn_store_quiet q;
	struct snn_shd *f = calloc(1, sizeof(*f));
	int r = 0;

	if (!f)
		return snn_fail(e, -ENOMEM, "%s: no memory", path);
	f->file = f->times = f->units = H5I_INVALID_HID;
	f->path = strdup(path);
	if (!f->path)
		r = snn_fail(e, -ENOMEM, "%s: no memory", path);
	snn_store_quiet_begin(&q);
	if (r == 0)
		r = open_file(f, e);
	snn_store_quiet_end(&q);
	if (r < 0) {
		snn_shd_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

void snn_shd_close(struct snn_shd *f)
{
	if (!f)
		return;
	if (f->units >= 0)
		H5Dclose(f->units);
	if (f->times >= 0)
		H5Dclose(f->times);
	if (f->file >= 0)
		H5Fclose(f->file);
	free(f->label);
	free(f->speaker);
	free(f->offset);
	free(f->time);
	free(f->unit);
	free(f->path);
	free(f);
}

uint32_t snn_shd_n_sample(const struct snn_shd *f)
{
	return f->n_sample;
}

uint16_t snn_shd_label(const struct snn_shd *f, uint32_t i)
{
	return f->label[i];
}

int snn_shd_speaker(const struct snn_shd *f, uint32_t i)
{
	return f->speaker ? f->speaker[i] : -1;
}

static int make_room(struct snn_shd *f, size_t n, struct snn_error *e)
{
	if (n <= f->max)
		return 0;
	free(f->time);
	free(f->unit);
	f->max = f->n = 0;
	f->time = malloc(n * sizeof(*f->time));
	f->unit = malloc(n * sizeof(*f->unit));
	if (!f->time || !f->unit)
		return snn_fail(e, -ENOMEM, "%s: no memory for %zu spikes", f->path, n);
	f->max = n;
	return 0;
}

/* Entries first .. first + n - 1 of a dataset. */
static herr_t read_part(hid_t set, hid_t type, hsize_t first, hsize_t n, void *to)
{
	hid_t from = H5Dget_space(set), in = H5Screate_simple(1, &n, NULL);
	herr_t r = -1;

	if (from >= 0 && in >= 0 &&
		H5Sselect_hyperslab(from, H5S_SELECT_SET, &first, NULL, &n, NULL) >= 0)
		r = H5Dread(set, type, in, from, H5P_DEFAULT, to);
	if (from >= 0)
		H5Sclose(from);
	if (in >= 0)
		H5Sclose(in);
	return r;
}

/* The window of the compact layout that begins at spike `first` and holds n. */
static int load_window(struct snn_shd *f, size_t first, size_t n, struct snn_error *e)
{
	size_t left = (size_t)f->offset[f->n_sample] - first;
	int r;

	n = n > WINDOW ? n : WINDOW;
	n = n < left ? n : left;
	r = make_room(f, n, e);
	if (r < 0)
		return r;
	if (read_part(f->times, H5T_NATIVE_FLOAT, first, n, f->time) < 0 ||
		read_part(f->units, H5T_NATIVE_UINT16, first, n, f->unit) < 0)
		return snn_fail(
			e, -EBADMSG, "%s: spikes from %zu on cannot be read", f->path, first);
	for (size_t k = 0; k < n; k++)
		f->time[k] = (float)((double)f->time[k] * f->tick);
	f->first = first;
	f->n = n;
	return 0;
}

/* One variable-length list into `to`, which has room for f->max; its length into *n if *n is 0. */
static int copy_list(struct snn_shd *f, hid_t set, hid_t element, size_t size, uint32_t i,
	void **to, size_t *n, struct snn_error *e)
{
	hid_t type = H5Tvlen_create(element), space = H5Screate(H5S_SCALAR);
	hvl_t list = { 0 };
	int r = 0;

	if (type < 0 || space < 0 || read_part(set, type, i, 1, &list) < 0)
		r = snn_fail(e, -EBADMSG, "%s: recording %u cannot be read", f->path, i);
	else if (list.len > MAX_SPIKE)
		r = snn_fail(e, -EBADMSG, "%s: recording %u has %zu spikes", f->path, i, list.len);
	else if (size == sizeof(float)) /* times come first and make room for both */
		r = make_room(f, list.len, e);
	else if (list.len != *n)
		r = snn_fail(e, -EBADMSG, "%s: recording %u has %zu times and %zu channels",
			f->path, i, *n, list.len);
	if (r == 0 && list.len)
		memcpy(*to, list.p, list.len * size);
	if (r == 0)
		*n = list.len;
	if (list.p)
		H5Dvlen_reclaim(type, space, H5P_DEFAULT, &list);
	H5Tclose(type);
	H5Sclose(space);
	return r;
}

static int load_lists(struct snn_shd *f, uint32_t i, size_t *ret_n, struct snn_error *e)
{
	int r = copy_list(
		f, f->times, H5T_NATIVE_FLOAT, sizeof(float), i, (void **)&f->time, ret_n, e);

	return r < 0 ? r
		     : copy_list(f, f->units, H5T_NATIVE_UINT16, sizeof(uint16_t), i,
			       (void **)&f->unit, ret_n, e);
}

static int check_spikes(const struct snn_shd *f, uint32_t i, const float *time,
	const uint16_t *unit, size_t n, struct snn_error *e)
{
	for (size_t k = 0; k < n; k++) {
		if (!(time[k] >= 0 && time[k] < 1e6f))
			return snn_fail(e, -EBADMSG, "%s: recording %u, spike %zu: time %g s",
				f->path, i, k, (double)time[k]);
		if (unit[k] >= SNN_SHD_CHANNELS)
			return snn_fail(e, -EBADMSG,
				"%s: recording %u, spike %zu: channel %u, expected 0 .. %d",
				f->path, i, k, unit[k], SNN_SHD_CHANNELS - 1);
	}
	return 0;
}

int snn_shd_spikes(struct snn_shd *f, uint32_t i, const float **ret_time, const uint16_t **ret_unit,
	size_t *ret_n, struct snn_error *e)
{
	struct snn_store_quiet q;
	size_t at = 0, n = 0;
	int r = 0;

	snn_store_quiet_begin(&q);
	if (f->is_vlen) {
		r = load_lists(f, i, &n, e);
	} else {
		size_t first = (size_t)f->offset[i];

		n = (size_t)f->offset[i + 1] - first;
		if (first < f->first || first + n > f->first + f->n)
			r = load_window(f, first, n, e);
		at = first - f->first;
	}
	snn_store_quiet_end(&q);
	if (r == 0)
		r = check_spikes(f, i, f->time + at, f->unit + at, n, e);
	if (r < 0)
		return r;
	*ret_time = f->time + at;
	*ret_unit = f->unit + at;
	*ret_n = n;
	return 0;
}
