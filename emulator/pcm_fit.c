/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pcm_fit.c - the program pcm-fit: from measurements of a board to a preset, its digital twin; and
 * the curves of a preset. stdout is data, stderr is talk.
 */
#include "fit.h"
#include <argp.h>
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "page.h"

enum status { DONE, FAILED, USAGE };
enum format { TEXT, CSV, JSON };
enum { OPT_REPORT = 0x100, OPT_PRINT, OPT_PLOT };

#define N_PULSE      20
#define N_TIME       13 /* two a decade from 1 s */
#define N_CURVE_READ 16

struct args {
	const char *input, *output, *report, *plot;
	bool is_print;
	enum format format;
};

__attribute__((format(printf, 2, 3))) static int complain(int status, const char *fmt, ...)
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
	{ "report", OPT_REPORT, "FILE", 0, "Write a page (HTML): estimates, fit, data against twin",
		0 },
	{ "json", 'J', NULL, 0, "Print estimates as one line of JSON", 0 },
	{ "csv", 'C', NULL, 0, "Print estimates as comma-separated values", 0 },
	{ "print", OPT_PRINT, NULL, 0,
		"The argument is a preset, a name or a file: print its curves (CSV)", 1 },
	{ "plot", OPT_PLOT, "FILE", 0, "The same, but draw them: an HTML page", 1 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case OPT_REPORT:
		a->report = arg;
		return 0;
	case OPT_PRINT:
		a->is_print = true;
		return 0;
	case OPT_PLOT:
		a->plot = arg;
		return 0;
	case 'C':
		a->format = CSV;
		return 0;
	case 'J':
		a->format = JSON;
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
		if ((a->is_print || a->plot) && (a->output || a->report || a->format != TEXT))
			argp_error(state, "--print and --plot take a preset, and no other option");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const char doc[] =
	"Fit a digital twin to measurements of a board: a preset of the emulator, every parameter with "
	"its 95 % interval, and what the measurements do not tell.\v"
	"  xbar characterise serial:/dev/ttyACM0 -o board.h5\n"
	"  pcm-fit board.h5 -o board.yaml --report board.html\n"
	"  osttp train --task jsb --rule osttp --weights chips --uri emu:?preset=board.yaml\n"
	"\n"
	"  pcm-fit --print hermes          curves of a preset: staircase, drift, read noise\n"
	"  pcm-fit --plot=twin.html board.yaml\n"
	"\n"
	"The laws are those of Nandakumar et al., J. Appl. Phys. 124, 152135 (2018): of SET, with what of "
	"its spread is the devices' own (set_rho), RESET, read noise without memory, drift. Intervals are of "
	"the estimates, for devices drawn as those measured. The goodness of fit (stderr) says where the "
	"laws do not describe the board: a mean square more than 5 sd from 1, and intervals too narrow. So "
	"it is with read noise that has a memory, as of presets joshi2020 and hermes.";

static void print_text(const struct fit_result *r)
{
	puts("parameter          estimate      95 % interval             unit");
	for (int i = 0; i < FIT_N_PAR; i++) {
		const struct fit_estimate *e = &r->par[i];
		const struct fit_par_info *info = &fit_par_table[i];
		if (e->is_known)
			printf("%-18s %-13.5g %-11.4g .. %-11.4g %s\n", info->key,
				e->v * info->unit, e->lo * info->unit, e->hi * info->unit,
				pcm_param_find(info->key)->unit);
		else
			printf("%-18s not told: %s\n", info->key, e->why);
	}
}

static void print_csv(const struct fit_result *r)
{
	puts("parameter,unit,estimate,low,high,why_not");
	for (int i = 0; i < FIT_N_PAR; i++) {
		const struct fit_estimate *e = &r->par[i];
		const struct fit_par_info *info = &fit_par_table[i];
		printf("%s,%s,", info->key, pcm_param_find(info->key)->unit);
		if (e->is_known)
			printf("%.7g,%.7g,%.7g,\n", e->v * info->unit, e->lo * info->unit,
				e->hi * info->unit);
		else
			printf(",,,\"%s\"\n", e->why);
	}
}

static json_t *json_estimate(const struct fit_par_info *info, const struct fit_estimate *e)
{
	const char *unit = pcm_param_find(info->key)->unit;
	if (!e->is_known)
		return json_pack("{s:s,s:s}", "unit", unit, "why_not", e->why);
	return json_pack("{s:s,s:f,s:f,s:f}", "unit", unit, "estimate", e->v * info->unit, "low",
		e->lo * info->unit, "high", e->hi * info->unit);
}

static int print_json(const struct fit_result *r)
{
	json_t *par = json_object(), *good = json_object();
	for (int i = 0; i < FIT_N_PAR; i++)
		json_object_set_new(
			par, fit_par_table[i].key, json_estimate(&fit_par_table[i], &r->par[i]));
	for (int i = 0; i < FIT_N_GOODNESS; i++) {
		const struct fit_goodness *g = &r->goodness[i];
		if (g->n > 1)
			json_object_set_new(good, fit_goodness_names[i],
				json_pack("{s:f,s:f,s:I}", "mean_square", g->mean_square, "sd",
					g->sd, "n", (json_int_t)g->n));
	}
	json_t *all = json_pack("{s:o,s:o}", "parameters", par, "goodness", good);
	int err = all ? json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7)) : -1;
	json_decref(all);
	putchar('\n');
	return err < 0 ? complain(FAILED, "cannot write JSON") : DONE;
}

