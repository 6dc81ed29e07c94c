/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.h - what a kind of board must be able to do. Add one: write backend_NAME.c, list its
 * schemes in schemes.c.
 *
 * xbar.c checks every argument against the xbar_info that open() filled in and keeps the call
 * statistics, once for all backends: hooks get valid arguments and never an empty list.
 * A hook returns 0 or a negative errno and then has said why with xbar_fail(). A missing hook is
 * NULL and means -ENOTSUP in xbar.c.
 */
#ifndef XBAR_BACKEND_H
#define XBAR_BACKEND_H

#include <stddef.h>
#include "message.h"
#include "uri.h"
#include "xbar.h"

typedef void xbar_help_row(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help);

struct xbar_backend {
	/* Fill *info and *ret, which all other hooks get as `be`. */
	int (*open)(void **ret, const struct xbar_uri *uri, struct xbar_info *info,
		struct xbar_message *msg);
	/* Frees be in any case; an error means that something could not be kept. */
	int (*close)(void *be, struct xbar_message *msg);

	int (*mvm)(void *be, struct xbar_mvm *req, size_t n_req, struct xbar_message *msg);
	int (*pulse)(void *be, const struct xbar_pulse *p, size_t n, struct xbar_message *msg);
	int (*read)(void *be, const struct xbar_patch *w, size_t n_patch, float *ret_g,
		struct xbar_message *msg);
	/* By the chip itself, XBAR_CAP_PROGRAM only; else program.c does it with pulses and reads. */
	int (*program)(
		void *be, const struct xbar_patch *w, const float *g, struct xbar_message *msg);
	int (*configure)(void *be, const struct xbar_config *c, struct xbar_message *msg);
	float (*adc_lsb)(const void *be, uint32_t chip, uint32_t col);
	int (*wait)(void *be, uint64_t dt, struct xbar_message *msg); /* ns */
	/* All but n_call. */
	int (*stats)(void *be, struct xbar_stats *ret, struct xbar_message *msg);

	/* n bytes there and back, 1 .. 128; ns. Links only. */
	int (*ping)(void *be, uint32_t n, uint64_t *ret_t, struct xbar_message *msg);

	/* XBAR_CAP_SAVE only. load: buf is untrusted; the board is as before on error. */
	int (*save)(void *be, void **ret, size_t *ret_n, struct xbar_message *msg);
	int (*load)(void *be, const void *buf, size_t n, struct xbar_message *msg);

	/* The query keys, one a row; needs no open board. */
	void (*help)(xbar_help_row *row, void *user);
};

extern const struct xbar_backend xbar_backend_emu, xbar_backend_remote, xbar_backend_record,
	xbar_backend_replay;

/* The backend of a scheme; -EINVAL unknown, -ENOTSUP known but not in this build. */
int xbar_backend_find(
	const struct xbar_backend **ret, const char *scheme, struct xbar_message *msg);

#endif
