/* SPDX-License-Identifier: Apache-2.0 */
/* chip_remote_ops.h - between chip_remote.c (how requests travel) and chip_remote_ops.c (which). */
#ifndef CHIP_REMOTE_OPS_H
#define CHIP_REMOTE_OPS_H

#include "chip_remote.h"

/* Begin a request: put its payload there. */
struct wire_writer *chip_remote_begin(struct chip_remote *c);

/* Send it, wait for the reply: its error and n_done, and a reader of what follows. */
uint16_t chip_remote_ask(
	struct chip_remote *c, uint16_t op, struct wire_reader *ret, uint16_t *ret_done);

/* Fill c->ops with what these chips can do. */
uint16_t chip_remote_ops_init(struct chip_remote *c);

#endif
