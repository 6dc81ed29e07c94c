/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "contract_board.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

static bool is_new_when_opened;
static void *new_state; /* NULL: new when opened, or never again */
static size_t n_new_state;
static float new_lsb;          /* A, of all columns */
static struct xbar_stats base; /* counts before the case, of a board that is never new again */

static struct xbar *open_uri(const char *u)
{
	struct xbar *x = NULL;

	assert_int_equal(xbar_open(&x, u, NULL), 0);
	assert_non_null(x);
	return x;
}

struct xbar_stats contract_stats(struct xbar *x)
{
	struct xbar_stats s;

	assert_int_equal(xbar_stats(x, &s), 0);
	s.temperature = 0.0; /* a matter of the room */
	s.n_byte_out = s.n_byte_in = s.n_round_trip = s.n_retry = 0;
	s.time -= base.time;
	s.n_mvm -= base.n_mvm;
	s.n_set -= base.n_set;
	s.n_reset -= base.n_reset;
	s.n_read -= base.n_read;
	s.n_program -= base.n_program;
	s.n_sat -= base.n_sat;
	s.energy -= base.energy;
	s.n_call -= base.n_call;
	return s;
}

bool contract_can_be_new(void)
{
	return is_new_when_opened || new_state;
}

/* Has nobody used it since it was new? A state is megabytes, which take seconds on some links. */
static bool is_still_new(struct xbar *x)
{
	struct xbar_stats s = contract_stats(x), zero = { 0 };

	for (uint32_t chip = 0; chip < xbar_info(x)->n_chip; chip++) {
		for (uint32_t col = 0; col < xbar_info(x)->n_col; col++) {
			if (xbar_adc_lsb(x, chip, col) != new_lsb)
				return false;
		}
	}
	return !memcmp(&s, &zero, sizeof(s));
}

#define N_BLANK_ROW 16
#define N_BLANK_COL 8

/* Nearly new: low devices in the cells that cases use, the first range, counts that begin here. */
static void blank(struct xbar *x)
{
	const struct xbar_info *info = xbar_info(x);
	struct xbar_pulse p[N_BLANK_ROW * N_BLANK_COL * XBAR_N_DEVICE];
	const uint32_t n = N_BLANK_ROW * N_BLANK_COL * XBAR_N_DEVICE;
	struct xbar_config c = { .n_col = info->n_col,
		.adc_range = new_lsb * (float)((1 << (info->adc_bits - 1)) - 1) };

	base = (struct xbar_stats){ 0 };
	for (c.chip = 0; c.chip < info->n_chip; c.chip++) {
		for (uint32_t i = 0; i < n; i++)
			p[i] = (struct xbar_pulse){ .row = (uint16_t)(i / XBAR_N_DEVICE /
							    N_BLANK_COL),
				.col = (uint16_t)(i / XBAR_N_DEVICE % N_BLANK_COL),
				.chip = (uint8_t)c.chip,
				.device = (uint8_t)(i % XBAR_N_DEVICE),
				.kind = XBAR_RESET,
				.n = 1 };
		assert_int_equal(xbar_pulse(x, p, n), 0);
		assert_int_equal(xbar_configure(x, &c), 0);
	}
	base = contract_stats(x);
}

/* The load itself is counted by the handle: take another. */
struct xbar *contract_open(const char *u)
{
	struct xbar *x = open_uri(u);

	if (!contract_can_be_new())
		blank(x);
	if (!new_state || is_still_new(x))
		return x;
	assert_int_equal(xbar_load(x, new_state, n_new_state), 0);
	xbar_close(x);
	return open_uri(u);
}

bool contract_is_absent(const char *uri)
{
	struct xbar *x;
	int r = xbar_open(&x, uri, NULL);

	if (r == 0)
		xbar_close(x);
	return (r == -ENODEV || r == -ENOTSUP) && strncmp(uri, "emu:", 4);
}

void contract_begin(const char *uri)
{
	struct xbar *x;

	is_new_when_opened = !strncmp(uri, "emu:", 4) || !strncmp(uri, "loop:", 5);
	if (is_new_when_opened || xbar_open(&x, uri, NULL) < 0)
		return;
	new_lsb = xbar_adc_lsb(x, 0, 0);
	if (xbar_info(x)->caps & XBAR_CAP_SAVE && xbar_save(x, &new_state, &n_new_state) < 0)
		new_state = NULL;
	xbar_close(x);
}

void contract_end(void)
{
	free(new_state);
	new_state = NULL;
}
