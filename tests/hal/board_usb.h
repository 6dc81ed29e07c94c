/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board_usb.h - the reference firmware over the emulator on a USB device of mock_usb.c. */
#ifndef BOARD_USB_H
#define BOARD_USB_H

#include <stddef.h>
#include "mock_usb.h"

struct board_usb;

/* Plugged in. arg [n]: "key=value" of emu: boards. Exits on failure. */
struct board_usb *board_usb_new(const char *serial, const char *const *arg, size_t n);
void board_usb_free(struct board_usb *b);
struct mock_usb *board_usb_device(struct board_usb *b);

#endif
