/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - named arrays in an HDF5 file: checkpoints and gradient files.
 *
 * Writing builds the file in memory (HDF5 core driver) and puts it on disk in one go, beside the
 * old one, fsync, rename (after it a store takes no more puts, but can be written elsewhere too): at any moment the file of that name is whole, and a full disk is an
 * ordinary error. Reading checks type, rank and shape before a byte is copied.
 *
 *	struct snn_store *st;
 *	snn_store_new(&st);
 *	snn_store_put(st, "/param/W", SNN_F32, 2, (size_t[]){ n_hidden, n_in }, w);
 *	snn_store_put_text(st, "/", "rule", "osttp");
 *	r = snn_store_write(st, "g.h5", &err);
 *	snn_store_free(st);
 *
 * A put that fails is remembered and reported by snn_store_write(), so that puts need no check.
 * Paths make their groups. Messages name the file and the dataset.
 */
#ifndef SNN_STORE_H
#define SNN_STORE_H

#include <stddef.h>
#include <stdint.h>
#include "error.h"

enum snn_type { SNN_F32, SNN_F64, SNN_U8, SNN_U32, SNN_U64, SNN_I64 };

struct snn_store;

int snn_store_new(struct snn_store **ret);
void snn_store_free(struct snn_store *st); /* also closes one opened for reading */

void snn_store_put(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, const void *data);
/* Attributes of a group or dataset that exists ("/" always does). */
void snn_store_put_text(
	struct snn_store *st, const char *object, const char *name, const char *text);
void snn_store_put_number(struct snn_store *st, const char *object, const char *name, double value);
int snn_store_write(struct snn_store *st, const char *file, struct snn_error *e);

/* -ENOENT no such file, -EBADMSG not a whole HDF5 file. */
int snn_store_open(struct snn_store **ret, const char *file, struct snn_error *e);
/* -ENOENT no such dataset, -EINVAL other type, rank or shape (the message gives both). */
int snn_store_load(struct snn_store *st, const char *path, enum snn_type type, int rank,
	const size_t *shape, void *data, struct snn_error *e);
/*
 * Missing parents: a put of /a/b/c makes /a and /a/b. Texts are read back whole or not at all:
 * -EINVAL if buf is too small.
 */
/* Size of a rank-1 dataset, for those whose length only the file knows. */
int snn_store_length(struct snn_store *st, const char *path, size_t *ret, struct snn_error *e);
int snn_store_load_text(struct snn_store *st, const char *object, const char *name, char *buf,
	size_t n, struct snn_error *e);
int snn_store_load_number(struct snn_store *st, const char *object, const char *name, double *ret,
	struct snn_error *e);

#endif
