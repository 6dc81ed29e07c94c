/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd_study_run.c - osttp study run: every point that is not finished, on this machine.
 */
#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "cmd_study.h"
#include "make_folder.h"
#include "study_local.h"
#include "study_slurm.h"

#define MAX_SBATCH 32

struct arguments {
	const char *study, *out;
	unsigned long n_process; /* 0: as many as there are processors */
	bool is_quiet;
	unsigned long only;           /* point, 1 ..; 0 all */
	unsigned long share, n_share; /* points of share 1 .. n_share; 0 all */
	bool is_slurm;
	const char *sbatch[MAX_SBATCH + 1];
	size_t n_sbatch;
};

enum {
	OPT_OUT = 'o',
	OPT_JOBS = 'j',
	OPT_QUIET = 'q',
	OPT_POINT = 'p',
	OPT_EXECUTOR = 'x',
	OPT_SHARE = 0x100,
	OPT_SBATCH
};

static const struct argp_option options[] = {
	{ "out", OPT_OUT, "DIR", 0, "the study's folder (default: studies/NAME of NAME.yaml)", 0 },
	{ "jobs", OPT_JOBS, "N", 0, "trainings at the same time (default: one a processor)", 0 },
	{ "point", OPT_POINT, "N", 0, "only this point, as `osttp study status --points` counts",
		0 },
	{ "share", OPT_SHARE, "K/N", 0, "only points K, K + N, K + 2 N, ...; K from 1 on", 0 },
	{ "executor", OPT_EXECUTOR, "local|slurm", 0,
		"processes here (default), or a job array through sbatch, and a job that collects",
		0 },
	{ "sbatch", OPT_SBATCH, "ARG", 0,
		"another argument of sbatch, e.g. --sbatch=--partition=long; may be repeated", 0 },
	{ "quiet", OPT_QUIET, NULL, 0, "no progress", 0 },
	{ 0 },
};

static void set_share(struct argp_state *state, struct arguments *a, const char *arg)
{
	char end;

	if (sscanf(arg, "%lu/%lu%c", &a->share, &a->n_share, &end) != 2 || a->share < 1 ||
		a->share > a->n_share || a->n_share > SNN_STUDY_MAX_POINT)
		argp_error(state, "--share %s: expected K/N, K of 1 .. N", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_OUT:
		a->out = arg;
		return 0;
	case OPT_JOBS:
		a->n_process = cli_whole(state, "jobs", arg, 1, SNN_STUDY_MAX_POINT);
		return 0;
	case OPT_POINT:
		a->only = cli_whole(state, "point", arg, 1, SNN_STUDY_MAX_POINT);
		return 0;
	case OPT_SHARE:
		set_share(state, a, arg);
		return 0;
	case OPT_EXECUTOR:
		if (strcmp(arg, "local") && strcmp(arg, "slurm"))
			argp_error(state, "--executor %s: local or slurm", arg);
		a->is_slurm = !strcmp(arg, "slurm");
		return 0;
	case OPT_SBATCH:
		if (a->n_sbatch == MAX_SBATCH)
			argp_error(state, "more than %d arguments of sbatch", MAX_SBATCH);
		else
			a->sbatch[a->n_sbatch++] = arg;
		return 0;
	case OPT_QUIET:
		a->is_quiet = true;
		return 0;
	default:
		return cli_operand(
			state, key, arg, &a->study, "which study? Give its file or folder");
	}
}

static const struct argp argp = { .options = options,
	.parser = parse,
	.args_doc = "FILE.yaml|STUDY",
	.doc = "Train every point of a study that is not finished, each as its own process in its own "
	       "run folder."
	       "\vWhat was interrupted, by Ctrl-C, a crash or kill -9, goes on where it was when the "
	       "same command is given again; what fails is tried once more. A changed file in an old "
	       "folder runs what is new in it. Exit status 1 if points failed or were left. With Slurm, "
	       "--jobs limits the tasks of the array that run at the same time, and all nodes must see "
	       "the study, this program and the data under the same paths." };

double cli_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct show {
	const struct snn_study_folder *f;
	bool is_quiet, is_terminal, has_bar;
};

/* "12 s", "3 min 20 s", "2 h 5 min" */
static void print_left(double s)
{
	unsigned long n = s < 1e9 ? (unsigned long)(s + 0.5) : 1000000000UL;

	if (isnan(s))
		return;
	if (n < 60)
		fprintf(stderr, ", %lu s left", n);
	else if (n < 3600)
		fprintf(stderr, ", %lu min %lu s left", n / 60, n % 60);
	else
		fprintf(stderr, ", %lu h %lu min left", n / 3600, n % 3600 / 60);
}

static void draw_bar(struct show *w, const struct snn_study_event *ev)
{
	size_t n = ev->n_done + ev->n_failed + ev->n_left;
	size_t n_full = n ? 30 * (ev->n_done + ev->n_failed) / n : 0;

	fputs("\r\033[K[", stderr);
	for (size_t i = 0; i < 30; i++)
		fputc(i < n_full ? '#' : '.', stderr);
	fprintf(stderr, "] %zu/%zu done", ev->n_done, n);
	if (ev->n_failed)
		fprintf(stderr, ", %zu failed", ev->n_failed);
	fprintf(stderr, ", %zu running", ev->n_running);
	print_left(ev->left);
	fflush(stderr);
	w->has_bar = true;
}

