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

/*
 * From now on the board is unplugged and plugged in again at every n-th burst: in turn before it
 * hears the burst and after it has done what was asked, before it answers. Its power stays on.
 */
void board_usb_unplug_every(struct board_usb *b, unsigned n);
unsigned board_usb_n_unplugged(const struct board_usb *b);

#endif
