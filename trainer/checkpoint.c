/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING_MAX  1200  /* bytes of one setting's text */
#define SETTINGS_MAX 16384 /* and of all */
#define N_SCORE      6
#define N_FIELD      15 /* of a metrics row, as doubles; counts are exact up to 2^53 */

static void row_to_fields(const struct snn_epoch *w, double *f)
{
	const double field[N_FIELD] = { w->rate, w->train_nll, w->valid_nll, w->test_nll,
		w->activity, (double)w->n_set, (double)w->n_reset, (double)w->n_read,
		(double)w->n_sat, (double)w->n_refresh, w->chip_time, w->energy, w->train_accuracy,
		w->valid_accuracy, w->test_accuracy };

	memcpy(f, field, sizeof(field));
}

static uint64_t count(double v)
{
	return v >= 0 && v < 9007199254740992.0 ? (uint64_t)v : 0;
}

static void fields_to_row(const double *f, struct snn_epoch *w, uint32_t epoch)
{
	*w = (struct snn_epoch){ .epoch = epoch,
		.rate = f[0],
		.train_nll = f[1],
		.valid_nll = f[2],
		.test_nll = f[3],
		.activity = f[4],
		.n_set = count(f[5]),
		.n_reset = count(f[6]),
		.n_read = count(f[7]),
		.n_sat = count(f[8]),
		.n_refresh = count(f[9]),
		.chip_time = f[10],
		.energy = f[11],
		.train_accuracy = f[12],
		.valid_accuracy = f[13],
		.test_accuracy = f[14] };
}

/* What a run may change when it goes on. */
static bool is_free(const char *path)
{
	return !strcmp(path, "train.epochs") || !strcmp(path, "train.threads") ||
		!strcmp(path, "train.eval_every") || !strcmp(path, "train.checkpoint_every") ||
		!strcmp(path, "data") || !strcmp(path, "uri") || !strcmp(path, "uri2") ||
		!strcmp(path, "chips.compensate") || !strcmp(path, "chips.wait");
}

