/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_emu_config.c - which boards an emu: URI gives, and what a wrong one is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pcm.h"
#include "xbar.h"

static char said[2048];

static void keep(void *user, enum xbar_log_level level, const char *text)
{
	(void)user;
	assert_int_equal(level, XBAR_LOG_ERROR);
	snprintf(said, sizeof(said), "%s", text);
}

static int try(struct xbar **ret, const char *uri)
{
	struct xbar_params prm = XBAR_PARAMS_DEFAULT;

	prm.log = keep;
	said[0] = '\0';
	return xbar_open(ret, uri, &prm);
}

static void assert_uri(const char *uri, const char *complete)
{
	struct xbar *x;

	assert_int_equal(try(&x, uri), 0);
	assert_string_equal(xbar_info(x)->uri, complete);
	xbar_close(x);
}

static void assert_refused(const char *uri, int error, const char *const *reasons)
{
	struct xbar *x = (struct xbar *)&x;

	assert_int_equal(try(&x, uri), error);
	assert_ptr_equal(x, &x);
	for (; *reasons; reasons++) {
		if (!strstr(said, *reasons))
			fail_msg("%s: \"%s\" does not say \"%s\"", uri, said, *reasons);
	}
	/* Silence is possible. */
	assert_int_equal(xbar_open(&x, uri, NULL), error);
}

#define REFUSED(uri, error, ...) \
	assert_refused(uri, error, (const char *const[]){ __VA_ARGS__, NULL })

static void the_complete_uri_has_what_differs_from_the_preset(void **state)
{
	(void)state;
	assert_uri("emu:", "emu:?chips=2&seed=0");
	assert_uri("emu:?drift_nu=0.04&seed=7", "emu:?chips=2&seed=7");
	assert_uri("emu:?drift_nu=0.05&chips=1", "emu:?chips=1&seed=0&drift_nu=0.05");
	assert_uri("emu:?adc_bits=10&preset=ideal", "emu:?chips=2&preset=ideal&seed=0&adc_bits=10");
	assert_uri("emu:?seed=18446744073709551615", "emu:?chips=2&seed=18446744073709551615");
}

/* staircase sets g_max to 20 uS; the key wins wherever it stands. */
static void the_preset_is_applied_first_wherever_it_stands(void **state)
{
	struct xbar *x;

	(void)state;
	assert_int_equal(try(&x, "emu:?g_max=15e-6&preset=staircase"), 0);
	assert_true(xbar_info(x)->g_max == 15e-6f);
	xbar_close(x);
	assert_int_equal(try(&x, "emu:?preset=staircase"), 0);
	assert_true(xbar_info(x)->g_max == 20e-6f);
	xbar_close(x);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The board's URI has its full path: it must open the board from anywhere. */
static void a_preset_may_be_a_file(void **state)
{
	char folder[] = "/tmp/test_emu_config_XXXXXX", path[64], uri[128], expected[128];
	struct xbar *x;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/my board.yaml", folder);
	snprintf(uri, sizeof(uri), "emu:?chips=1&seed=3&preset=%s/./my%%20board.yaml", folder);
	snprintf(expected, sizeof(expected), "emu:?chips=1&preset=%s/my%%20board.yaml&seed=3",
		folder);
	write_file(path, "adc_bits: 10\ndac_bits: 5\nfaults: \"row:3,code:5:-1\"\n");
	assert_uri(uri, expected);
	assert_uri(expected, expected);
	assert_int_equal(try(&x, uri), 0);
	assert_int_equal(xbar_info(x)->adc_bits, 10);
	assert_int_equal(xbar_info(x)->dac_bits, 5);
	xbar_close(x);
	write_file(path, "\nadc_bit: 10\n");
	REFUSED(uri, -EINVAL, "my board.yaml:2: ", "did you mean \"adc_bits\"");
	assert_int_equal(remove(path), 0);
	REFUSED(uri, -EINVAL, "No such file");
	assert_int_equal(remove(folder), 0);
}

static void every_parameter_of_the_emulator_is_a_key(void **state)
{
	(void)state;
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		char uri[128];
		struct xbar *x;

		snprintf(uri, sizeof(uri), "emu:?chips=1&%s=%s", p->key, p->def);
		assert_int_equal(try(&x, uri), 0);
		xbar_close(x);
	}
}

