/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_characterise.c - measure how the devices and columns of a board behave. */
#include "xbar_cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "experiment.h"
#include "page.h"
#include "selftest_page.h"

struct args {
	struct cli_common common;
	const char *experiment; /* NULL: all */
	const char *output, *report;
	struct xbar_experiment_options opt;
};

enum {
	OPT_PULSES = 0x100,
	OPT_CYCLES,
	OPT_READS,
	OPT_SETTLE,
	OPT_TARGET,
	OPT_TIMES,
	OPT_ROW,
	OPT_REPORT
};

static const struct argp_option options[] = {
	{ "experiment", 'e', "NAME", 0, "Which one; \"all\" (default) is what a digital twin needs",
		0 },
	{ "output", 'o', "FILE", 0, "Keep all samples in this HDF5 file, and go on from it", 0 },
	{ "report", OPT_REPORT, "FILE", 0, "Write a report with tables and pictures (HTML)", 0 },
	{ "chip", 'c', "C", 0, "Chip, from 0 (default 0)", 1 },
	{ "devices", 'n', "N", 0, "How many devices, for each target", 1 },
	{ "first-row", OPT_ROW, "R", 0, "First row of those that are programmed whole (default 0)",
		1 },
	{ "pulses", OPT_PULSES, "N", 0, "SET pulses of a staircase", 1 },
	{ "cycles", OPT_CYCLES, "N", 0, "How often all is repeated", 1 },
	{ "reads", OPT_READS, "N", 0, "Reads, one after another, each time", 1 },
	{ "settle-s", OPT_SETTLE, "T", 0, "Time from the last pulse to the reads", 1 },
	{ "target-uS", OPT_TARGET, "G,...", 0, "Conductances to program", 1 },
	{ "times", OPT_TIMES, "T,...", 0,
		"Times since programming, for read-noise between reads, in s", 1 },
	{ 0 },
};

/* Numbers with commas between them; how many. */
static uint32_t list(struct argp_state *state, const char *what, const char *unit, char *arg,
	double min, double max, uint32_t n_max, double *ret)
{
	uint32_t n = 0;
	char *rest = NULL;

	for (char *item = strtok_r(arg, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		if (n == n_max)
			argp_error(state, "%s: more than %u values", what, n_max);
		ret[n++] = cli_double(state, what, unit, item, min, max);
	}
	if (!n)
		argp_error(state, "%s: no value", what);
	return n;
}

static void parse_targets(struct argp_state *state, char *arg, struct xbar_experiment_options *o)
{
	o->n_target = list(state, "--target-uS", "uS", arg, 0.0, 1e6, XBAR_N_TARGET_MAX, o->target);
	for (uint32_t i = 0; i < o->n_target; i++)
		o->target[i] *= 1e-6;
}

static void parse_times(struct argp_state *state, char *arg, struct xbar_experiment_options *o)
{
	o->n_time = list(state, "--times", "s", arg, 0.0, 1e9, XBAR_N_TIME_MAX, o->time);
	for (uint32_t i = 1; i < o->n_time; i++) {
		if (o->time[i] <= o->time[i - 1])
			argp_error(state, "--times: %g does not come after %g", o->time[i],
				o->time[i - 1]);
	}
}

static error_t parse_measuring(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->opt.chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX);
		return 0;
	case 'n':
		a->opt.n_device = cli_u32(state, "--devices", arg, 1, 1u << 26);
		return 0;
	case OPT_ROW:
		a->opt.first_row = cli_u32(state, "--first-row", arg, 0, UINT32_MAX);
		return 0;
	case OPT_PULSES:
		a->opt.n_pulse = cli_u32(state, "--pulses", arg, 1, 255);
		return 0;
	case OPT_CYCLES:
		a->opt.n_cycle = cli_u32(state, "--cycles", arg, 1, 10000);
		return 0;
	case OPT_READS:
		a->opt.n_read = cli_u32(state, "--reads", arg, 1, 100000);
		return 0;
	case OPT_SETTLE:
		a->opt.settle = cli_double(state, "--settle-s", "s", arg, 0.0, 1e9);
		return 0;
	case OPT_TARGET:
		parse_targets(state, arg, &a->opt);
		return 0;
	case OPT_TIMES:
		parse_times(state, arg, &a->opt);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check_name(struct argp_state *state, const char *name)
{
	const char *names[32] = { NULL };
	size_t n = 0;

	for (; xbar_experiments[n] && n < 30; n++)
		names[n] = xbar_experiments[n]->name;
	names[n] = "all";
	cli_word(state, "--experiment", name, names);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'e':
		check_name(state, arg);
		a->experiment = strcmp(arg, "all") ? arg : NULL;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case OPT_REPORT:
		a->report = arg;
		return 0;
	}
	return parse_measuring(key, arg, state);
}

static int check(const void *args)
{
	const struct args *a = args;

	if (a->common.format == CLI_JSON)
		return cli_complain(CLI_USAGE, "characterise: tables are --csv, samples are HDF5");
	if (a->common.format == CLI_CSV && !a->experiment)
		return cli_complain(
			CLI_USAGE, "characterise: --csv is one table: name the --experiment");
	if (!a->experiment && !a->output && !a->report)
		return cli_complain(CLI_USAGE,
			"characterise: all experiments are for a file: --output FILE.h5 or "
			"--report FILE.html; or name one --experiment");
	if (a->common.format == CLI_CSV && a->opt.n_target > 1 &&
		xbar_experiment_find(a->experiment)->table_per_target)
		return cli_complain(CLI_USAGE,
			"characterise: --csv is one table: give one --target-uS, not %u",
			a->opt.n_target);
	return CLI_DONE;
}

static volatile sig_atomic_t is_stopping;

