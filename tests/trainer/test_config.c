/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "config_value.h"
#include "task.h"
#include "trainer_test.h"

static const struct snn_assignment no_shipped[] = { { "task", "chorale" } };

/* Load FILE, which must fail with code and a message that contains part. */
static void assert_refused(const char *yaml, int code, const char *part)
{
	struct snn_config c, before;
	struct snn_error e = { "" };

	memset(&c, 0x5a, sizeof(c));
	before = c;
	write_text("run.yaml", yaml);
	assert_int_equal(snn_config_load(&c, "run.yaml", NULL, 0, &e), code);
	assert_contains(e.text, part);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void assert_set_refused(const char *path, const char *value, int code, const char *part)
{
	struct snn_config c, before;
	struct snn_error e = { "" };

	snn_config_default(&c);
	memcpy(&before, &c, sizeof(c));
	assert_int_equal(snn_config_set(&c, path, value, &e), code);
	assert_contains(e.text, part);
	assert_memory_equal(&c, &before, sizeof(c));
	/* The message is optional. */
	assert_int_equal(snn_config_set(&c, path, value, NULL), code);
}

static void set(struct snn_config *c, const char *path, const char *value)
{
	struct snn_error e = { "" };

	if (snn_config_set(c, path, value, &e) < 0)
		fail_msg("%s = %s: %s", path, value, e.text);
}

/* Print, read back, compare bytes. */
static void assert_round_trip(const struct snn_config *c)
{
	struct snn_config back;
	struct snn_error e = { "" };
	FILE *f = fopen("saved.yaml", "w");

	assert_non_null(f);
	assert_int_equal(snn_config_print(c, f), 0);
	assert_int_equal(fclose(f), 0);
	memset(&back, 0x5a, sizeof(back));
	if (snn_config_read(&back, "saved.yaml", &e) < 0)
		fail_msg("%s", e.text);
	assert_memory_equal(&back, c, sizeof(back));
}

static void default_is_inside_every_range_and_keeps_its_text(void **state)
{
	struct snn_config c;
	char buf[1100];

	(void)state;
	snn_config_default(&c);
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		struct snn_error e = { "" };

		assert_int_equal(snn_config_set(&c, o->path, o->def, &e), 0);
		assert_int_equal(snn_config_value(&c, o->path, buf, sizeof(buf)), 0);
		assert_string_equal(buf, o->def);
		assert_non_null(o->help);
		assert_null(strchr(o->help, '\n'));
	}
	assert_string_equal(c.task, "chorale");
	assert_string_equal(c.rule, "osttp");
	assert_int_equal(c.network.n_hidden, 1);
	assert_int_equal(c.network.hidden[0], 150);
}

static void sections_of_the_table_stay_together(void **state)
{
	char seen[64][64];
	size_t n_seen = 0;

	(void)state;
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		size_t n = strcspn(o->path, ".");

		if (!o->path[n])
			continue;
		if (n_seen && strlen(seen[n_seen - 1]) == n &&
			!strncmp(seen[n_seen - 1], o->path, n))
			continue;
		for (size_t i = 0; i < n_seen; i++)
			assert_false(strlen(seen[i]) == n && !strncmp(seen[i], o->path, n));
		snprintf(seen[n_seen++], sizeof(seen[0]), "%.*s", (int)n, o->path);
	}
	assert_true(n_seen >= 4);
}

static void task_and_rule_names_are_those_of_the_code(void **state)
{
	const struct snn_option *o = snn_option_find("task");
	size_t n = 0;

	(void)state;
	for (; o->choices[n]; n++)
		assert_non_null(snn_task_find(o->choices[n]));
	for (size_t i = 0; snn_tasks[i]; i++)
		assert_true(i < n);
	assert_ptr_equal(snn_option_find("rule")->choices, snn_rule_names);
}

