/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel_fifo.c - the chips behind two FIFOs of the machine that runs the emulator, through
 * semihosting (Arm IHI 0105, "Semihosting for AArch32 and AArch64"). The emulator waits in the
 * host's read(), so time does not pass meanwhile: there are no time-outs here. Blocks move at once,
 * where a serial line has an interrupt a byte. Only where a debugger or QEMU takes the calls.
 */
#include "channel.h"

#include <string.h>
#include "board.h"

#define SYS_OPEN        0x01
#define SYS_WRITE       0x05
#define SYS_READ        0x06
#define SYS_GET_CMDLINE 0x15

#define MODE_RB 1
#define MODE_WB 5

#define N_LINE 256

const char channel_name[] = "semihosting FIFOs";

static uint32_t handle_in, handle_out;

void board_irq_chip(void)
{
}

static int32_t call(uint32_t what, const void *block)
{
	register uint32_t r0 __asm("r0") = what;
	register const void *r1 __asm("r1") = block;

	__asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return (int32_t)r0;
}

/* Both answer with the bytes not moved. */
static size_t fifo_rx(void *user, uint8_t *buf, size_t n, uint32_t t)
{
	uint32_t block[3] = { handle_in, (uint32_t)(uintptr_t)buf, n };
	int32_t n_left = call(SYS_READ, block);

	(void)user;
	(void)t;
	return n_left < 0 || (uint32_t)n_left > n ? 0 : n - (uint32_t)n_left;
}

static void fifo_tx(void *user, const uint8_t *buf, size_t n)
{
	(void)user;
	while (n > 0) {
		uint32_t block[3] = { handle_out, (uint32_t)(uintptr_t)buf, n };
		int32_t n_left = call(SYS_WRITE, block);

		if (n_left < 0 || (uint32_t)n_left >= n)
			return;
		buf += n - (uint32_t)n_left;
		n = (uint32_t)n_left;
	}
}

static int32_t open_file(const char *name, uint32_t mode)
{
	uint32_t block[3] = { (uint32_t)(uintptr_t)name, mode, strlen(name) };

	return call(SYS_OPEN, block);
}

/* The command line: what QEMU's arg= say, here the FIFO to write and the FIFO to read. */
static bool take_names(char *line, char **ret_out, char **ret_in)
{
	uint32_t block[2] = { (uint32_t)(uintptr_t)line, N_LINE };
	char *space;

	if (call(SYS_GET_CMDLINE, block) != 0)
		return false;
	space = strchr(line, ' ');
	if (!space)
		return false;
	*space = '\0';
	*ret_out = line;
	*ret_in = space + 1;
	return true;
}

const struct chip_channel *channel_open(void)
{
	static const struct chip_channel channel = { .rx = fifo_rx, .tx = fifo_tx };
	char line[N_LINE] = "";
	char *name_out, *name_in;
	int32_t out, in;

	if (!take_names(line, &name_out, &name_in))
		return NULL;
	out = open_file(name_out, MODE_WB);
	in = open_file(name_in, MODE_RB);
	if (out < 0 || in < 0)
		return NULL;
	handle_out = (uint32_t)out;
	handle_in = (uint32_t)in;
	return &channel;
}
