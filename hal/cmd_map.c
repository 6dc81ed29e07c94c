/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_map.c - the conductances of a chip as a picture. */
#include "xbar_cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "heat.h"

enum polarity { NET, PLUS, MINUS };
static const char *const polarities[] = { "net", "plus", "minus", NULL };
static const char *const titles[] = { "(g0 + g1) - (g2 + g3)", "g0 + g1", "g2 + g3" };

static const char *const colours[] = { "auto", "always", "never", NULL };

struct args {
	struct cli_common common;
	uint32_t chip, n_read, scale, width;
	struct cli_span rows, cols;
	int polarity, colour;
	double range; /* S, 0: as the data */
	const char *png;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "rows", 'r', "A:B", 0, "Rows A .. B - 1 (default all)", 0 },
	{ "cols", 'k', "A:B", 0, "Columns A .. B - 1 (default all)", 0 },
	{ "polarity", 'p', "P", 0, "net (default), plus or minus: which devices of a cell", 0 },
	{ "average", 'n', "N", 0, "Mean of N reads (default 1)", 0 },
	{ "range-S", 'g', "G", 0, "Conductance of the strongest colour (default: the largest)", 0 },
	{ "png", 'P', "FILE", 0, "Write a PNG picture; - is standard output", 1 },
	{ "scale", 's', "N", 0, "Its pixels a cell (default 3)", 1 },
	{ "colour", 'o', "WHEN", 0, "Colours on the terminal: auto (default), always, never", 2 },
	{ "width", 'w', "N", 0, "Characters a line (default: the terminal's, else 80)", 2 },
	{ 0 },
};

static error_t parse_picture(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
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
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->common;
		return 0;
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

/* From devices g [n][4] to cells, in place; returns the largest magnitude. */
static float fold(float *g, size_t n, int polarity)
{
	float max = 0.0f;

	for (size_t i = 0; i < n; i++) {
		const float *d = g + i * XBAR_N_DEVICE;
		float plus = d[0] + d[1], minus = d[2] + d[3];

		g[i] = polarity == NET ? plus - minus : polarity == PLUS ? plus : minus;
		if (fabsf(g[i]) > max)
			max = fabsf(g[i]);
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

static void legend(FILE *f, const struct args *a, const struct xbar_patch *w, const struct heat *h)
{
	fprintf(f, "chip %u, rows %u:%u down, columns %u:%u across: %s, ", w->chip, w->row,
		w->row + w->n_row, w->col, w->col + w->n_col, titles[a->polarity]);
	fprintf(f, "%s%.3g .. %.3g uS", h->is_signed ? "-" : "",
		h->is_signed ? (double)h->max * 1e6 : 0.0, (double)h->max * 1e6);
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
		printf("; . is 0, 1 .. 9 up to %.3g uS%s\n", (double)h->max * 1e6,
			h->is_signed ? ", a .. i the same below 0" : "");
	if (size > 1)
		printf("each place is the mean of %u x %u cells\n", has_colours ? size : 2 * size,
			size);
}

static int draw(const struct args *a, const struct xbar_patch *w, float *g)
{
	struct heat h = { .n_row = w->n_row, .n_col = w->n_col, .v = g };
	int r;

	h.max = fold(g, (size_t)w->n_row * w->n_col, a->polarity);
	h.is_signed = a->polarity == NET;
	if (a->range > 0.0)
		h.max = (float)a->range;
	if (!(h.max > 0.0f))
		h.max = 1e-6f;
	if (!a->png) {
		print(a, w, &h);
		return CLI_DONE;
	}
	r = heat_write_png(&h, a->scale, a->png);
	if (r < 0)
		return cli_complain(
			CLI_FAILED, "%s: cannot write the picture: %s", a->png, strerror(-r));
	legend(stderr, a, w, &h);
	fprintf(stderr, " (colour bar: top to bottom %.3g .. %s%.3g uS)\n", (double)h.max * 1e6,
		h.is_signed ? "-" : "", h.is_signed ? (double)h.max * 1e6 : 0.0);
	return CLI_DONE;
}

static int run(const struct args *a, struct cli_board *b)
{
	struct xbar_patch w;
	float *g = NULL;
	int status = cli_patch(b, a->chip, a->rows, a->cols, &w);

	if (status == CLI_DONE)
		status = cli_read_mean(b, &w, a->n_read, &g);
	if (status == CLI_DONE)
		status = draw(a, &w, g);
	free(g);
	return status;
}

int cmd_map(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cli_common_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.children = children,
		.args_doc = "[URI]",
		.doc = "Show the conductances of a chip as a picture: in colours on a terminal, as "
		       "digits elsewhere, or as PNG.\v"
		       "  xbar map 'emu:?state=board.state' --chip 0\n"
		       "  xbar map 'emu:?state=board.state' --chip 0 --polarity plus --png plus.png\n",
	};
	struct args a = { .n_read = 1, .scale = 3, .rows = CLI_SPAN_ALL, .cols = CLI_SPAN_ALL };
	struct cli_board b;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.common.format != CLI_TEXT)
		return cli_complain(
			CLI_USAGE, "map: a picture has no --json or --csv; \"xbar read\" has");
	status = cli_open(&b, &a.common);
	if (status != CLI_DONE)
		return status;
	return cli_close(&b, run(&a, &b));
}