static void yaml_sets_sections_lists_and_texts(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };

	(void)state;
	write_text("run.yaml",
		"# a comment\n"
		"rule: ostl\n"
		"uri: \"emu:?chips=2&seed=7\"\n"
		"seed: 18446744073709551615\n"
		"network:\n"
		"  hidden: [100, 50]\n"
		"  reset: soft\n"
		"  decay: 0.25\n"
		"  bias_marginal: false\n"
		"train.epochs: 3\n");
	assert_int_equal(snn_config_load(&c, "run.yaml", NULL, 0, &e), 0);
	assert_string_equal(c.rule, "ostl");
	assert_string_equal(c.uri, "emu:?chips=2&seed=7");
	assert_true(c.seed == UINT64_MAX);
	assert_int_equal(c.network.n_hidden, 2);
	assert_int_equal(c.network.hidden[0], 100);
	assert_int_equal(c.network.hidden[1], 50);
	assert_int_equal(c.network.reset, SNN_RESET_SOFT);
	assert_true(c.network.decay == 0.25);
	assert_false(c.network.bias_marginal);
	assert_int_equal(c.train.epochs, 3);
}

static void empty_yaml_and_comments_only_change_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "---\n", "{}\n" };
	struct snn_config c, bare;
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_config_load(&bare, NULL, NULL, 0, &e), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text("run.yaml", texts[i]);
		if (snn_config_load(&c, "run.yaml", NULL, 0, &e) < 0)
			fail_msg("%zu: %s", i, e.text);
		assert_memory_equal(&c, &bare, sizeof(c));
	}
}

static void unknown_key_names_file_line_and_the_nearest_key(void **state)
{
	(void)state;
	assert_refused("network:\n  decay: 0.5\n  hiden: 3\n", -EINVAL,
		"run.yaml:3: unknown key network.hiden, did you mean network.hidden?");
	assert_refused("rul: ostl\n", -EINVAL, "run.yaml:1: unknown key rul, did you mean rule?");
	/* A right name in a wrong section is near. */
	assert_refused("network:\n  epochs: 3\n", -EINVAL, "did you mean train.epochs?");
	assert_refused("a:\n  b: 3\n", -EINVAL, "run.yaml:2: unknown key a.b");
}

static void value_out_of_range_names_the_range_and_unit(void **state)
{
	(void)state;
	assert_refused("network: { decay: 1.5 }\n", -ERANGE,
		"run.yaml:1: network.decay = 1.5 is outside 0 .. 1 a step");
	assert_refused("\n\ntrain:\n  batch: 0\n", -ERANGE,
		"run.yaml:4: train.batch = 0 is outside 1 .. 65536 sequences");
	assert_refused("seed: -1\n", -ERANGE, "seed = -1 is outside 0 .. 18446744073709551615");
	assert_refused("network:\n  hidden: [100, 0, 5]\n", -ERANGE,
		"network.hidden = 100,0,5 is outside 1 .. 65536 neurons");
}

static void malformed_yaml_names_file_and_line(void **state)
{
	(void)state;
	assert_refused("rule: ostl\nnetwork:\n  decay: [0.5\n", -EINVAL, "run.yaml:");
	assert_refused("rule: ostl\nrule: osttp\n", -EINVAL,
		"run.yaml:2: rule is given twice, first on line 1");
	assert_refused("network:\n  decay: 0.5\nnetwork.decay: 0.5\n", -EINVAL,
		"run.yaml:3: network.decay is given twice, first on line 2");
	assert_refused("just a text\n", -EINVAL, "run.yaml:1: expected \"key: value\"");
	assert_refused("- a\n- b\n", -EINVAL, "run.yaml:1: a list where a key is expected");
	assert_refused("rule:\n", -EINVAL, "run.yaml:1: rule has no value");
	assert_refused("rule: { a: 1 }\n", -EINVAL, "unknown key rule.a");
	assert_refused("network: 5\n", -EINVAL, "network is a section");
	assert_refused("network:\n  decay: [0.5, 0.6]\n", -EINVAL, "takes one value, not a list");
	assert_refused("network:\n  psi:\n    a: 1\n", -EINVAL, "run.yaml:3: a mapping inside psi");
	assert_refused("rule: ostl\n---\nrule: osttp\n", -EINVAL, "a second document");
	assert_refused("a: &x 1\n", -EINVAL, "anchors and tags are not supported");
	assert_refused("rule: *x\n", -EINVAL, "run.yaml:1");
	assert_refused("rule: !!str ostl\n", -EINVAL, "anchors and tags are not supported");
	assert_refused("[a, b]: 1\n", -EINVAL, "run.yaml:1: a list where a key is expected");
	assert_refused("rule: \"os\\0tl\"\n", -EINVAL, "run.yaml:1: a text with a zero byte");
	assert_refused("rule: ostl\n\tseed: 3\n", -EINVAL, "run.yaml:");
}

