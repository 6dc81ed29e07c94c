/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emulator_test.h"
#include "snapshot.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where things are, from the table of snapshot.h: from the end, whose parts have fixed sizes. */
#define SIZE_CHUNK_T     8 * 256 * 16
#define SIZE_T_PROG      8 * N_DEVICE_ALL
#define SIZE_FLOATS      4 * N_DEVICE_ALL
#define AT_CHUNK_T(n)    ((n) - (SIZE_CHUNK_T))
#define AT_T_PROG(n)     (AT_CHUNK_T(n) - (SIZE_T_PROG))
#define AT_MEMORY(n)     (AT_T_PROG(n) - (SIZE_FLOATS))
#define AT_G(n)          (AT_MEMORY(n) - (SIZE_FLOATS))
#define AT_FIX_OFFSET(n) (AT_G(n) - 4 * PCM_N_COL)
#define AT_FIX_GAIN(n)   (AT_FIX_OFFSET(n) - 4 * PCM_N_COL)
#define AT_ADC_RANGE(n)  (AT_FIX_GAIN(n) - 4 * PCM_N_COL)
#define AT_PHASES(n)     (AT_ADC_RANGE(n) - 4)
#define AT_TIME(n)       (AT_PHASES(n) - 2 * 8 * PCM_N_ROW - 8 * 8)

/* Everything that makes state or draws numbers. */
#define AGED                                                                              \
	"preset=hermes&seed=7&noise_memory=on&noise_tau=1e-5&set_rho=0.3&temperature=330" \
	"&stuck_set_rate=0.1&wire_ohm=0.35&read_disturb=1e-4&half_select=1e-5"

/* Pulses, products and waits; out gets what came of it. */
static void work(struct pcm_chip *c, uint64_t seed, int16_t *out)
{
	static struct pcm_pulse p[2000];
	seed_draw(seed);
	for (int i = 0; i < 10; i++) {
		uint8_t in[32];
		struct pcm_mvm m = { .n_row = 256,
			.col = (uint32_t)draw(100),
			.n_col = 150,
			.n_vec = 1,
			.in = in,
			.out = out + 150 * i };
		for (int k = 0; k < 32; k++)
			in[k] = (uint8_t)(draw(256) & draw(256));
		draw_pulses(p, 2000);
		assert_int_equal(pcm_chip_pulse(c, p, draw(2000)), 0);
		assert_int_equal(pcm_chip_mvm(c, &m), 0);
		assert_int_equal(pcm_chip_wait(c, draw(UINT64_C(30000000000))), 0);
		assert_int_equal(pcm_chip_adc(c, (uint32_t)draw(256), 1, 2e-5f), 0);
		assert_int_equal(pcm_chip_correct(c, (uint32_t)draw(256), 1, 1.1f, 1e-7f), 0);
		assert_int_equal(pcm_chip_phases(c, (enum pcm_phases)draw(2)), 0);
	}
}

static void restored_chip_goes_on_as_if_nothing_had_happened(void **state)
{
	static const char *const modes[] = {
		"seed=1", "seed=2&drift_nu_sd=0.01&drift_tol=1e-2", "seed=3&model=ideal",
		"seed=4&read_noise=literal",
		"seed=5&adc_gain_sd=0.1&adc_offset_sd=1e-7&adc_noise_sd=1e-7&stuck_set_rate=0.01"
		"&dead_row_rate=0.1&missing_code_rate=0.5&noisy_col_rate=0.1&swapped_col_rate=0.1"
	};
	int16_t out[1500], out_2[1500];
	(void)state;
	for (size_t i = 0; i < N_LIST(modes); i++) {
		struct pcm_chip *a = make_chip(modes[i], 3), *b = make_chip(modes[i], 3);
		size_t n;
		work(a, 10, out);
		void *s = state_of(a, &n);
		work(b, 11, out_2); /* whatever it was before */
		assert_int_equal(pcm_chip_restore(b, s, n), 0);
		assert_same_state(a, b);
		work(a, 12, out);
		work(b, 12, out_2);
		assert_memory_equal(out, out_2, sizeof(out));
		assert_same_state(a, b);
		free(s);
		pcm_chip_free(a);
		pcm_chip_free(b);
	}
}

