/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_session.c - a board that lies: the host makes a little of every call on the firmware over an
 * ideal emulated chip, and the input says what becomes of each reply before its checksum is made,
 * two bytes a reply: how, and where. Whatever comes, calls end, and no buffer is overrun; one that
 * fails has a message.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board_emu.h"
#include "link.h"

#define N_FRAME 1024
#define N_SLOT  4

struct liar {
	struct board_emu *emu;
	struct fw fw;
	uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, PCM_N_COL) / 8];
	size_t n_said;
	uint8_t said[64 * N_FRAME];
};

static const uint8_t *input;
static size_t n_input;

const char *const fuzz_seeds[] = {
	"",
	"\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001",
	"\003\003\003\003\003\003\003\003\003\003\003\003\003\003\003\003",
	"          \005\020          \007\007          \011\001",
	"                            \013\001              \015\001       \017\001",
	NULL,
};

const struct xbar_link_ops *__wrap_xbar_link_find(const char *scheme);

static uint8_t next(void)
{
	if (!n_input)
		return 0;
	n_input--;
	return *input++;
}

static size_t nothing(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

/* A frame as the firmware means it, spoilt, and with a checksum that is right for it. */
static size_t lie(uint8_t frame[N_FRAME + 64], const struct wire_frame *f)
{
	struct wire_frame g = *f;
	uint8_t *payload = frame + WIRE_N_HEAD, how = next(), where = next();
	size_t at;

	memcpy(payload, f->payload, f->n_payload);
	memset(payload + f->n_payload, 0xff, N_FRAME + 64 - WIRE_N_HEAD - f->n_payload);
	at = f->n_payload ? where % f->n_payload : 0;
	if (how & 1) {
		switch (how >> 1 & 7) {
		case 0:
			payload[at] ^= (uint8_t)(1 + (how >> 4));
			break;
		case 1:
			payload[at] = 0xff;
			break;
		case 2:
			g.n_payload = at;
			break;
		case 3:
			g.n_payload += where % 32;
			break;
		case 4:
			g.seq += where;
			break;
		case 5:
			g.op = where;
			break;
		case 6:
			g.type = (uint8_t)(1 + where % 4);
			break;
		case 7:
			g.session += where;
			break;
		}
	}
	return wire_seal(frame, &g);
}

static void say(void *user, const uint8_t *buf, size_t n)
{
	struct liar *l = user;
	uint8_t frame[N_FRAME + 64];
	struct wire_frame f;

	if (!wire_parse(buf, n, &f))
		abort();
	n = lie(frame, &f);
	if (n > sizeof(l->said) - l->n_said)
		return;
	memcpy(l->said + l->n_said, frame, n);
	l->n_said += n;
}

static int liar_open(void **ret, const struct xbar_uri *uri, struct xbar_link_info *info,
	struct xbar_message *msg)
{
	struct liar *l = calloc(1, sizeof(*l));
	struct board_emu_config c;
	struct fw_config config = {
		.link = WIRE_STREAM, .n_frame = N_FRAME, .n_slot = N_SLOT, .boot_id = 1
	};

	(void)uri;
	(void)msg;
	if (!l ||
		board_emu_config_parse(&c, (const char *[]){ "chips=1", "preset=ideal" }, 2) < 0 ||
		board_emu_new(&l->emu, &c) < 0)
		abort();
	config.port = (struct fw_port){ .rx = nothing, .tx = say, .user = l };
	board_emu_describe(l->emu, &config);
	if (fw_init(&l->fw, &config, l->memory, sizeof(l->memory)) < 0)
		abort();
	strcpy(info->name, "liar");
	strcpy(info->uri, "usb:");
	*ret = l;
	return 0;
}

static void liar_close(void *ln)
{
	board_emu_free(((struct liar *)ln)->emu);
	free(ln);
}

static int liar_write(void *ln, const void *buf, size_t n, uint64_t deadline)
{
	(void)deadline;
	fw_feed(&((struct liar *)ln)->fw, buf, n);
	return 0;
}

static int liar_read(void *ln, void *buf, size_t n, uint64_t deadline)
{
	struct liar *l = ln;
	size_t k = l->n_said < n ? l->n_said : n;

	(void)deadline;
	memcpy(buf, l->said, k);
	memmove(l->said, l->said + k, l->n_said - k);
	l->n_said -= k;
	return (int)k;
}

static int liar_reset(void *ln)
{
	((struct liar *)ln)->n_said = 0;
	return 0;
}

static int liar_reopen(void *ln, uint64_t deadline, struct xbar_message *msg)
{
	(void)deadline;
	(void)msg;
	return liar_reset(ln);
}

const struct xbar_link_ops *__wrap_xbar_link_find(const char *scheme)
{
	static const struct xbar_link_ops ops = {
		.kind = XBAR_LINK_USB,
		.open = liar_open,
		.close = liar_close,
		.write = liar_write,
		.read = liar_read,
		.reset = liar_reset,
		.reopen = liar_reopen,
	};

	(void)scheme;
	return &ops;
}

static void check(struct xbar *x, int r)
{
	if (r < 0 && !*xbar_message(x))
		abort();
}

static void products_and_reads(struct xbar *x)
{
	static int16_t out[8 * 16];
	static float g[8 * 16 * XBAR_N_DEVICE];
	int8_t in[8 * 16] = { 1, 2, 3 };
	struct xbar_mvm m = {
		.n_row = 16, .n_col = 16, .n_vec = 8, .input = XBAR_INPUT_INT8, .in = in, .out = out
	};
	struct xbar_patch w = { 0, 0, 8, 0, 16 };
	uint64_t t;

	check(x, xbar_mvm(x, &m, 1));
	check(x, xbar_read(x, &w, 1, g));
	check(x, xbar_ping(x, 16, &t));
}

static void writes(struct xbar *x)
{
	struct xbar_pulse p[20] = { 0 };
	struct xbar_patch w = { 0, 0, 1, 0, 4 };
	struct xbar_config c = { .n_col = 16, .adc_range = 1e-6f };
	float g[4 * XBAR_N_DEVICE] = { 0 };
	struct xbar_stats s;

	for (int i = 0; i < 20; i++)
		p[i].n = 1;
	check(x, xbar_pulse(x, p, 20));
	check(x, xbar_configure(x, &c));
	check(x, xbar_wait(x, 1e-6));
	check(x, xbar_program(x, &w, g, NULL, NULL));
	check(x, xbar_stats(x, &s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct xbar *x;
	void *state;
	size_t n_state;

	input = data;
	n_input = n;
	if (xbar_open(&x, "usb:?timeout=0.01", NULL) < 0)
		return 0;
	if (xbar_info(x)->n_row >= 16 && xbar_info(x)->n_col >= 16) {
		products_and_reads(x);
		writes(x);
	}
	/* A whole state is long: only where there is still something to lie about. */
	if (n_input && xbar_save(x, &state, &n_state) == 0) {
		check(x, xbar_load(x, state, n_state));
		free(state);
	}
	xbar_close(x);
	return 0;
}
