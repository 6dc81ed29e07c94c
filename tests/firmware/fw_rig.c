/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fw_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static uint16_t chip_mvm(void *user, struct fw_mvm *m, size_t n, size_t *ret_done)
{
	struct rig_chips *c = user;

	c->n_call++;
	for (size_t i = 0; i < n; i++) {
		if (c->fail && i == c->n_until_fail)
			return c->fail;
		for (size_t k = 0; k < (size_t)m[i].req.n_vec * m[i].req.n_col; k++)
			m[i].code[k] = (int16_t)((c->n_vector * 7 + k) % 255 - 127);
		c->n_vector += m[i].req.n_vec;
		m[i].n_sat = c->n_vector;
		*ret_done = i + 1;
	}
	return CMD_OK;
}

static uint16_t chip_pulse(void *user, const struct cmd_pulse *p, size_t n)
{
	struct rig_chips *c = user;

	c->n_call++;
	if (c->fail && c->n_until_fail-- == 0)
		return c->fail;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(p[i].chip, p[0].chip);
		if (c->n_until_cut > 0 && --c->n_until_cut == 0)
			longjmp(*c->cut, 1);
		c->pulse[p[i].chip][p[i].row][p[i].col][p[i].device] += p[i].n;
		c->n_pulse += p[i].n;
	}
	return CMD_OK;
}

static uint64_t chip_n_pulse(void *user)
{
	return ((struct rig_chips *)user)->n_pulse;
}

static uint16_t chip_read(void *user, const struct cmd_patch *w, uint32_t *ret_bits)
{
	struct rig_chips *c = user;

	c->n_call++;
	if (c->fail)
		return c->fail;
	for (uint32_t i = 0; i < (uint32_t)w->n_row * w->n_col * 4; i++)
		ret_bits[i] = c->n_call << 16 | i;
	return CMD_OK;
}

static uint16_t chip_program(void *user, const struct cmd_patch *w, const uint32_t *bits)
{
	struct rig_chips *c = user;

	(void)bits;
	c->n_call++;
	if (c->fail)
		return c->fail;
	c->n_pulse += (uint64_t)w->n_row * w->n_col * 4;
	return CMD_OK;
}

static uint16_t chip_configure(void *user, const struct cmd_config *config)
{
	struct rig_chips *c = user;

	c->n_call++;
	if (c->fail)
		return c->fail;
	c->lsb_bits = config->adc_range_bits / 2;
	return CMD_OK;
}

static uint32_t chip_lsb(void *user, uint8_t chip, uint16_t col)
{
	return ((struct rig_chips *)user)->lsb_bits + chip * 256u + col;
}

static uint16_t chip_wait(void *user, uint64_t dt)
{
	struct rig_chips *c = user;

	c->n_call++;
	if (c->fail)
		return c->fail;
	c->time += dt;
	return CMD_OK;
}

static void chip_stats(void *user, struct cmd_stats *ret)
{
	struct rig_chips *c = user;

	ret->time = c->time;
	ret->n_set = c->n_pulse;
	ret->temperature = 310150;
}

static uint16_t chip_save(void *user, uint64_t *ret_n)
{
	struct rig_chips *c = user;

	if (c->fail)
		return c->fail;
	*ret_n = sizeof(c->state);
	return CMD_OK;
}

static void chip_save_part(void *user, uint64_t at, uint8_t *buf, size_t n)
{
	struct rig_chips *c = user;

	assert_true(at <= sizeof(c->state) && n <= sizeof(c->state) - at);
	memcpy(buf, c->state + at, n);
}

static uint16_t chip_load(void *user, uint64_t n)
{
	struct rig_chips *c = user;

	c->n_loaded = 0;
	return n > sizeof(c->loaded) ? CMD_E_RANGE : CMD_OK;
}

static void chip_load_part(void *user, uint64_t at, const uint8_t *buf, size_t n)
{
	struct rig_chips *c = user;

	assert_int_equal(at, c->n_loaded);
	assert_true(at <= sizeof(c->loaded) && n <= sizeof(c->loaded) - at);
	memcpy(c->loaded + at, buf, n);
	c->n_loaded += n;
}

static uint16_t chip_load_done(void *user)
{
	struct rig_chips *c = user;

	c->n_call++;
	return memcmp(c->loaded, c->state, c->n_loaded) ? CMD_E_DAMAGED : CMD_OK;
}

static const struct fw_chip_ops rig_ops = {
	.mvm = chip_mvm,
	.pulse = chip_pulse,
	.n_pulse = chip_n_pulse,
	.read = chip_read,
	.program = chip_program,
	.configure = chip_configure,
	.lsb = chip_lsb,
	.wait = chip_wait,
	.stats = chip_stats,
	.save = chip_save,
	.save_part = chip_save_part,
	.load = chip_load,
	.load_part = chip_load_part,
	.load_done = chip_load_done,
};

