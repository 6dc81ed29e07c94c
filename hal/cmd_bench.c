/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_bench.c - how fast the board is: operations a second by the processor time of this program
 * and by the clock on the wall. On an emulated board the first is what it costs, on a real one the
 * second is what it takes.
 */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_VEC   64
#define N_PULSE 4096

struct args {
	struct cli_common common;
	uint32_t chip;
	double seconds;
	bool may_change;
};

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 0 },
	{ "seconds", 's', "S", 0, "Time of each measurement (default 0.3 s)", 0 },
	{ "overwrite", 'o', NULL, 0, "Also on a board that cannot be put back as it was", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX);
		return 0;
	case 's':
		a->seconds = cli_double(state, "--seconds", "s", arg, 0.001, 3600.0);
		return 0;
	case 'o':
		a->may_change = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

struct bench {
	struct xbar *x;
	struct xbar_patch all;
	uint8_t *in;              /* [N_VEC][n_row] */
	int16_t *out;             /* [N_VEC][n_col] */
	float *g;                 /* [n_row][n_col][4] S */
	struct xbar_pulse *pulse; /* [N_PULSE] */
};

static void bench_done(struct bench *s)
{
	free(s->in);
	free(s->out);
	free(s->g);
	free(s->pulse);
}

static int bench_init(struct bench *s, const struct cli_board *b, uint32_t chip)
{
	uint32_t lcg = 1;
	int status;

	*s = (struct bench){ .x = b->x };
	status = cli_patch(b, chip, CLI_SPAN_ALL, CLI_SPAN_ALL, &s->all);
	if (status != CLI_DONE)
		return status;
	s->in = cli_calloc(N_VEC, s->all.n_row);
	s->out = cli_calloc((size_t)N_VEC * s->all.n_col, sizeof(*s->out));
	s->g = cli_calloc((size_t)s->all.n_row * s->all.n_col * XBAR_N_DEVICE, sizeof(*s->g));
	s->pulse = cli_calloc(N_PULSE, sizeof(*s->pulse));
	if (!s->in || !s->out || !s->g || !s->pulse)
		return CLI_FAILED;
	for (size_t i = 0; i < (size_t)N_VEC * s->all.n_row; i++) {
		lcg = lcg * 1664525u + 1013904223u;
		s->in[i] = (uint8_t)(lcg >> 25); /* 0 .. 127; as bits, 44 % of them are 1 */
	}
	for (uint32_t i = 0; i < N_PULSE; i++) {
		lcg = lcg * 1664525u + 1013904223u;
		s->pulse[i] = (struct xbar_pulse){
			.row = (uint16_t)((lcg >> 8) % s->all.n_row),
			.col = (uint16_t)((lcg >> 18) % s->all.n_col),
			.chip = (uint8_t)chip,
			.device = (uint8_t)(i % XBAR_N_DEVICE),
			.kind = i % 16 ? XBAR_SET : XBAR_RESET,
			.n = 1,
		};
	}
	return CLI_DONE;
}

static int mvm(struct bench *s, enum xbar_input input, uint32_t n_vec)
{
	struct xbar_mvm m = { .chip = s->all.chip,
		.n_row = s->all.n_row,
		.n_col = s->all.n_col,
		.n_vec = n_vec,
		.input = input,
		.in = s->in,
		.out = s->out };

	return xbar_mvm(s->x, &m, 1);
}

static int run_mvm_bit(struct bench *s)
{
	return mvm(s, XBAR_INPUT_BIT, 1);
}

static int run_mvm_int8(struct bench *s)
{
	return mvm(s, XBAR_INPUT_INT8, 1);
}

static int run_mvm_list(struct bench *s)
{
	return mvm(s, XBAR_INPUT_INT8, N_VEC);
}

static int run_pulse(struct bench *s)
{
	return xbar_pulse(s->x, s->pulse, N_PULSE);
}

static int run_read(struct bench *s)
{
	return xbar_read(s->x, &s->all, 1, s->g);
}

