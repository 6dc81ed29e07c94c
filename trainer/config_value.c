/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config_value.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "nearest.h"
#include "utf8.h"

const struct snn_option *snn_option_find(const char *path)
{
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		if (!strcmp(o->path, path))
			return o;
	}
	return NULL;
}

static size_t section_length(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot ? (size_t)(dot - path) : 0;
}

static unsigned path_distance(const char *a, const char *b)
{
	size_t n_a = section_length(a), n_b = section_length(b);
	char sec_a[64] = "", sec_b[64] = "";
	unsigned d;

	memcpy(sec_a, a, n_a < sizeof(sec_a) ? n_a : sizeof(sec_a) - 1);
	memcpy(sec_b, b, n_b < sizeof(sec_b) ? n_b : sizeof(sec_b) - 1);
	d = snn_distance(sec_a, sec_b);
	return (d < 2 ? d : 2) + snn_distance(a + n_a + (n_a > 0), b + n_b + (n_b > 0));
}

const char *snn_option_nearest(const char *path)
{
	const char *best = NULL;
	unsigned least = 0;

	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		unsigned d = path_distance(path, o->path);

		if (!best || d < least) {
			best = o->path;
			least = d;
		}
	}
	return best;
}

static int wrong_type(
	const struct snn_option *o, const char *text, const char *want, struct snn_error *e)
{
	return snn_fail(e, -EINVAL, "%s = \"%.100s\" is not %s", o->path, text, want);
}

static int out_of_range(const struct snn_option *o, const char *text, struct snn_error *e)
{
	return snn_fail(e, -ERANGE, "%s = %.100s is outside %g .. %g%s%s", o->path, text, o->min,
		o->max, o->unit ? " " : "", o->unit ? o->unit : "");
}

/* strtod() also takes hexadecimal, "inf", "nan" and leading blanks: not here. */
static int set_double(
	const struct snn_option *o, const char *text, double *ret, struct snn_error *e)
{
	size_t n = strspn(text, "+-.0123456789eE");
	char *end;
	double v;

	if (!n || text[n])
		return wrong_type(o, text, "a number", e);
	v = strtod(text, &end);
	if (*end)
		return wrong_type(o, text, "a number", e);
	if (!(v >= o->min && v <= o->max))
		return out_of_range(o, text, e);
	*ret = v;
	return 0;
}

/* Digits of a whole number; n of them. A sign before them is allowed by the caller's message. */
static int parse_u64(const struct snn_option *o, const char *text, size_t n, uint64_t max,
	uint64_t *ret, struct snn_error *e)
{
	uint64_t v = 0;
	size_t i = n && (text[0] == '-' || text[0] == '+');
	size_t digits = 0;
	bool is_over = false;

	while (i + digits < n && text[i + digits] >= '0' && text[i + digits] <= '9') {
		is_over |= __builtin_mul_overflow(v, (uint64_t)10, &v);
		is_over |= __builtin_add_overflow(v, (uint64_t)(text[i + digits] - '0'), &v);
		digits++;
	}
	if (!digits || i + digits != n)
		return wrong_type(o, text, "a whole number", e);
	if (is_over || v > max || (text[0] == '-' && v))
		return o->type == SNN_VALUE_U64
			? snn_fail(e, -ERANGE, "%s = %.100s is outside 0 .. 18446744073709551615",
				  o->path, text)
			: out_of_range(o, text, e);
	*ret = v;
	return 0;
}

static int set_u32(
	const struct snn_option *o, const char *text, size_t n, uint32_t *ret, struct snn_error *e)
{
	uint64_t v;
	int r = parse_u64(o, text, n, UINT32_MAX, &v, e);

	if (r < 0)
		return r;
	if ((double)v < o->min || (double)v > o->max)
		return out_of_range(o, text, e);
	*ret = (uint32_t)v;
	return 0;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* "150", "100,50", "[100, 50]" */
static int set_list(
	const struct snn_option *o, const char *text, uint32_t *ret, struct snn_error *e)
{
	const char *p = skip_blanks(text);
	uint32_t list[SNN_MAX_LIST] = { 0 };
	uint32_t n = 0;
	bool in_brackets = *p == '[';

	assert(o->size <= SNN_MAX_LIST);
	p = skip_blanks(p + in_brackets);
	for (;;) {
		size_t len = strcspn(p, ",] \t");
		int r;

		if (n == o->size)
			return snn_fail(e, -ERANGE, "%s = \"%.100s\": at most %zu values", o->path,
				text, o->size);
		r = set_u32(o, p, len, &list[n], e);
		if (r == -EINVAL)
			return wrong_type(o, text, "a list of whole numbers such as [100, 50]", e);
		if (r < 0)
			return out_of_range(o, text, e);
		n++;
		p = skip_blanks(p + len);
		if (*p != ',')
			break;
		p = skip_blanks(p + 1);
	}
	if (in_brackets && *p == ']')
		p = skip_blanks(p + 1);
	else if (in_brackets)
		return wrong_type(o, text, "a list (] is missing)", e);
	if (*p)
		return wrong_type(o, text, "a list of whole numbers such as [100, 50]", e);
	ret[-1] = n;
	memcpy(ret, list, o->size * sizeof(*list));
	return 0;
}

static int choice_of(const struct snn_option *o, const char *text, struct snn_error *e)
{
	char all[256] = "";
	size_t n = 0;

	for (int i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], text))
			return i;
		n += (size_t)snprintf(
			all + n, sizeof(all) - n, "%s%s", i ? ", " : "", o->choices[i]);
		assert(n < sizeof(all));
	}
	return snn_fail(e, -EINVAL, "unknown %s \"%.100s\", did you mean %s? (one of %s)", o->path,
		text, snn_nearest(text, o->choices), all);
}

