/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit_data_chip.c - reading the experiments that are about whole chips, see fit_data.c. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "fit_reader.h"

/* Experiment faults: all devices, of the cycles that were done. */
static int read_survey(struct fit_reader *r, struct fit_data *d)
{
	size_t shape[FIT_RANK_MAX] = { 0 };
	double done = 0.0;
	r->group = "faults";
	if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
		return 0;
	int err = fit_reader_shape(r, "g_set", 4, shape);
	if (err == 0)
		err = fit_reader_number(r, r->group, "n_done", &done);
	if (err < 0)
		return err;
	if (shape[1] != d->n_row || shape[2] != d->n_col || shape[3] != PCM_N_DEVICE ||
		!(done >= 0.0 && done <= (double)shape[0]))
		return fit_reader_bad(
			r, "g_set", "not of all devices of the chip, or not of n_done cycles");
	d->n_survey = (size_t)done;
	size_t n = shape[0] * d->n_place;
	err = fit_reader_array(r, "g_set", 4, n, H5T_NATIVE_FLOAT, sizeof(*d->g_set), &d->g_set);
	if (err == 0)
		err = fit_reader_array(
			r, "g_reset", 4, n, H5T_NATIVE_FLOAT, sizeof(*d->g_reset), &d->g_reset);
	for (size_t i = 0; i < d->n_survey * d->n_place && err == 0; i++) {
		if (!isfinite(d->g_set[i]) || !isfinite(d->g_reset[i]))
			err = fit_reader_bad(r, "g_set", "a conductance that is not a number");
		d->g_set[i] *= 1e6f;
		d->g_reset[i] *= 1e6f;
	}
	return err;
}

/* Experiment adc: products without input, at the narrow range, which is the same for all columns. */
static int read_zero(struct fit_reader *r, struct fit_data *d)
{
	size_t shape[FIT_RANK_MAX] = { 0 };
	double done = 0.0;
	float *lsb = NULL;
	r->group = "adc";
	if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
		return 0;
	int err = fit_reader_shape(r, "zero_fine", 2, shape);
	if (err == 0)
		err = fit_reader_number(r, r->group, "n_done", &done);
	if (err == 0 && shape[1] != d->n_col)
		err = fit_reader_bad(r, "zero_fine", "not of all columns of the chip");
	if (err < 0 || done < 1.0)
		return err;
	err = fit_reader_array(r, "zero_fine", 2, shape[0] * shape[1], H5T_NATIVE_INT16,
		sizeof(*d->zero), &d->zero);
	if (err == 0)
		err = fit_reader_array(
			r, "lsb_fine", 1, d->n_col, H5T_NATIVE_FLOAT, sizeof(*lsb), &lsb);
	if (err == 0 && !(lsb[0] > 0.0f && lsb[0] < 1.0f))
		err = fit_reader_bad(r, "lsb_fine", "no current of an ADC's code");
	if (err == 0) {
		d->lsb = (double)lsb[0];
		d->n_zero = shape[0];
	}
	free(lsb);
	return err;
}

/* The blocks' rows, and what is read of ir-drop's out [n][n_repeat][n_col] and lsb [n][n_col]. */
static int convert_drop(const struct fit_reader *r, struct fit_data *d, const size_t *shape,
	const int16_t *out, const float *lsb)
{
	for (size_t i = 0; i < d->n_place; i++) {
		if (!isfinite(d->drop_g[i]) || fabsf(d->drop_g[i]) > 1.0f)
			return fit_reader_bad(r, "g_mean", "a conductance that is none");
		d->drop_g[i] *= 1e6f;
	}
	for (size_t b = 0; b < shape[0]; b++) {
		const uint32_t *rows = d->drop_rows + 2 * b;
		if (!(rows[0] < rows[1] && rows[1] <= d->n_row))
			return fit_reader_bad(r, "rows", "a block that is not on the chip");
		for (size_t j = 0; j < d->n_col; j++) {
			double unit = (double)lsb[b * d->n_col + j];
			struct fit_moments m = { 0 };
			if (!(unit > 0.0 && unit < 1.0))
				return fit_reader_bad(r, "lsb", "no current of an ADC's code");
			for (size_t k = 0; k < shape[1]; k++)
				fit_moments_add(&m, unit * out[(b * shape[1] + k) * d->n_col + j]);
			d->drop_current[b * d->n_col + j] = m.mean;
			d->drop_lsb[b * d->n_col + j] = unit;
			d->drop_var[b * d->n_col + j] =
				m.n > 1 ? m.sum_square / ((double)m.n * (double)(m.n - 1)) : NAN;
		}
	}
	d->n_drop = shape[0];
	return 0;
}

/* Experiment ir-drop, if all of it was done. */
static int read_drop(struct fit_reader *r, struct fit_data *d)
{
	size_t shape[FIT_RANK_MAX] = { 0 };
	double done = 0.0;
	int16_t *out = NULL;
	float *lsb = NULL;
	r->group = "ir-drop";
	if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
		return 0;
	int err = fit_reader_shape(r, "out", 3, shape);
	if (err == 0)
		err = fit_reader_number(r, r->group, "n_done", &done);
	if (err == 0 && (shape[0] > FIT_DROP_MAX || shape[2] != d->n_col))
		err = fit_reader_bad(
			r, "out", "not of all columns of the chip, or of too many blocks");
	if (err < 0 || done < 1.0 + (double)shape[0])
		return err;
	size_t n = shape[0] * d->n_col;
	d->drop_current = calloc(n, sizeof(*d->drop_current));
	d->drop_var = calloc(n, sizeof(*d->drop_var));
	d->drop_lsb = calloc(n, sizeof(*d->drop_lsb));
	if (!d->drop_current || !d->drop_var || !d->drop_lsb)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory", r->path);
	err = fit_reader_number(r, r->group, "n_read", &d->drop_n_read);
	if (err == 0 && !(d->drop_n_read >= 1.0))
		err = fit_reader_bad(r, "n_read", "not a number of reads");
	if (err == 0)
		err = fit_reader_array(
			r, "out", 3, n * shape[1], H5T_NATIVE_INT16, sizeof(*out), &out);
	if (err == 0)
		err = fit_reader_array(r, "lsb", 2, n, H5T_NATIVE_FLOAT, sizeof(*lsb), &lsb);
	if (err == 0)
		err = fit_reader_array(r, "rows", 2, 2 * shape[0], H5T_NATIVE_UINT32,
			sizeof(*d->drop_rows), &d->drop_rows);
	if (err == 0)
		err = fit_reader_array(r, "g_mean", 3, d->n_place, H5T_NATIVE_FLOAT,
			sizeof(*d->drop_g), &d->drop_g);
	if (err == 0)
		err = convert_drop(r, d, shape, out, lsb);
	free(out);
	free(lsb);
	return err;
}

int fit_data_read_chip(struct fit_reader *r, struct fit_data *d)
{
	int err = read_survey(r, d);
	if (err == 0)
		err = read_zero(r, d);
	return err < 0 ? err : read_drop(r, d);
}
