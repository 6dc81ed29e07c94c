/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study_point.c - a point of a study as a configuration.
 */
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xbar.h>
#include "config_value.h"
#include "nearest.h"
#include "study.h"

#define MAX_SET (SNN_STUDY_MAX_BASE + SNN_STUDY_MAX_AXIS + 1)

/* Index of the value that an axis has in a group: entries are digits, the last one runs fastest. */
static uint32_t digit(const struct snn_study *s, size_t group, uint32_t i_axis)
{
	uint32_t entry = s->axis[i_axis].i_entry;

	for (uint32_t i = s->n_axis; i-- > i_axis + 1;) {
		if (s->axis[i].i_entry != entry && s->axis[i].i_entry != s->axis[i - 1].i_entry)
			group /= s->axis[i].n;
	}
	return (uint32_t)(group % s->axis[i_axis].n);
}

const char *snn_study_value(const struct snn_study *s, size_t group, uint32_t i_axis)
{
	return s->axis[i_axis].value[digit(s, group, i_axis)];
}

void snn_study_describe(const struct snn_study *s, size_t point, char *buf, size_t n)
{
	int len = 0;

	for (uint32_t i = 0; i < s->n_axis && (size_t)len < n; i++)
		len += snprintf(buf + len, n - (size_t)len, "%s=%s ", s->axis[i].path,
			snn_study_value(s, point / s->n_seed, i));
	if ((size_t)len < n)
		snprintf(buf + len, n - (size_t)len, "seed=%llu",
			(unsigned long long)s->seed[point % s->n_seed]);
}

/* Keys of URIs, "uri.drift_nu": where they go; NULL for other paths. */
static char *uri_of(struct snn_config *c, const char *path, const char **ret_key)
{
	if (!strncmp(path, "uri.", 4)) {
		*ret_key = path + 4;
		return c->uri;
	}
	if (!strncmp(path, "uri2.", 5)) {
		*ret_key = path + 5;
		return c->uri2;
	}
	return NULL;
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		strchr("-._~/:,+@", c);
}

/* The value of a key starts there; NULL if the URI does not have it. */
static char *find_key(char *uri, const char *key)
{
	size_t n = strlen(key);
	char *p = strchr(uri, '?');

	while (p) {
		if (!strncmp(p + 1, key, n) && p[1 + n] == '=')
			return p + n + 2;
		p = strchr(p + 1, '&');
	}
	return NULL;
}

/* uri [size] with key=value, RFC 3986 section 2.1 where that is necessary. */
static int set_key(char *uri, size_t size, const char *key, const char *value, struct snn_error *e)
{
	char out[2 * sizeof(((struct snn_config *)0)->uri)];
	char *old = find_key(uri, key);
	size_t n_head = old ? (size_t)(old - uri) : strlen(uri);
	const char *rest = old ? old + strcspn(old, "&") : "";
	int len;

	if (old)
		len = snprintf(out, sizeof(out), "%.*s", (int)n_head, uri);
	else
		len = snprintf(out, sizeof(out), "%s%s%s=", uri, strchr(uri, '?') ? "&" : "?", key);
	for (; *value && (size_t)len + 4 < sizeof(out); value++)
		len += snprintf(
			out + len, 4, is_plain(*value) ? "%c" : "%%%02X", (unsigned char)*value);
	if ((size_t)len < sizeof(out))
		len += snprintf(out + len, sizeof(out) - (size_t)len, "%s", rest);
	if (*value || (size_t)len >= size)
		return snn_fail(
			e, -EINVAL, "the URI with %.60s is longer than %zu bytes", key, size - 1);
	memcpy(uri, out, (size_t)len + 1);
	return 0;
}

struct key_search {
	const char *key;
	char nearest[64];
	unsigned least;
	bool is_known;
};

