/* SPDX-License-Identifier: Apache-2.0 */
/*
 * semihosting.h - files of the machine that runs the emulator (Arm IHI 0105, "Semihosting for
 * AArch32 and AArch64"). QEMU waits in the host's read() and write(): meanwhile time does not pass
 * here and no interrupt comes. Only where QEMU or a debugger takes the calls.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The file that word i of the command line (QEMU's arg=) names: its handle, or negative. */
int32_t semihosting_open(unsigned i, bool is_for_writing);

/* What is there, at most n bytes, waiting for the first one; 0 at the end. */
size_t semihosting_read(int32_t handle, uint8_t *buf, size_t n);
/* All of it, or as much as possible. */
void semihosting_write(int32_t handle, const uint8_t *buf, size_t n);

#endif
