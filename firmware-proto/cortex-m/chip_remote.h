/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip_remote.h - chips behind another channel: every call of struct fw_chip_ops becomes a request
 * of the same protocol (PROTOCOL.md, stream framing) to whatever holds the chips, which is a board
 * of its own, such as xbar-board. So the firmware under test on a microcontroller has emulated
 * chips as its peripheral; for real ones, give fw_init() the functions of a driver instead.
 *
 *	static struct chip_remote chips;
 *	if (chip_remote_open(&chips, &chip_channel) == CMD_OK) {
 *		config.info = chips.info;
 *		config.ops = &chips.ops;
 *		config.chip_user = &chips;
 *	}
 *
 * A request without an answer is sent again, bit for bit, and executed once; after the last attempt
 * the call fails with CMD_E_CHIP. Freestanding, no heap, one context.
 */
#ifndef CHIP_REMOTE_H
#define CHIP_REMOTE_H

#include "fw.h"

struct chip_channel {
	/* Wait at most t ms; how many bytes came into buf [n], 0 after that time. */
	size_t (*rx)(void *user, uint8_t *buf, size_t n, uint32_t t);
	/* All of it, waiting where needed. */
	void (*tx)(void *user, const uint8_t *buf, size_t n);
	void *user;
};

#define CHIP_REMOTE_N_FRAME 4352 /* bytes: a row of 256 cells, and the head */
#define CHIP_REMOTE_N_LSB   64

/* Look at info, boot_id and ops; the rest is the driver's. */
struct chip_remote {
	struct cmd_info info; /* of the chips */
	uint64_t boot_id;     /* another one after every chip_remote_open() */
	uint32_t t_reply;     /* ms, the chips' own */
	struct fw_chip_ops ops;
	const struct chip_channel *channel;
	struct wire_decoder decoder;
	struct wire_writer w; /* payload of the next request */
	const uint8_t *in;    /* received, not decoded */
	size_t n_in;
	uint32_t session, seq;
	uint64_t n_pulse;
	bool is_load_bad; /* a part did not get through */
	struct cmd_columns lsb_at;
	uint32_t lsb[CHIP_REMOTE_N_LSB]; /* of lsb_at, if its n_col is not 0 */
	uint8_t rx[256];
	uint8_t frame[CHIP_REMOTE_N_FRAME];
	uint8_t decoded[WIRE_N_DECODER(CHIP_REMOTE_N_FRAME)];
};

/* Begin a session with the chips. CMD_OK, or why not; may be called again. channel is kept. */
uint16_t chip_remote_open(struct chip_remote *c, const struct chip_channel *channel);

#endif
