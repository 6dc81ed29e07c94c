/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"

#include "board.h"
#include "cpu.h"

#define DATA    CPU_REG(BOARD_UART_CONSOLE)
#define STATE   CPU_REG(BOARD_UART_CONSOLE + 0x04)
#define CTRL    CPU_REG(BOARD_UART_CONSOLE + 0x08)
#define BAUDDIV CPU_REG(BOARD_UART_CONSOLE + 0x10)

#define BAUD 115200u

void console_open(void)
{
	BAUDDIV = BOARD_HZ / BAUD;
	CTRL = 3; /* both ways, no interrupts */
}

static void put(char c)
{
	while (STATE & 1)
		;
	DATA = (uint8_t)c;
}

void console_put(const char *text)
{
	while (*text)
		put(*text++);
}

void console_put_number(uint32_t x)
{
	char digit[10];
	int n = 0;

	do {
		digit[n++] = (char)('0' + x % 10);
		x /= 10;
	} while (x > 0);
	while (n > 0)
		put(digit[--n]);
}

void console_put_hex(uint32_t x)
{
	console_put("0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		put("0123456789abcdef"[x >> shift & 15]);
}

bool console_is_asked(void)
{
	bool is_asked = false;

	while (STATE & 2) {
		(void)DATA;
		is_asked = true;
	}
	return is_asked;
}
