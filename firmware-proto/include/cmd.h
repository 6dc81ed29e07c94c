/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - what frames say: operations, their payloads, errors. See PROTOCOL.md, sections 4 to 6.
 *
 * Each request and each reply has a put and a take, used by the host one way and by the firmware
 * the other way. put appends to a payload under construction; take reads from the reader's place.
 * A request, on the host:
 *
 *	struct wire_writer w = { .buf = frame + WIRE_N_HEAD, .size = n_room };
 *	cmd_put_config(&w, &config);
 *	if (w.is_bad) ...                              did not fit
 *	n = wire_seal(frame, &(struct wire_frame){ .type = WIRE_REQ, .op = CMD_CONFIGURE,
 *			.session = session, .seq = ++seq, .n_payload = w.n });
 *
 * and its reply: every WIRE_RSP payload begins with a struct cmd_result, and what follows is there
 * only as far as result.error == CMD_OK or result.n_done says:
 *
 *	struct wire_reader r = { .buf = f.payload, .size = f.n_payload };
 *	struct cmd_result result;
 *	if (!cmd_take_result(&r, &result)) ...         malformed
 *	if (result.error) ...                          cmd_error_name(result.error)
 *	cmd_take_lsb(&r, &lsb_bits);
 *
 * take functions return false on malformed bytes and then leave *ret unspecified. They check form
 * (lengths, counts, enums), not whether the chip has that row: fw.c does that.
 * Bytes after what a take function reads are ignored (payloads grow at the end).
 * Floats travel as the bits of IEEE 754 binary32 or binary64: *_bits fields; memcpy them.
 * Freestanding, no heap, no globals.
 */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CMD_VERSION 1 /* of the payloads; HELLO agrees on one */

/* CRC-32C of schema.txt, which lists every payload; what mutates needs both ends to agree. */
#define CMD_SCHEMA 0x09206145

#define CMD_N_DEVICE    4    /* devices of a cell */
#define CMD_N_ROW_MAX   1024 /* of a chip: a pulse has 10 bits for each */
#define CMD_N_COL_MAX   1024
#define CMD_N_CHIP_MAX  255
#define CMD_N_SLOT_MAX  64
#define CMD_N_FRAME_MIN 256 /* INFO fits, and so does any reply of fixed shape */

/*
 * Operations. "seq 0": asked at any time, session and seq 0, no effect on chips, not in the order;
 * replies are matched by op and content. All others need a session and the next seq.
 */
enum cmd_op {
	CMD_HELLO = 0x01,      /* seq 0: begin a session, ending the one before */
	CMD_RESUME = 0x02,     /* seq 0: is my session alive, and where were we? */
	CMD_PING = 0x03,       /* seq 0: cmd_put_ping; the reply holds the same bytes */
	CMD_INFO = 0x04,       /* seq 0: no payload; cmd_take_info */
	CMD_LINK_STATS = 0x05, /* seq 0: no payload; cmd_take_link_stats */
	CMD_ARM = 0x10,        /* no payload; renews the arming lease and the pulse budget */
	CMD_MVM_BATCH = 0x11,  /* cmd_mvm_put ...; cmd_mvm_take_reply ... */
	CMD_PULSE_LIST = 0x12, /* cmd_pulse_put ...; cmd_take_pulsed */
	CMD_READ_BLOCK = 0x13, /* cmd_put_patch; values: cmd_take_values */
	CMD_READ_REST = 0x14,  /* cmd_put_rest; values of a row too long for one reply */
	CMD_PROGRAM = 0x15,    /* cmd_put_patch, cmd_put_values; cmd_take_pulsed */
	CMD_CONFIGURE = 0x16,  /* cmd_put_config; cmd_take_lsb */
	CMD_LSB = 0x17,        /* cmd_put_columns; cmd_take_values, n_col of them */
	CMD_WAIT = 0x18,       /* cmd_put_wait; no more than the result */
	CMD_STATS = 0x19,      /* no payload; cmd_take_stats */
	CMD_SAVE = 0x1a,       /* no payload: keep a copy of the state; cmd_take_size */
	CMD_SAVE_PART = 0x1b,  /* cmd_put_part without data; cmd_take_part */
	CMD_LOAD = 0x1c,       /* cmd_put_size: get ready for a state of so many bytes */
	CMD_LOAD_PART = 0x1d,  /* cmd_put_part; parts in order, no gaps */
	CMD_LOAD_DONE = 0x1e,  /* no payload: check the state and take it over, or stay as before */
};

