/* SPDX-License-Identifier: Apache-2.0 */
/* board_emu.c - the chip functions of fw.h over pcm.h. Chip i is emulator chip i of the seed. */
#include "board_emu.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board_emu_state.h"

#define N_PULSE 64                  /* converted at a time */
#define N_LOAD  (UINT64_C(1) << 30) /* bytes of a state at most; 64 chips take a third of it */

struct board_emu {
	struct pcm_chip *chip[BOARD_EMU_N_CHIP_MAX];
	uint32_t n_chip;
	char uri[512];
	float *value;         /* of one read or program call; [n_row][n_col][4] at most */
	uint8_t *save, *load; /* NULL: none */
	size_t n_save, n_load;
};

static_assert(PCM_N_DEVICE == CMD_N_DEVICE && PCM_DAC_MAX == 127, "same cells");
static_assert((int)PCM_SET == (int)CMD_SET && (int)PCM_RESET == (int)CMD_RESET, "same kinds");
static_assert((int)PCM_INPUT_BIT == (int)CMD_INPUT_BIT, "same inputs");
static_assert((int)PCM_INPUT_INT8 == (int)CMD_INPUT_INT8, "same inputs");

static uint16_t error_of(int r)
{
	switch (r) {
	case 0:
		return CMD_OK;
	case -EOVERFLOW:
		return CMD_E_CLOCK;
	case -EINVAL:
	case -ERANGE:
		return CMD_E_RANGE;
	case -ENOTSUP:
		return CMD_E_OP;
	case -ENOMEM:
		return CMD_E_MEMORY;
	default:
		return CMD_E_CHIP;
	}
}

static uint16_t emu_mvm(void *user, struct fw_mvm *m, size_t n, size_t *ret_done)
{
	struct board_emu *b = user;

	for (size_t i = 0; i < n; i++) {
		struct pcm_mvm x = {
			.row = m[i].req.row,
			.n_row = m[i].req.n_row,
			.col = m[i].req.col,
			.n_col = m[i].req.n_col,
			.n_vec = m[i].req.n_vec,
			.input = (enum pcm_input)m[i].req.input,
			.in = m[i].req.in,
			.out = m[i].code,
		};
		int r = pcm_chip_mvm(b->chip[m[i].req.chip], &x);

		if (r < 0)
			return error_of(r);
		m[i].n_sat = x.n_sat;
		*ret_done = i + 1;
	}
	return CMD_OK;
}

static uint16_t emu_pulse(void *user, const struct cmd_pulse *p, size_t n)
{
	struct board_emu *b = user;
	struct pcm_pulse x[N_PULSE];

	if (n > N_PULSE)
		return CMD_E_INTERNAL;
	for (size_t i = 0; i < n; i++)
		x[i] = (struct pcm_pulse){ p[i].row, p[i].col, p[i].device, p[i].kind, p[i].n };
	return error_of(pcm_chip_pulse(b->chip[p[0].chip], x, n));
}

static uint64_t emu_n_pulse(void *user)
{
	struct board_emu *b = user;
	uint64_t n = 0;

	for (uint32_t i = 0; i < b->n_chip; i++) {
		struct pcm_stats s;

		pcm_chip_stats(b->chip[i], &s);
		n += s.n_set + s.n_reset + s.n_program;
	}
	return n;
}

static struct pcm_patch patch_of(const struct cmd_patch *w)
{
	return (struct pcm_patch){ w->row, w->n_row, w->col, w->n_col };
}

static size_t n_value(const struct cmd_patch *w)
{
	return (size_t)w->n_row * w->n_col * PCM_N_DEVICE;
}

static uint16_t emu_read(void *user, const struct cmd_patch *w, uint32_t *ret_bits)
{
	struct board_emu *b = user;
	struct pcm_patch patch = patch_of(w);
	int r = pcm_chip_read(b->chip[w->chip], &patch, b->value);

	if (r == 0)
		memcpy(ret_bits, b->value, n_value(w) * sizeof(float));
	return error_of(r);
}

static uint16_t emu_program(void *user, const struct cmd_patch *w, const uint32_t *bits)
{
	struct board_emu *b = user;
	struct pcm_patch patch = patch_of(w);

	memcpy(b->value, bits, n_value(w) * sizeof(float));
	return error_of(pcm_chip_program(b->chip[w->chip], &patch, b->value));
}

static uint16_t emu_configure(void *user, const struct cmd_config *c)
{
	struct board_emu *b = user;
	struct pcm_config config = { .n_phase = c->n_phase };

	memcpy(&config.adc_range, &c->adc_range_bits, sizeof(config.adc_range));
	memcpy(&config.gain, &c->gain_bits, sizeof(config.gain));
	memcpy(&config.offset, &c->offset_bits, sizeof(config.offset));
	return error_of(pcm_chip_configure(b->chip[c->chip], c->col, c->n_col, &config));
}

static uint32_t emu_lsb(void *user, uint8_t chip, uint16_t col)
{
	struct board_emu *b = user;
	float lsb = pcm_chip_adc_lsb(b->chip[chip], col);
	uint32_t bits;

	memcpy(&bits, &lsb, sizeof(bits));
	return bits;
}

static uint16_t emu_wait(void *user, uint64_t dt)
{
	struct board_emu *b = user;

	/* All chips wait or none: their end of time is 2^62 ns (pcm.h). */
	for (uint32_t i = 0; i < b->n_chip; i++) {
		struct pcm_stats s;

		pcm_chip_stats(b->chip[i], &s);
		if (dt > (UINT64_C(1) << 62) - s.time)
			return CMD_E_CLOCK;
	}
	for (uint32_t i = 0; i < b->n_chip; i++) {
		int r = pcm_chip_wait(b->chip[i], dt);

		if (r < 0)
			return error_of(r);
	}
	return CMD_OK;
}

