/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_jsb.c - Bach's chorales at quarter-note steps: jsb-chorales-quarter.json of
 * github.com/czhuang/JSB-Chorales-dataset, the split of Allan & Williams (2005) and
 * Boulanger-Lewandowski et al. (2012): 229 / 76 / 77 pieces, 13,807 / 4,602 / 4,725 steps.
 *
 * {"train": [piece, ...], "valid": [...], "test": [...]}, a piece a list of steps, a step a list of
 * MIDI notes, empty at rests. Inputs are the 88 keys of a piano, MIDI 21 .. 108. The file is
 * untrusted: anything else is an error that names split, piece and step (both counted from 0, as
 * in Python).
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include "data_path.h"
#include "dataset.h"
#include "read_file.h"
#include "task.h"

#define JSB_FILE  "jsb-chorales-quarter.json"
#define FILE_MAX  ((size_t)8 << 20) /* bytes; the file has 0.4 million, jansson needs 40 a byte */
#define NOTE_MIN  21
#define NOTE_MAX  108
#define STEPS_MAX 1000000

struct place {
	const char *file, *split;
	size_t piece, step;
};

static const char *type_name(const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a number with a fraction";
	default:
		return "true, false or null";
	}
}

static int load_step(
	struct snn_builder *b, const json_t *step, const struct place *at, struct snn_error *e)
{
	size_t i;
	json_t *note;

	if (!json_is_array(step))
		return snn_fail(e, -EINVAL,
			"%s: %s, piece %zu, step %zu: %s where a list of notes is expected",
			at->file, at->split, at->piece, at->step, type_name(step));
	json_array_foreach(step, i, note)
	{
		json_int_t v = json_integer_value(note);

		if (!json_is_integer(note))
			return snn_fail(e, -EINVAL,
				"%s: %s, piece %zu, step %zu: %s where a note is expected",
				at->file, at->split, at->piece, at->step, type_name(note));
		if (v < NOTE_MIN || v > NOTE_MAX)
			return snn_fail(e, -ERANGE,
				"%s: %s, piece %zu, step %zu: note %lld is outside %d .. %d (MIDI)",
				at->file, at->split, at->piece, at->step, (long long)v, NOTE_MIN,
				NOTE_MAX);
		snn_builder_note(b, (uint16_t)(v - NOTE_MIN));
	}
	snn_builder_step(b);
	return 0;
}

static int load_piece(
	struct snn_builder *b, const json_t *piece, struct place *at, struct snn_error *e)
{
	json_t *step;

	if (!json_is_array(piece))
		return snn_fail(e, -EINVAL,
			"%s: %s, piece %zu: %s where a list of steps is expected", at->file,
			at->split, at->piece, type_name(piece));
	if (json_array_size(piece) < 2 || json_array_size(piece) > STEPS_MAX)
		return snn_fail(e, -EINVAL, "%s: %s, piece %zu: %zu steps, expected 2 .. %d",
			at->file, at->split, at->piece, json_array_size(piece), STEPS_MAX);
	json_array_foreach(piece, at->step, step)
	{
		int r = load_step(b, step, at, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int load_splits(
	struct snn_builder *b, const json_t *root, const char *file, struct snn_error *e)
{
	for (int s = 0; s < SNN_N_SPLIT; s++) {
		struct place at = { .file = file, .split = snn_split_names[s] };
		const json_t *split = json_object_get(root, at.split);
		json_t *piece;

		if (!json_is_array(split) || json_array_size(split) == 0)
			return snn_fail(e, -EINVAL, "%s: %s: %s where a list of pieces is expected",
				file, at.split,
				split ? (json_is_array(split) ? "nothing" : type_name(split))
				      : "nothing");
		json_array_foreach(split, at.piece, piece)
		{
			int r;

			snn_builder_piece(b, (enum snn_split)s);
			r = load_piece(b, piece, &at, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int parse(const char *file, json_t **ret, struct snn_error *e)
{
	json_error_t err;
	char *text;
	size_t n;
	int r = snn_read_file(&text, &n, file, FILE_MAX, e);

	if (r < 0)
		return r;
	*ret = json_loadb(text, n, JSON_REJECT_DUPLICATES, &err);
	free(text);
	if (!*ret)
		return snn_fail(e, -EINVAL, "%s:%d: not whole JSON: %s", file, err.line, err.text);
	return 0;
}

static int jsb_load(struct snn_dataset *ret, const struct snn_config *c, struct snn_error *e)
{
	struct snn_builder b = { 0 };
	char file[1200];
	json_t *root = NULL;
	int r;

	r = snn_data_path(file, sizeof(file), c->data, JSB_FILE, "jsb", e);
	if (r < 0)
		return r;
	r = parse(file, &root, e);
	if (r < 0)
		return r;
	r = load_splits(&b, root, file, e);
	json_decref(root);
	if (r < 0) {
		snn_builder_done(&b);
		return r;
	}
	r = snn_builder_finish(&b, NOTE_MAX - NOTE_MIN + 1, 0, ret);
	return r < 0 ? snn_fail(e, r, "%s: no memory", file) : 0;
}

const struct snn_task snn_task_jsb = {
	.name = "jsb",
	.help = "Bach's chorales: predict the next chord (229 / 76 / 77 pieces, 88 keys)",
	.load = jsb_load,
};
