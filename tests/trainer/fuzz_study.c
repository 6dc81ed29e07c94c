/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_study.c - YAML files of studies. What is refused has a message that begins with the name; what
 * is accepted has points that can all be described.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include "study.h"

const char *const fuzz_seeds[] = {
	"",
	"base: {task: jsb, train: {epochs: 3}}\nseeds: 3\n",
	"axes:\n  - rule: [osttp, drtp]\n  - uri.drift_nu: {from: 0, to: 1, points: 3}\nseeds: [1, 2]\n",
	"axes:\n  - train.rate: {from: 1e-3, to: 1, points: 4, log: true}\n    train.clip: [1,2,3,4]\n",
	"title: |\n  a\n  b\naxes: [{network.hidden: [[1, 2], 3]}]\n",
	"? [a]\n: b\n",
	"? \n: \n",
	"base: &a {rule: ostl}\naxes: *a\n",
	"axes: [[[[1]]]]\nbase: {a: {b: {c: 1}}}\n",
	"axes:\n  - {}\n  - ~\n",
	"seeds: {}\ntitle: []\n",
	NULL,
};

/* As in fuzz_config.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct snn_error e = { "" };
	struct snn_study *s;
	char text[300];

	if (snn_study_parse(&s, "fuzz", (const char *)data, n, &e) < 0) {
		if (strncmp(e.text, "fuzz", 4) != 0)
			abort();
		return 0;
	}
	if (s->n_point < 1 || s->n_point > SNN_STUDY_MAX_POINT ||
		s->n_point != s->n_group * s->n_seed)
		abort();
	snn_study_describe(s, 0, text, sizeof(text));
	snn_study_describe(s, s->n_point - 1, text, sizeof(text));
	snn_study_free(s);
	return 0;
}
