/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "board_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_ARG_MAX 16

static void become(const struct board_process *b, const char *program, const char *const *arg)
{
	const char *argv[N_ARG_MAX + 4] = { program, "--pty", b->link };
	int n = 3;

	for (; *arg && n < N_ARG_MAX + 3; arg++)
		argv[n++] = *arg;
	/* Dies with the test; sees the real /dev. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	unsetenv("LD_PRELOAD");
	if (!freopen("/dev/null", "w", stderr))
		_exit(127);
	execv(program, (char *const *)argv);
	_exit(127);
}

int board_process_start(struct board_process *b, const char *program, const char *const *arg)
{
	strcpy(b->folder, "/tmp/xbar_board.XXXXXX");
	if (!mkdtemp(b->folder))
		return -1;
	snprintf(b->link, sizeof(b->link), "%s/ttyXBAR0", b->folder);
	snprintf(b->uri, sizeof(b->uri), "serial:/dev/../../..%s", b->link);
	b->pid = fork();
	if (b->pid < 0)
		return -1;
	if (b->pid == 0)
		become(b, program, arg);
	for (int i = 0; i < 1000; i++) {
		if (access(b->link, R_OK | W_OK) == 0)
			return 0;
		usleep(5000);
	}
	board_process_stop(b);
	return -1;
}

void board_process_stop(struct board_process *b)
{
	if (b->pid <= 0)
		return;
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
	unlink(b->link);
	rmdir(b->folder);
	b->pid = 0;
}

void board_process_reboot(const struct board_process *b)
{
	kill(b->pid, SIGUSR1);
}