/* What a sensor on the chip would say of the temperature that the chip is emulated at, mK. */
static uint32_t sensor_of(const struct pcm_chip *c)
{
	return (uint32_t)lround(pcm_chip_params(c)->temperature * 1e3);
}

static void emu_stats(void *user, struct cmd_stats *ret)
{
	struct board_emu *b = user;
	double energy = 0;

	for (uint32_t i = 0; i < b->n_chip; i++) {
		struct pcm_stats s;

		pcm_chip_stats(b->chip[i], &s);
		if (s.time > ret->time)
			ret->time = s.time;
		ret->n_mvm += s.n_mvm;
		ret->n_set += s.n_set;
		ret->n_reset += s.n_reset;
		ret->n_read += s.n_read;
		ret->n_program += s.n_program;
		ret->n_sat += s.n_sat;
		energy += s.energy;
		if (sensor_of(b->chip[i]) > ret->temperature)
			ret->temperature = sensor_of(b->chip[i]);
	}
	memcpy(&ret->energy_bits, &energy, sizeof(energy));
}

static uint16_t emu_save(void *user, uint64_t *ret_n)
{
	struct board_emu *b = user;
	int r;

	free(b->save);
	b->save = NULL;
	r = board_emu_pack(&b->save, &b->n_save, b->chip, b->n_chip, b->uri);
	if (r < 0)
		return error_of(r);
	*ret_n = b->n_save;
	return CMD_OK;
}

static void emu_save_part(void *user, uint64_t at, uint8_t *buf, size_t n)
{
	struct board_emu *b = user;

	memcpy(buf, b->save + at, n);
}

static uint16_t emu_load(void *user, uint64_t n)
{
	struct board_emu *b = user;

	free(b->load);
	b->load = NULL;
	if (n > N_LOAD)
		return CMD_E_RANGE;
	b->load = malloc((size_t)n);
	b->n_load = (size_t)n;
	return b->load ? CMD_OK : CMD_E_MEMORY;
}

static void emu_load_part(void *user, uint64_t at, const uint8_t *buf, size_t n)
{
	struct board_emu *b = user;

	memcpy(b->load + at, buf, n);
}

static uint16_t emu_load_done(void *user)
{
	struct board_emu *b = user;
	int r = board_emu_unpack(b->chip, b->n_chip, b->load, b->n_load);

	free(b->load);
	b->load = NULL;
	if (r == -EBADMSG)
		return CMD_E_DAMAGED;
	return r == -EINVAL ? CMD_E_FOREIGN : error_of(r);
}

static const struct fw_chip_ops emu_ops = {
	.mvm = emu_mvm,
	.pulse = emu_pulse,
	.n_pulse = emu_n_pulse,
	.read = emu_read,
	.program = emu_program,
	.configure = emu_configure,
	.lsb = emu_lsb,
	.wait = emu_wait,
	.stats = emu_stats,
	.save = emu_save,
	.save_part = emu_save_part,
	.load = emu_load,
	.load_part = emu_load_part,
	.load_done = emu_load_done,
};

void board_emu_free(struct board_emu *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < BOARD_EMU_N_CHIP_MAX; i++)
		pcm_chip_free(b->chip[i]);
	free(b->value);
	free(b->save);
	free(b->load);
	free(b);
}

int board_emu_new(struct board_emu **ret, const struct board_emu_config *config)
{
	struct board_emu *b;
	int r = 0;

	if (config->n_chip < 1 || config->n_chip > BOARD_EMU_N_CHIP_MAX)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->n_chip = config->n_chip;
	snprintf(b->uri, sizeof(b->uri), "%s", config->uri);
	b->value = calloc((size_t)PCM_N_ROW * PCM_N_COL * PCM_N_DEVICE, sizeof(*b->value));
	if (!b->value)
		r = -ENOMEM;
	for (uint32_t i = 0; i < b->n_chip && r == 0; i++)
		r = pcm_chip_new(&b->chip[i], &config->prm, i);
	if (r < 0) {
		board_emu_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

static uint32_t bits_of(double x)
{
	float f = (float)x;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

void board_emu_describe(struct board_emu *b, struct fw_config *ret)
{
	const struct pcm_params *prm = pcm_chip_params(b->chip[0]);
	const struct pcm_patch nothing = { 0 };
	struct cmd_info *info = &ret->info;

	memset(info, 0, sizeof(*info));
	strcpy(info->board, "crossloop emulator");
	snprintf(info->model, sizeof(info->model), "%s", pcm_model_names[prm->model]);
	snprintf(info->serial, sizeof(info->serial), "emu-%llu", (unsigned long long)prm->seed);
	snprintf(info->version, sizeof(info->version), "%s", FW_VERSION);
	info->n_chip = (uint8_t)b->n_chip;
	info->n_device = PCM_N_DEVICE;
	info->dac_bits = (uint8_t)prm->dac_bits;
	info->adc_bits = (uint8_t)prm->adc_bits;
	info->n_row = PCM_N_ROW;
	info->n_col = PCM_N_COL;
	info->v_read_bits = bits_of(prm->v_read);
	info->g_max_bits = bits_of(prm->g_max);
	info->t_mvm = (uint64_t)(prm->t_mvm * 1e9 + 0.5);
	info->caps = CMD_FEATURE_SAVE | CMD_FEATURE_WAIT | CMD_FEATURE_CORRECT;
	/* Programming nothing is wrong (-EINVAL) for a model that can program, else -ENOTSUP. */
	if (pcm_chip_program(b->chip[0], &nothing, NULL) != -ENOTSUP)
		info->caps |= CMD_FEATURE_PROGRAM;
	ret->ops = &emu_ops;
	ret->chip_user = b;
}
