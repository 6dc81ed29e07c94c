/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study.h - many trainings that differ in a few settings: the file that says which, the folder with
 * one run a point, and the table of what came out.
 *
 *	base:                           # settings of all points, as in a configuration
 *	  task: jsb
 *	  weights: chips
 *	  train.epochs: 20              # or nested, as in a configuration
 *	axes:                           # entries are crossed; what stands in one entry goes together
 *	  - rule: [osttp, drtp]
 *	  - uri.drift_nu: { from: 0, to: 0.1, points: 5 }
 *	  - train.rate: { from: 0.001, to: 0.1, points: 3, log: true }
 *	    train.rate_hidden: [100, 30, 10]
 *	seeds: 3                        # 1 .. 3, or a list; default [1]
 *
 *	r = snn_study_read(&s, "drift.yaml", &err);
 *	r = snn_study_config(s, 0, &config, &err);
 *	snn_study_free(s);
 *
 * A path `uri.KEY` is a key of the board's URI. Where a board takes a seed and its URI gives none,
 * it gets the point's. A point is a group (the values of the axes, the last axis running fastest)
 * and a seed; point = group * n_seed + i_seed.
 */
#ifndef SNN_STUDY_H
#define SNN_STUDY_H

#include "config.h"

#define SNN_STUDY_MAX_AXIS  16
#define SNN_STUDY_MAX_VALUE 1000 /* of an axis; also seeds */
#define SNN_STUDY_MAX_POINT 100000
#define SNN_STUDY_MAX_BASE  100
#define SNN_STUDY_N_NAME    12 /* hexadecimal digits */

struct snn_study_setting {
	char *path, *value;
	int line; /* in the file, 1 .. */
};

struct snn_study_axis {
	char *path;
	uint32_t i_entry; /* axes of one entry go together */
	uint32_t n;
	int line;
	char **value; /* [n] texts as of --set */
};

struct snn_study {
	char *name;  /* of the file, for messages */
	char *title; /* "" if none */
	char *text;  /* the file as it was */
	size_t n_text;
	uint32_t n_base, n_axis, n_entry, n_seed;
	struct snn_study_setting base[SNN_STUDY_MAX_BASE];
	struct snn_study_axis axis[SNN_STUDY_MAX_AXIS];
	uint64_t seed[SNN_STUDY_MAX_VALUE];
	size_t n_group, n_point;
};

/*
 * Untrusted. -EINVAL, -ERANGE "FILE:LINE: ..." for syntax, unknown paths (with the nearest) and
 * values; the system's reasons for the file. *ret is yours to snn_study_free().
 */
int snn_study_parse(
	struct snn_study **ret, const char *name, const char *text, size_t n, struct snn_error *e);
int snn_study_read(struct snn_study **ret, const char *file, struct snn_error *e);
void snn_study_free(struct snn_study *s);

/*
 * What parsing cannot know: every value of every axis in a whole configuration, keys of URIs, and
 * whether boards open with them. "FILE:LINE: ...".
 */
int snn_study_check(const struct snn_study *s, struct snn_error *e);

/* The value of an axis in a group; borrowed. */
const char *snn_study_value(const struct snn_study *s, size_t group, uint32_t i_axis);
/* "rule=osttp uri.drift_nu=0.05 seed=2" */
void snn_study_describe(const struct snn_study *s, size_t point, char *buf, size_t n);
/* The whole configuration of a point, board included. */
int snn_study_config(
	const struct snn_study *s, size_t point, struct snn_config *c, struct snn_error *e);
/*
 * The name of a configuration's folder: the first digits of the SHA-256 of what differs from the
 * table's defaults. So a point keeps its folder when the study grows, and settings that a later
 * version adds change no name. How often checkpoints are written does not count.
 */
void snn_study_name(const struct snn_config *c, char ret[SNN_STUDY_N_NAME + 1]);

#endif
