/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chip.h"
#include <math.h>
#include <string.h>
#include "kernel_scalar.h"

#define N_LANE    PCM_CHUNK
#define LN_2      0.693147181f
#define LN_10     2.302585093f
#define LOG2_E    1.442695041f
#define TAU_0     22.529f        /* tr: 4 e^gamma sqrt(10) */
#define TAU_MAX   3e17           /* ns: ten years; noise with memory stops growing there */
#define BOLTZMANN 8.617333262e-5 /* eV/K */

static void derive_noise(struct pcm_aging *a, const struct pcm_params *prm)
{
	double tau = (double)TAU_0 * prm->flicker_t_read * 1e9;
	a->t_min = (float)(prm->flicker_t_min * 1e9);
	a->t_read = (float)(prm->flicker_t_read * 1e9);
	a->inv_2_t_read = 0.5f / a->t_read;
	for (uint32_t k = 0; prm->noise_memory && k < PCM_N_PROCESS; k++, tau *= 10) {
		if (tau < prm->noise_tau * 1e9) {
			a->fast_rate[a->n_fast++] = (float)(2 / tau);
			a->t_settled = 10 * (float)tau;
		} else if (a->n_slow < PCM_N_SLOW && tau < TAU_MAX) {
			if (a->n_slow == 0)
				a->hold = 1 + (uint64_t)(tau / 10);
			a->slow_rate[a->n_slow++] = (float)(2 / tau);
		}
	}
}

void pcm_aging_derive(struct pcm_chip *c)
{
	const struct pcm_params *prm = &c->prm;
	struct pcm_aging *a = &c->aging;
	double inv_t = 1 / prm->temperature - 1 / prm->temperature_ref;
	a->inv_g_max = (float)(1 / prm->g_max);
	a->inv_t0 = c->drift.inv_t0;
	a->has_flicker = c->model->programmed && c->has_noise && prm->flicker_scale > 0;
	if (c->model->drift)
		a->temperature = (float)(-prm->activation_energy / BOLTZMANN * inv_t / log(2.0));
	if (a->has_flicker)
		derive_noise(a, prm);
	a->is_on = c->model->programmed || a->temperature != 0.0f || prm->wire_ohm > 0;
}

/* Variance of all 1/f noise at these ages (ns), per (G Q)^2. */
static void published(const struct pcm_aging *a, const float *age, float *ret)
{
	for (int j = 0; j < N_LANE; j++) {
		float t = age[j] > a->t_min ? age[j] : a->t_min;
		ret[j] = LN_2 * log2_poly((t + a->t_read) * a->inv_2_t_read);
	}
}

/* The part of it that fast processes have. */
static void fast_part(const struct pcm_aging *a, const float *age, float *ret)
{
	float youngest = INFINITY;
	for (int j = 0; j < N_LANE; j++) {
		ret[j] = LN_10 * (float)a->n_fast;
		youngest = age[j] < youngest ? age[j] : youngest;
	}
	for (uint32_t k = 0; youngest < a->t_settled && k < a->n_fast; k++) {
		for (int j = 0; j < N_LANE; j++) {
			float t = age[j] > a->t_min ? age[j] : a->t_min;
			float x = -LOG2_E * a->fast_rate[k] * t;
			ret[j] -= LN_10 * exp2_poly(x > -100.0f ? x : -100.0f);
		}
	}
}

/* Sum of the slow processes. */
static void slow_part(const struct pcm_chip *c, size_t chunk, uint32_t device, float *ret)
{
	const float *s = c->array.slow + (chunk * c->aging.n_slow * PCM_N_DEVICE + device) * N_LANE;
	memset(ret, 0, N_LANE * sizeof(*ret));
	for (uint32_t k = 0; k < c->aging.n_slow; k++, s += PCM_N_DEVICE * N_LANE) {
		for (int j = 0; j < N_LANE; j++)
			ret[j] += s[j];
	}
}

/*
 * 1/f noise of devices i .. i + 15, whose g is without: part of it to g, the rest to the variance. The
 * processes of a device pulsed since they advanced are those of its past: all of its noise is new.
 */
static void add_flicker(const struct pcm_chip *c, size_t chunk, uint32_t device, size_t i,
	const float *age, float *g, float *var)
{
	const struct pcm_aging *a = &c->aging;
	float u[N_LANE], fast[N_LANE], slow[N_LANE];
	published(a, age, u);
	if (a->n_slow > 0) {
		fast_part(a, age, fast);
		slow_part(c, chunk, device, slow);
	}
	for (int j = 0; j < N_LANE; j++) {
		float q = g[j] * c->array.flicker[i + (size_t)j];
		bool has_past =
			a->n_slow > 0 && c->array.t_prog[i + (size_t)j] < c->array.noise_t[chunk];
		var[j] += q * q * (has_past ? fast[j] : u[j]);
		g[j] += has_past ? q * slow[j] : 0.0f;
	}
}

