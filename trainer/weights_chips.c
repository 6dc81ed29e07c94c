/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weights_chips.c - matrices in the conductances of the chips of one board, or of two.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chips_compensate.h"

#define GROW_SATURATED 2.0f  /* ADC range, after a pass in which codes saturated */
#define GROW_EARLY     1.25f /* and within one, as soon as many codes have */
#define MANY_SATURATED 32
#define VERY_MANY      512

int snn_board_fail(
	const struct snn_chips *ch, uint32_t board, int code, const char *what, struct snn_error *e)
{
	return snn_fail(e, code, "%s: %s", what, xbar_message(ch->board[board]));
}

static void chips_free(struct snn_weights *w)
{
	struct snn_chips *ch = (struct snn_chips *)w;

	for (uint32_t i = 0; i < SNN_MAX_MATRIX; i++) {
		free(ch->cells[i].chi);
		free(ch->cells[i].n_pulse);
		free(ch->cells[i].image);
	}
	for (uint32_t k = 0; k < SNN_MAX_BOARD; k++) {
		xbar_close(ch->board[k]);
		free(ch->pulse[k]);
	}
	snn_compensation_done(ch);
	snn_tile_plan_done(&ch->plan);
	free(ch->adc);
	free(ch->request);
	free(ch->mvm);
	free(ch->code);
	free(ch->in);
	free(ch->flag);
	free(ch->sample);
	gsl_rng_free(ch->rng);
	free(ch);
}

/* Weights as one read-back of the matrix sees them. */
static int read_back(struct snn_chips *ch, uint32_t i_matrix, struct snn_error *e)
{
	const struct snn_cut *c = &ch->plan.cut[i_matrix];
	uint32_t n_col = ch->base.net->matrix[i_matrix].n_col;
	float *image = ch->cells[i_matrix].image;
	int r = 0;

	for (uint32_t k = 0; r == 0 && k < snn_cut_n_tile(c); k++) {
		const struct snn_tile *t = &ch->plan.tile[c->first + k];
		struct xbar_patch w = snn_patch_of(t);
		size_t n = (size_t)t->n_row * t->n_col;

		r = snn_chips_read(ch, t->board, &w, 1, n * XBAR_N_DEVICE, ch->read, e);
		for (size_t i = 0; r == 0 && i < n; i++) {
			const float *d = ch->read + i * XBAR_N_DEVICE;

			image[snn_cell_of(t, n_col, i)] =
				snn_gain_of(ch, t, t->m_col + (uint32_t)(i % t->n_col)) *
				ch->k[i_matrix] * (d[0] + d[1] - d[2] - d[3]);
		}
	}
	return r;
}

static int chips_image(
	struct snn_weights *w, uint32_t i_matrix, const float **ret, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	struct snn_cells *c = &ch->cells[i_matrix];
	int r = 0;

	if (!c->image)
		c->image = calloc(snn_n_cell(&w->net->matrix[i_matrix]), sizeof(*c->image));
	if (!c->image)
		return snn_fail(e, -ENOMEM, "no memory to read weights back");
	if (!c->image_of || ch->n_update + 1 >= c->image_of + ch->config->chips.read_back_every) {
		r = read_back(ch, i_matrix, e);
		c->image_of = ch->n_update + 1;
	}
	*ret = c->image;
	return r;
}

/*
 * Weights of a young network outgrow the ranges of calibration within an epoch: where many codes
 * saturate, a range grows between batches, and doubles where it is far too small.
 */
static int widen(struct snn_chips *ch, struct snn_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < ch->plan.n_tile; i++) {
		uint64_t n = ch->adc[i].n_sat;
		float factor = n >= VERY_MANY ? GROW_SATURATED : GROW_EARLY;

		if (n >= MANY_SATURATED)
			r = snn_chips_range(ch, i, factor * ch->adc[i].range, e);
	}
	return r;
}

static int chips_rest(struct snn_weights *w, uint64_t i_update, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	uint32_t every = ch->config->update.refresh_every;
	int r = 0;

	if (ch->config->chips.wait > 0)
		r = w->ops->wait(w, ch->config->chips.wait, e);
	if (r == 0)
		r = widen(ch, e);
	if (r == 0 && every && i_update % every == 0)
		r = snn_chips_refresh(ch, e);
	if (r == 0 && i_update % ch->config->chips.compensate_every == 0) {
		r = snn_chips_compensate(w, e);
		if (r == 0)
			r = snn_chips_refer(w, e);
	}
	return r;
}

