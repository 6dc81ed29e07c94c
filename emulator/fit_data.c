/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_data.c - reading files of measurements, as hal/MEASUREMENTS.md describes them.
 *
 * The file is untrusted. Shapes are checked against each other and against a largest size before
 * anything is read (fit_reader.c), arrays have checksums of their own, and no text is: HDF5 1.10.8 copies beyond its
 * buffers when the heap where texts of variable length lie is damaged.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "fit_reader.h"

#define N_LINE_MAX 4096 /* rows, columns */

const char *const fit_goodness_names[FIT_N_GOODNESS] = {
	[FIT_STAIRCASE] = "staircase",
	[FIT_RESET] = "reset",
	[FIT_VERIFY] = "program-verify",
	[FIT_DRIFT] = "drift",
	[FIT_NOISE] = "read-noise",
	[FIT_OF_RHO] = "set_rho",
	[FIT_OF_WIRE] = "wire_ohm",
};

/* What an experiment consists of; steps that are not rows of g, as drift's programming. */
static const struct form {
	int rank;
	bool has_pulses;
	double n_step_before; /* NAN: one step for all */
} forms[FIT_N_EXPERIMENT] = {
	[FIT_STAIRCASE] = { 4, true, 0 },
	[FIT_RESET] = { 3, true, 0 },
	[FIT_VERIFY] = { 2, false, NAN },
	[FIT_DRIFT] = { 3, false, 1 },
	[FIT_NOISE] = { 3, false, 1 },
};

int fit_fail(struct fit_message *msg, int r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(msg->text, sizeof(msg->text), fmt, ap);
	va_end(ap);
	return r;
}

static int read_places(const struct fit_reader *r, const struct fit_data *d, struct fit_samples *s)
{
	uint16_t *row = NULL, *col = NULL;
	uint8_t *device = NULL;
	int err = fit_reader_array(r, "row", 1, s->n, H5T_NATIVE_UINT16, sizeof(*row), &row);
	if (err == 0)
		err = fit_reader_array(r, "col", 1, s->n, H5T_NATIVE_UINT16, sizeof(*col), &col);
	if (err == 0)
		err = fit_reader_array(
			r, "device", 1, s->n, H5T_NATIVE_UINT8, sizeof(*device), &device);
	for (size_t i = 0; i < s->n && err == 0; i++) {
		if (row[i] >= d->n_row || col[i] >= d->n_col || device[i] >= PCM_N_DEVICE)
			err = fit_reader_bad(r, "row", "a device that is not on the chip");
		else
			s->place[i] =
				(uint32_t)((row[i] * d->n_col + col[i]) * PCM_N_DEVICE + device[i]);
	}
	free(row);
	free(col);
	free(device);
	return err;
}

static int read_times(const struct fit_reader *r, const struct form *form, struct fit_samples *s)
{
	uint64_t *t = NULL;
	size_t n_time = s->n_sample / s->n,
	       n_pulse = s->shape[0] * (form->rank == 4 ? s->shape[1] : 1);
	int err = fit_reader_array(
		r, "t", form->rank - 1, n_time, H5T_NATIVE_UINT64, sizeof(*s->t), &s->t);
	if (err < 0)
		return err;
	if (form->has_pulses)
		return fit_reader_array(r, "t_pulse", form->rank - 2, n_pulse, H5T_NATIVE_UINT64,
			sizeof(*s->t_pulse), &s->t_pulse);
	err = fit_reader_array(r, "t_programmed", 1, 1, H5T_NATIVE_UINT64, sizeof(*t), &t);
	if (err == 0)
		s->t_programmed = *t;
	free(t);
	if (err == 0)
		err = fit_reader_array(r, "g_target", 1, s->n, H5T_NATIVE_FLOAT,
			sizeof(*s->g_target), &s->g_target);
	for (size_t i = 0; i < s->n && err == 0; i++)
		s->g_target[i] *= 1e6f;
	return err;
}

/* S to uS, and none that is not a number. */
static int convert(const struct fit_reader *r, struct fit_samples *s)
{
	for (size_t i = 0; i < s->n_sample; i++) {
		if (!isfinite(s->g[i]) || fabsf(s->g[i]) > 1.0f)
			return fit_reader_bad(
				r, "g", "a conductance that is none (not a number, or above 1 S)");
		s->g[i] *= 1e6f;
	}
	return 0;
}

/* How many of shape[0] were measured. */
static int n_done(const struct fit_reader *r, const struct form *form, size_t n_all, size_t *ret)
{
	double done = 0.0;
	int err = fit_reader_number(r, r->group, "n_done", &done);
	if (err < 0)
		return err;
	if (isnan(form->n_step_before))
		done = done >= 1.0 ? (double)n_all : 0.0;
	else
		done = done > form->n_step_before ? done - form->n_step_before : 0.0;
	if (done > (double)n_all)
		return fit_reader_bad(r, "n_done", "more steps than there are");
	*ret = (size_t)done;
	return 0;
}

static int read_experiment(const struct fit_reader *r, struct fit_data *d, const struct form *form,
	struct fit_samples *s)
{
	size_t done = 0;
	int err = fit_reader_shape(r, "g", form->rank, s->shape);
	if (err == 0)
		err = n_done(r, form, s->shape[0], &done);
	if (err < 0 || !done)
		return err;
	s->rank = form->rank;
	s->n = s->shape[form->rank - 1];
	s->n_sample = 1;
	for (int i = 0; i < form->rank; i++)
		s->n_sample *= s->shape[i];
	if (s->n > d->n_row * d->n_col * PCM_N_DEVICE)
		return fit_reader_bad(r, "g", "more devices than the chip has");
	s->place = calloc(s->n, sizeof(*s->place));
	s->is_bad = calloc(s->n, sizeof(*s->is_bad));
	if (!s->place || !s->is_bad)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory", r->path);
	err = fit_reader_array(
		r, "g", form->rank, s->n_sample, H5T_NATIVE_FLOAT, sizeof(*s->g), &s->g);
	if (err == 0)
		err = read_times(r, form, s);
	if (err == 0)
		err = read_places(r, d, s);
	s->n_sample = s->n_sample / s->shape[0] * done;
	s->shape[0] = done;
	return err < 0 ? err : convert(r, s);
}

