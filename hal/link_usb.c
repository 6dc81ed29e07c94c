/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_usb.c - a board on a pair of USB bulk endpoints, by libusb-1.0's asynchronous transfers.
 *
 * N_IN reads are posted at all times, so that the board never waits for us; they end in the order
 * in which they were posted, which is the order of the bytes. A burst goes out in pieces of N_BUF;
 * its last is followed by an empty packet where its length is a multiple of the packet's, or the
 * device would wait for more (LIBUSB_TRANSFER_ADD_ZERO_PACKET). Events are handled in the caller's
 * thread, within read() and write().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "usb_find.h"

#define N_IN   4
#define N_OUT  4
#define N_BUF  16384
#define T_STOP 1000000000 /* ns, for transfers to be cancelled */
#define T_LOOK 200000000  /* ns between searches where hotplug events do not come */
#define N_ALL  (N_IN + N_OUT)

struct usb;

struct pipe {
	struct libusb_transfer *t;
	struct usb *u;
	size_t at, n; /* IN: bytes that came, of them taken */
	bool is_busy;
};

struct usb {
	libusb_context *ctx;
	struct usb_match match;
	struct usb_board board;
	libusb_hotplug_callback_handle hotplug;
	bool has_hotplug, has_changed; /* a board came or went */
	bool is_gone;
	int error;               /* of a transfer since the last reset */
	struct pipe pipe[N_ALL]; /* IN, then OUT */
	struct pipe *full[N_IN]; /* those with data, a ring in the order of their ends */
	unsigned first, n_full;
	uint8_t buf[N_ALL][N_BUF];
};

static void LIBUSB_CALL transfer_ended(struct libusb_transfer *t)
{
	struct pipe *p = t->user_data;
	struct usb *u = p->u;

	p->is_busy = false;
	if (t->status == LIBUSB_TRANSFER_NO_DEVICE)
		u->is_gone = true;
	else if (t->status != LIBUSB_TRANSFER_COMPLETED && t->status != LIBUSB_TRANSFER_CANCELLED)
		u->error = -EIO;
	if (t->status != LIBUSB_TRANSFER_COMPLETED || !(t->endpoint & LIBUSB_ENDPOINT_IN))
		return;
	p->at = 0;
	p->n = (size_t)t->actual_length;
	u->full[(u->first + u->n_full++) % N_IN] = p;
}

static int LIBUSB_CALL plugged(
	libusb_context *ctx, libusb_device *dev, libusb_hotplug_event event, void *user)
{
	struct usb *u = user;

	(void)ctx;
	u->has_changed = true;
	if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT && u->board.handle &&
		libusb_get_device(u->board.handle) == dev)
		u->is_gone = true;
	return 0;
}

static int submit(struct usb *u, struct pipe *p)
{
	int r = libusb_submit_transfer(p->t);

	p->is_busy = r == 0;
	if (r == LIBUSB_ERROR_NO_DEVICE)
		u->is_gone = true;
	return usb_code(r);
}

static int post_reads(struct usb *u)
{
	int r = 0;

	u->first = u->n_full = 0;
	for (int i = 0; i < N_IN && r == 0; i++)
		r = submit(u, &u->pipe[i]);
	return r;
}

/* Let things happen until one did, or until the deadline. */
static int handle_events(struct usb *u, uint64_t deadline)
{
	uint64_t left = (xbar_clock_left(deadline) + 999) / 1000;
	struct timeval t = { (time_t)(left / 1000000), (suseconds_t)(left % 1000000) };
	int r = libusb_handle_events_timeout_completed(u->ctx, &t, NULL);

	return r == LIBUSB_ERROR_INTERRUPTED ? 0 : usb_code(r);
}

static bool is_any_busy(const struct usb *u)
{
	for (int i = 0; i < N_ALL; i++) {
		if (u->pipe[i].is_busy)
			return true;
	}
	return false;
}

static void stop(struct usb *u)
{
	uint64_t deadline = xbar_clock() + T_STOP;

	for (int i = 0; i < N_ALL; i++) {
		if (u->pipe[i].is_busy)
			libusb_cancel_transfer(u->pipe[i].t);
	}
	while (is_any_busy(u) && xbar_clock_left(deadline)) {
		if (handle_events(u, deadline) < 0)
			return;
	}
}

