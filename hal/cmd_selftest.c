/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_selftest.c - does the board work? A verdict for each item, for people and production lines. */
#include "xbar_cli.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "selftest.h"
#include "selftest_page.h"

#define ALL_CHIPS UINT32_MAX

struct args {
	struct cli_common common;
	uint32_t chip;
	const char *limits_file, *report;
	double t_retention;
	bool may_overwrite, wants_limits;
};

enum { OPT_LIMITS = 0x100, OPT_PRINT, OPT_RETENTION, OPT_OVERWRITE, OPT_REPORT };

static const struct argp_option options[] = {
	{ "chip", 'c', "C", 0, "Only this chip, from 0 (default: all)", 0 },
	{ "limits", OPT_LIMITS, "FILE", 0, "YAML file of limits (default: built in)", 0 },
	{ "print-limits", OPT_PRINT, NULL, 0, "Print the limits as such a file, and exit", 0 },
	{ "retention-s", OPT_RETENTION, "T", 0,
		"Time over which conductances are kept (default 60 s, 0: do not test)", 0 },
	{ "overwrite", OPT_OVERWRITE, NULL, 0, "Also where devices are programmed", 0 },
	{ "report", OPT_REPORT, "FILE", 0, "Write a report with pictures (HTML)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		a->chip = cli_u32(state, "--chip", arg, 0, UINT32_MAX - 1);
		return 0;
	case OPT_LIMITS:
		a->limits_file = arg;
		return 0;
	case OPT_PRINT:
		a->wants_limits = true;
		return 0;
	case OPT_RETENTION:
		a->t_retention = cli_double(state, "--retention-s", "s", arg, 0.0, 1e9);
		return 0;
	case OPT_OVERWRITE:
		a->may_overwrite = true;
		return 0;
	case OPT_REPORT:
		a->report = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int load_limits(const struct args *a, struct xbar_limits *ret)
{
	struct xbar_message msg;

	xbar_limits_default(ret);
	if (a->limits_file && xbar_limits_load(ret, a->limits_file, &msg) < 0)
		return cli_complain(CLI_USAGE, "%s", msg.text);
	return CLI_DONE;
}

static json_t *item_as_json(const struct xbar_item *i)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:s}", "name", i->name, "unit", i->unit, "pass",
		i->has_passed, "detail", i->detail);

	if (isfinite(i->value))
		json_object_set_new(o, "value", json_real(i->value));
	if (isfinite(i->min))
		json_object_set_new(o, "min", json_real(i->min));
	if (isfinite(i->max))
		json_object_set_new(o, "max", json_real(i->max));
	return o;
}

static json_t *devices_as_json(const struct xbar_health *h, enum xbar_device_fault fault)
{
	json_t *list = json_array();

	for (size_t i = 0; i < (size_t)h->n_row * h->n_col * XBAR_N_DEVICE; i++) {
		if (h->device[i] == fault)
			json_array_append_new(list,
				json_pack("[i,i,i]", (int)(i / XBAR_N_DEVICE / h->n_col),
					(int)(i / XBAR_N_DEVICE % h->n_col),
					(int)(i % XBAR_N_DEVICE)));
	}
	return list;
}

static void add_columns(json_t *o, const struct xbar_health *h)
{
	json_t *dead = json_array(), *swapped = json_array(), *noisy = json_array();
	json_t *missing = json_array(), *rows = json_array();

	for (uint32_t i = 0; i < h->n_row; i++) {
		if (h->is_dead_row[i])
			json_array_append_new(rows, json_integer(i));
	}
	for (uint32_t j = 0; j < h->n_col; j++) {
		const struct xbar_column_health *c = &h->col[j];

		if (c->is_dead)
			json_array_append_new(dead, json_integer(j));
		if (c->is_swapped)
			json_array_append_new(swapped, json_integer(j));
		if (c->is_noisy)
			json_array_append_new(noisy, json_integer(j));
		if (c->n_missing)
			json_array_append_new(
				missing, json_pack("[i,i]", (int)j, (int)c->missing_code));
	}
	json_object_set_new(o, "dead_rows", rows);
	json_object_set_new(o, "dead_columns", dead);
	json_object_set_new(o, "swapped_columns", swapped);
	json_object_set_new(o, "noisy_columns", noisy);
	json_object_set_new(o, "missing_codes", missing);
}

static json_t *chip_as_json(uint32_t chip, const struct xbar_selftest *t)
{
	json_t *items = json_array(), *o;

	for (size_t i = 0; i < t->n_item; i++)
		json_array_append_new(items, item_as_json(&t->item[i]));
	o = json_pack("{s:i, s:b, s:o, s:o, s:o}", "chip", (int)chip, "pass", !t->n_failed, "items",
		items, "stuck_at_reset", devices_as_json(&t->health, XBAR_DEVICE_STUCK_RESET),
		"stuck_at_set", devices_as_json(&t->health, XBAR_DEVICE_STUCK_SET));
	add_columns(o, &t->health);
	return o;
}

static void print_limit(const struct xbar_item *i)
{
	if (isfinite(i->min) && isfinite(i->max) && i->min > 0.0)
		printf("%g .. %g", i->min, i->max);
	else if (isfinite(i->max))
		printf("<= %g", i->max);
	else
		printf(">= %g", i->min);
}

static void print_text(uint32_t chip, const struct xbar_selftest *t)
{
	printf("chip %u\n", chip);
	for (size_t k = 0; k < t->n_item; k++) {
		const struct xbar_item *i = &t->item[k];

		printf("  %-4s %-17s ", i->has_passed ? "ok" : "FAIL", i->name);
		if (isnan(i->value))
			printf("%10s %-8s", "-", "");
		else
			printf("%10.4g %-8s", i->value, i->unit);
		putchar(' ');
		print_limit(i);
		printf("%s%s%s\n", *i->detail ? "  (" : "", i->detail, *i->detail ? ")" : "");
	}
}

