/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gadget_ffs.c - bytes between the firmware's port and a pair of bulk endpoints.
 *
 * Endpoint files cannot be polled: bytes move by the kernel's asynchronous I/O, whose ends an
 * eventfd tells. N_OUT reads are posted as long as the host is there; one write is under way at a
 * time. Endpoint files are O_NONBLOCK: without a host, submitting would wait for one.
 */
#include "gadget_ffs.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "gadget_descriptors.h"

#define N_OUT      4
#define N_TRANSFER 16384
#define N_QUEUE    (1 << 20)

struct transfer {
	struct iocb cb;
	bool is_busy;
	bool is_full; /* OUT: bytes at .. n are to be taken */
	size_t at, n;
	uint8_t buf[N_TRANSFER];
};

struct gadget_ffs {
	int ep0, out, in, event;
	aio_context_t aio;
	bool is_plugged, has_gone;
	bool needs_empty;     /* the last packet was full and is the last of the burst so far */
	unsigned first;       /* of receive[], the oldest */
	size_t n_queue;       /* bytes to be sent */
	struct transfer send; /* to the host */
	struct transfer receive[N_OUT];
	uint8_t queue[N_QUEUE];
};

static bool submit(struct gadget_ffs *g, struct transfer *t, bool is_write, size_t n)
{
	struct iocb *list = &t->cb;

	t->cb = (struct iocb){ .aio_data = (uint64_t)(uintptr_t)t,
		.aio_lio_opcode = is_write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)(is_write ? g->in : g->out),
		.aio_buf = (uint64_t)(uintptr_t)t->buf,
		.aio_nbytes = n,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)g->event };
	t->is_full = false;
	t->is_busy = syscall(SYS_io_submit, g->aio, 1L, &list) == 1;
	return t->is_busy;
}

static void post_reads(struct gadget_ffs *g)
{
	for (unsigned i = 0; i < N_OUT && g->is_plugged; i++) {
		struct transfer *t = &g->receive[(g->first + i) % N_OUT];

		/* In order: one that fails must not be overtaken. */
		if (!t->is_busy && !t->is_full && !submit(g, t, false, N_TRANSFER))
			return;
	}
}

static bool is_full_packet(const struct gadget_ffs *g, size_t n)
{
	struct usb_endpoint_descriptor d;

	if (n == 0 || n % 64)
		return false;
	return ioctl(g->in, FUNCTIONFS_ENDPOINT_DESC, &d) == 0 && d.wMaxPacketSize &&
		n % le16toh(d.wMaxPacketSize) == 0;
}

/* A burst that fills its last packet gets an empty one, or the host would wait for more. */
static void push(struct gadget_ffs *g)
{
	size_t n = g->n_queue < N_TRANSFER ? g->n_queue : N_TRANSFER;

	if (!g->is_plugged || g->send.is_busy || (n == 0 && !g->needs_empty))
		return;
	memcpy(g->send.buf, g->queue, n);
	if (!submit(g, &g->send, true, n))
		return;
	g->needs_empty = is_full_packet(g, n);
	g->n_queue -= n;
	memmove(g->queue, g->queue + n, g->n_queue);
}

static void finish(struct gadget_ffs *g)
{
	struct io_event e[N_OUT + 1];
	struct timespec now = { 0 };
	long n = syscall(SYS_io_getevents, g->aio, 0L, N_OUT + 1L, e, &now);

	for (long i = 0; i < n; i++) {
		struct transfer *t = (struct transfer *)(uintptr_t)e[i].data;

		t->is_busy = false;
		t->at = 0;
		t->n = e[i].res > 0 ? (size_t)e[i].res : 0;
		/* A failed read counts as an empty one, so that the order stays. */
		t->is_full = t != &g->send && g->is_plugged;
	}
}

/* What is under way is of no use to the next host. */
static void forget(struct gadget_ffs *g)
{
	for (unsigned i = 0; i < N_OUT; i++)
		g->receive[i].is_full = false;
	g->n_queue = 0;
	g->needs_empty = false;
	g->has_gone = g->has_gone || g->is_plugged;
	g->is_plugged = false;
}

