/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link_stub.c - the links that were not built: an answer that tells how to get them. */
#include <errno.h>
#include "link.h"

#ifndef HAVE_SERIAL
static int no_serial(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	(void)ret;
	(void)uri;
	(void)info;
	return xbar_fail(msg, -ENOTSUP,
		"serial: this build has no serial lines; configure it with -Dserial=enabled (needs "
		"libserialport)");
}

const struct xbar_link_ops xbar_link_serial = { .scheme = "serial", .open = no_serial };
#endif

#ifndef HAVE_USB
static int no_usb(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	(void)ret;
	(void)uri;
	(void)info;
	return xbar_fail(msg, -ENOTSUP,
		"usb: this build has no USB; configure it with -Dusb=enabled (needs libusb-1.0)");
}

const struct xbar_link_ops xbar_link_usb = { .scheme = "usb", .open = no_usb };
#endif
