/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_open.c - HELLO and RESUME: to begin a session, and to find out whether it still lives. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "session.h"

#define N_ASK_TRY     4
#define T_ASK         50000000ull /* ns, doubled with each attempt */
#define N_FRAME_FIRST 256         /* before HELLO has agreed on more */
#define N_FRAME_MIN   256         /* less is no board */
#define T_REPLY_MAX   60000       /* ms, no board needs more patience */

static uint64_t new_nonce(void)
{
	uint64_t x;

	/* Where there is no randomness yet, the clock tells sessions apart well enough. */
	if (getrandom(&x, sizeof(x), GRND_NONBLOCK) != sizeof(x))
		x = xbar_clock();
	return x;
}

int session_ask(
	struct session *s, uint16_t op, uint64_t nonce, const void *payload, size_t n_payload)
{
	uint8_t frame[N_FRAME_FIRST], packed[WIRE_N_COBS(N_FRAME_FIRST) + 1];
	struct wire_frame f = { .type = WIRE_REQ,
		.op = op,
		.session = op == CMD_RESUME ? s->welcome.session : 0,
		.payload = payload,
		.n_payload = n_payload };
	size_t n = wire_encode(frame, sizeof(frame), &f);
	int r = 0;

	packed[0] = 0; /* on a UART: whatever came before is over */
	n = session_pack(s, packed + 1, sizeof(packed) - 1, frame, n);
	s->ask.op = op;
	s->ask.nonce = nonce;
	s->ask.is_answered = false;
	for (int i = 0; i < N_ASK_TRY && r >= 0 && !s->ask.is_answered; i++) {
		uint64_t deadline = xbar_clock() + (T_ASK << i) + 2 * N_FRAME_FIRST * s->t_byte;

		r = s->ops->kind == XBAR_LINK_UART ? session_send(s, packed, n + 1)
						   : session_send(s, packed + 1, n);
		while (r >= 0 && !s->ask.is_answered) {
			r = session_receive(s, deadline);
			if (r == 0)
				break;
		}
	}
	s->ask.op = 0;
	if (r < 0)
		return r;
	return s->ask.is_answered ? 0 : -ETIMEDOUT;
}

/* All buffers, for the sizes of the present welcome. */
static int carve(struct session *s)
{
	size_t n_frame = s->welcome.n_frame, n_slot = s->welcome.n_slot;
	size_t n_cobs = WIRE_N_COBS(n_frame);
	size_t n_out = n_slot * n_cobs;
	uint8_t *p = malloc(WIRE_N_DECODER(n_frame) + n_out + n_slot * n_frame);

	if (!p)
		return xbar_fail(s->msg, -ENOMEM, "%s: no memory", s->name);
	free(s->memory);
	s->memory = p;
	wire_decoder_init(
		&s->decoder, s->ops->kind == XBAR_LINK_UART ? WIRE_UART : WIRE_STREAM, p, n_frame);
	p += WIRE_N_DECODER(n_frame);
	s->out = p;
	s->size_out = n_out;
	p += n_out;
	for (size_t i = 0; i < n_slot; i++)
		s->slot[i].frame = p + i * n_frame;
	s->n_window = s->welcome.n_window;
	if (s->n_window > n_slot * n_frame)
		s->n_window = n_slot * n_frame;
	return 0;
}

static int check_welcome(struct session *s, struct cmd_welcome *w)
{
	struct wire_reader r = { .buf = s->ask.payload, .size = s->ask.n };
	struct cmd_result result;

	if (!cmd_take_result(&r, &result) || (!result.error && !cmd_take_welcome(&r, w)))
		return xbar_fail(s->msg, -EPROTO,
			"%s: the answer to HELLO is malformed: no board of this kind", s->name);
	if (result.error)
		return session_error(result.error, s->name, s->msg);
	if (w->version != CMD_VERSION || !w->session || w->n_frame < N_FRAME_MIN ||
		w->n_frame > WIRE_N_FRAME_MAX || w->n_slot < 1 || w->n_slot > SESSION_N_SLOT_MAX ||
		w->n_window < w->n_frame)
		return xbar_fail(s->msg, -EPROTO,
			"%s: the board's answer to HELLO makes no sense (version %u, frames of %u "
			"bytes, %u slots, window of %u bytes)",
			s->name, w->version, w->n_frame, w->n_slot, w->n_window);
	if (w->t_reply > T_REPLY_MAX)
		w->t_reply = T_REPLY_MAX;
	return 0;
}

int session_hello(struct session *s)
{
	uint8_t payload[64];
	struct wire_writer w = { .buf = payload, .size = sizeof(payload) };
	struct cmd_hello hello = { .nonce = new_nonce(),
		.version_min = CMD_VERSION,
		.version_max = CMD_VERSION,
		.schema = CMD_SCHEMA,
		.n_frame =
			s->ops->kind == XBAR_LINK_UART ? WIRE_N_FRAME_UART : WIRE_N_FRAME_STREAM };
	struct cmd_welcome welcome;
	int r;

	s->is_open = false;
	cmd_put_hello(&w, &hello);
	r = session_ask(s, CMD_HELLO, hello.nonce, payload, w.n);
	if (r < 0)
		return r;
	r = check_welcome(s, &welcome);
	if (r < 0)
		return r;
	s->has_restarted = s->n_open && welcome.boot_id != s->welcome.boot_id;
	s->welcome = welcome;
	r = carve(s);
	if (r < 0)
		return r;
	s->seq = 0;
	s->seq_first = 1;
	s->n_unacked = s->n_out = 0;
	s->is_open = true;
	s->n_open++;
	return 0;
}

int session_resume(struct session *s)
{
	uint8_t payload[16];
	struct wire_writer w = { .buf = payload, .size = sizeof(payload) };
	struct cmd_resume resume = { .nonce = new_nonce() };
	struct wire_reader r = { .buf = s->ask.payload };
	struct cmd_result result;
	struct cmd_resumed resumed;
	int e;

	cmd_put_resume(&w, &resume);
	e = session_ask(s, CMD_RESUME, resume.nonce, payload, w.n);
	if (e < 0)
		return e;
	r.size = s->ask.n;
	if (!cmd_take_result(&r, &result) || !cmd_take_resumed(&r, &resumed))
		return -EIO;
	s->has_restarted = resumed.boot_id != s->welcome.boot_id;
	/* Told once. */
	s->welcome.boot_id = resumed.boot_id;
	return result.error || s->has_restarted ? -ESTALE : 0;
}
