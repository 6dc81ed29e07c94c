/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - requests in order, their replies, and what is done about silence: the unanswered are
 * sent again as they were (N_TRY times), then the link is reset and the board asked whether it
 * still knows us (RESUME), and so on until the call's patience is over.
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define N_TRY    3
#define T_MARGIN 10000000ull /* ns, for schedulers */
#define N_SLOW   50          /* an operation that is not ordinary may take so many t_reply */

static bool is_any_left(const struct session *s)
{
	return s->seq_first <= s->seq;
}

static struct session_slot *slot_of(struct session *s, uint32_t seq)
{
	return &s->slot[seq % s->welcome.n_slot];
}

static bool is_slow(uint16_t op)
{
	return op == CMD_WAIT || op == CMD_PROGRAM || op == CMD_SAVE || op == CMD_LOAD_DONE;
}

/* When the oldest unanswered request should have been answered. */
static uint64_t try_deadline(const struct session *s)
{
	uint64_t n = s->seq + 1 - s->seq_first;
	uint64_t t = n * s->welcome.t_reply * 1000000ull;

	if (is_slow(s->slot[s->seq_first % s->welcome.n_slot].request.op))
		t *= N_SLOW;
	t += (s->n_unacked + n * s->welcome.n_frame) * s->t_byte + T_MARGIN;
	return xbar_clock() + (t << (s->n_try % (N_TRY + 1)));
}

static int flush(struct session *s)
{
	size_t n = s->n_out;

	if (!n)
		return 0;
	s->n_out = 0;
	return session_send(s, s->out, n);
}

/* All unanswered requests once more, in order; one burst. */
static int send_again(struct session *s, uint32_t seq)
{
	s->n_out = 0;
	for (; seq <= s->seq; seq++) {
		const struct session_slot *slot = slot_of(s, seq);

		if (slot->is_answered)
			continue;
		s->n_out += session_pack(
			s, s->out + s->n_out, s->size_out - s->n_out, slot->frame, slot->n);
		s->counts.n_retry++;
	}
	return flush(s);
}

/* What was under way is no more; the pulses among it are what nobody knows about. */
static int drop_all(struct session *s, int r)
{
	s->n_indeterminate = 0;
	for (uint32_t seq = s->seq_first; seq <= s->seq; seq++) {
		if (!slot_of(s, seq)->is_answered)
			s->n_indeterminate += slot_of(s, seq)->request.arg.n_pulse;
	}
	s->is_open = false;
	s->seq_first = s->seq + 1;
	s->n_unacked = s->n_out = 0;
	return s->n_indeterminate ? -EREMOTEIO : r;
}

static int gone(struct session *s)
{
	bool has_restarted = s->has_restarted;

	s->has_restarted = false;
	return drop_all(s,
		xbar_fail(s->msg, -ECONNRESET,
			has_restarted
				? "%s: the board restarted in the middle of this call"
				: "%s: another program took the board over; this call was cut off",
			s->name));
}

static int give_up(struct session *s, int r)
{
	s->is_down = true;
	if (r == -ENODEV)
		xbar_fail(s->msg, r,
			"%s: the board was unplugged and did not come back within %g s", s->name,
			(double)s->timeout * 1e-9);
	else
		xbar_fail(s->msg, r, "%s: the board does not answer (waited %g s)", s->name,
			(double)s->timeout * 1e-9);
	return drop_all(s, r);
}

/* The link as new: reset, or found again. */
static int renew_link(struct session *s, int cause, uint64_t deadline)
{
	struct xbar_message ignored;
	int r = cause == -ENODEV ? cause : session_reset_link(s);

	if (r != -ENODEV)
		return r;
	wire_decoder_reset(&s->decoder);
	return s->ops->reopen(s->ln, deadline, &ignored);
}

/*
 * No progress: r is 0 for silence, or what the link said. 0: go on waiting. A link that never waits
 * (loop:) is given up after as many attempts as there are in a second.
 */
static int trouble(struct session *s, int r, uint64_t *give_up_at)
{
	if (!*give_up_at)
		*give_up_at = xbar_clock() + s->timeout;
	while (xbar_clock_left(*give_up_at)) {
		if (r == 0 && !s->has_restarted && ++s->n_try % (N_TRY + 1)) {
			r = send_again(s, s->seq_first);
			if (r == 0)
				return 0;
		}
		if (r < 0 || !s->has_restarted)
			r = renew_link(s, r, *give_up_at);
		if (r == 0)
			r = session_resume(s);
		if (r == -ESTALE)
			return gone(s);
		if (r == 0)
			r = send_again(s, s->seq_first);
		if (r == 0)
			return 0;
	}
	return give_up(s, r == -ENODEV ? -ENODEV : -ETIMEDOUT);
}

