/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Weights in conductances, over emulated boards: plans, products, calibration. Expected noise is
 * that of a device read, sd = 0.03 g + 0.13 uS (Nandakumar et al., J. Appl. Phys. 124, 152135).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "chips_rig.h"

#define IDEAL "emu:?model=ideal&chips=2&seed=5"
#define NOISY "emu:?model=nandakumar2018&chips=2&seed=5"

/* ---- where matrices sit ---- */

static void the_plan_is_block_diagonal_and_printed(void **state)
{
	struct chips_rig q;

	(void)state;
	chips_config(&q, IDEAL, 88, 150);
	chips_open(&q, true);
	assert_contains(q.describe, "model");
	assert_contains(q.describe, "board 0: crossloop emulator, ideal");
	assert_contains(q.describe, "2 chips of 256 x 256 cells");
	assert_contains(q.describe,
		"W    88 x 150  board 0, chip 0, rows 0 .. 87, columns 0 .. 149\n"
		"V   150 x 88   board 0, chip 0, rows 88 .. 237, columns 150 .. 237\n"
		"B    88 x 150  board 0, chip 1, rows 0 .. 87, columns 0 .. 149\n");
	chips_done(&q);
}

static void several_layers_follow_each_other_down_the_diagonal(void **state)
{
	struct chips_rig q;

	(void)state;
	chips_config(&q, IDEAL, 16, 10);
	q.g.c.network.n_hidden = 2;
	q.g.c.network.hidden[1] = 7;
	chips_open(&q, true);
	assert_contains(q.describe,
		"W1   16 x 10   board 0, chip 0, rows 0 .. 15, columns 0 .. 9\n"
		"W2   10 x 7    board 0, chip 0, rows 16 .. 25, columns 10 .. 16\n"
		"V     7 x 16   board 0, chip 0, rows 26 .. 32, columns 17 .. 32\n"
		"B1   16 x 10   board 0, chip 1, rows 0 .. 15, columns 0 .. 9\n"
		"B2   16 x 7    board 0, chip 1, rows 16 .. 31, columns 10 .. 16\n");
	chips_done(&q);
}

static void refused(const char *uri, uint32_t n_hidden, const char *const *word)
{
	struct chips_rig q;
	struct snn_error e = { "" };

	chips_config(&q, uri, 88, n_hidden);
	assert_int_equal(chips_try(&q, true, &e), -EINVAL);
	for (; *word; word++)
		assert_contains(e.text, *word);
	rig_done(&q.g);
}

/* 88 x 200 and 200 x 88 do not share a diagonal; 88 x 300 is two tiles, with V's two beneath. */
static void a_board_with_too_few_chips_says_how_many_are_needed(void **state)
{
	(void)state;
	refused(IDEAL, 200,
		(const char *const[]){
			"needs 3 chips of 256 x 256 cells", "has 2", "chips=3", NULL });
	refused(IDEAL, 300, (const char *const[]){ "needs 4 chips", "chips=4", "uri2", NULL });
	refused(IDEAL, 60000,
		(const char *const[]){ "more than the 256 of a board", "network.hidden", NULL });
}

static void a_board_with_one_chip_names_both_remedies(void **state)
{
	struct chips_rig q;

	(void)state;
	refused("emu:?model=ideal&chips=1", 10,
		(const char *const[]){ "needs 2 chips", "chips=2", "uri2", NULL });
	/* Rules without feedback are content with one. */
	chips_config(&q, "emu:?model=ideal&chips=1", 16, 10);
	chips_open(&q, false);
	assert_null(strstr(q.describe, "B "));
	chips_done(&q);
}

static void a_wrong_uri_fails_in_the_boards_words(void **state)
{
	struct chips_rig q;
	struct snn_error e = { "" };

	(void)state;
	chips_config(&q, "emu:?chip=2", 16, 10);
	assert_int_equal(chips_try(&q, true, &e), -EINVAL);
	assert_contains(e.text, "chips");
	rig_done(&q.g);
}

/* ---- products ---- */

/* Random inputs of a matrix in every lane, 0 or 1, or real. */
static void excite(struct chips_rig *q, struct snn_spikes *x, const struct snn_matrix *m)
{
	float y[1024];

	for (uint32_t lane = 0; lane < CHIPS_LANES; lane++) {
		for (uint32_t i = 0; i < m->n_row; i++) {
			y[i] = gsl_rng_uniform(q->rng) < 0.3;
			if (x->is_real)
				y[i] = (float)gsl_rng_uniform(q->rng);
		}
		snn_spikes_values(x, lane, y);
	}
}