static void snapshot_needs_room(void **state)
{
	struct pcm_chip *c = make_chip("", 0);
	size_t n = pcm_chip_snapshot_size(c);
	char *buf = malloc(n);
	(void)state;
	assert_int_equal(pcm_chip_snapshot(c, buf, n - 1), -ENOSPC);
	assert_int_equal(pcm_chip_snapshot(c, buf, n), 0);
	free(buf);
	pcm_chip_free(c);
}

struct fixture {
	struct pcm_chip *c;
	uint8_t *good, *bad;
	size_t n;
};

static struct fixture fixture(const char *text)
{
	int16_t out[1500];
	struct fixture f = { .c = make_chip(text, 0) };
	work(f.c, 1, out);
	f.good = state_of(f.c, &f.n);
	f.bad = malloc(f.n);
	assert_non_null(f.bad);
	memcpy(f.bad, f.good, f.n);
	return f;
}

static void fixture_free(struct fixture *f)
{
	pcm_chip_free(f->c);
	free(f->good);
	free(f->bad);
}

/* Restoring f->bad fails, f->c is unchanged; f->bad is good again afterwards. */
static void refuse(struct fixture *f, size_t n, int expected)
{
	assert_int_equal(pcm_chip_restore(f->c, f->bad, n), expected);
	void *after = state_of(f->c, NULL);
	assert_memory_equal(after, f->good, f->n);
	free(after);
	memcpy(f->bad, f->good, f->n);
}

static void damage_is_ebadmsg(void **state)
{
	struct fixture f = fixture("");
	(void)state;
	size_t lengths[] = { 0, 1, 11, 12, 500, f.n / 2, f.n - 1 };
	for (size_t i = 0; i < N_LIST(lengths); i++)
		refuse(&f, lengths[i], -EBADMSG);
	for (int i = 0; i < 20; i++) {
		size_t at = PCM_SNAPSHOT_CRC_AT + draw(f.n - PCM_SNAPSHOT_CRC_AT);
		f.bad[at] ^= (uint8_t)(1 << draw(8));
		refuse(&f, f.n, -EBADMSG);
	}
	f.bad[0] ^= 1;
	refuse(&f, f.n, -EBADMSG);
	f.bad[4] ^= 1; /* version */
	refuse(&f, f.n, -EINVAL);
	pcm_snapshot_seal(f.bad, f.n - 8); /* too short, though the checksum is right */
	refuse(&f, f.n - 8, -EBADMSG);
	fixture_free(&f);
}

static void snapshot_of_another_chip_is_einval(void **state)
{
	static const char *const others[] = { "seed=1", "model=ideal", "g_max=11e-6", "adc_bits=9",
		"dac_bits=7", "drift_tol=1e-4", "read_noise=off", "e_set=1e-12" };
	struct fixture f = fixture("");
	(void)state;
	for (size_t i = 0; i <= N_LIST(others); i++) {
		bool last = i == N_LIST(others);
		struct pcm_chip *other = make_chip(last ? "" : others[i], last ? 1 : 0);
		assert_int_equal(pcm_chip_restore(other, f.good, f.n), -EINVAL);
		pcm_chip_free(other);
	}
	fixture_free(&f);
}

static void put_float(uint8_t *p, float x)
{
	memcpy(p, &x, sizeof(x)); /* tests run on little-endian machines */
}

