/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "number_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLANKS " \t\r\n"

static int cannot(const char *what, const char *name)
{
	fprintf(stderr, "xbar: %s: cannot %s: %s\n", name, what, strerror(errno));
	return -1;
}

int number_file_open(struct number_file *f, const char *path)
{
	struct stat st;

	*f = (struct number_file){ .name = path };
	if (!strcmp(path, "-")) {
		f->f = stdin;
		f->name = "standard input";
		return 0;
	}
	f->f = fopen(path, "re");
	if (!f->f)
		return cannot("open", path);
	if (fstat(fileno(f->f), &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		number_file_close(f);
		return cannot("read", path);
	}
	return 0;
}

void number_file_close(struct number_file *f)
{
	if (f->f && f->f != stdin)
		fclose(f->f);
	free(f->line);
	f->f = NULL;
	f->line = NULL;
}

int number_file_complain(const struct number_file *f, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "xbar: %s:%lu: ", f->name, f->i_line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

int number_file_line(struct number_file *f)
{
	for (;;) {
		ssize_t n = getline(&f->line, &f->n_line, f->f);

		if (n < 0)
			return ferror(f->f) ? cannot("read", f->name) : 0;
		f->i_line++;
		if (strlen(f->line) != (size_t)n)
			return number_file_complain(f, "a NUL byte: this is no text file");
		f->line[strcspn(f->line, "#")] = '\0';
		f->next = f->line;
		if (f->line[strspn(f->line, BLANKS)])
			return 1;
	}
}

/* Past one comma and the blanks around it; a comma that nothing follows stays, as a complaint. */
static char *skip_separator(char *p)
{
	char *comma = p + strspn(p, BLANKS);
	char *next = comma + (*comma == ',');

	next += strspn(next, BLANKS);
	return *next ? next : comma;
}

int number_file_value(struct number_file *f, double *ret)
{
	char *p = f->next + strspn(f->next, BLANKS), *end;
	size_t n = strcspn(p, "," BLANKS);

	if (!*p)
		return 0;
	if (!n)
		return number_file_complain(f, "a value is missing at \"%.20s\"", p);
	*ret = strtod(p, &end);
	if (end != p + n || strspn(p, "+-.0123456789eE") < n)
		return number_file_complain(f, "\"%.*s\" is not a number", n < 40 ? (int)n : 40, p);
	f->next = skip_separator(end);
	return 1;
}

bool number_file_is(const struct number_file *f, const char *text)
{
	const char *p = f->line + strspn(f->line, BLANKS);
	size_t n = strlen(text);

	return !strncmp(p, text, n) && !p[n + strspn(p + n, BLANKS)];
}
