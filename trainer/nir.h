/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nir.h - networks as NIR, the Neuromorphic Intermediate Representation (Pedersen et al., Nat. Commun.
 * 15, 8122, 2024): a graph of nodes in an HDF5 file, as the Python package nir reads and writes it.
 *
 *	input -> w1 (Linear) -> lif1 (LIF) -> w2 -> ... -> readout (Affine) -> output
 *	lif1 -> h1 (Linear) -> lif1                          with recurrent layers
 *
 * LIF: tau dv/dt = v_leak - v + R I, spike and v = v_reset where v > v_threshold. In steps of dt that is
 * the unit with full reset, s = W x + d s' (1 - y'), with d = 1 - dt / tau, W = weight R dt / tau and
 * b = v_threshold; v_leak and v_reset are 0. Files that do not say their dt (/node/metadata/dt, s) have
 * steps of a millisecond. The sigmoid behind the readout is no node of NIR.
 */
#ifndef SNN_NIR_H
#define SNN_NIR_H

#include "config.h"

#define SNN_NIR_DT 1e-3 /* s */

/* weight: as NIR has them, [outputs][inputs]. All arrays are owned; snn_nir_done() frees them. */
struct snn_nir_layer {
	uint32_t n_in, n;
	float *w;         /* [n][n_in] */
	float *h;         /* [n][n], NULL without */
	float *threshold; /* [n] */
	float *decay;     /* [n] d */
};

struct snn_nir {
	uint32_t n_layer, n_out;
	struct snn_nir_layer layer[SNN_MAX_HIDDEN];
	float *v; /* [n_out][n of the last layer] */
	float *c; /* [n_out] */
};

void snn_nir_done(struct snn_nir *g);
/* Appears whole or not at all. -EINVAL decay = 1 has no time constant; the system's reasons. */
int snn_nir_write(const struct snn_nir *g, const char *file, struct snn_error *e);
/*
 * -ENOENT no such file, -EBADMSG not HDF5 or not NIR, -ENOTSUP a graph or node that is none of the above
 * (the message names it). HDF5 itself is not safe against files made to harm it: read only files of
 * people you trust.
 */
int snn_nir_read(struct snn_nir *ret, const char *file, struct snn_error *e);

#endif
