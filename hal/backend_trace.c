/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend_trace.c - record: is another board whose calls and answers are written to a file; replay:
 * is that file as a board: it answers what was answered, and fails at the first call that differs.
 * Every hook is both: it describes the call, then asks the board and keeps the answer, or takes it
 * from the file.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "backend.h"
#include "trace.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays go to the file as they are");

struct tracer {
	struct trace t;
	const struct xbar_backend *inner; /* NULL: replay */
	void *be;
	struct xbar_uri uri; /* of the inner board */
	uint32_t n_chip, n_col;
	float *lsb; /* [n_chip][n_col] A */
};

static void put_info(struct trace *t, const struct xbar_info *i)
{
	const uint64_t numbers[] = { i->n_chip, i->n_row, i->n_col, i->n_device, i->dac_bits,
		i->adc_bits, i->caps, i->t_mvm };

	trace_put(t, i->board, sizeof(i->board));
	trace_put(t, i->model, sizeof(i->model));
	trace_put(t, i->serial, sizeof(i->serial));
	trace_put(t, i->version, sizeof(i->version));
	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
		trace_put_u64(t, numbers[k]);
	trace_put(t, &i->v_read, sizeof(i->v_read));
	trace_put(t, &i->g_max, sizeof(i->g_max));
}

static int take_text(struct trace *t, char *ret, size_t n, struct xbar_message *msg)
{
	int r = trace_take(t, ret, n, msg);

	ret[n - 1] = '\0';
	return r;
}

static int take_numbers(struct trace *t, struct xbar_info *i, struct xbar_message *msg)
{
	uint32_t *const small[] = { &i->n_chip, &i->n_row, &i->n_col, &i->n_device, &i->dac_bits,
		&i->adc_bits, &i->caps };
	uint64_t x = 0;
	int r = 0;

	for (size_t k = 0; k < sizeof(small) / sizeof(small[0]) && r == 0; k++) {
		r = trace_take_u64(t, &x, msg);
		*small[k] = x <= UINT16_MAX ? (uint32_t)x : 0;
	}
	if (r == 0)
		r = trace_take_u64(t, &i->t_mvm, msg);
	if (r == 0)
		r = trace_take(t, &i->v_read, sizeof(i->v_read), msg);
	return r == 0 ? trace_take(t, &i->g_max, sizeof(i->g_max), msg) : r;
}

static int take_info(struct trace *t, struct xbar_info *i, struct xbar_message *msg)
{
	int r = take_text(t, i->board, sizeof(i->board), msg);

	if (r == 0)
		r = take_text(t, i->model, sizeof(i->model), msg);
	if (r == 0)
		r = take_text(t, i->serial, sizeof(i->serial), msg);
	if (r == 0)
		r = take_text(t, i->version, sizeof(i->version), msg);
	if (r == 0)
		r = take_numbers(t, i, msg);
	if (r < 0)
		return r;
	if (!i->n_chip || i->n_chip > 255 || !i->n_row || !i->n_col ||
		i->n_device != XBAR_N_DEVICE || i->adc_bits < 2 || i->adc_bits > 16 ||
		!(i->v_read > 0.0f) || !(i->g_max > 0.0f))
		return xbar_fail(msg, -EBADMSG, "recording \"%s\": no such board can be", t->path);
	return 0;
}

static size_t n_lsb(const struct tracer *x)
{
	return (size_t)x->n_chip * x->n_col;
}

static void ask_lsb(struct tracer *x)
{
	for (size_t i = 0; i < n_lsb(x); i++)
		x->lsb[i] = x->inner->adc_lsb(
			x->be, (uint32_t)(i / x->n_col), (uint32_t)(i % x->n_col));
}

static int keep_board(struct tracer *x, const struct xbar_info *info, struct xbar_message *msg)
{
	x->n_chip = info->n_chip;
	x->n_col = info->n_col;
	x->lsb = calloc(n_lsb(x), sizeof(*x->lsb));
	return x->lsb ? 0 : xbar_fail(msg, -ENOMEM, "open: no memory");
}

