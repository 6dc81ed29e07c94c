/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_read.c - reading what store.c wrote, without trusting it. The whole file is read first, so
 * that trouble with the disk is told in the system's words; then HDF5 looks at the copy in memory.
 * Links that are not hard links, and datasets whose bytes lie in other files, are refused: a
 * checkpoint from a stranger must not be able to read other files of ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "read_file.h"
#include "store_type.h"

#define FILE_MAX ((size_t)8 << 30) /* bytes */

static int check_sum(const char *file, const char *image, size_t n, struct snn_error *e)
{
	uint8_t sum[32];
	const char *mark = n < SNN_STORE_N_SUM ? NULL : image + n - SNN_STORE_N_SUM;

	if (!mark || memcmp(mark, SNN_STORE_MARK, SNN_STORE_N_MARK) != 0)
		return snn_fail(e, -EBADMSG,
			"%s (%zu bytes) is not a checkpoint or gradient file of osttp, or its end is missing",
			file, n);
	snn_store_sum(image, n - sizeof(sum), sum);
	if (memcmp(mark + SNN_STORE_N_MARK, sum, sizeof(sum)) != 0)
		return snn_fail(e, -EBADMSG, "%s is damaged: its checksum does not match", file);
	return 0;
}

static hid_t open_image(const struct snn_store *st, void *image, size_t n)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
	hid_t file = H5I_INVALID_HID;
	char name[SNN_STORE_N_NAME];

	if (fapl < 0)
		return fapl;
	snn_store_memory_name(st, name);
	if (H5Pset_fapl_core(fapl, (size_t)1 << 20, false) >= 0 &&
		H5Pset_file_image(fapl, image, n) >= 0)
		file = H5Fopen(name, H5F_ACC_RDONLY, fapl);
	H5Pclose(fapl);
	return file;
}

int snn_store_open(struct snn_store **ret, const char *file, struct snn_error *e)
{
	struct snn_store_quiet q;
	struct snn_store *st = calloc(1, sizeof(*st));
	char *image = NULL;
	int r = -ENOMEM;

	if (!st)
		return snn_fail(e, r, "%s: no memory", file);
	st->name = strdup(file);
	if (!st->name) {
		snn_fail(e, r, "%s: no memory", file);
		goto fail;
	}
	r = snn_read_file(&image, &st->n_byte, file, FILE_MAX, e);
	if (r < 0)
		goto fail;
	r = check_sum(file, image, st->n_byte, e);
	if (r < 0)
		goto fail;
	snn_store_quiet_begin(&q);
	st->file = open_image(st, image, st->n_byte);
	snn_store_quiet_end(&q);
	if (st->file < 0) {
		r = snn_fail(
			e, -EBADMSG, "%s is not a whole HDF5 file (%zu bytes)", file, st->n_byte);
		goto fail;
	}
	free(image);
	*ret = st;
	return 0;
fail:
	free(image);
	free(st->name);
	free(st);
	return r;
}

/* Every step of the path must be a hard link. */
static int check_links(struct snn_store *st, const char *path, struct snn_error *e)
{
	char part[256];
	size_t n = strlen(path);

	if (!n)
		return snn_fail(e, -ENOENT, "%s: an empty name", st->name);
	if (n >= sizeof(part))
		return snn_fail(e, -EINVAL, "%s: name of %zu bytes: %.60s...", st->name, n, path);
	for (size_t i = 1; i <= n; i++) {
		H5L_info_t info;

		if (path[i] != '/' && path[i])
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (!strcmp(part, "/"))
			continue;
		if (H5Lexists(st->file, part, H5P_DEFAULT) <= 0)
			return snn_fail(e, -ENOENT, "%s has no %s", st->name, path);
		if (H5Lget_info(st->file, part, &info, H5P_DEFAULT) < 0 ||
			info.type != H5L_TYPE_HARD)
			return snn_fail(e, -EBADMSG, "%s: %s is not a plain link", st->name, part);
	}
	return 0;
}

/* The bytes must be in this file, as far as the layout tells. */
static bool is_inside(hid_t set)
{
	hid_t dcpl = H5Dget_create_plist(set);
	bool ok;

	if (dcpl < 0)
		return false;
	ok = H5Pget_layout(dcpl) != H5D_VIRTUAL && H5Pget_layout(dcpl) >= 0 &&
		H5Pget_external_count(dcpl) == 0;
	H5Pclose(dcpl);
	return ok;
}

static int open_dataset(struct snn_store *st, const char *path, hid_t *ret, struct snn_error *e)
{
	hid_t set;
	int r = check_links(st, path, e);

	if (r < 0)
		return r;
	set = H5Dopen2(st->file, path, H5P_DEFAULT);
	if (set < 0)
		return snn_fail(e, -EBADMSG, "%s: %s is damaged or not a dataset", st->name, path);
	if (!is_inside(set)) {
		H5Dclose(set);
		return snn_fail(
			e, -EBADMSG, "%s: %s keeps its data in other files", st->name, path);
	}
	*ret = set;
	return 0;
}

