/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CONFIG = 'c',
	OPT_TASK = 't',
	OPT_RULE = 'r',
	OPT_WEIGHTS = 'w',
	OPT_URI = 'u',
	OPT_EPOCHS = 'e',
	OPT_SEED = 's',
	OPT_DATA = 'd',
	OPT_UPDATE = 'U',
	OPT_SET = 'S',
	OPT_HELP_CONFIG = 0x100
};

static const struct argp_option options[] = {
	{ "config", OPT_CONFIG, "FILE", 0, "YAML file of settings", 1 },
	{ "task", OPT_TASK, "T", 0,
		"chorale (built in), jsb (Bach chorales), shd (spoken digits) or stream (standard input)",
		1 },
	{ "rule", OPT_RULE, "R", 0, "learning rule, e.g. osttp (osttp rules lists them)", 1 },
	{ "weights", OPT_WEIGHTS, "float|chips", 0, "in float32, or in conductances", 1 },
	{ "uri", OPT_URI, "URI", 0, "the board, e.g. 'emu:?chips=2&seed=7' (see xbar --help)", 1 },
	{ "epochs", OPT_EPOCHS, "N", 0, "passes over the training sequences", 1 },
	{ "seed", OPT_SEED, "S", 0, "of initial weights, order, generated data, emulated chips",
		1 },
	{ "data", OPT_DATA, "PATH", 0, "file or folder of the task's data", 1 },
	{ "update", OPT_UPDATE, "sequence|step", 0, "when weights change (step: online)", 1 },
	{ "set", OPT_SET, "path=value", 0, "any setting, e.g. network.hidden=100; may be repeated",
		1 },
	{ "help-config", OPT_HELP_CONFIG, NULL, 0,
		"list every setting with default, range and meaning", 1 },
	{ 0 },
};

static const struct {
	int key;
	const char *path;
} shorthand[] = {
	{ OPT_TASK, "task" },
	{ OPT_RULE, "rule" },
	{ OPT_WEIGHTS, "weights" },
	{ OPT_URI, "uri" },
	{ OPT_EPOCHS, "train.epochs" },
	{ OPT_SEED, "seed" },
	{ OPT_DATA, "data" },
	{ OPT_UPDATE, "train.update" },
};

static void assign(struct argp_state *state, const char *path, const char *value)
{
	struct cli_selection *s = state->input;

	if (s->n_set == CLI_MAX_SET)
		argp_error(state, "more than %d settings on one command line: use --config",
			CLI_MAX_SET);
	else
		s->set[s->n_set++] = (struct snn_assignment){ .path = path, .value = value };
}

static void assign_set(struct argp_state *state, const char *arg)
{
	struct cli_selection *s = state->input;
	const char *equal = strchr(arg, '=');
	char *path = equal && equal > arg ? strndup(arg, (size_t)(equal - arg)) : NULL;

	if (!path) {
		argp_error(state, "--set %s: expected path=value, e.g. network.hidden=100", arg);
		return;
	}
	assign(state, path, equal + 1);
	s->owned[s->n_set - 1] = path;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cli_selection *s = state->input;

	for (size_t i = 0; i < sizeof(shorthand) / sizeof(shorthand[0]); i++) {
		if (shorthand[i].key == key) {
			assign(state, shorthand[i].path, arg);
			return 0;
		}
	}
	switch (key) {
	case OPT_CONFIG:
		s->config_file = arg;
		return 0;
	case OPT_SET:
		assign_set(state, arg);
		return 0;
	case OPT_HELP_CONFIG:
		snn_config_help(stdout);
		exit(CLI_DONE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cli_selection_argp = { .options = options, .parser = parse };

void cli_selection_done(struct cli_selection *s)
{
	for (size_t i = 0; i < CLI_MAX_SET; i++)
		free(s->owned[i]);
	memset(s, 0, sizeof(*s));
}

int cli_selection_load(const struct cli_selection *s, struct snn_config *c, struct snn_error *e)
{
	return snn_config_load(c, s->config_file, s->set, s->n_set, e);
}

int cli_fail(const struct snn_error *e, int code)
{
	fprintf(stderr, "osttp: %s\n", e->text);
	switch (code) {
	case -EINVAL:
	case -ERANGE:
	case -ENOENT:
	case -ENODEV:
	case -ENOTSUP:
	case -EEXIST:
		return CLI_USAGE;
	default:
		return CLI_FAILED;
	}
}

error_t cli_operand(
	struct argp_state *state, int key, char *arg, const char **operand, const char *question)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (*operand)
			argp_error(state, "unexpected argument %s", arg);
		*operand = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "%s", question);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

unsigned long cli_whole(struct argp_state *state, const char *name, const char *arg,
	unsigned long least, unsigned long most)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(arg, &end, 10);
	if (arg[0] >= '0' && arg[0] <= '9' && !*end && !errno && v >= least && v <= most)
		return v;
	if (most < UINT32_MAX)
		argp_error(state, "--%s %s: expected a whole number, %lu .. %lu", name, arg, least,
			most);
	else
		argp_error(state, "--%s %s: expected a whole number from %lu", name, arg, least);
	return v;
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	argp_err_exit_status = CLI_USAGE;
	return argp_parse(argp, argc, argv, 0, NULL, input) ? CLI_USAGE : CLI_DONE;
}