/* libfyaml 0.7.12 never returned from a directive with the byte d9 (found by fuzz_config). */
static void what_libfyaml_should_not_see_is_refused(void **state)
{
	(void)state;
	assert_refused("%\xd9"
		       "AML 1.1\n---\n",
		-EINVAL, "run.yaml:1: directives are not supported");
	assert_refused("rule: ostl\n\nuri: \"\xd9\"\n", -EINVAL,
		"run.yaml:3: a character that is not printable UTF-8");
	assert_refused("uri: \"\x01\"\n", -EINVAL, "run.yaml:1: a character that is not printable");
}

/* Otherwise a megabyte of entries would take a minute. */
static void long_list_is_refused_at_its_65th_entry(void **state)
{
	char yaml[200] = "network: { hidden: [";

	(void)state;
	for (int i = 0; i < 65; i++)
		strcat(yaml, "1,");
	strcat(yaml, "] }\n");
	assert_refused(yaml, -EINVAL, "run.yaml:1: a list of more than 64 entries");
}

static void byte_order_mark_is_harmless(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };

	(void)state;
	write_text("run.yaml", "\xef\xbb\xbfrule: ostl\n");
	assert_int_equal(snn_config_load(&c, "run.yaml", NULL, 0, &e), 0);
	assert_string_equal(c.rule, "ostl");
}

static void null_is_not_a_text(void **state)
{
	(void)state;
	assert_refused("data: ~\n", -EINVAL, "run.yaml:1: data has no value");
	assert_refused("data: null\n", -EINVAL, "run.yaml:1: data has no value");
}

static void config_file_that_cannot_be_read_names_it(void **state)
{
	struct snn_config c;
	struct snn_error e = { "" };

	(void)state;
	assert_int_equal(snn_config_load(&c, "none.yaml", NULL, 0, &e), -ENOENT);
	assert_contains(e.text, "none.yaml");
	assert_int_equal(snn_config_load(&c, ".", NULL, 0, &e), -EISDIR);
}

static void wrong_types_are_einval(void **state)
{
	(void)state;
	assert_set_refused("network.decay", "half", -EINVAL, "is not a number");
	assert_set_refused("network.decay", "", -EINVAL, "is not a number");
	assert_set_refused("network.decay", "0x1p-2", -EINVAL, "is not a number");
	assert_set_refused("network.decay", "nan", -EINVAL, "is not a number");
	assert_set_refused("network.decay", " 0.5", -EINVAL, "is not a number");
	assert_set_refused("network.decay", "0.5 ", -EINVAL, "is not a number");
	assert_set_refused("network.decay", "1e", -EINVAL, "is not a number");
	assert_set_refused("train.epochs", "1.5", -EINVAL, "is not a whole number");
	assert_set_refused("train.epochs", "", -EINVAL, "is not a whole number");
	assert_set_refused("train.epochs", "1e3", -EINVAL, "is not a whole number");
	assert_set_refused("network.bias_marginal", "yes", -EINVAL, "is not true or false");
	assert_set_refused("network.hidden", "", -EINVAL, "is not a list of whole numbers");
	assert_set_refused("network.hidden", "[]", -EINVAL, "is not a list of whole numbers");
	assert_set_refused("network.hidden", "[1,2", -EINVAL, "] is missing");
	assert_set_refused("network.hidden", "1,2]", -EINVAL, "is not a list of whole numbers");
	assert_set_refused("network.hidden", "1,,2", -EINVAL, "is not a list of whole numbers");
	assert_set_refused("network.hidden", "1 2", -EINVAL, "is not a list of whole numbers");
	assert_set_refused("network.psi", "trianglar", -EINVAL,
		"unknown network.psi \"trianglar\", did you mean triangular? (one of triangular, tanh, fast-sigmoid)");
	assert_set_refused("task", "jbs", -EINVAL, "did you mean jsb?");
	assert_set_refused("network", "1", -EINVAL, "unknown key network");
	assert_set_refused("", "1", -EINVAL, "unknown key");
}

