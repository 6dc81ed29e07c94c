/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "uri.h"

static struct xbar_message msg;
static struct xbar_uri u;

static void parts_are_taken_apart(void **state)
{
	(void)state;
	assert_int_equal(xbar_uri_parse(&u, "serial:/dev/ttyACM0?baud=921600&flow=", &msg), 0);
	assert_string_equal(u.scheme, "serial");
	assert_string_equal(u.path, "/dev/ttyACM0");
	assert_int_equal(u.n_query, 2);
	assert_string_equal(xbar_uri_value(&u, "baud"), "921600");
	assert_string_equal(xbar_uri_value(&u, "flow"), "");
	assert_null(xbar_uri_value(&u, "parity"));
}

static void a_scheme_alone_is_enough(void **state)
{
	(void)state;
	assert_int_equal(xbar_uri_parse(&u, "emu:", &msg), 0);
	assert_string_equal(u.path, "");
	assert_int_equal(u.n_query, 0);
	assert_int_equal(xbar_uri_parse(&u, "emu:?", &msg), 0);
	assert_int_equal(u.n_query, 0);
}

static void colons_after_the_first_belong_to_the_path(void **state)
{
	(void)state;
	assert_int_equal(xbar_uri_parse(&u, "usb:1209:7c8a?serial=A1", &msg), 0);
	assert_string_equal(u.path, "1209:7c8a");
}

static void percent_codes_are_decoded_and_plus_is_not(void **state)
{
	(void)state;
	assert_int_equal(xbar_uri_parse(&u, "a:x%2fy?k%3D=a%26b+c%25", &msg), 0);
	assert_string_equal(u.path, "x/y");
	assert_string_equal(xbar_uri_value(&u, "k="), "a&b+c%");
}

static void malformed_uris_are_einval_with_the_reason(void **state)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
		{ "", "names no kind" },
		{ "emu", "names no kind" },
		{ ":a", "lower-case" },
		{ "EMU:", "lower-case" },
		{ "1a:", "lower-case" },
		{ "a:%", "hexadecimal" },
		{ "a:?k=%4", "hexadecimal" },
		{ "a:?k=%gg", "hexadecimal" },
		{ "a:?k=%00", "0x00" },
		{ "a:?k=%1b", "0x1b" },
		{ "a:?k=\n", "0x0a" },
		{ "a:?k", "not key=value" },
		{ "a:?=v", "not key=value" },
		{ "a:?k=v&", "not key=value" },
		{ "a:?k=v&&l=w", "not key=value" },
		{ "a:?k=v&k=w", "comes twice" },
		{ "a:?k=v&%6b=w", "comes twice" },
		{ "a:b#c", "%23" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		msg.text[0] = '\0';
		assert_int_equal(xbar_uri_parse(&u, bad[i].text, &msg), -EINVAL);
		if (!strstr(msg.text, bad[i].reason))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", bad[i].text, msg.text,
				bad[i].reason);
	}
}

static void length_and_number_of_keys_are_bounded(void **state)
{
	char text[XBAR_URI_MAX + 2] = "a:";
	size_t n = 2;

	(void)state;
	memset(text + 2, 'x', XBAR_URI_MAX - 2);
	assert_int_equal(xbar_uri_parse(&u, text, &msg), 0);
	text[XBAR_URI_MAX] = 'x';
	assert_int_equal(xbar_uri_parse(&u, text, &msg), -EINVAL);
	assert_non_null(strstr(msg.text, "511"));
	text[n] = '\0';
	for (int i = 0; i < XBAR_URI_N_KEY + 1; i++)
		n += (size_t)sprintf(text + n, "%ck%d=", i ? '&' : '?', i);
	assert_int_equal(xbar_uri_parse(&u, text, &msg), -EINVAL);
	*strrchr(text, '&') = '\0';
	assert_int_equal(xbar_uri_parse(&u, text, &msg), 0);
	assert_int_equal(u.n_query, XBAR_URI_N_KEY);
}

static void messages_do_not_steer_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(xbar_uri_parse(&u, "\033[31mred", &msg), -EINVAL);
	assert_null(strchr(msg.text, '\033'));
	assert_non_null(strstr(msg.text, "?[31mred"));
}

static void appended_keys_read_back(void **state)
{
	char text[64] = "emu:";

	(void)state;
	assert_int_equal(xbar_uri_append(text, sizeof(text), "state", "/a b/100%&c=d#e"), 0);
	assert_int_equal(xbar_uri_append(text, sizeof(text), "seed", "7"), 0);
	assert_string_equal(text, "emu:?state=/a%20b/100%25%26c%3Dd%23e&seed=7");
	assert_int_equal(xbar_uri_parse(&u, text, &msg), 0);
	assert_string_equal(xbar_uri_value(&u, "state"), "/a b/100%&c=d#e");
}

static void what_does_not_fit_is_enospc_and_leaves_the_text(void **state)
{
	char text[20] = "emu:?a=b";

	(void)state;
	for (size_t n = 9; n < 20; n++) {
		int r = xbar_uri_append(text, n, "key", "val");

		if (r == 0)
			break;
		assert_int_equal(r, -ENOSPC);
		assert_string_equal(text, "emu:?a=b");
	}
	assert_string_equal(text, "emu:?a=b&key=val");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_taken_apart),
		cmocka_unit_test(a_scheme_alone_is_enough),
		cmocka_unit_test(colons_after_the_first_belong_to_the_path),
		cmocka_unit_test(percent_codes_are_decoded_and_plus_is_not),
		cmocka_unit_test(malformed_uris_are_einval_with_the_reason),
		cmocka_unit_test(length_and_number_of_keys_are_bounded),
		cmocka_unit_test(messages_do_not_steer_the_terminal),
		cmocka_unit_test(appended_keys_read_back),
		cmocka_unit_test(what_does_not_fit_is_enospc_and_leaves_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
