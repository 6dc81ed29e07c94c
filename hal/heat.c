/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "heat.h"

#include <math.h>

#include "heat_colour.h"

/* ColorBrewer's RdBu, reversed: blue is negative, red positive. */
static const uint8_t diverging[][3] = {
	{ 0x05, 0x30, 0x61 },
	{ 0x21, 0x66, 0xac },
	{ 0x43, 0x93, 0xc3 },
	{ 0x92, 0xc5, 0xde },
	{ 0xd1, 0xe5, 0xf0 },
	{ 0xf7, 0xf7, 0xf7 },
	{ 0xfd, 0xdb, 0xc7 },
	{ 0xf4, 0xa5, 0x82 },
	{ 0xd6, 0x60, 0x4d },
	{ 0xb2, 0x18, 0x2b },
	{ 0x67, 0x00, 0x1f },
};

/* Five colours of matplotlib's viridis. */
static const uint8_t sequential[][3] = {
	{ 0x44, 0x01, 0x54 },
	{ 0x3b, 0x52, 0x8b },
	{ 0x21, 0x91, 0x8c },
	{ 0x5e, 0xc9, 0x62 },
	{ 0xfd, 0xe7, 0x25 },
};

#define N(table) (sizeof(table) / sizeof(table[0]))

/* v / max, within -1 .. 1 or 0 .. 1; NAN counts as 0. */
static float relative(const struct heat *h, float v)
{
	float u = v / h->max;

	if (!(u > (h->is_signed ? -1.0f : 0.0f)))
		return h->is_signed && u <= -1.0f ? -1.0f : 0.0f;
	return u < 1.0f ? u : 1.0f;
}

void heat_colour(const struct heat *h, float v, uint8_t ret_rgb[3])
{
	const uint8_t(*table)[3] = h->is_signed ? diverging : sequential;
	size_t n = h->is_signed ? N(diverging) : N(sequential);
	float u = relative(h, v);
	float at = (h->is_signed ? (u + 1.0f) / 2.0f : u) * (float)(n - 1);
	size_t i = at < (float)(n - 1) ? (size_t)at : n - 2;

	for (int k = 0; k < 3; k++) {
		float a = table[i][k], b = table[i + 1][k];

		ret_rgb[k] = (uint8_t)lrintf(a + (b - a) * (at - (float)i));
	}
}

/* Mean of the cells of a block, cut at the matrix's edge. */
static float block_mean(
	const struct heat *h, uint32_t row, uint32_t n_row, uint32_t col, uint32_t n_col)
{
	double sum = 0.0;
	uint32_t n = 0;

	for (uint32_t i = row; i < row + n_row && i < h->n_row; i++) {
		for (uint32_t j = col; j < col + n_col && j < h->n_col; j++) {
			sum += (double)h->v[(size_t)i * h->n_col + j];
			n++;
		}
	}
	return n ? (float)(sum / n) : NAN;
}

static uint32_t block_size(uint32_t n, uint32_t width)
{
	return width ? (n + width - 1) / width : n;
}

/* The nearest of the terminal's 6 x 6 x 6 colours. */
static int cube(const struct heat *h, float v)
{
	uint8_t rgb[3];

	heat_colour(h, v, rgb);
	return 16 + 36 * ((rgb[0] + 25) / 51) + 6 * ((rgb[1] + 25) / 51) + (rgb[2] + 25) / 51;
}

void heat_print_colours(const struct heat *h, uint32_t width, FILE *f)
{
	uint32_t size = block_size(h->n_col, width);

	for (uint32_t i = 0; i < h->n_row; i += 2 * size) {
		for (uint32_t j = 0; j < h->n_col; j += size) {
			float top = block_mean(h, i, size, j, size);

			fprintf(f, "\033[38;5;%dm", cube(h, top));
			if (i + size < h->n_row)
				fprintf(f, "\033[48;5;%dm",
					cube(h, block_mean(h, i + size, size, j, size)));
			fputs("\342\226\200", f); /* U+2580, upper half block */
		}
		fputs("\033[0m\n", f);
	}
}

static char character(const struct heat *h, float v)
{
	long level = lrintf(relative(h, v) * 9.0f);

	if (level == 0)
		return '.';
	return (char)(level > 0 ? '0' + level : 'a' - 1 - level);
}

void heat_print_ascii(const struct heat *h, uint32_t width, FILE *f)
{
	uint32_t size = block_size(h->n_col, width);
	/* Characters are about twice as high as wide. */
	uint32_t n_row = size > 1 ? 2 * size : 1;

	for (uint32_t i = 0; i < h->n_row; i += n_row) {
		for (uint32_t j = 0; j < h->n_col; j += size)
			fputc(character(h, block_mean(h, i, n_row, j, size)), f);
		fputc('\n', f);
	}
}
