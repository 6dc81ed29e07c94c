/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_program.c - program and verify. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include "target_file.h"

struct args {
	struct cli_common common;
	uint32_t chip;
	const char *input;
	bool has_target, has_net, has_span;
	double g; /* S, of --target-S or --net-S */
	struct cli_span rows, cols;
	struct xbar_program_options opt;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "input", 'i', "FILE", 0, "Targets of all devices of a rectangle: row,col,device,g_S", 0 },
	{ "target-S", 'g', "G", 0, "Or: this conductance for every device of --rows, --cols", 0 },
	{ "net-S", 'w', "G", 0,
		"Or: this net conductance for every cell of them, shared evenly by "
		"two devices, the others RESET",
		0 },
	{ "rows", 'r', "A:B", 0, "Rows A .. B - 1 (default all)", 0 },
	{ "cols", 'k', "A:B", 0, "Columns A .. B - 1 (default all)", 0 },
	{ "tol-S", 't', "G", 0, "Accepted error (default 0.5e-6 S)", 1 },
	{ "max-iter", 'm', "N", 0, "Rounds of reading and pulsing (default 30)", 1 },
	{ "n-read", 'n', "N", 0, "Reads averaged a round (default 4)", 1 },
	{ 0 },
};

static void check_end(const struct args *a, struct argp_state *state)
{
	if (!!a->input + a->has_target + a->has_net != 1)
		argp_error(state, "one of --input, --target-S and --net-S is needed");
	if (a->input && a->has_span)
		argp_error(state, "--rows and --cols come from --input FILE itself");
}

static error_t parse_options(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 't':
		a->opt.tol = (float)cli_double(state, "--tol-S", "S", arg, 1e-12, 1.0);
		return 0;
	case 'm':
		a->opt.max_iter = cli_u32(state, "--max-iter", arg, 1, 1000);
		return 0;
	case 'n':
		a->opt.n_read = cli_u32(state, "--n-read", arg, 1, 1000);
		return 0;
	case ARGP_KEY_END:
		check_end(a, state);
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
	case 'i':
		a->input = arg;
		return 0;
	case 'g':
		a->g = cli_double(state, "--target-S", "S", arg, 0.0, 1.0);
		a->has_target = true;
		return 0;
	case 'w':
		a->g = cli_double(state, "--net-S", "S", arg, -1.0, 1.0);
		a->has_net = true;
		return 0;
	case 'r':
		a->rows = cli_span(state, "--rows", arg);
		a->has_span = true;
		return 0;
	case 'k':
		a->cols = cli_span(state, "--cols", arg);
		a->has_span = true;
		return 0;
	}
	return parse_options(key, arg, state);
}

/* What a device of a cell gets of --target-S or --net-S. */
static float share(const struct args *a, size_t device)
{
	if (a->has_target)
		return (float)a->g;
	if ((a->g > 0.0) == (device < XBAR_N_DEVICE / 2))
		return (float)(a->g < 0.0 ? -a->g : a->g) / 2;
	return 0.0f;
}

static int targets(const struct args *a, struct cli_board *b, struct xbar_patch *w, float **ret_g)
{
	size_t n;
	int status = cli_patch(b, a->chip, a->rows, a->cols, w);

	if (status != CLI_DONE)
		return status;
	if (a->input)
		return target_file_read(a->input, b->info, w, ret_g) < 0 ? CLI_FAILED : CLI_DONE;
	n = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE;
	*ret_g = cli_calloc(n, sizeof(**ret_g));
	if (!*ret_g)
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++)
		(*ret_g)[i] = share(a, i % XBAR_N_DEVICE);
	return CLI_DONE;
}

static int print(const struct args *a, const struct xbar_program_stats *s)
{
	if (a->common.format == CLI_JSON)
		return cli_json(json_pack("{s:i, s:i, s:i, s:f}", "n_device", (int)s->n_device,
			"n_failed", (int)s->n_failed, "n_iter", (int)s->n_iter, "rms_error_S",
			(double)s->rms_error));
	if (a->common.format == CLI_CSV)
		printf("n_device,n_failed,n_iter,rms_error_S\n%u,%u,%u,%.9g\n", s->n_device,
			s->n_failed, s->n_iter, (double)s->rms_error);
	else
		printf("%u devices in %u rounds, rms error %.3g S, %u (%.3g %%) outside the "
		       "tolerance\n",
			s->n_device, s->n_iter, (double)s->rms_error, s->n_failed,
			100.0 * s->n_failed / s->n_device);
	return CLI_DONE;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_program_stats stats;
	struct xbar_patch w = { .chip = a->chip };
	float *g = NULL;
	int status = targets(a, b, &w, &g);

	if (status == CLI_DONE)
		status = cli_result(b, xbar_program(b->x, &w, g, &a->opt, &stats));
	if (status == CLI_DONE)
		status = print(a, &stats);
	free(g);
	return status;
}

int cmd_program(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.args_doc = "[URI] --input FILE | --target-S G | --net-S G",
		.doc = "Bring devices to wanted conductances: read, pulse, read again, until they are "
		       "within the tolerance or the rounds are used up.\v"
		       "The file is what \"xbar read --csv\" writes. The conductance meant is the one "
		       "read right after programming; devices drift from then on. Devices that do "
		       "not reach the tolerance are counted, which is no failure.\n"
		       "\n"
		       "  export XBAR_URI='emu:?state=board.state'\n"
		       "  xbar program --chip 0 --rows 0:8 --cols 0:8 --net-S 3e-6\n"
		       "  xbar read --chip 0 --rows 0:8 --cols 0:8 --csv > copy.csv\n"
		       "  xbar program --chip 1 --input copy.csv --tol-S 0.3e-6 --max-iter 100\n",
	};
	struct args a = { .rows = CLI_SPAN_ALL, .cols = CLI_SPAN_ALL };

	return cli_run(&command, argc, argv, &a);
}
