/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config_yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "read_file.h"
#include "utf8.h"

#define MAX_ITEMS 256 /* the table has 50; looking for duplicates is quadratic */
#define MAX_LIST  64  /* entries; the table has 8 at most, and appending is quadratic */

/* Where the events have brought us. */
struct walk {
	const char *name;
	struct snn_yaml *out;
	struct snn_error *e;
	int depth; /* of open mappings: 0, 1, 2 */
	bool in_list;
	bool want_key;
	char *section; /* depth 2: the key of the open section */
	char *key;     /* the key whose value comes next */
	int key_line;
	char *list; /* in_list: what came so far */
	int n_list;
	int n_document;
};

static int event_line(struct fy_event *ev)
{
	const struct fy_mark *m = fy_event_start_mark(ev);

	return m ? m->line + 1 : 1;
}

static int scalar_text(struct walk *w, struct fy_event *ev, char **ret)
{
	size_t n = 0;
	const char *text = fy_token_get_text(ev->scalar.value, &n);
	char *copy;

	if (ev->scalar.anchor || ev->scalar.tag)
		return snn_fail(w->e, -EINVAL, "%s:%d: anchors and tags are not supported", w->name,
			event_line(ev));
	if (!text)
		n = 0;
	if (n && memchr(text, '\0', n))
		return snn_fail(
			w->e, -EINVAL, "%s:%d: a text with a zero byte", w->name, event_line(ev));
	copy = malloc(n + 1);
	if (!copy)
		return -ENOMEM;
	if (n)
		memcpy(copy, text, n);
	copy[n] = '\0';
	*ret = copy;
	return 0;
}

/* YAML's null: "decay:" with nothing behind it, or one of its names (YAML 1.2.2, 10.3.2). */
static bool is_null(struct fy_event *ev, const char *text)
{
	static const char *const names[] = { "", "~", "null", "Null", "NULL" };

	if (fy_token_scalar_style(ev->scalar.value) != FYSS_PLAIN)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i]))
			return true;
	}
	return false;
}

static const struct snn_yaml_item *item_of(const struct snn_yaml *y, const char *path)
{
	for (size_t i = 0; i < y->n; i++) {
		if (!strcmp(y->item[i].path, path))
			return &y->item[i];
	}
	return NULL;
}

/* Takes value and the pending key; the value is freed on error. */
static int add_item(struct walk *w, char *value, bool is_list)
{
	struct snn_yaml *y = w->out;
	const struct snn_yaml_item *old;
	struct snn_yaml_item *item;
	char *path;
	int r = 0;

	if (asprintf(&path, "%s%s%s", w->section ? w->section : "", w->section ? "." : "", w->key) <
		0) {
		free(value);
		return -ENOMEM;
	}
	old = item_of(y, path);
	if (old)
		r = snn_fail(w->e, -EINVAL, "%s:%d: %.100s is given twice, first on line %d",
			w->name, w->key_line, path, old->line);
	else if (y->n == MAX_ITEMS)
		r = snn_fail(w->e, -EINVAL, "%s:%d: more than %d settings", w->name, w->key_line,
			MAX_ITEMS);
	if (r < 0)
		goto fail;
	item = realloc(y->item, (y->n + 1) * sizeof(*item));
	r = -ENOMEM;
	if (!item)
		goto fail;
	y->item = item;
	item[y->n++] = (struct snn_yaml_item){
		.path = path, .value = value, .line = w->key_line, .is_list = is_list
	};
	free(w->key);
	w->key = NULL;
	w->want_key = true;
	return 0;
fail:
	free(path);
	free(value);
	return r;
}

