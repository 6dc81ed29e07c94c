/* SPDX-License-Identifier: Apache-2.0 */
/* fw.c - the link, sessions and the order of requests; see PROTOCOL.md, sections 3 and 4. */
#include "fw.h"

#include <string.h>
#include "fw_ops.h"

#define N_RX 512 /* bytes taken from the port at a time, on the stack */

static uint32_t now(const struct fw *f)
{
	return f->config.port.now ? f->config.port.now(f->config.port.user) : 0;
}

static void send(struct fw *f, const uint8_t *frame, size_t n)
{
	const struct fw_port *port = &f->config.port;

	if (f->config.link == WIRE_UART) {
		n = wire_pack(WIRE_UART, f->packed, WIRE_N_COBS(n), frame, n);
		frame = f->packed;
	}
	port->tx(port->user, frame, n);
	f->is_sent = true;
}

static void ring(struct fw *f)
{
	if (f->is_sent && f->config.port.doorbell)
		f->config.port.doorbell(f->config.port.user);
	f->is_sent = false;
}

/* What f->reply can hold before the length of frames is agreed. */
static struct wire_writer open_reply(struct fw *f)
{
	return (struct wire_writer){ .buf = f->reply + WIRE_N_HEAD,
		.size = CMD_N_FRAME_MIN - WIRE_N_OVERHEAD };
}

static void send_reply(struct fw *f, uint8_t type, uint16_t op, uint32_t session, uint32_t seq,
	const struct wire_writer *w)
{
	send(f, f->reply,
		wire_seal(f->reply,
			&(struct wire_frame){ .type = type,
				.op = op,
				.session = session,
				.seq = seq,
				.n_payload = w->n }));
}

static void send_refusal(struct fw *f, const struct wire_frame *frame, uint16_t error)
{
	struct wire_writer w = open_reply(f);

	cmd_put_result(&w, &(struct cmd_result){ .error = error });
	send_reply(f, WIRE_RSP, frame->op, frame->session, frame->seq, &w);
}

static void send_boot(struct fw *f)
{
	struct wire_writer w = open_reply(f);
	static const uint8_t zero = 0;

	if (f->config.link == WIRE_UART)
		f->config.port.tx(f->config.port.user, &zero, 1);
	cmd_put_boot(&w, f->config.boot_id);
	send_reply(f, WIRE_EVT, CMD_EVT_BOOT, 0, 0, &w);
	ring(f);
}

static void send_welcome(struct fw *f)
{
	struct wire_writer w = open_reply(f);
	struct cmd_welcome welcome = { .nonce = f->nonce[0],
		.session = f->session,
		.boot_id = f->config.boot_id,
		.version = CMD_VERSION,
		.n_slot = f->config.n_slot,
		.n_frame = f->n_frame,
		.n_window = f->config.n_window,
		.schema = CMD_SCHEMA,
		.features = f->config.info.caps,
		.t_reply = f->config.t_reply,
		.t_lease = f->config.limits.t_lease };

	cmd_put_result(&w, &(struct cmd_result){ .n_done = 1 });
	cmd_put_welcome(&w, &welcome);
	send_reply(f, WIRE_RSP, CMD_HELLO, 0, 0, &w);
}

static void begin_session(struct fw *f, const struct cmd_hello *hello, uint16_t n_frame)
{
	f->session = ++f->session_last ? f->session_last : ++f->session_last;
	memmove(f->nonce + 1, f->nonce, sizeof(f->nonce) - sizeof(f->nonce[0]));
	f->nonce[0] = hello->nonce;
	if (f->n_nonce < sizeof(f->nonce) / sizeof(f->nonce[0]))
		f->n_nonce++;
	f->seq = f->seq_gap = 0;
	f->n_frame = n_frame;
	f->is_schema_equal = hello->schema == CMD_SCHEMA;
	f->is_armed = false;
	f->n_budget = 0;
	f->n_value_row = 0;
	f->n_save = f->n_load = f->at_load = 0;
	f->t_heard = now(f);
	f->stats.n_session++;
}

static void take_hello(struct fw *f, const struct wire_frame *frame, struct wire_reader *r)
{
	struct cmd_hello hello;
	uint16_t n_frame = f->config.n_frame;

	if (!cmd_take_hello(r, &hello)) {
		send_refusal(f, frame, CMD_E_FORM);
		return;
	}
	for (uint8_t i = 1; i < f->n_nonce; i++) {
		if (f->nonce[i] == hello.nonce) {
			f->stats.n_stale++;
			return;
		}
	}
	if (f->session && f->nonce[0] == hello.nonce) {
		send_welcome(f);
		return;
	}
	if (hello.version_min > CMD_VERSION || hello.version_max < CMD_VERSION) {
		send_refusal(f, frame, CMD_E_VERSION);
		return;
	}
	if (hello.n_frame < n_frame)
		n_frame = hello.n_frame;
	if (n_frame < fw_n_frame_min(&f->config.info)) {
		send_refusal(f, frame, CMD_E_RANGE);
		return;
	}
	begin_session(f, &hello, n_frame);
	send_welcome(f);
}

