/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xbar.c - what all boards have in common: arguments are checked, failures put into words, calls
 * counted; then the backend does it. Nothing here allocates after xbar_open().
 */
#include "xbar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "backend.h"
#include "check.h"
#include "link.h"
#include "program.h"

struct xbar {
	const struct xbar_backend *backend;
	void *be;
	struct xbar_info info;
	struct xbar_params prm;
	uint64_t n_call;
	struct xbar_message msg;
};

static void say(const struct xbar_params *prm, enum xbar_log_level level, const char *text)
{
	if (prm->log && level <= prm->log_level)
		prm->log(prm->log_user, level, text);
}

/* Failures are the caller's to report: here they are only for the log's most talkative level. */
static int done(struct xbar *x, int r)
{
	if (r < 0)
		say(&x->prm, XBAR_LOG_DEBUG, x->msg.text);
	return r;
}

static int missing(struct xbar *x, const char *what)
{
	return done(x,
		xbar_fail(&x->msg, -ENOTSUP, "%s: the board \"%s\" cannot do this", what,
			x->info.board));
}

static int open_backend(struct xbar *x, const char *text)
{
	struct xbar_uri uri;
	int r = xbar_uri_parse(&uri, text, &x->msg);

	if (r < 0)
		return r;
	r = xbar_backend_find(&x->backend, uri.scheme, &x->msg);
	if (r < 0)
		return r;
	return x->backend->open(&x->be, &uri, &x->info, &x->msg);
}

int xbar_open(struct xbar **ret, const char *uri, const struct xbar_params *prm)
{
	struct xbar *x;
	int r;

	if (!ret)
		return -EINVAL;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->prm = prm ? *prm : XBAR_PARAMS_DEFAULT;
	if (!uri)
		uri = getenv("XBAR_URI");
	r = open_backend(x, uri && *uri ? uri : "emu:");
	if (r < 0) {
		say(&x->prm, XBAR_LOG_ERROR, x->msg.text);
		free(x);
		return r;
	}
	say(&x->prm, XBAR_LOG_DEBUG, x->info.uri);
	*ret = x;
	return 0;
}

void xbar_close(struct xbar *x)
{
	if (!x)
		return;
	if (x->backend->close(x->be, &x->msg) < 0)
		say(&x->prm, XBAR_LOG_ERROR, x->msg.text);
	free(x);
}

const struct xbar_info *xbar_info(const struct xbar *x)
{
	return x ? &x->info : NULL;
}

const char *xbar_message(const struct xbar *x)
{
	return x ? x->msg.text : "";
}

int xbar_mvm(struct xbar *x, struct xbar_mvm *req, size_t n_req)
{
	int r;

	if (!x)
		return -EINVAL;
	r = xbar_check_mvm(&x->info, req, n_req, &x->msg);
	if (r < 0 || !n_req)
		return done(x, r);
	x->n_call++;
	return done(x, x->backend->mvm(x->be, req, n_req, &x->msg));
}

float xbar_adc_lsb(const struct xbar *x, uint32_t chip, uint32_t col)
{
	if (!x || chip >= x->info.n_chip || col >= x->info.n_col)
		return NAN;
	return x->backend->adc_lsb(x->be, chip, col);
}

int xbar_pulse(struct xbar *x, const struct xbar_pulse *p, size_t n)
{
	int r;

	if (!x)
		return -EINVAL;
	r = xbar_check_pulse(&x->info, p, n, &x->msg);
	if (r < 0 || !n)
		return done(x, r);
	x->n_call++;
	return done(x, x->backend->pulse(x->be, p, n, &x->msg));
}

int xbar_read(struct xbar *x, const struct xbar_patch *w, size_t n_patch, float *ret_g)
{
	int r;

	if (!x)
		return -EINVAL;
	r = xbar_check_read(&x->info, w, n_patch, ret_g, &x->msg);
	if (r < 0 || !n_patch)
		return done(x, r);
	x->n_call++;
	return done(x, x->backend->read(x->be, w, n_patch, ret_g, &x->msg));
}

static struct xbar_program_options complete(const struct xbar_program_options *opt)
{
	struct xbar_program_options o = { 0 };