static void print_line(struct show *w, const struct snn_study_event *ev)
{
	char text[800];

	if (w->has_bar)
		fputs("\r\033[K", stderr);
	w->has_bar = false;
	snn_study_describe(w->f->study, ev->point, text, sizeof(text));
	fprintf(stderr, "%zu/%zu  %s", ev->n_done + ev->n_failed,
		ev->n_done + ev->n_failed + ev->n_left, text);
	if (ev->what == SNN_STUDY_DONE) {
		fprintf(stderr, "  %.1f s", ev->seconds);
		print_left(ev->left);
	} else {
		fprintf(stderr, "  %s: %s\n  its folder: %s/points/%s",
			ev->what == SNN_STUDY_FAILED ? "FAILED" : "tried again", ev->why,
			w->f->path, w->f->point[ev->point].name);
	}
	fputc('\n', stderr);
}

static void show(void *user, const struct snn_study_event *ev)
{
	struct show *w = user;

	if (w->is_quiet)
		return;
	if (ev->what == SNN_STUDY_FAILED || ev->what == SNN_STUDY_RETRIED ||
		(ev->what == SNN_STUDY_DONE && !w->is_terminal))
		print_line(w, ev);
	if (w->is_terminal)
		draw_bar(w, ev);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* studies/NAME of .../NAME.yaml; yours to free(). */
static char *default_folder(const char *file)
{
	char *copy = strdup(file), *path = NULL, *dot;
	const char *name;

	if (!copy)
		return NULL;
	name = basename(copy);
	dot = strrchr(name, '.');
	if (asprintf(&path, "studies/%.*s",
		    dot && dot > name ? (int)(dot - name) : (int)strlen(name), name) < 0)
		path = NULL;
	free(copy);
	return path;
}

static int open_study(const struct arguments *a, struct snn_study_folder *f, struct snn_error *e)
{
	char *own;
	int r;

	if (is_folder(a->study)) {
		if (a->out)
			return snn_fail(e, -EINVAL,
				"%s is a study's folder already: leave out --out, or give its file",
				a->study);
		return snn_study_open(f, a->study, e);
	}
	if (a->out)
		return snn_study_create(f, a->out, a->study, e);
	own = default_folder(a->study);
	r = own ? snn_study_create(f, own, a->study, e) : snn_fail(e, -ENOMEM, "no memory");
	free(own);
	return r;
}

static uint32_t n_processor(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

/* What the study took for itself, beside its trainings. */
static void print_end(const struct snn_study_folder *f, int r, double elapsed)
{
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	fprintf(stderr, "osttp: %.1f s, of which the study itself used %.2f s of a processor\n",
		elapsed,
		(double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec) +
			1e-6 * (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec));
	if (r == 1)
		fprintf(stderr, "osttp: stopped; go on with\n  osttp study run %s\n", f->path);
	else if (r == 2)
		fprintf(stderr,
			"osttp: some points failed; why: osttp study status --points %s, and log.txt in "
			"their folders\n",
			f->path);
	else
		fprintf(stderr, "osttp: all done; the table: osttp study collect %s\n", f->path);
}

int cmd_study_points(struct snn_study_folder *f, unsigned long share, unsigned long n_share,
	unsigned long n_process, bool is_quiet, struct snn_error *e)
{
	struct show w = { .f = f, .is_quiet = is_quiet, .is_terminal = isatty(STDERR_FILENO) };
	struct snn_study_local how = {
		.n_process = n_process ? (uint32_t)n_process : n_processor(),
		.event = show,
		.user = &w,
	};
	size_t *point = calloc(f->study->n_point, sizeof(*point)), n = 0;
	double start = cli_seconds();
	int r;

	if (!point)
		return snn_fail(e, -ENOMEM, "no memory for %zu points", f->study->n_point);
	for (size_t i = 0; i < f->study->n_point; i++) {
		if (!n_share || snn_study_share(i, (uint32_t)n_share) == share)
			point[n++] = i;
	}
	r = snn_study_local(f, point, n, &how, e);
	free(point);
	if (w.has_bar)
		fputs("\r\033[K", stderr);
	if (r >= 0 && !is_quiet)
		print_end(f, r, cli_seconds() - start);
	return r;
}

static int submit(struct snn_study_folder *f, const struct arguments *a, struct snn_error *e)
{
	const struct snn_study_slurm how = { .arg = a->sbatch, .n_at_once = a->n_process };
	unsigned long array, collect;
	int r = snn_study_slurm(f, &how, &array, &collect, e);

	if (r == 1)
		fprintf(stderr, "osttp: all done; the table: osttp study collect %s\n", f->path);
	if (r == 0 && !a->is_quiet)
		fprintf(stderr,
			"osttp: job %lu trains, then job %lu writes the table; how far it is:\n"
			"  osttp study status %s\n",
			array, collect, f->path);
	return r < 0 ? r : 0;
}

int cmd_study_run(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct snn_study_folder f = { .lock = -1 };
	struct snn_error e = { "" };
	int r;

	if (cli_parse(&argp, argc, argv, &a))
		return CLI_USAGE;
	r = open_study(&a, &f, &e);
	if (r == 0 && a.only > f.study->n_point)
		r = snn_fail(
			&e, -ERANGE, "--point %lu: the study has %zu", a.only, f.study->n_point);
	if (r == 0 && a.only) {
		a.share = a.only;
		a.n_share = f.study->n_point;
	}
	if (r == 0 && !a.n_share && !a.is_slurm) /* parts may run beside others */
		r = snn_study_lock(&f, &e);
	if (r == 0 && a.is_slurm)
		r = submit(&f, &a, &e);
	else if (r == 0)
		r = cmd_study_points(&f, a.share, a.n_share, a.n_process, a.is_quiet, &e);
	snn_study_close(&f);
	return r < 0 ? cli_fail(&e, r) : r ? CLI_FAILED : CLI_DONE;
}