int snn_chips_range(struct snn_chips *ch, uint32_t i_tile, float range, struct snn_error *e)
{
	const struct snn_tile *t = &ch->plan.tile[i_tile];
	struct xbar *x = ch->board[t->board];
	struct xbar_config c = {
		.chip = t->chip, .col = t->col, .n_col = t->n_col, .adc_range = range
	};
	int r = xbar_configure(x, &c);

	if (r < 0)
		return snn_board_fail(ch, t->board, r, "setting ADC ranges", e);
	ch->adc[i_tile] = (struct snn_adc){ .range = range,
		.scale = xbar_adc_lsb(x, t->chip, t->col) * ch->k[t->i_matrix] /
			xbar_info(x)->v_read };
	return 0;
}

/*
 * The range that fits what was met; codes of which fewer than a quarter were used tell it roughly.
 * Where none was used everything lies below half a code, or nothing was driven: one device fully on is
 * the least that is worth a range then.
 */
static float fitting_range(const struct snn_chips *ch, uint32_t i_tile, bool *ret_is_rough)
{
	const struct snn_adc *b = &ch->adc[i_tile];
	const struct xbar_info *info = xbar_info(ch->board[ch->plan.tile[i_tile].board]);
	float n_code = (float)((1u << (info->adc_bits - 1)) - 1);
	float code = b->range / n_code, least = info->v_read * info->g_max;

	*ret_is_rough = b->n_sat || (b->max_code > 0 && (float)b->max_code < n_code / 4);
	if (b->n_sat)
		return GROW_SATURATED * b->range;
	if (b->max_code > 0)
		return (float)ch->config->chips.adc_margin * (float)b->max_code * code;
	if (b->range <= least)
		return b->range;
	*ret_is_rough = true;
	return fmaxf(code / 2, least);
}

static int chips_adapt(struct snn_weights *w, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	int r = 0, n_rough = 0;

	for (uint32_t i = 0; r == 0 && i < ch->plan.n_tile; i++) {
		bool is_rough;

		r = snn_chips_range(ch, i, fitting_range(ch, i, &is_rough), e);
		n_rough += is_rough;
	}
	return r < 0 ? r : n_rough;
}

static int chips_wait(struct snn_weights *w, double dt, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;

	for (uint32_t k = 0; k < ch->n_board; k++) {
		int r = xbar_wait(ch->board[k], dt);

		if (r < 0)
			return snn_board_fail(ch, k, r, "waiting", e);
	}
	return 0;
}

static int chips_stats(struct snn_weights *w, struct snn_epoch *row, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;

	row->chip_time = 0;
	row->energy = 0;
	row->n_refresh = ch->n_refresh;
	for (uint32_t k = 0; k < ch->n_board; k++) {
		struct xbar_stats s;
		int r = xbar_stats(ch->board[k], &s);

		if (r < 0)
			return snn_board_fail(ch, k, r, "reading statistics", e);
		row->n_set += s.n_set;
		row->n_reset += s.n_reset;
		row->n_read += s.n_read;
		row->n_sat += s.n_sat;
		row->energy += s.energy;
		row->chip_time = fmax(row->chip_time, 1e-9 * (double)s.time);
	}
	return 0;
}

static const struct snn_weights_ops chips_ops = {
	.name = "chips",
	.product = snn_chips_product,
	.image = chips_image,
	.update = snn_chips_update,
	.rest = chips_rest,
	.adapt = chips_adapt,
	.refer = snn_chips_refer,
	.compensate = snn_chips_compensate,
	.wait = chips_wait,
	.stats = chips_stats,
	.save = snn_chips_save,
	.load = snn_chips_load,
	.free = chips_free,
};

static void keep_message(void *user, enum xbar_log_level level, const char *text)
{
	(void)level;
	snprintf(user, 512, "%.500s", text);
}

