/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nearest.h"

#include <string.h>

#define MAX_LEN 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Wagner and Fischer's table, one row at a time. */
unsigned snn_distance(const char *a, const char *b)
{
	size_t n_a = strnlen(a, MAX_LEN), n_b = strnlen(b, MAX_LEN);
	unsigned row[MAX_LEN + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[n_b];
}

const char *snn_nearest(const char *name, const char *const *list)
{
	const char *best = NULL;
	unsigned least = 0;

	for (; *list; list++) {
		unsigned d = snn_distance(name, *list);

		if (!best || d < least) {
			best = *list;
			least = d;
		}
	}
	return best;
}
