/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_line_fifo.c - the host behind two FIFOs, by semihosting: for long tests, which a UART of QEMU,
 * with its interrupt a byte, would make last for an hour. Unlike what fw.h asks, rx waits: there is
 * nothing else to do, and time does not pass meanwhile, so there is no clock either.
 */
#include "host_line.h"

#include "board.h"
#include "semihosting.h"

static int32_t handle_in, handle_out;

void board_irq_link(void)
{
}

static size_t link_rx(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	return semihosting_read(handle_in, buf, n);
}

static void link_tx(void *user, const uint8_t *buf, size_t n)
{
	(void)user;
	semihosting_write(handle_out, buf, n);
}

const struct fw_port host_line = { .rx = link_rx, .tx = link_tx };

bool host_line_open(void)
{
	handle_out = semihosting_open(2, true);
	handle_in = semihosting_open(3, false);
	return handle_out >= 0 && handle_in >= 0;
}

void host_line_sleep(void)
{
}

uint32_t host_line_n_lost(void)
{
	return 0;
}