static int open_board(struct snn_chips *ch, const char *uri, struct snn_error *e)
{
	char text[512] = "";
	struct xbar_params prm = {
		.log = keep_message, .log_user = text, .log_level = XBAR_LOG_ERROR
	};
	int r = xbar_open(&ch->board[ch->n_board], uri, &prm);

	if (r < 0)
		return snn_fail(e, r, "%s", text[0] ? text : uri);
	ch->n_board++;
	return 0;
}

/* The emulated board of a run that names none: as many chips as the network needs, two at least. */
static int own_board(const struct snn_config *c, const struct snn_net *net, bool has_feedback,
	char *ret, size_t n, struct snn_error *e)
{
	struct snn_chips ch = { .base.net = net };
	struct snn_tile_plan plan;
	struct snn_chip_size size;
	uint32_t n_chip;
	int r = open_board(&ch, "emu:", e);

	if (r < 0)
		return r;
	size = (struct snn_chip_size){ xbar_info(ch.board[0])->n_row,
		xbar_info(ch.board[0])->n_col };
	xbar_close(ch.board[0]);
	if (snn_tile_plan_init(&plan, net, has_feedback && !c->uri2[0], &size, 1) < 0)
		return snn_fail(e, -ENOMEM, "no memory for the plan");
	n_chip = plan.n_chip[0] > 2 ? plan.n_chip[0] : 2;
	snn_tile_plan_done(&plan);
	snprintf(ret, n, "emu:?chips=%u&seed=%llu", n_chip, (unsigned long long)c->seed);
	return 0;
}

int snn_weights_chips_choose(
	struct snn_config *c, const struct snn_net *net, bool has_feedback, struct snn_error *e)
{
	const char *given = getenv("XBAR_URI");
	char own[64];
	int r = 0;

	if (c->uri[0])
		return 0;
	if (!given || !given[0]) {
		r = own_board(c, net, has_feedback, own, sizeof(own), e);
		given = own;
	}
	if (r < 0)
		return r;
	if (strlen(given) >= sizeof(c->uri))
		return snn_fail(
			e, -ENAMETOOLONG, "$XBAR_URI is longer than %zu bytes", sizeof(c->uri) - 1);
	snprintf(c->uri, sizeof(c->uri), "%s", given);
	return 0;
}

static int open_boards(struct snn_chips *ch, const struct snn_config *c, struct snn_error *e)
{
	int r = open_board(ch, c->uri, e);

	if (r == 0 && c->uri2[0])
		r = open_board(ch, c->uri2, e);
	return r;
}

/* What is needed to talk to the boards about tiles. */
static int allocate_requests(struct snn_chips *ch, uint32_t n_lane)
{
	const struct snn_tile_plan *p = &ch->plan;
	size_t n_code = 0, n_in = 0;

	for (uint32_t i = 0; i < p->n_tile; i++) {
		n_code += (size_t)n_lane * p->tile[i].n_col;
		n_in += (size_t)n_lane * p->tile[i].n_row;
	}
	ch->adc = calloc(p->n_tile, sizeof(*ch->adc));
	ch->request = calloc(p->n_tile, sizeof(*ch->request));
	ch->mvm = calloc(p->n_tile, sizeof(*ch->mvm));
	ch->code = calloc(n_code, sizeof(*ch->code));
	ch->in = calloc(n_in, sizeof(*ch->in));
	return ch->adc && ch->request && ch->mvm && ch->code && ch->in ? 0 : -ENOMEM;
}

static int allocate_cells(struct snn_chips *ch)
{
	const struct snn_net *net = ch->base.net;
	size_t most = 0;

	for (uint32_t i = 0; i < net->n_matrix; i++) {
		size_t n = snn_n_cell(&net->matrix[i]);

		if (net->matrix[i].is_feedback)
			continue;
		most = n > most ? n : most;
		ch->max_pulse += n;
		ch->cells[i].chi = calloc(n, sizeof(float));
		ch->cells[i].n_pulse = calloc(n, XBAR_N_DEVICE + 1);
		if (!ch->cells[i].chi || !ch->cells[i].n_pulse)
			return -ENOMEM;
		ch->cells[i].next = ch->cells[i].n_pulse + n * XBAR_N_DEVICE;
	}
	ch->max_pulse += UINT8_MAX; /* update.max_pulses: there is always room for one weight's */
	ch->flag = calloc(most / SNN_N_SCAN + 1, 1);
	return ch->flag ? 0 : -ENOMEM;
}

