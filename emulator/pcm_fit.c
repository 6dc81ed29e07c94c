/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcm_fit.c - the program pcm-fit: from measurements of a board to a preset, its digital twin. */
#include "fit.h"
#include <argp.h>
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "page.h"

enum status { DONE, FAILED, USAGE };

struct args {
	const char *input, *output;
	bool is_csv;
};

static int complain(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int complain(int status, const char *fmt, ...)
{
	va_list ap;
	fflush(stdout);
	fputs("pcm-fit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write the twin here, a preset: emu:?preset=FILE.yaml", 0 },
	{ "csv", 'C', NULL, 0, "Print estimates as comma-separated values", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case 'C':
		a->is_csv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->input)
			argp_error(state, "one file is enough: \"%s\" and \"%s\"", a->input, arg);
		a->input = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->input)
			argp_error(
				state, "no file of measurements: xbar characterise URI -o FILE.h5");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const char doc[] =
	"Fit a digital twin to measurements of a board: a preset of the emulator.\v"
	"  xbar characterise serial:/dev/ttyACM0 -o board.h5\n"
	"  pcm-fit board.h5 -o board.yaml\n"
	"  osttp train --uri emu:?preset=board.yaml ...\n";

static void print_table(const struct fit_result *r, bool is_csv)
{
	puts(is_csv ? "parameter,unit,estimate,low,high,why_not"
		    : "parameter          estimate      95 % interval             unit");
	for (int i = 0; i < FIT_N_PAR; i++) {
		const struct fit_estimate *e = &r->par[i];
		const struct fit_par_info *info = &fit_par_table[i];
		const char *unit = pcm_param_find(info->key)->unit;
		if (is_csv && e->is_known)
			printf("%s,%s,%.7g,%.7g,%.7g,\n", info->key, unit, e->v * info->unit,
				e->lo * info->unit, e->hi * info->unit);
		else if (is_csv)
			printf("%s,%s,,,,\"%s\"\n", info->key, unit, e->why);
		else if (e->is_known)
			printf("%-18s %-13.5g %-11.4g .. %-11.4g %s\n", info->key,
				e->v * info->unit, e->lo * info->unit, e->hi * info->unit, unit);
		else
			printf("%-18s not told: %s\n", info->key, e->why);
	}
}

static void print_goodness(const struct fit_result *r)
{
	fflush(stdout);
	for (int i = 0; i < FIT_N_EXPERIMENT; i++) {
		const struct fit_goodness *g = &r->goodness[i];
		if (g->n)
			fprintf(stderr,
				"%-14s mean square %.4f, should be 1 (%+.1f sd, %zu units): %s\n",
				fit_experiment_names[i], g->mean_square,
				(g->mean_square - 1.0) / g->sd, g->n, g->what);
	}
}

static int fit(struct fit_data *d, struct fit_result *r, struct fit_message *msg)
{
	const struct fit_samples *stair = &d->of[FIT_STAIRCASE];
	r->t0 = 38.6;
	if (stair->n)
		r->t0 = (double)(stair->t[stair->shape[2]] - stair->t_pulse[1]) * 1e-9;
	int err = fit_faults(d, r, msg);
	if (err == 0)
		err = fit_law(d, r, msg);
	return err < 0 ? err : fit_drift(d, r, msg);
}

static int run(const struct args *a, struct fit_data *d)
{
	struct fit_result r = { 0 };
	struct fit_message msg;
	struct page_error err;
	char *text = NULL;
	if (fit(d, &r, &msg) < 0)
		return complain(FAILED, "%s: %s", a->input, msg.text);
	print_table(&r, a->is_csv);
	print_goodness(&r);
	if (!a->output)
		return DONE;
	if (fit_preset_print(d, &r, &text) < 0)
		return complain(FAILED, "no memory for %s", a->output);
	int status = page_file_write(a->output, text, strlen(text), &err) < 0
		? complain(FAILED, "%s", err.text)
		: DONE;
	free(text);
	return status;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "MEASUREMENTS.h5", doc, NULL, NULL,
		NULL };
	struct args a = { 0 };
	struct fit_data d;
	struct fit_message msg;
	gsl_set_error_handler_off();
	argp_err_exit_status = USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (fit_data_load(&d, a.input, &msg) < 0)
		return complain(FAILED, "%s", msg.text);
	int status = run(&a, &d);
	fit_data_done(&d);
	return status;
}
