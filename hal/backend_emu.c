/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_emu.c - a board of emulated chips in this process. Chip i is emulator chip i of the seed. */
#include "backend.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu_config.h"
#include "emu_state.h"

#define N_PULSE 512 /* converted at a time; 4 KiB of stack */

struct emu {
	struct emu_config config;
	struct pcm_chip *chip[EMU_N_CHIP_MAX];
	char uri[XBAR_URI_MAX + 1]; /* without the state file */
	struct emu_file file;
	bool is_changed; /* since the file was written */
};

static_assert(PCM_N_DEVICE == XBAR_N_DEVICE && PCM_DAC_MAX == XBAR_DAC_MAX, "same cells");
static_assert((int)PCM_SET == (int)XBAR_SET && (int)PCM_RESET == (int)XBAR_RESET, "same kinds");
static_assert((int)PCM_INPUT_BIT == (int)XBAR_INPUT_BIT, "same inputs");
static_assert((int)PCM_INPUT_INT8 == (int)XBAR_INPUT_INT8, "same inputs");

static int said(struct xbar_message *msg, int r, const char *what, uint32_t chip)
{
	if (r == -EOVERFLOW)
		return xbar_fail(msg, r, "%s: chip %u: its clock would pass 146 years", what, chip);
	return r < 0 ? xbar_fail(msg, r, "%s: chip %u: %s", what, chip, strerror(-r)) : 0;
}

static void emu_free(struct emu *e)
{
	for (uint32_t i = 0; i < EMU_N_CHIP_MAX; i++)
		pcm_chip_free(e->chip[i]);
	emu_file_close(&e->file);
	free(e);
}

static int open_chips(struct emu *e, struct xbar_message *msg)
{
	for (uint32_t i = 0; i < e->config.n_chip; i++) {
		int r = pcm_chip_new(&e->chip[i], &e->config.prm, i);

		if (r < 0)
			return said(msg, r, "open", i);
	}
	return 0;
}

/* A file that does not fit stays as it is: the caller chooses what becomes of it. */
static int load_file(struct emu *e, struct xbar_message *msg)
{
	struct xbar_message cause;
	void *buf;
	size_t n;
	int r = emu_file_read(&e->file, &buf, &n, msg);

	if (r < 0)
		return r;
	e->is_changed = n == 0;
	if (n > 0) {
		r = emu_state_unpack(e->chip, e->config.n_chip, e->uri, buf, n, &cause);
		if (r < 0)
			xbar_fail(msg, r,
				"state file \"%s\": %s; the file is left as it is, name another for a "
				"new board",
				e->file.path, cause.text);
	}
	free(buf);
	return r;
}

static int open_file(struct emu *e, struct xbar_info *info, struct xbar_message *msg)
{
	int r = emu_file_open(&e->file, e->config.state, msg);

	if (r < 0)
		return r;
	r = xbar_uri_append(info->uri, sizeof(info->uri), "state", e->file.path);
	if (r < 0)
		return xbar_fail(msg, -EINVAL,
			"emu: the complete URI with the full path of state=%s is longer than %d bytes",
			e->config.state, XBAR_URI_MAX);
	return load_file(e, msg);
}

static void fill_info(const struct emu *e, struct xbar_info *info)
{
	const struct pcm_params *prm = &e->config.prm;
	const struct pcm_patch nothing = { 0 };

	strcpy(info->board, "crossloop emulator");
	snprintf(info->model, sizeof(info->model), "%s", pcm_model_names[prm->model]);
	snprintf(info->serial, sizeof(info->serial), "emu-%llu", (unsigned long long)prm->seed);
	snprintf(info->version, sizeof(info->version), "%s", XBAR_VERSION);
	snprintf(info->uri, sizeof(info->uri), "%s", e->uri);
	info->n_chip = e->config.n_chip;
	info->n_row = PCM_N_ROW;
	info->n_col = PCM_N_COL;
	info->n_device = PCM_N_DEVICE;
	info->dac_bits = prm->dac_bits;
	info->adc_bits = prm->adc_bits;
	info->v_read = (float)prm->v_read;
	info->g_max = (float)prm->g_max;
	info->t_mvm = (uint64_t)(prm->t_mvm * 1e9 + 0.5);
	info->caps = XBAR_CAP_SAVE | XBAR_CAP_WAIT | XBAR_CAP_CORRECT;
	/* Programming nothing is wrong (-EINVAL) for a model that can program, else -ENOTSUP. */
	if (pcm_chip_program(e->chip[0], &nothing, NULL) != -ENOTSUP)
		info->caps |= XBAR_CAP_PROGRAM;
}

