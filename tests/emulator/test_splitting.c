/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same bytes however work is split into calls, and whichever kernels do it. */
#include "emulator_test.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define T_MAX (UINT64_C(1) << 62)

static const struct pcm_patch all = { .n_row = PCM_N_ROW, .n_col = PCM_N_COL };
static float big[N_DEVICE_ALL];

/* Everything that makes state or draws numbers. */
#define AGED                                                                              \
	"preset=hermes&seed=6&noise_memory=on&noise_tau=1e-5&set_rho=0.3&temperature=330" \
	"&stuck_set_rate=0.1&wire_ohm=0.35&read_disturb=1e-4&half_select=1e-5"

static void vectors_may_come_in_any_number_of_calls(void **state)
{
	static const char *const modes[] = { "seed=3", "seed=3&read_noise=literal",
		"seed=3&read_noise=off&drift_tol=0&drift_t_min=1e-9",
		"seed=3&adc_gain_sd=0.1&adc_noise_sd=1e-7&dead_row_rate=0.1&read_phases=4", AGED };
	(void)state;
	for (size_t i = 0; i < 2 * N_LIST(modes); i++) {
		enum pcm_input input = i % 2 ? PCM_INPUT_INT8 : PCM_INPUT_BIT;
		struct pcm_chip *a = make_chip(modes[i / 2], 5), *b = make_chip(modes[i / 2], 5);
		int8_t in[3 * 77];
		int16_t out_a[3 * 99], out_b[3 * 99];
		size_t n_byte = input == PCM_INPUT_BIT ? 10 : 77;
		struct pcm_mvm m = { .row = 11,
			.n_row = 77,
			.col = 130,
			.n_col = 99,
			.n_vec = 3,
			.input = input,
			.in = in,
			.out = out_a };
		draw_codes(in, sizeof(in));
		assert_int_equal(pcm_chip_mvm(a, &m), 0);
		uint32_t n_sat = 0;
		for (size_t k = 0; k < 3; k++) {
			m.n_vec = 1;
			m.in = in + k * n_byte;
			m.out = out_b + k * 99;
			assert_int_equal(pcm_chip_mvm(b, &m), 0);
			n_sat += m.n_sat;
		}
		assert_memory_equal(out_a, out_b, sizeof(out_a));
		struct pcm_stats total;
		pcm_chip_stats(a, &total);
		assert_int_equal(n_sat, total.n_sat);
		assert_same_state(a, b);
		pcm_chip_free(a);
		pcm_chip_free(b);
	}
}

static void split_pulses(const char *text)
{
	enum { N = 3000 };
	static struct pcm_pulse p[N];
	struct pcm_chip *a = make_chip(text, 1), *b = make_chip(text, 1);
	draw_pulses(p, N);
	assert_int_equal(pcm_chip_pulse(a, p, N), 0);
	for (size_t i = 0, n; i < N; i += n) {
		n = draw(N - i < 1500 ? N - i + 1 : 1500);
		assert_int_equal(pcm_chip_pulse(b, p + i, n), 0);
	}
	assert_same_state(a, b);
	pcm_chip_free(a);
	pcm_chip_free(b);
}

static void pulse_list_may_be_split_anywhere(void **state)
{
	(void)state;
	split_pulses("seed=9");
	split_pulses("seed=9&stuck_reset_rate=0.1&stuck_set_rate=0.1");
	split_pulses(AGED);
}

static void n_pulses_are_n_times_one_pulse(void **state)
{
	struct pcm_pulse many = { .row = 7, .col = 8, .device = 2, .n = 2500 }, one = many;
	struct pcm_chip *a = make_chip("", 0), *b = make_chip("", 0);
	(void)state;
	one.n = 1;
	assert_int_equal(pcm_chip_pulse(a, &many, 1), 0);
	for (int i = 0; i < 2500; i++)
		assert_int_equal(pcm_chip_pulse(b, &one, 1), 0);
	assert_same_state(a, b);
	pcm_chip_free(a);
	pcm_chip_free(b);
}

static void read_by_rows(const char *text)
{
	struct pcm_patch w = { 17, 20, 33, 70 };
	size_t n = (size_t)w.n_col * PCM_N_DEVICE;
	float *g = malloc(w.n_row * n * sizeof(*g));
	struct pcm_chip *a = make_chip(text, 0), *b = make_chip(text, 0);
	assert_int_equal(pcm_chip_read(a, &w, big), 0);
	for (uint32_t i = 0; i < w.n_row; i++) {
		struct pcm_patch row = { w.row + i, 1, w.col, w.n_col };
		assert_int_equal(pcm_chip_read(b, &row, g + i * n), 0);
	}
	assert_memory_equal(big, g, w.n_row * n * sizeof(*g));
	assert_same_state(a, b);
	free(g);
	pcm_chip_free(a);
	pcm_chip_free(b);
}

static void reading_a_patch_is_reading_its_rows(void **state)
{
	(void)state;
	read_by_rows("drift_t_min=1e-9");
	read_by_rows(AGED "&adc_gain_sd=0.1&adc_noise_sd=1e-7");
}

