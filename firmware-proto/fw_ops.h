/* SPDX-License-Identifier: Apache-2.0 */
/* fw_ops.h - between fw.c (who asks, and in which order) and fw_ops.c (what is done). */
#ifndef FW_OPS_H
#define FW_OPS_H

#include "fw.h"

/* Execute a request of the order; writes the whole reply's payload to w, which is empty. */
void fw_execute(struct fw *f, uint16_t op, struct wire_reader *r, struct wire_writer *w);

/* A lease or a budget: pulses need ARM. */
bool fw_needs_arming(const struct fw *f);

#endif