/* What did not end in time never will: closing the handle takes it from the kernel. */
static void disconnect(struct usb *u)
{
	stop(u);
	usb_let_go(&u->board);
	for (int i = 0; i < N_ALL; i++)
		u->pipe[i].is_busy = false;
}

static int connect_board(struct usb *u, struct xbar_message *msg)
{
	int r = usb_find(&u->board, u->ctx, &u->match, msg);

	if (r < 0)
		return r;
	for (int i = 0; i < N_ALL; i++) {
		uint8_t ep = i < N_IN ? u->board.ep_in : u->board.ep_out;

		libusb_fill_bulk_transfer(u->pipe[i].t, u->board.handle, ep, u->buf[i], N_BUF,
			transfer_ended, &u->pipe[i], 0);
	}
	u->is_gone = false;
	u->error = 0;
	r = post_reads(u);
	if (r < 0) {
		disconnect(u);
		return xbar_fail(msg, r, "usb: cannot read from the board: %s", strerror(-r));
	}
	return 0;
}

static int wrong_path(const char *path, struct xbar_message *msg)
{
	return xbar_fail(msg, -EINVAL,
		"usb: \"%s\" is no VID:PID of hexadecimal digits, as in usb:1209:0001", path);
}

static int parse_match(struct usb_match *m, const struct xbar_uri *uri, struct xbar_message *msg)
{
	static const char *const keys[] = { "serial", "timeout", NULL };
	const char *serial = xbar_uri_value(uri, "serial"), *path = uri->path;
	char *end;
	int r = xbar_link_keys(uri, keys, msg);

	if (r < 0)
		return r;
	*m = (struct usb_match){ .vid = USB_VID, .pid = USB_PID };
	if (*path) {
		if (strlen(path) != 9 || strspn(path, "0123456789abcdefABCDEF") != 4 ||
			path[4] != ':' || strspn(path + 5, "0123456789abcdefABCDEF") != 4)
			return wrong_path(path, msg);
		m->vid = (uint16_t)strtoul(path, &end, 16);
		m->pid = (uint16_t)strtoul(path + 5, &end, 16);
	}
	if (serial && strlen(serial) >= sizeof(m->serial))
		return xbar_fail(msg, -EINVAL, "usb: serial=%.20s... is longer than %zu bytes",
			serial, sizeof(m->serial) - 1);
	strcpy(m->serial, serial ? serial : "");
	return 0;
}

static void usb_close(void *ln)
{
	struct usb *u = ln;

	if (!u)
		return;
	if (u->has_hotplug)
		libusb_hotplug_deregister_callback(u->ctx, u->hotplug);
	disconnect(u);
	for (int i = 0; i < N_ALL; i++)
		libusb_free_transfer(u->pipe[i].t);
	if (u->ctx)
		libusb_exit(u->ctx);
	free(u);
}

static int set_up(struct usb *u, struct xbar_message *msg)
{
	int r = libusb_init(&u->ctx);

	if (r < 0) {
		u->ctx = NULL;
		return xbar_fail(msg, usb_code(r), "usb: libusb: %s", libusb_strerror(r));
	}
	for (int i = 0; i < N_ALL; i++) {
		u->pipe[i].u = u;
		u->pipe[i].t = libusb_alloc_transfer(0);
		if (!u->pipe[i].t)
			return xbar_fail(msg, -ENOMEM, "usb: no memory");
	}
	u->has_hotplug = libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) &&
		libusb_hotplug_register_callback(u->ctx,
			LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
			u->match.vid, u->match.pid, LIBUSB_HOTPLUG_MATCH_ANY, plugged, u,
			&u->hotplug) == 0;
	return connect_board(u, msg);
}

static int usb_open(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	struct usb *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return xbar_fail(msg, -ENOMEM, "usb: no memory");
	r = parse_match(&u->match, uri, msg);
	if (r == 0)
		r = set_up(u, msg);
	if (r < 0) {
		usb_close(u);
		return r;
	}
	/* From now on this board, not one like it. */
	strcpy(u->match.serial, u->board.serial);
	snprintf(info->name, sizeof(info->name), "USB %04x:%04x %s", u->match.vid, u->match.pid,
		u->board.serial);
	snprintf(info->uri, sizeof(info->uri), "usb:%04x:%04x", u->match.vid, u->match.pid);
	if (*u->board.serial)
		xbar_uri_append(info->uri, sizeof(info->uri), "serial", u->board.serial);
	*ret = u;
	return 0;
}