/* With a checksum that fits. */
static void impossible_content_is_ebadmsg(void **state)
{
	static const float bad_g[] = { -1e-9f, 12.1e-6f, NAN, INFINITY };
	static const float bad_memory[] = { -0.1f, 1.1f, NAN };
	static const float bad_range[] = { 0, -1, NAN, INFINITY, 1e-30f };
	const uint64_t too_late = (UINT64_C(1) << 62) + 1;
	struct fixture f = fixture("");
	(void)state;
	for (size_t i = 0; i < N_LIST(bad_g); i++) {
		put_float(f.bad + AT_G(f.n) + 4 * draw(N_DEVICE_ALL), bad_g[i]);
		pcm_snapshot_seal(f.bad, f.n);
		refuse(&f, f.n, -EBADMSG);
	}
	for (size_t i = 0; i < N_LIST(bad_memory); i++) {
		put_float(f.bad + AT_MEMORY(f.n) + 4 * draw(N_DEVICE_ALL), bad_memory[i]);
		pcm_snapshot_seal(f.bad, f.n);
		refuse(&f, f.n, -EBADMSG);
	}
	for (size_t i = 0; i < N_LIST(bad_range); i++) {
		put_float(f.bad + AT_ADC_RANGE(f.n) + 4 * draw(PCM_N_COL), bad_range[i]);
		pcm_snapshot_seal(f.bad, f.n);
		refuse(&f, f.n, -EBADMSG);
	}
	for (size_t i = 0; i < N_LIST(bad_range); i++) {
		put_float(f.bad + AT_FIX_GAIN(f.n) + 4 * draw(PCM_N_COL), bad_range[i]);
		pcm_snapshot_seal(f.bad, f.n);
		refuse(&f, f.n, -EBADMSG);
	}
	put_float(f.bad + AT_FIX_OFFSET(f.n) + 4 * draw(PCM_N_COL), NAN);
	pcm_snapshot_seal(f.bad, f.n);
	refuse(&f, f.n, -EBADMSG);
	f.bad[AT_PHASES(f.n)] = 2;
	pcm_snapshot_seal(f.bad, f.n);
	refuse(&f, f.n, -EBADMSG);
	for (size_t i = 0; i < 8; i++) {
		memcpy(f.bad + AT_TIME(f.n) + 8 * i, &too_late, 8);
		pcm_snapshot_seal(f.bad, f.n);
		refuse(&f, f.n, -EBADMSG);
	}
	fixture_free(&f);
}

/* A pulse in the future, or after its chunk was computed, would make an age negative. */
static void times_out_of_order_are_ebadmsg(void **state)
{
	struct fixture f = fixture("");
	uint64_t now, late;
	(void)state;
	memcpy(&now, f.good + AT_TIME(f.n), 8);
	late = now + 1;
	memcpy(f.bad + AT_T_PROG(f.n) + 8 * draw(N_DEVICE_ALL), &late, 8);
	pcm_snapshot_seal(f.bad, f.n);
	refuse(&f, f.n, -EBADMSG);
	memcpy(f.bad + AT_CHUNK_T(f.n) + 8 * draw(4096), &late, 8);
	pcm_snapshot_seal(f.bad, f.n);
	refuse(&f, f.n, -EBADMSG);
	/* Device (0, 0, 0) is pulsed at 1 ns, its chunk computed at 0. */
	memcpy(f.bad + AT_T_PROG(f.n), &(uint64_t){ 1 }, 8);
	memcpy(f.bad + AT_CHUNK_T(f.n), &(uint64_t){ 0 }, 8);
	pcm_snapshot_seal(f.bad, f.n);
	refuse(&f, f.n, -EBADMSG);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restored_chip_goes_on_as_if_nothing_had_happened),
		cmocka_unit_test(snapshot_needs_room),
		cmocka_unit_test(damage_is_ebadmsg),
		cmocka_unit_test(snapshot_of_another_chip_is_einval),
		cmocka_unit_test(impossible_content_is_ebadmsg),
		cmocka_unit_test(times_out_of_order_are_ebadmsg),
	};
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
