/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz.h - one file, three uses. A fuzz_X.c has the two symbols below; with fuzz_main.c it is
 *
 *	fuzz_X                a test: its seeds and a fixed sequence of mutations of them
 *	fuzz_X FILE... or -   these inputs, say one that crashed
 *
 * and with libFuzzer it looks for new ones:
 *
 *	CC=clang meson setup build-fuzz -Dfuzz=true -Db_lundef=false -Db_sanitize=address,undefined \
 *		-Dc_args=-fsanitize=fuzzer-no-link
 *	build-fuzz/tests/trainer/fuzz_config -max_len=2000
 *
 * $FUZZ_ROUNDS changes the number of mutations of the test.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Try one input; abort() where something promised does not hold. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const char *const fuzz_seeds[]; /* good inputs, and bad ones of every kind; ends with NULL */

#endif