/* Until one more request is answered. */
static int wait_one(struct session *s)
{
	unsigned n = s->n_answered;
	uint64_t give_up_at = 0;
	int r;

	s->n_try = 0;
	s->counts.n_round_trip += s->n_out > 0;
	r = flush(s);
	while (s->n_answered == n) {
		if (r >= 0)
			r = session_receive(s, try_deadline(s));
		if (s->n_answered != n)
			break;
		if (r <= 0 || s->has_restarted) {
			r = trouble(s, r < 0 ? r : 0, &give_up_at);
			if (r < 0)
				return r;
		} else if (s->seq_nak >= s->seq_first && s->seq_nak <= s->seq) {
			uint32_t seq = s->seq_nak;

			s->seq_nak = 0;
			r = send_again(s, seq);
		}
		if (r >= 0)
			r = 1;
	}
	return 0;
}

int session_open(struct session *s, struct xbar_message *msg)
{
	int r;

	s->msg = msg;
	s->memory = malloc(WIRE_N_DECODER(WIRE_N_FRAME_MAX));
	if (!s->memory)
		return xbar_fail(msg, -ENOMEM, "%s: no memory", s->name);
	wire_decoder_init(&s->decoder, s->ops->kind == XBAR_LINK_UART ? WIRE_UART : WIRE_STREAM,
		s->memory, WIRE_N_FRAME_MAX);
	msg->text[0] = '\0';
	r = session_hello(s);
	if (r < 0 && !msg->text[0])
		xbar_fail(msg, r, "%s: no board answers there: %s", s->name, strerror(-r));
	return r == -ETIMEDOUT || r == -EIO ? -ENODEV : r;
}

void session_done(struct session *s)
{
	free(s->memory);
	s->memory = NULL;
}

static int begin_again(struct session *s)
{
	uint64_t deadline = xbar_clock() + s->timeout;
	int r = -ENODEV;

	do {
		s->msg->text[0] = '\0';
		r = s->is_down ? renew_link(s, r, deadline) : 0;
		if (r == 0)
			r = session_hello(s);
		s->is_down = r < 0;
		if (r == 0 || s->msg->text[0])
			return r;
	} while (xbar_clock_left(deadline));
	return give_up(s, r == -ENODEV ? r : -ETIMEDOUT);
}

int session_ready(struct session *s, struct xbar_message *msg)
{
	int r;

	s->msg = msg;
	s->error = 0;
	s->n_indeterminate = 0;
	if (s->is_open && !s->has_restarted && s->seq < UINT32_MAX - SESSION_N_SLOT_MAX)
		return 0;
	r = begin_again(s);
	if (r < 0 || !s->has_restarted)
		return r;
	s->has_restarted = false;
	return xbar_fail(msg, -ECONNRESET,
		"%s: the board restarted since the last call; it is connected again, and nothing of "
		"this call was done",
		s->name);
}

int session_begin(struct session *s, struct wire_writer *ret)
{
	int r = 0;

	while (r == 0 && s->seq + 1 - s->seq_first >= s->welcome.n_slot)
		r = wait_one(s);
	if (r < 0)
		return r;
	*ret = (struct wire_writer){ .buf = slot_of(s, s->seq + 1)->frame + WIRE_N_HEAD,
		.size = s->welcome.n_frame - WIRE_N_OVERHEAD };
	return 0;
}

int session_submit(struct session *s, const struct session_request *q, size_t n_payload)
{
	struct session_slot *slot = slot_of(s, s->seq + 1);
	struct wire_frame f = { .type = WIRE_REQ,
		.op = q->op,
		.session = s->welcome.session,
		.seq = s->seq + 1,
		.n_payload = n_payload };
	int r = 0;

	slot->n = wire_seal(slot->frame, &f);
	while (r == 0 && is_any_left(s) && s->n_unacked + slot->n > s->n_window)
		r = wait_one(s);
	if (r < 0)
		return r;
	slot->request = *q;
	slot->is_answered = false;
	s->seq++;
	s->n_unacked += slot->n;
	s->n_out +=
		session_pack(s, s->out + s->n_out, s->size_out - s->n_out, slot->frame, slot->n);
	return 0;
}

int session_finish(struct session *s)
{
	int r = 0;

	while (r == 0 && is_any_left(s))
		r = wait_one(s);
	return r < 0 ? r : s->error;
}

int session_call(struct session *s, const struct session_request *q, const struct wire_writer *w)
{
	int r = session_submit(s, q, w->n);

	return r < 0 ? r : session_finish(s);
}

int session_error(uint16_t error, const char *what, struct xbar_message *msg)
{
	static const struct {
		uint16_t error;
		int code;
	} codes[] = {
		{ CMD_E_SCHEMA, -EPROTO },
		{ CMD_E_OP, -ENOTSUP },
		{ CMD_E_RANGE, -ERANGE },
		{ CMD_E_DISARMED, -EPERM },
		{ CMD_E_CLOCK, -EOVERFLOW },
		{ CMD_E_DAMAGED, -EBADMSG },
		{ CMD_E_FOREIGN, -EINVAL },
		{ CMD_E_CHIP, -EIO },
		{ CMD_E_MEMORY, -ENOMEM },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].error == error)
			return xbar_fail(msg, codes[i].code, "%s: %s", what, cmd_error_name(error));
	}
	return xbar_fail(msg, -EPROTO, "%s: %s (error %04x of the board)", what,
		cmd_error_name(error), error);
}
