/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h - a failure in words: object, value with unit, cause, remedy; one line, no full stop.
 *	return xbar_fail(msg, -ERANGE, "chip %u: this board has chips 0 .. %u", chip, n - 1);
 */
#ifndef XBAR_MESSAGE_H
#define XBAR_MESSAGE_H

struct xbar_message {
	char text[1024];
};

/* Write the message and return code, a negative errno. Quoted bytes that steer terminals become ?. */
int xbar_fail(struct xbar_message *m, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

#endif