static void stop(int signal)
{
	(void)signal;
	is_stopping = 1;
}

static bool progress(void *user, const char *what, size_t i, size_t n)
{
	(void)user;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%-24s %zu of %zu   ", what, i, n);
	return is_stopping;
}

static void end_progress(const struct xbar_run *r)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	fprintf(stderr, "%s: done\n", r->experiment->title);
}

struct table {
	size_t n_col;
	const char *separator;
};

static void print_row(void *user, const double *v)
{
	const struct table *t = user;

	for (size_t i = 0; i < t->n_col; i++)
		printf("%s%.7g", i ? t->separator : "", v[i]);
	putchar('\n');
}

static int print_table(const struct args *a, struct xbar_run *r, uint32_t i_target)
{
	const char *heads = r->experiment->heads;
	bool is_csv = a->common.format == CLI_CSV;
	struct table t = { .n_col = 1, .separator = is_csv ? "," : "\t" };

	if (!is_csv && r->experiment->table_per_target)
		printf("target %g uS\n", r->opt.target[i_target] * 1e6);
	for (const char *p = heads; *p; p++) {
		t.n_col += *p == ',';
		putchar(*p == ',' && !is_csv ? '\t' : *p);
	}
	putchar('\n');
	return r->experiment->table(r, i_target, print_row, &t);
}

static int print_tables(const struct args *a, struct xbar_run *r)
{
	uint32_t n = r->experiment->table_per_target ? r->opt.n_target : 1;
	int err = 0;

	for (uint32_t i = 0; i < n && err == 0; i++)
		err = print_table(a, r, i);
	return err;
}

/* page NULL: no report. */
static int run_one(const struct args *a, const struct xbar_lab *lab,
	const struct xbar_experiment *e, struct page *page)
{
	struct xbar_experiment_options opt = a->opt;
	struct xbar_run r;
	int err;

	xbar_experiment_defaults(&opt, a->experiment ? &e->alone : &e->campaign, xbar_info(lab->x));
	err = xbar_run_init(&r, lab, e, &opt);
	if (err < 0)
		return err;
	err = xbar_experiment_run(&r);
	if (err == 0)
		end_progress(&r);
	if (err == 0 && a->experiment)
		err = print_tables(a, &r);
	if (err == 0 && page)
		err = xbar_experiment_page(page, &r);
	xbar_run_done(&r);
	return err;
}

static int run_all(const struct args *a, const struct xbar_lab *lab, struct page *page)
{
	int err = xbar_measure_board(lab);

	if (a->experiment)
		return err < 0 ? err : run_one(a, lab, xbar_experiment_find(a->experiment), page);
	for (size_t i = 0; xbar_experiments[i] && err == 0; i++)
		err = run_one(a, lab, xbar_experiments[i], page);
	return err;
}

static int run_with_report(const struct args *a, const struct xbar_lab *lab)
{
	struct page_error page_err;
	struct page *page = NULL;
	int err = 0;

	if (a->report && xbar_board_page_new(&page, "Characterisation", lab->x) < 0)
		return xbar_fail(lab->msg, -ENOMEM, "no memory for a report");
	err = run_all(a, lab, page);
	if (err == 0 && page) {
		err = page_write(page, a->report, &page_err);
		if (err < 0)
			xbar_fail(lab->msg, err, "%s", page_err.text);
	}
	page_free(page);
	return err;
}

static int status_of(const struct args *a, int err, const struct xbar_message *msg)
{
	if (err == 0)
		return CLI_DONE;
	cli_complain(0, "%s", msg->text);
	if (err == -EINTR && a->output)
		cli_complain(0, "%s has what was measured: the same command goes on", a->output);
	return err == -EEXIST || err == -ERANGE || err == -EINVAL ? CLI_USAGE : CLI_FAILED;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct sigaction act = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };
	struct xbar_message msg;
	struct xbar_lab lab = { .x = b->x, .msg = &msg, .progress = progress };
	int err;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	err = xbar_measure_open(&lab.measure, a->output, &msg);
	if (err < 0)
		return status_of(a, err, &msg);
	err = run_with_report(a, &lab);
	xbar_measure_close(lab.measure);
	return status_of(a, err, &msg);
}

static const char doc[] =
	"Measure how the devices and columns of a chip behave: as a table, or with all samples in an "
	"HDF5 file, from which pcm-fit makes a digital twin. What the chip held is lost.\v"
	"Experiments:\n"
	"  staircase       RESET, then SET pulses one by one (conductances --settle-s after each)\n"
	"  reset           what a RESET leaves\n"
	"  program-verify  conductances after programming, for a list of targets\n"
	"  drift           conductances as time passes after programming\n"
	"  read-noise      the sd of a read, as seen over the time between two reads\n"
	"  faults          all devices of the chip after RESET and after SETs\n"
	"  adc             columns without input, and swept from end to end of their range\n"
	"  mvm-error       products of random inputs against what single reads predict\n"
	"  ir-drop         what is lost along the lines when many rows are driven\n"
	"\n"
	"  xbar characterise emu: --experiment staircase --devices 4096 --pulses 20 --csv\n"
	"  xbar characterise emu: --experiment drift --target-uS 6 --times 25,3600,86400 --csv\n"
	"  xbar characterise 'emu:?state=board.state' -o board.h5\n"
	"\n"
	"Interrupted (Ctrl-C, power), the same command goes on where it was, if the board still has "
	"what it had: an emulated one needs state=FILE. hal/MEASUREMENTS.md describes the file.";

int cmd_characterise(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options, .parse = parse, .doc = doc, .check = check, .run = run
	};
	struct args a = { .opt = { .settle = NAN } };

	return cli_run(&command, argc, argv, &a);
}
