/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lockstep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define N_OUT   (4 * 256 * 4)
#define N_PULSE 400
#define N_G     (24 * 256 * XBAR_N_DEVICE)
#define N_REQ   5

struct side {
	struct xbar *x;
	int16_t out[N_REQ][N_OUT];
	uint32_t n_sat[N_REQ];
	float g[N_G];
	struct xbar_stats stats;
};

struct pair {
	struct side side[2];
	uint32_t state; /* of the generator */
	const struct xbar_info *info;
	uint8_t in[N_REQ][4 * 256];
	struct xbar_pulse pulse[N_PULSE];
};

static uint32_t below(struct pair *p, uint32_t n)
{
	p->state = p->state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(p->state >> 8) * n >> 24);
}

/* One chip's patch, from single cells to whole chips, at most n_most cells. */
static struct xbar_patch patch(struct pair *p, uint32_t n_most)
{
	uint32_t n_row = 1 + below(p, p->info->n_row), n_col = 1 + below(p, p->info->n_col);

	if (below(p, 4))
		n_col = 1 + n_col / 16;
	while (n_row * n_col > n_most) {
		n_row = (n_row + 1) / 2;
		if (n_row == 1 && n_col > n_most)
			n_col = n_most;
	}
	return (struct xbar_patch){ below(p, p->info->n_chip), below(p, p->info->n_row - n_row + 1),
		n_row, below(p, p->info->n_col - n_col + 1), n_col };
}

static void fill_request(struct pair *p, struct xbar_mvm *m, uint8_t *in)
{
	struct xbar_patch w = patch(p, UINT32_MAX);

	*m = (struct xbar_mvm){ .chip = w.chip,
		.row = w.row,
		.n_row = w.n_row,
		.col = w.col,
		.n_col = w.n_col,
		.n_vec = 1 + below(p, 4),
		.input = below(p, 2) ? XBAR_INPUT_BIT : XBAR_INPUT_INT8,
		.in = in };
	for (int i = 0; i < 4 * 256; i++) {
		in[i] = (uint8_t)below(p, 256);
		if (m->input == XBAR_INPUT_INT8 && in[i] == 0x80)
			in[i] = 0;
	}
}

static void do_mvm(struct pair *p)
{
	size_t n_req = 1 + below(p, N_REQ);
	struct xbar_mvm req[N_REQ];

	memset(p->side[0].out, 0, sizeof(p->side[0].out));
	memset(p->side[1].out, 0, sizeof(p->side[1].out));
	for (size_t i = 0; i < n_req; i++)
		fill_request(p, &req[i], p->in[i]);
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < n_req; i++)
			req[i].out = p->side[k].out[i];
		assert_int_equal(xbar_mvm(p->side[k].x, req, n_req), 0);
		for (size_t i = 0; i < n_req; i++)
			p->side[k].n_sat[i] = req[i].n_sat;
	}
	assert_memory_equal(p->side[0].out, p->side[1].out, sizeof(p->side[0].out));
	for (size_t i = 0; i < n_req; i++)
		assert_int_equal(p->side[0].n_sat[i], p->side[1].n_sat[i]);
}

static void do_pulse(struct pair *p)
{
	size_t n = 1 + below(p, below(p, 8) ? 12 : N_PULSE);

	for (size_t i = 0; i < n; i++)
		p->pulse[i] = (struct xbar_pulse){ .row = (uint16_t)below(p, p->info->n_row),
			.col = (uint16_t)below(p, p->info->n_col),
			.chip = (uint8_t)below(p, p->info->n_chip),
			.device = (uint8_t)below(p, XBAR_N_DEVICE),
			.kind = below(p, 5) ? XBAR_SET : XBAR_RESET,
			.n = (uint8_t)(1 + below(p, 3)) };
	for (int k = 0; k < 2; k++)
		assert_int_equal(xbar_pulse(p->side[k].x, p->pulse, n), 0);
}

static void do_read(struct pair *p)
{
	struct xbar_patch w[2] = { patch(p, 1024), patch(p, 1024) };
	size_t n_patch = 1 + below(p, 2), n = 0;

	for (size_t i = 0; i < n_patch; i++)
		n += (size_t)w[i].n_row * w[i].n_col * XBAR_N_DEVICE;
	for (int k = 0; k < 2; k++)
		assert_int_equal(xbar_read(p->side[k].x, w, n_patch, p->side[k].g), 0);
	assert_memory_equal(p->side[0].g, p->side[1].g, n * sizeof(float));
}

