/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_print.c - a configuration as commented YAML, and the table as help.
 */
#include <errno.h>
#include <string.h>
#include "config_value.h"

#define MAX_VALUE 1100 /* the longest text and a bit */

/* "0 .. 1 S", "a | b | c", "true | false", ... */
static void print_range(const struct snn_option *o, FILE *f)
{
	switch (o->type) {
	case SNN_VALUE_DOUBLE:
	case SNN_VALUE_U32:
	case SNN_VALUE_U32_LIST:
		fprintf(f, "%g .. %.6g%s%s", o->min, o->max, o->unit ? " " : "",
			o->unit ? o->unit : "");
		break;
	case SNN_VALUE_U64:
		fprintf(f, "0 .. 2^64 - 1");
		break;
	case SNN_VALUE_BOOL:
		fprintf(f, "true | false");
		break;
	case SNN_VALUE_TEXT:
		fprintf(f, "text");
		break;
	case SNN_VALUE_CHOICE:
	case SNN_VALUE_NAME:
		for (int i = 0; o->choices[i]; i++)
			fprintf(f, "%s%s", i ? " | " : "", o->choices[i]);
		break;
	}
}

/* Double-quoted, the two special characters escaped; set_text() keeps the others out. */
static void print_quoted(const char *text, FILE *f)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static int print_option(const struct snn_config *c, const struct snn_option *o, const char *key,
	const char *indent, FILE *f)
{
	char buf[MAX_VALUE];
	int r = snn_value_print(c, o, buf, sizeof(buf));

	if (r < 0)
		return r;
	fprintf(f, "%s# %s; ", indent, o->help);
	print_range(o, f);
	fprintf(f, "\n%s%s: ", indent, key);
	if (o->type == SNN_VALUE_TEXT)
		print_quoted(buf, f);
	else if (o->type == SNN_VALUE_U32_LIST)
		fprintf(f, "[%s]", buf);
	else
		fputs(buf, f);
	fputc('\n', f);
	return 0;
}

int snn_config_print(const struct snn_config *c, FILE *f)
{
	const char *section = "";
	size_t n_section = 0;

	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		const char *dot = strchr(o->path, '.');
		size_t n = dot ? (size_t)(dot - o->path) : 0;
		int r;

		if (n && (n != n_section || strncmp(section, o->path, n) != 0))
			fprintf(f, "\n%.*s:\n", (int)n, o->path);
		section = o->path;
		n_section = n;
		r = print_option(c, o, dot ? dot + 1 : o->path, dot ? "  " : "", f);
		if (r < 0)
			return r;
	}
	return ferror(f) ? -EIO : 0;
}

void snn_config_help(FILE *f)
{
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		fprintf(f, "%-28s %-16s ", o->path, *o->def ? o->def : "\"\"");
		print_range(o, f);
		fprintf(f, "\n%29s%s\n", "", o->help);
	}
}
