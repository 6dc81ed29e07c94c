/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * learner.h - a learning rule at work on a batch: it turns what happened in each step into gradients
 * in the net's tensors. The readout learns from its true error under every rule.
 *
 * To add a rule: one file rule_NAME.c with a const struct snn_rule, one line in rules.c, its name in
 * config_table.c, a configuration in configs/.
 */
#ifndef SNN_LEARNER_H
#define SNN_LEARNER_H

#include "batch.h"
#include "firing.h"
#include "trace.h"
#include "trace_exact.h"

struct snn_learner {
	const struct snn_rule *rule;
	struct snn_trace trace[SNN_MAX_HIDDEN];   /* rules with traces: of W ... */
	struct snn_trace trace_h[SNN_MAX_HIDDEN]; /* ... and H, recurrent layers */
	struct snn_exact *exact[SNN_MAX_HIDDEN];  /* instead, with train.trace: exact */
	bool is_filtered;                         /* traces, by what the readout remembers */
	struct snn_config config;
	struct snn_firing firing;
	void *state; /* of the rule */
};

/* What goes through the fixed random matrices B, and so when layer.l is known. */
enum snn_feedback {
	SNN_FEEDBACK_NONE,
	SNN_FEEDBACK_TARGET, /* l = B y_star, fetched together with W x */
	SNN_FEEDBACK_ERROR, /* l = B (yhat - y_star), after the output; layered: of the top layer */
	SNN_FEEDBACK_IMAGE, /* the rule itself carries errors back through what it reads of B */
	SNN_FEEDBACK_LOCAL, /* the rule reads B, and needs nothing of the output */
};

/* What a rule keeps from step to step for learning. */
enum snn_memory {
	SNN_MEMORY_NONE,
	SNN_MEMORY_SEQUENCE, /* all steps: gradients exist at the end of a sequence only */
	SNN_MEMORY_TRACES,   /* the learner's eligibility traces, one a weight */
	SNN_MEMORY_INPUTS,   /* filtered inputs of its own, one an input */
};

struct snn_rule {
	const char *name, *help;
	enum snn_feedback feedback;
	bool is_layered; /* B_l starts at layer l + 1 instead of the output */
	enum snn_memory memory;
	bool has_rate_penalty; /* calls snn_firing_step(): train.rate_penalty may be asked for */
	bool is_without_reset; /* factor of traces is d alone: no path through the reset */
	bool follows_readout;  /* traces are filtered where outputs remember */
	int (*init)(struct snn_learner *le, const struct snn_batch *b); /* may be NULL */
	void (*done)(struct snn_learner *le);                           /* may be NULL */
	int (*begin)(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
	int (*step)(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
	int (*end)(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
};

extern const struct snn_rule *const snn_rules[]; /* ends with NULL */
extern const struct snn_rule snn_rule_bptt, snn_rule_fa, snn_rule_dfa, snn_rule_drtp;
extern const struct snn_rule snn_rule_eprop, snn_rule_eprop_rnd, snn_rule_ostl, snn_rule_ostl_rnd;
extern const struct snn_rule snn_rule_decolle, snn_rule_etlp, snn_rule_osttp, snn_rule_ptncn;

const struct snn_rule *snn_rule_find(const char *name); /* NULL if unknown */

/*
 * -EINVAL, in words, where the configuration asks a rule for what it cannot do (bptt at every step,
 * event-driven traces at every step).
 */
int snn_learner_init(struct snn_learner *le, const struct snn_rule *rule,
	const struct snn_config *c, const struct snn_batch *b, struct snn_error *e);
void snn_learner_done(struct snn_learner *le);

/* For rules with traces: begin, step (with layer.l filled) and end of all layers and lanes. */
int snn_learner_begin_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
int snn_learner_step_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);
int snn_learner_end_traces(struct snn_learner *le, struct snn_batch *b, struct snn_error *e);

/* For rules without: W, H and b of a layer and lane learn c [size l] = dE/ds by this step's inputs alone. */
void snn_learner_add_present(struct snn_batch *b, uint32_t l, uint32_t lane, const float *c);

/* The inputs of a layer in the step under way. */
static inline const struct snn_spikes *snn_batch_input(const struct snn_batch *b, uint32_t layer)
{
	return layer ? &b->layer[layer - 1].out : &b->x;
}

#endif
