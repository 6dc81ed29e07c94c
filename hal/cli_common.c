/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_common.c - what xbar_cli.h declares, but the commands. */
#include "xbar_cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spelling.h"

int cli_complain(int status, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("xbar: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "Print one line of JSON", -2 },
	{ "csv", 'C', NULL, 0, "Print comma-separated values", -2 },
	{ "verbose", 'v', NULL, 0, "Tell what the library does", -2 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cli_common *c = state->input;

	switch (key) {
	case 'J':
		c->format = CLI_JSON;
		return 0;
	case 'C':
		c->format = CLI_CSV;
		return 0;
	case 'v':
		c->is_verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (c->uri)
			argp_error(state, "one URI is enough: \"%s\" and \"%s\"", c->uri, arg);
		c->uri = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp cli_common_argp = { .options = options, .parser = parse };

static void tell(void *user, enum xbar_log_level level, const char *text)
{
	struct cli_board *b = user;

	if (level == XBAR_LOG_ERROR)
		b->has_failed = true;
	cli_complain(0, "%s", text);
}

static int status_of(int r)
{
	if (r >= 0)
		return CLI_DONE;
	return r == -EINVAL || r == -ERANGE || r == -ENOTSUP ? CLI_USAGE : CLI_FAILED;
}

int cli_open(struct cli_board *b, const struct cli_common *c)
{
	struct xbar_params prm = XBAR_PARAMS_DEFAULT;
	int r;

	prm.log = tell;
	prm.log_user = b;
	if (c->is_verbose)
		prm.log_level = XBAR_LOG_DEBUG;
	b->has_failed = false;
	r = xbar_open(&b->x, c->uri, &prm);
	if (r < 0 && !b->has_failed)
		cli_complain(0, "cannot open the board: %s", strerror(-r));
	if (r == 0)
		b->info = xbar_info(b->x);
	return status_of(r);
}

int cli_close(struct cli_board *b, int status)
{
	xbar_close(b->x);
	return status == CLI_DONE && b->has_failed ? CLI_FAILED : status;
}

/* Hands the arguments to the common options and to those of the command. */
static error_t hand_over(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	state->child_inputs[1] = state->input;
	return 0;
}

int cli_run(const struct cli_command *c, int argc, char **argv, void *args)
{
	const struct argp own = { .options = c->options, .parser = c->parse };
	const struct argp_child children[] = { { &cli_common_argp, 0, NULL, 0 },
		{ &own, 0, NULL, 0 }, { 0 } };
	const struct argp argp = { .parser = hand_over,
		.children = children,
		.args_doc = c->args_doc ? c->args_doc : "[URI]",
		.doc = c->doc };
	struct cli_board b;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, args);
	status = c->check ? c->check(args) : CLI_DONE;
	if (status == CLI_DONE)
		status = cli_open(&b, args);
	return status == CLI_DONE ? cli_close(&b, c->run(args, &b)) : status;
}

int cli_result(struct cli_board *b, int r)
{
	if (r < 0)
		cli_complain(0, "%s", xbar_message(b->x));
	return status_of(r);
}

int cli_borrow(struct cli_board *b, struct cli_borrowed *ret)
{
	*ret = (struct cli_borrowed){ 0 };
	if (!(b->info->caps & XBAR_CAP_SAVE))
		return CLI_DONE;
	return cli_result(b, xbar_save(b->x, &ret->state, &ret->n));
}

int cli_give_back(struct cli_board *b, struct cli_borrowed *s, int status)
{
	int back = s->state ? cli_result(b, xbar_load(b->x, s->state, s->n)) : CLI_DONE;

	free(s->state);
	return status == CLI_DONE ? back : status;
}

uint32_t cli_u32(
	struct argp_state *state, const char *what, const char *text, uint32_t min, uint32_t max)
{
	unsigned long long v;

	if (!*text || text[strspn(text, "0123456789")])
		argp_error(state, "%s \"%s\" is not a whole number", what, text);
	errno = 0;
	v = strtoull(text, NULL, 10);
	if (errno || v < min || v > max)
		argp_error(state, "%s %s is outside %u .. %u", what, text, min, max);
	return (uint32_t)v;
}

double cli_double(struct argp_state *state, const char *what, const char *unit, const char *text,
	double min, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || isnan(v) || text[strspn(text, "+-.0123456789eE")])
		argp_error(state, "%s \"%s\" is not a number (%s)", what, text, unit);
	if (v < min || v > max)
		argp_error(
			state, "%s %s %s is outside %g .. %g %s", what, text, unit, min, max, unit);
	return v;
}

int cli_word(struct argp_state *state, const char *what, const char *text, const char *const *words)
{
	char all[128] = "";
	size_t len = 0;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text))
			return i;
		if (len < sizeof(all))
			len += (size_t)snprintf(
				all + len, sizeof(all) - len, "%s%s", i ? ", " : "", words[i]);
	}
	argp_error(state, "%s \"%s\" is unknown, did you mean \"%s\"? There are: %s", what, text,
		xbar_nearest(text, words), all);
	return 0;
}

