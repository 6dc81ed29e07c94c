/* SPDX-License-Identifier: Apache-2.0 */
#include "board_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

static int make_symlink(const char *target, const char *path)
{
	struct stat st;

	/* One left by a board that was killed. */
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(path);
	return symlink(target, path) < 0 ? -errno : 0;
}

/* What has our name is ours to remove. */
static int named(struct board_link *l, int r)
{
	l->is_named = r == 0;
	return r;
}

static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int open_pty(struct board_link *l)
{
	char name[64];
	int r = 0;

	l->fd_in = l->fd_out = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (l->fd_in < 0 || grantpt(l->fd_in) < 0 || unlockpt(l->fd_in) < 0)
		return -errno;
	if (ptsname_r(l->fd_in, name, sizeof(name)))
		return -ENODEV;
	l->fd_own = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (l->fd_own < 0)
		return -errno;
	r = set_raw(l->fd_own);
	return r < 0 ? r : named(l, make_symlink(name, l->config.path));
}

static int open_tty(struct board_link *l)
{
	l->fd_in = l->fd_out = open(l->config.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return l->fd_in < 0 ? -errno : set_raw(l->fd_in);
}

static int open_socket(struct board_link *l)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct stat st;

	if (strlen(l->config.path) >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	strcpy(name.sun_path, l->config.path);
	if (lstat(l->config.path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(l->config.path);
	l->fd_own = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd_own < 0 || bind(l->fd_own, (struct sockaddr *)&name, sizeof(name)) < 0)
		return -errno;
	return named(l, listen(l->fd_own, 1) < 0 ? -errno : 0);
}

/* Open both ways: a FIFO with a writer of our own never ends. */
static int open_fifo(const char *path)
{
	int fd;

	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_fifos(struct board_link *l)
{
	char path[1024];
	char *comma;

	if (strlen(l->config.path) >= sizeof(path))
		return -ENAMETOOLONG;
	strcpy(path, l->config.path);
	comma = strchr(path, ',');
	if (!comma)
		return -EINVAL;
	*comma = '\0';
	l->fd_in = open_fifo(path);
	if (l->fd_in < 0)
		return l->fd_in;
	l->fd_out = open_fifo(comma + 1);
	return l->fd_out < 0 ? l->fd_out : 0;
}

static int open_stdio(struct board_link *l)
{
	int r = set_nonblocking(STDIN_FILENO);

	l->fd_in = STDIN_FILENO;
	l->fd_out = STDOUT_FILENO;
	return r < 0 ? r : set_nonblocking(STDOUT_FILENO);
}

int board_link_open(struct board_link *l, const struct board_link_config *config)
{
	int r = -EINVAL;

	l->config = *config;
	l->fd_in = l->fd_out = l->fd_own = -1;
	l->is_gone = l->is_named = false;
	l->n_queue = 0;
	l->gadget = NULL;
	if (config->kind == BOARD_LINK_PTY)
		r = open_pty(l);
	else if (config->kind == BOARD_LINK_TTY)
		r = open_tty(l);
	else if (config->kind == BOARD_LINK_SOCKET)
		r = open_socket(l);
	else if (config->kind == BOARD_LINK_FIFOS)
		r = open_fifos(l);
	else if (config->kind == BOARD_LINK_STDIO)
		r = open_stdio(l);
	else if (config->kind == BOARD_LINK_FFS)
		r = gadget_ffs_open(&l->gadget, config->path);
	if (r < 0)
		board_link_close(l);
	return r;
}

static void close_host(struct board_link *l)
{
	if (l->fd_in >= 0 && l->config.kind != BOARD_LINK_STDIO)
		close(l->fd_in);
	if (l->fd_out >= 0 && l->fd_out != l->fd_in && l->config.kind != BOARD_LINK_STDIO)
		close(l->fd_out);
	l->fd_in = l->fd_out = -1;
	l->n_queue = 0;
}

void board_link_close(struct board_link *l)
{
	if (l->is_named)
		unlink(l->config.path);
	l->is_named = false;
	close_host(l);
	if (l->fd_own >= 0)
		close(l->fd_own);
	l->fd_own = -1;
	gadget_ffs_close(l->gadget);
	l->gadget = NULL;
}

static void drain(struct board_link *l)
{
	while (l->n_queue > 0 && !l->is_gone) {
		ssize_t n = write(l->fd_out, l->queue, l->n_queue);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			l->is_gone = errno != EAGAIN;
			return;
		}
		l->n_queue -= (size_t)n;
		memmove(l->queue, l->queue + n, l->n_queue);
	}
}

/* A host that does not read gets no more answers until it does. */
static bool is_full(const struct board_link *l)
{
	return l->n_queue > BOARD_LINK_N_QUEUE / 2;
}

int board_link_wait(struct board_link *l, int t, const sigset_t *signals)
{
	struct timespec ts = { t / 1000, t % 1000 * 1000000L };
	struct pollfd p[2] = {
		{ .fd = is_full(l) ? -1 : l->fd_in, .events = POLLIN },
		{ .fd = l->n_queue > 0 ? l->fd_out : -1, .events = POLLOUT },
	};

	if (l->gadget)
		return gadget_ffs_wait(l->gadget, t, signals);
	if (l->fd_in < 0)
		p[0].fd = l->fd_own;
	if (ppoll(p, 2, &ts, signals) < 0)
		return errno == EINTR ? 0 : -errno;
	if (l->fd_in < 0 && p[0].revents) {
		l->fd_in = l->fd_out = accept4(l->fd_own, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (l->fd_in < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			return -errno;
	}
	if (l->fd_out >= 0)
		drain(l);
	return 0;
}

bool board_link_is_gone(const struct board_link *l)
{
	return l->gadget ? gadget_ffs_has_gone(l->gadget) : l->is_gone;
}

bool board_link_next(struct board_link *l)
{
	close_host(l);
	l->is_gone = false;
	if (l->gadget)
		gadget_ffs_next(l->gadget);
	/* A gadget's tty is there again at once, and waits for a host; one that was pulled out is not. */
	if (l->config.kind == BOARD_LINK_TTY)
		return open_tty(l) == 0;
	return l->gadget || l->config.kind == BOARD_LINK_SOCKET;
}

static size_t rx(void *user, uint8_t *buf, size_t n)
{
	struct board_link *l = user;
	ssize_t r;

	if (l->fd_in < 0 || l->is_gone || is_full(l))
		return 0;
	do {
		r = read(l->fd_in, buf, n);
	} while (r < 0 && errno == EINTR);
	if (r == 0 || (r < 0 && errno != EAGAIN))
		l->is_gone = true;
	return r > 0 ? (size_t)r : 0;
}

static void tx(void *user, const uint8_t *buf, size_t n)
{
	struct board_link *l = user;

	if (l->fd_out < 0 || n > BOARD_LINK_N_QUEUE - l->n_queue)
		return;
	memcpy(l->queue + l->n_queue, buf, n);
	l->n_queue += n;
}

static void doorbell(void *user)
{
	drain(user);
}

static uint32_t now(void *user)
{
	struct timespec t;

	(void)user;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

void board_link_describe(struct board_link *l, struct fw_port *ret)
{
	*ret = (struct fw_port){ .rx = rx, .tx = tx, .doorbell = doorbell, .user = l };
	if (l->gadget)
		*ret = gadget_ffs_port(l->gadget);
	ret->now = now;
}
