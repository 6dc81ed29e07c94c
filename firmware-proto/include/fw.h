/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fw.h - the firmware of a board: sessions, exactly-once execution, dispatch. See PROTOCOL.md.
 *
 * A board gives it a link (struct fw_port), chips (struct fw_chip_ops) and memory, and calls
 * fw_poll() whenever bytes may have arrived; board_template.c is a board to copy.
 *
 *	static uint64_t memory[FW_N_MEMORY(1024, 4, 256) / 8];
 *	static struct fw fw;
 *	fw_init(&fw, &config, memory, sizeof(memory));
 *	for (;;) {
 *		fw_poll(&fw);
 *		wait_for_interrupt();
 *	}
 *
 * Freestanding, no heap, no globals; all from one context, not from interrupts.
 */
#ifndef FW_H
#define FW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cmd.h"
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How bytes move. Three functions and a clock. */
struct fw_port {
	/* Up to n bytes that have arrived; 0 if there are none now. Never waits. */
	size_t (*rx)(void *user, uint8_t *buf, size_t n);
	/* Send all of it, waiting where needed; what cannot be sent (unplugged) is lost. */
	void (*tx)(void *user, const uint8_t *buf, size_t n);
	/* All answers to what had arrived are sent: flush, on USB end the burst. NULL: not needed. */
	void (*doorbell)(void *user);
	/* ms, any start, wraps. NULL: no lease, no stall rule. */
	uint32_t (*now)(void *user);
	void *user;
};

struct fw_mvm {
	struct cmd_mvm req; /* inside the chip; int8 inputs have no -128 */
	int16_t *code;      /* [n_vec][n_col], to be filled */
	uint32_t n_sat;     /* to be filled */
};

/*
 * What the chips can do. Arguments are checked: inside the chip, lists not empty. Functions return
 * enum cmd_error; a failing call had no effect beyond *ret_done, a refusing one (cmd_is_refusal())
 * none at all. Missing ones are NULL: CMD_E_OP.
 * Values are IEEE 754 binary32 bits.
 */
struct fw_chip_ops {
	/* n requests; those on different chips may run at the same time. *ret_done: how many did. */
	uint16_t (*mvm)(void *user, struct fw_mvm *m, size_t n, size_t *ret_done);
	/* All on one chip, in this order. */
	uint16_t (*pulse)(void *user, const struct cmd_pulse *p, size_t n);
	/* Pulses and programmed devices ever, all chips. */
	uint64_t (*n_pulse)(void *user);
	uint16_t (*read)(void *user, const struct cmd_patch *w, uint32_t *ret_bits);
	uint16_t (*program)(void *user, const struct cmd_patch *w, const uint32_t *bits);
	uint16_t (*configure)(void *user, const struct cmd_config *c);
	uint32_t (*lsb)(void *user, uint8_t chip, uint16_t col); /* bits */
	uint16_t (*wait)(void *user, uint64_t dt);               /* all chips or none */
	void (*stats)(void *user, struct cmd_stats *ret);
	/* Keep a copy of the state to be read in parts; its size. Until the next save. */
	uint16_t (*save)(void *user, uint64_t *ret_n);
	/* Fill buf from the copy; at + n is within its size. */
	void (*save_part)(void *user, uint64_t at, uint8_t *buf, size_t n);
	/* Get ready for n bytes; then they come in order; then check them, take over or stay. */
	uint16_t (*load)(void *user, uint64_t n);
	void (*load_part)(void *user, uint64_t at, const uint8_t *buf, size_t n);
	uint16_t (*load_done)(void *user);
};

struct fw_limits {
	uint8_t n_pulse_max; /* of one entry; 0: 255 */
	uint32_t n_budget;   /* pulses between two ARMs; 0: any number */
	uint32_t t_lease;    /* ms of silence after which the board is disarmed; 0: never */
};

