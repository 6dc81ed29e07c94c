/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_inside.c - inside the trained network: spikes and states on a test sequence, weights before
 * and after, devices.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "checkpoint.h"
#include "report.h"
#include "train.h"

#define MAX_STEP 1000 /* of a sequence that is drawn */
#define N_BIN    60   /* of a histogram */
#define N_DEVICE 4

/* What the first hidden layer did, step by step: [n_step][n]. */
struct record {
	struct snn_trainer *tr;
	uint32_t n, n_step, n_seen;
	double *y, *s, *psi, *l, *e;
};

static int keep_step(void *user, struct snn_error *e)
{
	struct record *k = user;
	const struct snn_batch *b = &k->tr->batch;
	const struct snn_layer_state *layer = &b->layer[0];
	const struct snn_learner *le = &k->tr->learner;
	size_t at = (size_t)k->n_seen * k->n;
	bool has_trace = le->rule->memory == SNN_MEMORY_TRACES && le->trace[0].e_b;

	(void)e;
	if (k->n_seen == k->n_step)
		return 0;
	for (uint32_t i = 0; i < k->n; i++) {
		k->y[at + i] = (double)layer->y[i];
		k->s[at + i] = (double)layer->s[i];
		k->psi[at + i] = (double)layer->psi[i];
		k->l[at + i] = (double)layer->l[i];
		k->e[at + i] = has_trace ? le->trace[0].e_b[i] : NAN;
	}
	k->n_seen++;
	return 0;
}

static void draw_inputs(struct page *p, const struct snn_seq *seq, uint32_t n_step)
{
	double *x = calloc(2 * (size_t)seq->begin[n_step] + 1, sizeof(*x));
	double *y = x ? x + seq->begin[n_step] : NULL;
	size_t n = 0;

	if (!x)
		return;
	for (uint32_t t = 0; t < n_step; t++) {
		for (uint32_t k = seq->begin[t]; k < seq->begin[t + 1]; k++) {
			x[n] = t;
			y[n++] = seq->note[k];
		}
	}
	page_plot(p,
		&(struct page_plot){ .title = "Inputs that are on",
			.x_label = "step",
			.y_label = "input",
			.series = &(
				struct page_series){ .style = PAGE_POINTS, .n = n, .x = x, .y = y },
			.n_series = 1 });
	free(x);
}

static void draw_raster(struct page *p, const struct record *k)
{
	size_t n = (size_t)k->n_seen * k->n, n_dot = 0;
	double *x = calloc(2 * n + 1, sizeof(*x));

	if (!x)
		return;
	for (size_t i = 0; i < n; i++) {
		if (k->y[i] <= 0.5)
			continue;
		x[n_dot] = (double)(i / k->n);
		x[n + n_dot++] = (double)(i % k->n);
	}
	page_plot(p,
		&(struct page_plot){ .title = "Spikes of the first hidden layer",
			.x_label = "step",
			.y_label = "neuron",
			.y_min = -1,
			.y_max = k->n,
			.series =
				&(struct page_series){
					.style = PAGE_POINTS, .n = n_dot, .x = x, .y = x + n },
			.n_series = 1 });
	free(x);
}

