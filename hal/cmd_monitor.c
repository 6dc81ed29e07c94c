/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_monitor.c - what a board does and how good its link is, again and again. */
#include "xbar_cli.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "page.h"
#include "selftest_page.h"

#define N_BYTE 64 /* of a ping */

struct args {
	struct cli_common common;
	uint32_t count; /* 0: until interrupted */
	double interval;
	const char *report;
};

static const struct argp_option options[] = {
	{ "count", 'n', "N", 0, "How often (default: until interrupted)", 0 },
	{ "interval-s", 'i', "T", 0, "Time between them (default 1 s)", 0 },
	{ "report", 'r', "FILE", 0, "At the end, write a report with pictures (HTML)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'n':
		a->count = cli_u32(state, "--count", arg, 1, 1u << 30);
		return 0;
	case 'i':
		a->interval = cli_double(state, "--interval-s", "s", arg, 0.0, 1e6);
		return 0;
	case 'r':
		a->report = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static volatile sig_atomic_t is_stopping;

static void stop(int signal)
{
	(void)signal;
	is_stopping = 1;
}

struct sample {
	double time;       /* s of the wall clock since the first */
	double round_trip; /* s, not a number without a link */
	struct xbar_stats stats;
};

struct history {
	struct sample *sample;
	size_t n, n_max;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int take(struct cli_board *b, double t_first, struct sample *ret)
{
	uint64_t round_trip;
	int r = xbar_ping(b->x, N_BYTE, &round_trip);

	if (r < 0 && r != -ENOTSUP)
		return cli_result(b, r);
	ret->round_trip = r < 0 ? NAN : (double)round_trip * 1e-9;
	ret->time = seconds() - t_first;
	return cli_result(b, xbar_stats(b->x, &ret->stats));
}

static int print_json(const struct sample *s)
{
	const struct xbar_stats *c = &s->stats;
	json_t *o = json_pack("{s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I}",
		"t_s", s->time, "chip_time_s", (double)c->time * 1e-9, "n_mvm",
		(json_int_t)c->n_mvm, "n_set", (json_int_t)c->n_set, "n_reset",
		(json_int_t)c->n_reset, "n_read", (json_int_t)c->n_read, "n_program",
		(json_int_t)c->n_program, "n_sat", (json_int_t)c->n_sat, "energy_J", c->energy,
		"n_byte_out", (json_int_t)c->n_byte_out, "n_byte_in", (json_int_t)c->n_byte_in,
		"n_round_trip", (json_int_t)c->n_round_trip, "n_retry", (json_int_t)c->n_retry);

	if (o && isfinite(s->round_trip))
		json_object_set_new(o, "round_trip_s", json_real(s->round_trip));
	if (o && c->temperature > 0.0)
		json_object_set_new(o, "temperature_K", json_real(c->temperature));
	return cli_json(o);
}

static void print_heads(enum cli_format format)
{
	if (format == CLI_CSV)
		puts("t_s,chip_time_s,n_mvm,n_set,n_reset,n_read,n_sat,energy_J,round_trip_s,n_retry,"
		     "temperature_K");
	else if (format == CLI_TEXT)
		printf("%9s %12s %10s %10s %10s %10s %8s %10s %9s %7s %8s\n", "t / s", "chip / s",
			"products", "SET", "RESET", "reads", "sat", "energy / J", "ping / us",
			"retries", "T / degC");
}

static int print_sample(enum cli_format format, const struct sample *s)
{
	const struct xbar_stats *c = &s->stats;
	const char *fmt = format == CLI_CSV
		? "%.3f,%.9g,%llu,%llu,%llu,%llu,%llu,%.6g,%.6g,%llu,%s\n"
		: "%9.1f %12.6g %10llu %10llu %10llu %10llu %8llu %10.4g %9.1f %7llu %8s\n";
	char temperature[16] = "";
	double scale = format == CLI_CSV ? 1.0 : 1e6;

	if (format == CLI_JSON)
		return print_json(s);
	if (c->temperature > 0.0)
		snprintf(temperature, sizeof(temperature), format == CLI_CSV ? "%.3f" : "%.2f",
			format == CLI_CSV ? c->temperature : c->temperature - XBAR_ZERO_CELSIUS);
	else if (format == CLI_TEXT)
		strcpy(temperature, "-");
	printf(fmt, s->time, (double)c->time * 1e-9, (unsigned long long)c->n_mvm,
		(unsigned long long)c->n_set, (unsigned long long)c->n_reset,
		(unsigned long long)c->n_read, (unsigned long long)c->n_sat, c->energy,
		s->round_trip * scale, (unsigned long long)c->n_retry, temperature);
	return CLI_DONE;
}

static int keep(struct history *h, const struct sample *s)
{
	if (h->n == h->n_max) {
		size_t n_max = h->n_max ? 2 * h->n_max : 64;
		struct sample *more = realloc(h->sample, n_max * sizeof(*more));

		if (!more)
			return cli_complain(CLI_FAILED, "no memory for %zu samples", n_max);
		h->sample = more;
		h->n_max = n_max;
	}
	h->sample[h->n++] = *s;
	return CLI_DONE;
}

static void wait_for(double dt)
{
	struct timespec t = { .tv_sec = (time_t)dt, .tv_nsec = (long)(fmod(dt, 1.0) * 1e9) };

	nanosleep(&t, NULL);
}

static int watch(const struct args *a, struct cli_board *b, struct history *h)
{
	double t_first = seconds();
	int status = CLI_DONE;

	print_heads(a->common.format);
	for (uint32_t i = 0; (!a->count || i < a->count) && !is_stopping && status == CLI_DONE;
		i++) {
		struct sample s;

		if (i)
			wait_for(a->interval);
		if (is_stopping)
			break;
		status = take(b, t_first, &s);
		if (status == CLI_DONE)
			status = print_sample(a->common.format, &s);
		if (status == CLI_DONE && a->report)
			status = keep(h, &s);
		fflush(stdout);
	}
	return status;
}

static double round_trip_of(const struct sample *s)
{
	return s->round_trip * 1e6;
}

static double retries_of(const struct sample *s)
{
	return (double)s->stats.n_retry;
}

static double energy_of(const struct sample *s)
{
	return s->stats.energy;
}

static double temperature_of(const struct sample *s)
{
	return s->stats.temperature > 0.0 ? s->stats.temperature - XBAR_ZERO_CELSIUS : NAN;
}

static int write_report(const struct args *a, struct cli_board *b, const struct history *h)
{
	static const struct {
		const char *title, *label;
		double (*of)(const struct sample *s);
	} plots[] = { { "link", "round trip of 64 bytes (\302\265s)", round_trip_of },
		{ "retries", "exchanges repeated so far", retries_of },
		{ "energy", "J", energy_of },
		{ "temperature", "degC, by the chips' sensor", temperature_of } };
	double *x = cli_calloc(2 * h->n + 1, sizeof(*x));
	struct page_series s = { .style = PAGE_LINES_POINTS, .n = h->n, .x = x };
	struct page_error err = { "no memory for a report" };
	struct page *p = NULL;
	int r = x ? xbar_board_page_new(&p, "Monitor", b->x) : -ENOMEM;

	for (size_t k = 0; k < sizeof(plots) / sizeof(plots[0]) && r == 0; k++) {
		for (size_t i = 0; i < h->n; i++) {
			x[i] = h->sample[i].time;
			x[h->n + i] = plots[k].of(&h->sample[i]);
		}
		s.y = x + h->n;
		page_plot(p,
			&(struct page_plot){ .title = plots[k].title,
				.x_label = "time (s)",
				.y_label = plots[k].label,
				.series = &s,
				.n_series = 1 });
	}
	if (r == 0)
		r = page_write(p, a->report, &err);
	page_free(p);
	free(x);
	return r < 0 ? cli_complain(CLI_FAILED, "%s", err.text) : CLI_DONE;
}

static int run(const void *args, struct cli_board *b)
{
	const struct args *a = args;
	const struct sigaction act = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };
	struct history h = { 0 };
	int status;

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	status = watch(a, b, &h);
	if (status == CLI_DONE && a->report)
		status = write_report(a, b, &h);
	free(h.sample);
	return status;
}

int cmd_monitor(int argc, char **argv)
{
	static const struct cli_command command = {
		.options = options,
		.parse = parse,
		.run = run,
		.doc = "Tell, again and again, what the board has done so far, its chip time and "
		       "energy, how long bytes take to it and back, and the temperature of its "
		       "warmest chip, where it has a sensor. The chips are not disturbed. With "
		       "--json one line each time.\v"
		       "  xbar monitor serial:/dev/ttyACM0\n"
		       "  xbar monitor usb: --interval-s 60 --count 1440 --report day.html\n",
	};
	struct args a = { .interval = 1.0 };

	return cli_run(&command, argc, argv, &a);
}
