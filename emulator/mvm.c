/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mvm.c - the analog product. Only driven rows cost: a bit that is 0 or a code that is 0 drives
 * nothing and adds no read noise.
 */
#include "chip.h"
#include <errno.h>
#include <math.h>

static size_t n_byte(const struct pcm_mvm *m)
{
	return m->input == PCM_INPUT_BIT ? (m->n_row + 7) / 8 : m->n_row;
}

static bool has_code_minus_128(const struct pcm_mvm *m)
{
	const int8_t *in = m->in;
	size_t n = (size_t)m->n_vec * m->n_row;
	bool found = false;
	for (size_t i = 0; i < n; i++)
		found |= in[i] == -128;
	return found;
}

static int check(const struct pcm_chip *c, const struct pcm_mvm *m)
{
	if (!pcm_patch_fits(m->row, m->n_row, m->col, m->n_col))
		return -EINVAL;
	if (m->input != PCM_INPUT_BIT && m->input != PCM_INPUT_INT8)
		return -EINVAL;
	if (m->n_vec > 0 && (!m->in || !m->out))
		return -EINVAL;
	if (m->input == PCM_INPUT_INT8 && has_code_minus_128(m))
		return -EINVAL;
	if (!pcm_clock_fits(c, m->n_vec, pcm_t_vector(c)))
		return -EOVERFLOW;
	return 0;
}

static void drive_bit(struct pcm_drive *d, const uint8_t *in, uint32_t row, uint32_t n_row)
{
	d->n = 0;
	for (uint32_t i = 0; i < n_row; i += 64) {
		uint32_t n = n_row - i < 64 ? n_row - i : 64;
		uint64_t word = 0;
		for (uint32_t j = 0; j < n; j += 8)
			word |= (uint64_t)in[(i + j) / 8] << j;
		if (n < 64)
			word &= (UINT64_C(1) << n) - 1;
		for (; word; word &= word - 1)
			d->row[d->n++] = (uint16_t)(row + i + (uint32_t)__builtin_ctzll(word));
	}
}

static void drive_int8(struct pcm_drive *d, const int8_t *in, uint32_t row, uint32_t n_row)
{
	d->n = 0;
	for (uint32_t i = 0; i < n_row; i++) {
		d->row[d->n] = (uint16_t)(row + i);
		d->x[d->n] = (float)in[i];
		d->n += in[i] != 0;
	}
}

/* As DACs of fewer bits give them; what they round to 0 drives nothing. */
static void round_inputs(const struct pcm_chip *c, struct pcm_drive *d)
{
	float level = PCM_DAC_MAX / c->dac_max; /* codes from one to the next */
	uint32_t n = 0;
	for (uint32_t i = 0; i < d->n; i++) {
		d->row[n] = d->row[i];
		d->x[n] = level * rintf(d->x[i] / level);
		n += d->x[n] != 0.0f;
	}
	d->n = n;
}

static void drop_dead_rows(const struct pcm_chip *c, struct pcm_drive *d)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < d->n; i++) {
		d->row[n] = d->row[i];
		d->x[n] = d->x[i];
		n += !c->faults.dead_row[d->row[i]];
	}
	d->n = n;
}

static void add(struct pcm_chip *c, const struct pcm_mvm *m, bool with_noise)
{
	struct pcm_scratch *s = &c->scratch;
	const float *g = c->cache.g + m->col;
	const uint16_t *v = with_noise ? c->cache.v + m->col : NULL;
	pcm_cache_update(c, &s->drive, m->col, m->n_col);
	if (c->wire.total)
		pcm_wire_add(c, m, with_noise);
	else if (m->input == PCM_INPUT_BIT)
		c->dsp->add_bit(s->acc_g, s->acc_v, g, v, &s->drive, m->n_col);
	else
		c->dsp->add_int8(s->acc_g, s->acc_v, g, v, &s->drive, m->n_col);
}

static uint32_t one_vector(
	struct pcm_chip *c, const struct pcm_mvm *m, const void *in, int16_t *out)
{
	struct pcm_scratch *s = &c->scratch;
	bool literal = c->has_noise && c->prm.read_noise == PCM_NOISE_LITERAL;
	bool projected = c->has_noise && !literal;
	if (m->input == PCM_INPUT_BIT)
		drive_bit(&s->drive, in, m->row, m->n_row);
	else
		drive_int8(&s->drive, in, m->row, m->n_row);
	if (m->input == PCM_INPUT_INT8 && c->dac_max < PCM_DAC_MAX)
		round_inputs(c, &s->drive);
	if (c->faults.has_dead_row)
		drop_dead_rows(c, &s->drive);
	for (uint32_t i = 0; c->has_disturb && i < s->drive.n; i++)
		c->row_reads[s->drive.row[i]]++;
	if (literal)
		pcm_read_literally(c, m);
	else
		add(c, m, projected);
	if (projected || c->columns.has_noise) {
		struct pcm_stream z =
			pcm_stream(c->prm.seed, c->i_chip, PCM_USE_MVM, c->count.n_mvm);
		c->dsp->normals(s->z, &z, 0, (m->n_col + PCM_GROUP - 1) / PCM_GROUP);
	}
	return pcm_adc_convert(c, m, projected, out);
}

int pcm_chip_mvm(struct pcm_chip *c, struct pcm_mvm *m)
{
	const uint8_t *in = m->in;
	uint32_t n_sat = 0;
	int r = check(c, m);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < m->n_vec; i++) {
		n_sat += one_vector(c, m, in + i * n_byte(m), m->out + (size_t)i * m->n_col);
		c->count.n_mvm++;
		c->count.n_phase += c->phases == PCM_FOUR_PHASES ? 4 : 1;
		c->count.time += pcm_t_vector(c);
	}
	c->count.n_sat += n_sat;
	m->n_sat = n_sat;
	return 0;
}
