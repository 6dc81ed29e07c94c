/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - the host's end of the protocol (firmware-proto/PROTOCOL.md, sections 3 and 4): requests
 * go out in a row within the board's slots and byte window, replies are matched to them, what gets
 * lost is sent again, bit for bit, and what cannot be known is said.
 *
 * A call of xbar.h is
 *
 *	r = session_ready(s, msg);
 *	for each request:
 *		struct wire_writer w;
 *		r = session_begin(s, &w);               may wait for earlier replies
 *		cmd_put_...(&w, ...);
 *		r = session_submit(s, &(struct session_request){ .op = ..., .take = ... }, w.n);
 *	r = session_finish(s);                          all replies are there
 *
 * After a negative result of begin, submit or finish the call is over, and so is what was under way.
 * Nothing is sent before it must be: the requests of a call share one round trip where they fit.
 * No allocation but in session_open(), and when a board comes back that wants other sizes.
 */
#ifndef SESSION_H
#define SESSION_H

#include "cmd.h"
#include "link.h"

#define SESSION_N_SLOT_MAX 64

struct session;

/* What a request was about, for the one who takes its reply. */
struct session_arg {
	size_t a, b, n;
	size_t n_pulse; /* indeterminate, if there is no reply */
};

/*
 * A reply: its result, and what follows. Returns 0 or a negative errno with a message; a
 * result.error that is not understood is for session_error().
 */
typedef int session_take(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg);

struct session_request {
	uint16_t op;
	session_take *take; /* NULL: nothing but the result is of interest */
	void *user;
	struct session_arg arg;
};

struct session_slot {
	struct session_request request;
	uint8_t *frame;
	size_t n;
	bool is_answered;
};

struct session_counts {
	uint64_t n_byte_out, n_byte_in, n_round_trip, n_retry;
};

struct session {
	const struct xbar_link_ops *ops;
	void *ln;
	char name[128];   /* of the link */
	uint64_t t_byte;  /* ns on the line */
	uint64_t timeout; /* ns, a silent or absent board is given up */
	struct session_counts counts;

	/* Look, do not touch. */
	struct xbar_message *msg; /* of the present call */
	struct cmd_welcome welcome;
	bool is_open, is_down, has_restarted;
	unsigned n_open;    /* sessions so far */
	uint32_t seq;       /* of the newest request */
	uint32_t seq_first; /* of the oldest unanswered, or seq + 1 */
	size_t n_unacked;   /* bytes from there on */
	size_t n_window;    /* bytes, at most so many */
	unsigned n_answered, n_try;
	uint32_t seq_nak; /* 0: no NAK since the last answer */
	int error;        /* the first of this call */
	size_t n_indeterminate;
	struct session_slot slot[SESSION_N_SLOT_MAX]; /* of seq at seq % n_slot */
	uint8_t *memory;                              /* owns the buffers below */
	uint8_t *out;                                 /* packed frames not sent yet */
	size_t n_out, size_out;
	struct wire_decoder decoder;
	struct {             /* the unordered request under way */
		uint16_t op; /* 0: none */
		uint64_t nonce;
		bool is_answered;
		size_t n;
		uint8_t payload[256];
	} ask;
	uint8_t in[16384];
};

/* s zeroed, its first fields filled; 0, or a negative errno with a message. */
int session_open(struct session *s, struct xbar_message *msg);
void session_done(struct session *s);

/*
 * Begin a call. -ECONNRESET: the board has restarted since the last call; it is connected again.
 * -ENODEV, -ETIMEDOUT.
 */
int session_ready(struct session *s, struct xbar_message *msg);

int session_begin(struct session *s, struct wire_writer *ret);
int session_submit(struct session *s, const struct session_request *q, size_t n_payload);
/*
 * The first error that a reply had; -EREMOTEIO: s->n_indeterminate pulses of this call may or may
 * not have been given; -ECONNRESET: the board restarted or has another master; -ETIMEDOUT, -ENODEV.
 */
int session_finish(struct session *s);

/* One request with its reply. */
int session_call(struct session *s, const struct session_request *q, const struct wire_writer *w);

/* An unordered request; the reply's payload is s->ask.payload [s->ask.n] after its result. */
int session_ask(
	struct session *s, uint16_t op, uint64_t nonce, const void *payload, size_t n_payload);

/* The negative errno that stands for a board's error, with a message. */
int session_error(uint16_t error, const char *what, struct xbar_message *msg);

/* session_link.c: frames out and in, for session.c and session_open.c only. */
size_t session_pack(struct session *s, uint8_t *out, size_t n_out, const uint8_t *frame, size_t n);
int session_send(struct session *s, const uint8_t *buf, size_t n);
/* Bytes taken, 0 at the deadline. */
int session_receive(struct session *s, uint64_t deadline);
int session_hello(struct session *s);
/* -ESTALE: the session is no more; s->has_restarted if the board has restarted. */
int session_resume(struct session *s);
int session_reset_link(struct session *s);

#endif
