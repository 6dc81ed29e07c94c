/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_link.c - frames out and in: what arrives is given to the request that waits for it. */
#include <errno.h>
#include <string.h>
#include "session.h"

#define T_WRITE 2000000000ull /* ns, a board that takes nothing for so long is in trouble */

static enum wire_link link_of(const struct session *s)
{
	return s->ops->kind == XBAR_LINK_UART ? WIRE_UART : WIRE_STREAM;
}

size_t session_pack(struct session *s, uint8_t *out, size_t n_out, const uint8_t *frame, size_t n)
{
	return wire_pack(link_of(s), out, n_out, frame, n);
}

int session_send(struct session *s, const uint8_t *buf, size_t n)
{
	int r = s->ops->write(s->ln, buf, n, xbar_clock() + T_WRITE);

	if (r == 0)
		s->counts.n_byte_out += n;
	return r;
}

static void take_ordered(struct session *s, const struct wire_frame *f)
{
	struct wire_reader r = { .buf = f->payload, .size = f->n_payload };
	struct session_slot *slot = &s->slot[f->seq % s->welcome.n_slot];
	struct cmd_result result;
	int error = -EPROTO;

	if (f->seq - s->seq_first > s->seq - s->seq_first || s->seq_first > s->seq)
		return;
	if (slot->is_answered || slot->request.op != f->op)
		return;
	if (!cmd_take_result(&r, &result))
		xbar_fail(s->msg, error, "%s: the board's reply is malformed", s->name);
	else if (slot->request.take && (!s->error || slot->request.arg.n_pulse))
		error = slot->request.take(
			slot->request.user, &slot->request.arg, &result, &r, s->msg);
	else
		error = result.error ? session_error(result.error, s->name, s->msg) : 0;
	if (error < 0 && !s->error)
		s->error = error;
	slot->is_answered = true;
	s->n_answered++;
	s->n_try = 0;
	s->seq_nak = 0;
	while (s->seq_first <= s->seq && s->slot[s->seq_first % s->welcome.n_slot].is_answered)
		s->n_unacked -= s->slot[s->seq_first++ % s->welcome.n_slot].n;
}

/* HELLO and RESUME are answered with the nonce; a late answer has another one. */
static bool has_nonce(const struct session *s, const struct wire_frame *f)
{
	struct wire_reader r = { .buf = f->payload, .size = f->n_payload };
	struct cmd_result result;

	if (f->op != CMD_HELLO && f->op != CMD_RESUME)
		return true;
	return cmd_take_result(&r, &result) && wire_take_u64(&r) == s->ask.nonce && !r.is_bad;
}

static void take_unordered(struct session *s, const struct wire_frame *f)
{
	if (f->op != s->ask.op || s->ask.is_answered || f->n_payload > sizeof(s->ask.payload) ||
		!has_nonce(s, f))
		return;
	memcpy(s->ask.payload, f->payload, f->n_payload);
	s->ask.n = f->n_payload;
	s->ask.is_answered = true;
}

static void take_frame(struct session *s, const struct wire_frame *f)
{
	struct wire_reader r = { .buf = f->payload, .size = f->n_payload };
	uint64_t boot_id;

	if (f->type == WIRE_RSP && !f->seq)
		take_unordered(s, f);
	else if (f->type == WIRE_RSP && s->is_open && f->session == s->welcome.session)
		take_ordered(s, f);
	else if (f->type == WIRE_NAK && s->is_open && f->session == s->welcome.session)
		s->seq_nak = wire_take_u32(&r);
	else if (f->type == WIRE_EVT && f->op == CMD_EVT_BOOT && cmd_take_boot(&r, &boot_id))
		s->has_restarted |= s->is_open && boot_id != s->welcome.boot_id;
}

static void decode(struct session *s, const uint8_t *p, size_t n)
{
	struct wire_frame f;

	while (wire_decode(&s->decoder, &p, &n, &f))
		take_frame(s, &f);
}

int session_receive(struct session *s, uint64_t deadline)
{
	int n = s->ops->read(s->ln, s->in, sizeof(s->in), deadline);

	if (n > 0) {
		s->counts.n_byte_in += (unsigned)n;
		decode(s, s->in, (size_t)n);
	} else if (n == 0 && s->decoder.n > s->decoder.n_done) {
		/* Silence in the middle of a frame: its head was no head. */
		wire_decoder_stall(&s->decoder);
		decode(s, s->in, 0);
	}
	return n;
}

/* Zeros end whatever the board holds of a frame on a UART. */
int session_reset_link(struct session *s)
{
	static const uint8_t zeros[4];
	int r = s->ops->reset(s->ln);

	wire_decoder_reset(&s->decoder);
	if (r == 0 && s->ops->kind == XBAR_LINK_UART)
		r = session_send(s, zeros, sizeof(zeros));
	return r;
}
