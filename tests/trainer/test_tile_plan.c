/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Properties that every plan must have, over random networks and chips: each weight in exactly one
 * cell, no two tiles of a chip on the same word line or bit line, nothing beyond a chip's edge,
 * feedback apart. And that no plan wastes chips where counting by hand tells how many are enough.
 */
#include <gsl/gsl_rng.h>
#include <stdlib.h>
#include <string.h>
#include "tile_plan.h"
#include "trainer_test.h"

#define MAX_CHIP 4096

static void matrix(struct snn_net *net, uint32_t n_row, uint32_t n_col, bool is_feedback)
{
	net->matrix[net->n_matrix++] =
		(struct snn_matrix){ .n_row = n_row, .n_col = n_col, .is_feedback = is_feedback };
}

static void make(struct snn_tile_plan *p, const struct snn_net *net, bool has_feedback,
	uint32_t n_row, uint32_t n_col, uint32_t n_board)
{
	struct snn_chip_size size[SNN_MAX_BOARD] = { { n_row, n_col }, { n_row, n_col } };

	assert_int_equal(snn_tile_plan_init(p, net, has_feedback, size, n_board), 0);
}

/* Where the weight lies, by way of the tile that claims it: that tile has it, and no other. */
static void assert_every_weight_is_placed_once(
	const struct snn_tile_plan *p, const struct snn_net *net, uint32_t i_matrix)
{
	const struct snn_matrix *m = &net->matrix[i_matrix];
	size_t n = (size_t)m->n_row * m->n_col;
	uint8_t *seen = calloc(n, 1);

	assert_non_null(seen);
	for (uint32_t k = 0; k < p->n_tile; k++) {
		const struct snn_tile *t = &p->tile[k];

		for (uint32_t r = 0; t->i_matrix == i_matrix && r < t->n_row; r++) {
			for (uint32_t c = 0; c < t->n_col; c++) {
				assert_true(t->m_row + r < m->n_row && t->m_col + c < m->n_col);
				assert_int_equal(
					seen[(size_t)(t->m_row + r) * m->n_col + t->m_col + c]++,
					0);
				assert_ptr_equal(
					snn_tile_of(p, i_matrix, t->m_row + r, t->m_col + c), t);
			}
		}
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(seen[i], 1);
	free(seen);
}

static bool overlap(uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b)
{
	return a < b + n_b && b < a + n_a;
}

static void assert_tiles_are_apart(const struct snn_tile_plan *p, uint32_t n_row, uint32_t n_col)
{
	for (uint32_t i = 0; i < p->n_tile; i++) {
		const struct snn_tile *a = &p->tile[i];

		assert_true(a->n_row > 0 && a->n_col > 0);
		assert_true(a->row + a->n_row <= n_row && a->col + a->n_col <= n_col);
		assert_true(a->board < p->n_board && a->chip < p->n_chip[a->board]);
		for (uint32_t k = 0; k < i; k++) {
			const struct snn_tile *b = &p->tile[k];

			if (a->board != b->board || a->chip != b->chip)
				continue;
			assert_false(overlap(a->row, a->n_row, b->row, b->n_row));
			assert_false(overlap(a->col, a->n_col, b->col, b->n_col));
		}
	}
}

/* With one board no chip holds both kinds, with two each has its own. */
static void assert_feedback_is_apart(const struct snn_tile_plan *p, const struct snn_net *net)
{
	bool has[SNN_MAX_BOARD][MAX_CHIP][2] = { 0 };

	for (uint32_t i = 0; i < p->n_tile; i++) {
		const struct snn_tile *t = &p->tile[i];
		bool is_feedback = net->matrix[t->i_matrix].is_feedback;

		assert_true(t->chip < MAX_CHIP);
		assert_int_equal(t->board, is_feedback ? p->n_board - 1 : 0);
		has[t->board][t->chip][is_feedback] = true;
	}
	for (uint32_t b = 0; b < p->n_board; b++) {
		for (uint32_t c = 0; c < p->n_chip[b]; c++) /* and no chip is without */
			assert_int_equal(has[b][c][0] + has[b][c][1], 1);
	}
}

static void plans_of_random_networks_are_sound(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);

	(void)state;
	assert_non_null(rng);
	for (int k = 0; k < 300; k++) {
		uint32_t n_row = 4 + (uint32_t)gsl_rng_uniform_int(rng, 40);
		uint32_t n_col = 4 + (uint32_t)gsl_rng_uniform_int(rng, 40);
		uint32_t n_board = 1 + (uint32_t)gsl_rng_uniform_int(rng, 2);
		bool has_feedback = gsl_rng_uniform_int(rng, 2);
		struct snn_tile_plan p;
		struct snn_net net = { 0 };

		for (uint32_t i = 0; i < 6; i++)
			matrix(&net, 1 + (uint32_t)gsl_rng_uniform_int(rng, 90),
				1 + (uint32_t)gsl_rng_uniform_int(rng, 90), i == 3 || i == 4);
		make(&p, &net, has_feedback, n_row, n_col, n_board);
		for (uint32_t i = 0; i < net.n_matrix; i++) {
			if (has_feedback || !net.matrix[i].is_feedback)
				assert_every_weight_is_placed_once(&p, &net, i);
			else
				assert_int_equal(p.cut[i].n_down, 0);
		}
		assert_tiles_are_apart(&p, n_row, n_col);
		if (has_feedback)
			assert_feedback_is_apart(&p, &net);
		snn_tile_plan_done(&p);
	}
	gsl_rng_free(rng);
}

