/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "faulty_board.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board_emu.h"
#include "link.h"

#define N_SLOT 8
#define N_PIPE (1 << 22)

enum fault { DROP, FLIP, SPLIT, MERGE, DELAY, DUPLICATE, INVENT, DISCONNECT };

/* Bytes on their way in one direction. */
struct pipe {
	uint8_t late[1 << 17]; /* a copy that comes after what follows it */
	size_t n_late;
	size_t n; /* under way */
	uint8_t data[N_PIPE];
};

struct board {
	struct board_emu *emu;
	struct fw_config config;
	struct fw fw;
	uint64_t memory[FW_N_MEMORY(WIRE_N_FRAME_STREAM, N_SLOT, PCM_N_COL) / 8];
	struct pipe to_board, to_host;
	size_t taken; /* by the host */
	uint32_t ms;
	bool is_unplugged, is_holding;
};

struct faulty_board faulty_board;

static struct board *board;

const struct xbar_link_ops *__wrap_xbar_link_find(const char *scheme);
const struct xbar_link_ops *__real_xbar_link_find(const char *scheme);

static uint32_t below(uint32_t n)
{
	faulty_board.seed = faulty_board.seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(faulty_board.seed >> 8) * n >> 24);
}

static void append(struct pipe *p, const uint8_t *buf, size_t n)
{
	if (n > sizeof(p->data) - p->n)
		n = sizeof(p->data) - p->n;
	memcpy(p->data + p->n, buf, n);
	p->n += n;
}

static void put_late(struct pipe *p)
{
	append(p, p->late, p->n_late);
	p->n_late = 0;
}

static void keep_late(struct pipe *p, const uint8_t *buf, size_t n)
{
	if (n > sizeof(p->late) - p->n_late)
		return;
	memcpy(p->late + p->n_late, buf, n);
	p->n_late += n;
}

static void append_flipped(struct pipe *p, const uint8_t *buf, size_t n)
{
	size_t at = p->n;

	append(p, buf, n);
	for (uint32_t k = 1 + below(3); k > 0; k--)
		p->data[at + below((uint32_t)n)] ^= (uint8_t)(1u << below(8));
}

static void append_gapped(struct pipe *p, const uint8_t *buf, size_t n)
{
	size_t first = below((uint32_t)n), gap = 1 + below((uint32_t)n);

	if (below(2))
		return;
	append(p, buf, first);
	if (first + gap < n)
		append(p, buf + first + gap, n - first - gap);
}

static void unplug(struct board *b)
{
	b->is_unplugged = true;
	b->to_board.n = b->to_board.n_late = 0;
	b->to_host.n = b->to_host.n_late = b->taken = 0;
	fw_unplug(&b->fw);
}

/* Bytes set out, with the fate that befalls them. */
static void set_out(struct board *b, struct pipe *p, const uint8_t *buf, size_t n)
{
	uint8_t junk[32];
	enum fault fault;

	if (!faulty_board.one_in || below(faulty_board.one_in) || n == 0) {
		append(p, buf, n);
		put_late(p);
		return;
	}
	fault = (enum fault)below(DISCONNECT + 1);
	/* Plugs are pulled less often than bits flip. */
	if (fault == DISCONNECT && below(8))
		fault = FLIP;
	faulty_board.n_fault++;
	faulty_board.n_kind[fault]++;
	switch (fault) {
	case DROP:
		append_gapped(p, buf, n);
		break;
	case FLIP:
		append_flipped(p, buf, n);
		break;
	case SPLIT:
	case MERGE:
		append(p, buf, n);
		b->is_holding = true;
		break;
	case DELAY:
		keep_late(p, buf, n);
		break;
	case DUPLICATE:
		append(p, buf, n);
		keep_late(p, buf, n);
		break;
	case INVENT:
		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (uint8_t)below(256);
		append(p, junk, 1 + below(sizeof(junk)));
		append(p, buf, n);
		break;
	case DISCONNECT:
		unplug(b);
		break;
	}
}

