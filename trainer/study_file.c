/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_file.c - the YAML file of a study: base settings, axes, seeds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_yaml.h"
#include "nearest.h"
#include "read_file.h"
#include "study_reader.h"

static int add_base(struct snn_reader *rd, const char *path, int line, struct fy_node *value)
{
	struct snn_study *s = rd->s;
	struct snn_study_setting *b = &s->base[s->n_base];
	int r;

	if (s->n_base == SNN_STUDY_MAX_BASE)
		return snn_reader_fail(
			rd, line, -EINVAL, "more than %d settings", SNN_STUDY_MAX_BASE);
	for (uint32_t i = 0; i < s->n_base; i++) {
		if (!strcmp(s->base[i].path, path))
			return snn_reader_fail(rd, line, -EINVAL,
				"%.100s is given twice, first on line %d", path, s->base[i].line);
	}
	b->line = line;
	b->path = strdup(path);
	if (!b->path)
		return snn_reader_fail(rd, line, -ENOMEM, "no memory");
	s->n_base++;
	r = snn_reader_value(rd, value, line, &b->value);
	return r == 0 ? snn_reader_check(rd, line, path, b->value) : r;
}

/* base: path: value, or section: key: value. */
static int read_base(struct snn_reader *rd, struct fy_node *n, const char *section)
{
	struct fy_node_pair *pair;
	void *iter = NULL;

	if (!fy_node_is_mapping(n))
		return snn_reader_fail(rd, snn_reader_line(n), -EINVAL,
			"base: expected settings, one \"path: value\" a line, indented");
	while ((pair = fy_node_mapping_iterate(n, &iter))) {
		struct fy_node *value = fy_node_pair_value(pair);
		int line = snn_reader_line(fy_node_pair_key(pair));
		char *key = NULL, *path = NULL;
		int r = snn_reader_scalar(rd, fy_node_pair_key(pair), line, &key);

		if (r == 0 &&
			asprintf(&path, "%s%s%s", section ? section : "", section ? "." : "", key) <
				0)
			r = snn_reader_fail(rd, line, -ENOMEM, "no memory");
		if (r == 0 && value && fy_node_is_mapping(value) && !section)
			r = read_base(rd, value, path);
		else if (r == 0)
			r = add_base(rd, path, line, value);
		free(key);
		free(path);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_axes(struct snn_reader *rd, struct fy_node *n)
{
	struct fy_node *item;
	void *iter = NULL;
	int r = 0;

	if (!fy_node_is_sequence(n))
		return snn_reader_fail(rd, snn_reader_line(n), -EINVAL,
			"axes: expected a list: every entry \"- path: [values]\"");
	while (r == 0 && (item = fy_node_sequence_iterate(n, &iter)))
		r = snn_reader_entry(rd, item);
	return r;
}

static int read_seed(struct snn_reader *rd, struct fy_node *n, int line, uint64_t *ret)
{
	struct snn_config scratch;
	struct snn_error inner = { "" };
	char *text;
	int r = snn_reader_scalar(rd, n, line, &text);

	if (r < 0)
		return r;
	r = snn_config_set(&scratch, "seed", text, &inner);
	free(text);
	*ret = scratch.seed;
	return r < 0 ? snn_reader_fail(rd, line, r, "%s", inner.text) : 0;
}

static int read_seeds(struct snn_reader *rd, struct fy_node *n, int line)
{
	struct snn_study *s = rd->s;
	struct fy_node *item;
	void *iter = NULL;
	uint64_t count;
	int r = 0;

	s->n_seed = 0;
	if (!fy_node_is_sequence(n)) {
		r = read_seed(rd, n, line, &count);
		if (r == 0 && !(count >= 1 && count <= SNN_STUDY_MAX_VALUE))
			r = snn_reader_fail(rd, line, -ERANGE,
				"seeds: how many, 1 .. %d, or a list", SNN_STUDY_MAX_VALUE);
		for (uint32_t i = 0; r == 0 && i < count; i++)
			s->seed[s->n_seed++] = i + 1;
		return r;
	}
	while (r == 0 && (item = fy_node_sequence_iterate(n, &iter))) {
		uint64_t seed;

		if (s->n_seed == SNN_STUDY_MAX_VALUE)
			return snn_reader_fail(
				rd, line, -EINVAL, "more than %d seeds", SNN_STUDY_MAX_VALUE);
		r = read_seed(rd, item, line, &seed);
		for (uint32_t i = 0; r == 0 && i < s->n_seed; i++) {
			if (s->seed[i] == seed)
				r = snn_reader_fail(rd, line, -EINVAL, "seeds: %llu comes twice",
					(unsigned long long)seed);
		}
		if (r == 0)
			s->seed[s->n_seed++] = seed;
	}
	return r < 0 || s->n_seed ? r : snn_reader_fail(rd, line, -EINVAL, "seeds: an empty list");
}

static int read_key(struct snn_reader *rd, const char *key, int line, struct fy_node *value)
{
	static const char *const keys[] = { "title", "base", "axes", "seeds", NULL };
	struct snn_study *s = rd->s;

	if (!value)
		return snn_reader_fail(rd, line, -EINVAL, "%.100s has no value", key);
	if (!strcmp(key, "title")) {
		free(s->title);
		s->title = NULL;
		return snn_reader_scalar(rd, value, line, &s->title);
	}
	if (!strcmp(key, "base"))
		return read_base(rd, value, NULL);
	if (!strcmp(key, "axes"))
		return read_axes(rd, value);
	if (!strcmp(key, "seeds"))
		return read_seeds(rd, value, line);
	return snn_reader_fail(rd, line, -EINVAL,
		"unknown key %.100s, did you mean %s? (title, base, axes, seeds)", key,
		snn_nearest(key, keys));
}

static int read_root(struct snn_reader *rd, struct fy_node *root)
{
	struct snn_study *s = rd->s;
	struct fy_node_pair *pair;
	void *iter = NULL;
	int r = 0;

	if (!root || !fy_node_is_mapping(root))
		return snn_reader_fail(
			rd, 1, -EINVAL, "not a study: expected base:, axes: and seeds:");
	while (r == 0 && (pair = fy_node_mapping_iterate(root, &iter))) {
		int line = snn_reader_line(fy_node_pair_key(pair));
		char *key = NULL;

		r = snn_reader_scalar(rd, fy_node_pair_key(pair), line, &key);
		if (r == 0)
			r = read_key(rd, key, line, fy_node_pair_value(pair));
		free(key);
	}
	if (r < 0)
		return r;
	if (!s->n_seed)
		s->seed[s->n_seed++] = 1;
	s->n_group = 1;
	for (uint32_t i = 0, entry = UINT32_MAX; i < s->n_axis; i++) {
		if (s->axis[i].i_entry != entry)
			s->n_group *= s->axis[i].n;
		entry = s->axis[i].i_entry;
		if (s->n_group * s->n_seed > SNN_STUDY_MAX_POINT)
			return snn_reader_fail(rd, s->axis[i].line, -ERANGE,
				"more than %d points: leave out values or seeds",
				SNN_STUDY_MAX_POINT);
	}
	s->n_point = s->n_group * s->n_seed;
	return 0;
}

/* What libfyaml complained about, in our form. */
static int syntax_error(const struct snn_reader *rd, struct fy_diag *diag)
{
	void *iter = NULL;
	const struct fy_diag_error *d = fy_diag_errors_iterate(diag, &iter);

	return snn_reader_fail(rd, d && d->line > 0 ? d->line : 1, -EINVAL, "%.300s",
		d && d->msg ? d->msg : "not YAML");
}

static int read_text(struct snn_reader *rd, const char *text, size_t n)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 };
	struct fy_document *doc;
	int r;

	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	diag_cfg.colorize = false;
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		return snn_reader_fail(rd, 1, -ENOMEM, "no memory");
	fy_diag_set_collect_errors(cfg.diag, true);
	doc = n ? fy_document_build_from_string(&cfg, text, n) : NULL;
	r = n && !doc ? syntax_error(rd, cfg.diag)
		      : read_root(rd, doc ? fy_document_root(doc) : NULL);
	fy_document_destroy(doc);
	fy_diag_destroy(cfg.diag);
	return r;
}

