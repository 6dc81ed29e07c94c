/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNN_UTF8_H
#define SNN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The code point at the start of text [n], n > 0. Returns its length in bytes, 0 if it is no UTF-8
 * (RFC 3629: overlong forms and surrogates are none).
 */
size_t snn_utf8_next(const char *text, size_t n, uint32_t *ret);

/* Comes back from YAML as it went in: no control character, line separator, byte order mark, ... */
bool snn_is_printable(uint32_t code_point);

#endif
