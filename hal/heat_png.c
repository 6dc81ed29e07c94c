/* SPDX-License-Identifier: GPL-3.0-or-later */
/* heat_png.c - a heat map as PNG, through libpng's simplified interface. */
#include "heat_colour.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_GAP 8  /* pixels between map and colour bar */
#define N_BAR 16 /* pixels, its width */

struct canvas {
	uint8_t *rgb; /* [height][width][3] */
	uint32_t width, height;
};

static void paint(const struct heat *h, uint32_t scale, struct canvas *c)
{
	uint32_t n_map = h->n_col * scale;

	memset(c->rgb, 0xff, (size_t)c->width * c->height * 3);
	for (uint32_t y = 0; y < c->height; y++) {
		float u = c->height > 1 ? 1.0f - (float)y / (float)(c->height - 1) : 1.0f;
		float bar = h->max * (h->is_signed ? 2.0f * u - 1.0f : u);
		uint8_t *line = c->rgb + (size_t)y * c->width * 3;

		for (uint32_t x = 0; x < n_map; x++)
			heat_colour(h, h->v[(size_t)(y / scale) * h->n_col + x / scale],
				line + (size_t)x * 3);
		for (uint32_t x = n_map + N_GAP; x < c->width; x++)
			heat_colour(h, bar, line + (size_t)x * 3);
	}
}

/* *ret is yours to free(). */
static int compress(const struct canvas *c, void **ret, size_t *ret_n)
{
	png_image image = { .version = PNG_IMAGE_VERSION,
		.width = c->width,
		.height = c->height,
		.format = PNG_FORMAT_RGB };
	png_alloc_size_t n = 0;
	void *buf = NULL;
	int r = -EIO;

	if (png_image_write_to_memory(&image, NULL, &n, 0, c->rgb, 0, NULL)) {
		buf = malloc(n);
		r = buf ? 0 : -ENOMEM;
	}
	if (r == 0 && !png_image_write_to_memory(&image, buf, &n, 0, c->rgb, 0, NULL))
		r = -EIO;
	png_image_free(&image);
	if (r < 0) {
		free(buf);
		return r;
	}
	*ret = buf;
	*ret_n = n;
	return 0;
}

/* Half a picture is worse than none. */
static void remove_partial(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

static int write_file(const char *path, const void *buf, size_t n)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "wbe") : stdout;
	bool is_short;
	int r = 0;

	if (!f)
		return -errno;
	errno = 0;
	is_short = fwrite(buf, 1, n, f) < n;
	if (f == stdout)
		return is_short ? -EIO : 0;
	if ((fclose(f) != 0) | is_short) {
		r = errno ? -errno : -EIO;
		remove_partial(path);
	}
	return r;
}

int heat_write_png(const struct heat *h, uint32_t scale, const char *path)
{
	struct canvas c = { .width = h->n_col * scale + N_GAP + N_BAR, .height = h->n_row * scale };
	void *buf;
	size_t n;
	int r;

	c.rgb = malloc((size_t)c.width * c.height * 3);
	if (!c.rgb)
		return -ENOMEM;
	paint(h, scale, &c);
	r = compress(&c, &buf, &n);
	free(c.rgb);
	if (r < 0)
		return r;
	r = write_file(path, buf, n);
	free(buf);
	return r;
}
