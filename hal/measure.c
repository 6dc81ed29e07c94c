/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure.c - HDF5 through its core driver. The file has HDF5's oldest layout, which every reader
 * knows, and of which H5Fget_file_image() makes whole copies while it is open (with newer ones, HDF5
 * 1.10.8 leaves the superblock's checksum wrong). Larger arrays are Fletcher-32 checked chunks.
 */
#include "measure_hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "page.h"

#define GROW        ((size_t)4 << 20) /* bytes the image grows by */
#define COMPACT_MAX ((size_t)16384)   /* bytes; HDF5 allows 64 KiB */
#define CHUNK_MAX   ((size_t)1 << 19) /* bytes */

struct xbar_quiet xbar_quiet_begin(void)
{
	struct xbar_quiet q;

	H5Eget_auto2(H5E_DEFAULT, &q.func, &q.data);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	return q;
}

void xbar_quiet_end(struct xbar_quiet q)
{
	H5Eset_auto2(H5E_DEFAULT, q.func, q.data);
}

static hid_t file_type(enum xbar_type t)
{
	const hid_t types[] = { H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I8LE, H5T_STD_I16LE,
		H5T_STD_U8LE, H5T_STD_U16LE, H5T_STD_U32LE, H5T_STD_U64LE };

	return types[t];
}

static hid_t native_type(enum xbar_type t)
{
	const hid_t types[] = { H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE, H5T_NATIVE_INT8,
		H5T_NATIVE_INT16, H5T_NATIVE_UINT8, H5T_NATIVE_UINT16, H5T_NATIVE_UINT32,
		H5T_NATIVE_UINT64 };

	return types[t];
}

int xbar_measure_fail(const struct xbar_measure *m, int r, const char *what, const char *why)
{
	return xbar_fail(m->msg, r, "%s: %s: %s", m->path ? m->path : "measurements", what, why);
}

/* image NULL: a new file. HDF5 takes files of one name for the same one: each has its own. */
static hid_t open_image(const struct xbar_measure *m, const void *image, size_t n)
{
	char name[64];
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), fcpl = H5Pcreate(H5P_FILE_CREATE);
	hid_t file = H5I_INVALID_HID;

	snprintf(name, sizeof(name), "measurements %p", (const void *)m);
	if (fapl >= 0 && fcpl >= 0 && H5Pset_fapl_core(fapl, GROW, false) >= 0 &&
		H5Pset_obj_track_times(fcpl, false) >= 0) {
		if (!image)
			file = H5Fcreate(name, H5F_ACC_TRUNC, fcpl, fapl);
		else if (H5Pset_file_image(fapl, (void *)(uintptr_t)image, n) >= 0)
			file = H5Fopen(name, H5F_ACC_RDWR, fapl);
	}
	if (fcpl >= 0)
		H5Pclose(fcpl);
	if (fapl >= 0)
		H5Pclose(fapl);
	return file;
}

/* *ret is yours to free(); NULL for a file that is not there. */
static int read_file(struct xbar_measure *m, void **ret, size_t *ret_n)
{
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *buf;
	ssize_t r = 1;
	size_t n = 0;

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT
			? 0
			: xbar_measure_fail(m, -errno, "cannot be read", strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		(size_t)st.st_size > XBAR_MEASURE_BYTES_MAX) {
		close(fd);
		return xbar_measure_fail(
			m, -EBADMSG, "cannot be read", "not a regular file of at most 4 GiB");
	}
	buf = malloc((size_t)st.st_size + 1);
	while (buf && n < (size_t)st.st_size && r > 0) {
		r = read(fd, buf + n, (size_t)st.st_size - n);
		n += r > 0 ? (size_t)r : 0;
	}
	close(fd);
	if (!buf || r <= 0) {
		free(buf);
		return xbar_measure_fail(m, buf ? -EIO : -ENOMEM, "cannot be read",
			buf ? "it ends early" : "no memory");
	}
	*ret = buf;
	*ret_n = n;
	return 0;
}