static int emu_open(
	void **ret, const struct xbar_uri *uri, struct xbar_info *info, struct xbar_message *msg)
{
	struct emu *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return xbar_fail(msg, -ENOMEM, "open: no memory");
	e->file.fd = -1;
	r = emu_config_parse(&e->config, uri, msg);
	if (r == 0)
		r = emu_config_print(&e->config, e->uri, sizeof(e->uri), msg);
	if (r == 0)
		r = open_chips(e, msg);
	if (r < 0)
		goto fail;
	fill_info(e, info);
	if (*e->config.state)
		r = open_file(e, info, msg);
	if (r < 0)
		goto fail;
	*ret = e;
	return 0;
fail:
	emu_free(e);
	return r;
}

static int write_file(struct emu *e, const void *buf, size_t n, struct xbar_message *msg)
{
	int r = emu_file_write(&e->file, buf, n, msg);

	if (r == 0)
		e->is_changed = false;
	return r;
}

static int emu_close(void *be, struct xbar_message *msg)
{
	struct emu *e = be;
	void *buf;
	size_t n;
	int r = 0;

	if (e->file.fd >= 0 && e->is_changed) {
		r = emu_state_pack(&buf, &n, e->chip, e->config.n_chip, e->uri, msg);
		if (r == 0) {
			r = write_file(e, buf, n, msg);
			free(buf);
		}
	}
	emu_free(e);
	return r;
}

static int emu_mvm(void *be, struct xbar_mvm *req, size_t n_req, struct xbar_message *msg)
{
	struct emu *e = be;

	e->is_changed = true;
	for (size_t i = 0; i < n_req; i++) {
		struct pcm_mvm m = {
			.row = req[i].row,
			.n_row = req[i].n_row,
			.col = req[i].col,
			.n_col = req[i].n_col,
			.n_vec = req[i].n_vec,
			.input = (enum pcm_input)req[i].input,
			.in = req[i].in,
			.out = req[i].out,
		};
		int r = pcm_chip_mvm(e->chip[req[i].chip], &m);

		if (r < 0)
			return said(msg, r, "mvm", req[i].chip);
		req[i].n_sat = m.n_sat;
	}
	return 0;
}

/* As many of the list's first pulses as go to one chip in one call. */
static int pulse_run(struct emu *e, const struct xbar_pulse *p, size_t n, size_t *ret_n)
{
	struct pcm_pulse run[N_PULSE];
	size_t k = 0;

	while (k < n && k < N_PULSE && p[k].chip == p[0].chip) {
		run[k] = (struct pcm_pulse){ p[k].row, p[k].col, p[k].device, p[k].kind, p[k].n };
		k++;
	}
	*ret_n = k;
	return pcm_chip_pulse(e->chip[p[0].chip], run, k);
}

static int emu_pulse(void *be, const struct xbar_pulse *p, size_t n, struct xbar_message *msg)
{
	struct emu *e = be;

	e->is_changed = true;
	for (size_t i = 0, k; i < n; i += k) {
		int r = pulse_run(e, p + i, n - i, &k);

		if (r < 0)
			return said(msg, r, "pulse", p[i].chip);
	}
	return 0;
}

static int emu_read(void *be, const struct xbar_patch *w, size_t n_patch, float *ret_g,
	struct xbar_message *msg)
{
	struct emu *e = be;

	e->is_changed = true;
	for (size_t i = 0; i < n_patch; i++) {
		struct pcm_patch patch = { w[i].row, w[i].n_row, w[i].col, w[i].n_col };
		int r = pcm_chip_read(e->chip[w[i].chip], &patch, ret_g);

		if (r < 0)
			return said(msg, r, "read", w[i].chip);
		ret_g += (size_t)w[i].n_row * w[i].n_col * PCM_N_DEVICE;
	}
	return 0;
}