static void numbers_beyond_their_type_are_erange(void **state)
{
	(void)state;
	assert_set_refused("network.decay", "1e400", -ERANGE, "is outside 0 .. 1");
	assert_set_refused("network.decay", "-1e-300", -ERANGE, "is outside 0 .. 1");
	assert_set_refused("train.epochs", "4294967296", -ERANGE, "is outside 0 .. 1e+06");
	assert_set_refused("train.epochs", "99999999999999999999999", -ERANGE, "is outside");
	assert_set_refused(
		"seed", "18446744073709551616", -ERANGE, "is outside 0 .. 18446744073709551615");
	assert_set_refused("network.hidden", "1,2,3,4,5,6,7,8,9", -ERANGE, "at most 8 values");
	assert_set_refused("network.hidden", "[50, 70000]", -ERANGE,
		"network.hidden = [50, 70000] is outside 1 .. 65536 neurons");
}

static void texts_are_printable_utf8_that_fits(void **state)
{
	char long_text[600];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[512] = '\0'; /* uri holds 511 */
	assert_set_refused("uri", long_text, -EINVAL, "512 bytes, at most 511 fit");
	assert_set_refused("uri", "a\nb", -EINVAL, "is not printable UTF-8");
	assert_set_refused("uri", "a\x7f", -EINVAL, "is not printable UTF-8");
	assert_set_refused("uri", "\xc0\xaf", -EINVAL, "is not printable UTF-8"); /* overlong / */
	assert_set_refused(
		"uri", "\xed\xa0\x80", -EINVAL, "is not printable UTF-8"); /* surrogate */
	assert_set_refused(
		"uri", "\xf4\x90\x80\x80", -EINVAL, "is not printable UTF-8");    /* > 10ffff */
	assert_set_refused("uri", "\xe2\x82", -EINVAL, "is not printable UTF-8"); /* cut */
	assert_set_refused("uri", "\xc2\x85", -EINVAL, "is not printable UTF-8"); /* NEL */
}

/* What is left of a longer text before it must not be seen in the bytes. */
static void equal_settings_are_equal_bytes(void **state)
{
	struct snn_config a, b;

	(void)state;
	snn_config_default(&a);
	snn_config_default(&b);
	set(&a, "uri", "a long address that is replaced");
	set(&a, "network.hidden", "1,2,3");
	set(&a, "uri", "emu:");
	set(&a, "network.hidden", "[7]");
	set(&b, "uri", "emu:");
	set(&b, "network.hidden", "7");
	assert_memory_equal(&a, &b, sizeof(a));
}

static void default_reads_back_bit_for_bit(void **state)
{
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	assert_round_trip(&c);
}

static void awkward_texts_read_back_bit_for_bit(void **state)
{
	static const char *const texts[] = { "\"", "\\", "\\n", " a ", "#", "a # b", "a: b", "'",
		"~", "null", "- x", "[1", "{", "%", "@", "`", "!x", "&x", "*x",
		"\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x8e\xb5", "emu:?a=1&b=\"2\"", "\xc2\xa0",
		"\xef\xbf\xbd" };
	struct snn_config c;

	(void)state;
	snn_config_default(&c);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set(&c, "uri", texts[i]);
		set(&c, "data", texts[i]);
		assert_round_trip(&c);
	}
}

/* Every number at both ends of its range and at values with no short decimal form. */
static void awkward_numbers_read_back_bit_for_bit(void **state)
{
	static const double f[] = { 0, 1, 1.0 / 3, 0.1, 0.7853981633974483, 5e-324 };
	struct snn_config c;
	char buf[64];

	(void)state;
	snn_config_default(&c);
	set(&c, "seed", "18446744073709551615");
	set(&c, "network.hidden", "1,2,3,4,5,6,7,65536");
	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		for (const struct snn_option *o = snn_option_table; o->path; o++) {
			double v = o->min + f[i] * (o->max - o->min);

			if (o->type == SNN_VALUE_DOUBLE)
				assert_true(snn_double_print(v, buf, sizeof(buf)) > 0);
			else if (o->type == SNN_VALUE_U32)
				snprintf(buf, sizeof(buf), "%.0f", v);
			else
				continue;
			set(&c, o->path, buf);
		}
		assert_round_trip(&c);
	}
}

