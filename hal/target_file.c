/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "target_file.h"

#include <math.h>
#include <stdlib.h>
#include "number_file.h"

#define HEADER "row,col,device,g_S"

struct targets {
	uint32_t n_row, n_col;                       /* of the chip */
	uint32_t row_min, row_max, col_min, col_max; /* of what the file lists */
	size_t n;
	float *g; /* [n_row][n_col][4] S, NAN where nothing was listed */
};

static float *at(struct targets *t, uint32_t row, uint32_t col, uint32_t device)
{
	return &t->g[((size_t)row * t->n_col + col) * XBAR_N_DEVICE + device];
}

static int take_index(struct number_file *f, const char *what, uint32_t n, uint32_t *ret)
{
	double x;
	int r = number_file_value(f, &x);

	if (r == 0)
		return number_file_complain(f, "%s is missing; a line is " HEADER, what);
	if (r < 0)
		return r;
	if (!(x >= 0 && x < n) || x != floor(x))
		return number_file_complain(f, "%s %g is not one of 0 .. %u", what, x, n - 1);
	*ret = (uint32_t)x;
	return 0;
}

static int take_g(struct number_file *f, float g_max, float *ret)
{
	double x;
	int r = number_file_value(f, &x);

	if (r == 0)
		return number_file_complain(f, "g_S is missing; a line is " HEADER);
	if (r < 0)
		return r;
	/* Noisy reads of a RESET device may be below 0: they mean RESET. */
	if (x < 0)
		x = 0;
	if (!(x <= (double)g_max))
		return number_file_complain(
			f, "g_S %g is above the %g S of a device", x, (double)g_max);
	*ret = (float)x < g_max ? (float)x : g_max;
	r = number_file_value(f, &x);
	return r > 0 ? number_file_complain(f, "more than four values; a line is " HEADER) : r;
}

static void widen(uint32_t *min, uint32_t *max, uint32_t i)
{
	if (i < *min)
		*min = i;
	if (i > *max)
		*max = i;
}

static int take_line(struct targets *t, struct number_file *f, float g_max)
{
	uint32_t row = 0, col = 0, device = 0;
	float g = 0.0f;
	int r = take_index(f, "row", t->n_row, &row);

	if (r == 0)
		r = take_index(f, "col", t->n_col, &col);
	if (r == 0)
		r = take_index(f, "device", XBAR_N_DEVICE, &device);
	if (r == 0)
		r = take_g(f, g_max, &g);
	if (r < 0)
		return r;
	if (!isnan(*at(t, row, col, device)))
		return number_file_complain(
			f, "row %u, col %u, device %u comes twice", row, col, device);
	*at(t, row, col, device) = g;
	widen(&t->row_min, &t->row_max, row);
	widen(&t->col_min, &t->col_max, col);
	t->n++;
	return 0;
}

/* Move the rectangle to the front of t->g. */
static int pack(struct targets *t, const struct number_file *f, struct xbar_patch *w)
{
	size_t k = 0;

	w->row = t->row_min;
	w->n_row = t->row_max - t->row_min + 1;
	w->col = t->col_min;
	w->n_col = t->col_max - t->col_min + 1;
	for (size_t i = 0; i < (size_t)w->n_row * w->n_col * XBAR_N_DEVICE; i++) {
		size_t cell = i / XBAR_N_DEVICE;
		uint32_t row = w->row + (uint32_t)(cell / w->n_col);
		uint32_t col = w->col + (uint32_t)(cell % w->n_col);
		uint32_t device = (uint32_t)(i % XBAR_N_DEVICE);
		float g = *at(t, row, col, device);

		if (isnan(g))
			return number_file_complain(f,
				"row %u, col %u, device %u is missing; all devices of rows %u:%u, "
				"cols %u:%u are needed",
				row, col, device, w->row, w->row + w->n_row, w->col,
				w->col + w->n_col);
		t->g[k++] = g;
	}
	return 0;
}

static int read_all(struct targets *t, struct number_file *f, float g_max, struct xbar_patch *w)
{
	bool is_first = true;
	int r;

	while ((r = number_file_line(f)) > 0) {
		if (!is_first || !number_file_is(f, HEADER))
			r = take_line(t, f, g_max);
		if (r < 0)
			return r;
		is_first = false;
	}
	if (r < 0)
		return r;
	return t->n ? pack(t, f, w) : number_file_complain(f, "no conductances");
}

int target_file_read(
	const char *path, const struct xbar_info *info, struct xbar_patch *w, float **ret_g)
{
	size_t n = (size_t)info->n_row * info->n_col * XBAR_N_DEVICE;
	struct targets t = { .n_row = info->n_row,
		.n_col = info->n_col,
		.row_min = UINT32_MAX,
		.col_min = UINT32_MAX };
	struct number_file f;
	int r = number_file_open(&f, path);

	if (r < 0)
		return r;
	t.g = malloc(n * sizeof(*t.g));
	for (size_t i = 0; t.g && i < n; i++)
		t.g[i] = NAN;
	r = t.g ? read_all(&t, &f, info->g_max, w) : number_file_complain(&f, "no memory");
	number_file_close(&f);
	if (r < 0)
		free(t.g);
	else
		*ret_g = t.g;
	return r;
}
