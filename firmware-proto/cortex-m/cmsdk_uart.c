/* SPDX-License-Identifier: Apache-2.0 */
#include "cmsdk_uart.h"

#include "cpu.h"

#define DATA(u)    CPU_REG((u)->base)
#define STATE(u)   CPU_REG((u)->base + 0x04)
#define CTRL(u)    CPU_REG((u)->base + 0x08)
#define INT(u)     CPU_REG((u)->base + 0x0c)
#define BAUDDIV(u) CPU_REG((u)->base + 0x10)

#define TX_FULL   1u /* of STATE */
#define RX_FULL   2u
#define TX_ON     1u /* of CTRL */
#define RX_ON     2u
#define TX_IRQ    4u
#define RX_IRQ    8u
#define INT_TX    1u /* of INT: write 1 to clear */
#define INT_RX    2u
#define DIV_LEAST 16u

void cmsdk_uart_open(struct cmsdk_uart *u, uint32_t hz, uint32_t baud)
{
	uint32_t div = (hz + baud / 2) / baud;

	BAUDDIV(u) = div < DIV_LEAST ? DIV_LEAST : div;
	CTRL(u) = TX_ON | RX_ON | RX_IRQ;
	cpu_irq_enable(u->irq);
	cpu_irq_enable(u->irq + 1);
}

void cmsdk_uart_interrupt(struct cmsdk_uart *u)
{
	INT(u) = INT_TX | INT_RX;
	while (STATE(u) & RX_FULL) {
		uint8_t byte = (uint8_t)DATA(u);

		if (u->n_in - u->n_out == u->n_ring) {
			u->n_lost++;
		} else {
			u->ring[u->n_in & (u->n_ring - 1)] = byte;
			u->n_in++;
		}
		INT(u) = INT_RX;
	}
}

bool cmsdk_uart_has_rx(const struct cmsdk_uart *u)
{
	return u->n_in != u->n_out;
}

size_t cmsdk_uart_rx(struct cmsdk_uart *u, uint8_t *buf, size_t n)
{
	size_t i = 0;

	while (i < n && cmsdk_uart_has_rx(u)) {
		buf[i++] = u->ring[u->n_out & (u->n_ring - 1)];
		u->n_out++;
	}
	return i;
}

/* The transmit interrupt is on only while somebody sleeps for it. */
static void wait_tx(struct cmsdk_uart *u)
{
	if (!(STATE(u) & TX_FULL))
		return;
	CTRL(u) = TX_ON | RX_ON | RX_IRQ | TX_IRQ;
	while (STATE(u) & TX_FULL) {
		cpu_mask();
		if (STATE(u) & TX_FULL)
			cpu_sleep();
		cpu_unmask();
	}
	CTRL(u) = TX_ON | RX_ON | RX_IRQ;
}

void cmsdk_uart_tx(struct cmsdk_uart *u, const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wait_tx(u);
		DATA(u) = buf[i];
	}
}