static void do_configure(struct pair *p)
{
	struct xbar_patch w = patch(p, UINT32_MAX);
	struct xbar_config c = { w.chip, w.col, w.n_col, 1e-6f * (float)below(p, 50),
		below(p, 2) ? 0.01f * (float)(50 + below(p, 100)) : 0.0f,
		1e-7f * ((float)below(p, 21) - 10), below(p, 4) ? 1 + 3 * below(p, 2) : 0 };
	float lsb[2];
	int r[2];

	for (int k = 0; k < 2; k++) {
		r[k] = xbar_configure(p->side[k].x, &c);
		lsb[k] = xbar_adc_lsb(p->side[k].x, c.chip, c.col);
	}
	assert_int_equal(r[0], r[1]);
	assert_memory_equal(&lsb[0], &lsb[1], sizeof(lsb[0]));
}

static void do_wait(struct pair *p)
{
	double dt = 1e-6 * (double)below(p, 1u << below(p, 24));
	int r = xbar_wait(p->side[0].x, dt);

	assert_int_equal(xbar_wait(p->side[1].x, dt), r);
}

static void do_program(struct pair *p)
{
	struct xbar_patch w = patch(p, 2);
	struct xbar_program_options o = { .max_iter = 4, .n_read = 2 };
	struct xbar_program_stats s[2] = { 0 };
	float g[2 * XBAR_N_DEVICE];

	for (size_t i = 0; i < 2 * XBAR_N_DEVICE; i++)
		g[i] = p->info->g_max * (float)below(p, 16) / 16;
	for (int k = 0; k < 2; k++)
		assert_int_equal(xbar_program(p->side[k].x, &w, g, &o, &s[k]), 0);
	assert_memory_equal(&s[0], &s[1], sizeof(s[0]));
}

static void compare_stats(struct pair *p)
{
	for (int k = 0; k < 2; k++) {
		struct xbar_stats *s = &p->side[k].stats;

		assert_int_equal(xbar_stats(p->side[k].x, s), 0);
		s->n_byte_out = s->n_byte_in = s->n_round_trip = s->n_retry = 0;
	}
	assert_memory_equal(&p->side[0].stats, &p->side[1].stats, sizeof(struct xbar_stats));
}

static void compare_states(struct pair *p, bool must_load)
{
	void *buf[2];
	size_t n[2];

	for (int k = 0; k < 2; k++)
		assert_int_equal(xbar_save(p->side[k].x, &buf[k], &n[k]), 0);
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(buf[0], buf[1], n[0]);
	/* One board's state is the other's, too. */
	for (int k = 0; k < 2 && must_load; k++)
		assert_int_equal(xbar_load(p->side[k].x, buf[1 - k], n[1 - k]), 0);
	free(buf[0]);
	free(buf[1]);
}

static void mixed_call(struct pair *p)
{
	uint32_t kind = below(p, 100);

	if (kind < 50)
		do_mvm(p);
	else if (kind < 80)
		do_pulse(p);
	else if (kind < 88)
		do_read(p);
	else if (kind < 92)
		do_configure(p);
	else if (kind < 96)
		do_wait(p);
	else if (kind < 98)
		do_program(p);
	else
		compare_stats(p);
}

static struct pair *pair_new(struct xbar *a, struct xbar *b, uint32_t seed)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->side[0].x = a;
	p->side[1].x = b;
	p->state = seed;
	p->info = xbar_info(a);
	return p;
}

void lockstep(struct xbar *a, struct xbar *b, unsigned n_call, uint32_t seed)
{
	struct pair *p = pair_new(a, b, seed);

	for (unsigned i = 0; i < n_call; i++) {
		mixed_call(p);
		if (i % (1 + n_call / 3) == n_call / 5)
			compare_states(p, true);
	}
	compare_stats(p);
	compare_states(p, true);
	free(p);
}

void lockstep_slow(struct xbar *a, struct xbar *b, unsigned n_call, uint32_t seed)
{
	struct pair *p = pair_new(a, b, seed);

	for (unsigned i = 0; i < n_call; i++)
		mixed_call(p);
	compare_stats(p);
	compare_states(p, false);
	free(p);
}