static int emu_program(
	void *be, const struct xbar_patch *w, const float *g, struct xbar_message *msg)
{
	struct emu *e = be;
	struct pcm_patch patch = { w->row, w->n_row, w->col, w->n_col };

	e->is_changed = true;
	return said(msg, pcm_chip_program(e->chip[w->chip], &patch, g), "program", w->chip);
}

static int emu_configure(void *be, const struct xbar_config *c, struct xbar_message *msg)
{
	struct emu *e = be;
	struct pcm_config config = { c->adc_range, c->gain, c->offset, c->n_phase };

	e->is_changed = true;
	if (pcm_chip_configure(e->chip[c->chip], c->col, c->n_col, &config) < 0)
		return xbar_fail(msg, -ERANGE,
			"configure: chip %u: adc_range = %g A is outside 1e-12 .. 1000 A", c->chip,
			(double)c->adc_range);
	return 0;
}

static float emu_adc_lsb(const void *be, uint32_t chip, uint32_t col)
{
	const struct emu *e = be;

	return pcm_chip_adc_lsb(e->chip[chip], col);
}

static int emu_wait(void *be, uint64_t dt, struct xbar_message *msg)
{
	struct emu *e = be;

	/* All chips wait or none: their end of time is 2^62 ns (pcm.h). */
	for (uint32_t i = 0; i < e->config.n_chip; i++) {
		struct pcm_stats s;

		pcm_chip_stats(e->chip[i], &s);
		if (dt > (UINT64_C(1) << 62) - s.time)
			return said(msg, -EOVERFLOW, "wait", i);
	}
	e->is_changed = true;
	for (uint32_t i = 0; i < e->config.n_chip; i++) {
		int r = pcm_chip_wait(e->chip[i], dt);

		if (r < 0)
			return said(msg, r, "wait", i);
	}
	return 0;
}

/* What a sensor on the chip would say, as a board does (PROTOCOL.md): in steps of 1 mK. */
static double sensor_of(const struct pcm_chip *c)
{
	return (double)lround(pcm_chip_params(c)->temperature * 1e3) / 1e3;
}

static int emu_stats(void *be, struct xbar_stats *ret, struct xbar_message *msg)
{
	struct emu *e = be;

	(void)msg;
	for (uint32_t i = 0; i < e->config.n_chip; i++) {
		struct pcm_stats s;

		pcm_chip_stats(e->chip[i], &s);
		if (s.time > ret->time)
			ret->time = s.time;
		ret->n_mvm += s.n_mvm;
		ret->n_set += s.n_set;
		ret->n_reset += s.n_reset;
		ret->n_read += s.n_read;
		ret->n_program += s.n_program;
		ret->n_sat += s.n_sat;
		ret->energy += s.energy;
		ret->temperature = fmax(ret->temperature, sensor_of(e->chip[i]));
	}
	return 0;
}

static int emu_save(void *be, void **ret, size_t *ret_n, struct xbar_message *msg)
{
	struct emu *e = be;
	void *buf;
	size_t n;
	int r = emu_state_pack(&buf, &n, e->chip, e->config.n_chip, e->uri, msg);

	if (r < 0)
		return r;
	if (e->file.fd >= 0)
		r = write_file(e, buf, n, msg);
	if (r < 0) {
		free(buf);
		return r;
	}
	*ret = buf;
	*ret_n = n;
	return 0;
}

static int emu_load(void *be, const void *buf, size_t n, struct xbar_message *msg)
{
	struct emu *e = be;
	int r = emu_state_unpack(e->chip, e->config.n_chip, e->uri, buf, n, msg);

	if (r == 0)
		e->is_changed = true;
	return r;
}

const struct xbar_backend xbar_backend_emu = {
	.open = emu_open,
	.close = emu_close,
	.mvm = emu_mvm,
	.pulse = emu_pulse,
	.read = emu_read,
	.program = emu_program,
	.configure = emu_configure,
	.adc_lsb = emu_adc_lsb,
	.wait = emu_wait,
	.stats = emu_stats,
	.save = emu_save,
	.load = emu_load,
	.help = emu_config_help,
};
