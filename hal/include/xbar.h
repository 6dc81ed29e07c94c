/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xbar.h - crossbars of phase-change memory, whatever is behind them.
 *
 * A board has n_chip chips of n_row word lines (inputs) by n_col bit lines (outputs); each cell has
 * four devices: 0 and 1 add to the bit line's current, 2 and 3 subtract,
 *     G = (g0 + g1) - (g2 + g3).
 *
 *	struct xbar *x;
 *	struct xbar_params prm = XBAR_PARAMS_DEFAULT;
 *	r = xbar_open(&x, "emu:?chips=2&seed=7", &prm);
 *	int8_t in[256] = { [3] = 127 };
 *	int16_t out[256];
 *	struct xbar_mvm req = { .chip = 0, .n_row = 256, .n_col = 256, .n_vec = 1,
 *		.input = XBAR_INPUT_INT8, .in = in, .out = out };
 *	r = xbar_mvm(x, &req, 1);
 *	xbar_close(x);
 *
 * Units are SI: S, A, V, s, J; chip time is uint64_t nanoseconds. 0 or a negative errno; after an
 * argument error (-EINVAL, -ERANGE) nothing was executed. xbar_message() says in words what failed.
 * Boards behind links add -ETIMEDOUT (it does not answer), -ENODEV (unplugged, and not back in time)
 * and -ECONNRESET (it restarted: once, by the call that finds out; the next one works again).
 * The same seed and the same calls give the same bytes on every kind of URI.
 * A handle belongs to one thread at a time; different handles are independent. The library never
 * prints, exits or changes process state.
 */
#ifndef XBAR_H
#define XBAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XBAR_N_DEVICE 4
#define XBAR_DAC_MAX  127

struct xbar;

enum xbar_log_level { XBAR_LOG_ERROR, XBAR_LOG_WARNING, XBAR_LOG_DEBUG };

struct xbar_params {
	/* Receives messages, also those of a failing xbar_open(); NULL is silent. text is borrowed. */
	void (*log)(void *log_user, enum xbar_log_level level, const char *text);
	void *log_user;
	enum xbar_log_level
		log_level; /* the most talkative level wanted; default XBAR_LOG_WARNING */
};
#define XBAR_PARAMS_DEFAULT ((struct xbar_params){ .log_level = XBAR_LOG_WARNING })

enum xbar_cap {
	XBAR_CAP_SAVE = 1 << 0,    /* xbar_save() and xbar_load(): the whole state can be kept */
	XBAR_CAP_PROGRAM = 1 << 1, /* the chip programs closed-loop by itself */
	XBAR_CAP_WAIT = 1 << 2,    /* xbar_wait() advances an emulated clock instead of sleeping */
	XBAR_CAP_CORRECT = 1 << 3, /* xbar_configure() takes a correction and phases */
};

struct xbar_info {
	char board[64]; /* "crossloop emulator" */
	char model[32]; /* device model or board type */
	char serial[32];
	char version[32];
	char uri[512]; /* complete: with it, xbar_open() gives this board again */
	uint32_t n_chip, n_row, n_col, n_device;
	uint32_t dac_bits; /* 2 .. 8: a board of fewer than 8 rounds input codes to its levels */
	uint32_t adc_bits; /* 2 .. 16 */
	float v_read;      /* V */
	float g_max;       /* S, of one device */
	uint64_t t_mvm;    /* ns per vector */
	uint32_t caps;     /* enum xbar_cap */
};

enum xbar_kind { XBAR_SET, XBAR_RESET };

struct xbar_pulse {
	uint16_t row, col;
	uint8_t chip;
	uint8_t device; /* 0, 1 plus pair; 2, 3 minus pair */
	uint8_t kind;   /* enum xbar_kind */
	uint8_t n;      /* how many, 1 .. 255 */
};

enum xbar_input { XBAR_INPUT_BIT, XBAR_INPUT_INT8 };

/* One block product: word lines row .. row + n_row - 1 driven, bit lines col .. col + n_col - 1 read. */
struct xbar_mvm {
	uint32_t chip;
	uint32_t row, n_row, col, n_col, n_vec;
	enum xbar_input input;
	const void *
		in; /* BIT: [n_vec][ceil(n_row / 8)] bytes, bit 0 first; INT8: [n_vec][n_row] codes; borrowed */
	int16_t *
		out; /* [n_vec][n_col] ADC codes; yours; one code is xbar_adc_lsb(x, chip, col) A */
	uint32_t n_sat; /* returned: how many of the codes saturated */
};

struct xbar_patch {
	uint32_t chip;
	uint32_t row, n_row, col, n_col;
};

/* What is 0 stays as it is. */
struct xbar_config {
	uint32_t chip;
	uint32_t col, n_col;
	float adc_range; /* A, full scale of these columns, > 0 */
	/*
	 * XBAR_CAP_CORRECT: a current that these columns' ADCs take for I counts as gain I + offset,
	 * 1e-3 .. 1e3 and within +-1 A, in xbar_mvm() and xbar_read(); both stay if gain is 0.
	 */
	float gain, offset; /* 1, A */
	/*
	 * XBAR_CAP_CORRECT, the whole chip: 1 reads both signs of inputs and devices at once; 4 reads
	 * each combination apart, four times slower, more precise.
	 */
	uint32_t n_phase;
};

/* How xbar_program() verifies; 0 in a field means its default. */
struct xbar_program_options {
	uint32_t max_iter; /* read-and-pulse rounds, 1 .. 1000; default 30 */
	uint32_t n_read;   /* reads averaged a round, 1 .. 1000; default 4 */
	float tol;         /* S, accepted |g - target|; default 0.5e-6 */
};

