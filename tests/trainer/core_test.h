/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * core_test.h - what the tests of the trainer's core share: random sequences, and a small network
 * with float weights, a batch and a rule.
 *
 *	struct rig g;
 *	rig_config(&g, 8, 7);                  then change g.c
 *	rig_net(&g);                           then change g.net.matrix[].init
 *	rig_learner(&g, "ostl", n_lane);
 *	nll = rig_run(&g, seq, n);             gradients are in g.net.tensor[]
 *	rig_done(&g);
 */
#ifndef CORE_TEST_H
#define CORE_TEST_H

#include "batch.h"
#include "config.h"
#include "learner.h"
#include "net.h"
#include "trainer_test.h"
#include "weights.h"

#define PIECE_STEPS 2100
#define PIECE_NOTES 20000

/* A sequence and the memory it points into. */
struct piece {
	struct snn_seq seq;
	uint32_t begin[PIECE_STEPS + 1];
	uint16_t note[PIECE_NOTES];
};

/* Random notes < n, each with probability p at each of n_step steps. Same seed, same piece. */
struct piece *piece_random(unsigned long seed, uint32_t n_step, uint32_t n, double p);
/* One key: 1 where text has 'x'. "xx.x" is a piece of four steps. */
struct piece *piece_rhythm(const char *text);

struct rig {
	struct snn_config c;
	uint32_t n; /* keys: inputs and outputs */
	struct snn_net net;
	struct snn_weights *w;
	struct snn_batch b;
	struct snn_learner le;
	bool is_layered; /* B from the layer above; before rig_net() */
	bool is_open;
};

/* Table defaults but for sizes, and weights large enough for spikes. */
void rig_config(struct rig *g, uint32_t n, uint32_t n_hidden);
/* Two hidden layers. */
void rig_config2(struct rig *g, uint32_t n, uint32_t n_first, uint32_t n_second);
void rig_net(struct rig *g);
void rig_learner(struct rig *g, const char *rule, uint32_t n_lane);
void rig_done(struct rig *g);
/* From gradients of 0; returns the NLL summed over all steps. */
double rig_run(struct rig *g, const struct snn_seq *const *seq, uint32_t n);

/* |is - want| <= tol |want|, for the Euclidean norm and for the largest element; names the tensor. */
void assert_near(const char *name, size_t n, const double *is, const double *want, double tol);
/* Every tensor of two nets of the same shape. */
void assert_gradients_near(const struct snn_net *is, const struct snn_net *want, double tol);

#endif
