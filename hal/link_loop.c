/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_loop.c - the reference firmware over the emulator, in this process: every byte goes through
 * the wire format, and the board answers within write(). Reading never waits: what is not there now
 * will not come.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board_emu.h"
#include "emu_config.h"
#include "link.h"

#define N_FRAME WIRE_N_FRAME_STREAM
#define N_SLOT  8
#define N_COL   PCM_N_COL

struct loop {
	struct board_emu *board;
	struct fw fw;
	size_t first, end; /* of what the board said */
	uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, N_COL) / 8];
	uint8_t said[2 * N_SLOT * N_FRAME];
};

static size_t nothing(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

/* What does not fit is lost, as on any link; there is room for all that a host may ask at once. */
static void board_says(void *user, const uint8_t *buf, size_t n)
{
	struct loop *l = user;

	if (n > sizeof(l->said) - l->end) {
		l->end -= l->first;
		memmove(l->said, l->said + l->first, l->end);
		l->first = 0;
	}
	if (n > sizeof(l->said) - l->end)
		return;
	memcpy(l->said + l->end, buf, n);
	l->end += n;
}

static uint32_t milliseconds(void *user)
{
	(void)user;
	return (uint32_t)(xbar_clock() / 1000000);
}

/* Emulator keys are the board's business; ours are not for it. */
static int parse(struct board_emu_config *c, const struct xbar_uri *uri, struct xbar_message *msg)
{
	char text[XBAR_URI_MAX + XBAR_URI_N_KEY + 1], *p = text;
	const char *arg[XBAR_URI_N_KEY];
	size_t n = 0;
	int r;

	if (*uri->path)
		return xbar_fail(msg, -EINVAL,
			"loop: \"%s\" after loop: means nothing; parameters follow a ?, as in "
			"loop:?chips=2",
			uri->path);
	for (size_t i = 0; i < uri->n_query; i++) {
		if (!strcmp(uri->query[i].key, "timeout"))
			continue;
		arg[n++] = p;
		p += sprintf(p, "%s=%s", uri->query[i].key, uri->query[i].value) + 1;
	}
	r = board_emu_config_parse(c, arg, n);
	return r < 0 ? xbar_fail(msg, r, "loop: %s", c->complaint) : 0;
}

static int start(struct loop *l, const struct board_emu_config *c, struct xbar_message *msg)
{
	struct fw_config config = {
		.port = { .rx = nothing, .tx = board_says, .now = milliseconds, .user = l },
		.link = WIRE_STREAM,
		.n_frame = N_FRAME,
		.n_slot = N_SLOT,
		.t_reply = 1000,
		.boot_id = xbar_clock(),
	};
	int r = board_emu_new(&l->board, c);

	if (r < 0)
		return xbar_fail(msg, r, "loop: cannot make the board: %s", strerror(-r));
	board_emu_describe(l->board, &config);
	r = fw_init(&l->fw, &config, l->memory, sizeof(l->memory));
	return r < 0 ? xbar_fail(msg, -EINVAL, "loop: the firmware refuses its board (%d)", r) : 0;
}

static void loop_close(void *ln)
{
	struct loop *l = ln;

	if (!l)
		return;
	board_emu_free(l->board);
	free(l);
}

static int loop_open(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	struct board_emu_config c;
	struct loop *l;
	int r = parse(&c, uri, msg);

	if (r < 0)
		return r;
	l = calloc(1, sizeof(*l));
	if (!l)
		return xbar_fail(msg, -ENOMEM, "loop: no memory");
	r = start(l, &c, msg);
	if (r < 0) {
		loop_close(l);
		return r;
	}
	strcpy(info->name, "loop");
	/* The board's own name of itself begins with emu: */
	snprintf(info->uri, sizeof(info->uri), "loop%.507s", strchr(c.uri, ':'));
	*ret = l;
	return 0;
}

static int loop_write(void *ln, const void *buf, size_t n, uint64_t deadline)
{
	struct loop *l = ln;

	(void)deadline;
	fw_feed(&l->fw, buf, n);
	return 0;
}

static int loop_read(void *ln, void *buf, size_t n, uint64_t deadline)
{
	struct loop *l = ln;
	size_t k = l->end - l->first;

	(void)deadline;
	if (k == 0)
		fw_poll(&l->fw);
	k = l->end - l->first;
	if (k > n)
		k = n;
	memcpy(buf, l->said + l->first, k);
	l->first += k;
	if (l->first == l->end)
		l->first = l->end = 0;
	return (int)k;
}

static int loop_reset(void *ln)
{
	struct loop *l = ln;

	l->first = l->end = 0;
	fw_unplug(&l->fw);
	return 0;
}

static int loop_reopen(void *ln, uint64_t deadline, struct xbar_message *msg)
{
	(void)deadline;
	(void)msg;
	return loop_reset(ln);
}

struct help {
	xbar_help_row *row;
	void *user;
};

static void all_but_state(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help)
{
	const struct help *h = user;

	if (strcmp(key, "state"))
		h->row(h->user, key, unit, def, range, source, help);
}

static void loop_help(xbar_help_row *row, void *user)
{
	emu_config_help(all_but_state, &(struct help){ row, user });
}

const struct xbar_link_ops xbar_link_loop = {
	.scheme = "loop",
	.kind = XBAR_LINK_USB,
	.open = loop_open,
	.close = loop_close,
	.write = loop_write,
	.read = loop_read,
	.reset = loop_reset,
	.reopen = loop_reopen,
	.help = loop_help,
};
