/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emu_state.h - the state of an emulated board as bytes, and the file that keeps it.
 *
 *	"XBAREMU1", u32 n_chip, u32 n_uri, the URI without state=, per chip u64 n and its snapshot
 *	(pcm.h), u32 CRC-32 of all before. Little-endian.
 *
 * The bytes are untrusted. The file is locked (flock) while the board is open and replaced as a
 * whole: written beside, synced, renamed. A file that is not ours, damaged or of another board is
 * never written to. An empty file is a board not used yet.
 */
#ifndef EMU_STATE_H
#define EMU_STATE_H

#include <stddef.h>
#include <stdint.h>
#include "message.h"
#include "pcm.h"

/* *ret is yours to free(). */
int emu_state_pack(void **ret, size_t *ret_n, struct pcm_chip *const *chip, uint32_t n_chip,
	const char *uri, struct xbar_message *msg);

/*
 * Bring all chips to the packed state; on error all are as before. -EBADMSG damaged, -EINVAL of
 * another board. Chips are replaced: pointers kept elsewhere are void.
 */
int emu_state_unpack(struct pcm_chip **chip, uint32_t n_chip, const char *uri, const void *buf,
	size_t n, struct xbar_message *msg);

struct emu_file {
	int fd; /* locked; -1 is closed */
	char path[512];
};

/* Open or create, and lock. -EBUSY another program has the board open. f->path becomes absolute. */
int emu_file_open(struct emu_file *f, const char *path, struct xbar_message *msg);
void emu_file_close(struct emu_file *f);

/* *ret is yours to free(); *ret_n 0 for a board not used yet. */
int emu_file_read(struct emu_file *f, void **ret, size_t *ret_n, struct xbar_message *msg);
int emu_file_write(struct emu_file *f, const void *buf, size_t n, struct xbar_message *msg);

#endif
