/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "osttp_run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARG 40

static char *exe;

void osttp_is(const char *path)
{
	/* Tests run in folders of their own. */
	exe = realpath(path, NULL);
	if (!exe)
		exit(2);
	/* Neither the user's board nor his data. */
	unsetenv("XBAR_URI");
	unsetenv("CROSSLOOP_DATA");
}

struct how {
	const char *out, *err;
	size_t limit; /* 0 none */
};

static void collect(const char **argv, const char *first, va_list ap)
{
	int n = 0;

	argv[n++] = exe;
	for (const char *a = first; a; a = va_arg(ap, const char *)) {
		assert_true(n < MAX_ARG - 1);
		argv[n++] = a;
	}
	argv[n] = NULL;
}

static void redirect(int fd, const char *file)
{
	int to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (to < 0 || dup2(to, fd) < 0)
		_exit(127);
	close(to);
}

static pid_t spawn(const struct how *how, const char **argv)
{
	pid_t pid = fork();
	struct rlimit l;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	redirect(STDOUT_FILENO, how->out);
	redirect(STDERR_FILENO, how->err);
	if (how->limit) {
		signal(SIGXFSZ, SIG_IGN);
		l = (struct rlimit){ .rlim_cur = how->limit, .rlim_max = how->limit };
		if (setrlimit(RLIMIT_FSIZE, &l) < 0)
			_exit(127);
	}
	execv(exe, (char *const *)argv);
	_exit(127);
}

int osttp_wait(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static struct ran run(const struct how *how, const char **argv)
{
	struct ran r = { .status = osttp_wait(spawn(how, argv)) };

	r.out = strncmp(how->out, "/dev/", 5) ? read_bytes(how->out, NULL) : strdup("");
	r.err = read_bytes(how->err, NULL);
	return r;
}

#define RUN(how)                           \
	do {                               \
		const char *argv[MAX_ARG]; \
		va_list ap;                \
                                           \
		va_start(ap, first);       \
		collect(argv, first, ap);  \
		va_end(ap);                \
		return run(&(how), argv);  \
	} while (0)

struct ran osttp(const char *first, ...)
{
	const struct how how = { .out = "stdout.txt", .err = "stderr.txt" };

	RUN(how);
}

struct ran osttp_to(const char *out, const char *first, ...)
{
	const struct how how = { .out = out, .err = "stderr.txt" };

	RUN(how);
}

struct ran osttp_limited(size_t bytes, const char *first, ...)
{
	const struct how how = { .out = "stdout.txt", .err = "stderr.txt", .limit = bytes };

	RUN(how);
}

pid_t osttp_start(const char *first, ...)
{
	const struct how how = { .out = "background.out", .err = "background.err" };
	const char *argv[MAX_ARG];
	va_list ap;

	va_start(ap, first);
	collect(argv, first, ap);
	va_end(ap);
	return spawn(&how, argv);
}

void ran_done(struct ran *r)
{
	free(r->out);
	free(r->err);
	*r = (struct ran){ 0 };
}

void assert_ended(struct ran r, int status, const char *word)
{
	if (r.status != status)
		fail_msg("exit status %d, expected %d: %s", r.status, status, r.err);
	assert_contains(r.err, word);
	assert_string_equal(r.out, "");
	ran_done(&r);
}

void wait_for(const char *file)
{
	for (int k = 0; k < 30000; k++) {
		if (access(file, F_OK) == 0)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	fail_msg("%s did not appear", file);
}

void write_small(void)
{
	write_text("pieces.json",
		"{\"train\": [[[60,64,67],[60,65],[],[59,62,67],[60,64]], [[62,65],[60,64],[62,65]],"
		" [[48,60],[50,62],[52,64],[53,65],[55,67],[57,69]], [[70],[71]],"
		" [[60,64,67],[62,65,69],[64,67,71]]],"
		" \"valid\": [[[60,64],[62,65],[64,67]], [[48,60],[50,62]]],"
		" \"test\": [[[60,64,67],[60,65],[59,62]], [[50],[52],[53]]]}");
	/* Whatever the shipped configuration of the task may say. */
	write_text("small.yaml",
		"network: { hidden: 12, neuron: snu, reset: full, psi: triangular, psi_gamma: 1,\n"
		"  psi_width: 1, w_scale: 6, v_scale: 1, b_scale: 1, b_center: false,\n"
		"  threshold: 0.3, decay: 0.8 }\n"
		"train: { epochs: 3, batch: 1, update: sequence, optimizer: sgd, rate: 0.05,\n"
		"  rate_hidden: 1, rate_threshold: 1, decay_factor: 1, momentum: 0, clip: 0,\n"
		"  eval_every: 1, checkpoint_every: 1 }\n"
		"chips: { w_max: 2, v_max: 2, b_max: 0.11, g_full: 8e-6, wait: 1 }\n");
}