static int make_places(const struct fit_reader *r, struct fit_data *d)
{
	d->n_place = d->n_row * d->n_col * PCM_N_DEVICE;
	d->is_broken = calloc(d->n_place, sizeof(*d->is_broken));
	d->offset = calloc(d->n_col, sizeof(*d->offset));
	d->gain = malloc(d->n_col * sizeof(*d->gain));
	if (!d->is_broken || !d->offset || !d->gain)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory for a chip", r->path);
	for (size_t j = 0; j < d->n_col; j++)
		d->gain[j] = 1.0;
	return 0;
}

static int read_board(const struct fit_reader *r, struct fit_data *d)
{
	double version, n_row, n_col;
	if (fit_reader_number(r, ".", "format_version", &version) < 0 || version != 1.0 ||
		H5Aexists(r->file, "format") <= 0)
		return fit_fail(r->msg, -EBADMSG,
			"%s: no measurements of \"xbar characterise\", format version 1", r->path);
	int err = fit_reader_number(r, ".", "n_row", &n_row);
	if (err == 0)
		err = fit_reader_number(r, ".", "n_col", &n_col);
	if (err == 0)
		err = fit_reader_number(r, ".", "g_max_S", &d->g_max);
	if (err == 0)
		err = fit_reader_number(r, ".", "v_read_V", &d->v_read);
	if (err < 0)
		return err;
	if (!(n_row >= 1 && n_row <= N_LINE_MAX && n_col >= 1 && n_col <= N_LINE_MAX))
		return fit_reader_bad(r, "n_row", "with n_col no size of a chip");
	if (!(d->v_read > 0.0 && d->g_max > 0.0))
		return fit_reader_bad(r, "v_read_V", "with g_max_S none of a chip");
	d->n_row = (size_t)n_row;
	d->n_col = (size_t)n_col;
	d->g_max *= 1e6;
	return 0;
}

static int read_all(struct fit_reader *r, struct fit_data *d)
{
	bool has_any = false;
	int err = read_board(r, d);
	if (err == 0)
		err = make_places(r, d);
	for (int e = 0; e < FIT_N_EXPERIMENT && err == 0; e++) {
		r->group = fit_goodness_names[e];
		if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
			continue;
		err = read_experiment(r, d, &forms[e], &d->of[e]);
		has_any |= d->of[e].n_sample > 0;
	}
	if (err == 0)
		err = fit_data_read_chip(r, d);
	has_any |= d->n_survey || d->n_zero || d->n_drop;
	if (err == 0 && !has_any)
		return fit_fail(r->msg, -ENODATA,
			"%s: no experiment in it that was finished: xbar characterise URI -o %s",
			r->path, r->path);
	return err;
}

static int load(struct fit_data *ret, const char *path, struct fit_message *msg)
{
	struct fit_data d = { .path = path };
	struct fit_reader r = { .path = path, .group = "", .msg = msg };
	H5E_auto2_t func;
	void *user;
	H5Eget_auto2(H5E_DEFAULT, &func, &user);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	r.file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	int err = r.file < 0 ? fit_fail(msg, -EBADMSG, "%s: not a whole HDF5 file", path)
			     : read_all(&r, &d);
	if (r.file >= 0)
		H5Fclose(r.file);
	H5Eset_auto2(H5E_DEFAULT, func, user);
	if (err < 0) {
		fit_data_done(&d);
		return err;
	}
	*ret = d;
	return 0;
}

/*
 * HDF5 1.10.8 runs into segmentation faults on some files with damaged headers
 * (tests/cli/check_pcm_fit.py makes them), so a child tries first. It says nothing: an error that it
 * survives is met, and told, again.
 */
static int try_in_child(const char *path, struct fit_message *msg)
{
	pid_t child = fork();
	int status = 0;
	if (child == 0) {
		struct fit_data d;
		if (load(&d, path, msg) == 0)
			fit_data_done(&d);
		_exit(0);
	}
	if (child < 0)
		return fit_fail(
			msg, -errno, "%s: no process to read it: %s", path, strerror(errno));
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return fit_fail(msg, -errno, "%s: %s", path, strerror(errno));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fit_fail(msg, -EBADMSG, "%s: damaged: HDF5 crashes on it", path);
	return 0;
}

int fit_data_load(struct fit_data *ret, const char *path, struct fit_message *msg)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return fit_fail(msg, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fit_fail(msg, -EBADMSG, "%s: not a regular file", path);
	int err = try_in_child(path, msg);
	return err < 0 ? err : load(ret, path, msg);
}

void fit_data_done(struct fit_data *d)
{
	for (int e = 0; e < FIT_N_EXPERIMENT; e++) {
		struct fit_samples *s = &d->of[e];
		free(s->g);
		free(s->t);
		free(s->t_pulse);
		free(s->g_target);
		free(s->place);
		free(s->is_bad);
		*s = (struct fit_samples){ 0 };
	}
	free(d->g_reset);
	free(d->g_set);
	free(d->is_broken);
	free(d->zero);
	free(d->drop_g);
	free(d->drop_rows);
	free(d->drop_current);
	free(d->drop_var);
	free(d->drop_lsb);
	free(d->offset);
	free(d->gain);
}