/* Requests to the interface: none are known. Moving data the wrong way stalls them. */
static void refuse(const struct gadget_ffs *g, const struct usb_ctrlrequest *setup)
{
	ssize_t r;

	if (setup->bRequestType & USB_DIR_IN)
		r = read(g->ep0, NULL, 0);
	else
		r = write(g->ep0, NULL, 0);
	(void)r; /* -EL2HLT is how it says that it did */
}

static void take_events(struct gadget_ffs *g)
{
	struct usb_functionfs_event e;

	while (read(g->ep0, &e, sizeof(e)) == sizeof(e)) {
		if (e.type == FUNCTIONFS_SETUP)
			refuse(g, &e.u.setup);
		/* ENABLE wipes a DISABLE that was not read. */
		if (e.type == FUNCTIONFS_DISABLE || e.type == FUNCTIONFS_UNBIND ||
			e.type == FUNCTIONFS_ENABLE)
			forget(g);
		if (e.type == FUNCTIONFS_ENABLE)
			g->is_plugged = true;
	}
}

static void work(struct gadget_ffs *g)
{
	finish(g);
	take_events(g);
	post_reads(g);
	push(g);
}

int gadget_ffs_wait(struct gadget_ffs *g, int t, const sigset_t *signals)
{
	struct timespec ts = { t / 1000, t % 1000 * 1000000L };
	struct pollfd p[2] = {
		{ .fd = g->ep0, .events = POLLIN },
		{ .fd = g->event, .events = POLLIN },
	};
	uint64_t n_end;

	if (ppoll(p, 2, &ts, signals) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[1].revents && read(g->event, &n_end, sizeof(n_end)) < 0 && errno != EAGAIN)
		return -errno;
	work(g);
	return 0;
}

bool gadget_ffs_has_gone(const struct gadget_ffs *g)
{
	return g->has_gone;
}

void gadget_ffs_next(struct gadget_ffs *g)
{
	g->has_gone = false;
}

/* A host that does not read gets no more answers until it does. */
static size_t rx(void *user, uint8_t *buf, size_t n)
{
	struct gadget_ffs *g = user;

	while (g->receive[g->first].is_full && g->n_queue <= N_QUEUE / 2) {
		struct transfer *t = &g->receive[g->first];
		size_t k = t->n - t->at < n ? t->n - t->at : n;

		memcpy(buf, t->buf + t->at, k);
		t->at += k;
		if (t->at == t->n) {
			t->is_full = false;
			g->first = (g->first + 1) % N_OUT;
			post_reads(g);
		}
		if (k > 0)
			return k;
	}
	return 0;
}

static void tx(void *user, const uint8_t *buf, size_t n)
{
	struct gadget_ffs *g = user;

	if (!g->is_plugged || n > N_QUEUE - g->n_queue)
		return;
	memcpy(g->queue + g->n_queue, buf, n);
	g->n_queue += n;
	g->needs_empty = false;
}

static void doorbell(void *user)
{
	push(user);
}

struct fw_port gadget_ffs_port(struct gadget_ffs *g)
{
	return (struct fw_port){ .rx = rx, .tx = tx, .doorbell = doorbell, .user = g };
}

static int open_file(int *ret, const char *dir, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	*ret = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return *ret < 0 ? -errno : 0;
}

static int set_up(struct gadget_ffs *g, const char *dir)
{
	int r = open_file(&g->ep0, dir, "ep0");

	if (r == 0)
		r = gadget_describe(g->ep0);
	/* They are there now, in the order of the descriptors. */
	if (r == 0)
		r = open_file(&g->out, dir, "ep1");
	if (r == 0)
		r = open_file(&g->in, dir, "ep2");
	if (r < 0)
		return r;
	g->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (g->event < 0 || syscall(SYS_io_setup, N_OUT + 1L, &g->aio) < 0)
		return -errno;
	return 0;
}

int gadget_ffs_open(struct gadget_ffs **ret, const char *dir)
{
	struct gadget_ffs *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->ep0 = g->out = g->in = g->event = -1;
	r = set_up(g, dir);
	if (r < 0) {
		gadget_ffs_close(g);
		return r;
	}
	*ret = g;
	return 0;
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void gadget_ffs_close(struct gadget_ffs *g)
{
	if (!g)
		return;
	if (g->aio)
		syscall(SYS_io_destroy, g->aio); /* cancels, and waits for the ends */
	close_file(g->event);
	close_file(g->in);
	close_file(g->out);
	close_file(g->ep0);
	free(g);
}
