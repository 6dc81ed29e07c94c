/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pcm.h"

#define NANDAKUMAR "Nandakumar et al., J. Appl. Phys. 124, 152135 (2018)"
#define KHADDAM    "Khaddam-Aljameh et al., IEEE J. Solid-State Circuits 57, 1027 (2022)"

static const char *const noise_names[] = { "projected", "literal", "off", NULL };

#define DOUBLE(field) \
	.key = #field, .type = PCM_PARAM_DOUBLE, .offset = offsetof(struct pcm_params, field)
#define U32(field) \
	.key = #field, .type = PCM_PARAM_U32, .offset = offsetof(struct pcm_params, field)
#define U64(field) \
	.key = #field, .type = PCM_PARAM_U64, .offset = offsetof(struct pcm_params, field)
#define CHOICE(field) \
	.key = #field, .type = PCM_PARAM_CHOICE, .offset = offsetof(struct pcm_params, field)

/* clang-format off */
const struct pcm_param pcm_param_table[] = {
	{ U64(seed), .unit = "1", .def = "0", .min = 0, .max = 18446744073709551615.0,
	  .source = "assumption: none better than another",
	  .help = "key of all random streams; 0 is a seed like any other" },
	{ CHOICE(model), .unit = "1", .def = "nandakumar2018", .choices = pcm_model_names,
	  .source = NANDAKUMAR, .help = "how devices answer to pulses and time" },
	{ CHOICE(read_noise), .unit = "1", .def = "projected", .choices = noise_names,
	  .source = "assumption: independent Gaussian reads; their sum is Gaussian, so projected is exact",
	  .help = "one draw per column, one per device (slow), or no read noise" },
	{ U32(adc_bits), .unit = "bit", .def = "8", .min = 2, .max = 16,
	  .source = "assumption: 8 bits kept of the more than 420 levels of " KHADDAM,
	  .help = "width of signed output codes" },
	{ DOUBLE(adc_range), .unit = "A", .def = "50e-6", .min = 1e-12, .max = 1.0,
	  .source = "assumption: sum of 256 weights of 5 uS at random signs, 3 sd",
	  .help = "full-scale column current after power-up" },
	{ DOUBLE(v_read), .unit = "V", .def = "0.2", .min = 1e-6, .max = 10.0,
	  .source = "assumption: usual read voltage of PCM", .help = "voltage of a full-scale input" },
	{ DOUBLE(g_min), .unit = "S", .def = "0.1e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR ", clamp of the published model code",
	  .help = "lower clamp of the stored conductance after SET; model ideal uses 0" },
	{ DOUBLE(g_max), .unit = "S", .def = "12e-6", .min = 1e-9, .max = 1e-3,
	  .source = NANDAKUMAR ", clamp of the published model code; 20 uS gives its staircase figure",
	  .help = "upper clamp of the stored conductance" },
	{ DOUBLE(set_step), .unit = "S", .def = "1e-6", .min = 0, .max = 1e-3,
	  .source = "assumption: near the mean step of nandakumar2018",
	  .help = "what one SET adds in model ideal" },
	{ DOUBLE(set_mean_0), .unit = "S", .def = "0.880e-6", .min = -1e-3, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "SET: mean step, constant term" },
	{ DOUBLE(set_mean_g), .unit = "1", .def = "-0.084", .min = -1, .max = 1,
	  .source = NANDAKUMAR, .help = "SET: mean step, per conductance" },
	{ DOUBLE(set_mean_p), .unit = "S", .def = "1.40e-6", .min = -1e-3, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "SET: mean step, per programming memory" },
	{ DOUBLE(set_sd_0), .unit = "S", .def = "0.260e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "SET: sd of a step, constant term" },
	{ DOUBLE(set_sd_g), .unit = "1", .def = "0.091", .min = 0, .max = 1,
	  .source = NANDAKUMAR, .help = "SET: sd of a step, per conductance" },
	{ DOUBLE(set_sd_p), .unit = "S", .def = "2.15e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "SET: sd of a step, per programming memory" },
	{ DOUBLE(set_memory), .unit = "pulse", .def = "2.6", .min = 1e-3, .max = 1e6,
	  .source = NANDAKUMAR, .help = "programming memory decays by exp(-1/set_memory) a SET pulse" },
	{ DOUBLE(reset_mean), .unit = "S", .def = "0.1e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "mean conductance after RESET" },
	{ DOUBLE(reset_sd), .unit = "S", .def = "0.01e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "sd of the conductance after RESET" },
	{ DOUBLE(reset_min), .unit = "S", .def = "0.01e-6", .min = 0, .max = 1e-3,
	  .source = "assumption: a floor, as in the published model code",
	  .help = "lowest conductance after RESET" },
	{ DOUBLE(drift_nu), .unit = "1", .def = "0.04", .min = 0, .max = 1,
	  .source = NANDAKUMAR, .help = "drift exponent: G falls as age^-nu" },
	{ DOUBLE(drift_nu_sd), .unit = "1", .def = "0", .min = 0, .max = 1,
	  .source = "assumption: the model gives one exponent",
	  .help = "device-to-device sd of the drift exponent, drawn at power-up, clamped to [0, 1]" },
	{ DOUBLE(drift_t0), .unit = "s", .def = "38.6", .min = 1e-9, .max = 1e9,
	  .source = NANDAKUMAR, .help = "age at which the stored conductance is the true one" },
	{ DOUBLE(drift_t_min), .unit = "s", .def = "1", .min = 1e-9, .max = 1e9,
	  .source = "assumption: the power law was measured from about a second on",
	  .help = "age at which drift sets in" },
	{ DOUBLE(drift_tol), .unit = "1", .def = "1e-3", .min = 0, .max = 0.1,
	  .source = "assumption: far below read noise",
	  .help = "relative error allowed to a device's conductance in mvm before it is recomputed" },
	{ DOUBLE(read_sd_0), .unit = "S", .def = "0.13e-6", .min = 0, .max = 1e-3,
	  .source = NANDAKUMAR, .help = "sd of one read of one device, constant term" },
	{ DOUBLE(read_sd_g), .unit = "1", .def = "0.03", .min = 0, .max = 10,
	  .source = NANDAKUMAR, .help = "sd of one read of one device, per conductance" },
	{ DOUBLE(t_mvm), .unit = "s", .def = "130e-9", .min = 0, .max = 1,
	  .source = KHADDAM, .help = "chip time of one mvm vector, rounded to ns" },
	{ DOUBLE(t_set), .unit = "s", .def = "50e-9", .min = 0, .max = 1,
	  .source = "assumption: width of a SET pulse", .help = "chip time of one SET, rounded to ns" },
	{ DOUBLE(t_reset), .unit = "s", .def = "50e-9", .min = 0, .max = 1,
	  .source = "assumption: width of a RESET pulse", .help = "chip time of one RESET, rounded to ns" },
	{ DOUBLE(t_read), .unit = "s", .def = "520e-9", .min = 0, .max = 1,
	  .source = "assumption: the four devices of a row's cells, one mvm each",
	  .help = "chip time of reading one row, rounded to ns" },
	{ DOUBLE(e_mvm), .unit = "J", .def = "12.5e-9", .min = 0, .max = 1,
	  .source = KHADDAM ", 10.5 TOPS/W", .help = "energy of one mvm vector" },
	{ DOUBLE(e_set), .unit = "J", .def = "6.8e-12", .min = 0, .max = 1,
	  .source = "assumption: 90 uA at 1.5 V for 50 ns", .help = "energy of one SET" },
	{ DOUBLE(e_reset), .unit = "J", .def = "40e-12", .min = 0, .max = 1,
	  .source = "assumption: 400 uA at 2 V for 50 ns", .help = "energy of one RESET" },
	{ DOUBLE(e_read), .unit = "J", .def = "49e-12", .min = 0, .max = 1,
	  .source = "assumption: one column's share of e_mvm", .help = "energy of reading one device" },
	{ .key = NULL },
};
/* clang-format on */

const struct pcm_preset pcm_preset_table[] = {
	{ "nandakumar2018", "model=nandakumar2018",
		"single devices pulsed open loop, as measured on a million of them; the default" },
	{ "ideal", "model=ideal", "exact steps, no noise, no drift" },
	{ "staircase", "model=nandakumar2018&g_max=20e-6",
		"nandakumar2018 with the clamp of the paper's staircase figure" },
	{ NULL, NULL, NULL },
};
