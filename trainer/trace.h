/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.h - eligibility traces of one feed-forward layer (OSTL; Bohnstingl et al., TNNLS 2022;
 * Ortner et al. 2023, eqs 5-9 with H = 0):
 *
 *	a_i = j_i + J_i psi'_i                 j = d (1 - y') full, d soft;  J = -d s' full, -b soft
 *	epsW_ij <- a_i epsW_ij + x_j           eW_ij = psi_i epsW_ij         gW_ij += L_i eW_ij
 *	epsb_i  <- j_i epsb_i + ds/db_i + J_i eb'_i    ds/db = 0 full, -y' soft
 *	eb_i    = psi_i epsb_i - psi_i                                       gb_i  += L_i eb_i
 *
 * Two forms of epsW: dense.c follows the equations; event.c touches the columns of active inputs
 * only and computes the same numbers up to rounding. Feed forward, both equal backpropagation
 * through time for any L that does not depend on the future.
 *
 * Thresholds that adapt (network.adaptation beta, a <- rho a + y', b + beta a for b in y and psi) are a
 * second state with a trace of its own, for every parameter (adaptive.c; Bellec et al., Nat. Commun. 11,
 * 2020, eqs 24-25, where j = d and J = 0):
 *
 *	epsa <- rho epsa + e'    eps <- j eps + J e' + ds/dp    e = psi (eps - beta epsa) + dy/dp
 *
 * Outputs that remember (readout.h) answer for what was sent before. Rules that follow them filter their
 * traces (ebar of Bellec et al., with kappa for keep), and g = L ebar is exact again:
 *
 *	ebar <- keep ebar + gain e                                           g += L ebar
 */
#ifndef SNN_TRACE_H
#define SNN_TRACE_H

#include "net.h"
#include "spikes.h"

/* One layer of one sequence at one step; all arrays [n]. */
struct snn_trace_input {
	const struct snn_spikes *x; /* inputs, at `lane` */
	uint32_t lane;
	const float *b, *s_prev, *y_prev, *psi_prev, *psi;
	const float *l; /* learning signal dE/dy */
	float gain;     /* of filtered traces */
};

struct snn_trace;

struct snn_trace_form {
	const char *name;
	int (*init)(struct snn_trace *tr);
	void (*done)(struct snn_trace *tr);
	void (*begin)(struct snn_trace *tr, uint32_t lane);
	/*
	 * tr->a, c, p and jp hold a_i, L_i psi_i, psi'_i and J_i psi'_i; filtered, c is gain psi_i and
	 * l L_i. grad_w [n_in][n]
	 */
	void (*step)(
		struct snn_trace *tr, const struct snn_spikes *x, uint32_t lane, double *grad_w);
	/* What has not yet reached grad_w goes there; may be NULL. */
	void (*end)(struct snn_trace *tr, uint32_t lane, double *grad_w);
};
extern const struct snn_trace_form snn_trace_dense, snn_trace_event, snn_trace_adaptive;

struct snn_trace_kind {
	const struct snn_trace_form *form;
	bool has_reset_path; /* without: j = d and J = 0, as in e-prop */
	bool is_filtered;
};

struct snn_trace {
	struct snn_trace_kind kind;
	uint32_t n_in, n, n_lane;
	int reset;
	const float *decay; /* [n], borrowed of the net */
	float beta, rho, keep;
	double *a, *c, *p, *jp, *l;           /* [n] of the step under way; a owns the block */
	double *eps_b, *epsa_b, *e_b, *bar_b; /* [n_lane][n] */
	void *state;                          /* of the form */
};

/* n_in: of the layer's inputs, or of its own spikes. */
int snn_trace_init(struct snn_trace *tr, const struct snn_trace_kind *kind,
	const struct snn_net *net, uint32_t layer, uint32_t n_in, uint32_t n_lane);
void snn_trace_done(struct snn_trace *tr);
void snn_trace_begin(struct snn_trace *tr, uint32_t lane);
/* Accumulates into grad_w [n_in][n] and grad_b [n]. */
void snn_trace_step(
	struct snn_trace *tr, const struct snn_trace_input *in, double *grad_w, double *grad_b);
/*
 * The trace of a layer's second matrix (H, with x the layer's own spikes of the step before): the same
 * factors and signals as `first` had in this step.
 */
void snn_trace_follow(struct snn_trace *tr, const struct snn_trace *first,
	const struct snn_spikes *x, uint32_t lane, double *grad_w);
void snn_trace_end(struct snn_trace *tr, uint32_t lane, double *grad_w);

#endif
