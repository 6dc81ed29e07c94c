/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weights.h - where the matrices of a network live: in float32 on the host, or in the conductances
 * of a board. A struct of functions, so that batch.c and the rules do not know which.
 */
#ifndef SNN_WEIGHTS_H
#define SNN_WEIGHTS_H

#include "net.h"
#include "runlog.h"
#include "spikes.h"
#include "store.h"

/* out [lane][n_col] = matrix^T in [lane][n_row], for lanes 0 .. n_lane - 1. */
struct snn_product {
	uint32_t i_matrix;
	const struct snn_spikes *in;
	float *out; /* yours */
};

struct snn_weights;

#define SNN_MAX_PRODUCT (1 + 2 * SNN_MAX_HIDDEN) /* of one call */

struct snn_weights_ops {
	const char *name;
	/* Products that do not wait for each other: on a board, one round trip for all. */
	int (*product)(struct snn_weights *w, const struct snn_product *p, uint32_t n_product,
		uint32_t n_lane, struct snn_error *e);
	/*
	 * The host's image of a matrix, for rules that need it transposed: *ret [n_row][n_col] is
	 * borrowed until the next update. On a board it is what the last read-back saw.
	 */
	int (*image)(
		struct snn_weights *w, uint32_t i_matrix, const float **ret, struct snn_error *e);
	/* Add delta [n_row][n_col] to a matrix (NULL: no change), one per matrix of the net. */
	int (*update)(struct snn_weights *w, const float *const *delta, uint64_t i_update,
		struct snn_error *e);
	/* Called when a training batch has ended: time passes, pairs are refreshed. */
	int (*rest)(struct snn_weights *w, uint64_t i_update, struct snn_error *e);
	/*
	 * Fit what is measured to what was met since the last call (ADC ranges). How many matrices
	 * it was too far off to tell for; they want another round.
	 */
	int (*adapt)(struct snn_weights *w, struct snn_error *e);
	/*
	 * Drift compensation, where chips.compensate asks for any. refer: what a few inputs that
	 * products met give now is what they should. compensate: correct all products from now
	 * on so that they do again.
	 */
	int (*refer)(struct snn_weights *w, struct snn_error *e);
	int (*compensate)(struct snn_weights *w, struct snn_error *e);
	/* Let dt seconds of chip time pass. */
	int (*wait)(struct snn_weights *w, double dt, struct snn_error *e);
	/* Fill the chips' part of a row. */
	int (*stats)(struct snn_weights *w, struct snn_epoch *row, struct snn_error *e);
	/* All state, below /weights. */
	int (*save)(struct snn_weights *w, struct snn_store *st, struct snn_error *e);
	int (*load)(struct snn_weights *w, struct snn_store *st, struct snn_error *e);
	void (*free)(struct snn_weights *w);
};

struct snn_weights {
	const struct snn_weights_ops *ops; /* first member of every kind */
	const struct snn_net *net;         /* kept, borrowed until free */
	bool is_test; /* products are of sequences that nothing may be learned from */
};

/* Matrices start at their init. -ENOMEM. */
int snn_weights_float_new(struct snn_weights **ret, const struct snn_net *net, struct snn_error *e);
/* Make a matrix value [n_row][n_col]; of float weights. */
void snn_weights_float_set(struct snn_weights *w, uint32_t i_matrix, const float *value);

/*
 * Name the board in c->uri where nobody did: $XBAR_URI, else as many emulated chips as the network
 * needs (two at least), made by c->seed. From then on the run is tied to it, whatever the environment
 * says. -ENAMETOOLONG.
 */
int snn_weights_chips_choose(
	struct snn_config *c, const struct snn_net *net, bool has_feedback, struct snn_error *e);

/*
 * Open c->uri (and uri2), plan, and unless `is_restored` program the initial weights; has_feedback:
 * the rule wants B on the board. c is borrowed until free. describe: what is on which chip, and what
 * the boards are, as text for the run folder; yours to free().
 */
int snn_weights_chips_new(struct snn_weights **ret, const struct snn_net *net,
	const struct snn_config *c, bool has_feedback, bool is_restored, char **describe,
	struct snn_error *e);

/*
 * A matrix on a board, device by device, each [n_row][n_col][4]; chips only. ret_start: S, what it was
 * programmed to at the start; ret_g: S, what chips.read_average reads say now; *ret_pulse: SET pulses
 * since the RESET, as the host counts them, borrowed until the next update, NULL for feedback. -ENOENT
 * the matrix is not on a board.
 */
int snn_weights_chips_look(struct snn_weights *w, uint32_t i_matrix, float *ret_start, float *ret_g,
	const uint8_t **ret_pulse, struct snn_error *e);

/* Devices that refresh has given up because they stay near g_max: chips_refresh.c. Chips only. */
uint64_t snn_weights_chips_given_up(const struct snn_weights *w);

/*
 * The plan as a picture, .svg or .png. -ENOENT there is no gnuplot, and what else drawing says.
 */
int snn_weights_chips_draw(const struct snn_weights *w, const char *path, struct snn_error *e);

#endif
