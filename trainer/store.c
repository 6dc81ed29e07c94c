/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - building a file in memory and putting it on disk.
 *
 * The format version is HDF5 1.10's, whose structures carry checksums; arrays that do not fit beside
 * their header (compact layout, covered by its checksum) are Fletcher-32 checked chunks. So a flipped
 * bit in numbers is found by any HDF5 library, h5py's included. Texts lie in the global heap, which
 * has no checksum, and HDF5 1.10.8 copies beyond its buffers when the heap's sizes are damaged (seen
 * in tests/trainer/test_store.c): hence the SHA-256 behind the file, where HDF5 does not look.
 * Nothing else than the content goes in: no times, no names of machines.
 */
#include "store.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include "runlog.h"
#include "store_type.h"

#define COMPACT_MAX ((size_t)16384)    /* bytes; HDF5 allows 64 KiB a header */
#define CHUNK_MAX   ((size_t)64 << 20) /* bytes; HDF5 allows 4 GiB */
#define GROW        ((size_t)1 << 20)  /* bytes the image grows by */

const struct snn_store_type snn_store_type_table[] = {
	[SNN_F32] = { "float32", 4 },
	[SNN_F64] = { "float64", 8 },
	[SNN_U8] = { "uint8", 1 },
	[SNN_U32] = { "uint32", 4 },
	[SNN_U64] = { "uint64", 8 },
	[SNN_I64] = { "int64", 8 },
};

hid_t snn_store_file_type(enum snn_type t)
{
	switch (t) {
	case SNN_F32:
		return H5T_IEEE_F32LE;
	case SNN_F64:
		return H5T_IEEE_F64LE;
	case SNN_U8:
		return H5T_STD_U8LE;
	case SNN_U32:
		return H5T_STD_U32LE;
	case SNN_U64:
		return H5T_STD_U64LE;
	case SNN_I64:
		return H5T_STD_I64LE;
	}
	return H5I_INVALID_HID;
}

hid_t snn_store_native_type(enum snn_type t)
{
	switch (t) {
	case SNN_F32:
		return H5T_NATIVE_FLOAT;
	case SNN_F64:
		return H5T_NATIVE_DOUBLE;
	case SNN_U8:
		return H5T_NATIVE_UINT8;
	case SNN_U32:
		return H5T_NATIVE_UINT32;
	case SNN_U64:
		return H5T_NATIVE_UINT64;
	case SNN_I64:
		return H5T_NATIVE_INT64;
	}
	return H5I_INVALID_HID;
}

void snn_store_quiet_begin(struct snn_store_quiet *q)
{
	H5Eget_auto2(H5E_DEFAULT, &q->func, &q->data);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void snn_store_quiet_end(const struct snn_store_quiet *q)
{
	H5Eset_auto2(H5E_DEFAULT, q->func, q->data);
}

void snn_store_shape_text(char *buf, size_t n, int rank, const hsize_t *shape)
{
	size_t len = 0;

	snprintf(buf, n, "one value");
	for (int i = 0; i < rank && len < n; i++)
		len += (size_t)snprintf(buf + len, n - len, "[%llu]", (unsigned long long)shape[i]);
}

void snn_store_sum(const void *data, size_t n, uint8_t *ret)
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, n, data);
	sha256_digest(&sha, SHA256_DIGEST_SIZE, ret);
}

void snn_store_memory_name(const struct snn_store *st, char *buf)
{
	snprintf(buf, SNN_STORE_N_NAME, "snn_store %p", (const void *)st);
}

/* No times, and so version 2 headers' checksums over nothing but content. */
static hid_t plain_list(hid_t class)
{
	hid_t list = H5Pcreate(class);

	if (list >= 0 && H5Pset_obj_track_times(list, false) < 0) {
		H5Pclose(list);
		return H5I_INVALID_HID;
	}
	return list;
}

/*
 * The core driver's memory goes through these, so that the image is ours when the file is closed.
 * H5Fget_file_image() would not do: it clears a flag in the superblock and leaves its checksum
 * wrong (seen with HDF5 1.10.8).
 */
static void *image_malloc(size_t n, H5FD_file_image_op_t op, void *store)
{
	(void)op;
	(void)store;
	return malloc(n);
}

static void *image_realloc(void *p, size_t n, H5FD_file_image_op_t op, void *store)
{
	struct snn_store *st = store;
	void *bigger = realloc(p, n);

	if (bigger && op == H5FD_FILE_IMAGE_OP_FILE_RESIZE)
		st->n_image = n;
	return bigger;
}

static herr_t image_free(void *p, H5FD_file_image_op_t op, void *store)
{
	struct snn_store *st = store;

	if (op == H5FD_FILE_IMAGE_OP_FILE_CLOSE)
		st->image = p;
	else
		free(p);
	return 0;
}

