/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_serial.c - a board on a serial line. libserialport finds, opens and sets up the port; bytes
 * move through its handle by poll(), read() and write(), because libserialport 0.1.1
 *	- answers a full buffer in sp_nonblocking_write() with SP_ERR_FAIL and EAGAIN,
 *	- spins in sp_blocking_read() after a hang-up and then returns 0,
 *	- counts its timeouts in wall-clock time.
 * libserialport wants an entry in /sys/class/tty, which a pseudo-terminal does not have: those,
 * behind which there are virtual boards, are opened as any terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "link.h"

#define N_KEPT       65536 /* bytes that come in while we write */
#define BAUD_DEFAULT 921600
#define T_RETRY      20000000 /* ns between attempts to open again */

struct serial {
	struct sp_port *port; /* NULL for a pseudo-terminal */
	int fd;
	uint32_t baud;
	char path[256];
	size_t first, end; /* of what is kept */
	uint8_t kept[N_KEPT];
};

static int absent(const struct serial *s, struct xbar_message *msg)
{
	return xbar_fail(msg, -ENODEV,
		"serial: there is no port \"%s\"; \"xbar scan\" lists the boards that are there",
		s->path);
}

static int failed(const struct serial *s, const char *what, int r, struct xbar_message *msg)
{
	if (r == -ENOENT || r == -ENODEV || r == -ENXIO || r == -EIO)
		return absent(s, msg);
	if (r == -EACCES || r == -EPERM)
		return xbar_fail(msg, -EACCES,
			"serial: no permission for \"%s\"; be in the group dialout or install "
			"60-crossloop.rules",
			s->path);
	return xbar_fail(msg, r, "serial: \"%s\": cannot %s: %s", s->path, what, strerror(-r));
}

/* A negative errno of what libserialport returned. */
static int code_of(enum sp_return r)
{
	int e;

	switch (r) {
	case SP_ERR_ARG:
		return -ENODEV;
	case SP_ERR_MEM:
		return -ENOMEM;
	case SP_ERR_SUPP:
		return -ENOTSUP;
	case SP_ERR_FAIL:
		e = sp_last_error_code();
		return e > 0 ? -e : -EIO;
	default:
		return 0;
	}
}

/* libserialport knows ports by their names in /dev only: /dev/serial/by-id/... leads to one. */
static int find_port(struct serial *s)
{
	char real[PATH_MAX];
	enum sp_return r = sp_get_port_by_name(s->path, &s->port);

	if (r == SP_ERR_ARG && realpath(s->path, real))
		r = sp_get_port_by_name(real, &s->port);
	if (r != SP_OK)
		s->port = NULL;
	return code_of(r);
}

static int set_up_port(struct serial *s)
{
	struct sp_port_config *c;
	int r = code_of(sp_new_config(&c));

	if (r < 0)
		return r;
	sp_set_config_baudrate(c, (int)s->baud);
	sp_set_config_bits(c, 8);
	sp_set_config_parity(c, SP_PARITY_NONE);
	sp_set_config_stopbits(c, 1);
	sp_set_config_flowcontrol(c, SP_FLOWCONTROL_NONE);
	r = code_of(sp_set_config(s->port, c));
	sp_free_config(c);
	return r;
}

static int open_port(struct serial *s)
{
	int r = code_of(sp_open(s->port, SP_MODE_READ_WRITE));

	if (r < 0)
		return r;
	r = code_of(sp_get_port_handle(s->port, &s->fd));
	return r < 0 ? r : set_up_port(s);
}