/* Digits before `end`, or `open` if there are none. */
static uint32_t bound(
	struct argp_state *state, const char *what, const char *text, size_t n, uint32_t open)
{
	char digits[16];

	if (!n)
		return open;
	if (n >= sizeof(digits))
		argp_error(state, "%s \"%s\": too large", what, text);
	memcpy(digits, text, n);
	digits[n] = '\0';
	return cli_u32(state, what, digits, 0, UINT32_MAX - 1);
}

struct cli_span cli_span(struct argp_state *state, const char *what, const char *text)
{
	const char *colon = strchr(text, ':');
	struct cli_span s;

	if (!colon) {
		s.first = cli_u32(state, what, text, 0, UINT32_MAX - 2);
		s.end = s.first + 1;
		return s;
	}
	s.first = bound(state, what, text, (size_t)(colon - text), 0);
	s.end = bound(state, what, colon + 1, strlen(colon + 1), UINT32_MAX);
	if (s.first >= s.end)
		argp_error(state, "%s %s is empty: a:b means a .. b - 1", what, text);
	return s;
}

static int resolve(const char *what, struct cli_span s, uint32_t n, uint32_t *ret, uint32_t *ret_n)
{
	uint32_t end = s.end == UINT32_MAX ? n : s.end;

	if (end > n || s.first >= end)
		return cli_complain(CLI_USAGE, "%s %u:%u are outside the chip, which has %u (0:%u)",
			what, s.first, s.end == UINT32_MAX ? n : s.end, n, n);
	*ret = s.first;
	*ret_n = end - s.first;
	return CLI_DONE;
}

int cli_patch(const struct cli_board *b, uint32_t chip, struct cli_span rows, struct cli_span cols,
	struct xbar_patch *ret)
{
	int status;

	if (chip >= b->info->n_chip)
		return cli_complain(CLI_USAGE,
			"chip %u is not on this board, which has chips 0 .. %u", chip,
			b->info->n_chip - 1);
	ret->chip = chip;
	status = resolve("rows", rows, b->info->n_row, &ret->row, &ret->n_row);
	if (status != CLI_DONE)
		return status;
	return resolve("cols", cols, b->info->n_col, &ret->col, &ret->n_col);
}

int cli_json(json_t *object)
{
	int r = object ? json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) : -1;

	json_decref(object);
	if (r == 0)
		putchar('\n');
	return r == 0 ? CLI_DONE : cli_complain(CLI_FAILED, "cannot write JSON");
}

void *cli_calloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		cli_complain(0, "no memory for %zu x %zu bytes", n, size);
	return p;
}

int cli_read_mean(struct cli_board *b, const struct xbar_patch *w, uint32_t n_read, float **ret_g)
{
	size_t n = (size_t)w->n_row * w->n_col * XBAR_N_DEVICE;
	double *sum = cli_calloc(n, sizeof(*sum));
	float *g = cli_calloc(n, sizeof(*g));
	int status = sum && g ? CLI_DONE : CLI_FAILED;

	for (uint32_t k = 0; k < n_read && status == CLI_DONE; k++) {
		status = cli_result(b, xbar_read(b->x, w, 1, g));
		for (size_t i = 0; i < n && status == CLI_DONE; i++)
			sum[i] += (double)g[i];
	}
	for (size_t i = 0; i < n && status == CLI_DONE; i++)
		g[i] = (float)(sum[i] / n_read);
	free(sum);
	if (status == CLI_DONE)
		*ret_g = g;
	else
		free(g);
	return status;
}
