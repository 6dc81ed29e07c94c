/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c - what the resistance of word and bit lines takes from a product. Drivers are beside column
 * 0, ADCs (virtual grounds) below row 0, each cell is wire_ohm of line further; both polarities have
 * a bit line. Rows that are not driven are cut off by their selectors.
 *
 * To first order, with T a cell's four conductances together and G its net one:
 *
 *	word line  a cell of column j sees x_i (1 - sag_ij), sag_ij = R sum_k min(j + 1, k + 1) T_ik
 *	bit line   the line's potential at row i is R sum_k min(i + 1, k + 1) x_k G_k, for each polarity.
 *	           The net of both, with line sums split into total and net ones, takes
 *	           R / 2 sum_i G_i (x_i P_i + Q_i), P_i = sum_k min(i, k) T_k, Q_i = sum_k min(i, k) x_k T_k
 *
 * (sums over driven rows). All is taken the same for a group of 32 columns, but for the slope of sag
 * across it; so a product costs one pass with inputs of each group's own. Where lines lose much, 1 - d
 * is too little: 1 / (1 + d) is taken, which agrees in first order and with a uniform line in second
 * within a third. tests/emulator/test_wire.c solves the network: of what the lines take, the result is
 * wrong by 2 % (rms over columns) for arrays in full use, and by 8 % where use ends inside a group.
 */
#include "chip.h"
#include <assert.h>
#include <string.h>

#define N_WIDE PCM_ADD_CHUNK /* columns of a group */

static_assert(N_WIDE * PCM_N_WIRE_GROUP == PCM_N_COL, "groups fill a row");

/* Middle of a group, in cells from the driver. */
static float middle(uint32_t g)
{
	return (float)(int32_t)(g * N_WIDE + N_WIDE / 2) + 0.5f;
}

/* What follows of the totals of a row. */
static void update_row(struct pcm_chip *c, uint32_t row)
{
	struct pcm_wire *w = &c->wire;
	const float *chunk = w->chunk_total + row * PCM_N_CHUNK;
	float *total = w->total + row * PCM_N_WIRE_GROUP;
	float r = (float)c->prm.wire_ohm * N_WIDE;
	for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++)
		total[g] = (chunk[2 * g] + chunk[2 * g + 1]) / N_WIDE;
	for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++) {
		/* Within the group min(j, k) is less than its middle, by an eighth on average. */
		float sag = total[g] * (middle(g) - (float)N_WIDE / 8), beyond = total[g] / 2;
		for (uint32_t k = 0; k < PCM_N_WIRE_GROUP; k++) {
			sag += k == g ? 0.0f : total[k] * middle(k < g ? k : g);
			beyond += k > g ? total[k] : 0.0f;
		}
		w->reach[row * PCM_N_WIRE_GROUP + g] = 1.0f / (1.0f + r * sag);
		w->slope[row * PCM_N_WIRE_GROUP + g] = r * beyond;
	}
	w->is_due[row] = false;
}

/* What word lines take differs across a group: by the mean slope of the driven rows. */
static void add_slopes(struct pcm_chip *c, uint32_t first, uint32_t end)
{
	const struct pcm_drive *d = &c->scratch.drive;
	float slope[PCM_N_WIRE_GROUP] = { 0 };
	float *acc_g = c->scratch.acc_g;
	for (uint32_t i = 0; i < d->n; i++) {
		const float *row = c->wire.slope + d->row[i] * PCM_N_WIRE_GROUP;
		for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++)
			slope[g] += row[g];
	}
	for (uint32_t g = first; g < end; g++, acc_g += N_WIDE) {
		float mean = slope[g] / (float)(int32_t)(d->n ? d->n : 1);
		float at_0 = 1.0f + mean * ((float)N_WIDE / 2 - 0.5f);
		for (int32_t k = 0; k < N_WIDE; k++)
			acc_g[k] *= at_0 - mean * (float)k;
	}
}

/* Whole groups are added up, of which the product may want less. */
void pcm_wire_add(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise)
{
	struct pcm_scratch *s = &c->scratch;
	struct pcm_drive *d = &s->drive;
	uint32_t first = m->col / N_WIDE, end = (m->col + m->n_col - 1) / N_WIDE + 1;
	uint32_t from = first * N_WIDE, skip = m->col - from;
	for (uint32_t i = 0; i < d->n; i++) {
		if (m->input == PCM_INPUT_BIT)
			d->x[i] = 1.0f;
		if (c->wire.is_due[d->row[i]])
			update_row(c, d->row[i]);
	}
	c->dsp->wire_inputs(
		s->arriving, d, c->wire.total, c->wire.reach, 0.5f * (float)c->prm.wire_ohm);
	c->dsp->add_wire(s->acc_g, with_noise ? s->acc_v : NULL, c->cache.g + from,
		with_noise ? c->cache.v + from : NULL, d, s->arriving + first,
		(end - first) * N_WIDE);
	add_slopes(c, first, end);
	if (skip > 0) {
		memmove(s->acc_g, s->acc_g + skip, m->n_col * sizeof(*s->acc_g));
		memmove(s->acc_v, s->acc_v + skip, m->n_col * sizeof(*s->acc_v));
	}
}
