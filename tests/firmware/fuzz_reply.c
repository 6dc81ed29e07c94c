/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_reply.c - every payload from the other end, as the host and the firmware take it. The first
 * byte chooses which, the second is a parameter. What was taken and is put again is the same bytes,
 * except those that nobody looks at.
 */
#include "fuzz_bytes.h"

#include <string.h>
#include "cmd.h"

static struct fuzz_bytes in;
static struct wire_reader r;
static struct wire_writer w;
static uint8_t out[FUZZ_N_BYTE];

static bool is_inside(const uint8_t *p, size_t n)
{
	return p >= r.buf && n <= r.size && (size_t)(p - r.buf) <= r.size - n;
}

static void check_same(void)
{
	fuzz_check(!w.is_bad && w.n == r.n && !memcmp(out, r.buf, w.n));
}

#define TAKE_AND_PUT(name)                      \
	do {                                    \
		struct cmd_##name x;            \
		if (cmd_take_##name(&r, &x)) {  \
			cmd_put_##name(&w, &x); \
			check_same();           \
		}                               \
	} while (0)

/* The same with a byte that is sent 0 and not looked at. */
#define TAKE_AND_PUT_0(name)                    \
	do {                                    \
		struct cmd_##name x;            \
		if (cmd_take_##name(&r, &x)) {  \
			cmd_put_##name(&w, &x); \
			out[1] = r.buf[1];      \
			check_same();           \
		}                               \
	} while (0)

/* May end before gain and offset, which are 0 then. */
static void take_config(void)
{
	struct cmd_config x;

	if (!cmd_take_config(&r, &x))
		return;
	cmd_put_config(&w, &x);
	if (r.n < w.n)
		w.n -= 8;
	check_same();
}

/* May end before the temperature, which is 0 then. */
static void take_stats(void)
{
	struct cmd_stats x;

	if (!cmd_take_stats(&r, &x))
		return;
	cmd_put_stats(&w, &x);
	if (r.n < w.n)
		w.n -= 4;
	check_same();
}

static void take_fixed(uint8_t which)
{
	switch (which) {
	case 0:
		TAKE_AND_PUT(result);
		break;
	case 1:
		TAKE_AND_PUT(hello);
		break;
	case 2:
		TAKE_AND_PUT(welcome);
		break;
	case 3:
		TAKE_AND_PUT(resumed);
		break;
	case 4:
		TAKE_AND_PUT(link_stats);
		break;
	case 5:
		take_stats();
		break;
	case 6:
		TAKE_AND_PUT(rest);
		break;
	case 7:
		TAKE_AND_PUT_0(patch);
		break;
	case 8:
		take_config();
		break;
	case 9:
		TAKE_AND_PUT_0(columns);
		break;
	default:
		TAKE_AND_PUT(resume);
	}
}

/* A zero inside a text ends it: then less comes out than went in. */
static void take_info(void)
{
	struct cmd_info x;

	if (!cmd_take_info(&r, &x))
		return;
	fuzz_check(cmd_is_geometry(&x));
	fuzz_check(memchr(x.board, 0, sizeof(x.board)) && memchr(x.model, 0, sizeof(x.model)));
	fuzz_check(
		memchr(x.serial, 0, sizeof(x.serial)) && memchr(x.version, 0, sizeof(x.version)));
	cmd_put_info(&w, &x);
	check_same();
}

static void take_mvms(void)
{
	struct cmd_mvm m;

	while (cmd_take_mvm(&r, &m)) {
		fuzz_check(is_inside(m.in, cmd_mvm_n_in(&m)));
		fuzz_check(cmd_mvm_n_reply(&m, 8) >= 4);
		cmd_put_mvm(&w, &m);
		check_same();
	}
}

static void take_codes(uint8_t n, uint32_t adc_bits)
{
	int16_t *code = malloc(n * sizeof(*code));
	uint32_t n_sat;

	fuzz_check(code || n == 0);
	if (cmd_take_mvm_reply(&r, adc_bits, &n_sat, code, n)) {
		cmd_put_mvm_reply(&w, adc_bits, n_sat, code, n);
		check_same();
	}
	free(code);
}

