/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preset_file.c - a preset from a YAML file: one mapping of parameters' keys to values, besides
 * `help` (what it describes) and `preset` (the built-in one it starts from, before all others).
 *
 * The file is untrusted. libfyaml sees no control characters and no directives (0.7.12 never
 * returns from some), and at most N_FILE_MAX bytes.
 */
#include "pcm.h"
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_FILE_MAX 65536
#define N_ITEM_MAX 256
#define N_KEY      32

struct item {
	char key[N_KEY], value[PCM_N_TEXT];
	int line;
};

struct file {
	const char *name;
	char *complaint;
	size_t n_complaint;
	struct item *item; /* [N_ITEM_MAX] */
	size_t n;
	bool in_mapping, want_value;
};

__attribute__((format(printf, 4, 5))) static int complain(
	struct file *f, int r, int line, const char *format, ...)
{
	va_list ap;
	int n = snprintf(
		f->complaint, f->n_complaint, line > 0 ? "%s:%d: " : "%s: ", f->name, line);
	if (n < 0 || (size_t)n >= f->n_complaint)
		return r;
	va_start(ap, format);
	vsnprintf(f->complaint + n, f->n_complaint - (size_t)n, format, ap);
	va_end(ap);
	return r;
}

bool pcm_preset_is_file(const char *name)
{
	const char *dot = strrchr(name, '.');
	return strchr(name, '/') || (dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml")));
}

static int read_text(struct file *f, char *buf, size_t *ret_n)
{
	int fd = open(f->name, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r = 1;
	if (fd < 0)
		return complain(f, -errno, 0, "%s", strerror(errno));
	while (r > 0 && n <= N_FILE_MAX) {
		r = read(fd, buf + n, N_FILE_MAX + 1 - n);
		n += r > 0 ? (size_t)r : 0;
	}
	int error = errno;
	close(fd);
	if (r < 0)
		return complain(f, -error, 0, "%s", strerror(error));
	if (n > N_FILE_MAX)
		return complain(f, -EINVAL, 0, "more than %d bytes are no preset", N_FILE_MAX);
	*ret_n = n;
	return 0;
}

static int check_text(struct file *f, const char *text, size_t n)
{
	int line = 1;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c < 0x20 && !strchr("\t\n\r", c)) || c == 0 || c == 0x7f)
			return complain(f, -EINVAL, line, "a control character (0x%02x)", c);
		if (c == '%' && (i == 0 || text[i - 1] == '\n' || text[i - 1] == '\r'))
			return complain(f, -EINVAL, line, "directives are not supported");
		line += c == '\n';
	}
	return 0;
}

static int on_scalar(struct file *f, struct fy_event *ev)
{
	const struct fy_mark *mark = fy_event_start_mark(ev);
	int line = mark ? mark->line + 1 : 1;
	size_t n = 0;
	const char *text = fy_token_get_text(ev->scalar.value, &n);
	struct item *item = &f->item[f->n];
	char *to = f->want_value ? item->value : item->key;
	size_t size = f->want_value ? sizeof(item->value) : sizeof(item->key);
	if (!f->in_mapping)
		return n == 0 ? 0 : complain(f, -EINVAL, line, "expected \"key: value\"");
	if (f->n == N_ITEM_MAX)
		return complain(f, -EINVAL, line, "more than %d values", N_ITEM_MAX);
	if (ev->scalar.anchor || ev->scalar.tag)
		return complain(f, -EINVAL, line, "anchors and tags are not supported");
	if (n >= size || (n && memchr(text, '\0', n)))
		return complain(f, -EINVAL, line, "a text of more than %zu characters", size - 1);
	if (n)
		memcpy(to, text, n);
	to[n] = '\0';
	if (!f->want_value)
		item->line = line;
	f->n += f->want_value;
	f->want_value = !f->want_value;
	return 0;
}

static int on_event(struct file *f, struct fy_event *ev)
{
	const struct fy_mark *mark = fy_event_start_mark(ev);
	switch (ev->type) {
	case FYET_SCALAR:
		return on_scalar(f, ev);
	case FYET_MAPPING_START:
		if (f->in_mapping)
			break;
		f->in_mapping = true;
		return 0;
	case FYET_SEQUENCE_START:
	case FYET_ALIAS:
		break;
	default:
		return 0;
	}
	return complain(f, -EINVAL, mark ? mark->line + 1 : 1,
		"expected lines \"key: value\", nothing else");
}

