/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const snn_split_names[SNN_N_SPLIT] = { "train", "valid", "test" };

const struct snn_task *const snn_tasks[] = { &snn_task_chorale, &snn_task_jsb, NULL };

const struct snn_task *snn_task_find(const char *name)
{
	for (const struct snn_task *const *t = snn_tasks; *t; t++) {
		if (!strcmp((*t)->name, name))
			return *t;
	}
	return NULL;
}

void snn_dataset_done(struct snn_dataset *d)
{
	free(d->memory);
	*d = (struct snn_dataset){ 0 };
}

/* How often each note sounds in the steps first .. of a split; returns the number of steps. */
static double count_notes(
	const struct snn_dataset *d, enum snn_split split, uint32_t first, double *count)
{
	double n_step = 0;

	for (uint32_t i = 0; i < d->n_seq[split]; i++) {
		const struct snn_seq *s = &d->seq[split][i];

		if (s->n_step <= first)
			continue;
		n_step += s->n_step - first;
		for (uint32_t k = s->begin[first]; k < s->begin[s->n_step]; k++)
			count[s->note[k]]++;
	}
	return n_step;
}

void snn_dataset_marginal(const struct snn_dataset *d, double *ret_p)
{
	double n_step;

	memset(ret_p, 0, d->n_in * sizeof(*ret_p));
	n_step = count_notes(d, SNN_TRAIN, 0, ret_p);
	for (uint32_t k = 0; k < d->n_in; k++)
		ret_p[k] = (ret_p[k] + 0.5) / (n_step + 1);
}

double snn_dataset_marginal_nll(const struct snn_dataset *d, enum snn_split split)
{
	double *p = calloc(d->n_in + 1, sizeof(*p));
	double *count = calloc(d->n_in + 1, sizeof(*count));
	double n_step, nll = 0;

	if (p && count) {
		snn_dataset_marginal(d, p);
		n_step = count_notes(d, split, 1, count);
		for (uint32_t k = 0; k < d->n_in; k++)
			nll -= count[k] * log(p[k]) + (n_step - count[k]) * log1p(-p[k]);
		nll /= n_step;
	} else {
		nll = NAN;
	}
	free(p);
	free(count);
	return nll;
}
