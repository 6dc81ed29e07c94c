/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * faulty_board.h - the reference firmware over the emulator on a link that drops, flips, splits,
 * merges, delays, duplicates, invents and disconnects, all drawn from a seed. xbar_link_find() is
 * wrapped (-Wl,--wrap=xbar_link_find), so that the kinds "usb" and "serial" lead here: the first is
 * a stream, the second a UART. One board at a time, its chips as of emu: with the keys of the URI.
 */
#ifndef FAULTY_BOARD_H
#define FAULTY_BOARD_H

#include <stdint.h>

struct faulty_board {
	uint32_t seed;
	uint32_t one_in;    /* one of so many pieces gets a fault; 0: none */
	uint64_t n_fault;   /* injected so far */
	uint64_t reboot_in; /* bytes from the host before the firmware restarts; 0: never */
	uint64_t n_reboot;
	uint64_t n_kind[8]; /* faults by kind */
};

extern struct faulty_board faulty_board;

#endif
