/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers are read and written as in the C locale whatever the program's is (strtod_l, and
 * uselocale() around snprintf: per thread, put back).
 */
#include "pcm.h"
#include "faults.h"
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_WORD 64 /* longest key, number or name, and a NUL */

static void *field(const struct pcm_params *prm, const struct pcm_param *p)
{
	return (char *)(uintptr_t)prm + p->offset;
}

const struct pcm_param *pcm_param_find(const char *key)
{
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		if (!strcmp(p->key, key))
			return p;
	}
	return NULL;
}

static const struct pcm_preset *preset_find(const char *name)
{
	for (const struct pcm_preset *p = pcm_preset_table; p->name; p++) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}

/* A whole finite number in the C locale; no leading space, nan or inf. */
static int parse_double(double *ret, const char *text)
{
	char *end;
	locale_t c;
	double x;
	if (!isdigit((unsigned char)*text) && !strchr("+-.", *text))
		return -EINVAL;
	c = newlocale(LC_ALL_MASK, "C", NULL);
	if (!c)
		return -ENOMEM;
	x = strtod_l(text, &end, c);
	freelocale(c);
	if (end == text || *end || isnan(x))
		return -EINVAL;
	if (isinf(x))
		return strpbrk(text, "iI") ? -EINVAL : -ERANGE;
	*ret = x;
	return 0;
}

