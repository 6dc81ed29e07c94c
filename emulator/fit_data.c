/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_data.c - reading files of measurements, as hal/MEASUREMENTS.md describes them.
 *
 * The file is untrusted. Shapes are checked against each other and against N_SAMPLE_MAX before
 * anything is read, arrays have checksums of their own, and no text is: HDF5 1.10.8 copies beyond its
 * buffers when the heap where texts of variable length lie is damaged.
 */
#include "fit.h"
#include <errno.h>
#include <hdf5.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_LINE_MAX   4096              /* rows, columns */
#define N_SAMPLE_MAX ((size_t)1 << 28) /* of an experiment: 1 GiB of floats */

const char *const fit_experiment_names[FIT_N_EXPERIMENT] = {
	[FIT_STAIRCASE] = "staircase",
	[FIT_RESET] = "reset",
	[FIT_VERIFY] = "program-verify",
	[FIT_DRIFT] = "drift",
	[FIT_NOISE] = "read-noise",
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

struct reader {
	hid_t file;
	const char *path, *group;
	struct fit_message *msg;
};

static int bad(const struct reader *r, const char *what, const char *why)
{
	return fit_fail(r->msg, -EBADMSG, "%s: %s%s%s: %s", r->path, r->group, *r->group ? "/" : "",
		what, why);
}

/* An attribute of one number; object "." is the file. */
static int number(const struct reader *r, const char *object, const char *name, double *ret)
{
	hid_t attr = H5I_INVALID_HID, space = H5I_INVALID_HID, type = H5I_INVALID_HID;
	bool ok = false;
	if (H5Aexists_by_name(r->file, object, name, H5P_DEFAULT) > 0)
		attr = H5Aopen_by_name(r->file, object, name, H5P_DEFAULT, H5P_DEFAULT);
	if (attr >= 0) {
		space = H5Aget_space(attr);
		type = H5Aget_type(attr);
	}
	if (space >= 0 && type >= 0 && H5Sget_simple_extent_npoints(space) == 1) {
		H5T_class_t class = H5Tget_class(type);
		ok = (class == H5T_FLOAT || class == H5T_INTEGER) &&
			H5Aread(attr, H5T_NATIVE_DOUBLE, ret) >= 0 && isfinite(*ret);
	}
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (attr >= 0)
		H5Aclose(attr);
	return ok ? 0 : bad(r, name, "no such attribute, or not a number");
}

static hid_t open_array(const struct reader *r, const char *name)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/%s", r->group, name);
	if (H5Lexists(r->file, path, H5P_DEFAULT) <= 0)
		return H5I_INVALID_HID;
	return H5Dopen2(r->file, path, H5P_DEFAULT);
}

/* An array of this rank and numbers; its shape. */
static int array_shape(const struct reader *r, const char *name, int rank, size_t *ret)
{
	hsize_t dims[FIT_RANK_MAX];
	hid_t set = open_array(r, name), space, type;
	size_t n = 1;
	bool ok = false;
	if (set < 0)
		return bad(r, name, "no such array");
	space = H5Dget_space(set);
	type = H5Dget_type(set);
	if (space >= 0 && type >= 0 && H5Sget_simple_extent_ndims(space) == rank &&
		H5Sget_simple_extent_dims(space, dims, NULL) == rank) {
		H5T_class_t class = H5Tget_class(type);
		ok = class == H5T_FLOAT || class == H5T_INTEGER;
	}
	for (int i = 0; i < rank && ok; i++) {
		ok = dims[i] > 0 && dims[i] <= N_SAMPLE_MAX / n;
		ret[i] = (size_t)dims[i];
		n *= ok ? ret[i] : 1;
	}
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	H5Dclose(set);
	return ok ? 0 : bad(r, name, "not an array of numbers of the right rank and size");
}

/* All n values of an array of a rank, *ret yours to free(). */
static int array(const struct reader *r, const char *name, int rank, size_t n, hid_t type,
	size_t size, void *ret)
{
	size_t shape[FIT_RANK_MAX], n_all = 1;
	int err = array_shape(r, name, rank, shape);
	if (err < 0)
		return err;
	for (int i = 0; i < rank; i++)
		n_all *= shape[i];
	if (n_all != n)
		return bad(r, name, "its size does not go with that of g");
	void *v = malloc(n * size);
	if (!v)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory for %zu values", r->path, n);
	hid_t set = open_array(r, name);
	bool ok = set >= 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, v) >= 0;
	if (set >= 0)
		H5Dclose(set);
	if (!ok) {
		free(v);
		return bad(r, name, "cannot be read: the file is damaged");
	}
	memcpy(ret, &v, sizeof(v));
	return 0;
}