static void take_pulses(void)
{
	struct cmd_pulse_reader list = { .r = r };
	struct cmd_pulse_writer again = { .w = w };
	struct cmd_pulse p;
	size_t n = 0;

	for (; cmd_pulse_take(&list, &p); n++) {
		fuzz_check(p.row < CMD_N_ROW_MAX && p.col < CMD_N_COL_MAX);
		fuzz_check(p.device < CMD_N_DEVICE && p.kind <= CMD_RESET && p.n >= 1);
		fuzz_check(cmd_pulse_put(&again, &p));
	}
	fuzz_check(list.r.n <= list.r.size);
	/* Runs of one chip in a row become one: never more bytes. */
	fuzz_check(again.w.n <= list.r.n && again.w.n >= 4 * n);
}

static void take_values(uint8_t n)
{
	uint32_t value[255];

	if (cmd_take_values(&r, value, n)) {
		cmd_put_values(&w, value, n);
		check_same();
	}
	fuzz_check(!cmd_take_values(&r, value, SIZE_MAX / 4 + 1));
}

static void take_part(bool has_data)
{
	struct cmd_part part;

	if (!cmd_take_part(&r, has_data, &part))
		return;
	fuzz_check(!has_data || is_inside(part.data, part.n));
	cmd_put_part(&w, &part);
	check_same();
}

static void take_ping(void)
{
	const uint8_t *p;
	size_t n;

	if (cmd_take_ping(&r, &p, &n))
		fuzz_check(n <= CMD_N_PING && is_inside(p, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t which, parameter, *exact;

	fuzz_bytes_init(&in, data, n);
	which = fuzz_byte(&in);
	parameter = fuzz_byte(&in);
	exact = malloc(in.n - in.at + 1);
	fuzz_check(exact);
	memcpy(exact, in.byte + in.at, in.n - in.at);
	r = (struct wire_reader){ .buf = exact, .size = in.n - in.at };
	w = (struct wire_writer){ .buf = out, .size = sizeof(out) };
	switch (which % 18) {
	case 11:
		take_info();
		break;
	case 12:
		take_mvms();
		break;
	case 13:
		take_codes(parameter, 8);
		break;
	case 14:
		take_codes(parameter, 12);
		break;
	case 15:
		take_pulses();
		break;
	case 16:
		take_values(parameter);
		break;
	case 17:
		take_part(parameter & 1);
		take_ping();
		break;
	default:
		take_fixed(which % 18);
	}
	fuzz_check(r.n <= r.size && w.n <= w.size);
	free(exact);
	return 0;
}

const char *const fuzz_seeds[] = {
	"ZZYY]Z",
	"[Z\265\227\361\323=\037y[[YZ\032\014\230\346!",
	"XZ\265\227\361\323=\037y[Jh\016,\302\340\206\244[Z\244\220[RZ^ZzZZ\014\230\346!_ZZZ>ZZZ\212]ZZ",
	"YZ\322-<\017\036ixKJh\016,\302\340\206\244[Z\244\220sZZZ",
	"^Z[ZZZXZZZYZZZ^ZZZ_ZZZ\134ZZZ]ZZZZZZ\332",
	"_ZZZZZZ[ZZ[ZZZZZZZXZZZZZZZYZZZZZZZ^ZZZZZZZ_ZZZZZZZ\134ZZZZZZZ!N\364\035\273 \016e",
	"\134Z\242Z\256X",
	"]Z[ZKZ[ZYZ\247Z",
	"RZ[Z>ZFZ\366\237}b",
	"SZXZ[Z\245Z",
	"PZ\322-<\017\036ixK",
	"QZR7#z85;(>\1342\077(7\077)X\033k_kthtiX^RPZ[\332Z\134ZZZZZ\332dM\355\213mRXZZZZZZ",
	"VZ[Z_ZPZ\240Z\134ZXZ\245Y[XZ[ZZYZZZXZ[Z\333Z%",
	"W_XZZZ\333\245Z[%",
	"T^[ZZZ[\244\245\245ZZ\245[",
	"UZZZXZYNZ^\245\245%\245]Z[ZZ^z[ZZ[Z\245Z\012J",
	"J^ZZZZ\306\011\223o\347m\334\356ZZ\332e",
	"K[[ZZZXZZZ_ZZ[XY^",
	"",
	NULL,
};
