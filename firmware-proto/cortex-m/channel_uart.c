/* SPDX-License-Identifier: Apache-2.0 */
/* channel_uart.c - the chips on a second serial line. */
#include "channel.h"

#include "board.h"
#include "cmsdk_uart.h"
#include "cpu.h"

#define BAUD 921600

const char channel_name[] = "serial line";

/* A whole reply finds place, whatever else the processor does. */
static uint8_t ring[8192];
static struct cmsdk_uart uart = {
	.base = BOARD_UART_CHIP,
	.irq = BOARD_IRQ_CHIP,
	.ring = ring,
	.n_ring = sizeof(ring),
};

_Static_assert(sizeof(ring) >= CHIP_REMOTE_N_FRAME, "the ring holds a reply");

void board_irq_chip(void)
{
	cmsdk_uart_interrupt(&uart);
}

/* The tick wakes the processor in time. */
static size_t uart_rx(void *user, uint8_t *buf, size_t n, uint32_t t)
{
	uint32_t begin = cpu_now();

	(void)user;
	while (!cmsdk_uart_has_rx(&uart) && cpu_now() - begin <= t) {
		cpu_mask();
		if (!cmsdk_uart_has_rx(&uart))
			cpu_sleep();
		cpu_unmask();
	}
	return cmsdk_uart_rx(&uart, buf, n);
}

static void uart_tx(void *user, const uint8_t *buf, size_t n)
{
	(void)user;
	cmsdk_uart_tx(&uart, buf, n);
}

const struct chip_channel *channel_open(void)
{
	static const struct chip_channel channel = { .rx = uart_rx, .tx = uart_tx };

	cmsdk_uart_open(&uart, BOARD_HZ, BAUD);
	return &channel;
}
