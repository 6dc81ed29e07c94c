/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program.c - program-and-verify over pulses and reads alone: nothing here knows a device model.
 *
 * A round reads the rows that still have a device to place (n_read reads, averaged), then sends one
 * list of pulses: a device below its target gets SETs, one above it a RESET and a first SET, one
 * that is near is left alone from then on. A SET moves a device by a random amount, so how many to
 * give is learned from the device itself: half of what the mean step of its last pulses suggests,
 * at most twice the last number. In the end all devices are read afresh for the statistics.
 *
 * The target is the conductance as read now. Devices drift from their last pulse on, so that later
 * reads give less: (age / t_min)^-nu with the emulator's models.
 *
 * What to expect of nandakumar2018, whose single SET moves a device by 0.5 to 1.8 uS with an sd of
 * 0.3 to 1.7 uS: with the default options (30 rounds, 4 reads, tol 0.5 uS) an rms error of 0.25 uS
 * at 3 uS, 0.29 at 5, 0.45 at 8, 0.69 at 10 uS, 0.38 over targets uniform in 0 .. 10 uS (16,384
 * devices, 9.5 to 28 SETs and 1 to 5.5 RESETs each; means of 64 reads). n_read 16, max_iter 100
 * and tol 0.25 uS: 0.15 uS over 0 .. 10 uS.
 */
#include "program.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define N_SET_MAX 16 /* pulses a round */

struct device {
	float g;          /* S, mean of the last round's reads */
	float g_last;     /* S, before the last SETs */
	uint8_t n_set;    /* SETs given last */
	uint16_t n_round; /* since the last RESET, or since the beginning */
	bool is_done;
	bool is_reset; /* the last pulse was a RESET */
};

struct run {
	struct xbar *x;
	const struct xbar_patch *w;
	const float *g_target; /* [n_row][n_col][4] S */
	const struct xbar_program_options *opt;
	size_t n;                 /* devices */
	float g_low_max;          /* S, no device that works reads more after a RESET */
	double sum_low;           /* S, of reads after a RESET */
	size_t n_low;             /* of them */
	struct device *dev;       /* [n_row][n_col][4], owns the block */
	float *read;              /* [n_listed][n_col][4] S */
	struct xbar_pulse *pulse; /* two a device */
	size_t n_pulse;
	struct xbar_patch *listed; /* [n_listed] single rows to read; owns its block */
	size_t n_listed;
	uint32_t n_left; /* rounds after this one */
};

static int run_init(struct run *s, struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt)
{
	size_t n = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE;

	*s = (struct run){ .x = x, .w = w, .g_target = g, .opt = opt, .n = n };
	s->g_low_max = xbar_info(x)->g_max / 20;
	s->dev = calloc(n, sizeof(*s->dev) + sizeof(*s->read) + 2 * sizeof(*s->pulse));
	s->listed = calloc(w->n_row, sizeof(*s->listed));
	if (!s->dev || !s->listed)
		return -ENOMEM;
	s->read = (float *)(s->dev + n);
	s->pulse = (struct xbar_pulse *)(s->read + n);
	return 0;
}

static void run_done(struct run *s)
{
	free(s->dev);
	free(s->listed);
}

static struct device *row_of(const struct run *s, const struct xbar_patch *listed)
{
	return s->dev + (size_t)(listed->row - s->w->row) * s->w->n_col * XBAR_N_DEVICE;
}

/* The rows that have a device not done, or all. */
static void list_rows(struct run *s, bool all)
{
	size_t n = (size_t)s->w->n_col * XBAR_N_DEVICE;

	s->n_listed = 0;
	for (uint32_t i = 0; i < s->w->n_row; i++) {
		struct xbar_patch row = *s->w;
		bool has_work = all;

		row.row += i;
		row.n_row = 1;
		for (size_t k = 0; k < n && !has_work; k++)
			has_work = !row_of(s, &row)[k].is_done;
		if (has_work)
			s->listed[s->n_listed++] = row;
	}
}

/* Mean of n_read reads of every device of the listed rows, into dev[].g. */
static int read_listed(struct run *s)
{
	size_t n = (size_t)s->w->n_col * XBAR_N_DEVICE;
	float scale = 1.0f / (float)s->opt->n_read;

	for (uint32_t k = 0; k < s->opt->n_read; k++) {
		int r = xbar_read(s->x, s->listed, s->n_listed, s->read);

		if (r < 0)
			return r;
		for (size_t i = 0; i < s->n_listed; i++) {
			struct device *d = row_of(s, &s->listed[i]);
			const float *g = s->read + i * n;

			for (size_t j = 0; j < n; j++)
				d[j].g = (k ? d[j].g : 0.0f) + g[j] * scale;
		}
	}
	return 0;
}

/* What a RESET leaves here, S: nothing lower can be programmed. */
static float low(const struct run *s)
{
	float g = s->n_low ? (float)(s->sum_low / (double)s->n_low) : 0.0f;

	return g < s->g_low_max ? g : s->g_low_max;
}

