/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_axis.c - the axes of a study: lists and ranges of values.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nearest.h"
#include "study_reader.h"

static int number(const struct snn_reader *rd, struct fy_node *n, int line, double *ret)
{
	char *text, *end;
	int r = snn_reader_scalar(rd, n, line, &text);

	if (r < 0)
		return r;
	*ret = strtod(text, &end);
	if (end == text || *end || !isfinite(*ret))
		r = snn_reader_fail(rd, line, -EINVAL, "\"%.100s\" is not a number", text);
	free(text);
	return r;
}

static int add_value(const struct snn_reader *rd, struct snn_study_axis *a, int line, char *text)
{
	int r = 0;

	if (a->n == SNN_STUDY_MAX_VALUE)
		r = snn_reader_fail(rd, line, -EINVAL, "%s has more than %d values", a->path,
			SNN_STUDY_MAX_VALUE);
	for (uint32_t i = 0; r == 0 && i < a->n; i++) {
		if (!strcmp(a->value[i], text))
			r = snn_reader_fail(
				rd, line, -EINVAL, "%s has the value %.100s twice", a->path, text);
	}
	if (r == 0)
		r = snn_reader_check(rd, line, a->path, text);
	if (r < 0) {
		free(text);
		return r;
	}
	a->value[a->n++] = text;
	return 0;
}

static int read_list(const struct snn_reader *rd, struct snn_study_axis *a, struct fy_node *n)
{
	struct fy_node *item;
	void *iter = NULL;

	while ((item = fy_node_sequence_iterate(n, &iter))) {
		int line = snn_reader_line(item);
		char *text = NULL;
		int r = snn_reader_value(rd, item, line, &text);

		if (r == 0)
			r = add_value(rd, a, line, text);
		if (r < 0)
			return r;
	}
	return a->n ? 0 : snn_reader_fail(rd, a->line, -EINVAL, "%s has no values", a->path);
}

struct range {
	double from, to, points;
	bool is_log;
};

static int read_range_key(const struct snn_reader *rd, struct range *g, struct fy_node_pair *pair)
{
	static const char *const keys[] = { "from", "to", "points", "log", NULL };
	struct fy_node *value = fy_node_pair_value(pair);
	int line = snn_reader_line(fy_node_pair_key(pair));
	char *key = NULL, *text = NULL;
	int r = snn_reader_scalar(rd, fy_node_pair_key(pair), line, &key);

	if (r < 0)
		return r;
	if (!strcmp(key, "log")) {
		r = snn_reader_scalar(rd, value, line, &text);
		g->is_log = r == 0 && !strcmp(text, "true");
		if (r == 0 && !g->is_log && strcmp(text, "false"))
			r = snn_reader_fail(
				rd, line, -EINVAL, "log is true or false, not %.100s", text);
		free(text);
	} else if (!strcmp(key, "from")) {
		r = number(rd, value, line, &g->from);
	} else if (!strcmp(key, "to")) {
		r = number(rd, value, line, &g->to);
	} else if (!strcmp(key, "points")) {
		r = number(rd, value, line, &g->points);
	} else {
		r = snn_reader_fail(rd, line, -EINVAL,
			"unknown key %.100s of a range, did you mean %s? (from, to, points, log)",
			key, snn_nearest(key, keys));
	}
	free(key);
	return r;
}

/* Six digits are a value's name and the value itself; whole numbers stay whole. */
static int range_value(const struct range *g, uint32_t i, char **ret)
{
	double t = i / (g->points - 1);
	double v = g->is_log ? g->from * pow(g->to / g->from, t) : g->from + (g->to - g->from) * t;
	char buf[32];

	if (i + 1 == g->points)
		v = g->to;
	snprintf(buf, sizeof(buf), v == floor(v) && fabs(v) < 1e15 ? "%.0f" : "%.6g", v);
	*ret = strdup(buf);
	return *ret ? 0 : -ENOMEM;
}

