/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_pulse.c - pulses on one device, and what they did to it. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>

#define N_ENTRY_MAX 255 /* pulses of one struct xbar_pulse */
#define N_MAX       100000

static const char *const kinds[] = { "set", "reset", NULL };

struct args {
	struct cli_common common;
	uint32_t chip, row, col, device, n;
	int kind;
	bool has_row, has_col, has_device, has_kind;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "row", 'r', "R", 0, "Row (word line), from 0", 0 },
	{ "col", 'k', "COL", 0, "Column (bit line), from 0", 0 },
	{ "device", 'd', "D", 0, "Device of the cell: 0, 1 add to the current, 2, 3 subtract", 0 },
	{ "kind", 't', "KIND", 0, "set or reset", 0 },
	{ "number", 'n', "N", 0, "How many pulses (default 1)", 0 },
	{ 0 },
};

static error_t parse_place(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX);
		return 0;
	case 'r':
		a->row = cli_u32(state, "--row", arg, 0, UINT32_MAX - 1);
		a->has_row = true;
		return 0;
	case 'k':
		a->col = cli_u32(state, "--col", arg, 0, UINT32_MAX - 1);
		a->has_col = true;
		return 0;
	case 'd':
		a->device = cli_u32(state, "--device", arg, 0, XBAR_N_DEVICE - 1);
		a->has_device = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 't':
		a->kind = cli_word(state, "--kind", arg, kinds);
		a->has_kind = true;
		return 0;
	case 'n':
		a->n = cli_u32(state, "-n", arg, 1, N_MAX);
		return 0;
	case ARGP_KEY_END:
		if (!a->has_row || !a->has_col || !a->has_device || !a->has_kind)
			argp_error(state, "--row, --col, --device and --kind are needed");
		return 0;
	}
	return parse_place(key, arg, state);
}

static int send(const struct args *a, struct cli_board *b)
{
	size_t n_entry = (a->n + N_ENTRY_MAX - 1) / N_ENTRY_MAX;
	struct xbar_pulse *list = cli_calloc(n_entry, sizeof(*list));
	int r;

	if (!list)
		return CLI_FAILED;
	for (size_t i = 0; i < n_entry; i++) {
		uint32_t left = a->n - (uint32_t)i * N_ENTRY_MAX;

		list[i] = (struct xbar_pulse){
			.row = (uint16_t)a->row,
			.col = (uint16_t)a->col,
			.chip = (uint8_t)a->chip,
			.device = (uint8_t)a->device,
			.kind = (uint8_t)a->kind,
			.n = (uint8_t)(left < N_ENTRY_MAX ? left : N_ENTRY_MAX),
		};
	}
	r = xbar_pulse(b->x, list, n_entry);
	free(list);
	return cli_result(b, r);
}

static int print(const struct args *a, float before, float after)
{
	const char *kind = kinds[a->kind];

	if (a->common.format == CLI_JSON)
		return cli_json(json_pack("{s:i, s:i, s:i, s:i, s:s, s:i, s:f, s:f}", "chip",
			(int)a->chip, "row", (int)a->row, "col", (int)a->col, "device",
			(int)a->device, "kind", kind, "n", (int)a->n, "before_S", (double)before,
			"after_S", (double)after));
	if (a->common.format == CLI_CSV)
		printf("chip,row,col,device,kind,n,before_S,after_S\n%u,%u,%u,%u,%s,%u,%.9g,%.9g\n",
			a->chip, a->row, a->col, a->device, kind, a->n, (double)before,
			(double)after);
	else
		printf("before %.9g S\nafter  %.9g S\n", (double)before, (double)after);
	return CLI_DONE;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	float before[XBAR_N_DEVICE], after[XBAR_N_DEVICE];
	struct cli_span row = { a->row, a->row + 1 }, col = { a->col, a->col + 1 };
	struct xbar_patch cell;
	int status = cli_patch(b, a->chip, row, col, &cell);

	if (status == CLI_DONE)
		status = cli_result(b, xbar_read(b->x, &cell, 1, before));
	if (status == CLI_DONE)
		status = send(a, b);
	if (status == CLI_DONE)
		status = cli_result(b, xbar_read(b->x, &cell, 1, after));
	if (status == CLI_DONE)
		status = print(a, before[a->device], after[a->device]);
	return status;
}

int cmd_pulse(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.args_doc = "[URI] --row R --col COL --device D --kind set|reset",
		.doc = "Send SET or RESET pulses to one device and print its conductance before and "
		       "after, each one read with read noise.\v"
		       "  xbar pulse 'emu:?state=board.state' --chip 0 --row 3 --col 5 --device 0 "
		       "--kind set -n 4\n"
		       "\n"
		       "Without state=FILE an emulated board is forgotten when the command ends.\n",
	};
	struct args a = { .n = 1 };

	return cli_run(&command, argc, argv, &a);
}
