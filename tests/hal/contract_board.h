/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contract_board.h - the board of the contract, as new as can be before each case. An emulated one is
 * new when it is opened. One behind a link stays as it is and can be open once: it must be new in the
 * beginning, and before each case it gets the state that it had then. One that has no state to be
 * given, as a chip that is none of an emulator, gets what is next to it: devices RESET where cases want
 * them low, the ADC's first range, and counts from there on.
 */
#ifndef CONTRACT_BOARD_H
#define CONTRACT_BOARD_H

#include <stdbool.h>
#include "xbar.h"

/* Only a board that is not emulated can be absent. */
bool contract_is_absent(const char *uri);

void contract_begin(const char *uri);
void contract_end(void);

/* New, or nearly. */
struct xbar *contract_open(const char *uri);
/* Is it new, so that the same calls give the same bytes? */
bool contract_can_be_new(void);

/* What the board did since; bytes and round trips are the link's affair. */
struct xbar_stats contract_stats(struct xbar *x);

#endif
