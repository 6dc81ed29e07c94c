/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_scan.c - which boards could be there. */
#include "xbar_cli.h"

#include <stdio.h>

struct list {
	enum cli_format format;
	json_t *json;
	unsigned n;
};

static void add(
	void *user, const char *uri, const char *what, const char *serial, const char *problem)
{
	struct list *l = user;

	if (l->format == CLI_JSON)
		json_array_append_new(l->json,
			json_pack("{s:s, s:s, s:s, s:s}", "uri", uri, "what", what, "serial",
				serial, "problem", problem));
	else if (l->format == CLI_CSV)
		printf("%s,\"%s\",\"%s\",%s\n", uri, what, serial, problem);
	else
		printf("%-36s %-28s %-12s %s\n", uri, what, serial, problem);
	l->n++;
}

static void tell(void *user, enum xbar_log_level level, const char *text)
{
	(void)user;
	(void)level;
	cli_complain(0, "%s", text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = state->input;
	return 0;
}

static int scan(struct list *l)
{
	struct xbar_params prm = XBAR_PARAMS_DEFAULT;
	int r;

	prm.log = tell;
	if (l->format == CLI_CSV)
		puts("uri,what,serial,problem");
	r = xbar_scan(&prm, add, l);
	if (r < 0)
		return CLI_FAILED;
	if (l->format == CLI_JSON)
		return cli_json(l->json);
	if (!l->n)
		fputs("no boards; emu: and loop: are always there\n", stderr);
	return CLI_DONE;
}

int cmd_scan(int argc, char **argv)
{
	static const struct argp_child children[] = { { &cli_common_argp, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = {
		.parser = parse,
		.children = children,
		.args_doc = "",
		.doc = "List the boards on USB and all serial lines, with the URIs that open them. "
		       "Nothing is sent to a serial line: \"xbar ping URI\" tells whether a board "
		       "is behind it.",
	};
	struct cli_common common = { 0 };
	struct list l = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &common);
	if (common.uri)
		return cli_complain(CLI_USAGE, "scan: no URI is needed: \"%s\"", common.uri);
	l.format = common.format;
	l.json = l.format == CLI_JSON ? json_array() : NULL;
	return scan(&l);
}
