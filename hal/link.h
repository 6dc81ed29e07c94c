/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link.h - how bytes move between this process and a board; nothing of frames. Add one: write
 * link_NAME.c, list it in links.c.
 *
 * A deadline is a time of xbar_clock(). A write never waits for this side to read: what comes in
 * meanwhile is kept. After an error but -ENODEV, reset() makes a link usable again; after -ENODEV
 * (unplugged, hung up) reopen() may, when the board is back.
 * A link belongs to one thread at a time. Nothing allocates after open() and reopen().
 */
#ifndef XBAR_LINK_H
#define XBAR_LINK_H

#include <stddef.h>
#include <stdint.h>
#include "backend.h"

/* How frames travel: what marks their ends, and how large they may be, depends on it. */
enum xbar_link_kind {
	XBAR_LINK_UART, /* bytes may be lost or changed */
	XBAR_LINK_USB,  /* checked by the bus; may be split and merged anywhere */
};

struct xbar_link_info {
	char name[128];             /* for messages: "/dev/ttyACM0" */
	char uri[XBAR_URI_MAX + 1]; /* complete */
	uint64_t t_byte;            /* ns that a byte takes on the line; 0: none to speak of */
};

/* One board that was found; uri opens it, problem is "" or why that will fail. */
typedef void xbar_scan_row(
	void *user, const char *uri, const char *what, const char *serial, const char *problem);

struct xbar_link_ops {
	const char *scheme;
	enum xbar_link_kind kind;
	/* -ENODEV not there, -EBUSY, -EACCES, -EINVAL and -ERANGE wrong URI; with a message. */
	int (*open)(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
		struct xbar_message *msg);
	void (*close)(void *ln); /* NULL is fine */
	/* All of buf as one burst. -ETIMEDOUT at the deadline, -EIO, -ENODEV. */
	int (*write)(void *ln, const void *buf, size_t n, uint64_t deadline);
	/* What there is, at most n bytes: their number, 0 at the deadline. -EIO, -ENODEV. */
	int (*read)(void *ln, void *buf, size_t n, uint64_t deadline);
	/* Drop what is under way in both directions, clear stalls. -EIO, -ENODEV. */
	int (*reset)(void *ln);
	/* The same board once more, waiting for it until the deadline. As open(). */
	int (*reopen)(void *ln, uint64_t deadline, struct xbar_message *msg);
	/* Boards that could be there; NULL: this link cannot know. */
	int (*scan)(xbar_scan_row *row, void *user, struct xbar_message *msg);
	void (*help)(xbar_help_row *row, void *user);
};

extern const struct xbar_link_ops xbar_link_loop, xbar_link_serial, xbar_link_usb;

/* The link of a scheme that is one. */
const struct xbar_link_ops *xbar_link_find(const char *scheme);

/* The rows of all links that can tell. */
int xbar_link_scan(xbar_scan_row *row, void *user, struct xbar_message *msg);

/* ns of CLOCK_MONOTONIC. */
uint64_t xbar_clock(void);

/* ns from now to the deadline, 0 if it has passed. */
uint64_t xbar_clock_left(uint64_t deadline);

/* Every key of the query is one of these, a NULL-ended list; -EINVAL names the nearest. */
int xbar_link_keys(const struct xbar_uri *uri, const char *const *keys, struct xbar_message *msg);

/* A whole number of the query, or def if it is not there. -EINVAL, -ERANGE with a message. */
int xbar_link_number(uint32_t *ret, const struct xbar_uri *uri, const char *key, uint32_t def,
	uint32_t min, uint32_t max, struct xbar_message *msg);

#endif
