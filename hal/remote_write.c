/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remote_write.c - pulses and programming on a board behind a link: what cannot be taken back. What
 * has no answer when the board or the link is lost is counted and never sent again.
 *
 * A board may want to be armed (PROTOCOL.md, 4.7): it says so by refusing, and a session begins
 * disarmed. From then on pulses go one frame at a time, so that none overtakes a refused one.
 */
#include <errno.h>
#include "remote.h"

#define N_ARM_MAX 3 /* attempts without progress */

struct write_call {
	struct remote *b;
	const char *what;
	size_t n_all;   /* pulses (or devices), of the whole call */
	size_t n_given; /* of them, those that were answered for */
	size_t n_item;  /* entries (or cells) given */
	bool is_disarmed;
};

static int take_pulsed(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct write_call *c = user;

	(void)r;
	if (!result->error) {
		c->n_given += arg->n_pulse;
		c->n_item += arg->n;
		return 0;
	}
	if (result->error == CMD_E_DISARMED) {
		c->is_disarmed = true;
		return 0;
	}
	if (c->b->session.error)
		return 0;
	return session_error(result->error, c->what, msg);
}

static int arm(struct write_call *c)
{
	struct session *s = &c->b->session;
	struct wire_writer w;
	int r = session_begin(s, &w);

	c->b->must_arm = true;
	c->is_disarmed = false;
	return r < 0 ? r : session_call(s, &(struct session_request){ .op = CMD_ARM }, &w);
}

static int submit(struct write_call *c, uint16_t op, size_t n_payload, size_t n_item, size_t n)
{
	struct session *s = &c->b->session;
	int r = session_submit(s,
		&(struct session_request){ .op = op,
			.take = take_pulsed,
			.user = c,
			.arg = { .n = n_item, .n_pulse = n } },
		n_payload);

	return r == 0 && c->b->must_arm ? session_finish(s) : r;
}

/* What is known of a call that was cut off. */
static int told(const struct write_call *c, int r, struct xbar_message *msg)
{
	size_t n_lost = c->b->session.n_indeterminate;
	struct xbar_message cause = *msg;

	if (r != -EREMOTEIO)
		return r;
	return xbar_fail(msg, r,
		"%s: of %zu pulses %zu were given, %zu may or may not have been, %zu were not; verify "
		"by reading (%.400s)",
		c->what, c->n_all, c->n_given, n_lost, c->n_all - c->n_given - n_lost, cause.text);
}

/* One frame of the list's first pulses. */
static int send_pulses(struct write_call *c, const struct xbar_pulse *p, size_t n, size_t *ret_n)
{
	struct cmd_pulse_writer w = { 0 };
	size_t n_pulse = 0, i = 0;
	int r = session_begin(&c->b->session, &w.w);

	if (r < 0)
		return r;
	for (; i < n; i++) {
		struct cmd_pulse q = { p[i].chip, p[i].device, p[i].kind, p[i].n, p[i].row,
			p[i].col };

		if (!cmd_pulse_put(&w, &q))
			break;
		n_pulse += p[i].n;
	}
	*ret_n = i;
	return submit(c, CMD_PULSE_LIST, w.w.n, i, n_pulse);
}

int remote_pulse(void *be, const struct xbar_pulse *p, size_t n, struct xbar_message *msg)
{
	struct write_call c = { .b = be, .what = "pulse" };
	int r = remote_ready(c.b, msg), n_arm = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		c.n_all += p[i].n;
	for (size_t at = 0, k; r == 0 && at < n; at += k) {
		size_t n_before = c.n_item;

		r = send_pulses(&c, p + at, n - at, &k);
		if (r == 0 && (at + k == n || c.is_disarmed))
			r = session_finish(&c.b->session);
		if (r < 0 || !c.is_disarmed)
			continue;
		n_arm = c.n_item > n_before ? 0 : n_arm + 1;
		if (n_arm > N_ARM_MAX)
			return xbar_fail(msg, -EPERM, "pulse: %s", cmd_error_name(CMD_E_DISARMED));
		r = arm(&c);
		at = c.n_item;
		k = 0;
	}
	return told(&c, r, msg);
}

/* Cells of a row from col on, as many as a frame takes. */
static int send_cells(struct write_call *c, const struct cmd_patch *w, const float *g, size_t n)
{
	struct wire_writer out;
	int r = session_begin(&c->b->session, &out);

	if (r < 0)
		return r;
	cmd_put_patch(&out, w);
	cmd_put_values(&out, g, n);
	return submit(c, CMD_PROGRAM, out.n, w->n_col, n);
}

/* Row by row, as far as rows fit in a frame. */
static int send_patch(struct write_call *c, const struct xbar_patch *w, const float *g)
{
	size_t n_room = c->b->session.welcome.n_frame - WIRE_N_OVERHEAD - CMD_N_PATCH;
	uint32_t n_most = (uint32_t)(n_room / (4 * XBAR_N_DEVICE));
	size_t i_cell = c->n_item, n_cell = (size_t)w->n_row * w->n_col;
	int r = 0;

	while (r == 0 && i_cell < n_cell && !c->is_disarmed) {
		uint32_t row = (uint32_t)(i_cell / w->n_col), col = (uint32_t)(i_cell % w->n_col);
		uint32_t n = w->n_col - col < n_most ? w->n_col - col : n_most;
		struct cmd_patch q = { (uint8_t)w->chip, (uint16_t)(w->row + row), 1,
			(uint16_t)(w->col + col), (uint16_t)n };

		r = send_cells(c, &q, g + i_cell * XBAR_N_DEVICE, (size_t)n * XBAR_N_DEVICE);
		i_cell += n;
	}
	return r < 0 ? r : session_finish(&c->b->session);
}

int remote_program(void *be, const struct xbar_patch *w, const float *g, struct xbar_message *msg)
{
	struct write_call c = {
		.b = be, .what = "program", .n_all = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE
	};
	int r = remote_ready(c.b, msg);

	for (int n_arm = 0; r == 0 && n_arm <= N_ARM_MAX; n_arm++) {
		size_t n_before = c.n_item;

		r = send_patch(&c, w, g);
		if (r < 0 || !c.is_disarmed)
			return told(&c, r, msg);
		if (c.n_item > n_before)
			n_arm = 0;
		r = arm(&c);
	}
	if (r == 0)
		r = xbar_fail(msg, -EPERM, "program: %s", cmd_error_name(CMD_E_DISARMED));
	return told(&c, r, msg);
}