enum cmd_event {
	CMD_EVT_BOOT = 0x81, /* cmd_take_boot: sent once after power-up */
};

/* The class is in the high byte. 1 (link) never travels: a frame that is not right is not answered. */
enum cmd_error {
	CMD_OK = 0,
	CMD_E_SESSION = 0x0201,     /* RESUME of a session that is no more */
	CMD_E_FALSE_RETRY = 0x0202, /* a seq used before, with another request; nothing executed */
	CMD_E_SCHEMA = 0x0203,  /* schema hashes differ: this operation could mean something else */
	CMD_E_VERSION = 0x0204, /* HELLO: no version in common */
	CMD_E_OP = 0x0301,      /* unknown operation, or one this board does not have */
	CMD_E_FORM = 0x0302,    /* malformed payload */
	CMD_E_RANGE = 0x0303,   /* outside the chip, or a value outside its limits */
	CMD_E_ROOM = 0x0304,    /* the reply would not fit in a frame: ask for less */
	CMD_E_DISARMED = 0x0401, /* the arming lease or the pulse budget is used up: ARM, repeat */
	CMD_E_CLOCK = 0x0402,    /* an emulated clock would pass its end of time */
	CMD_E_ORDER = 0x0403,    /* READ_REST, SAVE_PART, LOAD_PART without what comes before */
	CMD_E_DAMAGED = 0x0404,  /* LOAD_DONE: damaged state */
	CMD_E_FOREIGN = 0x0405,  /* LOAD_DONE: the state of another board */
	CMD_E_CHIP = 0x0501,     /* the chip did not do it */
	CMD_E_MEMORY = 0x0601,   /* the board has no memory for it */
	CMD_E_INTERNAL = 0x0602, /* a bug of the board */
};

enum cmd_class {
	CMD_CLASS_LINK = 1,
	CMD_CLASS_SESSION,
	CMD_CLASS_ARGUMENT,
	CMD_CLASS_STATE,
	CMD_CLASS_HARDWARE,
	CMD_CLASS_INTERNAL,
};

/* "outside the chip or its limits"; never NULL. */
const char *cmd_error_name(uint16_t error);

/* Does it say that nothing was executed? Session and argument errors and CMD_E_DISARMED do. */
bool cmd_is_refusal(uint16_t error);

/* Can it change a chip, its clock or its noise? Such operations need equal schemas. */
bool cmd_is_mutating(uint16_t op);
/* Is it one of the seq 0 operations? */
bool cmd_is_unordered(uint16_t op);

/*
 * Of every reply. n_done: how many items of the batch (requests of MVM_BATCH, pulse entries of
 * PULSE_LIST, rows of READ_BLOCK) were executed; 1 or 0 elsewhere. A refusal has n_done 0.
 * Items after n_done had no effect.
 */
struct cmd_result {
	uint16_t error; /* enum cmd_error */
	uint16_t n_done;
};
#define CMD_N_RESULT 4

void cmd_put_result(struct wire_writer *w, const struct cmd_result *x);
bool cmd_take_result(struct wire_reader *r, struct cmd_result *ret);

/* HELLO */
struct cmd_hello {
	uint64_t nonce; /* random; a HELLO repeated gets the same session */
	uint8_t version_min, version_max;
	uint32_t schema;  /* CMD_SCHEMA */
	uint16_t n_frame; /* bytes, the longest frame that the host takes */
};

