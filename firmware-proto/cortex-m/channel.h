/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h - the way from the microcontroller to its chips; an image has one of channel_*.c. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "chip_remote.h"

/* How, for the console: "serial line". */
extern const char channel_name[];

/* Open it; the channel is valid until power-down. NULL: it is not there. */
const struct chip_channel *channel_open(void);

#endif
