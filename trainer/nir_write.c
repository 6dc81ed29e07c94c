/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nir.h"
#include "runlog.h"
#include "store_type.h"

#define GROW     ((size_t)1 << 20)
#define MAX_EDGE (4 * SNN_MAX_HIDDEN + 4)

struct writer {
	hid_t file, text; /* text: strings of any length, UTF-8 */
	bool has_failed;
	const char *edge[MAX_EDGE][2];
	char name[MAX_EDGE][2][16];
	hsize_t n_edge;
};

static void check(struct writer *w, bool is_good)
{
	w->has_failed |= !is_good;
}

static void put_text(struct writer *w, const char *path, const char *text)
{
	hid_t space = H5Screate(H5S_SCALAR);
	hid_t list = H5Pcreate(H5P_LINK_CREATE);
	hid_t set = H5I_INVALID_HID;

	H5Pset_create_intermediate_group(list, 1);
	set = H5Dcreate2(w->file, path, w->text, space, list, H5P_DEFAULT, H5P_DEFAULT);
	check(w, set >= 0 && H5Dwrite(set, w->text, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) >= 0);
	if (set >= 0)
		H5Dclose(set);
	H5Pclose(list);
	H5Sclose(space);
}

static void put_floats(struct writer *w, const char *node, const char *key, int rank,
	const hsize_t *shape, const float *v)
{
	char path[64];

	snprintf(path, sizeof(path), "/node/nodes/%s/%s", node, key);
	check(w, H5LTmake_dataset_float(w->file, path, rank, shape, v) >= 0);
}

static void put_kind(struct writer *w, const char *node, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/node/nodes/%s/type", node);
	put_text(w, path, kind);
}

static void put_port(struct writer *w, const char *node, const char *kind, uint32_t n)
{
	long long shape = n;
	char path[64];

	put_kind(w, node, kind);
	snprintf(path, sizeof(path), "/node/nodes/%s/shape", node);
	check(w,
		H5LTmake_dataset(w->file, path, 1, (hsize_t[]){ 1 }, H5T_NATIVE_LLONG, &shape) >=
			0);
}

static void put_weight(struct writer *w, const char *node, const char *kind, uint32_t n_out,
	uint32_t n_in, const float *v)
{
	put_kind(w, node, kind);
	put_floats(w, node, "weight", 2, (hsize_t[]){ n_out, n_in }, v);
}

/* d = 1 - dt / tau, and R dt / tau = 1: weights are those of the units. */
static void put_lif(struct writer *w, const char *node, const struct snn_nir *g, uint32_t i)
{
	const struct snn_nir_layer *l = &g->layer[i];
	const hsize_t shape[] = { l->n };
	float *v = calloc(3 * (size_t)l->n, sizeof(*v));

	check(w, v != NULL);
	if (!v)
		return;
	for (uint32_t k = 0; k < l->n; k++) {
		double leak = 1 - (double)l->decay[k];

		v[k] = (float)(SNN_NIR_DT / leak);
		v[l->n + k] = (float)(1 / leak);
	}
	put_kind(w, node, "LIF");
	put_floats(w, node, "tau", 1, shape, v);
	put_floats(w, node, "r", 1, shape, v + l->n);
	put_floats(w, node, "v_leak", 1, shape, v + 2 * l->n);
	put_floats(w, node, "v_reset", 1, shape, v + 2 * l->n);
	put_floats(w, node, "v_threshold", 1, shape, l->threshold);
	free(v);
}

static void add_edge(struct writer *w, const char *from, const char *to)
{
	hsize_t i = w->n_edge++;

	snprintf(w->name[i][0], sizeof(w->name[i][0]), "%s", from);
	snprintf(w->name[i][1], sizeof(w->name[i][1]), "%s", to);
	w->edge[i][0] = w->name[i][0];
	w->edge[i][1] = w->name[i][1];
}

static void put_edges(struct writer *w)
{
	check(w,
		H5LTmake_dataset(w->file, "/node/edges", 2, (hsize_t[]){ w->n_edge, 2 }, w->text,
			w->edge) >= 0);
}

static void put_graph(struct writer *w, const struct snn_nir *g)
{
	const struct snn_nir_layer *top = &g->layer[g->n_layer - 1];
	char weight[16], lif[16], loop[16], before[16] = "input";

	put_text(w, "/version", "1.0.4");
	put_text(w, "/node/type", "NIRGraph");
	put_port(w, "input", "Input", g->layer[0].n_in);
	for (uint32_t i = 0; i < g->n_layer; i++) {
		const struct snn_nir_layer *l = &g->layer[i];

		snprintf(weight, sizeof(weight), "w%u", i + 1);
		snprintf(lif, sizeof(lif), "lif%u", i + 1);
		snprintf(loop, sizeof(loop), "h%u", i + 1);
		put_weight(w, weight, "Linear", l->n, l->n_in, l->w);
		put_lif(w, lif, g, i);
		add_edge(w, before, weight);
		add_edge(w, weight, lif);
		if (l->h) {
			put_weight(w, loop, "Linear", l->n, l->n, l->h);
			add_edge(w, lif, loop);
			add_edge(w, loop, lif);
		}
		memcpy(before, lif, sizeof(before));
	}
	put_weight(w, "readout", "Affine", g->n_out, top->n, g->v);
	put_floats(w, "readout", "bias", 1, (hsize_t[]){ g->n_out }, g->c);
	put_port(w, "output", "Output", g->n_out);
	add_edge(w, before, "readout");
	add_edge(w, "readout", "output");
	put_edges(w);
	put_text(w, "/node/metadata/by", "crossloop");
	check(w,
		H5LTmake_dataset_double(
			w->file, "/node/metadata/dt", 0, NULL, (double[]){ SNN_NIR_DT }) >= 0);
}

/* In memory first, so that a full disk is an ordinary error and a file is whole. */
static int write_image(struct writer *w, const char *file, struct snn_error *e)
{
	ssize_t n =
		H5Fflush(w->file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(w->file, NULL, 0);
	void *image = n > 0 ? malloc((size_t)n) : NULL;
	int r;

	if (w->has_failed || !image || H5Fget_file_image(w->file, image, (size_t)n) != n)
		r = snn_fail(e, -ENOMEM, "%s: HDF5 failed, or no memory", file);
	else
		r = snn_write_file(file, image, (size_t)n, e);
	free(image);
	return r;
}

int snn_nir_write(const struct snn_nir *g, const char *file, struct snn_error *e)
{
	struct writer w = { .text = H5Tcopy(H5T_C_S1) };
	struct snn_store_quiet q;
	hid_t list;
	int r;

	for (uint32_t i = 0; i < g->n_layer; i++) {
		for (uint32_t k = 0; k < g->layer[i].n; k++) {
			if (!(g->layer[i].decay[k] < 1))
				return snn_fail(e, -EINVAL,
					"%s: network.decay = 1 has no time constant", file);
		}
	}
	snn_store_quiet_begin(&q);
	H5Tset_size(w.text, H5T_VARIABLE);
	H5Tset_cset(w.text, H5T_CSET_UTF8);
	list = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_fapl_core(list, GROW, false);
	w.file = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, list);
	H5Pclose(list);
	if (w.file >= 0) {
		put_graph(&w, g);
		r = write_image(&w, file, e);
		H5Fclose(w.file);
	} else {
		r = snn_fail(e, -ENOMEM, "%s: HDF5 failed, or no memory", file);
	}
	H5Tclose(w.text);
	snn_store_quiet_end(&q);
	return r;
}
