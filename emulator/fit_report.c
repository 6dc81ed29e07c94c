/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_report.c - a page about a fit: estimates, how good it is, data against the twin, what is not told. */
#include "fit.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "page.h"

#define N_SERIES 2 /* data, twin */

/* Values of a picture; lo and hi are a band. */
struct values {
	size_t n;
	double *x, *y, *lo, *hi;
};

static int values_init(struct values *v, size_t n)
{
	v->n = 0;
	v->x = malloc(4 * n * sizeof(*v->x));
	v->y = v->x + n;
	v->lo = v->y + n;
	v->hi = v->lo + n;
	return v->x ? 0 : -ENOMEM;
}

static void values_add(struct values *v, double x, double y, double half)
{
	v->x[v->n] = x;
	v->y[v->n] = y;
	v->lo[v->n] = y - half;
	v->hi[v->n++] = y + half;
}

static void draw(struct page *p, const struct page_plot *plot, const struct values *data,
	const struct values *twin)
{
	const struct page_series series[N_SERIES] = {
		{ .title = "measured",
			.style = PAGE_POINTS,
			.n = data->n,
			.x = data->x,
			.y = data->y,
			.lo = data->lo,
			.hi = data->hi },
		{ .title = "twin",
			.style = PAGE_LINES,
			.n = twin->n,
			.x = twin->x,
			.y = twin->y,
			.lo = twin->lo,
			.hi = twin->hi },
	};
	struct page_plot all = *plot;
	all.series = series;
	all.n_series = N_SERIES;
	page_plot(p, &all);
}

/* Over the devices that are not bad, of the mean of reads row .. row + n_read - 1 of g as [][n]. */
static void add_population(
	const struct fit_samples *m, size_t row, size_t n_read, struct fit_moments *ret)
{
	for (size_t i = 0; i < m->n; i++) {
		if (!m->is_bad[i])
			fit_moments_add(
				ret, fit_reads_of(m->g + row * m->n + i, n_read, m->n).mean);
	}
}

static int picture_staircase(
	struct page *p, const struct fit_data *d, const struct pcm_params *prm, double settle)
{
	const struct fit_samples *m = &d->of[FIT_STAIRCASE];
	size_t n_step = m->shape[1], n_read = m->shape[2];
	struct fit_point *point = calloc(n_step, sizeof(*point));
	struct values data = { 0 }, twin = { 0 };
	int r = point && values_init(&data, n_step) == 0 && values_init(&twin, n_step) == 0
		? 0
		: -ENOMEM;
	if (r == 0)
		r = fit_curve_staircase(prm, settle, (uint32_t)n_read, n_step, point);
	for (size_t k = 0; k < n_step && r == 0; k++) {
		struct fit_moments all = { 0 };
		for (size_t c = 0; c < m->shape[0]; c++)
			add_population(m, (c * n_step + k) * n_read, n_read, &all);
		values_add(&data, (double)k, all.mean, fit_moments_sd(&all));
		values_add(&twin, (double)k, point[k].mean, point[k].sd);
	}
	if (r == 0)
		draw(p,
			&(struct page_plot){
				.title = "staircase: mean and standard deviation of devices",
				.x_label = "SET pulses since RESET",
				.y_label = "conductance (\302\265S)" },
			&data, &twin);
	free(point);
	free(data.x);
	free(twin.x);
	return r;
}

/* Mean over devices relative to the first time, which leaves programming's errors out. */
static int picture_drift(struct page *p, const struct fit_data *d, const struct pcm_params *prm)
{
	const struct fit_samples *m = &d->of[FIT_DRIFT];
	size_t n = m->shape[0], n_read = m->shape[1];
	struct fit_point *point = calloc(n, sizeof(*point));
	struct values data = { 0 }, twin = { 0 };
	int r = point && values_init(&data, n) == 0 && values_init(&twin, n) == 0 ? 0 : -ENOMEM;
	for (size_t k = 0; k < n && r == 0; k++)
		point[k].x = (double)(m->t[k * n_read] - m->t_programmed) * 1e-9;
	if (r == 0)
		r = fit_curve_drift(prm, 10, (uint32_t)n_read, n, point);
	double first = NAN;
	for (size_t k = 0; k < n && r == 0; k++) {
		struct fit_moments all = { 0 };
		add_population(m, k * n_read, n_read, &all);
		first = k ? first : all.mean;
		/* The sum's noise: the devices' own conductances are the same at all times. */
		values_add(&data, point[k].x, all.mean / first, 0.0);
		values_add(&twin, point[k].x, point[k].mean / point[0].mean, 0.0);
	}
	if (r == 0)
		draw(p,
			&(struct page_plot){
				.title = "drift: mean conductance over that at the first time",
				.x_label = "time since programming (s)",
				.y_label = "ratio",
				.x_log = true },
			&data, &twin);
	free(point);
	free(data.x);
	free(twin.x);
	return r;
}

/* Devices of program-verify by their mean read, N_BIN of them. */
#define N_BIN 12