/* 88-150-88: W and V share chip 0 (88 + 150 = 238 lines each way), B is on chip 1. */
static void the_music_network_needs_two_chips(void **state)
{
	struct snn_net net = { 0 };
	struct snn_tile_plan p;

	(void)state;
	matrix(&net, 88, 150, false);
	matrix(&net, 150, 88, false);
	matrix(&net, 88, 150, true);
	make(&p, &net, true, 256, 256, 1);
	assert_int_equal(p.n_chip[0], 2);
	assert_int_equal(p.tile[1].chip, 0);
	assert_int_equal(p.tile[1].row, 88);
	assert_int_equal(p.tile[1].col, 150);
	assert_int_equal(p.tile[2].chip, 1);
	snn_tile_plan_done(&p);
}

/*
 * 700-450-20, recurrent: W is 3 x 2 tiles of 234 x 225, H 2 x 2 of 225 x 225, V 2 of 225 x 20, B 2 of
 * 20 x 225. Two tiles 225 wide or high do not share a chip of 256: 6 + 4 + 2 + 2 chips.
 */
static void the_speech_network_needs_fourteen_chips(void **state)
{
	struct snn_net net = { 0 };
	struct snn_tile_plan p;

	(void)state;
	matrix(&net, 700, 450, false);
	matrix(&net, 450, 20, false);
	matrix(&net, 20, 450, true);
	matrix(&net, 450, 450, false);
	make(&p, &net, true, 256, 256, 1);
	assert_int_equal(p.n_chip[0], 14);
	assert_int_equal(p.cut[0].n_down, 3);
	assert_int_equal(p.cut[0].n_across, 2);
	assert_int_equal(p.tile[0].n_row, 234);
	assert_int_equal(p.tile[5].n_row, 232);
	assert_int_equal(p.tile[0].n_col, 225);
	snn_tile_plan_done(&p);
	make(&p, &net, true, 256, 256, 2);
	assert_int_equal(p.n_chip[0], 12);
	assert_int_equal(p.n_chip[1], 2);
	snn_tile_plan_done(&p);
}

/* Of small matrices, as many to a chip as its diagonal holds: four of 10 x 10 on 40 lines. */
static void small_matrices_share_a_chip(void **state)
{
	struct snn_net net = { 0 };
	struct snn_tile_plan p;

	(void)state;
	for (int i = 0; i < 5; i++)
		matrix(&net, 10, 10, false);
	make(&p, &net, true, 40, 40, 1);
	assert_int_equal(p.n_chip[0], 2);
	assert_int_equal(p.tile[3].row, 30);
	assert_int_equal(p.tile[4].chip, 1);
	snn_tile_plan_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_of_random_networks_are_sound),
		cmocka_unit_test(the_music_network_needs_two_chips),
		cmocka_unit_test(the_speech_network_needs_fourteen_chips),
		cmocka_unit_test(small_matrices_share_a_chip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
