/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emulator_test.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set(struct pcm_params *prm, const char *key, const char *value)
{
	assert_int_equal(pcm_params_set(prm, key, value), 0);
}

/* Refused with `expected`, and *prm unchanged. */
static void refuse(const char *key, const char *value, int expected)
{
	struct pcm_params prm, before;
	pcm_params_default(&prm);
	memcpy(&before, &prm, sizeof(prm));
	assert_int_equal(pcm_params_set(&prm, key, value), expected);
	assert_memory_equal(&before, &prm, sizeof(prm));
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		assert_ptr_equal(pcm_param_find(p->key), p);
		assert_true(p->unit && *p->unit && p->source && *p->source && p->help && *p->help);
		assert_true(p->type == PCM_PARAM_CHOICE ? p->choices != NULL : p->min < p->max);
		assert_true(p->offset + 4 <= sizeof(struct pcm_params));
	}
}

static void defaults_read_back_from_their_text(void **state)
{
	struct pcm_params prm, copy;
	char text[64];
	(void)state;
	pcm_params_default(&prm);
	assert_null(pcm_params_complaint(&prm));
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		memcpy(&copy, &prm, sizeof(prm));
		set(&copy, p->key, p->def);
		assert_memory_equal(&copy, &prm, sizeof(prm));
		assert_int_equal(pcm_params_print(&prm, p->key, text, sizeof(text)), 0);
		set(&copy, p->key, text);
		assert_memory_equal(&copy, &prm, sizeof(prm));
	}
}

/* Any double, at any scale within its range. */
static void values_read_back_exactly(void **state)
{
	(void)state;
	seed_draw(1);
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		for (int i = 0; i < 200 && p->type == PCM_PARAM_DOUBLE; i++) {
			struct pcm_params prm, copy;
			char text[64];
			double x = (double)draw(UINT64_C(1) << 53) / 0x1p53;
			x = (i % 2 ? p->max : p->min) * pow(x, 1 + i % 20);
			x = fmin(fmax(x, p->min), p->max);
			pcm_params_default(&prm);
			memcpy((char *)&prm + p->offset, &x, sizeof(x));
			assert_int_equal(pcm_params_print(&prm, p->key, text, sizeof(text)), 0);
			pcm_params_default(&copy);
			set(&copy, p->key, text);
			assert_memory_equal(&prm, &copy, sizeof(prm));
		}
	}
}

static void numbers_print_shortest(void **state)
{
	struct pcm_params prm;
	char text[64];
	(void)state;
	pcm_params_default(&prm);
	set(&prm, "drift_nu", "0.10");
	assert_int_equal(pcm_params_print(&prm, "drift_nu", text, sizeof(text)), 0);
	assert_string_equal(text, "0.1");
	set(&prm, "seed", "18446744073709551615");
	assert_int_equal(pcm_params_print(&prm, "seed", text, sizeof(text)), 0);
	assert_string_equal(text, "18446744073709551615");
	assert_true(prm.seed == UINT64_MAX);
	assert_int_equal(pcm_params_print(&prm, "model", text, sizeof(text)), 0);
	assert_string_equal(text, "nandakumar2018");
	assert_int_equal(pcm_params_print(&prm, "model", text, 14), -ENOSPC);
	assert_int_equal(pcm_params_print(&prm, "model", text, 15), 0);
	assert_int_equal(pcm_params_print(&prm, "colour", text, sizeof(text)), -ENOENT);
}

static void what_is_no_number_is_einval(void **state)
{
	static const char *const junk[] = { "", " 1", "1 ", "1x", "nan", "-nan", "inf", "-inf",
		"infinity", "NAN", "+inf", "0,04", "1e", "--1", "e5", ".", "1 2", "\t1" };
	static const char *const junk_integer[] = { "", "-1", "+1", " 8", "8 ", "8.0", "1e1",
		"0x8" };
	(void)state;
	for (size_t i = 0; i < N_LIST(junk); i++)
		refuse("drift_nu", junk[i], -EINVAL);
	for (size_t i = 0; i < N_LIST(junk_integer); i++) {
		refuse("adc_bits", junk_integer[i], -EINVAL);
		refuse("seed", junk_integer[i], -EINVAL);
	}
	refuse("model", "Ideal", -EINVAL);
	refuse("model", "", -EINVAL);
	refuse("read_noise", "1", -EINVAL);
}

