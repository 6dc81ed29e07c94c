/* SPDX-License-Identifier: Apache-2.0 */
/* board_mps2.c - the firmware on MPS2: host_line.h leads to the host, channel.h to the chips. */
#include "board.h"

#include <string.h>
#include "channel.h"
#include "console.h"
#include "cpu.h"
#include "host_line.h"

#define N_COL 256

#define T_SPARE 500 /* ms, on top of what the chips may take */

static struct chip_remote chips;
static uint64_t memory[FW_N_MEMORY(HOST_LINE_N_FRAME, HOST_LINE_N_SLOT, N_COL) / 8];
static struct fw fw;

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
		.port = host_line,
		.link = WIRE_UART,
		.n_frame = HOST_LINE_N_FRAME,
		.n_slot = HOST_LINE_N_SLOT,
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
	console_put_number(host_line_n_lost());
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
	if (!host_line_open())
		give_up("no line to the host: ", 0);
	open_firmware();
	console_put("ready\n");
	for (;;) {
		fw_poll(&fw);
		if (console_is_asked())
			report();
		host_line_sleep();
	}
}
