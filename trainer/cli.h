/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - what the subcommands of osttp share. A command is a function from argc, argv to an exit
 * status: 0 done, 1 failed, 2 wrong usage or configuration. stdout is data, stderr is talk.
 */
#ifndef SNN_CLI_H
#define SNN_CLI_H

#include <argp.h>
#include <stdbool.h>
#include "config.h"
#include "error.h"

#define CLI_MAX_SET 128

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* The options that select what is trained: task, rule, weights, ..., --set. */
struct cli_selection {
	const char *config_file;
	struct snn_assignment set[CLI_MAX_SET];
	char *owned[CLI_MAX_SET]; /* paths cut out of --set path=value */
	size_t n_set;
};

extern const struct argp cli_selection_argp; /* a child; its input is a struct cli_selection */
void cli_selection_done(struct cli_selection *s);
int cli_selection_load(const struct cli_selection *s, struct snn_config *c, struct snn_error *e);

/* Print "osttp: message" and return the exit status that code means. */
int cli_fail(const struct snn_error *e, int code);

/*
 * The last case of a parser whose command has one operand: keep it (borrowed from argv), refuse a
 * second, ask the question where there is none.
 */
error_t cli_operand(
	struct argp_state *state, int key, char *arg, const char **operand, const char *question);

/*
 * The number that option --name was given; where it is none of least .. most, a usage error, which
 * does not mention a most of UINT32_MAX: that is the type's.
 */
unsigned long cli_whole(struct argp_state *state, const char *name, const char *arg,
	unsigned long least, unsigned long most);

/* argp_parse with exit status 2 for wrong usage. */
int cli_parse(const struct argp *argp, int argc, char **argv, void *input);

int cmd_train(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_gradients(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_align(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_study(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_play(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);

#endif
