/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "board_usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board_emu.h"

#define N_FRAME WIRE_N_FRAME_STREAM
#define N_SLOT  8

struct board_usb {
	struct mock_usb *device;
	struct board_emu *emu;
	struct fw fw;
	uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, PCM_N_COL) / 8];
	size_t n_said;
	uint8_t said[2 * N_SLOT * N_FRAME];
};

static void die(const char *why)
{
	fprintf(stderr, "board_usb: %s\n", why);
	exit(1);
}

static size_t nothing(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

static void say(void *user, const uint8_t *buf, size_t n)
{
	struct board_usb *b = user;

	if (n > sizeof(b->said) - b->n_said)
		die("more answers than a host may ask for");
	memcpy(b->said + b->n_said, buf, n);
	b->n_said += n;
}

/* One burst for all answers. */
static void ring(void *user)
{
	struct board_usb *b = user;

	mock_usb_answer(b->device, b->said, b->n_said);
	b->n_said = 0;
}

static void hear(void *user, const uint8_t *p, size_t n)
{
	struct board_usb *b = user;

	fw_feed(&b->fw, p, n);
}

struct board_usb *board_usb_new(const char *serial, const char *const *arg, size_t n)
{
	struct board_usb *b = calloc(1, sizeof(*b));
	struct board_emu_config config;
	struct fw_config fw = {
		.link = WIRE_STREAM,
		.n_frame = N_FRAME,
		.n_slot = N_SLOT,
		.t_reply = 1000,
		.boot_id = 1,
	};

	if (!b || board_emu_config_parse(&config, arg, n) < 0 ||
		board_emu_new(&b->emu, &config) < 0)
		die("no emulator");
	fw.port = (struct fw_port){ .rx = nothing, .tx = say, .doorbell = ring, .user = b };
	board_emu_describe(b->emu, &fw);
	b->device = mock_usb_new(serial, NULL, hear, b);
	if (fw_init(&b->fw, &fw, b->memory, sizeof(b->memory)) < 0)
		die("the firmware does not start");
	mock_usb_plug(b->device);
	return b;
}

void board_usb_free(struct board_usb *b)
{
	if (!b)
		return;
	mock_usb_free(b->device);
	board_emu_free(b->emu);
	free(b);
}

struct mock_usb *board_usb_device(struct board_usb *b)
{
	return b->device;
}