static void no_uri_means_the_environment_then_emu(void **state)
{
	struct xbar *x;

	(void)state;
	assert_int_equal(setenv("XBAR_URI", "emu:?chips=3", 1), 0);
	assert_uri(NULL, "emu:?chips=3&seed=0");
	assert_uri("emu:?chips=1", "emu:?chips=1&seed=0");
	assert_int_equal(setenv("XBAR_URI", "emo:", 1), 0);
	assert_int_equal(try(&x, NULL), -EINVAL);
	assert_int_equal(unsetenv("XBAR_URI"), 0);
	assert_uri(NULL, "emu:?chips=2&seed=0");
}

static void unknown_names_are_told_the_nearest(void **state)
{
	(void)state;
	REFUSED("emo:", -EINVAL, "\"emo:\"", "did you mean \"emu:\"");
	REFUSED("emu:?drift_mu=0.05", -EINVAL, "\"drift_mu\"", "did you mean \"drift_nu\"");
	REFUSED("emu:?chip=2", -EINVAL, "\"chip\"", "did you mean \"chips\"");
	REFUSED("emu:?sate=x", -EINVAL, "did you mean \"state\"");
	REFUSED("emu:?perset=ideal", -EINVAL, "did you mean \"preset\"");
	REFUSED("emu:?preset=nandakumar", -EINVAL, "did you mean \"nandakumar2018\"", "ideal");
	REFUSED("emu:?model=ideel", -EINVAL, "model=ideel", "did you mean \"ideal\"");
}

static void values_out_of_range_name_key_value_unit_and_range(void **state)
{
	(void)state;
	REFUSED("emu:?drift_nu=1.5", -ERANGE, "drift_nu=1.5", "0 .. 1");
	REFUSED("emu:?g_max=1", -ERANGE, "g_max=1 S", "1e-09 .. 0.001 S");
	REFUSED("emu:?chips=0", -ERANGE, "chips=0", "1 .. 64");
	REFUSED("emu:?chips=65", -ERANGE, "chips=65", "1 .. 64");
	REFUSED("emu:?chips=99999999999999999999", -ERANGE, "1 .. 64");
	REFUSED("emu:?adc_bits=17", -ERANGE, "adc_bits=17 bit", "2 .. 16 bit");
	REFUSED("emu:?seed=18446744073709551616", -ERANGE, "18446744073709551615");
}

static void values_that_are_no_values_are_einval(void **state)
{
	(void)state;
	REFUSED("emu:?drift_nu=much", -EINVAL, "drift_nu=much is not a number");
	REFUSED("emu:?drift_nu=", -EINVAL, "drift_nu=");
	REFUSED("emu:?drift_nu=nan", -EINVAL, "not a number");
	REFUSED("emu:?chips=two", -EINVAL, "chips=two");
	REFUSED("emu:?chips=-1", -EINVAL, "chips=-1");
	REFUSED("emu:?chips=", -EINVAL, "chips=");
	REFUSED("emu:?seed=1.5", -EINVAL, "whole number");
	REFUSED("emu:?state=", -EINVAL, "state=");
	REFUSED("emu:?seed=1&seed=2", -EINVAL, "\"seed\" comes twice");
	REFUSED("emu:chips=2", -EINVAL, "chips=2", "?");
	REFUSED("emu:?faults=row:256", -EINVAL, "faults=row:256", "row:17");
	REFUSED("emu:?g_min=12e-6&g_max=1e-6", -EINVAL, "g_min must be below g_max");
}

static void count_row(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help)
{
	assert_true(key && unit && def && range && source && help && *help);
	++*(unsigned *)user;
}

static void schemes_are_listed_and_explained(void **state)
{
	const char *const *list = xbar_schemes();
	bool has_emu = false;

	(void)state;
	for (; *list; list++) {
		unsigned n = 0;

		has_emu |= !strcmp(*list, "emu");
		assert_int_equal(xbar_scheme_help(*list, count_row, &n), 0);
		assert_true(n > 0);
	}
	assert_true(has_emu);
	assert_int_equal(xbar_scheme_help("nonesuch", count_row, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_complete_uri_has_what_differs_from_the_preset),
		cmocka_unit_test(the_preset_is_applied_first_wherever_it_stands),
		cmocka_unit_test(a_preset_may_be_a_file),
		cmocka_unit_test(every_parameter_of_the_emulator_is_a_key),
		cmocka_unit_test(no_uri_means_the_environment_then_emu),
		cmocka_unit_test(unknown_names_are_told_the_nearest),
		cmocka_unit_test(values_out_of_range_name_key_value_unit_and_range),
		cmocka_unit_test(values_that_are_no_values_are_einval),
		cmocka_unit_test(schemes_are_listed_and_explained),
	};

	unsetenv("XBAR_URI");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
