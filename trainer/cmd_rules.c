/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_rules.c - osttp rules: what each learning rule needs, as in Table I of Ortner et al. (2023).
 * Every column follows from the rule's own descriptor, so the table cannot say what the code does
 * not do.
 */
#include <stdio.h>
#include "cli.h"
#include "learner.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "unexpected argument %s", arg);
	return 0;
}

static const struct argp argp = { .parser = parse,
	.doc = "List the learning rules and what each needs."
	       "\vsymmetric: needs the forward weights transposed. time: no weight can change before the "
	       "sequence has ended. space: waits for the output of its step. memory: what is kept from "
	       "step to step for learning, T steps, n neurons, m inputs." };

static const char *yes_no(bool is_true)
{
	return is_true ? "yes" : "no";
}

int cmd_rules(int argc, char **argv)
{
	if (cli_parse(&argp, argc, argv, NULL))
		return CLI_USAGE;
	printf("%-10s %-10s %-5s %-6s %-7s %s\n", "rule", "symmetric", "time", "space", "memory",
		"what");
	for (const struct snn_rule *const *p = snn_rules; *p; p++) {
		const struct snn_rule *r = *p;

		printf("%-10s %-10s %-5s %-6s %-7s %s\n", r->name,
			yes_no(r->feedback == SNN_FEEDBACK_NONE), yes_no(r->is_backward),
			yes_no(r->feedback != SNN_FEEDBACK_TARGET),
			r->is_backward           ? "T n"
				: r->uses_traces ? "n m"
						 : "none",
			r->help);
	}
	return CLI_DONE;
}
