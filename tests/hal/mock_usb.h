/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mock_usb.h - USB boards behind unmodified libusb, in this process: umockdev supplies sysfs, the
 * node and the events of plugging, mock_ioctl.c the ioctls. Run under umockdev-wrapper.
 *
 * The node is the slave of a pseudo-terminal: stopping its output makes it not writable, which to
 * libusb says that no transfer has ended; closing the master is the hang-up of an unplugged device.
 *
 * The device is a strict one: a burst ends with a short or an empty packet, and what is not ended
 * is not told to the board.
 */
#ifndef MOCK_USB_H
#define MOCK_USB_H

#include <stddef.h>
#include <stdint.h>

struct mock_usb;

/* A burst for the board; it may answer, stall or unplug from here. */
typedef void mock_usb_out(void *user, const uint8_t *p, size_t n);

/* A board that is not plugged in; interface_name NULL: "crossloop". Exits on failure. */
struct mock_usb *mock_usb_new(
	const char *serial, const char *interface_name, mock_usb_out *out, void *user);
void mock_usb_free(struct mock_usb *m);

void mock_usb_plug(struct mock_usb *m);
void mock_usb_unplug(struct mock_usb *m);

/* One burst to the host. */
void mock_usb_answer(struct mock_usb *m, const void *p, size_t n);

void mock_usb_stall(struct mock_usb *m, int is_in);
void mock_usb_swallow(struct mock_usb *m, int is_swallowing); /* OUT transfers do not end */

/* Reads posted now. */
size_t mock_usb_n_posted(const struct mock_usb *m);

#endif
