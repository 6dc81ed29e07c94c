/* SPDX-License-Identifier: Apache-2.0 */
/* chip_remote.c - the exchange of one request, and how a session with the chips begins. */
#include "chip_remote.h"

#include <string.h>
#include "chip_remote_ops.h"

#define N_ATTEMPT  3
#define N_PATIENCE (4 * CHIP_REMOTE_N_FRAME) /* bytes looked through for an answer */
#define T_OPEN     500  /* ms, for answers before the chips' own t_reply is known */
#define T_SPARE    2000 /* ms, on top of t_reply */

static void begin(struct chip_remote *c)
{
	c->w = (struct wire_writer){ .buf = c->frame + WIRE_N_HEAD,
		.size = sizeof(c->frame) - WIRE_N_OVERHEAD };
}

struct wire_writer *chip_remote_begin(struct chip_remote *c)
{
	begin(c);
	return &c->w;
}

static bool await(struct chip_remote *c, const struct wire_frame *sent, struct wire_frame *ret)
{
	for (size_t n = 0; n < N_PATIENCE; n += c->n_in) {
		while (wire_decode(&c->decoder, &c->in, &c->n_in, ret)) {
			if (ret->type == WIRE_RSP && ret->op == sent->op &&
				ret->session == sent->session && ret->seq == sent->seq)
				return true;
		}
		c->n_in = c->channel->rx(c->channel->user, c->rx, sizeof(c->rx), c->t_reply);
		c->in = c->rx;
		if (c->n_in == 0)
			break;
	}
	wire_decoder_reset(&c->decoder);
	return false;
}

/* What follows the reply's result is in *ret. */
static uint16_t exchange(struct chip_remote *c, const struct wire_frame *req,
	struct wire_reader *ret, uint16_t *ret_done)
{
	size_t n = c->w.is_bad ? 0 : wire_seal(c->frame, req);
	struct cmd_result result;
	struct wire_frame reply;

	*ret_done = 0;
	if (n == 0)
		return CMD_E_INTERNAL;
	for (int i = 0; i < N_ATTEMPT; i++) {
		c->channel->tx(c->channel->user, c->frame, n);
		if (!await(c, req, &reply))
			continue;
		*ret = (struct wire_reader){ .buf = reply.payload, .size = reply.n_payload };
		if (!cmd_take_result(ret, &result))
			return CMD_E_CHIP;
		*ret_done = result.n_done;
		return result.error;
	}
	return CMD_E_CHIP;
}

uint16_t chip_remote_ask(
	struct chip_remote *c, uint16_t op, struct wire_reader *ret, uint16_t *ret_done)
{
	struct wire_frame req = { .type = WIRE_REQ,
		.op = op,
		.session = c->session,
		.seq = ++c->seq,
		.n_payload = c->w.n };

	return exchange(c, &req, ret, ret_done);
}

static uint16_t ask_unordered(struct chip_remote *c, uint16_t op, struct wire_reader *ret)
{
	struct wire_frame req = { .type = WIRE_REQ, .op = op, .n_payload = c->w.n };
	uint16_t n_done;

	return exchange(c, &req, ret, &n_done);
}

/*
 * A nonce must be new, and there is no source of chance here: the chips' boot and present session,
 * which RESUME tells, have not been together at any HELLO before.
 */
static uint16_t draw_nonce(struct chip_remote *c, uint64_t *ret)
{
	struct cmd_resumed resumed = { 0 };
	struct wire_reader r = { 0 };
	uint16_t error;

	begin(c);
	cmd_put_resume(&c->w, &(struct cmd_resume){ 0 });
	error = ask_unordered(c, CMD_RESUME, &r);
	if (error != CMD_OK && error != CMD_E_SESSION)
		return error;
	if (!cmd_take_resumed(&r, &resumed))
		return CMD_E_CHIP;
	*ret = resumed.boot_id ^ (uint64_t)resumed.session << 32 ^ resumed.session;
	return CMD_OK;
}

static uint16_t greet(struct chip_remote *c, uint64_t nonce, struct cmd_welcome *ret)
{
	struct wire_reader r = { 0 };
	uint16_t error;

	begin(c);
	cmd_put_hello(&c->w,
		&(struct cmd_hello){ .nonce = nonce,
			.version_min = CMD_VERSION,
			.version_max = CMD_VERSION,
			.schema = CMD_SCHEMA,
			.n_frame = CHIP_REMOTE_N_FRAME });
	error = ask_unordered(c, CMD_HELLO, &r);
	if (error)
		return error;
	if (!cmd_take_welcome(&r, ret) || ret->nonce != nonce)
		return CMD_E_CHIP;
	if (ret->schema != CMD_SCHEMA)
		return CMD_E_SCHEMA;
	/* Payloads of the host's frames are passed on whole; arming is this side's business. */
	if (ret->n_frame < WIRE_N_FRAME_UART || ret->t_lease > 0)
		return CMD_E_RANGE;
	return CMD_OK;
}

static uint16_t ask_info(struct chip_remote *c)
{
	struct wire_reader r = { 0 };
	uint16_t error;

	begin(c);
	error = ask_unordered(c, CMD_INFO, &r);
	if (error)
		return error;
	return cmd_take_info(&r, &c->info) ? CMD_OK : CMD_E_CHIP;
}

uint16_t chip_remote_open(struct chip_remote *c, const struct chip_channel *channel)
{
	struct cmd_welcome welcome = { 0 };
	uint64_t nonce = 0;
	uint16_t error;

	memset(c, 0, sizeof(*c));
	c->channel = channel;
	c->t_reply = T_OPEN;
	wire_decoder_init(&c->decoder, WIRE_STREAM, c->decoded, CHIP_REMOTE_N_FRAME);
	error = draw_nonce(c, &nonce);
	if (!error)
		error = greet(c, nonce, &welcome);
	if (!error)
		error = ask_info(c);
	if (error)
		return error;
	c->session = welcome.session;
	c->boot_id = welcome.boot_id + welcome.session;
	c->t_reply = welcome.t_reply + T_SPARE;
	c->info.caps = welcome.features;
	return chip_remote_ops_init(c);
}
