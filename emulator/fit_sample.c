/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_sample.c - collecting the readings of staircases, RESETs and repeated reads, for fit_law.c. */
#include "fit_sample.h"
#include <errno.h>
#include <stdlib.h>

void fit_sample_done(struct fit_sample *s)
{
	free(s->stair);
	free(s->reset);
	free(s->repeat);
	free(s->cluster);
	free(s->centre);
	free(s->width);
}

/* Units one behind the other; clusters of the units that every 1 gives. */
static void add_stairs(struct fit_sample *s, const struct fit_data *d, const struct fit_samples *m)
{
	size_t n_read = m->shape[2];
	s->n_step = m->shape[1];
	for (size_t c = 0; c < m->shape[0]; c++) {
		for (size_t i = 0; i < m->n; i++) {
			if (m->is_bad[i])
				continue;
			struct fit_reads *to = s->stair + s->n_stair * s->n_step;
			for (size_t p = 0; p < s->n_step; p++) {
				to[p] = fit_reads_of(m->g + (c * s->n_step + p) * n_read * m->n + i,
					n_read, m->n);
				to[p].column = fit_column_of(d, m, i);
			}
			s->cluster[s->n_stair++] = m->place[i];
		}
	}
	s->n_cycle = m->shape[0];
	s->n_device = s->n_stair / s->n_cycle;
}

static void add_resets(struct fit_sample *s, const struct fit_data *d, const struct fit_samples *m)
{
	uint32_t *cluster = s->cluster + s->n_stair;
	for (size_t c = 0; c < m->shape[0]; c++) {
		for (size_t i = 0; i < m->n; i++) {
			if (m->is_bad[i])
				continue;
			s->reset[s->n_reset] =
				fit_reads_of(m->g + c * m->shape[1] * m->n + i, m->shape[1], m->n);
			s->reset[s->n_reset].column = fit_column_of(d, m, i);
			cluster[s->n_reset++] = m->place[i];
		}
	}
}

static void add_repeats(struct fit_sample *s, const struct fit_data *d, const struct fit_samples *m)
{
	uint32_t *cluster = s->cluster + s->n_stair + s->n_reset;
	size_t n_read = m->n ? m->shape[m->rank - 2] : 0;
	for (size_t i = 0; i < m->n && n_read > 1; i++) {
		if (m->is_bad[i])
			continue;
		s->repeat[s->n_repeat] = fit_reads_of(m->g + i, n_read, m->n);
		s->repeat[s->n_repeat].column = fit_column_of(d, m, i);
		cluster[s->n_repeat++] = m->place[i];
	}
}

const struct fit_samples *fit_sample_repeats(const struct fit_data *d)
{
	const struct fit_samples *verify = &d->of[FIT_VERIFY];
	return verify->n && verify->shape[0] > 1 ? verify : &d->of[FIT_DRIFT];
}

int fit_sample_init(struct fit_sample *s, const struct fit_data *d, struct fit_message *msg)
{
	const struct fit_samples *stair = &d->of[FIT_STAIRCASE], *reset = &d->of[FIT_RESET];
	size_t n_stair = stair->shape[0] * stair->n, n_reset = reset->shape[0] * reset->n;
	size_t n_repeat = fit_sample_repeats(d)->n;
	*s = (struct fit_sample){ .every = 1 };
	s->stair = calloc(n_stair * stair->shape[1] + 1, sizeof(*s->stair));
	s->reset = calloc(n_reset + 1, sizeof(*s->reset));
	s->repeat = calloc(n_repeat + 1, sizeof(*s->repeat));
	s->cluster = calloc(n_stair + n_reset + n_repeat + 1, sizeof(*s->cluster));
	s->centre = calloc(stair->n + 1, sizeof(*s->centre));
	s->width = calloc(stair->n + 1, sizeof(*s->width));
	if (!s->stair || !s->reset || !s->repeat || !s->cluster || !s->centre || !s->width) {
		fit_sample_done(s);
		return fit_fail(msg, -ENOMEM, "no memory for %zu staircases", n_stair);
	}
	if (stair->n)
		add_stairs(s, d, stair);
	if (reset->n)
		add_resets(s, d, reset);
	add_repeats(s, d, fit_sample_repeats(d));
	return 0;
}
