/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * osttp_cli.c - the program osttp: chooses the subcommand.
 */
#include <errno.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "version.h"

static const struct {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "train", "train a network; everything about the run goes into a run folder", cmd_train },
	{ "eval", "test a trained network, at once or after its chips have aged", cmd_eval },
	{ "gradients", "write one sequence's gradients, for comparison with other code",
		cmd_gradients },
	{ "study", "many trainings that differ in a few settings, and what came of them",
		cmd_study },
	{ "report", "a run or study as one HTML page", cmd_report },
	{ "play", "a network that learned music continues a piece, as a MIDI file", cmd_play },
	{ "export", "the network of a run as NIR, for other simulators and chips", cmd_export },
	{ "import", "a run of a network in NIR", cmd_import },
	{ "rules", "list the learning rules and what each needs", cmd_rules },
	{ "compare", "train several rules with several seeds, and print a table", cmd_compare },
	{ "align", "compare the rules' updates with bptt's while a network is trained", cmd_align },
	{ "data", "download the public data sets", cmd_data },
};
#define N_COMMAND (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	fputs("Usage: osttp COMMAND [OPTION...]\n"
	      "Train spiking networks online, on emulated or real phase-change-memory crossbars.\n\n",
		f);
	for (size_t i = 0; i < N_COMMAND; i++)
		fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\nExamples:\n"
	      "  osttp train                              built-in task, OSTTP, float weights\n"
	      "  osttp train --weights chips              the same on two emulated PCM chips\n"
	      "  osttp data get jsb && osttp train --task jsb --rule osttp --weights chips\n"
	      "  osttp train --resume RUN                 go on where a run stopped\n"
	      "  osttp eval RUN --after 1h                test after an hour of drift\n\n"
	      "osttp COMMAND --help says more. Exit status: 0 done, 1 failed, 2 wrong usage or\n"
	      "configuration. stdout is data, stderr is talk.\n",
		f);
}

static int run(size_t i, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "osttp %s", commands[i].name);
	argv[0] = name;
	return commands[i].run(argc, argv);
}

/* A full disk or closed pipe must not pass for success, also where argp leaves after --help. */
static void check_stdout(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	fprintf(stderr, "osttp: standard output cannot be written: %s\n", strerror(errno));
	_exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : NULL;

	gsl_set_error_handler_off();
	if (atexit(check_stdout))
		return CLI_FAILED;
	if (!what) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(what, "--help") || !strcmp(what, "-?") || !strcmp(what, "help")) {
		usage(stdout);
		return CLI_DONE;
	}
	if (!strcmp(what, "--version") || !strcmp(what, "-V")) {
		printf("osttp %s (%s)\n", snn_version, snn_revision);
		return CLI_DONE;
	}
	for (size_t i = 0; i < N_COMMAND; i++) {
		if (!strcmp(commands[i].name, what))
			return run(i, argc - 1, argv + 1);
	}
	fprintf(stderr, "osttp: unknown command %s; osttp --help lists them\n", what);
	return CLI_USAGE;
}
