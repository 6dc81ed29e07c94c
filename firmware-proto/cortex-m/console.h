/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h - lines for who debugs, on a UART of their own. Sending waits for the line, without
 * interrupts, so it also works from a fault.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

void console_open(void);
void console_put(const char *text);
void console_put_number(uint32_t x);
void console_put_hex(uint32_t x);

/* Has somebody pressed a key since the last call? */
bool console_is_asked(void);

#endif