static void tracer_free(struct tracer *x)
{
	trace_close(&x->t);
	free(x->lsb);
	free(x);
}

static int open_inner(struct tracer *x, const struct xbar_uri *uri, struct xbar_info *info,
	struct xbar_message *msg)
{
	const char *inner = xbar_uri_value(uri, "uri");
	int r;

	if (uri->n_query > 1 || (uri->n_query && !inner))
		return xbar_fail(
			msg, -EINVAL, "record: there is one key, uri, as in record:FILE?uri=usb:");
	r = xbar_uri_parse(&x->uri, inner ? inner : "emu:", msg);
	if (r == 0)
		r = xbar_backend_find(&x->inner, x->uri.scheme, msg);
	if (r == 0)
		r = x->inner->open(&x->be, &x->uri, info, msg);
	return r;
}

static int record_open(
	void **ret, const struct xbar_uri *uri, struct xbar_info *info, struct xbar_message *msg)
{
	struct tracer *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return xbar_fail(msg, -ENOMEM, "open: no memory");
	r = open_inner(x, uri, info, msg);
	if (r < 0) {
		free(x);
		return r;
	}
	r = keep_board(x, info, msg);
	if (r == 0)
		r = trace_create(&x->t, uri->path, msg);
	if (r == 0) {
		trace_begin(&x->t, TRACE_OPEN);
		put_info(&x->t, info);
		ask_lsb(x);
		trace_put(&x->t, x->lsb, n_lsb(x) * sizeof(*x->lsb));
		r = trace_end(&x->t, 0, NULL, msg);
	}
	if (r < 0) {
		struct xbar_message ignored;

		x->inner->close(x->be, &ignored);
		tracer_free(x);
		return r;
	}
	*ret = x;
	return 0;
}

static int replay_open(
	void **ret, const struct xbar_uri *uri, struct xbar_info *info, struct xbar_message *msg)
{
	struct tracer *x;
	char full[PATH_MAX];
	int r;

	if (uri->n_query)
		return xbar_fail(msg, -EINVAL, "replay: there are no keys, only replay:FILE");
	x = calloc(1, sizeof(*x));
	if (!x)
		return xbar_fail(msg, -ENOMEM, "open: no memory");
	r = trace_open(&x->t, uri->path, msg);
	if (r == 0) {
		trace_begin(&x->t, TRACE_OPEN);
		r = trace_next(&x->t, msg);
	}
	if (r == 0)
		r = take_info(&x->t, info, msg);
	if (r == 0)
		r = keep_board(x, info, msg);
	if (r == 0)
		r = trace_take(&x->t, x->lsb, n_lsb(x) * sizeof(*x->lsb), msg);
	if (r < 0) {
		tracer_free(x);
		return r;
	}
	snprintf(info->uri, sizeof(info->uri), "replay:%.500s",
		realpath(uri->path, full) ? full : uri->path);
	*ret = x;
	return 0;
}

static int tracer_close(void *be, struct xbar_message *msg)
{
	struct tracer *x = be;
	int r = x->inner ? x->inner->close(x->be, msg) : 0;

	if (trace_close(&x->t) < 0 && r == 0)
		r = xbar_fail(msg, -EIO, "recording \"%s\" is not complete", x->t.path);
	tracer_free(x);
	return r;
}

static void call_patch(struct trace *t, const struct xbar_patch *w)
{
	trace_call_u64(t, w->chip);
	trace_call_u64(t, w->row);
	trace_call_u64(t, w->n_row);
	trace_call_u64(t, w->col);
	trace_call_u64(t, w->n_col);
}

static void call_mvm(struct trace *t, const struct xbar_mvm *m)
{
	size_t n_in = m->input == XBAR_INPUT_BIT ? (m->n_row + 7) / 8 : m->n_row;

	call_patch(t, &(struct xbar_patch){ m->chip, m->row, m->n_row, m->col, m->n_col });
	trace_call_u64(t, m->n_vec);
	trace_call_u64(t, (uint64_t)m->input);
	trace_call(t, m->in, n_in * m->n_vec);
}

