/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board_emu_state.h - the state of emulated chips as bytes, the same as emu: boards of hal keep:
 *
 *	"XBAREMU1", u32 n_chip, u32 n_uri, the URI, per chip u64 n and its snapshot (pcm.h), u32
 *	CRC-32 of all before. Little-endian. Untrusted.
 */
#ifndef BOARD_EMU_STATE_H
#define BOARD_EMU_STATE_H

#include <stddef.h>
#include <stdint.h>
#include "pcm.h"

/* *ret is yours to free(). -ENOMEM. */
int board_emu_pack(uint8_t **ret, size_t *ret_n, struct pcm_chip *const *chip, uint32_t n_chip,
	const char *uri);

/* Chips are replaced, or on error all as before. -EBADMSG damaged, -EINVAL of another board. */
int board_emu_unpack(struct pcm_chip **chip, uint32_t n_chip, const uint8_t *buf, size_t n);

#endif
