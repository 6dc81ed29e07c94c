/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_stream.c - osttp train on a stream: a row of CSV every so many steps, while it learns.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include "cli.h"
#include "cmd_stream.h"
#include "config_value.h"

struct report {
	struct snn_trainer *tr;
	struct snn_score last; /* when the last row was made */
	uint64_t n_first;      /* steps of runs before this */
	double nll;            /* of the last row */
	bool is_csv;
};

static void put(double v)
{
	char buf[32];

	putchar(',');
	if (!isnan(v) && snn_double_print(v, buf, sizeof(buf)) > 0)
		fputs(buf, stdout);
}

static void row(struct report *p)
{
	const struct snn_score *s = &p->tr->score, *was = &p->last;

	p->nll = (s->nll - was->nll) / (s->n_step - was->n_step);
	if (p->is_csv) {
		printf("%" PRIu64, p->tr->n_update);
		put(p->nll);
		put((s->n_spike - was->n_spike) / (s->n_neuron - was->n_neuron));
		putchar('\n');
		fflush(stdout);
	}
	p->last = *s;
}

static int after_step(void *user, struct snn_error *e)
{
	struct report *p = user;

	(void)e;
	if (p->tr->n_update % p->tr->config.train.report_every == 0)
		row(p);
	return 0;
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static void print_json(const struct report *p, const char *run)
{
	const struct snn_score *s = &p->tr->score;
	json_t *j = json_pack("{s:s, s:I, s:I, s:o, s:o}", "run", run, "steps",
		(json_int_t)p->tr->n_update, "steps_now",
		(json_int_t)(p->tr->n_update - p->n_first), "nll", number(s->nll / s->n_step),
		"last_nll", number(p->nll));

	json_dumpf(j, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(j);
}

int cli_stream(struct snn_trainer *tr, const char *run, bool is_json,
	const volatile sig_atomic_t *stop, struct snn_error *e)
{
	struct report p = {
		.tr = tr, .last = tr->score, .n_first = tr->n_update, .nll = NAN, .is_csv = !is_json
	};
	int r;

	if (p.is_csv) {
		puts("step,nll,activity");
		fflush(stdout);
	}
	r = snn_trainer_stream(tr, stop, after_step, &p, e);
	if (r < 0)
		return r;
	if (tr->score.n_step > p.last.n_step)
		row(&p);
	if (is_json)
		print_json(&p, run);
	return r;
}
