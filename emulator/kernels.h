/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernels.h - the few loops where the emulator's time goes.
 *
 * kernels.c is the specification; x86/ repeats it for AVX2 and AVX-512 with the same bits, which
 * tests/emulator/check_kernels.c compares. Hence every sum runs in a written-down order, products
 * and sums are rounded apart (no fused multiply-add), and log2, exp2, sin and cos are polynomials
 * of our own: the C library's differ in the last bit between processors.
 *
 * Columns are handled PCM_CHUNK at a time: a kernel told n_col may read and write up to the next
 * multiple of PCM_CHUNK, and arrays given to it have that much room.
 */
#ifndef PCM_KERNELS_H
#define PCM_KERNELS_H

#include <stdint.h>
#include "rng.h"

#define PCM_CHUNK        16
#define PCM_ADD_CHUNK    32 /* the same for add_bit and add_int8 */
#define PCM_N_WIRE_GROUP 8  /* of PCM_ADD_CHUNK columns, all of a row */
#define PCM_CACHE_PAD    64 /* columns after the last row that a kernel may read */

/* Conductance a time after its pulse: g max((t - t_prog) / t0, r_min)^-nu. */
struct pcm_drift {
	float nu;     /* of every device, where it is the same for all */
	float inv_t0; /* 1/ns */
	float r_min;
	float f_min; /* r_min^-nu, as the kernels compute it: pcm_drift_floor() */
};

/*
 * sd of one read of one device: sd_0 + sd_g g, S. Four devices': variance var_0 + var_1 sum of g
 * + var_2 sum of g^2; see pcm_read_noise().
 */
struct pcm_read_noise {
	float sd_0, sd_g;
	float var_0, var_1, var_2;
};

static inline struct pcm_read_noise pcm_read_noise(float sd_0, float sd_g)
{
	return (struct pcm_read_noise){ sd_0, sd_g, 4.0f * sd_0 * sd_0, 2.0f * sd_0 * sd_g,
		sd_g * sd_g };
}

/* Driven word lines of one vector. */
struct pcm_drive {
	uint32_t n;
	uint16_t row[256]; /* ascending */
	float x[256];      /* INT8: the code. BIT: unused, all 1 */
};

/* Devices of one row: four planes of n_col, PCM_N_COL apart; nu NULL is drift->nu for all. */
struct pcm_devices {
	const float *g;         /* S, at t0 after the last pulse */
	const uint64_t *t_prog; /* ns */
	const float *nu;
};

/*
 * What columns make of their currents: in codes, raw = gain I + offset + N(0, var), where the ADC's
 * full scale limits it, then fix_gain raw + fix_offset. Arrays [n_col].
 */
struct pcm_column {
	const float *scale;      /* codes per S (and DAC code) */
	const float *offset;     /* codes */
	const float *var;        /* codes^2, of the ADC's own noise */
	const float *fix_gain;   /* 1 */
	const float *fix_offset; /* codes */
};

struct pcm_dsp {
	const char *name;

	/* ret [64 n_group]: groups i_group .. of an operation's normals. */
	void (*normals)(float *ret, const struct pcm_stream *s, uint32_t i_group, uint32_t n_group);

	/*
	 * acc_g[c] = sum of g[256 row + c], acc_v[c] = sum of v[256 row + c], over the driven rows
	 * in order. v is bfloat16; acc_v and v may be NULL together.
	 */
	void (*add_bit)(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
		const struct pcm_drive *d, uint32_t n_col);
	/* The same, weighted by x and by x^2. */
	void (*add_int8)(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
		const struct pcm_drive *d, uint32_t n_col);

	/*
	 * ret [n driven][group]: inputs d->x as they arrive at a group of columns through lines, to
	 * be added up by add_wire(); total and reach [row][group]: what cells of a row and a group
	 * conduct on average, what a word line leaves of an input. half_r: half of what a cell of
	 * line resists, ohm. See wire.c.
	 */
	void (*wire_inputs)(float *ret, const struct pcm_drive *d, const float *total,
		const float *reach, float half_r);
	/* As add_int8(), whole groups, weighted by x [n driven][group] and its squares. */
	void (*add_wire)(float *acc_g, float *acc_v, const float *g, const uint16_t *v,
		const struct pcm_drive *d, const float *x, uint32_t n_col);

	/*
	 * out[c] = (acc_g[c] + sqrt(acc_v[c]) z[c]) scale[c], rounded half to even, clipped to
	 * +-max; returns how many were clipped. acc_v and z may be NULL together.
	 */
	uint32_t (*convert)(int16_t *out, const float *acc_g, const float *acc_v, const float *z,
		const float *scale, float max, uint32_t n_col);

	/*
	 * The same with columns that differ and err:
	 *	raw = acc_g scale + offset + sqrt(acc_v scale^2 + var) z
	 *	out = clip(raw) fix_gain + fix_offset
	 * clipped and rounded as above; returns how many were clipped, before or after. acc_v may
	 * be NULL, z not.
	 */
	uint32_t (*convert_column)(int16_t *out, const float *acc_g, const float *acc_v,
		const float *z, const struct pcm_column *k, float max, uint32_t n_col);

	/* ret_g [4][PCM_N_COL]: conductances of one row's devices now, n_col columns of each plane. */
	void (*drifted)(float *ret_g, const struct pcm_devices *w, const struct pcm_drift *d,
		uint64_t now, uint32_t n_col);

	/*
	 * Cells' net conductance and read variance now, g and v [n_col], and per chunk the youngest
	 * device's max(age / t0, r_min), ret_r [n_col / PCM_CHUNK]. n_col: whole chunks.
	 */
	void (*refresh)(float *g, uint16_t *v, float *ret_r, const struct pcm_devices *w,
		const struct pcm_drift *d, const struct pcm_read_noise *s, uint64_t now,
		uint32_t n_col);
};

extern const struct pcm_dsp pcm_dsp_c;
extern const struct pcm_dsp pcm_dsp_avx2;   /* only where built: PCM_HAVE_AVX2 */
extern const struct pcm_dsp pcm_dsp_avx512; /* PCM_HAVE_AVX512 */

/* bfloat16 nearest to x, half to even; x finite and >= 0. */
uint16_t pcm_bf16(float x);

/* The factor of a device that has not begun to drift. */
float pcm_drift_floor(const struct pcm_drift *d);

/* By name, or the fastest that this processor runs for NULL; NULL if there is none. */
const struct pcm_dsp *pcm_dsp_find(const char *name);

/* The i-th set of kernels that is built and that this processor runs, fastest first, or NULL. */
const struct pcm_dsp *pcm_dsp_at(unsigned i);

#endif