static void tell_goodness(const struct fit_result *r)
{
	char bad[200] = "";
	fflush(stdout);
	for (int i = 0; i < FIT_N_GOODNESS; i++) {
		const struct fit_goodness *g = &r->goodness[i];
		double off = fit_goodness_off(g);
		if (g->n < 2)
			continue;
		fprintf(stderr, "%-14s mean square %.4f, should be 1 (%+.1f sd, %zu units): %s\n",
			fit_goodness_names[i], g->mean_square, off, g->n, g->what);
		if (fabs(off) > FIT_OFF_MAX)
			snprintf(bad + strlen(bad), sizeof(bad) - strlen(bad), "%s%s",
				*bad ? ", " : "", fit_goodness_names[i]);
	}
	if (*bad)
		fprintf(stderr,
			"pcm-fit: the laws of preset " FIT_BASE
			" do not describe this board in %s: "
			"its twin differs there, and intervals are too narrow\n",
			bad);
}

static int fit(struct fit_data *d, struct fit_result *r, struct fit_message *msg)
{
	const struct fit_samples *stair = &d->of[FIT_STAIRCASE];
	struct pcm_params prm;
	pcm_params_default(&prm);
	r->t0 = prm.drift_t0;
	if (stair->n)
		r->t0 = (double)(stair->t[stair->shape[2]] - stair->t_pulse[1]) * 1e-9;
	int err = fit_offsets(d, r, msg);
	fit_polarity(d, r);
	if (err == 0)
		err = fit_faults(d, r, msg);
	if (err == 0)
		err = fit_gains(d, r, msg);
	if (err == 0)
		err = fit_law(d, r, msg);
	if (err == 0)
		err = fit_wire(d, r, msg);
	if (err == 0)
		err = fit_drift(d, r, msg);
	if (err == 0)
		fit_whiteness(d, r);
	return err;
}

static int write_preset(const char *path, const struct fit_data *d, const struct fit_result *r)
{
	struct page_error err;
	char *text = NULL;
	if (fit_preset_print(d, r, &text) < 0)
		return complain(FAILED, "no memory for %s", path);
	int status = DONE;
	if (page_file_write(path, text, strlen(text), &err) < 0)
		status = complain(FAILED, "%s", err.text);
	free(text);
	return status;
}

static int run_fit(const struct args *a)
{
	struct fit_result r = { 0 };
	struct fit_message msg;
	struct fit_data d;
	int status = DONE;
	if (fit_data_load(&d, a->input, &msg) < 0)
		return complain(FAILED, "%s", msg.text);
	if (fit(&d, &r, &msg) < 0)
		status = complain(FAILED, "%s: %s", a->input, msg.text);
	else if (a->format == JSON)
		status = print_json(&r);
	else if (a->format == CSV)
		print_csv(&r);
	else
		print_text(&r);
	if (status == DONE)
		tell_goodness(&r);
	if (status == DONE && a->output)
		status = write_preset(a->output, &d, &r);
	if (status == DONE && a->report && fit_report(a->report, &d, &r, &msg) < 0)
		status = complain(FAILED, "%s", msg.text);
	fit_data_done(&d);
	return status;
}

