/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cortex_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#define T_BOOT   20000 /* ms, patience on a busy machine */
#define T_ANSWER 20000

static void become(const struct rig *g, const char *qemu_board)
{
	int fd = open(g->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(127);
	execl(qemu_board, qemu_board, "--pty", g->link, "chips=2", "seed=7", (char *)NULL);
	_exit(127);
}

static void print_log(const struct rig *g)
{
	char line[256];
	FILE *f = fopen(g->log, "r");

	while (f && fgets(line, sizeof(line), f))
		print_message("qemu-board: %s", line);
	if (f)
		fclose(f);
}

static void start(struct rig *g, const char *qemu_board)
{
	struct termios t;

	g->pid = fork();
	assert_true(g->pid >= 0);
	if (g->pid == 0)
		become(g, qemu_board);
	for (int i = 0; access(g->link, F_OK) < 0; i++) {
		if (i == T_BOOT / 10 || waitpid(g->pid, NULL, WNOHANG) != 0) {
			print_log(g);
			fail_msg("%s does not come up", qemu_board);
		}
		usleep(10000);
	}
	g->fd = open(g->link, O_RDWR | O_NOCTTY);
	assert_true(g->fd >= 0);
	assert_int_equal(tcgetattr(g->fd, &t), 0);
	cfmakeraw(&t);
	assert_int_equal(tcsetattr(g->fd, TCSANOW, &t), 0);
}

static void receive(struct rig *g, uint8_t *buf, size_t n)
{
	while (n > 0) {
		struct pollfd p = { .fd = g->fd, .events = POLLIN };
		ssize_t r;

		if (poll(&p, 1, T_ANSWER) != 1) {
			print_log(g);
			fail_msg("%zu bytes of an answer do not come", n);
		}
		r = read(g->fd, buf, n);
		assert_true(r > 0);
		buf += r;
		n -= (size_t)r;
	}
}

static size_t native_rx(void *user, uint8_t *buf, size_t n)
{
	(void)user;
	(void)buf;
	(void)n;
	return 0;
}

static void native_tx(void *user, const uint8_t *buf, size_t n)
{
	struct rig *g = user;

	assert_true(n <= sizeof(g->expected) - g->n_expected);
	memcpy(g->expected + g->n_expected, buf, n);
	g->n_expected += n;
}

/* EVT BOOT comes first: a zero, a block, a zero. Its boot_id is the native firmware's, too. */
static void boot(struct rig *g, const struct cmd_info *info)
{
	struct fw_config c = { .port = { .rx = native_rx, .tx = native_tx, .user = g },
		.link = WIRE_UART,
		.n_frame = RIG_N_FRAME,
		.n_slot = RIG_N_SLOT,
		.t_reply = RIG_T_REPLY };
	uint8_t buf[WIRE_N_COBS(WIRE_N_OVERHEAD + 8)];
	struct wire_frame f;
	struct wire_reader r;
	size_t n = 0;

	receive(g, buf, 1);
	assert_int_equal(buf[0], 0);
	do {
		assert_true(n < sizeof(buf));
		receive(g, buf + n, 1);
	} while (buf[n++] != 0);
	assert_true(wire_parse(buf, wire_cobs_decode(buf, n - 1), &f));
	assert_int_equal(f.type, WIRE_EVT);
	assert_int_equal(f.op, CMD_EVT_BOOT);
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_boot(&r, &g->boot_id));
	board_emu_describe(g->chips, &c);
	c.info = *info;
	c.boot_id = g->boot_id;
	assert_int_equal(fw_init(&g->native, &c, g->memory, sizeof(g->memory)), FW_OK);
	g->n_expected = 0;
}

struct rig *rig_new(const char *qemu_board, const char *board)
{
	struct rig *g = calloc(1, sizeof(*g));
	struct board_emu_config config;
	struct fw_config c = { 0 };

	assert_non_null(g);
	strcpy(g->folder, "/tmp/cortex.XXXXXX");
	assert_non_null(mkdtemp(g->folder));
	snprintf(g->link, sizeof(g->link), "%s/ttyXBAR0", g->folder);
	snprintf(g->log, sizeof(g->log), "%s/log", g->folder);
	assert_int_equal(
		board_emu_config_parse(&config, (const char *[]){ "chips=2", "seed=7" }, 2), 0);
	assert_int_equal(board_emu_new(&g->chips, &config), 0);
	board_emu_describe(g->chips, &c);
	snprintf(c.info.board, sizeof(c.info.board), "%s", board);
	start(g, qemu_board);
	boot(g, &c.info);
	return g;
}

void rig_free(struct rig *g)
{
	if (!g)
		return;
	close(g->fd);
	kill(g->pid, SIGTERM);
	waitpid(g->pid, NULL, 0);
	unlink(g->log);
	rmdir(g->folder);
	board_emu_free(g->chips);
	free(g);
}

/* In pieces below what the firmware keeps, so that its answers never wait for us. */
void rig_send(struct rig *g, const uint8_t *buf, size_t n)
{
	fw_feed(&g->native, buf, n);
	while (n > 0) {
		ssize_t r = write(g->fd, buf, n);

		assert_true(r > 0);
		buf += r;
		n -= (size_t)r;
	}
}

void rig_compare(struct rig *g)
{
	uint8_t buf[sizeof(g->expected)];

	receive(g, buf, g->n_expected);
	assert_memory_equal(buf, g->expected, g->n_expected);
	g->n_expected = 0;
}

void rig_send_frame(struct rig *g, const struct wire_frame *f)
{
	uint8_t frame[RIG_N_FRAME], packed[WIRE_N_COBS(RIG_N_FRAME)];
	size_t n = wire_encode(frame, sizeof(frame), f);

	assert_true(n > 0);
	rig_send(g, packed, wire_pack(WIRE_UART, packed, sizeof(packed), frame, n));
}

void rig_reset(struct rig *g)
{
	struct cmd_info info = g->native.config.info;

	kill(g->pid, SIGUSR1);
	boot(g, &info);
}

unsigned rig_stack_used(struct rig *g)
{
	unsigned used = 0;

	kill(g->pid, SIGUSR2);
	for (int i = 0; i < T_ANSWER / 10 && used == 0; i++) {
		char line[256];
		FILE *f = fopen(g->log, "r");

		assert_non_null(f);
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "stack %u of", &used) == 1)
				print_message("%s", line);
		}
		fclose(f);
		usleep(10000);
	}
	return used;
}
