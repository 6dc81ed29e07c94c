/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE    65535u /* as of a layer */
#define MAX_DIGITS  6      /* of an index, with the space after it */
#define MAX_COMMENT 256    /* bytes of a line, however few inputs there are */

/* One side of a line: which are active, and that as a list. */
struct side {
	const char *what;
	uint32_t n, n_on;
	uint8_t *is_on; /* [n] */
	uint16_t *on;   /* [n] */
};

struct snn_stream {
	FILE *f;
	char *name, *line;
	size_t max_line;
	unsigned long long i_line; /* 1 .. */
	struct side x, y_star;
};

static int open_file(struct snn_stream *s, const char *path, struct snn_error *e)
{
	bool is_stdin = !path || !path[0] || !strcmp(path, "-");

	s->name = strdup(is_stdin ? "standard input" : path);
	if (!s->name)
		return snn_fail(e, -ENOMEM, "no memory for a stream");
	s->f = is_stdin ? stdin : fopen(path, "re");
	return s->f ? 0 : snn_fail(e, -errno, "%s: %s", path, strerror(errno));
}

/* The next line that is no comment, without its end: 1, or 0 at the end. */
static int read_line(struct snn_stream *s, struct snn_error *e)
{
	for (;;) {
		size_t n;

		if (!fgets(s->line, (int)s->max_line, s->f)) {
			if (ferror(s->f))
				return snn_fail(
					e, -EIO, "%s cannot be read: %s", s->name, strerror(errno));
			return 0;
		}
		s->i_line++;
		n = strcspn(s->line, "\n");
		if (s->line[n] != '\n' && !feof(s->f))
			return snn_fail(e, -EINVAL,
				"%s:%llu: longer than a line with every input and output, or with a zero byte",
				s->name, s->i_line);
		s->line[n] = '\0';
		if (s->line[0] != '#')
			return 1;
	}
}

static int read_sizes(struct snn_stream *s, struct snn_error *e)
{
	unsigned long n_in, n_out;
	int end = 0, r = read_line(s, e);

	if (r < 0)
		return r;
	if (r == 0)
		return snn_fail(
			e, -EINVAL, "%s is empty: expected \"inputs N outputs M\" first", s->name);
	if (sscanf(s->line, "inputs %5lu outputs %5lu %n", &n_in, &n_out, &end) != 2 || !end ||
		s->line[end] || n_in < 1 || n_in > MAX_SIZE || n_out < 1 || n_out > MAX_SIZE)
		return snn_fail(e, -EINVAL,
			"%s:%llu: \"%.60s\": expected \"inputs N outputs M\", each 1 .. %u",
			s->name, s->i_line, s->line, MAX_SIZE);
	s->x = (struct side){ .what = "input", .n = (uint32_t)n_in };
	s->y_star = (struct side){ .what = "output", .n = (uint32_t)n_out };
	return 0;
}

static int make_room(struct snn_stream *s)
{
	size_t n = (size_t)s->x.n + s->y_star.n;
	char *line;

	s->max_line = MAX_DIGITS * n + MAX_COMMENT;
	line = realloc(s->line, s->max_line);
	if (!line)
		return -ENOMEM;
	s->line = line;
	s->x.on = calloc(n, sizeof(*s->x.on));
	s->x.is_on = calloc(n, sizeof(*s->x.is_on));
	if (!s->x.on || !s->x.is_on)
		return -ENOMEM;
	s->y_star.on = s->x.on + s->x.n;
	s->y_star.is_on = s->x.is_on + s->x.n;
	return 0;
}

int snn_stream_open(struct snn_stream **ret, const char *path, struct snn_error *e)
{
	struct snn_stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return snn_fail(e, -ENOMEM, "no memory for a stream");
	s->max_line = MAX_COMMENT;
	s->line = malloc(s->max_line);
	r = s->line ? open_file(s, path, e) : snn_fail(e, -ENOMEM, "no memory for a stream");
	if (r == 0)
		r = read_sizes(s, e);
	if (r == 0 && make_room(s) < 0)
		r = snn_fail(e, -ENOMEM, "no memory for a stream");
	if (r < 0) {
		snn_stream_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void snn_stream_close(struct snn_stream *s)
{
	if (!s)
		return;
	if (s->f && s->f != stdin)
		fclose(s->f);
	free(s->x.on);
	free(s->x.is_on);
	free(s->line);
	free(s->name);
	free(s);
}

uint32_t snn_stream_inputs(const struct snn_stream *s)
{
	return s->x.n;
}

uint32_t snn_stream_outputs(const struct snn_stream *s)
{
	return s->y_star.n;
}

/* Indices up to `end` or something else; *p is moved there. */
static int read_side(struct snn_stream *s, struct side *side, const char **p, struct snn_error *e)
{
	memset(side->is_on, 0, side->n);
	side->n_on = 0;
	for (;;) {
		unsigned long k = 0;
		const char *from;

		*p += strspn(*p, " \t\r");
		from = *p;
		while (isdigit((unsigned char)**p) && k <= MAX_SIZE)
			k = 10 * k + (unsigned long)(*(*p)++ - '0');
		if (*p == from)
			break;
		if (k >= side->n)
			return snn_fail(e, -EINVAL, "%s:%llu: %s %lu is outside 0 .. %u", s->name,
				s->i_line, side->what, k, side->n - 1);
		if (side->is_on[k])
			return snn_fail(e, -EINVAL, "%s:%llu: %s %lu comes twice", s->name,
				s->i_line, side->what, k);
		side->is_on[k] = 1;
	}
	for (uint32_t k = 0; k < side->n; k++) {
		if (side->is_on[k])
			side->on[side->n_on++] = (uint16_t)k;
	}
	return 0;
}

int snn_stream_next(struct snn_stream *s, struct snn_stream_step *ret, struct snn_error *e)
{
	const char *p;
	int r = read_line(s, e);

	if (r <= 0)
		return r;
	p = s->line;
	r = read_side(s, &s->x, &p, e);
	if (r == 0 && *p != '|')
		return snn_fail(e, -EINVAL,
			"%s:%llu: \"%.40s\": expected numbers of inputs, then |, then numbers of outputs",
			s->name, s->i_line, p);
	p++;
	if (r == 0)
		r = read_side(s, &s->y_star, &p, e);
	if (r < 0)
		return r;
	if (*p)
		return snn_fail(e, -EINVAL, "%s:%llu: \"%.40s\": expected numbers of outputs",
			s->name, s->i_line, p);
	*ret = (struct snn_stream_step){
		.x = s->x.on, .y_star = s->y_star.on, .n_x = s->x.n_on, .n_y_star = s->y_star.n_on
	};
	return 1;
}
