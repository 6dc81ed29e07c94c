/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fw_rig.h - the firmware on a board of nothing: two fake chips of 40 x 30 cells that count what
 * they are asked, a link that is two buffers, a clock that the test sets.
 */
#ifndef FW_RIG_H
#define FW_RIG_H

#include <setjmp.h>
#include "fw.h"

#define RIG_N_ROW   40
#define RIG_N_COL   30
#define RIG_N_FRAME 1024
#define RIG_N_SLOT  4

struct rig_chips {
	uint32_t n_call; /* of anything that changes a chip */
	uint64_t n_pulse;
	uint32_t pulse[2][RIG_N_ROW][RIG_N_COL][4]; /* per device */
	uint32_t n_vector;                          /* the noise: codes depend on it */
	uint32_t lsb_bits;
	uint64_t time;
	uint16_t fail;       /* the next call answers so ... */
	size_t n_until_fail; /* ... after so many items */
	size_t n_until_cut;  /* pulse entries until the power is cut; 0: never */
	jmp_buf *cut;
	uint8_t state[3000]; /* what save gives and load wants */
	uint8_t loaded[3000];
	size_t n_loaded;
};

struct rig {
	struct fw fw;
	struct fw_config config;
	struct rig_chips chips;
	uint32_t time; /* ms */
	size_t n_out;
	struct wire_decoder decoder; /* of the host */
	uint32_t n_doorbell;
	uint32_t session;
	const uint8_t *rx; /* what board_rx gives */
	size_t n_rx;
	/* Not cleared by rig_init(). */
	uint8_t out[1 << 18]; /* what the board sent */
	uint8_t decoder_buf[WIRE_N_DECODER(WIRE_N_FRAME_MAX)];
	uint64_t memory[FW_N_MEMORY(WIRE_N_FRAME_MAX, RIG_N_SLOT, 256) / 8];
};

/* Fill in a configuration that works; change it, then boot. */
void rig_init(struct rig *rig, enum wire_link link);
int rig_boot(struct rig *rig);
void rig_begin(struct rig *rig); /* boot and HELLO */

/* Send one frame. Its answers wait until rig_next(), false if there are none. */
void rig_send(struct rig *rig, uint8_t type, uint16_t op, uint32_t session, uint32_t seq,
	const void *payload, size_t n);
bool rig_next(struct rig *rig, struct wire_frame *ret);

void rig_hello(struct rig *rig, uint64_t nonce, uint32_t schema);

/* A request of this session whose answer is the only one: its result; *ret_rest what follows. */
struct cmd_result rig_ask(struct rig *rig, uint16_t op, uint32_t seq, const void *payload, size_t n,
	struct wire_reader *ret_rest);

#endif
