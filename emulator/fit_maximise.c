/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_maximise.c - maximum likelihood by the method of Berndt, Hall, Hall and Hausman (Ann. Econ. Soc.
 * Meas. 3, 653 (1974)): Newton's with the Hessian replaced by the sum of the units' squared scores,
 * which is its expectation, damped as Levenberg's. Scores are differences of the units' likelihoods.
 *
 * The covariance is the sandwich A^-1 B A^-1 (Huber 1967, White 1982), A of single units' scores and
 * B of their sums over clusters: what the units of a cluster have in common widens the intervals.
 */
#include "fit.h"
#include <errno.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_ROUND     60
#define DAMPING_MAX 1e8

struct work {
	struct fit_problem *p;
	size_t n;             /* free ones */
	size_t *free;         /* [n] which */
	double *unit, *other; /* [n_unit] ln likelihoods */
	double *score;        /* [n_unit][n] */
	gsl_matrix *a, *b, *m;
	gsl_vector *grad, *move;
};

static double clip(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

static double total(const double *unit, size_t n)
{
	double sum = 0.0;
	for (size_t i = 0; i < n; i++)
		sum += unit[i];
	return sum;
}

/* Those at an end of their range that want to go beyond stay there, and say nothing. */
static void pin(struct work *w)
{
	struct fit_problem *p = w->p;
	for (size_t k = 0; k < w->n; k++) {
		size_t i = w->free[k];
		double slope = gsl_vector_get(w->grad, k);
		if (!(p->theta[i] <= p->min[i] && slope <= 0.0) &&
			!(p->theta[i] >= p->max[i] && slope >= 0.0))
			continue;
		gsl_vector_set(w->grad, k, 0.0);
		for (size_t u = 0; u < p->n_unit; u++)
			w->score[u * w->n + k] = 0.0;
	}
}

/*
 * Differences to one side: the maximum is off by half a step, which is a small part of a standard
 * error. Down where up is out of range.
 */
static void find_scores(struct work *w)
{
	struct fit_problem *p = w->p;
	p->likelihood(p->user, p->theta, w->unit);
	for (size_t k = 0; k < w->n; k++) {
		size_t i = w->free[k];
		double was = p->theta[i], step = p->step[i];
		p->theta[i] = was + step <= p->max[i] ? was + step : was - step;
		step = p->theta[i] - was;
		p->likelihood(p->user, p->theta, w->other);
		p->theta[i] = was;
		for (size_t u = 0; u < p->n_unit; u++)
			w->score[u * w->n + k] = (w->other[u] - w->unit[u]) / step;
	}
}

static void add_square(gsl_matrix *m, const double *score)
{
	gsl_vector_const_view v = gsl_vector_const_view_array(score, m->size1);
	gsl_blas_dsyr(CblasLower, 1.0, &v.vector, m);
}

/* From the lower triangle. */
static void mirror(gsl_matrix *m)
{
	for (size_t k = 0; k < m->size1; k++) {
		for (size_t j = 0; j < k; j++)
			gsl_matrix_set(m, j, k, gsl_matrix_get(m, k, j));
	}
}

static void find_slopes(struct work *w)
{
	find_scores(w);
	gsl_matrix_set_zero(w->a);
	gsl_vector_set_zero(w->grad);
	for (size_t u = 0; u < w->p->n_unit; u++) {
		for (size_t k = 0; k < w->n; k++)
			*gsl_vector_ptr(w->grad, k) += w->score[u * w->n + k];
	}
	pin(w);
	for (size_t u = 0; u < w->p->n_unit; u++)
		add_square(w->a, w->score + u * w->n);
	mirror(w->a);
	for (size_t k = 0; k < w->n; k++) {
		if (gsl_matrix_get(w->a, k, k) <= 0.0)
			gsl_matrix_set(w->a, k, k, 1.0);
	}
}

/* w->move for a damping; false if there is none. */
static bool find_move(struct work *w, double damping)
{
	gsl_matrix_memcpy(w->m, w->a);
	for (size_t k = 0; k < w->n; k++)
		*gsl_matrix_ptr(w->m, k, k) *= 1.0 + damping;
	return gsl_linalg_cholesky_decomp1(w->m) == 0 &&
		gsl_linalg_cholesky_solve(w->m, w->grad, w->move) == 0;
}

/*
 * More where the gain was not half of what a parabola would have given: of a model that does not hold,
 * as while clamps are guessed, squared scores are not the curvature, and steps go too far for ever.
 */
static void adapt(double *damping, double gain, double expected)
{
	if (gain < 0.5 * expected)
		*damping = fmax(8.0 * *damping, 0.25);
	else if (gain > 0.8 * expected)
		*damping = *damping > 1e-3 ? *damping / 8.0 : 0.0;
}

/* theta from `was` by t moves, and its likelihood. */
static double try_move(struct work *w, const double *was, double t)
{
	struct fit_problem *p = w->p;
	for (size_t k = 0; k < w->n; k++) {
		size_t i = w->free[k];
		p->theta[i] = clip(was[i] + t * gsl_vector_get(w->move, k), p->min[i], p->max[i]);
	}
	p->likelihood(p->user, p->theta, w->unit);
	return total(w->unit, p->n_unit);
}

/*
 * Where a parabola through what a move gained, of the slope `gain`, has its top, if that is well beyond:
 * squared scores may be more than the curvature, and moves then fall short for ever.
 */
static double go_on(struct work *w, const double *was, double gain, double sum)
{
	double t = 0.5 * gain / fmax(gain - (sum - w->p->sum), 0.1 * gain), further;
	if (t < 1.3)
		return sum;
	further = try_move(w, was, t);
	return further > sum ? further : try_move(w, was, 1.0);
}

/* One step uphill; the gain of ln likelihood that was expected, or < 0 if there is none. */
static double climb(struct work *w, double *damping)
{
	struct fit_problem *p = w->p;
	double was[FIT_N_PAR], gain, sum;
	memcpy(was, p->theta, p->n_theta * sizeof(*was));
	for (; *damping < DAMPING_MAX; *damping *= 8.0) {
		if (!find_move(w, *damping))
			continue;
		gsl_blas_ddot(w->grad, w->move, &gain);
		sum = try_move(w, was, 1.0);
		if (sum >= p->sum) {
			adapt(damping, sum - p->sum, 0.5 * gain);
			p->sum = gain < p->gain_done ? sum : go_on(w, was, gain, sum);
			return gain;
		}
		memcpy(p->theta, was, p->n_theta * sizeof(*was));
		if (gain < p->gain_done)
			return gain;
		*damping = *damping > 0.0 ? *damping : 1e-3;
	}
	return -1.0;
}

static int compare_units(const void *a, const void *b, void *user)
{
	const uint32_t *cluster = user;
	uint32_t x = cluster[*(const size_t *)a], y = cluster[*(const size_t *)b];
	return (x > y) - (x < y);
}

/* B: squares of the scores' sums over clusters. */
static int find_clusters(struct work *w)
{
	struct fit_problem *p = w->p;
	double sum[FIT_N_PAR] = { 0 };
	size_t *order = malloc(p->n_unit * sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (size_t u = 0; u < p->n_unit; u++)
		order[u] = u;
	qsort_r(order, p->n_unit, sizeof(*order), compare_units, (void *)(uintptr_t)p->cluster);
	gsl_matrix_set_zero(w->b);
	p->n_cluster = 0;
	for (size_t u = 0; u < p->n_unit; u++) {
		for (size_t k = 0; k < w->n; k++)
			sum[k] += w->score[order[u] * w->n + k];
		if (u + 1 < p->n_unit && p->cluster[order[u]] == p->cluster[order[u + 1]])
			continue;
		add_square(w->b, sum);
		memset(sum, 0, sizeof(sum));
		p->n_cluster++;
	}
	free(order);
	mirror(w->b);
	return 0;
}

static int find_covariance(struct work *w)
{
	struct fit_problem *p = w->p;
	int r = find_clusters(w);
	if (r < 0)
		return r;
	gsl_matrix_memcpy(w->m, w->a);
	if (gsl_linalg_cholesky_decomp1(w->m) || gsl_linalg_cholesky_invert(w->m))
		return -EDOM;
	double small = (double)p->n_cluster / (double)(p->n_cluster > 1 ? p->n_cluster - 1 : 1);
	gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, small, w->m, w->b, 0.0, w->a);
	gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1.0, w->a, w->m, 0.0, w->b);
	memset(p->covariance, 0, p->n_theta * p->n_theta * sizeof(*p->covariance));
	for (size_t k = 0; k < w->n; k++) {
		for (size_t j = 0; j < w->n; j++)
			p->covariance[w->free[k] * p->n_theta + w->free[j]] =
				gsl_matrix_get(w->b, k, j);
	}
	return 0;
}