static const char *class_name(hid_t type)
{
	switch (H5Tget_class(type)) {
	case H5T_INTEGER:
		return H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int";
	case H5T_FLOAT:
		return "float";
	case H5T_STRING:
		return "text";
	default:
		return "type of another kind";
	}
}

static int check_type(
	struct snn_store *st, const char *path, hid_t set, enum snn_type want, struct snn_error *e)
{
	hid_t type = H5Dget_type(set);
	htri_t same;
	int r = 0;

	if (type < 0)
		return snn_fail(e, -EBADMSG, "%s: %s is damaged (type)", st->name, path);
	same = H5Tequal(type, snn_store_file_type(want));
	if (same <= 0)
		r = snn_fail(e, -EINVAL, "%s: %s holds %s%zu, expected %s", st->name, path,
			class_name(type), 8 * H5Tget_size(type), snn_store_type_table[want].name);
	H5Tclose(type);
	return r;
}

/* Rank (at most SNN_STORE_MAX_RANK) into *ret_rank, sizes into dims. */
static int shape_of(struct snn_store *st, const char *path, hid_t set, int *ret_rank, hsize_t *dims,
	struct snn_error *e)
{
	hid_t space = H5Dget_space(set);
	int rank = -1;

	if (space >= 0) {
		H5S_class_t kind = H5Sget_simple_extent_type(space);

		rank = H5Sget_simple_extent_ndims(space);
		if ((kind != H5S_SIMPLE && kind != H5S_SCALAR) || rank > SNN_STORE_MAX_RANK ||
			(rank >= 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0))
			rank = -1;
		H5Sclose(space);
	}
	if (rank < 0)
		return snn_fail(e, -EBADMSG, "%s: %s is damaged (shape)", st->name, path);
	*ret_rank = rank;
	return 0;
}

static int check_shape(struct snn_store *st, const char *path, hid_t set, int rank,
	const size_t *shape, struct snn_error *e)
{
	hsize_t dims[SNN_STORE_MAX_RANK] = { 0 }, want[SNN_STORE_MAX_RANK] = { 0 };
	char a[200], b[200];
	int got = 0, r = shape_of(st, path, set, &got, dims, e);
	bool same;

	if (r < 0)
		return r;
	if (rank < 0 || rank > SNN_STORE_MAX_RANK)
		return snn_fail(e, -EINVAL, "%s: %s: rank %d", st->name, path, rank);
	same = got == rank;
	for (int i = 0; i < rank; i++) {
		want[i] = shape[i];
		same = same && dims[i] == want[i];
	}
	if (same)
		return 0;
	snn_store_shape_text(a, sizeof(a), got, dims);
	snn_store_shape_text(b, sizeof(b), rank, want);
	return snn_fail(e, -EINVAL, "%s: %s has shape %s, expected %s", st->name, path, a, b);
}

