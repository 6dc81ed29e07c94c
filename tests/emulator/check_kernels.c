/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every kernel that this processor runs against kernels.c, bit for bit, and kernels.c against double
 * precision. Columns past n_col up to the next multiple of PCM_CHUNK are the kernel's to spoil.
 */
#include "kernels.h"
#include "pcm.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define N_ROW    12
#define N        (N_ROW * PCM_N_COL + PCM_CACHE_PAD)
#define N_DEVICE (PCM_N_DEVICE * PCM_N_COL + PCM_CACHE_PAD)
#define N_OUT    (PCM_N_DEVICE * PCM_N_COL + PCM_CHUNK)
#define CANARY   -7

static uint64_t random_state;

/* xorshift64: not the generator under test. */
static uint64_t draw(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static float uniform(double min, double max)
{
	return (float)(min + (max - min) * (double)draw(1 << 24) / (1 << 24));
}

static uint32_t round_up(uint32_t n_col)
{
	return (n_col + PCM_CHUNK - 1) / PCM_CHUNK * PCM_CHUNK;
}

static uint32_t round_up_add(uint32_t n_col)
{
	return (n_col + PCM_ADD_CHUNK - 1) / PCM_ADD_CHUNK * PCM_ADD_CHUNK;
}

static int start(void **state)
{
	(void)state;
	random_state = 88172645463325252;
	return 0;
}

/* Calls test(dsp) for all but the C kernels; skips where there are none. */
static void for_each_dsp(void (*test)(const struct pcm_dsp *dsp))
{
	const struct pcm_dsp *dsp;
	unsigned n = 0;
	for (unsigned i = 0; (dsp = pcm_dsp_at(i)); i++) {
		if (dsp == &pcm_dsp_c)
			continue;
		test(dsp);
		n++;
	}
	if (n == 0)
		skip();
}

static void compare_normals(const struct pcm_dsp *dsp)
{
	static float a[5 * PCM_GROUP], b[5 * PCM_GROUP];
	for (int i = 0; i < 300; i++) {
		struct pcm_stream s = { { (uint32_t)draw(UINT32_MAX), (uint32_t)draw(UINT32_MAX) },
			{ (uint32_t)draw(UINT32_MAX), (uint32_t)draw(9) },
			(uint32_t)draw(1 << 20) };
		uint32_t n_group = 1 + (uint32_t)draw(5), i_group = (uint32_t)draw(3000);
		pcm_dsp_c.normals(a, &s, i_group, n_group);
		dsp->normals(b, &s, i_group, n_group);
		assert_memory_equal(a, b, n_group * PCM_GROUP * sizeof(*a));
	}
}

static void normals_are_the_same_bits(void **state)
{
	(void)state;
	for_each_dsp(compare_normals);
}

/* (N_ROW, 256) */
struct matrix {
	float g[N];
	uint16_t v[N];
	struct pcm_drive drive;
};

static void fill_matrix(struct matrix *m, bool is_int8)
{
	for (int i = 0; i < N; i++) {
		m->g[i] = uniform(-20e-6, 20e-6);
		m->v[i] = (uint16_t)draw(0x2b00); /* bfloat16 below 4.5e-13 */
	}
	m->drive.n = 0;
	for (uint16_t row = 0; row < N_ROW; row++) {
		if (draw(4) == 0)
			continue;
		m->drive.row[m->drive.n] = row;
		m->drive.x[m->drive.n++] = is_int8 ? (float)draw(255) - 127.0f : 1.0f;
	}
}

static void compare_add(const struct pcm_dsp *dsp, bool is_int8, bool with_v)
{
	static struct matrix m;
	float g[2][N_OUT], v[2][N_OUT];
	for (int i = 0; i < 300; i++) {
		uint32_t n_col = i < 256 ? (uint32_t)i + 1 : 1 + (uint32_t)draw(256);
		uint32_t col = (uint32_t)draw(257 - n_col);
		fill_matrix(&m, is_int8);
		for (int k = 0; k < 2; k++) {
			const struct pcm_dsp *d = k ? dsp : &pcm_dsp_c;
			for (int j = 0; j < N_OUT; j++)
				g[k][j] = v[k][j] = CANARY;
			(is_int8 ? d->add_int8 : d->add_bit)(g[k], with_v ? v[k] : NULL, m.g + col,
				with_v ? m.v + col : NULL, &m.drive, n_col);
			assert_true(g[k][round_up_add(n_col)] == CANARY);
			assert_true(v[k][with_v ? round_up_add(n_col) : 0] == CANARY);
		}
		assert_memory_equal(g[0], g[1], n_col * sizeof(float));
		if (with_v)
			assert_memory_equal(v[0], v[1], n_col * sizeof(float));
	}
}

static void compare_adds(const struct pcm_dsp *dsp)
{
	for (int i = 0; i < 4; i++)
		compare_add(dsp, i & 1, i & 2);
}

static void sums_over_rows_are_the_same_bits(void **state)
{
	(void)state;
	for_each_dsp(compare_adds);
}

static void compare_wire(const struct pcm_dsp *dsp)
{
	enum { N_GROUP = PCM_N_WIRE_GROUP };
	static struct matrix m;
	static float total[N_ROW * N_GROUP], reach[N_ROW * N_GROUP], x[2][N_ROW * N_GROUP + 1];
	for (int i = 0; i < 200; i++) {
		uint32_t n_group = 1 + (uint32_t)draw(N_GROUP), first = (uint32_t)draw(9 - n_group);
		uint32_t n_col = n_group * PCM_ADD_CHUNK, from = first * PCM_ADD_CHUNK;
		float g[2][N_OUT], v[2][N_OUT];
		bool with_v = i % 2;
		fill_matrix(&m, true);
		for (int k = 0; k < N_ROW * N_GROUP; k++) {
			total[k] = uniform(0, 40e-6);
			reach[k] = uniform(0.5, 1);
		}
		for (int k = 0; k < 2; k++) {
			const struct pcm_dsp *d = k ? dsp : &pcm_dsp_c;
			g[k][n_col] = x[k][m.drive.n * N_GROUP] = CANARY;
			d->wire_inputs(x[k], &m.drive, total, reach, 0.175f);
			d->add_wire(g[k], with_v ? v[k] : NULL, m.g + from,
				with_v ? m.v + from : NULL, &m.drive, x[k] + first, n_col);
			assert_true(g[k][n_col] == CANARY);
			assert_true(x[k][m.drive.n * N_GROUP] == CANARY);
		}
		assert_memory_equal(x[0], x[1], m.drive.n * N_GROUP * sizeof(float));
		assert_memory_equal(g[0], g[1], n_col * sizeof(float));
		if (with_v)
			assert_memory_equal(v[0], v[1], n_col * sizeof(float));
	}
}

static void sums_through_wires_are_the_same_bits(void **state)
{
	(void)state;
	for_each_dsp(compare_wire);
}

static void compare_convert(const struct pcm_dsp *dsp)
{
	float g[N_OUT], v[N_OUT], z[N_OUT], scale[N_OUT];
	int16_t out[2][N_OUT];
	for (int i = 0; i < 600; i++) {
		uint32_t n_col = 1 + (uint32_t)i % 256, n_sat[2];
		float max = draw(2) ? 127.0f : 32767.0f;
		for (int j = 0; j < N_OUT; j++) {
			g[j] = uniform(-1e-3, 1e-3);
			v[j] = uniform(0, 1e-9);
			z[j] = uniform(-4, 4);
			/* Halves too: rounding to even is part of the contract. */
			scale[j] =
				draw(2) ? uniform(0, 1e6) : 0.5f / fabsf(g[j]) * (float)draw(512);
		}
		bool noisy = draw(2);
		for (int k = 0; k < 2; k++) {
			const struct pcm_dsp *d = k ? dsp : &pcm_dsp_c;
			for (int j = 0; j < N_OUT; j++)
				out[k][j] = CANARY;
			n_sat[k] = d->convert(
				out[k], g, noisy ? v : NULL, noisy ? z : NULL, scale, max, n_col);
			assert_int_equal(out[k][round_up(n_col)], CANARY);
		}
		assert_memory_equal(out[0], out[1], n_col * sizeof(int16_t));
		assert_int_equal(n_sat[0], n_sat[1]);
	}
}

static void conversion_is_the_same_codes(void **state)
{
	(void)state;
	for_each_dsp(compare_convert);
}

static void compare_convert_column(const struct pcm_dsp *dsp)
{
	float g[N_OUT], v[N_OUT], z[N_OUT], scale[N_OUT], offset[N_OUT], var[N_OUT];
	float fix_gain[N_OUT], fix_offset[N_OUT];
	const struct pcm_column column = { scale, offset, var, fix_gain, fix_offset };
	int16_t out[2][N_OUT];
	for (int i = 0; i < 600; i++) {
		uint32_t n_col = 1 + (uint32_t)i % 256, n_sat[2];
		float max = draw(2) ? 127.0f : 32767.0f;
		bool noisy = draw(2);
		for (int j = 0; j < N_OUT; j++) {
			g[j] = uniform(-1e-3, 1e-3);
			v[j] = uniform(0, 1e-9);
			z[j] = draw(3) ? uniform(-4, 4) : 0.0f;
			scale[j] = draw(8) ? uniform(-1e6, 1e6) : 0.0f;
			offset[j] = draw(3) ? uniform(-100, 100) : 0.0f;
			var[j] = draw(3) ? uniform(0, 100) : 0.0f;
			fix_gain[j] = draw(3) ? uniform(0.3, 3) : 1.0f;
			fix_offset[j] = draw(3) ? (float)draw(256) / 2 - 64 : 0.0f;
		}
		for (int k = 0; k < 2; k++) {
			const struct pcm_dsp *d = k ? dsp : &pcm_dsp_c;
			for (int j = 0; j < N_OUT; j++)
				out[k][j] = CANARY;
			n_sat[k] = d->convert_column(
				out[k], g, noisy ? v : NULL, z, &column, max, n_col);
			assert_int_equal(out[k][round_up(n_col)], CANARY);
		}
		assert_memory_equal(out[0], out[1], n_col * sizeof(int16_t));
		assert_int_equal(n_sat[0], n_sat[1]);
	}
}

static void conversion_by_columns_is_the_same_codes(void **state)
{
	(void)state;
	for_each_dsp(compare_convert_column);
}

/* One row of devices, and laws. */
struct row {
	float g[N_DEVICE], nu[N_DEVICE];
	uint64_t t_prog[N_DEVICE];
	uint64_t now;
	struct pcm_devices w;
	struct pcm_drift drift;
	struct pcm_read_noise noise;
	uint32_t col, n_col;
};

/* Ages from 0 to the clock's whole range, at every scale. */
static void fill_row(struct row *r)
{
	uint64_t shift = draw(62); /* large: all so young that none drifts */
	r->now = draw((UINT64_C(1) << 62) + 1) >> draw(50);
	for (int i = 0; i < N_DEVICE; i++) {
		r->g[i] = uniform(0, 20e-6);
		r->nu[i] = uniform(0, 0.12);
		r->t_prog[i] = r->now - (draw(r->now + 1) >> (shift - draw(shift + 1)));
	}
	r->n_col = 1 + (uint32_t)draw(256);
	r->col = (uint32_t)draw(257 - r->n_col);
	r->w = (struct pcm_devices){ r->g + r->col, r->t_prog + r->col,
		draw(2) ? r->nu + r->col : NULL };
	r->drift =
		(struct pcm_drift){ uniform(0, 0.2), (float)(1e-9 / 38.6), (float)(1 / 38.6), 0 };
	r->drift.f_min = pcm_drift_floor(&r->drift);
	r->noise = pcm_read_noise(uniform(0, 1e-6), uniform(0, 0.1));
}

static void compare_drifted(const struct pcm_dsp *dsp)
{
	static struct row r;
	static float g[2][N_OUT];
	for (int i = 0; i < 300; i++) {
		fill_row(&r);
		memset(g, 0, sizeof(g));
		pcm_dsp_c.drifted(g[0], &r.w, &r.drift, r.now, r.n_col);
		dsp->drifted(g[1], &r.w, &r.drift, r.now, r.n_col);
		for (uint32_t k = 0; k < PCM_N_DEVICE; k++)
			assert_memory_equal(g[0] + k * PCM_N_COL, g[1] + k * PCM_N_COL,
				r.n_col * sizeof(float));
		assert_true(g[1][4 * PCM_N_COL] == 0);
	}
}

static void drifted_devices_are_the_same_bits(void **state)
{
	(void)state;
	for_each_dsp(compare_drifted);
}

static void compare_refresh(const struct pcm_dsp *dsp)
{
	static struct row r;
	float g[2][PCM_N_COL];
	uint16_t v[2][PCM_N_COL];
	float t[2][PCM_N_COL / PCM_CHUNK];
	for (int i = 0; i < 300; i++) {
		fill_row(&r);
		uint32_t n_chunk = 1 + (uint32_t)draw(16 - r.col / PCM_CHUNK);
		r.w.g = r.g + r.col / PCM_CHUNK * PCM_CHUNK;
		r.w.t_prog = r.t_prog + r.col / PCM_CHUNK * PCM_CHUNK;
		r.w.nu = r.w.nu ? r.nu : NULL;
		pcm_dsp_c.refresh(
			g[0], v[0], t[0], &r.w, &r.drift, &r.noise, r.now, n_chunk * PCM_CHUNK);
		dsp->refresh(
			g[1], v[1], t[1], &r.w, &r.drift, &r.noise, r.now, n_chunk * PCM_CHUNK);
		assert_memory_equal(g[0], g[1], n_chunk * PCM_CHUNK * sizeof(g[0][0]));
		assert_memory_equal(v[0], v[1], n_chunk * PCM_CHUNK * sizeof(v[0][0]));
		assert_memory_equal(t[0], t[1], n_chunk * sizeof(t[0][0]));
	}
}

static void refreshed_chunks_are_the_same_bits(void **state)
{
	(void)state;
	for_each_dsp(compare_refresh);
}

/* Against libm's double pow(). 1e-6: log2 of 2^27 costs two bits, times nu <= 0.2. */
static void drift_is_a_power_law_to_1e_6(void **state)
{
	static struct row r;
	static float g[N_OUT];
	double worst = 0;
	(void)state;
	for (int i = 0; i < 300; i++) {
		fill_row(&r);
		pcm_dsp_c.drifted(g, &r.w, &r.drift, r.now, r.n_col);
		for (uint32_t c = 0; c < r.n_col; c++) {
			double x = fmax(
				(double)(r.now - r.w.t_prog[c]) * r.drift.inv_t0, r.drift.r_min);
			double nu = r.w.nu ? r.w.nu[c] : r.drift.nu;
			double expected = r.w.g[c] * pow(x, -nu);
			worst = fmax(worst, fabs(g[c] / expected - 1));
		}
	}
	assert_true(worst < 1e-6);
}

/*
 * Box-Muller in double from the same words: rng.h says which words make which normal. u is the
 * float nearest to the word: its grain, 2^-25 at 1, is part of the definition.
 */
static void normals_are_box_muller_to_1e_5(void **state)
{
	const double two_pi = 6.283185307179586;
	float z[PCM_GROUP];
	double worst = 0;
	(void)state;
	for (uint32_t i = 0; i < 2000; i++) {
		struct pcm_stream s = { { 1, 2 }, { i, 0 }, PCM_USE_MVM };
		pcm_dsp_c.normals(z, &s, i, 1);
		for (uint32_t j = 0; j < 16; j++) {
			uint32_t w[4];
			pcm_philox(w, (uint32_t[4]){ 16 * i + j, i, 0, PCM_USE_MVM }, s.key);
			for (uint32_t k = 0; k < 4; k += 2) {
				double u = ((float)(w[k] >> 1) + 0.5f) / 2147483648.0f;
				double r = sqrt(-2 * log(u)), a = two_pi * w[k + 1] / 4294967296.0;
				worst = fmax(worst, fabs(z[16 * k + j] - r * cos(a)));
				worst = fmax(worst, fabs(z[16 * k + 16 + j] - r * sin(a)));
			}
		}
	}
	assert_true(worst < 1e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(normals_are_the_same_bits, start),
		cmocka_unit_test_setup(sums_over_rows_are_the_same_bits, start),
		cmocka_unit_test_setup(sums_through_wires_are_the_same_bits, start),
		cmocka_unit_test_setup(conversion_is_the_same_codes, start),
		cmocka_unit_test_setup(conversion_by_columns_is_the_same_codes, start),
		cmocka_unit_test_setup(drifted_devices_are_the_same_bits, start),
		cmocka_unit_test_setup(refreshed_chunks_are_the_same_bits, start),
		cmocka_unit_test_setup(drift_is_a_power_law_to_1e_6, start),
		cmocka_unit_test_setup(normals_are_box_muller_to_1e_5, start),
	};
	return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
