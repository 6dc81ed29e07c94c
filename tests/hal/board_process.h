/* SPDX-License-Identifier: GPL-3.0-or-later */
/* board_process.h - the program xbar-board on a pseudo-terminal, for tests. */
#ifndef BOARD_PROCESS_H
#define BOARD_PROCESS_H

#include <sys/types.h>

struct board_process {
	pid_t pid;
	char folder[64], link[96];
	char uri[160]; /* by way of libserialport, where ioctl() is mock_ioctl.c's */
};

/* program: path of xbar-board; arg: its further arguments, NULL-ended. 0 or -1. */
int board_process_start(struct board_process *b, const char *program, const char *const *arg);
void board_process_stop(struct board_process *b);
void board_process_reboot(const struct board_process *b);

#endif
