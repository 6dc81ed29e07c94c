/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "selftest_limits.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <libfyaml.h>
#include "spelling.h"

static const struct {
	const char *key;
	size_t offset;
	double def;
	const char *help;
} table[] = {
#define LIMIT(field) #field, offsetof(struct xbar_limits, field)
	{ LIMIT(round_trip_max), 0.5, "s, median of the link's round trips" },
	{ LIMIT(noise_max), 3.0, "codes, sd of a column without input; above, it is noisy" },
	{ LIMIT(offset_max), 8.0, "codes, of any column without input" },
	{ LIMIT(gain_error_max), 0.5, "of any column, relative to the median column" },
	{ LIMIT(inl_max), 2.0, "codes, deviation of any good ADC from its best line" },
	{ LIMIT(dnl_max), 1.5,
		"codes, error of the width of any code of any good ADC, counted in some 25 hits" },
	{ LIMIT(missing_columns_max), 0.0, "columns whose ADC never gives some code" },
	{ LIMIT(noisy_columns_max), 0.0, "columns" },
	{ LIMIT(dead_columns_max), 0.0, "columns of which no device moves" },
	{ LIMIT(swapped_columns_max), 0.0, "columns whose polarities are exchanged" },
	{ LIMIT(dead_rows_max), 0.0, "rows of which no device moves" },
	{ LIMIT(stuck_max), 0.02, "of the devices on good lines, at RESET or at SET" },
	{ LIMIT(rise_min), 1e-6, "S, by which the median device rises by 16 SETs" },
	{ LIMIT(first_step_min), 0.2e-6, "S, mean step of the first SET after RESET" },
	{ LIMIT(retention_min), 0.7, "of the conductance is left after the chosen time" },
#undef LIMIT
};

#define N_LIMIT (sizeof(table) / sizeof(table[0]))

static double *field(struct xbar_limits *l, size_t i)
{
	return (double *)(void *)((char *)l + table[i].offset);
}

void xbar_limits_default(struct xbar_limits *l)
{
	for (size_t i = 0; i < N_LIMIT; i++)
		*field(l, i) = table[i].def;
}

void xbar_limits_print(const struct xbar_limits *l, FILE *f)
{
	struct xbar_limits copy = *l;

	for (size_t i = 0; i < N_LIMIT; i++)
		fprintf(f, "%s: %g # %s\n", table[i].key, *field(&copy, i), table[i].help);
}

static int set(struct xbar_limits *l, const char *path, const char *key, const char *value,
	struct xbar_message *msg)
{
	const char *names[N_LIMIT + 1] = { NULL };
	char *end;
	double v = strtod(value, &end);

	for (size_t i = 0; i < N_LIMIT; i++) {
		names[i] = table[i].key;
		if (strcmp(table[i].key, key))
			continue;
		if (end == value || *end || !isfinite(v))
			return xbar_fail(msg, -EINVAL, "%s: %s: \"%.40s\" is not a number (%s)",
				path, key, value, table[i].help);
		*field(l, i) = v;
		return 0;
	}
	return xbar_fail(msg, -EINVAL,
		"%s: unknown limit \"%.40s\", did you mean \"%s\"? \"xbar selftest "
		"--print-limits\" lists all",
		path, key, xbar_nearest(key, names));
}

static int set_pair(struct xbar_limits *l, const char *path, struct fy_node_pair *pair,
	struct xbar_message *msg)
{
	struct fy_node *key_node = fy_node_pair_key(pair), *value_node = fy_node_pair_value(pair);
	bool ok = fy_node_is_scalar(key_node) && fy_node_is_scalar(value_node);
	const char *key = ok ? fy_node_get_scalar0(key_node) : NULL;
	const char *value = ok ? fy_node_get_scalar0(value_node) : NULL;

	if (!key || !value)
		return xbar_fail(msg, -EINVAL, "%s: limits are lines of \"key: number\"", path);
	return set(l, path, key, value, msg);
}

static int load(
	struct xbar_limits *l, const char *path, struct fy_document *doc, struct xbar_message *msg)
{
	struct fy_node *root = doc ? fy_document_root(doc) : NULL;
	struct fy_node_pair *pair;
	void *at = NULL;
	int r = 0;

	if (!root || !fy_node_is_mapping(root))
		return xbar_fail(msg, -EINVAL, "%s: not YAML of lines \"key: number\"", path);
	while (r == 0 && (pair = fy_node_mapping_iterate(root, &at)))
		r = set_pair(l, path, pair, msg);
	return r;
}

int xbar_limits_load(struct xbar_limits *l, const char *path, struct xbar_message *msg)
{
	const struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET };
	struct xbar_limits copy = *l;
	struct fy_document *doc;
	FILE *f = fopen(path, "re");
	int r;

	if (!f)
		return xbar_fail(msg, -errno, "%s: cannot be read: %s", path, strerror(errno));
	doc = fy_document_build_from_fp(&cfg, f);
	r = load(&copy, path, doc, msg);
	fy_document_destroy(doc);
	fclose(f);
	if (r == 0)
		*l = copy;
	return r;
}
