/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * error.h - a failure in words. Functions that can fail through a user's input take a
 * struct snn_error and return snn_fail(e, -EINVAL, "...", ...): code for the program, text for
 * the person. The text names the thing, the value with unit, and the remedy; one line, no full stop.
 */
#ifndef SNN_ERROR_H
#define SNN_ERROR_H

struct snn_error {
	char text[1024];
};

/* Write the message (e may be NULL) and return code, a negative errno. */
int snn_fail(struct snn_error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