/* What row r of a lane is worth: 0, 1 or a code. */
static double input(const struct snn_spikes *x, uint32_t lane, uint32_t r)
{
	if (x->is_real)
		return x->code[(size_t)lane * x->n + r] / 127.0;
	return x->bit[lane * x->n_byte + r / 8] >> (r % 8) & 1;
}

struct sums {
	double off2, expected2,
		most; /* squares of error and its expectation; largest error in sd */
	size_t n;
};

/*
 * What the ADCs' rounding adds to the variance of column c: one code squared / 12 for every tile that
 * is summed.
 */
static double rounding(const struct chips_rig *q, uint32_t i_matrix, uint32_t c)
{
	const struct snn_cut *cut = &q->ch->plan.cut[i_matrix];
	double var = 0;

	for (uint32_t i = 0; i < cut->n_down; i++) {
		const struct snn_tile *t =
			snn_tile_of(&q->ch->plan, i_matrix, i * cut->row_step, c);
		double code = (double)q->ch->adc[t - q->ch->plan.tile].scale;

		var += code * code / 12;
	}
	return var;
}

/* One product of every lane against the devices as a hundred reads see them. */
static void compare_product(struct chips_rig *q, uint32_t i_matrix, const struct snn_spikes *x,
	const float *g, struct sums *s)
{
	const struct snn_matrix *m = &q->g.net.matrix[i_matrix];
	double k = (double)q->ch->k[i_matrix];
	const float *out = chips_product(q, i_matrix, x);

	for (uint32_t lane = 0; lane < CHIPS_LANES; lane++) {
		for (uint32_t c = 0; c < m->n_col; c++) {
			double want = 0, var = rounding(q, i_matrix, c), off;

			for (uint32_t r = 0; r < m->n_row; r++) {
				const float *d = g + ((size_t)r * m->n_col + c) * XBAR_N_DEVICE;
				double in = input(x, lane, r);

				want += in * k * (double)(d[0] + d[1] - d[2] - d[3]);
				for (int i = 0; i < XBAR_N_DEVICE && q->is_noisy; i++)
					var += pow(in * k * (0.03 * (double)d[i] + 0.13e-6), 2);
			}
			off = (double)out[(size_t)lane * m->n_col + c] - want;
			s->off2 += off * off;
			s->expected2 += var;
			s->most = fmax(s->most, fabs(off) / sqrt(var));
			s->n++;
		}
	}
}

static struct sums many_products(struct chips_rig *q, uint32_t i_matrix, bool is_real)
{
	const struct snn_matrix *m = &q->g.net.matrix[i_matrix];
	float *g = chips_devices(q, i_matrix);
	struct sums s = { 0 };
	struct snn_spikes x;

	assert_int_equal(snn_spikes_init(&x, m->n_row, CHIPS_LANES, is_real), 0);
	for (int k = 0; k < 3; k++) { /* as in calibration: ranges as wide as what is met */
		excite(q, &x, m);
		chips_product(q, i_matrix, &x);
		assert_true(q->w->ops->adapt(q->w, NULL) >= 0);
	}
	for (int k = 0; k < 20; k++) {
		excite(q, &x, m);
		compare_product(q, i_matrix, &x, g, &s);
	}
	snn_spikes_done(&x);
	free(g);
	return s;
}

/* Rounding alone: half a code at most, which is sqrt(3) of its sd; a little float32 on top. */
static void ideal_products_are_within_half_a_code(void **state)
{
	(void)state;
	for (int is_real = 0; is_real < 2; is_real++) {
		struct chips_rig q;

		chips_config(&q, IDEAL, 40, 30);
		chips_open(&q, true);
		for (uint32_t i = 0; i < 3; i++)
			assert_true(many_products(&q, i, is_real).most < 1.01 * sqrt(3));
		chips_done(&q);
	}
}

/* 20 x 4 x 30 products: the sd of their mean square is sqrt(2 / 2400) = 3 %; four of them. */
static void noisy_products_scatter_as_their_devices_do(void **state)
{
	(void)state;
	for (int is_real = 0; is_real < 2; is_real++) {
		struct chips_rig q;

		chips_config(&q, NOISY, 40, 30);
		chips_open(&q, true);
		for (uint32_t i = 0; i < 3; i++) {
			struct sums s = many_products(&q, i, is_real);

			if (fabs(s.off2 / s.expected2 - 1) > 0.12 || s.most > 6)
				fail_msg("%s: square %g of the expected, at most %g sd",
					q.g.net.matrix[i].name, s.off2 / s.expected2, s.most);
		}
		chips_done(&q);
	}
}

