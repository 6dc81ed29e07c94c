/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_rules.c - osttp rules: what each learning rule needs, as in Table I of Ortner et al. (2023).
 * Every column follows from the rule's own descriptor, so the table cannot say what the code does
 * not do.
 *
 * "Locked in time" as the paper counts it: a rule without traces has no way of its own to credit
 * earlier steps while time runs forward. It waits for the end of the sequence (bptt, fa, dfa), or
 * leaves them out (drtp), although its updates need not wait; so when updates are possible is a
 * column of its own.
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
	       "\vsymmetric: needs the forward weights transposed. time: locked in time, as Table I of Ortner et "
	       "al. (2023) has it: no traces, so credit for earlier steps waits for the end of the "
	       "sequence, or is left out (drtp, ptncn). space: locked in space, waits for the output of its "
	       "step. update: when weights can change at the earliest. memory: what is kept from step to "
	       "step for learning, T steps, n neurons, m inputs." };

static const char *yes_no(bool is_true)
{
	return is_true ? "yes" : "no";
}

static const char *const memory_names[] = { [SNN_MEMORY_NONE] = "none",
	[SNN_MEMORY_SEQUENCE] = "T n",
	[SNN_MEMORY_TRACES] = "n m",
	[SNN_MEMORY_INPUTS] = "m" };

int cmd_rules(int argc, char **argv)
{
	if (cli_parse(&argp, argc, argv, NULL))
		return CLI_USAGE;
	printf("%-10s %-10s %-5s %-6s %-9s %-7s %s\n", "rule", "symmetric", "time", "space",
		"update", "memory", "what");
	for (const struct snn_rule *const *p = snn_rules; *p; p++) {
		const struct snn_rule *r = *p;
		bool has_traces = r->memory == SNN_MEMORY_TRACES || r->memory == SNN_MEMORY_INPUTS;

		printf("%-10s %-10s %-5s %-6s %-9s %-7s %s\n", r->name,
			yes_no(r->feedback == SNN_FEEDBACK_NONE), yes_no(!has_traces),
			yes_no(r->feedback != SNN_FEEDBACK_TARGET &&
				r->feedback != SNN_FEEDBACK_LOCAL),
			r->memory == SNN_MEMORY_SEQUENCE ? "sequence" : "step",
			memory_names[r->memory], r->help);
	}
	return CLI_DONE;
}
