/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nir.h"
#include "store_type.h"

#define MAX_EDGE  256
#define MAX_NAME  128
#define MAX_VALUE ((hsize_t)1 << 26) /* of one dataset */

struct reader {
	hid_t file;
	const char *name;
	struct snn_error *e;
	double dt;
	char from[MAX_EDGE][MAX_NAME], to[MAX_EDGE][MAX_NAME];
	uint32_t n_edge;
};

static int fail(const struct reader *rd, int code, const char *node, const char *what)
{
	return snn_fail(rd->e, code, "%s: node %.100s: %s", rd->name, node, what);
}

static void take_text(char *to, const char *from, size_t n)
{
	n = from ? strnlen(from, n) : 0;
	n = n < MAX_NAME - 1 ? n : MAX_NAME - 1;
	if (n)
		memcpy(to, from, n);
	to[n] = '\0';
}

/* n texts of a dataset, strings of fixed or any length, into to(i). */
static int read_texts(hid_t file, const char *path, hsize_t n, char (*ret)[MAX_NAME])
{
	hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
	hid_t type = set >= 0 ? H5Dget_type(set) : H5I_INVALID_HID;
	hid_t space = set >= 0 ? H5Dget_space(set) : H5I_INVALID_HID;
	bool is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
	bool is_any = is_text && H5Tis_variable_str(type) > 0;
	size_t size = is_any ? sizeof(char *) : is_text ? H5Tget_size(type) : 0;
	char *all = NULL;
	int r = -EBADMSG;

	if (size && size < 65536 && H5Sget_simple_extent_npoints(space) == (hssize_t)n)
		all = calloc(n, size);
	if (all && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all) >= 0) {
		for (hsize_t i = 0; i < n; i++)
			take_text(ret[i], is_any ? ((char **)(void *)all)[i] : all + i * size,
				is_any ? MAX_NAME : size);
		if (is_any)
			H5Dvlen_reclaim(type, space, H5P_DEFAULT, all);
		r = 0;
	}
	free(all);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	if (set >= 0)
		H5Dclose(set);
	return r;
}

static int read_edges(struct reader *rd)
{
	char(*all)[MAX_NAME];
	hsize_t shape[2] = { 0, 0 };
	int rank = 0, r = -EBADMSG;

	if (H5LTget_dataset_ndims(rd->file, "/node/edges", &rank) < 0 || rank != 2 ||
		H5LTget_dataset_info(rd->file, "/node/edges", shape, NULL, NULL) < 0 ||
		shape[1] != 2 || shape[0] < 1 || shape[0] > MAX_EDGE)
		return snn_fail(
			rd->e, r, "%s: not a NIR graph with 1 .. %d edges", rd->name, MAX_EDGE);
	all = calloc(2 * shape[0], sizeof(*all));
	if (!all)
		return snn_fail(rd->e, -ENOMEM, "%s: no memory", rd->name);
	r = read_texts(rd->file, "/node/edges", 2 * shape[0], all);
	rd->n_edge = (uint32_t)shape[0];
	for (uint32_t i = 0; i < rd->n_edge; i++) {
		memcpy(rd->from[i], all[2 * i], MAX_NAME);
		memcpy(rd->to[i], all[2 * i + 1], MAX_NAME);
	}
	free(all);
	return r < 0 ? snn_fail(rd->e, r, "%s: /node/edges holds no names", rd->name) : 0;
}

/* "" where it has no type that can be read. */
static void kind_of(const struct reader *rd, const char *node, char ret[MAX_NAME])
{
	char path[2 * MAX_NAME], text[1][MAX_NAME] = { "" };

	snprintf(path, sizeof(path), "/node/nodes/%s/type", node);
	if (strchr(node, '/') || read_texts(rd->file, path, 1, text) < 0)
		text[0][0] = '\0';
	memcpy(ret, text[0], MAX_NAME);
}