enum cmd_feature {                    /* as enum xbar_cap of the host */
	CMD_FEATURE_SAVE = 1 << 0,    /* SAVE, LOAD */
	CMD_FEATURE_PROGRAM = 1 << 1, /* PROGRAM */
	CMD_FEATURE_WAIT = 1 << 2,    /* WAIT: without, the host sleeps */
	CMD_FEATURE_CORRECT = 1 << 3, /* CONFIGURE's gain, offset and n_phase */
};

struct cmd_welcome {
	uint64_t nonce;   /* of the HELLO answered */
	uint32_t session; /* not 0 */
	uint64_t boot_id; /* another one after every power-up */
	uint8_t version;
	uint8_t n_slot;    /* W: at most so many requests unanswered */
	uint16_t n_frame;  /* the longest frame either way from now on */
	uint32_t n_window; /* bytes, frames with their overhead: at most so many unanswered */
	uint32_t schema;   /* the board's */
	uint32_t features;
	uint32_t t_reply; /* ms, an ordinary request takes no longer to execute */
	uint32_t t_lease; /* ms of silence after which pulses need ARM; 0: no lease */
};

void cmd_put_hello(struct wire_writer *w, const struct cmd_hello *x);
bool cmd_take_hello(struct wire_reader *r, struct cmd_hello *ret);
void cmd_put_welcome(struct wire_writer *w, const struct cmd_welcome *x);
bool cmd_take_welcome(struct wire_reader *r, struct cmd_welcome *ret);

/*
 * RESUME: the frame's session is the one asked for. The result is CMD_E_SESSION if it is no more,
 * and the rest of the reply comes in any case.
 */
struct cmd_resume {
	uint64_t nonce; /* random, echoed: tells late replies apart */
};

struct cmd_resumed {
	uint64_t nonce;
	uint64_t boot_id;
	uint32_t session; /* the present one, 0 if none */
	uint32_t seq;     /* executed last in that session */
};

void cmd_put_resume(struct wire_writer *w, const struct cmd_resume *x);
bool cmd_take_resume(struct wire_reader *r, struct cmd_resume *ret);
void cmd_put_resumed(struct wire_writer *w, const struct cmd_resumed *x);
bool cmd_take_resumed(struct wire_reader *r, struct cmd_resumed *ret);

/* PING: all of the rest of the payload, up to CMD_N_PING bytes. */
#define CMD_N_PING 128
void cmd_put_ping(struct wire_writer *w, const void *buf, size_t n);
bool cmd_take_ping(struct wire_reader *r, const uint8_t **ret, size_t *ret_n); /* borrowed */

/* INFO. Strings are NUL-ended UTF-8; the codec cuts longer ones and refuses control characters. */
struct cmd_info {
	char board[64], model[32], serial[32], version[32];
	uint8_t n_chip, n_device, dac_bits, adc_bits; /* dac_bits: 2 .. 8, adc_bits: 2 .. 16 */
	uint16_t n_row, n_col;
	uint32_t caps;        /* enum cmd_feature */
	uint32_t v_read_bits; /* binary32, V */
	uint32_t g_max_bits;  /* binary32, S */
	uint64_t t_mvm;       /* ns per vector */
};

/* Are its numbers within the limits of this protocol? */
bool cmd_is_geometry(const struct cmd_info *x);

void cmd_put_info(struct wire_writer *w, const struct cmd_info *x);
/* Only a board within the limits. */
bool cmd_take_info(struct wire_reader *r, struct cmd_info *ret);

/* LINK_STATS: the board's view of the link since power-up. */
struct cmd_link_stats {
	uint32_t n_good, n_bad, n_junk; /* frames, frames, bytes; see wire.h */
	uint32_t n_stale;  /* frames of another session, or too old to answer: dropped */
	uint32_t n_replay; /* answered from the reply cache */
	uint32_t n_false_retry;
	uint32_t n_gap;     /* dropped because out of order */
	uint32_t n_session; /* begun */
};

