/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uri.h - scheme:path?key=value&key=value, RFC 3986 without authority and fragment.
 *
 * The text is untrusted. After a successful parse: all strings are NUL-ended inside `text`, no key
 * is empty or comes twice, nothing holds a control character, %XX is decoded ('+' stays '+').
 * Which schemes, paths and keys make sense is the backend's business.
 */
#ifndef XBAR_URI_H
#define XBAR_URI_H

#include <stddef.h>
#include "message.h"

#define XBAR_URI_MAX   511 /* bytes, so that xbar_info.uri can hold it */
#define XBAR_URI_N_KEY 64

struct xbar_uri {
	const char *scheme, *path; /* path may be "" */
	size_t n_query;
	struct {
		const char *key, *value;
	} query[XBAR_URI_N_KEY];
	char text[XBAR_URI_MAX + 1]; /* owns the strings */
};

/* -EINVAL malformed, with a message. *ret points into itself: do not copy it. */
int xbar_uri_parse(struct xbar_uri *ret, const char *text, struct xbar_message *msg);

/* Value of a key, or NULL. */
const char *xbar_uri_value(const struct xbar_uri *u, const char *key);

/*
 * Append ?key=value or &key=value to the URI in buf [n], encoding what must be. -ENOSPC leaves buf
 * as it was.
 */
int xbar_uri_append(char *buf, size_t n, const char *key, const char *value);

#endif