	if (opt)
		o = *opt;
	if (!o.max_iter)
		o.max_iter = 30;
	if (!o.n_read)
		o.n_read = 4;
	if (!(o.tol > 0.0f))
		o.tol = 0.5e-6f;
	return o;
}

static int program(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *o, struct xbar_program_stats *ret)
{
	int r;

	if (!(x->info.caps & XBAR_CAP_PROGRAM))
		return xbar_program_by_pulses(x, w, g, o, ret);
	x->n_call++;
	r = x->backend->program(x->be, w, g, &x->msg);
	if (r < 0)
		return r;
	ret->n_iter = 1;
	return xbar_program_verify(x, w, g, o, ret);
}

int xbar_program(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret)
{
	struct xbar_program_stats stats = { 0 };
	struct xbar_program_options o = complete(opt);
	int r;

	if (!x)
		return -EINVAL;
	r = xbar_check_program(&x->info, w, g, opt, &x->msg);
	if (r == 0)
		r = program(x, w, g, &o, &stats);
	if (r == -ENOMEM)
		xbar_fail(&x->msg, r, "program: no memory for %u x %u cells", w->n_row, w->n_col);
	if (r == 0 && ret)
		*ret = stats;
	return done(x, r);
}

int xbar_configure(struct xbar *x, const struct xbar_config *c)
{
	int r;

	if (!x)
		return -EINVAL;
	r = xbar_check_configure(&x->info, c, &x->msg);
	if (r < 0)
		return done(x, r);
	if (!x->backend->configure)
		return missing(x, "configure");
	x->n_call++;
	return done(x, x->backend->configure(x->be, c, &x->msg));
}

int xbar_wait(struct xbar *x, double dt)
{
	if (!x)
		return -EINVAL;
	if (!(dt >= 0.0 && dt <= 1e9))
		return done(x, xbar_fail(&x->msg, -ERANGE, "wait: %g s is outside 0 .. 1e9 s", dt));
	x->n_call++;
	return done(x, x->backend->wait(x->be, (uint64_t)llround(dt * 1e9), &x->msg));
}

int xbar_stats(struct xbar *x, struct xbar_stats *ret)
{
	struct xbar_stats s = { 0 };
	int r;

	if (!x || !ret)
		return -EINVAL;
	r = x->backend->stats(x->be, &s, &x->msg);
	if (r < 0)
		return done(x, r);
	s.n_call = x->n_call;
	*ret = s;
	return 0;
}

int xbar_ping(struct xbar *x, uint32_t n_byte, uint64_t *ret_t)
{
	if (!x)
		return -EINVAL;
	if (!ret_t || n_byte < 1 || n_byte > 128)
		return done(x,
			xbar_fail(
				&x->msg, -EINVAL, "ping: %u bytes; 1 .. 128 are possible", n_byte));
	if (!x->backend->ping)
		return missing(x, "ping");
	x->n_call++;
	return done(x, x->backend->ping(x->be, n_byte, ret_t, &x->msg));
}

int xbar_scan(const struct xbar_params *prm,
	void (*row)(void *user, const char *uri, const char *what, const char *serial,
		const char *problem),
	void *user)
{
	struct xbar_message msg;
	int r = row ? xbar_link_scan(row, user, &msg) : -EINVAL;

	if (r < 0 && row && prm)
		say(prm, XBAR_LOG_ERROR, msg.text);
	return r;
}

int xbar_save(struct xbar *x, void **ret, size_t *ret_n)
{
	if (!x)
		return -EINVAL;
	if (!ret || !ret_n)
		return done(x, xbar_fail(&x->msg, -EINVAL, "save: no place for the result (NULL)"));
	if (!(x->info.caps & XBAR_CAP_SAVE))
		return missing(x, "save");
	x->n_call++;
	return done(x, x->backend->save(x->be, ret, ret_n, &x->msg));
}

int xbar_load(struct xbar *x, const void *buf, size_t n)
{
	if (!x)
		return -EINVAL;
	if (!buf)
		return done(x, xbar_fail(&x->msg, -EINVAL, "load: the buffer is NULL"));
	if (!(x->info.caps & XBAR_CAP_SAVE))
		return missing(x, "load");
	x->n_call++;
	return done(x, x->backend->load(x->be, buf, n, &x->msg));
}
