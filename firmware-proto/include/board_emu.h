/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board_emu.h - a board whose chips are the emulator: what fw.h asks of a board, over pcm.h. On a
 * host only. The same seed and the same calls give the bytes that an emu: board of hal gives.
 *
 *	struct board_emu_config c;
 *	struct fw_config fc = { .port = ..., .link = WIRE_STREAM, .n_frame = 16384, .n_slot = 8 };
 *	r = board_emu_config_parse(&c, (const char *[]){ "chips=2", "seed=7" }, 2);
 *	r = board_emu_new(&b, &c);
 *	board_emu_describe(b, &fc);
 *	fw_init(&fw, &fc, memory, n_memory);
 */
#ifndef BOARD_EMU_H
#define BOARD_EMU_H

#include <stdint.h>
#include "fw.h"
#include "pcm.h"

#define BOARD_EMU_N_CHIP_MAX     64
#define BOARD_EMU_N_CHIP_DEFAULT 2

struct board_emu;

struct board_emu_config {
	struct pcm_params prm;
	uint32_t n_chip;
	char preset[512];       /* name or full path; "" if none was named */
	struct pcm_params base; /* what it says */
	char uri[512];       /* what saved states are of: the complete URI of the same emu: board */
	char complaint[512]; /* after an error */
};

/*
 * From "key=value" texts with the keys of emu: URIs (but state): chips, preset (applied first
 * wherever it stands) and those of pcm_param_table. -EINVAL, -ERANGE with a complaint.
 */
int board_emu_config_parse(struct board_emu_config *ret, const char *const *arg, size_t n);

/* Calls row with each key. */
void board_emu_config_help(void (*row)(void *user, const char *key, const char *unit,
				   const char *def, const char *help),
	void *user);

/* Of config, prm, n_chip and uri are looked at. -EINVAL, -ENOMEM. */
int board_emu_new(struct board_emu **ret, const struct board_emu_config *config);
void board_emu_free(struct board_emu *b);

/* Fill in info, ops and chip_user of a firmware's configuration. b is kept. */
void board_emu_describe(struct board_emu *b, struct fw_config *ret);

#endif
