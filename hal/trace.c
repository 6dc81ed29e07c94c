/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC   "XBARREC2"
#define N_MAGIC 8
#define N_HEAD  13
#define N_MAX   (UINT32_C(1) << 30) /* bytes of an answer */

const char *trace_name(unsigned op)
{
	static const char *const names[TRACE_N] = { "?", "open", "mvm", "pulse", "read", "program",
		"configure", "wait", "stats", "save", "load", "ping" };

	return op < TRACE_N ? names[op] : names[0];
}

static void put32(uint8_t *p, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(x >> 8 * i);
}

static uint32_t take32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int open_file(struct trace *t, const char *path, const char *mode, struct xbar_message *msg)
{
	*t = (struct trace){ 0 };
	if (!*path || strlen(path) >= sizeof(t->path))
		return xbar_fail(msg, -EINVAL, "recording: \"%.60s\" is no name of a file", path);
	strcpy(t->path, path);
	t->file = fopen(path, mode);
	if (!t->file)
		return xbar_fail(
			msg, -errno, "recording \"%s\": cannot open: %s", path, strerror(errno));
	return 0;
}

int trace_create(struct trace *t, const char *path, struct xbar_message *msg)
{
	int r = open_file(t, path, "wbe", msg);

	if (r == 0 && fwrite(MAGIC, 1, N_MAGIC, t->file) != N_MAGIC)
		r = xbar_fail(msg, -EIO, "recording \"%s\": cannot write", path);
	if (r < 0)
		trace_close(t);
	return r;
}

int trace_open(struct trace *t, const char *path, struct xbar_message *msg)
{
	char magic[N_MAGIC];
	int r = open_file(t, path, "rbe", msg);

	if (r == 0 &&
		(fread(magic, 1, N_MAGIC, t->file) != N_MAGIC || memcmp(magic, MAGIC, N_MAGIC)))
		r = xbar_fail(msg, -EBADMSG, "\"%s\" is no recording of a board", path);
	if (r < 0)
		trace_close(t);
	return r;
}

int trace_close(struct trace *t)
{
	int r = t->error;

	if (t->file && fclose(t->file) != 0 && r == 0)
		r = -EIO;
	free(t->buf);
	t->file = NULL;
	t->buf = NULL;
	return r;
}

void trace_begin(struct trace *t, enum trace_op op)
{
	t->op = (uint8_t)op;
	t->call = 0;
	t->n = t->at = 0;
}

void trace_call(struct trace *t, const void *buf, size_t n)
{
	t->call = (uint32_t)crc32_z(t->call, buf, n);
}

void trace_call_u64(struct trace *t, uint64_t x)
{
	uint8_t p[8];

	put32(p, (uint32_t)x);
	put32(p + 4, (uint32_t)(x >> 32));
	trace_call(t, p, sizeof(p));
}

/* Room for n more bytes. */
static uint8_t *grow(struct trace *t, size_t n)
{
	size_t size = t->size ? t->size : 4096;
	uint8_t *p;

	while (size < t->n + n)
		size *= 2;
	if (size > t->size) {
		p = realloc(t->buf, size);
		if (!p) {
			t->error = -ENOMEM;
			return NULL;
		}
		t->buf = p;
		t->size = size;
	}
	p = t->buf + t->n;
	t->n += n;
	return p;
}

void trace_put(struct trace *t, const void *buf, size_t n)
{
	uint8_t *p = grow(t, n);

	if (p && n)
		memcpy(p, buf, n);
}

void trace_put_u64(struct trace *t, uint64_t x)
{
	uint8_t p[8];

	put32(p, (uint32_t)x);
	put32(p + 4, (uint32_t)(x >> 32));
	trace_put(t, p, sizeof(p));
}

static void pack_head(const struct trace *t, uint8_t head[N_HEAD])
{
	put32(head, (uint32_t)t->n);
	head[4] = t->op;
	put32(head + 5, t->call);
	put32(head + 9, (uint32_t)t->result);
}

