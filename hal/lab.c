/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int xbar_lab_result(const struct xbar_lab *lab, int r)
{
	return r < 0 ? xbar_fail(lab->msg, r, "%s", xbar_message(lab->x)) : r;
}

int xbar_lab_time(const struct xbar_lab *lab, uint64_t *ret)
{
	struct xbar_stats stats;
	int r = xbar_lab_result(lab, xbar_stats(lab->x, &stats));

	if (r == 0)
		*ret = stats.time;
	return r;
}

static int sample_alloc(struct xbar_sample *s, const struct xbar_lab *lab, uint32_t chip, size_t n,
	size_t n_read, size_t n_patch)
{
	const struct xbar_info *info = xbar_info(lab->x);
	size_t n_all = (size_t)info->n_row * info->n_col * XBAR_N_DEVICE;

	*s = (struct xbar_sample){
		.n = n, .n_extra = n_read - n, .chip = chip, .n_patch = n_patch
	};
	if (chip >= info->n_chip)
		return xbar_fail(lab->msg, -ERANGE, "chip %u: this board has chips 0 .. %u", chip,
			info->n_chip - 1);
	if (!n || n_read > n_all)
		return xbar_fail(lab->msg, -ERANGE,
			"%zu devices: 1 .. %zu of a chip can be measured here", n, n_all);
	s->read = malloc(n_read * sizeof(*s->read));
	s->patch = calloc(n_patch, sizeof(*s->patch));
	s->pulse = calloc(n, sizeof(*s->pulse));
	s->row = malloc(n * (2 * sizeof(*s->row) + sizeof(*s->device)));
	if (!s->read || !s->patch || !s->pulse || !s->row) {
		xbar_sample_done(s);
		return xbar_fail(lab->msg, -ENOMEM, "no memory for %zu devices", n);
	}
	s->col = s->row + n;
	s->device = (uint8_t *)(s->col + n);
	return 0;
}

void xbar_sample_done(struct xbar_sample *s)
{
	free(s->read);
	free(s->patch);
	free(s->pulse);
	free(s->row);
	*s = (struct xbar_sample){ 0 };
}

static void place(struct xbar_sample *s, size_t i, size_t row, size_t col)
{
	s->row[i] = (uint16_t)row;
	s->col[i] = (uint16_t)col;
	s->device[i] = i % XBAR_N_DEVICE;
}

static size_t common_divisor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

int xbar_sample_spread(struct xbar_sample *s, const struct xbar_lab *lab, uint32_t chip, size_t n)
{
	const struct xbar_info *info = xbar_info(lab->x);
	size_t n_cell = (n + XBAR_N_DEVICE - 1) / XBAR_N_DEVICE;
	size_t n_all = (size_t)info->n_row * info->n_col;
	size_t step = (size_t)(0.6180339887 * (double)n_all);
	int r = sample_alloc(s, lab, chip, n, n_cell * XBAR_N_DEVICE, n_cell);

	if (r < 0)
		return r;
	while (step > 1 && common_divisor(n_all, step) != 1)
		step--;
	for (size_t i = 0; i < n_cell; i++) {
		size_t cell = i * (step ? step : 1) % n_all;

		s->patch[i] = (struct xbar_patch){ .chip = chip,
			.row = (uint32_t)(cell / info->n_col),
			.n_row = 1,
			.col = (uint32_t)(cell % info->n_col),
			.n_col = 1 };
		for (size_t k = i * XBAR_N_DEVICE; k < (i + 1) * XBAR_N_DEVICE && k < n; k++)
			place(s, k, cell / info->n_col, cell % info->n_col);
	}
	return 0;
}

