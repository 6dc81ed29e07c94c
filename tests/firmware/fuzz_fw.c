/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_fw.c - the dispatcher with its state. The input is steps: how to choose session and seq, op,
 * length, payload; or raw bytes. Each becomes a right frame, so that mutations get past the
 * checksum. Promised: a seq is executed at most once and in order, answers are whole frames that fit,
 * a repeated request gets the same answer, a refusal has no more than its error, whatever came before.
 */
#include "fuzz_bytes.h"

#include <string.h>
#include "fw_rig.h"

static struct fuzz_bytes in;
static struct rig rig;
static uint16_t fail; /* what chips say that fail */

enum { SEQ_NEXT, SEQ_SAME, SEQ_OLD, SEQ_GAP, SEQ_ZERO, SEQ_OTHER_SESSION, SEQ_RAW, SEQ_HELLO };

static uint32_t choose_seq(uint8_t how)
{
	switch (how) {
	case SEQ_SAME:
		return rig.fw.seq;
	case SEQ_OLD:
		return rig.fw.seq - fuzz_byte(&in);
	case SEQ_GAP:
		return rig.fw.seq + 2 + fuzz_byte(&in);
	case SEQ_ZERO:
		return 0;
	default:
		return rig.fw.seq + 1;
	}
}

static void check_answers(void)
{
	struct wire_frame f;

	while (rig_next(&rig, &f)) {
		struct wire_reader r = { .buf = f.payload, .size = f.n_payload };
		struct cmd_result result;

		fuzz_check(f.type == WIRE_RSP || f.type == WIRE_NAK);
		fuzz_check(f.n_payload + WIRE_N_OVERHEAD <= RIG_N_FRAME);
		if (f.type == WIRE_NAK)
			continue;
		fuzz_check(cmd_take_result(&r, &result));
		if (cmd_is_refusal(result.error) && f.op != CMD_RESUME)
			fuzz_check(result.n_done == 0 && r.n == r.size);
	}
	fuzz_check(rig.n_out == 0);
}

/* The same frame again: answered alike, nothing executed. */
static void repeat(uint16_t op, const uint8_t *payload, size_t n)
{
	static uint8_t first[RIG_N_FRAME];
	struct rig_chips *chips = &rig.chips;
	uint32_t n_call = chips->n_call, seq = rig.fw.seq;
	struct wire_frame f;
	size_t n_first = 0;

	for (int i = 0; i < 2; i++) {
		rig_send(&rig, WIRE_REQ, op, rig.fw.session, seq, payload, n);
		fuzz_check(rig_next(&rig, &f) && f.seq == seq && f.type == WIRE_RSP);
		fuzz_check(
			i == 0 || (f.n_payload == n_first && !memcmp(first, f.payload, n_first)));
		n_first = f.n_payload;
		memcpy(first, f.payload, n_first);
	}
	fuzz_check(chips->n_call == n_call && rig.fw.seq == seq);
}

static void step(void)
{
	static uint8_t payload[1024];
	uint8_t how = fuzz_byte(&in) % 8;
	uint16_t op = fuzz_byte(&in);
	size_t n = fuzz_byte(&in) % 251 * 4u; /* always fits in a frame */
	uint32_t seq, before = rig.fw.seq, n_call = rig.chips.n_call, session = rig.fw.session;

	seq = choose_seq(how);
	for (size_t i = 0; i < n; i++)
		payload[i] = fuzz_byte(&in);
	rig.chips.fail = op & 0x80 ? fail : CMD_OK;
	rig.chips.n_until_fail = op >> 5 & 3;
	op &= 0x1f;
	rig.time += how * 10u;
	if (how == SEQ_RAW) {
		fw_feed(&rig.fw, payload, n);
		fw_unplug(&rig.fw);
	} else if (how == SEQ_HELLO) {
		rig_hello(&rig, payload[0], CMD_SCHEMA + (payload[1] & 1));
	} else {
		rig_send(&rig, WIRE_REQ, op, session + (how == SEQ_OTHER_SESSION), seq, payload, n);
	}
	check_answers();
	if (rig.fw.session == session && how != SEQ_RAW) {
		bool is_executed = how == SEQ_NEXT && seq != 0;

		fuzz_check(rig.fw.seq == before + is_executed);
		fuzz_check(is_executed || rig.chips.n_call == n_call);
		if (is_executed)
			repeat(op, payload, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t kind;

	fuzz_bytes_init(&in, data, n);
	kind = fuzz_byte(&in);
	rig_init(&rig, kind & 1 ? WIRE_UART : WIRE_STREAM);
	rig.config.limits.t_lease = kind & 2 ? 40 : 0;
	rig.config.limits.n_budget = kind & 4 ? 30 : 0;
	rig.config.info.adc_bits = kind & 8 ? 12 : 8;
	fail = kind & 16 ? CMD_E_RANGE : CMD_E_CHIP;
	rig_begin(&rig);
	while (in.at < in.n)
		step();
	return 0;
}

const char *const fuzz_seeds[] = {
	"ZZK^[Z_ZPZNZ\134ZXZ\245Y[XZHYZZXZYNZ^}.*_[HYZZXZYNZ^}.*_ZIY[ZKZ[ZYZNZZZZN[\242Z\256X",
	"[ZJZZHYZZXZYNZ^}.*_YH^[ZZXZYNZ^}.*_ZZZ]Z[[ZZZZHYZZXZYNZ^}.*_",
	"\134ZHYZZXZYNZ^}.*_ZJZZHYZZXZYNZ^}.*_ZOQZZZZ[ZZZXZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ^Y[\077925^XXZZZZZZZZ",
	"RZ@ZZAYZZZZZZZZ\002XZZZFXRZZZZZZZZG_ZZZZZZZZRZZZZZZZZZZZZDZZCZZBXZZZZZZZZZMXZZ[ZRZZZZLYZZ[ZRZ\027ZZZZZ",
	"Z\134Z\134\375[[Z^ZYZZZZZZZZZ;89>\301\312\330\036_HYZZXZYNZ^}.*_XH^[ZZXZYNZ^}.*_ZZZZ\313^[Z_ZPZNZ\134ZXZ\245Y[XZ\250YZZXZYNZ^}.*_",
	"",
	NULL,
};
