/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

FILE *golden_open(const char *name)
{
	const char *folder = getenv("GOLDEN_DIR");
	char path[512];
	FILE *f;

	assert_non_null(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

int golden_next(FILE *f, struct golden_line *ret)
{
	char *save, *word;

	do {
		if (!fgets(ret->text, sizeof(ret->text), f))
			return 0;
	} while (ret->text[0] == '#');
	assert_non_null(strchr(ret->text, '\n'));
	word = strtok_r(ret->text, " \n", &save);
	assert_non_null(word);
	snprintf(ret->name, sizeof(ret->name), "%s", word);
	ret->n_word = 0;
	while ((word = strtok_r(NULL, " \n", &save)) && ret->n_word < 6)
		ret->word[ret->n_word++] = word;
	return 1;
}

size_t golden_bytes(const char *word, uint8_t *ret, size_t n)
{
	size_t n_byte = strlen(word) / 2;

	assert_true(n_byte <= n);
	for (size_t i = 0; i < n_byte; i++) {
		char hex[3] = { word[2 * i], word[2 * i + 1], '\0' };

		ret[i] = (uint8_t)strtoul(hex, NULL, 16);
	}
	return n_byte;
}

uint32_t golden_number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 16);
}
