/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spelling.h - what a misspelt name was probably meant to be.
 */
#ifndef XBAR_SPELLING_H
#define XBAR_SPELLING_H

/* Levenshtein distance of two names; only the first 63 bytes of each count. */
unsigned xbar_distance(const char *a, const char *b);

/* The entry of a NULL-ended list nearest to name, the earlier of equals; NULL for an empty list. */
const char *xbar_nearest(const char *name, const char *const *list);

#endif
