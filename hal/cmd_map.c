/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_map.c - the conductances of a chip as a picture. */
#include "xbar_cli.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "heat.h"
#include "page.h"
#include "selftest.h"
#include "selftest_page.h"

enum polarity { NET, PLUS, MINUS, N_POLARITY };
static const char *const polarities[] = { "net", "plus", "minus", NULL };
static const char *const titles[] = { "(g0 + g1) - (g2 + g3)", "g0 + g1", "g2 + g3" };

static const char *const colours[] = { "auto", "always", "never", NULL };

struct args {
	struct cli_common common;
	uint32_t chip, n_read, scale, width;
	struct cli_span rows, cols;
	int polarity, colour;
	double range; /* S, 0: as the data */
	const char *png, *report;
	bool wants_faults, may_overwrite;
};

enum { OPT_FAULTS = 0x100, OPT_OVERWRITE, OPT_REPORT };

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "rows", 'r', "A:B", 0, "Rows A .. B - 1 (default all)", 0 },
	{ "cols", 'k', "A:B", 0, "Columns A .. B - 1 (default all)", 0 },
	{ "polarity", 'p', "P", 0, "net (default), plus or minus: which devices of a cell", 0 },
	{ "average", 'n', "N", 0, "Mean of N reads (default 1)", 0 },
	{ "range-S", 'g', "G", 0, "Conductance of the strongest colour (default: the largest)", 0 },
	{ "png", 'P', "FILE", 0, "Write a PNG picture; - is standard output", 1 },
	{ "report", OPT_REPORT, "FILE", 0, "Write maps of all polarities as a page (HTML)", 1 },
	{ "faults", OPT_FAULTS, NULL, 0,
		"Show faults instead: stuck devices of a cell, 5 a dead line. Takes RESETs and SETs "
		"of all devices",
		0 },
	{ "overwrite", OPT_OVERWRITE, NULL, 0,
		"That, also where devices are programmed and the board cannot be put back", 0 },
	{ "scale", 's', "N", 0, "Its pixels a cell (default 3)", 1 },
	{ "colour", 'o', "WHEN", 0, "Colours on the terminal: auto (default), always, never", 2 },
	{ "width", 'w', "N", 0, "Characters a line (default: the terminal's, else 80)", 2 },
	{ 0 },
};

static error_t parse_picture(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case OPT_REPORT:
		a->report = arg;
		return 0;
	case OPT_FAULTS:
		a->wants_faults = true;
		return 0;
	case OPT_OVERWRITE:
		a->may_overwrite = true;
		return 0;
	case 'g':
		a->range = cli_double(state, "--range-S", "S", arg, 1e-12, 1.0);
		return 0;
	case 'P':
		a->png = arg;
		return 0;
	case 's':
		a->scale = cli_u32(state, "--scale", arg, 1, 64);
		return 0;
	case 'o':
		a->colour = cli_word(state, "--colour", arg, colours);
		return 0;
	case 'w':
		a->width = cli_u32(state, "--width", arg, 1, 10000);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX);
		return 0;
	case 'r':
		a->rows = cli_span(state, "--rows", arg);
		return 0;
	case 'k':
		a->cols = cli_span(state, "--cols", arg);
		return 0;
	case 'p':
		a->polarity = cli_word(state, "--polarity", arg, polarities);
		return 0;
	case 'n':
		a->n_read = cli_u32(state, "--average", arg, 1, 100000);
		return 0;
	}
	return parse_picture(key, arg, state);
}

/* From devices g [n][4] to cells v [n], which may be g; returns the largest magnitude. */
static float fold(const float *g, size_t n, int polarity, float *v)
{
	float max = 0.0f;

	for (size_t i = 0; i < n; i++) {
		const float *d = g + i * XBAR_N_DEVICE;
		float plus = d[0] + d[1], minus = d[2] + d[3];

		v[i] = polarity == NET ? plus - minus : polarity == PLUS ? plus : minus;
		max = fmaxf(max, fabsf(v[i]));
	}
	return max;
}

