/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chips_compensate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEET_EVERY 7   /* products; no divisor of a bar, so that all of its steps are met */
#define SPREAD     0.5 /* of drift between columns: assumption */

static uint32_t n_input(const struct snn_chips *ch)
{
	return ch->config->chips.compensate_inputs;
}

static int init_matrix(struct snn_chips *ch, uint32_t i_matrix)
{
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	struct snn_correction *q = &ch->correction[i_matrix];
	size_t n = n_input(ch), n_line = 0;

	for (uint32_t i = 0; i < snn_cut_n_tile(c); i++) {
		ch->line[c->first + i] = (uint32_t)n_line;
		n_line += ch->plan.tile[c->first + i].n_col;
	}
	q->n_line = (uint32_t)n_line;
	q->n_row = ch->base.net->matrix[i_matrix].n_row;
	q->gain = calloc(n_line * (3 + 2 * n), sizeof(float));
	q->met = calloc(2 * n, q->n_row);
	if (!q->gain || !q->met)
		return -ENOMEM;
	q->offset = q->gain + n_line;
	q->noise = q->offset + n_line;
	q->expected = q->noise + n_line;
	q->now = q->expected + n * n_line;
	q->kept = q->met + n * q->n_row;
	for (size_t i = 0; i < n_line; i++)
		q->gain[i] = 1;
	return 0;
}

int snn_compensation_init(struct snn_chips *ch)
{
	int r = 0;

	ch->line = calloc(ch->plan.n_tile, sizeof(*ch->line));
	if (!ch->line)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < ch->base.net->n_matrix; i++) {
		if (snn_is_on_chips(ch, i))
			r = init_matrix(ch, i);
	}
	return r;
}

void snn_compensation_done(struct snn_chips *ch)
{
	for (uint32_t i = 0; i < SNN_MAX_MATRIX; i++) {
		free(ch->correction[i].gain);
		free(ch->correction[i].met);
	}
	free(ch->line);
}

/* Of a kept input. */
static size_t n_byte(const struct snn_correction *q)
{
	return q->is_real ? q->n_row : (q->n_row + 7) / 8;
}

void snn_compensation_meet(struct snn_chips *ch, const struct snn_product *p, uint32_t n_lane)
{
	struct snn_correction *q = &ch->correction[p->i_matrix];
	const struct snn_spikes *x = p->in;
	uint64_t k = q->n_met / MEET_EVERY;
	size_t lane = k % n_lane, slot = k % n_input(ch), n;

	if (q->n_met++ % MEET_EVERY)
		return;
	q->is_real = x->is_real;
	n = n_byte(q);
	memcpy(q->met + slot * n, x->is_real ? (void *)(x->code + lane * n) : x->bit + lane * n, n);
}

/* What row `row` of a kept input is worth. */
static float kept_input(const struct snn_correction *q, uint32_t i, uint32_t row)
{
	const uint8_t *in = q->kept + i * n_byte(q);

	return q->is_real ? (float)(int8_t)in[row] / XBAR_DAC_MAX
			  : (float)(in[row / 8] >> (row % 8) & 1);
}

void snn_compensation_expect(
	struct snn_chips *ch, const struct snn_tile *t, uint32_t row, uint32_t col, float change)
{
	struct snn_correction *q = &ch->correction[t->i_matrix];
	float *expected = q->expected + (size_t)ch->line[t - ch->plan.tile] * n_input(ch);
	uint32_t c = col - t->m_col;

	for (uint32_t i = 0; i < q->n_kept; i++)
		expected[(size_t)i * t->n_col + c] += kept_input(q, i, row) * change;
}

/* ---- measuring ---- */

/* The n-th read of a tile into its running mean, and noise's sum of squares (Welford's). */
static void take(struct snn_chips *ch, const struct snn_request *request,
	const struct xbar_mvm *mvm, uint32_t n)
{
	const struct snn_tile *t = &ch->plan.tile[request->i_tile];
	struct snn_correction *q = &ch->correction[t->i_matrix];
	size_t line = ch->line[request->i_tile];
	float *now = q->now + line * n_input(ch), scale = ch->adc[request->i_tile].scale;

	for (uint32_t i = 0; i < mvm->n_vec; i++) {
		for (uint32_t c = 0; c < t->n_col; c++) {
			size_t at = (size_t)i * t->n_col + c;
			float x = q->gain[line + c] * scale * (float)mvm->out[at] +
				q->offset[line + c];
			float off = x - now[at];

			now[at] += off / (float)n;
			q->noise[line + c] += off * (x - now[at]);
		}
	}
}