/* Where the n-th edge from a node leads, NULL if there are not so many. */
static const char *next_of(const struct reader *rd, const char *node, uint32_t n)
{
	for (uint32_t i = 0; i < rd->n_edge; i++) {
		if (!strcmp(rd->from[i], node) && n-- == 0)
			return rd->to[i];
	}
	return NULL;
}

/* A dataset of rank 1 or 2, shape [2] returned (1 in front of rank 1). *ret is yours. */
static int read_floats(const struct reader *rd, const char *node, const char *key, int rank,
	hsize_t *shape, float **ret)
{
	char path[2 * MAX_NAME], what[160];
	int found = 0;
	float *v;

	snprintf(path, sizeof(path), "/node/nodes/%s/%s", node, key);
	snprintf(what, sizeof(what), "%s is not an array of %d dimensions", key, rank);
	if (H5LTget_dataset_ndims(rd->file, path, &found) < 0 || found != rank ||
		H5LTget_dataset_info(rd->file, path, rank == 1 ? shape + 1 : shape, NULL, NULL) < 0)
		return fail(rd, -EBADMSG, node, what);
	if (rank == 1)
		shape[0] = 1;
	if (!shape[0] || !shape[1] || shape[0] > MAX_VALUE || shape[1] > MAX_VALUE / shape[0])
		return fail(rd, -EBADMSG, node, "an array that is empty or far too large");
	v = calloc(shape[0] * shape[1], sizeof(*v));
	if (!v)
		return fail(rd, -ENOMEM, node, "no memory");
	if (H5LTread_dataset_float(rd->file, path, v) < 0) {
		free(v);
		return fail(rd, -EBADMSG, node, what);
	}
	for (hsize_t i = 0; i < shape[0] * shape[1]; i++) {
		if (!isfinite(v[i])) {
			free(v);
			return fail(rd, -EBADMSG, node, "values that are not finite");
		}
	}
	*ret = v;
	return 0;
}

/* weight [n][n_in]; n 0: whatever the file has. */
static int read_weight(const struct reader *rd, const char *node, uint32_t n, uint32_t n_in,
	float **ret, uint32_t *ret_n)
{
	hsize_t shape[2];
	int r = read_floats(rd, node, "weight", 2, shape, ret);

	if (r < 0)
		return r;
	if (shape[1] != n_in || (n && shape[0] != n))
		return fail(rd, -EBADMSG, node, "weight does not fit its neighbours");
	*ret_n = (uint32_t)shape[0];
	return 0;
}

/* bias: absent or, unless it is wanted, zero. */
static int read_bias(
	const struct reader *rd, const char *node, const char *kind, uint32_t n, float **ret)
{
	hsize_t shape[2];
	float *bias = NULL;
	int r;

	if (!strcmp(kind, "Linear")) {
		bias = ret ? calloc(n, sizeof(*bias)) : NULL;
	} else {
		r = read_floats(rd, node, "bias", 1, shape, &bias);
		if (r == 0 && shape[1] != n)
			r = fail(rd, -EBADMSG, node, "bias does not fit weight");
		for (uint32_t i = 0; r == 0 && !ret && i < n; i++) {
			if (bias[i] != 0)
				r = fail(rd, -ENOTSUP, node, "hidden layers have no bias here");
		}
		if (r < 0) {
			free(bias);
			return r;
		}
	}
	if (ret)
		*ret = bias;
	else
		free(bias);
	return 0;
}

static bool is_zero(const float *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] != 0)
			return false;
	}
	return true;
}

/* A key of a LIF, one value a neuron; absent is 0 where that is allowed. */
static int read_lif_key(const struct reader *rd, const char *node, const char *key, uint32_t n,
	bool may_miss, float **ret)
{
	char path[2 * MAX_NAME];
	hsize_t shape[2];
	int r;

	snprintf(path, sizeof(path), "/node/nodes/%s/%s", node, key);
	if (may_miss && H5Lexists(rd->file, path, H5P_DEFAULT) <= 0) {
		*ret = calloc(n, sizeof(**ret));
		return *ret ? 0 : fail(rd, -ENOMEM, node, "no memory");
	}
	r = read_floats(rd, node, key, 1, shape, ret);
	return r == 0 && shape[1] != n
		? fail(rd, -EBADMSG, node, "as many values as it has inputs?")
		: r;
}

