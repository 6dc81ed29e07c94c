/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xbar_cli.h - what the subcommands of the program xbar share. One subcommand is one file:
 *
 *	int cmd_NAME(int argc, char **argv);	exit status; argv[0] is "xbar NAME"
 *
 * Most are a struct cli_command, run by cli_run(), which takes the URI, --json, --csv and --verbose by
 * itself. stdout is data, stderr is talk.
 */
#ifndef XBAR_CLI_H
#define XBAR_CLI_H

#include <argp.h>
#include <jansson.h>
#include "xbar.h"

enum cli_status { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum cli_format { CLI_TEXT, CLI_CSV, CLI_JSON };

struct cli_common {
	const char *uri; /* NULL: $XBAR_URI, else emu: */
	enum cli_format format;
	bool is_verbose;
};

extern const struct argp cli_common_argp;

struct cli_board {
	struct xbar *x;
	const struct xbar_info *info;
	bool has_failed; /* the library reported an error by itself, as xbar_close() does */
};

/* A subcommand that opens a board. Its arguments are a struct whose first member is a cli_common. */
struct cli_command {
	const struct argp_option *options;
	argp_parser_t parse; /* of these options; state->input is the arguments */
	const char *args_doc, *doc;
	int (*check)(const void *args); /* before the board is opened; NULL: nothing to check */
	int (*run)(const void *args, struct cli_board *b);
};

/* Parse, check, open, run, close; the exit status. args holds the defaults. */
int cli_run(const struct cli_command *c, int argc, char **argv, void *args);

/* "xbar: text" on stderr; returns status. */
int cli_complain(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* CLI_DONE, or the status to exit with after telling why. */
int cli_open(struct cli_board *b, const struct cli_common *c);

/* Close; the status to exit with, which is not CLI_DONE if the board could not be kept. */
int cli_close(struct cli_board *b, int status);

/* Tell xbar_message(); the status that belongs to r < 0. CLI_DONE for r >= 0, silently. */
int cli_result(struct cli_board *b, int r);

/* Numbers of the command line; a wrong one ends the program with CLI_USAGE through argp_error(). */
uint32_t cli_u32(
	struct argp_state *state, const char *what, const char *text, uint32_t min, uint32_t max);
double cli_double(struct argp_state *state, const char *what, const char *unit, const char *text,
	double min, double max);

/* One of a NULL-ended list of words; its index. */
int cli_word(
	struct argp_state *state, const char *what, const char *text, const char *const *words);

/* Rows or columns as in Python: a:b is a .. b - 1, a: and :b are open, a alone is one. */
struct cli_span {
	uint32_t first, end; /* end UINT32_MAX: to the last */
};
#define CLI_SPAN_ALL ((struct cli_span){ 0, UINT32_MAX })

struct cli_span cli_span(struct argp_state *state, const char *what, const char *text);

/* The patch of a chip, checked against the board; CLI_DONE or CLI_USAGE. */
int cli_patch(const struct cli_board *b, uint32_t chip, struct cli_span rows, struct cli_span cols,
	struct xbar_patch *ret);

/* One line of JSON on stdout; object is given. CLI_DONE or CLI_FAILED. */
int cli_json(json_t *object);

/* calloc() that tells; NULL on failure. */
void *cli_calloc(size_t n, size_t size);

/*
 * Mean of n_read reads of every device, *ret_g [n_row][n_col][4] S, yours to free() after CLI_DONE;
 * untouched after another status.
 */
int cli_read_mean(struct cli_board *b, const struct xbar_patch *w, uint32_t n_read, float **ret_g);

/* A board's state, kept to be given back where it can be (XBAR_CAP_SAVE). */
struct cli_borrowed {
	void *state;
	size_t n;
};

int cli_borrow(struct cli_board *b, struct cli_borrowed *ret);
int cli_give_back(struct cli_board *b, struct cli_borrowed *s, int status);

int cmd_scan(int argc, char **argv);
int cmd_ping(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_mvm(int argc, char **argv);
int cmd_pulse(int argc, char **argv);
int cmd_program(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_characterise(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