static void what_is_out_of_range_is_erange(void **state)
{
	(void)state;
	refuse("drift_nu", "-0.001", -ERANGE);
	refuse("drift_nu", "1.001", -ERANGE);
	refuse("drift_nu", "1e999", -ERANGE);
	refuse("drift_nu", "-1e999", -ERANGE);
	refuse("drift_t0", "0", -ERANGE);
	refuse("dac_bits", "1", -ERANGE);
	refuse("dac_bits", "9", -ERANGE);
	refuse("adc_bits", "1", -ERANGE);
	refuse("adc_bits", "17", -ERANGE);
	refuse("adc_bits", "4294967304", -ERANGE); /* 2^32 + 8 */
	refuse("seed", "18446744073709551616", -ERANGE);
	refuse("seed", "99999999999999999999999", -ERANGE);
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		struct pcm_params prm;
		char text[64];
		if (p->type != PCM_PARAM_DOUBLE)
			continue;
		pcm_params_default(&prm);
		snprintf(text, sizeof(text), "%.17g", p->min);
		set(&prm, p->key, text);
		snprintf(text, sizeof(text), "%.17g", p->max);
		set(&prm, p->key, text);
	}
}

static void unknown_keys_and_presets_are_enoent_and_name_a_neighbour(void **state)
{
	(void)state;
	refuse("drift_nuu", "0.1", -ENOENT);
	refuse("", "0.1", -ENOENT);
	refuse("preset", "nandakumar", -ENOENT);
	assert_string_equal(pcm_param_nearest("drift_nuu"), "drift_nu");
	assert_string_equal(pcm_param_nearest("sead"), "seed");
	assert_string_equal(pcm_param_nearest("adcbits"), "adc_bits");
	assert_string_equal(pcm_param_nearest("presets"), "preset");
	assert_non_null(pcm_param_nearest(""));
	assert_string_equal(pcm_preset_nearest("nandakumar"), "nandakumar2018");
	assert_string_equal(pcm_preset_nearest("idael"), "ideal");
	char word[1000];
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_non_null(pcm_param_nearest(word));
}

static void presets_replace_everything(void **state)
{
	struct pcm_params prm, other;
	(void)state;
	assert_string_equal(pcm_preset_table[0].name, "nandakumar2018");
	for (const struct pcm_preset *p = pcm_preset_table; p->name; p++) {
		pcm_params_default(&prm);
		set(&prm, "preset", p->name);
		assert_null(pcm_params_complaint(&prm));
		pcm_params_default(&other);
		set(&other, "drift_nu", "0.5");
		set(&other, "preset", p->name);
		assert_memory_equal(&prm, &other, sizeof(prm));
	}
	pcm_params_default(&prm);
	set(&prm, "preset", "staircase");
	assert_true(prm.g_max == 20e-6 && prm.g_min == 0.1e-6);
	set(&prm, "preset", "ideal");
	assert_string_equal(pcm_model_names[prm.model], "ideal");
}

static void complaints_span_parameters(void **state)
{
	struct pcm_params prm;
	(void)state;
	pcm_params_default(&prm);
	set(&prm, "g_min", "13e-6");
	assert_non_null(pcm_params_complaint(&prm));
	pcm_params_default(&prm);
	set(&prm, "reset_mean", "13e-6");
	assert_non_null(pcm_params_complaint(&prm));
	pcm_params_default(&prm);
	prm.adc_bits = 40; /* not through pcm_params_set() */
	assert_non_null(pcm_params_complaint(&prm));
}

/* Where a German locale is installed, its comma must not matter; elsewhere the C locale is tested. */
static void locale_does_not_matter(void **state)
{
	struct pcm_params prm;
	char text[64];
	(void)state;
	setlocale(LC_ALL, "de_DE.UTF-8");
	pcm_params_default(&prm);
	set(&prm, "drift_nu", "0.25");
	assert_true(prm.drift_nu == 0.25);
	assert_int_equal(pcm_params_print(&prm, "drift_nu", text, sizeof(text)), 0);
	assert_string_equal(text, "0.25");
	setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(defaults_read_back_from_their_text),
		cmocka_unit_test(values_read_back_exactly),
		cmocka_unit_test(numbers_print_shortest),
		cmocka_unit_test(what_is_no_number_is_einval),
		cmocka_unit_test(what_is_out_of_range_is_erange),
		cmocka_unit_test(unknown_keys_and_presets_are_enoent_and_name_a_neighbour),
		cmocka_unit_test(presets_replace_everything),
		cmocka_unit_test(complaints_span_parameters),
		cmocka_unit_test(locale_does_not_matter),
	};
	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
