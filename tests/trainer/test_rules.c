/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that approximate, against their definitions written anew in double (reference.c), and what rules
 * refuse. Tolerance: see test_rules_exact.c.
 */
#include <errno.h>
#include <stdlib.h>
#include "core_test.h"
#include "reference.h"

#define TOL   1e-5
#define N_KEY 8

static void open_rig(struct rig *g, const char *rule, uint32_t n_lane)
{
	rig_net(g);
	rig_learner(g, rule, n_lane);
}

/* ---- against the rules' own definitions ---- */

static void compare_definition(struct rig *g, const char *rule, enum ref_rule definition)
{
	struct piece *p = piece_random(8, 60, N_KEY, 0.3);
	const struct snn_seq *seq = &p->seq;
	double *want[SNN_MAX_TENSOR] = { NULL };
	struct ref_net r;

	open_rig(g, rule, 1);
	ref_init(&r, &g->net);
	for (uint32_t i = 0; i < g->net.n_tensor; i++)
		want[i] = calloc(g->net.tensor[i].n, sizeof(double));
	rig_run(g, &seq, 1);
	ref_gradients(&r, seq, definition, want);
	for (uint32_t i = 0; i < 2 * g->net.n_layer; i++) {
		const struct snn_tensor *t = &g->net.tensor[i];

		assert_near(t->name, t->n, t->grad, want[i], TOL);
	}
	for (uint32_t i = 0; i < g->net.n_tensor; i++)
		free(want[i]);
	ref_done(&r);
	rig_done(g);
	free(p);
}

static void definitions(const char *rule, enum ref_rule definition)
{
	for (int k = 0; k < 16; k++) {
		struct rig g;

		rig_config(&g, N_KEY, 20);
		if (k & 1)
			rig_config2(&g, N_KEY, 9, 18);
		g.c.network.neuron = k & 2 ? SNN_SSNU : SNN_SNU;
		g.c.network.reset = k & 4 ? SNN_RESET_SOFT : SNN_RESET_FULL;
		g.c.train.trace = k & 8 ? SNN_TRACE_DENSE : SNN_TRACE_EVENT;
		compare_definition(&g, rule, definition);
	}
}

static void ostl_is_traces_with_the_error_of_this_step_carried_back(void **state)
{
	(void)state;
	definitions("ostl", REF_OSTL);
}

static void osttp_is_ostls_traces_with_the_projected_target(void **state)
{
	(void)state;
	definitions("osttp", REF_OSTTP);
}

static void drtp_is_psi_and_input_with_the_projected_target(void **state)
{
	(void)state;
	definitions("drtp", REF_DRTP);
}

/* ---- what cannot be ---- */

static void refused(const char *rule, int update, int trace, double adaptation, const char *word)
{
	struct rig g;
	struct snn_error e = { "" };

	rig_config(&g, N_KEY, 5);
	g.c.train.update = update;
	g.c.train.trace = trace;
	g.c.network.adaptation = adaptation;
	rig_net(&g);
	assert_int_equal(snn_weights_float_new(&g.w, &g.net, &e), 0);
	assert_int_equal(snn_batch_init(&g.b, &g.net, g.w, 1), 0);
	assert_int_equal(snn_learner_init(&g.le, snn_rule_find(rule), &g.c, &g.b, &e), -EINVAL);
	assert_contains(e.text, word);
	snn_batch_done(&g.b);
	g.w->ops->free(g.w);
	snn_net_done(&g.net);
}

static void bptt_at_every_step_is_refused_in_words(void **state)
{
	(void)state;
	refused("bptt", SNN_UPDATE_STEP, SNN_TRACE_AUTO, 0, "train.update: sequence");
}

static void event_traces_at_every_step_are_refused_in_words(void **state)
{
	(void)state;
	refused("osttp", SNN_UPDATE_STEP, SNN_TRACE_EVENT, 0, "train.trace");
}

static void event_traces_of_thresholds_that_adapt_are_refused_in_words(void **state)
{
	(void)state;
	refused("ostl", SNN_UPDATE_SEQUENCE, SNN_TRACE_EVENT, 0.2, "use dense");
}

/* e-prop leaves the reset out, and H: there is no exact form of that. */
static void exact_traces_of_eprop_are_refused_in_words(void **state)
{
	(void)state;
	refused("eprop", SNN_UPDATE_SEQUENCE, SNN_TRACE_EXACT, 0, "not for eprop");
}

static void rules_are_those_that_the_configuration_names(void **state)
{
	size_t n = 0;

	(void)state;
	for (; snn_rules[n]; n++)
		assert_string_equal(snn_rules[n]->name, snn_rule_names[n]);
	assert_null(snn_rule_names[n]);
	assert_null(snn_rule_find("hebb"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ostl_is_traces_with_the_error_of_this_step_carried_back),
		cmocka_unit_test(osttp_is_ostls_traces_with_the_projected_target),
		cmocka_unit_test(drtp_is_psi_and_input_with_the_projected_target),
		cmocka_unit_test(bptt_at_every_step_is_refused_in_words),
		cmocka_unit_test(event_traces_at_every_step_are_refused_in_words),
		cmocka_unit_test(event_traces_of_thresholds_that_adapt_are_refused_in_words),
		cmocka_unit_test(exact_traces_of_eprop_are_refused_in_words),
		cmocka_unit_test(rules_are_those_that_the_configuration_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
