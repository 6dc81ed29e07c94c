/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "faults.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "chip.h"

#define N_FIELD 3

enum kind { ROW, COL, SWAP, NOISY, CODE, RESET, SET };

/* What an item is: the first and past-the-last value of each of its numbers. */
static const struct form {
	const char *name;
	int n;
	int min[N_FIELD], end[N_FIELD];
} forms[] = {
	[ROW] = { "row:", 1, { 0 }, { PCM_N_ROW } },
	[COL] = { "col:", 1, { 0 }, { PCM_N_COL } },
	[SWAP] = { "swap:", 1, { 0 }, { PCM_N_COL } },
	[NOISY] = { "noisy:", 1, { 0 }, { PCM_N_COL } },
	[CODE] = { "code:", 2, { 0, -INT16_MAX }, { PCM_N_COL, INT16_MAX } },
	[RESET] = { "reset:", 3, { 0 }, { PCM_N_ROW, PCM_N_COL, PCM_N_DEVICE } },
	[SET] = { "set:", 3, { 0 }, { PCM_N_ROW, PCM_N_COL, PCM_N_DEVICE } },
};

#define N_FORM (sizeof(forms) / sizeof(forms[0]))

struct item {
	enum kind kind;
	int field[N_FIELD];
};

/* A number at *text, which moves behind it. */
static int number(int *ret, const char **text, int min, int end)
{
	bool is_negative = **text == '-';
	int x = 0;
	const char *s = *text + is_negative;
	size_t n = strspn(s, "0123456789");
	if (n < 1 || n > 5)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		x = 10 * x + (s[i] - '0');
	*ret = is_negative ? -x : x;
	*text = s + n;
	return *ret >= min && *ret < end ? 0 : -EINVAL;
}

/* The item at *text, which moves behind it and its comma. */
static int next(struct item *ret, const char **text)
{
	for (size_t k = 0; k < N_FORM; k++) {
		const struct form *form = &forms[k];
		size_t n = strlen(form->name);
		if (strncmp(*text, form->name, n))
			continue;
		*text += n - 1; /* at the colon */
		ret->kind = (enum kind)k;
		for (int i = 0; i < form->n; i++) {
			if (*(*text)++ != ':')
				return -EINVAL;
			int r = number(&ret->field[i], text, form->min[i], form->end[i]);
			if (r < 0)
				return r;
		}
		if (**text == ',' && (*text)[1])
			++*text;
		else if (**text)
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

int pcm_faults_check(const char *list)
{
	struct item item;
	while (*list) {
		int r = next(&item, &list);
		if (r < 0)
			return r;
	}
	return 0;
}

bool pcm_faults_has_stuck(const struct pcm_params *prm)
{
	return prm->stuck_reset_rate > 0 || prm->stuck_set_rate > 0 || strstr(prm->faults, "set:");
}

static void set_bit(uint32_t *bits, size_t i)
{
	bits[i / 32] |= UINT32_C(1) << i % 32;
}

static void stick(struct pcm_faults *f, size_t i, bool at_set)
{
	set_bit(f->stuck, i);
	if (at_set)
		set_bit(f->stuck_at_set, i);
}

static void apply(struct pcm_faults *f, const struct item *item)
{
	const int *x = item->field;
	switch (item->kind) {
	case ROW:
		f->dead_row[x[0]] = true;
		break;
	case COL:
		f->dead_col[x[0]] = true;
		break;
	case SWAP:
		f->swapped[x[0]] = true;
		break;
	case NOISY:
		f->noisy[x[0]] = true;
		break;
	case CODE:
		f->missing[x[0]] = (int16_t)x[1];
		break;
	default:
		stick(f, pcm_device_index((uint32_t)x[0], (uint32_t)x[2], (uint32_t)x[1]),
			item->kind == SET);
	}
}

/* Words below this happen at that rate. */
static uint64_t threshold(double rate)
{
	return (uint64_t)(rate * 4294967296.0);
}

static void draw_lines(struct pcm_faults *f, const struct pcm_params *prm, uint32_t i_chip)
{
	const struct {
		bool *is; /* [256] */
		double rate;
	} kinds[] = { { f->dead_row, prm->dead_row_rate }, { f->dead_col, prm->dead_col_rate },
		{ f->swapped, prm->swapped_col_rate }, { f->noisy, prm->noisy_col_rate } };
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct pcm_stream s = pcm_stream(prm->seed, i_chip, PCM_USE_LINE, k);
		for (uint32_t i = 0; i < PCM_N_COL; i++)
			kinds[k].is[i] = pcm_word_at(&s, i) < threshold(kinds[k].rate);
	}
}

/* Within a quarter of full scale on either side of 0, where products have most of their codes. */
static void draw_missing(struct pcm_faults *f, const struct pcm_params *prm, uint32_t i_chip)
{
	struct pcm_stream is = pcm_stream(prm->seed, i_chip, PCM_USE_LINE, 4);
	struct pcm_stream which = pcm_stream(prm->seed, i_chip, PCM_USE_LINE, 5);
	uint32_t span = 1u << (prm->adc_bits - 2);
	for (uint32_t i = 0; i < PCM_N_COL; i++) {
		f->missing[i] = PCM_NO_CODE;
		if (pcm_word_at(&is, i) < threshold(prm->missing_code_rate))
			f->missing[i] =
				(int16_t)((int)(pcm_word_at(&which, i) % span) - (int)(span / 2));
	}
}

static void draw_stuck(struct pcm_faults *f, const struct pcm_params *prm, uint32_t i_chip)
{
	uint64_t n_reset = threshold(prm->stuck_reset_rate);
	uint64_t n_stuck = n_reset + threshold(prm->stuck_set_rate);
	struct pcm_stream s = pcm_stream(prm->seed, i_chip, PCM_USE_STUCK, 0);
	for (uint32_t i = 0; i < PCM_N / 4 && n_stuck > 0; i++) {
		uint32_t word[4];
		pcm_philox(word, (uint32_t[4]){ i, s.op[0], s.op[1], s.use }, s.key);
		for (uint32_t k = 0; k < 4; k++) {
			if (word[k] < n_stuck)
				stick(f, 4 * (size_t)i + k, word[k] >= n_reset);
		}
	}
}

void pcm_faults_draw(struct pcm_faults *f, const struct pcm_params *prm, uint32_t i_chip)
{
	const char *list = prm->faults;
	struct item item;
	draw_lines(f, prm, i_chip);
	draw_missing(f, prm, i_chip);
	if (f->stuck)
		draw_stuck(f, prm, i_chip);
	while (*list && next(&item, &list) == 0)
		apply(f, &item);
	for (uint32_t i = 0; i < PCM_N_ROW; i++)
		f->has_dead_row |= f->dead_row[i];
	for (uint32_t i = 0; i < PCM_N_COL; i++)
		f->has_missing |= f->missing[i] != PCM_NO_CODE;
}