/* Devices i .. i + 15, one of each cell of a chunk: g and the variance of a read, or without noise. */
static void lanes(const struct pcm_chip *c, size_t chunk, uint32_t device, size_t i,
	const float *age, float *ret_g, float *ret_var)
{
	const struct pcm_aging *a = &c->aging;
	const struct pcm_array *w = &c->array;
	float g[N_LANE];
	for (int j = 0; j < N_LANE; j++) {
		float nu = w->nu ? w->nu[i + (size_t)j] : c->drift.nu;
		float r = age[j] * a->inv_t0;
		r = r > c->drift.r_min ? r : c->drift.r_min;
		g[j] = w->g[i + (size_t)j] * exp2_poly(-nu * log2_poly(r));
	}
	for (int j = 0; a->temperature != 0.0f && j < N_LANE; j++) {
		float x = w->g[i + (size_t)j] * a->inv_g_max;
		g[j] *= exp2_poly(a->temperature * (1.0f - (x < 1.0f ? x : 1.0f)));
	}
	memcpy(ret_g, g, sizeof(g));
	if (!ret_var)
		return;
	for (int j = 0; j < N_LANE; j++) {
		float sd = c->noise.sd_0 + c->noise.sd_g * g[j];
		ret_var[j] = sd * sd;
	}
	if (a->has_flicker)
		add_flicker(c, chunk, device, i, age, ret_g, ret_var);
}

float pcm_aging_chunk(
	const struct pcm_chip *c, uint32_t row, uint32_t i, uint64_t now, float *g, float *var)
{
	size_t chunk = (size_t)row * PCM_N_CHUNK + i;
	float youngest = INFINITY;
	for (uint32_t k = 0; k < PCM_N_DEVICE; k++) {
		size_t at = pcm_device_index(row, k, i * PCM_CHUNK);
		float age[N_LANE];
		for (int j = 0; j < N_LANE; j++) {
			age[j] = (float)(int64_t)(now - c->array.t_prog[at + (size_t)j]);
			youngest = age[j] < youngest ? age[j] : youngest;
		}
		lanes(c, chunk, k, at, age, g + k * PCM_CHUNK, var ? var + k * PCM_CHUNK : NULL);
	}
	return youngest;
}

/* 1 - exp(-x), exact where x is small. */
static float one_minus_exp(float x)
{
	if (x < 0.02f)
		return x * (1.0f - x * (0.5f - x * (1.0f / 6.0f)));
	x = -LOG2_E * x;
	return 1.0f - exp2_poly(x > -100.0f ? x : -100.0f);
}

/* Slow process k of a chunk: s [4][16] from since to now; z [4][16]. */
static void advance(float *s, const float *z, const float *dt, const bool *is_fresh, float rate)
{
	for (int j = 0; j < PCM_N_DEVICE * N_LANE; j++) {
		float x = rate * dt[j], half = -0.5f * LOG2_E * x;
		float keep = exp2_poly(half > -100.0f ? half : -100.0f);
		float old = is_fresh[j] ? 0.0f : s[j];
		s[j] = old * keep + sqrtf(LN_10 * one_minus_exp(x)) * z[j];
	}
}

bool pcm_aging_advance(struct pcm_chip *c, uint32_t row, uint32_t i, uint64_t now)
{
	const struct pcm_aging *a = &c->aging;
	size_t chunk = (size_t)row * PCM_N_CHUNK + i;
	const uint32_t n = PCM_N_DEVICE * N_LANE;
	float dt[PCM_N_DEVICE * N_LANE], z[PCM_N_SLOW * PCM_GROUP];
	bool is_fresh[PCM_N_DEVICE * N_LANE];
	if (a->n_slow == 0 || now - c->array.noise_t[chunk] < a->hold)
		return false;
	uint64_t since = c->array.noise_t[chunk];
	for (uint32_t j = 0; j < n; j++) {
		uint64_t t = c->array.t_prog[pcm_device_index(
			row, j / N_LANE, i * PCM_CHUNK + j % N_LANE)];
		is_fresh[j] = t >= since;
		dt[j] = (float)(int64_t)(now - (t > since ? t : since));
	}
	/* A chunk advances once at a time, so time and chunk are an address. */
	struct pcm_stream stream = pcm_stream(c->prm.seed, c->i_chip, PCM_USE_FLICKER, now);
	c->dsp->normals(z, &stream, (uint32_t)chunk * a->n_slow, a->n_slow);
	for (uint32_t k = 0; k < a->n_slow; k++)
		advance(c->array.slow + (chunk * a->n_slow + k) * n, z + k * n, dt, is_fresh,
			a->slow_rate[k]);
	c->array.noise_t[chunk] = now;
	return true;
}
