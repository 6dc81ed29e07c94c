/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usb_find.h - which USB devices are boards: a vendor interface (ff/00/00) named USB_INTERFACE with
 * one bulk endpoint in each direction, whose addresses the descriptor tells (kernels remap them).
 */
#ifndef USB_FIND_H
#define USB_FIND_H

#include <libusb.h>
#include <stdbool.h>
#include <stdint.h>
#include "link.h"

#define USB_INTERFACE "crossloop"
#define USB_VID       0x1209 /* pid.codes, */
#define USB_PID       0x0001 /* whose test id this is */
#define USB_N_SERIAL  64

struct usb_match {
	uint16_t vid, pid;
	char serial[USB_N_SERIAL]; /* "": any */
};

struct usb_board {
	libusb_device_handle *handle; /* the interface is claimed */
	uint8_t interface, ep_in, ep_out;
	char serial[USB_N_SERIAL];
};

/* -ENODEV none, -EBUSY, -EACCES, -EINVAL more than one fits; with a message. */
int usb_find(struct usb_board *ret, libusb_context *ctx, const struct usb_match *m,
	struct xbar_message *msg);

void usb_let_go(struct usb_board *b);

/* One row a device with the ids of m. */
int usb_list(libusb_context *ctx, const struct usb_match *m, xbar_scan_row *row, void *user,
	struct xbar_message *msg);

/* A negative errno of a negative libusb code. */
int usb_code(int r);

#endif
