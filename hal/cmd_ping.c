/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_ping.c - how long bytes take to a board and back. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>

struct args {
	struct cli_common common;
	uint32_t n, n_byte;
};

static const struct argp_option options[] = {
	{ "count", 'n', "N", 0, "How often, 1 .. 100000 (default 10)", 0 },
	{ "size", 's', "BYTES", 0, "How many bytes, 1 .. 128 (default 64)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'n':
		a->n = cli_u32(state, "--count", arg, 1, 100000);
		return 0;
	case 's':
		a->n_byte = cli_u32(state, "--size", arg, 1, 128);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int print_times(const struct args *a, uint64_t *t)
{
	double least, median, most;

	if (a->common.format == CLI_CSV) {
		puts("i,time_s");
		for (uint32_t i = 0; i < a->n; i++)
			printf("%u,%.9f\n", i, (double)t[i] * 1e-9);
		return CLI_DONE;
	}
	qsort(t, a->n, sizeof(*t), ascending);
	least = (double)t[0] * 1e-9;
	median = (double)t[a->n / 2] * 1e-9;
	most = (double)t[a->n - 1] * 1e-9;
	if (a->common.format == CLI_JSON)
		return cli_json(json_pack("{s:i, s:i, s:f, s:f, s:f}", "n", (int)a->n, "bytes",
			(int)a->n_byte, "min_s", least, "median_s", median, "max_s", most));
	printf("%u round trips of %u bytes: %.1f us median, %.1f .. %.1f us\n", a->n, a->n_byte,
		median * 1e6, least * 1e6, most * 1e6);
	return CLI_DONE;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	uint64_t *t = cli_calloc(a->n, sizeof(*t));
	int status = t ? CLI_DONE : CLI_FAILED;

	for (uint32_t i = 0; i < a->n && status == CLI_DONE; i++)
		status = cli_result(b, xbar_ping(b->x, a->n_byte, &t[i]));
	if (status == CLI_DONE)
		status = print_times(a, t);
	free(t);
	return status;
}

int cmd_ping(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.doc = "Send bytes to the board and back, and tell how long it takes. The chips "
		       "are not disturbed.\v"
		       "  xbar ping serial:/dev/ttyACM0\n"
		       "  xbar ping usb: --count 1000 --size 128\n",
	};
	struct args a = { .n = 10, .n_byte = 64 };

	return cli_run(&command, argc, argv, &a);
}
