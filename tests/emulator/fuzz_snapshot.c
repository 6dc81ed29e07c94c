/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_snapshot.c - pcm_chip_restore() on hostile buffers. An input is lines "WHERE WHAT", edits of
 * a good snapshot: at byte WHERE (from the end if negative, modulo its size) the u64 WHAT,
 * hexadecimal; of a plain chip, or, if it begins with !, of one with all effects. The checksum is made
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

/*
 * From the end, as in snapshot.h: of a plain chip 32768 chunk_t, 2129920 t_prog, 3178496 memory, 4227072
 * g, 4230148 phases, 4234244 row_reads, 4234308 counters; of the other before chunk_t 49152 chunk_total,
 * then slow, noise_t, nu_z.
 */
const char *const fuzz_seeds[] = {
	"",
	"0 534d4350",
	"4 2\n",
	"8 0\n12 0\n",
	"16 1\n24 1\n",
	"300 ff\n",
	"-4234308 4000000000000001\n",
	"-4234308 ffffffffffffffff\n-4234300 4000000000000000\n",
	"-4234244 4000000000000001\n",
	"-4230148 3f80000000000002\n",
	"-4230144 7fc000007f800000\n",
	"-4227072 3400000033000000\n-4227064 bf800000\n",
	"-3178496 3f8000003f800000\n",
	"-2129920 1\n-2129912 12a05f200\n",
	"-32768 ffffffffffffffff\n-32760 0\n",
	"-8 12a05f200\n",
	"!",
	"!-32768 ffffffffffffffff\n",
	"!-49152 bf8000003f800000\n",
	"!-49152 7fc000003f800001\n",
	"!-49160 4180000041000000\n",
	"!-8500000 7f8000007f800000\n",
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
static void make_good(struct fuzz *f, const char *preset)
{
	struct pcm_pulse p[500];
	uint8_t in[32] = { 0xff, 0x0f };
	int16_t out[200];
	struct pcm_params prm;
	struct pcm_mvm m = { .n_row = 256, .n_col = 200, .n_vec = 1, .in = in, .out = out };
	require(pcm_params_set(&prm, "preset", preset) == 0);
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
		long where = strtol(line, &end, 10);
		size_t at = (where < 0 ? n + (size_t)where : (size_t)where) % (n - 7);
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

static void try(struct fuzz *f, const uint8_t *data, size_t n_data)
{
	require(pcm_chip_restore(f->c, data, n_data) < 0);
	memcpy(f->buf, f->good, f->n);
	edit(f->buf, f->n, data, n_data);
	int r = pcm_chip_restore(f->c, f->buf, f->n);
	const uint8_t *expected = r < 0 ? f->good : f->buf;
	uint8_t *after = malloc(f->n);
	require(after && pcm_chip_snapshot(f->c, after, f->n) == 0);
	require(memcmp(after, expected, f->n) == 0);
	free(after);
	if (r == 0) {
		use(f->c);
		require(pcm_chip_restore(f->c, f->good, f->n) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
	static struct fuzz plain, full;
	bool is_full = n_data > 0 && *data == '!';
	if (!plain.c) {
		make_good(&plain, "nandakumar2018");
		make_good(&full, "hermes_chip");
	}
	try(is_full ? &full : &plain, data + is_full, n_data - is_full);
	return 0;
}