static const struct measurement {
	const char *name, *unit, *what;
	int (*run)(struct bench *s);
} measurements[] = {
	{ "mvm_bit", "mvm/s", "whole chip, bits, one a call", run_mvm_bit },
	{ "mvm_int8", "mvm/s", "whole chip, int8, one a call", run_mvm_int8 },
	{ "mvm_int8_64", "mvm/s", "whole chip, int8, 64 a call", run_mvm_list },
	{ "pulse", "pulses/s", "random places, 4096 a call", run_pulse },
	{ "read", "devices/s", "whole chip a call", run_read },
};

#define N_MEASUREMENT (sizeof(measurements) / sizeof(measurements[0]))

/* How many operations one call of a measurement is. */
static double n_operation(const struct measurement *m, const struct bench *s)
{
	if (m->run == run_mvm_list)
		return N_VEC;
	if (m->run == run_pulse)
		return N_PULSE;
	if (m->run == run_read)
		return (double)s->all.n_row * s->all.n_col * XBAR_N_DEVICE;
	return 1.0;
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct rate {
	double cpu, wall; /* operations a second */
};

static int measure(const struct measurement *m, struct bench *s, double seconds, struct rate *ret)
{
	double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	double n = 0.0, left = seconds;

	while (left > 0.0) {
		int r = m->run(s);

		if (r < 0)
			return r;
		n += n_operation(m, s);
		left = wall + seconds - now(CLOCK_MONOTONIC);
	}
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = now(CLOCK_MONOTONIC) - wall;
	*ret = (struct rate){ n / (cpu > 0.0 ? cpu : 1e-9), n / wall };
	return 0;
}

static int print(const struct args *a, const struct rate *rate)
{
	json_t *all = json_object();

	if (a->common.format == CLI_CSV)
		puts("name,unit,per_s_cpu,per_s_wall,what");
	else if (a->common.format == CLI_TEXT)
		printf("%-12s %13s %13s  %-9s\n", "", "processor", "wall clock", "");
	for (size_t i = 0; i < N_MEASUREMENT; i++) {
		const struct measurement *m = &measurements[i];

		if (a->common.format == CLI_JSON)
			json_object_set_new(all, m->name,
				json_pack("{s:s, s:f, s:f}", "unit", m->unit, "per_s_cpu",
					rate[i].cpu, "per_s_wall", rate[i].wall));
		else if (a->common.format == CLI_CSV)
			printf("%s,%s,%.6g,%.6g,\"%s\"\n", m->name, m->unit, rate[i].cpu,
				rate[i].wall, m->what);
		else
			printf("%-12s %13.4g %13.4g  %-9s  %s\n", m->name, rate[i].cpu,
				rate[i].wall, m->unit, m->what);
	}
	if (a->common.format == CLI_JSON)
		return cli_json(all);
	json_decref(all);
	return CLI_DONE;
}

static int measure_all(const struct args *a, struct cli_board *b)
{
	struct rate rate[N_MEASUREMENT];
	struct bench s;
	int status = bench_init(&s, b, a->chip);

	for (size_t i = 0; i < N_MEASUREMENT && status == CLI_DONE; i++)
		status = cli_result(b, measure(&measurements[i], &s, a->seconds, &rate[i]));
	bench_done(&s);
	return status == CLI_DONE ? print(a, rate) : status;
}

/* Pulses change devices: what the board held is put back. */
static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct cli_borrowed borrowed;
	int status;

	if (!(b->info->caps & XBAR_CAP_SAVE) && !a->may_change)
		return cli_complain(CLI_USAGE,
			"bench sends pulses, and this board cannot be put back as it was; "
			"--overwrite if its contents may go");
	status = cli_borrow(b, &borrowed);
	return status == CLI_DONE ? cli_give_back(b, &borrowed, measure_all(a, b)) : status;
}

int cmd_bench(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.doc = "Measure how fast the board is: products, pulses and reads a second, by "
		       "processor time and by the wall clock.\v"
		       "An emulated board is put back as it was. On a board that cannot be, pulses "
		       "overwrite what it holds, which needs --overwrite.\n"
		       "\n"
		       "  xbar bench emu:\n"
		       "  xbar bench 'emu:?preset=ideal' --json\n",
	};
	struct args a = { .seconds = 0.3 };

	return cli_run(&command, argc, argv, &a);
}
