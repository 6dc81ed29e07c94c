/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heat.h - a matrix of conductances as a picture: on a terminal in colours, as plain text, as PNG.
 */
#ifndef XBAR_HEAT_H
#define XBAR_HEAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct heat {
	uint32_t n_row, n_col;
	const float *v; /* [n_row][n_col] S, borrowed */
	float max;      /* S, > 0: what the strongest colour stands for */
	bool is_signed; /* -max .. max, else 0 .. max; beyond that is as the end */
};

/* Half a character a block of cells, in at most `width` characters a line. 256 colours. */
void heat_print_colours(const struct heat *h, uint32_t width, FILE *f);

/* One character a block: '.' about 0, 1 .. 9 up to max, a .. i down to -max. */
void heat_print_ascii(const struct heat *h, uint32_t width, FILE *f);

/*
 * scale x scale pixels a cell, and at the right a colour bar from max (top) to -max or 0. "-" is
 * standard output. 0 or a negative errno.
 */
int heat_write_png(const struct heat *h, uint32_t scale, const char *path);

#endif
