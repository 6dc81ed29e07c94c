/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board_template.c - a board to copy. Replace what says "yours": four functions for the link, those
 * for the chips, and the numbers. Compiled by every build, so that it stays true.
 *
 * How to bring a board up:
 *
 *	1. link: board_rx, board_tx, board_doorbell, board_now. Flash; then on the host
 *		xbar ping serial:/dev/ttyACM0      bytes go both ways, frames are whole
 *		xbar info serial:/dev/ttyACM0      the strings and numbers of board_info
 *	2. chip_read and chip_lsb: xbar read, xbar map.
 *	3. chip_pulse: one SET on one device; look at it with xbar read. Begin with small limits.
 *	4. chip_mvm, chip_configure: xbar mvm, then the contract test over serial:.
 *
 * Interrupts only move bytes into the ring that board_rx empties, and wake the loop; everything
 * else runs in board_main(). What fw.h says about arguments: they are checked before they get here.
 */
#include "board_template.h"

#include "fw.h"

#define N_FRAME 1024 /* yours: fw_n_frame_min() at least; RAM is what limits it */
#define N_SLOT  4    /* yours: replies kept; each is N_FRAME bytes */
#define N_ROW   256
#define N_COL   256

/* --- the link: yours ----------------------------------------------------------------------- */

#define N_RING 4096 /* a power of 2; holds the byte window and what COBS adds to it */

/* The one board; the interrupt needs to find it. */
static struct board {
	uint8_t ring[N_RING];
	volatile uint32_t n_in,
		n_out; /* bytes ever put in by the interrupt, taken out by the loop */
	uint64_t n_pulse;
	struct cmd_stats stats;
	uint32_t lsb_bits[N_COL];
	struct fw fw;
} board;

/* Call it from the UART's receive interrupt. */
void board_on_byte(uint8_t byte)
{
	struct board *b = &board;

	if (b->n_in - b->n_out < N_RING) {
		b->ring[b->n_in % N_RING] = byte;
		b->n_in++;
	}
}

static size_t board_rx(void *user, uint8_t *buf, size_t n)
{
	struct board *b = user;
	size_t k = 0;

	while (k < n && b->n_out != b->n_in)
		buf[k++] = b->ring[b->n_out++ % N_RING];
	return k;
}

static void board_tx(void *user, const uint8_t *buf, size_t n)
{
	(void)user;
	for (size_t i = 0; i < n; i++)
		board_uart_write(buf[i]); /* yours: waits for room in the transmitter */
}

static uint32_t board_now(void *user)
{
	(void)user;
	return board_milliseconds(); /* yours: a counter that wraps at 2^32 */
}

/* --- the chips: yours ---------------------------------------------------------------------- */

/* Drive word lines, convert bit lines; on several chips at the same time if they can. */
static uint16_t chip_mvm(void *user, struct fw_mvm *m, size_t n, size_t *ret_done)
{
	struct board *b = user;

	for (size_t i = 0; i < n; i++) {
		size_t n_code = (size_t)m[i].req.n_vec * m[i].req.n_col;

		for (size_t k = 0; k < n_code; k++)
			m[i].code[k] = 0; /* yours: signed ADC codes */
		m[i].n_sat = 0;           /* yours: how many of them saturated */
		b->stats.n_mvm += m[i].req.n_vec;
		b->stats.n_sat += m[i].n_sat;
		*ret_done = i + 1;
	}
	return CMD_OK; /* or CMD_E_CHIP: then *ret_done must be right */
}

/* Each p[i].n times, in this order. Never retried by anyone: exactly what is asked. */
static uint16_t chip_pulse(void *user, const struct cmd_pulse *p, size_t n)
{
	struct board *b = user;

	for (size_t i = 0; i < n; i++) {
		b->n_pulse += p[i].n; /* yours: the pulses themselves */
		if (p[i].kind == CMD_SET)
			b->stats.n_set += p[i].n;
		else
			b->stats.n_reset += p[i].n;
	}
	return CMD_OK;
}

/* Better kept in memory that outlives power, so that audits span restarts. */
static uint64_t chip_n_pulse(void *user)
{
	struct board *b = user;

	return b->n_pulse;
}

/* [n_row][n_col][4] binary32 S. */
static uint16_t chip_read(void *user, const struct cmd_patch *w, uint32_t *ret_bits)
{
	struct board *b = user;
	size_t n = (size_t)w->n_row * w->n_col * CMD_N_DEVICE;

	for (size_t i = 0; i < n; i++)
		ret_bits[i] = 0; /* yours */
	b->stats.n_read += n;
	return CMD_OK;
}

/*
 * Refuse with CMD_E_RANGE what the ADC cannot do. gain_bits and n_phase are 0, as this board does not
 * say CMD_FEATURE_CORRECT; if yours corrects or has phases, say it, and use them where not 0.
 */
static uint16_t chip_configure(void *user, const struct cmd_config *c)
{
	struct board *b = user;

	for (uint16_t i = 0; i < c->n_col; i++)
		b->lsb_bits[c->col + i] = c->adc_range_bits; /* yours: full scale / codes */
	return CMD_OK;
}

static uint32_t chip_lsb(void *user, uint8_t chip, uint16_t col)
{
	struct board *b = user;

	(void)chip;
	return b->lsb_bits[col];
}

static void chip_stats(void *user, struct cmd_stats *ret)
{
	struct board *b = user;

	*ret = b->stats; /* yours: time, energy, temperature, where the board knows them; else 0 */
}

/* No program, wait, save, load: the host programs by pulses and reads, and sleeps. */
static const struct fw_chip_ops chip_ops = {
	.mvm = chip_mvm,
	.pulse = chip_pulse,
	.n_pulse = chip_n_pulse,
	.read = chip_read,
	.configure = chip_configure,
	.lsb = chip_lsb,
	.stats = chip_stats,
};

/* --- what the host is told ----------------------------------------------------------------- */

static const struct cmd_info board_info = {
	.board = "my board", /* yours, down to t_mvm */
	.model = "my chip",
	.serial = "1",
	.version = "1.0",
	.n_chip = 1,
	.n_device = CMD_N_DEVICE,
	.dac_bits = 8,
	.adc_bits = 8,
	.n_row = N_ROW,
	.n_col = N_COL,
	.caps = 0,
	.v_read_bits = 0x3e4ccccd, /* 0.2 V */
	.g_max_bits = 0x37d1b717,  /* 25e-6 S */
	.t_mvm = 520,              /* ns */
};

void board_main(void)
{
	static uint64_t memory[FW_N_MEMORY(N_FRAME, N_SLOT, N_COL) / sizeof(uint64_t)];
	struct fw_config config = {
		.info = board_info,
		.ops = &chip_ops,
		.chip_user = &board,
		.port = { .rx = board_rx, .tx = board_tx, .now = board_now, .user = &board },
		.link = WIRE_UART,
		.n_frame = N_FRAME,
		.n_slot = N_SLOT,
		.n_window = N_RING / 16 * 15,
		.t_reply = 50,              /* yours: the longest a request takes, ms */
		.boot_id = board_boot_id(), /* yours: a counter in flash, or random */
		.limits = { .n_pulse_max = 20, .n_budget = 100000, .t_lease = 2000 }, /* yours */
	};

	if (fw_init(&board.fw, &config, memory, sizeof(memory)) < 0)
		return;
	for (;;) {
		fw_poll(&board.fw);
		board_sleep(); /* yours: until an interrupt, or some ms */
	}
}
