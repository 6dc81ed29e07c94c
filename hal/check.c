/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* Is first .. first + n - 1 within 0 .. n_all - 1 and not empty? */
static bool fits(uint32_t first, uint32_t n, uint32_t n_all)
{
	return n > 0 && n <= n_all && first <= n_all - n;
}

static bool block_fits(const struct xbar_info *info, uint32_t chip, uint32_t row, uint32_t n_row,
	uint32_t col, uint32_t n_col)
{
	return chip < info->n_chip && fits(row, n_row, info->n_row) &&
		fits(col, n_col, info->n_col);
}

static int chip_complaint(const struct xbar_info *info, const char *what, size_t i, uint32_t chip,
	struct xbar_message *msg)
{
	return xbar_fail(msg, -EINVAL,
		"%s %zu: chip %u is not on this board, which has chips 0 .. %u", what, i, chip,
		info->n_chip - 1);
}

static int span_complaint(const char *what, size_t i, const char *axis, uint32_t first, uint32_t n,
	uint32_t n_all, struct xbar_message *msg)
{
	if (!n)
		return xbar_fail(msg, -EINVAL,
			"%s %zu: no %ss (n_%.3s is 0); at least one is needed", what, i, axis,
			axis);
	return xbar_fail(msg, -EINVAL,
		"%s %zu: %ss %u .. %llu are outside the chip, which has %ss 0 .. %u", what, i, axis,
		first, (unsigned long long)first + n - 1, axis, n_all - 1);
}

static int block_complaint(const struct xbar_info *info, const char *what, size_t i,
	const struct xbar_patch *w, struct xbar_message *msg)
{
	if (w->chip >= info->n_chip)
		return chip_complaint(info, what, i, w->chip, msg);
	if (!fits(w->row, w->n_row, info->n_row))
		return span_complaint(what, i, "row", w->row, w->n_row, info->n_row, msg);
	return span_complaint(what, i, "column", w->col, w->n_col, info->n_col, msg);
}

static int no_list(const char *what, size_t n, struct xbar_message *msg)
{
	return xbar_fail(msg, -EINVAL, "%s: the list of %zu is NULL", what, n);
}

static int code_complaint(const struct xbar_mvm *m, size_t i, struct xbar_message *msg)
{
	const int8_t *in = m->in;
	size_t k = (size_t)((const char *)memchr(in, 0x80, (size_t)m->n_vec * m->n_row) -
		(const char *)in);

	return xbar_fail(msg, -EINVAL,
		"request %zu: input code -128 at vector %zu, row %zu; codes are -%d .. %d", i,
		k / m->n_row, k % m->n_row, XBAR_DAC_MAX, XBAR_DAC_MAX);
}

static int mvm_complaint(
	const struct xbar_info *info, const struct xbar_mvm *m, size_t i, struct xbar_message *msg)
{
	struct xbar_patch w = { m->chip, m->row, m->n_row, m->col, m->n_col };

	if (!block_fits(info, m->chip, m->row, m->n_row, m->col, m->n_col))
		return block_complaint(info, "request", i, &w, msg);
	if (!m->n_vec)
		return xbar_fail(msg, -EINVAL,
			"request %zu: no vectors (n_vec is 0); at least one is needed", i);
	if (!m->in || !m->out)
		return xbar_fail(msg, -EINVAL, "request %zu: %s is NULL", i, m->in ? "out" : "in");
	if (m->input != XBAR_INPUT_BIT && m->input != XBAR_INPUT_INT8)
		return xbar_fail(msg, -EINVAL,
			"request %zu: unknown kind of input %d; there are bits (%d) and int8 (%d)",
			i, (int)m->input, XBAR_INPUT_BIT, XBAR_INPUT_INT8);
	return code_complaint(m, i, msg);
}