static size_t nothing(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

static void board_says(void *user, const uint8_t *buf, size_t n)
{
	struct board *b = user;

	if (!b->is_unplugged)
		set_out(b, &b->to_host, buf, n);
}

static uint32_t milliseconds(void *user)
{
	return ((struct board *)user)->ms;
}

static void boot(struct board *b)
{
	b->config.boot_id++;
	if (fw_init(&b->fw, &b->config, b->memory, sizeof(b->memory)) < 0) {
		fprintf(stderr, "faulty_board: the firmware does not start\n");
		exit(1);
	}
}

/* The firmware restarts in the middle of what it was told. */
static void feed(struct board *b, const uint8_t *buf, size_t n)
{
	uint64_t left = faulty_board.reboot_in;

	if (left == 0 || n < left) {
		faulty_board.reboot_in -= left ? n : 0;
		fw_feed(&b->fw, buf, n);
		return;
	}
	fw_feed(&b->fw, buf, (size_t)left);
	faulty_board.reboot_in = 0;
	faulty_board.n_reboot++;
	boot(b);
}

/* What is under way to the board gets there, in pieces of any size. */
static void deliver(struct board *b)
{
	static uint8_t burst[N_PIPE];
	size_t n = b->to_board.n;

	memcpy(burst, b->to_board.data, n);
	b->to_board.n = 0;
	for (size_t at = 0, k; at < n && !b->is_unplugged; at += k) {
		k = faulty_board.one_in && below(4) == 0 ? 1 + below(64) : n - at;
		if (k > n - at)
			k = n - at;
		feed(b, burst + at, k);
	}
}

static int board_open(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	struct board *b = calloc(1, sizeof(*b));
	struct board_emu_config c;
	char text[512], *p = text;
	const char *arg[XBAR_URI_N_KEY];
	bool is_uart = !strcmp(uri->scheme, "serial");

	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < uri->n_query; i++) {
		arg[i] = p;
		p += sprintf(p, "%s=%s", uri->query[i].key, uri->query[i].value) + 1;
	}
	if (board_emu_config_parse(&c, arg, uri->n_query) < 0 || board_emu_new(&b->emu, &c) < 0)
		return xbar_fail(msg, -EINVAL, "faulty_board: %s", c.complaint);
	b->config = (struct fw_config){
		.port = { .rx = nothing, .tx = board_says, .now = milliseconds, .user = b },
		.link = is_uart ? WIRE_UART : WIRE_STREAM,
		.n_frame = is_uart ? WIRE_N_FRAME_UART : WIRE_N_FRAME_STREAM,
		.n_slot = N_SLOT,
		.t_reply = 1,
	};
	board_emu_describe(b->emu, &b->config);
	boot(b);
	strcpy(info->name, "faulty");
	snprintf(info->uri, sizeof(info->uri), "%s:", uri->scheme);
	board = b;
	*ret = b;
	return 0;
}

static void board_close(void *ln)
{
	board_emu_free(((struct board *)ln)->emu);
	free(ln);
	board = NULL;
}

static int board_write(void *ln, const void *buf, size_t n, uint64_t deadline)
{
	struct board *b = ln;

	(void)deadline;
	if (b->is_unplugged)
		return -ENODEV;
	set_out(b, &b->to_board, buf, n);
	if (!b->is_holding)
		deliver(b);
	b->is_holding = false;
	return 0;
}

static int board_read(void *ln, void *buf, size_t n, uint64_t deadline)
{
	struct board *b = ln;
	size_t k;

	(void)deadline;
	if (b->is_unplugged)
		return -ENODEV;
	deliver(b);
	if (b->taken == b->to_host.n) {
		/* Silence: time passes, late things come. */
		b->ms += 60;
		fw_poll(&b->fw);
		put_late(&b->to_board);
		put_late(&b->to_host);
	}
	k = b->to_host.n - b->taken;
	if (k > n)
		k = n;
	if (faulty_board.one_in && k > 1 && below(4) == 0)
		k = 1 + below((uint32_t)k);
	memcpy(buf, b->to_host.data + b->taken, k);
	b->taken += k;
	if (b->taken == b->to_host.n)
		b->taken = b->to_host.n = 0;
	return (int)k;
}

static int board_reset(void *ln)
{
	struct board *b = ln;

	if (b->is_unplugged)
		return -ENODEV;
	b->to_board.n = b->to_host.n = b->taken = 0;
	fw_unplug(&b->fw);
	return 0;
}

static int board_reopen(void *ln, uint64_t deadline, struct xbar_message *msg)
{
	struct board *b = ln;

	(void)deadline;
	(void)msg;
	b->is_unplugged = false;
	return 0;
}

#define OPS                                                                                 \
	.open = board_open, .close = board_close, .write = board_write, .read = board_read, \
	.reset = board_reset, .reopen = board_reopen

static const struct xbar_link_ops faulty_stream = { .kind = XBAR_LINK_USB, OPS };
static const struct xbar_link_ops faulty_uart = { .kind = XBAR_LINK_UART, OPS };

const struct xbar_link_ops *__wrap_xbar_link_find(const char *scheme)
{
	if (!strcmp(scheme, "usb"))
		return &faulty_stream;
	return strcmp(scheme, "serial") ? __real_xbar_link_find(scheme) : &faulty_uart;
}
