/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_local.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "make_folder.h"
#include "read_file.h"
#include "runlog.h"

#define MAX_PROCESS 1024
#define MAX_LOG     ((size_t)1 << 20)

struct worker {
	pid_t pid; /* 0 free */
	size_t point;
	double start;
	bool is_second; /* try */
};

struct crew {
	const struct snn_study_folder *f;
	const struct snn_study_local *how;
	struct snn_error *e;
	struct worker *worker; /* [how->n_process] */
	size_t *queue;         /* [n] points not yet started, in a ring */
	size_t n, first, n_queue;
	size_t n_done, n_failed, n_running;
	size_t n_ended; /* by us, for the estimate */
	double start;
	sigset_t before; /* signal mask of the caller */
	int n_signal;    /* asked to stop */
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void tell(
	const struct crew *c, enum snn_study_what what, const struct worker *w, const char *why)
{
	size_t n_left = c->n_queue + c->n_running;
	struct snn_study_event ev = { .what = what,
		.point = w ? w->point : 0,
		.seconds = w ? seconds() - w->start : 0,
		.why = why,
		.n_done = c->n_done,
		.n_failed = c->n_failed,
		.n_running = c->n_running,
		.n_left = n_left,
		.left = c->n_ended ? (seconds() - c->start) / (double)c->n_ended * (double)n_left
				   : NAN };

	if (c->how->event)
		c->how->event(c->how->user, &ev);
}

static void say(const char *text)
{
	ssize_t r = write(STDERR_FILENO, text, strlen(text));

	(void)r;
}

/* In the new process: stderr to the point's log, stdout nowhere, signals as the caller had them. */
static void detach(const struct crew *c, const char *log, pid_t parent)
{
	int null = open("/dev/null", O_RDWR), fd;

	setpgid(0, 0); /* Ctrl-C is for the study, which then stops its trainings */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it was killed before that */
		_exit(1);
	sigprocmask(SIG_SETMASK, &c->before, NULL);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (null < 0 || fd < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
		dup2(fd, STDERR_FILENO) < 0)
		_exit(1);
}

/* The run folder, unless it is there; the configuration is the point's. */
static int make_run(const struct crew *c, size_t point, const char *folder, struct snn_error *e)
{
	struct snn_runlog *log;
	struct snn_config config;
	char *file = snn_study_path(c->f, point, "config.yaml");
	int r = file ? 0 : snn_fail(e, -ENOMEM, "no memory");

	if (r == 0 && access(file, F_OK) < 0) {
		r = snn_study_config(c->f->study, point, &config, e);
		if (r == 0)
			r = snn_runlog_create(&log, folder, &config, e);
		if (r == 0)
			snn_runlog_close(log);
	}
	free(file);
	return r;
}

_Noreturn static void become_training(const struct crew *c, size_t point, char *folder)
{
	struct snn_error e = { "" };
	char train[] = "train", resume[] = "--resume", quiet[] = "--quiet", name[] = "osttp";
	char *argv[] = { name, train, resume, folder, quiet, NULL };

	if (make_run(c, point, folder, &e) == 0)
		execv("/proc/self/exe", argv);
	say("osttp: ");
	say(e.text[0] ? e.text : strerror(errno));
	say("\n");
	_exit(1);
}

static int spawn(struct crew *c, struct worker *w)
{
	char *folder = snn_study_path(c->f, w->point, NULL);
	char *log = snn_study_path(c->f, w->point, "log.txt");
	char *failed = snn_study_path(c->f, w->point, "failed");
	pid_t parent = getpid();
	int r = folder && log && failed ? 0 : snn_fail(c->e, -ENOMEM, "no memory");

	if (r == 0)
		r = snn_make_folder(folder, c->e);
	if (r == 0) {
		unlink(failed);
		w->pid = fork();
		if (w->pid < 0)
			r = snn_fail(c->e, -errno, "no process for a point: %s", strerror(errno));
	}
	if (r == 0 && w->pid == 0) {
		detach(c, log, parent);
		become_training(c, w->point, folder);
	}
	if (r < 0)
		w->pid = 0;
	free(folder);
	free(log);
	free(failed);
	return r;
}

/* A training that an earlier study left behind may still be writing its checkpoint. */
static bool is_busy(const struct crew *c, size_t point)
{
	char *file = snn_study_path(c->f, point, "lock");
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	bool is = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	free(file);
	return is;
}

static void push(struct crew *c, size_t point)
{
	c->queue[(c->first + c->n_queue++) % c->n] = point;
}

static size_t pop(struct crew *c)
{
	size_t point = c->queue[c->first];

	c->first = (c->first + 1) % c->n;
	c->n_queue--;
	return point;
}

static int start(struct crew *c, struct worker *w, size_t point)
{
	int r;

	*w = (struct worker){ .point = point, .start = seconds() };
	r = spawn(c, w);
	if (r < 0)
		return r;
	c->n_running++;
	tell(c, SNN_STUDY_STARTED, w, NULL);
	return 0;
}

/* Every free worker gets a point, if there is one that nobody has. */
static int start_some(struct crew *c)
{
	size_t n_try = c->n_queue;

	for (uint32_t i = 0; i < c->how->n_process; i++) {
		bool is_started = false;

		while (!c->worker[i].pid && !is_started && n_try) {
			size_t point = pop(c);
			int r;

			n_try--;
			if (is_busy(c, point)) {
				push(c, point);
				continue;
			}
			r = start(c, &c->worker[i], point);
			if (r < 0)
				return r;
			is_started = true;
		}
	}
	return 0;
}

/* The last line of a log: what the training said when it ended. */
static void last_words(const struct crew *c, size_t point, int status, char *buf, size_t n)
{
	char *file = snn_study_path(c->f, point, "log.txt"), *text = NULL, *line = NULL;
	size_t len = 0;

	if (WIFSIGNALED(status)) {
		snprintf(buf, n, "killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	} else {
		if (file && snn_read_file(&text, &len, file, MAX_LOG, NULL) == 0) {
			while (len && text[len - 1] == '\n')
				text[--len] = '\0';
			line = strrchr(text, '\n');
			line = line ? line + 1 : text;
		}
		snprintf(buf, n, "exit status %d: %.500s", WEXITSTATUS(status),
			line && *line ? line : "no message");
	}
	free(text);
	free(file);
}

static void note_failure(const struct crew *c, size_t point, const char *why)
{
	char *file = snn_study_path(c->f, point, "failed");

	if (file)
		snn_write_file(file, why, strlen(why), NULL);
	free(file);
}

/* The second try goes on from the checkpoint, too: it is whole, and may be hours of work. */
static int on_failure(struct crew *c, struct worker *w, int status)
{
	char why[600];

	if (c->n_signal) /* as asked */
		return 0;
	last_words(c, w->point, status, why, sizeof(why));
	if (w->is_second) {
		c->n_failed++;
		c->n_ended++;
		note_failure(c, w->point, why);
		tell(c, SNN_STUDY_FAILED, w, why);
		return 0;
	}
	w->is_second = true;
	tell(c, SNN_STUDY_RETRIED, w, why);
	c->n_running++;
	return spawn(c, w);
}

static int on_exit_of(struct crew *c, pid_t pid, int status)
{
	for (uint32_t i = 0; i < c->how->n_process; i++) {
		struct worker *w = &c->worker[i];

		if (w->pid != pid)
			continue;
		w->pid = 0;
		c->n_running--;
		if (!WIFEXITED(status) || WEXITSTATUS(status) ||
			snn_study_state(c->f, w->point) != SNN_POINT_DONE)
			return on_failure(c, w, status);
		c->n_done++;
		c->n_ended++;
		tell(c, SNN_STUDY_DONE, w, NULL);
		return 0;
	}
	return 0;
}

static int reap(struct crew *c)
{
	int status, r = 0;
	pid_t pid;

	while (r == 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		r = on_exit_of(c, pid, status);
	return r;
}

static void signal_all(const struct crew *c, int number)
{
	for (uint32_t i = 0; i < c->how->n_process; i++) {
		if (c->worker[i].pid)
			kill(c->worker[i].pid, number);
	}
}

/* Until a process ends, a signal asks to stop, or a while has passed. */
static int wait_for_news(struct crew *c, const sigset_t *set)
{
	/* Points of someone else's training are looked at more often. */
	const struct timespec second = { .tv_sec = 1 }, soon = { .tv_nsec = 50000000 };
	int number = sigtimedwait(set, NULL, c->n_running ? &second : &soon);

	if (number == SIGINT || number == SIGTERM)
		signal_all(c, c->n_signal++ ? SIGKILL : SIGTERM);
	else if (number < 0)
		tell(c, SNN_STUDY_TICK, NULL, NULL);
	return reap(c);
}

static int work(struct crew *c, const sigset_t *set)
{
	int r = 0;

	while (r == 0 && (c->n_running || (c->n_queue && !c->n_signal))) {
		if (!c->n_signal)
			r = start_some(c);
		if (r == 0)
			r = wait_for_news(c, set);
	}
	if (r < 0) { /* whatever it is, no training is left behind */
		c->n_signal = 1;
		signal_all(c, SIGTERM);
		for (uint32_t i = 0; i < c->how->n_process; i++) {
			if (c->worker[i].pid)
				waitpid(c->worker[i].pid, NULL, 0);
		}
	}
	return r;
}

static void fill_queue(struct crew *c, const size_t *point, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (snn_study_state(c->f, point[i]) == SNN_POINT_DONE)
			c->n_done++;
		else
			push(c, point[i]);
	}
}

int snn_study_local(const struct snn_study_folder *f, const size_t *point, size_t n,
	const struct snn_study_local *how, struct snn_error *e)
{
	struct crew c = { .f = f, .how = how, .e = e, .n = n, .start = seconds() };
	sigset_t set;
	int r;

	if (how->n_process < 1 || how->n_process > MAX_PROCESS)
		return snn_fail(e, -EINVAL, "%u processes: 1 .. %d at the same time",
			how->n_process, MAX_PROCESS);
	c.worker = calloc(how->n_process, sizeof(*c.worker));
	c.queue = calloc(n + 1, sizeof(*c.queue));
	r = c.worker && c.queue ? 0 : snn_fail(e, -ENOMEM, "no memory for %zu points", n);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (r == 0) {
		sigprocmask(SIG_BLOCK, &set, &c.before);
		fill_queue(&c, point, n);
		r = work(&c, &set);
		sigprocmask(SIG_SETMASK, &c.before, NULL);
	}
	free(c.worker);
	free(c.queue);
	if (r < 0)
		return r;
	return c.n_signal ? 1 : c.n_failed ? 2 : 0;
}
