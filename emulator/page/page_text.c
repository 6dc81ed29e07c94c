/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Length of the character at p, 0 if it is no UTF-8 (RFC 3629), or none that XML allows. */
static size_t character_length(const unsigned char *p, size_t n)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80  ? 1
		: p[0] >> 5 == 6  ? 2
		: p[0] >> 4 == 14 ? 3
		: p[0] >> 3 == 30 ? 4
				  : 0;
	uint32_t c = p[0] & (0x7fu >> len);

	if (len == 1)
		return 1;
	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || (c & 0xfffe) == 0xfffe)
		return 0;
	return len;
}

static void put_byte(FILE *f, unsigned char c)
{
	switch (c) {
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '&':
		fputs("&amp;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		fputc(c < 0x20 || c == 0x7f ? ' ' : c, f);
	}
}

void page_put_html(FILE *f, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0; i < n;) {
		size_t len = character_length(p + i, n - i);

		if (len > 1)
			fwrite(p + i, 1, len, f);
		else
			put_byte(f, len ? p[i] : '?');
		i += len ? len : 1;
	}
}

void page_put_quoted(FILE *f, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = strlen(text);

	fputc('\'', f);
	for (size_t i = 0; i < n;) {
		size_t len = character_length(p + i, n - i);

		if (len > 1)
			fwrite(p + i, 1, len, f);
		else if (!len)
			fputc('?', f);
		else if (p[i] == '\'')
			fputs("''", f);
		else
			fputc(p[i] < 0x20 || p[i] == 0x7f ? ' ' : p[i], f);
		i += len ? len : 1;
	}
	fputc('\'', f);
}

int page_fail(struct page_error *err, int r, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return r;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return r;
}
