/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chips_update.c - changes become pulses. There is no gradual depression: SET on the plus pair raises
 * a weight, SET on the minus pair lowers it.
 *
 *	mixed-precision (Nandakumar et al., Front. Neurosci. 14, 2020): chi collects changes; while
 *	|chi| is at least the mean step of the device whose turn it is, one pulse, chi less that step.
 *	stochastic: |change| / step pulses, the fraction rounded at random.
 *	sign: one pulse where |change| is at least update.sign_threshold steps.
 *
 * Devices of a pair take turns (Boybat et al., Nat. Commun. 9, 2018), or are drawn, or it is the one
 * with the lower conductance, as far as the host knows: by its pulses since RESET or its last read.
 * The partner of a device that was given up gets all pulses of the pair.
 */
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>
#include "chips_compensate.h"
#include "fast.h"
#include "seed.h"

/* chi += delta; flag [n / SNN_N_SCAN, rounded up] where some |chi| >= limit. */
SNN_FAST static void screen(size_t n, const float *restrict delta, float limit, float *restrict chi,
	uint8_t *restrict flag)
{
	size_t i = 0;

	for (; i + SNN_N_SCAN <= n; i += SNN_N_SCAN) {
		int any = 0;

		for (size_t k = i; k < i + SNN_N_SCAN; k++) {
			chi[k] += delta[k];
			any |= fabsf(chi[k]) >= limit;
		}
		flag[i / SNN_N_SCAN] = (uint8_t)any;
	}
	for (; i < n; i++) {
		chi[i] += delta[i];
		flag[i / SNN_N_SCAN] = 1;
	}
}

struct update {
	struct snn_chips *ch;
	uint32_t i_matrix;
};

static float gain_of(const struct update *u, size_t cell)
{
	uint32_t n_col = u->ch->base.net->matrix[u->i_matrix].n_col;
	uint32_t row = (uint32_t)(cell / n_col), col = (uint32_t)(cell % n_col);

	return snn_gain_of(u->ch, snn_tile_of(&u->ch->plan, u->i_matrix, row, col), col);
}

/* Of the weight, by one more pulse. */
static float step_of(const struct update *u, size_t cell, uint32_t device)
{
	uint8_t p = u->ch->cells[u->i_matrix].n_pulse[cell * XBAR_N_DEVICE + device];
	float step = u->ch->k[u->i_matrix] * u->ch->step[p < SNN_N_STEP ? p : SNN_N_STEP - 1];

	return u->ch->is_corrected ? gain_of(u, cell) * step : step;
}

static uint32_t choose_device(const struct update *u, size_t cell, bool is_plus)
{
	const struct snn_cells *c = &u->ch->cells[u->i_matrix];
	uint32_t bit = is_plus ? 0 : 1, first = is_plus ? 0 : 2;
	const uint8_t *p = c->n_pulse + cell * XBAR_N_DEVICE + first;

	if (snn_n_of_polarity(u->ch) == 1)
		return first;
	if (snn_is_given_up(c, cell, first) != snn_is_given_up(c, cell, first + 1))
		return first + snn_is_given_up(c, cell, first);
	if (u->ch->config->update.device == SNN_RANDOM_DEVICE)
		return first + (uint32_t)gsl_rng_uniform_int(u->ch->rng, 2);
	if (u->ch->config->update.device == SNN_LOWEST_DEVICE && p[0] != p[1])
		return first + (p[1] < p[0]);
	return first + (uint32_t)(c->next[cell] >> bit & 1);
}

static void send(const struct update *u, size_t cell, uint32_t device)
{
	struct snn_chips *ch = u->ch;
	uint32_t n_col = ch->base.net->matrix[u->i_matrix].n_col;
	uint32_t row = (uint32_t)(cell / n_col), col = (uint32_t)(cell % n_col);
	const struct snn_tile *t = snn_tile_of(&ch->plan, u->i_matrix, row, col);
	uint8_t *p = &ch->cells[u->i_matrix].n_pulse[cell * XBAR_N_DEVICE + device];

	if (ch->correction[u->i_matrix].n_kept)
		snn_compensation_expect(ch, t, row, col,
			device < 2 ? step_of(u, cell, device) : -step_of(u, cell, device));
	ch->cells[u->i_matrix].next[cell] ^= device < 2 ? 1u : 2u;
	if (*p < UINT8_MAX)
		++*p;
	ch->pulse[t->board][ch->n_pulse[t->board]++] = (struct xbar_pulse){
		.row = (uint16_t)(t->row + row - t->m_row),
		.col = (uint16_t)(t->col + col - t->m_col),
		.chip = (uint8_t)t->chip,
		.device = (uint8_t)device,
		.kind = XBAR_SET,
		.n = 1,
	};
}

