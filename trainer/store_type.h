/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_type.h - what store.c (writing) and store_read.c share. Private to the two.
 */
#ifndef SNN_STORE_TYPE_H
#define SNN_STORE_TYPE_H

#include <hdf5.h>
#include "store.h"

#define SNN_STORE_MAX_RANK 8

/* Behind the HDF5 file: the mark, then the SHA-256 of all before it and the mark. */
#define SNN_STORE_MARK   "\r\nsha256"
#define SNN_STORE_N_MARK (sizeof(SNN_STORE_MARK) - 1)
#define SNN_STORE_N_SUM  (SNN_STORE_N_MARK + 32)

struct snn_store {
	hid_t file;           /* invalid once written */
	unsigned char *image; /* of the written file, checksum included */
	size_t n_image;
	char *name;             /* of the file opened for reading, NULL when writing */
	size_t n_byte;          /* of the file opened for reading */
	int code;               /* the first put that failed, 0 none */
	struct snn_error error; /* and its message */
};

/* One row per enum snn_type. */
struct snn_store_type {
	const char *name; /* "float32" */
	size_t size;
};
extern const struct snn_store_type snn_store_type_table[];

/* Little-endian in the file, native in memory. Functions, because HDF5 makes its types at run time. */
hid_t snn_store_file_type(enum snn_type t);
hid_t snn_store_native_type(enum snn_type t);

/*
 * HDF5 prints its error stack on stderr unless told otherwise, per thread. Messages are ours to
 * write, and the caller's setting is the caller's: silence it around our calls only.
 */
struct snn_store_quiet {
	H5E_auto2_t func;
	void *data;
};
void snn_store_quiet_begin(struct snn_store_quiet *q);
void snn_store_quiet_end(const struct snn_store_quiet *q);

/* SHA-256 of data [n] into ret [32]. */
void snn_store_sum(const void *data, size_t n, uint8_t *ret);

/*
 * HDF5 takes two open memory files of one name for the same file: each store has its own name, at
 * least SNN_STORE_N_NAME bytes.
 */
#define SNN_STORE_N_NAME 32
void snn_store_memory_name(const struct snn_store *st, char *buf);

/* "[2][3]", or "one value" for rank 0. */
void snn_store_shape_text(char *buf, size_t n, int rank, const hsize_t *shape);

#endif
