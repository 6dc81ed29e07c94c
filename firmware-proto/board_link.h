/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board_link.h - links of a board that is a process: pty, tty, Unix socket, FIFOs, standard input
 * and output, USB gadget. Answers wait in a queue, so that a host that writes before it reads
 * blocks nobody.
 */
#ifndef BOARD_LINK_H
#define BOARD_LINK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "fw.h"
#include "gadget_ffs.h"

enum board_link_kind {
	BOARD_LINK_NONE,
	BOARD_LINK_PTY,
	BOARD_LINK_TTY,
	BOARD_LINK_SOCKET,
	BOARD_LINK_FIFOS,
	BOARD_LINK_STDIO,
	BOARD_LINK_FFS,
};

struct board_link_config {
	enum board_link_kind kind;
	const char *path; /* kept; "IN,OUT" for FIFOs, a mounted functionfs for FFS */
};

#define BOARD_LINK_N_QUEUE (1 << 20)

struct board_link {
	struct board_link_config config;
	int fd_in, fd_out; /* the host; -1: none yet */
	int fd_own;        /* listening socket, or the pty's other end (keeps it from hanging up) */
	bool is_named;     /* path exists and is ours to remove */
	bool is_gone;      /* the host */
	struct gadget_ffs *gadget; /* FFS: all is its own but the clock */
	size_t n_queue;
	uint8_t queue[BOARD_LINK_N_QUEUE];
};

/* Negative errno. */
int board_link_open(struct board_link *l, const struct board_link_config *config);
void board_link_close(struct board_link *l);

/* Until bytes can move, a host comes, a signal or t ms. signals: those blocked meanwhile. */
int board_link_wait(struct board_link *l, int t, const sigset_t *signals);

bool board_link_is_gone(const struct board_link *l);
/* After the host has gone: true if another one may come. */
bool board_link_next(struct board_link *l);

/* When it is open. */
void board_link_describe(struct board_link *l, struct fw_port *ret);

#endif