static int read_places(const struct reader *r, const struct fit_data *d, struct fit_samples *s)
{
	uint16_t *row = NULL, *col = NULL;
	uint8_t *device = NULL;
	int err = array(r, "row", 1, s->n, H5T_NATIVE_UINT16, sizeof(*row), &row);
	if (err == 0)
		err = array(r, "col", 1, s->n, H5T_NATIVE_UINT16, sizeof(*col), &col);
	if (err == 0)
		err = array(r, "device", 1, s->n, H5T_NATIVE_UINT8, sizeof(*device), &device);
	for (size_t i = 0; i < s->n && err == 0; i++) {
		if (row[i] >= d->n_row || col[i] >= d->n_col || device[i] >= PCM_N_DEVICE)
			err = bad(r, "row", "a device that is not on the chip");
		else
			s->place[i] =
				(uint32_t)((row[i] * d->n_col + col[i]) * PCM_N_DEVICE + device[i]);
	}
	free(row);
	free(col);
	free(device);
	return err;
}

static int read_times(const struct reader *r, const struct form *form, struct fit_samples *s)
{
	uint64_t *t = NULL;
	size_t n_time = s->n_sample / s->n,
	       n_pulse = s->shape[0] * (form->rank == 4 ? s->shape[1] : 1);
	int err = array(r, "t", form->rank - 1, n_time, H5T_NATIVE_UINT64, sizeof(*s->t), &s->t);
	if (err < 0)
		return err;
	if (form->has_pulses)
		return array(r, "t_pulse", form->rank - 2, n_pulse, H5T_NATIVE_UINT64,
			sizeof(*s->t_pulse), &s->t_pulse);
	err = array(r, "t_programmed", 1, 1, H5T_NATIVE_UINT64, sizeof(*t), &t);
	if (err == 0)
		s->t_programmed = *t;
	free(t);
	if (err == 0)
		err = array(r, "g_target", 1, s->n, H5T_NATIVE_FLOAT, sizeof(*s->g_target),
			&s->g_target);
	for (size_t i = 0; i < s->n && err == 0; i++)
		s->g_target[i] *= 1e6f;
	return err;
}

/* S to uS, and none that is not a number. */
static int convert(const struct reader *r, struct fit_samples *s)
{
	for (size_t i = 0; i < s->n_sample; i++) {
		if (!isfinite(s->g[i]) || fabsf(s->g[i]) > 1.0f)
			return bad(
				r, "g", "a conductance that is none (not a number, or above 1 S)");
		s->g[i] *= 1e6f;
	}
	return 0;
}

/* How many of shape[0] were measured. */
static int n_done(const struct reader *r, const struct form *form, size_t n_all, size_t *ret)
{
	double done = 0.0;
	int err = number(r, r->group, "n_done", &done);
	if (err < 0)
		return err;
	if (isnan(form->n_step_before))
		done = done >= 1.0 ? (double)n_all : 0.0;
	else
		done = done > form->n_step_before ? done - form->n_step_before : 0.0;
	if (done > (double)n_all)
		return bad(r, "n_done", "more steps than there are");
	*ret = (size_t)done;
	return 0;
}

static int read_experiment(
	const struct reader *r, struct fit_data *d, const struct form *form, struct fit_samples *s)
{
	size_t done = 0;
	int err = array_shape(r, "g", form->rank, s->shape);
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
		return bad(r, "g", "more devices than the chip has");
	s->place = calloc(s->n, sizeof(*s->place));
	s->is_bad = calloc(s->n, sizeof(*s->is_bad));
	if (!s->place || !s->is_bad)
		return fit_fail(r->msg, -ENOMEM, "%s: no memory", r->path);
	err = array(r, "g", form->rank, s->n_sample, H5T_NATIVE_FLOAT, sizeof(*s->g), &s->g);
	if (err == 0)
		err = read_times(r, form, s);
	if (err == 0)
		err = read_places(r, d, s);
	s->n_sample = s->n_sample / s->shape[0] * done;
	s->shape[0] = done;
	return err < 0 ? err : convert(r, s);
}

