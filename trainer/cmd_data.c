/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_data.c - osttp data get NAME, osttp data list.
 */
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "data_get.h"

struct arguments {
	const char *verb, *name, *folder, *url;
};

static const struct argp_option options[] = {
	{ "to", 'o', "DIR", 0, "folder to put it in (default: the user's data folder)", 0 },
	{ "url", 'U', "URL", 0,
		"take it from a mirror (a folder, if it ends in /); the checksum must still be right",
		0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->folder = arg;
		return 0;
	case 'U':
		a->url = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			a->verb = arg;
		else if (state->arg_num == 1)
			a->name = arg;
		else
			argp_usage(state);
		return 0;
	case ARGP_KEY_END:
		if (!a->verb || (strcmp(a->verb, "list") && strcmp(a->verb, "get")))
			argp_error(state, "expected get NAME or list");
		else if (!strcmp(a->verb, "get") && !a->name)
			argp_error(state, "get what? osttp data list shows the names");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "get NAME\nlist",
	.doc = "Download public data sets from where their authors keep them."
	       "\vA file appears under its name only when it is whole and its checksum is right. "
	       "Examples: osttp data get jsb, osttp data get shd" };

int cmd_data(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_error e = { "" };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	if (!strcmp(a.verb, "list")) {
		for (const struct snn_data_source *s = snn_data_sources; s->name; s++)
			printf("%s\t%s\t%s\n", s->name, s->help, s->url);
		return CLI_DONE;
	}
	r = snn_data_get(a.name, a.url, a.folder, &e);
	return r < 0 ? cli_fail(&e, r) : CLI_DONE;
}
