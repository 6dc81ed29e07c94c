/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - arguments of xbar.h against the open board: 0, or -EINVAL / -ERANGE with a message.
 * Cheap where all is well: a step of training goes through here.
 */
#ifndef XBAR_CHECK_H
#define XBAR_CHECK_H

#include <stddef.h>
#include "message.h"
#include "xbar.h"

int xbar_check_mvm(const struct xbar_info *info, const struct xbar_mvm *req, size_t n_req,
	struct xbar_message *msg);
int xbar_check_pulse(const struct xbar_info *info, const struct xbar_pulse *p, size_t n,
	struct xbar_message *msg);
int xbar_check_read(const struct xbar_info *info, const struct xbar_patch *w, size_t n_patch,
	const float *ret_g, struct xbar_message *msg);
int xbar_check_program(const struct xbar_info *info, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_message *msg);
int xbar_check_configure(
	const struct xbar_info *info, const struct xbar_config *c, struct xbar_message *msg);

#endif