/* One line an item: chip,item,value,unit,min,max,pass. */
static void print_csv(uint32_t chip, const struct xbar_selftest *t)
{
	for (size_t k = 0; k < t->n_item; k++) {
		const struct xbar_item *i = &t->item[k];

		printf("%u,%s,%.6g,%s,%g,%g,%d\n", chip, i->name, i->value, i->unit, i->min, i->max,
			i->has_passed);
	}
}

struct result {
	json_t *chips;
	struct page *page; /* NULL: no report */
	size_t n_failed;   /* chips */
};

static int test_chip(const struct args *a, const struct xbar_lab *lab, uint32_t chip,
	const struct xbar_limits *limits, struct result *ret)
{
	const struct xbar_selftest_options opt = { .t_retention = a->t_retention };
	struct xbar_selftest t;
	int r = xbar_selftest_run(&t, lab, chip, limits, &opt);

	if (r < 0)
		return r;
	ret->n_failed += t.n_failed > 0;
	if (a->common.format == CLI_JSON)
		json_array_append_new(ret->chips, chip_as_json(chip, &t));
	else
		(a->common.format == CLI_CSV ? print_csv : print_text)(chip, &t);
	if (ret->page)
		xbar_selftest_page(ret->page, chip, &t);
	xbar_selftest_done(&t);
	return 0;
}

static int test_chips(const struct args *a, const struct xbar_lab *lab,
	const struct xbar_limits *limits, struct result *ret)
{
	uint32_t n_chip = xbar_info(lab->x)->n_chip;
	uint32_t first = a->chip == ALL_CHIPS ? 0 : a->chip;
	uint32_t end = a->chip == ALL_CHIPS ? n_chip : a->chip + 1;
	int r = 0;

	if (end > n_chip)
		return xbar_fail(lab->msg, -ERANGE, "chip %u: this board has chips 0 .. %u", first,
			n_chip - 1);
	for (uint32_t chip = first; chip < end && r == 0; chip++)
		r = a->may_overwrite ? 0 : xbar_borrow_check(lab, chip);
	if (r == 0 && a->common.format == CLI_CSV)
		puts("chip,item,value,unit,min,max,pass");
	for (uint32_t chip = first; chip < end && r == 0; chip++)
		r = test_chip(a, lab, chip, limits, ret);
	return r;
}

static int finish(const struct args *a, struct result *result)
{
	struct page_error err;

	if (result->page && page_write(result->page, a->report, &err) < 0)
		return cli_complain(CLI_FAILED, "%s", err.text);
	if (a->common.format == CLI_TEXT)
		printf("%s\n", result->n_failed ? "FAILED" : "passed");
	if (a->common.format == CLI_JSON &&
		cli_json(json_pack("{s:b, s:O}", "pass", !result->n_failed, "chips",
			result->chips)) != CLI_DONE)
		return CLI_FAILED;
	return result->n_failed ? CLI_FAILED : CLI_DONE;
}

static int test(const struct args *a, struct cli_board *b, const struct xbar_limits *limits)
{
	struct xbar_message msg;
	const struct xbar_lab lab = { .x = b->x, .msg = &msg };
	struct result result = { .chips = json_array() };
	int r = a->report ? xbar_board_page_new(&result.page, "Self-test", b->x) : 0, status;

	if (r < 0)
		status = cli_complain(CLI_FAILED, "no memory for a report");
	else if ((r = test_chips(a, &lab, limits, &result)) < 0)
		status = cli_complain(
			r == -EBUSY || r == -ERANGE ? CLI_USAGE : CLI_FAILED, "%s", msg.text);
	else
		status = finish(a, &result);
	page_free(result.page);
	json_decref(result.chips);
	return status;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	struct xbar_limits limits;
	struct cli_borrowed borrowed;
	int status = load_limits(a, &limits);

	if (status == CLI_DONE)
		status = cli_borrow(b, &borrowed);
	return status == CLI_DONE ? cli_give_back(b, &borrowed, test(a, b, &limits)) : status;
}

/* Limits before the board: a wrong file leaves it alone. */
static int check(const void *args)
{
	const struct args *a = args;
	struct xbar_limits limits;
	int status = load_limits(a, &limits);

	if (status != CLI_DONE || !a->wants_limits)
		return status;
	xbar_limits_print(&limits, stdout);
	exit(CLI_DONE);
}

static const char doc[] =
	"Test a board: link, geometry, ADCs (offset, gain, noise, linearity, missing codes), dead "
	"rows and columns, exchanged polarities, stuck devices, a SET staircase, retention. Each "
	"item is judged against a limit.\v"
	"A board that can save its state gets it back, also its clock. Another one is left RESET, "
	"and not touched at all if its devices are programmed, unless --overwrite is given.\n"
	"\n"
	"Exit status: 0 everything passed, 1 something failed or could not be measured, 2 wrong "
	"usage, or a board in use.\n"
	"\n"
	"  xbar selftest serial:/dev/ttyACM0 --report board17.html\n"
	"  xbar selftest --print-limits >limits.yaml; xbar selftest usb: --limits limits.yaml --json\n"
	"  xbar selftest 'emu:?faults=row:7,col:3,code:20:5'\n";

int cmd_selftest(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options, .parse = parse, .doc = doc, .check = check, .run = run
	};
	struct args a = { .chip = ALL_CHIPS, .t_retention = 60.0 };

	return cli_run(&command, argc, argv, &a);
}
