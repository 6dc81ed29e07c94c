/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nearest.h"

#include <string.h>
#include "trainer_test.h"

/* The textbook pair: two replacements and one insertion (Wagner and Fischer 1974). */
static void distance_of_kitten_and_sitting_is_3(void **state)
{
	(void)state;
	assert_int_equal(snn_distance("kitten", "sitting"), 3);
	assert_int_equal(snn_distance("sitting", "kitten"), 3);
}

static void distance_to_nothing_is_the_length(void **state)
{
	(void)state;
	assert_int_equal(snn_distance("", ""), 0);
	assert_int_equal(snn_distance("", "decay"), 5);
	assert_int_equal(snn_distance("decay", ""), 5);
}

static void distance_is_0_only_between_equals(void **state)
{
	(void)state;
	assert_int_equal(snn_distance("osttp", "osttp"), 0);
	assert_int_equal(snn_distance("osttp", "ostp"), 1);
	assert_int_equal(snn_distance("osttp", "osttq"), 1);
	assert_int_equal(snn_distance("osttp", "osttpp"), 1);
}

/* The limit that keeps the row on the stack: bytes from the 64th on do not count. */
static void distance_of_long_names_ignores_what_is_behind_byte_63(void **state)
{
	char a[5000], b[5000];

	(void)state;
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	a[sizeof(a) - 1] = b[sizeof(b) - 1] = '\0';
	memset(b + 63, 'y', sizeof(b) - 64);
	assert_int_equal(snn_distance(a, b), 0);
	b[62] = 'y';
	assert_int_equal(snn_distance(a, b), 1);
	assert_int_equal(snn_distance(a, ""), 63);
}

static void nearest_of_a_misspelt_name_is_the_right_one(void **state)
{
	static const char *const rules[] = { "bptt", "ostl", "osttp", "drtp", NULL };

	(void)state;
	assert_string_equal(snn_nearest("otsl", rules), "ostl");
	assert_string_equal(snn_nearest("OSttp", rules), "osttp");
	assert_string_equal(snn_nearest("drtp", rules), "drtp");
}

static void nearest_of_equals_is_the_earlier(void **state)
{
	static const char *const list[] = { "ab", "ac", NULL };

	(void)state;
	assert_string_equal(snn_nearest("ad", list), "ab");
	assert_string_equal(snn_nearest("", list), "ab");
}

static void nearest_in_an_empty_list_is_null(void **state)
{
	static const char *const list[] = { NULL };

	(void)state;
	assert_null(snn_nearest("x", list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_of_kitten_and_sitting_is_3),
		cmocka_unit_test(distance_to_nothing_is_the_length),
		cmocka_unit_test(distance_is_0_only_between_equals),
		cmocka_unit_test(distance_of_long_names_ignores_what_is_behind_byte_63),
		cmocka_unit_test(nearest_of_a_misspelt_name_is_the_right_one),
		cmocka_unit_test(nearest_of_equals_is_the_earlier),
		cmocka_unit_test(nearest_in_an_empty_list_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
