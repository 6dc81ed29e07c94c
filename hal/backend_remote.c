/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend_remote.c - a board behind a link: the calls of xbar.h as requests of firmware-proto/cmd.h.
 * Lists are cut into frames wherever they must be; results do not depend on where (pcm.h).
 */
#include "remote.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define T_TIMEOUT 5.0 /* s */

float remote_float(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

uint32_t remote_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static void remote_free(struct remote *b)
{
	if (b->session.ln)
		b->session.ops->close(b->session.ln);
	session_done(&b->session);
	free(b->lsb);
	free(b);
}

static int parse_timeout(struct remote *b, const struct xbar_uri *uri, struct xbar_message *msg)
{
	const char *text = xbar_uri_value(uri, "timeout");
	char *end;
	double t = T_TIMEOUT;

	if (text) {
		t = strtod(text, &end);
		if (end == text || *end || text[strspn(text, "0123456789.")])
			return xbar_fail(msg, -EINVAL, "%s: timeout=%s is not a number (s)",
				uri->scheme, text);
		if (!(t >= 0.01 && t <= 3600.0))
			return xbar_fail(msg, -ERANGE, "%s: timeout=%s s is outside 0.01 .. 3600 s",
				uri->scheme, text);
	}
	b->session.timeout = (uint64_t)(t * 1e9);
	return 0;
}

static int open_link(struct remote *b, const struct xbar_uri *uri, struct xbar_info *info,
	struct xbar_message *msg)
{
	struct xbar_link_info link = { .t_byte = 0 };
	const char *timeout = xbar_uri_value(uri, "timeout");
	int r = parse_timeout(b, uri, msg);

	b->session.ops = xbar_link_find(uri->scheme);
	if (r == 0)
		r = b->session.ops->open(&b->session.ln, uri, &link, msg);
	if (r < 0)
		return r;
	b->session.t_byte = link.t_byte;
	strcpy(b->session.name, link.name);
	strcpy(info->uri, link.uri);
	if (timeout && xbar_uri_append(info->uri, sizeof(info->uri), "timeout", timeout) < 0)
		return xbar_fail(msg, -EINVAL, "%s: the complete URI is too long", uri->scheme);
	return 0;
}

static int check_info(struct remote *b, const struct cmd_info *i, struct xbar_message *msg)
{
	float v_read = remote_float(i->v_read_bits), g_max = remote_float(i->g_max_bits);

	if (i->n_chip && i->n_row && i->n_row <= CMD_N_ROW_MAX && i->n_col &&
		i->n_col <= CMD_N_COL_MAX && i->n_device == XBAR_N_DEVICE && i->adc_bits >= 2 &&
		i->adc_bits <= 16 && isfinite(v_read) && v_read > 0.0f && isfinite(g_max) &&
		g_max > 0.0f)
		return 0;
	return xbar_fail(msg, -EPROTO,
		"%s: the board describes itself as %u chips of %u x %u cells of %u devices, ADC of "
		"%u bits: that cannot be",
		b->session.name, i->n_chip, i->n_row, i->n_col, i->n_device, i->adc_bits);
}

static void fill_info(struct remote *b, const struct cmd_info *i, struct xbar_info *info)
{
	static_assert(sizeof(i->board) == sizeof(info->board), "same names");
	static_assert((int)CMD_FEATURE_SAVE == (int)XBAR_CAP_SAVE, "same capabilities");
	static_assert((int)CMD_FEATURE_PROGRAM == (int)XBAR_CAP_PROGRAM, "same capabilities");
	static_assert((int)CMD_FEATURE_WAIT == (int)XBAR_CAP_WAIT, "same capabilities");
	static_assert((int)CMD_FEATURE_CORRECT == (int)XBAR_CAP_CORRECT, "same capabilities");
	snprintf(info->board, sizeof(info->board), "%s", i->board);
	snprintf(info->model, sizeof(info->model), "%s", i->model);
	snprintf(info->serial, sizeof(info->serial), "%s", i->serial);
	snprintf(info->version, sizeof(info->version), "%s", i->version);
	info->n_chip = b->n_chip = i->n_chip;
	info->n_row = i->n_row;
	info->n_col = b->n_col = i->n_col;
	info->n_device = i->n_device;
	info->dac_bits = i->dac_bits;
	info->adc_bits = b->adc_bits = i->adc_bits;
	info->v_read = remote_float(i->v_read_bits);
	info->g_max = remote_float(i->g_max_bits);
	info->t_mvm = i->t_mvm;
	info->caps =
		i->caps & (XBAR_CAP_SAVE | XBAR_CAP_PROGRAM | XBAR_CAP_WAIT | XBAR_CAP_CORRECT);
	b->caps = info->caps;
}

static int ask_info(struct remote *b, struct xbar_info *info, struct xbar_message *msg)
{
	struct session *s = &b->session;
	struct wire_reader r = { .buf = s->ask.payload };
	struct cmd_result result;
	struct cmd_info i;
	int e = session_ask(s, CMD_INFO, 0, NULL, 0);

	if (e < 0)
		return xbar_fail(msg, e, "%s: the board does not describe itself: %s", s->name,
			strerror(-e));
	r.size = s->ask.n;
	if (!cmd_take_result(&r, &result) || result.error || !cmd_take_info(&r, &i))
		return xbar_fail(msg, -EPROTO, "%s: the board's description is malformed", s->name);
	e = check_info(b, &i, msg);
	if (e == 0)
		fill_info(b, &i, info);
	return e;
}

static int take_lsb_row(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct remote *b = user;

	if (result->error)
		return session_error(result->error, "lsb", msg);
	if (!cmd_take_values(r, b->lsb + arg->a * b->n_col + arg->b, arg->n))
		return remote_malformed("lsb", msg);
	return 0;
}

/* Sizes of ADC codes of all columns, as they are after others had the board. */
int remote_refresh_lsb(struct remote *b)
{
	struct session *s = &b->session;
	size_t n_most = cmd_n_value(s->welcome.n_frame);
	int r = 0;

	for (uint32_t chip = 0; chip < b->n_chip; chip++) {
		for (uint32_t col = 0; col < b->n_col && r == 0; col += (uint32_t)n_most) {
			uint32_t n = b->n_col - col < n_most ? b->n_col - col : (uint32_t)n_most;
			struct cmd_columns c = { (uint8_t)chip, (uint16_t)col, (uint16_t)n };
			struct wire_writer w;

			r = session_begin(s, &w);
			if (r < 0)
				return r;
			cmd_put_columns(&w, &c);
			r = session_submit(s,
				&(struct session_request){ .op = CMD_LSB,
					.take = take_lsb_row,
					.user = b,
					.arg = { .a = chip, .b = col, .n = n } },
				w.n);
		}
	}
	return r < 0 ? r : session_finish(s);
}

int remote_ready(struct remote *b, struct xbar_message *msg)
{
	int r = session_ready(&b->session, msg);

	if (r < 0 || b->session.n_open == b->n_open)
		return r;
	r = remote_refresh_lsb(b);
	if (r == 0)
		b->n_open = b->session.n_open;
	return r;
}

static int remote_open(
	void **ret, const struct xbar_uri *uri, struct xbar_info *info, struct xbar_message *msg)
{
	struct remote *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return xbar_fail(msg, -ENOMEM, "open: no memory");
	r = open_link(b, uri, info, msg);
	if (r == 0)
		r = session_open(&b->session, msg);
	if (r == 0)
		r = ask_info(b, info, msg);
	if (r == 0) {
		b->lsb = calloc((size_t)b->n_chip * b->n_col, sizeof(*b->lsb));
		r = b->lsb ? remote_ready(b, msg) : xbar_fail(msg, -ENOMEM, "open: no memory");
	}
	if (r < 0) {
		remote_free(b);
		return r;
	}
	memset(&b->session.counts, 0, sizeof(b->session.counts));
	*ret = b;
	return 0;
}

static int remote_close(void *be, struct xbar_message *msg)
{
	(void)msg;
	remote_free(be);
	return 0;
}

int remote_malformed(const char *what, struct xbar_message *msg)
{
	return xbar_fail(msg, -EPROTO, "%s: the board's reply is malformed", what);
}

static int take_lsb(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct remote *b = user;
	uint32_t bits;

	if (result->error == CMD_E_RANGE)
		return xbar_fail(
			msg, -ERANGE, "configure: the board does not have such an adc_range");
	if (result->error)
		return session_error(result->error, "configure", msg);
	if (!cmd_take_lsb(r, &bits))
		return remote_malformed("configure", msg);
	for (size_t i = 0; i < arg->n; i++)
		b->lsb[arg->a * b->n_col + arg->b + i] = remote_float(bits);
	return 0;
}

static int remote_configure(void *be, const struct xbar_config *c, struct xbar_message *msg)
{
	struct remote *b = be;
	struct cmd_config config = {
		.chip = (uint8_t)c->chip,
		.n_phase = (uint8_t)c->n_phase,
		.col = (uint16_t)c->col,
		.n_col = (uint16_t)c->n_col,
		.adc_range_bits = remote_bits(c->adc_range),
		.gain_bits = remote_bits(c->gain),
		.offset_bits = remote_bits(c->offset),
	};
	struct wire_writer w;
	int r = remote_ready(b, msg);

	if (r == 0)
		r = session_begin(&b->session, &w);
	if (r < 0)
		return r;
	cmd_put_config(&w, &config);
	return session_call(&b->session,
		&(struct session_request){ .op = CMD_CONFIGURE,
			.take = take_lsb,
			.user = b,
			.arg = { .a = c->chip, .b = c->col, .n = c->n_col } },
		&w);
}

static float remote_adc_lsb(const void *be, uint32_t chip, uint32_t col)
{
	const struct remote *b = be;

	return b->lsb[(size_t)chip * b->n_col + col];
}

static int take_wait(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	(void)user;
	(void)arg;
	(void)r;
	if (result->error == CMD_E_CLOCK)
		return xbar_fail(msg, -EOVERFLOW, "wait: the board's clock would pass its end");
	return result->error ? session_error(result->error, "wait", msg) : 0;
}

static int sleep_for(uint64_t dt)
{
	struct timespec t = { (time_t)(dt / 1000000000), (long)(dt % 1000000000) };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

static int remote_wait(void *be, uint64_t dt, struct xbar_message *msg)
{
	struct remote *b = be;
	struct wire_writer w;
	int r = remote_ready(b, msg);

	if (r == 0 && !(b->caps & XBAR_CAP_WAIT))
		return sleep_for(dt);
	if (r == 0)
		r = session_begin(&b->session, &w);
	if (r < 0)
		return r;
	cmd_put_wait(&w, dt);
	return session_call(
		&b->session, &(struct session_request){ .op = CMD_WAIT, .take = take_wait }, &w);
}

static int take_stats(void *user, const struct session_arg *arg, const struct cmd_result *result,
	struct wire_reader *r, struct xbar_message *msg)
{
	struct xbar_stats *ret = user;
	struct cmd_stats s;

	(void)arg;
	if (result->error)
		return session_error(result->error, "stats", msg);
	if (!cmd_take_stats(r, &s))
		return remote_malformed("stats", msg);
	ret->time = s.time;
	ret->n_mvm = s.n_mvm;
	ret->n_set = s.n_set;
	ret->n_reset = s.n_reset;
	ret->n_read = s.n_read;
	ret->n_program = s.n_program;
	ret->n_sat = s.n_sat;
	memcpy(&ret->energy, &s.energy_bits, sizeof(ret->energy));
	ret->temperature = (double)s.temperature / 1e3;
	return 0;
}

/* As with n_call, what statistics cost themselves is not in them. */
static int remote_stats(void *be, struct xbar_stats *ret, struct xbar_message *msg)
{
	struct remote *b = be;
	struct session_counts counts = b->session.counts;
	struct wire_writer w;
	int r = remote_ready(b, msg);

	if (r == 0)
		r = session_begin(&b->session, &w);
	if (r == 0)
		r = session_call(&b->session,
			&(struct session_request){
				.op = CMD_STATS, .take = take_stats, .user = ret },
			&w);
	b->session.counts = counts;
	ret->n_byte_out = counts.n_byte_out;
	ret->n_byte_in = counts.n_byte_in;
	ret->n_round_trip = counts.n_round_trip;
	ret->n_retry = counts.n_retry;
	return r;
}

/* Not in the order of requests: it does not touch the session. */
static int remote_ping(void *be, uint32_t n, uint64_t *ret_t, struct xbar_message *msg)
{
	struct remote *b = be;
	struct session *s = &b->session;
	uint8_t ping[CMD_N_PING];
	struct wire_reader r = { .buf = s->ask.payload };
	struct cmd_result result;
	const uint8_t *pong;
	size_t n_pong;
	uint64_t start;
	int e = remote_ready(b, msg);

	if (e < 0)
		return e;
	start = xbar_clock();
	for (uint32_t i = 0; i < n; i++)
		ping[i] = (uint8_t)(start >> 8 * (i % 8)) ^ (uint8_t)i;
	e = session_ask(s, CMD_PING, 0, ping, n);
	*ret_t = xbar_clock() - start;
	if (e < 0)
		return xbar_fail(msg, e, "ping: %s: no answer: %s", s->name, strerror(-e));
	r.size = s->ask.n;
	if (!cmd_take_result(&r, &result) || result.error || !cmd_take_ping(&r, &pong, &n_pong) ||
		n_pong != n || memcmp(pong, ping, n))
		return xbar_fail(msg, -EIO, "ping: %s: other bytes came back", s->name);
	return 0;
}

const struct xbar_backend xbar_backend_remote = {
	.open = remote_open,
	.close = remote_close,
	.mvm = remote_mvm,
	.pulse = remote_pulse,
	.read = remote_read,
	.program = remote_program,
	.configure = remote_configure,
	.adc_lsb = remote_adc_lsb,
	.wait = remote_wait,
	.stats = remote_stats,
	.ping = remote_ping,
	.save = remote_save,
	.load = remote_load,
};
