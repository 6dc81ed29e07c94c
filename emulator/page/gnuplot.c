/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.c - running it. Script, picture and complaints go through unnamed temporary files, so that
 * neither side can wait for the other, and nothing is left behind.
 */
#include "gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "page_text.h"

extern char **environ;

struct run {
	FILE *in, *out, *err;
};

static int run_init(struct run *g, const char *script, size_t n)
{
	*g = (struct run){ .in = tmpfile(), .out = tmpfile(), .err = tmpfile() };
	if (!g->in || !g->out || !g->err)
		return -errno;
	errno = 0;
	if (fwrite(script, 1, n, g->in) < n || fflush(g->in) || lseek(fileno(g->in), 0, SEEK_SET))
		return errno ? -errno : -EIO;
	return 0;
}

static void run_done(struct run *g)
{
	if (g->in)
		fclose(g->in);
	if (g->out)
		fclose(g->out);
	if (g->err)
		fclose(g->err);
}

/* -d: no settings of the user's, so that pictures are the same everywhere. */
static int start(const struct run *g, pid_t *ret)
{
	char *argv[] = { "gnuplot", "-d", NULL };
	posix_spawn_file_actions_t acts;
	int r = posix_spawn_file_actions_init(&acts);

	if (r)
		return -r;
	r = posix_spawn_file_actions_adddup2(&acts, fileno(g->in), STDIN_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&acts, fileno(g->out), STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&acts, fileno(g->err), STDERR_FILENO);
	if (!r)
		r = posix_spawnp(ret, argv[0], &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	return -r;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int read_all(FILE *f, char **ret, size_t *ret_n)
{
	long n = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	char *buf;

	if (n < 0)
		return -errno;
	buf = malloc((size_t)n + 1);
	if (!buf)
		return -ENOMEM;
	rewind(f);
	if (fread(buf, 1, (size_t)n, f) < (size_t)n) {
		free(buf);
		return -EIO;
	}
	buf[n] = '\0';
	*ret = buf;
	*ret_n = (size_t)n;
	return 0;
}

/* What gnuplot said; its first line that is not the script's echo stands after a line of blanks and ^. */
static int complaint(struct run *g, struct page_error *err)
{
	char *text = NULL;
	const char *p;
	size_t n;

	if (read_all(g->err, &text, &n) < 0)
		return page_fail(err, -EIO, "gnuplot failed");
	p = strchr(text, '^') ? strchr(text, '^') + 1 : text;
	p += strspn(p, " \n");
	page_fail(err, -EIO, "gnuplot failed: %.*s", (int)strcspn(p, "\n"), p);
	free(text);
	return -EIO;
}

int page_gnuplot(const char *script, size_t n, char **ret, size_t *ret_n, struct page_error *err)
{
	struct run g;
	pid_t pid;
	int r = run_init(&g, script, n);

	if (r == 0)
		r = start(&g, &pid);
	if (r == -ENOENT)
		page_fail(err, r,
			"pictures are drawn by gnuplot, which is not there: install the "
			"package gnuplot-nox");
	else if (r < 0)
		page_fail(err, r, "cannot run gnuplot: %s", strerror(-r));
	if (r < 0)
		goto done;
	r = wait_for(pid);
	if (r < 0) {
		complaint(&g, err);
		goto done;
	}
	r = read_all(g.out, ret, ret_n);
	if (r < 0)
		page_fail(err, r, "cannot read gnuplot's picture: %s", strerror(-r));
done:
	run_done(&g);
	return r;
}
