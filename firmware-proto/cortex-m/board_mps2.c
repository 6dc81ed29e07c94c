/* SPDX-License-Identifier: Apache-2.0 */
/* board_mps2.c - the firmware on MPS2: a serial line to the host, the chips behind channel.h. */
#include "board.h"

#include <string.h>
#include "channel.h"
#include "cmsdk_uart.h"
#include "console.h"
#include "cpu.h"

#define BAUD    115200
#define N_SLOT  4
#define N_FRAME WIRE_N_FRAME_UART
#define N_COL   256

#define T_SPARE 500 /* ms, on top of what the chips may take */

/* The window of unanswered requests, with COBS and the zeros of a link's beginning. */
static uint8_t ring[8192];
static struct cmsdk_uart uart = {
	.base = BOARD_UART_LINK,
	.irq = BOARD_IRQ_LINK,
	.ring = ring,
	.n_ring = sizeof(ring),
};

_Static_assert(sizeof(ring) >= N_SLOT * WIRE_N_COBS(N_FRAME) + 64, "the ring holds the window");

static struct chip_remote chips;
static uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, N_COL) / 8];
static struct fw fw;

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

static _Noreturn void give_up(const char *why, uint32_t number)
{
	console_put(why);
	console_put_number(number);
	console_put("\n");
	for (;;)
		cpu_sleep();
}

/* The chips may get their power later than this. */
static void open_chips(void)
{
	const struct chip_channel *channel = channel_open();
	uint16_t error, error_said = CMD_OK;

	if (!channel)
		give_up("no channel to the chips: ", 0);
	while ((error = chip_remote_open(&chips, channel)) != CMD_OK) {
		if (error != error_said) {
			console_put("waiting for chips: ");
			console_put(cmd_error_name(error));
			console_put("\n");
		}
		error_said = error;
	}
}

static void open_firmware(void)
{
	struct fw_config config = { .info = chips.info,
		.ops = &chips.ops,
		.chip_user = &chips,
		.port = { .rx = link_rx, .tx = link_tx, .now = link_now },
		.link = WIRE_UART,
		.n_frame = N_FRAME,
		.n_slot = N_SLOT,
		.t_reply = chips.t_reply + T_SPARE,
		.boot_id = chips.boot_id };
	int r;

	strcpy(config.info.board, BOARD_NAME);
	strcpy(config.info.version, FW_VERSION);
	r = fw_init(&fw, &config, memory, sizeof(memory));
	if (r < 0)
		give_up("these chips do not fit: fw_init: -", (uint32_t)-r);
}

static void report(void)
{
	console_put("stack ");
	console_put_number(cpu_stack_used());
	console_put(" of ");
	console_put_number(cpu_stack_size());
	console_put(" bytes, lost ");
	console_put_number(uart.n_lost);
	console_put(" bytes\n");
}

_Noreturn void board_run(void)
{
	console_open();
	cpu_tick_init(BOARD_HZ);
	console_put(BOARD_NAME ", chips on ");
	console_put(channel_name);
	console_put("\n");
	open_chips();
	cmsdk_uart_open(&uart, BOARD_HZ, BAUD);
	open_firmware();
	console_put("ready\n");
	for (;;) {
		fw_poll(&fw);
		if (console_is_asked())
			report();
		cpu_mask();
		if (!cmsdk_uart_has_rx(&uart))
			cpu_sleep();
		cpu_unmask();
	}
}