static uint16_t put_resumed(
	struct fw *f, const struct wire_frame *frame, struct wire_reader *r, struct wire_writer *w)
{
	struct cmd_resume resume;

	if (!cmd_take_resume(r, &resume))
		return CMD_E_FORM;
	cmd_put_resumed(w,
		&(struct cmd_resumed){ .nonce = resume.nonce,
			.boot_id = f->config.boot_id,
			.session = f->session,
			.seq = f->seq });
	return f->session && frame->session == f->session ? CMD_OK : CMD_E_SESSION;
}

static uint16_t put_ping(struct wire_reader *r, struct wire_writer *w)
{
	const uint8_t *ping;
	size_t n;

	if (!cmd_take_ping(r, &ping, &n))
		return CMD_E_FORM;
	cmd_put_ping(w, ping, n);
	return CMD_OK;
}

static uint16_t put_link_stats(struct fw *f, struct wire_writer *w)
{
	struct cmd_link_stats stats = f->stats;

	stats.n_good = f->decoder.n_good;
	stats.n_bad = f->decoder.n_bad;
	stats.n_junk = f->decoder.n_junk;
	cmd_put_link_stats(w, &stats);
	return CMD_OK;
}

/* Operations of seq 0. */
static void answer(struct fw *f, const struct wire_frame *frame)
{
	struct wire_reader r = { .buf = frame->payload, .size = frame->n_payload };
	struct wire_writer w = open_reply(f);
	struct cmd_result result = { .n_done = 1 };

	if (frame->op == CMD_HELLO) {
		take_hello(f, frame, &r);
		return;
	}
	cmd_put_result(&w, &result);
	if (frame->op == CMD_RESUME) {
		result.error = put_resumed(f, frame, &r, &w);
	} else if (frame->op == CMD_PING) {
		result.error = put_ping(&r, &w);
	} else if (frame->op == CMD_INFO) {
		cmd_put_info(&w, &f->config.info);
	} else {
		put_link_stats(f, &w);
	}
	if (result.error) {
		struct wire_writer head = open_reply(f);

		result.n_done = 0;
		cmd_put_result(&head, &result);
	}
	send_reply(f, WIRE_RSP, frame->op, frame->session, 0, &w);
}

static void execute(struct fw *f, const struct wire_frame *frame)
{
	struct fw_slot *slot = &f->slot[frame->seq % f->config.n_slot];
	struct wire_reader r = { .buf = frame->payload, .size = frame->n_payload };
	struct wire_writer w = { .buf = slot->frame + WIRE_N_HEAD,
		.size = f->n_frame - (size_t)WIRE_N_OVERHEAD };

	f->seq = frame->seq;
	f->seq_gap = 0;
	slot->crc = frame->crc;
	fw_execute(f, frame->op, &r, &w);
	slot->n = wire_seal(slot->frame,
		&(struct wire_frame){ .type = WIRE_RSP,
			.op = frame->op,
			.session = frame->session,
			.seq = frame->seq,
			.n_payload = w.n });
	send(f, slot->frame, slot->n);
}

/* A seq executed before. */
static void repeat(struct fw *f, const struct wire_frame *frame)
{
	const struct fw_slot *slot = &f->slot[frame->seq % f->config.n_slot];

	if (f->seq - frame->seq >= f->config.n_slot) {
		f->stats.n_stale++;
	} else if (slot->crc != frame->crc) {
		f->stats.n_false_retry++;
		send_refusal(f, frame, CMD_E_FALSE_RETRY);
	} else {
		f->stats.n_replay++;
		send(f, slot->frame, slot->n);
	}
}

static void refuse_gap(struct fw *f, const struct wire_frame *frame)
{
	bool is_first = f->seq_gap == 0 || frame->seq <= f->seq_gap;

	f->stats.n_gap++;
	f->seq_gap = frame->seq;
	if (is_first) {
		struct wire_writer w = open_reply(f);

		wire_put_u32(&w, f->seq + 1);
		send_reply(f, WIRE_NAK, frame->op, frame->session, frame->seq, &w);
	}
}

static void watch_lease(struct fw *f)
{
	uint32_t t_lease = f->config.limits.t_lease;

	if (t_lease > 0 && f->config.port.now && now(f) - f->t_heard > t_lease)
		f->is_armed = false;
}

