/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mixed_requests.h"

#include <string.h>

#define N_CHIP 2
#define N_SIDE 256 /* rows, columns */

/* Knuth's MMIX generator; its high bits are good. */
uint32_t mixed_draw(struct mixed *m, uint32_t n)
{
	m->state = m->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((m->state >> 33) % n);
}

/* One time in 16 something that need not be inside. */
static uint16_t draw_side(struct mixed *m, uint32_t n)
{
	return (uint16_t)(mixed_draw(m, 16) ? mixed_draw(m, n) : mixed_draw(m, 1024));
}

static uint8_t draw_chip(struct mixed *m)
{
	return (uint8_t)mixed_draw(m, mixed_draw(m, 16) ? N_CHIP : N_CHIP + 1);
}

static void put_product(struct mixed *m, struct wire_writer *w)
{
	uint32_t n_item = 1 + mixed_draw(m, 3);

	for (uint32_t i = 0; i < n_item; i++) {
		uint16_t n_row = (uint16_t)(1 + mixed_draw(m, 100));
		struct cmd_mvm x = { .chip = draw_chip(m),
			.input = (uint8_t)mixed_draw(m, 2),
			.row = draw_side(m, N_SIDE - n_row),
			.n_row = n_row,
			.col = draw_side(m, N_SIDE - 100),
			.n_col = (uint16_t)(1 + mixed_draw(m, 100)),
			.n_vec = (uint16_t)(1 + mixed_draw(m, 2)),
			.in = m->in };

		for (size_t k = 0; k < sizeof(m->in); k++)
			m->in[k] = (uint8_t)mixed_draw(m, 128);
		cmd_put_mvm(w, &x);
	}
}

static void put_pulses(struct mixed *m, struct wire_writer *w)
{
	struct cmd_pulse_writer list = { .w = *w };
	uint32_t n = 1 + mixed_draw(m, 150);

	for (uint32_t i = 0; i < n; i++) {
		struct cmd_pulse p = { .chip = draw_chip(m),
			.device = (uint8_t)mixed_draw(m, 4),
			.kind = (uint8_t)mixed_draw(m, 2),
			.n = (uint8_t)(1 + mixed_draw(m, 9)),
			.row = (uint16_t)mixed_draw(m, mixed_draw(m, 999) ? N_SIDE : 1024),
			.col = (uint16_t)mixed_draw(m, N_SIDE) };

		/* Runs as trainers have them. */
		if (i % 16)
			p.chip = list.chip;
		if (!cmd_pulse_put(&list, &p))
			break;
	}
	*w = list.w;
}

static void put_patch(struct mixed *m, struct wire_writer *w)
{
	bool is_row = mixed_draw(m, 3) == 0;
	struct cmd_patch patch = { .chip = draw_chip(m),
		.row = draw_side(m, N_SIDE - 5),
		.n_row = (uint16_t)(is_row ? 1 : 1 + mixed_draw(m, 5)),
		.col = is_row ? 0 : draw_side(m, N_SIDE - 12),
		.n_col = (uint16_t)(is_row ? N_SIDE : 1 + mixed_draw(m, 12)) };

	cmd_put_patch(w, &patch);
}

static void put_program(struct mixed *m, struct wire_writer *w)
{
	static const uint32_t bits[CMD_N_DEVICE] = { 0x3654fdf4, 0, 0x3654fdf4, 0 }; /* S */

	cmd_put_patch(w,
		&(struct cmd_patch){
			draw_chip(m), draw_side(m, N_SIDE), 1, draw_side(m, N_SIDE), 1 });
	cmd_put_values(w, bits, CMD_N_DEVICE);
}

