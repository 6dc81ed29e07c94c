/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_config.c - YAML configurations. What is refused has a message that begins with the name and
 * sets nothing; what is accepted prints as YAML that reads back to the same bytes.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "config_yaml.h"

const char *const fuzz_seeds[] = {
	"",
	"# only a comment\n",
	"rule: ostl\nseed: 7\nuri: \"emu:?chips=2&seed=7\"\n",
	"network:\n  hidden: [100, 50]\n  reset: soft\n  decay: 0.25\n  bias_marginal: false\n",
	"network: { hidden: 150, psi: tanh }\ntrain: { epochs: 3, rate: 1e-3 }\n",
	"network.hidden: [1,2,3,4,5,6,7,8]\ntrain.epochs: 3\n",
	"---\nrule: 'osttp'\n...\n",
	"uri: |\n  text\n  more\ndata: >-\n  folded\n",
	"uri: \"\\x41\\u00e4\\U0001f3b5 \\\\ \\\" \"\n",
	"? rule\n: ostl\n",
	"&a rule: *a\n",
	"!!map { !!str rule: !!str ostl }\n",
	"rule: ostl\nrule: ostl\n",
	"a: [[[[1]]]]\nb: { c: { d: { e: 1 } } }\n",
	"%YAML 1.1\n---\nrule: ostl\n",
	"\xef\xbb\xbfrule: ostl\n",
	"seed: 18446744073709551615\nchips: { g_full: 8e-06, wait: 0 }\n",
	NULL,
};

/*
 * libfyaml 0.7.12 loses the buffer of a single-quoted text with a few dozen quotes in it ('' each),
 * well-formed as it is. Our use of it is checked for leaks by test_config.c, without this.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

static void check_round_trip(const struct snn_config *c)
{
	struct snn_config back;
	struct snn_yaml y;
	struct snn_error e = { "" };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f || snn_config_print(c, f) < 0 || fclose(f) != 0)
		abort();
	if (snn_yaml_parse(&y, "print", text, n, &e) < 0)
		abort();
	snn_config_default(&back);
	for (size_t i = 0; i < y.n; i++) {
		if (snn_config_set(&back, y.item[i].path, y.item[i].value, &e) < 0)
			abort();
	}
	if (memcmp(&back, c, sizeof(back)) != 0)
		abort();
	snn_yaml_done(&y);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct snn_error e = { "" };
	struct snn_yaml y = { 0 };
	struct snn_config c, before;

	if (snn_yaml_parse(&y, "fuzz", (const char *)data, n, &e) < 0) {
		if (strncmp(e.text, "fuzz", 4) != 0 || y.item)
			abort();
		return 0;
	}
	snn_config_default(&c);
	for (size_t i = 0; i < y.n; i++) {
		memcpy(&before, &c, sizeof(c));
		e.text[0] = '\0';
		if (snn_config_set(&c, y.item[i].path, y.item[i].value, &e) < 0 &&
			(!e.text[0] || memcmp(&before, &c, sizeof(c)) != 0))
			abort();
		if (y.item[i].line < 1)
			abort();
	}
	check_round_trip(&c);
	snn_yaml_done(&y);
	return 0;
}
