/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "usb_find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int usb_code(int r)
{
	switch (r) {
	case LIBUSB_ERROR_INVALID_PARAM:
		return -EINVAL;
	case LIBUSB_ERROR_ACCESS:
		return -EACCES;
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		return -ENODEV;
	case LIBUSB_ERROR_BUSY:
		return -EBUSY;
	case LIBUSB_ERROR_TIMEOUT:
		return -ETIMEDOUT;
	case LIBUSB_ERROR_NO_MEM:
		return -ENOMEM;
	case LIBUSB_ERROR_NOT_SUPPORTED:
		return -ENOTSUP;
	default:
		return r < 0 ? -EIO : 0;
	}
}

static bool has_ids(libusb_device *dev, const struct usb_match *m)
{
	struct libusb_device_descriptor d;

	return libusb_get_device_descriptor(dev, &d) == 0 && d.idVendor == m->vid &&
		d.idProduct == m->pid;
}

static void string_of(libusb_device_handle *h, uint8_t index, char ret[USB_N_SERIAL])
{
	int n = index ? libusb_get_string_descriptor_ascii(
				h, index, (unsigned char *)ret, USB_N_SERIAL - 1)
		      : 0;

	ret[n > 0 ? n : 0] = '\0';
}

/* The pair of bulk endpoints; false if there is none. */
static bool take_endpoints(const struct libusb_interface_descriptor *d, struct usb_board *b)
{
	b->ep_in = b->ep_out = 0;
	for (int i = 0; i < d->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e = &d->endpoint[i];

		if ((e->bmAttributes & 3) != LIBUSB_TRANSFER_TYPE_BULK)
			continue;
		if (e->bEndpointAddress & LIBUSB_ENDPOINT_IN)
			b->ep_in = e->bEndpointAddress;
		else
			b->ep_out = e->bEndpointAddress;
	}
	return b->ep_in && b->ep_out;
}

static bool is_ours(libusb_device_handle *h, const struct libusb_interface_descriptor *d)
{
	char name[USB_N_SERIAL];

	if (d->bInterfaceClass != LIBUSB_CLASS_VENDOR_SPEC || d->bInterfaceSubClass ||
		d->bInterfaceProtocol)
		return false;
	string_of(h, d->iInterface, name);
	return !strcmp(name, USB_INTERFACE);
}

/* Find the interface of the open device b->handle; -ENODEV it is no board. */
static int examine(struct usb_board *b)
{
	libusb_device *dev = libusb_get_device(b->handle);
	struct libusb_device_descriptor d;
	struct libusb_config_descriptor *c;
	int r = libusb_get_device_descriptor(dev, &d);

	if (r == 0)
		r = libusb_get_active_config_descriptor(dev, &c);
	if (r < 0)
		return usb_code(r);
	r = -ENODEV;
	for (int i = 0; i < c->bNumInterfaces && r < 0; i++) {
		const struct libusb_interface *n = &c->interface[i];

		if (n->num_altsetting < 1 || !is_ours(b->handle, n->altsetting))
			continue;
		b->interface = n->altsetting->bInterfaceNumber;
		r = take_endpoints(n->altsetting, b) ? 0 : -ENODEV;
	}
	libusb_free_config_descriptor(c);
	if (r == 0)
		string_of(b->handle, d.iSerialNumber, b->serial);
	return r;
}

/* -ENODEV: no board. */
static int open_board(struct usb_board *b, libusb_device *dev)
{
	int r = libusb_open(dev, &b->handle);

	if (r < 0)
		return usb_code(r);
	r = examine(b);
	if (r < 0)
		libusb_close(b->handle);
	return r;
}

static void print_uri(char *buf, size_t n, const struct usb_match *m, const char *serial)
{
	snprintf(buf, n, "usb:%04x:%04x", m->vid, m->pid);
	if (*serial)
		xbar_uri_append(buf, n, "serial", serial);
}

