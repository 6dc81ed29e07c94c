/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote_mvm.c - products and reads on a board behind a link: what brings much back. */
#include <errno.h>
#include "remote.h"

struct mvm_call {
	struct remote *b;
	struct xbar_mvm *req;
};

/* The frame being filled. */
struct batch {
	struct wire_writer w;
	size_t n_reply; /* bytes still free in its reply */
	struct remote_item *item;
	size_t n_item;
};

static struct cmd_mvm piece_of(const struct xbar_mvm *m, uint32_t i_vec, uint32_t n_vec)
{
	size_t n_in = m->input == XBAR_INPUT_BIT ? (m->n_row + 7) / 8 : m->n_row;

	return (struct cmd_mvm){ .chip = (uint8_t)m->chip,
		.input = m->input == XBAR_INPUT_BIT ? CMD_INPUT_BIT : CMD_INPUT_INT8,
		.row = (uint16_t)m->row,
		.n_row = (uint16_t)m->n_row,
		.col = (uint16_t)m->col,
		.n_col = (uint16_t)m->n_col,
		.n_vec = (uint16_t)n_vec,
		.in = (const uint8_t *)m->in + i_vec * n_in };
}

/* How many of the n_left vectors go into this frame and its reply. */
static uint32_t n_that_fit(
	const struct batch *f, const struct xbar_mvm *m, uint32_t n_left, uint32_t adc_bits)
{
	struct cmd_mvm one = piece_of(m, 0, 1);
	size_t n_in = cmd_mvm_n_in(&one), n_out = cmd_mvm_n_reply(&one, adc_bits);
	size_t room_in = f->w.size - f->w.n, room_out = f->n_reply;
	size_t n = n_left < UINT16_MAX ? n_left : UINT16_MAX, k;

	if (f->n_item == CMD_N_MVM_MAX || room_in < CMD_N_MVM_HEAD + n_in || room_out < n_out)
		return 0;
	if (n == 1)
		return 1;
	k = (room_in - CMD_N_MVM_HEAD) / n_in;
	if (k < n)
		n = k;
	k = (room_out - 4) / (n_out - 4);
	return (uint32_t)(k < n ? k : n);
}

static int take_item(struct mvm_call *c, const struct remote_item *i, struct wire_reader *r)
{
	struct xbar_mvm *m = &c->req[i->i_req];
	uint32_t n_sat;

	if (!cmd_take_mvm_reply(r, c->b->adc_bits, &n_sat, m->out + (size_t)i->i_vec * m->n_col,
		    (size_t)i->n_vec * m->n_col))
		return -EPROTO;
	m->n_sat += n_sat;
	return 0;
}

static int take_batch(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct mvm_call *c = user;
	const struct remote_item *item = c->b->item[arg->a];

	if (result->error)
		return session_error(result->error, "mvm", msg);
	if (result->n_done != arg->n)
		return remote_malformed("mvm", msg);
	for (size_t i = 0; i < arg->n; i++) {
		if (take_item(c, &item[i], r) < 0)
			return remote_malformed("mvm", msg);
	}
	return 0;
}

static int begin(struct mvm_call *c, struct batch *f)
{
	struct session *s = &c->b->session;
	int r = session_begin(s, &f->w);

	f->n_reply = s->welcome.n_frame - WIRE_N_OVERHEAD - CMD_N_RESULT;
	f->item = c->b->item[(s->seq + 1) % s->welcome.n_slot];
	f->n_item = 0;
	return r;
}

static int submit(struct mvm_call *c, const struct batch *f)
{
	struct session *s = &c->b->session;

	return session_submit(s,
		&(struct session_request){ .op = CMD_MVM_BATCH,
			.take = take_batch,
			.user = c,
			.arg = { .a = (s->seq + 1) % s->welcome.n_slot, .n = f->n_item } },
		f->w.n);
}

