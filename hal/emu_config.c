/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spelling.h"

static void list_choices(char *buf, size_t n, const char *const *choices)
{
	size_t len = 0;

	buf[0] = '\0';
	for (; *choices && len < n; choices++)
		len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", *choices);
}

static void list_presets(char *buf, size_t n)
{
	size_t len = 0;

	buf[0] = '\0';
	for (const struct pcm_preset *p = pcm_preset_table; p->name && len < n; p++)
		len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", p->name);
}

static void describe_presets(char *buf, size_t n)
{
	size_t len = (size_t)snprintf(buf, n,
		"named set of the parameters below, applied before them, or a file FILE.yaml of "
		"them (copy one of emulator/presets)");

	for (const struct pcm_preset *p = pcm_preset_table; p->name && len < n; p++)
		len += (size_t)snprintf(buf + len, n - len, "; %s: %s", p->name, p->help);
}

static void print_range(char *buf, size_t n, const struct pcm_param *p)
{
	if (p->type == PCM_PARAM_CHOICE)
		list_choices(buf, n, p->choices);
	else if (p->type == PCM_PARAM_U64)
		snprintf(buf, n, "0 .. 18446744073709551615");
	else if (p->type == PCM_PARAM_FAULTS)
		snprintf(buf, n, "up to %d bytes", PCM_N_TEXT - 1);
	else
		snprintf(buf, n, "%.10g .. %.10g", p->min, p->max);
}

static const char *unit_of(const struct pcm_param *p)
{
	return p->unit && strcmp(p->unit, "1") ? p->unit : "";
}

static int unknown_key(const char *key, struct xbar_message *msg)
{
	const char *const near[] = { "chips", "preset", "state", pcm_param_nearest(key), NULL };

	return xbar_fail(msg, -EINVAL,
		"emu: unknown key \"%s\", did you mean \"%s\"? \"xbar info --help-uri\" lists all",
		key, xbar_nearest(key, near));
}

static int param_complaint(
	const struct pcm_param *p, const char *value, int r, struct xbar_message *msg)
{
	const char *unit = unit_of(p);
	char range[256];

	print_range(range, sizeof(range), p);
	if (r == -ERANGE)
		return xbar_fail(msg, r, "emu: %s=%s%s%s is outside %s%s%s (%s)", p->key, value,
			*unit ? " " : "", unit, range, *unit ? " " : "", unit, p->help);
	if (r != -EINVAL)
		return xbar_fail(msg, r, "emu: %s=%s: %s", p->key, value, strerror(-r));
	if (p->type == PCM_PARAM_FAULTS)
		return xbar_fail(msg, r,
			"emu: %s=%s is no list like row:17,code:5:-3,set:1:2:3 (%s)", p->key, value,
			p->help);
	if (p->type == PCM_PARAM_CHOICE)
		return xbar_fail(msg, r, "emu: %s=%s: unknown, did you mean \"%s\"? There are: %s",
			p->key, value, xbar_nearest(value, p->choices), range);
	return xbar_fail(msg, r, "emu: %s=%s is not a %snumber; %s%s%s are possible", p->key, value,
		p->type == PCM_PARAM_DOUBLE ? "" : "whole ", range, *unit ? " " : "", unit);
}

/* The URI gets the full path: it has to give this board again wherever the program runs. */
static int load_preset(struct emu_config *c, const char *path, struct xbar_message *msg)
{
	char complaint[512], *full;
	int r = pcm_params_load(&c->prm, path, complaint, sizeof(complaint));

	if (r < 0)
		return xbar_fail(msg,
			r == -ENOMEM           ? r
				: r == -ERANGE ? r
					       : -EINVAL,
			"emu: preset: %s", complaint);
	full = realpath(path, NULL);
	if (!full || strlen(full) >= sizeof(c->preset))
		r = xbar_fail(msg, -EINVAL, "emu: preset=%s: its full path %s", path,
			full ? "is too long for a URI" : strerror(errno));
	else
		strcpy(c->preset, full);
	free(full);
	return r;
}

static int set_preset(struct emu_config *c, const char *name, struct xbar_message *msg)
{
	char all[256];
	int r;

	if (pcm_preset_is_file(name))
		return load_preset(c, name, msg);
	r = pcm_params_set(&c->prm, "preset", name);
	if (r == 0) {
		strcpy(c->preset, name);
		return 0;
	}
	if (r != -ENOENT)
		return xbar_fail(msg, r, "emu: preset=%s: %s", name, strerror(-r));
	list_presets(all, sizeof(all));
	return xbar_fail(msg, -EINVAL,
		"emu: unknown preset \"%s\", did you mean \"%s\"? There are: %s, and files that "
		"end in .yaml",
		name, pcm_preset_nearest(name), all);
}