int snn_study_parse(
	struct snn_study **ret, const char *name, const char *text, size_t n, struct snn_error *e)
{
	struct snn_study *s = calloc(1, sizeof(*s));
	struct snn_reader rd = { .s = s, .e = e };
	int r = -ENOMEM;

	if (!s)
		return snn_fail(e, r, "%s: no memory", name);
	s->name = strdup(name);
	s->title = strdup("");
	s->text = malloc(n + 1);
	if (s->name && s->title && s->text) {
		memcpy(s->text, text, n);
		s->text[n] = '\0';
		s->n_text = n;
		r = snn_yaml_check_text(name, text, n, e);
		if (r == 0)
			r = read_text(&rd, s->text, n);
	} else {
		snn_fail(e, r, "%s: no memory", name);
	}
	if (r < 0) {
		snn_study_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int snn_study_read(struct snn_study **ret, const char *file, struct snn_error *e)
{
	char *text;
	size_t n;
	int r = snn_read_file(&text, &n, file, SNN_YAML_MAX, e);

	if (r < 0)
		return r;
	r = snn_study_parse(ret, file, text, n, e);
	free(text);
	return r;
}

void snn_study_free(struct snn_study *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n_base; i++) {
		free(s->base[i].path);
		free(s->base[i].value);
	}
	for (uint32_t i = 0; i < s->n_axis; i++) {
		for (uint32_t k = 0; k < s->axis[i].n; k++)
			free(s->axis[i].value[k]);
		free(s->axis[i].value);
		free(s->axis[i].path);
	}
	free(s->name);
	free(s->title);
	free(s->text);
	free(s);
}