/* All vectors of a request, in as many frames as it takes. */
static int add(struct mvm_call *c, struct batch *f, size_t i_req, struct xbar_message *msg)
{
	struct xbar_mvm *m = &c->req[i_req];
	uint32_t adc_bits = c->b->adc_bits;

	m->n_sat = 0;
	for (uint32_t i_vec = 0, n; i_vec < m->n_vec; i_vec += n) {
		struct cmd_mvm piece;

		n = n_that_fit(f, m, m->n_vec - i_vec, adc_bits);
		if (!n && f->n_item) {
			int r = submit(c, f);

			if (r == 0)
				r = begin(c, f);
			if (r < 0)
				return r;
			n = n_that_fit(f, m, m->n_vec - i_vec, adc_bits);
		}
		if (!n)
			return xbar_fail(msg, -EPROTO,
				"mvm: the board's frames of %u bytes do not hold one vector",
				c->b->session.welcome.n_frame);
		piece = piece_of(m, i_vec, n);
		cmd_put_mvm(&f->w, &piece);
		f->n_reply -= cmd_mvm_n_reply(&piece, adc_bits);
		f->item[f->n_item++] = (struct remote_item){ i_req, i_vec, n };
	}
	return 0;
}

int remote_mvm(void *be, struct xbar_mvm *req, size_t n_req, struct xbar_message *msg)
{
	struct mvm_call c = { .b = be, .req = req };
	struct batch f;
	int r = remote_ready(c.b, msg);

	if (r == 0)
		r = begin(&c, &f);
	for (size_t i = 0; i < n_req && r == 0; i++)
		r = add(&c, &f, i, msg);
	if (r == 0)
		r = submit(&c, &f);
	return r < 0 ? r : session_finish(&c.b->session);
}

/* arg: a is the place in user, n the number of values. */
static int take_values(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	float *g = user;

	if (result->error)
		return session_error(result->error, "read", msg);
	return cmd_take_values(r, g + arg->a, arg->n) ? 0 : remote_malformed("read", msg);
}

static int ask_values(
	struct session *s, uint16_t op, float *g, size_t at, size_t n, const struct wire_writer *w)
{
	return session_submit(s,
		&(struct session_request){
			.op = op, .take = take_values, .user = g, .arg = { .a = at, .n = n } },
		w->n);
}

static int read_block(struct session *s, const struct xbar_patch *p, uint32_t row, uint32_t n_row,
	float *g, size_t n_value)
{
	struct cmd_patch patch = { (uint8_t)p->chip, (uint16_t)row, (uint16_t)n_row,
		(uint16_t)p->col, (uint16_t)p->n_col };
	struct wire_writer w;
	int r = session_begin(s, &w);

	if (r < 0)
		return r;
	cmd_put_patch(&w, &patch);
	return ask_values(s, CMD_READ_BLOCK, g, 0, n_value, &w);
}

/* A row that is longer than a reply: it is read at once, and comes in parts. */
static int read_row(struct session *s, const struct xbar_patch *p, uint32_t row, float *g)
{
	size_t n_all = (size_t)p->n_col * XBAR_N_DEVICE, n_most = cmd_n_value(s->welcome.n_frame);
	int r = read_block(s, p, row, 1, g, n_most);

	for (size_t at = n_most; at < n_all && r == 0; at += n_most) {
		size_t n = n_all - at < n_most ? n_all - at : n_most;
		struct cmd_rest rest = { (uint16_t)at, (uint16_t)n };
		struct wire_writer w;

		r = session_begin(s, &w);
		if (r < 0)
			return r;
		cmd_put_rest(&w, &rest);
		r = ask_values(s, CMD_READ_REST, g, at, n, &w);
	}
	return r;
}

static int read_patch(struct session *s, const struct xbar_patch *p, float *g)
{
	size_t n_value = (size_t)p->n_col * XBAR_N_DEVICE;
	uint32_t n_most = (uint32_t)(cmd_n_value(s->welcome.n_frame) / n_value);
	int r = 0;

	for (uint32_t i = 0, n; i < p->n_row && r == 0; i += n) {
		if (n_most == 0) {
			n = 1;
			r = read_row(s, p, p->row + i, g + i * n_value);
		} else {
			n = p->n_row - i < n_most ? p->n_row - i : n_most;
			r = read_block(s, p, p->row + i, n, g + i * n_value, n * n_value);
		}
	}
	return r;
}

int remote_read(void *be, const struct xbar_patch *w, size_t n_patch, float *ret_g,
	struct xbar_message *msg)
{
	struct remote *b = be;
	int r = remote_ready(b, msg);

	for (size_t i = 0; i < n_patch && r == 0; i++) {
		r = read_patch(&b->session, &w[i], ret_g);
		ret_g += (size_t)w[i].n_row * w[i].n_col * XBAR_N_DEVICE;
	}
	return r < 0 ? r : session_finish(&b->session);
}
