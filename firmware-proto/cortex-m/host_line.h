/* SPDX-License-Identifier: Apache-2.0 */
/* host_line.h - the way to the host, with the framing of a UART; an image has one of host_line_*.c. */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include "fw.h"

#define HOST_LINE_N_SLOT  4
#define HOST_LINE_N_FRAME WIRE_N_FRAME_UART

extern const struct fw_port host_line;

/* False: it is not there. */
bool host_line_open(void);

/* Sleep until something may have happened. */
void host_line_sleep(void);

/* Bytes that came while there was no room. */
uint32_t host_line_n_lost(void);

#endif