static void scale_rows(
	float *w, uint32_t n, uint32_t n_in, const float *tau, const float *r, double dt)
{
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t k = 0; w && k < n_in; k++)
			w[(size_t)i * n_in + k] *= (float)((double)r[i] * dt / (double)tau[i]);
	}
}

static int read_lif(const struct reader *rd, const char *node, struct snn_nir_layer *l)
{
	float *v[4] = { NULL }; /* tau, r, v_leak, v_reset */
	static const char *const keys[] = { "tau", "r", "v_leak", "v_reset" };
	int r = read_lif_key(rd, node, "v_threshold", l->n, false, &l->threshold);

	for (int i = 0; r == 0 && i < 4; i++)
		r = read_lif_key(rd, node, keys[i], l->n, i == 3, &v[i]);
	if (r == 0 && (!is_zero(v[2], l->n) || !is_zero(v[3], l->n)))
		r = fail(rd, -ENOTSUP, node, "v_leak and v_reset must be 0");
	l->decay = calloc(l->n, sizeof(*l->decay));
	if (r == 0 && !l->decay)
		r = fail(rd, -ENOMEM, node, "no memory");
	for (uint32_t i = 0; r == 0 && i < l->n; i++) {
		double d = 1 - rd->dt / (double)v[0][i];

		if (!(d >= 0 && d < 1))
			r = fail(rd, -ENOTSUP, node, "tau must be at least one step");
		l->decay[i] = (float)d;
	}
	if (r == 0) {
		scale_rows(l->w, l->n, l->n_in, v[0], v[1], rd->dt);
		scale_rows(l->h, l->n, l->n, v[0], v[1], rd->dt);
	}
	for (int i = 0; i < 4; i++)
		free(v[i]);
	return r;
}

/* Of the nodes behind a LIF: the one that leads back to it, and the other; others are refused. */
static int read_next(
	const struct reader *rd, const char *lif, struct snn_nir_layer *l, const char **ret)
{
	char kind[MAX_NAME];
	uint32_t n_h;

	*ret = NULL;
	for (uint32_t i = 0; next_of(rd, lif, i); i++) {
		const char *node = next_of(rd, lif, i), *back = next_of(rd, node, 0);
		int r;

		if (!back || strcmp(back, lif)) {
			if (*ret)
				return fail(rd, -ENOTSUP, lif, "more than one way on");
			*ret = node;
			continue;
		}
		kind_of(rd, node, kind);
		if (l->h || (strcmp(kind, "Linear") && strcmp(kind, "Affine")))
			return fail(rd, -ENOTSUP, node, "recurrence is one Linear");
		r = read_weight(rd, node, l->n, l->n, &l->h, &n_h);
		if (r == 0)
			r = read_bias(rd, node, kind, l->n, NULL);
		if (r < 0)
			return r;
	}
	return *ret ? 0
		    : fail(rd, -ENOTSUP, lif, "nothing behind it: expected weights and an Output");
}

/* Weights and what is behind them: a LIF, or the output. Moves *at on; 1 at the end. */
static int read_stage(const struct reader *rd, struct snn_nir *g, uint32_t n_in, const char **at)
{
	char kind[MAX_NAME], behind[MAX_NAME] = "";
	const char *next = next_of(rd, *at, 0);
	struct snn_nir_layer *l = &g->layer[g->n_layer];
	float **weight;
	bool is_end;
	int r;

	kind_of(rd, *at, kind);
	if (strcmp(kind, "Linear") && strcmp(kind, "Affine"))
		return fail(rd, -ENOTSUP, *at, "expected Linear or Affine here");
	if (!next || next_of(rd, *at, 1))
		return fail(rd, -ENOTSUP, *at, "expected one way on");
	kind_of(rd, next, behind);
	is_end = !strcmp(behind, "Output");
	if (!is_end && strcmp(behind, "LIF"))
		return fail(rd, -ENOTSUP, next, "expected LIF or Output here");
	if (!is_end && g->n_layer == SNN_MAX_HIDDEN)
		return fail(rd, -ENOTSUP, next, "too many layers");
	weight = is_end ? &g->v : &l->w;
	r = read_weight(rd, *at, 0, n_in, weight, is_end ? &g->n_out : &l->n);
	if (is_end) {
		if (r == 0)
			r = read_bias(rd, *at, kind, g->n_out, &g->c);
		return r < 0 ? r : 1;
	}
	l->n_in = n_in;
	g->n_layer++; /* from here on snn_nir_done() knows it */
	if (r == 0)
		r = read_bias(rd, *at, kind, l->n, NULL);
	if (r == 0)
		r = read_next(rd, next, l, at);
	return r == 0 ? read_lif(rd, next, l) : r;
}