static size_t n_out(const struct xbar_mvm *m)
{
	return (size_t)m->n_vec * m->n_col * sizeof(*m->out);
}

static int tracer_mvm(void *be, struct xbar_mvm *req, size_t n_req, struct xbar_message *msg)
{
	struct tracer *x = be;
	uint64_t n_sat = 0;
	int r;

	trace_begin(&x->t, TRACE_MVM);
	for (size_t i = 0; i < n_req; i++)
		call_mvm(&x->t, &req[i]);
	if (x->inner) {
		r = x->inner->mvm(x->be, req, n_req, msg);
		for (size_t i = 0; i < n_req && r == 0; i++) {
			trace_put_u64(&x->t, req[i].n_sat);
			trace_put(&x->t, req[i].out, n_out(&req[i]));
		}
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	for (size_t i = 0; i < n_req && r == 0; i++) {
		r = trace_take_u64(&x->t, &n_sat, msg);
		req[i].n_sat = (uint32_t)n_sat;
		if (r == 0)
			r = trace_take(&x->t, req[i].out, n_out(&req[i]), msg);
	}
	return r;
}

static int tracer_pulse(void *be, const struct xbar_pulse *p, size_t n, struct xbar_message *msg)
{
	struct tracer *x = be;

	trace_begin(&x->t, TRACE_PULSE);
	trace_call(&x->t, p, n * sizeof(*p));
	if (!x->inner)
		return trace_next(&x->t, msg);
	return trace_end(&x->t, x->inner->pulse(x->be, p, n, msg), msg->text, msg);
}

static int tracer_read(void *be, const struct xbar_patch *w, size_t n_patch, float *ret_g,
	struct xbar_message *msg)
{
	struct tracer *x = be;
	size_t n = 0;
	int r;

	trace_begin(&x->t, TRACE_READ);
	for (size_t i = 0; i < n_patch; i++) {
		call_patch(&x->t, &w[i]);
		n += (size_t)w[i].n_row * w[i].n_col * XBAR_N_DEVICE;
	}
	if (x->inner) {
		r = x->inner->read(x->be, w, n_patch, ret_g, msg);
		if (r == 0)
			trace_put(&x->t, ret_g, n * sizeof(*ret_g));
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	return r == 0 ? trace_take(&x->t, ret_g, n * sizeof(*ret_g), msg) : r;
}

static int tracer_program(
	void *be, const struct xbar_patch *w, const float *g, struct xbar_message *msg)
{
	struct tracer *x = be;

	trace_begin(&x->t, TRACE_PROGRAM);
	call_patch(&x->t, w);
	trace_call(&x->t, g, (size_t)w->n_row * w->n_col * XBAR_N_DEVICE * sizeof(*g));
	if (!x->inner)
		return trace_next(&x->t, msg);
	return trace_end(&x->t, x->inner->program(x->be, w, g, msg), msg->text, msg);
}

static int tracer_configure(void *be, const struct xbar_config *c, struct xbar_message *msg)
{
	struct tracer *x = be;
	float *lsb = x->lsb + (size_t)c->chip * x->n_col + c->col;
	int r;

	trace_begin(&x->t, TRACE_CONFIGURE);
	call_patch(&x->t, &(struct xbar_patch){ c->chip, 0, 0, c->col, c->n_col });
	trace_call(&x->t, &c->adc_range, sizeof(c->adc_range));
	if (c->gain != 0.0f || c->n_phase != 0) { /* older recordings know none */
		trace_call(&x->t, &c->gain, sizeof(c->gain));
		trace_call(&x->t, &c->offset, sizeof(c->offset));
		trace_call(&x->t, &c->n_phase, sizeof(c->n_phase));
	}
	if (x->inner) {
		r = x->inner->configure(x->be, c, msg);
		if (r == 0) {
			ask_lsb(x);
			trace_put(&x->t, lsb, c->n_col * sizeof(*lsb));
		}
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	return r == 0 ? trace_take(&x->t, lsb, c->n_col * sizeof(*lsb), msg) : r;
}

static float tracer_adc_lsb(const void *be, uint32_t chip, uint32_t col)
{
	const struct tracer *x = be;

	return x->lsb[(size_t)chip * x->n_col + col];
}

static int tracer_wait(void *be, uint64_t dt, struct xbar_message *msg)
{
	struct tracer *x = be;

	trace_begin(&x->t, TRACE_WAIT);
	trace_call_u64(&x->t, dt);
	if (!x->inner)
		return trace_next(&x->t, msg);
	return trace_end(&x->t, x->inner->wait(x->be, dt, msg), msg->text, msg);
}

static int tracer_stats(void *be, struct xbar_stats *ret, struct xbar_message *msg)
{
	struct tracer *x = be;
	int r;

	trace_begin(&x->t, TRACE_STATS);
	if (x->inner) {
		r = x->inner->stats(x->be, ret, msg);
		trace_put(&x->t, ret, sizeof(*ret));
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	return r == 0 ? trace_take(&x->t, ret, sizeof(*ret), msg) : r;
}

static int tracer_ping(void *be, uint32_t n, uint64_t *ret_t, struct xbar_message *msg)
{
	struct tracer *x = be;
	int r;

	trace_begin(&x->t, TRACE_PING);
	trace_call_u64(&x->t, n);
	if (!x->inner) {
		r = trace_next(&x->t, msg);
		return r == 0 ? trace_take_u64(&x->t, ret_t, msg) : r;
	}
	r = x->inner->ping ? x->inner->ping(x->be, n, ret_t, msg)
			   : xbar_fail(msg, -ENOTSUP, "ping: the board cannot do this");
	trace_put_u64(&x->t, r == 0 ? *ret_t : 0);
	return trace_end(&x->t, r, msg->text, msg);
}

static int tracer_save(void *be, void **ret, size_t *ret_n, struct xbar_message *msg)
{
	struct tracer *x = be;
	int r;

	trace_begin(&x->t, TRACE_SAVE);
	if (x->inner) {
		r = x->inner->save(x->be, ret, ret_n, msg);
		if (r == 0)
			trace_put(&x->t, *ret, *ret_n);
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	if (r < 0)
		return r;
	*ret = malloc(x->t.n + 1);
	if (!*ret)
		return xbar_fail(msg, -ENOMEM, "save: no memory for %zu bytes", x->t.n);
	*ret_n = x->t.n;
	return trace_take(&x->t, *ret, x->t.n, msg);
}

static int tracer_load(void *be, const void *buf, size_t n, struct xbar_message *msg)
{
	struct tracer *x = be;
	int r;

	trace_begin(&x->t, TRACE_LOAD);
	trace_call(&x->t, buf, n);
	if (x->inner) {
		r = x->inner->load(x->be, buf, n, msg);
		if (r == 0)
			ask_lsb(x);
		trace_put(&x->t, x->lsb, n_lsb(x) * sizeof(*x->lsb));
		return trace_end(&x->t, r, msg->text, msg);
	}
	r = trace_next(&x->t, msg);
	return r == 0 ? trace_take(&x->t, x->lsb, n_lsb(x) * sizeof(*x->lsb), msg) : r;
}

static void record_help(xbar_help_row *row, void *user)
{
	row(user, "uri", "", "emu:", "a URI", "", "the board whose calls are recorded in the file");
}

static void replay_help(xbar_help_row *row, void *user)
{
	row(user, "(none)", "", "", "", "", "replay:FILE answers as the recorded board did");
}

#define HOOKS                                                                                 \
	.close = tracer_close, .mvm = tracer_mvm, .pulse = tracer_pulse, .read = tracer_read, \
	.program = tracer_program, .configure = tracer_configure, .adc_lsb = tracer_adc_lsb,  \
	.wait = tracer_wait, .stats = tracer_stats, .ping = tracer_ping, .save = tracer_save, \
	.load = tracer_load

const struct xbar_backend xbar_backend_record = { .open = record_open, .help = record_help, HOOKS };
const struct xbar_backend xbar_backend_replay = { .open = replay_open, .help = replay_help, HOOKS };
