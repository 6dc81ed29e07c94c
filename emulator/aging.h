/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aging.h - devices with laws of their own beyond kernels.h: temperature, drift exponents that follow
 * the conductance, 1/f noise, with memory or without.
 *
 * The published law of 1/f noise, sd = G Q sqrt(ln((t + tr) / 2 tr)), grows with the time t since
 * programming. It is the sum of Ornstein-Uhlenbeck processes, one a decade of time constant, each of
 * variance Q^2 ln 10 and 0 when programmed:
 *
 *	tau_k = tau_0 10^k, tau_0 = 4 e^gamma sqrt(10) tr (gamma: Euler's constant)
 *	var(t) = Q^2 ln 10 sum_k (1 - exp(-2 t / tau_k)) = Q^2 ln(t / 2 tr), within 0.6 % from 1 ms on
 *
 * Those faster than noise_tau are white between reads: they are part of the variance of a read. With
 * noise_memory, slower ones are states, one a device, up to tau of some years; all devices of a chunk
 * advance together, exactly, when the chunk is looked at and a tenth of the fastest one's tau has
 * passed. In between they stand still, and all noise of a device pulsed since is new at every read.
 * Without memory, all noise of all devices is.
 */
#ifndef PCM_AGING_H
#define PCM_AGING_H

#include <stdbool.h>
#include <stdint.h>

#define PCM_N_PROCESS 16 /* from about 10 us to several thousand years */
#define PCM_N_SLOW    12

struct pcm_aging {
	bool is_on; /* else kernels' refresh() and drifted() are all there is */
	bool has_flicker;
	float inv_t0; /* 1/ns */
	/* Noise, ns: age from which it is known, tr, 1 / 2 tr, hold of slow processes. */
	float t_min, t_read, inv_2_t_read;
	uint64_t hold;
	uint32_t n_fast, n_slow; /* processes; n_slow 0: no memory */
	float t_settled;         /* ns: all fast ones have their full variance */
	float fast_rate[PCM_N_PROCESS], slow_rate[PCM_N_SLOW]; /* 1/ns: 2 / tau */
	float temperature; /* 1: log2 of what temperature does to a RESET device; 0 is nothing */
	float inv_g_max;   /* 1/S */
};

#endif
