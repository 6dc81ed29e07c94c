/* SPDX-License-Identifier: GPL-3.0-or-later */
/* links.c - which links there are; one line each. */
#include <string.h>
#include "link.h"

static const struct xbar_link_ops *const links[] = {
	&xbar_link_loop,
	&xbar_link_serial,
	&xbar_link_usb,
};

#define N_LINK (sizeof(links) / sizeof(links[0]))

const struct xbar_link_ops *xbar_link_find(const char *scheme)
{
	for (size_t i = 0; i < N_LINK; i++) {
		if (!strcmp(links[i]->scheme, scheme))
			return links[i];
	}
	return NULL;
}

int xbar_link_scan(xbar_scan_row *row, void *user, struct xbar_message *msg)
{
	int r = 0;

	for (size_t i = 0; i < N_LINK && r == 0; i++) {
		if (links[i]->scan)
			r = links[i]->scan(row, user, msg);
	}
	return r;
}