static int read_range(const struct snn_reader *rd, struct snn_study_axis *a, struct fy_node *n)
{
	struct range g = { NAN, NAN, NAN, false };
	struct fy_node_pair *pair;
	void *iter = NULL;
	int r = 0;

	while (r == 0 && (pair = fy_node_mapping_iterate(n, &iter)))
		r = read_range_key(rd, &g, pair);
	if (r < 0)
		return r;
	if (isnan(g.from) || isnan(g.to) || isnan(g.points))
		return snn_reader_fail(
			rd, a->line, -EINVAL, "%s: a range needs from, to and points", a->path);
	if (!(g.points >= 2 && g.points <= SNN_STUDY_MAX_VALUE) || g.points != floor(g.points))
		return snn_reader_fail(rd, a->line, -EINVAL,
			"%s: points = %g is not one of 2 .. %d", a->path, g.points,
			SNN_STUDY_MAX_VALUE);
	if (g.is_log && !(g.from > 0 && g.to > 0))
		return snn_reader_fail(rd, a->line, -EINVAL,
			"%s: a logarithmic range from %g to %g: both must be above 0", a->path,
			g.from, g.to);
	for (uint32_t i = 0; r == 0 && i < g.points; i++) {
		char *text;

		r = range_value(&g, i, &text);
		r = r < 0 ? snn_reader_fail(rd, a->line, r, "no memory")
			  : add_value(rd, a, a->line, text);
	}
	return r;
}

static int read_axis(struct snn_reader *rd, struct fy_node_pair *pair)
{
	struct snn_study *s = rd->s;
	struct snn_study_axis *a = &s->axis[s->n_axis];
	struct fy_node *value = fy_node_pair_value(pair);
	int line = snn_reader_line(fy_node_pair_key(pair));
	int r;

	if (s->n_axis == SNN_STUDY_MAX_AXIS)
		return snn_reader_fail(rd, line, -EINVAL, "more than %d axes", SNN_STUDY_MAX_AXIS);
	r = snn_reader_scalar(rd, fy_node_pair_key(pair), line, &a->path);
	if (r < 0)
		return r;
	a->line = line;
	a->i_entry = s->n_entry;
	s->n_axis++;
	a->value = calloc(SNN_STUDY_MAX_VALUE, sizeof(*a->value));
	if (!a->value)
		return snn_reader_fail(rd, line, -ENOMEM, "no memory");
	for (uint32_t i = 0; i + 1 < s->n_axis; i++) {
		if (!strcmp(s->axis[i].path, a->path))
			return snn_reader_fail(rd, line, -EINVAL, "%s is an axis already, line %d",
				a->path, s->axis[i].line);
	}
	if (value && fy_node_is_sequence(value))
		return read_list(rd, a, value);
	if (value && fy_node_is_mapping(value))
		return read_range(rd, a, value);
	return snn_reader_fail(rd, line, -EINVAL,
		"%s: expected a list [1, 2, 3] or a range {from: 1, to: 3, points: 3}", a->path);
}

int snn_reader_entry(struct snn_reader *rd, struct fy_node *n)
{
	struct snn_study *s = rd->s;
	uint32_t first = s->n_axis;
	struct fy_node_pair *pair;
	void *iter = NULL;

	if (!fy_node_is_mapping(n))
		return snn_reader_fail(rd, snn_reader_line(n), -EINVAL,
			"axes: expected \"- path: [values]\" in every entry");
	while ((pair = fy_node_mapping_iterate(n, &iter))) {
		int r = read_axis(rd, pair);

		if (r < 0)
			return r;
		if (s->axis[s->n_axis - 1].n != s->axis[first].n)
			return snn_reader_fail(rd, s->axis[s->n_axis - 1].line, -EINVAL,
				"%s and %s go together, but have %u and %u values",
				s->axis[first].path, s->axis[s->n_axis - 1].path, s->axis[first].n,
				s->axis[s->n_axis - 1].n);
	}
	s->n_entry++;
	return 0;
}
