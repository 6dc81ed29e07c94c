/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spikes.h - what a layer sends in one step, for all sequences of a batch: binary spikes as packed
 * bits (what a chip wants) and as a list of the active ones (what a sparse sum wants), or the real
 * values in [-1, 1] of smooth units and of errors.
 */
#ifndef SNN_SPIKES_H
#define SNN_SPIKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn_spikes {
	uint32_t n, n_lane;
	size_t n_byte;  /* of a lane's bits: ceil(n / 8) */
	bool is_real;   /* only `real` and `code` are filled */
	float *real;    /* [n_lane][n]; owns the block */
	uint32_t *n_on; /* [n_lane] */
	uint16_t *on;   /* [n_lane][n], ascending */
	uint8_t *bit;   /* [n_lane][n_byte], bit 0 first */
	int8_t *code;   /* [n_lane][n], round(127 real) */
};

/* n <= 65535. -ENOMEM. */
int snn_spikes_init(struct snn_spikes *p, uint32_t n, uint32_t n_lane, bool is_real);
void snn_spikes_done(struct snn_spikes *p);

/* A lane's spikes from a list, ascending, each < n. Real units too: on is 1, off is 0. */
void snn_spikes_list(struct snn_spikes *p, uint32_t lane, const uint16_t *on, uint32_t n_on);

/* A lane from y [n]: 0 or 1, or anything in [-1, 1] if is_real. */
void snn_spikes_values(struct snn_spikes *p, uint32_t lane, const float *y);

static inline const uint16_t *snn_spikes_on(const struct snn_spikes *p, uint32_t lane)
{
	return p->on + (size_t)lane * p->n;
}

static inline const float *snn_spikes_real(const struct snn_spikes *p, uint32_t lane)
{
	return p->real + (size_t)lane * p->n;
}

/* grad [n of p][n] += a lane's spikes or values times c [n]' */
void snn_spikes_outer(
	const struct snn_spikes *p, uint32_t lane, size_t n, const float *c, double *grad);

/* Spike or value j, for j = 0, 1, .. in turn; *k is 0 at first. */
static inline float snn_spikes_next(
	const struct snn_spikes *p, uint32_t lane, uint32_t j, uint32_t *k)
{
	if (p->is_real)
		return snn_spikes_real(p, lane)[j];
	if (*k == p->n_on[lane] || snn_spikes_on(p, lane)[*k] != j)
		return 0;
	(*k)++;
	return 1;
}

#endif
