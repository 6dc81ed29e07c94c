/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gadget_ffs.h - the link of a board that is a USB device by Linux's FunctionFS: on a single-board
 * computer with a USB device port, or on dummy_hcd. gadget_ffs.sh makes the gadget around it.
 *
 *	r = gadget_ffs_open(&g, "/dev/ffs-crossloop");
 *	config.port = gadget_ffs_port(g);
 *	for (;;) {
 *		gadget_ffs_wait(g, 1000, &signals);
 *		fw_poll(&fw);
 *		if (gadget_ffs_take_unplug(g))
 *			fw_unplug(&fw);
 *	}
 *
 * No threads; a gadget belongs to one at a time.
 */
#ifndef GADGET_FFS_H
#define GADGET_FFS_H

#include <signal.h>
#include <stdbool.h>
#include "fw.h"

struct gadget_ffs;

/*
 * Give the function its descriptors; dir is where the functionfs is mounted. From here on the
 * gadget may be bound to its controller. Negative errno.
 */
int gadget_ffs_open(struct gadget_ffs **ret, const char *dir);
void gadget_ffs_close(struct gadget_ffs *g); /* NULL is fine */

/* Until bytes move, a host comes or goes, a signal or t ms. signals: those blocked meanwhile. */
int gadget_ffs_wait(struct gadget_ffs *g, int t, const sigset_t *signals);

/* rx, tx, doorbell and user; `now` is the caller's. What is sent while unplugged is lost. */
struct fw_port gadget_ffs_port(struct gadget_ffs *g);

/* Has the host gone, since next() was called? It may be back. */
bool gadget_ffs_has_gone(const struct gadget_ffs *g);
void gadget_ffs_next(struct gadget_ffs *g);

#endif