static float target(const struct run *s, size_t i)
{
	float g = low(s);

	return s->g_target[i] > g ? s->g_target[i] : g;
}

/*
 * The error at which a device is left alone, S: 0.7 tol at first, so that what is done is still
 * within tol when its read noise is drawn afresh, and 1.5 tol in the last round.
 */
static float accepted(const struct run *s)
{
	float u = 1.0f - (float)s->n_left / (float)s->opt->max_iter;

	return s->opt->tol * (0.7f + 0.8f * u * u);
}

/*
 * Is a device that is `over` S above its target better left there than thrown to RESET, `height` S
 * below it? Yes if its way up took more rounds than there are left, unless RESET is nearer.
 */
static bool is_best_left(const struct run *s, const struct device *d, float over, float height)
{
	return d->n_round > s->n_left && over < height;
}

static uint8_t n_set(const struct device *d, float gap)
{
	int most = 2 * d->n_set < N_SET_MAX ? 2 * d->n_set : N_SET_MAX;
	float step = d->g - d->g_last;
	float n = 0.5f * gap * (float)d->n_set / step;

	if (!d->n_set || n < 1.0f)
		return step > 0.0f || !d->n_set ? 1 : (uint8_t)most;
	return n < (float)most ? (uint8_t)n : (uint8_t)most;
}

static void add(struct run *s, size_t i, enum xbar_kind kind, uint8_t n)
{
	size_t cell = i / XBAR_N_DEVICE;

	s->pulse[s->n_pulse++] = (struct xbar_pulse){
		.chip = (uint8_t)s->w->chip,
		.row = (uint16_t)(s->w->row + cell / s->w->n_col),
		.col = (uint16_t)(s->w->col + cell % s->w->n_col),
		.device = (uint8_t)(i % XBAR_N_DEVICE),
		.kind = (uint8_t)kind,
		.n = n,
	};
}

static void decide(struct run *s, size_t i, float accept)
{
	struct device *d = &s->dev[i];
	float gap = target(s, i) - d->g;

	if (fabsf(gap) <= accept) {
		d->is_done = true;
		return;
	}
	d->n_round++;
	if (gap < 0.0f && is_best_left(s, d, -gap, target(s, i) - low(s))) {
		d->is_done = true;
		return;
	}
	if (gap > 0.0f) {
		d->n_set = n_set(d, gap);
		d->g_last = d->g;
		d->is_reset = false;
		add(s, i, XBAR_SET, d->n_set);
		return;
	}
	add(s, i, XBAR_RESET, 1);
	d->n_round = 0;
	d->n_set = 0;
	d->is_reset = target(s, i) - low(s) <= s->opt->tol;
	if (!d->is_reset) {
		d->n_set = 1;
		d->g_last = low(s);
		add(s, i, XBAR_SET, 1);
	}
}

static int one_round(struct run *s, uint32_t i_round)
{
	size_t n = (size_t)s->w->n_col * XBAR_N_DEVICE;
	int r;

	s->n_left = s->opt->max_iter - 1 - i_round;
	r = read_listed(s);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->n; i++) {
		if (!s->dev[i].is_done && s->dev[i].is_reset) {
			s->sum_low += (double)s->dev[i].g;
			s->n_low++;
		}
	}
	s->n_pulse = 0;
	for (size_t i = 0; i < s->n_listed; i++) {
		size_t first = (size_t)(row_of(s, &s->listed[i]) - s->dev);

		for (size_t k = first; k < first + n; k++) {
			if (!s->dev[k].is_done)
				decide(s, k, accepted(s));
		}
	}
	return xbar_pulse(s->x, s->pulse, s->n_pulse);
}

static int verify(struct run *s, struct xbar_program_stats *ret)
{
	double sum = 0.0;
	int r;

	list_rows(s, true);
	r = read_listed(s);
	if (r < 0)
		return r;
	ret->n_device = (uint32_t)s->n;
	ret->n_failed = 0;
	for (size_t i = 0; i < s->n; i++) {
		double e = (double)s->dev[i].g - (double)target(s, i);

		sum += e * e;
		ret->n_failed += !(fabs(e) <= (double)s->opt->tol);
	}
	ret->rms_error = (float)sqrt(sum / (double)s->n);
	return 0;
}

int xbar_program_by_pulses(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret)
{
	struct run s;
	int r = run_init(&s, x, w, g, opt);

	for (uint32_t i = 0; i < opt->max_iter && r == 0; i++) {
		list_rows(&s, false);
		if (!s.n_listed)
			break;
		r = one_round(&s, i);
		ret->n_iter = i + 1;
	}
	if (r == 0)
		r = verify(&s, ret);
	run_done(&s);
	return r;
}

int xbar_program_verify(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret)
{
	struct run s;
	int r = run_init(&s, x, w, g, opt);

	if (r == 0)
		r = verify(&s, ret);
	run_done(&s);
	return r;
}