/* Ideal devices take any conductance; program-and-verify of the others ends within 0.5 uS a device. */
static void initial_weights_reach_the_devices(void **state)
{
	(void)state;
	for (int is_noisy = 0; is_noisy < 2; is_noisy++) {
		struct chips_rig q;

		chips_config(&q, is_noisy ? NOISY : IDEAL, 20, 12);
		chips_open(&q, true);
		for (uint32_t i = 0; i < 3; i++) {
			const struct snn_matrix *m = &q.g.net.matrix[i];
			double k = (double)q.ch->k[i], sum = 0;
			float *w = chips_weights(&q, i);

			for (size_t c = 0; c < snn_n_cell(m); c++)
				sum += pow((double)(w[c] - m->init[c]) / k, 2);
			sum = sqrt(sum / (double)snn_n_cell(m));
			assert_true(sum < (is_noisy ? 1e-6 : 1e-9));
			free(w);
		}
		chips_done(&q);
	}
}

/*
 * 20-600-20 with recurrence, in 3 + 3 + 9 + 3 tiles: sums of three roundings are within half a code of
 * each, sqrt(9) of their sd where the codes are the same; binary and real inputs.
 */
static void tiled_products_are_those_of_one_matrix(void **state)
{
	(void)state;
	for (int is_real = 0; is_real < 2; is_real++) {
		struct chips_rig q;

		chips_config(&q, "emu:?model=ideal&chips=18", 20, 600);
		q.g.c.network.recurrent = true;
		chips_open(&q, true);
		for (uint32_t i = 0; i < 4; i++) {
			double n_down = q.ch->plan.cut[i].n_down;

			assert_int_equal(q.ch->plan.cut[i].n_down * q.ch->plan.cut[i].n_across,
				i == 3 ? 9 : 3);
			assert_true(many_products(&q, i, is_real).most < 1.02 * sqrt(3 * n_down));
		}
		chips_done(&q);
	}
}

/* As noisy_products_scatter_as_their_devices_do: 20 x 4 x 20 products at the least, 3.5 %. */
static void noise_of_tiled_products_is_that_of_their_devices(void **state)
{
	struct chips_rig q;

	(void)state;
	chips_config(&q, "emu:?chips=7&seed=5", 20, 300);
	chips_open(&q, true);
	for (uint32_t i = 0; i < 3; i++) {
		struct sums s = many_products(&q, i, false);

		if (fabs(s.off2 / s.expected2 - 1) > 0.14 || s.most > 6)
			fail_msg("%s: square %g of the expected, at most %g sd",
				q.g.net.matrix[i].name, s.off2 / s.expected2, s.most);
	}
	chips_done(&q);
}

/* One call for all tiles of all products, and each vector a tile on its chip. */
static void tiles_of_one_step_are_one_call(void **state)
{
	struct chips_rig q;
	struct snn_spikes x, y_star;
	struct xbar_stats before, after;
	struct snn_product p[2];
	struct snn_error e = { "" };

	(void)state;
	chips_config(&q, "emu:?model=ideal&chips=7", 20, 600);
	chips_open(&q, true);
	assert_int_equal(snn_spikes_init(&x, 20, CHIPS_LANES, false), 0);
	assert_int_equal(snn_spikes_init(&y_star, 20, CHIPS_LANES, false), 0);
	p[0] = (struct snn_product){ .i_matrix = 0, .in = &x, .out = q.out };
	p[1] = (struct snn_product){ .i_matrix = 2, .in = &y_star, .out = q.out };
	before = chips_stats_of(&q);
	assert_int_equal(q.w->ops->product(q.w, p, 2, CHIPS_LANES, &e), 0);
	after = chips_stats_of(&q);
	assert_int_equal(after.n_call - before.n_call, 1);
	assert_int_equal(after.n_mvm - before.n_mvm, 6 * CHIPS_LANES);
	/* six chips at the same time */
	assert_int_equal(after.time - before.time, CHIPS_LANES * xbar_info(q.ch->board[0])->t_mvm);
	snn_spikes_done(&x);
	snn_spikes_done(&y_star);
	chips_done(&q);
}

/*
 * Two boards of one chip, whose ADCs differ in width: B is on the second, every product is right and
 * uses its own ADC's codes, 1 / 2.5 of them at the most that calibration met.
 */
