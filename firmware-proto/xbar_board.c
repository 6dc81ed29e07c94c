/* SPDX-License-Identifier: Apache-2.0 */
/* xbar_board.c - the program xbar-board: the reference firmware over the emulator, as a process. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "board_emu.h"
#include "board_link.h"
#include "fw.h"

#define N_KEY_ARG 64
#define LINKS     "--pty, --tty, --socket, --fifos, --stdio, --ffs"

static volatile sig_atomic_t is_stopped, is_rebooting;

static const char doc[] =
	"Be a board: the reference firmware over emulated chips.\v"
	"KEY=VALUE are the keys of emu: boards, as in chips=2 seed=7 (--help-keys lists them). The "
	"board answers as emu: would with the same keys, over a link:\n"
	"\n"
	"  xbar-board --pty /tmp/ttyXBAR0 chips=2 seed=7     a serial line\n"
	"  xbar-board --tty /dev/ttyGS0                      another end of a serial line\n"
	"  xbar-board --socket /tmp/board.sock seed=7        a Unix socket, as USB carries it\n"
	"  xbar-board --fifos /tmp/to,/tmp/from              two FIFOs\n"
	"  some-bridge | xbar-board --stdio                  standard input and output\n"
	"  xbar-board --ffs /dev/ffs-crossloop               a USB device (see gadget_ffs.sh)\n"
	"\n"
	"Stops at SIGINT and SIGTERM; SIGUSR1 restarts the firmware (the chips keep their state, as "
	"phase-change memory does).\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage.";

enum {
	OPT_LINK = 256, /* + enum board_link_kind */
	OPT_FRAMING = OPT_LINK + BOARD_LINK_FFS + 1,
	OPT_FRAME,
	OPT_SLOTS,
	OPT_LEASE,
	OPT_BUDGET,
	OPT_REPLY,
	OPT_BOOT_ID,
	OPT_PLAIN,
	OPT_KEYS
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "Link, one of:", 1 },
	{ "pty", OPT_LINK + BOARD_LINK_PTY, "LINK", 0,
		"make a pseudo-terminal with this symbolic link to it", 1 },
	{ "tty", OPT_LINK + BOARD_LINK_TTY, "DEVICE", 0,
		"this terminal, as a USB serial gadget has one", 1 },
	{ "socket", OPT_LINK + BOARD_LINK_SOCKET, "PATH", 0,
		"listen on a Unix socket, one host at a time", 1 },
	{ "fifos", OPT_LINK + BOARD_LINK_FIFOS, "IN,OUT", 0, "these two FIFOs, created if missing",
		1 },
	{ "stdio", OPT_LINK + BOARD_LINK_STDIO, 0, 0,
		"standard input and output, until the input ends", 1 },
	{ "ffs", OPT_LINK + BOARD_LINK_FFS, "DIR", 0, "a USB device: the functionfs mounted there",
		1 },
	{ 0, 0, 0, 0, "Firmware:", 2 },
	{ "framing", OPT_FRAMING, "uart|stream", 0,
		"how frames lie on the link (default: uart for --pty and --tty, else stream)", 2 },
	{ "frame", OPT_FRAME, "BYTES", 0, "longest frame (default: 1024 for uart, else 16384)", 2 },
	{ "slots", OPT_SLOTS, "N", 0, "requests that may be unanswered (default: 8)", 2 },
	{ "lease", OPT_LEASE, "MS", 0, "silence after which pulses need arming (default: 0, never)",
		2 },
	{ "budget", OPT_BUDGET, "N", 0, "pulses between two armings (default: 0, any number)", 2 },
	{ "reply-time", OPT_REPLY, "MS", 0, "patience asked of the host (default: 100)", 2 },
	{ "boot-id", OPT_BOOT_ID, "N", 0, "of the first start (default: random)", 2 },
	{ "plain", OPT_PLAIN, 0, 0,
		"without what only emulated chips have: saving and loading states, waiting in no time",
		2 },
	{ 0, 0, 0, 0, "Help:", -1 },
	{ "help-keys", OPT_KEYS, 0, 0, "list the keys of the chips", -1 },
	{ 0 },
};