/* Decimal digits only. */
static int parse_u64(uint64_t *ret, const char *text)
{
	uint64_t x = 0;
	if (!*text)
		return -EINVAL;
	for (const char *s = text; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
	}
	for (const char *s = text; *s; s++) {
		uint64_t digit = (uint64_t)(*s - '0');
		if (x > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		x = x * 10 + digit;
	}
	*ret = x;
	return 0;
}

static int set_double(struct pcm_params *prm, const struct pcm_param *p, const char *value)
{
	double x;
	int r = parse_double(&x, value);
	if (r < 0)
		return r;
	if (x < p->min || x > p->max)
		return -ERANGE;
	*(double *)field(prm, p) = x;
	return 0;
}

static int set_integer(struct pcm_params *prm, const struct pcm_param *p, const char *value)
{
	uint64_t x;
	int r = parse_u64(&x, value);
	if (r < 0)
		return r;
	if ((double)x < p->min || (double)x > p->max)
		return -ERANGE;
	if (p->type == PCM_PARAM_U32)
		*(uint32_t *)field(prm, p) = (uint32_t)x;
	else
		*(uint64_t *)field(prm, p) = x;
	return 0;
}

static int set_choice(struct pcm_params *prm, const struct pcm_param *p, const char *value)
{
	for (uint32_t i = 0; p->choices[i]; i++) {
		if (!strcmp(p->choices[i], value)) {
			*(uint32_t *)field(prm, p) = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_faults(struct pcm_params *prm, const struct pcm_param *p, const char *value)
{
	if (pcm_faults_check(value) < 0)
		return -EINVAL;
	if (strlen(value) >= PCM_N_TEXT)
		return -ERANGE;
	memset(field(prm, p), 0, PCM_N_TEXT);
	memcpy(field(prm, p), value, strlen(value));
	return 0;
}

static int set_one(struct pcm_params *prm, const char *key, const char *value)
{
	const struct pcm_param *p = pcm_param_find(key);
	if (!p)
		return -ENOENT;
	switch (p->type) {
	case PCM_PARAM_DOUBLE:
		return set_double(prm, p, value);
	case PCM_PARAM_CHOICE:
		return set_choice(prm, p, value);
	case PCM_PARAM_FAULTS:
		return set_faults(prm, p, value);
	default:
		return set_integer(prm, p, value);
	}
}

/* "key=value&key=value"; the first may be "preset=name". */
static int set_text(struct pcm_params *prm, const char *text)
{
	while (*text) {
		char item[2 * N_WORD];
		size_t n = strcspn(text, "&");
		if (n >= sizeof(item))
			return -EINVAL;
		memcpy(item, text, n);
		item[n] = '\0';
		char *value = strchr(item, '=');
		if (!value)
			return -EINVAL;
		*value++ = '\0';
		const struct pcm_preset *base = strcmp(item, "preset") ? NULL : preset_find(value);
		int r = base ? set_text(prm, base->text) : set_one(prm, item, value);
		if (r < 0)
			return r;
		text += n + (text[n] == '&');
	}
	return 0;
}

static void set_table(struct pcm_params *prm)
{
	*prm = (struct pcm_params){ 0 };
	for (const struct pcm_param *p = pcm_param_table; p->key; p++)
		set_one(prm, p->key, p->def);
}

void pcm_params_default(struct pcm_params *prm)
{
	set_table(prm);
	set_text(prm, pcm_preset_table[0].text);
}

int pcm_params_set(struct pcm_params *prm, const char *key, const char *value)
{
	const struct pcm_preset *preset;
	struct pcm_params next;
	if (strcmp(key, "preset"))
		return set_one(prm, key, value);
	preset = preset_find(value);
	if (!preset)
		return -ENOENT;
	set_table(&next);
	int r = set_text(&next, preset->text);
	if (r < 0)
		return r;
	*prm = next;
	return 0;
}

/* The shortest of 15 to 17 digits that reads back as x. */
static int print_double(char *buf, size_t n, double x)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
	if (!c)
		return -ENOMEM;
	locale_t old = uselocale(c);
	int len = 0;
	for (int digits = 15; digits <= 17; digits++) {
		double back;
		len = snprintf(buf, n, "%.*g", digits, x);
		if (parse_double(&back, buf) == 0 && back == x)
			break;
	}
	uselocale(old);
	freelocale(c);
	return len;
}

int pcm_params_print(const struct pcm_params *prm, const char *key, char *buf, size_t n)
{
	char text[PCM_N_TEXT];
	const struct pcm_param *p = pcm_param_find(key);
	int len;
	if (!p)
		return -ENOENT;
	if (p->type == PCM_PARAM_DOUBLE)
		len = print_double(text, sizeof(text), *(const double *)field(prm, p));
	else if (p->type == PCM_PARAM_FAULTS)
		len = snprintf(text, sizeof(text), "%s", (const char *)field(prm, p));
	else if (p->type == PCM_PARAM_U64)
		len = snprintf(text, sizeof(text), "%llu",
			(unsigned long long)*(const uint64_t *)field(prm, p));
	else if (p->type == PCM_PARAM_U32)
		len = snprintf(text, sizeof(text), "%u", *(const uint32_t *)field(prm, p));
	else
		len = snprintf(
			text, sizeof(text), "%s", p->choices[*(const uint32_t *)field(prm, p)]);
	if (len < 0)
		return len;
	if ((size_t)len >= n)
		return -ENOSPC;
	memcpy(buf, text, (size_t)len + 1);
	return 0;
}

/* Insertions, deletions, replacements from a to b (Levenshtein), both cut to N_WORD - 1. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[N_WORD];
	size_t n_a = strnlen(a, N_WORD - 1), n_b = strnlen(b, N_WORD - 1);
	for (unsigned j = 0; j <= n_b; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n_a; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= n_b; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n_b];
}

const char *pcm_param_nearest(const char *key)
{
	const char *best = pcm_param_table[0].key;
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		if (distance(key, p->key) < distance(key, best))
			best = p->key;
	}
	return distance(key, "preset") < distance(key, best) ? "preset" : best;
}

const char *pcm_preset_nearest(const char *name)
{
	const char *best = pcm_preset_table[0].name;
	for (const struct pcm_preset *p = pcm_preset_table; p->name; p++) {
		if (distance(name, p->name) < distance(name, best))
			best = p->name;
	}
	return best;
}

static bool in_range(const struct pcm_params *prm, const struct pcm_param *p)
{
	double x;
	uint32_t n = 0;
	switch (p->type) {
	case PCM_PARAM_DOUBLE:
		x = *(const double *)field(prm, p);
		return x >= p->min && x <= p->max;
	case PCM_PARAM_U32:
		x = *(const uint32_t *)field(prm, p);
		return x >= p->min && x <= p->max;
	case PCM_PARAM_CHOICE:
		while (p->choices[n])
			n++;
		return *(const uint32_t *)field(prm, p) < n;
	case PCM_PARAM_FAULTS:
		return memchr(field(prm, p), 0, PCM_N_TEXT) && !pcm_faults_check(field(prm, p));
	default:
		return true;
	}
}

const char *pcm_params_complaint(const struct pcm_params *prm)
{
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		if (!in_range(prm, p))
			return "a parameter is outside its range";
	}
	if (prm->g_min >= prm->g_max)
		return "g_min must be below g_max";
	if (prm->reset_mean > prm->g_max)
		return "reset_mean must not exceed g_max";
	if (prm->reset_min > prm->g_max)
		return "reset_min must not exceed g_max";
	if (prm->stuck_reset_rate + prm->stuck_set_rate > 1)
		return "stuck_reset_rate and stuck_set_rate together must not exceed 1";
	return NULL;
}