/* The other settings, path=value a line; yours to free(). NULL without memory. */
static char *settings(const struct snn_config *c)
{
	char *text = NULL, value[SETTING_MAX];
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		if (!is_free(o->path) && snn_config_value(c, o->path, value, sizeof(value)) == 0)
			fprintf(f, "%s=%s\n", o->path, value);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/*
 * What hidden neurons have beside tensors, [size layer], and its path; NULL where there is none.
 * Decays are drawn, but of an imported network they are the file's.
 */
static float *of_neurons(
	const struct snn_net *net, char letter, uint32_t layer, char *path, size_t n)
{
	snprintf(path, n, "/host/%c%u", letter, layer + 1);
	if (letter == 'd')
		return net->decay[layer];
	return net->rate_penalty > 0 ? net->rate[layer] : NULL;
}

static const char neuron_letters[] = "dr"; /* decays, mean firing rates */

static int save_rows(const struct snn_trainer *tr, struct snn_store *st)
{
	double *f = calloc((size_t)tr->epoch * N_FIELD + 1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	for (uint32_t i = 0; i < tr->epoch; i++)
		row_to_fields(&tr->row[i], f + (size_t)i * N_FIELD);
	snn_store_put(st, "/metrics", SNN_F64, 2, (size_t[]){ tr->epoch, N_FIELD }, f);
	free(f);
	return 0;
}

int snn_checkpoint_save(struct snn_trainer *tr, struct snn_store **ret, struct snn_error *e)
{
	struct snn_store *st;
	uint64_t at[4] = { tr->epoch, tr->i_seq, tr->n_update, tr->best_epoch };
	double score[N_SCORE] = { tr->score.nll, tr->score.n_step, tr->score.n_spike,
		tr->score.n_neuron, tr->score.n_right, tr->score.n_label };
	char path[32], *text = settings(&tr->config);
	int r = text ? snn_store_new(&st) : -ENOMEM;

	if (r < 0) {
		free(text);
		return snn_fail(e, r, "no memory for a checkpoint");
	}
	snn_store_put_text(st, "/", "settings", text);
	free(text);
	snn_store_put(st, "/progress/at", SNN_U64, 1, (size_t[]){ 4 }, at);
	snn_store_put(st, "/progress/score", SNN_F64, 1, (size_t[]){ N_SCORE }, score);
	for (uint32_t i = 0; i < tr->net.n_tensor; i++) {
		const struct snn_tensor *t = &tr->net.tensor[i];

		snprintf(path, sizeof(path), "/host/%s", t->name);
		if (t->value)
			snn_store_put(st, path, SNN_F32, 1, (size_t[]){ t->n }, t->value);
	}
	for (uint32_t l = 0; l < tr->net.n_layer; l++) {
		for (const char *k = neuron_letters; *k; k++) {
			const float *v = of_neurons(&tr->net, *k, l, path, sizeof(path));

			if (v)
				snn_store_put(
					st, path, SNN_F32, 1, (size_t[]){ tr->net.size[l] }, v);
		}
	}
	snn_optim_save(&tr->optim, &tr->net, st);
	r = tr->weights->ops->save(tr->weights, st, e);
	if (r == 0 && save_rows(tr, st) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for a checkpoint");
	if (r < 0) {
		snn_store_free(st);
		return r;
	}
	*ret = st;
	return 0;
}

/* Where two lists of settings first differ, both lines. */
static int differ(const char *file, const char *saved, const char *now, struct snn_error *e)
{
	while (*saved && *now) {
		size_t a = strcspn(saved, "\n"), b = strcspn(now, "\n");

		if (a != b || memcmp(saved, now, a)) {
			return snn_fail(e, -EINVAL,
				"%s was made with %.*s, but the run's configuration has %.*s", file,
				(int)a, saved, (int)b, now);
		}
		saved += a + (saved[a] == '\n');
		now += b + (now[b] == '\n');
	}
	return *saved || *now
		? snn_fail(e, -EINVAL, "%s was made by another version of osttp", file)
		: 0;
}

static int check_settings(
	const struct snn_trainer *tr, struct snn_store *st, const char *file, struct snn_error *e)
{
	char *now = settings(&tr->config), *saved = malloc(SETTINGS_MAX);
	int r = now && saved ? 0 : snn_fail(e, -ENOMEM, "no memory for %s", file);

	if (r == 0)
		r = snn_store_load_text(st, "/", "settings", saved, SETTINGS_MAX, e);
	if (r == 0)
		r = differ(file, saved, now, e);
	free(now);
	free(saved);
	return r;
}

static int load_progress(
	struct snn_trainer *tr, struct snn_store *st, const char *file, struct snn_error *e)
{
	uint64_t at[4];
	double score[N_SCORE], *f;
	int r = snn_store_load(st, "/progress/at", SNN_U64, 1, (size_t[]){ 4 }, at, e);

	if (r == 0)
		r = snn_store_load(
			st, "/progress/score", SNN_F64, 1, (size_t[]){ N_SCORE }, score, e);
	if (r < 0)
		return r;
	if (at[0] > tr->config.train.epochs)
		return snn_fail(e, -EINVAL,
			"%s has %llu epochs, more than train.epochs = %u asks for", file,
			(unsigned long long)at[0], tr->config.train.epochs);
	if (at[1] > tr->data.n_seq[SNN_TRAIN] || at[3] > at[0])
		return snn_fail(e, -EBADMSG, "%s: /progress/at is not possible", file);
	tr->epoch = (uint32_t)at[0];
	tr->i_seq = (uint32_t)at[1];
	tr->n_update = at[2];
	tr->best_epoch = (uint32_t)at[3];
	tr->score = (struct snn_score){ .nll = score[0],
		.n_step = score[1],
		.n_spike = score[2],
		.n_neuron = score[3],
		.n_right = score[4],
		.n_label = score[5] };
	f = calloc((size_t)tr->epoch * N_FIELD + 1, sizeof(*f));
	if (!f)
		return snn_fail(e, -ENOMEM, "no memory for %s", file);
	r = snn_store_load(st, "/metrics", SNN_F64, 2, (size_t[]){ tr->epoch, N_FIELD }, f, e);
	for (uint32_t i = 0; r == 0 && i < tr->epoch; i++)
		fields_to_row(f + (size_t)i * N_FIELD, &tr->row[i], i + 1);
	free(f);
	return r;
}

static int load_all(
	struct snn_trainer *tr, struct snn_store *st, const char *file, struct snn_error *e)
{
	char path[32];
	int r = check_settings(tr, st, file, e);

	for (uint32_t i = 0; r == 0 && i < tr->net.n_tensor; i++) {
		const struct snn_tensor *t = &tr->net.tensor[i];

		snprintf(path, sizeof(path), "/host/%s", t->name);
		if (t->value)
			r = snn_store_load(st, path, SNN_F32, 1, (size_t[]){ t->n }, t->value, e);
	}
	for (uint32_t l = 0; r == 0 && l < tr->net.n_layer; l++) {
		for (const char *k = neuron_letters; r == 0 && *k; k++) {
			float *v = of_neurons(&tr->net, *k, l, path, sizeof(path));

			if (v)
				r = snn_store_load(
					st, path, SNN_F32, 1, (size_t[]){ tr->net.size[l] }, v, e);
		}
	}
	if (r == 0)
		r = snn_optim_load(&tr->optim, &tr->net, st, e);
	if (r == 0)
		r = load_progress(tr, st, file, e);
	if (r == 0)
		r = tr->weights->ops->load(tr->weights, st, e);
	return r;
}

int snn_checkpoint_load(struct snn_trainer *tr, const char *file, struct snn_error *e)
{
	struct snn_store *st;
	int r = snn_store_open(&st, file, e);

	if (r < 0)
		return r;
	r = load_all(tr, st, file, e);
	snn_store_free(st);
	return r;
}
