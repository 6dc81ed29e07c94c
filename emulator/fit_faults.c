/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_faults.c - devices that do not answer to pulses, and lines that bring nothing.
 *
 * In a staircase every device goes from RESET to some way up: one that never rises is stuck at RESET
 * or on a dead line, one that RESET does not bring down is stuck at SET. What rises or was programmed
 * is alive. Devices may be slow (set_rho) and rise little: stuck are those that read after SETs as after
 * RESETs but for the noise, by a test that one in a thousand stuck ones fails. (At a set_rho of 0.4 one
 * device in 10^4 is too slow to be told from them; at 0.2 none of 262,144.) A cell without any living
 * device is on a dead column if that column has none anywhere, else on a dead row: four devices of a cell
 * are not stuck by chance. Rates are binomial, with the intervals of Clopper and Pearson, Biometrika 26,
 * 404 (1934).
 */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_TARGET_MAX 64     /* of an experiment; those beyond are taken as they are */
#define DEAD_ALIVE   0.05   /* of a dead line's devices */
#define MISSED       1e-3   /* of the stuck ones, which are taken for slow */
#define MAD          1.4826 /* sd of normals over their median absolute deviation */

enum state { UNSEEN, ALIVE, LOW, HIGH };

struct survey {
	struct fit_data *d;
	size_t n_place;
	uint8_t *state;    /* [n_place] */
	bool *dead_row;    /* [n_row] */
	bool *dead_col;    /* [n_col] */
	size_t *row, *col; /* [n_row][2], [n_col][2]: devices seen, alive */
	double *buf;       /* [n_place] scratch */
	double level;      /* uS, between RESET and what rises */
	double *noise;     /* [n_col] uS, sd of the values of struct ends */
};

/* What a device reads after RESETs and after SETs, one value a cycle. */
struct ends {
	struct fit_moments low, high;
};

static double read_mean(const struct fit_samples *m, size_t row, size_t n_read, size_t i)
{
	return fit_reads_of(m->g + row * n_read * m->n + i, n_read, m->n).mean;
}

/* Of device i of n: all of the chip, or those of the staircases. */
static size_t n_ends(const struct fit_data *d)
{
	return d->n_survey ? d->n_place : d->of[FIT_STAIRCASE].n;
}

static size_t n_cycle(const struct fit_data *d)
{
	return d->n_survey ? d->n_survey : d->of[FIT_STAIRCASE].shape[0];
}

static double low_of(const struct fit_data *d, size_t i, size_t cycle)
{
	const struct fit_samples *m = &d->of[FIT_STAIRCASE];
	return d->n_survey ? (double)d->g_reset[cycle * d->n_place + i]
			   : read_mean(m, cycle * m->shape[1], m->shape[2], i);
}

static double high_of(const struct fit_data *d, size_t i, size_t cycle)
{
	const struct fit_samples *m = &d->of[FIT_STAIRCASE];
	return d->n_survey ? (double)d->g_set[cycle * d->n_place + i]
			   : read_mean(m, (cycle + 1) * m->shape[1] - 1, m->shape[2], i);
}

static struct ends ends(const struct fit_data *d, size_t i)
{
	struct ends e = { 0 };
	for (size_t c = 0; c < n_cycle(d); c++) {
		fit_moments_add(&e.low, low_of(d, i, c));
		fit_moments_add(&e.high, high_of(d, i, c));
	}
	return e;
}

static size_t place_of(const struct fit_data *d, size_t i)
{
	return d->n_survey ? i : d->of[FIT_STAIRCASE].place[i];
}

static double median(double *v, size_t n)
{
	gsl_sort(v, 1, n);
	return n ? v[n / 2] : NAN;
}

/* A quarter of the way from what RESET leaves to where staircases end. */
static void find_level(struct survey *s)
{
	size_t n = n_ends(s->d);
	double low;
	s->level = 0.05 * s->d->g_max;
	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		s->buf[i] = ends(s->d, i).low.mean;
	low = median(s->buf, n);
	for (size_t i = 0; i < n; i++)
		s->buf[i] = ends(s->d, i).high.mean;
	s->level = low + 0.25 * (median(s->buf, n) - low);
}

/* By how what RESETs leave differs in two cycles; or in devices, where there is but one. */
static double noise_of(struct survey *s, size_t first, size_t stride)
{
	size_t n = 0;
	double middle = 0.0;
	for (size_t i = first; i < n_ends(s->d); i += stride)
		s->buf[n++] = n_cycle(s->d) > 1 ? low_of(s->d, i, 1) - low_of(s->d, i, 0)
						: low_of(s->d, i, 0) * M_SQRT2;
	middle = median(s->buf, n);
	for (size_t i = 0; i < n; i++)
		s->buf[i] = fabs(s->buf[i] - middle);
	return fmax(median(s->buf, n) * MAD / M_SQRT2, 1e-3 * s->level);
}

