/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_main.c - main() of a fuzzer without libFuzzer. Mutations come from a fixed generator, so that
 * a failure comes back.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INPUT 65536
#define N_ROUND   3000

struct input {
	uint8_t byte[MAX_INPUT];
	size_t n;
};

/* xorshift64, Marsaglia (2003). */
static size_t below(uint64_t *x, size_t n)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return n ? (size_t)(*x >> 16) % n : 0;
}

/* Put `data` [n] in at a place; what does not fit falls off the end. */
static void insert(struct input *in, size_t at, const void *data, size_t n)
{
	if (in->n + n > MAX_INPUT)
		return;
	memmove(in->byte + at + n, in->byte + at, in->n - at);
	memcpy(in->byte + at, data, n);
	in->n += n;
}

static void erase(struct input *in, size_t at, size_t n)
{
	memmove(in->byte + at, in->byte + at + n, in->n - at - n);
	in->n -= n;
}

static void mutate(struct input *in, uint64_t *x)
{
	static const char special[] = "[]{}():,;-#&*!|>'\"%@`?=.\\/\n\t\r 0129eE+\x7f\xc3\xff";
	uint8_t copy[64];
	size_t at = below(x, in->n), n = below(x, in->n - at < 64 ? in->n - at : 64);
	size_t to = below(x, in->n + 1);

	switch (below(x, 6)) {
	case 0: /* a flipped bit */
		if (in->n)
			in->byte[at] ^= (uint8_t)(1u << below(x, 8));
		break;
	case 1:
		insert(in, to, &special[below(x, sizeof(special))], 1); /* the zero byte too */
		break;
	case 2:
		erase(in, at, n);
		break;
	case 3: /* a piece again elsewhere */
		memcpy(copy, in->byte + at, n);
		insert(in, to, copy, n);
		break;
	case 4: /* the same byte many times, as in deep nesting */
		memset(copy, special[below(x, sizeof(special))], sizeof(copy));
		insert(in, to, copy, 1 + below(x, sizeof(copy)));
		break;
	default: /* cut */
		if (below(x, 4) == 0)
			in->n = to;
	}
}

static void take(struct input *in, const char *text)
{
	in->n = strlen(text) < MAX_INPUT ? strlen(text) : MAX_INPUT;
	memcpy(in->byte, text, in->n);
}

/* A copy of the exact size, so that a sanitizer sees a read past its end. */
static void try_input(const struct input *in)
{
	uint8_t *exact = malloc(in->n);

	if (in->n && !exact)
		abort();
	if (in->n)
		memcpy(exact, in->byte, in->n);
	LLVMFuzzerTestOneInput(exact, in->n);
	free(exact);
}

static int run_seeds(struct input *in)
{
	const char *text = getenv("FUZZ_ROUNDS");
	unsigned long n_round = text ? strtoul(text, NULL, 10) : N_ROUND;
	uint64_t x = 88172645463325252u;
	size_t n_seed = 0;

	for (; fuzz_seeds[n_seed]; n_seed++) {
		take(in, fuzz_seeds[n_seed]);
		try_input(in);
	}
	for (unsigned long i = 0; i < n_round; i++) {
		take(in, fuzz_seeds[below(&x, n_seed)]);
		for (size_t k = 1 + below(&x, 4); k; k--)
			mutate(in, &x);
		try_input(in);
	}
	return 0;
}

static int run_file(struct input *in, const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "rb") : stdin;

	if (!f) {
		perror(name);
		return 1;
	}
	in->n = fread(in->byte, 1, MAX_INPUT, f);
	if (f != stdin)
		fclose(f);
	try_input(in);
	return 0;
}

int main(int argc, char **argv)
{
	static struct input in;
	int r = argc > 1 ? 0 : run_seeds(&in);

	for (int i = 1; i < argc; i++)
		r |= run_file(&in, argv[i]);
	return r;
}