static int check_format(struct xbar_measure *m)
{
	char format[64];
	double version;
	int r = xbar_measure_text(m, "/", "format", format, sizeof(format));

	if (r < 0 || strcmp(format, XBAR_MEASURE_FORMAT))
		return xbar_measure_fail(m, -EBADMSG, "no measurements",
			"its attribute \"format\" is not \"" XBAR_MEASURE_FORMAT "\"");
	r = xbar_measure_number(m, "/", "format_version", &version);
	if (r < 0 || version != XBAR_MEASURE_VERSION)
		return xbar_measure_fail(m, -EBADMSG, "cannot be read",
			"its format_version is not 1, the only one known");
	return 0;
}

static int start(struct xbar_measure *m)
{
	struct xbar_quiet q = xbar_quiet_begin();
	void *image = NULL;
	size_t n = 0;
	int r = m->path ? read_file(m, &image, &n) : 0;

	if (r == 0)
		m->file = open_image(m, image, n);
	xbar_quiet_end(q);
	free(image);
	if (r < 0)
		return r;
	if (m->file < 0)
		return xbar_measure_fail(m, image ? -EBADMSG : -ENOMEM, "cannot be opened",
			image ? "not a whole HDF5 file" : "no memory");
	if (image)
		return check_format(m);
	r = xbar_measure_set_text(m, "/", "format", XBAR_MEASURE_FORMAT);
	return r < 0 ? r : xbar_measure_set_number(m, "/", "format_version", XBAR_MEASURE_VERSION);
}

int xbar_measure_open(struct xbar_measure **ret, const char *path, struct xbar_message *msg)
{
	struct xbar_measure *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return xbar_fail(msg, -ENOMEM, "no memory for measurements");
	m->msg = msg;
	m->file = H5I_INVALID_HID;
	m->path = path ? strdup(path) : NULL;
	r = path && !m->path ? xbar_fail(msg, -ENOMEM, "no memory for measurements") : start(m);
	if (r < 0) {
		xbar_measure_close(m);
		return r;
	}
	*ret = m;
	return 0;
}

void xbar_measure_close(struct xbar_measure *m)
{
	struct xbar_quiet q;

	if (!m)
		return;
	q = xbar_quiet_begin();
	if (m->file >= 0)
		H5Fclose(m->file);
	xbar_quiet_end(q);
	free(m->path);
	free(m);
}