static void two_boards_work_together(void **state)
{
	static const int bits[2][2] = { { 6, 12 }, { 12, 6 } };

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct chips_rig q;

		chips_config(&q, "emu:?model=ideal&chips=1", 40, 30);
		snprintf(q.g.c.uri, sizeof(q.g.c.uri), "emu:?model=ideal&chips=1&adc_bits=%d",
			bits[k][0]);
		snprintf(q.g.c.uri2, sizeof(q.g.c.uri2), "emu:?model=ideal&chips=1&adc_bits=%d",
			bits[k][1]);
		chips_open(&q, true);
		assert_contains(q.describe, "board 1: crossloop emulator");
		assert_contains(q.describe,
			"B    40 x 30   board 1, chip 0, rows 0 .. 39, columns 0 .. 29\n");
		for (uint32_t i = 0; i < 3; i++) {
			int most = (1 << (bits[k][i == 2] - 1)) - 1;

			assert_true(many_products(&q, i, false).most < 1.01 * sqrt(3));
			assert_int_equal(q.ch->adc[i].n_sat, 0);
			assert_in_range(q.ch->adc[i].max_code, most * 3 / 10, most);
		}
		chips_done(&q);
	}
}

/* After adapt() the range is the margin above the largest current, and doubles after saturation. */
static void ranges_follow_what_was_met(void **state)
{
	struct chips_rig q;
	struct snn_spikes x;
	float y[16], most = 0;
	const float *out;

	(void)state;
	chips_config(&q, "emu:?model=ideal&chips=2&adc_bits=12", 16, 10);
	q.g.c.chips.adc_margin = 1.5;
	chips_open(&q, true);
	assert_int_equal(snn_spikes_init(&x, 16, CHIPS_LANES, false), 0);
	for (int i = 0; i < 16; i++)
		y[i] = 1;
	for (uint32_t lane = 0; lane < CHIPS_LANES; lane++)
		snn_spikes_values(&x, lane, y);
	for (int k = 0; k < 3; k++) {
		out = chips_product(&q, 0, &x);
		assert_true(q.w->ops->adapt(q.w, NULL) >= 0);
	}
	for (int i = 0; i < 10; i++)
		most = fmaxf(most, fabsf(out[i]));
	/* in weight units: range k / v_read; one code of 2047 / 1.5 is 0.1 % */
	assert_true(fabsf(q.ch->adc[0].range * q.ch->k[0] / 0.2f / most - 1.5f) < 0.002f);
	assert_int_equal(snn_chips_range(q.ch, 0, 0.5f * q.ch->adc[0].range, NULL), 0);
	chips_product(&q, 0, &x);
	assert_true(q.ch->adc[0].n_sat > 0);
	most = q.ch->adc[0].range;
	assert_true(q.w->ops->adapt(q.w, NULL) >= 0);
	assert_true(q.ch->adc[0].range == 2 * most);
	snn_spikes_done(&x);
	chips_done(&q);
}

/* Between batches, too: a quarter wider, but not for a few codes. */
static void ranges_grow_at_once_where_many_codes_saturate(void **state)
{
	struct chips_rig q;
	float was;

	(void)state;
	chips_config(&q, IDEAL, 16, 10);
	chips_open(&q, true);
	was = q.ch->adc[0].range;
	q.ch->adc[0].n_sat = 31;
	q.ch->adc[1].n_sat = 32;
	assert_int_equal(q.w->ops->rest(q.w, 1, NULL), 0);
	assert_true(q.ch->adc[0].range == was && q.ch->adc[0].n_sat == 31);
	was = 2 * 0.2f * 12e-6f * 10; /* V: 10 rows of 12 uS twice, at 0.2 V */
	assert_true(fabsf(q.ch->adc[1].range / (1.25f * was) - 1) < 1e-6f);
	assert_int_equal(q.ch->adc[1].n_sat, 0);
	chips_done(&q);
}

/*
 * 200 rows of weights of 0.014: currents of 0.1 uA are far below half a code of the widest range, 3.8
 * uA. That nothing is seen must not be taken for a fit.
 */
static void ranges_find_currents_below_the_first_code(void **state)
{
	struct chips_rig q;
	struct snn_spikes x;
	uint32_t n_round = 0;

	(void)state;
	chips_config(&q, IDEAL, 16, 200);
	q.g.c.network.v_scale = 0.2;
	chips_open(&q, true);
	assert_int_equal(snn_spikes_init(&x, 200, CHIPS_LANES, false), 0);
	do {
		excite(&q, &x, &q.g.net.matrix[1]);
		chips_product(&q, 1, &x);
		if (n_round == 0)
			assert_int_equal(q.ch->adc[1].max_code, 0);
	} while (q.w->ops->adapt(q.w, NULL) > 0 && ++n_round < 10);
	assert_in_range(n_round, 2, 5);
	excite(&q, &x, &q.g.net.matrix[1]);
	chips_product(&q, 1, &x);
	assert_in_range(q.ch->adc[1].max_code, 127 / 4, 127);
	snn_spikes_done(&x);
	chips_done(&q);
}

