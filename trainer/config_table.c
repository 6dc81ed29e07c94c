/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config_table.c - every setting: path, type, default, range, unit, help. Sections must stay
 * together: the table's order is the order of the saved YAML.
 *
 * Defaults fit the 88-key tasks with 150 SNUs; what a task, rule or kind of weights wants
 * differently stands in configs/TASK-RULE-WEIGHTS.yaml.
 */
#include "config.h"

#include <assert.h>

static_assert(offsetof(struct snn_config, network.hidden) ==
		offsetof(struct snn_config, network.n_hidden) + sizeof(uint32_t),
	"a list's length stands just before it");

/* Names only, so that the configuration does not need the code behind them (tests compare). */
static const char *const task_names[] = { "chorale", "jsb", "shd", "stream", NULL };
const char *const snn_rule_names[] = { "bptt", "fa", "dfa", "drtp", "eprop", "eprop-rnd", "ostl",
	"ostl-rnd", "decolle", "etlp", "osttp", "ptncn", NULL };

/* Each in the order of its enum. */
static const char *const weights_names[] = { "float", "chips", NULL };
static const char *const neuron_names[] = { "snu", "ssnu", NULL };
static const char *const reset_names[] = { "full", "soft", NULL };
static const char *const psi_names[] = { "triangular", "tanh", "fast-sigmoid", NULL };
static const char *const shape_names[] = { "uniform", "normal", "sparse", NULL };
static const char *const trace_names[] = { "auto", "event", "dense", "exact", NULL };
static const char *const update_names[] = { "sequence", "step", NULL };
static const char *const optimizer_names[] = { "sgd", "adam", NULL };
static const char *const readout_names[] = { "sigmoid", "softmax", NULL };
static const char *const loss_names[] = { "step", "last", "mean", NULL };
static const char *const scheme_names[] = { "mixed-precision", "stochastic", "sign", NULL };
static const char *const device_names[] = { "round-robin", "random", "lowest", NULL };

static const char *const count_names[] = { "2", "4", NULL };
static const char *const compensate_names[] = { "none", "global", "column", NULL };

static_assert(offsetof(struct snn_config, speech.valid_speakers) ==
		offsetof(struct snn_config, speech.n_valid) + sizeof(uint32_t),
	"as above");

#define AT(f)   .offset = offsetof(struct snn_config, f)
#define TEXT(f) .type = SNN_VALUE_TEXT, AT(f), .size = sizeof(((struct snn_config *)0)->f)
#define NAME(f, list) \
	.type = SNN_VALUE_NAME, AT(f), .size = sizeof(((struct snn_config *)0)->f), .choices = list
#define CHOICE(f, list) .type = SNN_VALUE_CHOICE, AT(f), .choices = list
#define REAL(f, lo, hi) .type = SNN_VALUE_DOUBLE, AT(f), .min = lo, .max = hi
#define U32(f, lo, hi)  .type = SNN_VALUE_U32, AT(f), .min = lo, .max = hi
#define BOOL(f)         .type = SNN_VALUE_BOOL, AT(f)

