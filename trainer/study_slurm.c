/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study_slurm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARG 64

/* 'text', whatever is in it, for a POSIX shell. */
static void put_quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", f);
		else
			fputc(*text, f);
	}
	fputc('\'', f);
}

/* "1-12,15" of the shares that have something left; NULL without memory. */
static char *shares_left(const struct snn_study_folder *f, uint32_t n_share, bool *ret_any)
{
	bool *is_left = calloc(n_share + 2, sizeof(*is_left));
	char *text = NULL;
	size_t n = 0;
	FILE *out = is_left ? open_memstream(&text, &n) : NULL;

	*ret_any = false;
	for (size_t i = 0; out && i < f->study->n_point; i++) {
		if (snn_study_state(f, i) != SNN_POINT_DONE)
			is_left[snn_study_share(i, n_share)] = true;
	}
	for (uint32_t k = 1, first; out && k <= n_share; k++) {
		if (!is_left[k])
			continue;
		for (first = k; is_left[k + 1]; k++)
			;
		fprintf(out, "%s%u", *ret_any ? "," : "", first);
		if (k > first)
			fprintf(out, "-%u", k);
		*ret_any = true;
	}
	free(is_left);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* What sbatch prints to stdout and stderr, both short, into buf [n]. */
static int run_sbatch(char *const *argv, FILE *script, char *buf, size_t n, struct snn_error *e)
{
	FILE *answer = tmpfile();
	int status = -1;
	pid_t pid;
	size_t len;

	if (!answer)
		return snn_fail(e, -errno, "no temporary file: %s", strerror(errno));
	rewind(script);
	pid = fork();
	if (pid == 0) {
		if (dup2(fileno(script), STDIN_FILENO) < 0 ||
			dup2(fileno(answer), STDOUT_FILENO) < 0 ||
			dup2(fileno(answer), STDERR_FILENO) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	rewind(answer);
	len = fread(buf, 1, n - 1, answer);
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	fclose(answer);
	if (pid < 0)
		return snn_fail(e, -EAGAIN, "no process for sbatch");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return snn_fail(e, -ENOENT,
			"no sbatch in $PATH: on a machine of a Slurm cluster it is in the package slurm-client");
	return status ? snn_fail(e, -EREMOTEIO, "sbatch: %s", buf[0] ? buf : "failed") : 0;
}

struct submission {
	const char *name, *log, *extra; /* extra: "--array=..." or "--dependency=..." */
	const struct snn_study_slurm *how;
};

/* The script's job number, of "123" or "123;cluster". */
static int submit(const struct submission *s, FILE *script, unsigned long *ret, struct snn_error *e)
{
	char *argv[MAX_ARG + 10], buf[512], *end;
	char sbatch[] = "sbatch", parsable[] = "--parsable", requeue[] = "--requeue",
	     append[] = "--open-mode=append";
	char name[200], log[1200];
	size_t n = 0;
	int r;

	snprintf(name, sizeof(name), "--job-name=%.150s", s->name);
	snprintf(log, sizeof(log), "--output=%s", s->log);
	argv[n++] = sbatch;
	for (const char *const *a = s->how->arg; a && *a && n < MAX_ARG; a++)
		argv[n++] = (char *)(uintptr_t)*a; /* execvp() does not change them */
	argv[n++] = parsable;
	argv[n++] = requeue;
	argv[n++] = append;
	argv[n++] = name;
	argv[n++] = log;
	argv[n++] = (char *)(uintptr_t)s->extra;
	argv[n] = NULL;
	r = run_sbatch(argv, script, buf, sizeof(buf), e);
	if (r < 0)
		return r;
	*ret = strtoul(buf, &end, 10);
	return end == buf || (*end && *end != ';')
		? snn_fail(e, -EREMOTEIO, "sbatch: no job number in \"%.200s\"", buf)
		: 0;
}

/* The shell script of a job; NULL without a temporary file. */
static FILE *write_script(const char *exe, const char *folder, uint32_t n_share)
{
	FILE *f = tmpfile();

	if (!f)
		return NULL;
	fputs("#!/bin/sh\nexec ", f);
	put_quoted(f, exe);
	fputs(n_share ? " study run " : " study collect ", f);
	put_quoted(f, folder);
	if (n_share)
		fprintf(f, " --share \"$SLURM_ARRAY_TASK_ID/%u\" --jobs 1 --quiet", n_share);
	fputc('\n', f);
	return f;
}

struct job {
	char *exe, *folder, *log, *extra;
	FILE *script;
};

static void job_done(struct job *j)
{
	if (j->script)
		fclose(j->script);
	free(j->exe);
	free(j->folder);
	free(j->log);
	free(j->extra);
}

/* n_share 0: the collecting job. extra is taken. */
static int submit_job(const struct snn_study_folder *f, const struct snn_study_slurm *how,
	uint32_t n_share, char *extra, unsigned long *ret, struct snn_error *e)
{
	struct job j = { .exe = realpath("/proc/self/exe", NULL),
		.folder = realpath(f->path, NULL),
		.extra = extra };
	const char *slash;
	int r = -ENOMEM;

	if (j.folder &&
		asprintf(&j.log, "%s/slurm-%s.txt", j.folder, n_share ? "%a" : "collect") < 0)
		j.log = NULL;
	if (j.exe && j.folder)
		j.script = write_script(j.exe, j.folder, n_share);
	if (!j.exe || !j.folder || !j.log || !j.extra || !j.script) {
		snn_fail(e, r, "%s: no memory for a job", f->path);
	} else {
		slash = strrchr(j.folder, '/');
		r = submit(&(struct submission){ .name = slash[1] ? slash + 1 : "study",
				   .log = j.log,
				   .extra = j.extra,
				   .how = how },
			j.script, ret, e);
	}
	job_done(&j);
	return r;
}

int snn_study_slurm(const struct snn_study_folder *f, const struct snn_study_slurm *how,
	unsigned long *ret_array, unsigned long *ret_collect, struct snn_error *e)
{
	size_t n_point = f->study->n_point;
	uint32_t n_share = n_point < SNN_STUDY_MAX_TASK ? (uint32_t)n_point : SNN_STUDY_MAX_TASK;
	bool is_any;
	char *shares = shares_left(f, n_share, &is_any), *extra = NULL, limit[32] = "";
	int r;

	if (!shares)
		return snn_fail(e, -ENOMEM, "%s: no memory", f->path);
	if (!is_any) {
		free(shares);
		return 1;
	}
	if (how->n_at_once)
		snprintf(limit, sizeof(limit), "%%%lu", how->n_at_once);
	if (asprintf(&extra, "--array=%s%s", shares, limit) < 0)
		extra = NULL;
	free(shares);
	r = submit_job(f, how, n_share, extra, ret_array, e);
	if (r < 0)
		return r;
	if (asprintf(&extra, "--dependency=afterany:%lu", *ret_array) < 0)
		extra = NULL;
	return submit_job(f, how, 0, extra, ret_collect, e);
}
