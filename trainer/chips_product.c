/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_product.c - products of matrices as requests of their tiles, all in one call a board. Tiles
 * one below the other get their part of the inputs, and the host adds what their codes are worth.
 */
#include <string.h>
#include "chips_compensate.h"
#include "fast.h"

/* out [n] += scale code [n]; returns the largest |code|. */
SNN_FAST static int decode(size_t n, float scale, const int16_t *restrict code, float *restrict out)
{
	int most = 0;

	for (size_t i = 0; i < n; i++) {
		int c = code[i];

		out[i] += scale * (float)c;
		c = c < 0 ? -c : c;
		most = c > most ? c : most;
	}
	return most;
}

/* The same with out [n] += gain (scale code) + offset. */
SNN_FAST static int decode_corrected(size_t n, float scale, const float *restrict gain,
	const float *restrict offset, const int16_t *restrict code, float *restrict out)
{
	int most = 0;

	for (size_t i = 0; i < n; i++) {
		int c = code[i];

		out[i] += gain[i] * (scale * (float)c) + offset[i];
		c = c < 0 ? -c : c;
		most = c > most ? c : most;
	}
	return most;
}

/* Bits first .. first + n - 1 of `bit`, which has n_byte bytes. */
static void slice(const uint8_t *bit, size_t n_byte, uint32_t first, uint32_t n, uint8_t *ret)
{
	uint32_t shift = first % 8;

	for (size_t k = first / 8; n > 0; k++) {
		unsigned two = bit[k] | (k + 1 < n_byte ? bit[k + 1] : 0u) << 8;

		*ret = (uint8_t)(two >> shift);
		if (n < 8)
			*ret &= (uint8_t)((1u << n) - 1);
		n -= n < 8 ? n : 8;
		ret++;
	}
}

/* A tile's inputs: the matrix's own where it has all rows, else cut out; *next moves behind them. */
static const void *inputs(
	const struct snn_tile *t, const struct snn_spikes *x, uint32_t n_lane, uint8_t **next)
{
	size_t size = x->is_real ? t->n_row : (t->n_row + 7) / 8;
	uint8_t *in = *next;

	if (t->n_row == x->n)
		return x->is_real ? (const void *)x->code : (const void *)x->bit;
	for (uint32_t lane = 0; lane < n_lane; lane++) {
		uint8_t *to = in + lane * size;

		if (x->is_real)
			memcpy(to, x->code + (size_t)lane * x->n + t->m_row, size);
		else
			slice(x->bit + lane * x->n_byte, x->n_byte, t->m_row, t->n_row, to);
	}
	*next = in + n_lane * size;
	return in;
}

static struct xbar_mvm request(
	const struct snn_tile *t, const struct snn_spikes *x, uint32_t n_lane, uint8_t **next)
{
	return (struct xbar_mvm){
		.chip = t->chip,
		.row = t->row,
		.n_row = t->n_row,
		.col = t->col,
		.n_col = t->n_col,
		.n_vec = n_lane,
		.input = x->is_real ? XBAR_INPUT_INT8 : XBAR_INPUT_BIT,
		.in = inputs(t, x, n_lane, next),
	};
}

/* Requests of the products on one board; returns how many. */
static uint32_t gather(struct snn_chips *ch, uint32_t board, const struct snn_product *p,
	uint32_t n_product, uint32_t n_lane)
{
	int16_t *code = ch->code;
	uint8_t *in = ch->in;
	uint32_t n = 0;

	for (uint32_t k = 0; k < n_product; k++) {
		const struct snn_cut *c = &ch->plan.cut[p[k].i_matrix];

		if (snn_board_of(ch, p[k].i_matrix) != board)
			continue;
		for (uint32_t i = 0; i < snn_cut_n_tile(c); i++) {
			ch->request[n] = (struct snn_request){ c->first + i, &p[k] };
			ch->mvm[n] = request(&ch->plan.tile[c->first + i], p[k].in, n_lane, &in);
			ch->mvm[n].out = code;
			code += (size_t)n_lane * ch->mvm[n++].n_col;
		}
	}
	return n;
}

static void scatter(struct snn_chips *ch, const struct snn_request *q, const struct xbar_mvm *mvm)
{
	const struct snn_tile *t = &ch->plan.tile[q->i_tile];
	uint32_t n_col = ch->base.net->matrix[t->i_matrix].n_col;
	const struct snn_correction *k = &ch->correction[t->i_matrix];
	struct snn_adc *adc = &ch->adc[q->i_tile];
	size_t line = ch->line[q->i_tile];

	for (uint32_t lane = 0; lane < mvm->n_vec; lane++) {
		float *out = q->product->out + (size_t)lane * n_col + t->m_col;
		const int16_t *code = mvm->out + (size_t)lane * t->n_col;
		int most;

		if (t->m_row == 0)
			memset(out, 0, t->n_col * sizeof(*out));
		most = ch->is_corrected ? decode_corrected(t->n_col, adc->scale, k->gain + line,
						  k->offset + line, code, out)
					: decode(t->n_col, adc->scale, code, out);
		adc->max_code = most > adc->max_code ? most : adc->max_code;
	}
	adc->n_sat += mvm->n_sat;
}

int snn_chips_ask(struct snn_chips *ch, uint32_t board, const struct snn_product *p,
	uint32_t n_product, uint32_t n_lane, uint32_t *ret_n, struct snn_error *e)
{
	uint32_t n = gather(ch, board, p, n_product, n_lane);
	int r = n ? xbar_mvm(ch->board[board], ch->mvm, n) : 0;

	if (r < 0)
		return snn_board_fail(ch, board, r, "matrix-vector product", e);
	*ret_n = n;
	return 0;
}

int snn_chips_product(struct snn_weights *w, const struct snn_product *p, uint32_t n_product,
	uint32_t n_lane, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	bool is_kept = ch->config->chips.compensate != SNN_COMPENSATE_NONE && !w->is_test;

	for (uint32_t k = 0; is_kept && k < n_product; k++)
		snn_compensation_meet(ch, &p[k], n_lane);
	for (uint32_t board = 0; board < ch->n_board; board++) {
		uint32_t n;
		int r = snn_chips_ask(ch, board, p, n_product, n_lane, &n, e);

		if (r < 0)
			return r;
		for (uint32_t i = 0; i < n; i++)
			scatter(ch, &ch->request[i], &ch->mvm[i]);
	}
	return 0;
}