static int state_of(const struct usb *u)
{
	return u->is_gone || !u->board.handle ? -ENODEV : u->error;
}

/* A free OUT transfer, waiting for one until the deadline. */
static int free_pipe(struct usb *u, uint64_t deadline, struct pipe **ret)
{
	for (;;) {
		int r = state_of(u);

		if (r < 0)
			return r;
		for (int i = N_IN; i < N_ALL; i++) {
			if (!u->pipe[i].is_busy) {
				*ret = &u->pipe[i];
				return 0;
			}
		}
		if (!xbar_clock_left(deadline))
			return -ETIMEDOUT;
		r = handle_events(u, deadline);
		if (r < 0)
			return r;
	}
}

static int usb_write(void *ln, const void *buf, size_t n, uint64_t deadline)
{
	struct usb *u = ln;
	const uint8_t *data = buf;

	while (n > 0) {
		size_t k = n < N_BUF ? n : N_BUF;
		struct pipe *p;
		int r = free_pipe(u, deadline, &p);

		if (r < 0)
			return r;
		memcpy(p->t->buffer, data, k);
		data += k;
		n -= k;
		p->t->length = (int)k;
		p->t->flags = n ? 0 : LIBUSB_TRANSFER_ADD_ZERO_PACKET;
		r = submit(u, p);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Bytes of the first full read; it is posted again when all are taken. */
static int take(struct usb *u, void *buf, size_t n)
{
	struct pipe *p = u->full[u->first];
	size_t k = p->n - p->at;

	if (k > n)
		k = n;
	memcpy(buf, p->t->buffer + p->at, k);
	p->at += k;
	if (p->at == p->n) {
		u->first = (u->first + 1) % N_IN;
		u->n_full--;
		/* If this fails, the next read says so: these bytes are good. */
		if (submit(u, p) < 0 && !u->is_gone)
			u->error = -EIO;
	}
	return (int)k;
}

static int usb_read(void *ln, void *buf, size_t n, uint64_t deadline)
{
	struct usb *u = ln;
	bool is_late = false;

	for (;;) {
		int r;

		while (u->n_full) {
			r = take(u, buf, n);
			if (r)
				return r;
		}
		r = state_of(u);
		if (r < 0 || is_late)
			return r;
		is_late = !xbar_clock_left(deadline);
		r = handle_events(u, deadline);
		if (r < 0)
			return r;
	}
}

static int usb_reset(void *ln)
{
	struct usb *u = ln;

	if (state_of(u) == -ENODEV)
		return -ENODEV;
	stop(u);
	libusb_clear_halt(u->board.handle, u->board.ep_out);
	libusb_clear_halt(u->board.handle, u->board.ep_in);
	if (u->is_gone)
		return -ENODEV;
	u->error = is_any_busy(u) ? -EIO : post_reads(u);
	return state_of(u);
}

static int usb_reopen(void *ln, uint64_t deadline, struct xbar_message *msg)
{
	struct usb *u = ln;

	disconnect(u);
	for (;;) {
		uint64_t next = xbar_clock() + T_LOOK;
		int r = connect_board(u, msg);

		if (r == 0 || !xbar_clock_left(deadline))
			return r;
		if (next > deadline)
			next = deadline;
		u->has_changed = false;
		while (!u->has_changed && xbar_clock_left(next))
			handle_events(u, next);
	}
}

static int usb_scan(xbar_scan_row *row, void *user, struct xbar_message *msg)
{
	const struct usb_match any = { .vid = USB_VID, .pid = USB_PID };
	libusb_context *ctx;
	int r = libusb_init(&ctx);

	if (r < 0)
		return xbar_fail(msg, usb_code(r), "usb: libusb: %s", libusb_strerror(r));
	r = usb_list(ctx, &any, row, user, msg);
	libusb_exit(ctx);
	return r;
}

static void usb_help(xbar_help_row *row, void *user)
{
	row(user, "serial", "", "", "a serial number", "",
		"which of several boards; \"xbar scan\" lists them");
}

const struct xbar_link_ops xbar_link_usb = {
	.scheme = "usb",
	.kind = XBAR_LINK_USB,
	.open = usb_open,
	.close = usb_close,
	.write = usb_write,
	.read = usb_read,
	.reset = usb_reset,
	.reopen = usb_reopen,
	.scan = usb_scan,
	.help = usb_help,
};