static int list_append(struct walk *w, char *text)
{
	char *list;
	int r;

	if (strchr(text, ','))
		r = snn_fail(w->e, -EINVAL, "%s:%d: a list entry with a comma: \"%.100s\"", w->name,
			w->key_line, text);
	else if (w->n_list++ == MAX_LIST)
		r = snn_fail(w->e, -EINVAL, "%s:%d: a list of more than %d entries", w->name,
			w->key_line, MAX_LIST);
	else if (asprintf(&list, "%s%s%s", w->list ? w->list : "", w->list ? "," : "", text) < 0)
		r = -ENOMEM;
	else {
		free(w->list);
		w->list = list;
		r = 0;
	}
	free(text);
	return r;
}

static int on_scalar(struct walk *w, struct fy_event *ev)
{
	char *text = NULL;
	int r = scalar_text(w, ev, &text);

	if (r < 0)
		return r;
	if (w->depth == 0) {
		r = is_null(ev, text) ? 0 : /* a file of comments only */
			snn_fail(w->e, -EINVAL, "%s:%d: expected \"key: value\", found a text",
				w->name, event_line(ev));
		free(text);
		return r;
	}
	if (w->in_list)
		return list_append(w, text);
	if (w->want_key) {
		w->key = text;
		w->key_line = event_line(ev);
		w->want_key = false;
		return 0;
	}
	if (is_null(ev, text)) {
		free(text);
		return snn_fail(w->e, -EINVAL,
			"%s:%d: %s%s%.100s has no value (an empty text is written \"\")", w->name,
			w->key_line, w->section ? w->section : "", w->section ? "." : "", w->key);
	}
	return add_item(w, text, false);
}

static int on_mapping(struct walk *w, struct fy_event *ev)
{
	if (ev->mapping_start.anchor || ev->mapping_start.tag)
		return snn_fail(w->e, -EINVAL, "%s:%d: anchors and tags are not supported", w->name,
			event_line(ev));
	if (w->depth == 2 || w->in_list || (w->depth == 1 && w->want_key))
		return snn_fail(w->e, -EINVAL, "%s:%d: a mapping inside %.100s, expected a value",
			w->name, event_line(ev),
			w->key ? w->key : (w->section ? w->section : "a key"));
	if (w->depth == 1) {
		w->section = w->key;
		w->key = NULL;
	}
	w->depth++;
	w->want_key = true;
	return 0;
}

static int on_sequence(struct walk *w, struct fy_event *ev)
{
	if (ev->sequence_start.anchor || ev->sequence_start.tag)
		return snn_fail(w->e, -EINVAL, "%s:%d: anchors and tags are not supported", w->name,
			event_line(ev));
	if (w->depth == 0 || w->in_list || w->want_key)
		return snn_fail(w->e, -EINVAL, "%s:%d: a list where a %s is expected", w->name,
			event_line(ev), w->in_list ? "value" : "key");
	w->in_list = true;
	w->n_list = 0;
	return 0;
}

static int on_sequence_end(struct walk *w)
{
	char *list = w->list ? w->list : strdup("");

	w->in_list = false;
	w->list = NULL;
	if (!list)
		return -ENOMEM;
	return add_item(w, list, true);
}

static int on_event(struct walk *w, struct fy_event *ev)
{
	switch (ev->type) {
	case FYET_SCALAR:
		return on_scalar(w, ev);
	case FYET_MAPPING_START:
		return on_mapping(w, ev);
	case FYET_MAPPING_END:
		if (w->depth == 2) {
			free(w->section);
			w->section = NULL;
		}
		w->depth--;
		w->want_key = true;
		return 0;
	case FYET_SEQUENCE_START:
		return on_sequence(w, ev);
	case FYET_SEQUENCE_END:
		return on_sequence_end(w);
	case FYET_DOCUMENT_START:
		if (w->n_document++)
			return snn_fail(
				w->e, -EINVAL, "%s:%d: a second document", w->name, event_line(ev));
		return 0;
	case FYET_ALIAS:
		return snn_fail(
			w->e, -EINVAL, "%s:%d: aliases are not supported", w->name, event_line(ev));
	default:
		return 0;
	}
}

