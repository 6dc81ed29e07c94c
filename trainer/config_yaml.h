/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_yaml.h - a YAML text as a flat list of path and value with line numbers.
 *
 * The text is untrusted. Only what a configuration needs is accepted: one document, a mapping of
 * scalars and lists of scalars, at most one level of sections; no anchors, aliases, tags or
 * directives. So
 * there is nothing to expand and nothing recursive, and memory is bounded by the text's length.
 */
#ifndef SNN_CONFIG_YAML_H
#define SNN_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include "error.h"

#define SNN_YAML_MAX ((size_t)1 << 20) /* bytes; the whole table with comments is 8 KiB */

struct snn_yaml_item {
	char *path;  /* "network.decay" */
	char *value; /* a list as "100,50" */
	int line;    /* 1 .. */
	bool is_list;
};

struct snn_yaml {
	size_t n;
	struct snn_yaml_item *item;
};

/* -EINVAL "NAME:LINE: ..."; keys given twice are errors. *ret is yours to snn_yaml_done(). */
int snn_yaml_parse(
	struct snn_yaml *ret, const char *name, const char *text, size_t n, struct snn_error *e);
/* The same from a file; -ENOENT and others with the system's reason. */
int snn_yaml_read(struct snn_yaml *ret, const char *file, struct snn_error *e);
void snn_yaml_done(struct snn_yaml *y);
/* -EINVAL for a text that libfyaml must not see: not printable UTF-8, or with a directive. */
int snn_yaml_check_text(const char *name, const char *text, size_t n, struct snn_error *e);

#endif
