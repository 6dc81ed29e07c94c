/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "config_value.h"
#include "config_yaml.h"

void snn_config_default(struct snn_config *c)
{
	memset(c, 0, sizeof(*c)); /* padding too: configurations are compared and hashed as bytes */
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		int r = snn_value_set(c, o, o->def, NULL);

		assert(r == 0);
		(void)r;
	}
}

static int unknown_path(const char *path, struct snn_error *e)
{
	return snn_fail(
		e, -EINVAL, "unknown key %.100s, did you mean %s?", path, snn_option_nearest(path));
}

int snn_config_set(struct snn_config *c, const char *path, const char *value, struct snn_error *e)
{
	const struct snn_option *o = snn_option_find(path);

	return o ? snn_value_set(c, o, value, e) : unknown_path(path, e);
}

int snn_config_value(const struct snn_config *c, const char *path, char *buf, size_t n)
{
	const struct snn_option *o = snn_option_find(path);
	int r;

	if (!o)
		return -ENOENT;
	r = snn_value_print(c, o, buf, n);
	return r < 0 ? r : 0;
}

static bool is_section(const char *path)
{
	size_t n = strlen(path);

	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		if (!strncmp(o->path, path, n) && o->path[n] == '.')
			return true;
	}
	return false;
}

static int apply_item(struct snn_config *c, const struct snn_yaml_item *item, struct snn_error *e)
{
	const struct snn_option *o = snn_option_find(item->path);

	if (!o && is_section(item->path))
		return snn_fail(e, -EINVAL, "%.100s is a section, its keys go below it, indented",
			item->path);
	if (!o)
		return unknown_path(item->path, e);
	if (item->is_list && o->type != SNN_VALUE_U32_LIST)
		return snn_fail(e, -EINVAL, "%s takes one value, not a list", o->path);
	return snn_value_set(c, o, item->value, e);
}

static int apply_yaml(
	struct snn_config *c, const struct snn_yaml *y, const char *name, struct snn_error *e)
{
	for (size_t i = 0; i < y->n; i++) {
		struct snn_error inner = { "" };
		int r = apply_item(c, &y->item[i], &inner);

		if (r < 0)
			return snn_fail(
				e, r, "%.300s:%d: %.600s", name, y->item[i].line, inner.text);
	}
	return 0;
}

static int apply_set(
	struct snn_config *c, const struct snn_assignment *set, size_t n_set, struct snn_error *e)
{
	for (size_t i = 0; i < n_set; i++) {
		int r = snn_config_set(c, set[i].path, set[i].value, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_shipped(struct snn_config *c, const struct snn_config *choice, struct snn_error *e)
{
	char name[80], origin[128];
	const struct snn_shipped *s = snn_shipped_table;
	struct snn_yaml y;
	int r;

	snprintf(name, sizeof(name), "%s-%s-%s", choice->task, choice->rule,
		choice->weights == SNN_WEIGHTS_CHIPS ? "chips" : "float");
	while (s->name && strcmp(s->name, name))
		s++;
	if (!s->name)
		return 0; /* nobody tuned this combination: the table's defaults */
	snprintf(origin, sizeof(origin), "%s.yaml (built in)", name);
	r = snn_yaml_parse(&y, origin, s->text, strlen(s->text), e);
	if (r < 0)
		return r;
	r = apply_yaml(c, &y, origin, e);
	snn_yaml_done(&y);
	return r;
}

int snn_config_load(struct snn_config *c, const char *file, const struct snn_assignment *set,
	size_t n_set, struct snn_error *e)
{
	struct snn_config choice, full;
	struct snn_yaml y = { 0 };
	int r;

	if (file) {
		r = snn_yaml_read(&y, file, e);
		if (r < 0)
			return r;
	}
	snn_config_default(&full);
	/* A first pass without the shipped configuration tells which one it is. */
	choice = full;
	r = apply_yaml(&choice, &y, file, e);
	if (r < 0)
		goto out;
	r = apply_set(&choice, set, n_set, e);
	if (r < 0)
		goto out;
	r = apply_shipped(&full, &choice, e);
	if (r < 0)
		goto out;
	r = apply_yaml(&full, &y, file, e);
	if (r < 0)
		goto out;
	r = apply_set(&full, set, n_set, e);
	if (r < 0)
		goto out;
	memcpy(c, &full, sizeof(full));
out:
	snn_yaml_done(&y);
	return r;
}

int snn_config_read(struct snn_config *c, const char *file, struct snn_error *e)
{
	struct snn_config full;
	struct snn_yaml y;
	int r = snn_yaml_read(&y, file, e);

	if (r < 0)
		return r;
	snn_config_default(&full);
	r = apply_yaml(&full, &y, file, e);
	if (r == 0)
		memcpy(c, &full, sizeof(full));
	snn_yaml_done(&y);
	return r;
}