/* What libfyaml complained about, in our form. */
static int syntax_error(struct walk *w, struct fy_diag *diag)
{
	void *iter = NULL;
	const struct fy_diag_error *d = fy_diag_errors_iterate(diag, &iter);

	if (!d || !d->msg)
		return snn_fail(w->e, -EINVAL, "%s: not YAML", w->name);
	return snn_fail(w->e, -EINVAL, "%s:%d: %.300s", w->name, d->line > 0 ? d->line : 1, d->msg);
}

static int walk_events(struct walk *w, struct fy_parser *p, struct fy_diag *diag)
{
	for (;;) {
		struct fy_event *ev = fy_parser_parse(p);
		enum fy_event_type type;
		int r;

		if (!ev)
			return syntax_error(w, diag);
		type = ev->type;
		r = on_event(w, ev);
		fy_parser_event_free(p, ev);
		if (r < 0)
			return r;
		if (type == FYET_STREAM_END)
			return 0;
	}
}

/*
 * What libfyaml must not see: 0.7.12 never returns from a directive that is not UTF-8. A
 * configuration needs no directive, and no character that YAML does not allow (1.2.2, 5.1).
 */
int snn_yaml_check_text(const char *name, const char *text, size_t n, struct snn_error *e)
{
	bool at_start = true;
	int line = 1;
	size_t len;

	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) { /* byte order mark */
		text += 3;
		n -= 3;
	}
	for (; n; text += len, n -= len) {
		uint32_t c;

		len = snn_utf8_next(text, n, &c);
		if (!len || (!snn_is_printable(c) && c != '\t' && c != '\n' && c != '\r'))
			return snn_fail(e, -EINVAL,
				"%s:%d: a character that is not printable UTF-8", name, line);
		if (at_start && c == '%')
			return snn_fail(
				e, -EINVAL, "%s:%d: directives are not supported", name, line);
		at_start = c == '\n' || c == '\r';
		line += c == '\n';
	}
	return 0;
}

int snn_yaml_parse(
	struct snn_yaml *ret, const char *name, const char *text, size_t n, struct snn_error *e)
{
	struct snn_yaml y = { 0 };
	struct walk w = { .name = name, .out = &y, .e = e };
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 };
	struct fy_parser *p = NULL;
	int r;

	if (n > SNN_YAML_MAX)
		return snn_fail(e, -EINVAL, "%s: %zu bytes, a configuration has at most %zu", name,
			n, SNN_YAML_MAX);
	r = snn_yaml_check_text(name, text, n, e);
	if (r < 0)
		return r;
	if (!n) {
		*ret = y;
		return 0;
	}
	r = -ENOMEM;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	diag_cfg.colorize = false;
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		goto out;
	fy_diag_set_collect_errors(cfg.diag, true);
	p = fy_parser_create(&cfg);
	if (!p)
		goto out;
	if (fy_parser_set_string(p, text, n))
		r = syntax_error(&w, cfg.diag);
	else
		r = walk_events(&w, p, cfg.diag);
out:
	if (p)
		fy_parser_destroy(p);
	if (cfg.diag)
		fy_diag_destroy(cfg.diag);
	free(w.section);
	free(w.key);
	free(w.list);
	if (r == -ENOMEM)
		snn_fail(e, r, "%s: no memory", name);
	if (r < 0)
		snn_yaml_done(&y);
	else
		*ret = y;
	return r;
}

int snn_yaml_read(struct snn_yaml *ret, const char *file, struct snn_error *e)
{
	char *text;
	size_t n;
	int r = snn_read_file(&text, &n, file, SNN_YAML_MAX, e);

	if (r < 0)
		return r;
	r = snn_yaml_parse(ret, file, text, n, e);
	free(text);
	return r;
}

void snn_yaml_done(struct snn_yaml *y)
{
	for (size_t i = 0; i < y->n; i++) {
		free(y->item[i].path);
		free(y->item[i].value);
	}
	free(y->item);
	*y = (struct snn_yaml){ 0 };
}
