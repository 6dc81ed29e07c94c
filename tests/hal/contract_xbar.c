/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contract_xbar.c - every public call of xbar.h, with good and with wrong arguments, over the board
 * of $XBAR_TEST_URI (default emu:?chips=2&seed=1). What is asked here holds for any board; what only
 * an ideal device does is asked only of model ideal. A board that is not there is a visible skip
 * (77), but never an emulated one.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "contract_board.h"

static const char *uri;

/* Instead of *state, which is closed: the same, new. */
static void renew(void **state, const char *u)
{
	xbar_close(*state);
	*state = NULL;
	*state = contract_open(u);
}

static int set_up(void **state)
{
	*state = contract_open(uri);
	return 0;
}

static int tear_down(void **state)
{
	xbar_close(*state);
	return 0;
}

/* r is the error that was expected, with a message, and the board did nothing. */
static void assert_refused(struct xbar *x, int r, int expected, const struct xbar_stats *before)
{
	struct xbar_stats after = contract_stats(x);

	assert_int_equal(r, expected);
	assert_string_not_equal(xbar_message(x), "");
	assert_memory_equal(before, &after, sizeof(after));
}

static void pulse(struct xbar *x, uint32_t chip, uint16_t row, uint16_t col, uint8_t device,
	enum xbar_kind kind, uint8_t n)
{
	struct xbar_pulse p = { .row = row,
		.col = col,
		.chip = (uint8_t)chip,
		.device = device,
		.kind = (uint8_t)kind,
		.n = n };

	assert_int_equal(xbar_pulse(x, &p, 1), 0);
}

/* Mean of many reads of one device, S. */
static float conductance(struct xbar *x, uint32_t chip, uint32_t row, uint32_t col, int device)
{
	struct xbar_patch w = { chip, row, 1, col, 1 };
	float g[XBAR_N_DEVICE], sum = 0.0f;

	for (int i = 0; i < 64; i++) {
		assert_int_equal(xbar_read(x, &w, 1, g), 0);
		sum += g[device];
	}
	return sum / 64;
}

static void the_board_describes_itself(void **state)
{
	const struct xbar_info *info = xbar_info(*state);

	assert_string_not_equal(info->board, "");
	assert_string_not_equal(info->model, "");
	assert_string_not_equal(info->uri, "");
	assert_true(info->n_chip >= 1 && info->n_row >= 1 && info->n_col >= 1);
	assert_int_equal(info->n_device, XBAR_N_DEVICE);
	assert_true(info->adc_bits >= 2 && info->adc_bits <= 16);
	assert_true(info->v_read > 0.0f && info->g_max > 0.0f);
	assert_string_equal(xbar_message(*state), "");
}

static void a_new_board_has_done_nothing(void **state)
{
	struct xbar_stats s = contract_stats(*state), zero = { 0 };

	assert_memory_equal(&s, &zero, sizeof(s));
}

/* A little of everything; the bytes it gave. */
struct trace {
	int16_t out[2][64];
	float g[4][4][XBAR_N_DEVICE];
	struct xbar_stats stats;
};

static void do_everything(struct xbar *x, struct trace *t)
{
	uint32_t last = xbar_info(x)->n_chip - 1;
	int8_t in[32];
	uint8_t bits[4] = { 0xa5, 0x0f, 0xff, 0x10 };
	struct xbar_patch w = { last, 0, 4, 0, 4 };
	struct xbar_mvm req[2] = {
		{ .chip = 0,
			.n_row = 32,
			.n_col = 64,
			.n_vec = 1,
			.input = XBAR_INPUT_INT8,
			.in = in,
			.out = t->out[0] },
		{ .chip = last,
			.n_row = 32,
			.n_col = 64,
			.n_vec = 1,
			.input = XBAR_INPUT_BIT,
			.in = bits,
			.out = t->out[1] },
	};

	for (int i = 0; i < 32; i++)
		in[i] = (int8_t)(8 * i - 127);
	for (uint16_t i = 0; i < 32; i++)
		pulse(x, i % 2 ? last : 0, i, i, (uint8_t)(i % 4), XBAR_SET, (uint8_t)(1 + i % 3));
	assert_int_equal(xbar_wait(x, 2.5), 0);
	assert_int_equal(xbar_mvm(x, req, 2), 0);
	assert_int_equal(xbar_read(x, &w, 1, &t->g[0][0][0]), 0);
	t->stats = contract_stats(x);
}