/* What a search has come to. */
struct search {
	const struct usb_match *m;
	struct usb_board found;
	int n_found, n_denied;
	char names[256]; /* of all that fit */
};

static void consider(struct search *s, libusb_device *dev)
{
	struct usb_board b = { 0 };
	char uri[128];
	int r = has_ids(dev, s->m) ? open_board(&b, dev) : -ENODEV;

	if (r == -EACCES)
		s->n_denied++;
	if (r < 0)
		return;
	print_uri(uri, sizeof(uri), s->m, b.serial);
	if (*s->m->serial && strcmp(s->m->serial, b.serial)) {
		libusb_close(b.handle);
		return;
	}
	if (s->n_found++ == 0)
		s->found = b;
	else
		libusb_close(b.handle);
	if (strlen(s->names) + strlen(uri) + 3 < sizeof(s->names)) {
		strcat(s->names, *s->names ? ", " : "");
		strcat(s->names, uri);
	}
}

static int conclude(struct search *s, struct xbar_message *msg)
{
	char uri[128];
	int r;

	print_uri(uri, sizeof(uri), s->m, s->m->serial);
	if (s->n_found > 1)
		return xbar_fail(msg, -EINVAL, "usb: %d boards are there, choose one: %s",
			s->n_found, s->names);
	if (!s->n_found && s->n_denied)
		return xbar_fail(msg, -EACCES,
			"usb: no permission for %s; install 60-crossloop.rules (hal/) in "
			"/etc/udev/rules.d and plug the board in again",
			uri);
	if (!s->n_found)
		return xbar_fail(msg, -ENODEV,
			"usb: there is no board %s; \"xbar scan\" lists those that are there", uri);
	r = libusb_claim_interface(s->found.handle, s->found.interface);
	if (r == LIBUSB_ERROR_BUSY)
		return xbar_fail(msg, -EBUSY, "usb: another program has the board %s", s->names);
	if (r < 0)
		return xbar_fail(msg, usb_code(r), "usb: cannot claim the board %s: %s", s->names,
			libusb_strerror(r));
	return 0;
}

int usb_find(struct usb_board *ret, libusb_context *ctx, const struct usb_match *m,
	struct xbar_message *msg)
{
	struct search s = { .m = m };
	libusb_device **list;
	ssize_t n = libusb_get_device_list(ctx, &list);
	int r;

	if (n < 0)
		return xbar_fail(msg, usb_code((int)n), "usb: cannot list the devices: %s",
			libusb_strerror((int)n));
	for (ssize_t i = 0; i < n; i++)
		consider(&s, list[i]);
	libusb_free_device_list(list, 1);
	r = conclude(&s, msg);
	if (r == 0)
		*ret = s.found;
	else if (s.n_found)
		libusb_close(s.found.handle);
	return r;
}

void usb_let_go(struct usb_board *b)
{
	if (!b->handle)
		return;
	libusb_release_interface(b->handle, b->interface);
	libusb_close(b->handle);
	b->handle = NULL;
}

int usb_list(libusb_context *ctx, const struct usb_match *m, xbar_scan_row *row, void *user,
	struct xbar_message *msg)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(ctx, &list);

	if (n < 0)
		return xbar_fail(msg, usb_code((int)n), "usb: cannot list the devices: %s",
			libusb_strerror((int)n));
	for (ssize_t i = 0; i < n; i++) {
		struct usb_board b = { 0 };
		char uri[128], what[16];
		int r = has_ids(list[i], m) ? open_board(&b, list[i]) : -ENODEV;

		if (r == -ENODEV)
			continue;
		print_uri(uri, sizeof(uri), m, b.serial);
		snprintf(what, sizeof(what), "USB %u.%u", libusb_get_bus_number(list[i]),
			libusb_get_device_address(list[i]));
		row(user, uri, what, b.serial, r < 0 ? strerror(-r) : "");
		if (r == 0)
			libusb_close(b.handle);
	}
	libusb_free_device_list(list, 1);
	return 0;
}
