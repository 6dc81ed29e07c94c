/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_wait.c - let time pass. */
#include "xbar_cli.h"

#include <stdio.h>

struct args {
	struct cli_common common;
	double seconds;
	bool has_seconds;
};

static const struct argp_option options[] = {
	{ "seconds", 's', "S", 0, "How long, 0 .. 1e9 s", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 's':
		a->seconds = cli_double(state, "--seconds", "s", arg, 0.0, 1e9);
		a->has_seconds = true;
		return 0;
	case ARGP_KEY_END:
		if (!a->has_seconds)
			argp_error(state, "--seconds S is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_stats s;
	int status = cli_result(b, xbar_wait(b->x, a->seconds));

	if (status == CLI_DONE)
		status = cli_result(b, xbar_stats(b->x, &s));
	if (status != CLI_DONE)
		return status;
	if (a->common.format == CLI_JSON)
		return cli_json(json_pack("{s:I, s:f}", "time_ns", (json_int_t)s.time, "time_s",
			(double)s.time * 1e-9));
	if (a->common.format == CLI_CSV)
		puts("time_s");
	printf("%s%llu.%09llu%s\n", a->common.format == CLI_CSV ? "" : "chip time ",
		(unsigned long long)s.time / 1000000000, (unsigned long long)s.time % 1000000000,
		a->common.format == CLI_CSV ? "" : " s");
	return CLI_DONE;
}

int cmd_wait(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.args_doc = "[URI] --seconds S",
		.doc = "Let time pass on the board, so that its devices drift, and print its chip "
		       "time. An emulated board does it at once, a real one takes as long.\v"
		       "  xbar wait 'emu:?state=board.state' --seconds 86400\n",
	};
	struct args a = { 0 };

	return cli_run(&command, argc, argv, &a);
}