/* Experiment faults: all devices, of the cycles that were done. */
static int read_survey(struct reader *r, struct fit_data *d)
{
	size_t shape[FIT_RANK_MAX] = { 0 };
	double done = 0.0;
	r->group = "faults";
	if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
		return 0;
	int err = array_shape(r, "g_set", 4, shape);
	if (err == 0)
		err = number(r, r->group, "n_done", &done);
	if (err < 0)
		return err;
	if (shape[1] != d->n_row || shape[2] != d->n_col || shape[3] != PCM_N_DEVICE ||
		!(done >= 0.0 && done <= (double)shape[0]))
		return bad(r, "g_set", "not of all devices of the chip, or not of n_done cycles");
	d->n_survey = (size_t)done;
	size_t n = shape[0] * d->n_place;
	err = array(r, "g_set", 4, n, H5T_NATIVE_FLOAT, sizeof(*d->g_set), &d->g_set);
	if (err == 0)
		err = array(r, "g_reset", 4, n, H5T_NATIVE_FLOAT, sizeof(*d->g_reset), &d->g_reset);
	for (size_t i = 0; i < d->n_survey * d->n_place && err == 0; i++) {
		if (!isfinite(d->g_set[i]) || !isfinite(d->g_reset[i]))
			err = bad(r, "g_set", "a conductance that is not a number");
		d->g_set[i] *= 1e6f;
		d->g_reset[i] *= 1e6f;
	}
	return err;
}

/* Experiment adc: products without input, at the narrow range, which is the same for all columns. */
static int read_zero(struct reader *r, struct fit_data *d)
{
	size_t shape[FIT_RANK_MAX] = { 0 };
	double done = 0.0;
	float *lsb = NULL;
	r->group = "adc";
	if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
		return 0;
	int err = array_shape(r, "zero_fine", 2, shape);
	if (err == 0)
		err = number(r, r->group, "n_done", &done);
	if (err == 0 && shape[1] != d->n_col)
		err = bad(r, "zero_fine", "not of all columns of the chip");
	if (err < 0 || done < 1.0)
		return err;
	err = array(r, "zero_fine", 2, shape[0] * shape[1], H5T_NATIVE_INT16, sizeof(*d->zero),
		&d->zero);
	if (err == 0)
		err = array(r, "lsb_fine", 1, d->n_col, H5T_NATIVE_FLOAT, sizeof(*lsb), &lsb);
	if (err == 0 && !(lsb[0] > 0.0f && lsb[0] < 1.0f))
		err = bad(r, "lsb_fine", "no current of an ADC's code");
	if (err == 0) {
		d->lsb = (double)lsb[0];
		d->n_zero = shape[0];
	}
	free(lsb);
	return err;
}

static int make_places(const struct reader *r, struct fit_data *d)
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

static int read_board(const struct reader *r, struct fit_data *d)
{
	double version, n_row, n_col;
	if (number(r, ".", "format_version", &version) < 0 || version != 1.0 ||
		H5Aexists(r->file, "format") <= 0)
		return fit_fail(r->msg, -EBADMSG,
			"%s: no measurements of \"xbar characterise\", format version 1", r->path);
	int err = number(r, ".", "n_row", &n_row);
	if (err == 0)
		err = number(r, ".", "n_col", &n_col);
	if (err == 0)
		err = number(r, ".", "g_max_S", &d->g_max);
	if (err == 0)
		err = number(r, ".", "v_read_V", &d->v_read);
	if (err < 0)
		return err;
	if (!(n_row >= 1 && n_row <= N_LINE_MAX && n_col >= 1 && n_col <= N_LINE_MAX))
		return bad(r, "n_row", "with n_col no size of a chip");
	if (!(d->v_read > 0.0 && d->g_max > 0.0))
		return bad(r, "v_read_V", "with g_max_S none of a chip");
	d->n_row = (size_t)n_row;
	d->n_col = (size_t)n_col;
	d->g_max *= 1e6;
	return 0;
}

static int read_all(struct reader *r, struct fit_data *d)
{
	bool has_any = false;
	int err = read_board(r, d);
	if (err == 0)
		err = make_places(r, d);
	for (int e = 0; e < FIT_N_EXPERIMENT && err == 0; e++) {
		r->group = fit_experiment_names[e];
		if (H5Lexists(r->file, r->group, H5P_DEFAULT) <= 0)
			continue;
		err = read_experiment(r, d, &forms[e], &d->of[e]);
		has_any |= d->of[e].n_sample > 0;
	}
	if (err == 0)
		err = read_survey(r, d);
	if (err == 0)
		err = read_zero(r, d);
	has_any |= d->n_survey || d->n_zero;
	if (err == 0 && !has_any)
		return fit_fail(r->msg, -ENODATA,
			"%s: no experiment in it that was finished: xbar characterise URI -o %s",
			r->path, r->path);
	return err;
}

static int load(struct fit_data *ret, const char *path, struct fit_message *msg)
{
	struct fit_data d = { .path = path };
	struct reader r = { .path = path, .group = "", .msg = msg };
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
	free(d->offset);
	free(d->gain);
}
