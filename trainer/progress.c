/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.c - how far a training run is, on stderr. Times here are the wall clock's and go
 * nowhere else.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "runlog.h"

#define BAR_WIDTH    30
#define REDRAW_AFTER 0.1 /* s */

struct snn_progress {
	uint32_t n_epoch, n_seq;
	bool is_quiet, is_terminal, has_bar;
	double start, last_draw; /* s, monotonic */
	double first_done;       /* sequences done before the first step we saw (a resumed run) */
	bool is_started;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int snn_progress_new(struct snn_progress **ret, uint32_t n_epoch, uint32_t n_seq, bool quiet)
{
	struct snn_progress *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->n_epoch = n_epoch;
	p->n_seq = n_seq;
	p->is_quiet = quiet;
	p->is_terminal = isatty(STDERR_FILENO);
	p->last_draw = -1;
	*ret = p;
	return 0;
}

static void wipe_bar(struct snn_progress *p)
{
	if (p->has_bar)
		fputs("\r\033[K", stderr);
	p->has_bar = false;
}

void snn_progress_free(struct snn_progress *p)
{
	if (!p)
		return;
	wipe_bar(p);
	free(p);
}

/* "12 s", "3 min 20 s", "2 h 5 min" */
static void print_duration(double s)
{
	unsigned long n = s < 1e9 ? (unsigned long)(s + 0.5) : 1000000000UL;

	if (n < 60)
		fprintf(stderr, "%lu s", n);
	else if (n < 3600)
		fprintf(stderr, "%lu min %lu s", n / 60, n % 60);
	else
		fprintf(stderr, "%lu h %lu min", n / 3600, n % 3600 / 60);
}

static void draw_bar(struct snn_progress *p, uint32_t epoch, double done, double rate)
{
	double all = (double)p->n_epoch * p->n_seq;
	int n = (int)(BAR_WIDTH * done / all);

	fprintf(stderr, "\r\033[Kepoch %u/%u [", epoch, p->n_epoch);
	for (int i = 0; i < BAR_WIDTH; i++)
		fputc(i < n ? '#' : '.', stderr);
	fprintf(stderr, "] %3.0f %%", 100 * done / all);
	if (rate > 0) {
		fprintf(stderr, "  %.3g seq/s  ", rate);
		print_duration((all - done) / rate);
		fputs(" left", stderr);
	}
	fflush(stderr);
	p->has_bar = true;
}

void snn_progress_step(struct snn_progress *p, uint32_t epoch, uint32_t i_seq)
{
	double now, done;

	if (p->is_quiet || !p->is_terminal || !p->n_epoch || !p->n_seq || !epoch)
		return;
	now = seconds();
	done = (double)(epoch - 1) * p->n_seq + i_seq;
	if (!p->is_started) {
		p->is_started = true;
		p->start = now;
		p->first_done = done;
	}
	if (p->has_bar && now - p->last_draw < REDRAW_AFTER)
		return;
	draw_bar(p, epoch, done, now > p->start ? (done - p->first_done) / (now - p->start) : 0);
	p->last_draw = now;
}

static void print_nll(const char *name, double nll)
{
	if (!isnan(nll))
		fprintf(stderr, "  %s %.4f", name, nll);
}

static void print_accuracies(const struct snn_epoch *row)
{
	const double share[] = { row->train_accuracy, row->valid_accuracy, row->test_accuracy };
	int n = 0;

	for (int i = 0; i < 3; i++) {
		if (!isnan(share[i]))
			fprintf(stderr, "%s%.1f", n++ ? " / " : "  right ", 100 * share[i]);
	}
	if (n)
		fputs(" %", stderr);
}

/* "12.3 mJ": three digits and a prefix from n to k. */
static void print_si(const char *label, double v, const char *unit)
{
	static const char *const prefix[] = { "n", "u", "m", "", "k" };
	int i = 0;

	v *= 1e9;
	while (i < 4 && v >= 999.5) {
		v /= 1000;
		i++;
	}
	fprintf(stderr, "  %s%.3g %s%s", label, v, prefix[i], unit);
}

void snn_progress_epoch(struct snn_progress *p, const struct snn_epoch *row)
{
	if (p->is_quiet)
		return;
	wipe_bar(p);
	fprintf(stderr, "epoch %u/%u", row->epoch, p->n_epoch);
	print_nll("train", row->train_nll);
	print_nll("valid", row->valid_nll);
	print_nll("test", row->test_nll);
	print_accuracies(row);
	if (!isnan(row->activity))
		fprintf(stderr, "  active %.1f %%", 100 * row->activity);
	if (row->n_set || row->n_reset)
		fprintf(stderr, "  pulses %llu SET %llu RESET", (unsigned long long)row->n_set,
			(unsigned long long)row->n_reset);
	if (row->n_refresh)
		fprintf(stderr, "  refreshed %llu", (unsigned long long)row->n_refresh);
	if (!isnan(row->chip_time))
		print_si("chip ", row->chip_time, "s");
	if (!isnan(row->energy))
		print_si("", row->energy, "J");
	fputc('\n', stderr);
	fflush(stderr);
}
