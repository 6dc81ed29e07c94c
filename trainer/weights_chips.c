/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weights_chips.c - matrices in the conductances of one board with two chips, or of two boards.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chips.h"
#include "fast.h"

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
	for (uint32_t k = 0; k < 2; k++) {
		xbar_close(ch->board[k]);
		free(ch->pulse[k]);
	}
	free(ch->code);
	free(ch->flag);
	free(ch->sample);
	gsl_rng_free(ch->rng);
	free(ch);
}

/* out [n] = scale code [n]; returns the largest |code|. */
SNN_FAST static int decode(size_t n, float scale, const int16_t *restrict code, float *restrict out)
{
	int most = 0;

	for (size_t i = 0; i < n; i++) {
		int c = code[i];

		out[i] = scale * (float)c;
		c = c < 0 ? -c : c;
		most = c > most ? c : most;
	}
	return most;
}

static struct xbar_mvm request(
	const struct snn_chips *ch, const struct snn_product *p, uint32_t n_lane, int16_t *code)
{
	const struct snn_matrix *m = &ch->base.net->matrix[p->i_matrix];
	const struct snn_block *b = &ch->block[p->i_matrix];

	return (struct xbar_mvm){
		.chip = b->chip,
		.row = b->row,
		.n_row = m->n_row,
		.col = b->col,
		.n_col = m->n_col,
		.n_vec = n_lane,
		.input = p->in->is_real ? XBAR_INPUT_INT8 : XBAR_INPUT_BIT,
		.in = p->in->is_real ? (const void *)p->in->code : (const void *)p->in->bit,
		.out = code,
	};
}

static int chips_product(struct snn_weights *w, const struct snn_product *p, uint32_t n_product,
	uint32_t n_lane, struct snn_error *e)
{
	struct snn_chips *ch = (struct snn_chips *)w;
	struct xbar_mvm req[SNN_MAX_PRODUCT];
	int16_t *code = ch->code;

	for (uint32_t board = 0; board < ch->n_board; board++) {
		uint32_t of[SNN_MAX_PRODUCT], n = 0;
		int r;

		for (uint32_t k = 0; k < n_product; k++) {
			if (ch->block[p[k].i_matrix].board != board)
				continue;
			of[n] = k;
			req[n++] = request(ch, &p[k], n_lane, code);
			code += (size_t)n_lane * w->net->matrix[p[k].i_matrix].n_col;
		}
		r = n ? xbar_mvm(ch->board[board], req, n) : 0;
		if (r < 0)
			return snn_board_fail(ch, board, r, "matrix-vector product", e);
		for (uint32_t q = 0; q < n; q++) {
			struct snn_block *b = &ch->block[p[of[q]].i_matrix];
			int most = decode(
				(size_t)n_lane * req[q].n_col, b->scale, req[q].out, p[of[q]].out);

			b->max_code = most > b->max_code ? most : b->max_code;
			b->n_sat += req[q].n_sat;
		}
	}
	return 0;
}