/* Of each column, where the whole chip was read: devices are [row][col][4]. */
static void find_noise(struct survey *s)
{
	size_t n_col = s->d->n_col;
	for (size_t j = 0; j < n_col; j++) {
		double sum = 0.0;
		for (size_t k = 0; k < PCM_N_DEVICE && s->d->n_survey; k++)
			sum += noise_of(s, j * PCM_N_DEVICE + k, n_col * PCM_N_DEVICE) /
				PCM_N_DEVICE;
		s->noise[j] = s->d->n_survey ? sum : j ? s->noise[0] : noise_of(s, 0, 1);
	}
}

/*
 * Do SETs do nothing? The rise and the scatter after SETs, in the noise, are chi square of n_cycle
 * degrees of freedom then.
 */
static bool is_still(const struct ends *e, double noise)
{
	double n = (double)e->high.n, rise = e->high.mean - e->low.mean;
	double chi2 = (e->high.sum_square + 0.5 * n * rise * rise) / (noise * noise);
	return chi2 < gsl_cdf_chisq_Qinv(MISSED, n);
}

static void survey_ends_of_all(struct survey *s)
{
	for (size_t i = 0; i < n_ends(s->d); i++) {
		struct ends e = ends(s->d, i);
		size_t place = place_of(s->d, i);
		uint8_t *state = &s->state[place];
		*state = ALIVE;
		if (e.low.mean > s->level)
			*state = HIGH;
		else if (e.high.mean < s->level &&
			is_still(&e, s->noise[place / PCM_N_DEVICE % s->d->n_col]))
			*state = LOW;
	}
}

/* A device that programming brought where it was wanted is alive; low ones are only suspects. */
static void survey_programmed(struct survey *s, const struct fit_samples *m)
{
	for (size_t i = 0; i < m->n; i++) {
		double g = read_mean(m, 0, m->shape[m->rank - 2], i);
		uint8_t *state = &s->state[m->place[i]];
		if ((double)m->g_target[i] < 2.0 * s->level || *state != UNSEEN)
			continue;
		*state = g < 0.5 * s->level ? LOW : ALIVE;
	}
}

static void count_lines(struct survey *s)
{
	for (size_t i = 0; i < s->n_place; i++) {
		size_t cell = i / PCM_N_DEVICE, row = cell / s->d->n_col, col = cell % s->d->n_col;
		bool is_alive = s->state[i] == ALIVE || s->state[i] == HIGH;
		if (s->state[i] == UNSEEN)
			continue;
		s->row[2 * row]++;
		s->col[2 * col]++;
		s->row[2 * row + 1] += is_alive;
		s->col[2 * col + 1] += is_alive;
	}
}

/* Noise may make single devices of a dead line look alive, and stuck ones do not make it dead. */
static bool is_dead(const size_t line[2])
{
	return (double)line[1] <= DEAD_ALIVE * (double)line[0];
}

/* Cells of which all devices were seen, and none is alive. */
static void find_dead_lines(struct survey *s)
{
	size_t n_col = s->d->n_col;
	for (size_t c = 0; c < n_col; c++)
		s->dead_col[c] = s->col[2 * c] > PCM_N_DEVICE && is_dead(&s->col[2 * c]);
	for (size_t cell = 0; cell < s->d->n_row * n_col; cell++) {
		const uint8_t *state = s->state + cell * PCM_N_DEVICE;
		bool is_low = true;
		for (int k = 0; k < PCM_N_DEVICE; k++)
			is_low &= state[k] == LOW;
		if (is_low && !s->dead_col[cell % n_col] && is_dead(&s->row[2 * (cell / n_col)]))
			s->dead_row[cell / n_col] = true;
	}
}

/* Where the distribution function of beta(a, b) is p; GSL's own search fails for large a or b. */
static double beta_quantile(double p, double a, double b)
{
	double lo = 0.0, hi = 1.0;
	for (int i = 0; i < 60; i++) {
		double x = 0.5 * (lo + hi);
		*(gsl_cdf_beta_P(x, a, b) < p ? &lo : &hi) = x;
	}
	return 0.5 * (lo + hi);
}

void fit_rate(struct fit_estimate *ret, size_t k, size_t n, const char *why)
{
	double x = (double)k, rest = (double)(n - k);
	*ret = (struct fit_estimate){ .is_known = n > 0 };
	if (!n) {
		strcpy(ret->why, why);
		return;
	}
	ret->v = x / (double)n;
	ret->lo = k ? beta_quantile(0.025, x, rest + 1.0) : 0.0;
	ret->hi = k < n ? beta_quantile(0.975, x + 1.0, rest) : 1.0;
}

