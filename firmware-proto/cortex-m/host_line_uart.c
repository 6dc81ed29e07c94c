/* SPDX-License-Identifier: Apache-2.0 */
/* host_line_uart.c - the host on a serial line. */
#include "host_line.h"

#include "board.h"
#include "cmsdk_uart.h"
#include "cpu.h"

#define BAUD 115200

/* The window of unanswered requests, with COBS and the zeros of a link's beginning. */
static uint8_t ring[8192];
static struct cmsdk_uart uart = {
	.base = BOARD_UART_LINK,
	.irq = BOARD_IRQ_LINK,
	.ring = ring,
	.n_ring = sizeof(ring),
};

_Static_assert(sizeof(ring) >= HOST_LINE_N_SLOT * WIRE_N_COBS(HOST_LINE_N_FRAME) + 64,
	"the ring holds the window");

void board_irq_link(void)
{
	cmsdk_uart_interrupt(&uart);
}

static size_t link_rx(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	return cmsdk_uart_rx(&uart, buf, n);
}

static void link_tx(void *user, const uint8_t *buf, size_t n)
{
	(void)user;
	cmsdk_uart_tx(&uart, buf, n);
}

static uint32_t link_now(void *user)
{
	(void)user;
	return cpu_now();
}

const struct fw_port host_line = { .rx = link_rx, .tx = link_tx, .now = link_now };

bool host_line_open(void)
{
	cmsdk_uart_open(&uart, BOARD_HZ, BAUD);
	return true;
}

void host_line_sleep(void)
{
	cpu_mask();
	if (!cmsdk_uart_has_rx(&uart))
		cpu_sleep();
	cpu_unmask();
}

uint32_t host_line_n_lost(void)
{
	return uart.n_lost;
}