static void put_config(struct mixed *m, struct wire_writer *w)
{
	static const uint32_t ranges[] = { 0x38d1b717, 0x37d1b717, 0x00000000, 0x7fc00000 };
	static const uint32_t gains[] = { 0x3f800000, 0x3f8ccccd, 0x00000000, 0xbf800000 };

	cmd_put_config(w,
		&(struct cmd_config){ .chip = draw_chip(m),
			.col = draw_side(m, N_SIDE - 64),
			.n_col = (uint16_t)(1 + mixed_draw(m, 64)),
			.n_phase = (uint8_t)(mixed_draw(m, 3) ? 0 : 4 - 3 * mixed_draw(m, 2)),
			.adc_range_bits = ranges[mixed_draw(m, 4)],
			.gain_bits = gains[mixed_draw(m, 4)],
			.offset_bits = 0xb4d6bf95 });
}

static void put_columns(struct mixed *m, struct wire_writer *w)
{
	cmd_put_columns(w,
		&(struct cmd_columns){ .chip = draw_chip(m),
			.col = draw_side(m, N_SIDE - 100),
			.n_col = (uint16_t)(1 + mixed_draw(m, 100)) });
}

static void put_rest(struct mixed *m, struct wire_writer *w)
{
	cmd_put_rest(w,
		&(struct cmd_rest){ .i_value = (uint16_t)mixed_draw(m, 1100),
			.n_value = (uint16_t)(1 + mixed_draw(m, 260)) });
}

static void put_wait(struct mixed *m, struct wire_writer *w)
{
	cmd_put_wait(w, mixed_draw(m, 8) ? mixed_draw(m, 1000000000) : UINT64_MAX / 2);
}

static void put_part(struct mixed *m, struct wire_writer *w)
{
	cmd_put_part(w,
		&(struct cmd_part){
			.at = mixed_draw(m, 4000000), .n = (uint16_t)(1 + mixed_draw(m, 1200)) });
}

/* Of a state that is none, in parts that do not follow. */
static void put_loaded(struct mixed *m, struct wire_writer *w)
{
	cmd_put_part(w,
		&(struct cmd_part){ .at = mixed_draw(m, 2) * 40,
			.n = (uint16_t)(1 + mixed_draw(m, 40)),
			.data = m->in });
}

static void put_size(struct mixed *m, struct wire_writer *w)
{
	cmd_put_size(w, mixed_draw(m, 50));
}

static void put_noise(struct mixed *m, struct wire_writer *w)
{
	uint32_t n = mixed_draw(m, 60);

	for (uint32_t i = 0; i < n; i++)
		wire_put_u8(w, (uint8_t)mixed_draw(m, 256));
}

static const struct {
	uint16_t op;
	uint16_t share;
	void (*put)(struct mixed *m, struct wire_writer *w);
} kinds[] = {
	{ CMD_MVM_BATCH, 30, put_product },
	{ CMD_PULSE_LIST, 20, put_pulses },
	{ CMD_READ_BLOCK, 10, put_patch },
	{ CMD_READ_REST, 8, put_rest },
	{ CMD_PROGRAM, 4, put_program },
	{ CMD_CONFIGURE, 5, put_config },
	{ CMD_LSB, 4, put_columns },
	{ CMD_WAIT, 5, put_wait },
	{ CMD_STATS, 5, NULL },
	{ CMD_ARM, 1, NULL },
	{ CMD_SAVE, 1, NULL },
	{ CMD_SAVE_PART, 4, put_part },
	{ CMD_LOAD, 2, put_size },
	{ CMD_LOAD_PART, 3, put_loaded },
	{ CMD_LOAD_DONE, 2, NULL },
	{ CMD_MVM_BATCH, 2, put_noise },
	{ CMD_PULSE_LIST, 2, put_noise },
	{ CMD_READ_BLOCK, 1, put_noise },
	{ 0x7777, 1, put_noise },
};

void mixed_request(struct mixed *m, struct wire_frame *ret)
{
	struct wire_writer w = { .buf = m->payload, .size = sizeof(m->payload) };
	uint32_t n_share = 0, at;
	size_t i = 0;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		n_share += kinds[k].share;
	at = mixed_draw(m, n_share);
	while (at >= kinds[i].share)
		at -= kinds[i++].share;
	if (kinds[i].put)
		kinds[i].put(m, &w);
	*ret = (struct wire_frame){
		.type = WIRE_REQ, .op = kinds[i].op, .payload = m->payload, .n_payload = w.n
	};
}