static void compare_key(void *user, const char *key, const char *unit, const char *def,
	const char *range, const char *source, const char *help)
{
	struct key_search *k = user;
	unsigned d = snn_distance(k->key, key);

	(void)unit;
	(void)def;
	(void)range;
	(void)source;
	(void)help;
	k->is_known |= !strcmp(key, k->key);
	if (!k->nearest[0] || d < k->least) {
		snprintf(k->nearest, sizeof(k->nearest), "%s", key);
		k->least = d;
	}
}

static struct key_search search_key(const char *uri, const char *key)
{
	struct key_search k = { .key = key };
	char scheme[32];

	snprintf(scheme, sizeof(scheme), "%.*s", (int)strcspn(uri, ":"), uri);
	xbar_scheme_help(scheme, compare_key, &k); /* an unknown scheme has no keys */
	return k;
}

static int set_uri_key(
	struct snn_config *c, const char *path, const char *value, struct snn_error *e)
{
	const char *key;
	char *uri = uri_of(c, path, &key);
	struct key_search k = search_key(uri, key);

	if (c->weights != SNN_WEIGHTS_CHIPS)
		return snn_fail(e, -EINVAL, "%.80s: there is no board, weights are float", path);
	if (!uri[0])
		return snn_fail(
			e, -EINVAL, "%.80s: there is no %s", path, uri == c->uri ? "uri" : "uri2");
	if (!k.is_known && k.nearest[0])
		return snn_fail(e, -EINVAL, "unknown key %.80s, did you mean uri%s.%s?", path,
			uri == c->uri ? "" : "2", k.nearest);
	if (!k.is_known)
		return snn_fail(e, -EINVAL, "%.80s: a board at %.80s has no keys", path, uri);
	return set_key(uri, sizeof(c->uri), key, value, e);
}

/* Boards whose URI gives no seed are made from the point's. */
static int seed_board(char *uri, uint64_t seed, struct snn_error *e)
{
	char text[32];

	if (!uri[0] || find_key(uri, "seed") || !search_key(uri, "seed").is_known)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
	return set_key(uri, sizeof(((struct snn_config *)0)->uri), "seed", text, e);
}

/* Which setting of a point is at fault: those of the axes have lines of their own. */
struct where {
	int line;
	const char *path, *value;
};

static int apply_keys(const struct snn_study *s, const struct where *all, uint32_t n,
	struct snn_config *c, struct snn_error *e)
{
	const char *key;
	int r;

	for (uint32_t i = 0; i < n; i++) {
		struct snn_error inner = { "" };

		if (!uri_of(c, all[i].path, &key))
			continue;
		r = set_uri_key(c, all[i].path, all[i].value, &inner);
		if (r < 0)
			return snn_fail(e, r, "%.200s:%d: %s", s->name, all[i].line, inner.text);
	}
	r = seed_board(c->uri, c->seed, e);
	return r == 0 ? seed_board(c->uri2, c->seed, e) : r;
}

/*
 * The board that keys are for where the study names none: $XBAR_URI, else two emulated chips. Without
 * keys and $XBAR_URI the training makes as many chips as its network needs.
 */
static int choose_board(struct snn_config *c, bool has_keys, struct snn_error *e)
{
	const char *given = getenv("XBAR_URI");

	if (c->weights != SNN_WEIGHTS_CHIPS || c->uri[0])
		return 0;
	if (!given || !given[0])
		given = has_keys ? "emu:?chips=2" : "";
	if (strlen(given) >= sizeof(c->uri))
		return snn_fail(
			e, -ENAMETOOLONG, "$XBAR_URI is longer than %zu bytes", sizeof(c->uri) - 1);
	snprintf(c->uri, sizeof(c->uri), "%s", given);
	return 0;
}

