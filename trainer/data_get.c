/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data_get.h"

#include <curl/curl.h>
#include <errno.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "data_path.h"
#include "make_folder.h"
#include "part_file.h"

#define FILE_MAX        ((curl_off_t)1 << 30) /* bytes; a server that sends more is not ours */
#define CONNECT_TIMEOUT 30L                   /* s */
#define STALL_TIMEOUT   60L                   /* s below 100 bytes/s */

const struct snn_data_source snn_data_sources[] = {
	{
		.name = "jsb",
		.file = "jsb-chorales-quarter.json",
		.url = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/jsb-chorales-quarter.json",
		.sha256 = "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
		.help = "Bach's chorales at quarter-note steps, 0.4 MB",
	},
	{
		.name = "shd",
		.file = "shd_train.h5",
		.url = "https://compneuro.net/datasets/shd_train.h5.gz",
		.md5 = "8e9877c85f29a28dd353ea6a54402667",
		.help = "Spiking Heidelberg Digits, 8156 recordings to train with",
	},
	{
		.name = "shd",
		.file = "shd_test.h5",
		.url = "https://compneuro.net/datasets/shd_test.h5.gz",
		.md5 = "207ad1295a0ab611e22d1734989c254e",
		.help = "and 2264 to test",
	},
	{ .name = NULL },
};

struct download {
	struct snn_part *part;
	struct sha256_ctx sha;
	struct md5_ctx md5;
	z_stream gz;
	bool is_packed, is_unpacked; /* gzip; its end was met */
	curl_off_t n_byte;           /* of the file in the folder */
	int code;
	struct snn_error *e;
	bool is_terminal;
};

static const struct snn_data_source *source_of(const char *name, struct snn_error *e)
{
	char all[256] = "";
	size_t n = 0;

	for (const struct snn_data_source *s = snn_data_sources; s->name; s++) {
		if (!strcmp(s->name, name))
			return s;
		if (n < sizeof(all))
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s (%s)", n ? ", " : "",
				s->name, s->help);
	}
	snn_fail(e, -EINVAL, "unknown data \"%.100s\"; there is: %s", name, all);
	return NULL;
}

/* Bytes of the file itself. */
static int keep(struct download *d, const void *data, size_t n)
{
	d->n_byte += (curl_off_t)n;
	if (d->n_byte > FILE_MAX)
		return snn_fail(d->e, -EFBIG, "more than %lld MiB came, this is not the file",
			(long long)(FILE_MAX >> 20));
	sha256_update(&d->sha, n, data);
	md5_update(&d->md5, n, data);
	return snn_part_write(d->part, data, n, d->e);
}

static int unpack(struct download *d, void *data, size_t n)
{
	unsigned char out[1 << 16];
	int r = 0;

	d->gz.next_in = data;
	d->gz.avail_in = (uInt)n; /* libcurl's pieces are small */
	while (r == 0 && d->gz.avail_in && !d->is_unpacked) {
		int z;

		d->gz.next_out = out;
		d->gz.avail_out = sizeof(out);
		z = inflate(&d->gz, Z_NO_FLUSH);
		if (z != Z_OK && z != Z_STREAM_END)
			return snn_fail(d->e, -EBADMSG, "what came cannot be unpacked: %s",
				d->gz.msg ? d->gz.msg : "not gzip");
		d->is_unpacked = z == Z_STREAM_END;
		r = keep(d, out, sizeof(out) - d->gz.avail_out);
	}
	return r;
}

static size_t on_data(char *data, size_t size, size_t n, void *user)
{
	struct download *d = user;

	n *= size;
	d->code = d->is_packed ? unpack(d, data, n) : keep(d, data, n);
	return d->code < 0 ? CURL_WRITEFUNC_ERROR : n;
}

static int on_progress(
	void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	struct download *d = user;

	(void)up_total;
	(void)up_now;
	if (d->is_terminal && now && total > 0)
		fprintf(stderr, "\r%6.1f of %.1f MB", (double)now / 1e6, (double)total / 1e6);
	else if (d->is_terminal && now)
		fprintf(stderr, "\r%6.1f MB", (double)now / 1e6);
	return 0;
}

static CURLcode transfer(
	CURL *c, const char *url, bool is_override, struct download *d, char *reason)
{
	const char *protocols = is_override ? "https,http,file" : "https";

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, is_override ? "https,http" : "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 100L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "crossloop");
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, d);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
	return curl_easy_perform(c);
}