static int maximise(struct work *w, struct fit_message *msg)
{
	struct fit_problem *p = w->p;
	double damping = 0.01, gain = 1.0;
	p->likelihood(p->user, p->theta, w->unit);
	p->sum = total(w->unit, p->n_unit);
	for (int i = 0; i < N_ROUND && gain >= p->gain_done; i++) {
		find_slopes(w);
		gain = climb(w, &damping);
	}
	if (gain < 0.0 || gain >= p->gain_done)
		return fit_fail(msg, -EDOM,
			"the likelihood has no clear maximum: too few samples, or devices that the "
			"model does not describe");
	find_slopes(w);
	int r = find_covariance(w);
	return r < 0 ? fit_fail(msg, r,
			       r == -ENOMEM ? "no memory"
					    : "the samples do not tell all parameters apart")
		     : 0;
}

static void work_done(struct work *w)
{
	free(w->free);
	free(w->unit);
	free(w->other);
	free(w->score);
	gsl_matrix_free(w->a);
	gsl_matrix_free(w->b);
	gsl_matrix_free(w->m);
	gsl_vector_free(w->grad);
	gsl_vector_free(w->move);
}

int fit_maximise(struct fit_problem *p, struct fit_message *msg)
{
	struct work w = { .p = p };
	w.free = calloc(p->n_theta, sizeof(*w.free));
	for (size_t i = 0; i < p->n_theta && w.free; i++) {
		if (p->is_free[i])
			w.free[w.n++] = i;
	}
	if (w.free && (!w.n || p->n_unit < 4 * w.n)) {
		free(w.free);
		return fit_fail(
			msg, -EDOM, "%zu samples are too few for %zu parameters", p->n_unit, w.n);
	}
	w.unit = malloc(p->n_unit * sizeof(*w.unit));
	w.other = malloc(p->n_unit * sizeof(*w.other));
	w.score = malloc(p->n_unit * w.n * sizeof(*w.score));
	w.a = gsl_matrix_alloc(w.n, w.n);
	w.b = gsl_matrix_alloc(w.n, w.n);
	w.m = gsl_matrix_alloc(w.n, w.n);
	w.grad = gsl_vector_alloc(w.n);
	w.move = gsl_vector_alloc(w.n);
	int r = -ENOMEM;
	if (w.free && w.unit && w.other && w.score && w.a && w.b && w.m && w.grad && w.move)
		r = maximise(&w, msg);
	else
		fit_fail(msg, r, "no memory for %zu samples", p->n_unit);
	work_done(&w);
	return r;
}
