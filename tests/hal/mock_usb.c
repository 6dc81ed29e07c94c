/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mock_usb.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <umockdev.h>
#include <unistd.h>
#include "mock_ioctl.h"

#define N_BOARD  8
#define N_QUEUE  64
#define N_PACKET 512
#define EP_OUT   0x02
#define EP_IN    0x83

struct queue {
	struct usbdevfs_urb *urb[N_QUEUE];
	unsigned first, n;
};

struct burst {
	struct burst *next;
	size_t at, n;
	bool is_over; /* all bytes went in full packets, the empty one is due */
	uint8_t data[];
};

/* What a process that opened the device holds: it outlives the plug. */
struct node {
	struct mock_usb *device;
	int master, slave;
	dev_t id;
	bool is_plugged, is_open, is_claimed;
	struct queue waiting, swallowed, ended;
};

struct mock_usb {
	mock_usb_out *out;
	void *user;
	char serial[32], interface_name[32];
	unsigned devnum;
	struct node nodes[2], *node; /* the present one and the one before */
	bool is_swallowing;
	bool is_stalled[2];
	struct burst *bursts;
	uint8_t *part; /* of a burst from the host */
	size_t n_part;
};

static struct mock_usb *boards[N_BOARD];
static UMockdevTestbed *bed;
static unsigned n_devnum = 1;

static void die(const char *what)
{
	fprintf(stderr, "mock_usb: %s\n", what);
	exit(1);
}

static void push(struct queue *q, struct usbdevfs_urb *urb)
{
	if (q->n == N_QUEUE)
		die("too many transfers");
	q->urb[(q->first + q->n++) % N_QUEUE] = urb;
}

static struct usbdevfs_urb *pop(struct queue *q)
{
	struct usbdevfs_urb *urb = q->urb[q->first % N_QUEUE];

	if (!q->n)
		return NULL;
	q->first++;
	q->n--;
	return urb;
}

static bool take_out(struct queue *q, const struct usbdevfs_urb *urb)
{
	bool found = false;

	for (unsigned n = q->n; n > 0; n--) {
		struct usbdevfs_urb *u = pop(q);

		if (u == urb)
			found = true;
		else
			push(q, u);
	}
	return found;
}

/* Writable is what libusb waits for. */
static void open_gate(struct node *m, bool is_open)
{
	if (m->is_open != is_open)
		mock_ioctl_kernel(m->slave, TCXONC, (void *)(intptr_t)(is_open ? TCOON : TCOOFF));
	m->is_open = is_open;
}

static void end(struct node *m, struct usbdevfs_urb *urb, int status, size_t n)
{
	urb->status = status;
	urb->actual_length = (int)n;
	push(&m->ended, urb);
	open_gate(m, true);
}

/* Packets of the first burst into one read. */
static void fill(struct mock_usb *m, struct usbdevfs_urb *urb)
{
	struct burst *b = m->bursts;
	size_t room = (size_t)urb->buffer_length, k = b->n - b->at;
	bool is_short;

	if (k > room)
		k = room;
	memcpy(urb->buffer, b->data + b->at, k);
	b->at += k;
	is_short = k < room || k % N_PACKET;
	if (b->at == b->n && is_short) {
		m->bursts = b->next;
		free(b);
	}
	end(m->node, urb, 0, k);
}

static void pump(struct mock_usb *m)
{
	struct queue *waiting = &m->node->waiting;

	while (waiting->n && m->is_stalled[1])
		end(m->node, pop(waiting), -EPIPE, 0);
	while (m->bursts && waiting->n)
		fill(m, pop(waiting));
}

void mock_usb_answer(struct mock_usb *m, const void *p, size_t n)
{
	struct burst *b = malloc(sizeof(*b) + n), **last = &m->bursts;

	if (!b)
		die("no memory");
	*b = (struct burst){ .n = n };
	memcpy(b->data, p, n);
	while (*last)
		last = &(*last)->next;
	*last = b;
	pump(m);
}

static void take_from_host(struct mock_usb *m, struct usbdevfs_urb *urb)
{
	size_t n = (size_t)urb->buffer_length, n_burst = m->n_part + n;
	uint8_t *burst;

	m->part = realloc(m->part, n_burst + 1);
	if (!m->part)
		die("no memory");
	memcpy(m->part + m->n_part, urb->buffer, n);
	m->n_part = n_burst;
	end(m->node, urb, 0, n);
	if (n % N_PACKET == 0 && !(urb->flags & USBDEVFS_URB_ZERO_PACKET))
		return;
	burst = m->part;
	m->part = NULL;
	m->n_part = 0;
	m->out(m->user, burst, n_burst);
	free(burst);
}