struct fw_config {
	struct cmd_info info;          /* strings and geometry, given to the host as they are */
	const struct fw_chip_ops *ops; /* kept */
	void *chip_user;
	struct fw_port port;
	enum wire_link link;
	uint16_t n_frame;  /* bytes, the longest frame: fw_n_frame_min() .. WIRE_N_FRAME_MAX */
	uint8_t n_slot;    /* W, replies kept: 1 .. 64 */
	uint32_t n_window; /* bytes that may wait in the port; 0: n_slot * n_frame */
	uint32_t t_reply;  /* ms, an ordinary request takes no longer; for the host's patience */
	uint64_t boot_id;  /* another one at every start: random, or a counter kept in flash */
	struct fw_limits limits;
};

/* One vector of a full chip must fit, in and out. */
uint32_t fw_n_frame_min(const struct cmd_info *info);

/* Memory for given n_frame, n_slot and info.n_col, bytes; a multiple of 8. */
#define FW_ALIGN(n) (((n) + 7u) / 8u * 8u)
#define FW_N_MEMORY(n_frame, n_slot, n_col)                                      \
	(FW_ALIGN(WIRE_N_DECODER(n_frame)) + FW_ALIGN(WIRE_N_COBS(n_frame)) +    \
		FW_ALIGN(2u * (n_frame)) + FW_ALIGN((n_frame) + 16u * (n_col)) + \
		((n_slot) + 1u) * FW_ALIGN(n_frame))

struct fw_slot {
	uint32_t crc; /* of the request */
	size_t n;     /* bytes of the reply frame; 0: empty */
	uint8_t *frame;
};

/* Look, do not touch. */
struct fw {
	struct fw_config config;
	struct wire_decoder decoder;
	struct fw_slot slot[64];        /* reply to seq at seq % n_slot */
	uint8_t *reply;                 /* of seq 0 operations, NAKs, refusals */
	uint8_t *packed;                /* a frame as the link wants it */
	int16_t *code;                  /* [n_frame] */
	uint32_t *value;                /* [n_frame / 4 + n_col * 4]: a reply's or a row's */
	uint32_t n_value_row;           /* of the last READ_BLOCK, for READ_REST; 0: none */
	uint32_t session, session_last; /* 0: none; number given last */
	uint64_t nonce[8];              /* of the latest sessions, newest first */
	uint8_t n_nonce;
	uint32_t seq;     /* executed last */
	uint32_t seq_gap; /* out of order last, NAKed; 0: none */
	uint16_t n_frame; /* agreed in HELLO */
	bool is_schema_equal;
	bool is_armed;
	bool is_sent;                     /* something, since the last doorbell */
	uint32_t n_budget;                /* pulses left */
	uint32_t t_heard;                 /* ms, the session's last good frame */
	uint32_t t_byte;                  /* ms, the last byte */
	uint64_t n_save, n_load, at_load; /* bytes; 0: none begun */
	struct cmd_link_stats stats;
	struct fw_mvm mvm[CMD_N_MVM_MAX];
};

enum fw_init_error {
	FW_OK,
	FW_E_GEOMETRY = -1, /* info: a count is 0 or above its limit */
	FW_E_FRAME = -2,    /* n_frame outside fw_n_frame_min() .. WIRE_N_FRAME_MAX */
	FW_E_SLOTS = -3,
	FW_E_MEMORY = -4, /* less than FW_N_MEMORY(), or not aligned to 8 bytes */
	FW_E_PORT = -5,   /* rx, tx or a needed chip operation is NULL */
};

/*
 * Power-up: no session, disarmed. config is copied; memory [n] is kept. Needed of config->ops: mvm,
 * pulse, n_pulse, read, configure, lsb, stats. Sends EVT BOOT. Returns enum fw_init_error.
 */
int fw_init(struct fw *f, const struct fw_config *config, void *memory, size_t n);

/* Take and answer all that has arrived; then the doorbell, if anything was sent. */
void fw_poll(struct fw *f);

/* The same for bytes that the port has in hand (rx is not called). */
void fw_feed(struct fw *f, const uint8_t *buf, size_t n);

/* The link was unplugged or reset: forget a begun frame; disarm where there is a lease. */
void fw_unplug(struct fw *f);

#ifdef __cplusplus
}
#endif

#endif
