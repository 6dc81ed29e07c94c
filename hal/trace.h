/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.h - a recorded session: what was asked of a board and what it answered.
 *
 *	"XBARREC2", then records: u32 n, u8 op, u32 CRC-32 of the call, i32 its result, n bytes of
 *	answer (or the message, if the result is negative), u32 CRC-32 of the record. Little-endian.
 *
 * The first record, TRACE_OPEN, holds struct xbar_info and the sizes of all ADC codes. Calls are
 * kept as checksums: a replay tells where a program departs from what it did, answers are whole.
 * The file is untrusted. A recording that was cut off can be replayed as far as it goes.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "message.h"

enum trace_op {
	TRACE_OPEN = 1,
	TRACE_MVM,
	TRACE_PULSE,
	TRACE_READ,
	TRACE_PROGRAM,
	TRACE_CONFIGURE,
	TRACE_WAIT,
	TRACE_STATS,
	TRACE_SAVE,
	TRACE_LOAD,
	TRACE_PING,
	TRACE_N,
};

const char *trace_name(unsigned op);

/* One record, under construction or just read. */
struct trace {
	FILE *file;
	char path[512];
	uint64_t i_record; /* read or written so far */
	uint8_t op;
	uint32_t call; /* checksum so far */
	int32_t result;
	uint8_t *buf; /* answer [n], room for size; owned */
	size_t n, size, at;
	int error; /* -ENOMEM, or of the file; sticks */
};

int trace_create(struct trace *t, const char *path, struct xbar_message *msg);
int trace_open(struct trace *t, const char *path, struct xbar_message *msg);
int trace_close(struct trace *t); /* what could not be written */

void trace_begin(struct trace *t, enum trace_op op);
/* Of the call: what it asks. */
void trace_call(struct trace *t, const void *buf, size_t n);
void trace_call_u64(struct trace *t, uint64_t x);
/* Of the answer. */
void trace_put(struct trace *t, const void *buf, size_t n);
void trace_put_u64(struct trace *t, uint64_t x);
int trace_end(struct trace *t, int result, const char *message, struct xbar_message *msg);

/*
 * The next record must be this call: its result, and its message in msg if negative.
 * -EBADMSG damaged, -ENODATA the recording is over, -EINVAL another call, with a message.
 */
int trace_next(struct trace *t, struct xbar_message *msg);
/* Bytes of its answer; -EBADMSG if there are not so many. */
int trace_take(struct trace *t, void *ret, size_t n, struct xbar_message *msg);
int trace_take_u64(struct trace *t, uint64_t *ret, struct xbar_message *msg);

#endif