static int picture_noise(struct page *p, const struct fit_data *d, const double *theta)
{
	const struct fit_samples *m = &d->of[FIT_VERIFY];
	struct fit_moments g[N_BIN] = { 0 }, var[N_BIN] = { 0 };
	struct values data = { 0 }, twin = { 0 };
	int r = values_init(&data, N_BIN) == 0 && values_init(&twin, N_BIN) == 0 ? 0 : -ENOMEM;
	double top = 0.0;
	for (size_t i = 0; i < m->n; i++)
		top = fmax(top, m->is_bad[i] ? 0.0 : (double)m->g_target[i]);
	for (size_t i = 0; i < m->n && r == 0; i++) {
		struct fit_reads reads = fit_reads_of(m->g + i, m->shape[0], m->n);
		double bin = reads.mean / (1.05 * top) * N_BIN;
		if (m->is_bad[i] || !(bin >= 0.0 && bin < N_BIN))
			continue;
		fit_moments_add(&g[(int)bin], reads.mean);
		fit_moments_add(&var[(int)bin], reads.sum_square / (reads.n - 1.0));
	}
	for (int k = 0; k < N_BIN && r == 0; k++) {
		double sd = sqrt(var[k].mean);
		if (g[k].n < 2)
			continue;
		values_add(&data, g[k].mean, sd,
			1.96 * fit_moments_sd(&var[k]) / sqrt((double)var[k].n) / (2.0 * sd));
		values_add(&twin, g[k].mean, fit_read_sd(theta, g[k].mean, 1.0), 0.0);
	}
	if (r == 0 && data.n)
		draw(p,
			&(struct page_plot){ .title = "read noise: sd of a read, 95 % bars",
				.x_label = "conductance (\302\265S)",
				.y_label = "sd of a read (\302\265S)" },
			&data, &twin);
	free(data.x);
	free(twin.x);
	return r;
}

/* Blocks only: the product of all rows is no place on the line. */
static int picture_drop(struct page *p, const struct fit_data *d, const struct fit_result *r)
{
	struct values data = { 0 }, twin = { 0 };
	int err = values_init(&data, r->n_drop) == 0 && values_init(&twin, r->n_drop) == 0
		? 0
		: -ENOMEM;
	for (size_t b = 0; b < r->n_drop && err == 0; b++) {
		const uint32_t *rows = d->drop_rows + 2 * b;
		double middle = 0.5 * ((double)rows[0] + (double)rows[1]);
		if (rows[1] - rows[0] == d->n_row)
			continue;
		values_add(&data, middle, r->drop[b].measured, r->drop[b].half);
		values_add(&twin, middle, r->drop[b].twin, 0.0);
	}
	if (err == 0 && data.n)
		draw(p,
			&(struct page_plot){
				.title =
					"resistance of lines: currents of blocks of rows, 95 % bars",
				.x_label = "middle row of the block",
				.y_label = "current over that of single reads" },
			&data, &twin);
	free(data.x);
	free(twin.x);
	return err;
}

static void tables(struct page *p, const struct fit_result *r)
{
	page_table(p, "parameter\testimate\tfrom\tto\tunit",
		"What the measurements tell, with 95 % intervals");
	for (int i = 0; i < FIT_N_PAR; i++) {
		const struct fit_estimate *e = &r->par[i];
		double unit = fit_par_table[i].unit;
		if (e->is_known)
			page_row(p, PAGE_PLAIN, "%s\t%.5g\t%.4g\t%.4g\t%s", fit_par_table[i].key,
				e->v * unit, e->lo * unit, e->hi * unit,
				pcm_param_find(fit_par_table[i].key)->unit);
	}
	page_table(p, "parameter\twhy, and what would", "What they do not tell");
	for (int i = 0; i < FIT_N_PAR; i++) {
		if (!r->par[i].is_known)
			page_row(p, PAGE_PLAIN, "%s\t%s", fit_par_table[i].key, r->par[i].why);
	}
	for (const struct fit_untold *u = fit_untold_table; u->key; u++)
		page_row(p, PAGE_PLAIN, "%s\t%s", u->key, u->why);
	page_table(p, "experiment\tmean square\tshould be 1: off by, sd\tunits\tof",
		"Goodness of fit: standardised residuals");
	for (int i = 0; i < FIT_N_GOODNESS; i++) {
		const struct fit_goodness *g = &r->goodness[i];
		double off = fit_goodness_off(g);
		if (g->n)
			page_row(p, fabs(off) < FIT_OFF_MAX ? PAGE_GOOD : PAGE_BAD,
				"%s\t%.4f\t%+.1f\t%zu\t%s", fit_goodness_names[i], g->mean_square,
				off, g->n, g->what);
	}
}

static int pictures(struct page *p, const struct fit_data *d, const struct fit_result *r,
	const struct pcm_params *prm)
{
	int err = 0;
	page_heading(p, "Measurements and twin");
	page_text(p,
		"The twin got the same pulses, waits and reads, on devices of its own; where lines matter, "
		"on conductances as they were read.");
	if (r->n_staircase)
		err = picture_staircase(p, d, prm, r->t0);
	if (err == 0 && r->par[FIT_DRIFT_NU].is_known)
		err = picture_drift(p, d, prm);
	if (err == 0 && r->goodness[FIT_VERIFY].n)
		err = picture_noise(p, d, r->theta);
	if (err == 0 && r->n_drop)
		err = picture_drop(p, d, r);
	return err;
}

int fit_report(const char *path, const struct fit_data *d, const struct fit_result *r,
	struct fit_message *msg)
{
	struct pcm_params prm;
	struct page_error page_err = { "no memory" };
	struct page *p;
	int err = page_new(&p, "A digital twin");
	if (err < 0)
		return fit_fail(msg, err, "%s: no memory", path);
	page_text(p, "Fitted by pcm-fit to %s: %zu staircases.", d->path, r->n_staircase);
	tables(p, r);
	fit_params(d, r, &prm);
	err = pictures(p, d, r, &prm);
	if (err == 0)
		err = page_write(p, path, &page_err);
	page_free(p);
	return err < 0 ? fit_fail(msg, err, "%s: %s", path, page_err.text) : 0;
}