/* Every third update: the images of updates 0, 3 and 6 are read, those between are the same. */
static void images_are_read_back_every_so_many_updates(void **state)
{
	struct chips_rig q;
	const float *none[SNN_MAX_MATRIX] = { NULL }, *image;
	uint64_t n_device = 10 * 16 * XBAR_N_DEVICE;

	(void)state;
	chips_config(&q, NOISY, 16, 10);
	q.g.c.chips.read_back_every = 3;
	q.g.c.chips.read_average = 2;
	chips_open(&q, false);
	for (uint64_t t = 0; t < 8; t++) {
		uint64_t before = chips_stats_of(&q).n_read;

		assert_int_equal(q.w->ops->image(q.w, 1, &image, NULL), 0);
		assert_int_equal(chips_stats_of(&q).n_read - before, t % 3 ? 0 : 2 * n_device);
		for (int i = 0; i < 160; i++) /* programming and reading: 2 uS are 4 sd */
			assert_true(
				fabsf(image[i] - q.g.net.matrix[1].init[i]) < 2e-6f * q.ch->k[1]);
		assert_int_equal(q.w->ops->update(q.w, none, t + 1, NULL), 0);
	}
	chips_done(&q);
}

/* SET adds 1 uS on model ideal, up to g_max = 12 uS. */
static void calibration_measures_the_mean_step(void **state)
{
	struct chips_rig q;

	(void)state;
	chips_config(&q, IDEAL, 16, 10);
	chips_open(&q, true);
	for (int k = 0; k < 12; k++)
		assert_true(fabsf(q.ch->step[k] - 1e-6f) < 1e-11f);
	assert_true(fabsf(q.ch->level[12] - 12e-6f) < 1e-11f);
	for (int k = 0; k < 12; k++)
		assert_int_equal(snn_chips_pulses_of(q.ch, 1e-6f * (float)k), k);
	assert_true(snn_chips_pulses_of(q.ch, 12e-6f) >= 12); /* at g_max: who knows */
	chips_done(&q);
}

static void a_board_that_does_not_set_is_refused(void **state)
{
	struct chips_rig q;
	struct snn_error e = { "" };

	(void)state;
	chips_config(&q, "emu:?model=ideal&chips=2&set_step=0", 16, 10);
	assert_int_equal(chips_try(&q, true, &e), -EIO);
	assert_contains(e.text, "does not SET");
	rig_done(&q.g);
}

static void waiting_passes_on_every_board(void **state)
{
	struct chips_rig q;
	struct snn_epoch row = { 0 };

	(void)state;
	chips_config(&q, "emu:?chips=1", 16, 10);
	snprintf(q.g.c.uri2, sizeof(q.g.c.uri2), "emu:?chips=1");
	chips_open(&q, true);
	assert_int_equal(q.w->ops->wait(q.w, 3600, NULL), 0);
	for (int k = 0; k < 2; k++) {
		struct xbar_stats s;

		assert_int_equal(xbar_stats(q.ch->board[k], &s), 0);
		assert_true(s.time >= 3600000000000u && s.time < 3610000000000u);
	}
	assert_int_equal(q.w->ops->stats(q.w, &row, NULL), 0);
	assert_true(row.chip_time >= 3600 && row.chip_time < 3610);
	chips_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_is_block_diagonal_and_printed),
		cmocka_unit_test(several_layers_follow_each_other_down_the_diagonal),
		cmocka_unit_test(a_board_with_too_few_chips_says_how_many_are_needed),
		cmocka_unit_test(a_board_with_one_chip_names_both_remedies),
		cmocka_unit_test(a_wrong_uri_fails_in_the_boards_words),
		cmocka_unit_test(ideal_products_are_within_half_a_code),
		cmocka_unit_test(noisy_products_scatter_as_their_devices_do),
		cmocka_unit_test(initial_weights_reach_the_devices),
		cmocka_unit_test(tiled_products_are_those_of_one_matrix),
		cmocka_unit_test(noise_of_tiled_products_is_that_of_their_devices),
		cmocka_unit_test(tiles_of_one_step_are_one_call),
		cmocka_unit_test(two_boards_work_together),
		cmocka_unit_test(ranges_follow_what_was_met),
		cmocka_unit_test(ranges_grow_at_once_where_many_codes_saturate),
		cmocka_unit_test(ranges_find_currents_below_the_first_code),
		cmocka_unit_test(images_are_read_back_every_so_many_updates),
		cmocka_unit_test(calibration_measures_the_mean_step),
		cmocka_unit_test(a_board_that_does_not_set_is_refused),
		cmocka_unit_test(waiting_passes_on_every_board),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