static bool is_mvm_fine(const struct xbar_info *info, const struct xbar_mvm *m)
{
	if (!block_fits(info, m->chip, m->row, m->n_row, m->col, m->n_col))
		return false;
	if (!m->n_vec || !m->in || !m->out)
		return false;
	if (m->input == XBAR_INPUT_BIT)
		return true;
	return m->input == XBAR_INPUT_INT8 && !memchr(m->in, 0x80, (size_t)m->n_vec * m->n_row);
}

int xbar_check_mvm(const struct xbar_info *info, const struct xbar_mvm *req, size_t n_req,
	struct xbar_message *msg)
{
	if (n_req && !req)
		return no_list("mvm", n_req, msg);
	for (size_t i = 0; i < n_req; i++) {
		if (!is_mvm_fine(info, &req[i]))
			return mvm_complaint(info, &req[i], i, msg);
	}
	return 0;
}

static bool is_pulse_bad(const struct xbar_info *info, const struct xbar_pulse *p)
{
	return (p->row >= info->n_row) | (p->col >= info->n_col) | (p->chip >= info->n_chip) |
		(p->device >= XBAR_N_DEVICE) | (p->kind > XBAR_RESET) | (p->n == 0);
}

static int pulse_complaint(const struct xbar_info *info, const struct xbar_pulse *p, size_t i,
	struct xbar_message *msg)
{
	if (p->chip >= info->n_chip)
		return chip_complaint(info, "pulse", i, p->chip, msg);
	if (p->row >= info->n_row)
		return span_complaint("pulse", i, "row", p->row, 1, info->n_row, msg);
	if (p->col >= info->n_col)
		return span_complaint("pulse", i, "column", p->col, 1, info->n_col, msg);
	if (p->device >= XBAR_N_DEVICE)
		return xbar_fail(msg, -EINVAL, "pulse %zu: device %u; a cell has devices 0 .. %d",
			i, p->device, XBAR_N_DEVICE - 1);
	if (p->kind > XBAR_RESET)
		return xbar_fail(msg, -EINVAL,
			"pulse %zu: unknown kind %u; there are SET (%d) and RESET (%d)", i, p->kind,
			XBAR_SET, XBAR_RESET);
	return xbar_fail(msg, -EINVAL, "pulse %zu: n is 0; 1 .. 255 pulses are possible", i);
}

/*
 * All entries at once: the bits that any entry has, field by field. Below the limits, no entry is
 * above them; else entries are looked at one by one. Half a nanosecond an entry instead of two.
 */
static bool are_pulses_surely_fine(
	const struct xbar_info *info, const struct xbar_pulse *p, size_t n)
{
	struct xbar_pulse all;
	uint64_t any = 0;
	size_t n_empty = 0;

	static_assert(sizeof(*p) == sizeof(any), "one word an entry");
	for (size_t i = 0; i < n; i++) {
		uint64_t one;

		memcpy(&one, &p[i], sizeof(one));
		any |= one;
		n_empty += p[i].n == 0;
	}
	memcpy(&all, &any, sizeof(all));
	all.n = !n_empty;
	return !is_pulse_bad(info, &all);
}

