/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spelling.h"

#include <stddef.h>
#include <string.h>

#define MAX_LEN 63

/* Wagner and Fischer's table, one row at a time. */
unsigned xbar_distance(const char *a, const char *b)
{
	size_t n_a = strnlen(a, MAX_LEN), n_b = strnlen(b, MAX_LEN);
	unsigned row[MAX_LEN + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[n_b];
}

const char *xbar_nearest(const char *name, const char *const *list)
{
	const char *best = NULL;
	unsigned least = 0;

	for (; *list; list++) {
		unsigned d = xbar_distance(name, *list);

		if (!best || d < least) {
			best = *list;
			least = d;
		}
	}
	return best;
}