static void *image_memcpy(
	void *to, const void *from, size_t n, H5FD_file_image_op_t op, void *store)
{
	(void)op;
	(void)store;
	return memcpy(to, from, n);
}

static void *same_store(void *store)
{
	return store;
}

static herr_t keep_store(void *store)
{
	(void)store;
	return 0;
}

static hid_t new_memory_file(struct snn_store *st)
{
	H5FD_file_image_callbacks_t callbacks = {
		.image_malloc = image_malloc,
		.image_memcpy = image_memcpy,
		.image_realloc = image_realloc,
		.image_free = image_free,
		.udata_copy = same_store,
		.udata_free = keep_store,
		.udata = st,
	};
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
	hid_t fcpl = plain_list(H5P_FILE_CREATE);
	hid_t file = H5I_INVALID_HID;
	char name[SNN_STORE_N_NAME];

	snn_store_memory_name(st, name);
	if (fapl >= 0 && fcpl >= 0 && H5Pset_fapl_core(fapl, GROW, false) >= 0 &&
		H5Pset_file_image_callbacks(fapl, &callbacks) >= 0 &&
		H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0)
		file = H5Fcreate(name, H5F_ACC_TRUNC, fcpl, fapl);
	if (fcpl >= 0)
		H5Pclose(fcpl);
	if (fapl >= 0)
		H5Pclose(fapl);
	return file;
}

int snn_store_new(struct snn_store **ret)
{
	struct snn_store_quiet q;
	struct snn_store *st = calloc(1, sizeof(*st));

	if (!st)
		return -ENOMEM;
	snn_store_quiet_begin(&q);
	st->file = new_memory_file(st);
	snn_store_quiet_end(&q);
	if (st->file < 0) {
		snn_store_free(st);
		return -ENOMEM;
	}
	*ret = st;
	return 0;
}

void snn_store_free(struct snn_store *st)
{
	struct snn_store_quiet q;

	if (!st)
		return;
	snn_store_quiet_begin(&q);
	if (st->file >= 0)
		H5Fclose(st->file);
	snn_store_quiet_end(&q);
	free(st->image);
	free(st->name);
	free(st);
}

static void put_failed(struct snn_store *st, const char *what, const char *why)
{
	if (!st->code)
		st->code = snn_fail(&st->error, -EINVAL, "%.300s: %s", what, why);
}

/* How a dataset lies in the file; see the head of this file. */
static hid_t creation_list(int rank, const hsize_t *shape, size_t size)
{
	hid_t dcpl = plain_list(H5P_DATASET_CREATE);
	hsize_t chunk[SNN_STORE_MAX_RANK] = { 0 };
	size_t row = size;
	bool ok = true;

	if (dcpl < 0)
		return dcpl;
	for (int i = 0; i < rank; i++) {
		chunk[i] = shape[i];
		size *= (size_t)shape[i];
	}
	if (size <= COMPACT_MAX) {
		ok = ok && H5Pset_layout(dcpl, H5D_COMPACT) >= 0;
	} else {
		row = size / (size_t)shape[0];
		if (size > CHUNK_MAX)
			chunk[0] = row >= CHUNK_MAX ? 1 : CHUNK_MAX / row;
		ok = ok && H5Pset_chunk(dcpl, rank, chunk) >= 0 && H5Pset_fletcher32(dcpl) >= 0;
	}
	if (ok)
		return dcpl;
	H5Pclose(dcpl);
	return H5I_INVALID_HID;
}

/* The groups above a dataset; made one by one, because intermediate groups would carry times. */
static bool make_groups(hid_t file, const char *path)
{
	hid_t gcpl = plain_list(H5P_GROUP_CREATE);
	bool ok = gcpl >= 0;
	char *part = strdup(path);

	for (char *p = part ? strchr(part + 1, '/') : NULL; ok && p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (H5Lexists(file, part, H5P_DEFAULT) <= 0) {
			hid_t group = H5Gcreate2(file, part, H5P_DEFAULT, gcpl, H5P_DEFAULT);

			ok = group >= 0 && H5Gclose(group) >= 0;
		}
		*p = '/';
	}
	ok = ok && part;
	free(part);
	if (gcpl >= 0)
		H5Pclose(gcpl);
	return ok;
}

