/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cortex_rig.h - the firmware on a microcontroller (qemu-board) and the same firmware natively, both
 * over emulated chips of one seed: whatever bytes go to both, both must answer with the same bytes.
 */
#ifndef CORTEX_RIG_H
#define CORTEX_RIG_H

#include <sys/types.h>
#include "board_emu.h"

#define RIG_N_FRAME 1024 /* of board_mps2.c, as its number of slots */
#define RIG_N_SLOT  4
#define RIG_N_COL   256
#define RIG_T_REPLY 2600 /* ms: xbar-board's 100, 2000 of chip_remote.c, 500 of board_mps2.c */

struct rig {
	pid_t pid;
	char folder[64], link[96], log[96];
	int fd; /* the host's side of the serial line */
	uint64_t boot_id;
	struct board_emu *chips;
	struct fw native;
	uint64_t memory[FW_N_MEMORY(RIG_N_FRAME, RIG_N_SLOT, RIG_N_COL) / 8];
	uint8_t expected[65536]; /* what the native firmware sent */
	size_t n_expected;
};

/* $XBAR_BOARD and $XBAR_IMAGE say what qemu-board runs; board: the name that INFO shall have. */
struct rig *rig_new(const char *qemu_board, const char *board);
void rig_free(struct rig *g);

/* Both get these bytes; their answers are compared by the next rig_compare(). */
void rig_send(struct rig *g, const uint8_t *buf, size_t n);
void rig_compare(struct rig *g);

/* A frame as the line wants it: zero-delimited COBS. */
void rig_send_frame(struct rig *g, const struct wire_frame *f);

/* A reset of the microcontroller, and of the native firmware with what the other says of itself. */
void rig_reset(struct rig *g);

/* The console's word on the stack, in bytes. */
unsigned rig_stack_used(struct rig *g);

#endif