int xbar_measure_write(struct xbar_measure *m)
{
	struct xbar_quiet q;
	struct page_error err;
	void *image = NULL;
	ssize_t n;
	int r;

	if (!m->path)
		return 0;
	q = xbar_quiet_begin();
	n = H5Fflush(m->file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(m->file, NULL, 0);
	if (n > 0)
		image = malloc((size_t)n);
	if (image && H5Fget_file_image(m->file, image, (size_t)n) != n)
		n = -1;
	xbar_quiet_end(q);
	if (!image || n <= 0) {
		free(image);
		return xbar_measure_fail(m, -ENOMEM, "cannot be written", "no memory");
	}
	r = page_file_write(m->path, image, (size_t)n, &err);
	free(image);
	return r < 0 ? xbar_fail(m->msg, r, "%s", err.text) : 0;
}

/* Every step of the path is there. */
bool xbar_measure_has(const struct xbar_measure *m, const char *path)
{
	struct xbar_quiet q = xbar_quiet_begin();
	char part[256];
	bool has = strlen(path) < sizeof(part);

	for (size_t i = 1; has && i <= strlen(path); i++) {
		if (path[i] && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		has = H5Lexists(m->file, part, H5P_DEFAULT) > 0;
	}
	xbar_quiet_end(q);
	return has;
}

int xbar_measure_remove(struct xbar_measure *m, const char *path)
{
	struct xbar_quiet q = xbar_quiet_begin();
	herr_t ok = H5Ldelete(m->file, path, H5P_DEFAULT);

	xbar_quiet_end(q);
	return ok < 0 ? xbar_measure_fail(m, -ENOENT, path, "not there") : 0;
}

static hid_t link_list(void)
{
	hid_t lcpl = H5Pcreate(H5P_LINK_CREATE);

	if (lcpl >= 0)
		H5Pset_create_intermediate_group(lcpl, 1);
	return lcpl;
}

int xbar_measure_make_group(struct xbar_measure *m, const char *path)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hid_t lcpl = link_list(), gcpl = H5Pcreate(H5P_GROUP_CREATE);
	hid_t group = H5I_INVALID_HID;

	if (lcpl >= 0 && gcpl >= 0 && H5Pset_obj_track_times(gcpl, false) >= 0)
		group = H5Gcreate2(m->file, path, lcpl, gcpl, H5P_DEFAULT);
	if (group >= 0)
		H5Gclose(group);
	if (gcpl >= 0)
		H5Pclose(gcpl);
	if (lcpl >= 0)
		H5Pclose(lcpl);
	xbar_quiet_end(q);
	return group < 0 ? xbar_measure_fail(m, -EEXIST, path, "cannot be made") : 0;
}

/* Chunks of whole trailing dimensions, small enough for HDF5's cache of one MiB. */
static bool set_layout(hid_t dcpl, int rank, const hsize_t *shape, size_t size)
{
	hsize_t chunk[XBAR_MEASURE_RANK_MAX] = { 0 };
	size_t n_byte = size;

	for (int i = 0; i < rank; i++) {
		chunk[i] = shape[i];
		n_byte *= (size_t)shape[i];
	}
	if (n_byte <= COMPACT_MAX)
		return H5Pset_layout(dcpl, H5D_COMPACT) >= 0;
	for (int i = 0; i < rank && n_byte > CHUNK_MAX; i++) {
		size_t row = n_byte / (size_t)chunk[i];

		chunk[i] = row < CHUNK_MAX ? CHUNK_MAX / row : 1;
		n_byte = row * (size_t)chunk[i];
	}
	return H5Pset_chunk(dcpl, rank, chunk) >= 0 && H5Pset_fletcher32(dcpl) >= 0;
}

static hid_t creation_list(enum xbar_type type, int rank, const hsize_t *shape)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	const float unknown = NAN;

	if (dcpl < 0)
		return dcpl;
	if (H5Pset_obj_track_times(dcpl, false) >= 0 &&
		set_layout(dcpl, rank, shape, H5Tget_size(native_type(type))) &&
		((type != XBAR_F32 && type != XBAR_F64) ||
			H5Pset_fill_value(dcpl, H5T_NATIVE_FLOAT, &unknown) >= 0))
		return dcpl;
	H5Pclose(dcpl);
	return H5I_INVALID_HID;
}

int xbar_measure_make(struct xbar_measure *m, const char *path, enum xbar_type type, int rank,
	const size_t *shape)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hsize_t dims[XBAR_MEASURE_RANK_MAX] = { 0 };
	hid_t space, dcpl, lcpl = link_list(), set = H5I_INVALID_HID;

	for (int i = 0; i < rank; i++)
		dims[i] = shape[i];
	space = H5Screate_simple(rank, dims, NULL);
	dcpl = creation_list(type, rank, dims);
	if (space >= 0 && dcpl >= 0 && lcpl >= 0)
		set = H5Dcreate2(m->file, path, file_type(type), space, lcpl, dcpl, H5P_DEFAULT);
	if (set >= 0)
		H5Dclose(set);
	if (dcpl >= 0)
		H5Pclose(dcpl);
	if (lcpl >= 0)
		H5Pclose(lcpl);
	if (space >= 0)
		H5Sclose(space);
	xbar_quiet_end(q);
	return set < 0 ? xbar_measure_fail(
				 m, -EEXIST, path, "cannot be made (there already, or no memory)")
		       : 0;
}

/* An array and the part of it that is meant. */
struct part {
	hid_t set, file_space, memory_space;
	hsize_t n; /* values */
};

static void part_done(struct part *p)
{
	if (p->memory_space >= 0)
		H5Sclose(p->memory_space);
	if (p->file_space >= 0)
		H5Sclose(p->file_space);
	if (p->set >= 0)
		H5Dclose(p->set);
}