static int syntax_error(struct file *f, struct fy_diag *diag)
{
	void *iter = NULL;
	const struct fy_diag_error *d = fy_diag_errors_iterate(diag, &iter);
	if (!d || !d->msg)
		return complain(f, -EINVAL, 0, "not YAML");
	return complain(f, -EINVAL, d->line, "%.300s", d->msg);
}

static int walk(struct file *f, struct fy_parser *p, struct fy_diag *diag)
{
	for (;;) {
		struct fy_event *ev = fy_parser_parse(p);
		if (!ev)
			return syntax_error(f, diag);
		enum fy_event_type type = ev->type;
		int r = on_event(f, ev);
		fy_parser_event_free(p, ev);
		if (r < 0 || type == FYET_STREAM_END)
			return r;
	}
}

static int parse(struct file *f, const char *text, size_t n)
{
	struct fy_diag_cfg diag_cfg;
	struct fy_parse_cfg cfg = { .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 };
	struct fy_parser *p = NULL;
	int r = complain(f, -ENOMEM, 0, "no memory");
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.output_fn = NULL;
	diag_cfg.colorize = false;
	cfg.diag = fy_diag_create(&diag_cfg);
	if (!cfg.diag)
		return r;
	fy_diag_set_collect_errors(cfg.diag, true);
	p = fy_parser_create(&cfg);
	if (p)
		r = fy_parser_set_string(p, text, n) ? syntax_error(f, cfg.diag)
						     : walk(f, p, cfg.diag);
	if (p)
		fy_parser_destroy(p);
	fy_diag_destroy(cfg.diag);
	return r;
}

static int set_item(struct file *f, struct pcm_params *prm, const struct item *item)
{
	const struct pcm_param *p = pcm_param_find(item->key);
	if (!p)
		return complain(f, -EINVAL, item->line,
			"unknown parameter \"%s\", did you mean \"%s\"?", item->key,
			pcm_param_nearest(item->key));
	int r = pcm_params_set(prm, item->key, item->value);
	if (r == -ERANGE)
		return complain(f, r, item->line, "%s: %s is outside %.10g .. %.10g %s", item->key,
			item->value, p->min, p->max, p->unit);
	if (r < 0)
		return complain(f, r, item->line, "%s: \"%s\" is no value of it (%s)", item->key,
			item->value, p->help);
	return 0;
}

static int check_twice(struct file *f)
{
	for (size_t i = 0; i < f->n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(f->item[i].key, f->item[k].key))
				return complain(f, -EINVAL, f->item[i].line,
					"%s is given twice, first on line %d", f->item[i].key,
					f->item[k].line);
		}
	}
	return 0;
}

static int set_all(struct file *f, struct pcm_params *prm)
{
	int r = check_twice(f);
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct item *item = &f->item[i];
		if (strcmp(item->key, "preset"))
			continue;
		r = pcm_params_set(prm, "preset", item->value);
		if (r < 0)
			return complain(f, -EINVAL, item->line,
				"unknown preset \"%s\", did you mean \"%s\"?", item->value,
				pcm_preset_nearest(item->value));
	}
	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct item *item = &f->item[i];
		if (strcmp(item->key, "preset") && strcmp(item->key, "help"))
			r = set_item(f, prm, item);
	}
	if (r < 0)
		return r;
	const char *complaint = pcm_params_complaint(prm);
	return complaint ? complain(f, -EINVAL, 0, "%s", complaint) : 0;
}

int pcm_params_load(struct pcm_params *prm, const char *path, char *complaint, size_t n_complaint)
{
	struct file f = { .name = path, .complaint = complaint, .n_complaint = n_complaint };
	char *text = malloc(N_FILE_MAX + 1);
	struct pcm_params next;
	size_t n = 0;
	int r = complain(&f, -ENOMEM, 0, "no memory");
	f.item = calloc(N_ITEM_MAX, sizeof(*f.item));
	pcm_params_default(&next);
	if (text && f.item)
		r = read_text(&f, text, &n);
	if (r == 0)
		r = check_text(&f, text, n);
	if (r == 0 && n > 0)
		r = parse(&f, text, n);
	if (r == 0)
		r = set_all(&f, &next);
	if (r == 0)
		*prm = next;
	free(f.item);
	free(text);
	return r;
}