struct args {
	struct board_link_config link;
	const char *framing;
	unsigned long n_frame, n_slot, t_lease, n_budget, t_reply;
	unsigned long long boot_id;
	bool has_boot_id, is_plain;
	const char *key[N_KEY_ARG];
	size_t n_key;
};

static unsigned long long number(
	struct argp_state *state, const char *name, const char *text, unsigned long long max)
{
	char *end;
	unsigned long long x;

	errno = 0;
	x = strtoull(text, &end, 0);
	if (!*text || *end || *text == '-' || errno || x > max)
		argp_error(state, "--%s=%s is not a number of 0 .. %llu", name, text, max);
	return x;
}

static void print_key(
	void *user, const char *key, const char *unit, const char *def, const char *help)
{
	(void)user;
	printf("%-14s %-16s %-5s %s\n", key, def, unit ? unit : "", help);
}

static void set_link(struct argp_state *state, enum board_link_kind kind, const char *path)
{
	struct args *a = state->input;

	if (a->link.kind != BOARD_LINK_NONE)
		argp_error(state, "only one of " LINKS);
	a->link.kind = kind;
	a->link.path = path;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	if (key > OPT_LINK && key < OPT_FRAMING) {
		set_link(state, (enum board_link_kind)(key - OPT_LINK),
			arg ? arg : "standard input");
		return 0;
	}
	switch (key) {
	case OPT_FRAMING:
		if (strcmp(arg, "uart") && strcmp(arg, "stream"))
			argp_error(state, "--framing=%s is neither uart nor stream", arg);
		a->framing = arg;
		break;
	case OPT_FRAME:
		a->n_frame = number(state, "frame", arg, WIRE_N_FRAME_MAX);
		break;
	case OPT_SLOTS:
		a->n_slot = number(state, "slots", arg, CMD_N_SLOT_MAX);
		break;
	case OPT_LEASE:
		a->t_lease = number(state, "lease", arg, UINT32_MAX);
		break;
	case OPT_BUDGET:
		a->n_budget = number(state, "budget", arg, UINT32_MAX);
		break;
	case OPT_REPLY:
		a->t_reply = number(state, "reply-time", arg, UINT32_MAX);
		break;
	case OPT_BOOT_ID:
		a->boot_id = number(state, "boot-id", arg, UINT64_MAX);
		a->has_boot_id = true;
		break;
	case OPT_PLAIN:
		a->is_plain = true;
		break;
	case OPT_KEYS:
		board_emu_config_help(print_key, NULL);
		exit(0);
	case ARGP_KEY_ARG:
		if (a->n_key == N_KEY_ARG)
			argp_error(state, "more than %d keys", N_KEY_ARG);
		a->key[a->n_key++] = arg;
		break;
	case ARGP_KEY_END:
		if (a->link.kind == BOARD_LINK_NONE)
			argp_error(state, "one of " LINKS " is needed");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		is_rebooting = 1;
	else
		is_stopped = 1;
}

/* Blocked but while waiting, so that none is missed between a look and the wait. */
static void take_signals(sigset_t *ret_wait)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		sigaction(sigs[i], &sa, NULL);
		sigaddset(&blocked, sigs[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, ret_wait);
	signal(SIGPIPE, SIG_IGN);
}

static uint64_t random_id(void)
{
	uint64_t id;

	/* Up to 256 bytes never come short. */
	while (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		;
	return id;
}

struct machine {
	struct fw fw;
	struct fw_config config;
	struct fw_chip_ops ops; /* plain ones */
	void *memory;
	size_t n_memory;
	struct board_link link;
};

static int boot(struct machine *m)
{
	int r = fw_init(&m->fw, &m->config, m->memory, m->n_memory);

	if (r == FW_E_FRAME)
		fprintf(stderr, "xbar-board: frames of %u bytes: %u .. %d are possible\n",
			m->config.n_frame, fw_n_frame_min(&m->config.info), WIRE_N_FRAME_MAX);
	else if (r == FW_E_SLOTS)
		fprintf(stderr, "xbar-board: %u slots: 1 .. %d are possible\n", m->config.n_slot,
			CMD_N_SLOT_MAX);
	else if (r < 0)
		fprintf(stderr, "xbar-board: the firmware does not start (%d)\n", r);
	return r;
}

/* Until stopped or, without another host to wait for, the link's end. */
static int run(struct machine *m, const sigset_t *wait)
{
	while (!is_stopped) {
		bool is_begun = m->fw.decoder.n > m->fw.decoder.n_done;
		int r = board_link_wait(&m->link, is_begun ? 10 : 1000, wait);

		if (r < 0) {
			fprintf(stderr, "xbar-board: %s: %s\n", m->link.config.path, strerror(-r));
			return 1;
		}
		if (is_rebooting) {
			is_rebooting = 0;
			m->config.boot_id = random_id();
			if (boot(m) < 0)
				return 1;
		}
		fw_poll(&m->fw);
		if (board_link_is_gone(&m->link)) {
			fw_unplug(&m->fw);
			if (!board_link_next(&m->link))
				return 0;
		}
	}
	return 0;
}

static void fill_config(struct machine *m, const struct args *a)
{
	bool is_line = a->link.kind == BOARD_LINK_PTY || a->link.kind == BOARD_LINK_TTY;
	bool is_uart = a->framing ? !strcmp(a->framing, "uart") : is_line;
	unsigned long n_frame = is_uart ? WIRE_N_FRAME_UART : WIRE_N_FRAME_STREAM;

	m->config.link = is_uart ? WIRE_UART : WIRE_STREAM;
	m->config.n_frame = (uint16_t)(a->n_frame ? a->n_frame : n_frame);
	m->config.n_slot = (uint8_t)a->n_slot;
	m->config.t_reply = (uint32_t)a->t_reply;
	m->config.boot_id = a->has_boot_id ? a->boot_id : random_id();
	m->config.limits.t_lease = (uint32_t)a->t_lease;
	m->config.limits.n_budget = (uint32_t)a->n_budget;
}

static void make_plain(struct machine *m)
{
	m->ops = *m->config.ops;
	m->ops.wait = NULL;
	m->ops.save = NULL;
	m->ops.load = NULL;
	m->config.ops = &m->ops;
	m->config.info.caps &= CMD_FEATURE_PROGRAM;
}

static int serve(struct machine *m, const struct args *a, struct board_emu *b)
{
	sigset_t wait;
	int r;

	fill_config(m, a);
	board_emu_describe(b, &m->config);
	if (a->is_plain)
		make_plain(m);
	m->n_memory =
		FW_N_MEMORY((size_t)m->config.n_frame, m->config.n_slot, m->config.info.n_col);
	m->memory = malloc(m->n_memory);
	if (!m->memory) {
		fprintf(stderr, "xbar-board: no memory\n");
		return 1;
	}
	take_signals(&wait);
	r = board_link_open(&m->link, &a->link);
	if (r < 0) {
		fprintf(stderr, "xbar-board: %s: %s\n", a->link.path, strerror(-r));
		return 1;
	}
	board_link_describe(&m->link, &m->config.port);
	if (boot(m) < 0) {
		board_link_close(&m->link);
		return 2;
	}
	fprintf(stderr, "xbar-board: %u chips, %s, at %s\n", m->config.info.n_chip,
		m->config.info.serial, a->link.path);
	r = run(m, &wait);
	board_link_close(&m->link);
	return r;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "[KEY=VALUE...]", doc, NULL, NULL, NULL };
	static struct machine m;
	struct args a = { .n_slot = 8, .t_reply = 100 };
	struct board_emu_config config;
	struct board_emu *b;
	int r;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (board_emu_config_parse(&config, a.key, a.n_key) < 0) {
		fprintf(stderr, "xbar-board: %s\n", config.complaint);
		return 2;
	}
	r = board_emu_new(&b, &config);
	if (r < 0) {
		fprintf(stderr, "xbar-board: chips: %s\n", strerror(-r));
		return 1;
	}
	r = serve(&m, &a, b);
	free(m.memory);
	board_emu_free(b);
	return r;
}