/* Variance of a mean of the reads; where one read cannot tell, that of rounding. */
static void finish_noise(struct snn_chips *ch, uint32_t i_tile)
{
	const struct snn_tile *t = &ch->plan.tile[i_tile];
	struct snn_correction *q = &ch->correction[t->i_matrix];
	float n = (float)ch->config->chips.read_average, scale = ch->adc[i_tile].scale;

	for (uint32_t c = 0; c < t->n_col; c++) {
		float *s = &q->noise[ch->line[i_tile] + c];

		*s = n > 1 && q->n_kept ? *s / ((n - 1) * (float)q->n_kept) : 0;
		*s = fmaxf(*s, scale * scale / 12) / n;
	}
}

/* Products of the kept inputs of all matrices that take part; returns how many products. */
static uint32_t list_products(
	struct snn_chips *ch, struct snn_product *p, struct snn_spikes *in, uint32_t *ret_n_kept)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ch->base.net->n_matrix; i++) {
		struct snn_correction *q = &ch->correction[i];

		if (!q->n_kept)
			continue;
		in[n] = (struct snn_spikes){ .n = q->n_row,
			.n_byte = n_byte(q),
			.is_real = q->is_real,
			.bit = q->kept,
			.code = (int8_t *)q->kept };
		p[n] = (struct snn_product){ .i_matrix = i, .in = &in[n] };
		n++;
		*ret_n_kept = q->n_kept;
		memset(q->now, 0, (size_t)q->n_line * n_input(ch) * sizeof(*q->now));
		memset(q->noise, 0, q->n_line * sizeof(*q->noise));
	}
	return n;
}

/* now [input][column] of every tile: the mean of chips.read_average products, as corrected so far. */
static int measure(struct snn_chips *ch, struct snn_error *e)
{
	struct snn_product p[SNN_MAX_MATRIX];
	struct snn_spikes in[SNN_MAX_MATRIX];
	uint32_t n_kept = 0, n_product = list_products(ch, p, in, &n_kept);
	int r = 0;

	for (uint32_t n = 1; n <= ch->config->chips.read_average; n++) {
		for (uint32_t board = 0; board < ch->n_board; board++) {
			uint32_t n_request;

			r = snn_chips_ask(ch, board, p, n_product, n_kept, &n_request, e);
			if (r < 0)
				return r;
			for (uint32_t k = 0; k < n_request; k++)
				take(ch, &ch->request[k], &ch->mvm[k], n);
		}
	}
	for (uint32_t i = 0; i < ch->plan.n_tile; i++)
		finish_noise(ch, i);
	return 0;
}

/* The same number of inputs from all matrices that were used, the latest ones. */
static void keep_inputs(struct snn_chips *ch)
{
	uint64_t n_kept = n_input(ch);

	for (uint32_t i = 0; i < ch->base.net->n_matrix; i++) {
		uint64_t n = (ch->correction[i].n_met + MEET_EVERY - 1) / MEET_EVERY;

		n_kept = n && n < n_kept ? n : n_kept;
	}
	for (uint32_t i = 0; i < ch->base.net->n_matrix; i++) {
		struct snn_correction *q = &ch->correction[i];

		if (!q->n_met)
			continue;
		q->n_kept = (uint32_t)n_kept;
		memcpy(q->kept, q->met, n_kept * n_byte(q));
	}
}

int snn_chips_refer(struct snn_weights *w, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	int r;

	if (ch->config->chips.compensate == SNN_COMPENSATE_NONE)
		return 0;
	keep_inputs(ch);
	r = measure(ch, e);
	for (uint32_t i = 0; r == 0 && i < w->net->n_matrix; i++) {
		struct snn_correction *q = &ch->correction[i];

		if (q->n_kept)
			memcpy(q->expected, q->now,
				(size_t)q->n_line * n_input(ch) * sizeof(*q->now));
	}
	return r;
}

