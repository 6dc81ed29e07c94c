/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "board_usb.h"

#include <stdbool.h>
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
	unsigned n_every, n_burst, n_unplugged;
	bool is_mute;
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

	if (!b->is_mute)
		mock_usb_answer(b->device, b->said, b->n_said);
	b->n_said = 0;
}

static void pull_and_plug(struct board_usb *b)
{
	mock_usb_unplug(b->device);
	fw_unplug(&b->fw);
	b->n_said = 0;
	mock_usb_plug(b->device);
	b->n_unplugged++;
}

static void hear(void *user, const uint8_t *p, size_t n)
{
	struct board_usb *b = user;
	bool is_time = b->n_every && ++b->n_burst % b->n_every == 0;

	if (is_time && b->n_unplugged % 2) {
		pull_and_plug(b);
		return;
	}
	b->is_mute = is_time;
	fw_feed(&b->fw, p, n);
	if (is_time)
		pull_and_plug(b);
	b->is_mute = false;
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

void board_usb_unplug_every(struct board_usb *b, unsigned n)
{
	b->n_every = n;
}

unsigned board_usb_n_unplugged(const struct board_usb *b)
{
	return b->n_unplugged;
}