static int read_graph(struct reader *rd, struct snn_nir *g)
{
	char kind[MAX_NAME] = "";
	const char *at = NULL;
	hsize_t shape[2];
	float *n_in;
	int r = read_edges(rd);

	for (uint32_t i = 0; r == 0 && !at && i < rd->n_edge; i++) {
		kind_of(rd, rd->from[i], kind);
		at = strcmp(kind, "Input") ? NULL : rd->from[i];
	}
	if (r == 0 && !at)
		r = snn_fail(rd->e, -ENOTSUP, "%s: no edge begins at an Input", rd->name);
	if (r == 0)
		r = read_floats(rd, at, "shape", 1, shape, &n_in);
	if (r < 0)
		return r;
	if (shape[1] != 1 || !(n_in[0] >= 1 && n_in[0] <= 65536))
		r = fail(rd, -ENOTSUP, at, "inputs of one dimension, at most 65536");
	else
		at = next_of(rd, at, 0);
	while (r == 0)
		r = read_stage(
			rd, g, g->n_layer ? g->layer[g->n_layer - 1].n : (uint32_t)n_in[0], &at);
	free(n_in);
	if (r == 1 && !g->n_layer)
		return snn_fail(rd->e, -ENOTSUP, "%s: no LIF in it", rd->name);
	return r == 1 ? 0 : r;
}

int snn_nir_read(struct snn_nir *ret, const char *file, struct snn_error *e)
{
	struct reader *rd = calloc(1, sizeof(*rd));
	struct snn_nir g = { 0 };
	struct snn_store_quiet q;
	int r;

	if (!rd)
		return snn_fail(e, -ENOMEM, "%s: no memory", file);
	*rd = (struct reader){ .name = file, .e = e, .dt = SNN_NIR_DT };
	if (access(file, R_OK) < 0) {
		r = snn_fail(e, -errno, "%s: %s", file, strerror(errno));
		free(rd);
		return r;
	}
	snn_store_quiet_begin(&q);
	rd->file = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (rd->file >= 0) {
		if (H5Lexists(rd->file, "/node/metadata", H5P_DEFAULT) > 0 &&
			H5Lexists(rd->file, "/node/metadata/dt", H5P_DEFAULT) > 0)
			H5LTread_dataset_double(rd->file, "/node/metadata/dt", &rd->dt);
		r = rd->dt > 0 ? read_graph(rd, &g) : snn_fail(e, -EBADMSG, "%s: dt", file);
		H5Fclose(rd->file);
	} else {
		r = snn_fail(e, -EBADMSG, "%s is not an HDF5 file", file);
	}
	snn_store_quiet_end(&q);
	free(rd);
	if (r < 0)
		snn_nir_done(&g);
	else
		*ret = g;
	return r;
}

void snn_nir_done(struct snn_nir *g)
{
	for (uint32_t i = 0; i < SNN_MAX_HIDDEN; i++) {
		free(g->layer[i].w);
		free(g->layer[i].h);
		free(g->layer[i].threshold);
		free(g->layer[i].decay);
	}
	free(g->v);
	free(g->c);
	*g = (struct snn_nir){ 0 };
}