static void handle(struct fw *f, const struct wire_frame *frame)
{
	if (frame->type == WIRE_REQ && frame->seq == 0 && cmd_is_unordered(frame->op)) {
		answer(f, frame);
		return;
	}
	if (frame->type != WIRE_REQ || f->session == 0 || frame->session != f->session ||
		frame->seq == 0) {
		f->stats.n_stale++;
		return;
	}
	watch_lease(f);
	f->t_heard = now(f);
	if (frame->seq <= f->seq)
		repeat(f, frame);
	else if (frame->seq == f->seq + 1)
		execute(f, frame);
	else
		refuse_gap(f, frame);
}

void fw_feed(struct fw *f, const uint8_t *buf, size_t n)
{
	struct wire_frame frame;

	if (n > 0)
		f->t_byte = now(f);
	while (wire_decode(&f->decoder, &buf, &n, &frame))
		handle(f, &frame);
	ring(f);
}

/*
 * PROTOCOL.md, 3: a begun frame that does not go on. To be asked when the port is empty: on a
 * processor that was held up, the rest of the frame may have been waiting all that time.
 */
static void watch_stall(struct fw *f)
{
	static const uint8_t nothing[1];

	if (!f->config.port.now || now(f) - f->t_byte <= WIRE_T_STALL)
		return;
	while (f->decoder.n > f->decoder.n_done) {
		wire_decoder_stall(&f->decoder);
		fw_feed(f, nothing, 0);
	}
}

void fw_poll(struct fw *f)
{
	const struct fw_port *port = &f->config.port;
	uint8_t buf[N_RX];
	size_t n;

	watch_lease(f);
	while ((n = port->rx(port->user, buf, sizeof(buf))) > 0)
		fw_feed(f, buf, n);
	watch_stall(f);
}

void fw_unplug(struct fw *f)
{
	wire_decoder_reset(&f->decoder);
	if (f->config.limits.t_lease > 0)
		f->is_armed = false;
}

uint32_t fw_n_frame_min(const struct cmd_info *info)
{
	uint32_t n_in = (uint32_t)WIRE_N_OVERHEAD + CMD_N_MVM_HEAD + info->n_row;
	uint32_t n_out = (uint32_t)WIRE_N_OVERHEAD + CMD_N_RESULT + 4 + 2u * info->n_col;
	uint32_t n = n_in > n_out ? n_in : n_out;

	return n > CMD_N_FRAME_MIN ? n : CMD_N_FRAME_MIN;
}

static int check(const struct fw_config *c, const void *memory, size_t n)
{
	const struct fw_chip_ops *o = c->ops;

	if (!cmd_is_geometry(&c->info))
		return FW_E_GEOMETRY;
	if (c->n_frame < fw_n_frame_min(&c->info) || c->n_frame > WIRE_N_FRAME_MAX ||
		(c->n_window > 0 && c->n_window < c->n_frame))
		return FW_E_FRAME;
	if (c->n_slot < 1 || c->n_slot > CMD_N_SLOT_MAX)
		return FW_E_SLOTS;
	if ((uintptr_t)memory % 8 || n < FW_N_MEMORY((size_t)c->n_frame, c->n_slot, c->info.n_col))
		return FW_E_MEMORY;
	if (!c->port.rx || !c->port.tx || !o || !o->mvm || !o->pulse || !o->n_pulse || !o->read ||
		!o->configure || !o->lsb || !o->stats || (o->save && !o->save_part) ||
		(o->load && (!o->load_part || !o->load_done)))
		return FW_E_PORT;
	return FW_OK;
}

static void *carve(uint8_t **at, size_t n)
{
	uint8_t *p = *at;

	*at += FW_ALIGN(n);
	return p;
}

int fw_init(struct fw *f, const struct fw_config *config, void *memory, size_t n)
{
	uint8_t *at = memory;
	size_t n_frame = config->n_frame;
	int r = check(config, memory, n);

	if (r < 0)
		return r;
	memset(f, 0, sizeof(*f));
	f->config = *config;
	if (f->config.n_window == 0)
		f->config.n_window = (uint32_t)config->n_slot * config->n_frame;
	wire_decoder_init(&f->decoder, config->link, carve(&at, WIRE_N_DECODER(n_frame)), n_frame);
	f->packed = carve(&at, WIRE_N_COBS(n_frame));
	f->code = carve(&at, 2 * n_frame);
	f->value = carve(&at, n_frame + (size_t)16 * config->info.n_col);
	f->reply = carve(&at, n_frame);
	for (uint8_t i = 0; i < config->n_slot; i++)
		f->slot[i].frame = carve(&at, n_frame);
	f->session_last = (uint32_t)config->boot_id;
	send_boot(f);
	return FW_OK;
}