static void doubles_print_in_the_fewest_digits_that_read_back(void **state)
{
	char buf[32];

	(void)state;
	assert_int_equal(snn_double_print(0.1, buf, sizeof(buf)), 3);
	assert_string_equal(buf, "0.1");
	snn_double_print(1.0 / 3, buf, sizeof(buf));
	assert_true(strtod(buf, NULL) == 1.0 / 3);
	snn_double_print(5e-324, buf, sizeof(buf));
	assert_string_equal(buf, "5e-324");
	snn_double_print(-0.0, buf, sizeof(buf));
	assert_true(signbit(strtod(buf, NULL)));
	assert_int_equal(snn_double_print(1.0 / 3, buf, 5), -ENOSPC);
}

static void one_value_prints_or_says_why_not(void **state)
{
	struct snn_config c;
	char buf[32];

	(void)state;
	snn_config_default(&c);
	set(&c, "network.hidden", "[100,50]");
	assert_int_equal(snn_config_value(&c, "network.hidden", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "100, 50");
	assert_int_equal(snn_config_value(&c, "network.hidden", buf, 7), -ENOSPC);
	assert_int_equal(snn_config_value(&c, "network.reset", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "full");
	assert_int_equal(snn_config_value(&c, "network.bias_marginal", buf, 4), -ENOSPC);
	assert_int_equal(snn_config_value(&c, "network.rest", buf, sizeof(buf)), -ENOENT);
}

static void every_task_rule_and_kind_has_a_shipped_configuration(void **state)
{
	static const char *const tasks[] = { "chorale", "jsb", "shd" };
	static const char *const weights[] = { "float", "chips" };
	size_t n = 0;

	(void)state;
	for (size_t t = 0; t < 3; t++) {
		for (size_t r = 0; snn_rule_names[r]; r++) {
			/* shd on chips: osttp only */
			size_t n_kind = t == 2 && strcmp(snn_rule_names[r], "osttp") ? 1 : 2;

			for (size_t w = 0; w < n_kind; w++) {
				const struct snn_assignment a[] = { { "task", tasks[t] },
					{ "rule", snn_rule_names[r] }, { "weights", weights[w] } };
				struct snn_error e = { "" };
				struct snn_config c;
				char name[80];
				size_t i = 0;

				snprintf(name, sizeof(name), "%s-%s-%s", tasks[t],
					snn_rule_names[r], weights[w]);
				while (snn_shipped_table[i].name &&
					strcmp(snn_shipped_table[i].name, name))
					i++;
				if (!snn_shipped_table[i].name)
					fail_msg("%s is not shipped", name);
				if (snn_config_load(&c, NULL, a, 3, &e) < 0)
					fail_msg("%s: %s", name, e.text);
				assert_round_trip(&c);
				n++;
			}
		}
	}
	for (size_t i = 0; snn_shipped_table[i].name; i++)
		n--;
	assert_int_equal(n, 0); /* nor is there one that nothing chooses */
}

/* Table, shipped, file, assignments: each over those before it. */
static void later_sources_win(void **state)
{
	const struct snn_assignment jsb = { "task", "jsb" };
	const struct snn_assignment ostl[] = { jsb, { "rule", "ostl" } };
	const struct snn_assignment twice[] = { jsb, { "train.epochs", "7" },
		{ "train.epochs", "8" } };
	struct snn_config table, c, of_rule;
	struct snn_error e = { "" };

	(void)state;
	snn_config_default(&table);
	assert_int_equal(snn_config_load(&c, NULL, &jsb, 1, &e), 0);
	assert_true(c.train.rate != table.train.rate);
	write_text("run.yaml", "rule: ostl\n");
	assert_int_equal(snn_config_load(&c, "run.yaml", &jsb, 1, &e), 0);
	assert_int_equal(snn_config_load(&of_rule, NULL, ostl, 2, &e), 0);
	assert_int_equal(c.train.epochs, of_rule.train.epochs);
	assert_true(c.train.rate_hidden == of_rule.train.rate_hidden);
	write_text("run.yaml", "train: { epochs: 3 }\ntask: jsb\n");
	assert_int_equal(snn_config_load(&c, "run.yaml", NULL, 0, &e), 0);
	assert_int_equal(c.train.epochs, 3);
	assert_true(c.train.rate != table.train.rate); /* of the shipped one that the file chose */
	assert_int_equal(snn_config_load(&c, "run.yaml", twice, 3, &e), 0);
	assert_int_equal(c.train.epochs, 8);
}

/* A run folder's copy is complete: what is shipped later must not change an old run. */
static void reading_a_saved_copy_ignores_what_is_shipped(void **state)
{
	struct snn_config table, c;
	struct snn_error e = { "" };

	(void)state;
	snn_config_default(&table);
	write_text("run.yaml", "task: jsb\n");
	assert_int_equal(snn_config_read(&c, "run.yaml", &e), 0);
	assert_int_equal(c.train.epochs, table.train.epochs);
}

static void failed_assignment_leaves_the_configuration_alone(void **state)
{
	const struct snn_assignment bad[] = { no_shipped[0], { "train.epochs", "many" } };
	struct snn_config c, before;
	struct snn_error e = { "" };

	(void)state;
	memset(&c, 0x5a, sizeof(c));
	before = c;
	assert_int_equal(snn_config_load(&c, NULL, bad, 2, &e), -EINVAL);
	assert_contains(e.text, "train.epochs");
	assert_memory_equal(&c, &before, sizeof(c));
}

static void help_lists_every_path(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	snn_config_help(f);
	fclose(f);
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		assert_contains(text, o->path);
		assert_contains(text, o->help);
	}
	free(text);
}

static void print_on_a_full_disk_is_an_error(void **state)
{
	struct snn_config c;
	FILE *f = fopen("/dev/full", "w");

	(void)state;
	if (!f)
		skip();
	setvbuf(f, NULL, _IONBF, 0);
	snn_config_default(&c);
	assert_int_equal(snn_config_print(&c, f), -EIO);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_is_inside_every_range_and_keeps_its_text),
		cmocka_unit_test(sections_of_the_table_stay_together),
		cmocka_unit_test(task_and_rule_names_are_those_of_the_code),
		scratch_test(yaml_sets_sections_lists_and_texts),
		scratch_test(empty_yaml_and_comments_only_change_nothing),
		scratch_test(unknown_key_names_file_line_and_the_nearest_key),
		scratch_test(value_out_of_range_names_the_range_and_unit),
		scratch_test(malformed_yaml_names_file_and_line),
		scratch_test(what_libfyaml_should_not_see_is_refused),
		scratch_test(long_list_is_refused_at_its_65th_entry),
		scratch_test(byte_order_mark_is_harmless),
		scratch_test(null_is_not_a_text),
		scratch_test(config_file_that_cannot_be_read_names_it),
		cmocka_unit_test(wrong_types_are_einval),
		cmocka_unit_test(numbers_beyond_their_type_are_erange),
		cmocka_unit_test(texts_are_printable_utf8_that_fits),
		cmocka_unit_test(equal_settings_are_equal_bytes),
		scratch_test(default_reads_back_bit_for_bit),
		scratch_test(awkward_texts_read_back_bit_for_bit),
		scratch_test(awkward_numbers_read_back_bit_for_bit),
		cmocka_unit_test(doubles_print_in_the_fewest_digits_that_read_back),
		cmocka_unit_test(one_value_prints_or_says_why_not),
		scratch_test(every_task_rule_and_kind_has_a_shipped_configuration),
		scratch_test(later_sources_win),
		scratch_test(reading_a_saved_copy_ignores_what_is_shipped),
		scratch_test(failed_assignment_leaves_the_configuration_alone),
		cmocka_unit_test(help_lists_every_path),
		cmocka_unit_test(print_on_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
