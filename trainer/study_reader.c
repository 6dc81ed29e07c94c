/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int snn_reader_line(struct fy_node *n)
{
	struct fy_token *t = fy_node_is_scalar(n) ? fy_node_get_scalar_token(n) : NULL;
	const struct fy_mark *m = t ? fy_token_start_mark(t) : NULL;
	struct fy_node *first = NULL;

	if (m)
		return m->line + 1;
	if (fy_node_is_mapping(n)) {
		struct fy_node_pair *p = fy_node_mapping_get_by_index(n, 0);

		first = p ? fy_node_pair_key(p) : NULL;
	} else if (fy_node_is_sequence(n)) {
		first = fy_node_sequence_get_by_index(n, 0);
	}
	return first ? snn_reader_line(first) : 1;
}

__attribute__((format(printf, 4, 5))) int snn_reader_fail(
	const struct snn_reader *rd, int line, int code, const char *fmt, ...)
{
	char text[800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return snn_fail(rd->e, code, "%.200s:%d: %s", rd->s->name, line, text);
}

int snn_reader_scalar(const struct snn_reader *rd, struct fy_node *n, int line, char **ret)
{
	size_t len = 0;
	const char *text;

	if (!n || !fy_node_is_scalar(n) || fy_node_is_alias(n))
		return snn_reader_fail(
			rd, n ? snn_reader_line(n) : line, -EINVAL, "expected one value here");
	text = fy_node_get_scalar(n, &len);
	if (text && memchr(text, '\0', len))
		return snn_reader_fail(rd, line, -EINVAL, "a text with a zero byte");
	*ret = strndup(text ? text : "", len);
	return *ret ? 0 : snn_reader_fail(rd, line, -ENOMEM, "no memory");
}

int snn_reader_value(const struct snn_reader *rd, struct fy_node *n, int line, char **ret)
{
	char *text = NULL;
	void *iter = NULL;
	struct fy_node *item;

	if (!n || !fy_node_is_sequence(n))
		return snn_reader_scalar(rd, n, line, ret);
	while ((item = fy_node_sequence_iterate(n, &iter))) {
		char *part = NULL, *more = NULL;
		int r = snn_reader_scalar(rd, item, line, &part);

		if (r == 0 &&
			asprintf(&more, "%s%s%s", text ? text : "", text ? "," : "", part) < 0)
			r = snn_reader_fail(rd, line, -ENOMEM, "no memory");
		free(part);
		free(text);
		text = r == 0 ? more : NULL;
		if (r < 0)
			return r;
	}
	*ret = text ? text : strdup("");
	return *ret ? 0 : snn_reader_fail(rd, line, -ENOMEM, "no memory");
}

static bool is_uri_key(const char *path)
{
	return !strncmp(path, "uri.", 4) || !strncmp(path, "uri2.", 5);
}

int snn_reader_check(const struct snn_reader *rd, int line, const char *path, const char *value)
{
	struct snn_config scratch;
	struct snn_error inner = { "" };
	int r;

	if (!strcmp(path, "seed"))
		return snn_reader_fail(
			rd, line, -EINVAL, "seeds have a list of their own: \"seeds:\"");
	if (is_uri_key(path))
		return 0;
	snn_config_default(&scratch);
	r = snn_config_set(&scratch, path, value, &inner);
	return r < 0 ? snn_reader_fail(rd, line, r, "%s", inner.text) : 0;
}
