/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote_state.c - the whole state of a board behind a link, in parts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "remote.h"

#define N_STATE_MAX (UINT64_C(1) << 32) /* bytes; an announced size is not trusted beyond */

struct state_call {
	uint8_t *buf;
	uint64_t n;
};

static int take_size(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct state_call *c = user;

	(void)arg;
	if (result->error)
		return session_error(result->error, "save", msg);
	return cmd_take_size(r, &c->n) ? 0 : remote_malformed("save", msg);
}

static int take_part(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct state_call *c = user;
	struct cmd_part part;

	if (result->error)
		return session_error(result->error, "save", msg);
	if (!cmd_take_part(r, true, &part) || part.at != arg->a || part.n != arg->n)
		return remote_malformed("save", msg);
	memcpy(c->buf + arg->a, part.data, part.n);
	return 0;
}

/* Replies to a load are nothing but results; RANGE is a size that no state has. */
static int take_load(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	(void)user;
	(void)arg;
	(void)r;
	if (result->error == CMD_E_RANGE)
		return xbar_fail(msg, -EBADMSG, "load: this is no state of such a board");
	return result->error ? session_error(result->error, "load", msg) : 0;
}

static int ask_size(struct session *s, struct state_call *c, struct xbar_message *msg)
{
	struct wire_writer w;
	int r = session_begin(s, &w);

	if (r == 0)
		r = session_call(s,
			&(struct session_request){ .op = CMD_SAVE, .take = take_size, .user = c },
			&w);
	if (r == 0 && (c->n == 0 || c->n > N_STATE_MAX))
		r = xbar_fail(msg, -EPROTO, "save: the board announces a state of %llu bytes",
			(unsigned long long)c->n);
	return r;
}

static int ask_part(struct session *s, struct state_call *c, uint64_t at, size_t n)
{
	struct cmd_part part = { .at = at, .n = (uint16_t)n };
	struct wire_writer w;
	int r = session_begin(s, &w);

	if (r < 0)
		return r;
	cmd_put_part(&w, &part);
	return session_submit(s,
		&(struct session_request){ .op = CMD_SAVE_PART,
			.take = take_part,
			.user = c,
			.arg = { .a = (size_t)at, .n = n } },
		w.n);
}

int remote_save(void *be, void **ret, size_t *ret_n, struct xbar_message *msg)
{
	struct remote *b = be;
	struct session *s = &b->session;
	struct state_call c = { 0 };
	int r = remote_ready(b, msg);
	size_t n_most;

	if (r == 0)
		r = ask_size(s, &c, msg);
	if (r < 0)
		return r;
	n_most = s->welcome.n_frame - WIRE_N_OVERHEAD - CMD_N_RESULT - CMD_N_PART;
	c.buf = malloc(c.n);
	if (!c.buf)
		return xbar_fail(
			msg, -ENOMEM, "save: no memory for %llu bytes", (unsigned long long)c.n);
	for (uint64_t at = 0; at < c.n && r == 0; at += n_most)
		r = ask_part(s, &c, at, c.n - at < n_most ? (size_t)(c.n - at) : n_most);
	if (r == 0)
		r = session_finish(s);
	if (r < 0) {
		free(c.buf);
		return r;
	}
	*ret = c.buf;
	*ret_n = (size_t)c.n;
	return 0;
}

static int send_part(struct session *s, const uint8_t *buf, uint64_t at, size_t n)
{
	struct cmd_part part = { .at = at, .n = (uint16_t)n, .data = buf };
	struct wire_writer w;
	int r = session_begin(s, &w);

	if (r < 0)
		return r;
	cmd_put_part(&w, &part);
	return session_submit(
		s, &(struct session_request){ .op = CMD_LOAD_PART, .take = take_load }, w.n);
}

int remote_load(void *be, const void *buf, size_t n, struct xbar_message *msg)
{
	struct remote *b = be;
	struct session *s = &b->session;
	struct wire_writer w;
	size_t n_most;
	int r = remote_ready(b, msg);

	if (r == 0)
		r = session_begin(s, &w);
	if (r < 0)
		return r;
	n_most = s->welcome.n_frame - WIRE_N_OVERHEAD - CMD_N_PART;
	cmd_put_size(&w, n);
	r = session_call(s, &(struct session_request){ .op = CMD_LOAD, .take = take_load }, &w);
	for (size_t at = 0; at < n && r == 0; at += n_most)
		r = send_part(s, (const uint8_t *)buf + at, at, n - at < n_most ? n - at : n_most);
	if (r == 0)
		r = session_finish(s);
	if (r == 0)
		r = session_begin(s, &w);
	if (r == 0)
		r = session_call(
			s, &(struct session_request){ .op = CMD_LOAD_DONE, .take = take_load }, &w);
	return r == 0 ? remote_refresh_lsb(b) : r;
}