static int set_chips(struct emu_config *c, const char *value, struct xbar_message *msg)
{
	char *end;
	unsigned long v;

	if (!*value || value[strspn(value, "0123456789")])
		return xbar_fail(msg, -EINVAL,
			"emu: chips=%s is not a whole number; 1 .. %d are possible", value,
			EMU_N_CHIP_MAX);
	v = strtoul(value, &end, 10);
	if (v < 1 || v > EMU_N_CHIP_MAX)
		return xbar_fail(msg, -ERANGE, "emu: chips=%s is outside 1 .. %d chips", value,
			EMU_N_CHIP_MAX);
	c->n_chip = (uint32_t)v;
	return 0;
}

static int set_state(struct emu_config *c, const char *value, struct xbar_message *msg)
{
	if (!*value)
		return xbar_fail(
			msg, -EINVAL, "emu: state= names no file, as in state=board.state");
	strcpy(c->state, value);
	return 0;
}

static int set_key(
	struct emu_config *c, const char *key, const char *value, struct xbar_message *msg)
{
	const struct pcm_param *p = pcm_param_find(key);
	int r;

	if (!strcmp(key, "preset"))
		return 0;
	if (!strcmp(key, "chips"))
		return set_chips(c, value, msg);
	if (!strcmp(key, "state"))
		return set_state(c, value, msg);
	if (!p)
		return unknown_key(key, msg);
	r = pcm_params_set(&c->prm, key, value);
	return r < 0 ? param_complaint(p, value, r, msg) : 0;
}

int emu_config_parse(struct emu_config *ret, const struct xbar_uri *uri, struct xbar_message *msg)
{
	const char *preset = xbar_uri_value(uri, "preset"), *complaint;
	int r = 0;

	if (*uri->path)
		return xbar_fail(msg, -EINVAL,
			"emu: \"%s\" after emu: means nothing; parameters follow a ?, as in "
			"emu:?chips=2",
			uri->path);
	memset(ret, 0, sizeof(*ret));
	pcm_params_default(&ret->prm);
	ret->n_chip = EMU_N_CHIP_DEFAULT;
	if (preset)
		r = set_preset(ret, preset, msg);
	ret->base = ret->prm;
	for (size_t i = 0; i < uri->n_query && r == 0; i++)
		r = set_key(ret, uri->query[i].key, uri->query[i].value, msg);
	if (r < 0)
		return r;
	complaint = pcm_params_complaint(&ret->prm);
	if (complaint)
		return xbar_fail(msg, -EINVAL, "emu: %s", complaint);
	return 0;
}

/* The seed always: two boards differ by it more often than by anything else. */
static int append_param(const struct emu_config *c, const struct pcm_param *p, char *buf, size_t n)
{
	char value[PCM_N_TEXT], plain[PCM_N_TEXT];
	int r = pcm_params_print(&c->prm, p->key, value, sizeof(value));

	if (r == 0)
		r = pcm_params_print(&c->base, p->key, plain, sizeof(plain));
	if (r < 0)
		return r;
	if (!strcmp(value, plain) && strcmp(p->key, "seed"))
		return 0;
	return xbar_uri_append(buf, n, p->key, value);
}

int emu_config_print(const struct emu_config *c, char *buf, size_t n, struct xbar_message *msg)
{
	int r = 0;

	snprintf(buf, n, "emu:?chips=%u", c->n_chip);
	if (*c->preset)
		r = xbar_uri_append(buf, n, "preset", c->preset);
	for (const struct pcm_param *p = pcm_param_table; p->key && r == 0; p++)
		r = append_param(c, p, buf, n);
	if (r < 0)
		return xbar_fail(
			msg, -EINVAL, "emu: the complete URI is longer than %zu bytes", n - 1);
	return 0;
}

void emu_config_help(xbar_help_row *row, void *user)
{
	char def[16], range[256], help[2048];

	snprintf(def, sizeof(def), "%d", EMU_N_CHIP_DEFAULT);
	snprintf(range, sizeof(range), "1 .. %d", EMU_N_CHIP_MAX);
	row(user, "chips", "1", def, range, "",
		"chips of the board, alike but for their randomness");
	list_presets(range, sizeof(range));
	describe_presets(help, sizeof(help));
	row(user, "preset", "", pcm_preset_table[0].name, range, "", help);
	row(user, "state", "", "", "a file's name", "",
		"keep the board in this file from one program to the next (created if missing)");
	for (const struct pcm_param *p = pcm_param_table; p->key; p++) {
		print_range(range, sizeof(range), p);
		row(user, p->key, p->unit, p->def, range, p->source, p->help);
	}
}