static int string_descriptor(const struct mock_usb *m, unsigned i, uint8_t *ret)
{
	const char *strings[] = { "", "Crossloop", "Mock board", m->serial, m->interface_name };
	size_t n;

	if (i == 0) {
		memcpy(ret, (const uint8_t[]){ 4, 3, 9, 4 }, 4);
		return 4;
	}
	if (i >= sizeof(strings) / sizeof(strings[0]))
		return -1;
	n = strlen(strings[i]);
	ret[0] = (uint8_t)(2 + 2 * n);
	ret[1] = 3;
	for (size_t k = 0; k < n; k++) {
		ret[2 + 2 * k] = (uint8_t)strings[i][k];
		ret[3 + 2 * k] = 0;
	}
	return ret[0];
}

/* Only strings are asked for: all else is in sysfs. */
static void control(struct mock_usb *m, struct usbdevfs_urb *urb)
{
	const uint8_t *setup = urb->buffer;
	uint8_t answer[256];
	int n = -1, room = urb->buffer_length - 8;

	if (setup[0] == 0x80 && setup[1] == 6 && setup[3] == 3)
		n = string_descriptor(m, setup[2], answer);
	if (n > room)
		n = room;
	if (n > 0)
		memcpy((uint8_t *)urb->buffer + 8, answer, (size_t)n);
	end(m->node, urb, n < 0 ? -EPIPE : 0, n < 0 ? 0 : (size_t)n);
}

static int submit(struct mock_usb *m, struct usbdevfs_urb *urb)
{
	if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
		control(m, urb);
	} else if (urb->endpoint == EP_IN) {
		push(&m->node->waiting, urb);
		pump(m);
	} else if (urb->endpoint != EP_OUT) {
		errno = ENOENT;
		return -1;
	} else if (m->is_stalled[0]) {
		end(m->node, urb, -EPIPE, 0);
	} else if (m->is_swallowing) {
		push(&m->node->swallowed, urb);
	} else {
		take_from_host(m, urb);
	}
	return 0;
}

static int reap(struct node *m, void **ret)
{
	struct usbdevfs_urb *urb = pop(&m->ended);

	if (!urb) {
		errno = m->is_plugged ? EAGAIN : ENODEV;
		return -1;
	}
	if (m->is_plugged && !m->ended.n)
		open_gate(m, false);
	*ret = urb;
	return 0;
}

static int discard(struct node *m, struct usbdevfs_urb *urb)
{
	if (!take_out(&m->waiting, urb) && !take_out(&m->swallowed, urb)) {
		errno = EINVAL;
		return -1;
	}
	end(m, urb, -ENOENT, 0);
	return 0;
}

static int no(int e)
{
	errno = e;
	return -1;
}

static int answer(struct node *m, unsigned long request, void *arg)
{
	if (!m->is_plugged && request != USBDEVFS_REAPURBNDELAY && request != USBDEVFS_DISCARDURB)
		return no(ENODEV);
	switch (request) {
	case USBDEVFS_GET_CAPABILITIES:
		*(uint32_t *)arg = USBDEVFS_CAP_BULK_CONTINUATION |
			USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT |
			USBDEVFS_CAP_ZERO_PACKET;
		return 0;
	case USBDEVFS_CLAIMINTERFACE:
		if (m->is_claimed)
			return no(EBUSY);
		m->is_claimed = true;
		return 0;
	case USBDEVFS_RELEASEINTERFACE:
		m->is_claimed = false;
		return 0;
	case USBDEVFS_CLEAR_HALT:
		m->device->is_stalled[*(unsigned *)arg == EP_IN] = false;
		return 0;
	case USBDEVFS_GET_SPEED:
		return 3; /* high */
	case USBDEVFS_SUBMITURB:
		return submit(m->device, arg);
	case USBDEVFS_REAPURBNDELAY:
		return reap(m, arg);
	case USBDEVFS_DISCARDURB:
		return discard(m, arg);
	}
	return no(ENOTTY);
}

static bool usbfs(int fd, unsigned long request, void *arg, int *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	for (int i = 0; i < 2 * N_BOARD; i++) {
		struct node *n = boards[i / 2] ? &boards[i / 2]->nodes[i % 2] : NULL;

		if (n && n->slave >= 0 && n->id == st.st_rdev) {
			*ret = answer(n, request, arg);
			return true;
		}
	}
	return false;
}

