/* SPDX-License-Identifier: Apache-2.0 */
#include "board_emu_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "board_emu.h"
#include "wire.h"

#define N_MAGIC 8
#define N_CRC   4

static const uint8_t magic[N_MAGIC + 1] = "XBAREMU1";

int board_emu_pack(uint8_t **ret, size_t *ret_n, struct pcm_chip *const *chip, uint32_t n_chip,
	const char *uri)
{
	struct wire_writer w = { .size = N_MAGIC + 8 + strlen(uri) + N_CRC };
	int r = 0;

	for (uint32_t i = 0; i < n_chip; i++)
		w.size += 8 + pcm_chip_snapshot_size(chip[i]);
	w.buf = malloc(w.size);
	if (!w.buf)
		return -ENOMEM;
	wire_put_bytes(&w, magic, N_MAGIC);
	wire_put_u32(&w, n_chip);
	wire_put_u32(&w, (uint32_t)strlen(uri));
	wire_put_bytes(&w, uri, strlen(uri));
	for (uint32_t i = 0; i < n_chip && r == 0; i++) {
		size_t n = pcm_chip_snapshot_size(chip[i]);

		wire_put_u64(&w, n);
		r = pcm_chip_snapshot(chip[i], wire_put_room(&w, n), n);
	}
	if (r < 0) {
		free(w.buf);
		return r;
	}
	wire_put_u32(&w, (uint32_t)crc32_z(0, w.buf, w.n));
	*ret = w.buf;
	*ret_n = w.n;
	return 0;
}

/* One chip as new with the parameters of `like`, then restored. */
static int one_chip(
	struct pcm_chip **ret, const struct pcm_chip *like, uint32_t i, struct wire_reader *r)
{
	uint64_t n = wire_take_u64(r);
	const uint8_t *buf = n <= r->size ? wire_take_bytes(r, (size_t)n) : NULL;
	int error;

	if (!buf)
		return -EBADMSG;
	error = pcm_chip_new(ret, pcm_chip_params(like), i);
	return error < 0 ? error : pcm_chip_restore(*ret, buf, (size_t)n);
}

static int check_head(struct wire_reader *r, uint32_t n_chip)
{
	const uint8_t *p = wire_take_bytes(r, N_MAGIC);
	uint32_t n = wire_take_u32(r);

	if (!p || memcmp(p, magic, N_MAGIC) || r->is_bad)
		return -EBADMSG;
	wire_take_bytes(r, wire_take_u32(r));
	if (r->is_bad)
		return -EBADMSG;
	return n == n_chip ? 0 : -EINVAL;
}

int board_emu_unpack(struct pcm_chip **chip, uint32_t n_chip, const uint8_t *buf, size_t n)
{
	struct pcm_chip *next[BOARD_EMU_N_CHIP_MAX] = { NULL };
	struct wire_reader body = { .buf = buf, .size = n - N_CRC };
	struct wire_reader crc = { .buf = buf, .size = n, .n = n - N_CRC };
	int r;

	if (n < N_CRC || wire_take_u32(&crc) != crc32_z(0, buf, n - N_CRC))
		return -EBADMSG;
	r = check_head(&body, n_chip);
	for (uint32_t i = 0; i < n_chip && r == 0; i++)
		r = one_chip(&next[i], chip[i], i, &body);
	if (r == 0 && body.n != body.size)
		r = -EBADMSG;
	for (uint32_t i = 0; i < n_chip; i++) {
		if (r == 0) {
			struct pcm_chip *old = chip[i];

			chip[i] = next[i];
			next[i] = old;
		}
		pcm_chip_free(next[i]);
	}
	return r;
}