static void the_same_seed_and_calls_give_the_same_bytes(void **state)
{
	struct trace a = { 0 }, b = { 0 };

	if (!contract_can_be_new())
		skip();
	do_everything(*state, &a);
	renew(state, uri);
	do_everything(*state, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void the_complete_uri_opens_the_same_board(void **state)
{
	const struct xbar_info info = *xbar_info(*state);
	struct trace a = { 0 }, b = { 0 };

	do_everything(*state, &a);
	renew(state, info.uri);
	assert_memory_equal(xbar_info(*state), &info, sizeof(info));
	do_everything(*state, &b);
	if (contract_can_be_new())
		assert_memory_equal(&a, &b, sizeof(a));
}

static void empty_lists_do_nothing(void **state)
{
	struct xbar_stats before = contract_stats(*state), after;

	assert_int_equal(xbar_mvm(*state, NULL, 0), 0);
	assert_int_equal(xbar_pulse(*state, NULL, 0), 0);
	assert_int_equal(xbar_read(*state, NULL, 0, NULL), 0);
	after = contract_stats(*state);
	assert_memory_equal(&before, &after, sizeof(after));
}

static void wrong_products_are_einval_and_do_nothing(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	int8_t in[8] = { 0 }, bad_in[8] = { 1, 2, 3, -128 };
	int16_t out[8] = { 7, 7, 7, 7, 7, 7, 7, 7 };
	const struct xbar_mvm good = {
		.n_row = 4, .n_col = 4, .n_vec = 1, .input = XBAR_INPUT_INT8, .in = in, .out = out
	};
	struct xbar_mvm bad[13];
	struct xbar_stats before = contract_stats(*state);

	for (size_t k = 0; k < 13; k++)
		bad[k] = good;
	bad[0].chip = i->n_chip;
	bad[1].row = i->n_row - 3;
	bad[2].col = i->n_col - 3;
	bad[3].n_row = 0;
	bad[4].n_col = 0;
	bad[5].n_vec = 0;
	bad[6].in = NULL;
	bad[7].out = NULL;
	bad[8].input = (enum xbar_input)2;
	bad[9].in = bad_in;
	bad[10].row = UINT32_MAX - 1; /* row + n_row wraps to 2 */
	bad[11].n_col = UINT32_MAX;
	bad[12].chip = UINT32_MAX;
	for (size_t k = 0; k < 13; k++)
		assert_refused(*state, xbar_mvm(*state, &bad[k], 1), -EINVAL, &before);
	assert_refused(*state, xbar_mvm(*state, NULL, 1), -EINVAL, &before);
	for (size_t k = 0; k < 8; k++)
		assert_int_equal(out[k], 7);
}

static void wrong_pulses_are_einval_and_do_nothing(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	const struct xbar_pulse good = { .n = 1 };
	struct xbar_pulse bad[8];
	struct xbar_stats before = contract_stats(*state);

	for (size_t k = 0; k < 8; k++)
		bad[k] = good;
	bad[0].chip = (uint8_t)i->n_chip;
	bad[1].row = (uint16_t)i->n_row;
	bad[2].col = (uint16_t)i->n_col;
	bad[3].device = XBAR_N_DEVICE;
	bad[4].kind = 2;
	bad[5].n = 0;
	bad[6].row = UINT16_MAX;
	bad[7].chip = UINT8_MAX;
	for (size_t k = 0; k < 8; k++)
		assert_refused(*state, xbar_pulse(*state, &bad[k], 1), -EINVAL, &before);
	assert_refused(*state, xbar_pulse(*state, NULL, 1), -EINVAL, &before);
}

static void one_wrong_entry_stops_the_whole_list(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	int8_t in[4] = { 127, 127, 127, 127 };
	int16_t out[2][4] = { { 7, 7, 7, 7 }, { 7, 7, 7, 7 } };
	struct xbar_pulse p[3] = { { .n = 1 }, { .n = 1 }, { .n = 1, .device = 9 } };
	struct xbar_mvm m[2] = {
		{ .n_row = 4,
			.n_col = 4,
			.n_vec = 1,
			.input = XBAR_INPUT_INT8,
			.in = in,
			.out = out[0] },
		{ .chip = i->n_chip, .n_row = 4, .n_col = 4, .n_vec = 1, .in = in, .out = out[1] },
	};
	struct xbar_patch w[2] = { { 0, 0, 1, 0, 1 }, { 0, i->n_row, 1, 0, 1 } };
	float g[2 * XBAR_N_DEVICE] = { 5.0f, 5.0f };
	struct xbar_stats before = contract_stats(*state);

	assert_refused(*state, xbar_pulse(*state, p, 3), -EINVAL, &before);
	assert_non_null(strstr(xbar_message(*state), "pulse 2"));
	assert_refused(*state, xbar_mvm(*state, m, 2), -EINVAL, &before);
	assert_non_null(strstr(xbar_message(*state), "request 1"));
	assert_int_equal(out[0][0], 7);
	assert_refused(*state, xbar_read(*state, w, 2, g), -EINVAL, &before);
	assert_non_null(strstr(xbar_message(*state), "patch 1"));
	assert_true(g[0] == 5.0f);
}

static void wrong_reads_are_einval_and_do_nothing(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	float g[XBAR_N_DEVICE];
	struct xbar_patch good = { 0, 0, 1, 0, 1 };
	struct xbar_patch bad[5] = { { i->n_chip, 0, 1, 0, 1 }, { 0, 0, i->n_row + 1, 0, 1 },
		{ 0, 0, 1, i->n_col, 1 }, { 0, 0, 0, 0, 1 }, { 0, 0, 1, UINT32_MAX, 2 } };
	struct xbar_stats before = contract_stats(*state);

	for (size_t k = 0; k < 5; k++)
		assert_refused(*state, xbar_read(*state, &bad[k], 1, g), -EINVAL, &before);
	assert_refused(*state, xbar_read(*state, NULL, 1, g), -EINVAL, &before);
	assert_refused(*state, xbar_read(*state, &good, 1, NULL), -EINVAL, &before);
}

static void wrong_programs_are_refused_and_do_nothing(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	struct xbar_patch good = { 0, 0, 1, 0, 1 }, bad = { 0, 0, 1, i->n_col, 1 };
	float g[XBAR_N_DEVICE] = { 0 };
	const float wrong_g[] = { -1e-6f, i->g_max * 1.01f, NAN, INFINITY };
	const struct xbar_program_options wrong[] = { { .max_iter = 1001 }, { .n_read = 1001 },
		{ .tol = -1e-6f }, { .tol = NAN } };
	struct xbar_stats before = contract_stats(*state);

	assert_refused(*state, xbar_program(*state, &bad, g, NULL, NULL), -EINVAL, &before);
	assert_refused(*state, xbar_program(*state, NULL, g, NULL, NULL), -EINVAL, &before);
	assert_refused(*state, xbar_program(*state, &good, NULL, NULL, NULL), -EINVAL, &before);
	for (size_t k = 0; k < 4; k++)
		assert_refused(
			*state, xbar_program(*state, &good, g, &wrong[k], NULL), -ERANGE, &before);
	for (size_t k = 0; k < 4; k++) {
		g[3] = wrong_g[k];
		assert_refused(
			*state, xbar_program(*state, &good, g, NULL, NULL), -ERANGE, &before);
	}
}

static void wrong_configurations_and_waits_are_refused(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	const float wrong_range[] = { 0.0f, -1e-6f, NAN, INFINITY };
	const double wrong_dt[] = { -1.0, 1.01e9, (double)NAN, (double)INFINITY };
	struct xbar_config c = { .n_col = 1, .adc_range = 1e-6f };
	struct xbar_stats before = contract_stats(*state);
	float lsb = xbar_adc_lsb(*state, 0, 0);

	assert_refused(*state, xbar_configure(*state, NULL), -EINVAL, &before);
	c.chip = i->n_chip;
	assert_refused(*state, xbar_configure(*state, &c), -EINVAL, &before);
	c = (struct xbar_config){ .col = i->n_col, .n_col = 1, .adc_range = 1e-6f };
	assert_refused(*state, xbar_configure(*state, &c), -EINVAL, &before);
	c = (struct xbar_config){ .n_col = 0, .adc_range = 1e-6f };
	assert_refused(*state, xbar_configure(*state, &c), -EINVAL, &before);
	for (size_t k = 0; k < 4; k++) {
		c = (struct xbar_config){ .n_col = 1, .adc_range = wrong_range[k] };
		assert_refused(*state, xbar_configure(*state, &c), -ERANGE, &before);
		assert_refused(*state, xbar_wait(*state, wrong_dt[k]), -ERANGE, &before);
	}
	assert_true(xbar_adc_lsb(*state, 0, 0) == lsb);
}

static void wrong_corrections_are_refused(void **state)
{
	const struct xbar_config wrong[] = { { .gain = -1.0f }, { .gain = 1e-4f }, { .gain = NAN },
		{ .gain = 1.0f, .offset = 2.0f }, { .gain = 1.0f, .offset = NAN }, { .n_phase = 2 },
		{ .gain = 1.0f, .adc_range = -1.0f }, { 0 } };
	struct xbar_stats before = contract_stats(*state);

	if (!(xbar_info(*state)->caps & XBAR_CAP_CORRECT)) {
		struct xbar_config c = { .n_col = 1, .gain = 1.0f };

		assert_refused(*state, xbar_configure(*state, &c), -ENOTSUP, &before);
		return;
	}
	for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
		struct xbar_config c = wrong[k];

		c.n_col = 1;
		assert_refused(*state, xbar_configure(*state, &c), -ERANGE, &before);
	}
}

static void calls_without_a_board_are_einval(void **state)
{
	struct xbar_stats s;
	void *buf;
	size_t n;

	(void)state;
	assert_int_equal(xbar_open(NULL, uri, NULL), -EINVAL);
	assert_int_equal(xbar_mvm(NULL, NULL, 0), -EINVAL);
	assert_int_equal(xbar_pulse(NULL, NULL, 0), -EINVAL);
	assert_int_equal(xbar_read(NULL, NULL, 0, NULL), -EINVAL);
	assert_int_equal(xbar_program(NULL, NULL, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(xbar_configure(NULL, NULL), -EINVAL);
	assert_int_equal(xbar_wait(NULL, 0.0), -EINVAL);
	assert_int_equal(xbar_stats(NULL, &s), -EINVAL);
	assert_int_equal(xbar_ping(NULL, 1, &s.time), -EINVAL);
	assert_int_equal(xbar_scan(NULL, NULL, NULL), -EINVAL);
	assert_int_equal(xbar_save(NULL, &buf, &n), -EINVAL);
	assert_int_equal(xbar_load(NULL, "", 0), -EINVAL);
	assert_string_equal(xbar_message(NULL), "");
	assert_null(xbar_info(NULL));
	assert_true(isnan(xbar_adc_lsb(NULL, 0, 0)));
	xbar_close(NULL);
}

static void set_raises_and_reset_lowers_a_device(void **state)
{
	uint32_t chip = xbar_info(*state)->n_chip - 1;
	float before = conductance(*state, chip, 3, 5, 2), after, low;

	pulse(*state, chip, 3, 5, 2, XBAR_SET, 8);
	after = conductance(*state, chip, 3, 5, 2);
	assert_true(after > before + xbar_info(*state)->g_max / 10);
	/* Its neighbours stay. */
	assert_true(conductance(*state, chip, 3, 5, 1) < after / 4);
	assert_true(conductance(*state, chip, 3, 6, 2) < after / 4);
	pulse(*state, chip, 3, 5, 2, XBAR_RESET, 1);
	low = conductance(*state, chip, 3, 5, 2);
	assert_true(low < xbar_info(*state)->g_max / 20);
}

/* Code of column 5 with row 3 driven. */
static int16_t product(struct xbar *x, int8_t code, uint32_t *ret_n_sat)
{
	int8_t in[8] = { 0 };
	int16_t out = 0;
	struct xbar_mvm m = { .n_row = 8,
		.col = 5,
		.n_col = 1,
		.n_vec = 1,
		.input = XBAR_INPUT_INT8,
		.in = in,
		.out = &out };

	in[3] = code;
	assert_int_equal(xbar_mvm(x, &m, 1), 0);
	*ret_n_sat = m.n_sat;
	return out;
}

static void devices_0_and_1_add_and_2_and_3_subtract(void **state)
{
	struct xbar_config c = { .n_col = xbar_info(*state)->n_col };
	uint32_t n_sat;

	/* Full scale: one full-scale input on one device at g_max. */
	c.adc_range = xbar_info(*state)->v_read * xbar_info(*state)->g_max;
	assert_int_equal(xbar_configure(*state, &c), 0);
	pulse(*state, 0, 3, 5, 1, XBAR_SET, 8);
	assert_true(product(*state, 127, &n_sat) > 0);
	assert_true(product(*state, -127, &n_sat) < 0);
	pulse(*state, 0, 3, 5, 1, XBAR_RESET, 1);
	pulse(*state, 0, 3, 5, 3, XBAR_SET, 8);
	assert_true(product(*state, 127, &n_sat) < 0);
	assert_true(product(*state, -127, &n_sat) > 0);
}

/* gain 0.5, then an offset of 40 codes, of column 5 only; what is 0 stays. */
static void a_correction_changes_what_a_column_says(void **state)
{
	struct xbar_config c = { .n_col = xbar_info(*state)->n_col };
	float g[XBAR_N_DEVICE], half[XBAR_N_DEVICE], lsb;
	const struct xbar_patch cell = { 0, 3, 1, 5, 1 };
	uint32_t n_sat;
	int16_t code;

	if (!(xbar_info(*state)->caps & XBAR_CAP_CORRECT))
		skip();
	c.adc_range = xbar_info(*state)->v_read * xbar_info(*state)->g_max * 2;
	assert_int_equal(xbar_configure(*state, &c), 0);
	lsb = xbar_adc_lsb(*state, 0, 5);
	pulse(*state, 0, 3, 5, 0, XBAR_SET, 20);
	code = product(*state, 127, &n_sat);
	assert_int_equal(xbar_read(*state, &cell, 1, g), 0);
	c = (struct xbar_config){ .col = 5, .n_col = 1, .gain = 0.5f };
	assert_int_equal(xbar_configure(*state, &c), 0);
	assert_true(xbar_adc_lsb(*state, 0, 5) == lsb);
	/* A read's noise is under a fifth of the conductance, at 5 sigma under a whole. */
	assert_int_equal(xbar_read(*state, &cell, 1, half), 0);
	assert_true(half[0] < 0.75f * g[0]);
	assert_in_range(product(*state, 127, &n_sat), code / 4, 3 * code / 4);
	c.offset = 40 * lsb;
	assert_int_equal(xbar_configure(*state, &c), 0);
	c = (struct xbar_config){ .col = 5, .n_col = 1, .n_phase = 4 };
	assert_int_equal(xbar_configure(*state, &c), 0);
	assert_in_range(product(*state, 127, &n_sat), 40 + code / 4, 40 + 3 * code / 4);
}

static void four_phases_take_four_times_as_long(void **state)
{
	struct xbar_config c = { .n_col = 1, .n_phase = 4 };
	struct xbar_stats s[3];
	uint32_t n_sat;

	if (!(xbar_info(*state)->caps & XBAR_CAP_CORRECT))
		skip();
	s[0] = contract_stats(*state);
	product(*state, 1, &n_sat);
	s[1] = contract_stats(*state);
	assert_int_equal(xbar_configure(*state, &c), 0);
	product(*state, 1, &n_sat);
	s[2] = contract_stats(*state);
	assert_int_equal(s[2].time - s[1].time, 4 * (s[1].time - s[0].time));
	assert_true(fabs((s[2].energy - s[1].energy) / (s[1].energy - s[0].energy) - 4) < 1e-9);
	c.n_phase = 1;
	assert_int_equal(xbar_configure(*state, &c), 0);
	product(*state, 1, &n_sat);
	assert_int_equal(contract_stats(*state).time - s[2].time, s[1].time - s[0].time);
}

static void bits_are_counted_from_the_lowest(void **state)
{
	struct xbar_config c = { .n_col = xbar_info(*state)->n_col };
	const uint8_t in[2] = { 0x08, 0x01 }; /* rows 3 and 8 */
	const uint8_t not_in[2] = { 0xf7, 0xfe };
	int16_t with = 0, without = 0;
	struct xbar_mvm m = { .n_row = 9,
		.col = 5,
		.n_col = 1,
		.n_vec = 1,
		.input = XBAR_INPUT_BIT,
		.in = in,
		.out = &with };

	c.adc_range = 2 * xbar_info(*state)->v_read * xbar_info(*state)->g_max;
	assert_int_equal(xbar_configure(*state, &c), 0);
	pulse(*state, 0, 3, 5, 0, XBAR_SET, 8);
	pulse(*state, 0, 8, 5, 0, XBAR_SET, 8);
	assert_int_equal(xbar_mvm(*state, &m, 1), 0);
	m.in = not_in;
	m.out = &without;
	assert_int_equal(xbar_mvm(*state, &m, 1), 0);
	assert_true(with > 3 * abs(without));
}

static void saturated_codes_are_counted(void **state)
{
	int16_t most = (int16_t)((1 << (xbar_info(*state)->adc_bits - 1)) - 1);
	struct xbar_config c = { .col = 5, .n_col = 1 };
	uint32_t n_sat;

	c.adc_range = xbar_info(*state)->v_read * xbar_info(*state)->g_max / 1000;
	assert_int_equal(xbar_configure(*state, &c), 0);
	pulse(*state, 0, 3, 5, 0, XBAR_SET, 8);
	assert_int_equal(product(*state, 127, &n_sat), most);
	assert_int_equal(n_sat, 1);
	assert_int_equal(product(*state, -127, &n_sat), -most);
	assert_int_equal(n_sat, 1);
	assert_int_equal(contract_stats(*state).n_sat, 2);
}

static void a_configuration_holds_for_its_columns_only(void **state)
{
	const struct xbar_info *i = xbar_info(*state);
	float before = xbar_adc_lsb(*state, 0, 0);
	float range = before * (float)(1 << (i->adc_bits - 1)) * 2;
	struct xbar_config c = { .chip = 0, .col = 4, .n_col = 3, .adc_range = range };

	assert_true(before > 0.0f);
	assert_int_equal(xbar_configure(*state, &c), 0);
	for (uint32_t k = 0; k < 10; k++) {
		float lsb = xbar_adc_lsb(*state, 0, k);

		if (k >= 4 && k < 7)
			assert_true(lsb > 1.9f * before && lsb < 2.1f * before);
		else
			assert_true(lsb == before);
	}
	assert_true(isnan(xbar_adc_lsb(*state, i->n_chip, 0)));
	assert_true(isnan(xbar_adc_lsb(*state, 0, i->n_col)));
}

static void operations_are_counted(void **state)
{
	int8_t in[3 * 2] = { 1, 2, 3, 4, 5, 6 };
	int16_t out[3 * 4];
	struct xbar_mvm m = {
		.n_row = 2, .n_col = 4, .n_vec = 3, .input = XBAR_INPUT_INT8, .in = in, .out = out
	};
	struct xbar_patch w = { 0, 0, 2, 0, 3 };
	float g[2 * 3 * XBAR_N_DEVICE];
	struct xbar_stats s;
	bool has_clock = xbar_info(*state)->caps & XBAR_CAP_WAIT;

	assert_int_equal(xbar_mvm(*state, &m, 1), 0);
	s = contract_stats(*state);
	assert_int_equal(s.n_mvm, 3);
	if (has_clock)
		assert_int_equal(s.time, 3 * xbar_info(*state)->t_mvm);
	pulse(*state, 0, 0, 0, 0, XBAR_SET, 8);
	pulse(*state, 0, 0, 0, 0, XBAR_RESET, 2);
	assert_int_equal(xbar_read(*state, &w, 1, g), 0);
	s = contract_stats(*state);
	assert_int_equal(s.n_set, 8);
	assert_int_equal(s.n_reset, 2);
	assert_int_equal(s.n_read, 24);
	assert_int_equal(s.n_call, 4);
	assert_true(s.energy > 0.0 || !has_clock);
}

static void a_ping_comes_back_and_leaves_the_board_alone(void **state)
{
	struct xbar_stats before = contract_stats(*state), after;
	uint64_t t = 0;
	int r = xbar_ping(*state, 128, &t);

	assert_int_equal(xbar_ping(*state, 0, &t), -EINVAL);
	assert_int_equal(xbar_ping(*state, 129, &t), -EINVAL);
	assert_int_equal(xbar_ping(*state, 1, NULL), -EINVAL);
	if (r == -ENOTSUP)
		skip();
	assert_int_equal(r, 0);
	assert_true(t > 0);
	after = contract_stats(*state);
	before.n_call++;
	assert_memory_equal(&before, &after, sizeof(after));
}

static void waiting_advances_the_chip_clock(void **state)
{
	assert_int_equal(xbar_wait(*state, 0.0), 0);
	assert_int_equal(contract_stats(*state).time, 0);
	assert_int_equal(xbar_wait(*state, 1.5e-3), 0);
	if (xbar_info(*state)->caps & XBAR_CAP_WAIT)
		assert_int_equal(contract_stats(*state).time, 1500000);
}

static void a_clock_at_its_end_is_eoverflow(void **state)
{
	struct xbar_stats before;
	int r = 0;

	if (!(xbar_info(*state)->caps & XBAR_CAP_WAIT))
		skip();
	for (int i = 0; i < 5 && r == 0; i++) {
		before = contract_stats(*state);
		r = xbar_wait(*state, 1e9);
	}
	assert_int_equal(r, -EOVERFLOW);
	before.n_call++;
	assert_refused(*state, r, -EOVERFLOW, &before);
}

static void programming_reaches_its_targets(void **state)
{
	struct xbar_patch w = { xbar_info(*state)->n_chip - 1, 2, 6, 3, 5 };
	float g[6 * 5 * XBAR_N_DEVICE];
	const size_t n = sizeof(g) / sizeof(g[0]);
	struct xbar_program_stats s;
	float low, high;

	for (size_t i = 0; i < n; i++)
		g[i] = i % 4 == 1 ? 0.0f : xbar_info(*state)->g_max / 3;
	assert_int_equal(xbar_program(*state, &w, g, NULL, &s), 0);
	assert_int_equal(s.n_device, n);
	assert_true(s.n_iter >= 1 && s.n_iter <= 30);
	assert_true(s.n_failed <= n / 4);
	assert_true(s.rms_error >= 0.0f && s.rms_error < 1e-6f);
	high = conductance(*state, w.chip, 4, 4, 0);
	low = conductance(*state, w.chip, 4, 4, 1);
	assert_true(high > 4 * low);
	/* Outside the patch nothing moved. */
	assert_true(conductance(*state, w.chip, 1, 4, 0) < high / 4);
	assert_true(conductance(*state, w.chip, 4, 8, 0) < high / 4);
	/* Down again: whatever was there before. */
	memset(g, 0, sizeof(g));
	assert_int_equal(xbar_program(*state, &w, g, NULL, &s), 0);
	assert_int_equal(s.n_failed, 0);
	assert_true(conductance(*state, w.chip, 4, 4, 0) < high / 4);
}

static void an_ideal_board_is_exact(void **state)
{
	struct xbar_config c = { .n_col = xbar_info(*state)->n_col, .adc_range = 127e-8f };
	uint32_t n_sat;

	if (strcmp(xbar_info(*state)->model, "ideal"))
		skip();
	/* One SET is 1 uS (set_step), read at 0.2 V: 0.2 uA; one code is 0.01 uA. */
	assert_int_equal(xbar_info(*state)->adc_bits, 8);
	assert_int_equal(xbar_configure(*state, &c), 0);
	pulse(*state, 0, 3, 5, 0, XBAR_SET, 2);
	pulse(*state, 0, 3, 5, 1, XBAR_SET, 3);
	pulse(*state, 0, 3, 5, 2, XBAR_SET, 1);
	assert_int_equal(product(*state, 127, &n_sat), 80); /* 0.2 (2 + 3 - 1) / 0.01 */
	assert_int_equal(product(*state, 64, &n_sat), 40);  /* 80 * 64 / 127 = 40.3 */
	assert_int_equal(product(*state, -127, &n_sat), -80);
	assert_int_equal(n_sat, 0);
}

static void *save(struct xbar *x, size_t *ret_n)
{
	void *buf = NULL;

	assert_int_equal(xbar_save(x, &buf, ret_n), 0);
	assert_non_null(buf);
	return buf;
}

static void a_saved_board_goes_on_with_the_same_bytes(void **state)
{
	struct trace first = { 0 }, a = { 0 }, b = { 0 };
	void *buf, *again;
	size_t n, n_again;

	if (!(xbar_info(*state)->caps & XBAR_CAP_SAVE))
		skip();
	do_everything(*state, &first);
	buf = save(*state, &n);
	do_everything(*state, &a);
	/* The board, put back. */
	assert_int_equal(xbar_load(*state, buf, n), 0);
	do_everything(*state, &b);
	/* Calls are the handle's, not the board's. */
	b.stats.n_call = a.stats.n_call;
	assert_memory_equal(&a, &b, sizeof(a));
	/* And a new one. */
	renew(state, uri);
	assert_int_equal(xbar_load(*state, buf, n), 0);
	again = save(*state, &n_again);
	assert_int_equal(n, n_again);
	assert_memory_equal(buf, again, n);
	do_everything(*state, &b);
	b.stats.n_call = a.stats.n_call;
	assert_memory_equal(&a, &b, sizeof(a));
	free(buf);
	free(again);
}

static void a_damaged_state_is_refused_and_changes_nothing(void **state)
{
	struct xbar *x = *state;
	uint8_t *buf, *after;
	/* Over a link a state takes seconds. */
	bool is_near = !strncmp(uri, "emu:", 4) || !strncmp(uri, "loop:", 5);
	size_t n, n_after, n_place = is_near ? 23 : 5;
	struct trace t = { 0 };

	if (!(xbar_info(x)->caps & XBAR_CAP_SAVE)) {
		assert_int_equal(xbar_load(x, "", 0), -ENOTSUP);
		return;
	}
	do_everything(x, &t);
	buf = save(x, &n);
	for (size_t at = 0; at < n; at += 1 + n / n_place) {
		buf[at] ^= 0x10;
		assert_int_equal(xbar_load(x, buf, n), -EBADMSG);
		assert_string_not_equal(xbar_message(x), "");
		buf[at] ^= 0x10;
		assert_int_equal(xbar_load(x, buf, at), -EBADMSG);
	}
	assert_int_equal(xbar_load(x, buf, n - 1), -EBADMSG);
	assert_int_equal(xbar_load(x, NULL, n), -EINVAL);
	after = save(x, &n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(buf, after, n);
	free(buf);
	free(after);
}

static void the_state_of_another_board_is_einval(void **state)
{
	static const char *const others[] = { "emu:?chips=2&seed=12345", "emu:?chips=3&seed=1",
		"emu:?chips=1&seed=1&drift_nu=0.2" };

	if (strncmp(uri, "emu:", 4))
		skip();
	for (size_t i = 0; i < 3; i++) {
		struct xbar *other;
		void *buf;
		size_t n;

		assert_int_equal(xbar_open(&other, others[i], NULL), 0);
		buf = save(other, &n);
		assert_int_equal(xbar_load(*state, buf, n), -EINVAL);
		assert_non_null(strstr(xbar_message(*state), others[i]));
		free(buf);
		xbar_close(other);
	}
}

#define ON_A_BOARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_BOARD(the_board_describes_itself),
		ON_A_BOARD(a_new_board_has_done_nothing),
		ON_A_BOARD(the_same_seed_and_calls_give_the_same_bytes),
		ON_A_BOARD(the_complete_uri_opens_the_same_board),
		ON_A_BOARD(empty_lists_do_nothing),
		ON_A_BOARD(wrong_products_are_einval_and_do_nothing),
		ON_A_BOARD(wrong_pulses_are_einval_and_do_nothing),
		ON_A_BOARD(one_wrong_entry_stops_the_whole_list),
		ON_A_BOARD(wrong_reads_are_einval_and_do_nothing),
		ON_A_BOARD(wrong_programs_are_refused_and_do_nothing),
		ON_A_BOARD(wrong_configurations_and_waits_are_refused),
		ON_A_BOARD(wrong_corrections_are_refused),
		cmocka_unit_test(calls_without_a_board_are_einval),
		ON_A_BOARD(set_raises_and_reset_lowers_a_device),
		ON_A_BOARD(devices_0_and_1_add_and_2_and_3_subtract),
		ON_A_BOARD(a_correction_changes_what_a_column_says),
		ON_A_BOARD(four_phases_take_four_times_as_long),
		ON_A_BOARD(bits_are_counted_from_the_lowest),
		ON_A_BOARD(saturated_codes_are_counted),
		ON_A_BOARD(a_configuration_holds_for_its_columns_only),
		ON_A_BOARD(operations_are_counted),
		ON_A_BOARD(a_ping_comes_back_and_leaves_the_board_alone),
		ON_A_BOARD(waiting_advances_the_chip_clock),
		ON_A_BOARD(a_clock_at_its_end_is_eoverflow),
		ON_A_BOARD(programming_reaches_its_targets),
		ON_A_BOARD(an_ideal_board_is_exact),
		ON_A_BOARD(a_saved_board_goes_on_with_the_same_bytes),
		ON_A_BOARD(a_damaged_state_is_refused_and_changes_nothing),
		ON_A_BOARD(the_state_of_another_board_is_einval),
	};

	int r;

	uri = getenv("XBAR_TEST_URI");
	if (!uri || !*uri)
		uri = "emu:?chips=2&seed=1";
	if (contract_is_absent(uri))
		return 77;
	contract_begin(uri);
	r = cmocka_run_group_tests_name(uri, tests, NULL, NULL);
	contract_end();
	return r;
}