static size_t rig_rx(void *user, uint8_t *buf, size_t n)
{
	struct rig *rig = user;
	size_t k = n < rig->n_rx ? n : rig->n_rx;

	memcpy(buf, rig->rx, k);
	rig->rx += k;
	rig->n_rx -= k;
	return k;
}

static void rig_tx(void *user, const uint8_t *buf, size_t n)
{
	struct rig *rig = user;

	assert_true(n <= sizeof(rig->out) - rig->n_out);
	memcpy(rig->out + rig->n_out, buf, n);
	rig->n_out += n;
}

static void rig_doorbell(void *user)
{
	((struct rig *)user)->n_doorbell++;
}

static uint32_t rig_now(void *user)
{
	return ((struct rig *)user)->time;
}

void rig_init(struct rig *rig, enum wire_link link)
{
	memset(rig, 0, offsetof(struct rig, out));
	for (size_t i = 0; i < sizeof(rig->chips.state); i++)
		rig->chips.state[i] = (uint8_t)(i * 31 + i / 256);
	rig->rx = rig->out;
	rig->config = (struct fw_config){
		.info = { .board = "rig",
			.n_chip = 2,
			.n_device = 4,
			.dac_bits = 8,
			.adc_bits = 8,
			.n_row = RIG_N_ROW,
			.n_col = RIG_N_COL,
			.caps = 7 },
		.ops = &rig_ops,
		.chip_user = &rig->chips,
		.port = { rig_rx, rig_tx, rig_doorbell, rig_now, rig },
		.link = link,
		.n_frame = RIG_N_FRAME,
		.n_slot = RIG_N_SLOT,
		.t_reply = 10,
		.boot_id = 0x1234500000000007,
	};
}

int rig_boot(struct rig *rig)
{
	rig->n_out = 0;
	wire_decoder_init(&rig->decoder, rig->config.link, rig->decoder_buf, WIRE_N_FRAME_MAX);
	return fw_init(&rig->fw, &rig->config, rig->memory, sizeof(rig->memory));
}

void rig_send(struct rig *rig, uint8_t type, uint16_t op, uint32_t session, uint32_t seq,
	const void *payload, size_t n)
{
	static uint8_t frame[WIRE_N_FRAME_MAX], packed[WIRE_N_COBS(WIRE_N_FRAME_MAX)];

	n = wire_encode(frame, sizeof(frame),
		&(struct wire_frame){ .type = type,
			.op = op,
			.session = session,
			.seq = seq,
			.payload = payload,
			.n_payload = n });
	assert_true(n > 0);
	n = wire_pack(rig->config.link, packed, sizeof(packed), frame, n);
	fw_feed(&rig->fw, packed, n);
}

bool rig_next(struct rig *rig, struct wire_frame *ret)
{
	const uint8_t *in = rig->out;
	size_t n = rig->n_out;
	bool is_found = wire_decode(&rig->decoder, &in, &n, ret);

	memmove(rig->out, in, n);
	rig->n_out = n;
	return is_found;
}

void rig_hello(struct rig *rig, uint64_t nonce, uint32_t schema)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .size = sizeof(buf) };

	cmd_put_hello(&w,
		&(struct cmd_hello){ .nonce = nonce,
			.version_min = 1,
			.version_max = 1,
			.schema = schema,
			.n_frame = WIRE_N_FRAME_MAX });
	rig_send(rig, WIRE_REQ, CMD_HELLO, 0, 0, buf, w.n);
}

void rig_begin(struct rig *rig)
{
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;
	struct cmd_welcome welcome;

	assert_int_equal(rig_boot(rig), FW_OK);
	assert_true(rig_next(rig, &f));
	assert_int_equal(f.type, WIRE_EVT);
	rig_hello(rig, 77, CMD_SCHEMA);
	assert_true(rig_next(rig, &f));
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result) && cmd_take_welcome(&r, &welcome));
	assert_int_equal(result.error, 0);
	assert_int_equal(welcome.nonce, 77);
	rig->session = welcome.session;
}

struct cmd_result rig_ask(struct rig *rig, uint16_t op, uint32_t seq, const void *payload, size_t n,
	struct wire_reader *ret_rest)
{
	struct wire_frame f;
	struct wire_reader r;
	struct cmd_result result;

	rig_send(rig, WIRE_REQ, op, rig->session, seq, payload, n);
	assert_true(rig_next(rig, &f));
	assert_int_equal(rig->n_out, 0);
	assert_int_equal(f.type, WIRE_RSP);
	assert_int_equal(f.op, op);
	assert_int_equal(f.session, rig->session);
	assert_int_equal(f.seq, seq);
	r = (struct wire_reader){ .buf = f.payload, .size = f.n_payload };
	assert_true(cmd_take_result(&r, &result));
	if (ret_rest)
		*ret_rest = r;
	return result;
}