static int allocate(struct snn_chips *ch, uint32_t n_lane)
{
	size_t most = (size_t)ch->spare.n_row * ch->spare.n_col;

	if (ch->config->chips.compensate_inputs > n_lane)
		n_lane = ch->config->chips.compensate_inputs;
	if (allocate_requests(ch, n_lane) < 0 || allocate_cells(ch) < 0 ||
		snn_compensation_init(ch) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < ch->plan.n_tile; i++) {
		size_t n = (size_t)ch->plan.tile[i].n_row * ch->plan.tile[i].n_col;

		most = n > most ? n : most;
	}
	ch->sample = calloc(2 * most * XBAR_N_DEVICE, sizeof(*ch->sample));
	ch->rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!ch->sample || !ch->rng)
		return -ENOMEM;
	ch->read = ch->sample + most * XBAR_N_DEVICE;
	for (uint32_t k = 0; k < ch->n_board; k++) {
		ch->pulse[k] = calloc(ch->max_pulse, sizeof(*ch->pulse[k]));
		if (!ch->pulse[k])
			return -ENOMEM;
	}
	return 0;
}

/* One polarity, its devices at g_full each, is the largest weight. */
static void scale(struct snn_chips *ch)
{
	const struct snn_config *c = ch->config;
	const struct snn_net *net = ch->base.net;

	for (uint32_t i = 0; i < net->n_matrix; i++) {
		double largest = net->matrix[i].is_feedback ? c->chips.b_max
			: i == snn_net_v(net)               ? c->chips.v_max
			: i > snn_net_v(net)                ? c->chips.h_max
							    : c->chips.w_max;

		ch->k[i] = (float)(largest / (snn_n_of_polarity(ch) * c->chips.g_full));
	}
}

/* The widest useful range: every input on, every device at its most. The first adapt() narrows it. */
static int widest_ranges(struct snn_chips *ch, struct snn_error *e)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < ch->plan.n_tile; i++) {
		const struct snn_tile *t = &ch->plan.tile[i];
		const struct xbar_info *info = xbar_info(ch->board[t->board]);

		r = snn_chips_range(ch, i, 2 * info->v_read * info->g_max * (float)t->n_row, e);
	}
	return r;
}

static int describe_it(const struct snn_chips *ch, char **ret)
{
	size_t n = 0;
	FILE *f = open_memstream(ret, &n);

	if (!f)
		return -ENOMEM;
	for (uint32_t k = 0; k < ch->n_board; k++) {
		const struct xbar_info *i = xbar_info(ch->board[k]);

		fprintf(f, "board %u: %s, %s, version %s, %u chips of %u x %u cells\n  uri %s\n", k,
			i->board, i->model, i->version, i->n_chip, i->n_row, i->n_col, i->uri);
	}
	snn_chips_print_plan(ch, f);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

int snn_weights_chips_new(struct snn_weights **ret, const struct snn_net *net,
	const struct snn_config *c, bool has_feedback, bool is_restored, char **describe,
	struct snn_error *e)
{
	struct snn_chips *ch = calloc(1, sizeof(*ch));
	int r;

	if (!ch)
		return snn_fail(e, -ENOMEM, "no memory for the weights");
	ch->base = (struct snn_weights){ .ops = &chips_ops, .net = net };
	ch->config = c;
	ch->seed = c->seed;
	scale(ch);
	r = open_boards(ch, c, e);
	if (r == 0)
		r = snn_chips_plan(ch, has_feedback, e);
	if (r < 0)
		goto fail;
	r = allocate(ch, c->train.batch);
	if (r < 0) {
		snn_fail(e, r, "no memory for the weights");
		goto fail;
	}
	r = widest_ranges(ch, e);
	if (r == 0 && !is_restored)
		r = snn_chips_program(ch, e);
	if (r == 0 && describe_it(ch, describe) < 0)
		r = snn_fail(e, -ENOMEM, "no memory to describe the board");
	if (r < 0)
		goto fail;
	*ret = &ch->base;
	return 0;
fail:
	chips_free(&ch->base);
	return r;
}
