/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_uri.c - URIs. What is refused has a message; what is accepted prints as a URI that parses to
 * the same, has no key twice and no control character; what emu: makes of it prints as a complete
 * URI that means the same.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu_config.h"
#include "uri.h"

const char *const fuzz_seeds[] = {
	"",
	"emu:",
	"emu:?",
	"emu:?chips=2&seed=7&preset=nandakumar2018&drift_nu=0.05",
	"emu:?preset=ideal&adc_bits=12&adc_range=1e-6",
	"emu:?state=a%20b%26c.state&seed=18446744073709551615",
	"emu:?chips=65",
	"emu:?chips=2&chips=3",
	"emu:?drift_mu=1",
	"emu:?read_noise=literal&g_max=20e-6",
	"serial:/dev/ttyACM0?baud=921600",
	"usb:1209:7c8a?serial=A1",
	"emu:?%63hips=1",
	"emu:?a=%",
	"emu:?a=%zz",
	"emu:?a=%00",
	"emu:?=&&=a",
	"nothing",
	"a:b?c=d#e",
	NULL,
};

static void check_same(const struct xbar_uri *a, const struct xbar_uri *b)
{
	if (strcmp(a->scheme, b->scheme) || a->n_query != b->n_query)
		abort();
	for (size_t i = 0; i < a->n_query; i++) {
		if (strcmp(a->query[i].key, b->query[i].key) ||
			strcmp(a->query[i].value, b->query[i].value))
			abort();
	}
}

static void check_clean(const struct xbar_uri *u)
{
	for (size_t i = 0; i < u->n_query; i++) {
		if (!*u->query[i].key || xbar_uri_value(u, u->query[i].key) != u->query[i].value)
			abort();
		for (const char *p = u->query[i].value; *p; p++) {
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				abort();
		}
	}
}

static void check_round_trip(const struct xbar_uri *u)
{
	char text[XBAR_URI_MAX + 1];
	struct xbar_message msg = { "" };
	struct xbar_uri back;

	snprintf(text, sizeof(text), "%s:", u->scheme);
	for (size_t i = 0; i < u->n_query; i++) {
		/* What was written plain may need three bytes a character now. */
		if (xbar_uri_append(text, sizeof(text), u->query[i].key, u->query[i].value) ==
			-ENOSPC)
			return;
	}
	if (xbar_uri_parse(&back, text, &msg) < 0)
		abort();
	check_same(u, &back);
}

static void check_emu(const struct xbar_uri *u)
{
	char text[XBAR_URI_MAX + 1], again[XBAR_URI_MAX + 1];
	struct xbar_message msg = { "" };
	struct emu_config c;
	struct xbar_uri complete;

	if (emu_config_parse(&c, u, &msg) < 0 ||
		emu_config_print(&c, text, sizeof(text), &msg) < 0) {
		if (!msg.text[0])
			abort();
		return;
	}
	if (xbar_uri_parse(&complete, text, &msg) < 0 ||
		emu_config_parse(&c, &complete, &msg) < 0 ||
		emu_config_print(&c, again, sizeof(again), &msg) < 0 || strcmp(text, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct xbar_message msg = { "" };
	struct xbar_uri u;
	char *text = malloc(n + 1);
	int r;

	if (!text)
		abort();
	if (n)
		memcpy(text, data, n);
	text[n] = '\0';
	r = xbar_uri_parse(&u, text, &msg);
	free(text);
	if (r < 0) {
		if (r != -EINVAL || !msg.text[0])
			abort();
		return 0;
	}
	check_clean(&u);
	check_round_trip(&u);
	check_emu(&u);
	return 0;
}
