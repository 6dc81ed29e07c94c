/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest.h - what a misspelt name was probably meant to be.
 */
#ifndef SNN_NEAREST_H
#define SNN_NEAREST_H

#include <stddef.h>

/*
 * Levenshtein distance: insertions, deletions and replacements of one byte that make b of a.
 * Only the first 63 bytes of each count: longer names are not ours.
 */
unsigned snn_distance(const char *a, const char *b);

/* The entry of a NULL-ended list nearest to name, the earlier of equals; NULL for an empty list. */
const char *snn_nearest(const char *name, const char *const *list);

#endif
