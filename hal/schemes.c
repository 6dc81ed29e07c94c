/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schemes.c - which kinds of URI there are. A backend's schemes are one line each in both lists. */
#include "backend.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "link.h"
#include "spelling.h"

#define N(list) (sizeof(list) / sizeof(list[0]))

static const char *const names[] = {
	"emu",
	"loop",
	"record",
	"replay",
#ifdef HAVE_SERIAL
	"serial",
#endif
#ifdef HAVE_USB
	"usb",
#endif
	NULL,
};

static const struct xbar_backend *const backends[] = {
	&xbar_backend_emu,
	&xbar_backend_remote,
	&xbar_backend_record,
	&xbar_backend_replay,
#ifdef HAVE_SERIAL
	&xbar_backend_remote,
#endif
#ifdef HAVE_USB
	&xbar_backend_remote,
#endif
};

static_assert(N(names) == N(backends) + 1, "the two lists are parallel");

/* For misspelt ones: what could have been built counts, too. */
static const char *const known[] = { "emu", "loop", "record", "replay", "serial", "usb", NULL };

const char *const *xbar_schemes(void)
{
	return names;
}

static const struct xbar_backend *find(const char *scheme)
{
	for (size_t i = 0; i < N(backends); i++) {
		if (!strcmp(names[i], scheme))
			return backends[i];
	}
	return NULL;
}

int xbar_backend_find(const struct xbar_backend **ret, const char *scheme, struct xbar_message *msg)
{
	const struct xbar_backend *be = find(scheme);
	const struct xbar_link_ops *link = xbar_link_find(scheme);
	char all[128] = "";

	if (be) {
		*ret = be;
		return 0;
	}
	/* A link that was not built says how to get it. */
	if (link) {
		*ret = &xbar_backend_remote;
		return 0;
	}
	for (size_t i = 0; names[i]; i++) {
		strncat(all, i ? ", " : "", sizeof(all) - strlen(all) - 1);
		strncat(all, names[i], sizeof(all) - strlen(all) - 1);
		strncat(all, ":", sizeof(all) - strlen(all) - 1);
	}
	return xbar_fail(msg, -EINVAL,
		"URI: unknown kind of board \"%s:\", did you mean \"%s:\"? This build has: %s",
		scheme, xbar_nearest(scheme, known), all);
}

int xbar_scheme_help(const char *scheme,
	void (*row)(void *user, const char *key, const char *unit, const char *def,
		const char *range, const char *source, const char *help),
	void *user)
{
	const struct xbar_backend *be = find(scheme);
	const struct xbar_link_ops *link = xbar_link_find(scheme);

	if (!be)
		return -ENOENT;
	if (be->help)
		be->help(row, user);
	if (!link)
		return 0;
	link->help(row, user);
	row(user, "timeout", "s", "5", "0.01 .. 3600", "",
		"how long a silent or unplugged board is waited for");
	return 0;
}