int snn_study_config(
	const struct snn_study *s, size_t point, struct snn_config *c, struct snn_error *e)
{
	struct where all[MAX_SET];
	struct snn_assignment set[MAX_SET];
	struct snn_config full;
	char seed[32];
	const char *key;
	uint32_t n = 0, n_set = 0;
	int r;

	for (uint32_t i = 0; i < s->n_base; i++)
		all[n++] = (struct where){ s->base[i].line, s->base[i].path, s->base[i].value };
	for (uint32_t i = 0; i < s->n_axis; i++)
		all[n++] = (struct where){ s->axis[i].line, s->axis[i].path,
			snn_study_value(s, point / s->n_seed, i) };
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)s->seed[point % s->n_seed]);
	all[n++] = (struct where){ 1, "seed", seed };
	for (uint32_t i = 0; i < n; i++) {
		if (!uri_of(&full, all[i].path, &key))
			set[n_set++] = (struct snn_assignment){ all[i].path, all[i].value };
	}
	r = snn_config_load(&full, NULL, set, n_set, e);
	if (r == 0)
		r = choose_board(&full, n_set < n, e);
	if (r == 0)
		r = apply_keys(s, all, n, &full, e);
	if (r == 0 && full.train.epochs == 0)
		r = snn_fail(e, -EINVAL, "%.200s: train.epochs = 0: a study trains", s->name);
	if (r == 0)
		memcpy(c, &full, sizeof(full));
	return r;
}

void snn_study_name(const struct snn_config *c, char ret[SNN_STUDY_N_NAME + 1])
{
	struct snn_config def;
	struct sha256_ctx sha;
	uint8_t digest[SHA256_DIGEST_SIZE];

	snn_config_default(&def);
	sha256_init(&sha);
	for (const struct snn_option *o = snn_option_table; o->path; o++) {
		char value[1200], usual[1200], line[1400];

		if (!strcmp(o->path, "train.checkpoint_every") ||
			snn_value_print(c, o, value, sizeof(value)) < 0 ||
			snn_value_print(&def, o, usual, sizeof(usual)) < 0 || !strcmp(value, usual))
			continue;
		snprintf(line, sizeof(line), "%s=%s\n", o->path, value);
		sha256_update(&sha, strlen(line), (const uint8_t *)line);
	}
	sha256_digest(&sha, sizeof(digest), digest);
	for (uint32_t i = 0; i < SNN_STUDY_N_NAME / 2; i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

static void keep_message(void *user, enum xbar_log_level level, const char *text)
{
	(void)level;
	snprintf(user, 512, "%.500s", text);
}

static int try_board(const char *uri, struct snn_error *e)
{
	char text[512] = "";
	struct xbar_params prm = {
		.log = keep_message, .log_user = text, .log_level = XBAR_LOG_ERROR
	};
	struct xbar *x;
	int r = uri[0] ? xbar_open(&x, uri, &prm) : 1;

	if (r == 0)
		xbar_close(x);
	return r < 0 ? snn_fail(e, r, "%s", text[0] ? text : uri) : 0;
}

/* The first group in which the axis has its value v. */
static size_t group_of(const struct snn_study *s, uint32_t i_axis, uint32_t v)
{
	size_t group = 0;

	while (digit(s, group, i_axis) != v)
		group++;
	return group;
}

/*
 * Not every point, which could be 100,000 boards, but every value at least once: the first point,
 * and for each axis the first point of each of its values.
 */
int snn_study_check(const struct snn_study *s, struct snn_error *e)
{
	struct snn_config c;
	struct snn_error inner = { "" };
	int r = snn_study_config(s, 0, &c, e);

	for (uint32_t i = 0; r == 0 && i < s->n_axis; i++) {
		for (uint32_t v = 0; r == 0 && v < s->axis[i].n; v++) {
			r = snn_study_config(s, group_of(s, i, v) * s->n_seed, &c, e);
			if (r < 0 || c.weights != SNN_WEIGHTS_CHIPS)
				continue;
			r = try_board(c.uri, &inner);
			if (r == 0)
				r = try_board(c.uri2, &inner);
			if (r < 0)
				snn_fail(e, r, "%.200s:%d: %s = %.60s: %s", s->name,
					s->axis[i].line, s->axis[i].path, s->axis[i].value[v],
					inner.text);
		}
	}
	return r;
}