void cmd_put_link_stats(struct wire_writer *w, const struct cmd_link_stats *x);
bool cmd_take_link_stats(struct wire_reader *r, struct cmd_link_stats *ret);

/*
 * MVM_BATCH: any number of items one after another, up to the end of the payload. Items on
 * different chips run at the same time where the board can; those on one chip in order.
 * in: bits [n_vec][ceil(n_row / 8)], bit 0 first, or int8 codes [n_vec][n_row], -127 .. 127.
 * Reply: per executed item n_sat and codes [n_vec][n_col], of 1 byte where adc_bits <= 8, else 2.
 */
enum cmd_input { CMD_INPUT_BIT, CMD_INPUT_INT8 };

struct cmd_mvm {
	uint8_t chip, input; /* input: enum cmd_input */
	uint16_t row, n_row, col, n_col, n_vec;
	const uint8_t *in; /* borrowed; cmd_mvm_n_in() bytes */
};

#define CMD_N_MVM_HEAD 12 /* bytes of an item before its inputs */
#define CMD_N_MVM_MAX  32 /* items of a batch */

/* Both are capped at WIRE_N_FRAME_MAX, which never fits. */
size_t cmd_mvm_n_in(const struct cmd_mvm *x);
/* Bytes of an item's part of the reply: add to CMD_N_RESULT, compare with n_frame - WIRE_N_OVERHEAD. */
size_t cmd_mvm_n_reply(const struct cmd_mvm *x, uint32_t adc_bits);

void cmd_put_mvm(struct wire_writer *w, const struct cmd_mvm *x);
/* The next item; false also at the end: r->is_bad tells. */
bool cmd_take_mvm(struct wire_reader *r, struct cmd_mvm *ret);

/* code: [n_code], n_code = n_vec * n_col. */
void cmd_put_mvm_reply(struct wire_writer *w, uint32_t adc_bits, uint32_t n_sat,
	const int16_t *code, size_t n_code);
bool cmd_take_mvm_reply(struct wire_reader *r, uint32_t adc_bits, uint32_t *ret_n_sat,
	int16_t *ret_code, size_t n_code);

/*
 * PULSE_LIST: runs of pulses on one chip, each a head of 4 bytes and 4 bytes a pulse. The writer
 * opens a new run where the chip changes: start from a zeroed struct and put pulse by pulse.
 */
enum cmd_kind { CMD_SET, CMD_RESET };

struct cmd_pulse {
	uint8_t chip, device, kind, n; /* n: 1 .. 255 equal pulses */
	uint16_t row, col;
};

struct cmd_pulse_writer {
	struct wire_writer w;
	size_t at; /* of the open run's head in w.buf */
	uint16_t n_run;
	uint8_t chip;
};

struct cmd_pulse_reader {
	struct wire_reader r;
	uint16_t n_run; /* left in the run */
	uint8_t chip;
};

#define CMD_N_PULSE     4 /* bytes */
#define CMD_N_PULSE_RUN 4

/* False, with nothing written, if there is no room for this pulse: send, begin another frame. */
bool cmd_pulse_put(struct cmd_pulse_writer *w, const struct cmd_pulse *x);
/* The next pulse; false also at the end: r->r.is_bad tells. */
bool cmd_pulse_take(struct cmd_pulse_reader *r, struct cmd_pulse *ret);

/*
 * PULSE_LIST, PROGRAM: the board's count of pulses (and programmed devices) ever, for audits. Not in
 * a refusal.
 */
void cmd_put_pulsed(struct wire_writer *w, uint64_t n_pulse);
bool cmd_take_pulsed(struct wire_reader *r, uint64_t *ret_n_pulse);

/*
 * READ_BLOCK: values [n_row][n_col][4], binary32 S. Either all fits in a reply, or n_row is 1: then
 * the board reads the whole row at once, answers with its first values, as many as fit (a multiple
 * of 4), and gives the others to READ_REST as often as asked, until the next READ_BLOCK or PROGRAM.
 * PROGRAM: values in the same order follow the patch; all must fit in the request.
 */
