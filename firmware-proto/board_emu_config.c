/* SPDX-License-Identifier: Apache-2.0 */
/* board_emu_config.c - key=value texts to parameters, and to the name of the board. */
#include "board_emu.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_KEY 32

__attribute__((format(printf, 3, 4))) static int complain(
	struct board_emu_config *c, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(c->complaint, sizeof(c->complaint), format, ap);
	va_end(ap);
	return r;
}

static int set_chips(struct board_emu_config *c, const char *value)
{
	unsigned long n = strtoul(value, NULL, 10);

	if (!*value || value[strspn(value, "0123456789")])
		return complain(c, -EINVAL, "chips=%s is not a whole number", value);
	if (n < 1 || n > BOARD_EMU_N_CHIP_MAX)
		return complain(
			c, -ERANGE, "chips=%s is outside 1 .. %d", value, BOARD_EMU_N_CHIP_MAX);
	c->n_chip = (uint32_t)n;
	return 0;
}

/* The URI gets the full path, as hal gives it. */
static int load_preset(struct board_emu_config *c, const char *path)
{
	int r = pcm_params_load(&c->prm, path, c->complaint, sizeof(c->complaint));
	char *full;

	if (r < 0)
		return r == -ENOMEM || r == -ERANGE ? r : -EINVAL;
	full = realpath(path, NULL);
	if (!full || strlen(full) >= sizeof(c->preset))
		r = complain(c, -EINVAL, "preset=%s: its full path %s", path,
			full ? "is too long" : strerror(errno));
	else
		strcpy(c->preset, full);
	free(full);
	return r;
}

static int set_preset(struct board_emu_config *c, const char *name)
{
	if (pcm_preset_is_file(name))
		return load_preset(c, name);
	if (strlen(name) >= sizeof(c->preset) || pcm_params_set(&c->prm, "preset", name) < 0)
		return complain(c, -EINVAL, "unknown preset \"%s\", did you mean \"%s\"?", name,
			pcm_preset_nearest(name));
	strcpy(c->preset, name);
	return 0;
}

static int set_param(struct board_emu_config *c, const char *key, const char *value)
{
	const struct pcm_param *p = pcm_param_find(key);
	int r;

	if (!p)
		return complain(c, -EINVAL, "unknown key \"%s\", did you mean \"%s\"?", key,
			pcm_param_nearest(key));
	r = pcm_params_set(&c->prm, key, value);
	if (r == -ERANGE)
		return complain(c, r, "%s=%s is outside %.10g .. %.10g %s", key, value, p->min,
			p->max, p->unit);
	return r < 0 ? complain(c, r, "%s=%s: %s", key, value, strerror(-r)) : 0;
}

/* preset= in the first round, all others in the second. */
static int set(struct board_emu_config *c, const char *arg, bool is_first)
{
	const char *equal = strchr(arg, '=');
	char key[N_KEY];
	bool is_preset;

	if (!equal || equal == arg || (size_t)(equal - arg) >= sizeof(key))
		return complain(c, -EINVAL, "\"%s\" is not KEY=VALUE", arg);
	memcpy(key, arg, (size_t)(equal - arg));
	key[equal - arg] = '\0';
	is_preset = !strcmp(key, "preset");
	if (is_preset != is_first)
		return 0;
	if (is_preset)
		return set_preset(c, equal + 1);
	return !strcmp(key, "chips") ? set_chips(c, equal + 1) : set_param(c, key, equal + 1);
}

/* Keys need no escapes in a URI; values, of which one may be a path, as hal/uri.c writes them. */
static int append(struct board_emu_config *c, const char *key, const char *value)
{
	size_t n = strlen(c->uri);

	n += (size_t)snprintf(c->uri + n, sizeof(c->uri) - n, "&%s=", key);
	for (; *value && n < sizeof(c->uri); value++) {
		bool is_plain = (unsigned char)*value < 0x80 &&
			(isalnum((unsigned char)*value) || strchr("-._~/:@,+", *value));

		n += (size_t)snprintf(c->uri + n, sizeof(c->uri) - n, is_plain ? "%c" : "%%%02X",
			(unsigned char)*value);
	}
	if (n >= sizeof(c->uri))
		return complain(
			c, -EINVAL, "more parameters than %zu bytes can name", sizeof(c->uri) - 1);
	return 0;
}

/* As hal names an emu: board: the seed always, else what the preset does not say anyway. */
static int print_uri(struct board_emu_config *c)
{
	int r = 0;

	snprintf(c->uri, sizeof(c->uri), "emu:?chips=%u", c->n_chip);
	if (*c->preset)
		r = append(c, "preset", c->preset);
	for (const struct pcm_param *p = pcm_param_table; p->key && r == 0; p++) {
		char value[PCM_N_TEXT] = "", other[PCM_N_TEXT] = "";

		pcm_params_print(&c->prm, p->key, value, sizeof(value));
		pcm_params_print(&c->base, p->key, other, sizeof(other));
		if (strcmp(value, other) || !strcmp(p->key, "seed"))
			r = append(c, p->key, value);
	}
	return r;
}

int board_emu_config_parse(struct board_emu_config *ret, const char *const *arg, size_t n)
{
	const char *complaint;

	memset(ret, 0, sizeof(*ret));
	pcm_params_default(&ret->prm);
	ret->base = ret->prm;
	ret->n_chip = BOARD_EMU_N_CHIP_DEFAULT;
	for (size_t i = 0; i < 2 * n; i++) {
		int r;

		if (i == n)
			ret->base = ret->prm;
		r = set(ret, arg[i % n], i < n);
		if (r < 0)
			return r;
	}
	complaint = pcm_params_complaint(&ret->prm);
	if (complaint)
		return complain(ret, -EINVAL, "%s", complaint);
	return print_uri(ret);
}

void board_emu_config_help(void (*row)(void *user, const char *key, const char *unit,
				   const char *def, const char *help),
	void *user)
{
	row(user, "chips", "1", "2", "chips of the board, 1 .. 64");
	row(user, "preset", "", pcm_preset_table[0].name, "named set of parameters, applied first");
	for (const struct pcm_param *p = pcm_param_table; p->key; p++)
		row(user, p->key, p->unit, p->def, p->help);
}
