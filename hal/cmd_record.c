/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_record.c - run a program with its board recorded. */
#include "xbar_cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A URI within a URI: what would end it is written %XX. */
static int print_uri(char *buf, size_t n, const char *file, const char *uri)
{
	size_t len = (size_t)snprintf(buf, n, "record:%s?uri=", file);

	for (; *uri && len + 4 < n; uri++) {
		bool is_special = strchr("%?&=#+ ", *uri) != NULL;

		len += (size_t)snprintf(
			buf + len, n - len, is_special ? "%%%02X" : "%c", (unsigned char)*uri);
	}
	return *uri ? -1 : 0;
}

struct args {
	const char *file, *uri;
	char **command;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->quoted && state->next > state->quoted) {
			a->command = state->argv + state->next - 1;
			state->next = state->argc;
		} else if (!a->file) {
			a->file = arg;
		} else if (!a->uri) {
			a->uri = arg;
		} else {
			argp_error(state, "\"%s\": the command follows a --", arg);
		}
		return 0;
	case ARGP_KEY_END:
		if (!a->file || !a->command)
			argp_error(state, "a FILE and, after --, a COMMAND are needed");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_record(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "FILE [URI] -- COMMAND [ARGUMENT...]",
		.doc = "Run a command whose board, that of $XBAR_URI or URI, is recorded in FILE: "
		       "every call and every answer. replay:FILE is that board again, without the "
		       "board: it fails at the first call that differs.\v"
		       "  xbar record session.xbar usb: -- osttp train --epochs 1\n"
		       "  XBAR_URI=replay:session.xbar osttp train --epochs 1\n",
	};
	struct args a = { 0 };
	char uri[512];

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &a);
	if (!a.uri)
		a.uri = getenv("XBAR_URI");
	if (print_uri(uri, sizeof(uri), a.file, a.uri && *a.uri ? a.uri : "emu:") < 0)
		return cli_complain(CLI_USAGE, "record: file and URI are too long together");
	setenv("XBAR_URI", uri, 1);
	execvp(a.command[0], a.command);
	return cli_complain(CLI_FAILED, "record: cannot run %s: %s", a.command[0], strerror(errno));
}
