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
#include <string.h>

#define N_WIDE (PCM_N_COL / PCM_N_WIRE_GROUP) /* columns of a group */

/* Middle of a group, in cells from the driver. */
static float middle(uint32_t g)
{
	return (float)(g * N_WIDE + N_WIDE / 2) + 0.5f;
}

/* What follows of the totals of a row. */
static void update_row(struct pcm_chip *c, uint32_t row)
{
	struct pcm_wire *w = &c->wire;
	const float *chunk = w->chunk_total + row * PCM_N_CHUNK;
	float *total = w->total + row * PCM_N_WIRE_GROUP;
	float r = (float)c->prm.wire_ohm;
	for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++)
		total[g] = chunk[2 * g] + chunk[2 * g + 1];
	for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++) {
		/* Within the group min(j, k) is less than its middle, by an eighth on average. */
		float sag = total[g] * (middle(g) - (float)N_WIDE / 8), beyond = total[g] / 2;
		for (uint32_t k = 0; k < PCM_N_WIRE_GROUP; k++) {
			sag += k == g ? 0.0f : total[k] * middle(k < g ? k : g);
			beyond += k > g ? total[k] : 0.0f;
		}
		w->sag[row * PCM_N_WIRE_GROUP + g] = r * sag;
		w->slope[row * PCM_N_WIRE_GROUP + g] = r * beyond;
	}
	w->is_due[row] = false;
}

/*
 * Inputs as they arrive, ret [group][n]: from the furthest row to the nearest the sums that flow
 * through a bit line, then back to add up what they take.
 */
static void inputs(struct pcm_chip *c, const float *x, float *ret)
{
	const struct pcm_wire *w = &c->wire;
	const struct pcm_drive *d = &c->scratch.drive;
	float half_r = 0.5f * (float)c->prm.wire_ohm / N_WIDE;
	float sum[PCM_N_ROW][2][PCM_N_WIRE_GROUP]; /* of T and x T, from this row on */
	float a[PCM_N_WIRE_GROUP] = { 0 }, b[PCM_N_WIRE_GROUP] = { 0 };
	for (uint32_t i = d->n; i-- > 0;) {
		const float *total = w->total + d->row[i] * PCM_N_WIRE_GROUP;
		for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++) {
			a[g] += total[g];
			b[g] += x[i] * total[g];
			sum[i][0][g] = a[g];
			sum[i][1][g] = b[g];
		}
	}
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	for (uint32_t i = 0, last = 0; i < d->n; i++) {
		float far = half_r * (float)(d->row[i] + 1 - last);
		const float *sag = w->sag + d->row[i] * PCM_N_WIRE_GROUP;
		last = d->row[i] + 1u;
		for (uint32_t g = 0; g < PCM_N_WIRE_GROUP; g++) {
			a[g] += far * sum[i][0][g];
			b[g] += far * sum[i][1][g];
			ret[g * PCM_N_ROW + i] =
				(x[i] - b[g] / (1.0f + a[g])) / ((1.0f + a[g]) * (1.0f + sag[g]));
		}
	}
}

/* Sums of a group: columns from .. end - 1 of the array, to place from - m->col. */
static void add_group(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise, uint32_t g)
{
	struct pcm_scratch *s = &c->scratch;
	uint32_t from = g * N_WIDE, end = from + N_WIDE;
	float slope = 0.0f;
	from = from > m->col ? from : m->col;
	end = end < m->col + m->n_col ? end : m->col + m->n_col;
	uint32_t to = from - m->col;
	c->dsp->add_int8(s->acc_g + to, with_noise ? s->acc_v + to : NULL, c->cache.g + from,
		with_noise ? c->cache.v + from : NULL, &s->drive, end - from);
	for (uint32_t i = 0; i < s->drive.n; i++)
		slope += c->wire.slope[s->drive.row[i] * PCM_N_WIRE_GROUP + g];
	slope /= (float)(s->drive.n ? s->drive.n : 1);
	for (uint32_t j = from; j < end; j++)
		s->acc_g[j - m->col] *= 1.0f - slope * ((float)(j + 1) - middle(g));
}

void pcm_wire_add(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise)
{
	struct pcm_drive *d = &c->scratch.drive;
	float x[PCM_N_ROW], arriving[PCM_N_WIRE_GROUP * PCM_N_ROW];
	for (uint32_t i = 0; i < d->n; i++) {
		x[i] = m->input == PCM_INPUT_BIT ? 1.0f : d->x[i];
		if (c->wire.is_due[d->row[i]])
			update_row(c, d->row[i]);
	}
	inputs(c, x, arriving);
	for (uint32_t g = m->col / N_WIDE; g <= (m->col + m->n_col - 1) / N_WIDE; g++) {
		memcpy(d->x, arriving + g * PCM_N_ROW, d->n * sizeof(*d->x));
		add_group(c, m, with_noise, g);
	}
}
