/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_reader.h - what study_file.c and study_axis.c share: nodes of the YAML document as texts and
 * values, with FILE:LINE in every message. Private to them.
 */
#ifndef SNN_STUDY_READER_H
#define SNN_STUDY_READER_H

#include <libfyaml.h>
#include "study.h"

struct snn_reader {
	struct snn_study *s;
	struct snn_error *e;
};

int snn_reader_line(struct fy_node *n); /* 1 .. */
int snn_reader_fail(const struct snn_reader *rd, int line, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A scalar's text, yours to free(). line is for a node that is missing. */
int snn_reader_scalar(const struct snn_reader *rd, struct fy_node *n, int line, char **ret);
/* The same, but a list is "100,50". */
int snn_reader_value(const struct snn_reader *rd, struct fy_node *n, int line, char **ret);
/* Path and value must make sense in any configuration; keys of URIs are for snn_study_check(). */
int snn_reader_check(const struct snn_reader *rd, int line, const char *path, const char *value);

/* study_axis.c: one entry of axes. */
int snn_reader_entry(struct snn_reader *rd, struct fy_node *n);

#endif
