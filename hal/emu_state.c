/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "emu_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "emu_config.h"

#define MAGIC   "XBAREMU1"
#define N_MAGIC 8
#define N_HEAD  (N_MAGIC + 8)
#define N_CRC   4

static void put(uint8_t *p, uint64_t x, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(x >> 8 * i);
}

static uint64_t take(const uint8_t *p, int n)
{
	uint64_t x = 0;

	for (int i = 0; i < n; i++)
		x |= (uint64_t)p[i] << 8 * i;
	return x;
}

int emu_state_pack(void **ret, size_t *ret_n, struct pcm_chip *const *chip, uint32_t n_chip,
	const char *uri, struct xbar_message *msg)
{
	size_t n_uri = strlen(uri), n = N_HEAD + n_uri + N_CRC;
	uint8_t *buf, *p;
	int r = 0;

	for (uint32_t i = 0; i < n_chip; i++)
		n += 8 + pcm_chip_snapshot_size(chip[i]);
	buf = malloc(n);
	if (!buf)
		return xbar_fail(msg, -ENOMEM, "save: no memory for %zu bytes", n);
	memcpy(buf, MAGIC, N_MAGIC);
	put(buf + N_MAGIC, n_chip, 4);
	put(buf + N_MAGIC + 4, n_uri, 4);
	memcpy(buf + N_HEAD, uri, n_uri);
	p = buf + N_HEAD + n_uri;
	for (uint32_t i = 0; i < n_chip && r == 0; i++) {
		size_t size = pcm_chip_snapshot_size(chip[i]);

		put(p, size, 8);
		r = pcm_chip_snapshot(chip[i], p + 8, size);
		p += 8 + size;
	}
	if (r < 0) {
		free(buf);
		return xbar_fail(msg, r, "save: chip snapshot: %s", strerror(-r));
	}
	put(p, crc32_z(0, buf, n - N_CRC), 4);
	*ret = buf;
	*ret_n = n;
	return 0;
}

static int damaged(const char *what, struct xbar_message *msg)
{
	return xbar_fail(msg, -EBADMSG, "load: the state is damaged: %s", what);
}

static int foreign(const uint8_t *buf, const char *uri, struct xbar_message *msg)
{
	return xbar_fail(msg, -EINVAL,
		"load: this is the state of the board \"%.*s\", not of \"%s\"; open that one",
		(int)take(buf + N_MAGIC + 4, 4), (const char *)buf + N_HEAD, uri);
}

/* The frame; *ret_at is where the chips begin. */
static int check_head(const uint8_t *buf, size_t n, uint32_t n_chip, const char *uri,
	size_t *ret_at, struct xbar_message *msg)
{
	uint64_t n_uri;

	if (n < N_HEAD + N_CRC || memcmp(buf, MAGIC, N_MAGIC))
		return xbar_fail(msg, -EBADMSG, "load: not the state of an emulated board");
	if (take(buf + n - N_CRC, N_CRC) != crc32_z(0, buf, n - N_CRC))
		return damaged("its checksum is wrong", msg);
	n_uri = take(buf + N_MAGIC + 4, 4);
	if (n_uri > XBAR_URI_MAX || n_uri > n - N_HEAD - N_CRC)
		return damaged("the length of its URI is wrong", msg);
	if (take(buf + N_MAGIC, 4) != n_chip)
		return foreign(buf, uri, msg);
	*ret_at = N_HEAD + (size_t)n_uri;
	return 0;
}

/* One chip as new with the parameters of `like`, then restored. -EINVAL of another chip, no message. */
static int one_chip(struct pcm_chip **ret, const struct pcm_chip *like, uint32_t i,
	const uint8_t *buf, size_t n, struct xbar_message *msg)
{
	int r = pcm_chip_new(ret, pcm_chip_params(like), i);

	if (r < 0)
		return xbar_fail(msg, r, "load: chip %u: %s", i, strerror(-r));
	r = pcm_chip_restore(*ret, buf, n);
	if (r < 0 && r != -EINVAL)
		return damaged("a chip's part of it is wrong", msg);
	return r;
}

int emu_state_unpack(struct pcm_chip **chip, uint32_t n_chip, const char *uri, const void *buf,
	size_t n, struct xbar_message *msg)
{
	struct pcm_chip *next[EMU_N_CHIP_MAX] = { NULL };
	size_t at = 0, end = n - N_CRC;
	int r = check_head(buf, n, n_chip, uri, &at, msg);

	for (uint32_t i = 0; i < n_chip && r == 0; i++) {
		const uint8_t *p = (const uint8_t *)buf + at;
		uint64_t size = end - at < 8 ? 0 : take(p, 8);

		if (end - at < 8 || size > end - at - 8) {
			r = damaged("it ends early", msg);
			break;
		}
		r = one_chip(&next[i], chip[i], i, p + 8, (size_t)size, msg);
		if (r == -EINVAL)
			r = foreign(buf, uri, msg);
		at += 8 + (size_t)size;
	}
	if (r == 0 && at != end)
		r = damaged("bytes follow its end", msg);
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
