/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_effect.c - the random effect of devices. A SET of device i steps by
 *
 *	dG = mean + sd (u_i + sqrt(1 - set_rho) z),  u_i ~ N(0, set_rho),  z ~ N(0, 1) of each pulse
 *
 * (model_nandakumar2018.c). Were sd the same for all G and nothing clamped, the likelihood of a
 * staircase given u would be a normal's; of tens of pulses it is one but for little, within the few
 * standard errors about its maximum that count. It is expanded there, ln L_c = a_c + b_c u - c_c u^2/2,
 * from three values, and the integral over u is
 *
 *	A + B^2 rho / (2 (1 + C rho)) - ln(1 + C rho) / 2,   A, B, C sums over a device's cycles,
 *
 * which goes on smoothly below rho = 0, where chance may lead. test_fit.c has it against the integral.
 */
#include "fit_effect.h"
#include <math.h>

#define N_PLACE   4
#define WIDTH_MIN 0.02
#define WIDTH_MAX 0.5
#define PRIOR     1.0 /* variance of u while nothing is known */
#define EDGE      0.05

static double square(double x)
{
	return x * x;
}

static double cycle_at(
	const struct fit_sample *s, const double *theta, size_t i, size_t cycle, double u)
{
	const struct fit_reads *reads = s->stair + (cycle * s->n_device + i) * s->n_step;
	return fit_staircase_likelihood(theta, u, reads, s->n_step, NULL);
}

/* About u = 0, from values about where the device is. */
static struct fit_effect expand(
	const struct fit_sample *s, const double *theta, size_t i, size_t cycle)
{
	double m = s->centre[i], h = s->width[i];
	double below = cycle_at(s, theta, i, cycle, m - h), at = cycle_at(s, theta, i, cycle, m),
	       above = cycle_at(s, theta, i, cycle, m + h);
	double slope = (above - below) / (2.0 * h), c = (2.0 * at - below - above) / square(h);
	return (struct fit_effect){
		.a = at - slope * m - 0.5 * c * square(m), .b = slope + c * m, .c = c
	};
}

static void add(struct fit_effect *sum, struct fit_effect e)
{
	sum->a += e.a;
	sum->b += e.b;
	sum->c += e.c;
}

struct fit_effect fit_effect_of(
	const struct fit_sample *s, const double *theta, size_t i_device, size_t first, size_t end)
{
	struct fit_effect sum = { 0 };
	for (size_t c = first; c < end; c++)
		add(&sum, expand(s, theta, i_device, c));
	return sum;
}

void fit_effect_place(struct fit_sample *s, const double *theta)
{
	double prior = theta[FIT_SET_RHO] > 0.0 ? theta[FIT_SET_RHO] : PRIOR;
	for (size_t i = 0; i < s->n_device; i++) {
		for (int k = 0; k < N_PLACE; k++) {
			struct fit_effect e = fit_effect_of(s, theta, i, 0, s->n_cycle);
			double c = fmax(e.c, 1.0);
			double move = e.b / (c + 1.0 / prior) - s->centre[i];
			s->centre[i] += fmax(fmin(move, 1.0), -1.0);
			s->width[i] = fmin(fmax(1.0 / sqrt(c), WIDTH_MIN), WIDTH_MAX);
			if (fabs(move) < 0.1 * s->width[i])
				break;
		}
	}
}

double fit_effect_rho(const struct fit_sample *s, const double *theta)
{
	double sum = 0.0;
	for (size_t i = 0; i < s->n_device; i++) {
		struct fit_effect e = fit_effect_of(s, theta, i, 0, s->n_cycle);
		double c = fmax(e.c, 1.0);
		sum += (square(e.b / c) - 1.0 / c) / (double)s->n_device;
	}
	return fmax(sum, 0.0);
}

/* With u integrated out. */
static double marginal(const struct fit_effect *e, double rho)
{
	double whole = fmax(1.0 + e->c * rho, EDGE);
	return e->a + 0.5 * (square(e->b) * rho / whole - log(whole));
}

void fit_effect_likelihood(const struct fit_sample *s, const double *theta, size_t i_device,
	double *ret, size_t stride)
{
	struct fit_effect sum = { 0 };
	double before = 0.0;
	for (size_t c = 0; c < s->n_cycle; c++) {
		add(&sum, expand(s, theta, i_device, c));
		double now = marginal(&sum, theta[FIT_SET_RHO]);
		ret[c * stride] = now - before;
		before = now;
	}
}