static bool is_printable_utf8(const char *text, size_t n)
{
	uint32_t c;

	for (size_t len; n; text += len, n -= len) {
		len = snn_utf8_next(text, n, &c);
		if (!len || !snn_is_printable(c))
			return false;
	}
	return true;
}

static int set_text(const struct snn_option *o, const char *text, char *ret, struct snn_error *e)
{
	size_t n = strlen(text);

	if (n >= o->size)
		return snn_fail(e, -EINVAL, "%s has %zu bytes, at most %zu fit: \"%.60s...\"",
			o->path, n, o->size - 1, text);
	if (!is_printable_utf8(text, n))
		return snn_fail(
			e, -EINVAL, "%s = \"%.100s\" is not printable UTF-8", o->path, text);
	memset(ret, 0, o->size);
	memcpy(ret, text, n);
	return 0;
}

int snn_value_set(
	struct snn_config *c, const struct snn_option *o, const char *text, struct snn_error *e)
{
	void *at = (char *)c + o->offset;
	int r;

	switch (o->type) {
	case SNN_VALUE_DOUBLE:
		return set_double(o, text, at, e);
	case SNN_VALUE_U32:
		return set_u32(o, text, strlen(text), at, e);
	case SNN_VALUE_U64:
		return parse_u64(o, text, strlen(text), UINT64_MAX, at, e);
	case SNN_VALUE_BOOL:
		if (strcmp(text, "true") && strcmp(text, "false"))
			return wrong_type(o, text, "true or false", e);
		*(bool *)at = text[0] == 't';
		return 0;
	case SNN_VALUE_TEXT:
		return set_text(o, text, at, e);
	case SNN_VALUE_NAME:
		r = choice_of(o, text, e);
		return r < 0 ? r : set_text(o, text, at, e);
	case SNN_VALUE_CHOICE:
		r = choice_of(o, text, e);
		if (r < 0)
			return r;
		*(int *)at = r;
		return 0;
	case SNN_VALUE_U32_LIST:
		return set_list(o, text, at, e);
	}
	return -EINVAL;
}

int snn_double_print(double v, char *buf, size_t n)
{
	/* Whole numbers below 1000 without an exponent: 100, not 1e+02. */
	bool is_small = fabs(v) >= 1 && fabs(v) < 1000 && v == floor(v);
	int len = 0;

	/* 17 digits always read back. */
	for (int digits = is_small ? 3 : 1; digits <= 17; digits++) {
		len = snprintf(buf, n, "%.*g", digits, v);
		if (len < 0 || (size_t)len >= n)
			return -ENOSPC;
		if (strtod(buf, NULL) == v)
			break;
	}
	return len;
}

static int print_list(const uint32_t *list, char *buf, size_t n)
{
	int len = 0;

	for (uint32_t i = 0; i < list[-1]; i++) {
		len += snprintf(buf + len, n - (size_t)len, "%s%u", i ? ", " : "", list[i]);
		if ((size_t)len >= n)
			return -ENOSPC;
	}
	return len;
}

int snn_value_print(const struct snn_config *c, const struct snn_option *o, char *buf, size_t n)
{
	const void *at = (const char *)c + o->offset;
	int len = 0;

	switch (o->type) {
	case SNN_VALUE_DOUBLE:
		return snn_double_print(*(const double *)at, buf, n);
	case SNN_VALUE_U32_LIST:
		return print_list(at, buf, n);
	case SNN_VALUE_U32:
		len = snprintf(buf, n, "%u", *(const uint32_t *)at);
		break;
	case SNN_VALUE_U64:
		len = snprintf(buf, n, "%llu", (unsigned long long)*(const uint64_t *)at);
		break;
	case SNN_VALUE_BOOL:
		len = snprintf(buf, n, "%s", *(const bool *)at ? "true" : "false");
		break;
	case SNN_VALUE_TEXT:
	case SNN_VALUE_NAME:
		len = snprintf(buf, n, "%s", (const char *)at);
		break;
	case SNN_VALUE_CHOICE:
		len = snprintf(buf, n, "%s", o->choices[*(const int *)at]);
		break;
	}
	return (size_t)len < n ? len : -ENOSPC;
}