static int open_terminal(struct serial *s)
{
	struct termios t;

	s->fd = open(s->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	if (tcgetattr(s->fd, &t) < 0)
		return errno == ENOTTY ? -ENODEV : -errno;
	cfmakeraw(&t);
	return tcsetattr(s->fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static void shut(struct serial *s)
{
	if (s->port && s->fd >= 0)
		sp_close(s->port);
	else if (s->fd >= 0)
		close(s->fd);
	sp_free_port(s->port);
	s->port = NULL;
	s->fd = -1;
	s->first = s->end = 0;
}

static int connect_port(struct serial *s, struct xbar_message *msg)
{
	int r = find_port(s);

	if (r == 0)
		r = open_port(s);
	else if (r == -ENODEV)
		r = open_terminal(s);
	if (r < 0) {
		r = failed(s, "open", r, msg);
	} else if (flock(s->fd, LOCK_EX | LOCK_NB) < 0) {
		r = xbar_fail(msg, -EBUSY, "serial: another program has \"%s\" open", s->path);
	} else {
		tcflush(s->fd, TCIOFLUSH);
	}
	if (r < 0)
		shut(s);
	return r;
}

static int configure(struct serial *s, const struct xbar_uri *uri, struct xbar_message *msg)
{
	static const char *const keys[] = { "baud", "timeout", NULL };
	int r = xbar_link_keys(uri, keys, msg);

	if (r < 0)
		return r;
	if (*uri->path != '/')
		return xbar_fail(msg, -EINVAL,
			"serial: \"%s\" is no path of a port, as in serial:/dev/ttyACM0",
			uri->path);
	if (strlen(uri->path) >= sizeof(s->path))
		return xbar_fail(msg, -EINVAL, "serial: the path of the port is longer than %zu",
			sizeof(s->path) - 1);
	strcpy(s->path, uri->path);
	return xbar_link_number(&s->baud, uri, "baud", BAUD_DEFAULT, 1200, 12000000, msg);
}

static void describe(const struct serial *s, struct xbar_link_info *info)
{
	char baud[16];

	snprintf(info->name, sizeof(info->name), "%.127s", s->path);
	snprintf(info->uri, sizeof(info->uri), "serial:%s", s->path);
	snprintf(baud, sizeof(baud), "%u", s->baud);
	xbar_uri_append(info->uri, sizeof(info->uri), "baud", baud);
	info->t_byte = UINT64_C(10000000000) / s->baud; /* a start bit, 8, a stop bit */
}

static void serial_close(void *ln)
{
	struct serial *s = ln;

	if (!s)
		return;
	shut(s);
	free(s);
}

static int serial_open(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	struct serial *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return xbar_fail(msg, -ENOMEM, "serial: no memory");
	s->fd = -1;
	r = configure(s, uri, msg);
	if (r == 0)
		r = connect_port(s, msg);
	if (r < 0) {
		serial_close(s);
		return r;
	}
	describe(s, info);
	*ret = s;
	return 0;
}

/* What poll() says, 0 at the deadline; -ENODEV if there is nothing but a hang-up. */
static int wait_for(const struct serial *s, short events, uint64_t deadline)
{
	for (;;) {
		uint64_t left = xbar_clock_left(deadline);
		struct timespec t = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
		struct pollfd p = { .fd = s->fd, .events = events };
		int n = ppoll(&p, 1, &t, NULL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n > 0 && !(p.revents & events))
			return -ENODEV;
		return p.revents;
	}
}

/* Bytes, 0 if there are none now. */
static int receive(const struct serial *s, void *buf, size_t n, int revents)
{
	ssize_t r = read(s->fd, buf, n < INT_MAX ? n : INT_MAX);

	if (r > 0)
		return (int)r;
	if (r == 0)
		return revents & (POLLHUP | POLLERR) ? -ENODEV : 0;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return errno == EIO || errno == ENXIO ? -ENODEV : -EIO;
}

static int keep(struct serial *s, int revents)
{
	int r = receive(s, s->kept + s->end, sizeof(s->kept) - s->end, revents);

	if (r > 0)
		s->end += (size_t)r;
	return r;
}

static int send_some(const struct serial *s, const uint8_t *buf, size_t n)
{
	ssize_t r = write(s->fd, buf, n);

	if (r >= 0)
		return (int)r;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return errno == EIO || errno == ENXIO ? -ENODEV : -EIO;
}

/* The board may be waiting for us to read before it reads on: keep what it says meanwhile. */
static int serial_write(void *ln, const void *buf, size_t n, uint64_t deadline)
{
	struct serial *s = ln;
	const uint8_t *p = buf;

	while (n > 0) {
		int r = s->fd < 0 ? -ENODEV : send_some(s, p, n);

		if (r < 0)
			return r;
		p += r;
		n -= (size_t)r;
		if (r > 0)
			continue;
		r = wait_for(s, s->end < sizeof(s->kept) ? POLLIN | POLLOUT : POLLOUT, deadline);
		if (r <= 0)
			return r < 0 ? r : -ETIMEDOUT;
		if (r & POLLIN)
			r = keep(s, r);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_kept(struct serial *s, void *buf, size_t n)
{
	size_t k = s->end - s->first;

	if (k > n)
		k = n;
	memcpy(buf, s->kept + s->first, k);
	s->first += k;
	if (s->first == s->end)
		s->first = s->end = 0;
	return (int)k;
}

static int serial_read(void *ln, void *buf, size_t n, uint64_t deadline)
{
	struct serial *s = ln;

	if (s->fd < 0)
		return -ENODEV;
	if (s->first < s->end)
		return take_kept(s, buf, n);
	for (;;) {
		int r = wait_for(s, POLLIN, deadline);

		if (r <= 0)
			return r;
		r = receive(s, buf, n, r);
		if (r)
			return r;
	}
}

static int serial_reset(void *ln)
{
	struct serial *s = ln;

	if (s->fd < 0)
		return -ENODEV;
	s->first = s->end = 0;
	return tcflush(s->fd, TCIOFLUSH) < 0 ? -ENODEV : 0;
}

static int serial_reopen(void *ln, uint64_t deadline, struct xbar_message *msg)
{
	struct serial *s = ln;

	shut(s);
	for (;;) {
		const struct timespec pause = { 0, T_RETRY };
		int r = connect_port(s, msg);

		if (r == 0 || xbar_clock_left(deadline) <= T_RETRY)
			return r;
		nanosleep(&pause, NULL);
	}
}

static void describe_port(const struct sp_port *port, char *buf, size_t n)
{
	const char *product = sp_get_port_usb_product(port);
	int vid, pid;

	if (sp_get_port_usb_vid_pid(port, &vid, &pid) == SP_OK)
		snprintf(buf, n, "%04x:%04x %s", (unsigned)vid & 0xffff, (unsigned)pid & 0xffff,
			product ? product : "");
	else
		snprintf(buf, n, "%s", sp_get_port_description(port));
}

/* Any port may have a board behind it; only asking it tells. */
static int serial_scan(xbar_scan_row *row, void *user, struct xbar_message *msg)
{
	struct sp_port **list;
	int r = code_of(sp_list_ports(&list));

	if (r == -ENOENT)
		return 0; /* no /sys/class/tty, as in a container: no ports */
	if (r < 0)
		return xbar_fail(msg, r, "serial: cannot list the ports: %s", strerror(-r));
	for (struct sp_port **p = list; *p; p++) {
		const char *name = sp_get_port_name(*p), *serial = sp_get_port_usb_serial(*p);
		char uri[XBAR_URI_MAX + 1], what[128];

		snprintf(uri, sizeof(uri), "serial:%.255s", name);
		describe_port(*p, what, sizeof(what));
		row(user, uri, what, serial ? serial : "",
			access(name, R_OK | W_OK) < 0 ? "no permission" : "");
	}
	sp_free_port_list(list);
	return 0;
}

static void serial_help(xbar_help_row *row, void *user)
{
	row(user, "baud", "Bd", "921600", "1200 .. 12000000", "", "speed of the line");
}

const struct xbar_link_ops xbar_link_serial = {
	.scheme = "serial",
	.kind = XBAR_LINK_UART,
	.open = serial_open,
	.close = serial_close,
	.write = serial_write,
	.read = serial_read,
	.reset = serial_reset,
	.reopen = serial_reopen,
	.scan = serial_scan,
	.help = serial_help,
};