static int load_checked(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, void *data, struct snn_error *e)
{
	hid_t set;
	int r = open_dataset(st, path, &set, e);

	if (r < 0)
		return r;
	r = check_type(st, path, set, type, e);
	if (r == 0)
		r = check_shape(st, path, set, rank, shape, e);
	if (r == 0 &&
		H5Dread(set, snn_store_native_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
		r = snn_fail(e, -EBADMSG, "%s: %s is damaged (data)", st->name, path);
	H5Dclose(set);
	return r;
}

int snn_store_load(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, void *data, struct snn_error *e)
{
	struct snn_store_quiet q;
	int r;

	snn_store_quiet_begin(&q);
	r = load_checked(st, path, type, rank, shape, data, e);
	snn_store_quiet_end(&q);
	return r;
}

static int length_checked(struct snn_store *st, const char *path, size_t *ret, struct snn_error *e)
{
	hsize_t dims[SNN_STORE_MAX_RANK] = { 0 };
	hid_t set;
	int rank = 0, r = open_dataset(st, path, &set, e);

	if (r < 0)
		return r;
	r = shape_of(st, path, set, &rank, dims, e);
	H5Dclose(set);
	if (r < 0)
		return r;
	if (rank != 1)
		return snn_fail(e, -EINVAL, "%s: %s has rank %d, expected 1", st->name, path, rank);
	/* We do not compress: more values than bytes in the file cannot be true. */
	if (dims[0] > st->n_byte)
		return snn_fail(e, -EBADMSG, "%s: %s claims %llu values in a file of %zu bytes",
			st->name, path, (unsigned long long)dims[0], st->n_byte);
	*ret = (size_t)dims[0];
	return 0;
}

int snn_store_length(struct snn_store *st, const char *path, size_t *ret, struct snn_error *e)
{
	struct snn_store_quiet q;
	int r;

	snn_store_quiet_begin(&q);
	r = length_checked(st, path, ret, e);
	snn_store_quiet_end(&q);
	return r;
}

static int open_attribute(
	struct snn_store *st, const char *object, const char *name, hid_t *ret, struct snn_error *e)
{
	hid_t attr;
	hid_t space;
	int r = check_links(st, object, e);

	if (r < 0)
		return r;
	if (H5Aexists_by_name(st->file, object, name, H5P_DEFAULT) <= 0)
		return snn_fail(e, -ENOENT, "%s: %s has no attribute %s", st->name, object, name);
	attr = H5Aopen_by_name(st->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
	if (attr < 0)
		return snn_fail(
			e, -EBADMSG, "%s: attribute %s of %s is damaged", st->name, name, object);
	space = H5Aget_space(attr);
	if (space < 0 || H5Sget_simple_extent_npoints(space) != 1)
		r = snn_fail(e, -EINVAL, "%s: attribute %s of %s is not one value", st->name, name,
			object);
	if (space >= 0)
		H5Sclose(space);
	if (r < 0)
		H5Aclose(attr);
	else
		*ret = attr;
	return r;
}

/* Both kinds of strings: ours, and the fixed ones that other programs write. */
static char *attribute_text(hid_t attr, hid_t type)
{
	size_t n = H5Tget_size(type);
	char *text = NULL;
	hid_t mem;

	if (H5Tis_variable_str(type) > 0) {
		char *own = NULL;

		if (H5Aread(attr, type, &own) < 0 || !own)
			return NULL;
		text = strdup(own);
		H5free_memory(own);
		return text;
	}
	mem = H5Tcopy(H5T_C_S1);
	if (mem >= 0 && n < ((size_t)1 << 16) && H5Tset_size(mem, n + 1) >= 0 &&
		H5Tset_cset(mem, H5Tget_cset(type)) >= 0) {
		text = calloc(1, n + 1);
		if (text && H5Aread(attr, mem, text) < 0) {
			free(text);
			text = NULL;
		}
	}
	if (mem >= 0)
		H5Tclose(mem);
	return text;
}

static int text_checked(struct snn_store *st, const char *object, const char *name, char *buf,
	size_t n, struct snn_error *e)
{
	hid_t attr, type;
	char *text = NULL;
	int r = open_attribute(st, object, name, &attr, e);

	if (r < 0)
		return r;
	type = H5Aget_type(attr);
	if (type < 0 || H5Tget_class(type) != H5T_STRING)
		r = snn_fail(
			e, -EINVAL, "%s: attribute %s of %s is not a text", st->name, name, object);
	else
		text = attribute_text(attr, type);
	if (text && strlen(text) < n)
		memcpy(buf, text, strlen(text) + 1);
	else if (r == 0)
		r = snn_fail(e, text ? -EINVAL : -EBADMSG, "%s: attribute %s of %s is %s", st->name,
			name, object, text ? "too long" : "damaged");
	free(text);
	if (type >= 0)
		H5Tclose(type);
	H5Aclose(attr);
	return r;
}

int snn_store_load_text(struct snn_store *st, const char *object, const char *name, char *buf,
	size_t n, struct snn_error *e)
{
	struct snn_store_quiet q;
	int r;

	snn_store_quiet_begin(&q);
	r = text_checked(st, object, name, buf, n, e);
	snn_store_quiet_end(&q);
	return r;
}

static int number_checked(struct snn_store *st, const char *object, const char *name, double *ret,
	struct snn_error *e)
{
	hid_t attr, type;
	double v = 0;
	int r = open_attribute(st, object, name, &attr, e);

	if (r < 0)
		return r;
	type = H5Aget_type(attr);
	if (type < 0 || (H5Tget_class(type) != H5T_FLOAT && H5Tget_class(type) != H5T_INTEGER))
		r = snn_fail(e, -EINVAL, "%s: attribute %s of %s is not a number", st->name, name,
			object);
	else if (H5Aread(attr, H5T_NATIVE_DOUBLE, &v) < 0)
		r = snn_fail(
			e, -EBADMSG, "%s: attribute %s of %s is damaged", st->name, name, object);
	else
		*ret = v;
	if (type >= 0)
		H5Tclose(type);
	H5Aclose(attr);
	return r;
}

int snn_store_load_number(struct snn_store *st, const char *object, const char *name, double *ret,
	struct snn_error *e)
{
	struct snn_store_quiet q;
	int r;

	snn_store_quiet_begin(&q);
	r = number_checked(st, object, name, ret, e);
	snn_store_quiet_end(&q);
	return r;
}
