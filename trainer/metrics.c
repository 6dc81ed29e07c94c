/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "read_file.h"

#define MAX_FILE ((size_t)64 << 20)

/* Cut line at its commas; how many fields, 0 for more than max. */
static uint32_t split(char *line, char **field, uint32_t max)
{
	uint32_t n = 0;

	for (char *p = line; p; n++) {
		char *comma = strchr(p, ',');

		if (n == max)
			return 0;
		field[n] = p;
		if (comma)
			*comma++ = '\0';
		p = comma;
	}
	return n;
}

/* The next line without its end, or NULL; *at moves on. A last line without an end is not one. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static int read_rows(struct snn_metrics *m, char *at)
{
	char *field[SNN_METRICS_MAX_COLUMN], *line, *end;

	while ((line = next_line(&at))) {
		double *row = m->value + (size_t)m->n_row * m->n_col;

		if (split(line, field, SNN_METRICS_MAX_COLUMN) != m->n_col)
			return -EBADMSG;
		for (uint32_t k = 0; k < m->n_col; k++) {
			row[k] = *field[k] ? strtod(field[k], &end) : NAN;
			if (*field[k] && *end)
				return -EBADMSG;
		}
		m->n_row++;
	}
	return 0;
}

static int parse(struct snn_metrics *m, size_t n)
{
	char *at = m->text, *header;
	size_t n_line = count_lines(at);

	if (strlen(at) != n)
		return -EBADMSG;
	header = next_line(&at);
	if (header)
		m->n_col = split(header, m->name, SNN_METRICS_MAX_COLUMN);
	if (!m->n_col)
		return -EBADMSG;
	m->value = calloc(n_line, m->n_col * sizeof(*m->value));
	return m->value ? read_rows(m, at) : -ENOMEM;
}

int snn_metrics_read(struct snn_metrics *ret, const char *file, struct snn_error *e)
{
	struct snn_metrics m = { 0 };
	size_t n;
	int r = snn_read_file(&m.text, &n, file, MAX_FILE, e);

	if (r < 0)
		return r;
	r = parse(&m, n);
	if (r < 0) {
		snn_metrics_done(&m);
		return snn_fail(e, r, "%s: %s", file,
			r == -ENOMEM ? "no memory" : "not the metrics of a run");
	}
	*ret = m;
	return 0;
}

void snn_metrics_done(struct snn_metrics *m)
{
	free(m->value);
	free(m->text);
	*m = (struct snn_metrics){ 0 };
}

int snn_metrics_column(const struct snn_metrics *m, const char *name)
{
	for (uint32_t k = 0; k < m->n_col; k++) {
		if (!strcmp(m->name[k], name))
			return (int)k;
	}
	return -1;
}

double snn_metrics_value(const struct snn_metrics *m, uint32_t row, int column)
{
	return column < 0 ? NAN : m->value[(size_t)row * m->n_col + (uint32_t)column];
}

int64_t snn_metrics_best(const struct snn_metrics *m)
{
	int nll = snn_metrics_column(m, "valid_nll");
	int accuracy = snn_metrics_column(m, "valid_accuracy");
	int64_t best = -1;
	double least = INFINITY;

	for (uint32_t i = 0; i < m->n_row; i++) {
		double v = -snn_metrics_value(m, i, accuracy);

		if (isnan(v)) /* a task without labels */
			v = snn_metrics_value(m, i, nll);
		if (v < least) {
			least = v;
			best = i;
		}
	}
	return best;
}