static int flush(struct snn_chips *ch, uint32_t board, struct snn_error *e)
{
	int r = 0;

	if (ch->n_pulse[board])
		r = xbar_pulse(ch->board[board], ch->pulse[board], ch->n_pulse[board]);
	ch->n_pulse[board] = 0;
	return r < 0 ? snn_board_fail(ch, board, r, "pulsing weights", e) : 0;
}

/* Room for the pulses of one more cell. */
static int make_room(struct snn_chips *ch, uint32_t board, struct snn_error *e)
{
	if (ch->n_pulse[board] + ch->config->update.max_pulses <= ch->max_pulse)
		return 0;
	return flush(ch, board, e);
}

static void accumulate(const struct update *u, size_t cell)
{
	float *chi = &u->ch->cells[u->i_matrix].chi[cell];

	for (uint32_t n = 0; n < u->ch->config->update.max_pulses; n++) {
		bool is_plus = *chi > 0;
		uint32_t device = choose_device(u, cell, is_plus);
		float step = step_of(u, cell, device);

		if (!(fabsf(*chi) >= step))
			break;
		*chi -= is_plus ? step : -step;
		send(u, cell, device);
	}
}

static void round_at_random(const struct update *u, size_t cell, float change)
{
	bool is_plus = change > 0;
	float left = fabsf(change);

	for (uint32_t n = 0; left > 0 && n < u->ch->config->update.max_pulses; n++) {
		uint32_t device = choose_device(u, cell, is_plus);
		float step = step_of(u, cell, device);

		if (left < step && gsl_rng_uniform(u->ch->rng) * (double)step >= (double)left)
			break;
		left -= step;
		send(u, cell, device);
	}
}

static void follow_sign(const struct update *u, size_t cell, float change)
{
	uint32_t device = choose_device(u, cell, change > 0);
	float threshold = (float)u->ch->config->update.sign_threshold;

	if (fabsf(change) >= threshold * step_of(u, cell, device))
		send(u, cell, device);
}

static float least_step(const struct snn_chips *ch, uint32_t i_matrix)
{
	float least = ch->step[0];

	const struct snn_correction *q = &ch->correction[i_matrix];
	float gain = 1;

	for (int k = 1; k < SNN_N_STEP; k++)
		least = fminf(least, ch->step[k]);
	for (uint32_t c = 0; ch->is_corrected && c < q->n_line; c++)
		gain = fminf(gain, q->gain[c]);
	return gain * least * ch->k[i_matrix];
}

static int update_mixed(const struct update *u, const float *delta, struct snn_error *e)
{
	struct snn_chips *ch = u->ch;
	size_t n = snn_n_cell(&ch->base.net->matrix[u->i_matrix]);
	float limit = least_step(ch, u->i_matrix);
	const float *chi = ch->cells[u->i_matrix].chi;
	int r = 0;

	screen(n, delta, limit, ch->cells[u->i_matrix].chi, ch->flag);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i % SNN_N_SCAN == 0 && !ch->flag[i / SNN_N_SCAN]) {
			i += SNN_N_SCAN - 1;
			continue;
		}
		if (!(fabsf(chi[i]) >= limit))
			continue;
		r = make_room(ch, snn_board_of(ch, u->i_matrix), e);
		if (r == 0)
			accumulate(u, i);
	}
	return r;
}

/* Schemes that keep nothing of a change. */
static int update_at_once(const struct update *u, const float *delta, struct snn_error *e)
{
	struct snn_chips *ch = u->ch;
	bool is_sign = ch->config->update.scheme == SNN_SIGN;
	size_t n = snn_n_cell(&ch->base.net->matrix[u->i_matrix]);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (delta[i] == 0)
			continue;
		r = make_room(ch, snn_board_of(ch, u->i_matrix), e);
		if (r == 0 && is_sign)
			follow_sign(u, i, delta[i]);
		else if (r == 0)
			round_at_random(u, i, delta[i]);
	}
	return r;
}

int snn_chips_update(
	struct snn_weights *w, const float *const *delta, uint64_t i_update, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	int scheme = ch->config->update.scheme;
	struct update u = { .ch = ch };
	int r = 0;

	if (scheme == SNN_STOCHASTIC || ch->config->update.device == SNN_RANDOM_DEVICE)
		gsl_rng_set(ch->rng, snn_seed(ch->seed, SNN_USE_ROUNDING, i_update));
	for (uint32_t i = 0; r == 0 && i < w->net->n_matrix; i++) {
		u.i_matrix = i;
		if (delta[i])
			r = scheme == SNN_MIXED_PRECISION ? update_mixed(&u, delta[i], e)
							  : update_at_once(&u, delta[i], e);
	}
	for (uint32_t k = 0; r == 0 && k < ch->n_board; k++)
		r = flush(ch, k, e);
	ch->n_update++;
	return r;
}
