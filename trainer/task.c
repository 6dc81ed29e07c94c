/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stream.h"

const char *const snn_split_names[SNN_N_SPLIT] = { "train", "valid", "test" };

const struct snn_task *const snn_tasks[] = { &snn_task_chorale, &snn_task_jsb, &snn_task_shd,
	&snn_task_stream, NULL };

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
	snn_stream_close(d->stream);
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

static void count_labels(const struct snn_dataset *d, enum snn_split split, double *count)
{
	for (uint32_t i = 0; i < d->n_seq[split]; i++)
		count[d->seq[split][i].label]++;
}

void snn_dataset_marginal(const struct snn_dataset *d, double *ret_p)
{
	double n;

	memset(ret_p, 0, d->n_out * sizeof(*ret_p));
	if (d->is_labelled) {
		count_labels(d, SNN_TRAIN, ret_p);
		n = d->n_seq[SNN_TRAIN] + d->n_out / 2.0;
	} else {
		n = count_notes(d, SNN_TRAIN, 0, ret_p) + 1;
	}
	for (uint32_t k = 0; k < d->n_out; k++)
		ret_p[k] = (ret_p[k] + 0.5) / n;
}

static double notes_nll(
	const struct snn_dataset *d, enum snn_split split, const double *p, double *count)
{
	double n_step = count_notes(d, split, 1, count), nll = 0;

	for (uint32_t k = 0; k < d->n_out; k++)
		nll -= count[k] * log(p[k]) + (n_step - count[k]) * log1p(-p[k]);
	return nll / n_step;
}

static double labels_nll(
	const struct snn_dataset *d, enum snn_split split, const double *p, double *count)
{
	double nll = 0;

	count_labels(d, split, count);
	for (uint32_t k = 0; k < d->n_out; k++)
		nll -= count[k] * log(p[k]);
	return nll / d->n_seq[split];
}

double snn_dataset_marginal_nll(const struct snn_dataset *d, enum snn_split split)
{
	double *p = calloc(d->n_out + 1, sizeof(*p));
	double *count = calloc(d->n_out + 1, sizeof(*count));
	double nll = NAN;

	if (p && count) {
		snn_dataset_marginal(d, p);
		nll = d->is_labelled ? labels_nll(d, split, p, count)
				     : notes_nll(d, split, p, count);
	}
	free(p);
	free(count);
	return nll;
}
