/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "augment.h"

#include <errno.h>
#include <stdlib.h>
#include "seed.h"

int snn_augment_init(struct snn_augment *a, const struct snn_dataset *d, const struct snn_config *c,
	uint32_t n_lane)
{
	*a = (struct snn_augment){ .n_in = d->n_in,
		.max_steps = d->is_labelled ? c->speech.shift_steps : 0,
		.max_inputs = d->is_labelled ? c->speech.shift_inputs : 0,
		.seed = c->seed };
	if (!a->max_steps && !a->max_inputs)
		return 0;
	for (uint32_t i = 0; i < d->n_seq[SNN_TRAIN]; i++) {
		const struct snn_seq *s = &d->seq[SNN_TRAIN][i];

		a->max_step = s->n_step > a->max_step ? s->n_step : a->max_step;
		a->max_note = s->begin[s->n_step] > a->max_note ? s->begin[s->n_step] : a->max_note;
	}
	a->seq = calloc(n_lane,
		sizeof(*a->seq) + (a->max_step + 1) * sizeof(*a->begin) +
			(a->max_note + 2) / 2 * 2 * sizeof(*a->note));
	if (!a->seq)
		return -ENOMEM;
	a->begin = (uint32_t *)(a->seq + n_lane);
	a->note = (uint16_t *)(a->begin + (size_t)n_lane * (a->max_step + 1));
	return 0;
}

void snn_augment_done(struct snn_augment *a)
{
	free(a->seq);
	*a = (struct snn_augment){ 0 };
}

/* Uniform in -most .. most. */
static int64_t draw(const struct snn_augment *a, uint32_t most, uint32_t epoch, uint64_t what)
{
	uint64_t key = snn_seed(a->seed, SNN_USE_SHIFT, epoch);

	return (int64_t)(snn_seed(key, SNN_USE_SHIFT, what) % (2 * (uint64_t)most + 1)) - most;
}

const struct snn_seq *snn_augment_shift(
	struct snn_augment *a, uint32_t lane, const struct snn_seq *s, uint32_t epoch)
{
	uint32_t *begin, n = 0;
	uint16_t *note;
	int64_t steps, inputs;

	if (!a->seq)
		return s;
	begin = a->begin + (size_t)lane * (a->max_step + 1);
	note = a->note + lane * a->max_note;
	steps = draw(a, a->max_steps, epoch, 2 * (uint64_t)s->id);
	inputs = draw(a, a->max_inputs, epoch, 2 * (uint64_t)s->id + 1);
	begin[0] = 0;
	for (int64_t t = 0; t < s->n_step; t++) {
		int64_t from = t - steps;
		bool is_inside = from >= 0 && from < s->n_step;

		for (uint32_t k = is_inside ? s->begin[from] : 0;
			is_inside && k < s->begin[from + 1]; k++) {
			int64_t to = s->note[k] + inputs;

			if (to >= 0 && to < a->n_in)
				note[n++] = (uint16_t)to;
		}
		begin[t + 1] = n;
	}
	a->seq[lane] = *s;
	a->seq[lane].begin = begin;
	a->seq[lane].note = note;
	return &a->seq[lane];
}