/* The neuron whose share of spikes is nearest to a third: it does something, and not always the same. */
static uint32_t pick_neuron(const struct record *k)
{
	uint32_t best = 0;
	double least = INFINITY;

	for (uint32_t i = 0; i < k->n; i++) {
		double sum = 0, d;

		for (uint32_t t = 0; t < k->n_seen; t++)
			sum += k->y[(size_t)t * k->n + i];
		d = fabs(sum / k->n_seen - 1.0 / 3);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

static void draw_traces(struct page *p, const struct record *k)
{
	static const char *const titles[] = { "membrane s", "spike y", "pseudo-derivative psi",
		"learning signal L", "trace e of the threshold" };
	const double *const from[] = { k->s, k->y, k->psi, k->l, k->e };
	uint32_t i = pick_neuron(k), n = k->n_seen;
	enum snn_memory memory = k->tr->learner.rule->memory;
	struct page_series series[5];
	double *v = calloc(6 * (size_t)n + 1, sizeof(*v));
	char title[100];

	if (!v)
		return;
	for (uint32_t q = 0; q < 5; q++) {
		for (uint32_t t = 0; t < n; t++) {
			v[5 * (size_t)n + t] = t;
			v[(size_t)q * n + t] = from[q][(size_t)t * k->n + i];
		}
		series[q] = (struct page_series){ .title = titles[q],
			.style = q == 1 ? PAGE_POINTS : PAGE_LINES,
			.n = n,
			.x = v + 5 * (size_t)n,
			.y = v + (size_t)q * n };
	}
	snprintf(title, sizeof(title), "Neuron %u", i);
	page_plot(p,
		&(struct page_plot){ .title = title,
			.x_label = "step",
			.series = series,
			.n_series = memory == SNN_MEMORY_TRACES ? 5
				: memory == SNN_MEMORY_SEQUENCE ? 3
								: 4 });
	free(v);
}

/* The first test sequence, as in training but for the update: rules show their signals then. */
static int put_sequence(struct page *p, struct snn_trainer *tr, struct snn_error *e)
{
	const struct snn_seq *seq = &tr->data.seq[SNN_TEST][0];
	struct record k = { .tr = tr, .n = tr->net.size[0] };
	struct snn_score score = { 0 };
	size_t n;
	int r;

	k.n_step = seq->n_step < MAX_STEP ? seq->n_step : MAX_STEP;
	n = (size_t)k.n * k.n_step;
	k.y = calloc(5 * n + 1, sizeof(*k.y));
	if (!k.y)
		return snn_fail(e, -ENOMEM, "no memory for spikes");
	k.s = k.y + n;
	k.psi = k.s + n;
	k.l = k.psi + n;
	k.e = k.l + n;
	r = snn_batch_run(&tr->batch, &seq, 1, &tr->learner, keep_step, &k, &score, e);
	if (r == 0) {
		page_heading(p, "One test sequence");
		draw_inputs(p, seq, k.n_step);
		draw_raster(p, &k);
		draw_traces(p, &k);
	}
	free(k.y);
	return r;
}

static void draw_map(struct page *p, const struct snn_matrix *m, const float *v, double most,
	const char *when, const char *unit)
{
	char title[120];

	snprintf(title, sizeof(title), "%s, %s", m->name, when);
	page_heat(p,
		&(struct page_heat){ .title = title,
			.x_label = "output",
			.y_label = "input",
			.v_label = unit,
			.n_row = m->n_row,
			.n_col = m->n_col,
			.v = v,
			.v_min = -most,
			.v_max = most,
			.is_diverging = true });
}

static double largest(const float *a, const float *b, size_t n)
{
	float most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fmaxf(fabsf(a[i]), fabsf(b[i])));
	return most > 0 ? (double)most : 1;
}

/* Bins 0 .. most; ret_x and ret_y [N_BIN]. */
static void histogram(
	const float *v, size_t n, double scale, double most, double *ret_x, double *ret_y)
{
	for (int k = 0; k < N_BIN; k++) {
		ret_x[k] = (k + 0.5) * most / N_BIN;
		ret_y[k] = 0;
	}
	for (size_t i = 0; i < n; i++) {
		double at = (double)v[i] * scale / most * N_BIN;

		ret_y[at < 0 ? 0 : at >= N_BIN ? N_BIN - 1 : (int)at]++;
	}
}

static void draw_devices(struct page *p, const struct snn_matrix *m, const float *start,
	const float *g, const uint8_t *pulse, size_t n_device)
{
	double most = 1e6 * largest(start, g, n_device), x[2][N_BIN], y[2][N_BIN];
	double pulses[256], count[256] = { 0 }, most_pulse = 0;
	struct page_series series[2];
	char title[120];

	histogram(start, n_device, 1e6, most, x[0], y[0]);
	histogram(g, n_device, 1e6, most, x[1], y[1]);
	for (int k = 0; k < 2; k++)
		series[k] = (struct page_series){ .title = k ? "as read now"
							     : "programmed at the start",
			.style = k ? PAGE_BOXES : PAGE_STEPS,
			.n = N_BIN,
			.x = x[k],
			.y = y[k] };
	snprintf(title, sizeof(title), "%s: conductances of its devices", m->name);
	page_plot(p,
		&(struct page_plot){ .title = title,
			.x_label = "conductance (uS)",
			.y_label = "devices",
			.y_log = true,
			.series = series,
			.n_series = 2 });
	if (!pulse)
		return;
	for (int k = 0; k < 256; k++)
		pulses[k] = k;
	for (size_t i = 0; i < n_device; i++) {
		count[pulse[i]]++;
		most_pulse = pulse[i] > most_pulse ? pulse[i] : most_pulse;
	}
	snprintf(title, sizeof(title), "%s: SET pulses on a device since its RESET", m->name);
	page_plot(p,
		&(struct page_plot){ .title = title,
			.x_label = "pulses",
			.y_label = "devices",
			.y_log = true,
			.x_min = -1,
			.x_max = most_pulse + 1,
			.series =
				&(struct page_series){
					.style = PAGE_BOXES, .n = 256, .x = pulses, .y = count },
			.n_series = 1 });
}

static int put_chip_matrix(
	struct page *p, struct snn_trainer *tr, uint32_t i_matrix, struct snn_error *e)
{
	const struct snn_matrix *m = &tr->net.matrix[i_matrix];
	size_t n = (size_t)m->n_row * m->n_col;
	float *start = calloc(10 * n, sizeof(*start));
	float *g = start + N_DEVICE * n, *net = g + N_DEVICE * n;
	const uint8_t *pulse = NULL;
	int r = start ? snn_weights_chips_look(tr->weights, i_matrix, start, g, &pulse, e)
		      : snn_fail(e, -ENOMEM, "no memory for a map");

	for (size_t i = 0; r == 0 && i < n; i++) {
		const float *a = start + i * N_DEVICE, *b = g + i * N_DEVICE;

		net[i] = 1e6f * (a[0] + a[1] - a[2] - a[3]);
		net[n + i] = 1e6f * (b[0] + b[1] - b[2] - b[3]);
	}
	if (r == 0) {
		double most = largest(net, net + n, n);

		draw_map(p, m, net, most, "as programmed at the start", "net conductance (uS)");
		draw_map(p, m, net + n, most, "as read back now", "net conductance (uS)");
		draw_devices(p, m, start, g, pulse, N_DEVICE * n);
	}
	free(start);
	return r == -ENOENT ? 0 : r; /* feedback that is not on the board */
}

static int put_float_matrix(
	struct page *p, struct snn_trainer *tr, uint32_t i_matrix, struct snn_error *e)
{
	const struct snn_matrix *m = &tr->net.matrix[i_matrix];
	const float *now;
	double most;
	int r = tr->weights->ops->image(tr->weights, i_matrix, &now, e);

	if (r < 0)
		return r;
	most = largest(m->init, now, (size_t)m->n_row * m->n_col);
	draw_map(p, m, m->init, most, "at the start", "weight");
	draw_map(p, m, now, most, "trained", "weight");
	return 0;
}

static int put_matrices(struct page *p, struct snn_trainer *tr, struct snn_error *e)
{
	bool on_chips = tr->config.weights == SNN_WEIGHTS_CHIPS;
	int r = 0;

	page_heading(p, on_chips ? "Conductances" : "Weights");
	if (on_chips)
		page_text(p,
			"At the start: what programming was asked for. Now: what the board answers to "
			"reads, with their noise. A cell's net conductance is (g0 + g1) - (g2 + g3). "
			"Devices that stayed near g_max whatever they got, and that refresh gave up: %llu.",
			(unsigned long long)snn_weights_chips_given_up(tr->weights));
	for (uint32_t i = 0; r == 0 && i < tr->net.n_matrix; i++) {
		if (on_chips)
			r = put_chip_matrix(p, tr, i, e);
		else if (!tr->net.matrix[i].is_feedback)
			r = put_float_matrix(p, tr, i, e);
	}
	return r;
}

int snn_report_inside(struct page *p, const char *folder, struct snn_error *e)
{
	struct snn_trainer tr = { 0 };
	struct snn_runlog *log;
	struct snn_config c;
	int r = snn_runlog_look(&log, folder, &c, e);

	if (r < 0)
		return r;
	if (access(snn_runlog_file(log, "best.h5"), F_OK) < 0) {
		page_text(p, "No epoch was evaluated yet: nothing of the network is shown.");
		snn_runlog_close(log);
		return 0;
	}
	r = snn_trainer_init(&tr, &c, true, e);
	if (r == 0)
		r = snn_checkpoint_load(&tr, snn_runlog_file(log, "best.h5"), e);
	if (r == 0) /* before the sequence: reads of a board are as of the checkpoint */
		r = put_matrices(p, &tr, e);
	if (r == 0)
		r = put_sequence(p, &tr, e);
	snn_trainer_done(&tr);
	snn_runlog_close(log);
	return r;
}