static int download(const char *url, bool is_override, struct download *d, struct snn_error *e)
{
	char reason[CURL_ERROR_SIZE] = "";
	CURL *c = curl_easy_init();
	CURLcode ok;

	if (!c)
		return snn_fail(e, -ENOMEM, "libcurl cannot be started");
	ok = transfer(c, url, is_override, d, reason);
	curl_easy_cleanup(c);
	if (d->is_terminal)
		fputc('\n', stderr);
	if (d->code < 0)
		return d->code;
	if (ok == CURLE_OK && d->is_packed && !d->is_unpacked)
		return snn_fail(e, -EIO, "%.300s: the end is missing", url);
	if (ok != CURLE_OK)
		return snn_fail(e, -EIO,
			"%.300s: %s; without a network, fetch the file elsewhere and give its place with --data",
			url, reason[0] ? reason : curl_easy_strerror(ok));
	return 0;
}

static int check_sum(
	const struct snn_data_source *s, struct download *d, const char *url, struct snn_error *e)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	size_t n = s->sha256 ? SHA256_DIGEST_SIZE : MD5_DIGEST_SIZE;
	const char *want = s->sha256 ? s->sha256 : s->md5;
	char hex[2 * SHA256_DIGEST_SIZE + 1];

	if (s->sha256)
		sha256_digest(&d->sha, n, digest);
	else
		md5_digest(&d->md5, n, digest);
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (!strcmp(hex, want))
		return 0;
	return snn_fail(e, -EBADMSG, "%.300s: %lld bytes with %s %s, expected %s; nothing is kept",
		url, (long long)d->n_byte, s->sha256 ? "sha256" : "md5", hex, want);
}

static int get_file(const struct snn_data_source *s, const char *url, bool is_override,
	const char *folder, struct snn_error *e)
{
	size_t n_url = strlen(url);
	struct download d = { .e = e,
		.is_terminal = isatty(STDERR_FILENO),
		.is_packed = n_url > 3 && !strcmp(url + n_url - 3, ".gz") };
	char path[1200];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, s->file) >= sizeof(path))
		return snn_fail(e, -ENAMETOOLONG, "path too long: %.200s...", folder);
	/* 16: the header and checksum of gzip. */
	if (d.is_packed && inflateInit2(&d.gz, 16 + MAX_WBITS) != Z_OK)
		return snn_fail(e, -ENOMEM, "no memory to unpack %s", s->file);
	sha256_init(&d.sha);
	md5_init(&d.md5);
	r = snn_part_open(&d.part, path, e);
	if (r == 0)
		r = download(url, is_override, &d, e);
	if (r == 0)
		r = check_sum(s, &d, url, e);
	if (r == 0)
		r = snn_part_commit(d.part, e);
	snn_part_free(d.part);
	if (d.is_packed)
		inflateEnd(&d.gz);
	return r;
}

/* Where a file comes from, with a mirror or without. */
static int address(char *buf, size_t n, const struct snn_data_source *s, const char *mirror,
	struct snn_error *e)
{
	size_t n_mirror = mirror ? strlen(mirror) : 0;
	bool is_folder = n_mirror && mirror[n_mirror - 1] == '/';
	bool has_more = (s > snn_data_sources && !strcmp(s[-1].name, s->name)) ||
		(s[1].name && !strcmp(s[1].name, s->name));
	int len;

	if (mirror && !is_folder && has_more)
		return snn_fail(e, -EINVAL,
			"%s is several files: give the folder of the mirror, ending in /", s->name);
	len = snprintf(buf, n, "%s%s", mirror ? mirror : s->url,
		is_folder ? strrchr(s->url, '/') + 1 : "");
	return (size_t)len < n ? 0 : snn_fail(e, -ENAMETOOLONG, "%.200s...: too long", mirror);
}

int snn_data_get(
	const char *name, const char *url_override, const char *folder, struct snn_error *e)
{
	const struct snn_data_source *s = source_of(name, e);
	char home[1024], url[1200];
	int r;

	if (!s)
		return -EINVAL;
	if (!folder || !folder[0]) {
		r = snn_data_home(home, sizeof(home), e);
		if (r < 0)
			return r;
		folder = home;
	}
	r = snn_make_folder(folder, e);
	for (; r == 0 && s->name && !strcmp(s->name, name); s++) {
		r = address(url, sizeof(url), s, url_override, e);
		if (r == 0)
			r = get_file(s, url, url_override != NULL, folder, e);
	}
	return r;
}