/* ---- fitting ---- */

/*
 * expected = factor now: least squares, with the square of now's noise taken from that of now, which
 * it makes too large on average.
 */
static double factor_of(const struct snn_chips *ch, uint32_t i_matrix)
{
	const struct snn_correction *q = &ch->correction[i_matrix];
	size_t n = (size_t)q->n_line * n_input(ch);
	double xx = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		xx += (double)q->now[i] * (double)q->now[i];
		xy += (double)q->now[i] * (double)q->expected[i];
	}
	for (uint32_t c = 0; c < q->n_line; c++)
		xx -= (double)q->noise[c] * (double)q->n_kept;
	return xx > 0 && xy > 0 ? xy / xx : 1;
}

struct affine {
	double a, b;
};

/*
 * now and expected [n] of a column, `stride` apart; noise: variance of a point of either. Least
 * squares of expected = a now + b, where a is likely within SPREAD |factor - 1| of the matrix's
 * factor and b within as much of the column's size: columns do not differ by more than devices drift.
 * Without that, the noise of many rounds in training would add up.
 */
static struct affine fit_column(uint32_t n, uint32_t stride, const float *now,
	const float *expected, double noise, double factor)
{
	double sx = 0, sy = 0, xx = 0, xy = 0, yy = 0, sd, la, lb, det;

	for (uint32_t i = 0; i < n; i++) {
		double x = (double)now[(size_t)i * stride];
		double want = (double)expected[(size_t)i * stride], y = want - factor * x;

		sx += x;
		sy += y;
		xx += x * x;
		xy += x * y;
		yy += want * want;
	}
	sd = fmax(SPREAD * fabs(factor - 1), 1e-6);
	la = 2 * noise / (sd * sd);
	lb = yy > 0 ? la * n / yy : la;
	xx = fmax(xx - n * noise, sx * sx / n) + la; /* noise is in now, too: it makes xx */
	xy += factor * n * noise;                    /* too large and xy too small */
	det = xx * (n + lb) - sx * sx;
	if (!(det > 0))
		return (struct affine){ factor, 0 };
	return (struct affine){ factor + (xy * (n + lb) - sx * sy) / det,
		(xx * sy - sx * xy) / det };
}

/* The new correction on top of the one in force. */
static void correct(struct snn_correction *q, size_t line, struct affine f)
{
	q->gain[line] = (float)(f.a * (double)q->gain[line]);
	q->offset[line] = (float)(f.a * (double)q->offset[line] + f.b);
}

static void fit_columns(struct snn_chips *ch, uint32_t i_tile, double factor)
{
	const struct snn_tile *t = &ch->plan.tile[i_tile];
	struct snn_correction *q = &ch->correction[t->i_matrix];
	size_t first = (size_t)ch->line[i_tile] * n_input(ch);

	for (uint32_t c = 0; c < t->n_col; c++) {
		size_t line = ch->line[i_tile] + c;

		correct(q, line,
			fit_column(q->n_kept, t->n_col, q->now + first + c, q->expected + first + c,
				(double)q->noise[line], factor));
	}
}

int snn_chips_compensate(struct snn_weights *w, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	int r;

	if (ch->config->chips.compensate == SNN_COMPENSATE_NONE)
		return 0;
	r = measure(ch, e);
	if (r < 0)
		return r;
	ch->is_corrected = true;
	for (uint32_t i = 0; i < w->net->n_matrix; i++) {
		const struct snn_cut *c = &ch->plan.cut[i];
		struct snn_correction *q = &ch->correction[i];
		double factor;

		if (!q->n_kept)
			continue;
		factor = factor_of(ch, i);
		if (ch->config->chips.compensate == SNN_COMPENSATE_GLOBAL) {
			for (uint32_t k = 0; k < q->n_line; k++)
				correct(q, k, (struct affine){ factor, 0 });
			continue;
		}
		for (uint32_t k = 0; k < snn_cut_n_tile(c); k++)
			fit_columns(ch, c->first + k, factor);
	}
	return 0;
}