static int load_preset(struct pcm_params *prm, const char *name)
{
	char why[512];
	if (pcm_preset_is_file(name))
		return pcm_params_load(prm, name, why, sizeof(why)) < 0 ? complain(USAGE, "%s", why)
									: DONE;
	pcm_params_default(prm);
	if (pcm_params_set(prm, "preset", name) < 0)
		return complain(USAGE,
			"no preset \"%s\", did you mean \"%s\"? Files end in .yaml or have a slash",
			name, pcm_preset_nearest(name));
	return DONE;
}

/* Staircase with its noise, and drift after 10 pulses. */
static int find_curves(
	const struct pcm_params *prm, struct fit_point *stair, struct fit_point *drift)
{
	for (int k = 0; k < N_TIME; k++)
		drift[k].x = pow(10.0, 0.5 * k);
	int err = fit_curve_staircase(prm, prm->drift_t0, N_CURVE_READ, N_PULSE + 1, stair);
	if (err == 0)
		err = fit_curve_drift(prm, 10, N_CURVE_READ, N_TIME, drift);
	return err < 0 ? complain(FAILED, "no curves: %s", strerror(-err)) : DONE;
}

static void print_curve(const char *name, const struct fit_point *point, int n)
{
	for (int k = 0; k < n; k++)
		printf("%s,%.6g,%.5g,%.5g,%.5g\n", name, point[k].x, point[k].mean, point[k].sd,
			point[k].noise);
}

static void plot_curve(
	struct page *p, struct page_plot *plot, const struct fit_point *point, int n, bool is_noise)
{
	double x[N_PULSE + 1], y[N_PULSE + 1], lo[N_PULSE + 1], hi[N_PULSE + 1];
	for (int k = 0; k < n; k++) {
		x[k] = is_noise ? point[k].mean : point[k].x;
		y[k] = is_noise ? point[k].noise : point[k].mean;
		lo[k] = y[k] - (is_noise ? 0.0 : point[k].sd);
		hi[k] = y[k] + (is_noise ? 0.0 : point[k].sd);
	}
	const struct page_series series = {
		.style = PAGE_LINES_POINTS, .n = (size_t)n, .x = x, .y = y, .lo = lo, .hi = hi
	};
	plot->series = &series;
	plot->n_series = 1;
	page_plot(p, plot);
}

static int plot_preset(
	const struct args *a, const struct fit_point *stair, const struct fit_point *drift)
{
	struct page_error err = { "no memory" };
	struct page *p;
	if (page_new(&p, a->input) < 0)
		return complain(FAILED, "no memory for %s", a->plot);
	plot_curve(p,
		&(struct page_plot){ .title = "staircase: mean, and sd over devices",
			.x_label = "SET pulses since RESET",
			.y_label = "conductance (\302\265S)" },
		stair, N_PULSE + 1, false);
	plot_curve(p,
		&(struct page_plot){ .title = "drift after 10 pulses: mean, and sd over devices",
			.x_label = "time since the last pulse (s)",
			.y_label = "conductance (\302\265S)",
			.x_log = true },
		drift, N_TIME, false);
	plot_curve(p,
		&(struct page_plot){ .title = "read noise, along the staircase",
			.x_label = "mean conductance (\302\265S)",
			.y_label = "sd of a read (\302\265S)" },
		stair, N_PULSE + 1, true);
	int status = page_write(p, a->plot, &err) < 0 ? complain(FAILED, "%s", err.text) : DONE;
	page_free(p);
	return status;
}

static int run_curves(const struct args *a)
{
	struct fit_point stair[N_PULSE + 1], drift[N_TIME];
	struct pcm_params prm;
	int status = load_preset(&prm, a->input);
	if (status == DONE)
		status = find_curves(&prm, stair, drift);
	if (status == DONE && a->is_print) {
		puts("curve,x,mean_uS,sd_uS,read_sd_uS");
		print_curve("staircase", stair, N_PULSE + 1);
		print_curve("drift", drift, N_TIME);
	}
	return status == DONE && a->plot ? plot_preset(a, stair, drift) : status;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse,
		"MEASUREMENTS.h5\n--print PRESET\n--plot=FILE PRESET", doc, NULL, NULL, NULL };
	struct args a = { 0 };
	gsl_set_error_handler_off();
	argp_err_exit_status = USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	return a.is_print || a.plot ? run_curves(&a) : run_fit(&a);
}