static bool is_on_dead_line(const struct survey *s, size_t place)
{
	size_t cell = place / PCM_N_DEVICE;
	return s->dead_row[cell / s->d->n_col] || s->dead_col[cell % s->d->n_col];
}

static void stuck_rates(const struct survey *s, struct fit_result *ret)
{
	const char *why = "needs the experiment faults, or staircase";
	size_t n = 0, n_low = 0, n_high = 0;
	for (size_t i = 0; i < n_ends(s->d); i++) {
		size_t place = place_of(s->d, i);
		if (is_on_dead_line(s, place))
			continue;
		n++;
		n_low += s->state[place] == LOW;
		n_high += s->state[place] == HIGH;
	}
	fit_rate(&ret->par[FIT_STUCK_RESET_RATE], n_low, n, why);
	fit_rate(&ret->par[FIT_STUCK_SET_RATE], n_high, n, why);
}

/* Lines count that more than one cell was seen of, rows also with one on a column that is alive. */
static void line_rates(const struct survey *s, struct fit_result *ret)
{
	size_t n_row = 0, n_col = 0, n_dead_row = 0, n_dead_col = 0;
	for (size_t c = 0; c < s->d->n_col; c++) {
		n_col += s->col[2 * c] > PCM_N_DEVICE;
		n_dead_col += s->dead_col[c];
	}
	for (size_t r = 0; r < s->d->n_row; r++) {
		n_row += n_col && s->row[2 * r] >= PCM_N_DEVICE;
		n_dead_row += n_col && s->dead_row[r];
	}
	fit_rate(&ret->par[FIT_DEAD_ROW_RATE], n_dead_row, n_row, "needs the experiment faults");
	fit_rate(&ret->par[FIT_DEAD_COL_RATE], n_dead_col, n_col, "needs the experiment faults");
}

/* Far from where they were programmed to, as those of their target are: six robust sd. */
static void mark_missed(struct survey *s, struct fit_samples *m, float target)
{
	size_t n_read = m->shape[m->rank - 2], n = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (m->g_target[i] == target && !m->is_bad[i])
			s->buf[n++] = fabs(read_mean(m, 0, n_read, i) - (double)target);
	}
	double limit = 6.0 * MAD * median(s->buf, n);
	for (size_t i = 0; i < m->n; i++) {
		double off = fabs(read_mean(m, 0, n_read, i) - (double)target);
		m->is_bad[i] |= m->g_target[i] == target && off > limit;
	}
}

static void mark_bad(struct survey *s, struct fit_samples *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->is_bad[i] = s->d->is_broken[m->place[i]];
	float target[N_TARGET_MAX];
	for (size_t i = 0, n = 0; i < m->n && m->g_target && n < N_TARGET_MAX; i++) {
		size_t k = 0;
		while (k < n && target[k] != m->g_target[i])
			k++;
		if (k < n)
			continue;
		target[n++] = m->g_target[i];
		mark_missed(s, m, m->g_target[i]);
	}
}

static int survey(struct survey *s, struct fit_result *ret)
{
	struct fit_data *d = s->d;
	s->n_place = d->n_place;
	s->state = calloc(s->n_place, sizeof(*s->state));
	s->buf = calloc(s->n_place, sizeof(*s->buf));
	s->noise = calloc(d->n_col, sizeof(*s->noise));
	s->dead_row = calloc(d->n_row, sizeof(*s->dead_row));
	s->dead_col = calloc(d->n_col, sizeof(*s->dead_col));
	s->row = calloc(2 * d->n_row, sizeof(*s->row));
	s->col = calloc(2 * d->n_col, sizeof(*s->col));
	if (!s->state || !s->buf || !s->noise || !s->dead_row || !s->dead_col || !s->row || !s->col)
		return -ENOMEM;
	find_level(s);
	if (n_ends(d))
		find_noise(s);
	survey_ends_of_all(s);
	survey_programmed(s, &d->of[FIT_VERIFY]);
	survey_programmed(s, &d->of[FIT_DRIFT]);
	count_lines(s);
	find_dead_lines(s);
	stuck_rates(s, ret);
	line_rates(s, ret);
	for (size_t i = 0; i < s->n_place; i++)
		d->is_broken[i] =
			s->state[i] == LOW || s->state[i] == HIGH || is_on_dead_line(s, i);
	for (int e = 0; e < FIT_N_EXPERIMENT; e++)
		mark_bad(s, &d->of[e]);
	return 0;
}

int fit_faults(struct fit_data *d, struct fit_result *ret, struct fit_message *msg)
{
	struct survey s = { .d = d };
	int r = survey(&s, ret);
	free(s.state);
	free(s.buf);
	free(s.noise);
	free(s.dead_row);
	free(s.dead_col);
	free(s.row);
	free(s.col);
	return r < 0 ? fit_fail(msg, r, "no memory for %zu devices", s.n_place) : 0;
}