struct xbar_program_stats {
	uint32_t n_device; /* programmed */
	uint32_t n_failed; /* of them not within tol at the last verifying read */
	uint32_t n_iter;   /* rounds used */
	float rms_error;   /* S, of the last verifying reads against the targets */
};

#define XBAR_ZERO_CELSIUS 273.15 /* K */

struct xbar_stats {
	uint64_t time;  /* ns, the furthest chip clock */
	uint64_t n_mvm; /* vectors */
	uint64_t n_set, n_reset, n_read, n_program;
	uint64_t n_sat; /* saturated ADC codes */
	double energy;  /* J */
	double temperature; /* K, of the warmest chip by its sensor, in steps of 1 mK; 0: not measured */
	uint64_t n_call; /* API calls that reached the backend */
	uint64_t n_byte_out, n_byte_in, n_round_trip, n_retry; /* links only, of these calls */
};

/*
 * Open a board. uri NULL means $XBAR_URI, else "emu:". prm NULL means defaults.
 * -EINVAL malformed URI or unknown key (the message names the nearest), -ERANGE value out of range,
 * -ENOTSUP a kind of URI that this build does not have, -ENODEV no such board, -EBUSY another
 * program has it, -ENOMEM; and what a link or a file of the board answers (-EIO, -EBADMSG, ...).
 */
int xbar_open(struct xbar **ret, const char *uri, const struct xbar_params *prm);

/* NULL is fine. What could not be kept (state=FILE of emu:) is told to prm->log as an error. */
void xbar_close(struct xbar *x);

/* Borrowed until close. */
const struct xbar_info *xbar_info(const struct xbar *x);

/* The last failure in words, object, value, unit, cause and remedy; "" if none. Borrowed until the next call. */
const char *xbar_message(const struct xbar *x);

/*
 * Analog products I_c = v_read * sum_r x_r G_rc + noise, x in {0, 1} for bits and code / 127 for
 * int8 (-128 is -EINVAL). Requests of one call on different chips run at the same time and cost one
 * round trip; those on one chip run in list order, vectors one after another.
 */
int xbar_mvm(struct xbar *x, struct xbar_mvm *req, size_t n_req);

/* A per ADC code of a column under the present configuration; NAN outside the board. */
float xbar_adc_lsb(const struct xbar *x, uint32_t chip, uint32_t col);

/*
 * SET / RESET pulses on single devices, in list order, open loop, exactly once.
 * -EREMOTEIO: a link lost track of some (the message says how many): verify by reading.
 */
int xbar_pulse(struct xbar *x, const struct xbar_pulse *p, size_t n);

/* Read single devices: ret_g [patch][n_row][n_col][4] S, packed; noisy as the chip sees them. */
int xbar_read(struct xbar *x, const struct xbar_patch *w, size_t n_patch, float *ret_g);

/*
 * Program-and-verify: bring every device of the patch to g [n_row][n_col][4] S, 0 <= g <= g_max
 * (values below what a RESET leaves count as RESET). By pulses and reads, unless the chip does it
 * itself (XBAR_CAP_PROGRAM). opt NULL: defaults. ret NULL: not wanted.
 * Devices that do not reach tol are counted in ret->n_failed, which is no error.
 */
int xbar_program(struct xbar *x, const struct xbar_patch *w, const float *g,
	const struct xbar_program_options *opt, struct xbar_program_stats *ret);

/*
 * Change how columns convert; takes no chip time. -ERANGE for what no ADC does, or if nothing is to
 * change; -ENOTSUP a correction or phases without XBAR_CAP_CORRECT.
 */
int xbar_configure(struct xbar *x, const struct xbar_config *c);

/* Let dt seconds pass, 0 <= dt <= 1e9: an emulator's clock advances, hardware sleeps. */
int xbar_wait(struct xbar *x, double dt);

int xbar_stats(struct xbar *x, struct xbar_stats *ret);

/*
 * Send n_byte bytes, 1 .. 128, there and back without disturbing the chips; *ret_t is how long it
 * took, ns of real time. -ENOTSUP where there is no link, -ETIMEDOUT, -ENODEV, -EIO changed bytes.
 */
int xbar_ping(struct xbar *x, uint32_t n_byte, uint64_t *ret_t);

/*
 * The whole state of the board, for checkpoints; -ENOTSUP without XBAR_CAP_SAVE.
 * save: *ret is yours to free(). load: untrusted; -EBADMSG damaged, -EINVAL of another board.
 */
int xbar_save(struct xbar *x, void **ret, size_t *ret_n);
int xbar_load(struct xbar *x, const void *buf, size_t n);

/*
 * Boards that could be there, one row each: uri opens it; what the operating system says it is; its
 * serial number or ""; problem "" or why it would not open. A serial line is listed whatever is
 * behind it. Errors as those of xbar_open(), also to prm->log.
 */
int xbar_scan(const struct xbar_params *prm,
	void (*row)(void *user, const char *uri, const char *what, const char *serial,
		const char *problem),
	void *user);

/* The kinds of URI of this build, NULL-ended: "emu", ... */
const char *const *xbar_schemes(void);

/*
 * Print the help of a scheme's query keys (key, unit, default, range, source, help), one row a call
 * of `row`; -ENOENT unknown scheme.
 */
int xbar_scheme_help(const char *scheme,
	void (*row)(void *user, const char *key, const char *unit, const char *def,
		const char *range, const char *source, const char *help),
	void *user);

#ifdef __cplusplus
}
#endif
#endif
