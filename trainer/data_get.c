/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data_get.h"

#include <curl/curl.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "data_path.h"
#include "make_folder.h"
#include "part_file.h"

#define FILE_MAX        ((curl_off_t)256 << 20) /* bytes; a server that sends more is not ours */
#define CONNECT_TIMEOUT 30L                     /* s */
#define STALL_TIMEOUT   60L                     /* s below 100 bytes/s */

const struct snn_data_source snn_data_sources[] = {
	{
		.name = "jsb",
		.file = "jsb-chorales-quarter.json",
		.url = "https://raw.githubusercontent.com/czhuang/JSB-Chorales-dataset/master/jsb-chorales-quarter.json",
		.sha256 = "2db9329f1881a1d3f49703ec556bf1d6f84b4f6c1d702c156536e93cf31e1c91",
		.help = "Bach's chorales at quarter-note steps, 0.4 MB",
	},
	{ .name = NULL },
};

struct download {
	struct snn_part *part;
	struct sha256_ctx sha;
	curl_off_t n_byte;
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

static size_t on_data(char *data, size_t size, size_t n, void *user)
{
	struct download *d = user;

	n *= size;
	d->n_byte += (curl_off_t)n;
	if (d->n_byte > FILE_MAX)
		d->code = snn_fail(d->e, -EFBIG, "more than %lld MiB came, this is not the file",
			(long long)(FILE_MAX >> 20));
	else
		d->code = snn_part_write(d->part, data, n, d->e);
	if (d->code < 0)
		return CURL_WRITEFUNC_ERROR;
	sha256_update(&d->sha, n, (const uint8_t *)data);
	return n;
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
	char hex[2 * SHA256_DIGEST_SIZE + 1];

	sha256_digest(&d->sha, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (!strcmp(hex, s->sha256))
		return 0;
	return snn_fail(e, -EBADMSG,
		"%.300s: %lld bytes with sha256 %s, expected %s; nothing is kept", url,
		(long long)d->n_byte, hex, s->sha256);
}

int snn_data_get(
	const char *name, const char *url_override, const char *folder, struct snn_error *e)
{
	const struct snn_data_source *s = source_of(name, e);
	const char *url = url_override ? url_override : s ? s->url : NULL;
	struct download d = { .e = e, .is_terminal = isatty(STDERR_FILENO) };
	char home[1024], path[1200];
	int r;

	if (!s)
		return -EINVAL;
	if (!folder || !folder[0]) {
		r = snn_data_home(home, sizeof(home), e);
		if (r < 0)
			return r;
		folder = home;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, s->file) >= sizeof(path))
		return snn_fail(e, -ENAMETOOLONG, "path too long: %.200s...", folder);
	r = snn_make_folder(folder, e);
	if (r < 0)
		return r;
	r = snn_part_open(&d.part, path, e);
	if (r < 0)
		return r;
	sha256_init(&d.sha);
	r = download(url, url_override != NULL, &d, e);
	if (r == 0)
		r = check_sum(s, &d, url, e);
	if (r == 0)
		r = snn_part_commit(d.part, e);
	snn_part_free(d.part);
	return r;
}
