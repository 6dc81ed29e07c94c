/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c against the network it stands for, solved by nodal analysis: drivers of row i give x_i v_read,
 * word and bit lines are ladders of wire_ohm, the ADCs are virtual grounds, a cell connects its word
 * line with two bit lines, rows that are not driven are open.
 */
#include "emulator_test.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 256

/* [row][col], S and V. */
struct network {
	double g[2][N][N]; /* of both polarities */
	double word[N][N], bit[2][N][N];
	double x[N]; /* of full scale; 0: open */
	double r;    /* ohm */
};

/* Tridiagonal system: -1/r of neighbours, diagonal d, right side b, n unknowns; b becomes them. */
static void solve(int n, double c, const double *d, double *b)
{
	double ratio[N], last = 0;
	for (int i = 0; i < n; i++) {
		double pivot = d[i] - (i ? c * ratio[i - 1] : 0);
		ratio[i] = c / pivot;
		b[i] = last = (b[i] + (i ? c * last : 0)) / pivot;
	}
	for (int i = n - 2; i >= 0; i--)
		b[i] += ratio[i] * b[i + 1];
}

static void solve_word(struct network *n, int i)
{
	double c = 1 / n->r, d[N], b[N];
	for (int j = 0; j < N; j++) {
		d[j] = (j < N - 1 ? 2 : 1) * c + n->g[0][i][j] + n->g[1][i][j];
		b[j] = n->g[0][i][j] * n->bit[0][i][j] + n->g[1][i][j] * n->bit[1][i][j];
	}
	b[0] += c * n->x[i];
	solve(N, c, d, b);
	memcpy(n->word[i], b, sizeof(b));
}

static void solve_bit(struct network *n, int p, int j)
{
	double c = 1 / n->r, d[N], b[N];
	for (int i = 0; i < N; i++) {
		double g = n->x[i] != 0 ? n->g[p][i][j] : 0;
		d[i] = (i < N - 1 ? 2 : 1) * c + g;
		b[i] = g * n->word[i][j];
	}
	solve(N, c, d, b);
	for (int i = 0; i < N; i++)
		n->bit[p][i][j] = b[i];
}

/* Net currents over v_read, S; line by line until nothing moves. */
static void currents(struct network *n, double *ret)
{
	memset(n->bit, 0, sizeof(n->bit));
	for (int round = 0; round < 30; round++) {
		for (int i = 0; i < N; i++) {
			if (n->x[i] != 0)
				solve_word(n, i);
		}
		for (int j = 0; j < N; j++) {
			solve_bit(n, 0, j);
			solve_bit(n, 1, j);
		}
	}
	for (int j = 0; j < N; j++)
		ret[j] = (n->bit[0][0][j] - n->bit[1][0][j]) / n->r;
}

/* A ladder of one cell: g in series with two segments of line. */
static void the_network_is_solved_right(void **state)
{
	static struct network n;
	static double i[N];
	(void)state;
	n.r = 1000;
	n.x[0] = 1;
	n.g[0][0][0] = 1e-4;
	currents(&n, i);
	assert_true(fabs(i[0] / (1 / (1e4 + 2000)) - 1) < 1e-9);
	/* 4 further, 2 rows up: 5 + 3 segments. */
	memset(&n, 0, sizeof(n));
	n.r = 1000;
	n.x[2] = -0.5;
	n.g[1][2][4] = 1e-4;
	currents(&n, i);
	assert_true(fabs(i[4] / (0.5 / (1e4 + 8000)) - 1) < 1e-9);
}

static struct network net;
static float g[N][N][4];

/* Weights of one polarity each, or of both; `used` rows and columns, the rest as RESET. */
static struct pcm_chip *make(int used, bool both)
{
	const struct pcm_patch all = { 0, N, 0, N };
	struct pcm_chip *c =
		make_chip("model=ideal&g_max=25e-6&adc_bits=16&adc_range=2e-4&wire_ohm=0.35", 0);
	memset(&net, 0, sizeof(net));
	net.r = 0.35;
	for (int i = 0; i < N; i++) {
		for (int j = 0; j < N; j++) {
			double w = (double)draw(1000) / 1000 * 8e-6;
			int sign = draw(2) ? 2 : 0;
			for (int k = 0; k < 4; k++)
				g[i][j][k] = 0.1e-6f;
			if (i < used && j < used) {
				g[i][j][sign] = g[i][j][sign + 1] = (float)w;
				if (both)
					g[i][j][2 - sign] = (float)draw(1000) * 4e-9f;
			}
			for (int k = 0; k < 4; k++)
				net.g[k / 2][i][j] += (double)g[i][j][k];
		}
	}
	assert_int_equal(pcm_chip_program(c, &all, &g[0][0][0]), 0);
	return c;
}

/*
 * Root mean squares over columns of what the lines take, and of the part of it that the emulator gets
 * wrong.
 */
static void compare(struct pcm_chip *c, enum pcm_input input, const int8_t *in, double *ret_loss,
	double *ret_error)
{
	static double exact[N];
	int16_t out[N];
	struct pcm_mvm m = {
		.n_row = N, .n_col = N, .n_vec = 1, .input = input, .in = in, .out = out
	};
	double loss = 0, error = 0;
	assert_int_equal(pcm_chip_mvm(c, &m), 0);
	assert_int_equal(m.n_sat, 0);
	for (int i = 0; i < N; i++)
		net.x[i] =
			input == PCM_INPUT_INT8 ? in[i] / 127.0 : (uint8_t)in[i / 8] >> i % 8 & 1;
	currents(&net, exact);
	for (int j = 0; j < N; j++) {
		double ideal = 0, got = out[j] * (double)pcm_chip_adc_lsb(c, 0) / 0.2;
		for (int i = 0; i < N; i++)
			ideal += net.x[i] * (net.g[0][i][j] - net.g[1][i][j]);
		loss += pow(ideal - exact[j], 2);
		error += pow(got - exact[j], 2);
	}
	*ret_loss = sqrt(loss / N);
	*ret_error = sqrt(error / N);
	print_message("  takes %.3g uS, wrong by %.3g uS: %.1f %%\n", 1e6 * *ret_loss,
		1e6 * *ret_error, 100 * *ret_error / *ret_loss);
}

/* part: of 100 rows that are driven; bound: of what the lines take. */
static void check(int used, bool both, enum pcm_input input, int part, double bound)
{
	struct pcm_chip *c = make(used, both);
	int8_t in[N] = { 0 };
	double loss, error;
	for (int i = 0; i < N; i++) {
		if (input == PCM_INPUT_INT8)
			in[i] = (int8_t)(draw(255) - 127);
		else if ((int)draw(100) < part)
			in[i / 8] |= (int8_t)(1 << i % 8);
	}
	compare(c, input, in, &loss, &error);
	assert_true(error < bound * loss);
	pcm_chip_free(c);
}

static void products_lose_what_the_network_loses(void **state)
{
	(void)state;
	seed_draw(9);
	check(256, false, PCM_INPUT_INT8, 0, 0.03);
	check(256, true, PCM_INPUT_INT8, 0, 0.03);
	check(256, true, PCM_INPUT_BIT, 100, 0.03);
	check(256, true, PCM_INPUT_BIT, 30, 0.03);
	check(256, false, PCM_INPUT_BIT, 10, 0.03);
	check(100, true, PCM_INPUT_INT8, 0, 0.1); /* the edge of what is used is inside a group */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_network_is_solved_right),
		cmocka_unit_test(products_lose_what_the_network_loses),
	};
	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