static void program_by_rows(const char *text)
{
	struct pcm_patch w = { 200, 9, 5, 201 };
	size_t n = (size_t)w.n_col * PCM_N_DEVICE;
	struct pcm_chip *a = make_chip(text, 0), *b = make_chip(text, 0);
	for (size_t i = 0; i < w.n_row * n; i++)
		big[i] = (float)draw(10) * 1e-6f;
	assert_int_equal(pcm_chip_program(a, &w, big), 0);
	for (uint32_t i = 0; i < w.n_row; i++) {
		struct pcm_patch row = { w.row + i, 1, w.col, w.n_col };
		assert_int_equal(pcm_chip_program(b, &row, big + i * n), 0);
	}
	assert_same_state(a, b);
	pcm_chip_free(a);
	pcm_chip_free(b);
}

static void programming_a_patch_is_programming_its_rows(void **state)
{
	(void)state;
	program_by_rows("model=ideal");
	program_by_rows(AGED);
}

/* A bit of everything; returns a sum over all that came out. */
static uint64_t workload(struct pcm_chip *c, uint64_t seed)
{
	static struct pcm_pulse p[700];
	uint64_t sum = 0;
	seed_draw(seed);
	for (int i = 0; i < 12; i++) {
		int8_t in[2 * 256];
		int16_t out[2 * 256] = { 0 };
		uint32_t n_row = 1 + (uint32_t)draw(256), n_col = 1 + (uint32_t)draw(256);
		struct pcm_mvm m = { .row = (uint32_t)draw(257 - n_row),
			.n_row = n_row,
			.col = (uint32_t)draw(257 - n_col),
			.n_col = n_col,
			.n_vec = 2,
			.input = draw(2) ? PCM_INPUT_BIT : PCM_INPUT_INT8,
			.in = in,
			.out = out };
		struct pcm_patch w = { m.row, 1 + n_row / 9, m.col, n_col };
		draw_codes(in, sizeof(in));
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
		draw_pulses(p, 700);
		assert_int_equal(pcm_chip_pulse(c, p, draw(701)), 0);
		assert_int_equal(pcm_chip_read(c, &w, big), 0);
		assert_int_equal(pcm_chip_wait(c, draw(T_MAX) >> draw(40) >> 9), 0);
		for (size_t k = 0; k < 512; k++)
			sum = sum * 31 + (uint16_t)out[k];
		for (size_t k = 0; k < w.n_row * n_col * 4; k++)
			sum = sum * 31 + (uint64_t)(int64_t)((double)big[k] * 0x1p60);
	}
	return sum;
}

static void every_set_of_kernels_gives_the_same_bytes(void **state)
{
	static const char *const names[] = { "avx2", "avx512" };
	static const char *const modes[] = {
		"seed=1", "seed=2&drift_nu_sd=0.01", "seed=3&read_noise=literal&adc_bits=12",
		"seed=4&model=ideal",
		"seed=5&adc_gain_sd=0.1&adc_offset_sd=1e-7&adc_noise_sd=1e-7&stuck_set_rate=0.01"
		"&dead_row_rate=0.1&missing_code_rate=0.5&noisy_col_rate=0.1&swapped_col_rate=0.1"
	};
	int n = 0;
	(void)state;
	for (size_t i = 0; i < N_LIST(names) * N_LIST(modes); i++) {
		const char *mode = modes[i % N_LIST(modes)];
		struct pcm_chip *a = make_chip(mode, 0), *b = make_chip(mode, 0);
		assert_int_equal(pcm_chip_kernels(a, "c"), 0);
		if (pcm_chip_kernels(b, names[i / N_LIST(modes)]) == 0) {
			assert_true(workload(a, i) == workload(b, i));
			assert_same_state(a, b);
			n++;
		}
		pcm_chip_free(a);
		pcm_chip_free(b);
	}
	if (n == 0)
		skip();
}

static void kernels_are_chosen_by_name(void **state)
{
	struct pcm_chip *c = make_chip("", 0);
	(void)state;
	assert_int_equal(pcm_chip_kernels(c, "c"), 0);
	assert_string_equal(pcm_chip_kernels_name(c), "c");
	assert_int_equal(pcm_chip_kernels(c, "abacus"), -ENOTSUP);
	assert_string_equal(pcm_chip_kernels_name(c), "c");
	assert_int_equal(pcm_chip_kernels(c, NULL), 0);
	pcm_chip_free(c);
}

static void chips_and_seeds_have_numbers_of_their_own(void **state)
{
	struct pcm_chip *a = make_chip("seed=1", 0), *b = make_chip("seed=1", 1);
	struct pcm_chip *d = make_chip("seed=2", 0), *same = make_chip("seed=1", 0);
	float *g = malloc(sizeof(big));
	(void)state;
	pcm_chip_truth(a, &all, big);
	pcm_chip_truth(b, &all, g);
	assert_true(memcmp(big, g, sizeof(big)));
	pcm_chip_truth(d, &all, g);
	assert_true(memcmp(big, g, sizeof(big)));
	assert_same_state(a, same);
	free(g);
	pcm_chip_free(a);
	pcm_chip_free(b);
	pcm_chip_free(d);
	pcm_chip_free(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_may_come_in_any_number_of_calls),
		cmocka_unit_test(pulse_list_may_be_split_anywhere),
		cmocka_unit_test(n_pulses_are_n_times_one_pulse),
		cmocka_unit_test(reading_a_patch_is_reading_its_rows),
		cmocka_unit_test(programming_a_patch_is_programming_its_rows),
		cmocka_unit_test(every_set_of_kernels_gives_the_same_bytes),
		cmocka_unit_test(kernels_are_chosen_by_name),
		cmocka_unit_test(chips_and_seeds_have_numbers_of_their_own),
	};
	return cmocka_run_group_tests_name("splitting", tests, NULL, NULL);
}