struct mock_usb *mock_usb_new(
	const char *serial, const char *interface_name, mock_usb_out *out, void *user)
{
	struct mock_usb *m = calloc(1, sizeof(*m));

	if (!m)
		die("no memory");
	if (!bed)
		bed = umockdev_testbed_new();
	mock_ioctl_usbfs = usbfs;
	/* libusb opens the node so that it may become our controlling terminal. */
	signal(SIGHUP, SIG_IGN);
	m->out = out;
	m->user = user;
	for (int i = 0; i < 2; i++)
		m->nodes[i] = (struct node){ .device = m, .master = -1, .slave = -1 };
	m->node = m->nodes;
	snprintf(m->serial, sizeof(m->serial), "%s", serial);
	snprintf(m->interface_name, sizeof(m->interface_name), "%s",
		interface_name ? interface_name : "crossloop");
	for (int i = 0; i < N_BOARD; i++) {
		if (!boards[i]) {
			boards[i] = m;
			return m;
		}
	}
	die("too many boards");
	return NULL;
}

static void open_pty(struct node *m, const char *node)
{
	struct termios t;
	struct stat st;
	char name[64];

	if (m->slave >= 0)
		close(m->slave);
	*m = (struct node){ .device = m->device };
	if (openpty(&m->master, &m->slave, name, NULL, NULL) < 0)
		die("openpty");
	tcgetattr(m->slave, &t);
	cfmakeraw(&t);
	tcsetattr(m->slave, TCSANOW, &t);
	fstat(m->slave, &st);
	m->id = st.st_rdev;
	unlink(node);
	if (symlink(name, node) < 0)
		die("symlink");
	m->is_open = true;
	open_gate(m, false);
}

/* umockdev wants the bytes of a node in upper case. */
#define DESCRIPTORS                                                      \
	"12010002000000400912010000010102030109022000010100803209040000" \
	"02FF00000407050202000200"                                       \
	"07058302000200"

void mock_usb_plug(struct mock_usb *m)
{
	char text[1024], node[256];
	char *root = umockdev_testbed_get_root_dir(bed);
	GError *e = NULL;

	m->devnum = ++n_devnum;
	snprintf(text, sizeof(text),
		"P: /devices/pci0000:00/usb1/1-%u\nN: bus/usb/001/%03u=" DESCRIPTORS
		"\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: BUSNUM=001\nE: DEVNUM=%03u\n"
		"E: DEVNAME=/dev/bus/usb/001/%03u\nA: busnum=1\\n\nA: devnum=%u\\n\n"
		"A: speed=480\\n\nA: bConfigurationValue=1\\n\nH: descriptors=" DESCRIPTORS "\n",
		m->devnum, m->devnum, m->devnum, m->devnum, m->devnum);
	snprintf(node, sizeof(node), "%s/dev/bus/usb/001/%03u", root, m->devnum);
	free(root);
	/* The event of adding follows once the node is there. */
	if (!umockdev_testbed_add_from_string(bed, text, &e))
		die(e->message);
	m->node = &m->nodes[m->node == m->nodes];
	open_pty(m->node, node);
	m->node->is_plugged = true;
	snprintf(text, sizeof(text), "/sys/devices/pci0000:00/usb1/1-%u", m->devnum);
	umockdev_testbed_uevent(bed, text, "add");
}

void mock_usb_unplug(struct mock_usb *m)
{
	struct node *n = m->node;
	struct usbdevfs_urb *urb;
	char path[64];

	if (!n->is_plugged)
		return;
	n->is_plugged = n->is_claimed = false;
	m->is_stalled[0] = m->is_stalled[1] = false;
	while ((urb = pop(&n->waiting)) || (urb = pop(&n->swallowed)))
		end(n, urb, -ESHUTDOWN, 0);
	open_gate(n, true);
	close(n->master);
	n->master = -1;
	while (m->bursts) {
		struct burst *b = m->bursts;

		m->bursts = b->next;
		free(b);
	}
	m->n_part = 0;
	snprintf(path, sizeof(path), "/sys/devices/pci0000:00/usb1/1-%u", m->devnum);
	umockdev_testbed_uevent(bed, path, "remove");
	umockdev_testbed_remove_device(bed, path);
}

void mock_usb_free(struct mock_usb *m)
{
	if (!m)
		return;
	mock_usb_unplug(m);
	for (int i = 0; i < N_BOARD; i++) {
		if (boards[i] == m)
			boards[i] = NULL;
	}
	for (int i = 0; i < 2; i++) {
		if (m->nodes[i].slave >= 0)
			close(m->nodes[i].slave);
	}
	free(m->part);
	free(m);
}

void mock_usb_stall(struct mock_usb *m, int is_in)
{
	m->is_stalled[!!is_in] = true;
	pump(m);
}

void mock_usb_swallow(struct mock_usb *m, int is_swallowing)
{
	m->is_swallowing = is_swallowing;
}

size_t mock_usb_n_posted(const struct mock_usb *m)
{
	return m->node->waiting.n;
}