int xbar_check_pulse(const struct xbar_info *info, const struct xbar_pulse *p, size_t n,
	struct xbar_message *msg)
{
	if (!n)
		return 0;
	if (!p)
		return no_list("pulse", n, msg);
	if (are_pulses_surely_fine(info, p, n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (is_pulse_bad(info, &p[i]))
			return pulse_complaint(info, &p[i], i, msg);
	}
	return 0;
}

int xbar_check_read(const struct xbar_info *info, const struct xbar_patch *w, size_t n_patch,
	const float *ret_g, struct xbar_message *msg)
{
	if (n_patch && !w)
		return no_list("read", n_patch, msg);
	if (n_patch && !ret_g)
		return xbar_fail(msg, -EINVAL, "read: ret_g is NULL");
	for (size_t i = 0; i < n_patch; i++) {
		if (!block_fits(info, w[i].chip, w[i].row, w[i].n_row, w[i].col, w[i].n_col))
			return block_complaint(info, "patch", i, &w[i], msg);
	}
	return 0;
}

static int check_options(const struct xbar_program_options *opt, struct xbar_message *msg)
{
	if (!opt)
		return 0;
	if (opt->max_iter > 1000)
		return xbar_fail(msg, -ERANGE,
			"program: max_iter = %u rounds is outside 1 .. 1000 (0: default)",
			opt->max_iter);
	if (opt->n_read > 1000)
		return xbar_fail(msg, -ERANGE,
			"program: n_read = %u reads is outside 1 .. 1000 (0: default)",
			opt->n_read);
	if (!(opt->tol >= 0.0f && opt->tol <= 1.0f))
		return xbar_fail(msg, -ERANGE,
			"program: tol = %g S is outside 0 .. 1 S (0: default)", (double)opt->tol);
	return 0;
}

int xbar_check_program(const struct xbar_info *info, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_message *msg)
{
	size_t n;

	if (!w || !g)
		return xbar_fail(msg, -EINVAL, "program: %s is NULL", w ? "g" : "the patch");
	if (!block_fits(info, w->chip, w->row, w->n_row, w->col, w->n_col))
		return block_complaint(info, "patch", 0, w, msg);
	n = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE;
	for (size_t i = 0; i < n; i++) {
		size_t cell = i / XBAR_N_DEVICE;

		if (!(g[i] >= 0.0f && g[i] <= info->g_max))
			return xbar_fail(msg, -ERANGE,
				"program: target %g S of row %zu, column %zu, device %zu is outside "
				"0 .. %g S",
				(double)g[i], w->row + cell / w->n_col, w->col + cell % w->n_col,
				i % XBAR_N_DEVICE, (double)info->g_max);
	}
	return check_options(opt, msg);
}

static int check_correction(
	const struct xbar_info *info, const struct xbar_config *c, struct xbar_message *msg)
{
	if (c->gain == 0.0f && c->n_phase == 0)
		return 0;
	if (!(info->caps & XBAR_CAP_CORRECT))
		return xbar_fail(msg, -ENOTSUP,
			"configure: this board has no correction and no phases; correct its codes "
			"in the program");
	if (c->gain != 0.0f && !(c->gain >= 1e-3f && c->gain <= 1e3f))
		return xbar_fail(msg, -ERANGE, "configure: gain = %g is outside 0.001 .. 1000",
			(double)c->gain);
	if (c->gain != 0.0f && !(c->offset >= -1.0f && c->offset <= 1.0f))
		return xbar_fail(msg, -ERANGE, "configure: offset = %g A is outside -1 .. 1 A",
			(double)c->offset);
	if (c->n_phase != 0 && c->n_phase != 1 && c->n_phase != 4)
		return xbar_fail(
			msg, -ERANGE, "configure: n_phase = %u, 1 and 4 are possible", c->n_phase);
	return 0;
}

int xbar_check_configure(
	const struct xbar_info *info, const struct xbar_config *c, struct xbar_message *msg)
{
	if (!c)
		return xbar_fail(msg, -EINVAL, "configure: the configuration is NULL");
	if (c->chip >= info->n_chip)
		return chip_complaint(info, "configuration", 0, c->chip, msg);
	if (!fits(c->col, c->n_col, info->n_col))
		return span_complaint(
			"configuration", 0, "column", c->col, c->n_col, info->n_col, msg);
	if (c->adc_range == 0.0f && c->gain == 0.0f && c->n_phase == 0)
		return xbar_fail(msg, -ERANGE,
			"configure: adc_range = 0 A, gain = 0 and n_phase = 0 change nothing");
	if (!(c->adc_range >= 0.0f && isfinite(c->adc_range)))
		return xbar_fail(msg, -ERANGE,
			"configure: adc_range = %g A is not a positive finite current",
			(double)c->adc_range);
	return check_correction(info, c, msg);
}
