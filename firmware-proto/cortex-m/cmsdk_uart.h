/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmsdk_uart.h - the UART of Arm's Cortex-M System Design Kit (DDI 0479, section 4.3): one byte
 * each way in hardware, so what arrives goes by interrupt into a ring. Nothing here spins.
 */
#ifndef CMSDK_UART_H
#define CMSDK_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cmsdk_uart {
	uintptr_t base;
	uint32_t irq; /* receive; transmit is one more */
	uint8_t *ring;
	uint32_t n_ring;               /* a power of 2 */
	volatile uint32_t n_in, n_out; /* bytes ever; n_in is the interrupt's, n_out the reader's */
	volatile uint32_t n_lost;      /* came while the ring was full */
};

/* base, irq, ring and n_ring are given, the rest is 0. */
void cmsdk_uart_open(struct cmsdk_uart *u, uint32_t hz, uint32_t baud);

/* For both interrupts. */
void cmsdk_uart_interrupt(struct cmsdk_uart *u);

bool cmsdk_uart_has_rx(const struct cmsdk_uart *u);
/* Up to n bytes that have arrived; never waits. */
size_t cmsdk_uart_rx(struct cmsdk_uart *u, uint8_t *buf, size_t n);
/* All of it; sleeps while the line is busy. */
void cmsdk_uart_tx(struct cmsdk_uart *u, const uint8_t *buf, size_t n);

#endif
