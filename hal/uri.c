/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "uri.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode %XX in place. */
static int decode(char *s, struct xbar_message *msg)
{
	char *out = s;

	for (const char *in = s; *in; in++) {
		char c = *in;

		if (c == '%') {
			int hi = hex_digit(in[1]), lo = hi < 0 ? -1 : hex_digit(in[2]);

			if (lo < 0)
				return xbar_fail(msg, -EINVAL,
					"URI: \"%.8s\": %% is followed by two hexadecimal digits; "
					"a plain %% is written %%25",
					in);
			c = (char)(hi << 4 | lo);
			in += 2;
		}
		if (is_control(c))
			return xbar_fail(msg, -EINVAL, "URI: control character 0x%02x; remove it",
				(unsigned char)c);
		*out++ = c;
	}
	*out = '\0';
	return 0;
}

static bool is_scheme(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.")] == '\0';
}

static int add_item(struct xbar_uri *u, char *item, struct xbar_message *msg)
{
	char *value = strchr(item, '=');
	int r;

	if (!value || value == item)
		return xbar_fail(msg, -EINVAL, "URI: \"%s\" in the query is not key=value", item);
	*value++ = '\0';
	r = decode(item, msg);
	if (r == 0)
		r = decode(value, msg);
	if (r < 0)
		return r;
	if (xbar_uri_value(u, item))
		return xbar_fail(msg, -EINVAL,
			"URI: key \"%s\" comes twice (%s=%s, %s=%s); keep one", item, item,
			xbar_uri_value(u, item), item, value);
	if (u->n_query == XBAR_URI_N_KEY)
		return xbar_fail(
			msg, -EINVAL, "URI: more than %d keys in the query", XBAR_URI_N_KEY);
	u->query[u->n_query].key = item;
	u->query[u->n_query].value = value;
	u->n_query++;
	return 0;
}

static int parse_query(struct xbar_uri *u, char *query, struct xbar_message *msg)
{
	char *next;

	if (!*query)
		return 0;
	for (; query; query = next) {
		int r;

		next = strchr(query, '&');
		if (next)
			*next++ = '\0';
		r = add_item(u, query, msg);
		if (r < 0)
			return r;
	}
	return 0;
}

int xbar_uri_parse(struct xbar_uri *ret, const char *text, struct xbar_message *msg)
{
	size_t n = strnlen(text, XBAR_URI_MAX + 1);
	char *path, *query;
	int r;

	if (n > XBAR_URI_MAX)
		return xbar_fail(msg, -EINVAL, "URI \"%.60s...\" is longer than %d bytes", text,
			XBAR_URI_MAX);
	memcpy(ret->text, text, n + 1);
	ret->n_query = 0;
	path = strchr(ret->text, ':');
	if (!path)
		return xbar_fail(msg, -EINVAL,
			"URI \"%s\" names no kind of board; it begins with one, as in emu:?chips=2",
			text);
	*path++ = '\0';
	if (!is_scheme(ret->text))
		return xbar_fail(msg, -EINVAL,
			"URI \"%s\": the kind of board before ':' is of lower-case letters, as in emu:",
			text);
	if (strchr(path, '#'))
		return xbar_fail(msg, -EINVAL, "URI \"%s\": a plain # is written %%23", text);
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	ret->scheme = ret->text;
	ret->path = path;
	r = decode(path, msg);
	if (r < 0)
		return r;
	return query ? parse_query(ret, query, msg) : 0;
}

const char *xbar_uri_value(const struct xbar_uri *u, const char *key)
{
	for (size_t i = 0; i < u->n_query; i++) {
		if (!strcmp(u->query[i].key, key))
			return u->query[i].value;
	}
	return NULL;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c && strchr("-._~/:@,+", c));
}

/* Where the text ends now, or NULL if it does not fit before end. */
static char *encode(char *out, const char *end, const char *s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *s; s++) {
		if (end - out < 4)
			return NULL;
		if (is_plain(*s)) {
			*out++ = *s;
		} else {
			*out++ = '%';
			*out++ = digits[(unsigned char)*s >> 4];
			*out++ = digits[*s & 15];
		}
	}
	return out;
}

int xbar_uri_append(char *buf, size_t n, const char *key, const char *value)
{
	size_t old = strlen(buf);
	const char *end = buf + n;
	char *out = buf + old;

	if (end - out < 4)
		return -ENOSPC;
	*out++ = strchr(buf, '?') ? '&' : '?';
	out = encode(out, end, key);
	if (out && end - out >= 4) {
		*out++ = '=';
		out = encode(out, end, value);
		if (out) {
			*out = '\0';
			return 0;
		}
	}
	buf[old] = '\0';
	return -ENOSPC;
}
