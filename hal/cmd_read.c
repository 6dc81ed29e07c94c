/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_read.c - conductances of single devices as a table. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>

struct args {
	struct cli_common common;
	uint32_t chip, n_read;
	struct cli_span rows, cols;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "rows", 'r', "A:B", 0, "Rows A .. B - 1 (default all)", 0 },
	{ "cols", 'k', "A:B", 0, "Columns A .. B - 1 (default all)", 0 },
	{ "average", 'n', "N", 0, "Print the mean of N reads (default 1)", 0 },
	{ 0 },
};

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
	case 'n':
		a->n_read = cli_u32(state, "--average", arg, 1, 100000);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Place of device i of a patch. */
struct place {
	uint32_t row, col, device;
};

static struct place place(const struct xbar_patch *w, size_t i)
{
	size_t cell = i / XBAR_N_DEVICE;

	return (struct place){ w->row + (uint32_t)(cell / w->n_col),
		w->col + (uint32_t)(cell % w->n_col), (uint32_t)(i % XBAR_N_DEVICE) };
}

static int print_json(const struct xbar_patch *w, const float *g, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_real((double)g[i]));
	return cli_json(json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "chip", (int)w->chip,
		"row", (int)w->row, "n_row", (int)w->n_row, "col", (int)w->col, "n_col",
		(int)w->n_col, "n_device", XBAR_N_DEVICE, "g_S", all));
}

static int print(const struct args *a, const struct xbar_patch *w, const float *g)
{
	size_t n = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE;

	if (a->common.format == CLI_JSON)
		return print_json(w, g, n);
	puts("row,col,device,g_S");
	for (size_t i = 0; i < n; i++) {
		struct place p = place(w, i);

		printf("%u,%u,%u,%.9g\n", p.row, p.col, p.device, (double)g[i]);
	}
	return CLI_DONE;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_patch w;
	float *g = NULL;
	int status = cli_patch(b, a->chip, a->rows, a->cols, &w);

	if (status == CLI_DONE)
		status = cli_read_mean(b, &w, a->n_read, &g);
	if (status == CLI_DONE)
		status = print(a, &w, g);
	free(g);
	return status;
}

int cmd_read(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.doc = "Read single devices and print them as a table with the header "
		       "row,col,device,g_S.\v"
		       "Every read has read noise; --average N makes it smaller. With --json the "
		       "conductances are one list, by row, column, device.\n"
		       "\n"
		       "  xbar read 'emu:?state=board.state' --chip 0 --rows 0:4 --cols 0:4 --csv\n",
	};
	struct args a = { .n_read = 1, .rows = CLI_SPAN_ALL, .cols = CLI_SPAN_ALL };

	return cli_run(&command, argc, argv, &a);
}