struct cmd_patch {
	uint8_t chip;
	uint16_t row, n_row, col, n_col;
};
#define CMD_N_PATCH 10

void cmd_put_patch(struct wire_writer *w, const struct cmd_patch *x);
bool cmd_take_patch(struct wire_reader *r, struct cmd_patch *ret);

struct cmd_rest {
	uint16_t i_value, n_value; /* of the last row read: n_col * 4 values */
};

void cmd_put_rest(struct wire_writer *w, const struct cmd_rest *x);
bool cmd_take_rest(struct wire_reader *r, struct cmd_rest *ret);

/* How many binary32 values fit in a reply of a frame of n_frame bytes, rounded down to cells. */
size_t cmd_n_value(size_t n_frame);

/* bits: [n] as uint32_t or float, native order: moved as they are. */
void cmd_put_values(struct wire_writer *w, const void *bits, size_t n);
bool cmd_take_values(struct wire_reader *r, void *ret_bits, size_t n);

/*
 * CONFIGURE; the reply has the size of one ADC code, binary32 A. What is 0 stays as it is; a request
 * may end after adc_range.
 */
struct cmd_config {
	uint8_t chip;
	uint8_t n_phase; /* 1 or 4, of the whole chip */
	uint16_t col, n_col;
	uint32_t adc_range_bits;         /* binary32, A, full scale */
	uint32_t gain_bits, offset_bits; /* binary32, 1, A: I counts as gain I + offset */
};

void cmd_put_config(struct wire_writer *w, const struct cmd_config *x);
bool cmd_take_config(struct wire_reader *r, struct cmd_config *ret);
void cmd_put_lsb(struct wire_writer *w, uint32_t lsb_bits);
bool cmd_take_lsb(struct wire_reader *r, uint32_t *ret_lsb_bits);

/* LSB: the sizes of ADC codes of columns, as after CONFIGURE. */
struct cmd_columns {
	uint8_t chip;
	uint16_t col, n_col;
};

void cmd_put_columns(struct wire_writer *w, const struct cmd_columns *x);
bool cmd_take_columns(struct wire_reader *r, struct cmd_columns *ret);

/* WAIT: dt ns pass on all chips, or on none. */
void cmd_put_wait(struct wire_writer *w, uint64_t dt);
bool cmd_take_wait(struct wire_reader *r, uint64_t *ret_dt);

/* STATS of all chips together. Boards older than the temperature end before it: not measured. */
struct cmd_stats {
	uint64_t time; /* ns, the furthest clock */
	uint64_t n_mvm, n_set, n_reset, n_read, n_program, n_sat;
	uint64_t energy_bits; /* binary64, J */
	uint32_t temperature; /* mK, of the warmest chip by its sensor; 0: not measured */
};

void cmd_put_stats(struct wire_writer *w, const struct cmd_stats *x);
bool cmd_take_stats(struct wire_reader *r, struct cmd_stats *ret);

/* SAVE's reply, LOAD's request. */
void cmd_put_size(struct wire_writer *w, uint64_t n);
bool cmd_take_size(struct wire_reader *r, uint64_t *ret_n);

/*
 * SAVE_PART: request `at` and `n`, reply the same and the bytes (fewer than asked at the end or
 * where the frame is full). LOAD_PART: request `at`, `n` and the bytes.
 */
struct cmd_part {
	uint64_t at;
	uint16_t n;
	const uint8_t *data; /* borrowed; NULL in SAVE_PART's request */
};
#define CMD_N_PART 10

void cmd_put_part(struct wire_writer *w, const struct cmd_part *x);
/* has_data: bytes must follow, or *ret->data is NULL. */
bool cmd_take_part(struct wire_reader *r, bool has_data, struct cmd_part *ret);

/* EVT BOOT */
void cmd_put_boot(struct wire_writer *w, uint64_t boot_id);
bool cmd_take_boot(struct wire_reader *r, uint64_t *ret_boot_id);

#ifdef __cplusplus
}
#endif

#endif