static uint32_t line_width(const struct args *a)
{
	struct winsize size;

	if (a->width)
		return a->width;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

static double scale_of(const struct args *a)
{
	return a->wants_faults ? 1.0 : 1e6;
}

static const char *unit_of(const struct args *a)
{
	return a->wants_faults ? "stuck devices (5: dead line)" : "uS";
}

static void legend(FILE *f, const struct args *a, const struct xbar_patch *w, const struct heat *h)
{
	fprintf(f, "chip %u, rows %u:%u down, columns %u:%u across: %s, ", w->chip, w->row,
		w->row + w->n_row, w->col, w->col + w->n_col,
		a->wants_faults ? "faults" : titles[a->polarity]);
	fprintf(f, "%s%.3g .. %.3g %s", h->is_signed ? "-" : "",
		h->is_signed ? (double)h->max * scale_of(a) : 0.0, (double)h->max * scale_of(a),
		unit_of(a));
}

static void print(const struct args *a, const struct xbar_patch *w, const struct heat *h)
{
	bool has_colours = a->colour == 1 || (a->colour == 0 && isatty(STDOUT_FILENO));
	uint32_t width = line_width(a);
	uint32_t size = (h->n_col + width - 1) / width;

	(has_colours ? heat_print_colours : heat_print_ascii)(h, width, stdout);
	legend(stdout, a, w, h);
	if (has_colours)
		puts(h->is_signed ? "; blue is negative, red positive"
				  : "; from dark blue to yellow");
	else
		printf("; . is 0, 1 .. 9 up to %.3g %s%s\n", (double)h->max * scale_of(a),
			unit_of(a), h->is_signed ? ", a .. i the same below 0" : "");
	if (size > 1)
		printf("each place is the mean of %u x %u cells\n", has_colours ? size : 2 * size,
			size);
}

/* Where the picture goes. */
static int draw(const struct args *a, const struct xbar_patch *w, const struct heat *h)
{
	int r;

	if (!a->png) {
		print(a, w, h);
		return CLI_DONE;
	}
	r = heat_write_png(h, a->scale, a->png);
	if (r < 0)
		return cli_complain(
			CLI_FAILED, "%s: cannot write the picture: %s", a->png, strerror(-r));
	legend(stderr, a, w, h);
	fprintf(stderr, " (colour bar: top to bottom %.3g .. %s%.3g %s)\n",
		(double)h->max * scale_of(a), h->is_signed ? "-" : "",
		h->is_signed ? (double)h->max * scale_of(a) : 0.0, unit_of(a));
	return CLI_DONE;
}

static void add_map(struct page *p, const struct args *a, const struct xbar_patch *w,
	const float *g, int polarity, float *v)
{
	size_t n = (size_t)w->n_row * w->n_col;

	fold(g, n, polarity, v);
	for (size_t i = 0; i < n; i++)
		v[i] *= 1e6f;
	page_heat(p,
		&(struct page_heat){ .title = titles[polarity],
			.x_label = "column",
			.y_label = "row",
			.v_label = "conductance (\302\265S)",
			.n_row = w->n_row,
			.n_col = w->n_col,
			.v = v,
			.v_min = polarity == NET ? -a->range * 1e6 : 0.0,
			.v_max = a->range * 1e6,
			.is_diverging = polarity == NET });
}

/* One of g, the devices of w, or health. */
static int write_report(const struct args *a, struct cli_board *b, const struct xbar_patch *w,
	const float *g, const struct xbar_health *health)
{
	float *v = cli_calloc((size_t)w->n_row * w->n_col, sizeof(*v));
	struct page_error err = { "no memory for a report" };
	struct page *p = NULL;
	int r = v ? xbar_board_page_new(&p, "Map of a chip", b->x) : -ENOMEM;

	if (r == 0)
		page_heading(p, "Chip %u, rows %u:%u, columns %u:%u", w->chip, w->row,
			w->row + w->n_row, w->col, w->col + w->n_col);
	for (int k = 0; k < N_POLARITY && r == 0 && g; k++)
		add_map(p, a, w, g, k, v);
	if (r == 0 && health)
		xbar_health_page(p, health);
	if (r == 0)
		r = page_write(p, a->report, &err);
	page_free(p);
	free(v);
	return r < 0 ? cli_complain(CLI_FAILED, "%s", err.text) : CLI_DONE;
}

static int map_conductance(const struct args *a, struct cli_board *b, const struct xbar_patch *w)
{
	struct heat h = { .n_row = w->n_row, .n_col = w->n_col, .is_signed = a->polarity == NET };
	float *g = NULL;
	int status = cli_read_mean(b, w, a->n_read, &g);

	if (status != CLI_DONE)
		return status;
	if (a->report)
		status = write_report(a, b, w, g, NULL);
	h.max = fold(g, (size_t)w->n_row * w->n_col, a->polarity, g);
	h.v = g;
	if (a->range > 0.0)
		h.max = (float)a->range;
	if (!(h.max > 0.0f))
		h.max = 1e-6f;
	if (status == CLI_DONE && (a->png || !a->report))
		status = draw(a, w, &h);
	free(g);
	return status;
}

/* The part of the chip's map that is wanted. */
static int draw_faults(
	const struct args *a, const struct xbar_patch *w, const struct xbar_health *health)
{
	struct heat h = { .n_row = w->n_row, .n_col = w->n_col, .max = 5.0f };
	float *v = cli_calloc((size_t)health->n_row * health->n_col, sizeof(*v));
	int status;

	if (!v)
		return CLI_FAILED;
	xbar_health_map(health, v);
	for (uint32_t i = 0; i < w->n_row; i++)
		memmove(v + (size_t)i * w->n_col, v + (size_t)(w->row + i) * health->n_col + w->col,
			w->n_col * sizeof(*v));
	h.v = v;
	status = draw(a, w, &h);
	free(v);
	return status;
}

static int map_faults(const struct args *a, struct cli_board *b, const struct xbar_patch *w)
{
	const struct xbar_health_options opt = XBAR_HEALTH_DEFAULT;
	struct xbar_message msg;
	const struct xbar_lab lab = { .x = b->x, .msg = &msg };
	struct xbar_health health;
	struct cli_borrowed borrowed;
	int r = a->may_overwrite ? 0 : xbar_borrow_check(&lab, w->chip), status;

	if (r < 0)
		return cli_complain(r == -EBUSY ? CLI_USAGE : CLI_FAILED, "%s", msg.text);
	status = cli_borrow(b, &borrowed);
	if (status != CLI_DONE)
		return status;
	r = xbar_health_measure(&health, &lab, w->chip, &opt);
	status = cli_give_back(b, &borrowed, CLI_DONE);
	if (r < 0)
		return cli_complain(CLI_FAILED, "%s", msg.text);
	if (status == CLI_DONE && a->report)
		status = write_report(a, b, w, NULL, &health);
	if (status == CLI_DONE && (a->png || !a->report))
		status = draw_faults(a, w, &health);
	xbar_health_done(&health);
	return status;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_patch w;
	int status = cli_patch(b, a->chip, a->rows, a->cols, &w);

	if (status != CLI_DONE)
		return status;
	return (a->wants_faults ? map_faults : map_conductance)(a, b, &w);
}

static int check(const void *args)
{
	const struct args *a = args;

	if (a->common.format == CLI_TEXT)
		return CLI_DONE;
	return cli_complain(CLI_USAGE,
		"map: a picture has no --json or --csv; \"xbar read\" and \"xbar selftest\" have");
}

int cmd_map(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.check = check,
		.run = run,
		.doc = "Show the conductances of a chip, or its faults, as a picture: in colours on "
		       "a terminal, as digits elsewhere, as PNG, or as a page with all "
		       "polarities.\v"
		       "  xbar map 'emu:?state=board.state' --chip 0\n"
		       "  xbar map 'emu:?state=board.state' --polarity plus --png plus.png\n"
		       "  xbar map 'emu:?faults=row:7,col:3,set:200:60:3' --faults --report faults.html\n",
	};
	struct args a = { .n_read = 1, .scale = 3, .rows = CLI_SPAN_ALL, .cols = CLI_SPAN_ALL };

	return cli_run(&command, argc, argv, &a);
}