int xbar_sample_rows(struct xbar_sample *s, const struct xbar_lab *lab, uint32_t chip,
	uint32_t first_row, size_t n)
{
	const struct xbar_info *info = xbar_info(lab->x);
	size_t per_row = (size_t)info->n_col * XBAR_N_DEVICE;
	size_t n_row = (n + per_row - 1) / per_row;
	int r;

	if (first_row >= info->n_row || n_row > info->n_row - first_row)
		return xbar_fail(lab->msg, -ERANGE,
			"%zu devices from row %u on: a chip has %u rows of %zu devices", n,
			first_row, info->n_row, per_row);
	r = sample_alloc(s, lab, chip, n, n_row * per_row, 1);
	if (r < 0)
		return r;
	s->patch[0] = (struct xbar_patch){
		.chip = chip, .row = first_row, .n_row = (uint32_t)n_row, .n_col = info->n_col
	};
	for (size_t i = 0; i < n; i++) {
		size_t cell = i / XBAR_N_DEVICE;

		place(s, i, first_row + cell / info->n_col, cell % info->n_col);
	}
	return 0;
}

const char *xbar_lab_path(char *buf, size_t n, const char *group, const char *array)
{
	snprintf(buf, n, "%s/%s", group, array);
	return buf;
}

int xbar_sample_put(const struct xbar_sample *s, const struct xbar_lab *lab, const char *group)
{
	const struct {
		const char *name;
		enum xbar_type type;
		const void *data;
	} arrays[] = { { "row", XBAR_U16, s->row }, { "col", XBAR_U16, s->col },
		{ "device", XBAR_U8, s->device } };
	char path[128];
	int r = 0;

	for (int k = 0; k < 3 && r == 0; k++) {
		xbar_lab_path(path, sizeof(path), group, arrays[k].name);
		r = xbar_measure_make(lab->measure, path, arrays[k].type, 1, &s->n);
		if (r == 0)
			r = xbar_measure_put(lab->measure, path, 0, NULL, arrays[k].data);
	}
	return r;
}

int xbar_lab_read(const struct xbar_lab *lab, struct xbar_sample *s, float *ret_g, uint64_t *ret_t)
{
	int r = xbar_lab_time(lab, ret_t);

	if (r == 0)
		r = xbar_lab_result(lab, xbar_read(lab->x, s->patch, s->n_patch, s->read));
	if (r == 0)
		memcpy(ret_g, s->read, s->n * sizeof(*ret_g));
	return r;
}

int xbar_lab_pulse(
	const struct xbar_lab *lab, struct xbar_sample *s, enum xbar_kind kind, uint8_t n)
{
	for (size_t i = 0; i < s->n; i++)
		s->pulse[i] = (struct xbar_pulse){ .chip = (uint8_t)s->chip,
			.row = s->row[i],
			.col = s->col[i],
			.device = s->device[i],
			.kind = (uint8_t)kind,
			.n = n };
	return xbar_lab_result(lab, xbar_pulse(lab->x, s->pulse, s->n));
}

int xbar_lab_program(const struct xbar_lab *lab, struct xbar_sample *s, const float *g,
	struct xbar_program_stats *ret)
{
	memcpy(s->read, g, s->n * sizeof(*g));
	memset(s->read + s->n, 0, s->n_extra * sizeof(*g));
	return xbar_lab_result(lab, xbar_program(lab->x, s->patch, s->read, NULL, ret));
}

/* Real boards sleep: a second at a time, so that they can be stopped. */
int xbar_lab_wait_until(const struct xbar_lab *lab, uint64_t t)
{
	bool at_once = xbar_info(lab->x)->caps & XBAR_CAP_WAIT;
	uint64_t now, first;
	int r = xbar_lab_time(lab, &now);

	first = now;
	while (r == 0 && now < t) {
		double dt = (double)(t - now) * 1e-9;

		r = xbar_lab_result(lab, xbar_wait(lab->x, at_once || dt < 1.0 ? dt : 1.0));
		if (r == 0)
			r = xbar_lab_time(lab, &now);
		if (r == 0 && now < t && lab->progress &&
			lab->progress(lab->user, "waiting, s", (size_t)((now - first) / 1000000000),
				(size_t)((t - first) / 1000000000)))
			r = xbar_fail(lab->msg, -EINTR, "interrupted while waiting");
	}
	return r;
}