static uint32_t checksum(const struct trace *t, const uint8_t head[N_HEAD])
{
	uLong crc = crc32_z(0, head, N_HEAD);

	return (uint32_t)(t->n ? crc32_z(crc, t->buf, t->n) : crc);
}

int trace_end(struct trace *t, int result, const char *message, struct xbar_message *msg)
{
	uint8_t head[N_HEAD], crc[4];

	t->result = result;
	if (result < 0) {
		t->n = 0;
		trace_put(t, message, strlen(message));
	}
	if (t->error)
		return result;
	pack_head(t, head);
	put32(crc, checksum(t, head));
	if (fwrite(head, 1, N_HEAD, t->file) != N_HEAD ||
		fwrite(t->buf, 1, t->n, t->file) != t->n || fwrite(crc, 1, 4, t->file) != 4 ||
		fflush(t->file) != 0)
		t->error = -EIO;
	t->i_record++;
	if (t->error && result >= 0)
		return xbar_fail(msg, t->error, "recording \"%s\": cannot write: the disk is full?",
			t->path);
	return result;
}

static int damaged(const struct trace *t, struct xbar_message *msg)
{
	return xbar_fail(msg, -EBADMSG, "recording \"%s\": call %llu is damaged", t->path,
		(unsigned long long)t->i_record);
}

static int read_record(
	struct trace *t, uint8_t *ret_op, uint32_t *ret_call, struct xbar_message *msg)
{
	uint8_t head[N_HEAD], crc[4];
	size_t n = fread(head, 1, N_HEAD, t->file), n_buf;

	if (n == 0)
		return xbar_fail(msg, -ENODATA,
			"recording \"%s\" ends after %llu calls; this is another one (%s)", t->path,
			(unsigned long long)t->i_record, trace_name(t->op));
	n_buf = take32(head);
	if (n != N_HEAD || n_buf > N_MAX)
		return damaged(t, msg);
	t->n = t->at = 0;
	if (!grow(t, n_buf + 1))
		return xbar_fail(msg, -ENOMEM, "recording: no memory for %zu bytes", n_buf);
	t->n = n_buf;
	if (fread(t->buf, 1, n_buf, t->file) != n_buf || fread(crc, 1, 4, t->file) != 4 ||
		take32(crc) != checksum(t, head))
		return damaged(t, msg);
	t->buf[n_buf] = '\0';
	*ret_op = head[4];
	*ret_call = take32(head + 5);
	t->result = (int32_t)take32(head + 9);
	t->i_record++;
	return 0;
}

int trace_next(struct trace *t, struct xbar_message *msg)
{
	uint8_t op = 0;
	uint32_t call = 0;
	int r = read_record(t, &op, &call, msg);

	if (r < 0)
		return r;
	if (op != t->op)
		return xbar_fail(msg, -EINVAL,
			"replay of \"%s\": call %llu is %s, but the recorded one was %s", t->path,
			(unsigned long long)t->i_record - 1, trace_name(t->op), trace_name(op));
	if (call != t->call)
		return xbar_fail(msg, -EINVAL,
			"replay of \"%s\": call %llu (%s) differs from the recorded one", t->path,
			(unsigned long long)t->i_record - 1, trace_name(op));
	if (t->result < 0)
		return xbar_fail(msg, t->result, "%s", (const char *)t->buf);
	return 0;
}

int trace_take(struct trace *t, void *ret, size_t n, struct xbar_message *msg)
{
	if (n > t->n - t->at)
		return damaged(t, msg);
	memcpy(ret, t->buf + t->at, n);
	t->at += n;
	return 0;
}

int trace_take_u64(struct trace *t, uint64_t *ret, struct xbar_message *msg)
{
	uint8_t p[8];
	int r = trace_take(t, p, sizeof(p), msg);

	if (r == 0)
		*ret = take32(p) | (uint64_t)take32(p + 4) << 32;
	return r;
}