static bool put_dataset(hid_t file, const char *path, enum snn_type type, int rank,
	const hsize_t *shape, const void *data)
{
	hid_t space = rank ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
	hid_t dcpl = creation_list(rank, shape, snn_store_type_table[type].size);
	hid_t set = H5I_INVALID_HID;
	bool ok = space >= 0 && dcpl >= 0 && make_groups(file, path);

	if (ok)
		set = H5Dcreate2(file, path, snn_store_file_type(type), space, H5P_DEFAULT, dcpl,
			H5P_DEFAULT);
	ok = ok && set >= 0;
	if (ok && H5Sget_simple_extent_npoints(space) > 0)
		ok = H5Dwrite(set, snn_store_native_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT,
			     data) >= 0;
	if (set >= 0)
		ok = H5Dclose(set) >= 0 && ok;
	if (dcpl >= 0)
		H5Pclose(dcpl);
	if (space >= 0)
		H5Sclose(space);
	return ok;
}

void snn_store_put(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, const void *data)
{
	struct snn_store_quiet q;
	hsize_t dims[SNN_STORE_MAX_RANK] = { 0 };
	bool ok;

	if (st->code)
		return;
	if (st->name || st->file < 0 || path[0] != '/' || rank < 0 || rank > SNN_STORE_MAX_RANK) {
		put_failed(st, path, "the store is closed for writing, or a wrong path or rank");
		return;
	}
	for (int i = 0; i < rank; i++)
		dims[i] = shape[i];
	snn_store_quiet_begin(&q);
	ok = put_dataset(st->file, path, type, rank, dims, data);
	snn_store_quiet_end(&q);
	if (!ok)
		put_failed(st, path, "cannot be put (name given twice, or no memory)");
}

static void put_attribute(struct snn_store *st, const char *object, const char *name,
	hid_t file_type, hid_t native_type, const void *value)
{
	struct snn_store_quiet q;
	hid_t space, attr = H5I_INVALID_HID;
	bool ok = false;

	if (st->code)
		return;
	if (st->name || st->file < 0) {
		put_failed(st, object, "the store is closed for writing");
		return;
	}
	snn_store_quiet_begin(&q);
	space = H5Screate(H5S_SCALAR);
	if (space >= 0)
		attr = H5Acreate_by_name(st->file, object, name, file_type, space, H5P_DEFAULT,
			H5P_DEFAULT, H5P_DEFAULT);
	if (attr >= 0) {
		ok = H5Awrite(attr, native_type, value) >= 0;
		H5Aclose(attr);
	}
	if (space >= 0)
		H5Sclose(space);
	snn_store_quiet_end(&q);
	if (!ok)
		put_failed(st, object,
			"attribute cannot be put (no such object, or name given twice)");
}

/* Variable length, UTF-8: what h5py gives back as str. */
void snn_store_put_text(
	struct snn_store *st, const char *object, const char *name, const char *text)
{
	hid_t type = H5Tcopy(H5T_C_S1);

	if (type < 0 || H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)
		put_failed(st, object, "no memory");
	else
		put_attribute(st, object, name, type, type, &text);
	if (type >= 0)
		H5Tclose(type);
}

void snn_store_put_number(struct snn_store *st, const char *object, const char *name, double value)
{
	put_attribute(st, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* Append the checksum to an image of n bytes. */
static int seal(struct snn_store *st, size_t n)
{
	unsigned char *image = realloc(st->image, n + SNN_STORE_N_SUM);

	if (!image)
		return -ENOMEM;
	st->image = image;
	st->n_image = n + SNN_STORE_N_SUM;
	memcpy(image + n, SNN_STORE_MARK, SNN_STORE_N_MARK);
	snn_store_sum(image, n + SNN_STORE_N_MARK, image + n + SNN_STORE_N_MARK);
	return 0;
}

/*
 * Close the HDF5 file, which completes its image. The memory is longer than the file; its length
 * stands in the superblock, bytes 28 .. 35 (HDF5 File Format Specification, II.A, versions 2, 3).
 */
static int complete(struct snn_store *st)
{
	struct snn_store_quiet q;
	uint64_t n = 0;
	herr_t ok;

	snn_store_quiet_begin(&q);
	ok = H5Fclose(st->file);
	snn_store_quiet_end(&q);
	st->file = H5I_INVALID_HID;
	if (ok < 0 || !st->image || st->n_image < 48)
		return -ENOMEM;
	for (int i = 7; i >= 0; i--)
		n = n << 8 | st->image[28 + i];
	if (n > st->n_image)
		return -ENOMEM;
	return seal(st, (size_t)n);
}

int snn_store_write(struct snn_store *st, const char *file, struct snn_error *e)
{
	if (!st->code && st->name)
		put_failed(st, st->name, "the store is open for reading");
	else if (!st->code && st->file >= 0 && complete(st) < 0)
		put_failed(st, file, "no memory for its image");
	if (st->code)
		return snn_fail(e, st->code, "%.300s is not written: %.600s", file, st->error.text);
	return snn_write_file(file, st->image, st->n_image, e);
}
