/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_snapshot.c - pcm_chip_restore() on hostile buffers. An input is lines "WHERE WHAT", edits of
 * a good snapshot: at byte WHERE (modulo its size) the u64 WHAT, hexadecimal. The checksum is made
 * to fit, so that edits reach the checks behind it. The input itself is tried as a snapshot, too.
 *
 * What must hold: restore refuses and the chip is as before, or it accepts, and then the chip saves
 * what it was given and works. Sanitizers watch the rest.
 */
#include "emulator_test.h"
#include "fuzz.h"
#include "snapshot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Offsets as in snapshot.h: 12 parameters, 312 counters, 368 ADC ranges, 1392 conductances, ... */
const char *const fuzz_seeds[] = {
	"",
	"0 534d4350",
	"4 2\n",
	"8 0\n12 0\n",
	"16 1\n24 1\n",
	"300 ff\n",
	"312 4000000000000001\n",
	"312 ffffffffffffffff\n320 4000000000000000\n",
	"368 7fc000007f800000\n",
	"1392 3400000033000000\n1400 bf800000\n",
	"1049968 3f8000003f800000\n",
	"2098544 1\n2098552 12a05f200\n",
	"4195696 ffffffffffffffff\n4195704 0\n",
	"4228400 12a05f200\n",
	NULL,
};

struct fuzz {
	struct pcm_chip *c;
	uint8_t *good, *buf;
	size_t n;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Cells pulsed, rows computed, rows stale, time passed. */
static void make_good(struct fuzz *f)
{
	struct pcm_pulse p[500];
	uint8_t in[32] = { 0xff, 0x0f };
	int16_t out[200];
	struct pcm_params prm;
	struct pcm_mvm m = { .n_row = 256, .n_col = 200, .n_vec = 1, .in = in, .out = out };
	pcm_params_default(&prm);
	draw_pulses(p, 500);
	require(pcm_chip_new(&f->c, &prm, 0) == 0);
	require(pcm_chip_pulse(f->c, p, 500) == 0 && pcm_chip_mvm(f->c, &m) == 0);
	require(pcm_chip_pulse(f->c, p, 5) == 0 && pcm_chip_wait(f->c, 5000000000) == 0);
	f->n = pcm_chip_snapshot_size(f->c);
	f->good = malloc(f->n);
	f->buf = malloc(f->n);
	require(f->good && f->buf && pcm_chip_snapshot(f->c, f->good, f->n) == 0);
}

static void edit(uint8_t *buf, size_t n, const uint8_t *data, size_t n_data)
{
	char *text = strndup((const char *)data, n_data), *rest = text, *line;
	require(text);
	while ((line = strsep(&rest, "\n"))) {
		char *end;
		size_t at = strtoul(line, &end, 10) % (n - 8);
		uint64_t what = strtoull(end, NULL, 16);
		if (*line)
			memcpy(buf + at, &what, sizeof(what));
	}
	free(text);
	pcm_snapshot_seal(buf, n);
}

/* A chip that accepted a state must be able to work with it. */
static void use(struct pcm_chip *c)
{
	int8_t in[256];
	int16_t out[256];
	struct pcm_mvm m = { .n_row = 256,
		.n_col = 256,
		.n_vec = 1,
		.input = PCM_INPUT_INT8,
		.in = in,
		.out = out };
	struct pcm_pulse p = { .row = 3, .col = 3, .n = 3 };
	memset(in, 127, sizeof(in));
	(void)pcm_chip_mvm(c, &m); /* -EOVERFLOW if the clock is at its end */
	(void)pcm_chip_pulse(c, &p, 1);
	(void)pcm_chip_wait(c, UINT64_C(1) << 61);
	(void)pcm_chip_mvm(c, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
	static struct fuzz f;
	if (!f.c)
		make_good(&f);
	require(pcm_chip_restore(f.c, data, n_data) < 0);
	memcpy(f.buf, f.good, f.n);
	edit(f.buf, f.n, data, n_data);
	int r = pcm_chip_restore(f.c, f.buf, f.n);
	const uint8_t *expected = r < 0 ? f.good : f.buf;
	uint8_t *after = malloc(f.n);
	require(after && pcm_chip_snapshot(f.c, after, f.n) == 0);
	require(memcmp(after, expected, f.n) == 0);
	free(after);
	if (r == 0) {
		use(f.c);
		require(pcm_chip_restore(f.c, f.good, f.n) == 0);
	}
	return 0;
}
