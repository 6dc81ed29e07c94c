/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_info.c - what the board is, and what it has done so far. */
#include "xbar_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
	struct cli_common common;
	bool wants_uri_help;
	const char *scheme;
};

static const struct argp_option options[] = {
	{ "help-uri", 'u', "KIND", OPTION_ARG_OPTIONAL,
		"List the keys of a kind of URI (default emu) and exit; with --csv as a table", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'u':
		a->wants_uri_help = true;
		a->scheme = arg ? arg : "emu";
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void key_as_text(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help)
{
	bool has_unit = *unit && strcmp(unit, "1");

	(void)user;
	printf("  %-17s %s\n", key, help);
	printf("  %-17s   %s%s%s%s%s%s\n", "", *def ? "default " : "", def, *def ? ", of " : "",
		range, has_unit ? " " : "", has_unit ? unit : "");
	if (*source)
		printf("  %-17s   source: %s\n", "", source);
}

/* RFC 4180: quoted, and a quote doubled. */
static void quoted(const char *text, char end)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
	putchar(end);
}

static void key_as_csv(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help)
{
	(void)user;
	printf("%s,%s,", key, unit);
	quoted(def, ',');
	quoted(range, ',');
	quoted(source, ',');
	quoted(help, '\n');
}

static int help_uri(const struct args *a)
{
	bool is_csv = a->common.format == CLI_CSV;

	if (is_csv)
		puts("key,unit,default,range,source,help");
	else
		printf("Keys of %s: URIs, as in %s:?KEY=VALUE&KEY=VALUE\n\n", a->scheme, a->scheme);
	if (xbar_scheme_help(a->scheme, is_csv ? key_as_csv : key_as_text, NULL) == 0)
		return CLI_DONE;
	return cli_complain(CLI_USAGE, "no kind of URI \"%s:\" in this build", a->scheme);
}

static json_t *stats_as_json(const struct xbar_stats *s)
{
	json_t *o = json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "time_ns",
		(json_int_t)s->time, "time_s", (double)s->time * 1e-9, "n_mvm",
		(json_int_t)s->n_mvm, "n_set", (json_int_t)s->n_set, "n_reset",
		(json_int_t)s->n_reset, "n_read", (json_int_t)s->n_read, "n_program",
		(json_int_t)s->n_program, "n_sat", (json_int_t)s->n_sat, "energy_J", s->energy);

	if (o && s->temperature > 0.0)
		json_object_set_new(o, "temperature_K", json_real(s->temperature));
	return o;
}

static json_t *caps_as_json(uint32_t caps)
{
	return json_pack("{s:b, s:b, s:b, s:b}", "save", !!(caps & XBAR_CAP_SAVE), "program",
		!!(caps & XBAR_CAP_PROGRAM), "wait", !!(caps & XBAR_CAP_WAIT), "correct",
		!!(caps & XBAR_CAP_CORRECT));
}

static int print_json(struct cli_board *b, const struct xbar_stats *s)
{
	const struct xbar_info *i = b->info;

	return cli_json(json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:o, s:o}",
		"board", i->board, "model", i->model, "serial", i->serial, "version", i->version,
		"uri", i->uri, "n_chip", (int)i->n_chip, "n_row", (int)i->n_row, "n_col",
		(int)i->n_col, "n_device", (int)i->n_device, "dac_bits", (int)i->dac_bits,
		"adc_bits", (int)i->adc_bits, "adc_lsb_A", (double)xbar_adc_lsb(b->x, 0, 0),
		"v_read_V", (double)i->v_read, "g_max_S", (double)i->g_max, "t_mvm_s",
		(double)i->t_mvm * 1e-9, "caps", caps_as_json(i->caps), "stats", stats_as_json(s)));
}

static void print_text(struct cli_board *b, const struct xbar_stats *s)
{
	const struct xbar_info *i = b->info;

	printf("board      %s %s, serial %s\n", i->board, i->version, i->serial);
	printf("devices    %s, up to %g S each\n", i->model, (double)i->g_max);
	printf("uri        %s\n", i->uri);
	printf("chips      %u of %u rows x %u columns, %u devices a cell\n", i->n_chip, i->n_row,
		i->n_col, i->n_device);
	printf("codes      in: bits or %u bit, -%d .. %d, full scale %g V; out: %u bit, one code is "
	       "%g A (chip 0, column 0)\n",
		i->dac_bits, XBAR_DAC_MAX, XBAR_DAC_MAX, (double)i->v_read, i->adc_bits,
		(double)xbar_adc_lsb(b->x, 0, 0));
	printf("product    %g s\n", (double)i->t_mvm * 1e-9);
	printf("can        %s%s%s%s\n", i->caps & XBAR_CAP_SAVE ? "save its state, " : "",
		i->caps & XBAR_CAP_CORRECT ? "correct gains and offsets, read in 1 or 4 phases, "
					   : "",
		i->caps & XBAR_CAP_PROGRAM ? "program by itself, " : "be programmed by pulses, ",
		i->caps & XBAR_CAP_WAIT ? "wait in no time" : "wait");
	if (s->temperature > 0.0)
		printf("sensor     %.2f degC, warmest chip\n", s->temperature - XBAR_ZERO_CELSIUS);
	printf("so far     %.9g s of chip time, %g J\n", (double)s->time * 1e-9, s->energy);
	printf("           %llu products (%llu codes saturated), %llu SET, %llu RESET, %llu devices "
	       "read, %llu programmed\n",
		(unsigned long long)s->n_mvm, (unsigned long long)s->n_sat,
		(unsigned long long)s->n_set, (unsigned long long)s->n_reset,
		(unsigned long long)s->n_read, (unsigned long long)s->n_program);
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_stats stats;
	int status = cli_result(b, xbar_stats(b->x, &stats));

	if (status != CLI_DONE)
		return status;
	if (a->common.format == CLI_JSON)
		return print_json(b, &stats);
	print_text(b, &stats);
	return CLI_DONE;
}

static int check(const void *args)
{
	const struct args *a = args;

	if (a->wants_uri_help)
		exit(help_uri(a));
	if (a->common.format == CLI_CSV)
		return cli_complain(CLI_USAGE, "info: no table, so no --csv; there is --json");
	return CLI_DONE;
}

int cmd_info(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.check = check,
		.run = run,
		.doc = "Tell what the board is, and what it has done so far.\v"
		       "  xbar info 'emu:?chips=2&seed=7&drift_nu=0.05'\n"
		       "  xbar info --help-uri\n",
	};
	struct args a = { 0 };

	return cli_run(&command, argc, argv, &a);
}
