/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot.h - layout of a saved chip. All little-endian, floats as IEEE bits.
 *
 *	u32 "PCMS"   u32 version   u32 CRC-32 of all that follows (zlib's)
 *	u32 n_param  u64 each parameter in table order (double bits, or the integer; text: 256 bytes)
 *	u32 i_chip, n_row, n_col, n_device
 *	u64 time, n_mvm, n_set, n_reset, n_read, n_program, n_sat, n_phase
 *	u64 row_reads, row_pulses, each [n_row]
 *	u32 phases
 *	f32 adc_range, fix_gain, fix_offset, each [n_col]
 *	f32 g, f32 memory, u64 t_prog, each [n_row][n_device][n_col]
 *	f32 nu_z, the same, of models that are programmed
 *	u64 noise_t [n_row][n_col / 16], f32 slow [n_row][n_col / 16][n_slow][n_device][16], where
 *		noise has memory
 *	f32 chunk_total [n_row][n_col / 16], where lines have resistance; 0 unless stale
 *	u64 chunk_t [n_row][n_col / 16]; all ones: stale
 *
 * Trust: nothing. Sizes are checked before anything is read, every number against its range, and
 * the order of times (t_prog <= chunk_t <= time), before the chip is touched. After that the code
 * that uses the state relies on it: ages are not negative, conductances finite.
 */
#ifndef PCM_SNAPSHOT_H
#define PCM_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#define PCM_SNAPSHOT_MAGIC   UINT32_C(0x534d4350)
#define PCM_SNAPSHOT_VERSION 2
#define PCM_SNAPSHOT_CRC_AT  8  /* where the checksum is */
#define PCM_SNAPSHOT_BODY_AT 12 /* what it covers */

/* Makes the checksum fit the content, so that a fuzzer gets past it. n >= PCM_SNAPSHOT_BODY_AT. */
void pcm_snapshot_seal(void *buf, size_t n);

#endif