/* Weights as one read-back of the matrix sees them. */
static int read_back(struct snn_chips *ch, uint32_t i_matrix, struct snn_error *e)
{
	const struct snn_matrix *m = &ch->base.net->matrix[i_matrix];
	const struct snn_block *b = &ch->block[i_matrix];
	struct xbar_patch w = {
		.chip = b->chip, .row = b->row, .n_row = m->n_row, .col = b->col, .n_col = m->n_col
	};
	size_t n = snn_n_cell(m);
	float *g = ch->read;
	int r = snn_chips_read(ch, b->board, &w, 1, n * XBAR_N_DEVICE, g, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const float *d = g + i * XBAR_N_DEVICE;

		ch->cells[i_matrix].image[i] = b->k * (d[0] + d[1] - d[2] - d[3]);
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

	for (uint32_t i = 0; r == 0 && i < ch->base.net->n_matrix; i++) {
		uint64_t n = ch->block[i].n_sat;
		float factor = n >= VERY_MANY ? GROW_SATURATED : GROW_EARLY;

		if (n >= MANY_SATURATED)
			r = snn_chips_range(ch, i, factor * ch->block[i].range, e);
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
	return r;
}

int snn_chips_range(struct snn_chips *ch, uint32_t i_matrix, float range, struct snn_error *e)
{
	struct snn_block *b = &ch->block[i_matrix];
	struct xbar *x = ch->board[b->board];
	struct xbar_config c = { .chip = b->chip,
		.col = b->col,
		.n_col = ch->base.net->matrix[i_matrix].n_col,
		.adc_range = range };
	int r = xbar_configure(x, &c);

	if (r < 0)
		return snn_board_fail(ch, b->board, r, "setting ADC ranges", e);
	b->range = range;
	b->scale = xbar_adc_lsb(x, b->chip, b->col) * b->k / xbar_info(x)->v_read;
	b->max_code = 0;
	b->n_sat = 0;
	return 0;
}

/*
 * The range that fits what was met; codes of which fewer than a quarter were used tell it roughly.
 * Where none was used everything lies below half a code, or nothing was driven: one device fully on is
 * the least that is worth a range then.
 */
static float fitting_range(
	const struct snn_chips *ch, const struct snn_block *b, bool *ret_is_rough)
{
	const struct xbar_info *info = xbar_info(ch->board[b->board]);
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

	for (uint32_t i = 0; r == 0 && i < w->net->n_matrix; i++) {
		bool is_rough;

		if (!ch->block[i].range)
			continue; /* feedback that is not on the board */
		r = snn_chips_range(ch, i, fitting_range(ch, &ch->block[i], &is_rough), e);
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
	.product = chips_product,
	.image = chips_image,
	.update = snn_chips_update,
	.rest = chips_rest,
	.adapt = chips_adapt,
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

int snn_weights_chips_choose(struct snn_config *c, struct snn_error *e)
{
	const char *given = getenv("XBAR_URI");
	char own[64];

	if (c->uri[0])
		return 0;
	snprintf(own, sizeof(own), "emu:?chips=2&seed=%llu", (unsigned long long)c->seed);
	if (!given || !given[0])
		given = own;
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

static int allocate(struct snn_chips *ch, uint32_t n_lane)
{
	const struct snn_net *net = ch->base.net;
	size_t most = 0, n_spare;

	for (uint32_t i = 0; i < net->n_matrix; i++) {
		const struct snn_matrix *m = &net->matrix[i];
		size_t n = snn_n_cell(m);

		ch->max_code += (size_t)n_lane * m->n_col;
		most = n > most ? n : most;
		if (m->is_feedback)
			continue;
		ch->max_pulse += n;
		ch->cells[i].chi = calloc(n, sizeof(float));
		ch->cells[i].n_pulse = calloc(n, XBAR_N_DEVICE + 1);
		if (!ch->cells[i].chi || !ch->cells[i].n_pulse)
			return -ENOMEM;
		ch->cells[i].next = ch->cells[i].n_pulse + n * XBAR_N_DEVICE;
	}
	ch->max_pulse += UINT8_MAX; /* update.max_pulses: there is always room for one weight's */
	ch->flag = calloc(most / SNN_N_SCAN + 1, 1);
	ch->code = calloc(ch->max_code, sizeof(*ch->code));
	n_spare = (size_t)ch->spare.n_row * ch->spare.n_col;
	most = n_spare > most ? n_spare : most;
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
	return ch->flag && ch->code ? 0 : -ENOMEM;
}

/* One polarity, two devices at g_full each, is the largest weight. */
static void scale(struct snn_chips *ch, const struct snn_config *c)
{
	const struct snn_net *net = ch->base.net;

	for (uint32_t i = 0; i < net->n_matrix; i++) {
		double largest = net->matrix[i].is_feedback ? c->chips.b_max
			: i == snn_net_v(net)               ? c->chips.v_max
							    : c->chips.w_max;

		ch->block[i].k = (float)(largest / (2 * c->chips.g_full));
	}
}

/* The widest useful range: every input on, every device at its most. The first adapt() narrows it. */
static int widest_ranges(struct snn_chips *ch, struct snn_error *e)
{
	const struct snn_net *net = ch->base.net;
	uint32_t n = snn_chips_n_matrix(ch);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const struct xbar_info *info = xbar_info(ch->board[ch->block[i].board]);

		r = snn_chips_range(
			ch, i, 2 * info->v_read * info->g_max * (float)net->matrix[i].n_row, e);
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
	ch->has_feedback = has_feedback;
	scale(ch, c);
	r = open_boards(ch, c, e);
	if (r == 0)
		r = snn_chips_plan(ch, e);
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
