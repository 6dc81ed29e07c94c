/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xbar_cli.c - the program xbar: which commands there are. */
#include "xbar_cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "spelling.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	char *title;
} commands[] = {
	{ "scan", cmd_scan, "xbar scan" },
	{ "ping", cmd_ping, "xbar ping" },
	{ "info", cmd_info, "xbar info" },
	{ "mvm", cmd_mvm, "xbar mvm" },
	{ "pulse", cmd_pulse, "xbar pulse" },
	{ "program", cmd_program, "xbar program" },
	{ "read", cmd_read, "xbar read" },
	{ "map", cmd_map, "xbar map" },
	{ "wait", cmd_wait, "xbar wait" },
	{ "selftest", cmd_selftest, "xbar selftest" },
	{ "characterise", cmd_characterise, "xbar characterise" },
	{ "monitor", cmd_monitor, "xbar monitor" },
	{ "bench", cmd_bench, "xbar bench" },
	{ "record", cmd_record, "xbar record" },
};

#define N_COMMAND (sizeof(commands) / sizeof(commands[0]))

static const char doc[] =
	"Talk to a board of phase-change-memory crossbars, emulated or real.\v"
	"Commands:\n"
	"  scan      which boards could be there\n"
	"  ping      how long bytes take to a board and back\n"
	"  info      what the board is, and what it has done so far\n"
	"  mvm       analog matrix-vector products\n"
	"  pulse     SET or RESET pulses on one device\n"
	"  program   bring devices to wanted conductances (program and verify)\n"
	"  read      conductances of single devices\n"
	"  map       conductances as a picture, on the terminal or as PNG\n"
	"  wait      let time pass, so that devices drift\n"
	"  selftest  does it work: a verdict for each item, for production lines\n"
	"  characterise  measure how devices and columns behave, for tables and for pcm-fit\n"
	"  monitor   what the board does and how good its link is, again and again\n"
	"  bench     how fast the board is\n"
	"  record    run a program with its board recorded, for replay:FILE\n"
	"\n"
	"A board is named by a URI; without one, $XBAR_URI is used, else emu: (two emulated chips). "
	"Options may stand before or after it. \"xbar info --help-uri\" lists its keys, "
	"\"xbar COMMAND --help\" the options of a command.\n"
	"\n"
	"An emulated board is new in every command unless it is kept in a file:\n"
	"  export XBAR_URI='emu:?seed=7&state=board.state'\n"
	"  xbar pulse --chip 0 --row 3 --col 5 --device 0 --kind set -n 4\n"
	"  xbar wait --seconds 3600\n"
	"  xbar read --chip 0 --rows 3 --cols 5 --csv\n"
	"\n"
	"Conductances are in siemens, currents in ampere, times in seconds. Data goes to standard "
	"output, everything else to standard error.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage or configuration.";

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < N_COMMAND; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static const char *nearest(const char *name)
{
	const char *names[N_COMMAND + 1] = { NULL };

	for (size_t i = 0; i < N_COMMAND; i++)
		names[i] = commands[i].name;
	return xbar_nearest(name, names);
}

struct choice {
	const struct command *command;
	int first; /* index of the command in argv */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct choice *c = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		c->command = find(arg);
		if (!c->command)
			argp_error(state, "unknown command \"%s\", did you mean \"%s\"?", arg,
				nearest(arg));
		c->first = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state,
			"which command? scan, ping, info, mvm, pulse, program, read, map, wait, bench, record");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* What does not reach the reader is a failure, even if only the last buffer is lost. */
static void close_stdout(void)
{
	int had_error = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !had_error)
		return;
	fprintf(stderr, "xbar: cannot write to standard output: %s\n",
		errno ? strerror(errno) : "write error");
	_exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "COMMAND [URI] [OPTION...]",
		.doc = doc,
	};
	struct choice choice = { 0 };

	atexit(close_stdout);
	argp_err_exit_status = CLI_USAGE;
	argp_program_version = "xbar " XBAR_VERSION;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);
	argv[choice.first] = choice.command->title;
	return choice.command->run(argc - choice.first, argv + choice.first);
}