static bool part_init(struct part *p, const struct xbar_measure *m, const char *path, size_t n_at,
	const size_t *at)
{
	hsize_t dims[XBAR_MEASURE_RANK_MAX], first[XBAR_MEASURE_RANK_MAX] = { 0 };
	int rank;

	*p = (struct part){ H5Dopen2(m->file, path, H5P_DEFAULT), H5I_INVALID_HID, H5I_INVALID_HID,
		1 };
	if (p->set < 0)
		return false;
	p->file_space = H5Dget_space(p->set);
	rank = H5Sget_simple_extent_ndims(p->file_space);
	if (rank < 1 || rank > XBAR_MEASURE_RANK_MAX || n_at > (size_t)rank ||
		H5Sget_simple_extent_dims(p->file_space, dims, NULL) < 0)
		return false;
	for (int i = 0; i < rank; i++) {
		if ((size_t)i < n_at) {
			first[i] = at[i];
			dims[i] = 1;
		}
		p->n *= dims[i];
	}
	p->memory_space = H5Screate_simple(1, &p->n, NULL);
	return p->memory_space >= 0 &&
		H5Sselect_hyperslab(p->file_space, H5S_SELECT_SET, first, NULL, dims, NULL) >= 0;
}

/* The type of memory for an array; only for those of our own kinds. */
static bool same_type(hid_t set, enum xbar_type type)
{
	hid_t t = H5Dget_type(set);
	bool same = t >= 0 && H5Tequal(t, file_type(type)) > 0;

	if (t >= 0)
		H5Tclose(t);
	return same;
}

int xbar_measure_put(
	struct xbar_measure *m, const char *path, size_t n_at, const size_t *at, const void *data)
{
	struct xbar_quiet q = xbar_quiet_begin();
	struct part p;
	bool ok = part_init(&p, m, path, n_at, at);

	if (ok) {
		hid_t type = H5Dget_type(p.set);
		hid_t native = type >= 0 ? H5Tget_native_type(type, H5T_DIR_ASCEND) : -1;

		ok = native >= 0 &&
			H5Dwrite(p.set, native, p.memory_space, p.file_space, H5P_DEFAULT, data) >=
				0;
		if (native >= 0)
			H5Tclose(native);
		if (type >= 0)
			H5Tclose(type);
	}
	part_done(&p);
	xbar_quiet_end(q);
	return ok
		? 0
		: xbar_measure_fail(m, -EBADMSG, path, "cannot be written (damaged, or no memory)");
}

int xbar_measure_get(struct xbar_measure *m, const char *path, size_t n_at, const size_t *at,
	enum xbar_type type, size_t n, void *ret)
{
	struct xbar_quiet q = xbar_quiet_begin();
	struct part p;
	bool ok = xbar_measure_has(m, path) && part_init(&p, m, path, n_at, at);
	int r = -ENOENT;

	if (ok) {
		ok = p.n == n && same_type(p.set, type) &&
			H5Dread(p.set, native_type(type), p.memory_space, p.file_space, H5P_DEFAULT,
				ret) >= 0;
		r = ok ? 0 : -EBADMSG;
	}
	if (r != -ENOENT)
		part_done(&p);
	xbar_quiet_end(q);
	return r < 0 ? xbar_measure_fail(m, r, path,
			       r == -ENOENT ? "not there" : "damaged, or of another type or shape")
		     : 0;
}

int xbar_measure_shape(struct xbar_measure *m, const char *path, int rank, size_t *ret)
{
	struct xbar_quiet q = xbar_quiet_begin();
	hsize_t dims[XBAR_MEASURE_RANK_MAX] = { 0 };
	hid_t set = H5Dopen2(m->file, path, H5P_DEFAULT);
	hid_t space = set >= 0 ? H5Dget_space(set) : -1;
	bool ok = space >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
		H5Sget_simple_extent_dims(space, dims, NULL) >= 0;

	if (space >= 0)
		H5Sclose(space);
	if (set >= 0)
		H5Dclose(set);
	xbar_quiet_end(q);
	for (int i = 0; i < rank; i++)
		ret[i] = (size_t)dims[i];
	return ok ? 0 : xbar_measure_fail(m, -EBADMSG, path, "not there, or of another shape");
}
