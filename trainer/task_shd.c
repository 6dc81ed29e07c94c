/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_shd.c - which of twenty digits was spoken, from the spikes of 700 channels of a cochlea (Spiking
 * Heidelberg Digits, SHD; shd_file.h), put into steps of speech.bin seconds: an input is active in a step
 * if its channel, or one of the channels pooled into it, spikes there. NAME_train.h5 and NAME_test.h5,
 * NAME being speech.files. Validation are the training speakers speech.valid_speakers; where the file
 * does not know its speakers, every tenth recording.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "data_path.h"
#include "dataset.h"
#include "shd_file.h"

#define N_WORD      ((SNN_SHD_CHANNELS + 63) / 64)
#define VALID_EVERY 10 /* recordings, without speakers */
/*
 * Times that fall on the edge of a step belong to the later one, though 0.29 / 0.01 is below 29: times are in
 * float32 (6e-8), and 1e-5 of a step is below any tick.
 */
#define EDGE 1e-5

struct grid {
	uint64_t *on; /* [bins][N_WORD] */
	uint32_t bins, pool;
	double bin; /* s */
};

static void put_spikes(struct grid *g, const float *time, const uint16_t *unit, size_t n)
{
	memset(g->on, 0, (size_t)g->bins * N_WORD * sizeof(*g->on));
	for (size_t k = 0; k < n; k++) {
		double t = floor((double)time[k] / g->bin + EDGE);
		uint32_t channel = unit[k] / g->pool;

		if (t < g->bins)
			g->on[(size_t)t * N_WORD + channel / 64] |= (uint64_t)1 << channel % 64;
	}
}

static void add_sample(struct snn_builder *b, const struct grid *g)
{
	for (uint32_t t = 0; t < g->bins; t++) {
		for (uint32_t w = 0; w < N_WORD; w++) {
			uint64_t on = g->on[(size_t)t * N_WORD + w];

			for (; on; on &= on - 1)
				snn_builder_note(
					b, (uint16_t)(64 * w + (uint32_t)__builtin_ctzll(on)));
		}
		snn_builder_step(b);
	}
}

static bool is_valid(const struct snn_config *c, const struct snn_shd *f, uint32_t i)
{
	int speaker = snn_shd_speaker(f, i);

	if (speaker < 0)
		return i % VALID_EVERY == VALID_EVERY - 1;
	for (uint32_t k = 0; k < c->speech.n_valid; k++) {
		if (c->speech.valid_speakers[k] == (uint32_t)speaker)
			return true;
	}
	return false;
}

static int load_file(struct snn_builder *b, const char *path, bool is_test,
	const struct snn_config *c, struct grid *g, struct snn_error *e)
{
	uint32_t n, n_of[SNN_N_SPLIT] = { 0 };
	struct snn_shd *f = NULL;
	int r = snn_shd_open(&f, path, e);

	if (r < 0)
		return r;
	n = snn_shd_n_sample(f);
	n = c->speech.limit && c->speech.limit < n ? c->speech.limit : n;
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		enum snn_split split = is_test ? SNN_TEST
			: is_valid(c, f, i)    ? SNN_VALID
					       : SNN_TRAIN;
		const float *time;
		const uint16_t *unit;
		size_t n_spike;

		r = snn_shd_spikes(f, i, &time, &unit, &n_spike, e);
		if (r < 0)
			break;
		put_spikes(g, time, unit, n_spike);
		snn_builder_piece(b, split);
		snn_builder_label(b, snn_shd_label(f, i));
		add_sample(b, g);
		n_of[split]++;
	}
	snn_shd_close(f);
	if (r == 0 && !is_test && (!n_of[SNN_TRAIN] || !n_of[SNN_VALID]))
		r = snn_fail(e, -EINVAL,
			"%s: speech.valid_speakers leaves %u recordings to train with and %u to validate",
			path, n_of[SNN_TRAIN], n_of[SNN_VALID]);
	return r;
}

static int load_both(
	struct snn_builder *b, const struct snn_config *c, struct grid *g, struct snn_error *e)
{
	static const char *const part[] = { "train", "test" };
	int r = 0;

	for (int k = 0; r == 0 && k < 2; k++) {
		char name[sizeof(c->speech.files) + 16], path[1200];

		snprintf(name, sizeof(name), "%s_%s.h5", c->speech.files, part[k]);
		r = snn_data_path(path, sizeof(path), c->data, name, "shd", e);
		if (r == 0)
			r = load_file(b, path, k == 1, c, g, e);
	}
	return r;
}

static int shd_load(struct snn_dataset *ret, const struct snn_config *c, struct snn_error *e)
{
	struct grid g = { .bins = c->speech.bins, .pool = c->speech.pool, .bin = c->speech.bin };
	struct snn_builder b = { 0 };
	int r;

	g.on = calloc((size_t)g.bins * N_WORD, sizeof(*g.on));
	r = g.on ? load_both(&b, c, &g, e) : snn_fail(e, -ENOMEM, "no memory for speech.bins");
	free(g.on);
	if (r < 0) {
		snn_builder_done(&b);
		return r;
	}
	r = snn_builder_finish(&b, (SNN_SHD_CHANNELS + g.pool - 1) / g.pool, SNN_SHD_CLASSES, ret);
	return r < 0 ? snn_fail(e, r, "no memory for the recordings of %s", c->speech.files) : 0;
}

const struct snn_task snn_task_shd = {
	.name = "shd",
	.help = "spoken digits, 20 classes, as spikes of 700 channels (speech.files)",
	.load = shd_load,
};
