/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_look.c - the devices of a matrix, for pictures; how many were given up.
 */
#include <errno.h>
#include "chips.h"

int snn_weights_chips_look(struct snn_weights *w, uint32_t i_matrix, float *ret_start, float *ret_g,
	const uint8_t **ret_pulse, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	const struct snn_matrix *m = &w->net->matrix[i_matrix];
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	int r = 0;

	if (!snn_is_on_chips(ch, i_matrix))
		return snn_fail(e, -ENOENT, "%s is not on a board", m->name);
	for (size_t i = 0; i < snn_n_cell(m); i++)
		snn_chips_target(ch, i_matrix, m->init[i], ret_start + i * XBAR_N_DEVICE);
	for (uint32_t k = 0; r == 0 && k < snn_cut_n_tile(c); k++) {
		const struct snn_tile *t = &ch->plan.tile[c->first + k];
		struct xbar_patch patch = snn_patch_of(t);
		size_t n = (size_t)t->n_row * t->n_col;

		r = snn_chips_read(ch, t->board, &patch, 1, n * XBAR_N_DEVICE, ch->read, e);
		for (size_t i = 0; r == 0 && i < n * XBAR_N_DEVICE; i++)
			ret_g[snn_cell_of(t, m->n_col, i / XBAR_N_DEVICE) * XBAR_N_DEVICE +
				i % XBAR_N_DEVICE] = ch->read[i];
	}
	*ret_pulse = ch->cells[i_matrix].n_pulse;
	return r;
}

uint64_t snn_weights_chips_given_up(const struct snn_weights *w)
{
	const struct snn_chips *ch = (const struct snn_chips *)w;
	uint64_t n = 0;

	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		if (w->net->matrix[i].is_feedback)
			continue;
		for (size_t d = 0; d < snn_n_cell(&w->net->matrix[i]) * XBAR_N_DEVICE; d++)
			n += snn_is_given_up(
				&ch->cells[i], d / XBAR_N_DEVICE, (uint32_t)(d % XBAR_N_DEVICE));
	}
	return n;
}
