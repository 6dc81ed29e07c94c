/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - memory that runs out: programs linked with -Wl,--wrap=malloc and its like ask fault.c
 * for it. Libraries' own allocations are theirs.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include "error.h"

/* Whether an allocation has failed in the work under way. */
extern bool fault_has_failed;
/* Set to let realloc() always succeed. */
extern bool fault_spares_realloc;

/*
 * Run with the first, second, ... allocation failing, alone and with all after it, until none was
 * left to fail. Every failure must come back as an error with a message.
 */
void fault_exhaust(int (*work)(struct snn_error *e));

#endif
