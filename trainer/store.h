/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - named arrays in an HDF5 file: checkpoints and gradient files.
 *
 * Writing builds the file in memory (HDF5 core driver) and puts it on disk in one go: beside the
 * old one, fsync, rename. At any moment the file of that name is whole, and a full disk is an
 * ordinary error. Once written a store takes no more puts, but can be written elsewhere too.
 * A SHA-256 of the file stands behind it, and reading opens nothing without: HDF5 overruns memory
 * on some damaged files. Then type, rank and shape are checked before a byte is copied.
 *
 *	struct snn_store *st;
 *	snn_store_new(&st);
 *	snn_store_put(st, "/param/W", SNN_F32, 2, (size_t[]){ n_hidden, n_in }, w);
 *	snn_store_put_text(st, "/", "rule", "osttp");
 *	r = snn_store_write(st, "g.h5", &err);
 *	snn_store_free(st);
 *
 * A put that fails is remembered and reported by snn_store_write(), so that puts need no check.
 * Messages name the file and the dataset.
 *
 * Threads: HDF5 as Debian builds it is not thread-safe; all stores belong to one thread.
 */
#ifndef SNN_STORE_H
#define SNN_STORE_H

#include <stddef.h>
#include <stdint.h>
#include "error.h"

enum snn_type { SNN_F32, SNN_F64, SNN_U8, SNN_U32, SNN_U64, SNN_I64 };

struct snn_store;

/* -ENOMEM. */
int snn_store_new(struct snn_store **ret);
void snn_store_free(struct snn_store *st); /* also one opened for reading; NULL is fine */

/* data [shape[0]]..[shape[rank - 1]], borrowed; rank 0 is one value. Missing groups are made. */
void snn_store_put(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, const void *data);
/* Attributes of a group or dataset that exists ("/" always does). */
void snn_store_put_text(
	struct snn_store *st, const char *object, const char *name, const char *text);
void snn_store_put_number(struct snn_store *st, const char *object, const char *name, double value);
/* -EINVAL a put failed (and the file is not touched); the system's reasons for the file. */
int snn_store_write(struct snn_store *st, const char *file, struct snn_error *e);

/* -ENOENT no such file, -EBADMSG damaged, cut or not a store. */
int snn_store_open(struct snn_store **ret, const char *file, struct snn_error *e);
/* -ENOENT no such dataset, -EINVAL other type, rank or shape (the message gives both), -EBADMSG. */
int snn_store_load(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, void *data, struct snn_error *e);
/* Size of a rank-1 dataset, for those whose length only the file knows. */
int snn_store_length(struct snn_store *st, const char *path, size_t *ret, struct snn_error *e);
/*
 * Attributes. -ENOENT no such object or attribute, -EINVAL of another kind. Texts are read whole
 * or not at all: -EINVAL if they do not fit buf [n] with their zero byte.
 */
int snn_store_load_text(struct snn_store *st, const char *object, const char *name, char *buf,
	size_t n, struct snn_error *e);
int snn_store_load_number(struct snn_store *st, const char *object, const char *name, double *ret,
	struct snn_error *e);

#endif
