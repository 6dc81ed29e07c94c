/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mixed_requests.h - requests of all kinds, drawn from a seed: most are right, some are not. */
#ifndef MIXED_REQUESTS_H
#define MIXED_REQUESTS_H

#include "cmd.h"

struct mixed {
	uint64_t state;       /* of the generator: the seed */
	uint8_t in[512];      /* inputs of products */
	uint8_t payload[900]; /* of the last request */
};

/* 0 .. n - 1 */
uint32_t mixed_draw(struct mixed *m, uint32_t n);

/* op and payload of the next request (kept until the one after); the rest of *ret is 0. */
void mixed_request(struct mixed *m, struct wire_frame *ret);

#endif
