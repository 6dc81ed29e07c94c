/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number_file.h - a text file of numbers, read line by line: values separated by commas, blanks or
 * tabs; empty lines and what follows a # are skipped. Complaints name file and line on stderr.
 */
#ifndef XBAR_NUMBER_FILE_H
#define XBAR_NUMBER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct number_file {
	FILE *f;
	const char *name;
	unsigned long i_line; /* from 1, of the current line */
	char *line, *next;    /* the current line and what is not consumed of it */
	size_t n_line;
};

/* "-" is standard input. 0, or -1 after a complaint. */
int number_file_open(struct number_file *f, const char *path);
void number_file_close(struct number_file *f);

/* To the next line with something on it: 1, 0 at the end, -1 after a complaint. */
int number_file_line(struct number_file *f);

/* The next value of the line: 1, 0 if the line has no more, -1 after a complaint (not a number). */
int number_file_value(struct number_file *f, double *ret);

/* Is the line this text, but for blanks? */
bool number_file_is(const struct number_file *f, const char *text);

/* "xbar: FILE:LINE: text" on stderr; returns -1. */
int number_file_complain(const struct number_file *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
