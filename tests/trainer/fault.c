/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trainer_test.h"

static unsigned long countdown; /* allocations until one fails; 0: none will */
static bool is_lasting;
bool fault_has_failed, fault_spares_realloc;

static bool fails(void)
{
	if (fault_has_failed && is_lasting)
		return true;
	if (!countdown || --countdown)
		return false;
	fault_has_failed = true;
	return true;
}

/* Names that the linker asks for. */
void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
FILE *__real_open_memstream(char **ret, size_t *n);
FILE *__wrap_open_memstream(char **ret, size_t *n);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return !fault_spares_realloc && fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list ap;
	int r;

	if (fails()) {
		*ret = (char *)ret; /* undefined, says the manual: nobody may use it */
		return -1;
	}
	va_start(ap, fmt);
	r = vasprintf(ret, fmt, ap);
	va_end(ap);
	return r;
}

FILE *__wrap_open_memstream(char **ret, size_t *n)
{
	return fails() ? NULL : __real_open_memstream(ret, n);
}

void fault_exhaust(int (*work)(struct snn_error *e))
{
	for (int lasting = 0; lasting < 2; lasting++) {
		for (unsigned long k = 1;; k++) {
			struct snn_error e = { "" };
			int r;

			countdown = k;
			is_lasting = lasting;
			fault_has_failed = false;
			r = work(&e);
			countdown = 0;
			if (!fault_has_failed) {
				assert_int_equal(r, 0);
				assert_true(k > 1); /* something did fail before */
				break;
			}
			fault_has_failed = false;
			if (r >= 0)
				fail_msg("allocation %lu failed, and nobody noticed", k);
			if (!e.text[0])
				fail_msg("allocation %lu failed: %d without a message", k, r);
		}
	}
}