/* clang-format off */
const struct snn_option snn_option_table[] = {
	{ "task", NAME(task, task_names), .def = "chorale",
		.help = "what is learned" },
	{ "rule", NAME(rule, snn_rule_names), .def = "osttp",
		.help = "how it is learned" },
	{ "weights", CHOICE(weights, weights_names), .def = "float",
		.help = "weights in float32, or in the conductances of a board" },
	{ "uri", TEXT(uri), .def = "",
		.help = "the board (weights: chips); empty: $XBAR_URI, else as many emulated chips as are needed, made from seed" },
	{ "uri2", TEXT(uri2), .def = "",
		.help = "a second board that holds the feedback weights; empty: chips of the first, behind the others" },
	{ "data", TEXT(data), .def = "",
		.help = "file or folder of the task's data; empty: $CROSSLOOP_DATA, then the user's data folder" },
	{ "seed", .type = SNN_VALUE_U64, AT(seed), .def = "1",
		.help = "of initial weights, order of sequences and generated data" },

	{ "network.hidden", .type = SNN_VALUE_U32_LIST, AT(network.hidden), .size = SNN_MAX_HIDDEN,
		.def = "150", .min = 1, .max = 65536, .unit = "neurons",
		.help = "hidden layers, the one next to the input first: 150 or [100, 50]" },
	{ "network.recurrent", BOOL(network.recurrent), .def = "false",
		.help = "hidden layers have weights H from their own spikes of the step before" },
	{ "network.neuron", CHOICE(network.neuron, neuron_names), .def = "snu",
		.help = "spiking neural unit, or its smooth form y = sigmoid(s - b)" },
	{ "network.reset", CHOICE(network.reset, reset_names), .def = "full",
		.help = "after a spike: membrane to 0, or less by the threshold" },
	{ "network.psi", CHOICE(network.psi, psi_names), .def = "triangular",
		.help = "pseudo-derivative of a spike by s - b" },
	{ "network.decay", REAL(network.decay, 0, 1), .def = "0.4", .unit = "a step",
		.help = "d, what a membrane keeps" },
	{ "network.decay_max", REAL(network.decay_max, 0, 1), .def = "0", .unit = "a step",
		.help = "each hidden neuron has a d of its own, between decay and this below 1, uniform in log(1 - d); 0: all have decay" },
	{ "network.psi_gamma", REAL(network.psi_gamma, 0, 1000), .def = "1",
		.help = "height of the triangular psi" },
	{ "network.psi_width", REAL(network.psi_width, 1e-6, 1e6), .def = "1",
		.help = "half width of the triangular psi" },
	{ "network.psi_slope", REAL(network.psi_slope, 0, 1e6), .def = "100",
		.help = "k of the fast-sigmoid psi, 1 / (k |s - b| + 1)^2" },
	{ "network.threshold", REAL(network.threshold, -1000, 1000), .def = "1",
		.help = "b at the start" },
	{ "network.adaptation", REAL(network.adaptation, 0, 1000), .def = "0",
		.help = "beta: every spike raises its neuron's threshold by this (ALIF); 0: thresholds do not adapt" },
	{ "network.adaptation_decay", REAL(network.adaptation_decay, 0, 1), .def = "0.97", .unit = "a step",
		.help = "rho, what of the raise is left a step later" },
	{ "network.w_scale", REAL(network.w_scale, 0, 1000), .def = "1",
		.help = "W at the start: uniform in +- w_scale / sqrt(fan-in)" },
	{ "network.h_scale", REAL(network.h_scale, 0, 1000), .def = "0.3",
		.help = "H at the start: uniform in +- h_scale / sqrt(neurons) ..." },
	{ "network.h_mean", REAL(network.h_mean, -1e6, 1e6), .def = "0",
		.help = "... around h_mean / neurons: below 0, neurons inhibit each other by the layer's activity" },
	{ "network.v_scale", REAL(network.v_scale, 0, 1000), .def = "1",
		.help = "V (readout) at the start: uniform in +- v_scale / sqrt(fan-in)" },
	{ "network.b_scale", REAL(network.b_scale, 0, 1000), .def = "1",
		.help = "B (feedback): uniform in +- b_scale / sqrt(outputs), or of the same mean square" },
	{ "network.b_shape", CHOICE(network.b_shape, shape_names), .def = "uniform",
		.help = "of the distribution that B is drawn from; sparse: a neuron has b_nonzero outputs of its own, for which the plain target teaches it to fire" },
	{ "network.b_nonzero", U32(network.b_nonzero, 1, 65535), .def = "3", .unit = "outputs",
		.help = "of a neuron, drawn at random, that a sparse B has an entry for" },
	{ "network.b_center", BOOL(network.b_center), .def = "false",
		.help = "take from each row of B its part along p, the outputs' frequencies in training: B y_star has mean 0" },
	{ "network.bias", REAL(network.bias, -100, 100), .def = "0",
		.help = "c (bias of the outputs) at the start" },
	{ "network.bias_marginal", BOOL(network.bias_marginal), .def = "true",
		.help = "start c at the logit (softmax: the log) of each output's frequency in the training split instead" },
	{ "network.readout", CHOICE(network.readout, readout_names), .def = "sigmoid",
		.help = "outputs for themselves, or one of them (tasks that classify); each with its cross-entropy" },
	{ "network.readout_decay", REAL(network.readout_decay, 0, 1), .def = "0", .unit = "a step",
		.help = "d_o of leaky outputs: o <- d_o o + V y + c" },
	{ "network.readout_norm", BOOL(network.readout_norm), .def = "false",
		.help = "o <- d_o o + (1 - d_o) (V y + c) instead" },

	{ "train.epochs", U32(train.epochs, 0, 1e6), .def = "50", .unit = "epochs",
		.help = "passes over the training split" },
	{ "train.batch", U32(train.batch, 1, 65536), .def = "1", .unit = "sequences",
		.help = "run in lockstep, one update together" },
	{ "train.threads", U32(train.threads, 1, 256), .def = "1",
		.help = "that share the sequences of a batch, float weights only; the result does not depend on it, and more than batch / 4 or 4 are of no use" },
	{ "train.update", CHOICE(train.update, update_names), .def = "sequence",
		.help = "when weights change: at the end of a sequence, or at every step" },
	{ "train.trace", CHOICE(train.trace, trace_names), .def = "auto",
		.help = "form of the eligibility traces: event and dense are the diagonal one, with the same numbers but for rounding; exact follows H, too, in n^3 numbers" },
	{ "train.loss", CHOICE(train.loss, loss_names), .def = "step",
		.help = "error at every step, at the last loss_steps, or of the mean of the outputs (tasks that classify)" },
	{ "train.loss_steps", U32(train.loss_steps, 1, 1e6), .def = "10", .unit = "steps",
		.help = "of train.loss: last" },
	{ "train.teacher_rate", REAL(train.teacher_rate, 0, 1), .def = "0.1", .unit = "a step",
		.help = "of etlp: probability that the teacher shows the target in a step (100 Hz in steps of 1 ms)" },
	{ "train.synapse_decay", REAL(train.synapse_decay, 0, 0.9999), .def = "0", .unit = "a step",
		.help = "of decolle: what the synaptic filter of its traces keeps; 0: none, as in the network" },
	{ "train.correction", REAL(train.correction, 0, 1e6), .def = "1",
		.help = "of ptncn: beta, how much of B times the error corrects a membrane before its neuron is asked again" },
	{ "train.optimizer", CHOICE(train.optimizer, optimizer_names), .def = "sgd",
		.help = "how gradients become changes" },
	{ "train.rate", REAL(train.rate, 0, 1000), .def = "0.01",
		.help = "eta of the readout" },
	{ "train.rate_hidden", REAL(train.rate_hidden, 0, 1000), .def = "1",
		.help = "eta of W as a factor of rate; 0 freezes W" },
	{ "train.rate_recurrent", REAL(train.rate_recurrent, 0, 1000), .def = "1",
		.help = "eta of H as a factor of that of W; 0 freezes H" },
	{ "train.rate_threshold", REAL(train.rate_threshold, 0, 1000), .def = "1",
		.help = "eta of b as a factor of rate; 0 freezes b" },
	{ "train.decay_factor", REAL(train.decay_factor, 0, 1), .def = "1",
		.help = "rate is multiplied by this ..." },
	{ "train.decay_every", U32(train.decay_every, 1, 1e6), .def = "5", .unit = "epochs",
		.help = "... every so many epochs" },
	{ "train.momentum", REAL(train.momentum, 0, 0.9999), .def = "0",
		.help = "of sgd" },
	{ "train.beta1", REAL(train.beta1, 0, 0.999999), .def = "0.9",
		.help = "of adam: decay of the mean gradient" },
	{ "train.beta2", REAL(train.beta2, 0, 0.999999), .def = "0.999",
		.help = "of adam: decay of the mean square" },
	{ "train.epsilon", REAL(train.epsilon, 1e-30, 1), .def = "1e-08",
		.help = "of adam: added to the root" },
	{ "train.rate_penalty", REAL(train.rate_penalty, 0, 1e6), .def = "0",
		.help = "lambda: hidden neurons' learning signals grow by lambda (r - rate_target), r a neuron's mean firing rate; an addition to the paper (rules with traces, and drtp)" },
	{ "train.rate_target", REAL(train.rate_target, 0, 1), .def = "0.1", .unit = "spikes a step",
		.help = "of train.rate_penalty: where it pulls to, and r at the start" },
	{ "train.rate_memory", REAL(train.rate_memory, 0, 0.999999), .def = "0.7", .unit = "an update",
		.help = "of train.rate_penalty: what r keeps" },
	{ "train.clip", REAL(train.clip, 0, 1e9), .def = "0",
		.help = "limit of the norm of an update's gradient; 0: none" },
	{ "train.report_every", U32(train.report_every, 1, 1e9), .def = "1000", .unit = "steps",
		.help = "of a stream, between rows of the table" },
	{ "train.eval_every", U32(train.eval_every, 1, 1e6), .def = "1", .unit = "epochs",
		.help = "between evaluations of the valid and test splits" },
	{ "train.checkpoint_every", U32(train.checkpoint_every, 1, 1e6), .def = "1", .unit = "epochs",
		.help = "between checkpoints" },

	{ "speech.files", TEXT(speech.files), .def = "shd",
		.help = "task shd: NAME of NAME_train.h5 and NAME_test.h5" },
	{ "speech.bins", U32(speech.bins, 2, 65535), .def = "100", .unit = "steps",
		.help = "of a recording; what comes later is left out" },
	{ "speech.bin", REAL(speech.bin, 1e-6, 10), .def = "0.01", .unit = "s",
		.help = "a step; an input is active if its channel spikes in it, once or more" },
	{ "speech.pool", U32(speech.pool, 1, 700), .def = "1", .unit = "channels",
		.help = "neighbours that make one input" },
	{ "speech.valid_speakers", .type = SNN_VALUE_U32_LIST, AT(speech.valid_speakers),
		.size = SNN_MAX_SPEAKER, .def = "3", .min = 0, .max = 65535,
		.help = "training speakers that are for validation instead" },
	{ "speech.shift_steps", U32(speech.shift_steps, 0, 65535), .def = "0", .unit = "steps",
		.help = "by which a training recording is shifted in time, at random, anew in every epoch, at most; an addition to the paper" },
	{ "speech.shift_inputs", U32(speech.shift_inputs, 0, 700), .def = "0", .unit = "inputs",
		.help = "and along the channels" },
	{ "speech.limit", U32(speech.limit, 0, 1e6), .def = "0", .unit = "recordings",
		.help = "of each file, at most; 0: all" },

	{ "update.scheme", CHOICE(update.scheme, scheme_names), .def = "mixed-precision",
		.help = "changes to pulses: accumulate to whole pulses, round at random, or one pulse of the right sign where a change is large enough" },
	{ "update.sign_threshold", REAL(update.sign_threshold, 0, 1e6), .def = "0.5", .unit = "mean steps",
		.help = "of scheme sign: changes of at least so much get a pulse" },
	{ "update.device", CHOICE(update.device, device_names), .def = "round-robin",
		.help = "which device of a polarity gets the pulse: in turns, at random, or the one that had fewer pulses or last read lower" },
	{ "update.max_pulses", U32(update.max_pulses, 1, 255), .def = "10", .unit = "pulses",
		.help = "on a weight in one update, at most" },
	{ "update.refresh_every", U32(update.refresh_every, 0, 1e6), .def = "20", .unit = "sequences",
		.help = "between refresh rounds; 0: never" },
	{ "update.refresh_pulses", U32(update.refresh_pulses, 1, 1e6), .def = "10", .unit = "pulses",
		.help = "SET pulses on a device since its RESET that make its cell a candidate" },
	{ "update.refresh_fraction", REAL(update.refresh_fraction, 0, 1), .def = "0.75", .unit = "of g_max",
		.help = "refresh cells with a device that reads above" },

	{ "chips.devices", CHOICE(chips.devices, count_names), .def = "4",
		.help = "of a cell that hold a weight: two a polarity, or one; the others stay RESET. The range is chips.*_max with either, so that a pulse on one of two changes a weight twice as much" },
	{ "chips.w_max", REAL(chips.w_max, 1e-6, 1e6), .def = "2",
		.help = "|W| at which one polarity of a cell is at g_full" },
	{ "chips.v_max", REAL(chips.v_max, 1e-6, 1e6), .def = "2",
		.help = "|V| at which one polarity of a cell is at g_full" },
	{ "chips.b_max", REAL(chips.b_max, 1e-6, 1e6), .def = "0.11",
		.help = "|B| at which one polarity of a cell is at g_full" },
	{ "chips.h_max", REAL(chips.h_max, 1e-6, 1e6), .def = "1",
		.help = "|H| at which one polarity of a cell is at g_full" },
	{ "chips.g_full", REAL(chips.g_full, 1e-9, 1e-3), .def = "8e-06", .unit = "S",
		.help = "conductance of one device at full weight" },
	{ "chips.wait", REAL(chips.wait, 0, 1e6), .def = "1", .unit = "s",
		.help = "chip time that passes between sequences, for host and link" },
	{ "chips.compensate", CHOICE(chips.compensate, compensate_names), .def = "none",
		.help = "what is done about drift: nothing, a factor for each matrix, or a factor and an offset for each column, from products measured again" },
	{ "chips.compensate_every", U32(chips.compensate_every, 1, 1e6), .def = "20", .unit = "updates",
		.help = "between measurements for it while training" },
	{ "chips.compensate_inputs", U32(chips.compensate_inputs, 1, 1024), .def = "32",
		.help = "inputs a matrix that are measured for it, each chips.read_average times" },
	{ "chips.adc_margin", REAL(chips.adc_margin, 0.01, 100), .def = "1.2",
		.help = "ADC range as a factor of the largest current met in calibration" },
	{ "chips.calibrate_sequences", U32(chips.calibrate_sequences, 1, 1e6), .def = "4",
		.unit = "sequences", .help = "training sequences used for calibration" },
	{ "chips.read_average", U32(chips.read_average, 1, 1000), .def = "4", .unit = "reads",
		.help = "averaged where devices are read: calibration, refresh, read-back" },
	{ "chips.read_back_every", U32(chips.read_back_every, 1, 1e6), .def = "1", .unit = "updates",
		.help = "between read-backs of weights that bptt and ostl need transposed" },
	{ .path = NULL },
};
/* clang-format on */
