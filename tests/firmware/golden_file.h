/* SPDX-License-Identifier: GPL-3.0-or-later */
/* golden_file.h - lines of the .hex files in golden/: a name, then hex numbers or bytes. */
#ifndef GOLDEN_FILE_H
#define GOLDEN_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct golden_line {
	char name[64];
	char *word[6]; /* after the name */
	size_t n_word;
	char text[80000];
};

/* $GOLDEN_DIR/name; fails the test if it is not there. */
FILE *golden_open(const char *name);
/* 0 at the end. Comments are skipped. */
int golden_next(FILE *f, struct golden_line *ret);
/* Bytes of a word; how many. */
size_t golden_bytes(const char *word, uint8_t *ret, size_t n);
uint32_t golden_number(const char *word);

#endif
