/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "spelling.h"

uint64_t xbar_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t xbar_clock_left(uint64_t deadline)
{
	uint64_t now = xbar_clock();

	return deadline > now ? deadline - now : 0;
}

static bool is_listed(const char *const *keys, const char *key)
{
	for (; *keys; keys++) {
		if (!strcmp(*keys, key))
			return true;
	}
	return false;
}

int xbar_link_keys(const struct xbar_uri *uri, const char *const *keys, struct xbar_message *msg)
{
	for (size_t i = 0; i < uri->n_query; i++) {
		const char *key = uri->query[i].key;

		if (!is_listed(keys, key))
			return xbar_fail(msg, -EINVAL,
				"%s: unknown key \"%s\", did you mean \"%s\"?", uri->scheme, key,
				xbar_nearest(key, keys));
	}
	return 0;
}

int xbar_link_number(uint32_t *ret, const struct xbar_uri *uri, const char *key, uint32_t def,
	uint32_t min, uint32_t max, struct xbar_message *msg)
{
	const char *value = xbar_uri_value(uri, key);
	unsigned long long v;

	*ret = def;
	if (!value)
		return 0;
	if (!*value || value[strspn(value, "0123456789")])
		return xbar_fail(msg, -EINVAL,
			"%s: %s=%s is not a whole number; %u .. %u are possible", uri->scheme, key,
			value, min, max);
	errno = 0;
	v = strtoull(value, NULL, 10);
	if (errno || v < min || v > max)
		return xbar_fail(msg, -ERANGE, "%s: %s=%s is outside %u .. %u", uri->scheme, key,
			value, min, max);
	*ret = (uint32_t)v;
	return 0;
}
